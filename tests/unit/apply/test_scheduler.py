"""What may start now, given what has ended."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from kubernator.apply.scheduler import Prepare, Scheduler, Wait, Write
from kubernator.model.change import Change, ChangeKind
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.outcome import Outcome, OutcomeKind
from kubernator.model.plan import Dependency, Phase, Plan
from kubernator.model.ref import ResourceRef

if TYPE_CHECKING:
    from kubernator.apply.scheduler import Step

ORIGIN = Origin(path=PurePath("x"))
GVK = GroupVersionKind("", "v1", "ConfigMap")
BAD = {OutcomeKind.FAILED, OutcomeKind.REFUSED}


def ref(name: str) -> ResourceRef:
    return ResourceRef("", "ConfigMap", "n", name)


def change(name: str, kind: ChangeKind = ChangeKind.CREATE, *, deferred: bool = False) -> Change:
    return Change(kind=kind, ref=ref(name), gvk=GVK, origin=ORIGIN, deferred=deferred)


def after(name: str, on: str, *, wait: bool = False, for_later: bool = False) -> Dependency:
    return Dependency(ref=ref(name), on=ref(on), reason="because", wait=wait, for_later=for_later)


def plan(*phases: tuple[list[Change], bool], dependencies: tuple[Dependency, ...] = ()) -> Plan:
    """Return a plan; a dependency belongs to the phase of what depends."""
    made = []
    for at, (changes, wait) in enumerate(phases):
        members = {one.ref for one in changes}
        own = tuple(found for found in dependencies if found.ref in members)
        made.append(Phase(name=str(at), changes=tuple(changes), wait=wait, dependencies=own))
    return Plan(phases=tuple(made))


def done(step: Write, kind: OutcomeKind = OutcomeKind.CREATED) -> Outcome:
    return Outcome(kind=kind, change=step.change)


@dataclass
class Drive:
    """A run in a random order: what is started, ended, waited for."""

    scheduler: Scheduler
    dice: random.Random
    failing: float = 0.0
    refusing: float = 0.0
    missing: float = 0.0
    room: int = 1000
    log: list[tuple[str, Step]] = field(default_factory=list)
    running: list[Step] = field(default_factory=list)
    current: set[ResourceRef] = field(default_factory=set)
    never: set[ResourceRef] = field(default_factory=set)
    skipped: list[Outcome] = field(default_factory=list)

    def run(self) -> Drive:
        while not self.scheduler.done:
            writes = sum(isinstance(step, Write) for step in self.running)
            steps = self.scheduler.start(self.dice.randint(0 if self.running else 1, max(self.room - writes, 1)))
            self.log += [("start", step) for step in steps]
            self.running += steps
            if self.running:
                self._end(self.running.pop(self.dice.randrange(len(self.running))))
            self.skipped += self.scheduler.skipped()
        return self

    def _end(self, step: Step) -> None:
        self.log.append(("end", step))
        match step:
            case Write():
                bad = self.dice.random() < self.failing
                self.log.append(("failed" if bad else "fine", step))
                self.scheduler.record(step, done(step, OutcomeKind.FAILED if bad else OutcomeKind.CREATED))
            case Prepare():
                self.scheduler.prepared(
                    replace(step.phase, changes=tuple(self._planned(found) for found in step.phase.changes))
                )
            case Wait():
                missing = {one.change.ref for one in step.outcomes if self.dice.random() < self.missing}
                self.never |= missing
                self.current |= {one.change.ref for one in step.outcomes} - missing
                if missing:
                    self.log.append(("failed", step))
                self.scheduler.waited(missing)

    def _planned(self, found: Change) -> Change:
        if self.dice.random() < self.refusing:
            return replace(found, deferred=False, kind=ChangeKind.REFUSED)
        return replace(found, deferred=self.dice.random() < 0.3)

    @property
    def started(self) -> list[Write]:
        return [step for what, step in self.log if what == "start" and isinstance(step, Write)]


def random_plan(dice: random.Random, *, refused: float = 0.0) -> Plan:
    """Return phases of changes that depend on earlier ones of their phase, and of earlier phases."""
    kinds = [ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.UNCHANGED]
    phases: list[tuple[list[Change], bool]] = []
    names: list[str] = []
    dependencies: list[Dependency] = []
    for _ in range(dice.randint(0, 4)):
        members = []
        for _ in range(dice.randint(0, 8)):
            name = f"c{len(names)}"
            kind = ChangeKind.REFUSED if dice.random() < refused else dice.choice(kinds)
            deferred = kind is not ChangeKind.UNCHANGED and kind is not ChangeKind.REFUSED and dice.random() < 0.2
            members.append(change(name, kind, deferred=deferred))
            chosen = dice.sample(names, min(len(names), dice.choice([0, 0, 1, 1, 2, 4])))
            dependencies += [after(name, on, wait=dice.random() < 0.3) for on in chosen]
            names.append(name)
        dice.shuffle(members)
        phases.append((members, dice.random() < 0.3))
    return plan(*phases, dependencies=tuple(dependencies))


def dependencies_of(wanted: Plan) -> dict[ResourceRef, list[Dependency]]:
    found = defaultdict(list)
    for phase in wanted.phases:
        for dependency in phase.dependencies:
            found[dependency.ref].append(dependency)
    return found


@pytest.mark.parametrize("seed", range(150))
def test_order_and_completeness(seed):
    """In any order of ending: phases follow one another, dependencies and waits go before, every write happens once."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    wanted = random_plan(dice)
    phase_of = {found.ref: at for at, phase in enumerate(wanted.phases) for found in phase.changes}
    needs = dependencies_of(wanted)
    scheduler = Scheduler(wanted)
    drive = Drive(scheduler, dice, room=dice.choice([1, 3, 1000])).run()
    written = {found.ref for found in wanted.changes if found.kind is ChangeKind.UNCHANGED}
    current: set[ResourceRef] = set()
    running = 0
    last = 0
    for what, step in drive.log:
        match what, step:
            case "start", Write():
                assert last <= phase_of[step.change.ref]
                last = phase_of[step.change.ref]
                for dependency in needs[step.change.ref]:
                    assert dependency.on in (current if dependency.wait else written)
                running += 1
            case "end", Write():
                running -= 1
                written.add(step.change.ref)
            case "start", Wait():
                assert not running
                refs = {one.change.ref for one in step.outcomes}
                assert refs
                assert not refs & current
                assert refs <= written
            case "end", Wait():
                current |= {one.change.ref for one in step.outcomes}
    for phase in wanted.phases:
        assert not phase.wait or {found.ref for found in phase.changes} <= current
    started = [step.change.ref for step in drive.started]
    assert sorted(found.ref for found in wanted.changes if found.writes) == sorted(started)
    assert all(outcome.kind is not OutcomeKind.SKIPPED for outcome in scheduler.outcomes())
    assert [found.ref for found in wanted.changes] == [outcome.change.ref for outcome in scheduler.outcomes()]


