"""What a signal does: the first one stops the run politely, the second one leaves at once.

While changes are being written nothing is torn out of its work: the first signal sets ``stop``, no new write starts,
and what is in flight ends. At any other time it raises `KeyboardInterrupt` in the main thread, like Ctrl-C anywhere in
Python; SIGTERM and SIGHUP do the same. The second one ends the programs we started, removes the credentials that stand
in temporary files, and leaves without waiting for anything.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, Self

from kubernator import errors, workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["Interrupts"]

GRACE: Final = 2.0
"""Seconds that programs of ours have, after the second signal, to end by themselves."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_logger = logging.getLogger("kubernator")


class Interrupts:
    """The signals of a run, as a context manager of the main thread; in any other thread it does nothing."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._count = 0
        self._number = 0
        self._polite = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:  # somebody wants it ignored: nohup, a shell's `&`
                    self._before[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def exit_code(self) -> errors.ExitCode:
        """What an interrupted run answers."""
        ended = self._number in {signal.SIGTERM, signal.SIGHUP}  # by whom, or because the terminal is gone
        return errors.ExitCode.TERMINATED if ended else errors.ExitCode.INTERRUPTED

    @contextlib.contextmanager
    def politely(self) -> Iterator[threading.Event]:
        """Let the first signal set ``stop`` and nothing else, while the block runs."""
        self._polite = True
        try:
            yield self.stop
        finally:
            self._polite = False

    def _arrived(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's arguments
        self._count += 1
        self._number = self._number or number
        if self._count > 1:
            self._leave()
        self.stop.set()
        if not self._polite:
            raise KeyboardInterrupt
        # a handler may have interrupted the writing of a log line, so this goes past the log
        with contextlib.suppress(OSError):
            os.write(2, b"interrupted: what is being written ends, nothing new starts; once more to leave at once\n")

    def _leave(self) -> None:
        if "kubernator.tools.running" in sys.modules and self._count == 2:  # noqa: PLR2004 - the second signal
            from kubernator.tools import running  # noqa: PLC0415 - loaded already

            # in a thread, since whoever was interrupted may hold the lock it needs
            ending = workers.thread(running.end_all, GRACE, name="end-all")
            ending.join(GRACE + 1)
        if "kubernator.tools.private" in sys.modules:
            from kubernator.tools import private  # noqa: PLC0415 - loaded already

            with contextlib.suppress(Exception):
                private.remove_all()
        # in a thread: nobody may be reading what we write, and then this would take for ever
        workers.thread(_flush, name="flush").join(1)
        os._exit(self.exit_code)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
