"""Keywords in the schema of a definition that must not be there, or do not fit together.

Source: k8s.io/apiextensions-apiserver, package ``apis/apiextensions/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema import embedded
from kubernator.schema.fault import Fault, Reason
from kubernator.schema.shapes import children, mapping, missing_or_wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.sourcemap import Path
    from kubernator.schema.shapes import Schema

__all__ = ["keyword_faults"]

_TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
_POINTERS: Final = frozenset({"$ref", "additionalItems"})  # there even when they say nothing
_UNSUPPORTED: Final = ("id", "$schema", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_REASONS: Final = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
#: A step of a path in a rule: ``.name`` or ``['name']``.
_STEP: Final = re.compile(r"\.([^.\[\]']+)|\['((?:[^'\\]|\\.)*)'\]")


def keyword_faults(schema: Schema, path: Path, *, meta: bool, root: bool) -> Iterator[Fault]:
    """Yield keywords that must not be there or do not fit together."""
    yield from _forbidden(schema, path, meta=meta)
    yield from _list_faults(schema, path)
    yield from _map_type_faults(schema, path)
    yield from _rule_faults(schema, path)
    for child, place in children(schema, path):
        name = place[len(path) + 1] if place[len(path)] == "properties" else ""
        around = root or bool(schema.get("x-kubernetes-embedded-resource"))
        inside = meta or (around and name in embedded.META)
        if root and name in embedded.META:
            for where in _defaults(child, place):
                message = f"Forbidden: must not be set in top-level {name}"
                yield Fault(where, Reason.FORBIDDEN, message)
        yield from keyword_faults(child, place, meta=inside, root=False)


def _defaults(schema: Schema, path: Path) -> Iterator[Path]:
    if schema.get("default") is not None:
        yield (*path, "default")
    for child, place in children(schema, path):
        yield from _defaults(child, place)


def _forbidden(schema: Schema, path: Path, *, meta: bool) -> Iterator[Fault]:
    kind = schema.get("type")
    if kind == "null":
        message = "Forbidden: type cannot be set to null, use nullable as an alternative"
        yield Fault((*path, "type"), Reason.FORBIDDEN, message)
    if kind and kind not in _TYPES:
        names = ", ".join(f'"{name}"' for name in _TYPES)
        yield Fault((*path, "type"), Reason.UNSUPPORTED, f"Unsupported value: supported values: {names}")
    for keyword in _UNSUPPORTED:
        if schema.get(keyword) not in (None, "", {}, []) or (keyword in _POINTERS and schema.get(keyword) is not None):
            yield Fault((*path, keyword), Reason.FORBIDDEN, f"Forbidden: {keyword} is not supported")
    if isinstance(schema.get("items"), list):
        message = "Forbidden: items must be a schema object and not an array"
        yield Fault((*path, "items"), Reason.FORBIDDEN, message)
    if meta and schema.get("x-kubernetes-embedded-resource"):
        message = "Forbidden: must not be used inside of resource meta"
        yield Fault((*path, "x-kubernetes-embedded-resource"), Reason.FORBIDDEN, message)
    if schema.get("uniqueItems") is True:
        message = "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield Fault((*path, "uniqueItems"), Reason.FORBIDDEN, message)
    additional = schema.get("additionalProperties")
    if schema.get("properties") and additional is not None and additional is not True:
        message = "Forbidden: additionalProperties and properties are mutual exclusive"
        yield Fault((*path, "additionalProperties"), Reason.FORBIDDEN, message)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        message = "Invalid value: must be true or undefined"
        yield Fault((*path, "x-kubernetes-preserve-unknown-fields"), Reason.INVALID, message)


def _list_faults(schema: Schema, path: Path) -> Iterator[Fault]:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or []
    place = (*path, "x-kubernetes-list-type")
    if keys and kind != "map":
        yield missing_or_wrong(place, kind, "must be map if x-kubernetes-list-map-keys is non-empty")
    if kind is None:
        return
    if schema.get("type") != "array":
        yield missing_or_wrong(
            (*path, "type"), schema.get("type"), "must be array if x-kubernetes-list-type is specified"
        )
    if kind not in {"atomic", "set", "map"}:
        yield Fault(place, Reason.UNSUPPORTED, 'Unsupported value: supported values: "atomic", "map", "set"')
    items = schema.get("items")
    if isinstance(items, dict) and kind in {"set", "map"} and items.get("nullable"):
        message = f"Forbidden: cannot be nullable when x-kubernetes-list-type is {kind}"
        yield Fault((*path, "items", "nullable"), Reason.FORBIDDEN, message)
    if kind == "set" and schema.get("type") == "array":
        yield from _set_faults(mapping(items), (*path, "items"))
    if kind == "map":
        yield from _key_faults(schema, keys, path)


def _set_faults(items: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    message = "Invalid value: must be atomic as item of a list with x-kubernetes-list-type=set"
    if items.get("type") == "array" and items.get("x-kubernetes-list-type") not in {None, "atomic"}:
        yield Fault((*path, "x-kubernetes-list-type"), Reason.INVALID, message)
    if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
        yield Fault((*path, "x-kubernetes-map-type"), Reason.INVALID, message)


def _key_faults(schema: Schema, keys: list[str], path: Path) -> Iterator[Fault]:
    place, items = (*path, "x-kubernetes-list-map-keys"), schema.get("items")
    if not keys:
        yield Fault(place, Reason.REQUIRED, "Required value: must not be empty if x-kubernetes-list-type is map")
    if items is None:
        message = "Required value: must have a schema if x-kubernetes-list-type is map"
        yield Fault((*path, "items"), Reason.REQUIRED, message)
    if not isinstance(items, dict):
        return
    if items.get("type") != "object":
        message = "Invalid value: must be object if parent array's x-kubernetes-list-type is map"
        yield Fault((*path, "items", "type"), Reason.INVALID, message)
        return
    if len(set(keys)) < len(keys):
        yield Fault(place, Reason.INVALID, "Invalid value: must not contain duplicate entries")
    properties = mapping(items.get("properties"))
    for key in keys:
        if key not in properties:
            yield Fault(place, Reason.INVALID, "Invalid value: entries must all be names of item properties")
            continue
        needed = key in (items.get("required") or ())
        yield from _key_property_faults(properties[key], (*path, "items", "properties", key), needed=needed)


def _key_property_faults(schema: Schema, path: Path, *, needed: bool) -> Iterator[Fault]:
    if schema.get("type") in {"array", "object"}:
        message = "Invalid value: must be a scalar type if parent array's x-kubernetes-list-type is map"
        yield Fault((*path, "type"), Reason.INVALID, message)
    if not needed and schema.get("default") is None:
        message = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
        yield Fault((*path, "default"), Reason.REQUIRED, f"Required value: {message}")
    if schema.get("nullable"):
        message = "Forbidden: this property is in x-kubernetes-list-map-keys, so it cannot be nullable"
        yield Fault((*path, "nullable"), Reason.FORBIDDEN, message)


def _map_type_faults(schema: Schema, path: Path) -> Iterator[Fault]:
    kind = schema.get("x-kubernetes-map-type")
    if kind is None:
        return
    if schema.get("type") != "object":
        yield missing_or_wrong(
            (*path, "type"), schema.get("type"), "must be object if x-kubernetes-map-type is specified"
        )
    if kind not in {"atomic", "granular"}:
        message = 'Unsupported value: supported values: "atomic", "granular"'
        yield Fault((*path, "x-kubernetes-map-type"), Reason.UNSUPPORTED, message)


def _leads(text: str, schema: Schema) -> bool:
    """Say whether a path leads to a field of a schema; a map has all fields."""
    here: Any = schema
    at = 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None or not isinstance(here, dict):
            return False
        at = step.end()
        name = step[1] if step[1] is not None else re.sub(r"\\(.)", r"\1", step[2])
        here = here["properties"].get(name) if here.get("properties") else here.get("additionalProperties")
        if here is None:
            return False
    return True


def _rule_faults(schema: Schema, path: Path) -> Iterator[Fault]:
    """Yield what is wrong with rules apart from their expressions."""
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        place = (*path, "x-kubernetes-validations", index)
        text, message = str(rule.get("rule") or ""), str(rule.get("message") or "")
        if not text.strip():
            yield Fault((*place, "rule"), Reason.REQUIRED, "Required value: rule is not specified")
        elif message and not message.strip():
            yield Fault((*place, "message"), Reason.INVALID, "Invalid value: must be non-empty if specified")
        elif len(message.strip().splitlines()) > 1:
            yield Fault((*place, "message"), Reason.INVALID, "Invalid value: must not contain line breaks")
        elif len(text.strip().splitlines()) > 1 and not message.strip():
            why = "Required value: message must be specified if rule contains line breaks"
            yield Fault((*place, "message"), Reason.REQUIRED, why)
        if rule.get("messageExpression") and not str(rule["messageExpression"]).strip():
            why = "Required value: messageExpression must be non-empty if specified"
            yield Fault((*place, "messageExpression"), Reason.REQUIRED, why)
        field = rule.get("fieldPath")
        if isinstance(field, str) and field and not _leads(field, schema):
            yield Fault((*place, "fieldPath"), Reason.INVALID, "Invalid value: must be a valid path")
        if rule.get("reason") is not None and rule["reason"] not in _REASONS:
            names = ", ".join(f'"{name}"' for name in _REASONS)
            yield Fault((*place, "reason"), Reason.UNSUPPORTED, f"Unsupported value: supported values: {names}")
