"""Carry out one change on a cluster.

Every write names the object it was planned for, by uid and resourceVersion, or says that it creates. When the object
moved on, it is planned again, and the write goes on only if it is the one that was approved.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kubernator.errors import ApiError, ClusterError, Conflict, KubernatorError, NotFound
from kubernator.model.change import Change, ChangeKind
from kubernator.model.outcome import Outcome, OutcomeKind
from kubernator.model.resource import BACKGROUND as _BACKGROUND
from kubernator.planning import changes, migrate, policy, sameness
from kubernator.planning.patience import patient

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.cluster.api import Applied, Cluster, Kind
    from kubernator.model.resource import Manifest

__all__ = ["carry_out"]

_TRIES: Final = 8

_DONE: Final = {
    ChangeKind.CREATE: OutcomeKind.CREATED,
    ChangeKind.UPDATE: OutcomeKind.UPDATED,
    ChangeKind.REPLACE: OutcomeKind.REPLACED,
    ChangeKind.DELETE: OutcomeKind.DELETED,
}


def carry_out(
    change: Change,
    cluster: Cluster,
    manager: str,
    *,
    replan: Callable[[Change], Change] | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Do what a change says and return how it ended; raises nothing.

    ``replan`` plans one change again when its object moved on; without it such a change is refused. ``stop`` set ends
    the wait for an object that is deleted to be replaced; every other write ends by itself.
    """
    started = time.monotonic()
    outcome = _tries(change, cluster, manager, replan, stop or threading.Event())
    return replace(outcome, seconds=time.monotonic() - started)


def _tries(
    change: Change,
    cluster: Cluster,
    manager: str,
    replan: Callable[[Change], Change] | None,
    stop: threading.Event,
) -> Outcome:
    current = change
    unheard = False
    for _ in range(_TRIES):
        if not current.writes:
            return _heard_late(change, current) if unheard else _nothing_to_write(current)
        try:
            applied = _write(current, cluster, manager, stop)
        except ApiError as error:
            unheard = unheard or error.uncertain
            if not _moved_on(error, current):
                return Outcome(kind=OutcomeKind.FAILED, change=current, error=_explained(error, current))
            found = _again(change, current, error, replan)
        except KubernatorError as error:
            return Outcome(kind=OutcomeKind.FAILED, change=current, error=error)
        else:
            return Outcome(
                kind=_DONE[current.kind],
                change=current,
                live=applied.manifest if applied else None,
                warnings=applied.warnings if applied else (),
            )
        if isinstance(found, Outcome):
            return found
        current = found
    return _overtaken(change, "it changes faster than it can be written", None)


def _nothing_to_write(change: Change) -> Outcome:
    kind = OutcomeKind.UNCHANGED if change.kind is ChangeKind.UNCHANGED else OutcomeKind.REFUSED
    return Outcome(kind=kind, change=change, live=change.live, warnings=change.warnings)


def _heard_late(approved: Change, found: Change) -> Outcome:
    """Say how a change ended whose answer was lost: what is there now as it was wanted was our own doing."""
    if found.kind is not ChangeKind.UNCHANGED:
        return _nothing_to_write(found)
    return Outcome(kind=_DONE[approved.kind], change=approved, live=found.live, warnings=found.warnings)


def _again(
    approved: Change, current: Change, error: ApiError, replan: Callable[[Change], Change] | None
) -> Change | Outcome:
    """Plan a change again whose object moved on; an outcome when it is no longer what was approved."""
    if replan is None or current.resource is None:
        return _overtaken(approved, "it changed since it was planned", error)
    try:
        again = replan(replace(current, deferred=False))
    except ClusterError as failed:
        return Outcome(kind=OutcomeKind.FAILED, change=current, error=failed)
    difference = "" if approved.deferred else sameness.difference(approved, again)
    return _overtaken(again, difference, error) if difference else again


def _moved_on(error: ApiError, change: Change) -> bool:
    if isinstance(error, NotFound):
        return change.kind is not ChangeKind.CREATE and error.details.get("kind") != "namespaces"
    return policy.is_stale(error) or policy.is_conflict(error)


def _overtaken(change: Change, why: str, error: ApiError | None) -> Outcome:
    refusal = Conflict(
        f"`{change.resource or change.ref}` was not written: {why}",
        status=409,
        reason="Conflict",
        detail=[*change.origin.lines(), *change.detail],
        hint=change.hint or "nothing was lost: look at a new plan and run again",
    )
    refusal.__cause__ = error
    return Outcome(kind=OutcomeKind.REFUSED, change=change, error=refusal)


