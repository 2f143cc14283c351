"""Which object of a tree is meant."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.cluster.api import Kind
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.report import selection

if TYPE_CHECKING:
    from collections.abc import Collection

KNOWN = {
    "Deployment": Kind(
        gvk=GroupVersionKind("apps", "v1", "Deployment"),
        plural="deployments",
        singular="deployment",
        namespaced=True,
        short_names=("deploy",),
    )
}


def resource(api: str, kind: str, name: str, namespace: str = "") -> Resource:
    """Return an object."""
    gvk = GroupVersionKind.of(api, kind)
    return Resource(
        manifest={"apiVersion": api, "kind": kind, "metadata": {"name": name}},
        ref=ResourceRef(gvk.group, kind, namespace, name),
        gvk=gvk,
        origin=Origin(path=PurePath("x.yaml")),
    )


def words(found: Resource) -> Collection[str]:
    """Return what kinds are called."""
    return selection.kind_words(found.gvk, KNOWN.get(found.gvk.kind))


WEB = resource("apps/v1", "Deployment", "web", "shop")
TREE = [
    WEB,
    resource("apps/v1", "Deployment", "web", "test"),
    resource("v1", "ConfigMap", "web.spec", "shop"),
    resource("v1", "ConfigMap", "web", "shop"),
    resource("networking.k8s.io/v1", "NetworkPolicy", "deny", "shop"),
    resource("rbac.authorization.k8s.io/v1", "ClusterRole", "system:a"),
    resource("v1", "Namespace", "shop"),
    resource("rbac.authorization.k8s.io/v1", "ClusterRole", "two words"),
]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("shop/deployment/web", ""),
        ("deployment/shop/web", ""),
        ("shop/Deployment/web.spec.replicas", ".spec.replicas"),
        ("shop/deploy/web[x]", "[x]"),
        ("shop/deployments.apps/web", ""),
        ("shop/deployment.v1.apps/web", ""),
        ("apps/v1/Deployment/shop/web", ""),
        ("apps/v1/deployment/shop/web.a/b", ".a/b"),
        ("apps/v1 Deployment shop/web", ""),
        ("Deployment.apps shop/web", ""),
        ("apps/v1/Deployment/web.shop", ""),
        ("apps/v1/Deployment/web.shop.spec", ".spec"),
        (' shop/deployment/web.metadata.labels["a b/c"] ', '.metadata.labels["a b/c"] '),
    ],
)
def test_ways_to_name_an_object(text: str, rest: str) -> None:
    """Kinds in every spelling, the namespace on either side, and as errors and the log print it."""
    first = selection.meant(text, TREE, words)[0]
    assert (WEB, rest) == (first.resource, first.rest)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("deployment/web", ["shop", "test"]),
        ("configmap/web.spec", ["web.spec", "web"]),
        ("netpol/deny", []),
        ("networkpolicies/deny", ["deny"]),
        ("clusterrole/system:a", ["system:a"]),
        ("clusterrole/two words.rules", ["two words"]),
        ("ClusterRole two words", []),
        ("deny", ["deny"]),
        ("deny.spec", ["deny"]),
        ("v1/Namespace/shop", ["shop"]),
        ("namespace/shop", ["shop"]),
        ("apps/v1/ConfigMap/web", []),
        ("other/deployment/web", []),
        ("", []),
        ("/", []),
        ("deployment/", []),
    ],
)
def test_several_and_none(text: str, expected: list[str]) -> None:
    """Those with the longest name come first; what means nothing is an error with what there is."""
    if expected:
        found = selection.meant(text, TREE, words)
        assert all(name in str(each.resource) for name, each in zip(expected, found, strict=True))
        return
    with pytest.raises(errors.UsageError, match="is not in the tree"):
        selection.meant(text, TREE, words)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("deploymnt/web", "did you mean `deployment/web`?"),
        ("networkpolicy/dney", "did you mean `networkpolicy/deny`?"),
        ("job/zzzzzz", "write `kind/name`"),
    ],
)
def test_what_was_probably_meant(text: str, hint: str) -> None:
    """A name that is nearly right is told."""
    with pytest.raises(errors.UsageError) as caught:
        selection.meant(text, TREE, words)
    assert hint in caught.value.hint
    assert caught.value.detail


def test_an_empty_tree_has_nothing() -> None:
    """Nothing is listed then."""
    with pytest.raises(errors.UsageError, match="has no objects"):
        selection.meant("a/b", [], words)


def test_long_lists_are_cut() -> None:
    """Ten of those that a text could mean are enough."""
    many = [resource("v1", "ConfigMap", "c", f"n{number}") for number in range(30)]
    error = selection.ambiguous("configmap/c", many)
    assert error.title == "`configmap/c` means 30 objects"
    assert (len(error.detail), error.detail[-1][1]) == (11, "and 20 more")


@pytest.mark.parametrize(
    ("text", "number"),
    [("deployment/web", 2), ("*/web", 3), ("shop/*/*", 4), ("*", 8), ("shop/deploy*/w?b", 1), ("ClusterRole/*", 2)],
)
def test_patterns(text: str, number: int) -> None:
    """A filter may mean several, and says so by stars."""
    assert number == len(selection.matching(text, TREE, words))


def test_a_filter_that_fits_nothing_is_wrong() -> None:
    """It is seldom meant."""
    with pytest.raises(errors.UsageError, match="is not in the tree"):
        selection.matching("job/*", TREE, words)


@pytest.mark.parametrize("each", TREE, ids=str)
def test_the_full_name_means_one_object(each: Resource) -> None:
    """What is listed for a choice can be said again."""
    assert [each] == selection.matching(selection.spelled(each), TREE, words)
