"""Where an object, or one of its values, comes from: what ``kubernator explain`` says, as data.

Everything in it may be shown: values of secrets are markers, see `kubernator.redaction`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator.report import paths, provenance
from kubernator.report.comparing import ABSENT, Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.origin import Origin
    from kubernator.model.reference import Edge
    from kubernator.model.resource import Resource
    from kubernator.redaction import Secrets
    from kubernator.report.comparing import Found
    from kubernator.report.provenance import Field, Step, Work

__all__ = ["FORMAT", "Explanation", "Placement", "data", "instructions", "of_origin", "of_work"]

#: What is added to the format later has a new name; what changes its meaning, a new number.
FORMAT: Final = "kubernator/explain/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """When an object is written: ``position`` of ``members`` in phase ``number`` of ``phases``, all counted from 1.

    ``after`` are the edges to what it needs, ``before`` those from what needs it.
    """

    phase: str
    number: int
    phases: int
    position: int
    members: int
    waited: bool
    after: tuple[Edge, ...] = ()
    before: tuple[Edge, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is known of an object, or of the field of it that ``text`` names.

    ``fields`` are its single values, one where the field is one. ``unset`` says that nothing in the tree sets it; then
    ``default`` is what the server fills in, `ABSENT` where that is not known. ``work`` are the functions that changed
    it, ``instructions`` the merge instructions there, each with its field. ``policy`` are labelled lines. ``placement``
    is only told of whole objects.
    """

    resource: Resource
    text: str = ""
    value: Any = ABSENT
    origin: Origin | None = None
    fields: tuple[Field, ...] = ()
    work: tuple[Work, ...] = ()
    instructions: tuple[tuple[str, Any], ...] = ()
    unset: bool = False
    default: Any = ABSENT
    policy: tuple[tuple[str, str], ...] = ()
    placement: Placement | None = None

    @property
    def whole(self) -> bool:
        """Whether it is about the object and no field of it."""
        return not self.text

    @property
    def single(self) -> Field | None:
        """The field, where it is a single value."""
        return self.fields[0] if len(self.fields) == 1 and self.fields[0].text == self.text else None

    @property
    def removed(self) -> bool:
        """Whether the field was there once, and a function removed it."""
        return self.value is ABSENT and not self.unset


def data(found: Explanation, secrets: Secrets) -> dict[str, Any]:
    """Return an explanation as JSON-like data, in the format ``kubernator/explain/v1``."""
    resource = found.resource
    entry: dict[str, Any] = {
        "format": FORMAT,
        "apiVersion": resource.gvk.api_version,
        "kind": resource.ref.kind,
        "namespace": resource.ref.namespace,
        "name": resource.ref.name,
        "path": found.text,
        "status": "unset" if found.unset else "removed" if found.removed else "written",
    }
    if found.value is not ABSENT:
        entry["value"] = found.value
    if found.default is not ABSENT:
        entry["default"] = found.default
    optional = {
        "origin": [of_origin(origin) for origin in found.origin.chain] if found.origin else [],
        "fields": [_field(field) for field in found.fields],
        "changedBy": [of_work(work) for work in found.work],
        "instructions": [{"path": path, "instruction": value} for path, value in found.instructions],
        "policy": [{"label": label, "text": text} for label, text in found.policy],
        "order": _placement(found.placement) if found.placement else {},
    }
    masked: dict[str, Any] = secrets.data(entry | {name: value for name, value in optional.items() if value})
    return masked


def instructions(resource: Resource) -> list[tuple[str, Any]]:
    """Return the merge instructions of a resource, each with the field it is about in words."""
    return [(paths.of_path(path, resource.manifest), instruction) for path, instruction in resource.instructions]


def of_origin(origin: Origin) -> dict[str, Any]:
    """Return an origin as data: in words, and its parts."""
    parts = {
        "line": origin.line,
        "column": origin.column if origin.line else 0,
        "document": origin.document,
        "repository": origin.repository,
        "ref": origin.ref,
        "maker": origin.maker,
    }
    return {"at": str(origin), "file": str(origin.path), **{name: value for name, value in parts.items() if value}}


def of_work(work: Work) -> dict[str, Any]:
    """Return what a function changed, as data."""
    entry: dict[str, Any] = {"who": work.who, **_registered(work.place)}
    return entry | ({"fields": [_changed(found) for found in work.fields]} if work.fields else {})


def _registered(place: Origin | None) -> dict[str, str]:
    return {"at": provenance.brief(place)} if place else {}


def _changed(found: Found) -> dict[str, Any]:
    entry: dict[str, Any] = {"op": str(found.op), "path": found.text}
    old, new = ("from", "to") if found.op is Op.MOVED else ("old", "new")
    return entry | {name: value for name, value in ((old, found.old), (new, found.new)) if value is not ABSENT}


def _field(field: Field) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": field.text}
    if field.value is not ABSENT:
        entry["value"] = field.value
    if field.place is not None:
        entry["source"] = {**of_origin(field.place), "exact": field.exact}
    if field.steps:
        entry["changedBy"] = [_step(step) for step in field.steps]
    return entry


def _step(step: Step) -> dict[str, Any]:
    values = {name: value for name, value in (("old", step.old), ("new", step.new)) if value is not ABSENT}
    return {"who": step.who, **_registered(step.place), **values}


def _placement(found: Placement) -> dict[str, Any]:
    return {
        "phase": found.phase,
        "number": found.number,
        "phases": found.phases,
        "position": found.position,
        "members": found.members,
        "waited": found.waited,
        "after": [*_edges(found.after, of_source=False)],
        "before": [*_edges(found.before, of_source=True)],
    }


def _edges(edges: tuple[Edge, ...], *, of_source: bool) -> Iterator[dict[str, Any]]:
    for edge in edges:
        other = edge.source if of_source else edge.target
        yield {**other._asdict(), "reason": edge.reason, "wait": edge.wait, "fate": edge.fate.name.lower()}
