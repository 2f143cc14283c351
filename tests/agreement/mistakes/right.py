"""Right objects, which mistakes are made of."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["OBJECTS"]

_METADATA: Final = {"name": "agreement", "namespace": "default"}
_LABELS: Final = {"app": "web"}


def _container() -> dict[str, Any]:
    return {
        "name": "app",
        "image": "nginx:1.27",
        "ports": [{"containerPort": 80, "name": "http"}],
        "env": [{"name": "A", "value": "1"}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "livenessProbe": {"httpGet": {"path": "/", "port": "http"}},
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}},
    }


def _pod() -> dict[str, Any]:
    return {"containers": [_container()], "volumes": [{"name": "data", "emptyDir": {}}]}


def _template() -> dict[str, Any]:
    return {"metadata": {"labels": dict(_LABELS)}, "spec": _pod()}


def _job() -> dict[str, Any]:
    return {"template": {"spec": {**_pod(), "restartPolicy": "Never"}}}


def _object(api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": dict(_METADATA), "spec": spec}


_SELECTOR: Final = {"matchLabels": dict(_LABELS)}

_PODS: Final[dict[str, dict[str, Any]]] = {
    "Pod": _object("v1", "Pod", {**_pod(), "nodeSelector": {"disk": "ssd"}}),
    "Deployment": _object("apps/v1", "Deployment", {"selector": _SELECTOR, "template": _template(), "replicas": 2}),
    "DaemonSet": _object("apps/v1", "DaemonSet", {"selector": _SELECTOR, "template": _template()}),
    "ReplicaSet": _object("apps/v1", "ReplicaSet", {"selector": _SELECTOR, "template": _template()}),
    "ReplicationController": _object(
        "v1", "ReplicationController", {"selector": dict(_LABELS), "template": _template()}
    ),
    "StatefulSet": _object(
        "apps/v1",
        "StatefulSet",
        {
            "selector": _SELECTOR,
            "template": _template(),
            "serviceName": "web",
            "volumeClaimTemplates": [
                {
                    "metadata": {"name": "store"},
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
                }
            ],
        },
    ),
    "Job": _object("batch/v1", "Job", _job()),
    "CronJob": _object("batch/v1", "CronJob", {"schedule": "0 3 * * *", "jobTemplate": {"spec": _job()}}),
}


def _made(
    api_version: str, kind: str, *, namespaced: bool = True, name: str = "agreement", **body: Any
) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": "default"} if namespaced else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


#: A request that anybody may see, of a key that nobody kept.
_REQUEST: Final = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlHVE1FY0NBUUF3RkRFU01CQUdBMVVFQXd3SllXZHlaV1Z0Wlc1"
    "ME1Db3dCUVlESzJWd0F5RUE3SlVQb2FUUApWa1hsaHdjQ2lsRDBJQjdBNlVoMTQ4dkx0dm5PdERQNnBaNmdBREFGQmdNclpYQURR"
    "UUNsZUUzRk91YWE2NGVVCmo0UnEzeTFVV01rUU9wRGQ1Q0x6ZEFqRitxTFgvWVBpMXQ4QXp3NGxLUDc2V2tFcWpmMGkxa2p2Y3lj"
    "Z2R6ZGUKdTY3b3Y5b0MKLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg=="
)
_RBAC: Final = "rbac.authorization.k8s.io"
_ADMISSION: Final = "admissionregistration.k8s.io/v1"
_BACKEND: Final = {"service": {"name": "web", "port": {"number": 80}}}
_RULE: Final = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
_NOWHERE: Final = {"matchLabels": {"no.such/namespace": "here"}}
_PLURAL: Final = "wheels.agreement.example.com"
_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1, "maximum": 50},
                "spokes": {
                    "type": "array",
                    "maxItems": 100,
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"type": "string", "maxLength": 20}, "length": {"type": "number"}},
                    },
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                },
            },
            "x-kubernetes-validations": [{"rule": "!has(self.spokes) || self.size > 1", "message": "too small"}],
        }
    },
}

_OTHERS: Final[dict[str, dict[str, Any]]] = {
    "Service": _made(
        "v1", "Service", spec={"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080, "name": "http"}]}
    ),
    "Endpoints": _made("v1", "Endpoints", subsets=[{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 80}]}]),
    "EndpointSlice": _made(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        addressType="IPv4",
        endpoints=[{"addresses": ["10.1.2.3"]}],
        ports=[{"port": 80, "name": "http"}],
    ),
    "Ingress": _made(
        "networking.k8s.io/v1",
        "Ingress",
        spec={
            "rules": [
                {
                    "host": "web.example.com",
                    "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": _BACKEND}]},
                }
            ]
        },
    ),
    "IngressClass": _made(
        "networking.k8s.io/v1", "IngressClass", namespaced=False, spec={"controller": "example.com/ingress"}
    ),
    "NetworkPolicy": _made(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        spec={
            "podSelector": {"matchLabels": {"app": "web"}},
            "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 80}]}],
        },
    ),
    "PodDisruptionBudget": _made(
        "policy/v1", "PodDisruptionBudget", spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    ),
    "HorizontalPodAutoscaler": _made(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 3,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                }
            ],
        },
    ),
    "ConfigMap": _made("v1", "ConfigMap", data={"a": "1"}),
    "Secret": _made("v1", "Secret", type="Opaque", data={"a": "eA=="}),
    "ServiceAccount": _made("v1", "ServiceAccount", imagePullSecrets=[{"name": "a"}]),
    "ResourceQuota": _made("v1", "ResourceQuota", spec={"hard": {"pods": "10", "requests.cpu": "1"}}),
    "LimitRange": _made(
        "v1",
        "LimitRange",
        spec={"limits": [{"type": "Container", "max": {"cpu": "2"}, "min": {"cpu": "1"}, "default": {"cpu": "2"}}]},
    ),
    "PersistentVolumeClaim": _made(
        "v1",
        "PersistentVolumeClaim",
        spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    ),
    "PersistentVolume": _made(
        "v1",
        "PersistentVolume",
        namespaced=False,
        spec={
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "nfs": {"server": "nfs.example.com", "path": "/"},
        },
    ),
    "StorageClass": _made("storage.k8s.io/v1", "StorageClass", namespaced=False, provisioner="example.com/disk"),
    "VolumeAttributesClass": _made(
        "storage.k8s.io/v1",
        "VolumeAttributesClass",
        namespaced=False,
        driverName="disk.example.com",
        parameters={"iops": "1"},
    ),
    "CSIDriver": _made("storage.k8s.io/v1", "CSIDriver", namespaced=False, spec={"attachRequired": False}),
    "Role": _made(f"{_RBAC}/v1", "Role", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]),
    "ClusterRole": _made(
        f"{_RBAC}/v1", "ClusterRole", namespaced=False, rules=[{"nonResourceURLs": ["/x"], "verbs": ["get"]}]
    ),
    "RoleBinding": _made(
        f"{_RBAC}/v1",
        "RoleBinding",
        roleRef={"apiGroup": _RBAC, "kind": "Role", "name": "r"},
        subjects=[{"kind": "ServiceAccount", "name": "a", "namespace": "default"}],
    ),
    "ClusterRoleBinding": _made(
        f"{_RBAC}/v1",
        "ClusterRoleBinding",
        namespaced=False,
        roleRef={"apiGroup": _RBAC, "kind": "ClusterRole", "name": "r"},
        subjects=[{"kind": "User", "name": "u", "apiGroup": _RBAC}],
    ),
    "Namespace": _made("v1", "Namespace", namespaced=False),
    "PriorityClass": _made("scheduling.k8s.io/v1", "PriorityClass", namespaced=False, value=5),
    "RuntimeClass": _made("node.k8s.io/v1", "RuntimeClass", namespaced=False, handler="runc"),
    "Lease": _made("coordination.k8s.io/v1", "Lease", spec={"holderIdentity": "me", "leaseDurationSeconds": 15}),
    "ValidatingWebhookConfiguration": _made(
        _ADMISSION,
        "ValidatingWebhookConfiguration",
        namespaced=False,
        webhooks=[
            {
                "name": "check.example.com",
                "clientConfig": {"service": {"name": "s", "namespace": "n", "path": "/x"}},
                "rules": [_RULE],
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "failurePolicy": "Ignore",
                "namespaceSelector": _NOWHERE,
            }
        ],
    ),
    "ValidatingAdmissionPolicy": _made(
        _ADMISSION,
        "ValidatingAdmissionPolicy",
        namespaced=False,
        spec={
            "matchConstraints": {"resourceRules": [_RULE], "namespaceSelector": _NOWHERE},
            "validations": [{"expression": "object.spec.replicas < 5"}],
        },
    ),
    "ValidatingAdmissionPolicyBinding": _made(
        _ADMISSION,
        "ValidatingAdmissionPolicyBinding",
        namespaced=False,
        spec={"policyName": "p", "validationActions": ["Deny"], "matchResources": {"namespaceSelector": _NOWHERE}},
    ),
    "FlowSchema": _made(
        "flowcontrol.apiserver.k8s.io/v1",
        "FlowSchema",
        namespaced=False,
        spec={
            "priorityLevelConfiguration": {"name": "global-default"},
            "matchingPrecedence": 9999,
            "rules": [
                {
                    "subjects": [{"kind": "User", "user": {"name": "nobody"}}],
                    "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}],
                }
            ],
        },
    ),
    "PriorityLevelConfiguration": _made(
        "flowcontrol.apiserver.k8s.io/v1",
        "PriorityLevelConfiguration",
        namespaced=False,
        spec={
            "type": "Limited",
            "limited": {
                "nominalConcurrencyShares": 1,
                "limitResponse": {"type": "Queue", "queuing": {"queues": 8, "handSize": 2, "queueLengthLimit": 5}},
            },
        },
    ),
    "CertificateSigningRequest": _made(
        "certificates.k8s.io/v1",
        "CertificateSigningRequest",
        namespaced=False,
        spec={"request": _REQUEST, "signerName": "example.com/x", "usages": ["client auth"]},
    ),
    "APIService": _made(
        "apiregistration.k8s.io/v1",
        "APIService",
        namespaced=False,
        name="v1.agreement.example.com",
        spec={"group": "agreement.example.com", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10},
    ),
    "CustomResourceDefinition": _made(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        namespaced=False,
        name=_PLURAL,
        spec={
            "group": "agreement.example.com",
            "scope": "Namespaced",
            "names": {"kind": "Wheel", "plural": "wheels"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": _SCHEMA}}],
        },
    ),
}

OBJECTS: Final = {**_PODS, **_OTHERS}
