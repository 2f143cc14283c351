"""The run in the log, changed fields, and progress."""

from __future__ import annotations

import io
import logging
import sys
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.model import events
from kubernator.model.change import ChangeKind, PatchOp, PluginChange
from kubernator.model.outcome import ApplyReport, Halfway, Outcome, OutcomeKind
from kubernator.model.plan import Phase, Plan
from kubernator.model.ref import ResourceRef
from kubernator.model.status import Status, StatusResult
from kubernator.redaction import Secrets
from kubernator.report import diff, progress, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.model.change import Change

REF = ResourceRef("apps", "Deployment", "a", "web")
LIVE = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "a"},
    "spec": {
        "replicas": 2,
        "paused": True,
        "template": {"spec": {"containers": [{"name": "nginx", "image": "nginx:1"}]}},
    },
    "data": {"f": "a\nb\nc\n"},
}


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="kubernator")


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ([PatchOp(op="replace", path="/spec/replicas", value=5, old=2)], ["~ spec.replicas: 2 → 5"]),
        ([PatchOp(op="add", path="/metadata/labels", value={"a.b/c": "x"})], ['+ metadata.labels: {"a.b/c": "x"}']),
        ([PatchOp(op="remove", path="/spec/paused", old=True)], ["- spec.paused: true"]),
        (
            [PatchOp(op="replace", path="/spec/template/spec/containers/0/image", value="nginx:2", old="nginx:1")],
            ['~ spec.template.spec.containers[nginx].image: "nginx:1" → "nginx:2"'],
        ),
        (
            [
                PatchOp(op="add", path="/spec/template/spec/containers/0", value={"name": "side"}),
                PatchOp(op="replace", path="/spec/template/spec/containers/1/image", value="nginx:2", old="nginx:1"),
            ],
            [
                '+ spec.template.spec.containers[side]: {"name": "side"}',
                '~ spec.template.spec.containers[nginx].image: "nginx:1" → "nginx:2"',
            ],
        ),
        (
            [PatchOp(op="replace", path="/data/f", value="a\nb\nd\n", old="a\nb\nc\n")],
            ["~ data.f:", "    @@ -2,2 +2,2 @@", "     b", "    -c", "    +d"],
        ),
        (
            [PatchOp(op="replace", path="/data/f", value="a\nb\nc", old="a\nb\nc\n")],
            ["~ data.f:", "    the line break at the end goes"],
        ),
    ],
)
def test_a_field_is_shown_by_its_name(
    change: Callable[..., Change], secrets: Secrets, ops: list[PatchOp], expected: list[str]
) -> None:
    """Items of lists go by their name, long texts by the lines that differ."""
    assert expected == list(diff.fields(change(ChangeKind.UPDATE, live=LIVE, patch=tuple(ops)), secrets))


def test_a_long_value_is_cut_after_it_was_redacted(change: Callable[..., Change]) -> None:
    """What is cut in the middle could not be recognised as a secret any more."""
    secrets = Secrets()
    secrets.add("y" * 40)
    op = PatchOp(op="add", path="/spec/x", value="x" * 100 + "y" * 40)
    (line,) = diff.fields(change(ChangeKind.UPDATE, live=LIVE, patch=(op,)), secrets)
    assert "yyy" not in line
    assert len(line) <= len("+ spec.x: ") + diff.WIDTH


@pytest.mark.parametrize(("deferred", "label"), [(True, "deferred"), (False, "because")])
def test_a_reason_says_what_it_is_the_reason_for(
    change: Callable[..., Change], secrets: Secrets, caplog: pytest.LogCaptureFixture, *, deferred: bool, label: str
) -> None:
    """A change that cannot be tried yet is not made *because* of what it waits for."""
    made = change(ChangeKind.CREATE, deferred=deferred, reason="namespace `a` is created in this run")
    text.TextReporter(secrets, dry_run=True).planned(Plan(phases=(Phase(name="a", changes=(made,)),)))
    assert (label, "namespace `a` is created in this run") == caplog.records[0].lines[0]  # type: ignore[attr-defined]


