"""Which schemas speak for a kind: those of the package, or those of a cluster, and what is asked for them."""

from __future__ import annotations

import copy
import json
import threading

import pytest

from kubernator import errors, workers
from kubernator.cluster.api import Kind, Kinds, ServerVersion
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema import bundle, documents
from kubernator.tools.cache import Cache

POD = GroupVersionKind("", "v1", "Pod")
THING = GroupVersionKind("example.com", "v1", "Thing")
METRIC = GroupVersionKind("metrics.example.com", "v1", "Metric")
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
INDEX = "/openapi/v3"


def schema(gvk, properties):
    return {"type": "object", "description": "for people", **properties} | {
        "x-kubernetes-group-version-kind": [dict(zip(("group", "version", "kind"), gvk, strict=True))]
    }


def document(title, gvk, name, properties):
    schemas = {name: schema(gvk, properties), "unused": {}, OBJECT_META: {"type": "object"}}
    return {"openapi": "3.0.0", "info": {"title": title}, "paths": {}, "components": {"schemas": schemas}}


FIELDS = {"properties": {"metadata": {"$ref": f"#/components/schemas/{OBJECT_META}"}, "size": {"type": "integer"}}}
CUSTOM = document("Kubernetes CRD Swagger", THING, "com.example.v1.Thing", FIELDS)
FIELDLESS = document("Kubernetes CRD Swagger", THING, "com.example.v1.Thing", {})
AGGREGATED = document("metrics-server", METRIC, "com.example.metrics.v1.Metric", FIELDS)
CORE = document("Kubernetes", POD, "io.k8s.api.core.v1.Pod", FIELDS)


class Server:
    """A cluster that answers from tables; ``documents`` are by path below the index, with the hash of each."""

    def __init__(self, published, *, version="v1.37.0", answers=None):
        self.published = published
        self.git_version = version
        self.asked = []
        index = {
            path: {"serverRelativeURL": f"{INDEX}/{path}" + (f"?hash={digest}" if digest else "")}
            for path, (digest, _) in published.items()
        }
        self.answers = {
            INDEX: json.dumps({"paths": index}),  # as it comes from an API server, which does not call it JSON
            **{f"{INDEX}/{path}" + (f"?hash={d}" if d else ""): body for path, (d, body) in published.items()},
            **(answers or {}),
        }

    def version(self):
        return ServerVersion(self.git_version, 1, int(self.git_version.split(".")[1]))

    def kinds(self, *, refresh=False):
        del refresh
        return Kinds([Kind(gvk=THING, plural="things", singular="thing", namespaced=True)])

    def raw(self, method, path, **_):
        assert method == "GET"
        self.asked.append(path)
        answer = self.answers[path]
        if isinstance(answer, Exception):
            raise answer
        return copy.deepcopy(answer)


PUBLISHED = {
    "apis/example.com/v1": ("AA", CUSTOM),
    "apis/metrics.example.com/v1": ("BB", AGGREGATED),
    "api/v1": ("CC", CORE),
}


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.mark.parametrize(
    ("text", "minor"),
    [("1.34", 34), ("v1.36", 36), ("1.36.2", 36), ("v1.37.0-rc.1", 37), ("1.35.4-eks-abc", 35), ("1.37.1+k3s1", 37)],
)
def test_parse_version(text, minor):
    """A version is said with or without a patch level."""
    assert documents.parse_version(text) == minor
    assert documents.bundled(minor).minor == minor


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *(
            (text, "is not a version of Kubernetes")
            for text in ("", "37", "1", "1.", "latest", "1.037", "2.1", "1.36.")
        ),
        *((text, "is not a version of Kubernetes") for text in ("1.36-eks", " 1.36", "1.٣٧", "1.99999", "1.36\n")),
        *((text, "there are no schemas of") for text in ("1.33", "v1.20.3", "1.38")),
    ],
)
def test_versions_that_there_are_not(text, words):
    """Each error names the versions that there are."""
    with pytest.raises(errors.UsageError, match=words) as caught:
        documents.parse_version(text)
    assert "1.34, 1.35, 1.36 and 1.37" in caught.value.hint
    assert f"`{text}`" in caught.value.title


def test_bundled():
    """The newest comes unasked; one that there is not is named."""
    assert documents.bundled().minor == bundle.MINORS[-1]
    assert documents.bundled() is documents.bundled(37)
    with pytest.raises(errors.UsageError, match=r"no schemas of Kubernetes `1\.33`"):
        documents.bundled(33)


