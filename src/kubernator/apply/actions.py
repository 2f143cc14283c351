"""Carry out one change on a cluster.

When the object moved on, it is planned again, and the write goes on only if it is the one that was approved.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kubernator.apply import writes
from kubernator.errors import ApiError, ClusterError, Conflict, KubernatorError, NotFound
from kubernator.model.change import Change, ChangeKind
from kubernator.model.outcome import Halfway, Outcome, OutcomeKind
from kubernator.planning import policy, sameness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubernator.cluster.api import Cluster

__all__ = ["carry_out"]

_TRIES: Final = 8

#: What an error says of the writes before it, where it does not say so itself.
_AFTER: Final = {
    Halfway.DELETED: "the old object was deleted; the new one was not made",
    Halfway.APPLIED: "the manifest was applied; its merge instructions were not carried out",
    Halfway.HANDED_OVER: "fields changed hands; no value was set",
}

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
    steps: list[Halfway] = []
    writing = writes.Writes(cluster, manager, stop=stop or threading.Event(), note=steps.append)
    outcome = _tries(change, writing, replan)
    return replace(outcome, seconds=time.monotonic() - started, halfway=_halfway(outcome, steps))


def _halfway(outcome: Outcome, steps: Sequence[Halfway]) -> Halfway | None:
    """Return how far a change came that did not come to its end, and have its error say so."""
    if not steps or outcome.kind not in {OutcomeKind.FAILED, OutcomeKind.REFUSED}:
        return None
    error = outcome.error
    if error is not None and steps[-1] in _AFTER and "after" not in dict(error.detail):
        error.detail = [*error.detail, ("after", _AFTER[steps[-1]])]
    return steps[-1]


def _tries(change: Change, writing: writes.Writes, replan: Callable[[Change], Change] | None) -> Outcome:
    current = change
    unheard = False
    for _ in range(_TRIES):
        if not current.writes:
            return _heard_late(change, current) if unheard else _nothing_to_write(current)
        try:
            applied = writing.make(current)
        except ApiError as error:
            unheard = unheard or error.uncertain
            if not _moved_on(error, current):
                return Outcome(kind=OutcomeKind.FAILED, change=current, error=writes.explained(error, current))
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
        hint=change.hint or "look at a new plan and run again",
    )
    refusal.__cause__ = error
    return Outcome(kind=OutcomeKind.REFUSED, change=change, error=refusal)
