"""From an address to a connected, secured socket, straight or through a proxy."""

from __future__ import annotations

import base64
import socket
import ssl
import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator import errors
from kubernator.transport import failures, tls

if TYPE_CHECKING:
    from kubernator.transport.proxy import Proxy

__all__ = ["Route", "Wire", "dial", "proxy_authorization"]

Wire = socket.socket | tls.InnerTls

_LONGEST_LINE: Final = 65536
#: A watch is silent for minutes; a server that went without a word is noticed after one (by default after hours).
_KEEPALIVE: Final = tuple(
    (getattr(socket, name), value)
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
    if hasattr(socket, name)
)


class Route(NamedTuple):
    """How a server is reached. ``context`` is None for plain HTTP."""

    host: str
    port: int
    context: ssl.SSLContext | None
    server_name: str
    proxy: Proxy | None
    proxy_context: ssl.SSLContext | None

    @property
    def where(self) -> str:
        """``host:port`` for people."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def forwarded(self) -> bool:
        """Whether requests go to an HTTP proxy with the whole URL in them, instead of through a tunnel."""
        return self.proxy is not None and not self.proxy.socks and self.context is None


def dial(route: Route, *, timeout: float) -> Wire:
    """Connect. Raises `errors.Unreachable`; ``timeout`` is for each step."""
    proxy = route.proxy
    via = str(proxy) if proxy else ""
    host, port = (proxy.host, proxy.port) if proxy else (route.host, route.port)
    try:
        plain = socket.create_connection((_name(host), port), timeout)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that IDNA refuses
        raise failures.connecting(error, where=route.where, via=via) from None
    wire: Wire = plain
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a request is a few small writes
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            plain.setsockopt(socket.IPPROTO_TCP, option, value)
        if proxy is not None:
            wire = _through(proxy, plain, route)
            via = ""
        if route.context is not None:
            wire = _secure(wire, route.context, route.server_name)
    except errors.Unreachable:
        wire.close()
        raise
    except (OSError, ValueError) as error:
        wire.close()
        raise failures.connecting(error, where=route.where, via=via) from None
    return wire


def proxy_authorization(proxy: Proxy) -> dict[str, str]:
    """Return the header that names us to an HTTP proxy, if it wants to know."""
    if not proxy.username:
        return {}
    plain = f"{proxy.username}:{proxy.password}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(plain).decode()}"}


def _secure(wire: Wire, context: ssl.SSLContext, name: str) -> Wire:
    if isinstance(wire, ssl.SSLSocket):
        return tls.InnerTls(wire, context, server_name=name)
    assert isinstance(wire, socket.socket)  # noqa: S101 - nothing makes three layers
    return context.wrap_socket(wire, server_hostname=_name(name))


def _name(host: str) -> Any:
    """Return a name as it is looked up: one of ASCII as bytes, which spares loading IDNA's tables."""
    return host.encode() if host.isascii() else host


def _through(proxy: Proxy, wire: socket.socket, route: Route) -> socket.socket:
    if proxy.scheme == "https":
        assert route.proxy_context is not None  # noqa: S101 - the pool makes one for such proxies
        wire = route.proxy_context.wrap_socket(wire, server_hostname=proxy.host)
    if proxy.socks:
        _socks(proxy, wire, route)
    elif not route.forwarded:
        _tunnel(proxy, wire, route)
    return wire


def _tunnel(proxy: Proxy, wire: socket.socket, route: Route) -> None:
    """Ask an HTTP proxy for a tunnel (RFC 9110, 9.3.6)."""
    lines = [f"CONNECT {route.where} HTTP/1.1", f"Host: {route.where}"]
    lines += [f"{key}: {value}" for key, value in proxy_authorization(proxy).items()]
    wire.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
    answer = b""
    # Byte by byte, so that nothing of what follows the empty line is taken; it happens once for a connection.
    while not answer.endswith(b"\r\n\r\n"):
        byte = wire.recv(1)
        if not byte or len(answer) > _LONGEST_LINE:
            raise ConnectionResetError("the proxy ended the connection")
        answer += byte
    status = answer.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    if len(status) < 2 or not status[1].isdigit():  # noqa: PLR2004 - version and code
        raise errors.Unreachable(f"the proxy `{proxy}` does not speak HTTP")
    if status[1] == "407":
        raise errors.Unreachable(
            f"the proxy `{proxy}` wants a user name and a password",
            hint="write them into the proxy's URL: `http://NAME:PASSWORD@HOST:PORT`",
        )
    if not status[1].startswith("2"):
        raise errors.Unreachable(f"the proxy `{proxy}` refuses a tunnel to `{route.where}`: {' '.join(status[1:])}")


_SOCKS_REPLIES: Final = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "took too long",
    7: "command not supported",
    8: "address type not supported",
}


def _socks(proxy: Proxy, wire: socket.socket, route: Route) -> None:
    """Ask a SOCKS proxy for a connection (RFC 1928, RFC 1929); it resolves the name."""
    methods = b"\x00\x02" if proxy.username else b"\x00"
    wire.sendall(b"\x05" + bytes([len(methods)]) + methods)
    version, method = _exactly(wire, 2)
    if version != 5:  # noqa: PLR2004 - the version of the protocol
        raise errors.Unreachable(f"the proxy `{proxy}` does not speak SOCKS 5")
    if method == 2:  # noqa: PLR2004 - user name and password
        name, password = proxy.username.encode(), proxy.password.encode()
        wire.sendall(b"\x01" + bytes([len(name)]) + name + bytes([len(password)]) + password)
        if _exactly(wire, 2)[1] != 0:
            raise errors.Unreachable(f"the proxy `{proxy}` refuses our user name and password")
    elif method != 0:
        raise errors.Unreachable(
            f"the proxy `{proxy}` wants a user name and a password",
            hint="write them into the proxy's URL: `socks5://NAME:PASSWORD@HOST:PORT`",
        )
    host = route.host.encode("idna")
    wire.sendall(b"\x05\x01\x00\x03" + bytes([len(host)]) + host + struct.pack(">H", route.port))
    _, reply, _, kind = _exactly(wire, 4)
    if reply != 0:
        words = _SOCKS_REPLIES.get(reply, f"code {reply}")
        raise errors.Unreachable(f"the proxy `{proxy}` cannot reach `{route.where}`: {words}")
    length = {1: 4, 4: 16}.get(kind) or _exactly(wire, 1)[0]
    _exactly(wire, length + 2)


def _exactly(wire: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = wire.recv(size - len(data))
        if not piece:
            raise ConnectionResetError("the proxy ended the connection")
        data += piece
    return data
