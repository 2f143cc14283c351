"""A proxy on loopback in front of a real API server that counts, delays, cuts and refuses, by a script.

::

    with FaultProxy(kubeconfig, directory=tmp_path, faults=[Refuse("GET", r"/api/v1/pods", status=429)]) as proxy:
        cluster = connect(kubeconfig=proxy.kubeconfig, secrets=Secrets())

Everything without a fault goes to the server as it came. A request that brings a token goes there with that token;
others go as the user of the kubeconfig, whose certificate cannot pass through a proxy.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
import threading
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors, workers
from kubernator.cluster import kubeconfig as kubeconfigs
from kubernator.transport import ClientCertificate, HttpTransport, Proxies, Request, TlsOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from kubernator.transport import Stream

__all__ = ["Cut", "Delay", "Drop", "Fault", "FaultProxy", "Refuse", "Seen"]

_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade", "host"}
)
_TIMEOUT: Final = 600.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to requests of a method (``*`` for any) whose path and query match from their beginning.

    It happens ``times`` times, for ever when that is 0; ``after`` requests that match are let through before.
    """

    method: str
    path: str
    times: int = field(default=1, kw_only=True)
    after: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """Answer in the server's place."""

    status: int = field(default=503, kw_only=True)
    message: str = field(default="refused by the test", kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Hold the request back until `FaultProxy.release` or the end of the proxy, then let it through."""


@dataclass(frozen=True, slots=True)
class Cut(Fault):
    """Let the request through and end the connection after so many bytes of the answer's body."""

    size: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class Drop(Fault):
    """End the connection without an answer; the request reaches the server when ``forward``."""

    forward: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that reached the proxy."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)


class FaultProxy:
    """The proxy, a context manager. ``kubeconfig`` is the path of one that leads to it.

    ``user`` is the user entry of that kubeconfig, nobody by default. With ``certificate`` (PEM: certificate, key,
    authority) it speaks TLS, else plain HTTP.
    """

    def __init__(
        self,
        kubeconfig: Path,
        *,
        directory: Path,
        faults: Sequence[Fault] = (),
        user: Mapping[str, Any] | None = None,
        certificate: tuple[bytes, bytes, bytes] | None = None,
    ) -> None:
        selection = kubeconfigs.load([kubeconfig], must_exist=True).select()
        self.seen: list[Seen] = []
        self.upstream = selection.cluster.server.rstrip("/")
        self._faults: list[Fault] = list(faults)
        self._lock = threading.Lock()
        self._held = threading.Event()
        self._arrived = threading.Condition(self._lock)
        self._anonymous, self._named = _upstreams(selection)
        self._server = _Server(("127.0.0.1", 0), self)
        host, port = self._server.server_address[:2]
        self.server = f"{'https' if certificate else 'http'}://{host!s}:{port}"
        if certificate:
            self._server.socket = _secured(self._server.socket, certificate, directory)
        self.kubeconfig = directory / "proxy.kubeconfig"
        self.kubeconfig.write_text(_kubeconfig(self.server, user or {}, certificate))

    def add(self, *faults: Fault) -> None:
        """Add faults to the script."""
        with self._lock:
            self._faults.extend(faults)

    def count(self, method: str, path: str = "/") -> int:
        """Return how many requests of a method and path came."""
        with self._lock:
            return sum(one.method == method and re.match(path, one.path) is not None for one in self.seen)

    def wait_for(self, method: str, path: str = "/") -> None:
        """Wait until a request of a method and path has come."""

        def came() -> bool:
            return any(one.method == method and re.match(path, one.path) for one in self.seen)

        with self._arrived:
            self._arrived.wait_for(came)

    def release(self) -> None:
        """Let go what is held back, now and later."""
        self._held.set()

    def held(self) -> None:
        """Wait for `release`."""
        self._held.wait()

    def note(self, seen: Seen) -> Fault | None:
        """Note a request and return what is to happen to it."""
        with self._arrived:
            self.seen.append(seen)
            self._arrived.notify_all()
            return self._take(seen)

    def forward(self, request: Request) -> Stream:
        """Send a request to the server, as its token says or as the user of the kubeconfig."""
        named = any(name.lower() == "authorization" for name in request.headers)
        return (self._anonymous if named else self._named).stream(request)

    def __enter__(self) -> Self:
        self._thread = workers.thread(self._server.serve_forever, 0.05, name="fault proxy")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.end_connections()
        self._anonymous.close()
        self._named.close()

    def _take(self, seen: Seen) -> Fault | None:
        for position, fault in enumerate(self._faults):
            if fault.method not in {"*", seen.method} or not re.match(fault.path, seen.path):
                continue
            if fault.after:
                self._faults[position] = replace(fault, after=fault.after - 1)
                return None
            if fault.times == 1:
                del self._faults[position]
            elif fault.times:
                self._faults[position] = replace(fault, times=fault.times - 1)
            return fault
        return None


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
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing; `FaultProxy.seen` has it."""

    def handle_any(self) -> None:
        """Carry out what the script says."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        fault = self.server.proxy.note(Seen(method=self.command, path=self.path, headers=dict(self.headers.items())))
        match fault:
            case Refuse():
                self._refuse(fault)
                return
            case Drop(forward=forward):
                if forward:
                    with self.server.proxy.forward(self._request(body)) as stream:
                        stream.read()
                self._end()
                return
            case Delay():
                self.server.proxy.held()
        try:
            stream = self.server.proxy.forward(self._request(body))
        except errors.Unreachable as error:
            self._refuse(Refuse(self.command, self.path, status=502, message=error.title))
            return
        with stream:
            self._pass_on(stream, limit=fault.size if isinstance(fault, Cut) else None)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the library's names

    def _request(self, body: bytes | None) -> Request:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        return Request(
            method=self.command,
            url=f"{self.server.proxy.upstream}{self.path}",
            headers=headers,
            body=body,
            timeout=_TIMEOUT,
        )

    def _refuse(self, fault: Refuse) -> None:
        content = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": fault.status}
        body = json.dumps({**content, "message": fault.message}).encode()
        self.send_response(fault.status)
        for name, value in {"Content-Type": "application/json", **fault.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _pass_on(self, stream: Stream, *, limit: int | None) -> None:
        self.send_response(stream.status)
        for name, value in stream.headers:
            if name.lower() not in _HOP_BY_HOP | {"content-encoding"}:  # the transport has unpacked it
                self.send_header(name, value)
        bare = stream.status in {204, 304}
        if not bare:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        sent = 0
        for chunk in () if bare else stream.chunks():
            piece = chunk if limit is None else chunk[: limit - sent]
            if piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            sent += len(piece)
            if limit is not None and sent >= limit:
                self._end()
                return
        if not bare:
            self.wfile.write(b"0\r\n\r\n")

    def _end(self) -> None:
        self.close_connection = True
        _shut(self.connection)


def _shut(connection: socket.socket) -> None:
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        return  # it has ended already


def _upstreams(selection: kubeconfigs.Selection) -> tuple[HttpTransport, HttpTransport]:
    """Return the way to the server for requests that bring a token, and for those that are the user's."""
    cluster, user = selection.cluster, selection.user
    tls = TlsOptions(authority=cluster.authority, insecure=cluster.insecure, server_name=cluster.server_name)
    client = ClientCertificate(certificate=user.certificate, key=user.key) if user.certificate and user.key else None
    return (
        HttpTransport(tls=tls, proxies=Proxies.none()),
        HttpTransport(tls=replace(tls, client=client), proxies=Proxies.none()),
    )


def _secured(listening: socket.socket, certificate: tuple[bytes, bytes, bytes], directory: Path) -> ssl.SSLSocket:
    chain = directory / "proxy.pem"
    chain.touch(mode=0o600)
    chain.write_bytes(certificate[0] + certificate[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)


def _kubeconfig(server: str, user: Mapping[str, Any], certificate: tuple[bytes, bytes, bytes] | None) -> str:
    """Return a kubeconfig as JSON, which is YAML."""
    cluster: dict[str, Any] = {"server": server}
    if certificate:
        cluster["certificate-authority-data"] = base64.b64encode(certificate[2]).decode()
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "proxy",
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
            "clusters": [{"name": "proxy", "cluster": cluster}],
            "users": [{"name": "proxy", "user": dict(user)}],
        }
    )
