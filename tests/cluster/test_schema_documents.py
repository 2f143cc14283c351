"""The schemas that come with the package, and those that are read of a cluster, next to what a real server has."""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from keywords import KEYWORDS, definition

from kubernator.cluster.connect import connect
from kubernator.model.gvk import DEFINITION, GroupVersionKind
from kubernator.model.resource import BACKGROUND
from kubernator.redaction import Secrets
from kubernator.sandbox import certificates
from kubernator.schema import bundle, components, definitions, documents, structural
from kubernator.tools.cache import Cache
from toolchain.schemas import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.cluster.client import HttpCluster
    from kubernator.model.diagnostics import Severity
    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path as Where
    from kubernator.schema.node import Node

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def cluster(kubeconfig: Path) -> Iterator[HttpCluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Return an empty cache."""
    return Cache(tmp_path / "cache")


def test_the_package_has_what_the_server_serves(cluster: HttpCluster) -> None:
    """The same kinds, about which the same is known, with the same schemas."""
    ours, theirs = bundle.load(cluster.version().minor), served(cluster)
    assert {kind.gvk: kind for kind in theirs.kinds} == {kind.gvk: kind for kind in ours.kinds()}
    assert [kind.gvk for kind in theirs.kinds] == [kind.gvk for kind in ours.kinds()]
    for kind in ours.kinds():
        assert ours.raw(kind.gvk) == theirs.components[theirs.names[kind.gvk]], kind
    differing = [name for name, schema in theirs.components.items() if ours.component(name) != schema]
    assert differing == []


def test_built_in_kinds_need_no_request(cluster: HttpCluster, cache: Cache) -> None:
    """All of them come from the package, and the server is not asked for a schema."""
    before = dict(cluster.requests)
    found = documents.of_cluster(cluster, cache)
    for kind in bundle.load(found.minor).kinds():
        assert found.root(kind.gvk) is not None
        assert found.kinds().get(kind.gvk) is not None
    assert cluster.requests.get("openapi", 0) == before.get("openapi", 0)


def test_a_version_that_does_not_come_with_us(
    cluster: HttpCluster, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server publishes of its own kinds is the same, and is read once for several clusters."""
    ours = bundle.load(cluster.version().minor)
    monkeypatch.setattr(bundle, "MINORS", ())
    for requests in (True, False):
        before = cluster.requests.get("openapi", 0)
        found = documents.of_cluster(cluster, cache)
        for kind in ours.kinds():
            node = found.root(kind.gvk)
            assert node is not None, kind
            assert node.builtin
            assert not found.is_custom(kind.gvk)
            assert found.raw(kind.gvk) == ours.raw(kind.gvk)
        asked = cluster.requests.get("openapi", 0) - before
        assert asked == (1 + len(ours.kinds().api_versions) if requests else 1)
        assert found.warnings == ()


@pytest.fixture(scope="module")
def things(cluster: HttpCluster) -> Iterator[tuple[GroupVersionKind, Node]]:
    """Make a kind with a field for every keyword; the schema of the definition itself comes with it."""
    manifest = definition(f"s1-{secrets.token_hex(4)}.example.com")
    kind = cluster.kinds().preferred(DEFINITION)
    assert kind
    cluster.apply(kind, manifest, manager="s1")
    try:
        ((gvk, node),) = definitions.nodes(manifest).items()
        _published(cluster, gvk)
        yield gvk, node
    finally:
        cluster.delete(kind, namespace="", name=manifest["metadata"]["name"], propagation=BACKGROUND)


def _published(cluster: HttpCluster, gvk: GroupVersionKind) -> None:
    """Return when the server serves a kind and shows its schema."""
    while cluster.kinds(refresh=True).get(gvk) is None:
        pass
    while f'"apis/{gvk.api_version}"' not in cluster.raw("GET", "/openapi/v3"):
        pass
    found: dict[str, Any] = {}
    while gvk.kind not in found:
        document = cluster.raw("GET", f"/openapi/v3/apis/{gvk.api_version}")
        found = components.kinds(document["components"]["schemas"], gvk.group, gvk.version)


def _faults(manifest: Manifest, node: Node) -> set[tuple[Where, Severity]]:
    """Return where a manifest is wrong, and how much; of an object in another two things may be wrong at one place."""
    return {(fault.path, fault.severity) for fault in structural.check(manifest, node, custom=True)}


def test_what_is_published_of_a_definition_says_the_same(
    cluster: HttpCluster, cache: Cache, things: tuple[GroupVersionKind, Node]
) -> None:
    """A resource is judged alike by the definition and by what the server publishes of it, read or from the cache."""
    gvk, declared = things
    documents.of_cluster(cluster, cache).root(gvk)
    before = cluster.requests["openapi"]
    found = documents.of_cluster(cluster, cache)
    published = found.root(gvk)
    assert cluster.requests["openapi"] == before + 1  # the index
    assert published is not None
    assert found.is_custom(gvk)
    assert found.warnings == ()
    differing = []
    for field, (_, values) in KEYWORDS.items():
        for value in values:
            manifest = {
                "apiVersion": gvk.api_version,
                "kind": gvk.kind,
                "metadata": {"name": "x", "labels": {"a": 1}, "bogus": 1},
                "spec": {field: value},
            }
            if _faults(manifest, declared) != _faults(manifest, published):
                differing.append((field, value))
    assert differing == []


def test_a_definition_that_changes(cluster: HttpCluster, cache: Cache) -> None:
    """Its new schema has another hash: what was kept is not taken for it, and is kept beside it."""
    manifest = definition(f"s1-{secrets.token_hex(4)}.example.com")
    spec = manifest["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"] = {"size": {"type": "integer"}}
    kind = cluster.kinds().preferred(DEFINITION)
    assert kind
    gvk = GroupVersionKind(manifest["spec"]["group"], "v1", "Thing")
    cluster.apply(kind, manifest, manager="s1")
    try:
        _published(cluster, gvk)
        first = documents.of_cluster(cluster, cache).root(gvk)
        assert first is not None
        assert first.properties["spec"].properties["size"].types == ("integer",)
        spec["properties"] = {"size": {"type": "string"}}
        cluster.apply(kind, manifest, manager="s1")
        types: tuple[str, ...] = ()
        while types != ("string",) or len(list(cache.schemas.iterdir())) == 1:  # the index comes a moment later
            node = documents.of_cluster(cluster, cache).root(gvk)
            assert node is not None
            types = node.properties["spec"].properties["size"].types
        assert len(list(cache.schemas.iterdir())) == 2
    finally:
        cluster.delete(kind, namespace="", name=manifest["metadata"]["name"], propagation=BACKGROUND)


class _Aggregated(BaseHTTPRequestHandler):
    """A server behind the API server, which has one kind."""

    group = ""

    def do_GET(self) -> None:
        version = f"{self.group}/v1"
        answers: dict[str, Any] = {
            f"/apis/{version}": {
                "kind": "APIResourceList",
                "apiVersion": "v1",
                "groupVersion": version,
                "resources": [
                    {
                        "name": "measures",
                        "singularName": "measure",
                        "kind": "Measure",
                        "namespaced": True,
                        "verbs": ["get"],
                    }
                ],
            },
            "/openapi/v3": {"paths": {f"apis/{version}": {"serverRelativeURL": f"/openapi/v3/apis/{version}?hash=A"}}},
            f"/openapi/v3/apis/{version}": {
                "openapi": "3.0.0",
                "info": {"title": "measures", "version": "1"},
                "paths": {},
                "components": {"schemas": {"com.example.Measure": self._schema()}},
            },
        }
        body = answers.get(self.path.partition("?")[0])
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def _schema(self) -> dict[str, Any]:
        gvk = {"group": self.group, "version": "v1", "kind": "Measure"}
        return {"type": "object", "properties": {"x": {"type": "string"}}, "x-kubernetes-group-version-kind": [gvk]}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def measures(cluster: HttpCluster, tmp_path: Path, namespace: str) -> Iterator[GroupVersionKind]:
    """Have a kind that another server serves, behind the API server."""
    group = f"s1-{secrets.token_hex(4)}.example.com"
    made = certificates.make()
    (tmp_path / "server.pem").write_bytes(made.server + made.server_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Aggregated,), {"group": group}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    name = f"v1.{group}"
    manifests: list[Manifest] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "measures", "namespace": namespace},
            "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": server.server_port}]},
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": name},
            "spec": {
                "group": group,
                "version": "v1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "insecureSkipTLSVerify": True,
                "service": {"name": "measures", "namespace": namespace, "port": server.server_port},
            },
        },
    ]
    service = None
    try:
        for manifest in manifests:
            service = cluster.kinds().get(GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]))
            assert service
            cluster.apply(service, manifest, manager="s1")
        gvk = GroupVersionKind(group, "v1", "Measure")
        _published(cluster, gvk)
        yield gvk
    finally:
        if service is not None:
            cluster.delete(service, namespace="", name=name, propagation=BACKGROUND)
        server.shutdown()
        thread.join()
        server.server_close()


def test_kinds_of_another_server(cluster: HttpCluster, cache: Cache, measures: GroupVersionKind) -> None:
    """They are known and neither built in nor custom, and what they look like is for their server to say."""
    found = documents.of_cluster(cluster, cache)
    assert found.kinds().get(measures) is not None
    assert found.root(measures) is None
    assert not found.is_custom(measures)
    assert found.raw(measures)["properties"] == {"x": {"type": "string"}}
    assert found.warnings == ()
