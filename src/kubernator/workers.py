"""Where threads come from.

A bounded pool for requests, one for processes, and a thread of its own for each watch, pipe and lease. Nothing else in
the package makes threads, so what runs at the same time can be read off here.
"""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["MAX_REQUESTS", "Workers", "thread"]

MAX_REQUESTS: Final = 64
MAX_PROCESSES: Final = 4

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Workers:
    """The pools of a run. How many requests are really in flight is up to ``cluster.limiter``, not to the pool."""

    def __init__(self) -> None:
        self._requests: ThreadPoolExecutor | None = None
        self._processes: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def request(self, function: Callable[..., _Out], *args: Any, **kwargs: Any) -> Future[_Out]:
        """Start a function that sends requests."""
        with self._lock:
            if self._requests is None:
                self._requests = ThreadPoolExecutor(MAX_REQUESTS, thread_name_prefix="request")
            return self._requests.submit(contextvars.copy_context().run, lambda: function(*args, **kwargs))

    def process(self, function: Callable[..., _Out], *args: Any, **kwargs: Any) -> Future[_Out]:
        """Start a function that runs a program."""
        with self._lock:
            if self._processes is None:
                self._processes = ThreadPoolExecutor(MAX_PROCESSES, thread_name_prefix="process")
            return self._processes.submit(contextvars.copy_context().run, lambda: function(*args, **kwargs))

    def map(self, function: Callable[[_In], _Out], items: Iterable[_In]) -> list[_Out]:
        """Run a function over items on the request pool; results by position, the first exception is raised at the end.

        All items are finished before anything is raised, so nothing is in flight when the caller hears of it.
        """
        futures = [self.request(function, item) for item in items]
        for future in futures:
            future.exception()
        return [future.result() for future in futures]

    def end_processes(self) -> None:
        """Drop what waits for its turn to run a program, and wait for what runs one, which somebody has to end."""
        with self._lock:
            pool, self._processes = self._processes, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Wait for what runs and end the pools."""
        self.end_processes()
        if self._requests is not None:
            self._requests.shutdown(wait=True, cancel_futures=True)


def thread(function: Callable[..., object], *args: Any, name: str) -> threading.Thread:
    """Start a daemon thread for one watch, pipe or lease."""
    started = threading.Thread(target=function, args=args, name=name, daemon=True)
    started.start()
    return started
