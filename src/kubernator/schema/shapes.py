"""Schemas of definitions as written: what is below one, and whether it can be read at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.fault import Fault, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.sourcemap import Path

__all__ = ["JUNCTORS", "MISSHAPEN", "Schema", "children", "keeps", "mapping", "missing_or_wrong", "shape_faults"]

Schema = dict[str, Any]

#: Keyword -> the class its value has, where another one would make the schema unreadable.
_SHAPES: Final[dict[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(("type", "format", "pattern", "x-kubernetes-list-type", "x-kubernetes-map-type"), str),
    **dict.fromkeys(("properties", "not"), dict),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "enum", "required", "x-kubernetes-list-map-keys"), list),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), (int, float)),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), (int, float)),
    **dict.fromkeys(("additionalProperties",), (dict, bool)),
    "items": (dict, list),
    "x-kubernetes-validations": list,
}
#: Keyword of a list -> the class of its items.
_ITEMS: Final = {"required": str, "x-kubernetes-list-map-keys": str, "x-kubernetes-validations": dict}
JUNCTORS: Final = ("allOf", "anyOf", "oneOf")
MISSHAPEN: Final = "Invalid value: not a schema"


def shape_faults(schema: object, path: Path) -> Iterator[Fault]:
    """Yield keywords whose values are of another type than any schema has, so that nothing could be made of it."""
    if not isinstance(schema, dict):
        yield Fault(path, Reason.TYPE, MISSHAPEN)
        return
    for keyword, kind in _SHAPES.items():
        value: Any = schema.get(keyword)
        if value is None:
            continue
        if not isinstance(value, kind) or (isinstance(value, bool) and keyword != "additionalProperties"):
            yield Fault((*path, keyword), Reason.TYPE, MISSHAPEN)
        for index, each in enumerate(value if keyword in _ITEMS and isinstance(value, list) else ()):
            if not isinstance(each, _ITEMS[keyword]):
                yield Fault((*path, keyword, index), Reason.TYPE, MISSHAPEN)
    for child, place in children(schema, path):
        yield from shape_faults(child, place)


def children(schema: Schema, path: Path) -> Iterator[tuple[Any, Path]]:
    """Yield all schemas right below one, and where they are."""
    for name, child in mapping(schema.get("properties")).items():
        yield child, (*path, "properties", name)
    for keyword in ("items", "additionalProperties", "not"):
        child = schema.get(keyword)
        if isinstance(child, dict):
            yield child, (*path, keyword)
    for keyword in JUNCTORS:
        children = schema.get(keyword)
        for index, child in enumerate(children if isinstance(children, list) else ()):
            yield child, (*path, keyword, index)


def mapping(value: object) -> Mapping[str, Any]:
    """Return a map, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def missing_or_wrong(place: Path, found: object, message: str) -> Fault:
    """Return the fault of a keyword that is not there or says something else."""
    if found:
        return Fault(place, Reason.INVALID, f"Invalid value: {message}")
    return Fault(place, Reason.REQUIRED, f"Required value: {message}")


def keeps(schema: Schema) -> bool:
    """Say whether unknown fields are kept."""
    return schema.get("x-kubernetes-preserve-unknown-fields") is True
