"""How places in manifests are printed."""

from __future__ import annotations

import pytest

from kubernator.schema.fault import Key, api_path, is_builtin_group


@pytest.mark.parametrize(
    ("expected", "path"),
    [
        ("", ()),
        ("spec.containers[0].image", ("spec", "containers", 0, "image")),
        ("metadata.annotations[a/b]", ("metadata", "annotations", "a/b")),
        ("metadata.labels[app]", ("metadata", "labels", "app")),
        ("spec.limits[cpu]", ("spec", "limits", "cpu")),
        ("data[key.txt]", ("data", "key.txt")),
        ("spec[a b].c", ("spec", "a b", "c")),
        ("spec.map[k].c", ("spec", "map", Key("k"), "c")),
        (
            "spec.versions[0].schema.openAPIV3Schema.properties[spec].default.a",
            ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "spec", "default", "a"),
        ),
    ],
)
def test_paths_are_printed_as_the_server_does(expected: str, path: tuple[str | int, ...]) -> None:
    """Fields stand after points, items and keys of maps in brackets."""
    assert expected == api_path(path)


def test_maps_of_custom_kinds_are_not_known() -> None:
    """A custom kind's `data` is a field like others, its labels are labels."""
    manifest = {"apiVersion": "example.com/v1"}
    assert api_path(("spec", "data", "a"), manifest) == "spec.data.a"
    assert api_path(("metadata", "labels", "a"), manifest) == "metadata.labels[a]"
    assert api_path(("spec", "hard", "cpu"), {"apiVersion": "v1"}) == "spec.hard[cpu]"


@pytest.mark.parametrize(
    ("expected", "group"),
    [(True, ""), (True, "apps"), (True, "networking.k8s.io"), (False, "gateway.networking.k8s.io"), (False, "a.b")],
)
def test_groups_of_the_server_itself_are_known(expected: bool, group: str) -> None:  # noqa: FBT001 - a table
    """A group with a point is built in only where Kubernetes serves it."""
    assert expected is is_builtin_group(group)