@pytest.mark.parametrize("seed", range(150))
def test_nothing_starts_after_a_failure(seed):
    """What runs when something fails may end; nothing else starts, and the rest is skipped."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    wanted = random_plan(dice, refused=0.05)
    scheduler = Scheduler(wanted)
    drive = Drive(scheduler, dice, failing=0.15, refusing=0.1, missing=0.1).run()
    words = [what for what, _ in drive.log]
    assert "failed" not in words or "start" not in words[words.index("failed") :]
    assert scheduler.done
    assert [found.ref for found in wanted.changes] == [outcome.change.ref for outcome in scheduler.outcomes()]


@pytest.mark.parametrize("seed", range(250))
def test_keep_going_sets_aside_what_depends_on_a_failure(seed):
    """Exactly what depends, over however many steps, on what failed or never got current is skipped, and says why."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    wanted = random_plan(dice, refused=0.1)
    needs = dependencies_of(wanted)
    scheduler = Scheduler(wanted, keep_going=True)
    drive = Drive(scheduler, dice, failing=0.1, refusing=0.2, missing=0.2, room=dice.choice([1, 4, 1000])).run()
    outcomes = {outcome.change.ref: outcome for outcome in scheduler.outcomes()}
    assert [found.ref for found in wanted.changes] == list(outcomes)
    bad = {name for name, outcome in outcomes.items() if outcome.kind in BAD}
    for phase in wanted.phases:
        for _ in phase.changes:  # to a fixed point: members of a phase are in any order
            for found in phase.changes:
                hindered = any(one.on in bad or (one.wait and one.on in drive.never) for one in needs[found.ref])
                if hindered and found.writes:
                    bad.add(found.ref)
    refused_or_failed = {name for name, outcome in outcomes.items() if outcome.kind in BAD}
    skipped = {name for name, outcome in outcomes.items() if outcome.kind is OutcomeKind.SKIPPED}
    assert bad - refused_or_failed == skipped
    assert skipped == {outcome.change.ref for outcome in drive.skipped}
    for outcome in drive.skipped:
        assert outcome.change.reason.startswith("depends on `ConfigMap n/c")
    started = [step.change.ref for step in drive.started]
    assert sorted(set(started)) == sorted(started)
    assert not skipped & set(started)


