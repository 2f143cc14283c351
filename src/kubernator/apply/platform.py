"""How things that workloads use stand: volumes, services, routes, definitions, quotas, namespaces. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.apply.conditions import (
    condition,
    current,
    failed,
    has,
    in_progress,
    metadata_of,
    number,
    reason,
    spec_of,
    status_of,
    unseen,
)
from kubernator.model.gvk import GroupKind
from kubernator.model.status import Status, StatusResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.model.resource import Manifest

__all__ = ["RULES"]

_GATEWAY: Final = "gateway.networking.k8s.io"


def _claim(manifest: Manifest) -> StatusResult:
    phase = status_of(manifest).get("phase")
    if phase == "Bound":
        return current("bound")
    if phase == "Lost":
        return failed("its volume is lost")
    return in_progress("not bound to a volume")


def _volume(manifest: Manifest) -> StatusResult:
    state = status_of(manifest)
    if state.get("phase") == "Failed":
        return failed(reason(state) or "the volume failed")
    if state.get("phase") in {None, "Pending"}:
        return in_progress("the volume is pending")
    return current(str(state.get("phase")))


def _service(manifest: Manifest) -> StatusResult:
    if spec_of(manifest).get("type") != "LoadBalancer":
        return current()
    found = _addresses(manifest)
    return current(found) if found else in_progress("the load balancer has no address")


def _ingress(manifest: Manifest) -> StatusResult:
    """Many controllers never report an address, so nothing is waited for."""
    return current(_addresses(manifest))


def _addresses(manifest: Manifest) -> str:
    balancer = status_of(manifest).get("loadBalancer")
    found = balancer.get("ingress") if isinstance(balancer, dict) else None
    entries = [entry for entry in (found or ()) if isinstance(entry, dict)]
    return ", ".join(str(entry.get("ip") or entry.get("hostname")) for entry in entries)


def _definition(manifest: Manifest) -> StatusResult:
    names = condition(manifest, "NamesAccepted")
    if names.get("status") == "False":
        return failed(reason(names))
    established = condition(manifest, "Established")
    if established.get("status") == "True":
        return current("established")
    return in_progress(reason(established) or "not yet established")


def _api_service(manifest: Manifest) -> StatusResult:
    available = condition(manifest, "Available")
    if available.get("status") == "True":
        return current("available")
    return in_progress(reason(available) or "not yet available")


def _autoscaler(manifest: Manifest) -> StatusResult:
    """Without metrics an autoscaler waits for ever and harms nobody, so its troubles are words, not a wait."""
    for kind in ("AbleToScale", "ScalingActive"):
        found = condition(manifest, kind)
        if found.get("status") == "False":
            return current(reason(found))
    return current()


def _disruption_budget(manifest: Manifest) -> StatusResult:
    """Seen by its controller is enough: the Pods it guards may be others' and are waited for where they are ours."""
    state = status_of(manifest)
    if unseen(manifest):
        return in_progress("not yet seen by its controller")
    return current(f"{number(state, 'currentHealthy')} healthy, {number(state, 'desiredHealthy')} needed")


def _quota(manifest: Manifest) -> StatusResult:
    """Until the use is counted the server refuses whatever a quota is about."""
    if spec_of(manifest).get("hard", {}) != status_of(manifest).get("hard", {}):
        return in_progress("what it limits is not yet counted")
    return current()


def _namespace(manifest: Manifest) -> StatusResult:
    phase = status_of(manifest).get("phase")
    if phase == "Active":
        return current("active")
    if phase == "Terminating":
        return StatusResult(Status.TERMINATING, "being deleted")
    return in_progress("not yet active")


def _gateway_class(manifest: Manifest) -> StatusResult:
    return _accepted(manifest, "Accepted")


def _gateway(manifest: Manifest) -> StatusResult:
    return _accepted(manifest, "Programmed", "Accepted")


def _accepted(manifest: Manifest, wanted: str, *before: str) -> StatusResult:
    """Judge by a condition; one that comes before it and says no has the better reason."""
    for kind in before:
        if has(manifest, kind, "False"):
            return in_progress(f"{kind} is False: {reason(condition(manifest, kind))}".rstrip(": "))
    return _by(condition(manifest, wanted), wanted, generation=metadata_of(manifest).get("generation"))


def _by(found: Mapping[str, Any], kind: str, *, generation: object) -> StatusResult:
    seen = found.get("observedGeneration")
    if isinstance(seen, int) and isinstance(generation, int) and seen < generation:
        return in_progress(f"condition {kind} is of generation {seen}, now it is {generation}")
    if found.get("status") == "True":
        return current(reason(found))
    if not found:
        return in_progress(f"no controller has set {kind}")
    return in_progress(f"{kind} is {found.get('status')}: {reason(found)}".rstrip(": "))


def _route(manifest: Manifest) -> StatusResult:
    """Judge by the parents that answered: each accepts the route and finds what it leads to."""
    parents = status_of(manifest).get("parents")
    answers = [each for each in (parents if isinstance(parents, list) else ()) if isinstance(each, dict)]
    if not answers:
        named = spec_of(manifest).get("parentRefs")
        return in_progress("no parent has answered") if named else current("names no parent")
    generation = metadata_of(manifest).get("generation")
    for answer in answers:
        parent = (answer.get("parentRef") or {}).get("name")
        for kind in ("Accepted", "ResolvedRefs"):
            found = condition({"status": answer}, kind)
            if kind == "ResolvedRefs" and not found:
                continue  # said only where there is something to resolve
            result = _by(found, kind, generation=generation)
            if result.status is not Status.CURRENT:
                return in_progress(f"parent `{parent}`: {result.message}")
    return current(f"accepted by {len(answers)} parent{'s' * (len(answers) != 1)}")


RULES: Final[Mapping[GroupKind, Callable[[Manifest], StatusResult]]] = {
    GroupKind("", "PersistentVolumeClaim"): _claim,
    GroupKind("", "PersistentVolume"): _volume,
    GroupKind("", "Service"): _service,
    GroupKind("", "ResourceQuota"): _quota,
    GroupKind("", "Namespace"): _namespace,
    GroupKind("networking.k8s.io", "Ingress"): _ingress,
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    GroupKind("apiregistration.k8s.io", "APIService"): _api_service,
    GroupKind("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    GroupKind("policy", "PodDisruptionBudget"): _disruption_budget,
    GroupKind(_GATEWAY, "GatewayClass"): _gateway_class,
    GroupKind(_GATEWAY, "Gateway"): _gateway,
    **{GroupKind(_GATEWAY, kind): _route for kind in ("GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute")},
}
