"""What the fault proxy does on the wire: passes requests on, and carries out a script's faults byte by byte."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors, workers
from kubernator.testing import script
from kubernator.transport import Request

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from kubernator.testing.faults import FaultProxy
    from kubernator.testing.script import Fault
    from kubernator.transport import Headers

__all__ = ["Listener"]

_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade", "host"}
)
_TIMEOUT: Final = 600.0
_GARBAGE: Final = b"\x16\x03\x01 220 mail.example.com ESMTP ready\r\n\r\n"


class Listener:
    """The listening end of a proxy. `stop` and `start` again keep the port."""

    def __init__(
        self, proxy: FaultProxy, *, directory: Path, certificate: tuple[bytes, bytes, bytes] | None = None
    ) -> None:
        self._proxy = proxy
        self._context = _context(certificate, directory) if certificate else None
        self._server: _Server | None = self._bound(0)
        self._thread: threading.Thread | None = None
        self._port = self._server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Accept connections."""
        server = self._server = self._server or self._bound(self._port)
        self._thread = workers.thread(server.serve_forever, 0.05, name="fault proxy")

    def stop(self) -> None:
        """Refuse new connections and end those that are there."""
        server, self._server = self._server, None
        if server is None:
            return
        if self._thread is not None:
            server.shutdown()
            self._thread.join()
        server.server_close()
        server.end_connections()

    close = stop

    def _bound(self, port: int) -> _Server:
        server = _Server(("127.0.0.1", port), self._proxy)
        if self._context is not None:
            server.socket = self._context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], proxy: FaultProxy) -> None:
        super().__init__(address, _Handler)
        self.proxy = proxy
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER):
            self.close_request(request)  # a reset, without a farewell before
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients of a proxy that cuts connections break off, too."""

    def end_connections(self) -> None:
        """End what clients keep open, so that threads that wait for their next request end."""
        for connection in list(self._connections):
            _shut(connection)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    seen: script.Seen
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing; `FaultProxy.seen` has it."""

    def handle_any(self) -> None:
        """Carry out what the script says."""
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = dict(self.headers.items())
        self.seen = script.Seen(method=self.command, path=self.path, headers=headers, body=body)
        fault = proxy.note(self.seen)
        try:
            self._carry_out(fault, body or None)
        except errors.Unreachable:  # the server itself is in trouble, which looks the same from here on
            self._end(reset=True)
        finally:
            proxy.over(self.seen)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the library's names

    def _carry_out(self, fault: Fault | None, body: bytes | None) -> None:
        match fault:
            case script.Refuse() | script.Drop() | script.Hang() | script.Outage():
                self._instead(fault, body)
            case script.Meanwhile():
                self._meanwhile(fault, body)
            case script.Delay():
                self.server.proxy.held()
                self._forward(body)
            case script.Cut(size=size):
                self._forward(body, limit=size)
            case script.Spoil():
                self._spoil(fault, body)
            case script.WatchFault():
                self._watch(fault, body)
            case _:
                self._forward(body)

    def _instead(self, fault: script.Refuse | script.Drop | script.Hang | script.Outage, body: bytes | None) -> None:
        """Do something in place of the answer."""
        if not isinstance(fault, script.Outage) and fault.forward:
            self._swallow(body)
        match fault:
            case script.Refuse():
                self._refuse(fault)
            case script.Drop(reset=reset):
                self._end(reset=reset)
            case script.Hang():
                self.server.proxy.held()
                self._end()
            case script.Outage(seconds=seconds):
                self.server.proxy.fail_for(seconds)
                self._end(reset=True)

    def _request(self, body: bytes | None) -> Request:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        return Request(
            method=self.command,
            url=f"{self.server.proxy.upstream}{self.path}",
            headers=headers,
            body=body,
            timeout=_TIMEOUT,
        )

    def _forward(self, body: bytes | None, *, limit: int | None = None) -> None:
        with self.server.proxy.forward(self.seen, self._request(body)) as stream:
            self._pass_on(stream.status, stream.headers, _first(stream.chunks(), limit), cut=limit is not None)

    def _swallow(self, body: bytes | None) -> tuple[int, Headers, bytes]:
        """Let the server carry the request out, and return what it answered."""
        with self.server.proxy.forward(self.seen, self._request(body)) as stream:
            return stream.status, stream.headers, stream.read()

    def _meanwhile(self, fault: script.Meanwhile, body: bytes | None) -> None:
        if fault.arrived is not None:
            fault.arrived()
        if not fault.forward:
            self._end()
            return
        status, headers, content = self._swallow(body)
        if fault.answered is not None:
            fault.answered()
        if fault.answer:
            self._pass_on(status, headers, [content])
        else:
            self._end()

    def _refuse(self, fault: script.Refuse) -> None:
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": fault.status}
        content = json.dumps({**status, "message": fault.message, "reason": fault.reason}).encode()
        body = content if fault.body is None else fault.body
        self.send_response(fault.status)
        for name, value in {"Content-Type": "application/json", **fault.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _pass_on(self, status: int, headers: Headers, chunks: Iterable[bytes], *, cut: bool = False) -> None:
        bare = status in {204, 304}
        self._head(status, headers, {} if bare else {"Transfer-Encoding": "chunked"})
        if bare:
            return
        for chunk in chunks:
            self._chunk(chunk)
        if cut:
            self._end()
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _spoil(self, fault: script.Spoil, body: bytes | None) -> None:
        status, headers, content = self._swallow(body)
        half = content[: len(content) // 2]
        match fault.way:
            case "garbage":
                self.wfile.write(_GARBAGE)
                self._end()
            case "truncated":
                self._whole(status, headers, half, length=len(half))
            case "short":
                self._whole(status, headers, half, length=len(content))
                self._end()
            case "surplus":
                self._whole(status, headers, content, length=len(half))
            case "gzip":
                self._whole(status, headers, content, length=len(content), more={"Content-Encoding": "gzip"})
            case "headers":
                text = f"HTTP/1.1 {status} OK\r\nContent-Length: {len(content)}\r\n\r\n"
                self._drip(text.encode(), fault.pace)
                self.wfile.write(content)
            case "drip":
                self._head(status, headers, {"Content-Length": str(len(content))})
                self._drip(content[:100], fault.pace)
                self.wfile.write(content[100:])

    def _watch(self, fault: script.WatchFault, body: bytes | None) -> None:
        with self.server.proxy.forward(self.seen, self._request(body)) as stream:
            self._head(stream.status, stream.headers, {"Transfer-Encoding": "chunked"})
            lines = stream.lines()
            for _ in range(fault.events):
                self._chunk(next(lines, b"") + b"\n")
            match fault.then:
                case "hang":
                    self.server.proxy.held()
                case "error":
                    status = {"kind": "Status", "status": "Failure", "code": fault.code, "message": "too old"}
                    self._chunk(json.dumps({"type": "ERROR", "object": status}).encode() + b"\n")
                case "half":
                    self._chunk(b'{"type":"MODIFIED","object":{"metadata":{"na')
                case "end":
                    pass
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, status: int, headers: Headers, more: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP | {"content-encoding"}:  # the transport has unpacked it
                self.send_header(name, value)
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()

    def _whole(
        self, status: int, headers: Headers, content: bytes, *, length: int, more: Mapping[str, str] | None = None
    ) -> None:
        self._head(status, headers, {"Content-Length": str(length), **(more or {})})
        self.wfile.write(content)

    def _chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _drip(self, data: bytes, pace: float) -> None:
        for position in range(len(data)):
            self.wfile.write(data[position : position + 1])
            time.sleep(pace)

    def _end(self, *, reset: bool = False) -> None:
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            _shut(self.connection)


def _first(chunks: Iterable[bytes], limit: int | None) -> Iterable[bytes]:
    """Yield the first so many bytes of chunks, all without a limit."""
    left = limit
    for chunk in chunks:
        piece = chunk if left is None else chunk[:left]
        yield piece
        if left is not None:
            left -= len(piece)
            if not left:
                return


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may have ended already
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _context(certificate: tuple[bytes, bytes, bytes], directory: Path) -> ssl.SSLContext:
    chain = directory / "proxy.pem"
    chain.touch(mode=0o600)
    chain.write_bytes(certificate[0] + certificate[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context
