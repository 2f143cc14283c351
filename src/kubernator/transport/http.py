"""`HttpTransport`: a small pool of persistent connections."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
import urllib.parse
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator import errors
from kubernator.transport import dial, failures, tls
from kubernator.transport.connection import Connection, Silent
from kubernator.transport.message import Response, TlsOptions
from kubernator.transport.proxy import Proxies

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from kubernator.transport.connection import Answer
    from kubernator.transport.message import Headers, Request

__all__ = ["HttpTransport"]

_MOST_IDLE: Final = 64
#: An API server drops an idle connection after 90 seconds, many load balancers after 60.
_IDLE_SECONDS: Final = 50.0

_FAILURES: Final = (OSError, http.client.HTTPException, ValueError, zlib.error)


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int


class HttpTransport:
    """HTTP/1.1 over persistent connections, see `Transport`.

    ``connect_timeout`` limits each step of connecting, in seconds; `Request.timeout` each wait for bytes afterwards. A
    kept connection that turns out to be dead is replaced once, when no byte of an answer came and the request may be
    repeated. Redirects are answers like others.
    """

    def __init__(
        self, *, tls: TlsOptions | None = None, proxies: Proxies | None = None, connect_timeout: float = 10.0
    ) -> None:
        self._options = tls or TlsOptions()
        self._proxies = Proxies.environment() if proxies is None else proxies
        self._connect_timeout = connect_timeout
        self._idle: dict[_Origin, list[Connection]] = {}
        self._routes: dict[_Origin, dial.Route] = {}
        self._lock = threading.Lock()
        self._closed = False

    def send(self, request: Request) -> Response:
        """Send a request and read the whole answer."""
        connection, answer = self._begin(request)
        try:
            body = answer.read()
            if answer.pairs.get("content-encoding").lower() == "gzip":
                body = zlib.decompress(body, wbits=31)
        except _FAILURES as error:
            connection.close()
            answer.close()
            raise failures.exchanging(error, where=connection.route.where, timeout=request.timeout) from None
        except BaseException:  # an interrupt in the middle: the connection is of no more use
            connection.close()
            answer.close()
            raise
        self.give_back(connection, answer)
        return Response(status=answer.status, headers=answer.pairs, body=body)

    def stream(self, request: Request) -> HttpStream:
        """Send a request and return as soon as the headers of the answer are there."""
        connection, answer = self._begin(request)
        return HttpStream(self, connection, answer, timeout=request.timeout)

    def close(self) -> None:
        """Close what is idle now, and the rest when it is given back."""
        with self._lock:
            self._closed = True
            idle = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def give_back(self, connection: Connection, answer: Answer) -> None:
        """Keep a connection whose answer was read to the end, if it may be kept."""
        answer.close()
        origin = _Origin("http" if connection.route.context is None else "https", connection.host, connection.port)
        with self._lock:
            idle = self._idle.setdefault(origin, [])
            if not answer.will_close and not self._closed and len(idle) < _MOST_IDLE:
                connection.idle_since = time.monotonic()
                idle.append(connection)
                return
        connection.close()

    def _begin(self, request: Request) -> tuple[Connection, Answer]:
        origin, target = _split(request.url)
        connection, kept = self._take(origin)
        try:
            return self._exchange(connection, request, target)
        except Silent as error:
            if not (kept and request.may_repeat):
                where = connection.route.where
                raise failures.exchanging(error, where=where, timeout=request.timeout) from None
        connection = Connection(self._route(origin), connect_timeout=self._connect_timeout)
        try:
            return self._exchange(connection, request, target)
        except Silent as error:
            raise failures.exchanging(error, where=connection.route.where, timeout=request.timeout) from None

    @staticmethod
    def _exchange(connection: Connection, request: Request, target: str) -> tuple[Connection, Answer]:
        try:
            return connection, connection.exchange(request, target)
        except Silent:
            connection.close()
            raise
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise failures.exchanging(error, where=connection.route.where, timeout=request.timeout) from None
        except ValueError:
            connection.close()
            # The library's text shows the header, which may be a credential.
            raise errors.Unreachable(
                "the request cannot be written as HTTP: a line break or an unusual character in its URL or a header",
                hint="check tokens and names for stray line breaks",
            ) from None
        except BaseException:
            connection.close()
            raise

    def _take(self, origin: _Origin) -> tuple[Connection, bool]:
        """Return the connection used last, which is the likeliest to live, or a new one; and whether it was kept."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                connection = idle.pop() if idle else None
            if connection is None:
                return Connection(self._route(origin), connect_timeout=self._connect_timeout), False
            if connection.usable(idle_seconds=_IDLE_SECONDS):
                return connection, True
            connection.close()

    def _route(self, origin: _Origin) -> dial.Route:
        with self._lock:
            route = self._routes.get(origin)
            if route is None:
                route = self._routes[origin] = self._new_route(origin)
            return route

    def _new_route(self, origin: _Origin) -> dial.Route:
        proxy = self._proxies.choose(scheme=origin.scheme, host=origin.host, port=origin.port)
        return dial.Route(
            host=origin.host,
            port=origin.port,
            context=self._context if origin.scheme == "https" else None,
            server_name=self._options.server_name or origin.host,
            proxy=proxy,
            proxy_context=tls.proxy_context(self._options) if proxy and proxy.scheme == "https" else None,
        )

    @property
    def _context(self) -> ssl.SSLContext:
        return next((route.context for route in self._routes.values() if route.context), None) or tls.server_context(
            self._options
        )


class HttpStream:
    """See `Stream`."""

    def __init__(self, transport: HttpTransport, connection: Connection, answer: Answer, *, timeout: float) -> None:
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
                _shut(self._wire)
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
            unpacked = self._unpack.decompress(data) if self._unpack else data
        except _FAILURES as error:
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
        self._connection.close()
        self._answer.close()


def _shut(wire: dial.Wire | None) -> None:
    """Wake whoever waits on a connection."""
    if isinstance(wire, socket.socket):
        with contextlib.suppress(OSError):
            # On the socket itself: `ssl.SSLSocket.shutdown` takes TLS away under the reader.
            socket.socket.shutdown(wire, socket.SHUT_RDWR)
    elif wire is not None:
        wire.shutdown(socket.SHUT_RDWR)


def _split(url: str) -> tuple[_Origin, str]:
    parts = urllib.parse.urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port:
        raise errors.Unreachable(f"`{parts.scheme}://{parts.netloc.rpartition('@')[2]}` is not the URL of a server")
    target = parts.path or "/"
    return _Origin(parts.scheme, parts.hostname, port), f"{target}?{parts.query}" if parts.query else target
