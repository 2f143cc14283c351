"""Functions of texts, and how values are put into them.

Source: the library ``strings`` of cel-go 0.29 in its version 2, which Kubernetes uses.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.cel.failures import Failed
from kubernator.schema.cel.library.core import text_of
from kubernator.schema.cel.values import kind_of, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["TABLE", "clauses"]

#: What Go's ``strings.TrimSpace`` takes away.
_BLANKS: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000"
)
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER: Final = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_QUOTED: Final = str.maketrans(
    {
        "\a": r"\a",
        "\b": r"\b",
        "\f": r"\f",
        "\n": r"\n",
        "\r": r"\r",
        "\t": r"\t",
        "\v": r"\v",
        "\\": "\\\\",
        '"': '\\"',
    }
)
_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MOST_DIGITS: Final = 100


def _char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise Failed(f"index out of range: {index}")
    return text[index : index + 1]


def _index(text: str, part: str, start: int = 0) -> int:
    if start < 0:
        raise Failed(f"index out of range: {start}")
    if not part:
        return min(start, len(text))
    return text.find(part, start)


def _last_index(text: str, part: str, start: int | None = None) -> int:
    if start is None:
        return text.rfind(part)
    if start < 0:
        raise Failed(f"index out of range: {start}")
    if not part:
        return min(start, len(text))
    if start >= len(text):
        return -1
    return text.rfind(part, 0, start + len(part))


def _replaced(text: str, old: str, new: str, count: int = -1) -> str:
    times = text.count(old)
    if count >= 0:
        times = min(times, count)
    within(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, count)


def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if not separator:
        letters = list(text)
        if 0 < count < len(letters):
            return [*letters[: count - 1], "".join(letters[count - 1 :])]
        return letters
    return text.split(separator, count - 1 if count > 0 else -1)


def _joined(parts: Sequence[str], separator: str = "") -> str:
    if not all(isinstance(part, str) for part in parts):
        raise Failed("join: invalid input")
    within(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


def _substring(text: str, start: int, end: int | None = None) -> str:
    last = len(text) if end is None else end
    if end is not None and start > last:
        raise Failed(f"invalid substring range. start: {start}, end: {last}")
    for place in (start, last):
        if not 0 <= place <= len(text):
            raise Failed(f"index out of range: {place}")
    return text[start:last]


def clauses(text: str) -> Iterator[str | tuple[str, int | None]]:
    """Read a format: texts, and of each clause its letter and precision; raise `Failed`."""
    parts = iter(text.split("%"))
    yield next(parts)
    for part in parts:
        if not part:
            following = next(parts, None)
            if following is None:
                raise Failed("unexpected end of string")
            yield f"%{following}"
            continue
        precision, rest = None, part
        if part.startswith("."):
            rest = part[1:].lstrip("0123456789")
            digits = part[1 : len(part) - len(rest)]
            if not rest or not digits:
                raise Failed("could not parse formatting clause: error while parsing precision")
            precision = int(digits[:9])
            if precision > _MOST_DIGITS:
                raise Failed(f"could not parse formatting clause: precision {precision} exceeds maximum allowed")
        if rest[0] not in "sdfebxXo":
            raise Failed(f'could not parse formatting clause: unrecognized formatting clause "{rest[0]}"')
        yield rest[0], precision
        yield rest[1:]


def _formatted(text: str, values: Sequence[Any]) -> str:
    found: list[str] = []
    count = 0
    for clause in clauses(text):
        if isinstance(clause, str):
            found.append(clause)
            continue
        if count >= len(values):
            raise Failed(f"index {count} out of range")
        letter, precision = clause
        found.append(_CLAUSES[letter](values[count], precision))
        count += 1
    within(sum(map(len, found)))
    return "".join(found)


def _wrong(clause: str, kinds: str, value: Any) -> Failed:
    return Failed(f"error during formatting: {clause} clause can only be used on {kinds}, was given {kind_of(value)}")


def _decimal(value: Any, _: int | None = None) -> str:
    if kind_of(value) not in {"int", "uint"}:
        raise _wrong("decimal", "integers", value)
    return str(int(value))


def _double(value: Any, clause: str) -> float:
    kind = kind_of(value)
    if kind == "string" and value in {"NaN", "Infinity", "-Infinity"}:
        return float(value)
    if kind != "double":
        raise _wrong(clause, "doubles", value)
    return float(value)


def _special(value: float) -> str:
    if value != value:  # noqa: PLR0124 - what is not a number is not itself
        return "NaN"
    return {float("inf"): "∞", float("-inf"): "-∞"}.get(value, "")


def _fixed(value: Any, precision: int | None) -> str:
    number = _double(value, "fixed-point")
    return _special(number) or f"{number:,.{6 if precision is None else precision}f}"


def _scientific(value: Any, precision: int | None) -> str:
    number = _double(value, "scientific")
    if special := _special(number):
        return special
    mantissa, _, power = f"{number:.{6 if precision is None else precision}e}".partition("e")
    sign = "-" if power.startswith("-") else ""
    return f"{mantissa}\u00a0×\u00a010{f'{sign}{power[1:]}'.translate(_RAISED)}"  # noqa: RUF001 - as Go's printer has it


def _binary(value: Any, _: int | None) -> str:
    if kind_of(value) == "bool":
        return "1" if value else "0"
    if kind_of(value) not in {"int", "uint"}:
        raise _wrong("binary", "integers and bools", value)
    return f"{int(value):b}"


def _octal(value: Any, _: int | None) -> str:
    if kind_of(value) not in {"int", "uint"}:
        raise _wrong("octal", "integers", value)
    return f"{int(value):o}"


def _hexadecimal(value: Any, _: int | None) -> str:
    match kind_of(value):
        case "int" | "uint":
            return f"{int(value):x}"
        case "string":
            return str(value.encode("utf-8", "surrogatepass").hex())
        case "bytes":
            return str(value.hex())
        case _:
            raise _wrong("hex", "integers, byte buffers, and strings", value)


def _text(value: Any, _: int | None = None) -> str:
    match kind_of(value):
        case "list":
            return f"[{', '.join(map(_part, value))}]"
        case "map":
            if any(kind_of(key) not in {"string", "bool", "int", "uint"} for key in value):
                raise Failed("error during formatting: no formatting function for map key")
            return f"{{{', '.join(sorted(f'{_part(key)}:{_part(each)}' for key, each in value.items()))}}}"
        case "null_type":
            return "null"
        case "int" | "uint" | "double" | "bool" | "string" | "bytes" | "type":
            return text_of(value)
        case "google.protobuf.Timestamp" | "google.protobuf.Duration":
            return str(value)
        case _:
            raise _wrong("string", "strings, bools, bytes, ints, doubles, maps, lists, types, durations", value)


def _part(value: Any) -> str:
    """Return a value inside of a list or map, written as CEL writes it."""
    match kind_of(value):
        case "string":
            return json.dumps(value, ensure_ascii=False)
        case "bytes":
            return f"b{json.dumps(text_of(value), ensure_ascii=False)}"
        case "double":
            return json.dumps(text_of(value)) if _special(value) else f"{value:.6f}"
        case "google.protobuf.Timestamp":
            return f'timestamp("{value}")'
        case "google.protobuf.Duration":
            return f'duration("{value}")'
        case _:
            return _text(value)


_CLAUSES: Final[dict[str, Callable[[Any, int | None], str]]] = {
    "s": _text,
    "d": _decimal,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": lambda value, precision: _hexadecimal(value, precision).upper(),
}

TABLE: Final[dict[str, Callable[..., Any]]] = {
    "string.charAt(int) -> string": _char_at,
    "string.format(list(dyn)) -> string": _formatted,
    "string.indexOf(string) -> int": _index,
    "string.indexOf(string, int) -> int": _index,
    "list(string).join() -> string": _joined,
    "list(string).join(string) -> string": _joined,
    "string.lastIndexOf(string) -> int": _last_index,
    "string.lastIndexOf(string, int) -> int": _last_index,
    "string.lowerAscii() -> string": lambda text: text.translate(_LOWER),
    "string.replace(string, string) -> string": _replaced,
    "string.replace(string, string, int) -> string": _replaced,
    "string.split(string) -> list(string)": _split,
    "string.split(string, int) -> list(string)": _split,
    "string.substring(int) -> string": _substring,
    "string.substring(int, int) -> string": _substring,
    "string.trim() -> string": lambda text: text.strip(_BLANKS),
    "string.upperAscii() -> string": lambda text: text.translate(_UPPER),
    "strings.quote(string) -> string": lambda text: f'"{text.translate(_QUOTED)}"',
}
