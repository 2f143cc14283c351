"""What the tests of the pipeline share."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource


@pytest.fixture
def make():
    """Return a function that makes a resource."""

    def make(kind="ConfigMap", name="a", *, namespace="", api_version="v1", directory=0, manifest=None, **more):
        metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
        whole = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **(manifest or {})}
        return Resource(
            manifest=whole,
            ref=more.pop("ref", ResourceRef.of(whole)),
            gvk=GroupVersionKind.of(api_version, kind),
            origin=Origin(path=PurePath(f"d{directory}/{name}.yaml"), line=1),
            directory=directory,
            **more,
        )

    return make
