"""Literals that could never be right, which the API server refuses before it evaluates anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema.cel import typesystem as types
from kubernator.schema.cel.failures import Failed
from kubernator.schema.cel.library import patterns, texts
from kubernator.schema.cel.syntax import Call, ListOf, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.schema.cel.typesystem import Type

__all__ = ["TYPES", "refused"]

#: Kinds of literals -> their types.
TYPES: Final = {**types.SCALARS, "null": types.NULL}
_CONVERSIONS: Final = frozenset({"bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint"})
_PLAIN: Final = frozenset({"bool", "int", "uint", "double", "string", "bytes", "duration", "timestamp", "null"})
_CLAUSES: Final = {
    "s": frozenset({*_PLAIN, "list", "map", "type"}),
    "d": frozenset({"int", "uint"}),
    "o": frozenset({"int", "uint"}),
    "f": frozenset({"double", "string"}),
    "e": frozenset({"double", "string"}),
    "b": frozenset({"int", "uint", "bool"}),
    "x": frozenset({"int", "uint", "string", "bytes"}),
    "X": frozenset({"int", "uint", "string", "bytes"}),
}

#: What is wrong, and where in the text.
_Refusal = tuple[str, int]


def refused(part: Call, final: Callable[[Type], Type]) -> _Refusal | None:
    """Return what is wrong with the literals that a function is given: durations, times, patterns, formats, numbers."""
    last = part.arguments[-1] if part.arguments else None
    if part.function == "format" and isinstance(part.target, Literal) and isinstance(last, ListOf):
        return _format(part.target, last, final)
    if not isinstance(last, Literal):
        return None
    if part.function in _CONVERSIONS:
        return _conversion(part, last)
    if part.function not in {"matches", "find"} or last.kind != "string":
        return None
    message = patterns.refused(last.value)
    if not message:
        return None
    return (
        "invalid matches argument" if part.function == "matches" else f"program instantiation failed: {message}",
        last.at,
    )


def _conversion(part: Call, literal: Literal) -> _Refusal | None:
    """Return why a literal can't be converted, which the API server tries at once."""
    name = "null_type" if literal.kind == "null" else TYPES[literal.kind].name
    overload = next((each for each in part.overloads if each.kinds[0] in {"", name}), None)
    if overload is None:
        return f"program instantiation failed: no such overload: {part.function}({name})", part.at
    try:
        overload.call(literal.value)
    except Failed as error:
        if part.function in {"duration", "timestamp"}:
            return f"invalid {part.function} argument", literal.at
        return f"program instantiation failed: {error}", part.at
    return None


def _format(text: Literal, values: ListOf, final: Callable[[Type], Type]) -> _Refusal | None:
    try:
        asked = [clause[0] for clause in texts.clauses(text.value) if not isinstance(clause, str)]
    except Failed as error:
        return str(error), text.at
    count = len(values.items)
    if len(asked) > count:
        return f"index {count} out of range", text.at
    if len(asked) < count:
        return f"too many arguments supplied to string.format (expected {len(asked)}, got {count})", values.at
    for clause, value in zip(asked, values.items, strict=True):
        kind = final(value.type)
        if kind.kind not in _CLAUSES[clause] and kind.kind != "dyn":
            return f"error during formatting: clause %{clause} can not be used on {kind}", value.at
    return None
