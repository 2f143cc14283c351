"""Fields of built-in kinds that must be there, and values of which only some are known.

The schemas of built-in kinds say both, but only as remarks: Go code decides, and it fills in some of what is missing
before it looks. So these are the fields for which the API server was asked, each by itself, and refused their absence.
Source: the answers of Kubernetes 1.35 to 1.37, which the tests ask for again.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.schema.fault import Fault, Reason
from kubernator.schema.node import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.sourcemap import Path
    from kubernator.schema.builtin.field import Field

__all__ = ["check"]

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
#: Keywords of schemas in which, or below which, something can be wrong.
_WORTH_IT: Final = frozenset({"additionalProperties", "enum", "items", "properties"})
#: What `schema.metadata` looks at, and what the server drops from what it is sent.
_PASSED: Final = frozenset({"metadata", "status"})


def _by_component(table: Mapping[str, Mapping[str, str]]) -> Mapping[str, tuple[str, ...]]:
    return {
        f"{package}.{component}": tuple(fields.split())
        for package, components in table.items()
        for component, fields in components.items()
    }


@cache
def _tables() -> tuple[Mapping[str, tuple[str, ...]], ...]:
    return tuple(map(_by_component, (_FIELDS, _NOT_EMPTY, _DROPPED)))


def check(root: Field, node: Node) -> None:
    """Add what is missing in a manifest of a built-in kind, and values that are none of those known.

    ``node`` is the schema of the whole object. Nothing is added to what was found at the same place before.
    """
    _Walk(root.faults).fields(root.value, node, ())


class _Asked(NamedTuple):
    """What is asked of a map: fields that must be there, and the schemas of those that are worth a look.

    ``other`` is the schema of all other keys, if that is. Fields of ``not_empty`` must not be empty text.
    """

    required: tuple[str, ...]
    below: Mapping[str, Node]
    other: Node | None
    not_empty: tuple[str, ...]


@lru_cache(maxsize=2048)
def _asked(node: Node) -> _Asked:
    required, not_empty, dropped = (table.get(node.name, ()) for table in _tables())
    below = {key: each for key, each in node.properties.items() if key not in dropped and _is_worth_it(each)}
    other = node.additional if isinstance(node.additional, Node) and _is_worth_it(node.additional) else None
    return _Asked(required, below, other, not_empty)


def _is_worth_it(node: Node) -> bool:
    """Say whether something can be wrong here or below: most fields are text or numbers of any value.

    The schema is looked at as it is, since many fields that a kind has are in no manifest, and compiled for none.
    """
    return not _WORTH_IT.isdisjoint(node.schema)


class _Walk:
    """One walk over one manifest, along its schema."""

    __slots__ = ("_faults", "_told")

    def __init__(self, faults: list[Fault]) -> None:
        self._faults = faults
        self._told = {fault.path for fault in faults}

    def fields(self, value: Any, node: Node, path: Path) -> None:
        """Look at a map by its schema."""
        asked = _asked(node)
        for key in asked.required:
            if value.get(key) in _EMPTY:
                self._add((*path, key), Reason.REQUIRED, "Required value")
        below, other = asked.below, asked.other
        for key, each in value.items() if below or other is not None else ():
            child = below.get(key, other)
            if child is not None and (path or key not in _PASSED):
                self._value(each, child, (*path, key), empty=key not in asked.not_empty)

    def _value(self, value: Any, node: Node, path: Path, *, empty: bool) -> None:
        if isinstance(value, dict):
            self.fields(value, node, path)
        elif isinstance(value, list):
            if node.items is not None:
                for index, each in enumerate(value):
                    self._value(each, node.items, (*path, index), empty=empty)
        elif node.enum and isinstance(value, str) and (value not in node.enum if value else not empty):
            words = ", ".join(f'"{each}"' for each in sorted(filter(None, node.enum)))
            self._add(path, Reason.UNSUPPORTED, f"Unsupported value: supported values: {words}")

    def _add(self, path: Path, reason: Reason, message: str) -> None:
        if path not in self._told:
            self._told.add(path)
            self._faults.append(Fault(path, reason, message))