def test_a_dry_run_says_what_would_be_done(
    change: Callable[..., Change], secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    """A line a change, what stays as it is only at DEBUG, then counts and requests."""
    plan = Plan(
        phases=(
            Phase(
                name="a", changes=(change(ChangeKind.CREATE), change(ChangeKind.UNCHANGED), change(ChangeKind.REPLACE))
            ),
        ),
        plugin_changes=(PluginChange(plugin="kops", title="update cluster x", detail={}),),
        requests={"list": 2, "retry": 0, "apply": 1},
    )
    text.TextReporter(secrets, dry_run=True).planned(plan)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "would let kops update cluster x (dry run)"),
        ("INFO", "would create apps/v1 Deployment a/web (dry run)"),
        ("DEBUG", "would leave as it is apps/v1 Deployment a/web (dry run)"),
        ("INFO", "would replace apps/v1 Deployment a/web (dry run)"),
        ("INFO", "would have created 2, patched 0, deleted 1, unchanged 1 (dry run)"),
        ("INFO", "requests: list 2, apply 1"),
    ]


@pytest.mark.parametrize(
    ("kind", "error", "expected"),
    [
        (OutcomeKind.CREATED, None, ("INFO", "created apps/v1 Deployment a/web")),
        (OutcomeKind.UNCHANGED, None, ("DEBUG", "unchanged apps/v1 Deployment a/web")),
        (OutcomeKind.SKIPPED, None, ("WARNING", "skipped apps/v1 Deployment a/web")),
        (OutcomeKind.FAILED, errors.Invalid("no", status=422), ("ERROR", "failed apps/v1 Deployment a/web: no")),
    ],
)
def test_each_end_is_said_when_it_comes(  # noqa: PLR0917 - fixtures and a table
    change: Callable[..., Change],
    secrets: Secrets,
    caplog: pytest.LogCaptureFixture,
    kind: OutcomeKind,
    error: errors.KubernatorError | None,
    expected: tuple[str, str],
) -> None:
    """One line for each change."""
    outcome = Outcome(kind=kind, change=change(), error=error)
    text.TextReporter(secrets, dry_run=False).event(events.ChangeEnded(outcome))
    assert [expected] == [(record.levelname, record.getMessage()) for record in caplog.records]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(Status.CURRENT, "DEBUG"), (Status.IN_PROGRESS, "DEBUG"), (Status.FAILED, "ERROR"), (Status.UNKNOWN, "WARNING")],
)
def test_what_cannot_be_waited_for_is_warned_of(
    secrets: Secrets, caplog: pytest.LogCaptureFixture, status: Status, expected: str
) -> None:
    """What depends on an object of unknown state is written all the same, which must not go unsaid."""
    ref = ResourceRef("apps", "Deployment", "a", "web")
    text.TextReporter(secrets, dry_run=False).event(events.StatusSeen(ref, StatusResult(status, "why"), 0.0))
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        expected,
        f"Deployment.apps a/web is {status} after 0.0 s: why",
    )


def test_a_warning_of_the_server_is_said_once(
    change: Callable[..., Change], secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    """Plan and write both bring it; scripts look for its words."""
    reporter = text.TextReporter(secrets, dry_run=False)
    assert [reporter.warn(change(), "unknown field") for _ in range(2)] == [True, True]
    assert caplog.messages == ["FAILED FIELD VALIDATION of apps/v1 Deployment a/web: unknown field"]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ('x: strict decoding error: unknown field "a", unknown field "b"', ['unknown field "a"', 'unknown field "b"']),
        (
            "x: failed to create typed patch object (a/b; /v1, Kind=C): .spec.x: field not declared",
            [".spec.x: field not declared"],
        ),
        ("something else", []),
    ],
)
def test_unknown_fields_that_are_refused_are_said_in_the_words_of_the_reference(
    change: Callable[..., Change], secrets: Secrets, caplog: pytest.LogCaptureFixture, reason: str, expected: list[str]
) -> None:
    """Each field is a line."""
    plan = Plan(phases=(Phase(name="a", changes=(change(ChangeKind.REFUSED, reason=reason),)),))
    text.TextReporter(secrets, dry_run=False).refused(plan)
    assert [f"FAILED FIELD VALIDATION of apps/v1 Deployment a/web: {item}" for item in expected] == caplog.messages


