"""Drive a plan: the scheduler says what may start, the pool carries it out, listeners hear of it."""

from __future__ import annotations

import queue
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kubernator.apply.scheduler import Prepare, Scheduler, Wait, Write
from kubernator.apply.wait import Waiter
from kubernator.errors import ClusterError
from kubernator.model.change import ChangeKind
from kubernator.model.events import ChangeEnded, ChangeStarted, PhaseStarted, WaitStarted
from kubernator.model.outcome import ApplyReport, Outcome, OutcomeKind
from kubernator.model.plan import Phase
from kubernator.model.status import Status

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from kubernator.cluster.api import Cluster
    from kubernator.model.change import Change
    from kubernator.model.events import Listener
    from kubernator.model.plan import Plan
    from kubernator.model.ref import ResourceRef
    from kubernator.model.status import StatusResult
    from kubernator.workers import Workers

__all__ = ["AT_ONCE", "Runner"]

#: Changes carried out side by side. How many requests are in flight is the cluster's own limiter's business.
AT_ONCE: Final = 32
_LOOK_AT_STOP: Final = 0.2
_FINE: Final = frozenset({Status.CURRENT, Status.UNKNOWN})
#: Outcomes that leave something to wait for.
_WRITTEN: Final = frozenset({OutcomeKind.CREATED, OutcomeKind.UPDATED, OutcomeKind.REPLACED})


class Runner:
    """Carries out plans on a cluster."""

    def __init__(
        self,
        cluster: Cluster,
        workers: Workers,
        replan: Callable[[Phase], Phase],
        emit: Listener,
        stop: threading.Event,
        *,
        keep_going: bool = False,
        phase_timeout: float = 300.0,
        waiter: Waiter | None = None,
    ) -> None:
        """Take what is needed.

        ``stop`` set means: start nothing any more, let what is in flight end, report. ``phase_timeout`` is how many
        seconds the next phase waits for one that must be current first. ``waiter`` has its own readiness rules.
        """
        self._cluster = cluster
        self._workers = workers
        self._replan = replan
        self._emit = emit
        self._stop = stop
        self._keep_going = keep_going
        self._phase_timeout = phase_timeout
        self._waiter = waiter or Waiter(cluster, workers, emit, stop, keep_going=keep_going)
        self._found_so: set[ResourceRef] = set()

    def run(self, plan: Plan, *, lazily: bool = False) -> ApplyReport:
        """Carry out a plan and report; what fails is an outcome, not an exception.

        What others wait for, and is not current in time, shows in ``statuses``; what comes after it is skipped. With
        ``lazily`` it is waited only for the sake of what is still to be written.
        """
        scheduler = Scheduler(plan, keep_going=self._keep_going, lazily=lazily)
        statuses: dict[ResourceRef, StatusResult] = {}
        running: dict[Future[Outcome], Write] = {}
        ended: queue.SimpleQueue[Future[Outcome]] = queue.SimpleQueue()
        announced: Phase | None = None
        while not scheduler.done:
            if self._stop.is_set():
                scheduler.halt()
            steps = scheduler.start(AT_ONCE - len(running))
            if scheduler.phase is not None and scheduler.phase is not announced:
                announced = scheduler.phase
                self._emit(PhaseStarted(announced))
            for step in steps:
                match step:
                    case Write():
                        self._emit(ChangeStarted(step.change))
                        future = self._workers.request(self._carry_out, step.change, plan.manager)
                        running[future] = step
                        future.add_done_callback(ended.put)
                    case Prepare():
                        scheduler.prepared(self._prepared(step.phase))
                    case Wait():
                        self._emit(WaitStarted(step.before))
                        found = self._wait_for(step.outcomes)
                        statuses |= found
                        if self._stop.is_set():
                            scheduler.halt()
                        scheduler.waited({ref for ref, result in found.items() if result.status not in _FINE})
            self._collect(running, ended, scheduler)
            for outcome in scheduler.skipped():
                self._emit(ChangeEnded(outcome))
        return ApplyReport(
            outcomes=scheduler.outcomes(),
            statuses=statuses,
            requests=dict(self._cluster.requests),
            interrupted=self._stop.is_set(),
        )

    def settle(self, report: ApplyReport, *, timeout: float) -> ApplyReport:
        """Wait until everything that was written is current, and return the report with the statuses.

        ``timeout`` is in seconds. What is still in progress then ran out of time, or was left when another failed.
        What was about to be written and was found as wanted is waited for too: it may be our own write, whose answer
        was lost. What others waited for in vain has had its time.
        """
        over = {ref for ref, result in report.statuses.items() if result.status not in _FINE}
        written = [
            found
            for found in report.outcomes
            if (found.kind in _WRITTEN or found.change.ref in self._found_so) and found.change.ref not in over
        ]
        self._emit(WaitStarted({}))
        statuses = self._waiter.wait(written, timeout=timeout)
        return replace(
            report,
            statuses={**report.statuses, **statuses},
            requests=dict(self._cluster.requests),
            interrupted=self._stop.is_set(),
            waited=True,
        )

    def _carry_out(self, change: Change, manager: str) -> Outcome:
        from kubernator.apply import actions  # noqa: PLC0415 - most second runs write nothing

        return actions.carry_out(change, self._cluster, manager, replan=self._again, stop=self._stop)

    def _again(self, change: Change) -> Change:
        return self._replan(Phase(name="", changes=(change,))).changes[0]

    def _prepared(self, phase: Phase) -> Phase:
        try:
            return self._replan(phase)
        except ClusterError as error:
            return replace(
                phase,
                changes=tuple(
                    replace(change, kind=ChangeKind.REFUSED, deferred=False, reason=error.title, hint=error.hint)
                    if change.deferred
                    else change
                    for change in phase.changes
                ),
            )

    def _wait_for(self, outcomes: Iterable[Outcome]) -> dict[ResourceRef, StatusResult]:
        wanted = [found for found in outcomes if found.kind in _WRITTEN or found.kind is OutcomeKind.UNCHANGED]
        return self._waiter.wait(wanted, timeout=self._phase_timeout)

    def _collect(
        self, running: dict[Future[Outcome], Write], ended: queue.SimpleQueue[Future[Outcome]], scheduler: Scheduler
    ) -> None:
        """Wait until at least one change has ended, or for a look at ``stop``, and take in all that have."""
        block = bool(running)
        while running:
            try:
                future = ended.get(block=block, timeout=_LOOK_AT_STOP)
            except queue.Empty:
                return
            block = False
            step = running.pop(future)
            outcome = future.result()
            scheduler.record(step, outcome)
            if outcome.kind is OutcomeKind.UNCHANGED:
                self._found_so.add(outcome.change.ref)
            self._emit(ChangeEnded(outcome))
