"""When values are one value: for whatever values, and never across a real difference."""

from __future__ import annotations

import copy
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernator.model.gvk import GroupVersionKind
from kubernator.planning.canonical import Rules, quantity, wire
from specimens.strategies import REPEATABLE, equal, json_values

CUSTOM = Rules(GroupVersionKind("example.com", "v1", "Widget"))
BUILT_IN = Rules(GroupVersionKind("apps", "v1", "Deployment"))
DEFINITION = Rules(GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"))
LIMIT = ("spec", "template", "spec", "containers", 0, "resources", "limits", "cpu")

_SUFFIXES = {"n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1)}
_SUFFIXES |= {letter: Fraction(1000) ** power for power, letter in enumerate("kMGTPE", 1)}
_SUFFIXES |= {f"{letter}i": Fraction(1024) ** power for power, letter in enumerate("KMGTPE", 1)}

quantities = st.builds(
    lambda whole, digits, suffix: (f"{whole}{f'.{digits}' if digits else ''}{suffix}", whole, digits, suffix),
    st.integers(0, 5000),
    st.sampled_from(["", "0", "5", "25", "500", "125"]),
    st.sampled_from(sorted(_SUFFIXES)),
)
firm = st.one_of(st.sampled_from(["x", "y"]), st.integers(1, 9), st.just(value=True))
values = st.recursive(
    firm,
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3), st.dictionaries(st.sampled_from("abc"), below, min_size=1, max_size=3)
    ),
    max_leaves=10,
)


def amount(found: tuple[str, int, str, str]) -> Fraction:
    """Return what a quantity is worth, by a reference of our own."""
    _, whole, digits, suffix = found
    return (Fraction(whole) + (Fraction(int(digits), 10 ** len(digits)) if digits else 0)) * _SUFFIXES[suffix]


@pytest.mark.parametrize("rules", [CUSTOM, BUILT_IN, DEFINITION], ids=["custom", "built-in", "definition"])
@REPEATABLE
@given(value=json_values)
def test_a_value_is_itself(rules, value):
    """Whatever is stored as it was written is as wanted."""
    assert rules.same(value, copy.deepcopy(value), ("spec", "x"))


@REPEATABLE
@given(one=json_values, other=json_values)
def test_custom_resources_are_as_json_is(one, other):
    """For custom resources two values are one when they are the same JSON, both ways."""
    path = ("spec", "x")
    if one is not None and other is not None:
        assert equal(one, other) == CUSTOM.same(one, other, path) == CUSTOM.same(other, one, path)


@pytest.mark.parametrize("rules", [CUSTOM, BUILT_IN, DEFINITION], ids=["custom", "built-in", "definition"])
@REPEATABLE
@given(value=values, data=st.data())
def test_a_real_difference_is_never_the_same(rules, value, data):
    """One other scalar, one key or item more or less, however deep, makes two values two."""
    other = touched(value, data)
    assert not rules.same(value, other, ("spec", "x"))
    assert not rules.same(other, value, ("spec", "x"))


def touched(value: Any, data: st.DataObject) -> Any:
    """Return a copy with one difference that means something."""
    match value:
        case dict() if data.draw(st.booleans()):
            key = data.draw(st.sampled_from(sorted(value)))
            return {**value, key: touched(value[key], data)}
        case dict():
            return {**value, "more": 1}
        case list() if data.draw(st.booleans()):
            at = data.draw(st.integers(0, len(value) - 1))
            return [*value[:at], touched(value[at], data), *value[at + 1 :]]
        case list():
            return [*value, "more"]
        case _:
            return "other"


@REPEATABLE
@given(one=quantities, other=quantities)
def test_quantities_are_equal_as_numbers(one, other):
    """Two notations are one quantity exactly where their numbers are equal, and only under a quantity's key."""
    worth, other_worth = amount(one), amount(other)
    read = quantity(one[0])
    nano = worth * 10**9
    assert (read is None) == (nano.denominator != 1)
    if read is not None and quantity(other[0]) is not None:
        assert Fraction(read) == worth
        assert BUILT_IN.same(one[0], other[0], LIMIT) == (worth == other_worth)
    if one[0] != other[0]:
        for path in [("data", "sizeLimit"), ("metadata", "annotations", "divisor"), ("spec", "x", "limit")]:
            assert not BUILT_IN.same(one[0], other[0], path)
        assert not CUSTOM.same(one[0], other[0], LIMIT)


@REPEATABLE
@given(text=st.text(max_size=8))
def test_what_is_no_quantity_is_none(text):
    """No text makes reading a quantity fail; what is read is a number."""
    found = quantity(text)
    assert found is None or isinstance(found, Decimal)


@REPEATABLE
@given(
    manifest=st.fixed_dictionaries(
        {"apiVersion": st.just("v1"), "kind": st.sampled_from(["Secret", "ConfigMap"])},
        optional={
            "metadata": st.dictionaries(st.sampled_from(["name", "labels", "uid", "annotations"]), json_values),
            "data": json_values,
            "stringData": json_values,
            "status": json_values,
        },
    ),
    status=st.booleans(),
)
def test_what_is_sent_is_settled(manifest, status):
    """What was made fit for sending stays as it is when that is done again, and the manifest is left alone."""
    before = copy.deepcopy(manifest)
    once = wire(manifest, status=status)
    assert manifest == before
    assert once == wire(once, status=status)
