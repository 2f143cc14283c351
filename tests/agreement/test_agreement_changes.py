"""Objects that are there already, and changes to them: some fields cannot change."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import specimens
from agreement import defined
from agreement.plan import Plan, telling
from agreement.server import MANAGER
from kubernator.errors import ApiError
from kubernator.model.gvk import NAMESPACE, GroupVersionKind
from kubernator.model.resource import BACKGROUND
from kubernator.schema import documents
from kubernator.schema.definitions import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agreement.conftest import Judged
    from kubernator.cluster.client import HttpCluster

pytestmark = pytest.mark.cluster

#: Kinds that run something: none of it is to run.
REPLICATED = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"})
BUILT_IN = {str(each): each for each in specimens.KINDS if "kubernator" not in each.api_version}


@pytest.fixture(scope="module")
def space(cluster: HttpCluster) -> Iterator[str]:
    """Return a namespace in which pods can be made."""
    name = f"agreement-{secrets.token_hex(4)}"
    kind = cluster.kinds().preferred(NAMESPACE)
    assert kind
    cluster.apply(kind, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, manager=MANAGER)
    account = cluster.kinds().get(GroupVersionKind("", "v1", "ServiceAccount"))
    assert account
    while cluster.get(account, namespace=name, name="default") is None:
        pass
    yield name
    cluster.delete(kind, namespace="", name=name, propagation=BACKGROUND)


@pytest.fixture
def there(cluster: HttpCluster) -> Iterator[Callable[[dict[str, Any]], Callable[[], dict[str, Any]]]]:
    """Return what makes an object for the time of a test, and gives what returns it as it is."""
    made: list[dict[str, Any]] = []

    def make(manifest: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        kind = cluster.kinds().get(GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]))
        assert kind
        made.append(manifest)
        made_first = cluster.apply(kind, manifest, manager=MANAGER, force=True).manifest
        metadata = manifest["metadata"]
        where = {"namespace": metadata.get("namespace", ""), "name": metadata["name"]}
        # its controller notes itself in another version, and from then on the server takes away less
        while manifest["kind"] == "HorizontalPodAutoscaler" and not _watched(cluster.get(kind, **where)):
            pass
        return lambda: cluster.get(kind, **where) or made_first

    yield make
    for manifest in made:
        kind = cluster.kinds().get(GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]))
        assert kind
        metadata = manifest["metadata"]
        with suppress(ApiError):  # what could not be made need not go
            cluster.delete(kind, namespace=metadata.get("namespace", ""), name=metadata["name"], propagation=BACKGROUND)


def _watched(found: dict[str, Any] | None) -> bool:
    """Say whether a controller has written the status of an object, or there is none."""
    return found is None or any(entry.get("subresource") == "status" for entry in found["metadata"]["managedFields"])


def resting(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return an object that lets nothing run."""
    if manifest["kind"] not in REPLICATED:
        return manifest
    return {**manifest, "spec": {**manifest["spec"], "replicas": 0}}


@pytest.fixture(scope="session")
def updates(cluster: HttpCluster) -> Plan:
    """Return what is changed in objects of each built-in kind."""
    found = Plan()
    own = documents.bundled(cluster.version().minor)
    for label, specimen in BUILT_IN.items():
        gvk = GroupVersionKind.of(specimen.api_version, specimen.kind)
        node = own.root(gvk)
        if node is not None and own.kinds().get(gvk) is not None:
            token = secrets.token_hex(4)
            made = resting(specimens.make(specimen, name=f"u-{token}", namespace="u", seed="agreement 1"))
            found.add(label, telling(label, [made], node, softly=True))
    return found


@pytest.mark.parametrize("label", BUILT_IN)
def test_changes_of_what_is_there(
    judged: Judged, updates: Plan, space: str, there: Callable[[dict[str, Any]], Any], label: str
) -> None:
    """A change that the server refuses we refuse too, and no other."""
    results = []
    for base in updates.bases.get(label, ()):
        manifest = base.manifest
        if BUILT_IN[label].namespaced:
            manifest = {**manifest, "metadata": {**manifest["metadata"], "namespace": space}}
        live = there(manifest)
        shown = base.at(manifest)
        results += judged.results([shown.right, *map(shown.case, shown.changes)], live=live)
    judged.conclude(f"{label}, there", results)


@pytest.mark.parametrize("kind", defined.OBJECTS)
def test_changes_of_custom_resources(
    judged: Judged, group: str, there: Callable[[dict[str, Any]], Any], kind: str
) -> None:
    """Rules about what was before are evaluated as by the server."""
    schemas = {gvk: node for each in defined.definitions(group) for gvk, node in nodes(each).items()}
    manifest = defined.objects(group, kind)[0]
    live = there(manifest)
    plan = Plan()
    node = schemas[GroupVersionKind.of(manifest["apiVersion"], kind)]
    plan.add(kind, telling(kind, [manifest], node, softly=True))
    judged.conclude(f"{kind}, there", judged.results(plan.cases(kind), live=live))
