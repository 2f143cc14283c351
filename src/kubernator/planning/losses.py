"""What goes with an object that is deleted and made anew, and how its kind is best deleted. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.model.resource import BACKGROUND, ORPHAN, PropagationPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.model.resource import Manifest

__all__ = ["advised", "lost"]

_WORKLOADS: Final = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"})


def advised(live: Manifest) -> PropagationPolicy:
    """Return how to delete an object of this kind: what runs goes on running where that is possible."""
    return ORPHAN if live.get("kind") in _WORKLOADS else BACKGROUND


def lost(live: Manifest, how: PropagationPolicy) -> str:
    """Say what is gone when the object is deleted; empty where nothing that matters is."""
    spec: dict[str, Any] = live.get("spec") if isinstance(live.get("spec"), dict) else {}  # type: ignore[assignment]
    kind = str(live.get("kind"))
    if kind in _WORKLOADS:
        return _of_workload(spec, how)
    words = _LOSSES.get(kind)
    return words(live, spec) if words is not None else ""


def _of_workload(spec: dict[str, Any], how: PropagationPolicy) -> str:
    if how == ORPHAN:
        return ""
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    claims = " and its claims, with the data on their volumes" if retention.get("whenDeleted") == "Delete" else ""
    return f"its Pods{claims}; `{ORPHAN}` keeps them"


def _of_claim(_live: Manifest, spec: dict[str, Any]) -> str:
    name = spec.get("volumeName")
    volume = f"the volume `{name}`" if name else "the volume, when it has one"
    return f"{volume}, and the data on it unless the reclaim policy is `Retain`"


def _of_volume(_live: Manifest, spec: dict[str, Any]) -> str:
    claim = spec.get("claimRef") or {}
    if not claim:
        return "what the volume knows of its data; the data too unless the reclaim policy is `Retain`"
    return f"the volume of the claim `{claim.get('namespace')}/{claim.get('name')}`, which is lost then"


def _of_service(live: Manifest, spec: dict[str, Any]) -> str:
    parts = []
    if spec.get("clusterIP") not in {None, "", "None"}:
        parts.append(f"its address `{spec['clusterIP']}`")
    ports = [str(port["nodePort"]) for port in spec.get("ports") or () if port.get("nodePort")]
    if ports:
        parts.append(f"its node port{'s' * (len(ports) > 1)} {', '.join(f'`{port}`' for port in ports)}")
    balancers = ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    parts += [f"the load balancer's address `{found.get('ip') or found.get('hostname')}`" for found in balancers]
    return f"{', '.join(parts)}, unless the manifest asks for the same" if parts else ""


def _of_secret(live: Manifest, _spec: dict[str, Any]) -> str:
    token = live.get("type") == "kubernetes.io/service-account-token"
    return "the token in it: who uses it is locked out" if token else ""


def _of_definition(_live: Manifest, spec: dict[str, Any]) -> str:
    return f"every `{(spec.get('names') or {}).get('kind', 'object')}` in the cluster"


#: Kind -> what is lost with an object of it.
_LOSSES: Final[dict[str, Callable[[Manifest, dict[str, Any]], str]]] = {
    "CustomResourceDefinition": _of_definition,
    "Job": lambda _live, _spec: "its Pods and their logs, unless `Orphan` keeps them",
    "Namespace": lambda _live, _spec: "everything in it",
    "PersistentVolume": _of_volume,
    "PersistentVolumeClaim": _of_claim,
    "Pod": lambda _live, _spec: "what runs in it",
    "Secret": _of_secret,
    "Service": _of_service,
    "ServiceAccount": lambda _live, _spec: "every token that was made for it",
}
