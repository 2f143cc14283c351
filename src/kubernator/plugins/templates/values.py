"""The values of a template: defaults below what is given, checked with the schema of the definition."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from kubernator.load import filters, jsonschema, template
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.plugins.templates.entries import CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.load.jsonschema import Schema
    from kubernator.model.origin import Origin
    from kubernator.model.sourcemap import Path
    from kubernator.plugins.templates.entries import Definition

__all__ = ["check_defaults", "check_values", "merged", "schema_of"]


def merged(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults with what is given over them, key by key; a copy that the template may change."""
    return copy.deepcopy({**defaults, **given})


def schema_of(definition: Definition, problems: list[Diagnostic]) -> Schema | None:
    """Return the schema of a definition, if it has one that is right."""
    if definition.schema is None:
        return None
    try:
        return jsonschema.Schema(definition.schema)
    except jsonschema.NotASchema as error:
        problems.append(
            _found(
                f"the schema of template `{definition.name}` is no JSON Schema: {error}",
                definition.place("schema", *error.path),
            )
        )
        return None


def check_defaults(definition: Definition, schema: Schema) -> list[Diagnostic]:
    """Return what no application can make right: defaults of a wrong type and the like, but not what is missing."""
    return [
        _violation(definition, violation, definition.place("defaults", *violation.path))
        for violation in _violations(schema, definition.defaults)
        if violation.keyword != "required" and violation.path
    ]


def check_values(
    definition: Definition, schema: Schema, given: Mapping[str, Any], place: Callable[[Path], Origin]
) -> list[Diagnostic]:
    """Return all that is wrong with the values of an application; ``place`` says where a given one is written."""
    everything = merged(definition.defaults, given)
    try:
        plain = json.loads(filters.to_json(everything))
    except (TypeError, ValueError) as error:
        return [_found(f"the values of template `{definition.name}` are not JSON: {error}", place(()))]
    return [
        _violation(
            definition,
            violation,
            definition.place("defaults", *violation.path)
            if violation.path and violation.path[0] in definition.defaults and violation.path[0] not in given
            else place(violation.path),
        )
        for violation in _violations(schema, plain)
    ]


def _violations(schema: Schema, values: Any) -> list[jsonschema.Violation]:
    """Return what is wrong, except about values that are templates: what they print is not known before."""
    return [found for found in schema.violations(values) if not _is_template(values, found.path)]


def _is_template(value: Any, path: Path) -> bool:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):  # it is missing
            return False
    return isinstance(value, str) and template.OPEN in value and template.CLOSE in value


def _violation(definition: Definition, found: jsonschema.Violation, origin: Origin) -> Diagnostic:
    name = "values" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in found.path)
    return _found(
        f"`{name}` of template `{definition.name}` {found.message}",
        origin,
        detail=(("schema", str(definition.place("schema", *_described(definition.schema, found.path)))),),
    )


def _described(schema: Any, path: Path) -> Path:
    """Return where in a schema a value is described, as far as ``properties`` and ``items`` lead there."""
    where: list[str | int] = []
    for part in path:
        step: tuple[str, ...] = ("items",) if isinstance(part, int) else ("properties", part)
        for key in step:
            if not isinstance(schema, dict) or key not in schema:
                return tuple(where)
            schema = schema[key]
            where.append(key)
    return tuple(where)


def _found(message: str, origin: Origin, *, detail: tuple[tuple[str, str], ...] = ()) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, message=message, origin=origin, detail=detail, code=CODE)
