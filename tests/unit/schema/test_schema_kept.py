"""Schemas of clusters on disk: shared, private, small, and harmless when they are damaged."""

from __future__ import annotations

import json
import os
import stat
import zlib

import pytest

from kubernator.schema import kept
from kubernator.schema.kept import Kept
from kubernator.tools import damage
from kubernator.tools.cache import Cache

CONTENT = {"custom": True, "schemas": {"com.example.v1.Thing": {"type": "object", "default": "ü\ud800"}}}


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def files(cache):
    return sorted(path for path in cache.schemas.iterdir() if path.is_file())


def test_what_was_written_is_read(cache):
    """Another process finds it by group, version and hash; nobody else can read it."""
    Kept(cache).write("example.com/v1", "AB12", CONTENT)
    assert Kept(cache).read("example.com/v1", "AB12") == CONTENT
    (path,) = files(cache)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.schemas.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("api_version", "digest"), [("example.com/v1", "AB13"), ("example.com/v2", "AB12"), ("v1", "")]
)
def test_another_hash_is_another_document(cache, api_version, digest):
    """Only exactly what was asked for is found."""
    Kept(cache).write("example.com/v1", "AB12", CONTENT)
    assert Kept(cache).read(api_version, digest) is None


def _packed(value):
    return zlib.compress(json.dumps(value).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        _packed("text"),
        _packed({"format": 0, "of": "example.com/v1", "hash": "AB12", "content": {}}),
        _packed({"format": 1, "of": "example.com/v1", "hash": "CD34", "content": {}}),
        _packed({"format": 1, "of": "example.com/v1", "hash": "AB12"}),
        _packed({"format": 1, "of": "example.com/v1", "hash": "AB12", "content": 7}),
        zlib.compress(b"[" * 100_000),
    ],
    ids=["empty", "garbage", "text", "format", "hash", "without content", "number", "deep"],
)
def test_damage(cache, content):
    """A file that is not what was written is as if it were not there, and is written anew."""
    kept = Kept(cache)
    kept.write("example.com/v1", "AB12", CONTENT)
    (path,) = files(cache)
    path.write_bytes(content)
    assert kept.read("example.com/v1", "AB12") is None
    kept.write("example.com/v1", "AB12", CONTENT)
    assert kept.read("example.com/v1", "AB12") == CONTENT


def test_no_damage_goes_unnoticed(cache):
    """Of a file with any bit changed, or cut off anywhere, comes what was written or nothing."""
    kept = Kept(cache)
    kept.write("example.com/v1", "AB12", CONTENT)
    (path,) = files(cache)
    whole = path.read_bytes()
    for at in range(len(whole)):
        for changed in (
            whole[:at],
            *(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :] for bit in range(8)),
        ):
            path.write_bytes(changed)
            assert kept.read("example.com/v1", "AB12") in (None, CONTENT)


def test_half_a_file(cache):
    """So is one that was cut off."""
    Kept(cache).write("example.com/v1", "AB12", CONTENT)
    (path,) = files(cache)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert Kept(cache).read("example.com/v1", "AB12") is None


def test_verified(cache):
    """``cache verify`` tells whole files, by what they are of, from damaged ones."""
    Kept(cache).write("example.com/v1", "AB12", CONTENT)
    Kept(cache).write("example.com/v2", "CD34", CONTENT)
    broken = next(path for path in files(cache) if b"v2" in zlib.decompress(path.read_bytes()))
    broken.write_bytes(b"garbage")
    found = {each.name: each.damage for each in damage.check(cache, "schemas")}
    assert found["example.com/v1"] == ()
    assert "asked for again" in found[broken.name][0]


def test_place_that_cannot_be_used(tmp_path):
    """Without a cache nothing is kept, and nothing fails."""
    (tmp_path / "cache").write_text("a file")
    store = Kept(Cache(tmp_path / "cache"))
    store.write("example.com/v1", "AB12", CONTENT)
    assert store.read("example.com/v1", "AB12") is None


def test_what_is_not_used_goes_first(cache, monkeypatch):
    """When there is too much, the oldest files go; reading marks a file as used."""
    for number in range(4):
        Kept(cache).write("example.com/v1", f"{number}", CONTENT)
    size = sum(path.stat().st_size for path in files(cache))
    for path in files(cache):
        os.utime(path, (1, 1))
    assert Kept(cache).read("example.com/v1", "2")
    monkeypatch.setattr(kept, "LIMIT", size // 4 + size // 8)
    Kept(cache).write("example.com/v1", "2", CONTENT)
    found = [number for number in range(4) if Kept(cache).read("example.com/v1", f"{number}")]
    assert found == [2]
