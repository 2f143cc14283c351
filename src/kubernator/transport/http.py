"""`HttpTransport`: a small pool of persistent connections."""

from __future__ import annotations

import functools
import http.client
import re
import threading
import time
import urllib.parse
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator import errors
from kubernator.transport import body, dial, failures, tls
from kubernator.transport.body import HttpStream
from kubernator.transport.connection import Connection, Silent
from kubernator.transport.message import Response, TlsOptions
from kubernator.transport.proxy import Proxies

if TYPE_CHECKING:
    import ssl

    from kubernator.transport.connection import Answer
    from kubernator.transport.message import Request

__all__ = ["HttpTransport"]

_MOST_IDLE: Final = 64
#: An API server drops an idle connection after 90 seconds, many load balancers after 60.
_IDLE_SECONDS: Final = 50.0
#: A URL that falls apart without being looked at closely: a server, and a path that ends in what is no delimiter.
_PLAIN: Final = re.compile(r"(https?://[^/?#\s]+)(/(?:[^#\s]*[^?#\s])?)").fullmatch


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int


class HttpTransport:
    """HTTP/1.1 over persistent connections, see `Transport`.

    ``connect_timeout`` limits each step of connecting, in seconds; `Request.timeout` each wait for bytes afterwards. A
    kept connection that turns out to be dead is replaced once, when no byte of an answer came and the request may be
    repeated. Redirects are answers like others. A body that only drips is given up.
    """

    def __init__(
        self, *, tls: TlsOptions | None = None, proxies: Proxies | None = None, connect_timeout: float = 10.0
    ) -> None:
        self._options = tls or TlsOptions()
        self._proxies = Proxies.environment() if proxies is None else proxies
        self._connect_timeout = connect_timeout
        self._idle: dict[_Origin, list[Connection]] = {}
        self._routes: dict[_Origin, dial.Route] = {}
        self._busy: set[Connection] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._aborted = False

    def send(self, request: Request) -> Response:
        """Send a request and read the whole answer."""
        connection, answer = self._begin(request)
        try:
            content = body.read(answer, patience=request.timeout)
            if answer.pairs.get("content-encoding").lower() == "gzip":
                content = zlib.decompress(content, wbits=31)
        except body.FAILURES as error:
            self.drop(connection, answer)
            raise failures.exchanging(error, where=connection.route.where, timeout=request.timeout) from None
        except BaseException:  # an interrupt in the middle: the connection is of no more use
            self.drop(connection, answer)
            raise
        self.give_back(connection, answer)
        return Response(status=answer.status, headers=answer.pairs, body=content, uncertain=answer.repeated)

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

    def abort(self) -> None:
        """Close everything now; who waits for an answer is told that the connection broke."""
        self.close()
        with self._lock:
            self._aborted = True
            busy = list(self._busy)
        for connection in busy:
            body.shut(connection.wire)

    def drop(self, connection: Connection, answer: Answer | None = None) -> None:
        """Close a connection that is of no more use."""
        with self._lock:
            self._busy.discard(connection)
        connection.close()
        if answer is not None:
            answer.close()

    def give_back(self, connection: Connection, answer: Answer) -> None:
        """Keep a connection whose answer was read to the end, if it may be kept."""
        answer.close()
        origin = _Origin("http" if connection.route.context is None else "https", connection.host, connection.port)
        with self._lock:
            self._busy.discard(connection)
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
            connection, answer = self._exchange(connection, request, target)
        except Silent as error:
            raise failures.exchanging(error, where=connection.route.where, timeout=request.timeout) from None
        answer.repeated = True
        return connection, answer

    def _exchange(self, connection: Connection, request: Request, target: str) -> tuple[Connection, Answer]:
        if connection.wire is None:
            connection.connect()
        with self._lock:
            self._busy.add(connection)
            aborted = self._aborted
        try:
            if aborted:
                raise errors.Unreachable(f"connections to `{connection.route.where}` are not wanted any more")  # noqa: TRY301
            return connection, connection.exchange(request, target)
        except Silent:
            self.drop(connection)
            raise
        except (OSError, http.client.HTTPException) as error:
            self.drop(connection)
            raise failures.exchanging(error, where=connection.route.where, timeout=request.timeout) from None
        except ValueError:
            self.drop(connection)
            # The library's text shows the header, which may be a credential.
            raise errors.Unreachable(
                "the request cannot be written as HTTP: a line break or an unusual character in its URL or a header",
                hint="check tokens and names for stray line breaks",
            ) from None
        except BaseException:
            self.drop(connection)
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


def _split(url: str) -> tuple[_Origin, str]:
    """Return where a request goes, and what it asks for there."""
    plain = _PLAIN(url)
    return (_origin(plain[1]), plain[2]) if plain else (_origin(url), _target(url))


@functools.lru_cache(maxsize=16)
def _origin(url: str) -> _Origin:
    parts = urllib.parse.urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port:
        raise errors.Unreachable(f"`{parts.scheme}://{parts.netloc.rpartition('@')[2]}` is not the URL of a server")
    return _Origin(parts.scheme, parts.hostname, port)


def _target(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    target = parts.path or "/"
    return f"{target}?{parts.query}" if parts.query else target
