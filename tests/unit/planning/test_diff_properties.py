"""Patches of whatever values: carried out they lead from one to the other."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubernator.model.patch import carry, path_of, pointer
from kubernator.planning import diff
from specimens.strategies import REPEATABLE, equal, json_values

keyed = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abcdef")},
        optional={
            "image": st.sampled_from("xy"),
            "ports": st.lists(st.fixed_dictionaries({"port": st.integers(1, 4)})),
        },
    ),
    max_size=6,
    unique_by=lambda item: item["name"],
)
objects = st.fixed_dictionaries({}, optional={"spec": json_values, "list": keyed, "a/b~c": json_values, "": keyed})


@REPEATABLE
@given(one=json_values, other=json_values)
def test_a_patch_leads_from_one_value_to_the_other(one, other):
    """Whatever the two are, maps, lists or scalars, and of different forms."""
    assert equal(other, carry(one, diff.patch(one, other)))


@REPEATABLE
@given(one=objects, other=objects)
def test_a_patch_of_lists_with_keys(one, other):
    """Items that come, go, move and change are all told, in an order in which the operations can be carried out."""
    ops = diff.patch(one, other)
    assert equal(other, carry(one, ops))
    assert all(strict(one, ops))


def strict(value: Any, ops: Any) -> list[bool]:
    """Say of each operation whether RFC 6902 lets it be carried out: what it removes or replaces is there."""
    found = []
    for op in ops:
        path = path_of(op.path)
        holder = value
        for step in path[:-1]:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        if not path:
            found.append(True)
        elif isinstance(holder, list):
            found.append(0 <= int(path[-1]) < len(holder) + (op.op == "add"))
        else:
            found.append(op.op == "add" or path[-1] in holder)
        value = carry(value, [op])
    return found


@REPEATABLE
@given(value=objects)
def test_equal_values_need_no_patch(value):
    """A value needs no operation to become itself, nor one that another parser read."""
    import json  # noqa: PLC0415 - only here

    assert diff.patch(value, value) == ()
    assert diff.patch(value, json.loads(json.dumps(value))) == ()


@REPEATABLE
@given(one=objects, other=objects, third=objects)
def test_the_same_effect(one, other, third):
    """A patch has its own effect, whoever made it, and not that of one which leads elsewhere."""
    ops = diff.patch(one, other)
    assert diff.same_effect(ops, diff.patch(one, other))
    if not equal(other, third):
        assert not diff.same_effect(ops, diff.patch(one, third))


@REPEATABLE
@given(path=st.lists(st.text(max_size=5), max_size=5))
def test_pointers_escape(path):
    """Whatever a key holds, its pointer names it and nothing else."""
    assert tuple(path) == path_of(pointer(tuple(path)))


@REPEATABLE
@given(one=objects, other=objects)
def test_an_overlay_says_what_the_upper_says(one, other):
    """What is laid over a value is there afterwards; what it does not speak of stays."""
    result = diff.overlay(one, other)
    for key, value in other.items():
        if not isinstance(value, dict | list):
            assert equal(value, result[key])
    assert {*one, *other} == {*result}
