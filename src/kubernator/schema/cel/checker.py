"""Types of all parts of an expression, and the functions that they leave; what does not fit is not compiled.

Source: ``checker/checker.go`` of cel-go 0.29, with the options that Kubernetes sets: literals of lists and maps have
elements of one type, numbers of different types may be compared by ``<`` and its like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from kubernator.schema.cel import literals
from kubernator.schema.cel import typesystem as types
from kubernator.schema.cel.failures import NotCompiled
from kubernator.schema.cel.functions import OPAQUE, Overload, overloads
from kubernator.schema.cel.lexer import place
from kubernator.schema.cel.syntax import Call, Expression, Identifier, ListOf, Literal, Loop, MapOf, Select

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubernator.schema.cel.typesystem import Type

__all__ = ["Checker"]

#: Names that stand for types.
_TYPES: Final[dict[str, Type]] = {
    **{each.name: types.type_of(each) for each in types.SCALARS.values() if each.kind not in {"dyn", "null"}},
    **{each.name: types.type_of(each) for each in OPAQUE.values()},
    "null_type": types.type_of(types.NULL),
    "list": types.type_of(types.ANY_LIST),
    "map": types.type_of(types.ANY_MAP),
    "optional_type": types.type_of(types.optional_of(types.DYN)),
}
#: Results of overload resolution for types without parts, which are the same for all expressions.
_Resolution = tuple[tuple[Overload, ...], "Type"]
_RESOLVED: dict[tuple[Any, ...], _Resolution | None] = {}
_PLAIN: Final = frozenset({"bool", "int", "uint", "double", "string", "bytes", "duration", "timestamp", "null"})
_MOST_RESOLVED: Final = 5000


class Checker:
    """The types of one expression.

    After `whole`, ``type`` is that of its values, ``size`` how many places its evaluation has, ``used`` the variables
    that it names.
    """

    def __init__(self, text: str, variables: Mapping[str, Type], *, minor: int) -> None:
        """``variables`` are names and their types, whose values come first in an evaluation, in this order."""
        self.text = text
        self.minor = minor
        self.scope: dict[str, tuple[Type, int]] = {
            name: (kind, slot) for slot, (name, kind) in enumerate(variables.items(), 1)
        }
        self.size = 1 + len(variables)
        self.known: types.Substitution = {}
        self.free = 0
        self.used: set[str] = set()
        self.exempt = 0
        self.type: Type = types.DYN
        self.aggregates: list[list[tuple[Expression, Type]]] = []

    def _fail(self, message: str, at: int) -> NoReturn:
        """Raise `NotCompiled` for a place in the text."""
        line, column = place(self.text, at)
        raise NotCompiled(message, line=line, column=column)

    def whole(self, part: Expression) -> Type:
        """Return the type of a whole expression; raise `NotCompiled`."""
        found = self._check(part)
        self._mixed()
        self.type = self._final(found)
        return self.type

    def _check(self, part: Expression) -> Type:
        """Return the type of a part, which is written into it and into its parts; raise `NotCompiled`."""
        match part:
            case Literal():
                found = literals.TYPES[part.kind]
            case Identifier():
                found = self._identifier(part)
            case Select():
                found = self._select(part)
            case Call():
                found = self._call(part)
            case ListOf():
                found = self._list_of(part)
            case MapOf():
                found = self._map_of(part)
            case Loop():
                found = self._loop(part)
            case _:
                raise AssertionError(part)
        part.type = found
        return found

    def _final(self, kind: Type) -> Type:
        """Return a type without parameters: what is not known is dynamic."""
        return types.substituted(self.known, kind, free=types.DYN)

    def _shown(self, kind: Type) -> str:
        """Return a type as error messages write it."""
        return str(self._final(kind))

    def _variable(self, kind: str = "") -> Type:
        """Return a parameter that nothing is known of."""
        self.free += 1
        return types.parameter(f"{kind}_var{self.free}")

    def _fits(self, *pairs: tuple[Type, Type]) -> bool:
        """Say whether types may stand for others, and keep what that means for parameters."""
        found = types.assignable(self.known, pairs)
        if found is None:
            return False
        self.known = found
        return True

    def _resolved(self, kind: Type) -> Type:
        """Return a type with what is known of its parameters."""
        return types.substituted(self.known, kind)

    def _identifier(self, part: Identifier) -> Type:
        found = self.scope.get(part.name)
        if found is not None:
            self.used.add(part.name)
            part.slot = found[1]
            return found[0]
        if part.name not in _TYPES:
            self._fail(f"undeclared reference to '{part.name}' (in container '')", part.at)
        part.slot = -1
        return _TYPES[part.name]

    def _select(self, part: Select) -> Type:
        name = _qualified(part)
        if name in _TYPES and not part.test:
            part.of = Identifier(part.at, name)
            part.of.slot = -1
            part.of.type = _TYPES[name]
            part.field = ""
            return _TYPES[name]
        if name in self.scope and not part.test:
            part.of = Identifier(part.at, name)
            part.field = ""
            return self._check(part.of)
        operand = self._resolved(self._check(part.of))
        target, is_optional = types.unwrapped(operand)
        match target.kind:
            case "map":
                found = target.parameters[1]
            case "object":
                field = target.fields.get(part.field)
                if field is None and (field := target.fields.get(f"__{part.field}__")) is not None:
                    part.field = f"__{part.field}__"  # words of the language need not be escaped after a point
                if field is None:
                    self._fail(f"undefined field '{part.field}'", part.at)
                found = field.type
            case "parameter":
                self._fits((types.DYN, target))
                found = types.DYN
            case "dyn" | "error":
                found = types.DYN
            case _:
                self._fail(f"type '{self._shown(target)}' does not support field selection", part.at)
        if is_optional or part.optional:
            found = types.optional_of(found)
        return types.BOOL if part.test else self._resolved(found)

    def _call(self, part: Call) -> Type:
        self.exempt += part.function == "format"
        given = [self._check(each) for each in part.arguments]
        self.exempt -= part.function == "format"
        if part.target is not None:
            name = _qualified(part.target)
            if name and (found := overloads(f"{name}.{part.function}", self.minor)):
                part.function, part.target = f"{name}.{part.function}", None
                return self._resolve(part, found, given)
            given.insert(0, self._check(part.target))
        if part.function in {"_&&_", "_||_"}:
            for each, kind in zip(part.arguments, given, strict=True):
                self._must_be_bool(each, kind)
            return types.BOOL
        found = overloads(part.function, self.minor)
        if not found:
            self._fail(f"undeclared reference to '{part.function}' (in container '')", part.at)
        return self._resolve(part, found, given)

    def _must_be_bool(self, part: Expression, kind: Type) -> None:
        if not self._fits((kind, types.BOOL)):
            self._fail(f"expected type 'bool' but found '{self._shown(kind)}'", part.at)

    def _resolve(self, part: Call, found: Sequence[Overload], given: list[Type]) -> Type:
        key = None
        if all(each.kind in _PLAIN for each in given):
            key = (part.function, part.target is not None, self.minor, *(each.kind for each in given))
            if key in _RESOLVED:
                known = _RESOLVED[key]
                if known is None:
                    self._no_overload(part, given)
                part.overloads = known[0]
                return self._checked(part, known[1])
        chosen, result = self._chosen(found, given, is_method=part.target is not None)
        if key is not None and not any(each.is_generic for each in chosen) and len(_RESOLVED) < _MOST_RESOLVED:
            _RESOLVED[key] = None if result is None else (chosen, result)
        if result is None:
            self._no_overload(part, given)
        part.overloads = chosen
        return self._checked(part, result)

    def _chosen(
        self, found: Sequence[Overload], given: list[Type], *, is_method: bool
    ) -> tuple[tuple[Overload, ...], Type | None]:
        """Return the overloads that take such arguments, and what they give: anything, if not the same."""
        result: Type | None = None
        chosen: list[Overload] = []
        for overload in found:
            if overload.is_method != is_method or len(overload.parameters) != len(given):
                continue
            asked, gives = overload.parameters, overload.result
            if overload.is_generic:
                self.free += 1
                mapping = _Fresh(self.free)
                asked = tuple(mapping.of(each) for each in asked)
                gives = mapping.of(gives)
            if not self._fits(*zip(given, asked, strict=True)):
                continue
            chosen.append(overload)
            this = self._resolved(gives)
            if result is None:
                result = this
            elif result.kind != "dyn" and result != this:
                result = types.DYN
        return tuple(chosen), result

    def _no_overload(self, part: Call, given: list[Type]) -> NoReturn:
        shown = [self._shown(each) for each in given]
        signature = f"{shown[0]}.({', '.join(shown[1:])})" if part.target is not None else f"({', '.join(shown)})"
        self._fail(f"found no matching overload for '{part.function}' applied to '{signature}'", part.at)

    def _checked(self, part: Call, result: Type) -> Type:
        """Refuse literals that could never be right."""
        if message := literals.refused(part, self._final):
            self._fail(*message)
        return result

    def _list_of(self, part: ListOf) -> Type:
        element: Type | None = None
        kinds: list[tuple[Expression, Type]] = []
        for index, item in enumerate(part.items):
            kind = self._check(item)
            if index in part.optional:
                kind = self._optional(item, kind)
            kinds.append((item, kind))
            element = self._joined(element, kind)
        self._aggregate(kinds)
        return types.list_of(element or self._variable())

    def _optional(self, part: Expression, kind: Type) -> Type:
        """Return what an optional element is of; only optional values can be left out."""
        bare, is_optional = types.unwrapped(self._resolved(kind))
        if not is_optional and not types.is_dynamic(bare):
            self._fail(f"expected type 'optional_type({self._shown(bare)})' but found '{self._shown(bare)}'", part.at)
        return bare

    def _map_of(self, part: MapOf) -> Type:
        keys: Type | None = None
        values: Type | None = None
        key_kinds: list[tuple[Expression, Type]] = []
        value_kinds: list[tuple[Expression, Type]] = []
        for key, value, is_optional in part.entries:
            key_kinds.append((key, self._check(key)))
            kind = self._check(value)
            value_kinds.append((value, self._optional(value, kind) if is_optional else kind))
            keys = self._joined(keys, key_kinds[-1][1])
            values = self._joined(values, value_kinds[-1][1])
        self._aggregate(key_kinds)
        self._aggregate(value_kinds)
        return types.map_of(keys or self._variable(), values or self._variable())

    def _aggregate(self, kinds: list[tuple[Expression, Type]]) -> None:
        if len(kinds) > 1 and not self.exempt:
            self.aggregates.append(kinds)

    def _joined(self, before: Type | None, kind: Type) -> Type:
        if before is None:
            return kind
        if self._fits((before, kind)):
            return types.most_general(before, kind)
        return types.DYN

    def _mixed(self) -> None:
        """Refuse literals with elements of different types, which only arguments of ``format`` may have."""
        for parts in self.aggregates:
            first = self._final(parts[0][1])
            for part, kind in parts[1:]:
                if (found := self._final(kind)) != first:
                    self._fail(f"expected type '{first}' but found '{found}'", part.at)

    def _loop(self, part: Loop) -> Type:  # noqa: PLR0911 - one macro after the other
        over = self._resolved(self._check(part.over))
        if part.macro in {"optMap", "optFlatMap"}:
            return self._optional_loop(part, over)
        bound = self._bound(part, over)
        before = {name: self.scope.get(name) for name in part.names}
        part.slots = tuple(range(self.size, self.size + len(bound)))
        self.size += len(bound)
        for name, kind, slot in zip(part.names, bound, part.slots, strict=True):
            self.scope[name] = (kind, slot)
        if part.filter is not None:
            self._must_be_bool(part.filter, self._check(part.filter))
        body = self._check(part.body)
        self._restore(before)
        match part.macro:
            case "all" | "exists" | "exists_one" | "existsOne":
                self._must_be_bool(part.body, body)
                return types.BOOL
            case "filter":
                self._must_be_bool(part.body, body)
                return types.list_of(self._resolved(bound[0]))
            case "map" | "transformList":
                return types.list_of(self._resolved(body))
            case "transformMap":
                return types.map_of(self._resolved(bound[0]), self._resolved(body))
            case "transformMapEntry":
                key, value = self._variable(), self._variable()
                if not self._fits((body, types.map_of(key, value))):
                    self._fail(
                        "found no matching overload for 'cel.@mapInsert' applied to "
                        f"'(map(dyn, dyn), {self._shown(body)})'",
                        part.at,
                    )
                return self._resolved(types.map_of(key, value))
            case _:
                return self._sorted(part, over, body)

    def _bound(self, part: Loop, over: Type) -> tuple[Type, ...]:
        """Return the types of the names that a loop binds."""
        two = len(part.names) > 1
        match over.kind:
            case "list":
                return (types.INT, over.parameters[0]) if two else (over.parameters[0],)
            case "map":
                return over.parameters if two else (over.parameters[0],)
            case "dyn" | "error" | "parameter":
                self._fits((types.DYN, over))
                return (types.DYN,) * len(part.names)
            case _:
                pass
        return self._fail(
            f"expression of type '{self._shown(over)}' cannot be range of a comprehension "
            "(must be list, map, or dynamic)",
            part.over.at,
        )

    def _sorted(self, part: Loop, over: Type, body: Type) -> Type:
        key = self._resolved(body)
        if key.kind not in _SORTED and key.kind not in {"dyn", "parameter"}:
            self._fail(
                "found no matching overload for '@sortByAssociatedKeys' applied to "
                f"'{self._shown(over)}.(list({self._shown(key)}))'",
                part.at,
            )
        element = self._variable()
        if not self._fits((over, types.list_of(element))):
            self._fail(
                f"found no matching overload for '@sortByAssociatedKeys' applied to '{self._shown(over)}'", part.at
            )
        return self._resolved(types.list_of(element))

    def _optional_loop(self, part: Loop, over: Type) -> Type:
        element, is_optional = types.unwrapped(over)
        if not is_optional:
            if not types.is_dynamic(over):
                self._fail(
                    f"found no matching overload for 'hasValue' applied to '{self._shown(over)}.()'", part.over.at
                )
            element = types.DYN
        name = part.names[0]
        before = {name: self.scope.get(name)}
        part.slots = (self.size,)
        self.size += 1
        self.scope[name] = (element, part.slots[0])
        body = self._check(part.body)
        self._restore(before)
        if part.macro == "optMap":
            return types.optional_of(self._resolved(body))
        asked = types.optional_of(self._variable())
        if not self._fits((body, asked)):
            self._fail(
                f"found no matching overload for '_?_:_' applied to '(bool, {self._shown(body)}, optional_type(dyn))'",
                part.at,
            )
        return self._resolved(asked)

    def _restore(self, before: Mapping[str, tuple[Type, int] | None]) -> None:
        for name, value in before.items():
            if value is None:
                del self.scope[name]
            else:
                self.scope[name] = value


class _Fresh:
    """Parameters of one use of a function, which have nothing to do with those of another."""

    def __init__(self, number: int) -> None:
        self.suffix = f"#{number}"

    def of(self, kind: Type) -> Type:
        if kind.kind == "parameter":
            return types.parameter(kind.name + self.suffix)
        if not kind.parameters:
            return kind
        return types.Type(kind.kind, kind.name, tuple(map(self.of, kind.parameters)))


_SORTED: Final = frozenset({"int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"})


def _qualified(part: Expression) -> str:
    """Return the name that a chain of fields writes, or nothing."""
    if isinstance(part, Identifier):
        return part.name
    if isinstance(part, Select) and not part.test and not part.optional and (name := _qualified(part.of)):
        return f"{name}.{part.field}"
    return ""
