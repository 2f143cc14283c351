"""Sealed plans of whatever content: they come back as they were, and no edit passes."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernator.errors import PlanRefused
from kubernator.model import serialize
from kubernator.model.change import Change, ChangeKind, FieldConflict, PatchOp
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.plan import Dependency, Phase, Plan
from kubernator.model.ref import ResourceRef
from kubernator.planning import diff
from specimens.strategies import REPEATABLE, json_values, scalars

words = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
refs = st.builds(ResourceRef, words, words, words, words)
manifests = st.dictionaries(words, json_values, max_size=3)
changes = st.builds(
    lambda ref, live, predicted, **more: Change(
        ref=ref,
        gvk=GroupVersionKind("apps", "v1", "Deployment"),
        origin=Origin(path=PurePosixPath("a.yaml"), line=3),
        live=live,
        predicted=predicted,
        patch=diff.patch(live, predicted),
        **more,
    ),
    refs,
    manifests,
    manifests,
    kind=st.sampled_from(ChangeKind),
    reason=words,
    conflicts=st.lists(st.builds(FieldConflict, field=words, manager=words, time=words), max_size=2).map(tuple),
    instructions=st.lists(st.builds(PatchOp, op=words, path=words, value=json_values), max_size=1).map(tuple),
    deferred=st.booleans(),
    detail=st.lists(st.tuples(words, words), max_size=2).map(tuple),
)
phases = st.builds(
    Phase,
    name=words,
    changes=st.lists(changes, max_size=2).map(tuple),
    wait=st.booleans(),
    dependencies=st.lists(st.builds(Dependency, ref=refs, on=refs, reason=words), max_size=1).map(tuple),
)
plans = st.builds(
    Plan,
    phases=st.lists(phases, max_size=2).map(tuple),
    manager=words,
    requests=st.dictionaries(words, st.integers(0, 9), max_size=2),
)


@REPEATABLE
@given(plan=plans)
def test_a_plan_comes_back_as_it_was(plan):
    """Through JSON text, whatever stands in it."""
    text = json.dumps(serialize.seal(plan))
    assert plan == serialize.unseal(Plan, json.loads(text))


@REPEATABLE
@given(plan=plans, data=st.data())
def test_no_edit_of_one_character_passes(plan, data):
    """A sealed plan with one character put in, left out or replaced is no JSON, says the same, or is refused."""
    text = json.dumps(serialize.seal(plan))
    at = data.draw(st.integers(0, len(text) - 1))
    new = data.draw(st.sampled_from(["", "x", "0", "1", '"', ",", "A"]))
    edited = text[:at] + new + text[at + data.draw(st.integers(0, 1)) :]
    try:
        found: Any = json.loads(edited)
    except ValueError:
        return
    if json.dumps(found) == text:
        return
    with pytest.raises(PlanRefused):
        serialize.unseal(Plan, found)


@REPEATABLE
@given(value=scalars, other=scalars)
def test_a_value_that_differs_has_another_seal(value, other):
    """Also where Python calls them equal: true is not 1."""
    seals = [
        serialize.seal(Plan(phases=(Phase(name="x", changes=(_change(each),)),)))["seal"] for each in (value, other)
    ]
    assert (json.dumps(value) == json.dumps(other)) == (seals[0] == seals[1])


def _change(value: Any) -> Change:
    return Change(
        kind=ChangeKind.UPDATE,
        ref=ResourceRef("", "X", "", "x"),
        gvk=GroupVersionKind("", "v1", "X"),
        origin=Origin(path=PurePosixPath("a.yaml"), line=1),
        live={"x": value},
    )
