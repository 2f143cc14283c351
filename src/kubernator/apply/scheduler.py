"""What may start now, given what has ended. Pure.

Phases never overlap. A phase is: planning again what was deferred, then its changes side by side, then, if it says so,
waiting until all are current. After a failure nothing new starts, unless told to keep going.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from kubernator.model.change import ChangeKind
from kubernator.model.outcome import Outcome, OutcomeKind

if TYPE_CHECKING:
    from kubernator.model.change import Change
    from kubernator.model.plan import Phase, Plan

__all__ = ["Prepare", "Scheduler", "Step", "Wait", "Write"]


class Prepare(NamedTuple):
    """Plan the deferred changes of a phase again. Ends with `Scheduler.prepared`."""

    phase: Phase


class Write(NamedTuple):
    """Carry out one change. ``position`` is its place in the plan. Ends with `Scheduler.record`."""

    position: int
    change: Change


class Wait(NamedTuple):
    """Wait until what a phase wrote is current. Ends with `Scheduler.waited`."""

    phase: Phase
    outcomes: tuple[Outcome, ...]


Step = Prepare | Write | Wait


class _Stage(Enum):
    PREPARING = "preparing"
    WRITING = "writing"
    WAITING = "waiting"


class Scheduler:
    """The state of a plan being carried out. Not for several threads at once."""

    def __init__(self, plan: Plan, *, keep_going: bool = False) -> None:
        self._phases = list(plan.phases)
        self._keep_going = keep_going
        self._outcomes: dict[int, Outcome] = {}
        self._index = -1
        self._first = 0
        self._stage = _Stage.WAITING
        self._unstarted: list[Write] = []
        self._running: set[int] = set()
        self._given_out = False
        self._halted = False
        self._next_phase()

    def ready(self) -> list[Step]:
        """Return the steps that may start now; each is returned until `start` is told of it."""
        if self._halted or self._index >= len(self._phases):
            return []
        match self._stage:
            case _Stage.PREPARING:
                return [] if self._given_out else [Prepare(self._phase)]
            case _Stage.WRITING:
                return list(self._unstarted)
            case _Stage.WAITING:
                return [] if self._given_out else [Wait(self._phase, self._of_phase())]

    def start(self, step: Step) -> None:
        """Hear that a step has been started."""
        if isinstance(step, Write):
            self._unstarted.remove(step)
            self._running.add(step.position)
        else:
            self._given_out = True

    def prepared(self, phase: Phase) -> None:
        """Hear of the phase as it is planned now."""
        self._phases[self._index] = phase
        self._given_out = False
        self._to_writing()

    def record(self, step: Write, outcome: Outcome) -> None:
        """Hear how a change ended."""
        self._running.discard(step.position)
        self._outcomes[step.position] = outcome
        if outcome.kind in {OutcomeKind.FAILED, OutcomeKind.REFUSED} and not self._keep_going:
            self.halt()
        self._end_writing()

    def waited(self, *, ok: bool) -> None:
        """Hear that waiting for a phase has ended, well or not."""
        self._given_out = False
        if not ok and not self._keep_going:
            self.halt()
        else:
            self._next_phase()

    def halt(self) -> None:
        """Start nothing any more; what runs may end."""
        self._halted = True
        self._unstarted.clear()

    @property
    def done(self) -> bool:
        """Whether nothing runs and nothing is left to start."""
        if self._running or self._given_out:
            return False
        return self._halted or self._index >= len(self._phases)

    @property
    def phase(self) -> Phase | None:
        """The phase that is being carried out."""
        return self._phases[self._index] if 0 <= self._index < len(self._phases) else None

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return an outcome for every change, in plan order; what was not tried is skipped."""
        changes = [change for phase in self._phases for change in phase.changes]
        return tuple(
            self._outcomes.get(at) or Outcome(kind=OutcomeKind.SKIPPED, change=change)
            for at, change in enumerate(changes)
        )

    @property
    def _phase(self) -> Phase:
        return self._phases[self._index]

    def _of_phase(self) -> tuple[Outcome, ...]:
        found = (self._outcomes.get(self._first + at) for at in range(len(self._phase.changes)))
        return tuple(outcome for outcome in found if outcome is not None)

    def _next_phase(self) -> None:
        if self._index >= 0:
            self._first += len(self._phase.changes)
        self._index += 1
        if self._index >= len(self._phases):
            return
        if any(change.deferred for change in self._phase.changes):
            self._stage = _Stage.PREPARING
        else:
            self._to_writing()

    def _to_writing(self) -> None:
        self._stage = _Stage.WRITING
        refused = False
        for at, change in enumerate(self._phase.changes):
            position = self._first + at
            match change.kind:
                case ChangeKind.UNCHANGED:
                    self._outcomes[position] = Outcome(
                        kind=OutcomeKind.UNCHANGED, change=change, live=change.live, warnings=change.warnings
                    )
                case ChangeKind.REFUSED:
                    self._outcomes[position] = Outcome(kind=OutcomeKind.REFUSED, change=change)
                    refused = True
                case _:
                    self._unstarted.append(Write(position, change))
        if refused and not self._keep_going:
            self.halt()
        self._end_writing()

    def _end_writing(self) -> None:
        if self._unstarted or self._running or self._halted:
            return
        if self._phase.wait:
            self._stage = _Stage.WAITING
        else:
            self._next_phase()
