"""Downloads on a terminal: a line for each that is under way, in one live display.

Where there is no terminal the log says the same, less often; that is what `tools.locate.Programs` does by itself.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from kubernator.report import live
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LiveDownloads", "line"]

MEGABYTE = 1 << 20


class LiveDownloads:
    """Call it with what is downloaded: `tools.locate.Watch`. May be used from several threads."""

    def __init__(self, display: Callable[[], live.Display] = live.Display) -> None:
        self._new_display = display
        self._display: live.Display | None = None
        self._running: dict[object, tuple[str, int, int | None]] = {}
        self._drawn = 0.0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def __call__(self, what: str) -> Iterator[Callable[[int, int | None], object]]:
        """Show a download while the block lasts; the function that is handed out hears bytes so far and in all."""
        key = object()
        self._tell(key, what, 0, None)
        try:
            yield lambda done, total: self._tell(key, what, done, total)
        finally:
            self._end(key)

    def _tell(self, key: object, what: str, done: int, total: int | None) -> None:
        with self._lock:
            new = key not in self._running
            self._running[key] = (what, done, total)
            if self._display is None:
                self._display = self._new_display()
                self._display.__enter__()
            now = time.monotonic()
            if new or done == total or now - self._drawn >= live.REFRESH:
                self._drawn = now
                self._display.show(line(*each) for each in self._running.values())

    def _end(self, key: object) -> None:
        with self._lock:
            del self._running[key]
            if not self._running and self._display is not None:
                self._display.__exit__(None, None, None)
                self._display = None


def line(what: str, done: int, total: int | None) -> str:
    """Return what is shown of one download; ``total`` is None where the server did not say."""
    if total is None:
        return printable(f"downloading {what}: {done / MEGABYTE:.1f} MB")
    share = done * 100 // total if total else 100
    return printable(f"downloading {what}: {done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB, {share}%")
