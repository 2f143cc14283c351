"""What the server does with values of built-in kinds: plain tables, measured on a real API server (1.37). Pure.

Fields are named by the key of the map or list that they stand in and their own, the first empty at the top: a key alone
says too little, since it may be one of the user's data. What merges is checked against the server's own schemas by a
test, the rest by applying every field of every kind in other words.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = [
    "BUILTIN_GROUPS",
    "DEFAULTS",
    "DROPPED",
    "DROPPED_IN_DEFINITIONS",
    "MERGED_LISTS",
    "MERGED_MAPS",
    "NO_QUANTITIES",
    "QUANTITY_KEYS",
    "QUANTITY_MAPS",
    "RAW_IN_DEFINITIONS",
    "STRING_MAPS",
]

BUILTIN_GROUPS: Final = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)

#: Groups in which no field is a quantity; a schema's ``limits`` is a property's name.
NO_QUANTITIES: Final = frozenset({"apiextensions.k8s.io", "admissionregistration.k8s.io"})
#: (key of the map above, key) of the maps of quantities. A key alone says too little: it may be one of the user's data.
QUANTITY_MAPS: Final = frozenset(
    {
        ("limits", "default"),
        ("limits", "defaultRequest"),
        ("limits", "max"),
        ("limits", "maxLimitRequestRatio"),
        ("limits", "min"),
        ("overhead", "podFixed"),
        ("resources", "limits"),
        ("resources", "requests"),
        ("spec", "capacity"),
        ("spec", "hard"),
        ("spec", "overhead"),
    }
)
#: (key of the map above, key) of single quantities; the first is empty at the top.
QUANTITY_KEYS: Final = frozenset(
    {
        ("", "capacity"),
        ("", "maximumVolumeSize"),
        ("emptyDir", "sizeLimit"),
        ("resourceFieldRef", "divisor"),
        ("target", "averageValue"),
        ("target", "value"),
    }
)
STRING_MAPS: Final = frozenset({"annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector"})

_SELECTED: Final = ("namespace", "object")

#: (key of the map or list above, key) -> the default that the server writes inside something owned as a whole.
DEFAULTS: Final[dict[tuple[str, str], Any]] = {
    ("fieldRef", "apiVersion"): "v1",
    ("resourceFieldRef", "divisor"): "0",
    ("serviceAccountToken", "expirationSeconds"): 3600,
    ("ports", "protocol"): "TCP",
    ("rules", "scope"): "*",
    ("resourceRules", "scope"): "*",
    ("excludeResourceRules", "scope"): "*",
    ("roleRef", "apiGroup"): "rbac.authorization.k8s.io",
    ("volumeClaimTemplates", "apiVersion"): "v1",
    ("volumeClaimTemplates", "kind"): "PersistentVolumeClaim",
    ("volumeClaimTemplates", "status"): {"phase": "Pending"},
    **{(match, "matchPolicy"): "Equivalent" for match in ("matchConstraints", "matchResources")},
    **{(match, f"{what}Selector"): {} for match in ("matchConstraints", "matchResources") for what in _SELECTED},
    **{(request, "allocationMode"): "ExactCount" for request in ("exactly", "firstAvailable")},
    **{(request, "count"): 1 for request in ("exactly", "firstAvailable")},
    ("endpoints", "conditions"): {},
    ("spec", "finalizers"): ["kubernetes"],
}

#: (key of the map or list above, key) of fields whose zero value the server drops. Of all others it may store it, and
#: adding it is a change: ``tolerationSeconds: 0`` evicts at once, ``namespaceSelector: {}`` lets every namespace in.
DROPPED: Final = frozenset(
    {
        *((above, "matchLabels") for above in ("labelSelector", "namespaceSelector", "objectSelector", "podSelector")),
        *((above, "matchLabels") for above in ("clusterRoleSelectors", "nodeTopology", "selector")),
        *((above, key) for above in ("metadata",) for key in ("annotations", "labels")),
        *((above, key) for above in ("containers", "initContainers") for key in ("stdin", "stdinOnce", "tty")),
        *((above, "workingDir") for above in ("containers", "initContainers")),
        *((probe, "initialDelaySeconds") for probe in ("livenessProbe", "readinessProbe", "startupProbe")),
        *(("spec", key) for key in ("hostIPC", "hostNetwork", "hostPID", "paused", "publishNotReadyAddresses")),
        *(("spec", key) for key in ("hostname", "nodeName", "priorityClassName", "subdomain")),
        *(("spec", key) for key in ("externalName", "loadBalancerIP", "volumeName")),
        *(("spec", key) for key in ("hard", "insecureSkipTLSVerify", "minReadySeconds", "nodeSelector", "overhead")),
        *(("tolerations", key) for key in ("effect", "key", "operator", "value")),
        *(("validations", key) for key in ("message", "messageExpression")),
        *(("volumeMounts", key) for key in ("readOnly", "subPath", "subPathExpr")),
        *((source, "readOnly") for source in ("iscsi", "nfs", "persistentVolumeClaim")),
        *((above, key) for above in ("limits",) for key in ("max", "maxLimitRequestRatio", "min")),
        *(("resources", key) for key in ("limits", "requests")),
        *(("subjects", key) for key in ("apiGroup", "namespace")),
        *(("", key) for key in ("binaryData", "data", "description", "globalDefault", "parameters", "stringData")),
        ("clientConfig", "caBundle"),
        ("csi", "volumeAttributes"),
        ("emptyDir", "medium"),
        ("env", "value"),
        ("envFrom", "prefix"),
        ("httpGet", "host"),
        ("overhead", "podFixed"),
        ("paths", "path"),
        ("ports", "hostIP"),
        ("ports", "hostPort"),
        ("ports", "nodePort"),
        ("resourceFieldRef", "containerName"),
        ("resourceRules", "clusterScope"),
        ("rules", "host"),
        ("scheduling", "nodeSelector"),
        ("serviceAccountToken", "audience"),
        ("spec", "caBundle"),
        ("tcpSocket", "host"),
        ("tls", "secretName"),
    }
)
#: The same for definitions, whose schemas stand under names of the user's.
DROPPED_IN_DEFINITIONS: Final = frozenset(
    {
        *("definitions", "patternProperties", "properties"),
        *("description", "format", "id", "pattern", "title"),
        *("deprecated", "exclusiveMaximum", "exclusiveMinimum", "nullable", "preserveUnknownFields", "uniqueItems"),
        *("x-kubernetes-embedded-resource", "x-kubernetes-int-or-string"),
    }
)
#: In definitions: what holds JSON of the user's, which is stored as written.
RAW_IN_DEFINITIONS: Final = frozenset({"default", "enum", "example"})

#: (key of the map above, key) of maps that merge: one that is empty leaves alone what others keep in it.
MERGED_MAPS: Final = frozenset(
    {
        ("spec", "behavior"),
        ("spec", "persistentVolumeClaimRetentionPolicy"),
        ("spec", "strategy"),
        ("spec", "updateStrategy"),
    }
)
#: (key of the map above, key) of lists that merge: an empty one is nobody's and changes nothing.
MERGED_LISTS: Final = frozenset(
    {
        *((above, key) for above in ("containers", "initContainers") for key in ("env", "ports")),
        *((above, key) for above in ("containers", "initContainers") for key in ("volumeDevices", "volumeMounts")),
        *(("metadata", key) for key in ("finalizers", "ownerReferences")),
        *(("spec", key) for key in ("hostAliases", "imagePullSecrets", "initContainers", "ports", "resourceClaims")),
        *(("spec", key) for key in ("schedulingGates", "topologySpreadConstraints", "volumes")),
        ("", "secrets"),
        ("", "webhooks"),
        ("resources", "claims"),
        ("webhooks", "matchConditions"),
    }
)
