"""Whether a full quota has room for the new object once the old one is deleted. Pure.

Source: k8s.io/apiserver, package ``pkg/quota``, and pkg/quota/v1/evaluator/core of Kubernetes for what counts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from kubernator.planning import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.cluster.api import Kind
    from kubernator.errors import ApiError
    from kubernator.model.resource import Manifest

__all__ = ["exceeded", "still_exceeded", "usage"]

_EXCEEDED: Final = "exceeded quota: "
#: Counted by kind under a name of their own, besides ``count/…``.
_COUNTED: Final = frozenset(
    {
        "configmaps",
        "persistentvolumeclaims",
        "pods",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "services",
    }
)
_PORTS: Final = frozenset({"NodePort", "LoadBalancer"})


def exceeded(answer: ApiError) -> bool:
    """Say whether a create was refused for a full quota."""
    return answer.status == 403 and _EXCEEDED in answer.title  # noqa: PLR2004


def still_exceeded(quotas: Iterable[Manifest], kind: Kind, *, old: Manifest, new: Manifest) -> str:
    """Return which quota has no room for ``new`` even without ``old``; empty where all have."""
    for found in quotas:
        status = found.get("status") or {}
        for name, most in (status.get("hard") or {}).items():
            before, after = usage(name, kind, old), usage(name, kind, new)
            quota = f"the quota `{found['metadata'].get('name')}` has no room for it: `{name}`"
            if before is None or after is None:
                return f"{quota} cannot be judged beforehand"
            used, hard = canonical.quantity((status.get("used") or {}).get(name, "0")), canonical.quantity(most)
            if after and used is not None and hard is not None and used - before + after > hard:
                return f"{quota} is {used - before + after:f} then, at most {hard:f}"
    return ""


def usage(name: str, kind: Kind, manifest: Manifest) -> Decimal | None:  # noqa: PLR0911 - one return a kind of quota
    """Return how much of a quota's resource an object uses; None where that is not known."""
    spec = manifest.get("spec") or {}
    if name.startswith("count/"):
        counted = f"{kind.plural}.{kind.gvk.group}" if kind.gvk.group else kind.plural
        return Decimal(name == f"count/{counted}")
    if name in _COUNTED:
        return Decimal(not kind.gvk.group and name == kind.plural)
    core = kind.gvk.kind if not kind.gvk.group else ""
    if name.startswith("services."):
        if core != "Service":
            return Decimal(0)
        balanced = spec.get("type") == "LoadBalancer"
        ports = len(spec.get("ports") or ()) if spec.get("type") in _PORTS else 0
        return {"services.loadbalancers": Decimal(balanced), "services.nodeports": Decimal(ports)}.get(name)
    if name.endswith(("requests.storage", "storageclass.storage.k8s.io/persistentvolumeclaims")):
        if core != "PersistentVolumeClaim":
            return Decimal(0)
        storage = name.partition(".storageclass.storage.k8s.io/")
        if storage[1] and storage[0] != spec.get("storageClassName"):
            return Decimal(0)
        asked = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "0")
        return Decimal(1) if name.endswith("persistentvolumeclaims") else canonical.quantity(asked)
    return None if core in {"Pod", "PersistentVolumeClaim", "Service"} else Decimal(0)
