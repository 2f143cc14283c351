"""URLs, addresses and networks.

Source: the libraries ``urls``, ``ip`` and ``cidr`` of k8s.io/apiserver 0.37; ``net/url`` and ``net/netip`` of Go.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final
from urllib import parse

from kubernator.schema.cel.failures import Failed
from kubernator.schema.cel.values import CIDR, IP, URL, no_overload
from kubernator.schema.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TABLE"]

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
#: What Go leaves in a path that it writes, and what it takes for written well.
_PATH_SAFE: Final = "$&+,/:;=@~"
_PATH_VALID: Final = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@\[\]/]|%[0-9A-Fa-f]{2})*", re.ASCII)
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)
_BITS: Final = re.compile(r"0|[1-9][0-9]{0,2}", re.ASCII)


def _is_url(text: str) -> bool:
    return FORMATS["uri"](text)


def _url(text: str) -> URL:
    if not _is_url(text):
        raise Failed(f'URL parse error during conversion from string: parse "{text}": invalid URI for request')
    rest = text.partition("#")[0]
    scheme = ""
    if found := _SCHEME.match(rest):
        scheme, rest = found[1].lower(), rest[found.end() :]
    rest, _, query = rest.partition("?")
    host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        host = parse.unquote(authority.rpartition("@")[2])
        rest = slash + path
    elif not rest.startswith("/"):
        rest = ""  # opaque, as in `mailto:a@b`
    return URL(text, scheme, host, rest, query)


def _host_name(url: URL) -> str:
    host = url.host
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.rpartition(":")
    return name if colon and (not port or port.isdecimal()) else host


def _port(url: URL) -> str:
    _, colon, port = url.host.rpartition(":")
    return port if colon and port.isdecimal() and not url.host.endswith("]") else ""


def _escaped_path(url: URL) -> str:
    if _PATH_VALID.fullmatch(url.path):
        return url.path
    return parse.quote(parse.unquote(url.path), safe=_PATH_SAFE)


def _query(url: URL) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in url.query.split("&"):
        if not part or ";" in part or _BAD_ESCAPE.search(part):
            continue
        key, _, value = part.partition("=")
        found.setdefault(parse.unquote_plus(key), []).append(parse.unquote_plus(value))
    return found


def _address(text: str) -> Any:
    try:
        found = ipaddress.ip_address(text)
    except ValueError as error:
        raise Failed(f'IP Address "{text}" parse error during conversion from string: {error}') from error
    if "%" in text:
        raise Failed(f'IP address "{text}" with zone value is not allowed')
    if found.version == 6 and found.ipv4_mapped is not None:  # noqa: PLR2004
        raise Failed(f'IPv4-mapped IPv6 address "{text}" is not allowed')
    return found


def _ip(text: str) -> IP:
    return IP(_address(text))


def _cidr(text: str) -> CIDR:
    written, slash, bits = text.rpartition("/")
    try:
        address = _address(written) if slash else None
    except Failed as error:
        raise Failed(f"network address parse error during conversion from string: {error}") from error
    if address is None or not _BITS.fullmatch(bits) or int(bits) > address.max_prefixlen:
        raise Failed(
            f"network address parse error during conversion from string: "
            f'network address parse error during conversion from string: netip.ParsePrefix("{text}")'
        )
    return CIDR(address, int(bits))


def _takes(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def is_one(text: str) -> bool:
        try:
            read(text)
        except Failed:
            return False
        return True

    return is_one


def _network(cidr: CIDR) -> Any:
    return ipaddress.ip_network((cidr.address, cidr.bits), strict=False)


def _contains_ip(cidr: CIDR, ip: IP) -> bool:
    return ip.address in _network(cidr)


def _contains_ip_text(cidr: CIDR, text: str) -> bool:
    try:
        return _contains_ip(cidr, _ip(text))
    except Failed as error:
        raise no_overload() from error


def _contains_cidr(cidr: CIDR, other: CIDR) -> bool:
    return cidr.bits <= other.bits and other.address in _network(cidr)


def _contains_cidr_text(cidr: CIDR, text: str) -> bool:
    try:
        return _contains_cidr(cidr, _cidr(text))
    except Failed as error:
        raise no_overload() from error


def _is_global_unicast(ip: IP) -> bool:
    address = ip.address
    if str(address) == "255.255.255.255":
        return False
    return not (address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local)


_LOCAL_MULTICAST: Final = ipaddress.ip_network("224.0.0.0/24")


def _is_link_local_multicast(ip: IP) -> bool:
    if ip.address.version == 4:  # noqa: PLR2004
        return ip.address in _LOCAL_MULTICAST
    return bool(int(ip.address) >> 112 & 0xFF0F == 0xFF02)  # noqa: PLR2004


TABLE: Final[dict[str, Callable[..., Any]]] = {
    "url(string) -> URL": _url,
    "URL.getScheme() -> string": lambda url: url.scheme,
    "URL.getHost() -> string": lambda url: url.host,
    "URL.getHostname() -> string": _host_name,
    "URL.getPort() -> string": _port,
    "URL.getEscapedPath() -> string": _escaped_path,
    "URL.getQuery() -> map(string, list(string))": _query,
    "isURL(string) -> bool": _is_url,
    "ip(string) -> IP": _ip,
    "IP.family() -> int": lambda ip: ip.address.version,
    "ip.isCanonical(string) -> bool": lambda text: str(_address(text)) == text,
    "IP.isUnspecified() -> bool": lambda ip: ip.address.is_unspecified,
    "IP.isLoopback() -> bool": lambda ip: ip.address.is_loopback,
    "IP.isLinkLocalMulticast() -> bool": _is_link_local_multicast,
    "IP.isLinkLocalUnicast() -> bool": lambda ip: ip.address.is_link_local,
    "IP.isGlobalUnicast() -> bool": _is_global_unicast,
    "isIP(string) -> bool": _takes(_ip),
    "string(IP) -> string": lambda ip: str(ip.address),
    "cidr(string) -> CIDR": _cidr,
    "CIDR.containsIP(string) -> bool": _contains_ip_text,
    "CIDR.containsIP(IP) -> bool": _contains_ip,
    "CIDR.containsCIDR(string) -> bool": _contains_cidr_text,
    "CIDR.containsCIDR(CIDR) -> bool": _contains_cidr,
    "CIDR.ip() -> IP": lambda cidr: IP(cidr.address),
    "CIDR.prefixLength() -> int": lambda cidr: cidr.bits,
    "CIDR.masked() -> CIDR": lambda cidr: CIDR(_network(cidr).network_address, cidr.bits),
    "isCIDR(string) -> bool": _takes(_cidr),
    "string(CIDR) -> string": lambda cidr: f"{cidr.address}/{cidr.bits}",
}
