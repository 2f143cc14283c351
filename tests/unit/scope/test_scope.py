"""Scopes, containers, patterns and registrations by themselves."""

from __future__ import annotations

import json
import re
from collections import Counter, OrderedDict, defaultdict, namedtuple
from typing import Any

import pytest

from kubernator.scope import containers
from kubernator.scope.containers import ContextDict, FrozenDict
from kubernator.scope.globs import Globs, select
from kubernator.scope.namespace import Namespace, View
from kubernator.scope.properties import ContextProperty
from kubernator.scope.registrations import Registrations
from kubernator.scope.scope import Scope
from kubernator.scope.scoped import scoped

Point = namedtuple("Point", "x")  # noqa: PYI024 - what a user would write


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, {2}]},
        [1, [2, {"x": ()}]],
        {1, 2},
        OrderedDict(a=[1]),
        Counter("abca"),
        ContextDict(a=[1]),
        ContextDict(items=[1], keys=2, values=3, update=4, clear=5),
        ([1], 2),
    ],
)
def test_detached_is_equal_and_apart(value: Any) -> None:
    """A detached structure has the same classes and values, and shares no container."""
    twin = containers.detach(value)
    assert twin == value
    assert type(twin) is type(value)
    assert twin is not value
    assert containers.detach(containers.freeze(value)) == value


def test_detached_keeps_what_a_subclass_knows() -> None:
    """A defaultdict keeps its factory."""
    twin = containers.detach(defaultdict(list, a=[1]))
    assert twin["new"] == []
    assert twin["a"] == [1]


@pytest.mark.parametrize("value", [1, "x", None, (1, 2), Point([1]), frozenset({1}), b"x", len])
def test_leaves_are_shared(value: object) -> None:
    """Nothing is copied that has no need of it; a named tuple is the user's own class."""
    assert containers.detach(value) is value


def test_cycles_and_doubles_keep_their_shape() -> None:
    """A structure that contains itself is copied as one; a part that occurs twice occurs twice."""
    part: list[Any] = [1]
    value: dict[str, Any] = {"a": part, "b": part}
    value["self"] = value
    twin = containers.detach(value)
    assert twin["self"] is twin
    assert twin["a"] is twin["b"]
    assert twin["a"] is not part


def test_a_frozen_dict_reads_like_a_dict() -> None:
    """It serialises, and copies of it can be written."""
    frozen = containers.freeze({"a": [1], "b": {"c": 2}})
    assert json.dumps(frozen) == '{"a": [1], "b": {"c": 2}}'
    assert isinstance(frozen, FrozenDict)
    twin = containers.detach(frozen)
    twin["a"].append(2)
    assert frozen["a"] == [1]


def test_reading_detaches_once_and_only_containers() -> None:
    """A container found above is copied on first touch; a scalar is looked up each time."""
    above = Scope(label="above")
    below = Scope(above)
    above.write(("", "n"), 1)
    above.write(("", "l"), [1])
    assert below.read(("", "n")) == 1
    above.write(("", "n"), 2)
    assert below.read(("", "n")) == 2
    mine = below.read(("", "l"))
    assert mine is below.read(("", "l"))
    above.read(("", "l")).append(2)
    assert below.read(("", "l")) == [1]
    assert below.root is above
    assert below.peek(("", "l")) is mine


class Space(Namespace):
    """For the tests."""

    flag = scoped(False)
    names = scoped(["x"])
    number = scoped(0, convert=int)

    def method(self) -> int:
        """Return one."""
        return 1


def test_scoped_attributes() -> None:
    """Read through the chain, written here, converted, with a default of one's own; deleting shows the inherited."""
    above = Scope()
    top, here, beside = (Space(scope, "s") for scope in (above, Scope(above), Scope(above)))
    here.names.append("y")
    assert (top.names, here.names, beside.names) == (["x"], ["x", "y"], ["x"])
    top.number = "3"  # type: ignore[assignment] - converted
    here.number = 4
    assert (top.number, here.number, beside.number) == (3, 4, 3)
    del here.number
    assert here.number == 3
    assert Space.flag.default is False
    with pytest.raises(AttributeError, match="cannot be replaced"):
        here.method = 1  # type: ignore[method-assign,assignment]


