"""How an object stands, in the words of kstatus.

Source: sigs.k8s.io/cli-utils, package ``kstatus``: Current, InProgress, Failed, Terminating, NotFound, Unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

__all__ = ["SETTLED", "Status", "StatusResult"]


class Status(StrEnum):
    """The state of an object against its spec."""

    CURRENT = "current"
    IN_PROGRESS = "in progress"
    FAILED = "failed"
    TERMINATING = "terminating"
    NOT_FOUND = "not found"
    UNKNOWN = "unknown"


#: States in which nothing more is waited for.
SETTLED: Final = frozenset({Status.CURRENT, Status.FAILED, Status.UNKNOWN})


@dataclass(frozen=True, slots=True)
class StatusResult:
    """A state and the newest reason for it, one line.

    ``suspect`` says that an object in progress will not get there unless something changes (a crash loop, an image that
    cannot be pulled): a failure if it lasts. ``lines`` are the last ones that a crashed container said, not redacted.
    ``seconds`` is how long it was waited for, where it was, and ``timed_out`` that this was as long as it may take.
    """

    status: Status
    message: str = ""
    suspect: bool = False
    lines: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    timed_out: bool = False
