"""Two states of an object, compared by key."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernator.planning import diff as patches
from kubernator.report import comparing, paths
from kubernator.report.comparing import ABSENT
from kubernator.report.owners import Claims


def managed(fields: dict[str, Any], manager: str = "m") -> Claims:
    """Return the claims of one manager."""
    entry = {"manager": manager, "operation": "Apply", "fieldsV1": fields}
    return Claims.of({"metadata": {"managedFields": [entry]}})


def compared(old: Any, new: Any, *, written: Any = ABSENT, claims: Claims | None = None) -> list[tuple[Any, ...]]:
    """Return operation, name, old and new of what differs."""
    found = comparing.compare(old, new, written=written, claims=claims or Claims(), shape=Claims())
    return [
        (str(each.op), each.text, *(None if value is ABSENT else value for value in (each.old, each.new)))
        for each in found
    ]


def named(*names: str, **more: Any) -> list[dict[str, Any]]:
    """Return a list of items with names."""
    return [{"name": name, **more} for name in names]


PORTS = managed({"f:ports": {'k:{"port":1,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:targetPort": {}}}})
SET = managed({"f:x": {'v:"a"': {}, 'v:"b"': {}}})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [("changed", "a", 1, True)]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("changed", "a.b", 1, 2)]),
        ({}, {"a": {"b": 2}}, [("added", "a", None, {"b": 2})]),
        ({"a.b/c": 1}, {}, [("removed", '["a.b/c"]', 1, None)]),
        ({"a": None}, {}, [("removed", "a", None, None)]),
        ({"a": {}}, {"a": []}, [("changed", "a", {}, [])]),
        (
            {"c": named("a", "b")},
            {"c": named("b", "c")},
            [("removed", "c[a]", {"name": "a"}, None), ("added", "c[c]", None, {"name": "c"})],
        ),
        (
            {"c": named("a", v=1) + named("b")},
            {"c": named("b") + named("a", v=2)},
            [("moved", "c[b]", 2, 1), ("changed", "c[a].v", 1, 2)],
        ),
        ({"c": named("a", "b", "c", "d")}, {"c": named("d", "a", "b", "c")}, [("moved", "c[d]", 4, 1)]),
        ({"c": named("a", "b")}, {"c": named("x", "a", "b")}, [("added", "c[x]", None, {"name": "x"})]),
        ({"c": named("0")}, {"c": named("0", v=1)}, [("added", "c[name=0].v", None, 1)]),
        ({"c": named("a b")}, {"c": named("a b", v=1)}, [("added", 'c[name="a b"].v', None, 1)]),
        ({"c": named("a", "a")}, {"c": named("a")}, [("removed", "c[1]", {"name": "a"}, None)]),
        ({"args": ["a", "b"]}, {"args": ["a", "c"]}, [("changed", "args", ["a", "b"], ["a", "c"])]),
        ({"args": [1]}, {"args": [True]}, [("changed", "args", [1], [True])]),
        (
            {"rules": [{"verbs": ["get"]}, {"verbs": ["list"]}]},
            {"rules": [{"verbs": ["get"]}, {"verbs": ["watch"]}, {"verbs": []}]},
            [("changed", "rules[1].verbs", ["list"], ["watch"]), ("added", "rules[2]", None, {"verbs": []})],
        ),
        ({"l": [[1], {"a": 1}]}, {"l": [[1], {"a": 2}]}, [("changed", "l[1].a", 1, 2)]),
        (1, 2, [("changed", "the whole object", 1, 2)]),
    ],
)
def test_compare(old: Any, new: Any, expected: list[tuple[Any, ...]]) -> None:
    """Items go by name where they have one; an item that moves makes no other item change."""
    assert expected == compared(old, new)


@pytest.mark.parametrize(
    ("claims", "old", "new", "expected"),
    [
        (
            PORTS,
            {"ports": [{"port": 1, "targetPort": 1}]},
            {"ports": [{"port": 1, "protocol": "TCP", "targetPort": 2}]},
            [
                ("added", "ports[port=1,protocol=TCP].protocol", None, "TCP"),
                ("changed", "ports[port=1,protocol=TCP].targetPort", 1, 2),
            ],
        ),
        (
            PORTS,
            {"ports": [{"port": 1, "protocol": "TCP"}]},
            {"ports": [{"port": 1, "protocol": "TCP"}, {"port": 1, "protocol": "UDP"}]},
            [("added", "ports[port=1,protocol=UDP]", None, {"port": 1, "protocol": "UDP"})],
        ),
        (
            SET,
            {"x": ["a", "b"]},
            {"x": ["b", "c"]},
            [("removed", 'x[="a"]', "a", None), ("added", 'x[="c"]', None, "c")],
        ),
        (SET, {"x": ["a", "b"]}, {"x": ["b", "a"]}, [("moved", 'x[="b"]', 2, 1)]),
    ],
)
def test_managed_fields_say_how_a_list_merges(
    claims: Claims, old: Any, new: Any, expected: list[tuple[Any, ...]]
) -> None:
    """Several keys, a key that the server fills in, and sets."""
    assert expected == compared(old, new, claims=claims)


def test_what_is_written_is_found_by_key_too() -> None:
    """The place in the manifest is not the place in the list of the server."""
    old = {"c": named("injected", "web")}
    new = copy.deepcopy(old)
    new["c"][1]["image"] = "x"
    written = {"c": named("web", image="x")}
    (found,) = comparing.compare(old, new, written=written, claims=Claims(), shape=Claims())
    assert (found.written_at, found.written, found.path) == (("c", 0, "image"), "x", ("c", 1, "image"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        | st.lists(
            st.fixed_dictionaries({"name": st.sampled_from("abcd")}, optional={"v": inner}),
            max_size=4,
            unique_by=lambda item: item["name"],
        )
    ),
    max_leaves=12,
)


@given(old=VALUES, new=VALUES)
def test_a_difference_is_found_where_a_patch_is_needed(old: Any, new: Any) -> None:
    """Text and ``dump`` never disagree about whether something changes."""
    assert bool(patches.patch(old, new)) == bool(compared(old, new))


@given(order=st.permutations(list("abcdef")))
def test_as_few_items_as_possible_move(order: list[str]) -> None:
    """What stays is a longest rising part of the order."""
    moved = compared({"c": named(*"abcdef")}, {"c": named(*order)})
    rest = [name for name in order if f"c[{name}]" not in {each[1] for each in moved}]
    assert rest == sorted(rest)
    assert {"moved"} >= {each[0] for each in moved}
    assert len(rest) == _longest(order)


def _longest(order: list[str]) -> int:
    ends = [1] * len(order)
    for at, name in enumerate(order):
        ends[at] = 1 + max((ends[before] for before in range(at) if order[before] < name), default=0)
    return max(ends)


@pytest.mark.parametrize(
    ("elements", "server", "ours"),
    [
        (("f:spec", "f:replicas"), ".spec.replicas", "spec.replicas"),
        (
            ("f:c", 'k:{"name":"web"}', "f:image"),
            '.c[name="web"].image',
            "c[web].image",
        ),
        (
            ("f:ports", 'k:{"containerPort":80,"protocol":"TCP"}'),
            '.ports[containerPort=80,protocol="TCP"]',
            "ports[containerPort=80,protocol=TCP]",
        ),
        (("f:metadata", "f:annotations", "f:a.b/c"), ".metadata.annotations.a.b/c", 'metadata.annotations["a.b/c"]'),
        (("f:metadata", "f:finalizers", 'v:"a/b"'), '.metadata.finalizers[="a/b"]', 'metadata.finalizers[="a/b"]'),
        (("f:x", "i:3"), ".x[3]", "x[3]"),
    ],
)
def test_the_path_of_an_owned_field(elements: tuple[str, ...], server: str, ours: str) -> None:
    """As the server writes it in a conflict, and as we do."""
    assert (server, ours) == (paths.as_the_server(elements), paths.of_elements(elements))


def test_a_path_is_located_by_key() -> None:
    """With the default of a key that is left out; and not at all where it is not."""
    manifest = {"ports": [{"port": 2}, {"port": 1, "x": 5}]}
    assert paths.locate(manifest, ("f:ports", 'k:{"port":1,"protocol":"TCP"}', "f:x")) == (("ports", 1, "x"), 5)
    assert paths.locate(manifest, ("f:ports", 'k:{"port":3}')) is None
    assert paths.locate({"x": ["a", "b"]}, ("f:x", 'v:"b"')) == (("x", 1), "b")


def test_who_claims_a_thing_claims_what_is_in_it() -> None:
    """An empty tree owns all below; the thing itself alone does not."""
    entries = [
        {"manager": "whole", "operation": "Apply", "fieldsV1": {"f:a": {}}},
        {
            "manager": "itself",
            "operation": "Update",
            "subresource": "scale",
            "time": "t",
            "fieldsV1": {"f:a": {".": {}}},
        },
        {"manager": "other", "operation": "Update", "fieldsV1": {"f:b": {}}},
        {"manager": "odd", "fieldsV1": "?"},
        "odd",
    ]
    claims = Claims.of({"metadata": {"managedFields": entries}}).field("a")
    assert [str(owner) for owner in claims.owners] == ["`whole` (Apply)", "`itself` (Update of scale) since t"]
    assert [str(owner) for owner in claims.field("x").owners] == ["`whole` (Apply)"]
