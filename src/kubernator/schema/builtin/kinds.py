"""All that Go code of the API server checks in a manifest of a built-in kind, as far as it is known here."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.gvk import DEFINITION
from kubernator.schema.builtin.field import NEWEST, Field
from kubernator.schema.fault import Fault, Reason
from kubernator.schema.metadata import check_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = ["MODULES", "check"]

#: Module of this package -> the kinds that it checks, which are imported when first needed.
MODULES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "access": (
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("rbac.authorization.k8s.io", "Role"),
        ("rbac.authorization.k8s.io", "RoleBinding"),
    ),
    "admission": (
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ),
    "autoscaling": (("autoscaling", "HorizontalPodAutoscaler"),),
    "certificates": (("certificates.k8s.io", "CertificateSigningRequest"),),
    "claims": (
        ("", "PersistentVolume"),
        ("", "PersistentVolumeClaim"),
    ),
    "cluster": (
        ("", "Event"),
        ("", "Namespace"),
        ("", "Node"),
        ("coordination.k8s.io", "Lease"),
        ("events.k8s.io", "Event"),
        ("node.k8s.io", "RuntimeClass"),
        ("policy", "PodDisruptionBudget"),
        ("scheduling.k8s.io", "PriorityClass"),
    ),
    "configuration": (
        ("", "ConfigMap"),
        ("", "Secret"),
    ),
    "deviceclaims": (
        ("resource.k8s.io", "DeviceClass"),
        ("resource.k8s.io", "ResourceClaim"),
        ("resource.k8s.io", "ResourceClaimTemplate"),
    ),
    "deviceslices": (
        ("resource.k8s.io", "DeviceTaintRule"),
        ("resource.k8s.io", "ResourceSlice"),
    ),
    "endpoints": (
        ("", "Endpoints"),
        ("discovery.k8s.io", "EndpointSlice"),
    ),
    "flowcontrol": (
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ),
    "ingresses": (
        ("networking.k8s.io", "Ingress"),
        ("networking.k8s.io", "IngressClass"),
    ),
    "jobs": (
        ("batch", "CronJob"),
        ("batch", "Job"),
    ),
    "networking": (
        ("networking.k8s.io", "IPAddress"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("networking.k8s.io", "ServiceCIDR"),
    ),
    "pods": (
        ("", "Pod"),
        ("", "PodTemplate"),
    ),
    "quotas": (
        ("", "LimitRange"),
        ("", "ResourceQuota"),
    ),
    "services": (("", "Service"),),
    "storage": (
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "CSIStorageCapacity"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("storage.k8s.io", "VolumeAttributesClass"),
    ),
    "webhooks": (
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiregistration.k8s.io", "APIService"),
    ),
    "workloads": (
        ("", "ReplicationController"),
        ("apps", "ControllerRevision"),
        ("apps", "DaemonSet"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
    ),
}
_MODULE_OF: Final = {kind: module for module, kinds in MODULES.items() for kind in kinds}
#: Reasons that a place can have only one of, however it is worded.
_ONCE: Final = frozenset({Reason.REQUIRED, Reason.UNSUPPORTED})
#: What `schema.metadata` looks at, and what the server drops from what it is sent.
_PASSED: Final = frozenset({"metadata", "status"})
#: A place after all that a manifest says there.
_LAST: Final = 1 << 30


def check(
    manifest: Manifest,
    gvk: GroupVersionKind,
    *,
    asked: Iterable[Fault] = (),
    minor: int = NEWEST,
    stored: bool = False,
) -> list[Fault]:
    """Return what is wrong with a manifest of a built-in kind beyond its types, in the order of its fields.

    ``asked`` is what `structural.look` found missing, which counts where nothing else is said of the same place.
    ``minor`` is the server's minor version. ``stored`` says that the cluster has the object, so that its name is not
    looked at. Types must have been found right before; values of other types count as absent.
    """
    root = Field(manifest, minor=minor)
    check_metadata(root, gvk, custom=False, stored=stored)
    if gvk.group_kind != DEFINITION:  # checked as a whole in its own modules
        try:
            _check(root, gvk, asked)
        except RecursionError:
            return []
    if not root.faults:
        return []
    return sorted(_unlike(root.faults), key=lambda fault: _place(manifest, fault.path))


def _check(root: Field, gvk: GroupVersionKind, asked: Iterable[Fault]) -> None:
    own = _own((gvk.group, gvk.kind))
    if own is not None:
        own(root)
    told = {fault.path for fault in root.faults}
    for fault in asked:
        if fault.path not in told and fault.path[0] not in _PASSED:
            told.add(fault.path)
            root.faults.append(fault)


@cache
def _own(kind: tuple[str, str]) -> Callable[[Field], None] | None:
    module = _MODULE_OF.get(kind)
    if module is None:
        return None
    checks: Mapping[tuple[str, str], Callable[[Field], None]]
    checks = importlib.import_module(f"kubernator.schema.builtin.{module}").CHECKS
    return checks[kind]


def _unlike(faults: Iterable[Fault]) -> Iterable[Fault]:
    """Leave out what was said before at its place, and what is missing where it was said of what is in it."""
    found: dict[object, Fault] = {}
    within: set[Path] = set()
    for fault in faults:
        found.setdefault((fault.path, fault.reason) if fault.reason in _ONCE else fault, fault)
        within.update(fault.path[:depth] for depth in range(len(fault.path)))
    return (fault for fault in found.values() if fault.reason is not Reason.REQUIRED or fault.path not in within)


def _place(manifest: Any, path: Path) -> tuple[int, ...]:
    """Return where a path stands among others; what is not there comes last."""
    place: list[int] = []
    value = manifest
    for step in path:
        if isinstance(value, dict):
            position = list(value).index(step) if step in value else _LAST
            value = value.get(step) if isinstance(step, str) else None
        elif isinstance(value, list) and isinstance(step, int):
            position = step
            value = value[step] if step < len(value) else None
        else:
            position, value = _LAST, None
        place.append(position)
    return tuple(place)
