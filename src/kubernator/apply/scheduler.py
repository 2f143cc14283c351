"""What may start now, given what has ended. Pure.

Phases never overlap. Inside one, a change starts when what it depends on was written, and where that is asked for, is
current; among those that may start, the first in plan order. What was deferred is planned again just before. We wait as
late as can be: when nothing else can start and nothing runs, for everything at once that holds something up. After a
failure nothing new starts; told to keep going, what depends on the failure is set aside and the rest goes on.

Told to wait ``lazily`` we wait only where something that is still to be written needs it.

Handing out a step, and hearing how it ended, costs the same however many changes there are.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator.model.change import ChangeKind
from kubernator.model.outcome import Outcome, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kubernator.model.change import Change
    from kubernator.model.plan import Dependency, Phase, Plan
    from kubernator.model.ref import ResourceRef

__all__ = ["Prepare", "Scheduler", "Step", "Wait", "Write"]

_BAD: Final = frozenset({OutcomeKind.FAILED, OutcomeKind.REFUSED, OutcomeKind.SKIPPED})


class Prepare(NamedTuple):
    """Plan deferred changes again; ``phase`` has only those. Ends with `Scheduler.prepared`."""

    phase: Phase


class Write(NamedTuple):
    """Carry out one change. ``position`` is its place in the plan. Ends with `Scheduler.record`."""

    position: int
    change: Change


class Wait(NamedTuple):
    """Wait until what was written is current. Ends with `Scheduler.waited`.

    ``before`` says, for people, what each of it is waited for: what is written only afterwards.
    """

    phase: Phase
    outcomes: tuple[Outcome, ...]
    before: Mapping[ResourceRef, str]


Step = Prepare | Write | Wait


class Scheduler:
    """The state of a plan being carried out. Not for several threads at once."""

    def __init__(self, plan: Plan, *, keep_going: bool = False, lazily: bool = False) -> None:
        self._phases = plan.phases
        self._keep_going = keep_going
        writing = [at for at, phase in enumerate(plan.phases) if any(change.writes for change in phase.changes)]
        #: From this phase on nobody is left for whose sake only it would be waited.
        self._last = max(writing, default=0) if lazily else len(plan.phases)
        self._changes: list[Change] = []
        self._position: dict[ResourceRef, int] = {}
        self._outcomes: dict[int, Outcome] = {}
        self._roots: dict[int, ResourceRef] = {}
        self._current: set[int] = set()
        self._never_current: set[int] = set()
        self._skipped: list[Outcome] = []
        self._halted = False
        # of the phase in progress
        self._index = -1
        self._first = 0
        self._left = 0
        self._unmet: dict[int, int] = {}
        self._dependents: dict[int, list[tuple[int, Dependency]]] = defaultdict(list)
        self._awaited: dict[int, list[tuple[int, Dependency]]] = {}
        self._startable: list[int] = []
        self._deferred: list[int] = []
        # what was handed out and has not ended
        self._running: set[int] = set()
        self._preparing: list[int] = []
        self._waiting: list[int] = []
        self._next_phase()

    def start(self, room: int) -> list[Step]:
        """Hand out what may start now, each step once, and at most ``room`` writes; the caller starts all of them."""
        while not (self._halted or self.phase is None or self._waiting):
            steps: list[Step] = []
            while self._startable and len(steps) < room:
                position = heapq.heappop(self._startable)
                self._running.add(position)
                steps.append(Write(position, self._changes[position]))
            if self._deferred and not self._preparing:
                self._preparing, self._deferred = sorted(self._deferred), []
                changes = tuple(self._changes[position] for position in self._preparing)
                steps.append(Prepare(replace(self.phase, changes=changes)))
            if steps or self._startable or self._running or self._preparing:
                return steps
            if self._let_go():
                continue
            if found := self._to_wait_for():
                self._waiting = found
                before = {self._changes[position].ref: self._held_up(position) for position in found}
                return [Wait(self.phase, tuple(self._outcomes[position] for position in found), before)]
            if self._left:
                self._untie()
            else:
                self._next_phase()
        return []

    def prepared(self, phase: Phase) -> None:
        """Hear of deferred changes as they are planned now."""
        positions, self._preparing = self._preparing, []
        changes = {change.ref: change for change in phase.changes}
        for position in positions:
            self._changes[position] = changes.get(self._changes[position].ref, self._changes[position])
        for position in positions:
            if not self._decided(position):
                heapq.heappush(self._startable, position)

    def record(self, step: Write, outcome: Outcome) -> None:
        """Hear how a change ended."""
        self._running.discard(step.position)
        self._end(step.position, outcome)

    def waited(self, missing: Collection[ResourceRef]) -> None:
        """Hear that waiting has ended, and what of it is not current."""
        positions, self._waiting = self._waiting, []
        if self._halted or (missing and not self._keep_going):
            self.halt()
            return
        for position in positions:
            if self._changes[position].ref in missing:
                self._never_current.add(position)
            else:
                self._current.add(position)
            self._settle(position, self._awaited.pop(position, ()))

    def halt(self) -> None:
        """Start nothing any more; what runs may end."""
        self._halted = True

    @property
    def done(self) -> bool:
        """Whether nothing runs and nothing is left to start."""
        if self._running or self._preparing or self._waiting:
            return False
        return self._halted or self.phase is None

    @property
    def phase(self) -> Phase | None:
        """The phase that is being carried out."""
        return self._phases[self._index] if self._index < len(self._phases) else None

    def skipped(self) -> list[Outcome]:
        """Return what was set aside since the last time this was asked, each with the reason."""
        found, self._skipped = self._skipped, []
        return found

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return an outcome for every change, in plan order; what was not tried is skipped."""
        rest = [change for phase in self._phases[self._index + 1 :] for change in phase.changes]
        return tuple(
            self._outcomes.get(at) or Outcome(kind=OutcomeKind.SKIPPED, change=change)
            for at, change in enumerate([*self._changes, *rest])
        )

    # A phase

    def _next_phase(self) -> None:
        self._index += 1
        phase = self.phase
        if phase is None:
            return
        self._first = len(self._changes)
        self._left = len(phase.changes)
        self._unmet, self._awaited = {}, {}
        self._dependents.clear()
        self._changes += phase.changes
        positions = range(self._first, len(self._changes))
        self._position |= {self._changes[position].ref: position for position in positions}
        open_ones = [position for position in positions if not self._decided(position)]
        self._tie(phase)
        free = [position for position in open_ones if position not in self._unmet]
        for target in [target for target in self._dependents if target in self._outcomes]:
            self._settle(target, self._dependents.pop(target))
        for position in free:
            self._release(position)

    def _decided(self, position: int) -> bool:
        """End a change with which nothing is to be done; return whether it was such a one."""
        change = self._changes[position]
        match change.kind:
            case ChangeKind.UNCHANGED:
                kind = OutcomeKind.UNCHANGED
            case ChangeKind.REFUSED:
                kind = OutcomeKind.REFUSED
            case _:
                return False
        self._end(position, Outcome(kind=kind, change=change, live=change.live, warnings=change.warnings))
        return True

    def _tie(self, phase: Phase) -> None:
        """Note who depends on whom."""
        for dependency in phase.dependencies:
            position = self._position.get(dependency.ref, -1)
            target = self._position.get(dependency.on)
            if target is None or target == position or position < self._first or position in self._outcomes:
                continue
            self._dependents[target].append((position, dependency))
            self._unmet[position] = self._unmet.get(position, 0) + 1

    def _untie(self) -> None:
        """Let the first change go that a circle of dependencies holds up: a plan may come from anywhere."""
        self._release(min(self._unmet))

    def _let_go(self) -> bool:
        """Release what is held up only for the sake of what comes after it, when nothing does; say whether."""
        if self._index < self._last or not self._left:
            return False
        held_up = [
            (position, dependency)
            for dependents in self._awaited.values()
            for position, dependency in dependents
            if position not in self._outcomes
        ]
        positions = {position for position, _ in held_up}
        ties = sum(self._unmet.get(position, 0) for position in positions)
        if len(positions) != self._left or ties != len(held_up) or not all(found.for_later for _, found in held_up):
            return False  # something else is to be written, too, or needs itself what is waited for
        self._awaited.clear()
        for position in positions:
            self._release(position)
        return True

    def _held_up(self, target: int) -> str:
        """Say what is written only when a change is current."""
        dependents = sorted(position for position, _ in self._awaited.get(target, ()) if position not in self._outcomes)
        if not dependents:
            return "what comes after it"
        more = f" and {len(dependents) - 1} more" if len(dependents) > 1 else ""
        return f"{self._changes[dependents[0]].ref}{more}"

    def _to_wait_for(self) -> list[int]:
        """Return what must be current before anything can go on; nothing when all that is waited for is."""
        held_up = [
            target
            for target, dependents in self._awaited.items()
            if any(position not in self._outcomes for position, _ in dependents)
        ]
        if held_up or self._left or not self._phases[self._index].wait or self._index >= self._last:
            return sorted(held_up)
        known = self._current | self._never_current
        return [
            position
            for position in range(self._first, len(self._changes))
            if position not in known and self._outcomes[position].kind not in _BAD
        ]

    # A change

    def _end(self, position: int, outcome: Outcome) -> None:
        self._outcomes[position] = outcome
        self._left -= 1
        if outcome.kind in _BAD and not self._keep_going:
            self.halt()
            return
        self._settle(position, self._dependents.pop(position, ()))

    def _settle(self, target: int, dependents: Collection[tuple[int, Dependency]]) -> None:
        """Let go, hold or set aside what depends on a change that has ended."""
        bad = self._outcomes[target].kind in _BAD
        for position, dependency in dependents:
            if position in self._outcomes:
                continue
            if bad or (dependency.wait and target in self._never_current):
                self._set_aside(position, dependency.on, target)
            elif dependency.wait and target not in self._current:
                self._awaited.setdefault(target, []).append((position, dependency))
            elif position in self._unmet:
                self._unmet[position] -= 1
                if not self._unmet[position]:
                    self._release(position)

    def _release(self, position: int) -> None:
        self._unmet.pop(position, None)
        if self._changes[position].deferred:
            self._deferred.append(position)
        else:
            heapq.heappush(self._startable, position)

    def _set_aside(self, position: int, on: ResourceRef, target: int) -> None:
        """Skip a change because of one it depends on, and with it all that depends on it in its turn."""
        waiting = [(position, on, target)]
        while waiting:
            position, on, target = waiting.pop()
            if position in self._outcomes:
                continue
            root = self._roots.get(target, on)
            self._roots[position] = root
            change = replace(self._changes[position], reason=self._why(on, target, root))
            self._outcomes[position] = Outcome(kind=OutcomeKind.SKIPPED, change=change)
            self._skipped.append(self._outcomes[position])
            self._unmet.pop(position, None)
            self._left -= 1
            waiting += [
                (dependent, dependency.on, position) for dependent, dependency in self._dependents.pop(position, ())
            ]

    def _why(self, on: ResourceRef, target: int, root: ResourceRef) -> str:
        match self._outcomes[target].kind:
            case OutcomeKind.REFUSED:
                end = "was refused"
            case OutcomeKind.FAILED:
                end = "failed"
            case OutcomeKind.SKIPPED:
                end = f"was skipped because of `{root}`"
            case _:
                end = "did not become current"
        return f"depends on `{on}`, which {end}"
