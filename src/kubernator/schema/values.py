"""What is wrong with one value that is neither a map nor a list, and with the size of those that are.

The order of checks and their peculiarities are those of k8s.io/kube-openapi, package ``validation/validate``, which
checks custom resources: a bound with a fraction is cut for whole numbers, of a text only the first fault is told, an
``enum`` never allows null.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.fault import Fault, Reason
from kubernator.schema.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.sourcemap import Path
    from kubernator.schema.node import Node

__all__ = ["enum_fault", "fits", "mistyped", "number_faults", "size_faults", "text_faults", "type_name"]

_TYPES: Final = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
#: Minor versions of Kubernetes from which on ranges of numbers, and formats of names, are checked.
_RANGES_SINCE: Final = 36
_NAME_FORMATS_SINCE: Final = 35
_BITS: Final = {"int32": range(-(2**31), 2**31), "int64": range(-(2**63), 2**63)}


def type_name(value: Any) -> str:
    """Return JSON's name for the type of a value."""
    found = _TYPES.get(value.__class__)
    return found or next((name for kind, name in _TYPES.items() if isinstance(value, kind)), "null")


def fits(value: Any, types: tuple[str, ...]) -> bool:
    """Say whether a value is of one of these types; a whole number is a number, and one such as ``1.0`` is whole."""
    name = type_name(value)
    if name in types:
        return True
    return (name == "integer" and "number" in types) or (
        name == "number" and "integer" in types and float(value).is_integer()
    )


def mistyped(value: Any, node: Node, path: Path) -> Fault:
    """Return the fault of a value that is of another type."""
    wanted = ",".join(node.types)
    return Fault(path, Reason.TYPE, f'Invalid value: must be of type {wanted}: "{type_name(value)}"')


def text_faults(value: str, node: Node, path: Path, *, minor: int) -> Iterator[Fault]:
    """Yield what is wrong with a text: the first of length and pattern, and its format."""
    known = minor >= _NAME_FORMATS_SINCE or not node.format.startswith("k8s")
    if node.max_length is not None and len(value) > node.max_length:
        yield Fault(path, Reason.TOO_LONG, f"Too long: may not be more than {node.max_length} bytes")
    elif node.min_length is not None and len(value) < node.min_length:
        yield Fault(path, Reason.INVALID, f"Invalid value: should be at least {node.min_length} chars long")
    elif node.pattern and not _matches(node.pattern, value):
        yield Fault(path, Reason.INVALID, f"Invalid value: should match '{node.pattern}'")
    if known and node.format in FORMATS and not FORMATS[node.format](value):
        yield Fault(path, Reason.INVALID, f"Invalid value: must be of type {node.schema['format']}")


def _matches(pattern: str, value: str) -> bool:
    """Say whether a text matches; true where the pattern is broken, which is the fault of its definition."""
    from kubernator.schema import regexp  # noqa: PLC0415 - for custom kinds

    try:
        matches = regexp.matcher(pattern)
    except regexp.NotAPattern:
        return True
    return matches is None or matches(value)


def number_faults(value: float, node: Node, path: Path, *, minor: int) -> Iterator[Fault]:
    """Yield what is wrong with a number: its range, its bounds, its divisor."""
    ranges = minor >= _RANGES_SINCE
    kind = node.types[0] if len(node.types) == 1 else ""
    if ranges and not _in_range(value, kind, node.format):
        form = f" with format {node.format}" if node.format else " (default format)"
        yield Fault(path, Reason.INVALID, f"Invalid value: must be of type {kind}{form}")
    for bound, exclusive, least in (
        (node.minimum, node.exclusive_minimum, True),
        (node.maximum, node.exclusive_maximum, False),
    ):
        if bound is None:
            continue
        if ranges and not _in_range(bound, kind, node.format):
            name = "Minimum" if least else "Maximum"
            yield Fault(path, Reason.INVALID, f"Invalid value: {name} boundary value must be of type {kind}")
        limit = int(bound) if isinstance(value, int) else bound
        if (value == limit and exclusive) or (value < limit if least else value > limit):
            than = "greater than" if least else "less than"
            yield Fault(
                path,
                Reason.INVALID,
                f"Invalid value: should be {than}{'' if exclusive else ' or equal to'} {_go(bound)}",
            )
    if node.multiple_of is not None and not _is_multiple(value, node.multiple_of):
        yield Fault(path, Reason.INVALID, f"Invalid value: should be a multiple of {_go(node.multiple_of)}")


def _in_range(value: float, kind: str, form: str) -> bool:
    if kind == "integer":
        return float(value).is_integer() and int(value) in _BITS.get(form, _BITS["int64"])
    if form == "float":
        try:
            struct.pack("<f", value)
        except OverflowError:
            return False
    return True


def _is_multiple(value: float, factor: float) -> bool:
    if isinstance(value, int):
        whole = int(factor)
        return whole > 0 and value % whole == 0
    return factor > 0 and (value / factor if factor >= 1 else 1 / factor * value).is_integer()


def _go(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else str(number)


def enum_fault(value: Any, node: Node, path: Path) -> Fault | None:
    """Return the fault of a value that is none of those allowed."""
    if any(_same(value, allowed) for allowed in node.enum):
        return None
    words = ", ".join(json.dumps(each if isinstance(each, str) else json.dumps(each)) for each in node.enum)
    return Fault(path, Reason.UNSUPPORTED, f"Unsupported value: supported values: {words}")


def _same(value: Any, allowed: Any) -> bool:
    """Compare as Go does after a conversion to the type of what is allowed, which cuts fractions."""
    if value is None or allowed is None:
        return False
    if isinstance(value, float) and type_name(allowed) == "integer":
        return bool(int(value) == allowed)
    kinds = {type_name(value), type_name(allowed)}
    return (len(kinds) == 1 or kinds == {"integer", "number"}) and bool(value == allowed)


def size_faults(value: dict[str, Any] | list[Any], node: Node, path: Path) -> Iterator[Fault]:
    """Yield what is wrong with the number of items or properties."""
    size = len(value)
    items = isinstance(value, list)
    least, most = (node.min_items, node.max_items) if items else (node.min_properties, node.max_properties)
    things = "items" if items else "properties"
    if least is not None and size < least:
        yield Fault(path, Reason.TOO_FEW, f"Invalid value: should have at least {least} {things}")
    if most is not None and size > most:
        yield Fault(path, Reason.TOO_MANY, f"Too many: {size}: must have at most {most} items")
