"""What a rule may cost at most, as the API server estimates it before it takes a definition.

Source: ``checker/cost.go`` and ``ext`` of cel-go 0.29, ``cel/library/cost.go`` of k8s.io/apiserver 0.37. Loops cost
what the macros that they were written as cost, which shows in the numbers here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubernator.schema.cel import pricing
from kubernator.schema.cel.sizes import (
    ANY,
    LIST_COST,
    MAP_COST,
    ONE,
    UNKNOWN,
    Entry,
    Size,
    capped,
    scaled,
    times,
    union,
    united,
)
from kubernator.schema.cel.syntax import Call, Expression, Identifier, ListOf, Literal, Loop, MapOf, Select

if TYPE_CHECKING:
    from kubernator.schema.cel.functions import Overload
    from kubernator.schema.cel.typesystem import Type

__all__ = ["Estimate", "estimated"]

_Path = tuple[str, ...]


@dataclass(slots=True)
class _Bound:
    """What is known of a name that a loop binds."""

    path: _Path | None
    size: Size | None
    entry: Entry | None = None


def estimated(tree: Expression, root: Type) -> int:
    """Return the most that an evaluation of a typed expression can cost; ``root`` is the type of ``self``."""
    return Estimate(root).cost(tree)


class Estimate:
    """What is known while the cost of an expression is estimated: paths and sizes of its parts."""

    def __init__(self, root: Type) -> None:
        self.root = root
        self.names: dict[str, _Bound] = {}
        self.paths: dict[int, _Path] = {}
        self.sizes: dict[int, Size] = {}
        self.entries: dict[int, Entry] = {}

    def cost(self, part: Expression) -> int:  # noqa: PLR0911 - one kind after the other
        """Return the most that a part can cost."""
        match part:
            case Identifier():
                bound = self.names.get(part.name)
                if bound is None:
                    self.paths[id(part)] = (part.name,)
                elif bound.path is not None:
                    self.paths[id(part)] = bound.path
                return 1
            case Select():
                return self._select(part)
            case Call():
                return self._call(part)
            case ListOf():
                return self._list_of(part)
            case MapOf():
                return self._map_of(part)
            case Loop():
                return self._loop(part)
            case _:
                return 0

    def path(self, part: Expression) -> _Path | None:
        """Return where in the data a part leads, if it leads there."""
        return self.paths.get(id(part))

    def declared(self, path: _Path | None) -> Size | None:
        """Return what the schema says about the size of what is at a path."""
        if not path:
            return None
        kind = self.root
        for step in path[1:]:
            if step in {"@items", "@values"}:
                if kind.kind not in {"list", "map"}:
                    return None
                kind = kind.parameters[-1]
            elif step == "@keys":
                # all keys count as empty
                return Size(0, 0) if kind.kind == "map" else None
            elif step in kind.fields:
                kind = kind.fields[step].type
            else:
                return None
        return None if kind.bound is None else Size(0, kind.bound)

    def size(self, part: Expression) -> Size | None:  # noqa: PLR0911 - one source after the other
        """Return how large the values of a part can be, None if that is not known."""
        known = self.sizes.get(id(part))
        if known is not None:
            return known
        match part:
            case Literal():
                count = len(part.value) if part.kind in {"string", "bytes"} else 1
                return Size(count, count)
            case ListOf():
                return Size(len(part.items), len(part.items))
            case MapOf():
                return Size(len(part.entries), len(part.entries))
            case _:
                pass
        found = self.declared(self.path(part))
        if found is not None:
            return found
        if _is_scalar(part.type):
            return ONE
        if isinstance(part, Identifier) and part.name in self.names:
            return self.names[part.name].size
        return None

    def sized(self, part: Expression) -> Size:
        """Return how large the values of a part can be."""
        return self.size(part) or ANY

    def entry(self, part: Expression) -> Entry | None:
        """Return how large the keys and values of a list or map can be, None if that is not known."""
        known = self.entries.get(id(part))
        if known is None and isinstance(part, Identifier) and part.name in self.names:
            return self.names[part.name].entry
        return known

    def _select(self, part: Select) -> int:
        if not part.field:
            # the name of a type with points in it
            self.paths[id(part)] = ("",)
            return 1
        cost = self.cost(part.of)
        if part.test:
            return cost
        if part.optional:
            return cost + 1
        if part.of.type.kind in {"map", "object", "parameter"}:
            cost += 1
        self.paths[id(part)] = (*(self.path(part.of) or ()), part.field)
        return cost

    def _list_of(self, part: ListOf) -> int:
        cost = LIST_COST
        size = Size(UNKNOWN if part.items else 0, 0)
        for item in part.items:
            cost += self.cost(item)
            size = union(size, self.sized(item))
        self.entries[id(part)] = Entry(is_list=True, key=ONE, value=size)
        return capped(cost)

    def _map_of(self, part: MapOf) -> int:
        cost = MAP_COST
        keys = values = Size(UNKNOWN if part.entries else 0, 0)
        for key, value, _ in part.entries:
            cost += self.cost(key) + self.cost(value)
            keys, values = union(keys, self.sized(key)), union(values, self.sized(value))
        self.entries[id(part)] = Entry(is_list=False, key=keys, value=values)
        return capped(cost)

    def _call(self, part: Call) -> int:
        costs = [self.cost(each) for each in part.arguments]
        if part.function in {"_&&_", "_||_"}:
            self.sizes[id(part)] = ONE
            return capped(sum(costs))
        if part.function == "dyn":
            self._copy(part, part.arguments[0])
            return capped(1 + costs[0])
        target = 0 if part.target is None else self.cost(part.target)
        if part.function == "_?_:_":
            return self._either(part, costs)
        most = 0
        size: Size | None = None
        for overload in part.overloads:
            cost, found = self._function(part, overload)
            most = max(most, cost)
            if found is not None:
                size = found if size is None else union(size, found)
            if overload.key in {"_[_](list(A), int) -> A", "_[_](map(A, B), A) -> B"}:
                of = part.arguments[0]
                entry = self.entry(of)
                size = None if entry is None else entry.value
                step = "@items" if overload.kinds[0] == "list" else "@values"
                self.paths[id(part)] = (*(self.path(of) or ()), step)
            if size is None:
                size = self.size(part)
        if size is not None:
            self.sizes[id(part)] = size
        return capped(target + sum(costs) + most)

    def _copy(self, part: Expression, source: Expression) -> None:
        """Let a part be as large as another."""
        if (size := self.size(source)) is not None:
            self.sizes[id(part)] = size
        if (entry := self.entry(source)) is not None:
            self.entries[id(part)] = entry

    def _either(self, part: Call, costs: list[int]) -> int:
        _, one, other = part.arguments
        if (entry := united(self.entry(one), self.entry(other))) is not None:
            self.entries[id(part)] = entry
        self.sizes[id(part)] = union(self.sized(one), self.sized(other))
        return capped(costs[0] + max(costs[1:]))

    def _function(self, part: Call, overload: Overload) -> tuple[int, Size | None]:
        """Return what a function costs besides its arguments, and how large its result is if that is known."""
        estimate = pricing.FUNCTIONS.get(overload.function)
        found = None if estimate is None else estimate(self, part, overload)
        return found or (1, None)

    def _loop(self, part: Loop) -> int:
        match part.macro:
            case "optMap" | "optFlatMap":
                return self._optional_loop(part)
            case "sortBy":
                return self._sorted(part)
            case _:
                return self._fold(part, self.cost(part.over), part.over)

    def _bound(self, part: Loop, over: Expression) -> dict[str, _Bound]:
        """Return what is known of the names that a loop binds."""
        entry = self.entry(over)
        is_list = entry.is_list if entry is not None else over.type.kind == "list"
        path = self.path(over) or ()
        key = _Bound((*path, "@indices" if is_list else "@keys"), None if entry is None else entry.key)
        value = _Bound((*path, "@items" if is_list else "@values"), None if entry is None else entry.value)
        if len(part.names) > 1:
            return dict(zip(part.names, (key, value), strict=True))
        return {part.names[0]: value if is_list else key}

    def _fold(self, part: Loop, range_cost: int, over: Expression) -> int:
        before = dict(self.names)
        count = self.sized(over)
        self.names |= self._bound(part, over)
        condition = 0 if part.filter is None else self.cost(part.filter)
        body = self.cost(part.body)
        self.names = before
        item = self.sized(part.body)
        match part.macro:
            case "all":
                fixed, step = 1, 3 + body
            case "exists":
                fixed, step = 1, 4 + body
            case "exists_one" | "existsOne":
                fixed, step = 2, body + 2
            case "filter":
                fixed, step = LIST_COST + 1, body + LIST_COST + 3
            case "map" | "transformList" | "sortBy":
                fixed, step = LIST_COST + 1, condition + LIST_COST + 2 + body
            case "transformMap":
                fixed, step = MAP_COST + 1, condition + 3 + body
            case _:
                fixed, step = MAP_COST + 1, condition + 2 + body
        if part.macro in {"all", "exists", "exists_one", "existsOne"}:
            self.sizes[id(part)] = ONE
        else:
            self.sizes[id(part)] = count
            if part.macro == "filter":
                # what is put in is the name, whose size the schema may tell
                bound = self._bound(part, over)[part.names[0]]
                item = self.declared(bound.path) or (ONE if _is_scalar(part.type.parameters[0]) else bound.size or ANY)
            if not part.macro.startswith("transformMap"):
                self.entries[id(part)] = Entry(is_list=True, key=ONE, value=Size(0, item.most))
        return capped(range_cost + fixed + count.most * step)

    def _sorted(self, part: Loop) -> int:
        # written as a binding of the list, of which another list of keys is made
        target = self.cost(part.over)
        keys = self._fold(part, 1, part.over)
        count = self.sized(part.over)
        square = times(count, count)
        kind = part.body.type.kind
        factor = 2.1 if kind in {"string", "bytes", "dyn"} else 2.0
        self.sizes[id(part)] = square
        self.entries.pop(id(part), None)
        return capped(LIST_COST + target + 1 + keys + scaled(square.most, factor) + 1 + LIST_COST)

    def _optional_loop(self, part: Loop) -> int:
        target = self.cost(part.over)
        before = dict(self.names)
        inner = part.over.type.parameters[0] if part.over.type.parameters else part.over.type
        self.names[part.names[0]] = _Bound(None, ONE if _is_scalar(inner) else None)
        body = self.cost(part.body)
        self.names = before
        bind = LIST_COST + 1 + target + body
        some = bind + 1 if part.macro == "optMap" else bind
        size = ONE if _is_scalar(part.type) else ANY
        self.sizes[id(part)] = union(self.sized(part.body), size) if part.macro == "optFlatMap" else size
        return capped(1 + target + max(some, 1))


def _is_scalar(kind: Type) -> bool:
    if kind.kind == "opaque" and kind.name == "optional_type":
        return _is_scalar(kind.parameters[0])
    return kind.kind in {"bool", "double", "duration", "int", "timestamp", "uint"}
