"""How an object stands, in the words of kstatus.

Source: sigs.k8s.io/cli-utils, package ``kstatus``: Current, InProgress, Failed, Terminating, NotFound, Unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Status", "StatusResult"]


class Status(StrEnum):
    """The state of an object against its spec."""

    CURRENT = "current"
    IN_PROGRESS = "in progress"
    FAILED = "failed"
    TERMINATING = "terminating"
    NOT_FOUND = "not found"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StatusResult:
    """A state and the newest reason for it, one line."""

    status: Status
    message: str = ""
