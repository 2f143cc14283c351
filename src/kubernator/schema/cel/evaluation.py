"""Typed expressions as closures over data.

A closure takes the places of an evaluation: a `Meter` first, then the values of variables and of names that loops bind.
Data of a resource stays as it is as long as an expression only walks through it; what is used as a value is converted
as its schema says (`kubernator.schema.cel.declared`).
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from kubernator.schema.cel import closures
from kubernator.schema.cel.failures import Failed
from kubernator.schema.cel.library.lists import sorted_by
from kubernator.schema.cel.syntax import Call, Expression, Identifier, ListOf, Literal, Loop, MapOf, Select
from kubernator.schema.cel.typesystem import Type, unwrapped
from kubernator.schema.cel.values import NONE, Maybe, TypeName, equal, kind_of, no_overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kubernator.schema.cel.functions import Overload

    Closure = Callable[[list[Any]], Any]

__all__ = ["Evaluator"]


class Evaluator:
    """Makes closures of the parts of one expression. ``data`` are the types of places that hold data as it was read."""

    def __init__(self, data: Mapping[int, Type]) -> None:
        self.data = dict(data)

    def value(self, part: Expression) -> Closure:  # noqa: PLR0911 - one kind after the other
        """Return what evaluates a part."""
        walked = self._walked(part)
        if walked is not None:
            closure, kind = walked
            return closure if kind.convert is None else closures.converted(closure, kind.convert)
        match part:
            case Literal():
                return closures.constant(part.value)
            case Identifier():
                return closures.constant(TypeName(_type_value(part))) if part.slot < 0 else itemgetter(part.slot)
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
                raise AssertionError(part)

    def _walked(  # noqa: PLR0911 - one kind after the other
        self, part: Expression
    ) -> tuple[Closure, Type] | None:
        """Return what walks to a place of the data without converting it, and the type of what is there."""
        match part:
            case Identifier() if part.slot in self.data:
                return itemgetter(part.slot), self.data[part.slot]
            case Select(field=""):
                return self._walked(part.of)
            case Select(test=False, optional=False) if (base := self._walked(part.of)) is not None:
                closure, kind = base
                if kind.kind == "object":
                    field = kind.fields[part.field]
                    return closures.field_of(closure, field.key), field.type
                if kind.kind == "map":
                    return closures.key_of(closure, part.field), kind.parameters[1]
            case Call(function="_[_]", target=None) if (base := self._walked(part.arguments[0])) is not None:
                closure, kind = base
                index = self.value(part.arguments[1])
                if kind.kind == "list" and part.arguments[1].type.kind == "int":
                    return closures.item_of(closure, index), kind.parameters[0]
                if kind.kind == "map" and part.arguments[1].type.kind == "string":
                    return closures.entry_of(closure, index), kind.parameters[1]
            case _:
                pass
        return None

    def _range(self, part: Expression) -> tuple[Closure, tuple[Type | None, ...]]:
        """Return what a loop goes over, and the types of data of its keys or items."""
        walked = self._walked(part)
        if walked is not None and walked[1].kind in {"list", "map"}:
            return walked[0], (None, walked[1].parameters[-1])
        return self.value(part), (None, None)

    def _select(self, part: Select) -> Closure:  # noqa: PLR0911 - one kind after the other
        if not part.field:
            return self.value(part.of)
        kind, is_optional = unwrapped(part.of.type)
        if is_optional:
            of = self.value(part.of)
            if part.test:
                return lambda env: bool(closures.field_of_optional(of(env), part.field).values)
            return lambda env: closures.field_of_optional(of(env), part.field)
        walked = self._walked(part.of)
        if walked is not None and walked[1].kind == "object":
            closure, declared = walked
            field = declared.fields[part.field]
            if part.test:
                return closures.has_field(closure, field.key)
            return closures.optional_field(closure, field.key, field.type.convert)
        of = self.value(part.of)
        field_name = part.field
        if part.test:
            if kind.kind == "object":
                return closures.has_field(of, field_name)
            return lambda env: closures.is_there(of(env), field_name)
        if part.optional:
            nothing = (None,) if kind.kind == "object" else ()
            return lambda env: closures.maybe_field(of(env), field_name, nothing)
        if kind.kind == "object":
            return closures.field_of(of, field_name)
        return lambda env: closures.dynamic_field(of(env), field_name)

    def _call(self, part: Call) -> Closure:  # noqa: PLR0911 - one kind after the other
        match part.function:
            case "_&&_":
                return closures.all_of([self.value(each) for each in part.arguments])
            case "_||_":
                return closures.any_of([self.value(each) for each in part.arguments])
            case "_?_:_":
                return closures.conditional(*(self.value(each) for each in part.arguments))
            case "!_" if part.arguments[0].type.kind == "bool":
                operand = self.value(part.arguments[0])
                return lambda env: not operand(env)
            case "_==_" | "_!=_":
                return self._equality(part)
            case "@in" if (constants := _constants(part)) is not None:
                sought = self.value(part.arguments[0])
                return lambda env: sought(env) in constants
            case "_<_" | "_<=_" | "_>_" | "_>=_" if (found := self._comparison(part)) is not None:
                return found
            case "_[_]" | "_[?_]":
                return self._index(part)
            case "or" | "orValue" if part.target is not None:
                return closures.either_optional(
                    self.value(part.target), self.value(part.arguments[0]), keep=part.function == "or"
                )
            case _:
                return self._function(part)

    def _equality(self, part: Call) -> Closure:
        one, other = part.arguments
        left, right = self.value(one), self.value(other)
        negated = part.function == "_!=_"
        if one.type.kind == other.type.kind and one.type.kind in {"int", "string", "bool"}:
            if isinstance(other, Literal):
                constant = other.value
                return (lambda env: left(env) != constant) if negated else (lambda env: left(env) == constant)
            return (lambda env: left(env) != right(env)) if negated else (lambda env: left(env) == right(env))
        return (lambda env: not equal(left(env), right(env))) if negated else (lambda env: equal(left(env), right(env)))

    def _comparison(self, part: Call) -> Closure | None:
        """Return what compares whole numbers or texts, which Python orders as CEL does."""
        one, other = part.arguments
        if one.type.kind != other.type.kind or one.type.kind not in {"int", "string"}:
            return None
        left, right = self.value(one), self.value(other)
        match part.function:
            case "_<_":
                return lambda env: left(env) < right(env)
            case "_<=_":
                return lambda env: left(env) <= right(env)
            case "_>_":
                return lambda env: left(env) > right(env)
            case _:
                return lambda env: left(env) >= right(env)

    def _index(self, part: Call) -> Closure:
        of, index = (self.value(each) for each in part.arguments)
        kind = part.arguments[0].type
        _, is_optional = unwrapped(kind)
        if part.function == "_[?_]":
            return lambda env: closures.optional_index(of(env), index(env))
        if is_optional:
            return lambda env: closures.optional_index(of(env), index(env))
        return lambda env: closures.index_of(of(env), index(env))

    def _function(self, part: Call) -> Closure:
        parts = [*([] if part.target is None else [part.target]), *part.arguments]
        arguments = [self.value(each) for each in parts]
        call = _dispatched(part.overloads, [each.type for each in parts])
        if all(isinstance(each, Literal) for each in parts) and parts:
            return closures.folded(call, [each.value for each in parts if isinstance(each, Literal)])
        match arguments:
            case [one]:
                return lambda env: call(one(env))
            case [one, other]:
                return lambda env: call(one(env), other(env))
            case _:
                return lambda env: call(*[each(env) for each in arguments])

    def _list_of(self, part: ListOf) -> Closure:
        items = [self.value(each) for each in part.items]
        if not part.optional:
            if all(isinstance(each, Literal) for each in part.items):
                constant = [each.value for each in part.items if isinstance(each, Literal)]
                return closures.constant(constant)
            return lambda env: [item(env) for item in items]

        def found(env: list[Any]) -> list[Any]:
            values: list[Any] = []
            for place, item in enumerate(items):
                value = item(env)
                if place not in part.optional:
                    values.append(value)
                elif not isinstance(value, Maybe):
                    raise Failed(f"cannot initialize optional list element from non-optional value {kind_of(value)}")
                else:
                    values.extend(value.values)
            return values

        return found

    def _map_of(self, part: MapOf) -> Closure:
        entries = [(self.value(key), self.value(value), optional) for key, value, optional in part.entries]

        def found(env: list[Any]) -> dict[Any, Any]:
            values: dict[Any, Any] = {}
            for key, value, optional in entries:
                name, each = key(env), value(env)
                if kind_of(name) not in {"string", "int", "uint", "bool", "double"}:
                    raise Failed(f"unsupported key type: {kind_of(name)}")
                if not optional:
                    values[name] = each
                elif not isinstance(each, Maybe):
                    raise Failed(f"cannot initialize optional entry '{name}' from non-optional value {kind_of(each)}")
                elif each.values:
                    values[name] = each.values[0]
            return values

        return found

    def _loop(self, part: Loop) -> Closure:  # noqa: C901, PLR0911 - one macro after the other
        if part.macro in {"optMap", "optFlatMap"}:
            return self._optional_loop(part)
        over, kinds = self._range(part.over)
        for slot, kind in zip(part.slots, kinds[-len(part.slots) :], strict=True):
            # of one name over a map it is the key, which is a text as it is
            if kind is not None and not (len(part.slots) == 1 and part.over.type.kind == "map"):
                self.data[slot] = kind
        condition = None if part.filter is None else self.value(part.filter)
        body = self.value(part.body)
        turns = closures.turns(over, part.slots, _size(part.body) + (_size(part.filter) if part.filter else 0))
        match part.macro:
            case "all":
                return closures.quantified(turns, body, wanted=False)
            case "exists":
                return closures.quantified(turns, body, wanted=True)
            case "exists_one" | "existsOne":
                return lambda env: sum(closures.truth(body(env)) for _ in turns(env)) == 1
            case "filter":
                item = itemgetter(part.slots[0])
                kind = self.data.get(part.slots[0])
                if kind is not None and kind.convert is not None:
                    item = closures.converted(item, kind.convert)  # type: ignore[assignment] # both take the places
                return lambda env: [item(env) for _ in turns(env) if closures.truth(body(env))]
            case "map" | "transformList":
                if condition is None:
                    return lambda env: [body(env) for _ in turns(env)]
                return lambda env: [body(env) for _ in turns(env) if closures.truth(condition(env))]
            case "sortBy":
                whole = self.value(part.over)
                return lambda env: sorted_by(whole(env), [body(env) for _ in turns(env)])
            case _:
                return closures.mapped(turns, part, condition, body)

    def _optional_loop(self, part: Loop) -> Closure:
        over, body = self.value(part.over), self.value(part.body)
        slot = part.slots[0]
        wraps = part.macro == "optMap"

        def found(env: list[Any]) -> Maybe:
            maybe = over(env)
            if not isinstance(maybe, Maybe):
                raise no_overload()
            if not maybe.values:
                return NONE
            env[slot] = maybe.values[0]
            value = body(env)
            return Maybe((value,)) if wraps else value

        return found


def _type_value(part: Identifier) -> str:
    kind = part.type.parameters[0]
    return "null_type" if kind.kind == "null" else kind.name


def _constants(part: Call) -> frozenset[Any] | None:
    """Return what a list written down holds, if finding a value in it needs no more than Python's equality."""
    sought, values = part.arguments
    if sought.type.kind not in {"int", "string"} or not isinstance(values, ListOf) or values.optional:
        return None
    if not all(isinstance(each, Literal) and each.kind == sought.type.kind for each in values.items):
        return None
    return frozenset(each.value for each in values.items if isinstance(each, Literal))


