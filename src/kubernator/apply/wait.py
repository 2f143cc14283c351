"""Wait until objects are current, have provably failed, or time is up.

One watch for each kind and scope, no polling, and none for what is current already; `apply.round` has the rest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator.model.change import Change, ChangeKind
from kubernator.model.outcome import Outcome
from kubernator.model.ref import ResourceRef
from kubernator.model.status import SETTLED, Status, StatusResult

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping

    from kubernator.apply.readiness import Rule
    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.events import Listener
    from kubernator.model.gvk import GroupKind, GroupVersionKind
    from kubernator.model.resource import Manifest
    from kubernator.workers import Workers

__all__ = ["PATIENCE", "PROGRESS", "Pending", "Settings", "Target", "Waiter"]

Target = ResourceRef | Change | Outcome

#: Seconds that trouble must last before it is a failure.
PATIENCE: Final = 20.0
#: Seconds between two words about what is waited for.
PROGRESS: Final = 10.0


@dataclass(slots=True)
class Pending:
    """What is known of one object that is waited for."""

    kind: Kind
    live: Manifest | None
    result: StatusResult
    trouble_since: float | None = None


class Settings(NamedTuple):
    """How stubborn and how talkative a wait is; ``rules`` go before the built-in ones, times are in seconds."""

    rules: Mapping[GroupKind, Rule] | None
    patience: float
    progress: float
    clock: Callable[[], float]


class Waiter:
    """Waits on a cluster; may be used again and again, by one thread at a time."""

    def __init__(
        self,
        cluster: Cluster,
        workers: Workers,
        emit: Listener,
        stop: threading.Event,
        *,
        rules: Mapping[GroupKind, Rule] | None = None,
        patience: float = PATIENCE,
        progress: float = PROGRESS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``rules`` say by kind how objects stand and go before the built-in ones; times are in seconds."""
        del workers  # watches have threads of their own; named here so that all who send requests are built alike
        self._cluster = cluster
        self._emit = emit
        self._stop = stop
        self._settings = Settings(rules=rules, patience=patience, progress=progress, clock=clock)

    def wait(self, targets: Iterable[Target], *, timeout: float) -> dict[ResourceRef, StatusResult]:
        """Return how each object stands when all are current, one has failed, time is up or the run is stopped.

        What a change or outcome brings along as live is believed, so that what is current already costs nothing. An
        object that is still in progress in the result ran out of time (or was left when another failed).
        """
        results, pending = self._begin(targets)
        if pending:
            from kubernator.apply.round import Round  # noqa: PLC0415 - most second runs wait for nothing

            Round(
                self._cluster, pending, settings=self._settings, emit=self._emit, stop=self._stop, timeout=timeout
            ).run()
            results |= {ref: entry.result for ref, entry in pending.items()}
        return results

    def _begin(self, targets: Iterable[Target]) -> tuple[dict[ResourceRef, StatusResult], dict[ResourceRef, Pending]]:
        results: dict[ResourceRef, StatusResult] = {}
        pending: dict[ResourceRef, Pending] = {}
        for target in targets:
            ref, gvk, live = _target(target)
            kinds = self._cluster.kinds()
            kind = kinds.get(gvk) if gvk else kinds.preferred(ref.group_kind)
            if live is not None:
                from kubernator.apply import readiness  # noqa: PLC0415 - most runs wait for nothing

                results[ref] = readiness.status(live, self._settings.rules)
                if results[ref].status in SETTLED:
                    continue
            if kind is None:
                results[ref] = StatusResult(Status.UNKNOWN, "the cluster does not know its kind")
            elif "watch" not in (kind.verbs or {"watch"}):
                results[ref] = StatusResult(Status.UNKNOWN, "its kind cannot be watched")
            else:
                before = results.pop(ref, StatusResult(Status.IN_PROGRESS, "not yet looked at"))
                pending[ref] = Pending(kind, live, before)
        return results, pending


def _target(target: Target) -> tuple[ResourceRef, GroupVersionKind | None, Manifest | None]:
    match target:
        case Outcome():
            return target.change.ref, target.change.gvk, target.live
        case Change():
            return target.ref, target.gvk, target.live if target.kind is ChangeKind.UNCHANGED else None
        case ResourceRef():
            return target, None, None
