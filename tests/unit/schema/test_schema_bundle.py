"""The schemas that come with the package."""

from __future__ import annotations

from importlib import resources

import pytest

from kubernator.cluster.api import Kind
from kubernator.model.gvk import GroupVersionKind
from kubernator.sandbox import versions
from kubernator.schema import bundle, components, structural
from kubernator.schema.bundle import Bundle
from kubernator.schema.components import needed, stripped

DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
NAMESPACE = GroupVersionKind("", "v1", "Namespace")


def content(minor):
    return resources.files("kubernator.schema").joinpath(bundle.resource(minor)).read_bytes()


def test_the_versions_of_the_sandbox():
    """There are schemas of each version of the control plane, and of no other."""
    made = {f"1.{minor}": bundle.load(minor).version.git_version for minor in bundle.MINORS}
    assert {minor: f"v{release.kubernetes}" for minor, release in versions.RELEASES.items()} == made


def test_all_of_them_are_small():
    """The package is not much larger for them."""
    assert sum(len(content(minor)) for minor in bundle.MINORS) < 400_000


@pytest.mark.parametrize("minor", bundle.MINORS)
def test_every_kind_has_a_schema(minor):
    """Each kind has a node with metadata, and all that is referred to is there."""
    found = bundle.load(minor)
    for kind in (*found.kinds(), *found.optional()):
        node = found.root(kind.gvk)
        assert node is not None
        assert {"apiVersion", "kind", "metadata"} <= node.properties.keys(), kind
        assert found.raw(kind.gvk)["x-kubernetes-group-version-kind"]
        seen, wanted = set(), {node.name}
        while wanted:
            name = wanted.pop()
            seen.add(name)
            schema = found.component(name)
            assert schema is not None, name
            assert stripped(schema) == schema
            wanted |= set(components._references(schema)) - seen


@pytest.mark.parametrize("minor", bundle.MINORS)
def test_what_is_known_of_a_kind(minor):
    """All that discovery would say."""
    verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
    assert bundle.load(minor).kinds().get(DEPLOYMENT) == Kind(
        gvk=DEPLOYMENT,
        plural="deployments",
        singular="deployment",
        namespaced=True,
        verbs=frozenset(verbs),
        short_names=("deploy",),
        categories=("all",),
        subresources=frozenset({"scale", "status"}),
    )


USUAL, OPTIONAL, UNKNOWN = "usual", "optional", "unknown"


@pytest.mark.parametrize(
    ("minor", "gvk", "expected"),
    [
        (34, "resource.k8s.io/v1 ResourceClaim", USUAL),
        (37, "v1 Pod", USUAL),
        (37, "apiregistration.k8s.io/v1 APIService", USUAL),
        (37, "apiextensions.k8s.io/v1 CustomResourceDefinition", USUAL),
        (34, "authentication.k8s.io/v1 TokenReview", USUAL),
        (34, "resource.k8s.io/v1beta1 ResourceClaim", OPTIONAL),
        (37, "internal.apiserver.k8s.io/v1alpha1 StorageVersion", OPTIONAL),
        (34, "storagemigration.k8s.io/v1 StorageVersionMigration", UNKNOWN),
        (37, "v1 PodList", UNKNOWN),
        (37, "v1 DeleteOptions", UNKNOWN),
        (37, "extensions/v1beta1 Ingress", UNKNOWN),
        (37, "example.com/v1 Thing", UNKNOWN),
    ],
)
def test_what_is_on_and_what_is_off(minor, gvk, expected):
    """Kinds that a server does not serve by default are apart; what is no kind of objects is none."""
    found = bundle.load(minor)
    asked = GroupVersionKind.of(*gvk.split())
    usual, optional = found.kinds().get(asked), found.optional().get(asked)
    assert expected == (USUAL if usual else OPTIONAL if optional else UNKNOWN)
    assert (found.root(asked) is None) == (expected == UNKNOWN)
    assert bool(found.raw(asked)) == (expected != UNKNOWN)
    assert not found.is_custom(asked)


def test_only_what_is_needed_is_read():
    """A kind costs the packages that its schema refers to."""
    found = Bundle(content(37))
    assert not found._packages
    node = found.root(NAMESPACE)
    assert node is not None
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}, "spec": {"finalizers": ["a/b"]}}
    assert structural.check(manifest, node, custom=False) == []
    assert found._packages.keys() == {"io.k8s.api.core.v1", "io.k8s.apimachinery.pkg.apis.meta.v1"}


def test_written_and_read():
    """What is encoded is what is read again."""
    on, off = bundle.load(37).kinds().get(DEPLOYMENT), bundle.load(37).kinds().get(NAMESPACE)
    assert on
    assert off
    schemas = {"a.b.One": {"properties": {"x": {"$ref": "#/components/schemas/c.Two"}}}, "c.Two": {"type": "string"}}
    made = Bundle(bundle.encode("1.40.7", [(on, "a.b.One", True), (off, "c.Two", False)], schemas))
    assert made.version == ("v1.40.7", 1, 40)
    assert made.minor == 40
    assert list(made.kinds()) == [on]
    assert list(made.optional()) == [off]
    root = made.root(DEPLOYMENT)
    assert root is not None
    assert root.properties["x"].types == ("string",)
    assert made.component("a.b.Three") is None
    assert made.component("z.Three") is None


def test_stripped():
    """Words for people go wherever a schema may have them; fields and defaults of these names stay."""
    schema = {
        "description": "gone",
        "default": {"description": "stays"},
        "properties": {"description": {"type": "string", "description": "gone", "title": "gone"}},
        "items": {"description": "gone"},
        "additionalProperties": False,
        "anyOf": [{"description": "gone", "type": "integer"}],
        "not": {"externalDocs": {}},
    }
    assert stripped(schema) == {
        "default": {"description": "stays"},
        "properties": {"description": {"type": "string"}},
        "items": {},
        "additionalProperties": False,
        "anyOf": [{"type": "integer"}],
        "not": {},
    }


def test_needed():
    """What is referred to from wherever in a schema is needed, and a field called `$ref` refers to nothing."""
    references = {"$ref": "#/components/schemas/b"}
    found = needed(
        {
            "a": {"allOf": [references], "properties": {"$ref": {"type": "string"}}},
            "b": {"items": {"$ref": "a"}},
            "c": {},
        },
        ["a", "gone"],
    )
    assert list(found) == ["a", "b"]