def test_the_counts_are_those_of_the_reference(change: Callable[..., Change]) -> None:
    """What is replaced counts as created and deleted; unusual ends are named only when they occur."""
    kinds = [OutcomeKind.CREATED, OutcomeKind.REPLACED, OutcomeKind.UPDATED, OutcomeKind.FAILED]
    report = ApplyReport(outcomes=tuple(Outcome(kind=kind, change=change()) for kind in kinds))
    assert text.counts(report.counts) == "created 2, patched 1, deleted 1, unchanged 0, failed 1"


@pytest.mark.parametrize(
    ("halfway", "expected"),
    [
        (Halfway.DELETING, "created 0, patched 0, deleted 1, unchanged 0, failed 1, in part 1"),
        (Halfway.DELETED, "created 0, patched 0, deleted 1, unchanged 0, failed 1, in part 1"),
        (Halfway.RESTORED, "created 1, patched 0, deleted 1, unchanged 0, failed 1, in part 1"),
        (Halfway.UNKNOWN, "created 0, patched 0, deleted 1, unchanged 0, failed 1, in part 1"),
        (Halfway.APPLIED, "created 0, patched 0, deleted 0, unchanged 0, failed 1, in part 1"),
    ],
)
def test_the_counts_tell_of_what_was_made_in_part(
    change: Callable[..., Change], halfway: Halfway, expected: str
) -> None:
    """An object that was deleted to be replaced was deleted, whatever came of it."""
    outcome = Outcome(kind=OutcomeKind.FAILED, change=change(ChangeKind.REPLACE), halfway=halfway)
    report = ApplyReport(outcomes=(outcome,))
    assert expected == text.counts(report.counts, report.halfway)


PENDING = tuple(
    (ResourceRef("", "Pod", "a", f"p{number}"), StatusResult(Status.IN_PROGRESS, "pulling")) for number in range(10)
)


def test_without_a_terminal_waiting_is_lines(caplog: pytest.LogCaptureFixture) -> None:
    """What, how long, the newest reason; many objects do not flood the log."""
    progress.PlainProgress().event(events.Waiting(PENDING, 20.4))
    assert caplog.messages[0] == "waiting for Pod a/p0, 20 s, in progress: pulling"
    assert caplog.messages[-1] == "waiting for 2 more"
    assert len(caplog.messages) == 9


def test_a_line_says_what_the_wait_is_for(caplog: pytest.LogCaptureFixture) -> None:
    """Until the next wait begins, which may be that at the end of the run."""
    shown = progress.PlainProgress()
    for before in ({PENDING[0][0]: "Job a/j"}, {}):
        shown.event(events.WaitStarted(before))
        shown.event(events.Waiting(PENDING[:1], 20.4))
    assert caplog.messages == [
        "waiting for Pod a/p0 before Job a/j, 20 s, in progress: pulling",
        "waiting for Pod a/p0, 20 s, in progress: pulling",
    ]


def test_the_live_display_says_no_secret_and_leaves_stderr_as_it_was(
    change: Callable[..., Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines written meanwhile stand above it, in one piece however long, and stderr is itself again."""
    secrets = Secrets()
    secrets.add("correct-horse")
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    plan = Plan(phases=(Phase(name="a", changes=(change(),)),))
    waiting = events.Waiting(((REF, StatusResult(Status.IN_PROGRESS, "correct-horse")),), 1.0)
    with progress.shown(plan, secrets, live=True) as listener:
        assert sys.stderr is not stream
        sys.stderr.write("a long line " * 30 + "\nhalf")
        listener(events.ChangeEnded(Outcome(kind=OutcomeKind.CREATED, change=change())))
        listener(waiting)
        sys.stderr.write(" and half\n")
    assert sys.stderr is stream
    assert ("a long line " * 30).rstrip() in stream.getvalue()
    assert "half and half" in stream.getvalue()
    assert "correct-horse" not in stream.getvalue()


@pytest.mark.parametrize(
    ("terminal", "term", "expected"),
    [(True, "xterm", True), (True, "dumb", False), (True, "", False), (False, "xterm", False)],
)
def test_live_is_for_terminals(terminal: bool, term: str, expected: bool) -> None:  # noqa: FBT001
    """One that cannot go back to a line gets lines."""
    stream = io.StringIO()
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    assert expected is progress.live_wanted(stream, {"TERM": term} if term else {})
