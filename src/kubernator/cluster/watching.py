"""A watch: events as they come, until the server ends it or somebody leaves it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.cluster import responses
from kubernator.cluster.api import WatchEvent
from kubernator.transport import Broken, NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from kubernator.transport import Stream

__all__ = ["Watch"]


class Watch:
    """A context manager that gives an iterator of events.

    The request is sent on entering. `close`, from any thread, and leaving the block end the iteration at once. A
    connection that breaks ends it as the server's own end does, and so does one on which nothing comes for longer than
    bookmarks are apart: who watches has to look again in all of these cases.
    """

    def __init__(self, opened: Callable[[], Stream], *, doing: str) -> None:
        self._opened = opened
        self._doing = doing
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._closed = False

    def __enter__(self) -> Self:
        stream = self._opened()
        with self._lock:
            self._stream = stream
            closed = self._closed
        if closed:
            stream.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[WatchEvent]:
        return self._events()

    def __next__(self) -> WatchEvent:
        if self._iterator is None:
            self._iterator = self._events()
        return next(self._iterator)

    _iterator: Iterator[WatchEvent] | None = None

    def close(self) -> None:
        """End the watch; a thread that waits for the next event sees the end at once."""
        with self._lock:
            self._closed = True
            stream = self._stream
        if stream is not None:
            stream.close()

    def _events(self) -> Iterator[WatchEvent]:
        assert self._stream is not None, "the watch was not entered"  # noqa: S101 - a mistake of ours
        try:
            for line in self._stream.lines():
                if line.strip():
                    yield self._event(responses.parse(line, doing=self._doing))
        except (Broken, NoAnswer):
            return

    def _event(self, data: Any) -> WatchEvent:
        item = data.get("object") if isinstance(data, dict) else None
        if not isinstance(item, dict):
            raise errors.ClusterError(f"cannot {self._doing}: the answer is not a list of events")
        kind = str(data.get("type", ""))
        if kind == "ERROR":
            raise responses.status_failure(item, code=int(item.get("code") or 500), doing=self._doing)
        return WatchEvent(type=kind, object=item)
