"""Operators and functions of the language itself.

Source: cel-spec, ``langdef.md``; cel-go 0.29, ``common/stdlib`` and ``common/types``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.cel.failures import Failed
from kubernator.schema.cel.times import Duration, Timestamp
from kubernator.schema.cel.values import (
    TypeName,
    UInt,
    added_lists,
    compared,
    equal,
    kind_of,
    no_overload,
    number_text,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ABSENT", "TABLE", "keyed", "text_of"]

_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1
_MOST_UINT: Final = 2**64 - 1


def _int(value: int) -> int:
    if _LEAST <= value <= _MOST:
        return value
    raise Failed("integer overflow")


def _uint(value: int) -> UInt:
    if 0 <= value <= _MOST_UINT:
        return UInt(value)
    raise Failed("unsigned integer overflow")


def _quotient(one: int, other: int) -> int:
    if other == 0:
        raise Failed("division by zero")
    # towards zero
    found = abs(one) // abs(other)
    return _int(found if (one < 0) == (other < 0) else -found)


def _remainder(one: int, other: int) -> int:
    if other == 0:
        raise Failed("modulus by zero")
    found = abs(one) % abs(other)
    return -found if one < 0 else found


def _divided(one: float, other: float) -> float:
    if other:
        return one / other
    if one == 0 or one != one:  # noqa: PLR0124 - what is not a number is not itself
        return float("nan")
    negative = (one < 0) != (str(other).startswith("-"))
    return float("-inf") if negative else float("inf")


def _text(one: str, other: str) -> str:
    within(len(one) + len(other))
    return one + other


def _in_list(value: Any, values: list[Any]) -> bool:
    return any(equal(each, value) for each in values)


def _in_map(key: Any, values: dict[Any, Any]) -> bool:
    return keyed(values, key) is not ABSENT


ABSENT: Final = object()


def keyed(values: dict[Any, Any], key: Any) -> Any:
    """Return the value of a key; numbers are equal across types, but to Python true is 1 as well."""
    kind = kind_of(key)
    if kind not in {"string", "int", "uint", "double", "bool"}:
        raise no_overload()
    found = values.get(key, ABSENT)
    if found is not ABSENT and kind != "string":
        same = next(each for each in values if each == key)
        if isinstance(same, bool) != isinstance(key, bool):
            return ABSENT
    return found


def _at(values: list[Any], index: int) -> Any:
    if 0 <= index < len(values):
        return values[index]
    raise Failed(f"index out of bounds: {index}")


def _value_of(values: dict[Any, Any], key: Any) -> Any:
    found = keyed(values, key)
    if found is ABSENT:
        raise Failed(f"no such key: {key}")
    return found


def text_of(value: Any) -> str:
    """Return a value as ``string(value)`` has it."""
    match kind_of(value):
        case "bool":
            return "true" if value else "false"
        case "double":
            return number_text(value)
        case "bytes":
            try:
                return str(value, "utf-8")
            except UnicodeDecodeError as error:
                raise Failed("invalid UTF-8 in bytes, cannot convert to string") from error
        case _:
            return str(value)


def _conversion(kind: str, given: str) -> Failed:
    return Failed(f"type conversion error from '{given}' to '{kind}'")


_WHOLE: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_UNSIGNED: Final = re.compile(r"[0-9]+", re.ASCII)
_DOUBLE: Final = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|infinity)|nan", re.ASCII | re.IGNORECASE
)
_HEXADECIMAL: Final = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+", re.ASCII)
_DIGITS: Final = 30
_BOOLS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


def _int_of_text(text: str) -> int:
    if _WHOLE.fullmatch(text) and len(text.lstrip("+-0")) < _DIGITS and _LEAST <= int(text) <= _MOST:
        return int(text)
    raise _conversion("int", "string")


def _uint_of_text(text: str) -> UInt:
    if _UNSIGNED.fullmatch(text) and len(text.lstrip("0")) < _DIGITS and int(text) <= _MOST_UINT:
        return UInt(text)
    raise _conversion("uint", "string")


def _double_of_text(text: str) -> float:
    if _DOUBLE.fullmatch(text):
        found = float(text)
        if found not in {float("inf"), float("-inf")} or "i" in text.lower():
            return found
    elif _HEXADECIMAL.fullmatch(text):
        return float.fromhex(text)
    raise _conversion("double", "string")


def _bool_of_text(text: str) -> bool:
    if text not in _BOOLS:
        raise _conversion("bool", "string")
    return _BOOLS[text]


def _int_of_double(value: float) -> int:
    # the limits of int64 are no doubles, so cel-go refuses them
    if not float(_LEAST) < value < float(_MOST):
        raise Failed("integer overflow")
    return int(value)


def _uint_of_double(value: float) -> UInt:
    if not 0 <= value < float(_MOST_UINT):
        raise Failed("unsigned integer overflow")
    return UInt(value)


def _timestamp_of_text(text: str) -> Timestamp:
    try:
        return Timestamp.parse(text)
    except Failed as error:
        if str(error) == "timestamp overflow":
            raise
        raise _conversion("google.protobuf.Timestamp", "string") from error


def _duration_of_text(text: str) -> Duration:
    try:
        return Duration.parse(text)
    except Failed as error:
        raise _conversion("google.protobuf.Duration", "string") from error


def _same(value: Any) -> Any:
    return value


def _type(value: Any) -> TypeName:
    return TypeName(kind_of(value))


def _part(name: str) -> Callable[..., int]:
    return lambda moment, zone="UTC": moment.part(name, "" if zone == "UTC" else zone)


_SPANS: Final = {"getHours": 3600 * 10**9, "getMinutes": 60 * 10**9, "getSeconds": 10**9, "getMilliseconds": 10**6}


def _span(name: str) -> Callable[[Duration], int]:
    size = _SPANS[name]
    return lambda span: _quotient(span.nanoseconds, size)


def _order(holds: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    return lambda one, other: holds(compared(one, other))


_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "_<_": _order(lambda order: order < 0),
    "_<=_": _order(lambda order: order <= 0),
    "_>_": _order(lambda order: order > 0),
    "_>=_": _order(lambda order: order >= 0),
}
_PAIRS: Final = (
    *("bool, bool", "int, int", "int, double", "int, uint", "uint, uint", "uint, double", "uint, int"),
    *("double, double", "double, int", "double, uint", "string, string", "bytes, bytes"),
    *("timestamp, timestamp", "duration, duration"),
)
_MOMENT_PARTS: Final = (
    *("getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek", "getHours"),
    *("getMinutes", "getSeconds", "getMilliseconds"),
)

TABLE: Final[dict[str, Callable[..., Any]]] = {
    # evaluated where they stand, as they need not evaluate all their arguments
    "_?_:_(bool, A, A) -> A": _same,
    "_&&_(bool, bool) -> bool": _same,
    "_||_(bool, bool) -> bool": _same,
    "!_(bool) -> bool": lambda value: not value,
    "_==_(A, A) -> bool": equal,
    "_!=_(A, A) -> bool": lambda one, other: not equal(one, other),
    "_+_(bytes, bytes) -> bytes": lambda one, other: one + other,
    "_+_(double, double) -> double": lambda one, other: one + other,
    "_+_(duration, duration) -> duration": lambda one, other: Duration.of(one.nanoseconds + other.nanoseconds),
    "_+_(duration, timestamp) -> timestamp": lambda one, other: Timestamp.of(
        one.nanoseconds + other.nanoseconds, other.offset
    ),
    "_+_(timestamp, duration) -> timestamp": lambda one, other: Timestamp.of(
        one.nanoseconds + other.nanoseconds, one.offset
    ),
    "_+_(int, int) -> int": lambda one, other: _int(one + other),
    "_+_(list(A), list(A)) -> list(A)": added_lists,
    "_+_(string, string) -> string": _text,
    "_+_(uint, uint) -> uint": lambda one, other: _uint(int(one) + int(other)),
    "_-_(double, double) -> double": lambda one, other: one - other,
    "_-_(duration, duration) -> duration": lambda one, other: Duration.of(one.nanoseconds - other.nanoseconds),
    "_-_(int, int) -> int": lambda one, other: _int(one - other),
    "_-_(timestamp, duration) -> timestamp": lambda one, other: Timestamp.of(
        one.nanoseconds - other.nanoseconds, one.offset
    ),
    "_-_(timestamp, timestamp) -> duration": lambda one, other: Duration.of(one.nanoseconds - other.nanoseconds),
    "_-_(uint, uint) -> uint": lambda one, other: _uint(int(one) - int(other)),
    "_*_(double, double) -> double": lambda one, other: one * other,
    "_*_(int, int) -> int": lambda one, other: _int(int.__mul__(one, other)),
    "_*_(uint, uint) -> uint": lambda one, other: _uint(int(one) * int(other)),
    "_/_(double, double) -> double": _divided,
    "_/_(int, int) -> int": _quotient,
    "_/_(uint, uint) -> uint": lambda one, other: UInt(_quotient(one, other)),
    "_%_(int, int) -> int": _remainder,
    "_%_(uint, uint) -> uint": lambda one, other: UInt(_remainder(one, other)),
    "-_(double) -> double": lambda value: -value,
    "-_(int) -> int": lambda value: _int(-value),
    **{f"{sign}({pair}) -> bool": call for sign, call in _ORDERS.items() for pair in _PAIRS},
    "_[_](list(A), int) -> A": _at,
    "_[_](map(A, B), A) -> B": _value_of,
    # the optional ones are evaluated where they stand, too
    "_[_](optional(list(V)), int) -> optional(V)": _same,
    "_[_](optional(map(K, V)), K) -> optional(V)": _same,
    "_[?_](list(V), int) -> optional(V)": _same,
    "_[?_](optional(list(V)), int) -> optional(V)": _same,
    "_[?_](map(K, V), K) -> optional(V)": _same,
    "_[?_](optional(map(K, V)), K) -> optional(V)": _same,
    "@in(A, list(A)) -> bool": _in_list,
    "@in(A, map(A, B)) -> bool": _in_map,
    **{f"size({kind}) -> int": len for kind in ("string", "bytes", "list(A)", "map(A, B)")},
    **{f"{kind}.size() -> int": len for kind in ("string", "bytes", "list(A)", "map(A, B)")},
    "type(A) -> type(A)": _type,
    "bool(bool) -> bool": _same,
    "bool(string) -> bool": _bool_of_text,
    "bytes(bytes) -> bytes": _same,
    "bytes(string) -> bytes": lambda text: text.encode("utf-8", "surrogatepass"),
    "double(double) -> double": _same,
    "double(int) -> double": float,
    "double(string) -> double": _double_of_text,
    "double(uint) -> double": float,
    "duration(duration) -> duration": _same,
    "duration(string) -> duration": _duration_of_text,
    "dyn(A) -> dyn": _same,
    "int(int) -> int": _same,
    "int(double) -> int": _int_of_double,
    "int(duration) -> int": lambda span: span.nanoseconds,
    "int(string) -> int": _int_of_text,
    "int(timestamp) -> int": lambda moment: moment.nanoseconds // 10**9,
    "int(uint) -> int": lambda value: _int(int(value)),
    "string(string) -> string": _same,
    **{
        f"string({kind}) -> string": text_of
        for kind in ("bool", "bytes", "double", "duration", "int", "timestamp", "uint")
    },
    "timestamp(timestamp) -> timestamp": _same,
    "timestamp(int) -> timestamp": lambda seconds: Timestamp.of(seconds * 10**9),
    "timestamp(string) -> timestamp": _timestamp_of_text,
    "uint(uint) -> uint": _same,
    "uint(double) -> uint": _uint_of_double,
    "uint(int) -> uint": _uint,
    "uint(string) -> uint": _uint_of_text,
    "string.contains(string) -> bool": lambda text, part: part in text,
    "string.endsWith(string) -> bool": str.endswith,
    "string.startsWith(string) -> bool": str.startswith,
    **{f"timestamp.{name}() -> int": _part(name) for name in _MOMENT_PARTS},
    **{f"timestamp.{name}(string) -> int": _part(name) for name in _MOMENT_PARTS},
    **{f"duration.{name}() -> int": _span(name) for name in _SPANS},
}
