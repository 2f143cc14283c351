"""What the API server checks of Services, after it has filled in what they leave out.

Source: k8s.io/kubernetes, packages ``pkg/apis/core/validation`` and ``pkg/registry/core/service/storage``, of
Kubernetes 1.34 to 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.model.diagnostics import Severity
from kubernator.schema import labelling, names
from kubernator.schema.builtin import addresses, parts
from kubernator.schema.fault import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_NODE_PORTS: Final = range(30000, 32768)
_LONGEST_TIMEOUT: Final = 86400
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_DISTRIBUTIONS: Final = ("PreferClose", "PreferSameNode", "PreferSameZone")
_POLICIES: Final = ("PreferDualStack", "RequireDualStack", "SingleStack")
_HINTS: Final = "service.kubernetes.io/topology-aware-hints"
_MODE: Final = "service.kubernetes.io/topology-mode"
_RANGES: Final = "service.beta.kubernetes.io/load-balancer-source-ranges"
#: Said as a warning: which ports of nodes there are can be changed where the server is started.
_DEFAULT_PORTS: Final = (
    "the port is outside 30000-32767, the only ones that a server takes unless it was started with others"
)


def _service(root: Field) -> None:
    spec = root["spec"]
    kind = spec["type"].text or "ClusterIP"
    headless = _addresses_of(spec) == ["None"]
    _check_topology(root)
    if parts.is_missing(spec["ports"]) and not headless and kind != "ExternalName":
        spec["ports"].required()
    _check_type(spec, kind, headless=headless)
    _check_ports(spec["ports"], kind)
    labelling.check(spec["selector"])
    _check_affinity(spec)
    if kind != "ExternalName":
        _check_addresses(spec, headless=headless)
    for each in spec["externalIPs"].items():
        if addresses.check_address(each):
            addresses.check_endpoint(each)
    _check_load_balancer(root, spec, kind)
    _check_traffic(spec, kind)


def _addresses_of(spec: Field) -> list[str]:
    """Return the addresses in the cluster; a lone ``clusterIP`` stands for both fields."""
    found = parts.texts(spec["clusterIPs"])
    return found or ([spec["clusterIP"].text] if spec["clusterIP"].text else [])


def _check_topology(root: Field) -> None:
    annotations = root["metadata"]["annotations"]
    hints, mode = annotations[_HINTS], annotations[_MODE]
    if hints and mode and hints.text != mode.text:
        mode.invalid(f"must match annotations[{_HINTS}] when both are specified")


def _check_type(spec: Field, kind: str, *, headless: bool) -> None:
    parts.check_word(spec["type"], _TYPES)
    given = spec["clusterIPs"] if spec["clusterIPs"].size else spec["clusterIP"]
    if kind in {"LoadBalancer", "NodePort"} and headless:
        first = next(iter(given.items()), given)
        first.invalid(f"may not be set to 'None' for {kind} services")
    if kind != "ExternalName":
        return
    for field in (given, spec["ipFamilies"], spec["ipFamilyPolicy"]):
        if not parts.is_missing(field):
            field.forbidden("may not be set for ExternalName services")
    host = spec["externalName"]
    if name := host.text.removesuffix("."):
        host.complain(names.dns_subdomain(name))
    else:
        host.required()


def _check_ports(ports: Field, kind: str) -> None:
    parts.check_unique((each for each in ports.items() if each["name"].text), "name")
    seen: set[tuple[str, int]] = set()
    seen_on_nodes: set[tuple[str, int]] = set()
    for each in ports.items():
        name, protocol, number = each["name"], each["protocol"], each["port"]
        if ports.size > 1 and not name.text:
            name.required()
        parts.check_text(name, names.dns_label)
        parts.check_port(number)
        parts.check_word(protocol, _PROTOCOLS)
        if each["targetPort"].value not in (0, ""):  # these mean the port itself
            parts.check_named_port(each["targetPort"])
        if each["appProtocol"]:
            each["appProtocol"].complain(names.qualified_name(each["appProtocol"].text))
        key = (protocol.text or "TCP", number.number or 0)
        if number and key in seen:
            each.duplicate()
        seen.add(key)
        _check_node_port(each["nodePort"], kind, protocol.text or "TCP", seen_on_nodes)


def _check_node_port(field: Field, kind: str, protocol: str, seen: set[tuple[str, int]]) -> None:
    number = field.number
    if not number:
        return
    if kind == "ClusterIP":
        field.forbidden("may not be used when `type` is 'ClusterIP'")
    elif kind != "ExternalName" and number not in _NODE_PORTS:
        field.fault(Reason.INVALID, _DEFAULT_PORTS, Severity.WARNING)
    if (protocol, number) in seen:
        field.duplicate()
    seen.add((protocol, number))


def _check_affinity(spec: Field) -> None:
    affinity = spec["sessionAffinity"]
    parts.check_word(affinity, ("ClientIP", "None"))
    if affinity.text != "ClientIP":
        return
    seconds = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"]
    if seconds.number is not None and not 0 < seconds.number <= _LONGEST_TIMEOUT:
        seconds.invalid(f"must be greater than 0 and less than {_LONGEST_TIMEOUT}")


def _check_addresses(spec: Field, *, headless: bool) -> None:
    single, given, families = spec["clusterIP"], spec["clusterIPs"], spec["ipFamilies"]
    listed = parts.texts(given)
    if single.text and listed and listed[0] != single.text:
        given.invalid("first value must match `clusterIP`")
    elif listed and not single.text:
        given.invalid("must be empty when `clusterIP` is not specified")
    parts.check_unique(families.items())
    for each in families.items():
        if each.text not in {"IPv4", "IPv6"}:
            each.unsupported(("IPv4", "IPv6"))
    parts.check_word(spec["ipFamilyPolicy"], _POLICIES)
    fields = list(given.items()) or ([single] if single.text else [])
    if len(fields) > 2:  # noqa: PLR2004 - one for each family
        given.invalid("may only hold up to 2 values")
    if headless or _are_addresses(given, fields):
        if not headless:
            _check_families(given, fields, parts.texts(families))
        _check_single_stack(spec, len(fields), headless=headless)


def _are_addresses(given: Field, fields: list[Field]) -> bool:
    """Say so for each address that is none; tell whether all are."""
    if fields and fields[0].text == "None":
        given.invalid("'None' must be the first and only value")
        return False
    wrong = [each for each in fields if not addresses.check_address(each)]
    return not wrong


def _check_families(given: Field, fields: list[Field], families: list[str]) -> None:
    kinds = [addresses.family(each.text) for each in fields]
    if len(kinds) > 1 and len(set(kinds)) == 1:
        given.invalid("may specify no more than one IP for each IP family")
    for place, (each, wanted, is_a) in enumerate(zip(fields, families, kinds, strict=False)):
        if wanted in {"IPv4", "IPv6"} and wanted != is_a:
            each.invalid(f"expected an {wanted} value as indicated by `ipFamilies[{place}]`")


def _check_single_stack(spec: Field, count: int, *, headless: bool) -> None:
    """Say so if there is more than one family where there may be one; without a policy one is meant."""
    policy = spec["ipFamilyPolicy"]
    selectorless = headless and not spec["selector"].size
    if (policy.text or ("" if selectorless else "SingleStack")) != "SingleStack":
        return
    for found, what in ((count, "cluster IPs"), (spec["ipFamilies"].size, "IP families")):
        if found == 2:  # noqa: PLR2004
            policy.invalid(f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified")


def _check_load_balancer(root: Field, spec: Field, kind: str) -> None:
    sources, annotation = spec["loadBalancerSourceRanges"], root["metadata"]["annotations"][_RANGES]
    if sources.size:
        for each in sources.items():
            addresses.check_range(each, each.text.strip())
    elif annotation.text.strip():
        for text in annotation.text.split(","):
            addresses.check_range(annotation, text.strip())
    name = spec["loadBalancerClass"]
    if kind == "LoadBalancer":
        if name:
            name.complain(names.qualified_name(name.text))
        return
    given = sources if sources.size else annotation
    for each in (given, spec["allocateLoadBalancerNodePorts"], name):
        if each and each.value != []:
            each.forbidden("may only be used when `type` is 'LoadBalancer'")


def _check_traffic(spec: Field, kind: str) -> None:
    outer, health = spec["externalTrafficPolicy"], spec["healthCheckNodePort"]
    reachable = kind in {"LoadBalancer", "NodePort"} or (kind == "ClusterIP" and spec["externalIPs"].size > 0)
    if not reachable:
        if outer.text:
            outer.invalid("may only be set for externally-accessible services")
    else:
        parts.check_word(outer, ("Cluster", "Local"))
    if kind == "LoadBalancer" and outer.text == "Local":
        if health.number:
            parts.check_port(health)
    elif health.number:
        health.invalid("may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")
    parts.check_word(spec["internalTrafficPolicy"], ("Cluster", "Local"))
    distribution = spec["trafficDistribution"]
    if distribution and distribution.text not in _DISTRIBUTIONS:
        distribution.unsupported(_DISTRIBUTIONS)


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {("", "Service"): _service}
