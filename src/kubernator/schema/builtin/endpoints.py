"""What the API server checks of Endpoints and EndpointSlices.

Source: k8s.io/kubernetes, packages ``pkg/apis/core/validation`` and ``pkg/apis/discovery/validation``, of Kubernetes
1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import addresses, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_FAMILIES: Final = ("FQDN", "IPv4", "IPv6")
_MOST_PORTS: Final = 20000
_MOST_ENDPOINTS: Final = 1000
_MOST_ADDRESSES: Final = 100
_MOST_HINTS: Final = 8


def _endpoints(root: Field) -> None:
    for subset in root["subsets"].items():
        if not subset["addresses"].size and not subset["notReadyAddresses"].size:
            subset.required("must specify `addresses` or `notReadyAddresses`")
        for name in ("addresses", "notReadyAddresses"):
            for each in subset[name].items():
                _check_address(each)
        for port in subset["ports"].items():
            if subset["ports"].size > 1 and not port["name"].text:
                port["name"].required()
            parts.check_text(port["name"], names.dns_label)
            parts.check_port(port["port"])
            parts.check_word(port["protocol"], _PROTOCOLS)
            _check_app_protocol(port)


def _check_address(field: Field) -> None:
    if field["ip"] and addresses.check_address(field["ip"]):
        addresses.check_endpoint(field["ip"])
    parts.check_text(field["hostname"], names.dns_label)
    if field["nodeName"]:
        field["nodeName"].complain(names.dns_subdomain(field["nodeName"].text))


def _check_app_protocol(field: Field) -> None:
    protocol = field["appProtocol"]
    if protocol:
        protocol.complain(names.qualified_name(protocol.text))


def _slice(root: Field) -> None:
    family = root["addressType"]
    parts.check_word(family, _FAMILIES)
    if not parts.too_many(root["ports"], _MOST_PORTS):
        _check_ports(root["ports"])
    if not parts.too_many(root["endpoints"], _MOST_ENDPOINTS):
        for each in root["endpoints"].items():
            _check_endpoint(each, family.text)


def _check_ports(ports: Field) -> None:
    seen: set[str] = set()
    for each in ports.items():
        parts.check_text(each["name"], names.dns_label)
        if each["name"].text in seen:  # without names, all have the same
            each["name"].duplicate()
        seen.add(each["name"].text)
        parts.check_word(each["protocol"], _PROTOCOLS)
        if each["protocol"].value == "":
            each["protocol"].unsupported(_PROTOCOLS)
        _check_app_protocol(each)


def _check_endpoint(field: Field, family: str) -> None:
    listed = field["addresses"]
    if listed.value == []:
        listed.required("must contain at least 1 address")
    parts.too_many(listed, _MOST_ADDRESSES)
    for each in listed.items():
        _check_of_family(each, family)
    if field["nodeName"]:
        field["nodeName"].complain(names.dns_subdomain(field["nodeName"].text))
    if field["hostname"]:
        field["hostname"].complain(names.dns_label(field["hostname"].text))
    _check_hints(field["hints"])


def _check_of_family(field: Field, family: str) -> None:
    if family == "FQDN":
        field.complain(full_name(field.text.removesuffix(".")))
        return
    if family not in {"IPv4", "IPv6"}:
        return
    is_one = addresses.check_address(field) if family == "IPv4" else addresses.check_canonical_address(field)
    if is_one:
        if addresses.family(field.text) != family:
            field.invalid(f"must be an {family} address")
        addresses.check_endpoint(field)


def full_name(text: str) -> str:
    """Say what is wrong with the name of a host in a domain, without the last point."""
    if complaint := names.dns_subdomain(text):
        return complaint
    if "." not in text:
        return "should be a domain with at least two segments separated by dots"
    return next(filter(None, map(names.dns_label, text.split("."))), "")


def _check_hints(hints: Field) -> None:
    for name, rule in (("forZones", names.label_value), ("forNodes", names.dns_subdomain)):
        if parts.too_many(hints[name], _MOST_HINTS):
            return
        parts.check_unique(hints[name].items(), "name")
        for each in hints[name].items():
            each["name"].complain(rule(each["name"].text))


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("", "Endpoints"): _endpoints,
    ("discovery.k8s.io", "EndpointSlice"): _slice,
}
