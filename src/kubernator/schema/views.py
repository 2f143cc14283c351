"""What is wrong with how a definition lets its kind be seen: columns, selectable fields and scale.

Source: k8s.io/apiextensions-apiserver, package ``apis/apiextensions/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.fault import Fault, Reason
from kubernator.schema.shapes import mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.sourcemap import Path

__all__ = ["column_faults", "scale_faults", "selectable_faults"]

_COLUMN_TYPES: Final = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS: Final = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_MOST_SELECTABLE: Final = 8


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def scale_faults(scale: Mapping[str, Any], place: Path) -> Iterator[Fault]:
    """Yield what is wrong with the paths by which a kind is scaled."""
    for key, above in (("specReplicasPath", (".spec.",)), ("statusReplicasPath", (".status.",))):
        yield from _path_faults(_text(scale.get(key)), above, (*place, key), needed=True)
    yield from _path_faults(
        _text(scale.get("labelSelectorPath")), (".spec.", ".status."), (*place, "labelSelectorPath"), needed=False
    )


def _path_faults(text: str, above: tuple[str, ...], place: Path, *, needed: bool) -> Iterator[Fault]:
    if not text:
        if needed:
            yield Fault(place, Reason.REQUIRED, "Required value")
    elif not text.startswith("."):
        yield Fault(place, Reason.INVALID, "Invalid value: must be a simple json path starting with .")
    elif not text.startswith(above):
        names = " or ".join(name.rstrip(".") for name in above)
        yield Fault(place, Reason.INVALID, f"Invalid value: should be a json path under {names}")


def column_faults(column: Mapping[str, Any], place: Path) -> Iterator[Fault]:
    """Yield what is wrong with a column that is shown of a kind."""
    if not column.get("name"):
        yield Fault((*place, "name"), Reason.REQUIRED, "Required value")
    if column.get("type") not in _COLUMN_TYPES:
        message = f"must be one of {','.join(_COLUMN_TYPES)}"
        reason = Reason.INVALID if column.get("type") else Reason.REQUIRED
        yield Fault((*place, "type"), reason, f"{'Invalid' if column.get('type') else 'Required'} value: {message}")
    if column.get("format") and column["format"] not in _COLUMN_FORMATS:
        message = f"Invalid value: must be one of {','.join(_COLUMN_FORMATS)}"
        yield Fault((*place, "format"), Reason.INVALID, message)
    json_path = _text(column.get("jsonPath"))
    if not json_path:
        yield Fault((*place, "jsonPath"), Reason.REQUIRED, "Required value")
    elif not json_path.startswith("."):
        message = "Invalid value: must be a simple json path starting with ."
        yield Fault((*place, "jsonPath"), Reason.INVALID, message)


def selectable_faults(fields: list[Any], schema: Mapping[str, Any], place: Path) -> Iterator[Fault]:
    """Yield what is wrong with the fields that objects may be selected by."""
    seen: set[str] = set()
    for index, field in enumerate(fields):
        text = _text(mapping(field).get("jsonPath"))
        where = (*place, index, "jsonPath")
        if not text:
            yield Fault(where, Reason.REQUIRED, "Required value")
            continue
        found: Any = schema
        for name in text.removeprefix(".").split("."):
            found = mapping(mapping(found).get("properties")).get(name)
        if not text.startswith(".") or found is None:
            yield Fault(where, Reason.INVALID, "Invalid value: is an invalid path: does not refer to a valid field")
        elif text.startswith(".metadata"):
            yield Fault(where, Reason.INVALID, "Invalid value: must not point to fields in metadata")
        elif found.get("type") not in {"string", "boolean", "integer"}:
            message = "Invalid value: must point to a field of type string, boolean or integer"
            yield Fault(where, Reason.INVALID, message)
        if text in seen:
            yield Fault(where, Reason.DUPLICATE, "Duplicate value")
        seen.add(text)
    if len(seen) > _MOST_SELECTABLE:
        message = f"Too many: {len(seen)}: must have at most {_MOST_SELECTABLE} items"
        yield Fault(place, Reason.TOO_MANY, message)
