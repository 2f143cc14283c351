"""Reading manifests that nobody has checked: what is not of the expected type is as if it were not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator.model.ref import ResourceRef
from kubernator.model.reference import Reference, Strength

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.resource import Resource
    from kubernator.model.sourcemap import Path

__all__ = ["at", "group_of", "items", "mapping", "refer", "selects"]


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a value that is a map, else an empty one."""
    return value if isinstance(value, dict) else {}


def at(value: Any, *path: str | int) -> Any:
    """Return what stands at a path, None where something on the way is not there."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def items(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the maps of a list with their positions."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            if isinstance(item, dict):
                yield position, item


def group_of(api_version: Any) -> str:
    """Return the group of an ``apiVersion``; empty for the core group and for what is no text."""
    return api_version.rpartition("/")[0] if isinstance(api_version, str) else ""


def refer(
    resource: Resource,
    path: Path,
    verb: str,
    kind: str,
    *,
    group: str = "",
    namespace: str | None = None,
    name: Any = None,
    strength: Strength = Strength.USUAL,
    optional: bool = False,
) -> Iterator[Reference]:
    """Yield the reference of a resource to an object by name; nothing where there is no name.

    The name is what stands at ``path`` unless given. ``namespace`` is that of the resource unless given, and empty for
    targets that have none.
    """
    found = at(resource.manifest, *path) if name is None else name
    if isinstance(found, str) and found:
        space = resource.ref.namespace if namespace is None else namespace
        target = ResourceRef(group, kind, space, found)
        yield Reference(resource.ref, target, f"{verb} {kind} `{found}`", path, strength, optional)


def selects(selector: Any, labels: Mapping[str, Any]) -> bool:
    """Return whether a label selector selects labels, by ``matchLabels`` and ``matchExpressions``; {} selects all."""
    wanted = mapping(mapping(selector).get("matchLabels"))
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(expression, labels) for _, expression in items(mapping(selector).get("matchExpressions")))


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = expression.get("key"), expression.get("values")
    label = labels.get(key) if isinstance(key, str) else None
    listed = isinstance(values, list) and label in values
    match expression.get("operator"):
        case "In":
            return label is not None and listed
        case "NotIn":
            return not listed
        case "Exists":
            return label is not None
        case "DoesNotExist":
            return label is None
        case _:
            return False