def _explained(error: ApiError, change: Change) -> ApiError:
    """Add to an error of the server where the fields it names were written."""
    if change.resource is None:
        return error
    _, lines = policy.refusal(error, change.resource)
    error.detail = [*change.origin.lines(), ("resource", str(change.resource)), *lines]
    if not error.hint and policy.immutable(error.causes):
        error.hint = "the server found this only at the write; plan again"
    return error


def _write(change: Change, cluster: Cluster, manager: str, stop: threading.Event) -> Applied | None:
    kind = cluster.kinds().get(change.gvk)
    if kind is None:
        raise NotFound(
            f"the cluster does not know `{change.gvk}`", status=404, details={"kind": "namespaces"}, hint=change.hint
        )
    match change.kind:
        case ChangeKind.CREATE:
            return _create(change, kind, cluster, manager)
        case ChangeKind.UPDATE:
            return _update(change, kind, cluster, manager)
        case ChangeKind.REPLACE:
            return _replace(change, kind, cluster, manager, stop)
        case ChangeKind.DELETE:
            _delete(change, kind, cluster)
            return None
        case _:
            raise AssertionError(f"nothing to write for {change.kind}")


def _apply(
    change: Change, kind: Kind, cluster: Cluster, manager: str, *, uid: str = "", resource_version: str
) -> Applied:
    body = changes.with_preconditions(change.body or {}, uid=uid, resource_version=resource_version)
    return patient(
        lambda: cluster.apply(
            kind,
            body,
            manager=manager,
            force=change.force,
            field_validation=change.resource.policy.field_validation if change.resource else "Strict",
        ),
        fresh=change.fresh,
    )


def _create(change: Change, kind: Kind, cluster: Cluster, manager: str) -> Applied:
    applied = _apply(change, kind, cluster, manager, resource_version=changes.CREATE_ONLY)
    return _instruct(change, kind, cluster, manager, applied)


def _update(change: Change, kind: Kind, cluster: Cluster, manager: str) -> Applied:
    version = change.resource_version
    if change.handover:
        version = _version(
            cluster.patch(
                kind,
                namespace=change.ref.namespace,
                name=change.ref.name,
                body=migrate.patch_body([dict(entry) for entry in change.handover], version),
                content_type=changes.JSON_PATCH,
                manager=manager,
            ).manifest
        )
    applied = _apply(change, kind, cluster, manager, uid=change.uid, resource_version=version)
    return _instruct(change, kind, cluster, manager, applied)


def _instruct(change: Change, kind: Kind, cluster: Cluster, manager: str, applied: Applied) -> Applied:
    """Carry out the client-side merge instructions on what the apply made: the second write.

    The first write wakes controllers, which may write in between: where the second one is the same still, it goes on.
    """
    ops = changes.instructed(change.resource, applied.manifest) if change.resource else ()
    if change.resource is None or not ops:
        return applied
    live = applied.manifest
    for left in reversed(range(_TRIES)):
        try:
            second = cluster.patch(
                kind,
                namespace=change.ref.namespace,
                name=change.ref.name,
                body=changes.instructions_body(ops, live),
                content_type=changes.JSON_PATCH,
                manager=policy.helpers(manager)[1],
            )
        except ApiError as error:
            found = cluster.get(kind, namespace=change.ref.namespace, name=change.ref.name)
            same = found is not None and _uid(found) == _uid(live)
            if not (policy.is_stale(error) and left and found and same):
                raise
            if changes.instructed(change.resource, found) != ops:
                raise
            live = found
        else:
            return second._replace(warnings=(*applied.warnings, *second.warnings))
    raise AssertionError("the last try returned or raised")


def _delete(change: Change, kind: Kind, cluster: Cluster) -> None:
    cluster.delete(
        kind,
        namespace=change.ref.namespace,
        name=change.ref.name,
        propagation=change.propagation or _BACKGROUND,
        uid=change.uid,
        resource_version=change.resource_version,
    )


def _replace(change: Change, kind: Kind, cluster: Cluster, manager: str, stop: threading.Event) -> Applied:
    from kubernator.apply.replacing import Replacement  # noqa: PLC0415 - seldom

    replacement = Replacement(
        change, kind, cluster, manager=manager, stop=stop, explained=lambda error: _explained(error, change)
    )
    return replacement.carry_out(lambda: _create(change, kind, cluster, manager))


def _uid(manifest: Manifest) -> str:
    return str((manifest.get("metadata") or {}).get("uid", ""))


def _version(manifest: Manifest) -> str:
    return str((manifest.get("metadata") or {}).get("resourceVersion", ""))
