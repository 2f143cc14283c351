"""Which functions there are, for which types, and what they do.

Libraries are tables of signatures: ``list(A).indexOf(A) -> int`` is a method, ``size(string) -> int`` a function,
``sets.contains(list(A), list(A)) -> bool`` a function with a point in its name. They are read when first asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.cel import typesystem as types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.cel.typesystem import Type

__all__ = ["OPAQUE", "Overload", "Table", "overloads", "read_type"]

Table = "Mapping[str, Callable[..., Any]]"

#: Names of types of libraries in signatures -> as the API server calls them.
OPAQUE: Final = {
    "IP": types.opaque("net.IP"),
    "CIDR": types.opaque("net.CIDR"),
    "Quantity": types.Type("object", "kubernetes.Quantity"),
    "URL": types.Type("object", "kubernetes.URL"),
    "Semver": types.Type("object", "kubernetes.Semver"),
    "Format": types.Type("object", "kubernetes.NamedFormat"),
    "Authorizer": types.Type("object", "kubernetes.authorization.Authorizer"),
    "PathCheck": types.Type("object", "kubernetes.authorization.PathCheck"),
    "GroupCheck": types.Type("object", "kubernetes.authorization.GroupCheck"),
    "ResourceCheck": types.Type("object", "kubernetes.authorization.ResourceCheck"),
    "Decision": types.Type("object", "kubernetes.authorization.Decision"),
}
_PARTED: Final[Mapping[str, Callable[..., Type]]] = {
    "list": types.list_of,
    "map": types.map_of,
    "optional": types.optional_of,
    "type": types.type_of,
}
_SIGNATURE: Final = re.compile(r"(?P<name>.+?)\((?P<arguments>[^()]*(?:\([^)]*\)+[^()]*)*)\) -> (?P<result>.+)")
#: Functions that came later -> the minor version whose new rules may use them first.
_SINCE: Final = {
    **dict.fromkeys(("slice", "flatten", "sort", "@sortBy", "lists.range", "reverse", "distinct"), 35),
    "includes": 38,
    **dict.fromkeys(("semver", "isSemver", "major", "minor", "patch"), 34),
}


@dataclass(frozen=True, slots=True, eq=False)
class Overload:
    """A function for some types of arguments; that of a method is the first of ``parameters``.

    ``key`` is its signature. ``call`` takes the values. ``kinds`` are the names of the types of values that each
    argument may have, empty for any.
    """

    function: str
    key: str
    is_method: bool
    parameters: tuple[Type, ...]
    result: Type
    call: Callable[..., Any]
    kinds: tuple[str, ...]
    is_generic: bool


def read_type(text: str) -> Type:
    """Return the type that a signature writes; raise `KeyError` for what is none."""
    name, opening, rest = text.partition("(")
    if not opening:
        if len(name) == 1 and name.isupper():
            return types.parameter(name)
        return types.SCALARS.get(name) or OPAQUE[name]
    return _PARTED[name](*map(read_type, _separated(rest[:-1])))


def _separated(text: str) -> list[str]:
    """Split at commas outside of parentheses."""
    parts = [""]
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _head(signature: str) -> str:
    """Return what stands before the parentheses of the arguments."""
    call = signature.partition(" -> ")[0]
    depth = 0
    for place in range(len(call) - 1, -1, -1):
        depth += (call[place] == ")") - (call[place] == "(")
        if not depth:
            return call[:place]
    return call


def _named(signature: str) -> tuple[str, str]:
    """Return the receiver, empty for a function, and the name."""
    head = _head(signature)
    receiver, point, name = head.rpartition(".")
    if not point:
        return "", head
    try:
        read_type(receiver)
    except KeyError:
        return "", head
    return receiver, name


@lru_cache(maxsize=1)
def _tables() -> Mapping[str, list[tuple[str, str, Callable[..., Any]]]]:
    """Return signatures of all libraries by name, which costs little, as they are not read further."""
    from kubernator.schema.cel.library import TABLES  # noqa: PLC0415 - each library needs this module

    found: dict[str, list[tuple[str, str, Callable[..., Any]]]] = {}
    for table in TABLES:
        for signature, call in table.items():
            receiver, name = _named(signature)
            found.setdefault(name, []).append((receiver, signature, call))
    return found


@lru_cache(maxsize=512)
def overloads(function: str, minor: int) -> tuple[Overload, ...]:
    """Return what a function may be called with, in the order in which the API server tries; nothing if it is unknown.

    ``minor`` is the version of the server, ``37`` for 1.37: what is new in it can't be used in new rules yet.
    """
    if _SINCE.get(function, 0) > minor:
        return ()
    return tuple(_overload(function, *each) for each in _tables().get(function, ()))


def _overload(function: str, receiver: str, signature: str, call: Callable[..., Any]) -> Overload:
    before, _, result = signature.partition(" -> ")
    written = _separated(before[len(_head(signature)) + 1 : -1])
    if receiver:
        written.insert(0, receiver)
    parameters = tuple(map(read_type, written))
    return Overload(
        function=function,
        key=signature,
        is_method=bool(receiver),
        parameters=parameters,
        result=read_type(result),
        call=call,
        kinds=tuple("" if each.kind in {"parameter", "dyn"} else each.name for each in parameters),
        is_generic=any(_has_parameter(each) for each in parameters),
    )


def _has_parameter(kind: Type) -> bool:
    return kind.kind == "parameter" or any(map(_has_parameter, kind.parameters))
