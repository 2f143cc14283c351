"""What functions cost, as the API server estimates it.

Source: ``ext`` of cel-go 0.29, ``cel/library/cost.go`` of k8s.io/apiserver 0.37.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kubernator.schema.cel.sizes import ANY, LIST_COST, UNKNOWN, Size, capped, plus, scaled, times, united
from kubernator.schema.cel.syntax import Call, Expression, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.schema.cel.cost import Estimate
    from kubernator.schema.cel.functions import Overload

__all__ = ["FUNCTIONS"]

_CHECK: Final = 350_000
_NAME_PATTERN: Final = 128
_TEXT: Final = 0.1
_PATTERN: Final = 0.25

_Found = tuple[int, "Size | None"] | None


def _fixed(_: Estimate, __: Call, ___: Overload) -> _Found:
    return 1, None


def _first(part: Call) -> Expression:
    return part.target if part.target is not None else part.arguments[0]


def _walks(factor: float = _TEXT, *, sized: bool = False) -> Callable[[Estimate, Call, Overload], _Found]:
    """Return the cost of going through a text once, with a result as large as it or of unknown size."""

    def found(estimate: Estimate, part: Call, _: Overload) -> _Found:
        size = estimate.sized(_first(part))
        return scaled(size.most, factor), size if sized else None

    return found


def _compares(estimate: Estimate, part: Call, overload: Overload) -> _Found:
    """Return the cost of comparing texts or anything by ``==``: that of the shorter one."""
    if overload.function not in {"_==_", "_!=_"} and overload.kinds not in {("string",) * 2, ("bytes",) * 2}:
        return 1, None
    one, other = part.arguments
    if overload.function == "_==_" and one.type == other.type and one.type.name in _UNITS:
        factor = _UNITS[one.type.name]
        return scaled(factor, _TEXT) if factor > 1 else 1, None
    return scaled(min(estimate.sized(one).most, estimate.sized(other).most), _TEXT), None


#: Types of which equality costs 1, or as much as going through so many letters.
_UNITS: Final = {
    **dict.fromkeys(("net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver"), 1),
    "kubernetes.NamedFormat": 64,
    "kubernetes.URL": 10,
}


def _adds(estimate: Estimate, part: Call, overload: Overload) -> _Found:
    if overload.kinds[0] not in {"string", "bytes", "list"}:
        return 1, None
    one, other = part.arguments
    size = plus(estimate.sized(one), estimate.sized(other))
    if (entry := united(estimate.entry(one), estimate.entry(other))) is not None:
        estimate.entries[id(part)] = entry
    return 1 if overload.kinds[0] == "list" else scaled(size.most, _TEXT), size


def _contains(estimate: Estimate, part: Call, _: Overload) -> _Found:
    text, sought = scaled(estimate.sized(_first(part)).most, _TEXT), estimate.sized(part.arguments[-1]).most
    return capped(text * scaled(sought, _TEXT)), None


def _ends(estimate: Estimate, part: Call, _: Overload) -> _Found:
    return scaled(estimate.sized(part.arguments[0]).most, _TEXT), None


def _matches(estimate: Estimate, part: Call, _: Overload) -> _Found:
    text, pattern = (part.target, part.arguments[0]) if part.target is not None else part.arguments
    size = estimate.sized(text)
    cost = scaled(capped(size.most + 1), _TEXT) * scaled(estimate.sized(pattern).most, _PATTERN)
    return capped(cost), Size(0, size.most) if part.function != "matches" else None


def _in(estimate: Estimate, part: Call, overload: Overload) -> _Found:
    return (estimate.sized(part.arguments[1]).most, None) if overload.kinds[1] == "list" else (1, None)


def _converts(estimate: Estimate, part: Call, overload: Overload) -> _Found:
    if (overload.function, overload.kinds[0]) not in {("bytes", "string"), ("string", "bytes")}:
        return 1, None
    size = estimate.sized(part.arguments[0])
    found = Size(size.least, size.most * 4) if overload.function == "bytes" else Size(size.least // 4, size.most)
    return scaled(size.most, _TEXT), Size(*map(capped, found))


def _quotes(estimate: Estimate, part: Call, _: Overload) -> _Found:
    size = estimate.sized(part.arguments[0])
    return scaled(size.most, _TEXT), Size(capped(size.least + 2), capped(size.most * 2 + 2))


def _elements(estimate: Estimate, part: Call, overload: Overload) -> _Found:
    """Return the cost of looking at all elements of a list, or of a text."""
    target = part.target
    if target is None:
        return None
    count = estimate.sized(target).most
    if not target.type.parameters and overload.function != "includes":
        return scaled(count, _TEXT), None
    each = 1
    if target.type.parameters and target.type.parameters[0].kind in {"string", "bytes"}:
        each = capped(1 + scaled(_element(estimate, target).most, _TEXT))
    return capped(count * each), None


def _element(estimate: Estimate, of: Expression) -> Size:
    """Return the size of the elements of a list, which only its schema tells."""
    path = estimate.path(of)
    return (None if path is None else estimate.declared((*path, "@items"))) or ANY


def _replaces(estimate: Estimate, part: Call, _: Overload) -> _Found:
    size = estimate.sized(_first(part))
    old, new = (estimate.sized(each) for each in part.arguments[:2])
    kept = Size(0, 0)
    if old.least == 0:
        count, kept = capped(size.most + 1), Size(0, size.most)
    elif new.most <= old.least:
        count, kept = 0, Size(0, size.most)
    else:
        count = math.ceil(float(size.most) / float(old.least))
    if old.most == 0:
        least, kept = capped(size.least + 1), Size(size.least, kept.most)
    elif old.most <= new.least:
        least, kept = 0, Size(size.least, kept.most)
    else:
        least = math.ceil(float(size.least) / float(old.most))
    return scaled(size.most, 2 * _TEXT), plus(times(Size(least, capped(count)), new), kept)


def _splits(estimate: Estimate, part: Call, _: Overload) -> _Found:
    size = estimate.sized(_first(part))
    most = size.most
    if len(part.arguments) > 1 and isinstance(part.arguments[1], Literal):
        most = part.arguments[1].value % 2**64
    return scaled(size.most, 2 * _TEXT), Size(0, most)


def _joins(estimate: Estimate, part: Call, _: Overload) -> _Found:
    target = _first(part)
    count = estimate.sized(target)
    size = times(count, _element(estimate, target)) if target.type.parameters else Size(0, 0)
    if part.arguments:
        between = Size(max(count.least - 1, 0), max(count.most - 1, 0))
        size = plus(size, times(estimate.sized(part.arguments[0]), between))
    return scaled(size.most, _TEXT), size


def _ip(estimate: Estimate, part: Call, overload: Overload) -> _Found:
    if overload.is_method:
        return 1, None
    return scaled(estimate.sized(part.arguments[0]).most, _TEXT), None


def _contains_ip(estimate: Estimate, part: Call, overload: Overload) -> _Found:
    cost = scaled(32, _TEXT)
    if overload.function == "containsCIDR":
        cost += scaled(16, _TEXT) + 1
    if overload.kinds[1] == "string":
        cost += scaled(estimate.sized(part.arguments[0]).most, _TEXT)
    return capped(cost), None


def _validates(estimate: Estimate, part: Call, _: Overload) -> _Found:
    text = scaled(estimate.sized(part.arguments[0]).most, _TEXT)
    return scaled(text, _NAME_PATTERN * _PATTERN), None


def _makes(size: Size, factor: float = 1) -> _Found:
    """Return the cost of making a list."""
    return capped(scaled(size.most, factor) + 1 + LIST_COST), size


def _number(part: Expression, otherwise: int) -> int:
    if isinstance(part, Literal) and part.kind == "int":
        return max(int(part.value), 0)
    return otherwise


def _slices(estimate: Estimate, part: Call, _: Overload) -> _Found:
    size = estimate.sized(_first(part))
    count = (_number(part.arguments[1], size.most) - _number(part.arguments[0], 0)) % 2**64
    return _makes(Size(count, count))


def _ranges(_: Estimate, part: Call, __: Overload) -> _Found:
    count = _number(part.arguments[0], UNKNOWN)
    return _makes(Size(count, count))


def _flattens(estimate: Estimate, part: Call, _: Overload) -> _Found:
    depth = _number(part.arguments[0], UNKNOWN) if part.arguments else 1
    return _makes(estimate.sized(_first(part)), float(depth))


def _reverses(estimate: Estimate, part: Call, _: Overload) -> _Found:
    return _makes(estimate.sized(_first(part)))


def _squares(estimate: Estimate, part: Call, overload: Overload) -> _Found:
    size = estimate.sized(_first(part))
    texts = overload.function == "sort" and overload.parameters[0].parameters[0].kind in {"string", "bytes"}
    return _makes(times(size, size), 2.1 if texts else 2.0)


def _sets(factor: float) -> Callable[[Estimate, Call, Overload], _Found]:
    def found(estimate: Estimate, part: Call, _: Overload) -> _Found:
        one, other = (estimate.sized(each) for each in part.arguments)
        return capped(scaled(times(one, other).most, factor) + 1), None

    return found


def _selector(estimate: Estimate, part: Call, _: Overload) -> _Found:
    length = estimate.sized(part.arguments[0]).most
    return capped(LIST_COST + scaled(length, _TEXT) + scaled(scaled(length, 0.5), 50.0)), None


FUNCTIONS: Final[dict[str, Callable[[Estimate, Call, Overload], _Found]]] = {
    **dict.fromkeys(("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"), _compares),
    "_+_": _adds,
    "contains": _contains,
    **dict.fromkeys(("startsWith", "endsWith"), _ends),
    **dict.fromkeys(("matches", "find", "findAll"), _matches),
    "@in": _in,
    **dict.fromkeys(("bytes", "string"), _converts),
    "strings.quote": _quotes,
    "format": _walks(),
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "includes"), _elements),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim"), _walks(sized=True)),
    "replace": _replaces,
    "split": _splits,
    "join": _joins,
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"), _walks()),
    "ip": _ip,
    "ip.isCanonical": _walks(2 * _TEXT),
    **dict.fromkeys(("containsIP", "containsCIDR"), _contains_ip),
    "validate": _validates,
    "check": lambda *_: (_CHECK, None),
    **dict.fromkeys(("fieldSelector", "labelSelector"), _selector),
    "slice": _slices,
    "lists.range": _ranges,
    "flatten": _flattens,
    "reverse": _reverses,
    **dict.fromkeys(("distinct", "sort"), _squares),
    **dict.fromkeys(("sets.contains", "sets.intersects"), _sets(1.0)),
    "sets.equivalent": _sets(2.0),
    # what is known of these is known of all others
    "size": _fixed,
}
