"""Objects of a state store, compared."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.plugins.kops import comparing

WRITTEN = {"spec": {"subnets": [{"zone": "x"}], "networking": {"cilium": {}}, "networkCIDR": "x"}}
META = {"name": "demo.k8s.local"}


@pytest.mark.parametrize(
    ("expected", "written", "made", "live"),
    [
        pytest.param({"a": 1}, {"a": 1}, {"a": 1}, {"a": 2}, id="what is written counts"),
        pytest.param({"a": 1, "b": 3}, {"a": 1}, {"a": 1, "b": 2}, {"a": 0, "b": 3}, id="what kops filled in stays"),
        pytest.param({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1}, id="what kops would fill in comes"),
        pytest.param({"a": 1}, {"a": 1}, {"a": 1}, {"a": 1, "b": 3}, id="what nobody says any more goes"),
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": None}, {"a": 1, "b": 2}, None, id="null says nothing"),
        pytest.param(
            {"z": {"rbac": {}}},
            {},
            {"z": {"rbac": {}}},
            {"z": {"alwaysAllow": {}}},
            id="a choice is not kept by halves",
        ),
        pytest.param(
            {"l": [{"name": "b", "cidr": "2"}, {"name": "a", "cidr": "1"}]},
            {"l": [{"name": "b"}, {"name": "a"}]},
            {"l": [{"name": "b", "cidr": "8"}, {"name": "a", "cidr": "9"}]},
            {"l": [{"name": "a", "cidr": "1"}, {"name": "b", "cidr": "2"}]},
            id="items are known by their names",
        ),
        pytest.param(
            {"l": [{"x": 1, "y": 5}, {"x": 2, "y": 7}]},
            {"l": [{"x": 1}, {"x": 2}]},
            {"l": [{"x": 1, "y": 6}, {"x": 2, "y": 7}]},
            {"l": [{"x": 1, "y": 5}]},
            id="items without names by their place",
        ),
        pytest.param({"l": ["b"]}, {}, {"l": ["a"]}, {"l": ["b"]}, id="a list that kops filled in stays as a whole"),
        pytest.param({"l": ["c"]}, {"l": ["c"]}, {"l": ["c"]}, {"l": ["b"]}, id="a list that is written counts"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 1}}, {"a": {"b": 1}}, {"a": "text"}, id="another type"),
    ],
)
def test_what_the_store_is_to_hold(expected: Any, written: Any, made: Any, live: Any) -> None:
    """The manifest counts; what kops filled in once stays as it is; all else goes."""
    assert expected == comparing.settled(written, made, live)


@pytest.mark.parametrize(
    ("expected", "written", "made"),
    [
        ([], {"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}),
        ([("a", "typo")], {"a": {"typo": 1}}, {"a": {}}),
        ([("typo",)], {"typo": {"b": 1}}, {}),
        ([], {"a": None, "b": "", "c": [], "d": {}, "e": False, "f": 0}, {}),
        ([("l", 1, "typo")], {"l": [{"n": 1}, {"n": 2, "typo": "x"}]}, {"l": [{"n": 1}, {"n": 2}]}),
        ([], {"a": 1}, {"a": "1"}),
    ],
)
def test_fields_that_kops_does_not_keep(expected: list[Any], written: Any, made: Any) -> None:
    """A field that was written and is not there is one that kops does not know; empty ones cannot be told."""
    assert expected == list(comparing.dropped(written, made))


def test_what_kops_keeps_for_itself_is_no_difference() -> None:
    """Time of creation and generation change with every write."""
    one = {"metadata": {**META, "generation": 3, "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"a": 1}}
    other = {"spec": {"a": 1}, "metadata": dict(META)}
    assert comparing.same(one, other)
    assert comparing.digest(one) == comparing.digest(other)
    assert comparing.patch(one, other) == ()
    assert not comparing.same(one, {**other, "spec": {"a": True}})


@pytest.mark.parametrize(
    ("expected", "live", "wanted"),
    [
        ("spec.maxSize 2 → 3", {"maxSize": 2}, {"maxSize": 3}),
        ("spec.image removed", {"image": "x"}, {}),
        ('spec.role "Node" added', {}, {"role": "Node"}),
        ("spec.mixed added", {}, {"mixed": {"a": 1}}),
        ("spec.text changed", {"text": "x" * 50}, {"text": "y" * 50}),
        ("spec.a 1 → 2, spec.b 1 → 2, spec.c 1 → 2, and 1 more", dict.fromkeys("abcd", 1), dict.fromkeys("abcd", 2)),
        (
            "spec.subnets[a].zone 1 → 2",
            {"subnets": [{"name": "a", "zone": 1}]},
            {"subnets": [{"name": "a", "zone": 2}]},
        ),
    ],
)
def test_changes_in_words(expected: str, live: Any, wanted: Any) -> None:
    """A title names the first fields, and values that are short."""
    one, other = ({"metadata": META, "spec": spec} for spec in (live, wanted))
    assert expected == comparing.summary(comparing.patch(one, other), one)


@pytest.mark.parametrize(
    ("expected", "path"),
    [
        (("spec", "subnets", 0, "zone"), ("spec", "networking", "subnets", 0, "zone")),
        (("spec", "networking", "cilium"), ("spec", "networking", "cilium")),
        (("spec", "networkCIDR"), ("spec", "networking", "networkCIDR")),
        (("spec", "role"), ("spec", "role")),
        ((), ()),
    ],
)
def test_a_field_is_found_where_it_is_written(expected: Any, path: Any) -> None:
    """What kops calls a field is not always what files call it."""
    assert expected == comparing.nearest(WRITTEN, path)