def test_a_computed_value_answers_for_each_view() -> None:
    """``fget`` gets the view that was asked; without ``fset`` the name is read-only."""
    above = Scope(label="above")
    below = View(Scope(above, label="below"))
    above.write(("", "where"), ContextProperty(lambda view: view._scope.label))
    assert (View(above).where, below.where) == ("above", "below")
    with pytest.raises(AttributeError, match=r"`ktor\.where` can only be read"):
        below.where = 1
    seen: list[Any] = []
    above.write(("", "where"), ContextProperty(lambda view: 1, lambda view, value: seen.append(value)))
    below.where = 5
    assert seen == [5]
    assert View(above)["where"] == 1
    assert repr(View(above)) == "View({})"


def test_registrations_act_downwards_and_in_order() -> None:
    """What is registered above, also later, is seen below; in the order of registration over the whole run."""
    registered: Registrations[str] = Registrations(("t", "x"))
    root = Scope()
    a, b = Scope(root), Scope(root)
    registered.add(a, "a1")
    registered.add(root, "r1")
    registered.add(a, "a2")
    assert registered.visible(a) == ["a1", "r1", "a2"]
    assert registered.visible(b) == ["r1"]
    a.read(("t", "x"))
    Scope(a).read(("t", "x"))
    registered.remove(a, "r1")
    assert registered.visible(a) == ["a1", "a2"]
    assert registered.visible(root) == ["r1"]
    with pytest.raises(ValueError, match="not registered"):
        registered.remove(b, "a1")
    b.freeze()
    with pytest.raises(RuntimeError, match="walk is over"):
        registered.add(b, "late")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda g: g.add("c"), ["a*", "b", "c"]),
        (lambda g: g.add("b"), ["a*", "b"]),
        (lambda g: g.extend(["c", "d"]), ["a*", "b", "c", "d"]),
        (lambda g: g.add_first("c"), ["c", "a*", "b"]),
        (lambda g: g.add_first("b"), ["a*", "b"]),
        (lambda g: g.extend_first(["c", "b", "d"]), ["c", "d", "a*", "b"]),
        (lambda g: g.discard("b"), ["a*"]),
        (lambda g: g.discard("zzz"), ["a*", "b"]),
        (lambda g: g.remove("b"), ["a*"]),
        (lambda g: g.clear(), []),
        (lambda g: g.__ior__(["c"]), ["a*", "b", "c"]),
    ],
)
def test_patterns_change(change: Any, expected: list[str]) -> None:
    """Ordered, without doubles; and not at all when they are immutable."""
    globs = Globs(["a*", "b"])
    change(globs)
    assert list(globs) == expected
    if expected != ["a*", "b"]:
        with pytest.raises(RuntimeError, match="immutable"):
            change(Globs(["a*", "b"], immutable=True))


def test_patterns_match() -> None:
    """Text is a glob over whole names, an expression matches from the start; membership compares patterns."""
    globs = Globs(["*.yaml", re.compile("abc")])
    assert [name for name in ("x.yaml", "x.yaml.bak", "abcd", "xabc") if globs.matches(name)] == ["x.yaml", "abcd"]
    assert "*.yaml" in globs
    assert "x.yaml" not in globs
    assert list(Globs(Globs(["a"], immutable=True))) == ["a"]
    assert list(globs | ["z"])[-1] == "z"


def test_select_takes_each_name_once() -> None:
    """By the first include that matches."""
    assert select(["b", "a", "c"], excludes=Globs(["c"]), includes=Globs(["b", "*"])) == ["b", "a"]
