"""What a policy sees of a resource that is not written yet: some of it is known only to the API server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.cel.failures import Undecided
from kubernator.schema.fault import is_builtin_group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["DEFAULTED", "Partial", "admitted"]

#: Fields that Go code of the server, or of what it asks, fills in where they are missing.
DEFAULTED: Final = frozenset(
    {
        *("admissionReviewVersions", "allocatable", "allocateLoadBalancerNodePorts", "allocationMode", "apiGroup"),
        *("assuredConcurrencyShares", "attachRequired", "backoffLimit", "clientIP", "clusterIP", "clusterIPs"),
        *(
            "completionMode",
            "completions",
            "concurrencyPolicy",
            "defaultMode",
            "defaultRequest",
            "deprecatedServiceAccount",
        ),
        *("dnsPolicy", "enableServiceLinks", "expirationSeconds", "externalTrafficPolicy", "failedJobsHistoryLimit"),
        *("failurePolicy", "failureThreshold", "fsGroupPolicy", "handSize", "healthCheckNodePort", "hostPort"),
        *("imagePullPolicy", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "ipMode", "lendablePercent"),
        *("limit", "manualSelector", "matchPolicy", "matchingPrecedence", "maxSurge", "maxUnavailable", "minReplicas"),
        *("namespaceSelector", "nodePort", "nominalConcurrencyShares", "objectSelector", "parallelism"),
        *("parameterNotFoundAction", "partition", "pathType", "periodSeconds", "phase", "podInfoOnMount"),
        *("persistentVolumeClaimRetentionPolicy", "persistentVolumeReclaimPolicy", "podManagementPolicy"),
        *("podReplacementPolicy", "policyTypes", "port", "preemptionPolicy", "preventPodSchedulingIfMissing"),
        *("priority", "progressDeadlineSeconds", "protocol", "pullPolicy", "queueLengthLimit", "queues"),
        *("reclaimPolicy", "reinvocationPolicy", "replicas", "requiresRepublish", "restartPolicy"),
        *("revisionHistoryLimit", "rollingUpdate", "schedulerName", "scheme", "scope", "seLinuxMount"),
        *("selector", "serviceAccount", "serviceAccountName", "sessionAffinity", "sessionAffinityConfig"),
        *("sideEffects", "signerName", "storageCapacity", "storageClassName", "successThreshold"),
        *("successfulJobsHistoryLimit", "suspend", "targetPort", "terminationGracePeriodSeconds"),
        *("terminationMessagePath", "terminationMessagePolicy", "timeoutSeconds", "tolerations", "type", "usages"),
        *("volumeBindingMode", "volumeLifecycleModes", "volumeMode", "whenDeleted", "whenScaled"),
    }
)
#: Fields of ``metadata`` that the server writes.
_WRITTEN: Final = frozenset(
    {"creationTimestamp", "generation", "managedFields", "namespace", "resourceVersion", "selfLink", "uid"}
)
#: Maps whose keys are the user's, so that a missing key is missing.
_PLAIN: Final = frozenset(
    {
        *("annotations", "binaryData", "capacity", "data", "hard", "labels", "limits", "matchLabels", "nodeSelector"),
        *("overhead", "parameters", "requests", "stringData", "volumeAttributes"),
    }
)
#: Objects that Go always writes, if only as ``{}``; what is beside them tells such from others of that name.
_ALWAYS: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {
    "resources": lambda beside: "image" in beside or "accessModes" in beside,
    "securityContext": lambda beside: "containers" in beside,
    "status": lambda beside: "metadata" in beside,
    "strategy": lambda beside: "template" in beside and "serviceName" not in beside,
    "updateStrategy": lambda beside: "template" in beside,
}


class Partial(dict[str, Any]):
    """A map of which some missing fields are not known: asking for one raises `Undecided`."""

    __slots__ = ("unknown",)

    def __init__(self, known: Mapping[str, Any], unknown: frozenset[str]) -> None:
        super().__init__(known)
        self.unknown = unknown

    def __contains__(self, key: object) -> bool:
        if super().__contains__(key):
            return True
        if key in self.unknown:
            raise Undecided(f"the field `{key}`, which the API server may fill in")
        return False

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value; raise `Undecided` if only the server knows it."""
        return self[key] if key in self else default  # noqa: SIM401 - it is this method


def admitted(manifest: Mapping[str, Any], group: str) -> Mapping[str, Any]:
    """Return a manifest as a policy sees it: of built-in kinds, fields that the server fills in are not known."""
    metadata = manifest.get("metadata")
    known = {key: _filled(value) for key, value in manifest.items()} if is_builtin_group(group) else dict(manifest)
    if isinstance(metadata, dict):
        unknown = _WRITTEN if "generateName" not in metadata else _WRITTEN | {"name"}
        known["metadata"] = Partial(metadata, unknown)
    if is_builtin_group(group):
        return _partial(known)
    return Partial(known, frozenset({"status"}))


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return _partial({key: each if key in _PLAIN else _filled(each) for key, each in value.items()})
    if isinstance(value, list):
        return [_filled(each) for each in value]
    return value


def _partial(known: dict[str, Any]) -> Partial:
    for key, applies in _ALWAYS.items():
        if key not in known and applies(known):
            known[key] = Partial({}, DEFAULTED)
    unknown = DEFAULTED
    if "limits" in known and "requests" not in known:
        unknown = unknown | {"requests"}
    return Partial(known, unknown)
