"""Which proxy a request goes through.

The rules are those of Go's ``httpproxy`` package, which kubectl follows: ``HTTPS_PROXY``, ``HTTP_PROXY`` and
``NO_PROXY`` in either case, never for loopback. A ``proxy-url`` of a kubeconfig always counts, for loopback too.
"""

from __future__ import annotations

import ipaddress
import os
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Proxies", "Proxy", "parse"]

_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """One proxy. ``scheme`` is ``http``, ``https`` (TLS to the proxy itself), ``socks5`` or ``socks5h``."""

    scheme: str
    host: str
    port: int
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Return the proxy without its credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def socks(self) -> bool:
        """Whether SOCKS is spoken to it; names are then resolved by the proxy."""
        return self.scheme.startswith("socks")


def parse(url: str, *, source: str) -> Proxy:
    """Read the URL of a proxy; ``host:port`` alone means ``http``. ``source`` names where it was written."""
    try:
        parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
    except ValueError:  # an unclosed bracket; its text may quote a password
        raise errors.Unreachable(f"the proxy of {source} is not a URL with a host and a port") from None
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in _PORTS:
        raise errors.Unreachable(
            f"the proxy of {source} uses `{parts.scheme}`, which is not supported",
            hint="use a proxy of the kinds `http`, `https` or `socks5`",
        )
    if not parts.hostname or port == -1:
        raise errors.Unreachable(f"the proxy of {source} is not a URL with a host and a port")
    return Proxy(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        username=urllib.parse.unquote(parts.username or ""),
        password=urllib.parse.unquote(parts.password or ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The choice of a proxy by URL: one for all (``always``), or by scheme with exceptions."""

    always: Proxy | None = None
    https: Proxy | None = None
    http: Proxy | None = None
    exceptions: tuple[str, ...] = ()

    @classmethod
    def none(cls) -> Proxies:
        """Return the choice of no proxy, whatever the environment says."""
        return cls()

    @classmethod
    def only(cls, url: str, *, source: str) -> Proxies:
        """Return the choice of one proxy for everything."""
        return cls(always=parse(url, source=source))

    @classmethod
    def environment(cls, environ: Mapping[str, str] | None = None) -> Proxies:
        """Read ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``; upper case counts first."""
        values = os.environ if environ is None else environ

        def one(name: str) -> Proxy | None:
            for spelling in (name, name.lower()):
                # In a CGI program HTTP_PROXY is a header of the client's choice, not the environment's.
                if values.get(spelling) and not (spelling == "HTTP_PROXY" and "REQUEST_METHOD" in values):
                    return parse(values[spelling], source=f"`{spelling}`")
            return None

        exceptions = values.get("NO_PROXY") or values.get("no_proxy") or ""
        return cls(
            https=one("HTTPS_PROXY"),
            http=one("HTTP_PROXY"),
            exceptions=tuple(item.strip().lower() for item in exceptions.split(",") if item.strip()),
        )

    def choose(self, *, scheme: str, host: str, port: int) -> Proxy | None:
        """Return the proxy for a URL, or None to go straight."""
        if self.always is not None:
            return self.always
        proxy = self.https if scheme == "https" else self.http
        if proxy is None or _is_loopback(host):
            return None
        return None if any(_excepted(item, host.lower(), port) for item in self.exceptions) else proxy


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _excepted(item: str, host: str, port: int) -> bool:
    """Say whether an entry of NO_PROXY covers a host: ``*``, CIDR, or address, name, ``.suffix``, maybe with port."""
    address = _address(host)
    if item == "*" or "/" in item:
        return item == "*" or (address is not None and _in_network(item, address))
    name, wanted = _split_port(item)
    if wanted is not None and wanted != port:
        return False
    if address is not None:
        return _address(name) == address
    name = name.removeprefix("*")
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith(f".{name}")


def _in_network(item: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(item, strict=False)
    except ValueError:
        return False


def _split_port(item: str) -> tuple[str, int | None]:
    if item.startswith("["):
        name, _, rest = item[1:].partition("]")
        return name, int(rest[1:]) if rest[1:].isdigit() else None
    name, colon, rest = item.rpartition(":")
    if colon and rest.isdigit() and ":" not in name:
        return name, int(rest)
    return item, None
