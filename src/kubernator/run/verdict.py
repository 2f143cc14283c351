"""From a plan that cannot be carried out, or a report that is not all good, to the error that ends the run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.outcome import OutcomeKind
from kubernator.model.status import Status, StatusResult
from kubernator.report import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.change import Change
    from kubernator.model.outcome import ApplyReport, Outcome
    from kubernator.model.plan import Plan
    from kubernator.model.ref import ResourceRef

__all__ = ["failure", "finding", "of_plan", "of_report"]

_GOOD = frozenset({Status.CURRENT, Status.UNKNOWN})
_UNWRITTEN = frozenset({OutcomeKind.UNCHANGED, OutcomeKind.REFUSED, OutcomeKind.FAILED, OutcomeKind.SKIPPED})


def finding(change: Change) -> Diagnostic:
    """Say why a change is refused, as a finding."""
    named = {text for _, text in change.detail}
    owners = [
        ("owned by", f"`{conflict.manager}`{f' since {conflict.time}' if conflict.time else ''}: {conflict.field}")
        for conflict in change.conflicts
    ]
    return Diagnostic(
        severity=Severity.ERROR,
        message=shown.brief(change.reason, change.detail) or f"`{change.ref}` is refused",
        origin=change.origin,
        resource=str(change.resource or change.ref),
        changed_by=tuple(map(str, change.resource.touched_by)) if change.resource else (),
        detail=(*change.detail, *(owner for owner in owners if owner[1] not in named and not change.detail)),
        hint=change.hint,
        code="conflict" if change.conflicts else "refused",
    )


def failure(outcome: Outcome) -> Diagnostic:
    """Say why a change failed, as a finding."""
    error, change = outcome.error, outcome.change
    if error is None:
        return finding(change)
    known = {"resource", *(label for label, _ in change.origin.lines())}
    return replace(
        finding(change),
        message=shown.brief(error.title, change.detail),
        detail=tuple((label, line) for label, line in error.detail if label not in known),
        hint=error.hint,
        code="failed",
    )


def of_plan(plan: Plan) -> errors.KubernatorError | None:
    """Return the error of a plan in which something is refused; what it is stands among the findings."""
    refused = plan.refused
    if not refused:
        return None
    number = f"{len(refused)} change{'s' * (len(refused) != 1)}"
    if all(change.conflicts for change in refused):
        ruled = all(conflict.rule for change in refused for conflict in change.conflicts)
        return errors.ConflictRefused(
            f"{number} would take fields from other field managers; nothing was written",
            hint="the rules named above refuse that: change them, or drop the fields from the manifests"
            if ruled
            else "`ktor.k8s.add_conflict_rule` decides field by field, `--force-conflicts` takes them all",
        )
    if all(change.denied for change in refused):
        return errors.NotPermitted(
            f"{number} may not be made by this user; nothing was written",
            hint="a role that allows what is said above has to be bound to the user; a dry run needs `patch`, too",
        )
    return errors.ValidationFailed(f"{number} cannot be made; nothing was written", ())


def of_report(report: ApplyReport) -> errors.KubernatorError | None:
    """Return the error of a report; None when everything was written and is current."""
    written = [outcome for outcome in report.outcomes if outcome.kind not in _UNWRITTEN]
    skipped = [outcome for outcome in report.outcomes if outcome.kind is OutcomeKind.SKIPPED]
    failed = report.failed
    halfway = sum(report.halfway.values())
    done = (
        f"{len(written)} of {len(report.outcomes) - report.counts[OutcomeKind.UNCHANGED]} changes were made"
        f"{f', {halfway} in part' if halfway else ''}"
    )
    again = "run the same command again: what was made stays, the rest is tried again"
    if report.interrupted:
        return errors.Interrupted(f"interrupted, {done}", hint=again)
    if failed and all(outcome.change.conflicts for outcome in failed):
        return errors.ConflictRefused(f"fields belong to other field managers; {done}", hint=again)
    if failed:
        return errors.ApplyFailed(f"{len(failed)} failed, {len(skipped)} skipped; {done}", report, hint=again)
    return _waited(report, done, len(skipped))


def _waited(report: ApplyReport, done: str, skipped: int) -> errors.KubernatorError | None:
    bad = {ref: found for ref, found in report.statuses.items() if found.status not in _GOOD}
    if not bad:
        return None
    detail = [line for ref, found in bad.items() for line in _lines(ref, found)]
    if skipped:
        detail.append(("skipped", f"{skipped} changes that come after"))
    failed = sum(found.status is Status.FAILED for found in bad.values())
    if failed:
        return errors.NotReady(
            f"{done}, but {failed} failed to become ready",
            report,
            detail=detail,
            hint="`kubernator status` shows how everything stands; mend the cause and run the same command again",
        )
    late = sum(found.timed_out for found in bad.values()) or len(bad)
    return errors.TimedOut(
        f"{done}, but {late} did not become ready in time",
        detail=detail,
        hint="`kubernator status --watch` goes on looking, `--timeout 20m` waits longer",
    )


def _lines(ref: ResourceRef, found: StatusResult) -> Iterator[tuple[str, str]]:
    """Say of an object that is not current for how long it was waited for, why, and what it said last."""
    match found:
        case StatusResult(status=Status.FAILED):
            word = "failed"
        case StatusResult(timed_out=True):
            word = "timed out"
        case _:
            word = "not ready"
    state = f", {found.status}" if word != "failed" else ""
    after = f" after {found.seconds:.0f} s" if found.seconds >= 1 else ""
    yield word, f"{ref}{state}{after}{f': {found.message}' if found.message else ''}"
    yield from (("log", line) for line in found.lines)
