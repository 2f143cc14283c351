"""What must be there in built-in kinds, next to what a real API server refuses for its absence."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

import gochecks
import specimens
from kubernator.cluster.connect import connect
from kubernator.errors import ApiError
from kubernator.model.gvk import DEFINITION, GroupVersionKind
from kubernator.redaction import Secrets
from kubernator.schema import bundle
from kubernator.schema.fault import is_builtin_group
from kubernator.schema.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.resource import Manifest

pytestmark = pytest.mark.cluster

KINDS = [
    specimen
    for specimen in specimens.KINDS
    if is_builtin_group(specimen.api_version.rpartition("/")[0]) and specimen.kind != DEFINITION.kind
]
#: What else the server needs to know an object by.
FIXED = {(), ("apiVersion",), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace")}


@pytest.fixture(scope="module")
def cluster(kubeconfig: Path) -> Iterator[Cluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


def refusal(cluster: Cluster, kind: Kind, manifest: Manifest) -> ApiError | None:
    """Return with what the server refuses an object, or None."""
    try:
        cluster.apply(kind, copy.deepcopy(manifest), manager="s4c", dry_run=True, force=True)
    except ApiError as error:
        return error
    return None


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield all places of a manifest that are keys."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield (*path, key)
            yield from places(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from places(child, (*path, index))


def without(manifest: Manifest, path: tuple[Any, ...], instead: Any = None) -> Manifest:
    """Return a manifest without what is at a place, or with something else there."""
    changed = copy.deepcopy(manifest)
    here: Any = changed
    for step in path[:-1]:
        here = here[step]
    if instead is None:
        del here[path[-1]]
    else:
        here[path[-1]] = instead
    return changed


@pytest.mark.parametrize("specimen", KINDS, ids=str)
def test_what_is_missing_is_missed_as_by_the_server(cluster: Cluster, specimen: specimens.Specimen) -> None:
    """What the server takes without a field, or with an empty one, is right; what is not right it refuses."""
    gvk = GroupVersionKind.of(specimen.api_version, specimen.kind)
    kind = cluster.kinds().get(gvk)
    minor = cluster.version().minor
    node = bundle.load(minor).root(gvk)
    if kind is None or node is None:
        return  # of another server's
    manifest = specimens.make(specimen, name="s4c-x", namespace="default", seed=0)
    assert gochecks.found(manifest, gvk, node, minor) == []
    for path in places(manifest):
        if path in FIXED:
            continue
        here: Any = manifest
        for step in path:
            here = here[step]
        empty = type(here)() if isinstance(here, str | list | dict) else None
        for changed in (without(manifest, path), *([] if empty is None else [without(manifest, path, empty)])):
            faults = gochecks.found(changed, gvk, node, minor)
            assert not faults or refusal(cluster, kind, changed), (path, faults)


def chosen(value: Any, node: Node | None, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Node]]:
    """Yield the places of a manifest that have a choice of values."""
    if node is None:
        return
    if isinstance(value, dict):
        other = node.additional if isinstance(node.additional, Node) else None
        for key, child in value.items():
            yield from chosen(child, node.properties.get(key, other), (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from chosen(child, node.items, (*path, index))
    elif node.enum:
        yield path, node


@pytest.mark.parametrize("specimen", KINDS, ids=str)
def test_choices_are_those_of_the_server(cluster: Cluster, specimen: specimens.Specimen) -> None:
    """A value that is none of a choice is found if the server refuses it, and else nothing is found; so is no value."""
    gvk = GroupVersionKind.of(specimen.api_version, specimen.kind)
    kind = cluster.kinds().get(gvk)
    minor = cluster.version().minor
    node = bundle.load(minor).root(gvk)
    if kind is None or node is None:
        return  # of another server's
    manifest = specimens.make(specimen, name="s4c-x", namespace="default", seed=1)
    for path, of in chosen(manifest, node):
        for word in ("Bogus", "", *of.enum):
            changed = without(manifest, path, word)
            faults = gochecks.found(changed, gvk, node, minor)
            error = refusal(cluster, kind, changed)
            assert error or not faults, (path, word, faults)
            assert faults or error is None or word in of.enum, (path, word, str(error))
