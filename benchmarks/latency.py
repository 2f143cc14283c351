"""A line with a delay: hands bytes on in both directions, each after a while, and counts what is under way.

It works below TLS, so certificates pass through it and it costs next to nothing; a new connection also pays for its
handshake, one round trip. Run as a process of its own: ``latency.py HOST PORT SECONDS``, where the seconds are those of
a round trip. It prints its port, goes on until its input ends, and prints what it saw as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Line", "through"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line that runs: where it begins, its process, and what it saw once it has ended."""

    kubeconfig: Path
    address: str
    pid: int
    seen: dict[str, Any]


@contextlib.contextmanager
def through(kubeconfig: Path, address: str, directory: Path, *, seconds: float) -> Iterator[Line]:
    """Run a line to a server for as long as the block lasts; ``seen`` is filled at its end."""
    host, _, port = address.removeprefix("https://").partition(":")
    argv = [sys.executable, "-P", __file__, host, port, str(seconds)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdin is not None  # noqa: S101 - it was asked for
        assert process.stdout is not None  # noqa: S101 - the same
        own = f"https://127.0.0.1:{process.stdout.readline().strip()}"
        changed = directory / "through.kubeconfig"
        changed.touch(mode=0o600)
        changed.write_text(kubeconfig.read_text().replace(address, own))
        seen: dict[str, Any] = {}
        try:
            yield Line(changed, own, process.pid, seen)
        finally:
            process.stdin.close()
            seen |= json.loads(process.stdout.read() or "{}")


class UnderWay:
    """How many connections wait for an answer, and for how long how many did."""

    def __init__(self) -> None:
        self.waiting: set[int] = set()
        self.connections = 0
        self._seconds: Counter[int] = Counter()
        self._since = 0.0

    def change(self, connection: int, *, waits: bool, now: float) -> None:
        """Note that a connection begins or ends to wait."""
        if (connection in self.waiting) is waits:
            return
        self._seconds[len(self.waiting)] += now - self._since  # type: ignore[assignment] # a Counter of seconds
        self._since = now
        (self.waiting.add if waits else self.waiting.discard)(connection)

    def summary(self) -> dict[str, float]:
        """Return the most that waited at a time, and the number above and below which it was for half of the time."""
        working = sorted((count, seconds) for count, seconds in self._seconds.items() if count)
        half, usual = sum(seconds for _, seconds in working) / 2, 0
        for count, seconds in working:
            half -= seconds
            if half <= 0:
                usual = count
                break
        most = max((count for count, _ in working), default=0)
        return {"connections": self.connections, "most": most, "usual": usual}


class _Pipe:
    """One direction: what is put in comes out ``delay`` later, in its order."""

    def __init__(self, delay: float, *, begin: float = 0.0) -> None:
        self._delay = delay
        self._begin = begin
        self._held: deque[bytes | None] = deque()
        self.out: asyncio.Transport | None = None

    def put(self, data: bytes | None) -> None:
        """Take data, or None for the end."""
        loop = asyncio.get_running_loop()
        self._held.append(data)
        if self._delay or self._begin > loop.time():
            loop.call_at(max(loop.time(), self._begin) + self._delay, self._let_go)
        else:
            self._let_go()

    def _let_go(self) -> None:
        data = self._held.popleft()  # whoever's turn it is: equal times may fire in any order
        if self.out is None or self.out.is_closing():
            return
        if data is None:
            self.out.close()
        else:
            self.out.write(data)


class _Client(asyncio.Protocol):
    """The client's end of a connection; makes the other one."""

    def __init__(self, host: str, port: int, trip: float, under_way: UnderWay) -> None:
        loop = asyncio.get_running_loop()
        self._target = (host, port)
        self._under_way = under_way
        self._number = under_way.connections = under_way.connections + 1
        self._loop = loop
        self._up = _Pipe(trip / 2, begin=loop.time() + trip if trip else 0.0)
        self._down = _Pipe(trip / 2)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the server; until that is done nothing is read."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is TCP
        transport.pause_reading()
        self._down.out = transport
        self._connecting = self._loop.create_task(self._connect(transport))

    async def _connect(self, transport: asyncio.Transport) -> None:
        try:
            made, _ = await self._loop.create_connection(lambda: _Upstream(self), *self._target)
        except OSError:
            transport.close()
            return
        self._up.out = made
        transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Hand on what the client says."""
        self._under_way.change(self._number, waits=True, now=self._loop.time())
        self._up.put(data)

    def answered(self, data: bytes) -> None:
        """Hand on what the server says."""
        self._under_way.change(self._number, waits=False, now=self._loop.time())
        self._down.put(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the library's
        """End the other side, too."""
        self._under_way.change(self._number, waits=False, now=self._loop.time())
        self._up.put(None)

    def server_left(self) -> None:
        """End the client's side, too."""
        self._down.put(None)


class _Upstream(asyncio.Protocol):
    """The server's end of a connection."""

    def __init__(self, client: _Client) -> None:
        self._client = client

    def data_received(self, data: bytes) -> None:
        self._client.answered(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the library's
        self._client.server_left()


async def serve(host: str, port: int, trip: float) -> dict[str, float]:
    """Run until the input ends; return what was seen."""
    loop = asyncio.get_running_loop()
    under_way = UnderWay()
    server = await loop.create_server(lambda: _Client(host, port, trip, under_way), "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    return under_way.summary()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))))
