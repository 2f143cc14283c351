"""Objects, and changes to them that a server makes or refuses: it is the one that knows which."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["CHANGES"]

SELECTOR: Final = {"matchLabels": {"app": "a"}}
TEMPLATE: Final[dict[str, Any]] = {
    "metadata": {"labels": {"app": "a"}},
    "spec": {"containers": [{"name": "a", "image": "a", "resources": {"limits": {"cpu": "0.5"}}}]},
}
WORKLOAD: Final = {"selector": SELECTOR, "template": TEMPLATE}
ONCE: Final = {**TEMPLATE, "spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}
CLAIM: Final = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
STATIC: Final = {**CLAIM, "storageClassName": ""}
CLAIMS: Final = [{"metadata": {"name": "data"}, "spec": CLAIM}]
ROLE: Final = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}
PORTS: Final = [{"port": 80}]
VOLUME: Final = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "nfs": {"server": "s", "path": "/a"}}
POD: Final = {"containers": [{"name": "a", "image": "a"}], "terminationGracePeriodSeconds": 5}
SET: Final = {**WORKLOAD, "serviceName": "a", "volumeClaimTemplates": CLAIMS}
ADDRESSED: Final = {"podCIDR": "10.9.0.0/24", "podCIDRs": ["10.9.0.0/24"], "providerID": "a://b"}
JOB: Final = {"template": ONCE, "completions": 2, "parallelism": 1}

#: Kind, the object as it is made, and what is then said of the changed fields, each on its own.
CHANGES: Final[tuple[tuple[str, dict[str, Any], tuple[dict[str, Any], ...]], ...]] = (
    (
        "apps/v1 Deployment",
        {"spec": WORKLOAD},
        (
            {"spec": {**WORKLOAD, "replicas": 3}},
            {"spec": {**WORKLOAD, "selector": {"matchLabels": {"app": "b"}}}},
            {
                "spec": {
                    **WORKLOAD,
                    "selector": {**SELECTOR, "matchExpressions": [{"key": "app", "operator": "Exists"}]},
                }
            },
        ),
    ),
    ("apps/v1 ReplicaSet", {"spec": WORKLOAD}, ({"spec": {**WORKLOAD, "selector": {"matchLabels": {"app": "b"}}}},)),
    ("apps/v1 DaemonSet", {"spec": WORKLOAD}, ({"spec": {**WORKLOAD, "selector": {"matchLabels": {"app": "b"}}}},)),
    (
        "apps/v1 StatefulSet",
        {"spec": SET},
        (
            {"spec": SET},
            {"spec": {**SET, "replicas": 2, "minReadySeconds": 3, "revisionHistoryLimit": 2}},
            {"spec": {**SET, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}}},
            {"spec": {**SET, "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}},
            {"spec": {**SET, "ordinals": {"start": 3}}},
            {"spec": {**SET, "serviceName": "b"}},
            {"spec": {**SET, "podManagementPolicy": "Parallel"}},
            {"spec": {**SET, "volumeClaimTemplates": []}},
            {"spec": {**SET, "volumeClaimTemplates": [*CLAIMS, {"metadata": {"name": "b"}, "spec": CLAIM}]}},
            {
                "spec": {
                    **SET,
                    "volumeClaimTemplates": [
                        {"metadata": {"name": "data"}, "spec": {**CLAIM, "storageClassName": "x"}}
                    ],
                }
            },
        ),
    ),
    (
        "batch/v1 Job",
        {"spec": JOB},
        (
            {"spec": JOB},
            {"spec": {**JOB, "parallelism": 2, "activeDeadlineSeconds": 99, "ttlSecondsAfterFinished": 3}},
            {"spec": {**JOB, "backoffLimit": 2, "suspend": True}},
            {"spec": {**JOB, "completions": 3}},
            {"spec": {**JOB, "completionMode": "Indexed"}},
            {
                "spec": {
                    **JOB,
                    "podFailurePolicy": {
                        "rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}}]
                    },
                }
            },
            {"spec": {**JOB, "template": {**ONCE, "metadata": {"labels": {"app": "b"}}}}},
            {
                "spec": {
                    **JOB,
                    "template": {"spec": {"containers": [{"name": "a", "image": "b"}], "restartPolicy": "Never"}},
                }
            },
        ),
    ),
    (
        "batch/v1 Job",
        {"spec": {**JOB, "suspend": True, "completionMode": "Indexed"}},
        (
            {"spec": {**JOB, "completionMode": "Indexed", "completions": 3, "parallelism": 3}},
            {
                "spec": {
                    **JOB,
                    "completionMode": "Indexed",
                    "template": {**ONCE, "spec": {**ONCE["spec"], "nodeSelector": {"a": "b"}}},
                }
            },
        ),
    ),
    (
        "v1 Pod",
        {"spec": POD},
        (
            {"spec": POD},
            {"spec": {**POD, "containers": [{"name": "a", "image": "b"}], "activeDeadlineSeconds": 9}},
            {"spec": {**POD, "tolerations": [{"key": "a", "operator": "Exists"}]}},
            {"spec": {**POD, "terminationGracePeriodSeconds": 6}},
            {"spec": {**POD, "nodeSelector": {"a": "b"}}},
            {"spec": {**POD, "hostNetwork": True}},
            {"spec": {"containers": [{"name": "a", "image": "a", "args": ["x"]}]}},
            {"spec": {"containers": [{"name": "a", "image": "a"}, {"name": "b", "image": "b"}]}},
        ),
    ),
    (
        "v1 Service",
        {"spec": {"ports": PORTS}},
        (
            {"spec": {"ports": [{"port": 81}]}},
            {"spec": {"ports": PORTS, "type": "NodePort"}},
            {"spec": {"ports": PORTS, "clusterIP": ""}},
            {"spec": {"ports": PORTS, "clusterIP": "None"}},
            {"spec": {"ports": PORTS, "type": "ExternalName", "externalName": "a.b", "clusterIP": ""}},
            {"spec": {"ports": PORTS, "ipFamilies": ["IPv6"]}},
        ),
    ),
    (
        "v1 Service",
        {"spec": {"ports": PORTS, "clusterIP": "None"}},
        ({"spec": {"ports": PORTS, "clusterIP": "None"}}, {"spec": {"ports": PORTS, "clusterIP": "10.0.0.77"}}),
    ),
    (
        "v1 Service",
        {"spec": {"ports": PORTS, "type": "LoadBalancer", "loadBalancerClass": "a/b"}},
        (
            {"spec": {"ports": [{"port": 81}], "type": "LoadBalancer", "loadBalancerClass": "a/b"}},
            {"spec": {"ports": PORTS, "type": "LoadBalancer", "loadBalancerClass": "a/c"}},
        ),
    ),
    (
        "v1 PersistentVolumeClaim",
        {"spec": STATIC},
        (
            {"spec": STATIC},
            {"spec": {**STATIC, "resources": {"requests": {"storage": "1024Mi"}}}},
            {"spec": {**STATIC, "volumeName": "v"}},
            {"spec": {**STATIC, "resources": {"requests": {"storage": "2Gi"}}}},
            {"spec": {**STATIC, "accessModes": ["ReadWriteMany"]}},
            {"spec": {**STATIC, "storageClassName": "x"}},
            {"spec": {**STATIC, "volumeMode": "Block"}},
            {"spec": {**STATIC, "selector": {"matchLabels": {"a": "b"}}}},
        ),
    ),
    (
        "v1 PersistentVolume",
        {"spec": VOLUME},
        (
            {"spec": {**VOLUME, "capacity": {"storage": "2Gi"}, "persistentVolumeReclaimPolicy": "Delete"}},
            {"spec": {**VOLUME, "mountOptions": ["ro"], "storageClassName": "x", "accessModes": ["ReadOnlyMany"]}},
            {"spec": {**VOLUME, "nfs": {"server": "s", "path": "/b"}}},
            {"spec": {**VOLUME, "volumeMode": "Block"}},
        ),
    ),
    ("v1 Secret", {"type": "a/b"}, ({"type": "a/b", "data": {"a": "Yg=="}}, {"type": "a/c"})),
    (
        "v1 Secret",
        {"data": {"a": "Yg=="}, "immutable": True},
        (
            {"data": {"a": "Yg=="}, "immutable": True},
            {"stringData": {"a": "b"}, "immutable": True},
            {"data": {"a": "Yw=="}, "immutable": True},
            {"stringData": {"a": "c"}, "immutable": True},
            {"data": {"a": "Yg=="}, "immutable": False},
        ),
    ),
    (
        "v1 ConfigMap",
        {"data": {"a": "b"}, "binaryData": {"c": "Yg=="}, "immutable": True},
        (
            {"data": {"a": "b"}, "binaryData": {"c": "Yg=="}, "immutable": True},
            {"data": {"a": "c"}, "binaryData": {"c": "Yg=="}, "immutable": True},
            {"data": {"a": "b"}, "binaryData": {"c": "Yw=="}, "immutable": True},
            {"data": {"a": "b", "b": ""}, "binaryData": {"c": "Yg=="}, "immutable": True},
            {"data": {"a": "b"}, "binaryData": {"c": "Yg=="}, "immutable": False},
        ),
    ),
    (
        "v1 ResourceQuota",
        {"spec": {"hard": {"pods": "1"}, "scopes": ["BestEffort"]}},
        (
            {"spec": {"hard": {"pods": "2"}, "scopes": ["BestEffort"]}},
            {"spec": {"hard": {"pods": "1"}, "scopes": ["NotBestEffort"]}},
        ),
    ),
    (
        "rbac.authorization.k8s.io/v1 RoleBinding",
        {"roleRef": ROLE},
        ({"roleRef": ROLE, "subjects": [{"kind": "ServiceAccount", "name": "x"}]}, {"roleRef": {**ROLE, "name": "b"}}),
    ),
    (
        "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
        {"roleRef": {**ROLE, "kind": "ClusterRole"}},
        ({"roleRef": {**ROLE, "kind": "ClusterRole"}}, {"roleRef": {**ROLE, "kind": "ClusterRole", "name": "b"}}),
    ),
    (
        "storage.k8s.io/v1 StorageClass",
        {"provisioner": "a.b/c", "parameters": {"a": "b"}},
        (
            {"provisioner": "a.b/c", "parameters": {"a": "b"}, "allowVolumeExpansion": True, "mountOptions": ["ro"]},
            {"provisioner": "a.b/d", "parameters": {"a": "b"}},
            {"provisioner": "a.b/c", "parameters": {"a": "c"}},
            {"provisioner": "a.b/c", "parameters": {"a": "b"}, "reclaimPolicy": "Retain"},
            {"provisioner": "a.b/c", "parameters": {"a": "b"}, "volumeBindingMode": "WaitForFirstConsumer"},
        ),
    ),
    (
        "storage.k8s.io/v1 VolumeAttributesClass",
        {"driverName": "a.b", "parameters": {"a": "b"}},
        (
            {"driverName": "a.b", "parameters": {"a": "b"}},
            {"driverName": "a.c", "parameters": {"a": "b"}},
            {"driverName": "a.b", "parameters": {"a": "c"}},
        ),
    ),
    (
        "storage.k8s.io/v1 CSIDriver",
        {"spec": {"attachRequired": True, "volumeLifecycleModes": ["Persistent"]}},
        (
            {
                "spec": {
                    "attachRequired": True,
                    "podInfoOnMount": True,
                    "storageCapacity": True,
                    "fsGroupPolicy": "None",
                }
            },
            {"spec": {"attachRequired": False}},
            {"spec": {"attachRequired": True, "volumeLifecycleModes": ["Ephemeral"]}},
        ),
    ),
    (
        "storage.k8s.io/v1 VolumeAttachment",
        {"spec": {"attacher": "a.b", "nodeName": "n", "source": {"persistentVolumeName": "v"}}},
        (
            {"spec": {"attacher": "a.b", "nodeName": "n", "source": {"persistentVolumeName": "v"}}},
            {"spec": {"attacher": "a.b", "nodeName": "m", "source": {"persistentVolumeName": "v"}}},
        ),
    ),
    (
        "storage.k8s.io/v1 CSIStorageCapacity",
        {"storageClassName": "a", "capacity": "1Gi"},
        (
            {"storageClassName": "a", "capacity": "2Gi"},
            {"storageClassName": "b"},
            {"storageClassName": "a", "nodeTopology": SELECTOR},
        ),
    ),
    (
        "scheduling.k8s.io/v1 PriorityClass",
        {"value": 5},
        ({"value": 5, "description": "x"}, {"value": 0}, {"value": 6}, {"value": 5, "preemptionPolicy": "Never"}),
    ),
    (
        "node.k8s.io/v1 RuntimeClass",
        {"handler": "a"},
        ({"handler": "a", "scheduling": {"nodeSelector": {"a": "b"}}}, {"handler": "b"}),
    ),
    (
        "networking.k8s.io/v1 IngressClass",
        {"spec": {"controller": "a.b/c"}},
        (
            {"spec": {"controller": "a.b/c", "parameters": {"kind": "A", "name": "a"}}},
            {"spec": {"controller": "a.b/d"}},
        ),
    ),
    (
        "discovery.k8s.io/v1 EndpointSlice",
        {"addressType": "IPv4", "endpoints": []},
        ({"addressType": "IPv4", "endpoints": [{"addresses": ["10.1.2.3"]}]}, {"addressType": "IPv6", "endpoints": []}),
    ),
    (
        "apps/v1 ControllerRevision",
        {"data": {"a": 1}, "revision": 1},
        ({"data": {"a": 1}, "revision": 2}, {"data": {"a": 2}, "revision": 1}),
    ),
    (
        "resource.k8s.io/v1 ResourceClaim",
        {"spec": {"devices": {"requests": [{"name": "a", "exactly": {"deviceClassName": "a"}}]}}},
        (
            {"spec": {"devices": {"requests": [{"name": "a", "exactly": {"deviceClassName": "a", "count": 1}}]}}},
            {"spec": {"devices": {"requests": [{"name": "a", "exactly": {"deviceClassName": "b"}}]}}},
        ),
    ),
    (
        "v1 Node",
        {"spec": ADDRESSED},
        (
            {"spec": {**ADDRESSED, "unschedulable": True, "taints": [{"key": "a", "effect": "NoSchedule"}]}},
            {"spec": {**ADDRESSED, "providerID": "a://c"}},
            {"spec": {**ADDRESSED, "podCIDR": "10.8.0.0/24", "podCIDRs": ["10.8.0.0/24"]}},
        ),
    ),
)
