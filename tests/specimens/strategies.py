"""What hypothesis draws: JSON, objects with a shape, and who owns what in them by a reference of our own.

The reference follows structured-merge-diff's `fieldpath`: a map that merges is owned by its fields, a list map by keys,
a set by values, what is atomic as a whole; an empty map is owned itself, an empty list that merges by nobody.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from hypothesis import settings
from hypothesis import strategies as st

__all__ = ["REPEATABLE", "Shape", "Shaped", "equal", "json_values", "owned", "scalars", "shaped"]

#: The same examples in every run, on any machine, and nothing left behind.
REPEATABLE = settings(deadline=None, derandomize=True, database=None, max_examples=50)

#: scalar; map -> shapes of fields; listmap -> shape of items by key; set; atomic -> any value.
Shape: TypeAlias = "tuple[str, Any]"

names = st.sampled_from(["a", "b.c/d", "name", "x~y", "größe", "spec", "e"])
texts = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6)
scalars = st.one_of(texts, st.integers(-(10**6), 10**6), st.booleans(), st.floats(-1e6, 1e6, allow_nan=False))
json_values = st.recursive(
    st.one_of(st.none(), scalars),
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(names, below, max_size=4)),
    max_leaves=12,
)

#: No value that the server could drop, or that two notations could be of.
_firm = st.one_of(st.sampled_from(["x", "y", "a longer text"]), st.integers(1, 9), st.just(value=True))
_shapes = st.recursive(
    st.sampled_from([("scalar", None), ("set", None), ("atomic", None)]),
    lambda below: st.one_of(
        st.dictionaries(names.filter(lambda name: name != "name"), below, min_size=1, max_size=3).map(
            lambda found: ("map", found)
        ),
        st.dictionaries(names.filter(lambda name: name != "name"), below, max_size=2).map(
            lambda found: ("listmap", found)
        ),
    ),
    max_leaves=8,
)
_roots = st.dictionaries(st.sampled_from(["spec", "data", "rules"]), _shapes, min_size=1, max_size=3)


@dataclass(frozen=True)
class Shaped:
    """An object as we want it, as it is live with what others added, and what of it is ours."""

    shape: Shape
    wanted: Any
    live: Any

    @property
    def fields(self) -> dict[str, Any]:
        """What is ours, by the reference."""
        return owned(self.shape, self.wanted)


@st.composite
def shaped(draw: st.DrawFn, *, foreign: bool = True) -> Shaped:
    """Draw an object with a shape; ``foreign`` fields and items of others may stand in it."""
    shape: Shape = ("map", {"always": ("scalar", None), **draw(_roots)})
    wanted, live = _value(draw, shape, foreign=foreign, top=True)
    return Shaped(shape, wanted, live)


def _value(draw: st.DrawFn, shape: Shape, *, foreign: bool, top: bool = False) -> tuple[Any, Any]:
    form, below = shape
    match form:
        case "scalar":
            value = draw(_firm)
            return value, value
        case "atomic":
            value = draw(st.one_of(st.lists(_firm, min_size=1, max_size=3), st.dictionaries(names, _firm, min_size=1)))
            return value, value
        case "set":
            ours = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True))
            theirs = draw(st.lists(st.sampled_from("wxyz"), max_size=2, unique=True)) if foreign else []
            return ours, _mingled(draw, ours, theirs)
        case "map":
            return _map(draw, below, foreign=foreign, top=top)
    return _list_map(draw, below, foreign=foreign)


def _map(draw: st.DrawFn, below: dict[str, Shape], *, foreign: bool, top: bool) -> tuple[Any, Any]:
    wanted: dict[str, Any] = {}
    live: dict[str, Any] = {}
    for name, shape in below.items():
        if top or draw(st.integers(0, 3)):
            wanted[name], live[name] = _value(draw, shape, foreign=foreign)
        elif foreign and draw(st.booleans()):
            live[name] = draw(_firm) if shape[0] == "scalar" else _value(draw, shape, foreign=False)[1]
    if not wanted:
        return {}, {}  # an empty map is ours as a whole, so that what stands in it would be undecided
    if foreign and not top and draw(st.booleans()):
        live["theirs"] = draw(_firm)
    return wanted, live


def _list_map(draw: st.DrawFn, below: dict[str, Shape], *, foreign: bool) -> tuple[Any, Any]:
    items = [
        ({"name": name, **ours}, {"name": name, **stored})
        for name in draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True))
        for ours, stored in [_map(draw, below, foreign=foreign, top=False)]
    ]
    theirs = [
        {"name": name, "x": 1} for name in (draw(st.lists(st.sampled_from("wx"), unique=True)) if foreign else [])
    ]
    return [ours for ours, _ in items], _mingled(draw, [stored for _, stored in items], theirs)


def _mingled(draw: st.DrawFn, ours: list[Any], theirs: list[Any]) -> list[Any]:
    """Return ours in their order with others' in between."""
    result = list(ours)
    for item in theirs:
        result.insert(draw(st.integers(0, len(result))), item)
    return result


def owned(shape: Shape, value: Any) -> dict[str, Any]:
    """Return what an apply of a value makes ours."""
    form, below = shape
    match form:
        case "map":
            return {f"f:{name}": owned(below[name], item) for name, item in value.items()}
        case "listmap":
            scalar: Shape = ("scalar", None)
            return {
                f"k:{json.dumps({'name': item['name']}, separators=(',', ':'))}": {
                    ".": {},
                    **{f"f:{name}": owned(below.get(name, scalar), inner) for name, inner in item.items()},
                }
                for item in value
            }
        case "set":
            return {f"v:{json.dumps(item)}": {} for item in value}
        case _:
            return {}


def equal(one: Any, other: Any) -> bool:
    """Say whether two values are the same JSON: a number is a number, true is no number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
        case list(), list():
            return len(one) == len(other) and all(map(equal, one, other))
        case _:
            return isinstance(one, str) == isinstance(other, str) and bool(one == other)
