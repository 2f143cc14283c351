"""How large values can be, and arithmetic on that, which stops at the largest number."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

__all__ = [
    "ANY",
    "LIST_COST",
    "MAP_COST",
    "ONE",
    "UNKNOWN",
    "Entry",
    "Size",
    "capped",
    "plus",
    "scaled",
    "times",
    "union",
    "united",
]

#: What is not bounded, and what numbers stop at.
UNKNOWN: Final = 2**64 - 1
#: What making a list or a map costs.
LIST_COST: Final = 10
MAP_COST: Final = 30


class Size(NamedTuple):
    """How many elements, letters or bytes there are at least and at most."""

    least: int
    most: int


class Entry(NamedTuple):
    """Sizes of the keys and values of a list or map."""

    is_list: bool
    key: Size
    value: Size


ANY: Final = Size(0, UNKNOWN)
ONE: Final = Size(1, 1)


def capped(number: int) -> int:
    """Return a number, or the largest there is."""
    return min(number, UNKNOWN)


def scaled(number: int, factor: float) -> int:
    """Return a number times a factor, rounded up."""
    found = math.ceil(float(number) * factor)
    return capped(found)


def plus(one: Size, other: Size) -> Size:
    """Return two sizes together."""
    return Size(capped(one.least + other.least), capped(one.most + other.most))


def times(one: Size, other: Size) -> Size:
    """Return one size times another."""
    return Size(capped(one.least * other.least), capped(one.most * other.most))


def union(one: Size, other: Size) -> Size:
    """Return a size that covers both."""
    return Size(min(one.least, other.least), max(one.most, other.most))


def united(one: Entry | None, other: Entry | None) -> Entry | None:
    """Return what covers both of what is known of two lists or maps."""
    if one is None or other is None:
        return one or other
    if one.is_list != other.is_list:
        return None
    return Entry(one.is_list, union(one.key, other.key), union(one.value, other.value))
