"""How many requests are in flight: as many as the server gains from.

`Window` is the rule, pure: it is told what happened and says how many may be in flight. `Limiter` is the gate that
holds threads back accordingly. Watches do not count, they do no work.

The rule climbs a fixed ladder. On a step, while the step is used up, it takes the mean latency of a handful of
requests; requests a second are then step / latency. A step up that brought a tenth more is worth keeping and the next
is tried; one that did not is taken back, since what is added there only queues, and tried again after a while. Where
the mean is hardly above the fastest answer ever seen nothing queues: the time goes by on the way, and it climbs twice
as fast, so that a far server is used well from the first hundred requests on. A 429 halves. On two cores shared with
the server this ends at 8 to 16, at a round trip of 20 ms at 16 to 32.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Final

from kubernator import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LADDER", "Limiter", "Window"]

LADDER: Final = (1, 2, 4, 6, 8, 12, 16, 24, 32, 48, workers.MAX_REQUESTS)
START: Final = 8

_GAIN: Final = 1.1
#: A step is judged after this many rounds of itself.
_ROUNDS: Final = 2
#: A mean latency up to so many times the fastest one seen means that nothing queues.
_FLAT: Final = 1.5
#: Judgements that a step holds after a step up was taken back, before the next try.
_REST: Final = 8
#: Several 429 within so many seconds are one event: they were all in flight at the same time.
_EVENT: Final = 1.0


class Window:
    """The rule. Not safe for several threads; times are seconds of any clock."""

    def __init__(self, *, start: int = START) -> None:
        self._step = LADDER.index(start)
        self._previous_rate = 0.0
        self._climbed = 0
        self._rest = 0
        self._passing = 0
        self._count = 0
        self._latency = 0.0
        self._fastest = float("inf")
        self._throttled_at = float("-inf")
        self.not_before = float("-inf")

    @property
    def limit(self) -> int:
        """How many may be in flight."""
        return LADDER[self._step]

    def done(self, *, latency: float, in_flight: int) -> None:
        """Hear of a request that was answered, and of how many were in flight (itself too) when it ended."""
        self._fastest = min(self._fastest, latency)
        if in_flight < self.limit:
            return  # fewer than allowed: it says nothing about this step
        if self._passing:
            self._passing -= 1  # it began under another limit
            return
        self._count += 1
        self._latency += latency
        if self._count >= max(_ROUNDS * self.limit, 8):
            self._judge()
        elif self._count >= self.limit and not self._rest and self._latency < _FLAT * self._fastest * self._count:
            self._judge(climb=2)

    def throttled(self, *, now: float, wait: float = 0.0) -> None:
        """Hear of a 429 that asks to wait ``wait`` seconds."""
        self.not_before = max(self.not_before, now + wait)
        if now - self._throttled_at < max(_EVENT, wait):
            return
        self._throttled_at = now
        half = self.limit // 2
        self._step = max((step for step, size in enumerate(LADDER) if size <= half), default=0)
        self._restart(rest=_REST)

    def _judge(self, *, climb: int = 1) -> None:
        rate = self.limit * self._count / self._latency if self._latency else 0.0
        gained = not self._climbed or rate >= _GAIN * self._previous_rate
        self._count, self._latency = 0, 0.0
        if not gained:
            self._step -= self._climbed
            self._restart(rest=_REST)
            return
        self._climbed = 0
        if self._rest:
            self._rest -= 1
            return
        self._passing = self.limit
        self._climbed = min(climb, len(LADDER) - 1 - self._step)
        self._step += self._climbed
        self._previous_rate = rate

    def _restart(self, *, rest: int) -> None:
        self._climbed = 0
        self._rest = rest
        self._count, self._latency = 0, 0.0


class Limiter:
    """The gate in front of a cluster. Safe to use from several threads."""

    def __init__(self, *, window: Window | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window or Window()
        self._clock = clock
        self._in_flight = 0
        self._gate = threading.Condition()
        self._opened = False

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        with self._gate:
            return self._window.limit

    @contextlib.contextmanager
    def slot(self) -> Iterator[None]:
        """Wait until one more request may be in flight, and count it until the block ends.

        A block that raises tells nothing about latency.
        """
        self._enter()
        started = self._clock()
        try:
            yield
        except BaseException:
            self._leave(latency=None)
            raise
        self._leave(latency=self._clock() - started)

    def throttled(self, *, wait: float = 0.0) -> None:
        """Hear of a 429; nothing starts for ``wait`` seconds."""
        with self._gate:
            self._window.throttled(now=self._clock(), wait=wait)

    def open(self) -> None:
        """Hold nobody back any more: what still comes is going to fail and should do so at once."""
        with self._gate:
            self._opened = True
            self._gate.notify_all()

    def _enter(self) -> None:
        with self._gate:
            while True:
                pause = self._window.not_before - self._clock()
                if self._opened or (pause <= 0 and self._in_flight < self._window.limit):
                    self._in_flight += 1
                    return
                self._gate.wait(pause if pause > 0 else None)

    def _leave(self, *, latency: float | None) -> None:
        with self._gate:
            if latency is not None:
                self._window.done(latency=latency, in_flight=self._in_flight)
            self._in_flight -= 1
            self._gate.notify(max(1, self._window.limit - self._in_flight))
