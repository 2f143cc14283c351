"""Differences as JSON Patches."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kubernator.model.change import PatchOp
from kubernator.planning import diff


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("replace", "/a", 2, 1)]),
        ({"a": 1}, {}, [("remove", "/a", None, 1)]),
        ({}, {"a": None}, [("add", "/a", None, None)]),
        ({"a": True}, {"a": 1}, [("replace", "/a", 1, True)]),
        ({"a/b~c": 1}, {"a/b~c": 2}, [("replace", "/a~1b~0c", 2, 1)]),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, [("add", "/a/2", 3, None)]),
        ({"a": [1, 2, 3]}, {"a": [1, 3]}, [("remove", "/a/1", None, 2)]),
        ({"a": {"b": 1}}, {"a": [1]}, [("replace", "/a", [1], {"b": 1})]),
        (
            [{"name": "a", "v": 1}, {"name": "b", "v": 1}],
            [{"name": "z"}, {"name": "a", "v": 1}, {"name": "b", "v": 2}],
            [("add", "/0", {"name": "z"}, None), ("replace", "/2/v", 2, 1)],
        ),
    ],
)
def test_patch(old, new, expected):
    """The operations name what changed and what stood there."""
    assert expected == [(op.op, op.path, op.value, op.old) for op in diff.patch(old, new)]


def tree(dice: random.Random, depth: int = 3) -> Any:
    if depth == 0 or dice.random() < 0.2:
        return dice.choice([1, 2, "a", "b", True, None, 1.5])
    if dice.random() < 0.5:
        return {key: tree(dice, depth - 1) for key in dice.sample("abcd/~", dice.randint(0, 4))}
    if dice.random() < 0.5:
        return [{"name": name, "x": tree(dice, depth - 1)} for name in dice.sample("uvwxyz", dice.randint(0, 4))]
    return [tree(dice, depth - 1) for _ in range(dice.randint(0, 4))]


@pytest.mark.parametrize("seed", range(300))
def test_a_patch_leads_from_old_to_new(seed):
    """Carried out one after another, the operations make the new out of the old."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    old, new = {"r": tree(dice)}, {"r": tree(dice)}
    assert new == diff.carry(old, diff.patch(old, new))


def test_same_effect_looks_only_at_what_is_done():
    """What stands there before does not matter; what is written does."""
    one = [PatchOp(op="replace", path="/a", value=1, old=2)]
    assert diff.same_effect(one, [PatchOp(op="replace", path="/a", value=1, old=3)])
    assert not diff.same_effect(one, [PatchOp(op="replace", path="/a", value=2, old=2)])


def test_operations_for_the_wire():
    """A removal has no value, an addition of null has one."""
    ops = [PatchOp(op="remove", path="/a", old=1), PatchOp(op="add", path="/b")]
    assert diff.wire_ops(ops) == [{"op": "remove", "path": "/a"}, {"op": "add", "path": "/b", "value": None}]


def test_overlay_merges_maps_and_named_items():
    """What the manifest does not say stays, in maps and in items of the same name."""
    old = {"a": {"x": 1, "y": 1}, "l": [{"name": "c", "i": 1, "d": 1}, {"name": "gone"}], "s": [1, 2]}
    new = {"a": {"x": 2}, "l": [{"name": "c", "i": 2}], "s": [3]}
    assert diff.overlay(old, new) == {"a": {"x": 2, "y": 1}, "l": [{"name": "c", "i": 2, "d": 1}], "s": [3]}
