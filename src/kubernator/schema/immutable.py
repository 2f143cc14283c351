"""What the API server does not let change in an object that is there, in built-in kinds.

Custom kinds say so in rules of their definitions. Only what a manifest says is looked at, and what it is known to take
away (`leaving`): other fields that it is silent about keep what they have.

Source: the functions ``Validate…Update`` in k8s.io/kubernetes, package ``pkg/apis``, of
Kubernetes 1.34 to 1.37; older ones word some of it in another way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.builtin import updates
from kubernator.schema.difference import difference
from kubernator.schema.fault import Fault, Reason
from kubernator.schema.leaving import leaving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path
    from kubernator.schema.node import Node

__all__ = ["check_update"]

_FIELD: Final = "Invalid value: field is immutable"
_RBAC: Final = "rbac.authorization.k8s.io"
_RESOURCE: Final = "resource.k8s.io"
_STORAGE: Final = "storage.k8s.io"

#: Kind -> its fields that cannot change. Those that end in ``!`` are replaced as a whole.
_FIELDS: Final[Mapping[tuple[str, str], str]] = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "spec.group spec.names.plural",
    ("apps", "ControllerRevision"): "data!",
    ("apps", "DaemonSet"): "spec.selector!",
    ("apps", "Deployment"): "spec.selector!",
    ("apps", "ReplicaSet"): "spec.selector!",
    ("apps", "StatefulSet"): "spec.selector! spec.volumeClaimTemplates spec.serviceName spec.podManagementPolicy",
    ("certificates.k8s.io", "ClusterTrustBundle"): "spec.signerName",
    ("certificates.k8s.io", "PodCertificateRequest"): "spec",
    ("coordination.k8s.io", "LeaseCandidate"): "spec.leaseName",
    ("discovery.k8s.io", "EndpointSlice"): "addressType",
    ("", "ResourceQuota"): "spec.scopes!",
    ("", "Secret"): "type",
    ("networking.k8s.io", "IPAddress"): "spec.parentRef",
    ("networking.k8s.io", "IngressClass"): "spec.controller",
    ("node.k8s.io", "RuntimeClass"): "handler",
    (_RBAC, "ClusterRoleBinding"): "roleRef",
    (_RBAC, "RoleBinding"): "roleRef",
    (_RESOURCE, "ResourceClaim"): "spec",
    (_RESOURCE, "ResourceClaimTemplate"): "spec",
    (_RESOURCE, "ResourceSlice"): "spec.pool.name spec.driver spec.nodeName",
    ("scheduling.k8s.io", "PriorityClass"): "value preemptionPolicy",
    (_STORAGE, "CSIDriver"): "spec.attachRequired spec.volumeLifecycleModes",
    (_STORAGE, "CSIStorageCapacity"): "nodeTopology! storageClassName",
    (_STORAGE, "StorageClass"): "parameters provisioner reclaimPolicy volumeBindingMode",
    (_STORAGE, "VolumeAttachment"): "spec",
    (_STORAGE, "VolumeAttributesClass"): "driverName parameters",
    ("storagemigration.k8s.io", "StorageVersionMigration"): "spec",
}
#: Fields of which the server speaks in another way.
_MESSAGES: Final[Mapping[tuple[str, str], str]] = {
    ("PriorityClass", "value"): "Forbidden: may not be changed in an update.",
    ("VolumeAttributesClass", "driverName"): "Forbidden: updates to driverName are forbidden.",
    ("VolumeAttributesClass", "parameters"): "Forbidden: updates to parameters are forbidden.",
}


def check_update(
    new: Manifest, live: Manifest, gvk: GroupVersionKind, *, left: Manifest | None = None, node: Node | None = None
) -> list[Fault]:
    """Return what cannot change in a live object and is said in another way by a manifest, or taken away.

    ``left`` is what stays of the live object beside what the manifest says, and ``node`` the schema of the kind;
    without them nothing counts as taken away. A fault stands at the first place that differs within such a field; all
    are of `Reason.IMMUTABLE`. The server would refuse the manifest as an update; deleting the object and making it anew
    is another matter.
    """
    if left is None:
        return _changes(new, live, gvk)
    found = _changes(leaving(new, live, left, node), live, gvk)
    return [fault._replace(path=_written(fault.path, new)) for fault in found]


def _written(path: Path, manifest: Manifest) -> Path:
    """Return a path up to a list that has fewer items in the manifest."""
    value: Any = manifest
    for depth, step in enumerate(path):
        if isinstance(step, int) and isinstance(value, list) and step >= len(value):
            return path[:depth]
        value = value[step] if isinstance(value, list) and isinstance(step, int) else _at(value, (step,))
    return path


def _changes(new: Manifest, live: Manifest, gvk: GroupVersionKind) -> list[Fault]:
    faults = []
    for written in _FIELDS.get((gvk.group, gvk.kind), "").split():
        field = written.rstrip("!")
        path = tuple(field.split("."))
        found = difference(_at(new, path), _at(live, path), path, whole=field != written)
        if found is not None:
            faults.append(Fault(found, Reason.IMMUTABLE, _MESSAGES.get((gvk.kind, field), _FIELD)))
    own = updates.UPDATES.get((gvk.group, gvk.kind))
    if own is not None:
        faults += own(new, live)
    return faults


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
