"""Versions of Istio, and what leads from one to the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubernator import errors
from kubernator.tools import istioctl
from kubernator.tools.istioctl import Action

PRE = ["1.24.0-alpha.0", "1.24.0-beta.1", "1.24.0-rc.0", "1.24.0-rc.1"]
ORDERED = ["1.9.0", "1.23.4", *PRE, "1.24.0", "1.24.1", "1.31-alpha", "1.31.0"]


def test_versions_are_ordered_as_semantic_versions_are():
    """A pre-release comes before its release, numbers count as numbers."""
    assert [str(found) for found in sorted(istioctl.parse(text) for text in reversed(ORDERED))] == ORDERED


@pytest.mark.parametrize(
    ("text", "shown", "numbers"),
    [
        ("v1.29.1", "1.29.1", (1, 29, 1)),
        ("1.29.1-abcdef0-Clean", "1.29.1", (1, 29, 1)),
        ("1.29.1-0123456789abcdef0123456789abcdef01234567", "1.29.1", (1, 29, 1)),
        ("1.25.0-rc.1", "1.25.0-rc.1", (1, 25, 0)),
        ("1.31-alpha", "1.31-alpha", (1, 31, 0)),
        ("1.31-alpha.eed52ebb", "1.31-alpha.eed52ebb", (1, 31, 0)),
        ("1.29.1-distroless", "1.29.1", (1, 29, 1)),
    ],
)
def test_versions_are_read(text, shown, numbers):
    """What builds append is no part of the version."""
    found = istioctl.parse(text)
    assert (shown, numbers) == (str(found), found.numbers)


@pytest.mark.parametrize("text", ["", "unknown", "latest", "1", "one.two"])
def test_what_is_no_version_is_none(text):
    """Anything else cannot be compared."""
    assert istioctl.parse(text) is None


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker.io/istio/pilot:1.29.1", "1.29.1"),
        ("localhost:5000/istio/pilot:1.29.1-distroless@sha256:abc", "1.29.1-distroless"),
        ("localhost:5000/istio/pilot", ""),
        ("istio/pilot:latest", ""),
    ],
)
def test_an_image_tells_the_version(image, version):
    """The tag does, where it is a version; a port is no tag."""
    assert version == istioctl.image_version(image)


@pytest.mark.parametrize(
    ("client", "mesh", "action"),
    [
        ("1.23.4", None, Action.INIT),
        ("1.23.4", "1.22.0", Action.INIT),
        ("1.23.4", "1.23.4", Action.AGAIN),
        ("1.24.0", None, Action.INSTALL),
        ("1.25.0", "1.24.0", Action.UPGRADE),
        ("1.24.0", "1.25.0", Action.UPGRADE),
        ("1.24.0", "1.23.4", Action.UPGRADE),
        ("1.25.0-rc.1", "1.25.0-rc.0", Action.UPGRADE),
        ("1.25.0-rc.1", "1.25.0-rc.1", Action.AGAIN),
        ("1.25.0", "1.25.0-rc.1", Action.UPGRADE),
    ],
)
def test_the_action_follows_from_both_versions(client, mesh, action):
    """The table of what leads from one version to the other."""
    assert action == istioctl.decide(istioctl.parse(client), mesh and istioctl.parse(mesh))


def test_a_mesh_without_operator_gets_none():
    """Going back behind 1.24 is refused; also as the ValueError that scripts know."""
    with pytest.raises(ValueError, match=r"cannot be replaced by 1\.23\.4"):
        istioctl.decide(istioctl.parse("1.23.4"), istioctl.parse("1.24.0"))


@pytest.mark.parametrize(
    ("action", "dry_run", "words"),
    [
        (Action.INIT, False, "operator init -f o.yaml"),
        (Action.INIT, True, "operator init -f o.yaml --dry-run"),
        (Action.INSTALL, True, "install -f o.yaml -y --dry-run"),
        (Action.INSTALL, False, "install -f o.yaml -y --verify"),
        (Action.AGAIN, False, "install -f o.yaml -y --verify"),
        (Action.UPGRADE, False, "upgrade -f o.yaml -y --verify"),
    ],
)
def test_an_action_is_a_command(action, dry_run, words):
    """What istioctl is told."""
    assert words.split() == [*istioctl.command(action, Path("o.yaml"), dry_run=dry_run)]


def test_the_answer_about_versions_is_read():
    """Only control planes count, and a sentence before the data is passed over."""
    said = """Istio is not present in the cluster
    {"clientVersion": {"version": "1.31-alpha"}, "meshVersion": [
      {"Component": "pilot", "Info": {"version": "1.29.1"}},
      {"Component": "ztunnel", "Info": {"version": "1.30.0"}}]}"""
    client, mesh, parsed = istioctl.versions(said)
    assert (client, mesh) == ("1.31-alpha", ["1.29.1"])
    assert set(parsed) == {"clientVersion", "meshVersion"}


@pytest.mark.parametrize("said", ["", "garbage", "{}", "[]", '{"clientVersion": 1}', "{"])
def test_another_answer_is_an_error(said):
    """Garbage is told from an answer, and shown."""
    with pytest.raises(errors.ToolError, match="does not answer what is expected"):
        istioctl.versions(said)


def test_the_highest_version_counts():
    """Of several control planes, and of none."""
    assert str(istioctl.highest(["1.9.0", "unknown", "1.30.0", "1.30.0-rc.1"])) == "1.30.0"
    assert istioctl.highest(["unknown"]) is None
