"""The names and the network of pods.

Source: ``validatePodDNSConfig``, ``ValidateHostAliases``, ``validatePodHostName`` and ``validatePodHostNetworkDeps`` of
Kubernetes' package ``core/validation``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import addresses, parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.schema.builtin.field import Field

__all__ = ["check_host_ports", "check_network"]

_MOST_SERVERS: Final = 3
_MOST_SEARCHES: Final = 32
_LONGEST_SEARCHES: Final = 2048
_LONGEST_NAME: Final = 253
_LONGEST_HOST: Final = 64
#: From this version of Kubernetes on the server keeps the host's name that a pod asks for.
_OVERRIDE_SINCE: Final = 35
_LABEL: Final = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SEARCH: Final = rf"{_LABEL}(\.{_LABEL})*"


def check_network(spec: Field) -> None:
    """Add what is wrong with the names and the network of a pod."""
    _check_dns(spec)
    for alias in spec["hostAliases"].items():
        if alias["ip"]:
            addresses.check_address(alias["ip"])
        for each in alias["hostnames"].items():
            each.complain(names.dns_subdomain(each.text))
    for each in spec.given(("hostname", "subdomain")):
        parts.check_text(each, names.dns_label)
    _check_override(spec)
    if spec["hostNetwork"].flag:
        _check_of_host(spec)


def _check_dns(spec: Field) -> None:
    if "dnsConfig" not in spec and spec["dnsPolicy"].text != "None":
        return
    field = spec["dnsConfig"]
    servers = field["nameservers"]
    if spec["dnsPolicy"].text == "None":
        if not field:
            field.required("must provide `dnsConfig` when `dnsPolicy` is None")
            return
        if not servers.size:
            servers.required("must provide at least one DNS nameserver when `dnsPolicy` is None")
            return
    if servers.size > _MOST_SERVERS:
        servers.invalid(f"must not have more than {_MOST_SERVERS} nameservers")
    for each in servers.items():
        addresses.check_address(each)
    _check_searches(field["searches"])
    for each in field["options"].items():
        if not each["name"].text:
            each.required("must not be empty")


def _check_searches(field: Field) -> None:
    if field.size > _MOST_SEARCHES:
        field.invalid(f"must not have more than {_MOST_SEARCHES} search paths")
    if parts.length(" ".join(parts.texts(field))) > _LONGEST_SEARCHES:
        field.invalid(f"must not have more than {_LONGEST_SEARCHES} characters (including spaces) in the search list")
    for each in field.items():
        _check_search(each)


def _check_search(field: Field) -> None:
    text = field.text.removesuffix(".")
    if field.text == ".":
        return
    if parts.length(text) > _LONGEST_NAME:
        field.invalid(f"must be no more than {_LONGEST_NAME} characters")
    elif not re.fullmatch(_SEARCH, text):
        field.invalid(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and "
            f"must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
            f"'{_SEARCH}')"
        )


def _check_override(spec: Field) -> None:
    field = spec["hostnameOverride"]
    if not field or field.minor < _OVERRIDE_SINCE:
        return
    if spec["setHostnameAsFQDN"].flag:
        field.forbidden("may not be specified when setHostnameAsFQDN is true")
    if spec["hostNetwork"].flag:
        field.forbidden("may not be specified when hostNetwork is true")
    parts.check_length(field, _LONGEST_HOST)
    field.complain(names.dns_subdomain(field.text))


def _check_of_host(spec: Field) -> None:
    """Say so for ports of the host that are others than the container's; a pod is given those that it leaves out."""
    for container in spec["containers"].items():
        for each in container["ports"].items():
            port = each["hostPort"]
            if (port.number or 0) not in {0, each["containerPort"].number}:
                port.invalid("must match `containerPort` when `hostNetwork` is true")


def check_host_ports(containers: Iterable[Field], *, all_of_host: bool = False) -> None:
    """Say so for ports of the host that two containers want; with ``all_of_host`` each port is one of the host."""
    seen: set[tuple[str, str, int]] = set()
    for container in containers:
        for each in container["ports"].items():
            port = each["hostPort"].number or (each["containerPort"].number if all_of_host else None)
            if not port:
                continue
            wanted = (each["protocol"].text or "TCP", each["hostIP"].text, port)
            if wanted in seen:
                each["hostPort"].duplicate()
            seen.add(wanted)
