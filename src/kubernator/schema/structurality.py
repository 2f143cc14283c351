"""What is wrong with the schema of a definition, by which the API server refuses to take the definition.

A schema must be *structural*: every field has one type, said in one place, and what ``allOf`` and its kin add only
narrows down. Source: k8s.io/apiextensions-apiserver, packages ``apiserver/schema`` and
``apis/apiextensions/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import regexp
from kubernator.schema.fault import Fault, Reason
from kubernator.schema.keywords import keyword_faults
from kubernator.schema.shapes import JUNCTORS, keeps, mapping, missing_or_wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.sourcemap import Path
    from kubernator.schema.shapes import Schema

__all__ = ["schema_faults"]

#: What a schema inside of ``allOf`` and its kin must not say -> how the server says it.
_NESTED: Final = {
    "type": "must be empty to be structural",
    "additionalProperties": "must be undefined to be structural",
    "default": "must be undefined to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "nullable": "must be false to be structural",
    "x-kubernetes-preserve-unknown-fields": "must be false to be structural",
    "x-kubernetes-embedded-resource": "must be false to be structural",
    "x-kubernetes-int-or-string": "must be false to be structural",
    "x-kubernetes-list-map-keys": "must be empty to be structural",
    "x-kubernetes-list-type": "must be undefined to be structural",
    "x-kubernetes-map-type": "must be undefined to be structural",
    "x-kubernetes-validations": "must be empty to be structural",
}
_INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]
_ONLY_NAMES: Final = (
    "Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified"
)


def schema_faults(schema: Schema, path: Path) -> Iterator[Fault]:
    """Yield what is wrong with the schema of a whole object, which must be of the right shape."""
    if schema.get("nullable"):
        yield Fault((*path, "nullable"), Reason.FORBIDDEN, "Forbidden: nullable cannot be true at the root")
    yield from _structure(schema, path, level="root")
    yield from _complete(schema, schema, path, path)
    yield from keyword_faults(schema, path, meta=False, root=True)


def _structure(schema: Schema, path: Path, *, level: str) -> Iterator[Fault]:
    """Yield where a schema is not structural (``validateStructuralInvariants``)."""
    kind = schema.get("type") or ""
    yield from _type_faults(schema, kind, path, level=level)
    items, additional = schema.get("items"), schema.get("additionalProperties")
    if kind == "array" and items is None:
        yield Fault((*path, "items"), Reason.REQUIRED, "Required value: must be specified")
    if isinstance(items, dict):
        yield from _structure(items, (*path, "items"), level="item")
    for name, child in mapping(schema.get("properties")).items():
        yield from _structure(child, (*path, "properties", name), level="field")
    if additional is not None and level == "root":
        message = "Forbidden: must not be used at the root"
        yield Fault((*path, "additionalProperties"), Reason.FORBIDDEN, message)
    if isinstance(additional, dict):
        yield from _structure(additional, (*path, "additionalProperties"), level="field")
    yield from _validation(schema, path)
    yield from _extension_faults(schema, path)
    yield from _meta_faults(schema, path, level=level)


def _type_faults(schema: Schema, kind: str, path: Path, *, level: str) -> Iterator[Fault]:
    place = (*path, "type")
    if schema.get("x-kubernetes-embedded-resource"):
        if kind != "object":
            message = "must be object if x-kubernetes-embedded-resource is true"
            yield missing_or_wrong(place, kind, message)
    elif not kind and not schema.get("x-kubernetes-int-or-string") and not keeps(schema):
        where = {"root": "at the root", "item": "for specified array items", "field": "for specified object fields"}
        yield Fault(place, Reason.REQUIRED, f"Required value: must not be empty {where[level]}")
    if level == "root" and kind and kind != "object":
        yield Fault(place, Reason.INVALID, "Invalid value: must be object at the root")


def _extension_faults(schema: Schema, path: Path) -> Iterator[Fault]:
    for keyword in ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"):
        if schema.get("x-kubernetes-int-or-string") and schema.get(keyword):
            message = "Invalid value: must be false if x-kubernetes-int-or-string is true"
            yield Fault((*path, keyword), Reason.INVALID, message)
    if not schema.get("x-kubernetes-embedded-resource"):
        return
    if schema.get("additionalProperties") is not None:
        message = "Forbidden: must not be used if x-kubernetes-embedded-resource is set"
        yield Fault((*path, "additionalProperties"), Reason.FORBIDDEN, message)
    if not keeps(schema) and not schema.get("properties"):
        message = (
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        )
        yield Fault((*path, "properties"), Reason.REQUIRED, f"Required value: {message}")


def _meta_faults(schema: Schema, path: Path, *, level: str) -> Iterator[Fault]:
    """Yield what is said of ``metadata`` and its neighbours beyond what may be."""
    if level != "root" and not schema.get("x-kubernetes-embedded-resource"):
        return
    properties = mapping(schema.get("properties"))
    for name, kind in (("kind", "string"), ("apiVersion", "string"), ("metadata", "object")):
        if name in properties and mapping(properties[name]).get("type") != kind:
            place = (*path, "properties", name, "type")
            yield Fault(place, Reason.INVALID, f"Invalid value: must be {kind}")
    if level == "root" and "metadata" in properties:
        metadata = properties["metadata"]
        said = {
            key
            for key, value in metadata.items()
            if value not in (None, {}, [], "", False) and key not in {"type", "default"}
        }
        if not said <= {"properties"} or not set(mapping(metadata.get("properties"))) <= {"name", "generateName"}:
            message = _ONLY_NAMES
            yield Fault((*path, "properties", "metadata"), Reason.FORBIDDEN, message)


def _validation(schema: Schema, path: Path) -> Iterator[Fault]:
    """Yield what is wrong below ``allOf`` and its kin, and with the pattern (``validateValueValidation``)."""
    every = schema.get("allOf") or []
    plain = schema.get("anyOf") == _INT_OR_STRING
    first = bool(every) and every[0].get("anyOf") == _INT_OR_STRING
    for index, child in enumerate(() if plain else schema.get("anyOf") or ()):
        yield from _nested(child, (*path, "anyOf", index))
    for index, child in enumerate(every):
        place = (*path, "allOf", index)
        yield from _nested(
            {key: value for key, value in child.items() if key != "anyOf"} if first and not index else child, place
        )
    for index, child in enumerate(schema.get("oneOf") or ()):
        yield from _nested(child, (*path, "oneOf", index))
    if isinstance(schema.get("not"), dict):
        yield from _nested(schema["not"], (*path, "not"))
    if pattern := schema.get("pattern"):
        try:
            regexp.translated(pattern)
        except regexp.NotAPattern as error:
            message = f"Invalid value: must be a valid regular expression, but isn't: {error}"
            yield Fault((*path, "pattern"), Reason.INVALID, message)


def _nested(schema: Schema, path: Path) -> Iterator[Fault]:
    yield from _validation(schema, path)
    if isinstance(schema.get("items"), dict):
        yield from _nested(schema["items"], (*path, "items"))
    for name, child in mapping(schema.get("properties")).items():
        place = (*path, "properties", name)
        yield from _nested(child, place)
        if name == "metadata":
            yield Fault(place, Reason.FORBIDDEN, "Forbidden: must not be specified in a nested context")
    for keyword, message in _NESTED.items():
        if schema.get(keyword) or (keyword == "default" and schema.get(keyword) is not None):
            yield Fault((*path, keyword), Reason.FORBIDDEN, f"Forbidden: {message}")


def _complete(schema: Schema, whole: Schema | None, path: Path, place: Path) -> Iterator[Fault]:
    """Yield fields that a nested schema narrows down and the schema around it does not have."""
    nested = [
        (child, (*path, keyword, index))
        for keyword in JUNCTORS
        for index, child in enumerate(schema.get(keyword) or ())
    ]
    if isinstance(schema.get("not"), dict):
        nested.append((schema["not"], (*path, "not")))
    for child, where in nested:
        yield from _complete_nested(child, whole, where, place)


def _complete_nested(schema: Schema, whole: Schema | None, path: Path, place: Path) -> Iterator[Fault]:
    if whole is None:
        yield Fault(place, Reason.REQUIRED, f"Required value: because it is defined in {_said(path)}")
        return
    yield from _complete(schema, whole, path, place)
    if isinstance(schema.get("items"), dict):
        items = whole.get("items")
        yield from _complete_nested(
            schema["items"], items if isinstance(items, dict) else None, (*path, "items"), (*place, "items")
        )
    known = mapping(whole.get("properties"))
    for name, child in mapping(schema.get("properties")).items():
        where = ("properties", name)
        yield from _complete_nested(child, known.get(name), (*path, *where), (*place, *where))


def _said(path: Path) -> str:
    text = ""
    for before, step in zip(("", *path), path, strict=False):
        text += f"[{step}]" if isinstance(step, int) or before == "properties" else f".{step}" if text else step
    return text