def _size(part: Expression) -> int:
    """Return how many parts an expression has."""
    match part:
        case Select():
            return 1 + _size(part.of)
        case Call():
            return 1 + sum(map(_size, part.arguments)) + (_size(part.target) if part.target else 0)
        case ListOf():
            return 10 + sum(map(_size, part.items))
        case MapOf():
            return 30 + sum(_size(key) + _size(value) for key, value, _ in part.entries)
        case Loop():
            return 12 + _size(part.over) + _size(part.body) + (_size(part.filter) if part.filter else 0)
        case _:
            return 1


def _dispatched(overloads: Sequence[Overload], given: Sequence[Type]) -> Callable[..., Any]:
    """Return a function of values. Where types are known only now, it looks which one is meant."""
    first = overloads[0]
    open_places = [place for place, kind in enumerate(given) if kind.kind in {"dyn", "parameter", "error", "null"}]
    if len(overloads) == 1 and not any(first.kinds[place] for place in open_places):
        return first.call
    candidates = [(each.kinds, each.call) for each in overloads]

    # what is meant for values of some classes stays what is meant
    known: dict[tuple[type, ...], Callable[..., Any]] = {}

    def call(*values: Any) -> Any:
        classes = tuple(map(type, values))
        function = known.get(classes)
        if function is None:
            kinds = [kind_of(value) for value in values]
            function = known[classes] = next(
                (each for asked, each in candidates if all(map(_takes, asked, kinds))), _nothing
            )
        return function(*values)

    return call


def _takes(asked: str, kind: str) -> bool:
    return not asked or asked == kind


def _nothing(*_: Any) -> Any:
    raise no_overload()
