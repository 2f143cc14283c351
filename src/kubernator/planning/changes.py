"""The parts that changes and their requests are made of. Pure."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.change import Change, ChangeKind, PatchOp
from kubernator.pipeline import merge
from kubernator.planning import canonical, diff, fields, managed, migrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.cluster.api import Kind, Kinds
    from kubernator.model.change import FieldConflict
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest, Resource
    from kubernator.planning.managed import Elements
    from kubernator.planning.migrate import Handover

__all__ = [
    "CREATE_ONLY",
    "JSON_PATCH",
    "deferred",
    "handed_over",
    "instructed",
    "instructions_body",
    "known_kind_hint",
    "new",
    "ownership_moves",
    "refused",
    "with_preconditions",
]

JSON_PATCH: Final = "application/json-patch+json"
#: Makes a server-side apply create only: a 409 if the object exists.
CREATE_ONLY: Final = "1"


def with_preconditions(body: Manifest, *, uid: str = "", resource_version: str) -> Manifest:
    """Return a body that is only accepted by this very object in this very version."""
    metadata = {**(body.get("metadata") or {}), "resourceVersion": resource_version}
    if uid:
        metadata["uid"] = uid
    return {**body, "metadata": metadata}


def deferred(resource: Resource, *, reason: str, fresh: bool = False, live: Manifest | None = None) -> Change:
    """Return a change that is predicted from what was declared, to be planned again: a create unless it is there."""
    predicted = diff.overlay(live, resource.manifest) if live else resource.manifest
    return replace(
        Change.of(resource, ChangeKind.UPDATE if live else ChangeKind.CREATE, live=live),
        predicted=predicted,
        patch=fields.Ignored(resource.policy.ignored).strip(diff.patch(live, predicted)) if live else (),
        body=canonical.wire(resource.manifest, status=False),
        reason=reason,
        deferred=True,
        fresh=fresh,
    )


def new(resource: Resource, kind: Kind | None) -> Change:
    """Return the change of an object that is not there, without asking whether it is; ``kind`` is None if unknown."""
    subresources = kind.subresources if kind is not None else ()
    return replace(
        Change.of(resource, ChangeKind.CREATE),
        predicted=resource.manifest,
        body=canonical.wire(resource.manifest, status="status" in subresources),
    )


def refused(
    resource: Resource,
    *,
    reason: str,
    live: Manifest | None = None,
    detail: tuple[tuple[str, str], ...] = (),
    hint: str = "",
    conflicts: tuple[FieldConflict, ...] = (),
) -> Change:
    """Return a change that is not carried out, and why."""
    return replace(
        Change.of(resource, ChangeKind.REFUSED, live=live),
        reason=reason,
        detail=detail,
        hint=hint,
        conflicts=conflicts,
    )


def instructed(resource: Resource, manifest: Manifest) -> tuple[PatchOp, ...]:
    """Return what client-side merge instructions change in an object."""
    if not resource.instructions:
        return ()
    after = merge.apply(resource.instructions, manifest, manifest=resource.manifest)
    return fields.Ignored(resource.policy.ignored).strip(diff.patch(manifest, after))


def instructions_body(ops: Sequence[PatchOp], live: Manifest) -> list[dict[str, Any]]:
    """Return the JSON patch of merge instructions for this very object in this very version.

    The uid is tested; the version is replaced, since the server answers a failing test with a 422 that says nothing
    and a stale version with a clean 409.
    """
    metadata = live["metadata"]
    return [
        {"op": "test", "path": "/metadata/uid", "value": metadata.get("uid", "")},
        *diff.wire_ops(ops),
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata.get("resourceVersion", "")},
    ]


def known_kind_hint(gvk: GroupVersionKind, kinds: Kinds) -> str:
    """Say what could have been meant by a kind that nobody knows."""
    same = sorted({kind.gvk.api_version for kind in kinds if kind.gvk.kind.lower() == gvk.kind.lower()})
    if same:
        name = next(kind.gvk.kind for kind in kinds if kind.gvk.kind.lower() == gvk.kind.lower())
        return f"`{name}` is served as {', '.join(f'`{version}`' for version in same)}"
    names = {kind.gvk.kind for kind in kinds}
    import difflib  # noqa: PLC0415 - for a message

    close = difflib.get_close_matches(gvk.kind, names, n=3)
    if close:
        return f"did you mean {', '.join(f'`{name}`' for name in close)}"
    return "add its CustomResourceDefinition to the tree, or install what defines it"


def with_kept(wanted: Manifest, live: Manifest, kept: Sequence[Elements]) -> Manifest:
    """Return what is applied together with the fields that are given up, as they are live.

    For a dry run, which knows of no hand-over: the server would say what becomes of fields that nobody owns.
    """
    if not kept:
        return wanted
    result: Manifest = copy.deepcopy(wanted)
    for elements in kept:
        place = managed.locate(live, elements)
        if place is None:
            continue
        holder: Any = result
        for element, below in itertools.pairwise(elements):
            if element.startswith("f:") and below.startswith("f:") and isinstance(holder, dict):
                holder = holder.setdefault(element[2:], {})
            else:  # no list and no item of one is made: what is given up in it goes with it
                found = managed.locate(holder, (element,))
                holder = holder[found[0]] if found else None
        value = copy.deepcopy(managed.lookup(live, place))
        if isinstance(holder, dict):
            holder[elements[-1].removeprefix("f:")] = value
        elif isinstance(holder, list) and value not in holder:
            holder.append(value)
    return result


def handed_over(predicted: Manifest, preview: Manifest, handover: Handover) -> Manifest:
    """Correct what an apply's dry run says, which does not know of the hand-over before it.

    Dropped fields go, or become what the hand-over's dry run says.
    """
    gone = []
    ops = []
    for elements in handover.dropped:
        here, after = managed.locate(predicted, elements), managed.locate(preview, elements)
        if here is not None and after is None:
            gone.append(elements)
        elif here is not None and after is not None:
            ops.append(PatchOp(op="replace", path=diff.pointer(here), value=managed.lookup(preview, after)))
    ops.extend(PatchOp(op="remove", path=diff.pointer(path)) for path in migrate.removals(gone, predicted))
    return dict(diff.carry(predicted, ops))


def ownership_moves(live: Manifest, predicted: Manifest, manager: str) -> bool:
    """Say whether the server would record more, less or in another version as ours than it does now."""
    before, after = managed.own_entry(live, manager), managed.own_entry(predicted, manager)
    if before is None or after is None:
        return before is not after
    return any(before.get(key) != after.get(key) for key in ("apiVersion", "fieldsV1"))
