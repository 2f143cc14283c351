"""Plans and reports to plain data and back, with a format and a seal.

The data is what JSON can hold. Decoding is directed by the types of the classes in `model`, so the data carries no
type names and a field that is added later with a default can be missing. The seal is a SHA-256 over the canonical JSON
of format and body: it tells an accident or an edit from what was written, it is no signature.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import json
import types
import typing
from collections.abc import Hashable, Mapping
from pathlib import PurePath, PurePosixPath
from typing import Any, Final, NewType, TypeVar

from kubernator import errors
from kubernator.model import change, gvk, origin, outcome, plan, ref, resource, sourcemap, status

__all__ = ["FORMATS", "decode", "encode", "seal", "unseal"]

#: What can be sealed, and the name of its present format.
FORMATS: Final[Mapping[type, str]] = {plan.Plan: "kubernator/plan/v1", outcome.ApplyReport: "kubernator/report/v1"}

#: Names that the modules of `model` import for the type checker only.
_NAMES: Final[Mapping[str, Any]] = {
    **{
        found.__name__: found
        for found in (
            change.Change,
            change.PluginChange,
            gvk.GroupVersionKind,
            origin.Origin,
            outcome.ApplyReport,
            outcome.Outcome,
            plan.Dependency,
            plan.Plan,
            ref.ResourceRef,
            resource.Resource,
            status.StatusResult,
            sourcemap.SourceMap,
            errors.KubernatorError,
            PurePath,
            Mapping,
        )
    },
    "Manifest": resource.Manifest,
    "PropagationPolicy": resource.PropagationPolicy,
    "Path": sourcemap.Path,
}

_Sealed = TypeVar("_Sealed")


def seal(value: Any) -> dict[str, Any]:
    """Return a plan or a report as sealed plain data: ``format``, ``body`` and ``seal``."""
    content = {"format": FORMATS[type(value)], "body": encode(value)}
    return {**content, "seal": _digest(content)}


def unseal(kind: type[_Sealed], data: Any) -> _Sealed:
    """Return the plan or report of sealed data.

    Raises `errors.PlanRefused` if it is of another format, or not what was sealed.
    """
    name = kind.__name__.lower()
    if not isinstance(data, dict) or data.get("format") != FORMATS[kind]:
        found = data.get("format") if isinstance(data, dict) else None
        raise errors.PlanRefused(
            f"this is no {name} that this version can read",
            detail=[("format", str(found)), ("known", FORMATS[kind])],
        )
    content = {"format": data["format"], "body": data.get("body")}
    if data.get("seal") != _digest(content):
        raise errors.PlanRefused(f"the {name} is not what was written", hint="make it again; do not edit it")
    result: _Sealed = decode(kind, content["body"])
    return result


def encode(value: Any) -> Any:  # noqa: PLR0911 - one return a kind of value
    """Return any value of `model` as plain data."""
    match value:
        case enum.Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case PurePath():
            return value.as_posix()
        case errors.KubernatorError():
            return {"title": value.title, "detail": encode(value.detail), "hint": value.hint}
        case tuple() if hasattr(value, "_fields"):
            return {name: encode(part) for name, part in value._asdict().items()}  # type: ignore[attr-defined]
        case list() | tuple():
            return [encode(item) for item in value]
        case Mapping():
            if all(isinstance(key, str) for key in value):
                return {str(key): encode(item) for key, item in value.items()}
            return [[encode(key), encode(item)] for key, item in value.items()]
        case _ if dataclasses.is_dataclass(value):
            return {found.name: encode(getattr(value, found.name)) for found in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be written")


def decode(kind: Any, data: Any) -> Any:  # noqa: PLR0911 - the same
    """Return the value of a type from its plain data."""
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    origin_type = typing.get_origin(kind)
    if origin_type in {typing.Union, types.UnionType}:
        return _union(typing.get_args(kind), data)
    if origin_type in {tuple, list}:
        return _sequence(kind, origin_type, data)
    if isinstance(origin_type, type) and issubclass(origin_type, Mapping):
        return _mapping(typing.get_args(kind), data)
    if not isinstance(kind, type) or data is None:
        return data
    if issubclass(kind, enum.Enum):
        return kind(data)
    if issubclass(kind, PurePath):
        return PurePosixPath(data)
    if issubclass(kind, errors.KubernatorError):
        detail = [(label, text) for label, text in data["detail"]]
        return errors.KubernatorError(data["title"], detail=detail, hint=data["hint"])
    if dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
        hints = _hints(typing.cast("Hashable", kind))
        return kind(**{name: decode(hints[name], part) for name, part in data.items() if name in hints})
    return data


def _union(kinds: tuple[Any, ...], data: Any) -> Any:
    """Return a value of ``X | None``; of a union of plain types, as it stands."""
    wanted = [kind for kind in kinds if kind is not type(None)]
    return decode(wanted[0], data) if data is not None and len(wanted) == 1 else data


def _sequence(kind: Any, container: Any, data: Any) -> Any:
    parts = typing.get_args(kind)
    if container is tuple and Ellipsis not in parts:
        return tuple(decode(part, item) for part, item in zip(parts, data, strict=True))
    return container(decode(parts[0], item) for item in data)


def _mapping(parts: tuple[Any, ...], data: Any) -> Any:
    key, item = parts
    pairs = data.items() if isinstance(data, dict) else data
    return {decode(key, found): decode(item, value) for found, value in pairs}


@functools.cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(kind, localns=dict(_NAMES))


def _digest(content: Any) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
