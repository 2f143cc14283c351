"""A difference for programs, the format ``kubernator/diff/v1``; its fields are described in the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.report.comparing import Op

if TYPE_CHECKING:
    from kubernator.report.difference import Conflict, Difference, FieldChange, ObjectChange, PluginWork, Source
    from kubernator.report.owners import Owner

__all__ = ["FORMAT", "data"]

#: What is added to the format later has a new name; what changes its meaning, a new number.
FORMAT: Final = "kubernator/diff/v1"


def data(found: Difference, *, everything: bool = False) -> dict[str, Any]:
    """Return a difference as JSON-like data; ``everything`` lists objects too that stay as they are."""
    return {
        "format": FORMAT,
        "fieldManager": found.manager,
        "empty": found.empty,
        "counts": {str(kind): number for kind, number in found.counts.items()},
        "requests": dict(found.requests),
        "objects": [_object(each) for each in (*found.objects, *(found.unchanged if everything else ()))],
        "plugins": [_plugin(work) for work in found.plugins],
    }


def _object(each: ObjectChange) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operation": str(each.kind),
        "apiVersion": each.api_version,
        "kind": each.object_kind,
        "namespace": each.namespace,
        "name": each.name,
        "phase": each.phase,
        "origin": [str(origin) for origin in each.origin.chain],
    }
    optional = {
        "changedBy": list(each.changed_by),
        "reason": each.reason,
        "detail": [{"label": label, "text": text} for label, text in each.detail],
        "hint": each.hint,
        "predicted": each.unproven,
        "onlyOwners": each.only_owners,
        "propagationPolicy": each.propagation,
        "fields": [_field(field) for field in each.fields],
        "instructions": [_field(field) for field in each.instructions],
        "conflicts": [_conflict(conflict) for conflict in each.conflicts],
        "left": [_conflict(conflict) for conflict in each.left],
        "takesOver": list(each.takes_over),
        "givesUp": [{"path": kept.path, "value": kept.value} for kept in each.gives_up],
        "warnings": list(each.warnings),
        "manifest": each.manifest,
    }
    return entry | {name: value for name, value in optional.items() if value}


def _field(field: FieldChange) -> dict[str, Any]:
    entry: dict[str, Any] = {"op": str(field.op), "path": field.path}
    if field.op is Op.MOVED:
        entry |= {"from": field.old, "to": field.new}
    if field.op in {Op.REMOVED, Op.CHANGED}:
        entry["old"] = field.old
    if field.op in {Op.ADDED, Op.CHANGED}:
        entry["new"] = field.new
    if field.written is not None:
        entry["written"] = field.written
    if field.owners:
        entry |= {"owners": [_owner(owner) for owner in field.owners], "ours": field.ours, "taken": field.taken}
    if field.rule:
        entry["rule"] = field.rule
    return entry | _source(field.source)


def _conflict(found: Conflict) -> dict[str, Any]:
    return {
        "path": found.path,
        "owner": _owner(found.owner),
        "theirs": found.theirs,
        "ours": found.ours,
        **({"rule": found.rule} if found.rule else {}),
        **_source(found.source),
    }


def _owner(owner: Owner) -> dict[str, str]:
    return {name: value for name, value in owner._asdict().items() if value}


def _source(source: Source | None) -> dict[str, Any]:
    if source is None:
        return {}
    place = source.place
    entry: dict[str, Any] = {"at": str(place), "file": str(place.path), "exact": source.exact}
    if place.line:
        entry |= {"line": place.line, "column": place.column}
    if source.changed_by:
        entry["changedBy"] = list(source.changed_by)
    return {"source": entry}


def _plugin(work: PluginWork) -> dict[str, Any]:
    return {
        "plugin": work.plugin,
        "title": work.title,
        "phase": work.phase,
        "reads": list(work.reads),
        "writes": list(work.writes),
        "detail": work.detail,
    }
