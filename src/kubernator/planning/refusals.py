"""Changes that are not made, in words: conflicts, objects on their way out, answers of the server. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubernator.errors import NotFound
from kubernator.model.annotations import CONFLICTS
from kubernator.planning import changes, fields, policy, strangers

if TYPE_CHECKING:
    from kubernator.errors import ApiError
    from kubernator.model.change import Change, FieldConflict
    from kubernator.model.resource import Manifest, Resource
    from kubernator.planning.conflicts import Decided

__all__ = ["going", "of_conflicts", "of_server"]


def of_conflicts(resource: Resource, live: Manifest, decided: Decided, *, manager: str) -> Change:
    """Say which fields belong to whom; those that would be taken or left by a rule are said too."""
    found = decided.refused
    names = sorted({conflict.manager for conflict in found})
    subject = "a field of this object belongs" if len(found) == 1 else f"{len(found)} fields of this object belong"
    lines = [("conflict", _belongs(conflict, resource)) for conflict in found]
    lines += [("would take", f"`{one.field}` from `{one.manager}`, by the rule at {one.rule}") for one in decided.taken]
    lines += [("would leave", f"`{one.field}` to `{one.manager}`, by the rule at {one.rule}") for one in decided.left]
    lines += [("known", text) for text in [strangers.advice(names)] if text]
    return changes.refused(
        resource,
        live=live,
        reason=f"{subject} to {', '.join(f'`{name}`' for name in names)}, not to `{manager}`",
        detail=tuple(lines),
        hint=_ways_out(found, resource),
        conflicts=found,
    )


def _belongs(conflict: FieldConflict, resource: Resource) -> str:
    place = resource.place(fields.field_path(conflict.field, resource.manifest))
    who = strangers.known(conflict.manager)
    what = f" ({who.what})" if who is not None else ""
    since = f" since {conflict.time}" if conflict.time else ""
    rule = f"; not to be taken, by the rule at {conflict.rule}" if conflict.rule else ""
    return f"`{conflict.field}` belongs to `{conflict.manager}`{what}{since}, ours is at {place}{rule}"


def _ways_out(found: tuple[FieldConflict, ...], resource: Resource) -> str:
    if all(conflict.rule for conflict in found):
        return "drop the field from the manifest, or change the rule"
    path = fields.field_path(found[0].field, resource.manifest)
    example = f"{CONFLICTS}: leave {fields.readable(path, resource.manifest)}"
    return (
        f"leave it to its owner: drop it from the manifest, or say `{example}`; "
        "or take it: `take` in place of `leave`, or --force-conflicts"
    )


def going(resource: Resource, live: Manifest, since: str) -> Change:
    """Say that an object is being deleted, and what holds it."""
    finalizers = ", ".join(f"`{name}`" for name in live["metadata"].get("finalizers") or ())
    return changes.refused(
        resource,
        live=live,
        reason=f"the object is being deleted since {since}",
        detail=(("finalizers", finalizers),) if finalizers else (),
        hint="run again when it is gone" + ("; who set the finalizers takes them away" if finalizers else ""),
    )


def of_server(resource: Resource, error: ApiError, live: Manifest | None) -> Change:
    """Say why the server refuses."""
    reason, detail = policy.refusal(error, resource)
    hint = error.hint
    if isinstance(error, NotFound) and error.details.get("kind") == "namespaces":
        reason = f"namespace `{resource.ref.namespace}` does not exist and is not in the tree"
        hint = f"add a Namespace `{resource.ref.namespace}` to the tree, or create it"
    change = changes.refused(resource, live=live, reason=reason, detail=detail, hint=hint)
    return replace(change, denied=policy.is_denied(error))
