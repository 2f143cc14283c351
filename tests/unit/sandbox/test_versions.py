"""The table of versions, and that the modules say the same."""

from __future__ import annotations

import importlib.resources
import re

import pytest

from kubernator import errors
from kubernator.sandbox import versions

MODULES = importlib.resources.files("kubernator.sandbox") / "modules"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(None, "1.37.2"), ("1.36", "1.36.3"), ("v1.36", "1.36.3"), ("1.35.4", "1.35.4"), ("v1.34.4", "1.34.4")],
)
def test_release(asked, expected):
    """A minor, or exactly the version there is of it, with or without ``v``; nothing is the newest."""
    assert expected == versions.release(asked).kubernetes


@pytest.mark.parametrize("asked", ["1.20", "1.37.1", "latest", "", "2", "1.37.2.1"])
def test_no_release(asked):
    """Anything else is refused, with what there is."""
    if asked == "":
        assert versions.release(asked).minor == versions.DEFAULT
        return
    with pytest.raises(errors.UsageError) as caught:
        versions.release(asked)
    assert "1.37 (1.37.2)" in caught.value.hint


def test_the_default_is_the_newest_of_four():
    """There are four minors in a row, and the newest is taken unless told otherwise."""
    minors = [int(minor.partition(".")[2]) for minor in versions.RELEASES]
    assert list(range(minors[0], minors[0] + 4)) == minors
    assert f"1.{minors[-1]}" == versions.DEFAULT


@pytest.mark.parametrize("release", versions.RELEASES.values(), ids=lambda release: release.minor)
def test_modules_are_of_the_version(release):
    """The go.mod of a minor requires exactly the versions of the table, and go.sum knows them."""
    module = MODULES / release.minor / "controlplane"
    mod = (module / "go.mod").read_text()
    staging = f"v0.{release.kubernetes.removeprefix('1.')}"
    assert f"k8s.io/kubernetes v{release.kubernetes}" in mod
    assert f"go.etcd.io/etcd/server/v3 v{release.etcd}" in mod
    replaced = set(re.findall(r"^\tk8s\.io/\S+ => k8s\.io/\S+ (\S+)$", mod, re.MULTILINE))
    assert {staging} == replaced
    assert f"k8s.io/kubernetes v{release.kubernetes} h1:" in (module / "go.sum").read_text()
    assert f"sigs.k8s.io/kwok v{release.kwok}" in (MODULES / "kwok" / "go.mod").read_text()


def test_programs():
    """A set has all five programs, kubectl if asked for, each with the version in its flags."""
    release = versions.release("1.36")
    names = {program.name for program in release.programs(kubectl=False)}
    assert set(versions.MAIN) == names
    with_kubectl = {program.name: program for program in release.programs(kubectl=True)}
    assert names | {"kubectl"} == set(with_kubectl)
    assert "gitVersion=v1.36.3" in with_kubectl["kubectl"].ldflags
    assert "gitMinor=36" in with_kubectl["kube-apiserver"].ldflags
