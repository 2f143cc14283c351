"""What schema and Go code both object to is told once."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.schema import documents
from kubernator.schema.validation import Validation

_PORTS = [{"name": name, "port": 80} for name in "ab"]
_CONTAINER = {"name": "c", "image": "i"}


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("Service", {"ports": _PORTS}, ["spec.ports[1]"]),
        ("Service", {"ports": [{"name": "a", "port": port} for port in (80, 81)]}, ["spec.ports[1].name"]),
        (
            "Pod",
            {"containers": [_CONTAINER], "volumes": [{"name": "v", "emptyDir": {}}] * 2},
            ["spec.volumes[1].name"],
        ),
        ("Pod", {"containers": [_CONTAINER, _CONTAINER]}, ["spec.containers[1].name"]),
    ],
)
def test_an_item_that_is_there_twice(kind: str, spec: dict[str, Any], expected: list[str]) -> None:
    """One finding, at the most telling place: that of the server."""
    gvk = GroupVersionKind("", "v1", kind)
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "n"}, "spec": spec}
    resource = Resource(
        manifest=manifest, ref=ResourceRef.of(manifest), gvk=gvk, origin=Origin(path=PurePath("a.yaml"))
    )
    found = Validation(documents.bundled()).check(resource)
    assert expected == [each.field for each in found]
