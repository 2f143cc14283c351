"""Fields of built-in kinds that must be there, and values of which only some are known.

The schemas of built-in kinds say both, but only as remarks: Go code decides, and it fills in some of what is missing
before it looks. So these are the fields for which the API server was asked, each by itself, and refused their absence.
Source: the answers of Kubernetes 1.35 to 1.37, which the tests ask for again.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.schema.fault import Fault, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubernator.model.sourcemap import Path

__all__ = ["Asked"]

#: Package -> component -> its fields that must be there, and not empty.
_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "io.k8s.api.admissionregistration.v1": {
        "MatchCondition": "expression name",
        "MutatingWebhook": "admissionReviewVersions clientConfig name sideEffects",
        "Mutation": "patchType",
        "ServiceReference": "name namespace",
        "ValidatingAdmissionPolicyBinding": "spec",
        "ValidatingAdmissionPolicyBindingSpec": "policyName validationActions",
        "ValidatingWebhook": "admissionReviewVersions clientConfig name sideEffects",
        "Validation": "expression",
        "Variable": "expression name",
    },
    "io.k8s.api.apps.v1": {
        "ControllerRevision": "data",
        "DaemonSet": "spec",
        "DaemonSetSpec": "selector template",
        "Deployment": "spec",
        "DeploymentSpec": "selector template",
        "ReplicaSet": "spec",
        "ReplicaSetSpec": "selector",
        "StatefulSet": "spec",
        "StatefulSetSpec": "selector template",
    },
    "io.k8s.api.autoscaling.v1": {
        "CrossVersionObjectReference": "kind name",
        "HorizontalPodAutoscaler": "spec",
        "HorizontalPodAutoscalerSpec": "maxReplicas scaleTargetRef",
    },
    "io.k8s.api.autoscaling.v2": {
        "ContainerResourceMetricSource": "container name target",
        "CrossVersionObjectReference": "kind name",
        "ExternalMetricSource": "metric target",
        "HPAScalingPolicy": "periodSeconds type value",
        "HorizontalPodAutoscaler": "spec",
        "HorizontalPodAutoscalerSpec": "maxReplicas scaleTargetRef",
        "MetricIdentifier": "name",
        "PodsMetricSource": "metric",
        "MetricSpec": "type",
        "MetricTarget": "type",
        "ObjectMetricSource": "describedObject metric",
        "ResourceMetricSource": "name target",
    },
    "io.k8s.api.batch.v1": {
        "CronJob": "spec",
        "CronJobSpec": "jobTemplate schedule",
        "JobSpec": "template",
        "PodFailurePolicyOnExitCodesRequirement": "operator values",
        "PodFailurePolicyOnPodConditionsPattern": "type",
        "PodFailurePolicyRule": "action",
    },
    "io.k8s.api.core.v1": {
        "CSIPersistentVolumeSource": "driver volumeHandle",
        "CSIVolumeSource": "driver",
        "ConfigMapKeySelector": "key",
        "Container": "name",
        "ContainerPort": "containerPort",
        "DownwardAPIVolumeFile": "path",
        "EndpointAddress": "ip",
        "EndpointPort": "port",
        "EnvVar": "name",
        "GRPCAction": "port",
        "HTTPGetAction": "port",
        "HTTPHeader": "name",
        "HostAlias": "ip",
        "HostPathVolumeSource": "path",
        "ISCSIVolumeSource": "iqn targetPortal",
        "KeyToPath": "key path",
        "LimitRangeItem": "type",
        "NFSVolumeSource": "path server",
        "NodeSelector": "nodeSelectorTerms",
        "NodeSelectorRequirement": "key operator",
        "ObjectFieldSelector": "fieldPath",
        "PersistentVolumeClaimTemplate": "spec",
        "PodAffinityTerm": "topologyKey",
        "PodReadinessGate": "conditionType",
        "PodSpec": "containers",
        "ResourceFieldSelector": "resource",
        "SeccompProfile": "type",
        "SecretKeySelector": "key",
        "ServiceAccountTokenProjection": "path",
        "ServicePort": "port",
        "Sysctl": "name",
        "TCPSocketAction": "port",
        "TopologySelectorLabelRequirement": "key values",
        "TopologySpreadConstraint": "maxSkew topologyKey whenUnsatisfiable",
        "Volume": "name",
        "VolumeMount": "mountPath name",
        "WeightedPodAffinityTerm": "podAffinityTerm weight",
    },
    "io.k8s.api.discovery.v1": {
        "Endpoint": "addresses",
        "EndpointSlice": "addressType",
    },
    "io.k8s.api.flowcontrol.v1": {
        "FlowSchema": "spec",
        "FlowSchemaSpec": "priorityLevelConfiguration",
        "GroupSubject": "name",
        "LimitResponse": "type",
        "LimitedPriorityLevelConfiguration": "limitResponse",
        "NonResourcePolicyRule": "nonResourceURLs verbs",
        "PolicyRulesWithSubjects": "subjects",
        "PriorityLevelConfiguration": "spec",
        "PriorityLevelConfigurationReference": "name",
        "PriorityLevelConfigurationSpec": "type",
        "ResourcePolicyRule": "apiGroups resources verbs",
        "Subject": "kind",
        "UserSubject": "name",
    },
    "io.k8s.api.networking.v1": {
        "HTTPIngressPath": "backend pathType",
        "HTTPIngressRuleValue": "paths",
        "IngressClassParametersReference": "kind name",
        "IngressServiceBackend": "name",
    },
    "io.k8s.api.node.v1": {
        "RuntimeClass": "handler",
    },
    "io.k8s.api.rbac.v1": {
        "ClusterRoleBinding": "roleRef",
        "PolicyRule": "verbs",
        "RoleBinding": "roleRef",
        "RoleRef": "kind name",
        "Subject": "kind name",
    },
    "io.k8s.api.resource.v1": {
        "CELDeviceSelector": "expression",
        "Device": "name",
        "DeviceRequest": "name",
        "ExactDeviceRequest": "deviceClassName",
        "OpaqueDeviceConfiguration": "driver parameters",
        "ResourcePool": "name resourceSliceCount",
        "ResourceSlice": "spec",
        "ResourceSliceSpec": "driver pool",
    },
    "io.k8s.api.storage.v1": {
        "CSIStorageCapacity": "storageClassName",
        "StorageClass": "provisioner",
        "VolumeAttachment": "spec",
        "VolumeAttachmentSpec": "attacher nodeName source",
        "VolumeAttributesClass": "driverName",
    },
    "io.k8s.apimachinery.pkg.apis.meta.v1": {
        "LabelSelectorRequirement": "key operator",
    },
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1": {
        "APIServiceSpec": "groupPriorityMinimum versionPriority",
    },
}

#: Package -> component -> its fields with values of which only some are known, that must not be empty text. Others
#: count as absent then, and are filled in.
_NOT_EMPTY: Final[Mapping[str, Mapping[str, str]]] = {
    "io.k8s.api.admissionregistration.v1": {
        "MatchResources": "matchPolicy",
        "MutatingAdmissionPolicySpec": "failurePolicy reinvocationPolicy",
        "MutatingWebhook": "failurePolicy matchPolicy reinvocationPolicy",
        "NamedRuleWithOperations": "operations scope",
        "RuleWithOperations": "operations scope",
        "ValidatingAdmissionPolicyBindingSpec": "validationActions",
        "ValidatingAdmissionPolicySpec": "failurePolicy",
        "ValidatingWebhook": "failurePolicy matchPolicy",
    },
    "io.k8s.api.batch.v1": {"JobSpec": "completionMode podReplacementPolicy"},
    "io.k8s.api.core.v1": {
        "AzureDiskVolumeSource": "cachingMode kind",
        "PersistentVolumeClaimSpec": "accessModes volumeMode",
        "PersistentVolumeSpec": "accessModes volumeMode",
        "PodSecurityContext": "fsGroupChangePolicy supplementalGroupsPolicy",
        "PodSpec": "preemptionPolicy",
        "SecurityContext": "procMount",
        "ServiceSpec": "internalTrafficPolicy ipFamilies ipFamilyPolicy",
        "TopologySpreadConstraint": "nodeAffinityPolicy nodeTaintsPolicy",
        "VolumeMount": "mountPropagation",
    },
    "io.k8s.api.discovery.v1": {"EndpointPort": "protocol"},
    "io.k8s.api.networking.v1": {"NetworkPolicyPort": "protocol", "NetworkPolicySpec": "policyTypes"},
    "io.k8s.api.policy.v1": {"PodDisruptionBudgetSpec": "unhealthyPodEvictionPolicy"},
    "io.k8s.api.scheduling.v1": {"PriorityClass": "preemptionPolicy"},
    "io.k8s.api.storage.v1": {"StorageClass": "volumeBindingMode"},
}

#: Package -> component -> its fields that the server drops, or keeps, without looking at them: those of features that
#: are off unless asked for, what is kept of a status, and the selector of a metric.
_DROPPED: Final[Mapping[str, Mapping[str, str]]] = {
    "io.k8s.api.autoscaling.v2": {"MetricIdentifier": "selector"},
    "io.k8s.api.core.v1": {
        "GRPCAction": "mode",
        "HTTPGetAction": "protocol",
        "Lifecycle": "stopSignal",
        "PersistentVolumeClaim": "status",
    },
    "io.k8s.api.resource.v1": {
        "DeviceTaint": "effect",
        "DeviceToleration": "effect operator",
        "ResourceSliceSpec": "skipNodeOperations",
    },
}

_EMPTY: Final[tuple[Any, ...]] = (None, "", [])


def _by_component(table: Mapping[str, Mapping[str, str]]) -> Mapping[str, tuple[str, ...]]:
    return {
        f"{package}.{component}": tuple(fields.split())
        for package, components in table.items()
        for component, fields in components.items()
    }


@cache
def _tables() -> tuple[Mapping[str, tuple[str, ...]], ...]:
    return tuple(map(_by_component, (_FIELDS, _NOT_EMPTY, _DROPPED)))


class Asked(NamedTuple):
    """What is asked of a map: ``fields`` must be there, and texts under a key must be one of those known, if any.

    Nothing is asked of what is ``dropped``, nor of anything in it.
    """

    fields: tuple[str, ...]
    known: tuple[tuple[str, frozenset[str | None]], ...]
    dropped: tuple[str, ...]

    @staticmethod
    def of(component: str, schema: Mapping[str, Any]) -> Asked | None:
        """Return what is asked of maps of a schema, the ``component`` it is, if it is one; None for nothing."""
        fields, not_empty, dropped = (table.get(component, ()) for table in _tables())
        known = tuple(
            (key, frozenset({*filter(None, words), *_nothing(each, may_be=key not in not_empty)}))
            for key, each in (schema.get("properties") or {}).items()
            if key not in dropped and (words := _words(each))
        )
        return Asked(fields, known, dropped) if fields or known or dropped else None

    def missing(self, value: dict[str, Any], path: Path, found: list[Fault]) -> None:
        """Add what a map lacks, and its texts that are none of those known, among the items of its fields too."""
        for key in self.fields:
            if not value.get(key) and value.get(key) in _EMPTY:
                found.append(Fault((*path, key), Reason.REQUIRED, "Required value"))  # noqa: PERF401 - mostly none
        for key, words in self.known:
            each = value.get(key)
            if isinstance(each, str):
                if each not in words:
                    found.append(_unsupported((*path, key), words))
            elif isinstance(each, list | dict):
                items = each.items() if isinstance(each, dict) else enumerate(each)
                wrong = [step for step, item in items if isinstance(item, str | None) and item not in words]
                found += [_unsupported((*path, key, step), words) for step in wrong]


def _words(schema: Mapping[str, Any]) -> Sequence[str]:
    """Return the texts that a field may be, or the items that it has."""
    below = schema.get("items") or schema.get("additionalProperties")
    words: Sequence[str] = schema.get("enum") or (below.get("enum") if isinstance(below, dict) else None) or ()
    return words


def _nothing(schema: Mapping[str, Any], *, may_be: bool) -> tuple[str | None, ...]:
    """Return what passes for no text: null as an item is an empty one, except in sets, where it is refused as such."""
    if may_be:
        return ("", None)
    return (None,) if schema.get("x-kubernetes-list-type") == "set" else ()


def _unsupported(path: Path, words: frozenset[str | None]) -> Fault:
    told = ", ".join(f'"{each}"' for each in sorted(filter(None, words)))
    return Fault(path, Reason.UNSUPPORTED, f"Unsupported value: supported values: {told}")
