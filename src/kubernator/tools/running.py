"""Programs that run: waiting for them, signals to them, and the end of all that are left when we end.

A program has a process group of its own, so that ending it also ends what it started. `tools.process` starts them.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import threading
import time
from concurrent.futures import Future
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING, Any, Final

from kubernator import workers

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from kubernator.tools import pipes

__all__ = ["Process", "end_all", "keep", "uninterrupted"]

GRACE: Final = 5.0
"""Seconds between the polite and the impolite signal."""

_LONGEST: Final = 2**31 - 1
"""Milliseconds that ``poll`` can wait."""

_running: set[Process] = set()
_detached: list[Process] = []
_registered: list[bool] = []
_lock = threading.Lock()


class Process:
    """A program that was started. Made by `process.spawn`; a context manager that ends it."""

    def __init__(
        self, popen: subprocess.Popen[Any], argv: tuple[str, ...], *, group: bool, of_thread: bool = False
    ) -> None:
        self.argv = argv
        self.popen = popen
        self.of_thread = of_thread
        self._group = group
        self._over = False
        self._pumps: list[pipes.Pump] = []

    @property
    def pid(self) -> int:
        """The process number; also the number of its process group, unless it was started in ours."""
        return self.popen.pid

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._ended(self.popen.poll())

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended and its outputs are read, and return its exit code.

        Raises `TimeoutExpired` after ``timeout`` seconds (it goes on running), and what an output callable raised.
        """
        try:
            code = self.popen.wait(self._awaited(timeout))
        except TimeoutExpired as error:
            raise TimeoutExpired(list(self.argv), timeout or error.timeout) from None  # the real ones may hold secrets
        except KeyboardInterrupt:
            self.terminate()
            raise
        self._ended(code)
        for pump in self._pumps:
            pump.finish()
        for pump in self._pumps:
            if pump.error is not None:
                raise pump.error
        return code

    def _awaited(self, timeout: float | None) -> float | None:
        """Wait for the end where the system tells it, and return how long to look for it; `Popen` sleeps and looks."""
        if timeout is None or self.popen.returncode is not None or not hasattr(os, "pidfd_open"):
            return timeout
        limit = time.monotonic() + timeout
        with contextlib.suppress(OSError):  # an old system, or somebody else has seen the end
            handle = os.pidfd_open(self.pid)
            try:
                end = select.poll()
                end.register(handle, select.POLLIN)
                end.poll(min(timeout * 1000, _LONGEST))
            finally:
                os.close(handle)
        return max(0.0, limit - time.monotonic())

    def send(self, number: int) -> None:
        """Send a signal to the program and, if it has a group of its own, to all in it; nothing if it has ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._group:
                os.killpg(self.pid, number)
            else:
                self.popen.send_signal(number)

    def terminate(self, grace: float = GRACE) -> int:
        """Ask it to end, after ``grace`` seconds make it end, the rest of its group too, and return its exit code."""
        if self._over:  # its number may be somebody else's by now
            return self.popen.wait()
        if self.popen.poll() is None:
            self.send(signal.SIGTERM)
            with contextlib.suppress(TimeoutExpired):
                self.popen.wait(grace)
        if self._group or self.popen.poll() is None:
            self.send(signal.SIGKILL)
        code = self.popen.wait()
        self._ended(code)
        return code

    def ask(self) -> None:
        """Ask it and its group to end, and do not wait."""
        if not self._over:
            self.send(signal.SIGTERM)

    def attach(self, pump: pipes.Pump) -> None:
        """Have an input or output served by a thread of ours, for whose end `wait` waits."""
        self._pumps.append(pump)

    def pumps(self, name: str) -> bool:
        """Say whether an output is read by a thread of ours, so that nobody else may."""
        return any(pump.name == name for pump in self._pumps)

    def kill(self) -> None:
        """Make it and its group end now."""
        if not self._over:
            self.send(signal.SIGKILL)

    def leave(self) -> None:
        """Let it live on: we do not wait for it any more, and may end before it."""
        self.popen.returncode = 0  # else Popen warns, when it goes, of a program that it takes for forgotten

    def _ended(self, code: int | None) -> int | None:
        if code is not None:
            self._over = True
            with _lock:
                _running.discard(self)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate()


def end_all(grace: float = GRACE, *, of_threads: bool = False) -> None:
    """End every program that is still running, politely first, all at the same time.

    ``of_threads`` leaves out what the main thread started.
    """
    with _lock:
        processes = [process for process in _running if process.of_thread or not of_threads]
    for process in processes:
        process.send(signal.SIGTERM)
    limit = time.monotonic() + grace
    for process in processes:
        process.terminate(grace=max(0.0, limit - time.monotonic()))


def keep(process: Process, *, detached: bool = False) -> Process:
    """Have a program ended when we end; a ``detached`` one is only not forgotten, which `Popen` would warn of."""
    if detached:
        _detached.append(process)
        return process
    with _lock:
        if not _registered:
            atexit.register(end_all)
            _registered.append(True)
        _running.add(process)
    return process


def uninterrupted(start: Callable[[], Process]) -> Process:
    """Start a program so that no interrupt comes between its start and our knowledge of it.

    The main thread hears of signals anywhere, in the middle of `Popen` too, and then nobody would end the program. So
    another one starts it.
    """
    made: Future[Process] = Future()
    dropped = threading.Event()

    def work() -> None:
        try:
            made.set_result(start())
        except BaseException as error:  # noqa: BLE001 - raised where the program is wanted
            made.set_exception(error)
        if dropped.is_set():
            end()

    def end() -> None:
        if made.exception() is None:
            made.result().terminate()

    try:
        workers.thread(work, name="start of a program")
        return made.result()
    except KeyboardInterrupt:
        dropped.set()
        if made.done():
            end()
        raise
