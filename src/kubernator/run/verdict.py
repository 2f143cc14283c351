"""From a plan that cannot be carried out, or a report that is not all good, to the error that ends the run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.outcome import OutcomeKind
from kubernator.model.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.model.change import Change
    from kubernator.model.outcome import ApplyReport, Outcome
    from kubernator.model.plan import Plan

__all__ = ["failure", "finding", "of_plan", "of_report"]

#: Where a server's message begins to list fields, and what is said in place of the list.
_LISTS = {
    " is invalid: ": " is invalid",
    "failed to create typed patch object": "it does not fit its schema",
    "failed to convert new object": "it does not fit its kind",
}
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
        message=_brief(change.reason, change.detail) or f"`{change.ref}` is refused",
        origin=change.origin,
        resource=str(change.resource or change.ref),
        changed_by=tuple(map(str, change.resource.touched_by)) if change.resource else (),
        detail=(*change.detail, *(owner for owner in owners if owner[1] not in named and not change.detail)),
        hint=change.hint,
        code="conflict" if change.conflicts else "refused",
    )


def _brief(reason: str, detail: Sequence[tuple[str, str]]) -> str:
    """Return the beginning of a server's message whose fields are listed below it, with their places."""
    if not any(label == "field" for label, _ in detail):
        return reason
    for mark, end in _LISTS.items():
        start, found, _ = reason.partition(mark)
        if found:
            return f"{start}{end}"
    return reason


def failure(outcome: Outcome) -> Diagnostic:
    """Say why a change failed, as a finding."""
    error, change = outcome.error, outcome.change
    if error is None:
        return finding(change)
    known = {"resource", *(label for label, _ in change.origin.lines())}
    return replace(
        finding(change),
        message=_brief(error.title, change.detail),
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
        return errors.ConflictRefused(
            f"{number} would take fields from other field managers; nothing was written",
            hint="`--force-conflicts` takes them, `ktor.k8s.patch_field_excludes` leaves them to the others",
        )
    return errors.ValidationFailed(f"{number} cannot be made; nothing was written", ())


def of_report(report: ApplyReport) -> errors.KubernatorError | None:
    """Return the error of a report; None when everything was written and is current."""
    written = [outcome for outcome in report.outcomes if outcome.kind not in _UNWRITTEN]
    skipped = [outcome for outcome in report.outcomes if outcome.kind is OutcomeKind.SKIPPED]
    failed = report.failed
    done = f"{len(written)} of {len(report.outcomes) - report.counts[OutcomeKind.UNCHANGED]} changes were made"
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
    detail = [
        ("not ready", f"{ref}, {found.status}{f': {found.message}' if found.message else ''}")
        for ref, found in bad.items()
    ]
    if skipped:
        detail.append(("skipped", f"{skipped} changes that come after"))
    if any(found.status is Status.FAILED for found in bad.values()):
        failed = sum(found.status is Status.FAILED for found in bad.values())
        return errors.NotReady(f"{done}, but {failed} failed to become ready", report, detail=detail)
    return errors.TimedOut(
        f"{done}, but {len(bad)} did not become ready in time", detail=detail, hint="`--timeout 20m` waits longer"
    )
