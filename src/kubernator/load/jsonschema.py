"""JSON Schema for values that users describe themselves; the only importer of ``jsonschema_rs``.

What is wrong is said without the value, which may be a secret.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kubernator.model.sourcemap import Path

__all__ = ["NotASchema", "Pattern", "Schema", "Violation"]

_MASK = "the value"


class NotASchema(Exception):
    """A schema is none. ``path`` is where in it; the text says why."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


class Violation(NamedTuple):
    """One thing wrong with a value: where it is or should be, what is wrong, and the keyword of the schema."""

    path: Path
    message: str
    keyword: str


class Schema:
    """A JSON Schema of the draft that its ``$schema`` names, else 2020-12.

    Formats are checked. A ``$ref`` leads into the schema itself; nothing is fetched. Raises `NotASchema`.
    """

    def __init__(self, schema: Any) -> None:
        import jsonschema_rs  # noqa: PLC0415 - 30 ms that a tree without schemas need not pay

        try:
            self._validator = jsonschema_rs.validator_for(schema, validate_formats=True, offline=True, mask=_MASK)
        except jsonschema_rs.ValidationError as error:
            raise NotASchema(error.message, tuple(error.instance_path)) from error
        except ValueError as error:
            raise NotASchema(str(error), ()) from error

    def violations(self, value: Any) -> list[Violation]:
        """Return all that is wrong with JSON-like data, in the order of its places."""
        found = [
            each
            for error in self._validator.iter_errors(value)
            for each in _said(tuple(error.instance_path), error.kind.as_dict(), error.kind.name, error)
        ]
        return sorted(found, key=lambda each: [*map(str, each.path)])


class Pattern:
    """A regular expression of the crate ``regex``, whose time grows with the text and nothing else.

    Raises `NotASchema` for one that the crate does not take, or that would be larger than ``size`` bytes.
    """

    __slots__ = ("matches",)

    #: Say whether a text holds a match, anywhere in it.
    matches: Callable[[str], bool]

    def __init__(self, text: str, *, size: int = 8_000_000) -> None:
        import jsonschema_rs  # noqa: PLC0415 - 30 ms that a tree without patterns need not pay

        options = jsonschema_rs.RegexOptions(size_limit=size)
        try:
            self.matches = jsonschema_rs.validator_for({"pattern": text}, pattern_options=options).is_valid
        except (jsonschema_rs.ValidationError, ValueError) as error:
            raise NotASchema("not a regular expression", ("pattern",)) from error


def _said(path: Path, kind: Mapping[str, Any], keyword: str, error: Any) -> Iterator[Violation]:
    match keyword:
        case "required":
            yield Violation((*path, kind["property"]), "is missing", keyword)
        case "additionalProperties" | "unevaluatedProperties":
            for name in kind["unexpected"]:
                yield Violation((*path, name), "is not known to the schema", keyword)
        case "falseSchema" if error.schema_path[-1:] == ["additionalProperties"]:
            yield Violation(path, "must have no keys", keyword)
        case _:
            words = _WORDS.get(keyword)
            yield Violation(path, words(kind, error.instance) if words else _lowered(error.message), keyword)


#: The names of JSON's types; a boolean is an integer to Python, so it goes first.
_TYPES = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"))


def _type_name(value: Any) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "null")


def _type(kind: Mapping[str, Any], value: Any) -> str:
    types = kind["types"]
    return f"must be of type `{'` or `'.join(types)}`, it is of type `{_type_name(value)}`"


_WORDS: dict[str, Callable[[Mapping[str, Any], Any], str]] = {
    "type": _type,
    "enum": lambda kind, _: f"must be one of `{json.dumps(kind['options'])[1:-1]}`",
    "const": lambda kind, _: f"must be `{json.dumps(kind['expected_value'])}`",
    "pattern": lambda kind, _: f"must match `{kind['pattern']}`",
    "format": lambda kind, _: f"must be of the format `{kind['format']}`",
    "minimum": lambda kind, _: f"must be at least {kind['limit']}",
    "maximum": lambda kind, _: f"must be at most {kind['limit']}",
    "exclusiveMinimum": lambda kind, _: f"must be more than {kind['limit']}",
    "exclusiveMaximum": lambda kind, _: f"must be less than {kind['limit']}",
    "minLength": lambda kind, _: f"must be at least {kind['limit']} characters long",
    "maxLength": lambda kind, _: f"must be at most {kind['limit']} characters long",
    "minItems": lambda kind, _: f"must have at least {kind['limit']} items",
    "maxItems": lambda kind, _: f"must have at most {kind['limit']} items",
}


def _lowered(text: str) -> str:
    return text.removeprefix(f"{_MASK} ")