def test_nothing_is_asked_for_built_in_kinds(cache):
    """They come from the package when it has the version of the server."""
    server = Server(PUBLISHED)
    found = documents.of_cluster(server, cache)
    assert found.minor == 37
    assert found.root(POD) is bundle.load(37).root(POD)
    assert found.raw(POD) == bundle.load(37).raw(POD)
    assert not found.is_custom(POD)
    assert server.asked == []
    assert found.version.git_version == "v1.37.0"
    assert len(found.kinds()) == 1
    assert len(found.optional()) == 0


@pytest.mark.parametrize(
    ("version", "asks"),
    [
        *(("v1.37.9", False), ("v1.36.1-eks-113cf36", False), ("v1.35.2-gke.1234000", False), ("v1.34.1+k3s1", False)),
        *(("v1.34.1+rke2r1", False), ("v1.33.2", True), ("v1.38.0", True), ("v1.34.2+0a1b2c3", True)),
        *(("v1.37.0-rc.1", True), ("v1.34.1-dirty", True)),
    ],
)
def test_whose_build_it_is(cache, version, asks):
    """A version that does not come with us, or a build that may have been changed, is asked for its own schemas."""
    server = Server(PUBLISHED, version=version)
    node = documents.of_cluster(server, cache).root(POD)
    assert node is not None
    assert node.builtin
    assert server.asked == ([INDEX, f"{INDEX}/api/v1?hash=CC"] if asks else [])
    assert ("size" in node.properties) == asks


def test_custom_kinds(cache):
    """Kinds of definitions are known by the title of their document, which is asked for once."""
    server = Server(PUBLISHED)
    found = documents.of_cluster(server, cache)
    node = found.root(THING)
    assert node is not None
    assert node.properties["size"].types == ("integer",)
    assert node.properties["metadata"].builtin
    assert found.is_custom(THING)
    assert found.root(THING) is node
    assert "description" not in found.raw(THING)
    assert found.root(THING._replace(kind="Other")) is None
    assert found.raw(THING._replace(kind="Other")) == {}
    assert not found.is_custom(THING._replace(kind="Other"))
    assert found.root(THING._replace(version="v2")) is None
    assert server.asked == [INDEX, f"{INDEX}/apis/example.com/v1?hash=AA"]
    assert found.warnings == ()


def test_another_cluster_with_the_same_definitions(cache):
    """The document is on disk by its hash: only the index is asked for."""
    documents.of_cluster(Server(PUBLISHED), cache).root(THING)
    server = Server(PUBLISHED)
    found = documents.of_cluster(server, cache)
    assert found.root(THING) is not None
    assert found.is_custom(THING)
    assert server.asked == [INDEX]


def test_another_hash(cache):
    """A definition that changed has another hash, and is asked for."""
    documents.of_cluster(Server(PUBLISHED), cache).root(THING)
    server = Server(PUBLISHED | {"apis/example.com/v1": ("DD", FIELDLESS)})
    assert documents.of_cluster(server, cache).root(THING) is None
    assert server.asked == [INDEX, f"{INDEX}/apis/example.com/v1?hash=DD"]


def test_damaged_cache(cache):
    """Files that say nothing of use are as if they were not there."""
    documents.of_cluster(Server(PUBLISHED), cache).root(THING)
    (path,) = cache.schemas.iterdir()
    path.write_bytes(path.read_bytes()[:-9])
    server = Server(PUBLISHED)
    assert documents.of_cluster(server, cache).root(THING) is not None
    assert len(server.asked) == 2


def test_without_a_hash(cache):
    """What has no hash cannot be told from what it will be tomorrow, and is not kept."""
    server = Server({"apis/example.com/v1": ("", CUSTOM)})
    assert documents.of_cluster(server, cache).root(THING) is not None
    assert list(cache.schemas.iterdir()) == []


def test_definition_without_fields(cache):
    """A definition whose schema the server cannot use takes everything."""
    found = documents.of_cluster(Server({"apis/example.com/v1": ("AA", FIELDLESS)}), cache)
    assert found.root(THING) is None
    assert found.is_custom(THING)


def test_kinds_of_other_servers(cache):
    """What a server behind the API server publishes is shown, and not what manifests are checked by."""
    found = documents.of_cluster(Server(PUBLISHED), cache)
    assert found.root(METRIC) is None
    assert not found.is_custom(METRIC)
    assert found.raw(METRIC)["type"] == "object"


