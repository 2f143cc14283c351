"""Types of CEL, and which may stand for which.

Source: ``checker/types.go`` of cel-go 0.29, which decides what compiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = [
    "ANY_LIST",
    "ANY_MAP",
    "BOOL",
    "BYTES",
    "DOUBLE",
    "DURATION",
    "DYN",
    "ERROR",
    "INT",
    "NULL",
    "SCALARS",
    "STRING",
    "TIMESTAMP",
    "TYPE",
    "UINT",
    "Field",
    "Substitution",
    "Type",
    "assignable",
    "is_dynamic",
    "list_of",
    "map_of",
    "most_general",
    "opaque",
    "optional_of",
    "parameter",
    "substituted",
    "type_of",
    "unwrapped",
]


class Type:
    """A type. Two of the same kind, name and parts are equal.

    ``kind`` is ``int``, ``list``, ``object``, ``opaque``, ``parameter`` and so on; ``name`` what error messages say.
    Those of schemas (`kubernator.schema.cel.declared`) say more: ``fields`` of an object by the names that expressions
    use, ``convert``, which makes the value of data (None where it is the same), ``bound``, how many elements a value
    can have (None if it has none), and ``least``, how many bytes it has at least as JSON.
    """

    __slots__ = ("kind", "name", "parameters")

    fields: Mapping[str, Field] = MappingProxyType({})
    convert: Callable[[Any], Any] | None = None
    bound: int | None = None
    least: int = 0

    def __init__(self, kind: str, name: str, parameters: tuple[Type, ...] = ()) -> None:
        self.kind = kind
        self.name = name
        self.parameters = parameters

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Type)
            and self.kind == other.kind
            and self.name == other.name
            and self.parameters == other.parameters
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.name, self.parameters))

    def __str__(self) -> str:
        if self.kind == "object" or not self.parameters:
            return self.name
        return f"{self.name}({', '.join(map(str, self.parameters))})"

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object: its type, and its key in the data."""

    type: Type
    key: str


BOOL: Final = Type("bool", "bool")
INT: Final = Type("int", "int")
UINT: Final = Type("uint", "uint")
DOUBLE: Final = Type("double", "double")
STRING: Final = Type("string", "string")
BYTES: Final = Type("bytes", "bytes")
NULL: Final = Type("null", "null")
DURATION: Final = Type("duration", "google.protobuf.Duration")
TIMESTAMP: Final = Type("timestamp", "google.protobuf.Timestamp")
DYN: Final = Type("dyn", "dyn")
ERROR: Final = Type("error", "!error!")
TYPE: Final = Type("type", "type")
#: Types without parts, by the names that signatures and type literals have.
SCALARS: Final = {
    **{each.name: each for each in (BOOL, INT, UINT, DOUBLE, STRING, BYTES, DYN, TYPE)},
    "null_type": NULL,
    "duration": DURATION,
    "timestamp": TIMESTAMP,
}

_WILD: Final = frozenset({"dyn", "error"})
_NULLABLE: Final = frozenset({"opaque", "object", "duration", "timestamp", "null"})
_PARTED: Final = frozenset({"list", "map", "opaque"})


def list_of(element: Type) -> Type:
    """Return the type of lists."""
    return Type("list", "list", (element,))


def map_of(key: Type, value: Type) -> Type:
    """Return the type of maps."""
    return Type("map", "map", (key, value))


def opaque(name: str, *parameters: Type) -> Type:
    """Return a type of a library, of which only its functions know anything."""
    return Type("opaque", name, parameters)


def optional_of(value: Type) -> Type:
    """Return the type of values that may be missing."""
    return Type("opaque", "optional_type", (value,))


def type_of(value: Type) -> Type:
    """Return the type of a type."""
    return Type("type", "type", (value,))


def parameter(name: str) -> Type:
    """Return what stands for any one type."""
    return Type("parameter", name)


ANY_LIST: Final = list_of(DYN)
ANY_MAP: Final = map_of(DYN, DYN)

Substitution = dict[str, Type]


def is_dynamic(kind: Type) -> bool:
    """Say whether all about values of a type is known only in an evaluation."""
    return kind.kind in _WILD


def unwrapped(kind: Type) -> tuple[Type, bool]:
    """Return what an optional type is about, and whether it is one."""
    if kind.kind == "opaque" and kind.name == "optional_type":
        return kind.parameters[0], True
    return kind, False


def assignable(known: Substitution, pairs: Iterable[tuple[Type, Type]]) -> Substitution | None:
    """Return what parameters then stand for, if each first type may be used where the second is asked for."""
    found = dict(known)
    return found if all(_fits(found, given, asked) for given, asked in pairs) else None


def _fits(known: Substitution, given: Type, asked: Type) -> bool:  # noqa: PLR0911 - one reason after the other
    if given is asked and given.kind != "parameter":
        return True
    if asked.kind == "parameter":
        valid, bound = _bind(known, given, asked)
        if valid or bound:
            return valid
    if given.kind == "parameter":
        return _bind(known, asked, given)[0]
    if given.kind in _WILD or asked.kind in _WILD:
        return True
    if given.kind == "null":
        return asked.kind in _NULLABLE
    if asked.kind == "null":
        return given.kind in _NULLABLE
    if given.kind != asked.kind:
        return False
    if given.kind in _PARTED:
        return (
            given.name == asked.name
            and len(given.parameters) == len(asked.parameters)
            and all(_fits(known, one, other) for one, other in zip(given.parameters, asked.parameters, strict=True))
        )
    return given.kind == "type" or given.name == asked.name


def _bind(known: Substitution, given: Type, asked: Type) -> tuple[bool, bool]:
    """Let a parameter stand for a type. Return whether it may, and whether it stood for one before."""
    if given.kind == asked.kind and given == asked:
        return True, True
    before = known.get(asked.name)
    if before is not None:
        if before == given:
            return True, True
        if _fits(known, given, before):
            general = most_general(given, before)
            if not _occurs(known, asked, general):
                known[asked.name] = general
            return True, True
        return False, True
    if not _occurs(known, asked, given):
        known[asked.name] = given
        return True, False
    return False, False


def _occurs(known: Substitution, sought: Type, within: Type) -> bool:
    if within == sought:
        return True
    if within.kind == "parameter":
        bound = known.get(within.name)
        return bound is not None and _occurs(known, sought, bound)
    return any(_occurs(known, sought, each) for each in within.parameters)


def most_general(one: Type, other: Type) -> Type:
    """Return the one of two types, which fit each other, that says less."""
    return one if _is_less_specific(one, other) else other


def _is_less_specific(one: Type, other: Type) -> bool:
    if one.kind in {"dyn", "parameter"}:
        return True
    if other.kind in {"dyn", "parameter"} or one.kind != other.kind:
        return False
    if one.kind in _PARTED:
        return (
            one.name == other.name
            and len(one.parameters) == len(other.parameters)
            and all(_is_less_specific(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))
        )
    return one.kind == "type" or one == other


def substituted(known: Substitution, kind: Type, *, free: Type | None = None) -> Type:
    """Return a type with what its parameters stand for; ``free`` stands for those of which nothing is known."""
    if kind.kind == "parameter":
        bound = known.get(kind.name)
        if bound is not None:
            return substituted(known, bound, free=free)
        return kind if free is None else free
    if not kind.parameters:
        return kind
    parts = tuple(substituted(known, each, free=free) for each in kind.parameters)
    if all(one is other for one, other in zip(parts, kind.parameters, strict=True)):
        return kind
    return Type(kind.kind, kind.name, parts)
