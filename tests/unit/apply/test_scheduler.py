"""What may start now, given what has ended."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from kubernator.apply.scheduler import Prepare, Scheduler, Wait, Write
from kubernator.model.change import Change, ChangeKind
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.outcome import Outcome, OutcomeKind
from kubernator.model.plan import Phase, Plan
from kubernator.model.ref import ResourceRef

if TYPE_CHECKING:
    from kubernator.apply.scheduler import Step

ORIGIN = Origin(path=PurePath("x"))
GVK = GroupVersionKind("", "v1", "ConfigMap")


def change(name: str, kind: ChangeKind = ChangeKind.CREATE, *, deferred: bool = False) -> Change:
    return Change(kind=kind, ref=ResourceRef("", "ConfigMap", "n", name), gvk=GVK, origin=ORIGIN, deferred=deferred)


def plan(*phases: tuple[list[Change], bool]) -> Plan:
    return Plan(
        phases=tuple(
            Phase(name=str(at), changes=tuple(changes), wait=wait) for at, (changes, wait) in enumerate(phases)
        )
    )


def done(step: Write, kind: OutcomeKind = OutcomeKind.CREATED) -> Outcome:
    return Outcome(kind=kind, change=step.change)


def drive(scheduler: Scheduler, dice: random.Random, *, failing: float = 0.0) -> list[tuple[str, Step]]:
    """Run to the end in a random order; return what started and what ended."""
    log: list[tuple[str, Step]] = []
    running: list[Step] = []
    while not scheduler.done:
        ready = scheduler.ready()
        if ready and (not running or dice.random() < 0.6):
            step = dice.choice(ready)
            scheduler.start(step)
            log.append(("start", step))
            running.append(step)
            continue
        step = running.pop(dice.randrange(len(running)))
        log.append(("end", step))
        match step:
            case Write():
                bad = dice.random() < failing
                log.append(("failed" if bad else "fine", step))
                scheduler.record(step, done(step, OutcomeKind.FAILED if bad else OutcomeKind.CREATED))
            case Prepare():
                changes = tuple(replace(found, deferred=False) for found in step.phase.changes)
                scheduler.prepared(replace(step.phase, changes=changes))
            case Wait():
                scheduler.waited(ok=True)
    return log


def random_plan(dice: random.Random) -> Plan:
    names = iter(range(1000))
    kinds = [ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.UNCHANGED]
    return plan(
        *(
            (
                [
                    change(str(next(names)), dice.choice(kinds), deferred=dice.random() < 0.2)
                    for _ in range(dice.randint(0, 5))
                ],
                dice.random() < 0.4,
            )
            for _ in range(dice.randint(0, 5))
        )
    )


@pytest.mark.parametrize("seed", range(200))
def test_phases_never_overlap_and_everything_ends(seed):
    """In any order of ending: phases follow one another, waits follow all writes, every write happens once."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    wanted = random_plan(dice)
    phase_of = {found.ref: at for at, phase in enumerate(wanted.phases) for found in phase.changes}
    scheduler = Scheduler(wanted)
    log = drive(scheduler, dice)
    phases = [
        phase_of[step.change.ref] if isinstance(step, Write) else int(step.phase.name)
        for what, step in log
        if what == "start"
    ]
    assert sorted(phases) == phases
    open_writes = 0
    for what, step in log:
        if isinstance(step, Write):
            open_writes += {"start": 1, "end": -1}.get(what, 0)
        elif what == "start":
            assert open_writes == 0
    started = [step.change.ref for what, step in log if what == "start" and isinstance(step, Write)]
    assert sorted(found.ref for found in wanted.changes if found.writes) == sorted(started)
    assert all(outcome.kind is not OutcomeKind.SKIPPED for outcome in scheduler.outcomes())
    assert [found.ref for found in wanted.changes] == [outcome.change.ref for outcome in scheduler.outcomes()]


@pytest.mark.parametrize("seed", range(200))
def test_nothing_starts_after_a_failure(seed):
    """What runs when something fails may end; nothing else starts, and the rest is skipped."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    scheduler = Scheduler(random_plan(dice))
    log = [what for what, _ in drive(scheduler, dice, failing=0.3)]
    assert "failed" not in log or "start" not in log[log.index("failed") :]
    assert scheduler.done


@pytest.mark.parametrize("seed", range(50))
def test_keep_going_tries_everything(seed):
    """Told to keep going, every write is tried whatever fails."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    wanted = random_plan(dice)
    scheduler = Scheduler(wanted, keep_going=True)
    log = drive(scheduler, dice, failing=0.5)
    started = [step for what, step in log if what == "start" and isinstance(step, Write)]
    assert sum(found.writes for found in wanted.changes) == len(started)


def test_a_refused_change_stops_the_run_before_its_phase():
    """A plan with a refusal in it writes nothing from there on."""
    scheduler = Scheduler(plan(([change("a", ChangeKind.REFUSED), change("b")], False)))
    assert scheduler.done
    assert [outcome.kind for outcome in scheduler.outcomes()] == [OutcomeKind.REFUSED, OutcomeKind.SKIPPED]


def test_a_wait_that_fails_skips_the_rest():
    """What depends on something that is not current is not written."""
    scheduler = Scheduler(plan(([change("a")], True), ([change("b")], False)))
    (write,) = scheduler.ready()
    scheduler.start(write)
    scheduler.record(write, done(write))
    (wait,) = scheduler.ready()
    assert isinstance(wait, Wait)
    assert [outcome.change.ref.name for outcome in wait.outcomes] == ["a"]
    scheduler.start(wait)
    scheduler.waited(ok=False)
    assert scheduler.done
    assert [outcome.kind for outcome in scheduler.outcomes()] == [OutcomeKind.CREATED, OutcomeKind.SKIPPED]


def test_an_empty_plan_is_done():
    """Nothing to do is done at once."""
    assert Scheduler(plan()).done
    assert Scheduler(plan(([], True), ([change("a", ChangeKind.UNCHANGED)], False))).ready() != []
