"""The official downloads, from a mirror on loopback."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kubernator import errors
from kubernator.sandbox import binaries, golang, official, versions
from kubernator.tools import catalog
from kubernator.tools.official import MIRROR
from kubernator.tools.tool import ToolOrigin

RELEASE = versions.release("1.37")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """Serve a directory as the mirror, with all the programs of a release."""
    monkeypatch.setattr(catalog, "here", lambda: "linux/amd64")
    root = tmp_path / "mirror"
    kubernetes = root / "dl.k8s.io" / "release" / "v1.37.2" / "bin" / "linux" / "amd64"
    kubernetes.mkdir(parents=True)
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"):
        (kubernetes / name).write_text(f"program {name}")
        (kubernetes / f"{name}.sha256").write_text(hashlib.sha256(f"program {name}".encode()).hexdigest())
    etcd = root / "github.com" / "etcd-io" / "etcd" / "releases" / "download" / "v3.7.0"
    etcd.mkdir(parents=True)
    packed = etcd / "etcd-v3.7.0-linux-amd64.tar.gz"
    with tarfile.open(packed, "w:gz") as opened:
        info = tarfile.TarInfo("etcd-v3.7.0-linux-amd64/etcd")
        info.size = len(b"program etcd")
        info.mode = 0o755
        opened.addfile(info, io.BytesIO(b"program etcd"))
    (etcd / "SHA256SUMS").write_text(
        f"{'0' * 64}  other.zip\n{hashlib.sha256(packed.read_bytes()).hexdigest()}  {packed.name}\n"
    )
    kwok = root / "github.com" / "kubernetes-sigs" / "kwok" / "releases" / "download" / "v0.8.0"
    kwok.mkdir(parents=True)
    (kwok / "kwok-linux-amd64").write_text("program kwok")
    tags = root / "api.github.com" / "repos" / "kubernetes-sigs" / "kwok" / "releases" / "tags"
    tags.mkdir(parents=True)
    digest = "sha256:" + hashlib.sha256(b"program kwok").hexdigest()
    (tags / "v0.8.0").write_text(json.dumps({"assets": [{"name": "kwok-linux-amd64", "digest": digest}]}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv(MIRROR, f"http://127.0.0.1:{server.server_port}/")
    yield root
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def no_build(monkeypatch):
    """Take the place of building, and remember that it was asked for."""
    calls = []

    def build(programs, directory, store, *, say):
        calls.append(directory)
        for program in programs:
            (directory / program.name).touch(mode=0o700)

    monkeypatch.setattr(golang, "build", build)
    return calls


def test_a_whole_set(mirror, said, no_build):
    """All programs are downloaded, verified and executable; the next time they are in the cache."""
    found = binaries.find("1.37", say=said.append, kubectl=True)
    paths = [found.etcd, found.apiserver, found.controller_manager, found.scheduler, found.kwok, found.kubectl]
    assert [f"program {path.name}" for path in paths] == [path.read_text() for path in paths]
    assert {0o700} == {path.stat().st_mode & 0o777 for path in paths}
    assert (found.origin, no_build) == (ToolOrigin.DOWNLOAD, [])
    assert binaries.find("1.37", say=said.append).origin is ToolOrigin.CACHE


def test_wrong_checksum_stops(mirror, said, no_build):
    """A program that is not what was promised stops everything: somebody is at work, or the mirror is broken."""
    next(mirror.rglob("kube-scheduler")).write_text("evil")
    with pytest.raises(errors.ChecksumMismatch):
        binaries.find("1.37", say=said.append)
    assert no_build == []


@pytest.mark.parametrize("missing", ["kwok-linux-amd64", "SHA256SUMS", "kube-scheduler.sha256", "v0.8.0"])
def test_one_that_is_missing_makes_all_be_built(mirror, said, no_build, missing):
    """If one of the programs cannot be had, none is taken: sets are never mixed."""
    victims = [path for path in mirror.rglob(missing) if path.is_file()]
    for path in victims:
        path.unlink()
    found = binaries.find("1.37", say=said.append)
    assert (found.origin, len(victims)) == (ToolOrigin.BUILT, 1)
    assert any("the official downloads are passed over" in line for line in said)


@pytest.mark.parametrize("text", ["", "{}", '{"assets": [{"name": "kwok-linux-amd64", "digest": "md5:1"}]}', "[]"])
def test_release_without_a_checksum(mirror, tmp_path, said, text):
    """A program whose checksum is not published is not downloaded."""
    (mirror / "api.github.com/repos/kubernetes-sigs/kwok/releases/tags/v0.8.0").write_text(text)
    with pytest.raises(errors.SourceError, match="checksum of `kwok-linux-amd64`"):
        official.fetch(RELEASE, "kwok", tmp_path / "kwok", say=said.append)


def test_sums_without_the_file(mirror, tmp_path, said):
    """A list of checksums that does not name the file is told."""
    next(mirror.rglob("SHA256SUMS")).write_text("nothing of use\n")
    with pytest.raises(errors.SourceError, match="has no SHA-256 checksum of `etcd-v"):
        official.fetch(RELEASE, "etcd", tmp_path / "etcd", say=said.append)


def test_reachable(mirror, monkeypatch):
    """One small file tells whether downloads can be reached."""
    assert official.reachable(RELEASE)
    monkeypatch.setenv(MIRROR, "http://127.0.0.1:1")
    assert not official.reachable(RELEASE)


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [("linux", "amd64", True), ("linux", "arm64", True), ("linux", "riscv64", False), ("darwin", "arm64", False)],
)
def test_offered(monkeypatch, system, machine, expected):
    """There are official builds for Linux on two kinds of processors."""
    monkeypatch.setattr(catalog, "here", lambda: f"{system}/{machine}")
    assert expected == official.offered()
