"""Values of CEL that Python has no type for, and what values of all types have in common.

Numbers, texts, lists and maps are Python's own: an ``int`` is CEL's int, a ``float`` its double.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.cel.failures import Failed, Undecided
from kubernator.schema.cel.times import Duration, Timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "CIDR",
    "IP",
    "NONE",
    "URL",
    "Format",
    "Keyed",
    "Lazy",
    "Maybe",
    "Quantity",
    "Record",
    "Semver",
    "TypeName",
    "UInt",
    "Unordered",
    "added_lists",
    "compared",
    "equal",
    "is_zero",
    "kind_of",
    "no_overload",
    "number_text",
    "within",
]

#: What no value may grow beyond in an evaluation here; the API server mostly stops by cost long before.
_LARGEST: Final = 20_000_000
#: Powers of ten from which Go writes an exponent.
_LARGE: Final = 6


class UInt(int):
    """An unsigned number."""

    __slots__ = ()


class TypeName(str):
    """The value that ``type(x)`` gives: the name of a type."""

    __slots__ = ()


class Record(dict[str, Any]):
    """The value of an object with declared fields, by the names that expressions use."""

    __slots__ = ()


class Lazy(dict[str, Any]):
    """Values by name that are made when they are first asked for."""

    __slots__ = ("_make",)

    def __init__(self, make: Mapping[str, Callable[[], Any]]) -> None:
        super().__init__()
        self._make = make

    def __contains__(self, key: object) -> bool:
        return key in self._make

    def __getitem__(self, key: str) -> Any:
        if not super().__contains__(key):
            self[key] = self._make[key]()
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or the default for a name that there is not."""
        return self[key] if key in self else default  # noqa: SIM401 - it is this method


class Unordered(list[Any]):
    """A list of the type ``set``: its order does not matter to equality, and adding leaves out what is there."""

    __slots__ = ()


class Keyed(list[Any]):
    """A list of the type ``map``: equal by keys, and adding replaces what has the same keys."""

    __slots__ = ("keys",)

    def __init__(self, items: Sequence[Any], keys: tuple[str, ...]) -> None:
        super().__init__(items)
        self.keys = keys

    def by_key(self, items: Sequence[Any]) -> dict[Any, Any]:
        """Return items by the values of the keys."""
        return {self.key(item): item for item in items}

    def key(self, item: Any) -> tuple[Any, ...]:
        """Return the values of the keys of an item."""
        if not isinstance(item, dict):
            raise Failed("unexpected data format for element of array with x-kubernetes-list-type=map")
        return tuple(item.get(name) for name in self.keys)


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value that may be missing."""

    values: tuple[Any, ...] = ()


NONE: Final = Maybe()


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount, as in ``500m``."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class IP:
    """An address of the Internet Protocol."""

    address: Any


@dataclass(frozen=True, slots=True)
class CIDR:
    """An address and how many bits of it are those of the network."""

    address: Any
    bits: int


@dataclass(frozen=True, slots=True)
class URL:
    """A URL in its parts, as Go's ``net/url`` has them."""

    text: str
    scheme: str
    host: str
    path: str
    query: str


@dataclass(frozen=True, slots=True)
class Semver:
    """A version; ``order`` compares as its precedence does."""

    major: int
    minor: int
    patch: int
    order: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """A named form of texts."""

    name: str


_KINDS: Final[dict[type, str]] = {
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null_type",
    list: "list",
    Unordered: "list",
    Keyed: "list",
    tuple: "list",
    dict: "map",
    Record: "map",
    Lazy: "map",
    Duration: "google.protobuf.Duration",
    Timestamp: "google.protobuf.Timestamp",
    TypeName: "type",
    Maybe: "optional_type",
    Quantity: "kubernetes.Quantity",
    IP: "net.IP",
    CIDR: "net.CIDR",
    URL: "kubernetes.URL",
    Semver: "kubernetes.Semver",
    Format: "kubernetes.NamedFormat",
}


def kind_of(value: Any) -> str:
    """Return the name of the type of a value."""
    found = _KINDS.get(type(value))
    if found is None:  # classes of their own that YAML is read into
        found = next((name for kind, name in _KINDS.items() if isinstance(value, kind)), "dyn")
    return found


