"""API versions that Kubernetes has deprecated or removed, and what to write instead.

Each row is an ``apiVersion``, its kinds, the minor version of Kubernetes since which it is deprecated, the one since
which it is not served any more (0: not decided), and the replacement, with its kind where that has another name (empty:
there is none). A version that was removed without notice is deprecated since it is gone.

Source: the life cycles in k8s.io/api, k8s.io/apiextensions-apiserver and k8s.io/kube-aggregator of Kubernetes 1.30 to
1.37, by which the API server itself decides what it serves and warns of; before that the deprecated API migration guide
and the change logs of Kubernetes. Where the server names no replacement although there is one, it stands here.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema.fault import Fault, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Life", "check_version"]

_ADMISSION: Final = "admissionregistration.k8s.io"
_AUTHORIZATION: Final = "authorization.k8s.io"
_CERTIFICATES: Final = "certificates.k8s.io"
_FLOW: Final = "flowcontrol.apiserver.k8s.io"
_NETWORK: Final = "networking.k8s.io"
_RBAC: Final = "rbac.authorization.k8s.io"
_RESOURCE: Final = "resource.k8s.io"
_SCHEDULING: Final = "scheduling.k8s.io"
_STORAGE: Final = "storage.k8s.io"

_HOOKS: Final = "MutatingWebhookConfiguration ValidatingWebhookConfiguration"
_MUTATING: Final = "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding"
_VALIDATING: Final = "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding"
_REVIEWS: Final = "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview"
_PRIORITIES: Final = "FlowSchema PriorityLevelConfiguration"
_ROLES: Final = "ClusterRole ClusterRoleBinding Role RoleBinding"
_DEVICES: Final = "DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice"
_OLD_DEVICES: Final = "ResourceClaimParameters ResourceClassParameters"

#: Sorted by the removal.
_ROWS: Final[tuple[tuple[str, str, int, int, str], ...]] = (
    ("v1", "ComponentStatus", 19, 0, ""),
    ("v1", "Endpoints", 33, 0, "discovery.k8s.io/v1 EndpointSlice"),
    # 1.16
    ("apps/v1beta1", "ControllerRevision Deployment StatefulSet", 8, 16, "apps/v1"),
    ("apps/v1beta2", "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet", 9, 16, "apps/v1"),
    ("extensions/v1beta1", "DaemonSet Deployment ReplicaSet", 8, 16, "apps/v1"),
    ("extensions/v1beta1", "NetworkPolicy", 9, 16, f"{_NETWORK}/v1"),
    ("extensions/v1beta1", "PodSecurityPolicy", 10, 16, ""),
    # 1.19 to 1.21
    ("auditregistration.k8s.io/v1alpha1", "AuditSink", 19, 19, ""),
    ("settings.k8s.io/v1alpha1", "PodPreset", 20, 20, ""),
    ("batch/v2alpha1", "CronJob", 21, 21, "batch/v1"),
    ("discovery.k8s.io/v1alpha1", "EndpointSlice", 21, 21, "discovery.k8s.io/v1"),
    # 1.22
    (f"{_ADMISSION}/v1beta1", _HOOKS, 16, 22, f"{_ADMISSION}/v1"),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", 16, 22, "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", "APIService", 19, 22, "apiregistration.k8s.io/v1"),
    ("authentication.k8s.io/v1beta1", "TokenReview", 19, 22, "authentication.k8s.io/v1"),
    (f"{_AUTHORIZATION}/v1beta1", _REVIEWS, 19, 22, f"{_AUTHORIZATION}/v1"),
    (f"{_CERTIFICATES}/v1beta1", "CertificateSigningRequest", 19, 22, f"{_CERTIFICATES}/v1"),
    ("coordination.k8s.io/v1beta1", "Lease", 19, 22, "coordination.k8s.io/v1"),
    ("extensions/v1beta1", "Ingress", 14, 22, f"{_NETWORK}/v1"),
    (f"{_NETWORK}/v1beta1", "Ingress IngressClass", 19, 22, f"{_NETWORK}/v1"),
    (f"{_RBAC}/v1beta1", _ROLES, 17, 22, f"{_RBAC}/v1"),
    (f"{_SCHEDULING}/v1beta1", "PriorityClass", 14, 22, f"{_SCHEDULING}/v1"),
    (f"{_STORAGE}/v1beta1", "CSIDriver StorageClass VolumeAttachment", 19, 22, f"{_STORAGE}/v1"),
    (f"{_STORAGE}/v1beta1", "CSINode", 17, 22, f"{_STORAGE}/v1"),
    # 1.23 and 1.24
    (f"{_RBAC}/v1alpha1", _ROLES, 17, 23, f"{_RBAC}/v1"),
    (f"{_SCHEDULING}/v1alpha1", "PriorityClass", 14, 23, f"{_SCHEDULING}/v1"),
    ("node.k8s.io/v1alpha1", "RuntimeClass", 20, 24, "node.k8s.io/v1"),
    (f"{_STORAGE}/v1alpha1", "CSIStorageCapacity VolumeAttachment", 21, 24, f"{_STORAGE}/v1"),
    # 1.25 to 1.27
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", 22, 25, "autoscaling/v2"),
    ("batch/v1beta1", "CronJob", 21, 25, "batch/v1"),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", 21, 25, "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", "Event", 22, 25, "events.k8s.io/v1"),
    ("node.k8s.io/v1beta1", "RuntimeClass", 22, 25, "node.k8s.io/v1"),
    ("policy/v1beta1", "PodDisruptionBudget", 21, 25, "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy", 21, 25, ""),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", 23, 26, "autoscaling/v2"),
    (f"{_FLOW}/v1beta1", _PRIORITIES, 23, 26, f"{_FLOW}/v1"),
    (f"{_STORAGE}/v1beta1", "CSIStorageCapacity", 24, 27, f"{_STORAGE}/v1"),
    (f"{_RESOURCE}/v1alpha1", "ResourceClaim ResourceClaimTemplate", 27, 27, f"{_RESOURCE}/v1"),
    (f"{_RESOURCE}/v1alpha1", "PodScheduling ResourceClass", 27, 27, ""),
    # 1.29 to 1.33
    (f"{_FLOW}/v1beta2", _PRIORITIES, 26, 29, f"{_FLOW}/v1"),
    (f"{_NETWORK}/v1alpha1", "ClusterCIDR", 29, 29, ""),
    (f"{_RESOURCE}/v1alpha2", "ResourceClaim ResourceClaimTemplate ResourceSlice", 31, 31, f"{_RESOURCE}/v1"),
    (f"{_RESOURCE}/v1alpha2", f"PodSchedulingContext ResourceClass {_OLD_DEVICES}", 31, 31, ""),
    (f"{_ADMISSION}/v1alpha1", _VALIDATING, 29, 32, f"{_ADMISSION}/v1"),
    ("authentication.k8s.io/v1alpha1", "SelfSubjectReview", 29, 32, "authentication.k8s.io/v1"),
    ("coordination.k8s.io/v1alpha1", "LeaseCandidate", 32, 32, "coordination.k8s.io/v1beta1"),
    (f"{_FLOW}/v1beta3", _PRIORITIES, 29, 32, f"{_FLOW}/v1"),
    (f"{_RESOURCE}/v1alpha3", "PodSchedulingContext", 32, 32, ""),
    ("authentication.k8s.io/v1beta1", "SelfSubjectReview", 30, 33, "authentication.k8s.io/v1"),
    (f"{_NETWORK}/v1alpha1", "IPAddress ServiceCIDR", 30, 33, f"{_NETWORK}/v1"),
    # 1.34 to 1.37
    (f"{_ADMISSION}/v1beta1", _VALIDATING, 31, 34, f"{_ADMISSION}/v1"),
    (f"{_RESOURCE}/v1alpha3", _DEVICES, 34, 34, f"{_RESOURCE}/v1"),
    (f"{_CERTIFICATES}/v1alpha1", "PodCertificateRequest", 35, 35, f"{_CERTIFICATES}/v1beta1"),
    ("storagemigration.k8s.io/v1alpha1", "StorageVersionMigration", 33, 35, "storagemigration.k8s.io/v1beta1"),
    (f"{_STORAGE}/v1alpha1", "VolumeAttributesClass", 32, 35, f"{_STORAGE}/v1"),
    (f"{_SCHEDULING}/v1alpha1", "Workload", 36, 36, ""),
    (f"{_CERTIFICATES}/v1alpha1", "ClusterTrustBundle", 34, 37, f"{_CERTIFICATES}/v1beta1"),
    (f"{_NETWORK}/v1beta1", "IPAddress ServiceCIDR", 34, 37, f"{_NETWORK}/v1"),
    (f"{_SCHEDULING}/v1alpha2", "PodGroup Workload", 37, 37, ""),
    (f"{_STORAGE}/v1beta1", "VolumeAttributesClass", 34, 37, f"{_STORAGE}/v1"),
    # Still served, and deprecated.
    (f"{_ADMISSION}/v1alpha1", _MUTATING, 35, 38, f"{_ADMISSION}/v1beta1"),
    ("coordination.k8s.io/v1alpha2", "LeaseCandidate", 35, 38, "coordination.k8s.io/v1beta1"),
    (f"{_RESOURCE}/v1beta1", _DEVICES, 35, 38, f"{_RESOURCE}/v1"),
    ("coordination.k8s.io/v1beta1", "LeaseCandidate", 36, 39, ""),
    (f"{_RESOURCE}/v1alpha3", "DeviceTaintRule", 36, 39, f"{_RESOURCE}/v1beta2"),
    (f"{_RESOURCE}/v1beta2", _DEVICES, 36, 39, f"{_RESOURCE}/v1"),
    (f"{_ADMISSION}/v1beta1", _MUTATING, 37, 40, f"{_ADMISSION}/v1"),
    (f"{_CERTIFICATES}/v1beta1", "ClusterTrustBundle PodCertificateRequest", 37, 40, f"{_CERTIFICATES}/v1"),
    ("storagemigration.k8s.io/v1beta1", "StorageVersionMigration", 37, 40, "storagemigration.k8s.io/v1"),
)


class Life(NamedTuple):
    """How long a kind is served in a version.

    ``deprecated`` and ``removed`` are the minor versions of Kubernetes since which it is that; 0 where nobody has
    decided about its removal. ``replacement`` is None where there is none.
    """

    deprecated: int
    removed: int
    replacement: GroupVersionKind | None


@cache
def _lives() -> Mapping[GroupVersionKind, Life]:
    found: dict[GroupVersionKind, Life] = {}
    for api_version, kinds, deprecated, removed, instead in _ROWS:
        for kind in kinds.split():
            version, _, other = instead.partition(" ")
            replacement = GroupVersionKind.of(version, other or kind) if version else None
            found[GroupVersionKind.of(api_version, kind)] = Life(deprecated, removed, replacement)
    return found


def check_version(gvk: GroupVersionKind, minor: int) -> Fault | None:
    """Return what is to be said of a kind in a version: an error where a server of ``minor`` does not have it.

    Of what is deprecated it is a warning, with the words of the server; of all else, and of kinds that nobody knows,
    nothing. A cluster may serve a removed version all the same, so that its own word goes before this.
    """
    life = _lives().get(gvk)
    if life is None or minor < life.deprecated:
        return None
    gone = 0 < life.removed <= minor
    said = [] if life.deprecated == life.removed else [f"deprecated in v1.{life.deprecated}+"]
    if life.removed:
        said.append(f"unavailable in v1.{life.removed}+")
    message = f"{gvk} is {', '.join(said)}"
    if life.replacement is not None:
        message += f"; use {life.replacement}"
    if gone:
        return Fault(("apiVersion",), Reason.UNSUPPORTED, message)
    return Fault(("apiVersion",), Reason.DEPRECATED, message, Severity.WARNING)