@pytest.mark.parametrize("seed", range(40))
def test_a_circle_does_not_hold_the_run_up(seed):
    """A plan whose dependencies run in a circle, which order never makes, still ends with everything written."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    names = [f"c{number}" for number in range(6)]
    edges = tuple(after(*dice.sample(names, 2), wait=dice.random() < 0.3) for _ in range(dice.randint(1, 15)))
    scheduler = Scheduler(plan(([change(name) for name in names], False), dependencies=edges))
    drive = Drive(scheduler, dice).run()
    assert sorted(step.change.ref.name for step in drive.started) == names


def test_those_that_may_start_go_in_plan_order_and_in_number():
    """No more are handed out than there is room for, and the first of the plan go first."""
    scheduler = Scheduler(
        plan(([change("a"), change("b"), change("c"), change("d")], False), dependencies=(after("a", "d"),))
    )
    first = scheduler.start(2)
    assert [step.change.ref.name for step in first] == ["b", "c"]
    (last,) = scheduler.start(5)
    assert last.change.ref.name == "d"
    assert scheduler.start(5) == []
    scheduler.record(last, done(last))
    assert [step.change.ref.name for step in scheduler.start(5)] == ["a"]


def test_a_refused_change_stops_the_run_before_its_phase():
    """A plan with a refusal in it writes nothing from there on; every refusal is an outcome."""
    refused = ChangeKind.REFUSED
    scheduler = Scheduler(plan(([change("a", refused), change("b"), change("c", refused)], False)))
    assert scheduler.done
    assert [outcome.kind for outcome in scheduler.outcomes()] == [
        OutcomeKind.REFUSED,
        OutcomeKind.SKIPPED,
        OutcomeKind.REFUSED,
    ]


def test_a_wait_that_fails_skips_the_rest():
    """What comes after something that is not current is not written."""
    scheduler = Scheduler(plan(([change("a")], True), ([change("b")], False)))
    (write,) = scheduler.start(9)
    scheduler.record(write, done(write))
    (wait,) = scheduler.start(9)
    assert isinstance(wait, Wait)
    assert [outcome.change.ref.name for outcome in wait.outcomes] == ["a"]
    assert scheduler.start(9) == []
    scheduler.waited({ref("a")})
    assert scheduler.done
    assert [outcome.kind for outcome in scheduler.outcomes()] == [OutcomeKind.CREATED, OutcomeKind.SKIPPED]


def test_waiting_is_put_off_until_nothing_else_can_start():
    """What does not need the wait is written first; then all that holds something up is waited for at once."""
    scheduler = Scheduler(
        plan(
            ([change("old", ChangeKind.UNCHANGED)], False),
            ([change("a"), change("b"), change("x"), change("y")], False),
            dependencies=(after("x", "a", wait=True), after("y", "old", wait=True), after("y", "b")),
        )
    )
    writes = scheduler.start(9)
    assert [step.change.ref.name for step in writes] == ["a", "b"]
    for step in writes:
        assert scheduler.start(9) == []
        scheduler.record(step, done(step))
    (wait,) = scheduler.start(9)
    assert [outcome.change.ref.name for outcome in wait.outcomes] == ["old", "a"]
    scheduler.waited(())
    assert [step.change.ref.name for step in scheduler.start(9)] == ["x", "y"]


def test_deferred_changes_are_planned_when_what_they_need_is_there():
    """A deferred change is planned again after its dependencies were written, the others at once and together."""
    scheduler = Scheduler(
        plan(
            (
                [
                    change("account"),
                    change("pod", deferred=True),
                    change("one", deferred=True),
                    change("two", deferred=True),
                ],
                False,
            ),
            dependencies=(after("pod", "account"),),
        )
    )
    account, first = scheduler.start(9)
    assert [found.ref.name for found in first.phase.changes] == ["one", "two"]
    scheduler.prepared(replace(first.phase, changes=tuple(replace(one, deferred=False) for one in first.phase.changes)))
    assert [step.change.ref.name for step in scheduler.start(9)] == ["one", "two"]
    scheduler.record(account, done(account))
    (second,) = scheduler.start(9)
    assert [found.ref.name for found in second.phase.changes] == ["pod"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (OutcomeKind.FAILED, ["depends on `ConfigMap n/a`, which failed"]),
        (OutcomeKind.REFUSED, ["depends on `ConfigMap n/a`, which was refused"]),
    ],
)
def test_why_something_was_set_aside(kind, expected):
    """Each names what it depends on; further away, also where the trouble began."""
    scheduler = Scheduler(
        plan(
            ([change("a"), change("b")], False),
            ([change("c"), change("free")], False),
            dependencies=(after("b", "a"), after("c", "b")),
        ),
        keep_going=True,
    )
    (write,) = scheduler.start(9)
    scheduler.record(write, done(write, kind))
    assert expected == [outcome.change.reason for outcome in scheduler.skipped()]
    assert [step.change.ref.name for step in scheduler.start(9)] == ["free"]
    assert [outcome.change.reason for outcome in scheduler.skipped()] == [
        "depends on `ConfigMap n/b`, which was skipped because of `ConfigMap n/a`"
    ]


def test_what_never_gets_current_sets_aside_only_who_waits_for_it():
    """Told to keep going, one that depends on the write alone goes on."""
    scheduler = Scheduler(
        plan(
            ([change("a")], True),
            ([change("waits"), change("follows")], False),
            dependencies=(after("waits", "a", wait=True), after("follows", "a")),
        ),
        keep_going=True,
    )
    (write,) = scheduler.start(9)
    scheduler.record(write, done(write))
    scheduler.start(9)
    scheduler.waited({ref("a")})
    assert [step.change.ref.name for step in scheduler.start(9)] == ["follows"]
    assert [outcome.change.reason for outcome in scheduler.skipped()] == [
        "depends on `ConfigMap n/a`, which did not become current"
    ]


def test_a_wait_that_is_interrupted_blames_nobody():
    """Stopped while waiting, what was waited for is not said to have failed."""
    scheduler = Scheduler(
        plan(([change("a"), change("b")], False), dependencies=(after("b", "a", wait=True),)), keep_going=True
    )
    (write,) = scheduler.start(9)
    scheduler.record(write, done(write))
    scheduler.start(9)
    scheduler.halt()
    scheduler.waited({ref("a")})
    assert scheduler.done
    assert scheduler.skipped() == []
    assert [outcome.change.reason for outcome in scheduler.outcomes()] == ["", ""]


def test_what_is_unchanged_passes_nothing_on():
    """An object that is as wanted hinders nobody, whatever became of what it refers to."""
    scheduler = Scheduler(
        plan(
            ([change("a", ChangeKind.REFUSED), change("b", ChangeKind.UNCHANGED), change("c")], False),
            dependencies=(after("b", "a"), after("c", "b")),
        ),
        keep_going=True,
    )
    assert [step.change.ref.name for step in scheduler.start(9)] == ["c"]


def test_dependencies_on_what_is_not_there_mean_nothing():
    """A target outside the plan, in a later phase, or the change itself does not hold anything up."""
    scheduler = Scheduler(
        plan(
            ([change("a")], False),
            ([change("b")], False),
            dependencies=(after("a", "b"), after("a", "a"), after("a", "gone", wait=True)),
        )
    )
    assert [step.change.ref.name for step in scheduler.start(9)] == ["a"]


def test_ten_thousand_changes_cost_ten_thousand_steps():
    """One phase of many changes on one target is carried out without looking at all of them for each."""
    names = [f"c{number}" for number in range(10_000)]
    scheduler = Scheduler(
        plan(([change(name) for name in names], False), dependencies=tuple(after(name, "c0") for name in names[1:]))
    )
    rounds = 0
    running = []
    while not scheduler.done:
        rounds += 1
        running += scheduler.start(32 - len(running))
        if running:
            step = running.pop()
            scheduler.record(step, done(step))
    assert rounds <= len(names) + 1


def test_an_empty_plan_is_done():
    """Nothing to do is done at once."""
    assert Scheduler(plan()).done
    scheduler = Scheduler(plan(([], True), ([change("a", ChangeKind.UNCHANGED)], False)))
    assert scheduler.start(9) == []
    assert scheduler.done


LATER = after("hook", "server", wait=True, for_later=True)
SERVED = ["server", "hook"]


@pytest.mark.parametrize(
    ("phases", "dependencies", "expected"),
    [
        pytest.param([(SERVED, False)], [LATER], [], id="nothing comes after it"),
        pytest.param([(SERVED, False), (["x"], False)], [LATER], ["server before hook"], id="a later phase"),
        pytest.param([(SERVED, False), (["=x"], False)], [LATER], [], id="a later phase in which nothing is written"),
        pytest.param(
            [([*SERVED, "x"], False)], [LATER, after("x", "hook")], ["server before hook"], id="what is called for"
        ),
        pytest.param(
            [([*SERVED, "x"], False)],
            [LATER, after("x", "server", wait=True)],
            ["server before hook and 1 more"],
            id="somebody needs it himself",
        ),
        pytest.param([(SERVED, False)], [after("hook", "server", wait=True)], ["server before hook"], id="depends on"),
        pytest.param([([*SERVED, "x"], False)], [LATER], [], id="beside it"),
        pytest.param([(["ns"], True), (["x"], False)], [], ["ns before what comes after it"], id="phase"),
        pytest.param([(["ns"], True)], [], [], id="last phase"),
        pytest.param([(["ns"], True), (["=x"], False)], [], [], id="last phase in which something is written"),
    ],
)
def test_lazily_it_is_waited_only_for_what_is_still_to_be_written(
    phases: list[tuple[list[str], bool]], dependencies: list[Dependency], expected: list[str]
) -> None:
    """Each wait says what for; everything is written all the same. Without it each of them is waited for."""
    made = [
        ([change(name.strip("="), ChangeKind.UNCHANGED if "=" in name else ChangeKind.CREATE) for name in names], wait)
        for names, wait in phases
    ]
    wanted = plan(*made, dependencies=tuple(dependencies))
    for lazily in (True, False):
        drive = Drive(Scheduler(wanted, lazily=lazily), random.Random(1)).run()  # noqa: S311 - an order
        waits = [step for what, step in drive.log if what == "start" and isinstance(step, Wait)]
        said = [
            f"{on.name} before {why.replace('ConfigMap n/', '')}" for step in waits for on, why in step.before.items()
        ]
        assert said == expected if lazily else said
        assert len(drive.started) == sum(one.writes for one in wanted.changes)