def no_overload(*_: Any) -> Failed:
    """Return the error of an operator or function that has nothing for such values."""
    return Failed("no such overload")


_NUMBERS: Final = frozenset({"int", "uint", "double"})


def equal(one: Any, other: Any) -> bool:
    """Say whether two values are equal, as ``==`` has it: numbers across types, lists and maps by their parts."""
    kind, same = kind_of(one), kind_of(other)
    if kind != same:
        return kind in _NUMBERS and same in _NUMBERS and one == other
    if kind == "list":
        return len(one) == len(other) and _equal_lists(one, other)
    if kind == "map":
        # keys 1, 1u and 1.0 are one key to Python too
        return len(one) == len(other) and all(key in other and equal(each, other[key]) for key, each in one.items())
    if kind == "optional_type":
        return len(one.values) == len(other.values) and all(map(equal, one.values, other.values))
    return bool(one == other)


def _equal_lists(one: Sequence[Any], other: Sequence[Any]) -> bool:
    if isinstance(one, Unordered):
        return all(any(equal(item, each) for each in other) for item in one)
    if isinstance(one, Keyed):
        return _equal_keyed(one, other)
    return all(map(equal, one, other))


def _equal_keyed(one: Keyed, other: Sequence[Any]) -> bool:
    mine, others = one.by_key(one), one.by_key(other)
    return mine.keys() == others.keys() and all(equal(item, others[key]) for key, item in mine.items())


def compared(one: Any, other: Any) -> int:
    """Return -1, 0 or 1 for values of types that have an order; raise `Failed` for others."""
    kind, same = kind_of(one), kind_of(other)
    if (kind != same and not (kind in _NUMBERS and same in _NUMBERS)) or kind not in _ORDERED:
        raise no_overload()
    if one != one or other != other:  # noqa: PLR0124 - what is not a number is not itself
        raise Failed("NaN values cannot be ordered")
    return -1 if one < other else int(one > other)


_ORDERED: Final = frozenset(
    {*_NUMBERS, "bool", "string", "bytes", "google.protobuf.Duration", "google.protobuf.Timestamp"}
)


def added_lists(one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
    """Return two lists as one, as their type has it."""
    within(len(one) + len(other))
    if isinstance(one, Unordered):
        return [*one, *(item for item in other if not any(equal(item, each) for each in one))]
    if isinstance(one, Keyed):
        others = one.by_key(other)
        replaced = [others.pop(one.key(item), item) for item in one]
        return [*replaced, *others.values()]
    return [*one, *other]


def is_zero(value: Any) -> bool:
    """Say whether a value is the zero of its type, as ``optional.ofNonZeroValue`` has it."""
    match kind_of(value):
        case "optional_type":
            return not value.values
        case "google.protobuf.Duration":
            return bool(value.nanoseconds == 0)
        case "google.protobuf.Timestamp":
            return str(value) == "0001-01-01T00:00:00Z"
        case "null_type" | "bool" | "int" | "uint" | "double" | "string" | "bytes" | "list" | "map":
            return not value
        case _:
            return False


def within(size: int) -> None:
    """Raise `Undecided` for the size of a value that is not made here."""
    if size > _LARGEST:
        raise Undecided("a value that is too large to be made here")


def number_text(value: float) -> str:
    """Return a double as Go writes it by ``%g``: the shortest that reads the same, exponents of two digits."""
    if value != value:  # noqa: PLR0124 - what is not a number is not itself
        return "NaN"
    if value in {float("inf"), float("-inf")}:
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - as it is of all finite numbers
    power = len(digits) - 1 + exponent if value else 0
    minus = "-" if sign else ""
    if -5 < power < _LARGE:  # noqa: PLR2004 - Go's %g of the shortest digits
        return f"{minus}{Decimal((0, digits, exponent)):f}" if value else f"{minus}0"
    mantissa = str(digits[0]) + ("." + "".join(map(str, digits[1:])) if len(digits) > 1 else "")
    return f"{minus}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
