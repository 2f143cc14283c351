"""What is found by schemas next to what a real API server says in a dry run."""

from __future__ import annotations

import copy
import secrets
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from keywords import DEFINITIONS, KEYWORDS, definition

import specimens
from kubernator.cluster.connect import connect
from kubernator.errors import ApiError
from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.resource import BACKGROUND
from kubernator.redaction import Secrets
from kubernator.schema import definitions, structural
from kubernator.schema.fault import Fault, api_path, is_builtin_group
from kubernator.schema.node import Node, Nodes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.resource import Manifest

pytestmark = pytest.mark.cluster

DEFINITION = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
#: Made wrong in as many places for each kind.
PLACES = 6


class Published(NamedTuple):
    """The built-in kinds of a server, and their schemas."""

    nodes: Nodes
    components: dict[GroupVersionKind, str]

    def node(self, gvk: GroupVersionKind) -> Node | None:
        """Return the schema of a built-in kind."""
        name = self.components.get(gvk)
        return self.nodes.named(name) if name else None


@pytest.fixture(scope="module")
def cluster(kubeconfig: Path) -> Iterator[Cluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


@pytest.fixture(scope="module")
def published(cluster: Cluster) -> Published:
    """Return what the server publishes of its own kinds."""
    components: dict[str, Any] = {}
    served = {version for version in cluster.kinds().api_versions if is_builtin_group(version.rpartition("/")[0])}
    for version in served:
        prefix = f"apis/{version}" if "/" in version else f"api/{version}"
        components |= cluster.raw("GET", f"/openapi/v3/{prefix}")["components"]["schemas"]
    names = {
        GroupVersionKind(of["group"], of["version"], of["kind"]): name
        for name, schema in components.items()
        for of in schema.get("x-kubernetes-group-version-kind", ())
    }
    return Published(Nodes(components.get), names)


def refusal(cluster: Cluster, kind: Kind, manifest: Manifest) -> ApiError | None:
    """Return with what the server refuses an object, or None."""
    try:
        cluster.apply(kind, manifest, manager="s2", dry_run=True, force=True)
    except ApiError as error:
        return error
    return None


def errors_of(faults: list[Fault]) -> list[Fault]:
    """Return the faults that keep an object out."""
    return [fault for fault in faults if fault.severity is Severity.ERROR]


@pytest.fixture(scope="module")
def things(cluster: Cluster) -> Iterator[tuple[Kind, Node]]:
    """Make a kind with a field for every keyword, for as long as the tests here take."""
    manifest = definition(f"s2-{secrets.token_hex(4)}.example.com")
    kind = cluster.kinds().get(DEFINITION)
    assert kind
    cluster.apply(kind, manifest, manager="s2")
    try:
        ((gvk, node),) = definitions.nodes(manifest).items()
        thing = None
        while thing is None or _is_unknown(cluster, thing):
            thing = cluster.kinds(refresh=True).get(gvk)
        yield thing, node
    finally:
        cluster.delete(kind, namespace="", name=manifest["metadata"]["name"], propagation=BACKGROUND)


def _is_unknown(cluster: Cluster, kind: Kind) -> bool:
    """Say whether the server does not serve a new kind yet, or not yet with its schema."""
    manifest = _thing(kind, "obj", {"bogus": 1})
    error = refusal(cluster, kind, manifest)
    return error is None or "not declared" not in str(error)


def _thing(kind: Kind, field: str, value: Any) -> Manifest:
    return {
        "apiVersion": kind.gvk.api_version,
        "kind": kind.gvk.kind,
        "metadata": {"name": "x"},
        "spec": {field: value},
    }


@pytest.mark.parametrize("field", KEYWORDS)
def test_keywords_mean_what_they_mean_to_the_server(cluster: Cluster, things: tuple[Kind, Node], field: str) -> None:
    """The same values are refused, at the same places."""
    kind, node = things
    for value in KEYWORDS[field][1]:
        manifest = _thing(kind, field, value)
        error = refusal(cluster, kind, copy.deepcopy(manifest))
        faults = errors_of(structural.check(manifest, node, custom=True))
        assert (str(error) if error else None, []) == (None, faults) or (error and faults), (value, str(error), faults)
        told = {cause.field for cause in error.causes if cause.field not in {"", "<nil>"}} if error else set()
        assert told <= {api_path(fault.path) for fault in faults}, value


@pytest.mark.parametrize("name", DEFINITIONS)
def test_definitions_are_refused_as_by_the_server(cluster: Cluster, published: Published, name: str) -> None:
    """A definition that the server takes has no fault, one that it refuses has."""
    kind, node = cluster.kinds().get(DEFINITION), published.node(DEFINITION)
    assert kind
    assert node
    manifest = DEFINITIONS[name]
    error = refusal(cluster, kind, copy.deepcopy(manifest))
    faults = [*structural.check(manifest, node, custom=False), *definitions.check_definition(manifest)]
    assert (error is not None) is bool(errors_of(faults)), (str(error), faults)


def _wrong(value: Any, random: Random) -> Any:
    """Return something else for a value of a manifest, which mostly is wrong."""
    match value:
        case bool():
            return random.choice([None, "true", 1, {}])
        case int() | float():
            return random.choice([None, "5", 1.5, True, [1]])
        case str():
            return random.choice([None, 5, 1.5, True, {}, "é !x"])
        case list():
            return random.choice([None, "x", {}, value + value[:1], [*value, None]])
        case dict():
            return random.choice([None, "x", [], {**value, "bogusField": 1}])
    return "x"


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from _places(child, (*path, step))


def _changed(manifest: Manifest, path: tuple[Any, ...], random: Random) -> Manifest:
    changed = copy.deepcopy(manifest)
    here: Any = changed
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = _wrong(here[path[-1]], random)
    return changed


@pytest.mark.parametrize("specimen", specimens.KINDS, ids=str)
def test_built_in_kinds_are_refused_as_by_the_server(
    cluster: Cluster, published: Published, specimen: specimens.Specimen
) -> None:
    """What the server refuses for its types is found, and nothing is found in what it takes."""
    gvk = GroupVersionKind.of(specimen.api_version, specimen.kind)
    kind, node = cluster.kinds().get(gvk), published.node(gvk)
    if kind is None or node is None:
        return  # a kind of another server's, or a custom one
    random = Random(str(gvk))  # noqa: S311 - the same mistakes every time
    manifest = specimens.make(specimen, name="s2-x", namespace="default", seed=0)
    assert structural.check(manifest, node, custom=False) == []
    fixed = {("metadata",), ("metadata", "name"), ("metadata", "namespace"), ("apiVersion",), ("kind",), ()}
    places = [path for path in _places(manifest) if path not in fixed]
    for path in random.sample(places, min(PLACES, len(places))):
        changed = _changed(manifest, path, random)
        error = refusal(cluster, kind, copy.deepcopy(changed))
        faults = structural.check(changed, node, custom=False)
        if gvk == DEFINITION:
            faults += definitions.check_definition(changed)
        assert error or not errors_of(faults), (path, faults)
        assert faults or error is None or "typed patch" not in str(error), (path, str(error))


def test_what_the_server_holds_is_right(cluster: Cluster, published: Published) -> None:
    """Nothing is wrong with any object of a running cluster."""
    checked = 0
    for kind in cluster.kinds():
        node = published.node(kind.gvk)
        if node is None or "list" not in kind.verbs:
            continue
        for item in cluster.list(kind, give_up_above=500).items:
            manifest = {"apiVersion": kind.gvk.api_version, "kind": kind.gvk.kind, **item}
            faults = structural.check(manifest, node, custom=False)
            if kind.gvk == DEFINITION:
                faults += definitions.check_definition(manifest)
            assert faults == [], manifest["metadata"]["name"]
            checked += 1
    assert checked > 0
