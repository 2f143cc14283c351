"""What an unquoted word of YAML means to Kubernetes.

kubectl reads YAML with ``sigs.k8s.io/yaml``: go-yaml v2, whose result is written as JSON and read again. That is
neither YAML 1.1 nor 1.2: ``y`` is true, ``0644`` and ``0o644`` are 420, ``1e3`` is 1000, ``1.0`` is 1, ``12:30`` and
dates are strings, integers beyond 64 bits become floats. The rules follow ``resolve.go`` and ``decode.go`` of go-yaml
v2.4 and ``convertToJSONableObject`` of ``sigs.k8s.io/yaml``; the table in the tests was printed by kubectl.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from decimal import Decimal
from typing import Any, Final

__all__ = ["BOOLEAN_WORDS", "HINTS", "Refused", "key_text", "plain", "tagged"]

_INT64: Final = range(-(2**63), 2**63)
_UINT64: Final = range(2**64)

#: Words that are booleans and look like something else: a country, an axis, a switch.
BOOLEAN_WORDS: Final = frozenset("y Y yes Yes YES on On ON n N no No NO off Off OFF".split())  # noqa: SIM905 - readable

_WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys("y Y yes Yes YES true True TRUE on On ON".split(), True),  # noqa: SIM905
    **dict.fromkeys("n N no No NO false False FALSE off Off OFF".split(), False),  # noqa: SIM905
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}

#: A word that begins with none of these is a string (go-yaml's ``resolveTable``).
HINTS: Final = frozenset("+-0123456789yYnNtTfFoO~.")
_NUMERIC: Final = frozenset("+-0123456789")

_INTEGER: Final = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)|0[oO]?(?P<octal>[0-7]+)|(?P<decimal>0|[1-9][0-9]*))",
    re.ASCII,
)
_BASES: Final = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
#: No integer of 64 bits has more digits, in any base; Python refuses to read thousands of them.
_MOST_DIGITS: Final = 64
_SIGNED_BINARY: Final = re.compile(r"0b([-+][01]+)", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_POINT_FLOAT: Final = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+)?", re.ASCII)
_TIMESTAMP: Final = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}"
    r"(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?",
    re.ASCII,
)

_TAG_PREFIX: Final = "tag:yaml.org,2002:"


class Refused(ValueError):
    """A scalar that kubectl refuses. The text says why, without the value, which may be a secret."""


def plain(text: str) -> Any:
    """Return what an unquoted scalar means as JSON; raise `Refused` for what JSON cannot hold."""
    return _json(_resolve(text))


def tagged(tag: str, text: str) -> Any:
    """Return what a scalar with an explicit tag means; an unknown tag makes it a string."""
    return _json(_resolve_tagged(tag, text))


def key_text(text: str, tag: str | None = None) -> str:
    """Return the JSON key for an unquoted or tagged scalar that is a key; raise `Refused` for null and huge keys."""
    found = _resolve(text) if tag is None else _resolve_tagged(tag, text)
    match found:
        case str():
            return found
        case bool():
            return "true" if found else "false"
        case None:
            raise Refused("a key must not be null")
        case int() if found in _INT64:
            return str(found)
        case int():
            raise Refused("a key must not be a number beyond 64 bits")
        case _:
            return _float32(found)


def _resolve(text: str) -> Any:
    """Return None, a boolean, an integer of 64 bits, a float (not yet JSON's idea of one) or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first == ".":
        return _float(text.replace("_", ""), text) if _POINT_FLOAT.fullmatch(text) else text
    if first not in _NUMERIC:
        return text
    return _number(text)


def _number(text: str) -> Any:
    bare = text.replace("_", "")
    if found := _INTEGER.fullmatch(bare):
        base = found.lastgroup or ""
        digits = found[base].lstrip("0") or "0"
        number = int(found["sign"] + digits[:_MOST_DIGITS], _BASES[base])
        if len(digits) <= _MOST_DIGITS and (number in _INT64 or (number in _UINT64 and not found["sign"])):
            return number
    if _FLOAT.fullmatch(bare):
        return _float(bare, text)
    if found := _SIGNED_BINARY.fullmatch(bare):
        number = int(found[1], 2)
        return number if number in _INT64 else text
    return text


def _float(bare: str, text: str) -> float | str:
    number = float(bare)
    return text if math.isinf(number) else number  # Go refuses 1e400 as a number, so it stays a string


def _resolve_tagged(tag: str, text: str) -> Any:
    """Resolve a scalar under a tag; the pairs that are refused are those of go-yaml's ``resolve``."""
    name = tag.removeprefix(_TAG_PREFIX)
    if name not in {"bool", "null", "int", "float", "timestamp"}:  # a string, another vendor's, or `!`
        return _binary(text) if name == "binary" else text
    found = _resolve(text)
    match name, found:
        case ("bool", bool()) | ("null", None) | ("float", float()):
            return found
        case "int", int() if not isinstance(found, bool):
            return found
        case "timestamp", str() if _TIMESTAMP.fullmatch(text):
            return found
        case "float", int() if not isinstance(found, bool) and found in _INT64:
            return float(found)
        case (("bool" | "null" | "int" | "float" | "timestamp"), _):
            raise Refused(f"the value is not what its tag `!!{name}` says")
    return text


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except binascii.Error:
        raise Refused("the value of `!!binary` is not base64") from None
    except UnicodeDecodeError:
        # kubectl puts U+FFFD for each byte here, which destroys the value without a word.
        raise Refused("the value of `!!binary` is not text; use `binaryData` or `data` with base64") from None


def _json(found: Any) -> Any:
    """Return a number as it comes back from JSON: int64 where it is written without point, else a float."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return found
    if isinstance(found, int):
        return found if found in _INT64 else float(found)
    if not math.isfinite(found):
        raise Refused("JSON has neither infinity nor not-a-number")
    return whole(found)


def whole(number: float) -> int | float:
    """Return a float that Go's JSON writes as a 64-bit integer as that integer."""
    if not number.is_integer() or abs(number) >= 1e19:  # noqa: PLR2004 - past int64 in any case
        return number
    written = int(Decimal(repr(number)))  # Go pads the shortest digits with zeros, as repr has them
    return written if written in _INT64 else number


def _float32(number: float) -> str:
    """Write a float as Go's ``strconv.FormatFloat(f, 'g', -1, 32)`` does, which is how a key becomes text."""
    if math.isnan(number):
        return ".nan"
    try:
        packed = struct.pack("f", number)
    except OverflowError:
        packed = struct.pack("f", math.copysign(math.inf, number))
    single = struct.unpack("f", packed)[0]
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    digits = next(size for size in range(9) if struct.pack("f", float(f"{single:.{size}e}")) == packed)
    mantissa, _, exponent = f"{single:.{digits}e}".partition("e")
    power = int(exponent)
    if power < -4 or power >= 6:  # noqa: PLR2004 - Go's limits for %g with the shortest digits
        return f"{mantissa}e{power:+03d}"
    return f"{single:.{max(digits - power, 0)}f}"
