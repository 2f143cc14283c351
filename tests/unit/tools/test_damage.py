"""Damage in the cache is found, and nothing else is taken for it."""

from __future__ import annotations

import subprocess

import pytest

from kubernator.testing.mirror import Mirror
from kubernator.tools import damage, official, store
from kubernator.tools.cache import Cache
from kubernator.tools.locate import Programs


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def kind(cache, monkeypatch):
    """Return the path of a program that was downloaded."""
    with Mirror() as mirror:
        monkeypatch.setenv(official.MIRROR, mirror.url)
        mirror.offer("kind", "0.27.0", b"#!/bin/sh\n")
        return Programs(cache).find("kind", version="0.27.0").path


def found(cache, part):
    return [(each.name, list(each.damage)) for each in damage.check(cache, part)]


@pytest.mark.parametrize("part", ["bin", "git", "controlplane", "http"])
def test_empty(cache, part):
    """There is nothing to say of a cache that is not there, and looking does not make one."""
    assert found(cache, part) == []
    assert not cache.root.exists()


def test_whole_program(cache, kind):
    """A program as it came has no damage."""
    assert kind.is_file()
    assert found(cache, "bin") == [("kind 0.27.0", [])]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.write_bytes(b"#!/bin/zh\n"), "kind` has been changed"),
        (lambda path: path.unlink(), "kind` is missing"),
        (lambda path: (path.parent / "other").touch(), "other` does not belong there"),
    ],
    ids=["changed", "missing", "more"],
)
def test_damaged_program(cache, kind, change, words):
    """A file that changed, that is missing or that was added is named."""
    change(kind)
    ((name, (line,)),) = found(cache, "bin")
    assert name == "kind 0.27.0"
    assert words in line


def test_program_without_a_record(cache):
    """What somebody put there by hand is never used, and that is said."""
    (cache.bin / "helm" / "3.0.0").mkdir(parents=True)
    ((name, (line,)),) = found(cache, "bin")
    assert (name, "no checksums and is not used" in line) == ("helm 3.0.0", True)


def test_record_that_is_damaged(cache, kind):
    """A program whose record cannot be read counts as one without."""
    (kind.parent.parent / "0.27.0.json").write_text("{")
    ((_, (line,)),) = found(cache, "bin")
    assert "no checksums" in line


def test_sandbox(cache):
    """Programs of the sandbox that were downloaded are looked at too; those that were built have no checksum."""
    home = cache.controlplane / "1.37.2-official"
    home.mkdir()
    for name in ("etcd", "kwok", "built"):
        (home / name).write_text(name)
    store.note(home / "etcd")
    store.note(home / "kwok")
    assert found(cache, "controlplane") == [(home.name, [])]
    (home / "etcd").write_text("changed")
    (home / "kwok").unlink()
    expected = [f"`{home / 'etcd'}` has been changed", f"`{home / 'kwok'}` is missing"]
    assert found(cache, "controlplane") == [(home.name, expected)]


def git(*args, cwd):
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *identity, *args], cwd=cwd, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """Return a repository with two files."""
    root = tmp_path / "repository"
    root.mkdir()
    git("init", "-q", cwd=root)
    git("config", "uploadpack.allowFilter", "true", cwd=root)
    for name in ("a", "b"):
        (root / name).write_text(name * 1000)
    git("add", ".", cwd=root)
    git("commit", "-q", "-m", "x", cwd=root)
    return root


@pytest.mark.parametrize("kind", ["mirror", "partial"])
def test_repository(cache, repository, kind):
    """Git vouches for a mirror: what a partial one left out is not missing, and a broken object is damage."""
    home = cache.git / "abc"
    home.mkdir()
    only = ["--filter=blob:none"] if kind == "partial" else []
    git("clone", "-q", "--bare", "--no-local", *only, f"file://{repository}", str(home / kind), cwd=repository)
    assert found(cache, "git") == [(f"abc/{kind}", [])]
    (pack,) = (home / kind / "objects" / "pack").glob("*.pack")
    pack.chmod(0o600)
    content = bytearray(pack.read_bytes())
    content[20] ^= 0xFF
    pack.write_bytes(content)
    ((name, lines),) = found(cache, "git")
    assert name == f"abc/{kind}"
    assert lines
