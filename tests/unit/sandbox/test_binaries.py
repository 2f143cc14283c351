"""Where the programs are looked for, and that sets are never mixed."""

from __future__ import annotations

import pytest

from kubernator.sandbox import binaries, golang, official, versions
from kubernator.tools import cache
from kubernator.tools.tool import ToolOrigin


@pytest.fixture
def built(monkeypatch, make_programs):
    """Take the place of building: the programs are there at once, and the calls are remembered."""
    calls = []

    def build(programs, directory, store, *, say):
        names = [program.name for program in programs if not (directory / program.name).exists()]
        calls.append(names)
        make_programs(directory, names=names)

    monkeypatch.setattr(golang, "build", build)
    monkeypatch.setattr(official, "reachable", lambda release: False)
    return calls


def find(said, version=None, **more):
    return binaries.find(version, say=said.append, **more)


def test_assets_first(monkeypatch, tmp_path, make_programs, said):
    """``KUBEBUILDER_ASSETS`` wins; no version asked for means the version there."""
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(make_programs(tmp_path / "assets", "1.36.9")))
    monkeypatch.setenv("PATH", str(make_programs(tmp_path / "bin")) + ":/bin")
    found = find(said)
    assert ("1.36.9", ToolOrigin.GIVEN, tmp_path / "assets" / "kwok") == (found.version, found.origin, found.kwok)


def test_assets_of_another_version(monkeypatch, tmp_path, make_programs, said):
    """A version that was asked for and is not there passes the place over, with a word."""
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(make_programs(tmp_path / "assets", "1.36.9")))
    monkeypatch.setenv("PATH", str(make_programs(tmp_path / "bin", "1.37.0")) + ":/bin")
    found = find(said, "1.37")
    assert (found.version, found.origin) == ("1.37.0", ToolOrigin.PATH)
    assert said == ["`KUBEBUILDER_ASSETS` is passed over: its Kubernetes is 1.36.9"]


def test_assets_in_part(monkeypatch, tmp_path, make_programs, said, built):
    """A place that lacks a program is passed over as a whole, with a word, since it was named."""
    names = ["etcd", "kube-apiserver", "kubectl"]
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(make_programs(tmp_path / "assets", names=names)))
    assert find(said).origin is ToolOrigin.BUILT
    assert "has no kube-controller-manager, kube-scheduler, kwok" in said[0]


def test_path_in_part_is_not_worth_a_word(monkeypatch, tmp_path, make_programs, said, built):
    """Some kubectl or etcd on ``PATH`` says nothing about a control plane."""
    monkeypatch.setenv("PATH", str(make_programs(tmp_path / "bin", names=["etcd", "kubectl"])) + ":/bin")
    assert find(said).origin is ToolOrigin.BUILT
    assert "PATH" not in "".join(said)


def test_programs_of_several_versions(monkeypatch, tmp_path, make_programs, said, built):
    """Programs of several versions are never taken together."""
    where = make_programs(tmp_path / "bin", "1.37.2", kube_scheduler="1.37.1")
    monkeypatch.setenv("PATH", f"{where}:/bin")
    assert find(said).origin is ToolOrigin.BUILT
    assert "of several versions" in said[0]


def test_built_once(said, built):
    """What was built is found in the cache the next time, without a word."""
    assert find(said).origin is ToolOrigin.BUILT
    said.clear()
    found = find(said)
    assert (found.origin, said, len(built)) == (ToolOrigin.CACHE, [], 1)


def test_kubectl_is_added_to_the_set(said, built):
    """Kubectl that is asked for later is built into the same set."""
    first = find(said)
    assert first.kubectl is None
    second = find(said, kubectl=True)
    assert second.kubectl is not None
    assert first.etcd == second.etcd
    assert built[1] == ["kubectl"]


def test_minors_stand_apart(said, built):
    """Each minor has a set of its own."""
    assert find(said, "1.36").etcd.parent != find(said, "1.37").etcd.parent


def test_key_changes_with_what_decides_the_build():
    """Another minor, another stamp, another key."""
    keys = {golang.key(release.programs(kubectl=True)) for release in versions.RELEASES.values()}
    assert len(keys) == len(versions.RELEASES)
    assert all(len(key) == 12 for key in keys)


def test_the_cache_may_stand_elsewhere(tmp_path, said, built):
    """A cache that is handed over is used."""
    assert find(said, store=cache.Cache(tmp_path / "other")).etcd.is_relative_to(tmp_path / "other")
