"""The proof for whatever object: what is ours and as wanted is unchanged, and any touch of it is seen."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kubernator.model.gvk import GroupVersionKind
from kubernator.planning import managed
from specimens.strategies import REPEATABLE, Shaped, shaped

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILT_IN = GroupVersionKind("apps", "v1", "Deployment")
CUSTOM = GroupVersionKind("example.com", "v1", "Widget")
KINDS = pytest.mark.parametrize("gvk", [BUILT_IN, CUSTOM], ids=["built-in", "custom"])


def why(found: Shaped, gvk: GroupVersionKind, *, wanted: Any = None, live: Any = None) -> str:
    """Return what is not proven, for the object as it was drawn or touched since."""
    entry = {"manager": "kubernator", "operation": "Apply", "apiVersion": gvk.api_version, "fieldsV1": found.fields}
    other = {"manager": "other", "operation": "Update", "apiVersion": gvk.api_version, "fieldsV1": {"f:theirs": {}}}
    head = {"apiVersion": gvk.api_version, "kind": gvk.kind, "metadata": {"name": "x"}}
    stored = {**head, "metadata": {"name": "x", "managedFields": [other, entry]}}
    return managed.undecided(
        {**head, **(found.wanted if wanted is None else wanted)},
        {**stored, **(found.live if live is None else live)},
        manager="kubernator",
        gvk=gvk,
    )


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the places of all scalars that are no key of a list map."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not isinstance(value, dict | list) and path[-1:] != ("name",):
        yield path
    for step, item in items:
        yield from leaves(item, (*path, step))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a copy with another value at a place."""
    result = copy.deepcopy(value)
    holder = result
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = new
    return result


def without(value: Any, path: tuple[Any, ...]) -> Any:
    """Return a copy without what stands at a place."""
    result = copy.deepcopy(value)
    holder = result
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return result


@KINDS
@REPEATABLE
@given(found=shaped())
def test_what_is_ours_and_as_wanted_is_unchanged(gvk, found):
    """Fields and items of others, wherever they stand, do not matter."""
    assert why(found, gvk) == ""


@KINDS
@REPEATABLE
@given(found=shaped(), data=st.data())
def test_a_value_of_ours_that_was_changed_is_seen(gvk, found, data):
    """One other scalar in what is live, below whatever we own, and the server is asked."""
    path = data.draw(st.sampled_from(sorted(leaves(found.wanted), key=str)))
    place = located(found, path)
    new = data.draw(st.sampled_from(["other", 77, False, None, {"o": 1}, []]))
    assert why(found, gvk, live=changed(found.live, place, new)) != ""


@KINDS
@REPEATABLE
@given(found=shaped(), data=st.data())
def test_a_value_that_is_wanted_otherwise_is_seen(gvk, found, data):
    """One other scalar in the manifest, one more field, or one less, and the server is asked."""
    path = data.draw(st.sampled_from(sorted(leaves(found.wanted), key=str)))
    assert why(found, gvk, wanted=changed(found.wanted, path, "other")) != ""
    assert why(found, gvk, wanted=without(found.wanted, path)) != ""
    assert why(found, gvk, wanted={**found.wanted, "more": 1}) != ""


@KINDS
@REPEATABLE
@given(found=shaped(), data=st.data())
def test_an_item_of_ours_that_is_gone_is_seen(gvk, found, data):
    """What we own and is no longer live is never called unchanged."""
    path = data.draw(st.sampled_from(sorted(leaves(found.wanted), key=str)))
    assert why(found, gvk, live=without(found.live, located(found, path))) != ""


@REPEATABLE
@given(found=shaped(), data=st.data())
def test_lost_ownership_is_seen(found, data):
    """Without one leaf of our entry nothing is proven, though all values are as wanted."""
    owned = list(managed.leaves(found.fields))
    assume(owned)
    lost = data.draw(st.sampled_from(owned))
    fewer = managed.subtract(found.fields, [lost])
    assert not managed.holds(fewer, lost)
    entry = {"manager": "kubernator", "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": fewer}
    head = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}}
    live = {**head, **found.live, "metadata": {"name": "x", "managedFields": [entry]}}
    assert managed.undecided({**head, **found.wanted}, live, manager="kubernator", gvk=BUILT_IN) != ""


def located(found: Shaped, path: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return where a value of the manifest stands in what is live: items of others shift the rest."""
    live, wanted = found.live, found.wanted
    place: list[Any] = []
    for step in path:
        at = step
        if isinstance(wanted, list):
            item = wanted[step]
            at = next(
                index
                for index, other in enumerate(live)
                if other == item
                or (isinstance(item, dict) and isinstance(other, dict) and other["name"] == item["name"])
            )
        place.append(at)
        live, wanted = live[at], wanted[step]
    return tuple(place)


@REPEATABLE
@given(found=shaped())
def test_every_owned_leaf_leads_to_its_value(found):
    """A path of ours is found in the live object, and is written as the server writes it."""
    for elements in managed.leaves(found.fields):
        place = managed.locate(found.live, elements)
        assert place is not None
        assert managed.lookup(found.live, place) is not None
        assert managed.render(elements).startswith(".")
        assert managed.holds(found.fields, elements)
        assert managed.intersects(found.fields, elements)


@REPEATABLE
@given(one=shaped(), other=shaped())
def test_union_and_subtraction_are_those_of_sets(one, other):
    """A union owns what either owns; without what the one owns, nothing of it is left."""
    joined = managed.union(one.fields, other.fields)
    both = {*managed.leaves(one.fields), *managed.leaves(other.fields)}
    assert set(managed.leaves(joined)) <= both
    assert all(managed.holds(joined, elements) for elements in both)
    left = managed.subtract(one.fields, managed.leaves(one.fields))
    assert list(managed.leaves(left)) == []
    assert json.dumps(one.fields) == json.dumps(Shaped(one.shape, one.wanted, one.live).fields)
