"""Names of files of objects."""

from __future__ import annotations

import itertools
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.report import filing

HERE = Origin(path=PurePath("sub/dir/web.yaml"), line=1)


def resource(group: str, kind: str, namespace: str, name: str, origin: Origin = HERE) -> Resource:
    """Return an object."""
    return Resource(
        manifest={},
        ref=ResourceRef(group, kind, namespace, name),
        gvk=GroupVersionKind(group, "v1", kind),
        origin=origin,
    )


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("namespace", "shop/deployment.apps_web.yaml"),
        ("kind", "deployment.apps/shop_web.yaml"),
        ("directory", "sub/dir/shop_deployment.apps_web.yaml"),
        ("none", "shop_deployment.apps_web.yaml"),
    ],
)
def test_ways(by: str, expected: str) -> None:
    """The whole identity is in the path, whatever divides the files."""
    assert expected == filing.name(resource("apps", "Deployment", "shop", "web"), by=by, ending="yaml")


@pytest.mark.parametrize(
    ("found", "by", "expected"),
    [
        (resource("", "Namespace", "", "shop"), "namespace", "_cluster/namespace_shop.json"),
        (resource("", "Namespace", "", "shop"), "kind", "namespace/shop.json"),
        (resource("", "Namespace", "", "shop"), "none", "namespace_shop.json"),
        (resource("r", "Role", "a", "System:Node é_"), "none", "a_role.r_%53ystem%3a%4eode%20%c3%a9%5f.json"),
        (resource("", "A", "n", "x", Origin(path=PurePath("y.yaml"))), "directory", "n_a_x.json"),
        (resource("", "A", "n", "x", Origin(path=PurePath("../b/y.yaml"))), "directory", "%2e%2e/b/n_a_x.json"),
        (resource("", "A", "n", "x", Origin(path=PurePath("/b/y.yaml"))), "directory", "%2f/b/n_a_x.json"),
        (
            resource("", "A", "n", "x", Origin(path=PurePath("d/y.yaml"), repository="https://h/r", ref="v1")),
            "directory",
            "_remote/https%3a%2f%2fh%2fr/d/n_a_x.json",
        ),
        (
            resource(
                "",
                "A",
                "n",
                "x",
                Origin(
                    path=PurePath("web/templates/a.yaml"), maker="chart web 1", via=Origin(path=PurePath("s/w.yaml"))
                ),
            ),
            "directory",
            "s/n_a_x.json",
        ),
    ],
)
def test_odd_ones(found: Resource, by: str, expected: str) -> None:
    """Objects without a namespace, odd letters, and files that are elsewhere or made by a chart."""
    assert expected == filing.name(found, by=by, ending="json")


def test_long_names_are_cut() -> None:
    """No part of a path is longer than file systems take, and what is cut is still told apart."""
    names = [f"{'x' * 252}{last}" for last in "ab"]
    made = {filing.name(resource(f"{'g' * 250}", "Kind", "n", name), by="kind", ending="yaml") for name in names}
    assert len(made) == 2
    assert all(len(part) < 230 for name in made for part in name.split("/"))


TEXTS = st.text("aA._-/%~:é", min_size=1, max_size=4)


@pytest.mark.parametrize("by", filing.WAYS)
@given(st.lists(st.tuples(TEXTS, st.just("Kind"), TEXTS | st.just(""), TEXTS), min_size=2, max_size=4, unique=True))
def test_different_objects_have_different_files(by: str, found: list[tuple[str, str, str, str]]) -> None:
    """Whatever they are called, also where a file system takes capitals for small letters."""
    names = [filing.name(resource(*each), by=by, ending="yaml").lower() for each in found]
    assert all(one != other for one, other in itertools.combinations(names, 2))
