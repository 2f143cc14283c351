"""Servers on loopback that do exactly what a test says, and certificates for them."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import oid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Wire:
    """One connection as a test's server sees it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._file = connection.makefile("rb")

    def request(self) -> tuple[str, dict[str, list[str]], bytes]:
        """Read a request: its first line, its headers, its body. The line is empty at the end of the connection."""
        line = self._file.readline().decode().strip()
        headers: dict[str, list[str]] = {}
        while (header := self._file.readline().decode("latin-1").strip()) != "":
            name, _, value = header.partition(":")
            headers.setdefault(name.lower(), []).append(value.strip())
        length = int(headers.get("content-length", ["0"])[0])
        return line, headers, self._file.read(length)

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def send(self, data: bytes | str) -> None:
        self.connection.sendall(data.encode() if isinstance(data, str) else data)

    def answer(self, body: bytes | str = b"", *, status: str = "200 OK", headers: str = "") -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n{headers}\r\n".encode() + content)

    def end(self) -> None:
        _end(self.connection)

    def close(self) -> None:
        self.end()
        self._file.close()


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _shake_hands(connection: ssl.SSLSocket) -> None:
    """Shake hands; after a refusal wait for the client's end, or a reset could overtake what it is told."""
    try:
        connection.do_handshake()
    except ssl.SSLError:
        while socket.socket.recv(connection, 65536):
            pass
        raise


@dataclass
class Server:
    """A server whose n-th connection is served by a function of a test."""

    host: str
    port: int
    scheme: str
    connections: list[Wire] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


class Servers:
    """Starts servers, and ends them."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._servers: list[Server] = []
        self._threads: list[threading.Thread] = []

    def start(self, handler: Callable[[Wire], Any], *, context: ssl.SSLContext | None = None) -> Server:
        """Serve each connection by a function, in a thread of its own."""
        listening = socket.create_server(("127.0.0.1", 0))
        server = Server(*listening.getsockname(), "https" if context else "http")
        self._servers.append(server)
        self._stack.callback(listening.close)
        self._start(self._accept, listening, lambda connection: self._serve(connection, server, handler, context))
        self._stack.callback(_end, listening)
        return server

    def stop(self) -> None:
        """End all; what went wrong in a function is raised."""
        self._stack.close()
        for thread in self._threads:
            thread.join()
        for server in self._servers:
            for error in server.errors:
                raise error

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listening: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self._start(serve, connection)

    def _serve(
        self,
        connection: socket.socket,
        server: Server,
        handler: Callable[[Wire], Any],
        context: ssl.SSLContext | None,
    ) -> None:
        secured = connection
        try:
            if context:
                secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                _shake_hands(secured)
            wire = Wire(secured)
            server.connections.append(wire)
            self._stack.callback(wire.end)
            with contextlib.closing(wire):
                handler(wire)
        except OSError:
            pass  # clients of these tests break off on purpose
        except BaseException as error:  # noqa: BLE001 - raised in the test
            server.errors.append(error)
        _end(secured)
        secured.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Return a function that starts a server; all end with the test."""
    servers = Servers()
    yield servers.start
    servers.stop()


@dataclass(frozen=True)
class Pair:
    certificate: bytes
    key: bytes = field(repr=False)

    def server_context(self, directory: Path, *, client_authority: bytes | None = None) -> ssl.SSLContext:
        file = directory / "server.pem"
        file.write_bytes(self.certificate + self.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        if client_authority is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=client_authority.decode())
        return context


class Authority:
    """Signs certificates."""

    def __init__(self, name: str = "authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self._name, self._key.public_key(), days=(-1, 1), names=(), ca=True)

    def issue(self, *names: str, days: tuple[int, int] = (-1, 1)) -> Pair:
        """Return a certificate for names and addresses, valid from so many days from now to so many."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, "leaf")])
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Pair(self._sign(subject, key.public_key(), days=days, names=names, ca=False), pem)

    def _sign(
        self, subject: x509.Name, public: Any, *, days: tuple[int, int], names: tuple[str, ...], ca: bool
    ) -> bytes:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days=days[0]))
            .not_valid_after(now + dt.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            alternatives = [_alternative(name) for name in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Return an authority whose certificates lack what RFC 5280 wants, as those of many clusters do."""
    return Authority()


@pytest.fixture(scope="session")
def other_authority() -> Authority:
    """Return another authority of another name."""
    return Authority("somebody else")