@pytest.mark.parametrize(
    "error",
    [
        errors.Forbidden("cannot GET `/openapi/v3`: forbidden", status=403),
        errors.NotFound("no such page", status=404),
        errors.ApiError("Error serving discovery", status=500),
    ],
    ids=["forbidden", "not found", "failing"],
)
@pytest.mark.parametrize(("version", "known"), [("v1.37.0", True), ("v1.37.0+own", True), ("v1.33.0", False)])
def test_index_that_is_not_shown(cache, error, version, known):
    """The package speaks for what it has, the rest is left to the server, and that is said once."""
    server = Server({}, version=version, answers={INDEX: error})
    found = documents.of_cluster(server, cache)
    assert found.root(THING) is None
    assert not found.is_custom(THING)
    assert found.root(METRIC) is None
    assert (found.root(POD) is not None) == known
    assert server.asked == [INDEX]
    (warning,) = found.warnings
    assert warning.startswith("the server does not show its schemas")
    assert error.title in warning


@pytest.mark.parametrize(
    "body",
    [
        "a page",
        "[" * 100_000,
        None,
        [],
        {},
        {"paths": []},
        {"paths": {"apis/example.com/v1": {}}},
        {"paths": {"apis/example.com/v1": 7}},
        {"paths": {"apis/example.com/v1": {"serverRelativeURL": "http://[1"}}},
    ],
)
def test_broken_index(cache, body):
    """An index that is none is an error of the cluster's."""
    server = Server({}, answers={INDEX: body})
    with pytest.raises(errors.ClusterError, match="what the server says of its schemas is not understood"):
        documents.of_cluster(server, cache).root(THING)


@pytest.mark.parametrize(
    "body",
    [
        *("a page", None, [], {}, {"components": {"schemas": 7}}, {"info": 7, "components": {"schemas": {}}}),
        {"components": {"schemas": {"x": {"x-kubernetes-group-version-kind": [{"kind": "Thing"}]}}}},
        errors.ClusterError("the answer is not JSON"),
        errors.ApiError("the server does not answer", status=503),
    ],
)
def test_broken_document(cache, body):
    """One document that cannot be read does not stop the others, and its kinds are left to the server."""
    url = f"{INDEX}/apis/example.com/v1"
    server = Server(PUBLISHED, answers={url: body, f"{url}?hash=AA": body})
    found = documents.of_cluster(server, cache)
    assert found.root(THING) is None
    assert found.root(THING) is None
    assert found.raw(METRIC)
    (warning,) = found.warnings
    assert "the schemas of `example.com/v1` cannot be read" in warning


@pytest.mark.parametrize(
    "moved", [errors.ClusterError("the server redirects"), errors.NotFound("gone", status=404)], ids=["301", "404"]
)
def test_definition_that_changes_meanwhile(cache, moved):
    """A hash that is not served any more: what is there now is taken, and not kept under the old hash."""
    url = f"{INDEX}/apis/example.com/v1"
    server = Server(PUBLISHED, answers={f"{url}?hash=AA": moved, url: CUSTOM})
    found = documents.of_cluster(server, cache)
    assert found.root(THING) is not None
    assert found.warnings == ()
    assert list(cache.schemas.iterdir()) == []


@pytest.mark.parametrize("path", [INDEX, f"{INDEX}/apis/example.com/v1?hash=AA"])
@pytest.mark.parametrize("kind", [errors.Unreachable, errors.Unauthorized])
def test_server_that_does_not_answer(cache, path, kind):
    """Nobody is there to leave anything to."""
    server = Server(PUBLISHED, answers={path: kind("nobody there")})
    with pytest.raises(kind):
        documents.of_cluster(server, cache).root(THING)


def test_several_documents_at_once(cache):
    """Documents are read side by side, and each once, however many ask for it."""
    many = {
        f"apis/example{n}.com/v1": (
            f"A{n}",
            document(
                "Kubernetes CRD Swagger", THING._replace(group=f"example{n}.com"), f"com.example{n}.v1.Thing", FIELDS
            ),
        )
        for n in range(4)
    }
    together = threading.Barrier(len(many))

    class Waiting(Server):
        """Answers when all documents are asked for."""

        def raw(self, method, path, **more):
            found = super().raw(method, path, **more)
            if path != INDEX:
                together.wait()
            return found

    server = Waiting(many)
    found = documents.of_cluster(server, cache)
    asked = [THING._replace(group=f"example{n}.com") for n in range(4)] * 2
    pool = workers.Workers()
    try:
        assert pool.map(found.is_custom, asked) == [True] * 8
    finally:
        pool.close()
    assert len(server.asked) == 1 + len(many)
