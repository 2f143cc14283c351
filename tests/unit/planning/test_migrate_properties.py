"""Hand-overs of whatever objects: what becomes ours, what goes, and that the server could carry it out."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubernator.model.patch import carry, path_of, pointer
from kubernator.planning import managed, migrate
from specimens.strategies import REPEATABLE, Shaped, equal, shaped


def entry(manager: str, operation: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields}


def live(found: Shaped, *entries: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "X",
        "metadata": {"name": "x", "managedFields": list(entries)},
        **found.live,
    }


@REPEATABLE
@given(found=shaped(), data=st.data())
def test_removals_can_be_carried_out_one_after_another(found, data):
    """Each removal names something that is there when its turn comes, and afterwards no removed field is left."""
    leaves = list(managed.leaves(found.fields))
    gone = data.draw(st.lists(st.sampled_from(leaves), unique=True))
    value = found.live
    places = {managed.locate(value, elements) for elements in gone}
    for path in migrate.removals(gone, found.live):
        holder = managed.lookup(value, path[:-1])
        assert managed.lookup(value, path) is not managed.ABSENT
        assert isinstance(holder, dict | list)
        value = carry(value, [migrate.PatchOp(op="remove", path=pointer(path))])
        assert path_of(pointer(path)) == tuple(map(str, path))
    for elements in gone:
        if not any(element.startswith(("k:", "v:")) for element in elements):
            assert managed.locate(value, elements) is None
    if not places:
        assert equal(value, found.live)


@REPEATABLE
@given(found=shaped(), data=st.data())
def test_what_was_taken_over_is_ours(found, data):
    """The entry of the tool before is one Apply entry of ours, without dots but those of items, and can be written."""
    manager = data.draw(st.sampled_from(["kubernator", "helm", "kubectl-client-side-apply", "before-first-apply"]))
    other = entry("other", "Update", {"f:theirs": {}})
    old = live(found, entry(manager, "Update", found.fields), other)
    handed = migrate.handover(
        old, {"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}}, manager="kubernator", released=()
    )
    assert handed is not None
    entries = {(each["manager"], each["operation"]): each for each in json.loads(json.dumps(handed.managed_fields))}
    assert {("kubernator", "Apply"), ("other", "Update")} == set(entries)
    fields = entries["kubernator", "Apply"]["fieldsV1"]
    assert {*managed.leaves(found.fields)} == {*managed.leaves(fields)}
    assert {*handed.dropped} == {elements for elements in managed.leaves(fields) if managed.locate(old, elements)}


@REPEATABLE
@given(found=shaped(), data=st.data())
def test_what_is_given_up_has_one_owner(found, data):
    """A field given up is the keeper's, no longer ours, and everything else is ours still."""
    leaves = list(managed.leaves(found.fields))
    released = data.draw(st.lists(st.sampled_from(leaves), unique=True, min_size=1))
    old = live(found, entry("kubernator", "Apply", found.fields))
    handed = migrate.handover(old, found.wanted, manager="kubernator", released=released)
    assert handed is not None
    trees = {each["manager"]: each["fieldsV1"] for each in handed.managed_fields}
    assert {*released} == {*managed.leaves(trees["kubernator-released"])}
    assert {*leaves} - {*released} == {*managed.leaves(trees.get("kubernator", {}))}
    assert handed.dropped == ()
    assert {*handed.kept} == {*released}
