"""Expressions of kinds whose types and functions are not all known here: only what is sure to be wrong is told.

Source: k8s.io/dynamic-resource-allocation, package ``cel``, and k8s.io/apiserver, package
``admission/plugin/policy/mutating``, of Kubernetes 1.34 to 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema.cel.failures import NotCompiled, Undecided
from kubernator.schema.cel.program import compiled
from kubernator.schema.cel.typesystem import DYN, STRING, Field, Type, map_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["of_device", "of_mutation"]

#: Types of values of which it is known for sure that nothing else was meant.
_SCALARS: Final = frozenset({"bool", "bytes", "double", "int", "string", "uint"})


class _Device(Type):
    """The type of ``device``. Whether it has ``allowMultipleAllocations`` depends on a feature gate."""

    __slots__ = ()

    fields: Mapping[str, Field] = {
        "allowMultipleAllocations": Field(DYN, "allowMultipleAllocations"),
        "attributes": Field(map_of(STRING, map_of(STRING, DYN)), "attributes"),
        "capacity": Field(map_of(STRING, map_of(STRING, DYN)), "capacity"),
        "driver": Field(STRING, "driver"),
    }


_OF_DEVICES: Final[Mapping[str, Type]] = {"device": _Device("object", "kubernetes.DRADevice")}
_OF_MUTATIONS: Final[Mapping[str, Type]] = dict.fromkeys(
    ("authorizer", "namespaceObject", "object", "oldObject", "params", "request", "variables"), DYN
)


def of_device(text: str, *, minor: int) -> str:
    """Return what is wrong with a selector of devices, which gives a bool; nothing where it may be right."""
    return _complaint(text, _OF_DEVICES, wanted="bool", minor=minor)


def of_mutation(text: str, *, wanted: str, minor: int) -> str:
    """Return what is wrong with the expression of a mutation; ``wanted`` is the type that it gives, for people."""
    return _complaint(text, _OF_MUTATIONS, wanted=wanted, minor=minor)


def _complaint(text: str, names: Mapping[str, Type], *, wanted: str, minor: int) -> str:
    try:
        kind = compiled(text, names, minor=minor).type.kind
    except NotCompiled as error:
        return f"compilation failed: {error}" if _is_sure(error, text) else ""
    except Undecided:
        return ""
    return f"must evaluate to {wanted}" if kind in _SCALARS and kind != wanted else ""


def _is_sure(error: NotCompiled, text: str) -> bool:
    """Say whether the server complains too: of functions and types it knows more, of syntax it does not."""
    plain = not any(sign in text for sign in "({")
    return error.message.startswith("Syntax error") or (plain and error.message.startswith("undeclared reference"))
