"""One connection and one answer of it, over ``http.client``."""

from __future__ import annotations

import http.client
import select
import ssl
import time
from typing import TYPE_CHECKING, Any, Final

from kubernator.transport import dial, failures
from kubernator.transport.message import Headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.transport.message import Request

__all__ = ["Answer", "Connection", "Silent"]

_LONGEST_LINE: Final = 1 << 20
_MOST_HEADERS: Final = 100_000
_ENDED: Final = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Silent(ConnectionError):
    """The other side ended the connection before the first byte of an answer."""


class Answer(http.client.HTTPResponse):
    """An answer whose head is read by us, its body by the library.

    The library refuses more than 100 headers. An API server sends one ``Warning`` for each finding, so the answer to a
    write that was carried out would raise. Reading them here is also faster than through an e-mail parser.
    """

    pairs: Headers
    repeated: bool = False
    """Whether the request was sent before, on a connection that turned out to be dead."""

    def begin(self, **_: Any) -> None:
        """Read status line and headers, and find out how long the body is (RFC 9112, 6)."""
        try:
            answered = bool(self.fp.peek(1))
        except _ENDED as error:  # another TLS error is an alert: the server's reason, told late with TLS 1.3
            raise Silent(str(error)) from error
        if not answered:
            raise Silent("the server ended the connection without an answer")
        status = self._head()
        while 100 <= status < 200:  # noqa: PLR2004 - interim answers; 101 is never asked for
            status = self._head()
        self.code = self.status = status
        self.headers = self.msg = http.client.HTTPMessage()
        self._body()

    def _head(self) -> int:
        line = self._line()
        version, _, rest = line.partition(" ")
        code = rest[:3]
        if not version.startswith("HTTP/1.") or not code.isdecimal():
            raise http.client.BadStatusLine(line[:80])
        self.version = 10 if version == "HTTP/1.0" else 11
        self.reason = rest[4:]
        pairs: list[tuple[str, str]] = []
        while line := self._line():
            if line[0] in " \t" and pairs:  # a folded header, obsolete and still seen
                pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {line.strip()}")
                continue
            name, colon, value = line.partition(":")
            if not colon or len(pairs) >= _MOST_HEADERS:
                raise http.client.HTTPException("malformed headers")
            pairs.append((name, value.strip()))
        self.pairs = Headers(pairs)
        return int(code)

    def _line(self) -> str:
        line = self.fp.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(line)
        return line.rstrip(b"\r\n").decode("latin-1")

    def _body(self) -> None:
        """Set what the library's reading of bodies looks at."""
        connection = self.pairs.get("connection").lower()
        self.will_close = "close" in connection or (self.version == 10 and "keep-alive" not in connection)  # noqa: PLR2004
        self.chunked = self.pairs.get("transfer-encoding").lower() == "chunked"
        self.chunk_left = None
        length = self.pairs.get("content-length")
        self.length = int(length) if length.isdecimal() and not self.chunked else None
        if self.status in {http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED}:
            self.length = 0
        if self.length is None and not self.chunked:
            self.will_close = True


class Connection(http.client.HTTPConnection):
    """A persistent connection along a route."""

    response_class = Answer

    def __init__(self, route: dial.Route, *, connect_timeout: float) -> None:
        super().__init__(route.host, route.port)
        self.default_port = 80 if route.context is None else 443  # what needs no mention in ``Host``
        self.route = route
        self.wire: dial.Wire | None = None
        self.idle_since = 0.0
        self._connect_timeout = connect_timeout
        self._pieces: list[bytes] = []

    def connect(self) -> None:
        """Connect along the route. Raises `errors.Unreachable`."""
        self.wire = dial.dial(self.route, timeout=self._connect_timeout)
        self.sock = self.wire

    def exchange(self, request: Request, target: str) -> Answer:
        """Send a request and return the answer once its headers are there.

        Raises `Silent` when no byte of an answer came, `failures.Broken` when it is not HTTP, other `OSError` and
        `http.client.HTTPException` later.
        """
        headers = dict(request.headers)
        if self.route.forwarded and self.route.proxy is not None:
            target = request.url
            headers |= dial.proxy_authorization(self.route.proxy)
        if self.wire is None:
            self.connect()
        assert self.wire is not None  # noqa: S101 - connect says so
        self.wire.settimeout(request.timeout)
        try:
            self._send(request, target, headers)
        except _ENDED:
            # The server ended the connection while we were sending. It may have said why before (401, 413), so that an
            # answer is looked for all the same.
            return self._answer()
        return self._answer()

    def _send(self, request: Request, target: str, headers: Mapping[str, str | tuple[str, ...]]) -> None:
        self._pieces.clear()
        given = {name.lower() for name in headers}
        self.putrequest(request.method, target, skip_host="host" in given, skip_accept_encoding=True)
        if "accept-encoding" not in given:
            self.putheader("Accept-Encoding", "identity")
        for name, value in headers.items():
            for one in (value,) if isinstance(value, str) else value:
                self.putheader(name, one.encode())
        if request.body is not None or request.method in {"POST", "PUT", "PATCH"}:
            self.putheader("Content-Length", str(len(request.body or b"")))
        self.endheaders(request.body)
        assert self.wire is not None  # noqa: S101 - exchange has connected
        self.wire.sendall(b"".join(self._pieces))

    def send(self, data: Any) -> None:
        """Hold back what the library sends in pieces: head and body in one are one system call and TLS record less."""
        self._pieces.append(data)

    def _answer(self) -> Answer:
        try:
            answer = self.getresponse()
        except http.client.BadStatusLine as error:
            raise failures.Broken(
                f"`{self.route.where}` does not answer in HTTP",
                detail=[("answer", str(error))],
                hint="check the address and the port of the server, and what stands in front of it",
            ) from None
        assert isinstance(answer, Answer)  # noqa: S101 - it is our response_class
        return answer

    def usable(self, *, idle_seconds: float) -> bool:
        """Say whether an idle connection is worth using: not too old, and nothing came on it.

        What an idle connection has to read is its end.
        """
        if self.wire is None or time.monotonic() - self.idle_since > idle_seconds:
            return False
        pending = getattr(self.wire, "pending", None)
        if pending is not None and pending():
            return False
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self.wire.fileno(), select.POLLIN)
            return not poll.poll(0)
        return not select.select([self.wire.fileno()], [], [], 0)[0]
