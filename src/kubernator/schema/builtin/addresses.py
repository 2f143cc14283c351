"""IP addresses and ranges of them, as the API server reads them in fields old and new.

Fields that are old took numbers with leading zeros, and more; from 1.36 on new values of them are read strictly.
Source: k8s.io/apimachinery, package ``util/validation``, file ``ip.go``.
"""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = [
    "check_address",
    "check_canonical_address",
    "check_canonical_range",
    "check_endpoint",
    "check_range",
    "family",
    "range_of",
    "read",
]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: The version of Kubernetes from which on old fields are read strictly.
_STRICT: Final = 36
_ZEROS: Final = re.compile(r"(?<![0-9A-Fa-f])0+(?=[0-9A-Fa-f])")
_BITS: Final = re.compile("[0-9]{1,8}")
_NO_ADDRESS: Final = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_NO_RANGE: Final = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_LOCAL_GROUPS: Final = ipaddress.ip_network("224.0.0.0/24")


def read(text: str) -> Address | None:
    """Return the address that a text is, also with leading zeros; None if it is none."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(_ZEROS.sub("", text))
    except ValueError:
        return None


def family(text: str) -> Literal["IPv4", "IPv6", ""]:
    """Return the family of an address or of a range; nothing if the text is neither."""
    address = read(text.partition("/")[0])
    if address is None:
        return ""
    return "IPv4" if address.version == 4 or _mapped(address) else "IPv6"  # noqa: PLR2004


def _mapped(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address.ipv4_mapped is not None


def check_address(field: Field) -> bool:
    """Say so if a text of an old field is no address; tell whether it is one."""
    complaint = _address(field.text, strict=field.minor >= _STRICT)
    field.complain(complaint)
    return not complaint


def check_canonical_address(field: Field) -> bool:
    """Say so if a text of a new field is no address as it is written shortest; tell whether it is one."""
    complaint = _address(field.text, strict=True)
    address = read(field.text)
    if not complaint and field.text != str(address):
        complaint = f'must be in canonical form ("{address}")'
    field.complain(complaint)
    return not complaint


def _address(text: str, *, strict: bool) -> str:
    address = read(text)
    if address is None:
        return _NO_ADDRESS
    if strict and _ZEROS.search(text) and _has_zeros(text, address):
        return "must not have leading 0s"
    return "must not be an IPv4-mapped IPv6 address" if strict and _mapped(address) else ""


def _has_zeros(text: str, address: Address) -> bool:
    """Say whether zeros that lead are too many: those of an IPv6 group may fill it to four digits."""
    try:
        return ipaddress.ip_address(text) != address
    except ValueError:
        return True


def _split(text: str) -> tuple[Address, int] | None:
    start, slash, bits = text.partition("/")
    address = read(start)
    if address is None or not slash or not _BITS.fullmatch(bits) or int(bits) > address.max_prefixlen:
        return None
    return address, int(bits)


def range_of(text: str) -> Network | None:
    """Return the range that a text is, also one with bits beyond its length; None if it is none."""
    found = _split(text)
    return ipaddress.ip_network(found, strict=False) if found else None


def check_range(field: Field, text: str | None = None) -> bool:
    """Say so if a text, by default the field's, of an old field is no range; tell whether it is one."""
    complaint = _range(field.text if text is None else text, strict=field.minor >= _STRICT)
    field.complain(complaint)
    return not complaint


def check_canonical_range(field: Field) -> None:
    """Say so if a text of a new field is no range as it is written shortest."""
    complaint = _range(field.text, strict=True)
    if not complaint and field.text != str(range_of(field.text)):
        complaint = f'must be in canonical form ("{range_of(field.text)}")'
    field.complain(complaint)


def _range(text: str, *, strict: bool) -> str:
    found = _split(text)
    if found is None:
        return _NO_RANGE
    if not strict:
        return ""
    address, bits = found
    start, _, length = text.partition("/")
    if _address(start, strict=True) == "must not have leading 0s" or str(bits) != length:
        return "must not have leading 0s in IP or prefix length"
    if _mapped(address):
        return "must not have an IPv4-mapped IPv6 address"
    if address != ipaddress.ip_network(found, strict=False).network_address:
        return "must not have bits set beyond the prefix length"
    return ""


def check_endpoint(field: Field) -> None:
    """Say so if an address is one that no other host can be reached at."""
    address = read(field.text)
    if address is None:
        field.invalid("must be a valid IP address")
        return
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_unspecified:
        field.invalid(f"may not be unspecified ({field.text})")
    if address.is_loopback:
        field.invalid("may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        field.invalid("may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if _is_local_group(address):
        field.invalid("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")


def _is_local_group(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address in _LOCAL_GROUPS
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 0x02  # noqa: PLR2004
