"""Wait until objects are current, have provably failed, or time is up.

One watch for each kind and scope, no polling, and none for what is current already; `apply.round` has the rest.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator.apply.board import Pending
from kubernator.model.change import Change, ChangeKind
from kubernator.model.outcome import Outcome, OutcomeKind
from kubernator.model.ref import ResourceRef
from kubernator.model.status import SETTLED, Status, StatusResult
from kubernator.pipeline import waiting

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from kubernator.apply.readiness import Rules
    from kubernator.cluster.api import Cluster
    from kubernator.model.events import Listener
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest
    from kubernator.workers import Workers

__all__ = ["PATIENCE", "PROGRESS", "Settings", "Target", "Waiter"]

Target = ResourceRef | Change | Outcome

#: Seconds that trouble must last before it is a failure.
PATIENCE: Final = 20.0
#: Seconds between two words about what is waited for.
PROGRESS: Final = 10.0

_WRITTEN: Final = frozenset({OutcomeKind.CREATED, OutcomeKind.UPDATED, OutcomeKind.REPLACED})


class Settings(NamedTuple):
    """How stubborn and how talkative a wait is; ``rules`` go before the built-in ones, times are in seconds.

    ``keep_going``: a failure does not end the wait for the others. ``absence_fails``: what is missing or being deleted
    has failed when that lasts.
    """

    rules: Rules | None
    patience: float
    progress: float
    clock: Callable[[], float]
    keep_going: bool
    absence_fails: bool = True


class Waiter:
    """Waits on a cluster; may be used again and again, and by several threads."""

    def __init__(
        self,
        cluster: Cluster,
        workers: Workers,
        emit: Listener,
        stop: threading.Event,
        *,
        rules: Rules | None = None,
        patience: float = PATIENCE,
        progress: float = PROGRESS,
        clock: Callable[[], float] = time.monotonic,
        keep_going: bool = False,
    ) -> None:
        """``rules`` say by kind how objects stand and go before the built-in ones; times are in seconds.

        With ``keep_going`` a failure does not end the wait for the others.
        """
        self._cluster = cluster
        self._workers = workers
        self._emit = emit
        self._stop = stop
        self._settings = Settings(rules=rules, patience=patience, progress=progress, clock=clock, keep_going=keep_going)

    def wait(self, targets: Iterable[Target], *, timeout: float) -> dict[ResourceRef, StatusResult]:
        """Return how each object stands when all are current, one has failed, time is up or the run is stopped.

        What a change or outcome brings along as live is believed, so that what is current already costs nothing. An
        object may say in its manifest that nothing waits for it, and how long it may take (``timeout`` where it does
        not). One whose time is up is still in progress in the result, and ``timed_out``; without that it was left when
        another failed, or when the run was stopped.
        """
        results, pending = self._begin(targets, timeout)
        if pending:
            from kubernator.apply.round import Round  # noqa: PLC0415 - most second runs wait for nothing

            results |= Round(
                self._cluster, self._workers, pending, settings=self._settings, emit=self._emit, stop=self._stop
            ).run()
        return results

    def _begin(
        self, targets: Iterable[Target], timeout: float
    ) -> tuple[dict[ResourceRef, StatusResult], dict[ResourceRef, Pending]]:
        results: dict[ResourceRef, StatusResult] = {}
        pending: dict[ResourceRef, Pending] = {}
        kinds = self._cluster.kinds()
        for target in targets:
            ref, gvk, live, since = _target(target)
            says = _says(target)
            if not waiting.waits(says):
                continue
            before = StatusResult(Status.IN_PROGRESS, "not yet looked at")
            if live is not None:
                from kubernator.apply import readiness  # noqa: PLC0415 - most runs wait for nothing

                before = readiness.status(live, self._settings.rules)
                if before.status in SETTLED:
                    results[ref] = before
                    continue
            kind = kinds.get(gvk) if gvk else kinds.preferred(ref.group_kind)
            if kind is None:
                results[ref] = StatusResult(Status.UNKNOWN, "the cluster does not know its kind")
            elif "watch" not in (kind.verbs or {"watch"}):
                results[ref] = StatusResult(Status.UNKNOWN, "its kind cannot be watched")
            else:
                own = waiting.timeout(says)
                pending[ref] = Pending(kind, live, before, timeout if own is None else own, since)
        return results, pending


def _target(target: Target) -> tuple[ResourceRef, GroupVersionKind | None, Manifest | None, str]:
    """Return which object is meant, what is known of it, and since when its watch has news: since we wrote it."""
    match target:
        case Outcome():
            live = target.live
            since = str((live.get("metadata") or {}).get("resourceVersion") or "") if live else ""
            return target.change.ref, target.change.gvk, live, since if target.kind in _WRITTEN else ""
        case Change():
            return target.ref, target.gvk, target.live if target.kind is ChangeKind.UNCHANGED else None, ""
        case ResourceRef():
            return target, None, None, ""


def _says(target: Target) -> Manifest:
    """Return the manifest that says how its object is waited for."""
    match target:
        case Outcome(change=change) | (Change() as change):
            return change.desired or change.live or {}
        case ResourceRef():
            return {}
