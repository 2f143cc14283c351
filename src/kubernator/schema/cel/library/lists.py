"""Functions of lists, sets and optional values.

Source: the libraries ``lists`` of k8s.io/apiserver, ``lists``, ``sets`` and ``optional`` of cel-go 0.29.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.cel.failures import Exceeded, Failed
from kubernator.schema.cel.times import Duration
from kubernator.schema.cel.values import NONE, Maybe, UInt, compared, equal, is_zero, kind_of, within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["TABLE", "sorted_by"]

_MOST: Final = 2**63 - 1
_MOST_UINT: Final = 2**64 - 1
_LONGEST_RANGE: Final = 1_000_000
#: What is compared with each other in a list may not be more: the server stops by cost before.
_MOST_PAIRS: Final = 1500


def _is_sorted(items: Sequence[Any]) -> bool:
    return all(compared(one, other) <= 0 for one, other in itertools.pairwise(items))


def _sum(zero: Any) -> Callable[[Sequence[Any]], Any]:
    def summed(items: Sequence[Any]) -> Any:
        if isinstance(zero, Duration):
            return Duration.of(sum(item.nanoseconds for item in items))
        total = sum(items, start=type(zero)(0))
        if isinstance(zero, UInt):
            if total > _MOST_UINT:
                raise Failed("unsigned integer overflow")
            return UInt(total)
        if not isinstance(zero, float) and not -_MOST - 1 <= total <= _MOST:
            raise Failed("integer overflow")
        return total

    return summed


def _most(items: Sequence[Any]) -> Any:
    if not items:
        raise Failed("max called on empty list")
    return functools.reduce(lambda one, other: other if compared(one, other) < 0 else one, items)


def _least(items: Sequence[Any]) -> Any:
    if not items:
        raise Failed("min called on empty list")
    return functools.reduce(lambda one, other: other if compared(one, other) > 0 else one, items)


def _index(items: Sequence[Any], value: Any) -> int:
    return next((place for place, item in enumerate(items) if equal(item, value)), -1)


def _last_index(items: Sequence[Any], value: Any) -> int:
    return next((place for place in range(len(items) - 1, -1, -1) if equal(items[place], value)), -1)


def _includes(items: Any, value: Any) -> bool:
    if kind_of(items) == "list":
        return _index(items, value) >= 0
    return equal(items, value)


def _slice(items: Sequence[Any], start: int, end: int) -> Sequence[Any]:
    if start < 0 or end < 0:
        raise Failed(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise Failed(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if len(items) < end:
        raise Failed(f"cannot slice({start}, {end}), list is length {len(items)}")
    return list(items[start:end])


def _flat(items: Sequence[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise Failed("level must be non-negative")
    found: list[Any] = []
    for item in items:
        if depth and kind_of(item) == "list":
            found.extend(_flat(item, depth - 1))
        else:
            found.append(item)
    within(len(found))
    return found


def sorted_by(items: Sequence[Any], keys: Sequence[Any]) -> list[Any]:
    """Return items in the order of their keys."""
    if len({kind_of(key) for key in keys}) > 1:
        raise Failed("list elements must have the same type")
    order = functools.cmp_to_key(compared)
    if keys:
        compared(keys[0], keys[0])
    places = sorted(range(len(items)), key=lambda place: order(keys[place]))
    return [items[place] for place in places]


def _distinct(items: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if len(found) > _MOST_PAIRS:
            raise Exceeded("operation cancelled: actual cost limit exceeded")
        if not any(equal(item, each) for each in found):
            found.append(item)
    return found


def _range(count: int) -> list[int]:
    if count < 0:
        raise Failed(f"lists.range: size must be non-negative, got {count}")
    if count > _LONGEST_RANGE:
        raise Exceeded("operation cancelled: actual cost limit exceeded")
    return list(range(count))


def _contains(items: Sequence[Any], others: Sequence[Any]) -> bool:
    return all(any(equal(item, other) for item in items) for other in others)


def _value(maybe: Maybe) -> Any:
    if not maybe.values:
        raise Failed("optional.none() dereference")
    return maybe.values[0]


def _unwrapped(items: Sequence[Maybe]) -> list[Any]:
    return [value for item in items for value in item.values]


_ORDERED: Final = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
_SUMMED: Final = {"int": 0, "uint": UInt(0), "double": 0.0, "duration": Duration(0)}

TABLE: Final[dict[str, Callable[..., Any]]] = {
    **{f"list({kind}).isSorted() -> bool": _is_sorted for kind in _ORDERED},
    **{f"list({kind}).sum() -> {kind}": _sum(zero) for kind, zero in _SUMMED.items()},
    **{f"list({kind}).max() -> {kind}": _most for kind in _ORDERED},
    **{f"list({kind}).min() -> {kind}": _least for kind in _ORDERED},
    "list(A).indexOf(A) -> int": _index,
    "list(A).lastIndexOf(A) -> int": _last_index,
    "dyn.includes(dyn) -> bool": _includes,
    "list(T).slice(int, int) -> list(T)": _slice,
    "list(list(T)).flatten() -> list(T)": _flat,
    "list(dyn).flatten(int) -> list(dyn)": _flat,
    **{f"list({kind}).sort() -> list({kind})": lambda items: sorted_by(items, items) for kind in _ORDERED},
    "lists.range(int) -> list(int)": _range,
    "list(T).reverse() -> list(T)": lambda items: list(items[::-1]),
    "list(T).distinct() -> list(T)": _distinct,
    "list(V).first() -> optional(V)": lambda items: Maybe((items[0],)) if items else NONE,
    "list(V).last() -> optional(V)": lambda items: Maybe((items[-1],)) if items else NONE,
    "sets.contains(list(T), list(T)) -> bool": _contains,
    "sets.equivalent(list(T), list(T)) -> bool": lambda one, other: _contains(one, other) and _contains(other, one),
    "sets.intersects(list(T), list(T)) -> bool": lambda one, other: any(
        equal(item, each) for item in one for each in other
    ),
    "optional.of(V) -> optional(V)": lambda value: Maybe((value,)),
    "optional.ofNonZeroValue(V) -> optional(V)": lambda value: NONE if is_zero(value) else Maybe((value,)),
    "optional.none() -> optional(V)": lambda: NONE,
    "optional.unwrap(list(optional(V))) -> list(V)": _unwrapped,
    "list(optional(V)).unwrapOpt() -> list(V)": _unwrapped,
    "optional(V).value() -> V": _value,
    "optional(V).hasValue() -> bool": lambda maybe: bool(maybe.values),
    # evaluated where they stand, as the second argument may not be needed
    "optional(V).or(optional(V)) -> optional(V)": lambda one, other: one if one.values else other,
    "optional(V).orValue(V) -> V": lambda one, other: one.values[0] if one.values else other,
}
