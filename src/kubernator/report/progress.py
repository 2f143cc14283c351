"""That something is going on: a live display on a terminal, else a line each 10 seconds of waiting.

The live display (`live`) stands below the log, which goes on scrolling above it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from typing import IO, TYPE_CHECKING, Final, Self, TypeAlias

from kubernator.model import events
from kubernator.report import live
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.plan import Plan
    from kubernator.model.ref import ResourceRef
    from kubernator.model.status import StatusResult
    from kubernator.redaction import Secrets

__all__ = ["LIVE_EVERY", "LiveProgress", "PlainProgress", "live_wanted", "shown"]

LIVE_EVERY: Final = 1.0
"""Seconds after which a live display wants to hear how waiting goes; a log hears it from ``apply.wait`` less often."""

ROWS: Final = 8

_logger = logging.getLogger("kubernator.k8s")

_Pending = tuple[tuple["ResourceRef", "StatusResult"], ...]
_Before: TypeAlias = "Mapping[ResourceRef, str]"


def live_wanted(stream: IO[str], environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether a stream is a terminal on which lines can be written over."""
    return stream.isatty() and environment.get("TERM", "dumb") != "dumb"


@contextlib.contextmanager
def shown(plan: Plan, secrets: Secrets, *, live: bool) -> Iterator[events.Listener]:
    """Hand out a listener that shows progress while the block runs."""
    if not live:
        yield PlainProgress().event
        return
    with LiveProgress(plan, secrets) as progress:
        yield progress.event


class PlainProgress:
    """Logs what we wait for and why, how long already, and the newest reason, whenever the waiter speaks."""

    def __init__(self) -> None:
        self._before: _Before = {}

    def event(self, event: events.Event) -> None:
        """Hear what happens; only waiting is of interest."""
        match event:
            case events.WaitStarted(before):
                self._before = before
            case events.Waiting(pending, seconds):
                for line in waiting(pending, seconds, self._before):
                    _logger.info("%s", line)
            case _:
                pass


def waiting(pending: _Pending, seconds: float, before: _Before) -> Iterator[str]:
    """Return a line for each of the first objects that are waited for, and one for the rest."""
    for ref, result in pending[:ROWS]:
        why = f" before {before[ref]}" if ref in before else ""
        reason = f": {result.message}" if result.message else ""
        yield f"waiting for {ref}{why}, {seconds:.0f} s, {result.status}{reason}"
    if len(pending) > ROWS:
        yield f"waiting for {len(pending) - ROWS} more"


class LiveProgress:
    """A few lines at the bottom of the terminal: how much is written, and what is waited for."""

    def __init__(self, plan: Plan, secrets: Secrets) -> None:
        self._secrets = secrets
        self._total = sum(change.writes for change in plan.changes)
        self._written = 0
        self._waiting: tuple[_Pending, float] = ((), 0.0)
        self._before: _Before = {}
        self._drawn = 0.0
        self._lock = threading.Lock()
        self._display = live.Display()

    def __enter__(self) -> Self:
        self._display.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._display.__exit__()

    def event(self, event: events.Event) -> None:
        """Hear what happens, and draw it."""
        with self._lock:
            match event:
                case events.ChangeEnded():
                    self._written += 1
                case events.WaitStarted(before):
                    self._before = before
                    return
                case events.Waiting(pending, seconds):
                    self._waiting = (pending, seconds)
                case _:
                    return
            now = time.monotonic()
            if now - self._drawn < live.REFRESH and self._written < self._total:
                return
            self._drawn = now
            lines = self.lines()
        self._display.show(lines)

    def lines(self) -> list[str]:
        """Return what is displayed now, redacted and harmless for a terminal: reasons are in the words of others."""
        pending, seconds = self._waiting
        first = f"{min(self._written, self._total)} of {self._total} written"
        return [printable(self._secrets.redact(line)) for line in (first, *waiting(pending, seconds, self._before))]
