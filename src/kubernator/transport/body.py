"""Bodies of answers: read to the end at once, or as a stream that may be cut from any thread."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
import zlib
from typing import TYPE_CHECKING, Final, Protocol

from kubernator.transport import failures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from kubernator.transport import dial
    from kubernator.transport.connection import Answer, Connection
    from kubernator.transport.message import Headers

__all__ = ["FAILURES", "HttpStream", "read", "shut"]

#: What reading a body may raise.
FAILURES: Final = (OSError, http.client.HTTPException, ValueError, zlib.error)

_PIECE: Final = 1 << 20
#: A body may come as slowly as this, in bytes a second, after the time that a request waits anyway.
_SLOWEST: Final = 1024


class Pool(Protocol):
    """Where a connection goes when its answer is over."""

    def give_back(self, connection: Connection, answer: Answer) -> None:
        """Take one whose answer was read to its end."""

    def drop(self, connection: Connection, answer: Answer | None = None) -> None:
        """Take one that is of no more use."""


class HttpStream:
    """See `Stream`."""

    def __init__(self, transport: Pool, connection: Connection, answer: Answer, *, timeout: float) -> None:
        self._transport = transport
        self._connection = connection
        self._answer = answer
        self._timeout = timeout
        self._wire = connection.wire
        self._lock = threading.Lock()
        self._reading = False
        self._cut = False
        self._ended = False
        gzip = answer.pairs.get("content-encoding").lower() == "gzip"
        self._unpack = zlib.decompressobj(wbits=31) if gzip else None

    @property
    def status(self) -> int:
        """The status code."""
        return self._answer.status

    @property
    def headers(self) -> Headers:
        """The headers."""
        return self._answer.pairs

    def lines(self) -> Iterator[bytes]:
        """Yield lines without their line feed, a last one without line feed too; end when the answer ends or is cut."""
        rest = b""
        for chunk in self.chunks():
            *complete, last = chunk.split(b"\n")
            if not complete:
                rest += last
                continue
            complete[0] = rest + complete[0]
            rest = last
            yield from complete
        if rest and not self._cut:
            yield rest

    def chunks(self, size: int = 65536) -> Iterator[bytes]:
        """Yield the body in pieces of at most ``size`` bytes, as they come."""
        while (piece := self._piece(size)) is not None:
            if piece:
                yield piece

    def read(self) -> bytes:
        """Return the rest of the body."""
        return b"".join(self.chunks())

    def close(self) -> None:
        """End the answer; a thread that is reading sees the end at once."""
        with self._lock:
            self._cut = True
            if self._ended:
                return
            if self._reading:
                shut(self._wire)
                return
            self._ended = True
        self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _piece(self, size: int) -> bytes | None:
        """Return what came, possibly nothing when it is packed, or None at the end."""
        with self._lock:
            if self._ended:
                return None
            self._reading = True
        try:
            data = self._answer.read1(size)
            if not data and self._answer.length:  # the library tells a body that is cut short only for chunks
                raise http.client.IncompleteRead(b"")  # noqa: TRY301 - joins the library's own
            if not data and self._unpack and not self._unpack.eof:
                raise zlib.error("incomplete")  # noqa: TRY301 - the same
            unpacked = self._unpack.decompress(data) if self._unpack else data
        except FAILURES as error:
            cut = self._finish(drop=True)
            if cut:
                return None
            where = self._connection.route.where
            raise failures.exchanging(error, where=where, timeout=self._timeout) from None
        except BaseException:
            self._finish(drop=True)
            raise
        if not data:
            self._finish(drop=False)
            return None
        with self._lock:
            self._reading = False
            if not self._cut:
                return unpacked
        self._finish(drop=True)
        return None

    def _finish(self, *, drop: bool) -> bool:
        """Take note that this answer is over, and say whether it was cut."""
        with self._lock:
            self._ended = True
            self._reading = False
            cut = self._cut
        if drop or cut:
            self._drop()
        else:
            self._transport.give_back(self._connection, self._answer)
        return cut

    def _drop(self) -> None:
        self._transport.drop(self._connection, self._answer)


def read(answer: Answer, *, patience: float) -> bytes:
    """Read a body to its end, as slowly as it comes while it comes at all; ``patience`` is in seconds."""
    started = time.monotonic()
    pieces: list[bytes] = []
    size = 0
    while piece := answer.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if time.monotonic() - started > patience + size / _SLOWEST:
            raise TimeoutError
    if answer.length:  # the library tells a body that is cut short only for chunks
        raise http.client.IncompleteRead(b"")
    return b"".join(pieces)


def shut(wire: dial.Wire | None) -> None:
    """Wake whoever waits on a connection."""
    if isinstance(wire, socket.socket):
        with contextlib.suppress(OSError):
            # On the socket itself: `ssl.SSLSocket.shutdown` takes TLS away under the reader.
            socket.socket.shutdown(wire, socket.SHUT_RDWR)
    elif wire is not None:
        wire.shutdown(socket.SHUT_RDWR)
