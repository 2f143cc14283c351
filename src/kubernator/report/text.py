"""The run in the log: a line for each change, the changed fields in a dry run, and the counts at the end."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from kubernator.model import events
from kubernator.model.change import Change, ChangeKind
from kubernator.model.outcome import ApplyReport, Halfway, Outcome, OutcomeKind
from kubernator.model.status import Status
from kubernator.report import shown
from kubernator.report.logs import TRACE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kubernator.model.change import FieldConflict
    from kubernator.model.plan import Plan
    from kubernator.model.ref import ResourceRef
    from kubernator.redaction import Secrets

__all__ = ["FIELD_VALIDATION", "TextReporter", "counts", "requests"]

#: Scripts and tests of users look for this text in the log.
FIELD_VALIDATION: Final = "FAILED FIELD VALIDATION"

#: How the API server begins to say which fields it does not know, in two of its parts.
_STRICT: Final = "strict decoding error: "
_TYPED: Final = "failed to create typed patch object"

_logger = logging.getLogger("kubernator.k8s")

_WOULD: Final[Mapping[ChangeKind, str]] = {
    ChangeKind.CREATE: "create",
    ChangeKind.UPDATE: "update",
    ChangeKind.REPLACE: "replace",
    ChangeKind.DELETE: "delete",
    ChangeKind.UNCHANGED: "leave as it is",
    ChangeKind.REFUSED: "be refused",
}

_DONE: Final[Mapping[OutcomeKind, int]] = {
    OutcomeKind.UNCHANGED: logging.DEBUG,
    OutcomeKind.REFUSED: logging.ERROR,
    OutcomeKind.FAILED: logging.ERROR,
    OutcomeKind.SKIPPED: logging.WARNING,
}

#: How far replacements came that deleted the old object, or told it to go.
_DELETED: Final = (Halfway.DELETING, Halfway.DELETED, Halfway.RESTORED, Halfway.UNKNOWN)

#: What nobody waits for, since it cannot be known, is said: what comes after it comes all the same.
_STANDS: Final[Mapping[Status, int]] = {Status.FAILED: logging.ERROR, Status.UNKNOWN: logging.WARNING}


class TextReporter:
    """Writes a run to the log, under the logger ``kubernator.k8s``."""

    def __init__(self, secrets: Secrets, *, dry_run: bool) -> None:
        self._secrets = secrets
        self._dry_run = dry_run
        self._warned: set[tuple[ResourceRef, str]] = set()
        self._lock = threading.Lock()

    def planned(self, plan: Plan) -> None:
        """Say what would be done; in a real run only at level DEBUG, since each change is said when it is done."""
        level = logging.INFO if self._dry_run else logging.DEBUG
        for other in plan.plugin_changes:
            _logger.log(level, "would let %s %s%s", other.plugin, other.title, self._suffix)
        for change in plan.changes:
            self._planned(change, level if change.writes else logging.DEBUG)
        if self._dry_run:
            self._summary({_OUTCOME[kind]: number for kind, number in plan.summary.items()}, plan.requests)

    def event(self, event: events.Event) -> None:
        """Say what happened."""
        match event:
            case events.PhaseStarted(phase):
                _logger.debug("phase %s: %d changes", phase.name, len(phase.changes))
            case events.ChangeStarted(change):
                _logger.log(TRACE, "%s %s", _WOULD[change.kind], shown.subject(change))
            case events.ChangeEnded(outcome):
                self._ended(outcome)
            case events.StatusSeen(ref, result, seconds):
                level = _STANDS.get(result.status, logging.DEBUG)
                _logger.log(level, "%s is %s after %.1f s%s", ref, result.status, seconds, _because(result.message))
            case events.WaitStarted() | events.Waiting():
                pass  # said by `progress`

    def finished(self, report: ApplyReport) -> None:
        """Say how much was done, and what it cost."""
        self._summary(report.counts, report.requests, report.halfway)

    def nothing(self, tree: Path, *, looked: bool) -> None:
        """Say that a tree came to nothing at all, which is seldom meant; ``looked``: files were looked for."""
        why = (
            "no file matches `ktor.k8s.includes`, and no script adds resources"
            if looked
            else 'no `.kubernator.py` of it calls `ktor.app.register_plugin("k8s")`'
        )
        _logger.warning("`%s` has no resources: %s", tree, why)

    @property
    def _suffix(self) -> str:
        return " (dry run)" if self._dry_run else ""

    def _planned(self, change: Change, level: int) -> None:
        if not _logger.isEnabledFor(level):
            return
        from kubernator.report import diff  # noqa: PLC0415 - only where changes are told

        lines = [(sign, text) for sign, _, text in (line.partition(" ") for line in diff.fields(change, self._secrets))]
        notes = [
            *([("deferred" if change.deferred else "because", change.reason)] if change.reason else []),
            *(("takes over", field) for field in change.take_over),
            *(("takes", _of_others(found)) for found in change.conflicts),
            *(("leaves", _of_others(found)) for found in change.left),
            *(("gives up", f"`{field}`, which keeps its value") for field in change.release),
        ]
        text = f"would {_WOULD[change.kind]} {shown.subject(change)}{self._suffix}"
        _logger.log(level, "%s", text, extra={"lines": (*notes, *lines)})

    def _ended(self, outcome: Outcome) -> None:
        change = outcome.change
        for warning in outcome.warnings:
            self.warn(change, warning)
        because = change.reason if outcome.kind in {OutcomeKind.SKIPPED, OutcomeKind.REFUSED} else ""
        because = outcome.error.title if outcome.error is not None else because
        level = _DONE.get(outcome.kind, logging.INFO)
        _logger.log(level, "%s %s%s", outcome.kind, shown.subject(change), _because(because))

    def warn(self, change: Change, warning: str) -> bool:
        """Log a warning of the server about an object, once, in the words of the reference; say whether it is fatal.

        It is where the scope of the resource says so, and then an error; it stops a dry run, never a real one.
        """
        fatal = change.resource is None or change.resource.policy.warnings_are_fatal
        with self._lock:
            if (change.ref, warning) in self._warned:
                return fatal
            self._warned.add((change.ref, warning))
        _logger.log(
            logging.ERROR if fatal else logging.WARNING,
            "%s of %s: %s",
            FIELD_VALIDATION,
            shown.subject(change),
            warning,
            extra={"lines": tuple(change.origin.lines())},
        )
        return fatal

    def refused(self, plan: Plan) -> None:
        """Log the fields that the server does not know, in the words of the reference, before the errors are shown."""
        for change in plan.refused:
            if _TYPED in change.reason:
                known = [line for label, line in change.detail if label == "field"]
                for line in known or [change.reason.partition(_TYPED)[2].partition(": ")[2]]:
                    self.warn(change, line)
            _, strict, items = change.reason.partition(_STRICT)
            for item in items.split(", ") if strict else ():
                self.warn(change, item)

    def _summary(
        self, done: Mapping[OutcomeKind, int], sent: Mapping[str, int], halfway: Mapping[Halfway, int] | None = None
    ) -> None:
        _logger.info("%s%s", counts(done, halfway or {}, dry_run=self._dry_run), self._suffix)
        if sent:
            _logger.info("%s", requests(sent))


def counts(
    done: Mapping[OutcomeKind, int], halfway: Mapping[Halfway, int] | None = None, *, dry_run: bool = False
) -> str:
    """Return ``created 2, patched 1, deleted 0, unchanged 5``; less usual ends only where there are any.

    An object that was replaced counts as created and deleted, as in the reference; one that was to be, and was deleted
    or made again as it was, counts as that too, beside its failure.
    """
    partly = halfway or {}
    replaced = done.get(OutcomeKind.REPLACED, 0)
    parts = [
        ("created", done.get(OutcomeKind.CREATED, 0) + replaced + partly.get(Halfway.RESTORED, 0)),
        ("patched", done.get(OutcomeKind.UPDATED, 0)),
        ("deleted", done.get(OutcomeKind.DELETED, 0) + replaced + sum(partly.get(each, 0) for each in _DELETED)),
        ("unchanged", done.get(OutcomeKind.UNCHANGED, 0)),
        *(
            (str(kind), done[kind])
            for kind in (OutcomeKind.REFUSED, OutcomeKind.FAILED, OutcomeKind.SKIPPED)
            if done.get(kind)
        ),
        *([("in part", sum(partly.values()))] if any(partly.values()) else []),
    ]
    text = ", ".join(f"{word} {number}" for word, number in parts)
    return f"would have {text}" if dry_run else text


def requests(sent: Mapping[str, int]) -> str:
    """Return ``requests: discovery 2, list 3, apply 4``."""
    return "requests: " + ", ".join(f"{verb} {number}" for verb, number in sent.items() if number)


def _of_others(found: FieldConflict) -> str:
    since = f" since {found.time}" if found.time else ""
    return f"`{found.field}`, which belongs to `{found.manager}`{since}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


_OUTCOME: Final[Mapping[ChangeKind, OutcomeKind]] = {
    ChangeKind.CREATE: OutcomeKind.CREATED,
    ChangeKind.UPDATE: OutcomeKind.UPDATED,
    ChangeKind.REPLACE: OutcomeKind.REPLACED,
    ChangeKind.DELETE: OutcomeKind.DELETED,
    ChangeKind.UNCHANGED: OutcomeKind.UNCHANGED,
    ChangeKind.REFUSED: OutcomeKind.REFUSED,
}
