"""That something is going on: a live display on a terminal, else a line each 10 seconds of waiting.

The live display stands below the log, which goes on scrolling above it. ``rich`` is imported only for it.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any, Final, Self

from kubernator.model import events
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console
    from rich.live import Live

    from kubernator.model.plan import Plan
    from kubernator.model.ref import ResourceRef
    from kubernator.model.status import StatusResult
    from kubernator.redaction import Secrets

__all__ = ["LIVE_EVERY", "LiveProgress", "PlainProgress", "live_wanted", "shown"]

LIVE_EVERY: Final = 1.0
"""Seconds after which a live display wants to hear how waiting goes; a log hears it from ``apply.wait`` less often."""

ROWS: Final = 8
REFRESH: Final = 0.1

_logger = logging.getLogger("kubernator.k8s")

_Pending = tuple[tuple["ResourceRef", "StatusResult"], ...]


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
    """Logs what we wait for, how long already, and the newest reason, whenever the waiter speaks."""

    def event(self, event: events.Event) -> None:
        """Hear what happens; only waiting is of interest."""
        if not isinstance(event, events.Waiting):
            return
        for line in waiting(event.pending, event.seconds):
            _logger.info("%s", line)


def waiting(pending: _Pending, seconds: float) -> Iterator[str]:
    """Return a line for each of the first objects that are waited for, and one for the rest."""
    for ref, result in pending[:ROWS]:
        reason = f": {result.message}" if result.message else ""
        yield f"waiting for {ref}, {seconds:.0f} s, {result.status}{reason}"
    if len(pending) > ROWS:
        yield f"waiting for {len(pending) - ROWS} more"


class LiveProgress:
    """A few lines at the bottom of the terminal: how much is written, and what is waited for."""

    def __init__(self, plan: Plan, secrets: Secrets) -> None:
        self._secrets = secrets
        self._total = sum(change.writes for change in plan.changes)
        self._written = 0
        self._waiting: tuple[_Pending, float] = ((), 0.0)
        self._drawn = 0.0
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._stderr: Any = None

    def __enter__(self) -> Self:
        from rich.console import Console  # noqa: PLC0415 - only on a terminal
        from rich.live import Live  # noqa: PLC0415 - the same

        console = Console(file=sys.stderr, highlight=False)
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()
        self._stderr = sys.stderr
        sys.stderr = _Above(self._stderr, console)
        return self

    def __exit__(self, *_: object) -> None:
        if self._stderr is not None:
            sys.stderr = self._stderr
        if self._live is not None:
            self._live.stop()

    def event(self, event: events.Event) -> None:
        """Hear what happens, and draw it."""
        with self._lock:
            match event:
                case events.ChangeEnded():
                    self._written += 1
                case events.Waiting(pending, seconds):
                    self._waiting = (pending, seconds)
                case _:
                    return
            now = time.monotonic()
            if now - self._drawn < REFRESH and self._written < self._total:
                return
            self._drawn = now
            lines = self.lines()
        if self._live is not None:
            from rich.text import Text  # noqa: PLC0415 - only on a terminal

            self._live.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)

    def lines(self) -> list[str]:
        """Return what is displayed now, redacted and harmless for a terminal: reasons are in the words of others."""
        pending, seconds = self._waiting
        first = f"{min(self._written, self._total)} of {self._total} written"
        return [printable(self._secrets.redact(line)) for line in (first, *waiting(pending, seconds))]


class _Above(io.TextIOBase):
    """Stands for stderr while a live display does: whole lines are written above it."""

    def __init__(self, stream: Any, console: Console) -> None:
        super().__init__()
        self._stream = stream
        self._console = console
        self._part = ""

    def write(self, text: str) -> int:
        from rich.text import Text  # noqa: PLC0415 - loaded already

        *lines, self._part = (self._part + text).split("\n")
        for line in lines:
            self._console.print(Text.from_ansi(line), soft_wrap=True)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._stream.fileno())
