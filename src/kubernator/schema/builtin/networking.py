"""What the API server checks of NetworkPolicies, IPAddresses and ServiceCIDRs.

Source: k8s.io/kubernetes, package ``pkg/apis/networking/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import addresses, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_DIRECTIONS: Final = ("Egress", "Ingress")


def _policy(root: Field) -> None:
    spec = root["spec"]
    labelling.check_selector(spec["podSelector"])
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for rule in spec[direction].items():
            for port in rule["ports"].items():
                _check_port(port)
            for peer in rule[peers].items():
                _check_peer(peer)
    kinds = spec["policyTypes"]
    if kinds.size > len(_DIRECTIONS):
        kinds.invalid("may not specify more than two policyTypes")
        return
    for kind in kinds.items():
        parts.check_word(kind, _DIRECTIONS)


def _check_port(field: Field) -> None:
    port, last = field["port"], field["endPort"]
    parts.check_word(field["protocol"], _PROTOCOLS)
    parts.check_named_port(port)
    if last.number is None:
        return
    if not port:
        last.invalid("may not be specified when `port` is not specified")
    elif port.number is None:
        last.invalid("may not be specified when `port` is non-numeric")
    else:
        if last.number < port.number:
            last.invalid("must be greater than or equal to `port`")
        parts.check_port(last)


def _check_peer(field: Field) -> None:
    given = [name for name in ("podSelector", "namespaceSelector", "ipBlock") if field[name]]
    labelling.check_selector(field["podSelector"])
    labelling.check_selector(field["namespaceSelector"])
    block = field["ipBlock"]
    if block:
        _check_block(block)
    if not given:
        field.required("must specify a peer")
    elif len(given) > 1 and block:
        field.forbidden("may not specify both ipBlock and another peer")


def _check_block(field: Field) -> None:
    whole = field["cidr"]
    if not whole.text:
        whole.required()
        return
    addresses.check_range(whole)
    outer = addresses.range_of(whole.text)
    if outer is None:
        return
    for each in field["except"].items():
        addresses.check_range(each)
        inner = addresses.range_of(each.text)
        if inner is None:
            continue
        inside = inner.version == outer.version and inner.network_address in outer
        if not inside or inner.prefixlen <= outer.prefixlen:
            each.invalid("must be a strict subset of `cidr`")


def _address(root: Field) -> None:
    parent = root["spec"]["parentRef"]
    if not parent:
        parent.required()
        return
    for name in ("resource", "name"):
        if not parent[name].text:
            parent[name].required()
    parts.check_text(parent["group"], names.dns_subdomain)
    for name in ("resource", "name", "namespace"):
        parts.check_object_path(parent[name])


def _ranges(root: Field) -> None:
    cidrs = root["spec"]["cidrs"]
    if not cidrs.size:
        cidrs.required("at least one CIDR required")
        return
    if cidrs.size > 2:  # noqa: PLR2004 - one for each family
        cidrs.invalid("may only hold up to 2 values")
        return
    for each in cidrs.items():
        addresses.check_canonical_range(each)
    families = [addresses.family(text) for text in parts.texts(cidrs)]
    if len(families) > 1 and len(set(families)) == 1 and families[0]:
        cidrs.invalid("may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64")


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("networking.k8s.io", "NetworkPolicy"): _policy,
    ("networking.k8s.io", "IPAddress"): _address,
    ("networking.k8s.io", "ServiceCIDR"): _ranges,
}
