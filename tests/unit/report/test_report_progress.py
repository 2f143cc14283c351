"""The live display: what it says of waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator.model.events import Waiting
from kubernator.model.plan import Plan
from kubernator.model.ref import ResourceRef
from kubernator.model.status import Status, StatusResult
from kubernator.report.progress import LiveProgress

if TYPE_CHECKING:
    from kubernator.redaction import Secrets


def test_a_reason_is_shown_without_secrets_and_controls(secrets: Secrets) -> None:
    """A Pod's message is in the words of others: it cannot move the cursor, and what it tells of us is hidden."""
    secrets.add("correct-horse")
    pod = ResourceRef("", "Pod", "n", "web")
    reason = StatusResult(Status.IN_PROGRESS, "\x1b[2Jno login with correct-horse")
    progress = LiveProgress(Plan(), secrets)
    progress.event(Waiting(((pod, reason),), 3.0))
    assert progress.lines() == [
        "0 of 0 written",
        r"waiting for Pod n/web, 3 s, in progress: \x1b[2Jno login with <secret 1>",
    ]
