"""Objects of thirty kinds in turn, the same ones for the same number: what validation is measured on."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from benchmarks import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["KINDS", "manifests"]

_RBAC: Final = "rbac.authorization.k8s.io"
_PORTS: Final = [{"name": "http", "port": 80, "targetPort": 8080}]

Manifest = dict[str, Any]


def manifests(objects: int) -> Iterator[Manifest]:
    """Yield so many objects, kinds in turn; a round of kinds shares one of ten namespaces, which are not among them."""
    dice = random.Random(objects)  # noqa: S311 - reproducible, not secret
    for number in range(objects):
        turn, place = divmod(number, len(KINDS))
        kind = KINDS[place]
        yield _ALL[kind](f"{kind.lower()}-{number}", f"bench-{turn % tree.NAMESPACES}", dice)


def _workload(name: str, dice: random.Random, **spec: Any) -> Manifest:
    template = {"metadata": {"labels": {"app": name}}, "spec": tree.pod(name, dice)}
    return {"selector": {"matchLabels": {"app": name}}, "template": template, **spec}


def _stateful(name: str, namespace: str, dice: random.Random) -> Manifest:
    claim = {"metadata": {"name": "data"}, "spec": _claimed("1Gi")}
    spec = _workload(name, dice, serviceName=name, replicas=2, volumeClaimTemplates=[claim])
    return tree.made("apps/v1", "StatefulSet", name, namespace, spec=spec)


def _daemon(name: str, namespace: str, dice: random.Random) -> Manifest:
    spec = _workload(name, dice, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}})
    return tree.made("apps/v1", "DaemonSet", name, namespace, spec=spec)


def _replicas(name: str, namespace: str, dice: random.Random) -> Manifest:
    return tree.made("apps/v1", "ReplicaSet", name, namespace, spec=_workload(name, dice, replicas=1))


def _job(name: str, namespace: str, dice: random.Random) -> Manifest:
    template = {"spec": {**tree.pod(name, dice), "restartPolicy": "OnFailure"}}
    return tree.made("batch/v1", "Job", name, namespace, spec={"backoffLimit": 2, "template": template})


def _pod(name: str, namespace: str, dice: random.Random) -> Manifest:
    volumes = [{"name": "work", "emptyDir": {"sizeLimit": "1Gi"}}]
    spec = {**tree.pod(name, dice), "volumes": volumes, "tolerations": [{"key": "spot", "operator": "Exists"}]}
    spec["containers"][0]["volumeMounts"] = [{"name": "work", "mountPath": "/work"}]
    spec["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5}
    return tree.made("v1", "Pod", name, namespace, spec=spec)


def _pod_template(name: str, namespace: str, dice: random.Random) -> Manifest:
    template = {"metadata": {"labels": {"app": name}}, "spec": tree.pod(name, dice)}
    return tree.made("v1", "PodTemplate", name, namespace, template=template)


def _ingress(name: str, namespace: str, _: random.Random) -> Manifest:
    service = {"service": {"name": name, "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": service}
    rules = [{"host": f"{name}.example.test", "http": {"paths": [path]}}]
    return tree.made("networking.k8s.io/v1", "Ingress", name, namespace, spec={"rules": rules})


def _ingress_class(name: str, _namespace: str, _: random.Random) -> Manifest:
    return tree.made("networking.k8s.io/v1", "IngressClass", name, spec={"controller": "example.test/ingress"})


def _autoscaler(name: str, namespace: str, dice: random.Random) -> Manifest:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    metric = {"type": "Utilization", "averageUtilization": dice.randint(50, 90)}
    metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": metric}}]
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9, "metrics": metrics}
    return tree.made("autoscaling/v2", "HorizontalPodAutoscaler", name, namespace, spec=spec)


def _disruptions(name: str, namespace: str, _: random.Random) -> Manifest:
    spec = {"minAvailable": "50%", "selector": {"matchLabels": {"app": name}}}
    return tree.made("policy/v1", "PodDisruptionBudget", name, namespace, spec=spec)


def _claimed(size: str) -> Manifest:
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}


def _claim(name: str, namespace: str, dice: random.Random) -> Manifest:
    return tree.made("v1", "PersistentVolumeClaim", name, namespace, spec=_claimed(f"{dice.randint(1, 99)}Gi"))


def _volume(name: str, _namespace: str, dice: random.Random) -> Manifest:
    spec = {
        "capacity": {"storage": f"{dice.randint(1, 99)}Gi"},
        "accessModes": ["ReadWriteOnce"],
        "nfs": {"server": "nfs.example.test", "path": f"/{name}"},
    }
    return tree.made("v1", "PersistentVolume", name, spec=spec)


def _storage(name: str, _namespace: str, _: random.Random) -> Manifest:
    fields = {"provisioner": "example.test/disk", "parameters": {"type": "fast"}, "reclaimPolicy": "Delete"}
    return tree.made("storage.k8s.io/v1", "StorageClass", name, **fields)


def _cluster_role(name: str, _namespace: str, _: random.Random) -> Manifest:
    rules = [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch"]}]
    return tree.made(f"{_RBAC}/v1", "ClusterRole", name, rules=rules)


def _cluster_binding(name: str, _namespace: str, _: random.Random) -> Manifest:
    subjects = [{"kind": "Group", "apiGroup": _RBAC, "name": "admins"}]
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "view"}
    return tree.made(f"{_RBAC}/v1", "ClusterRoleBinding", name, roleRef=role, subjects=subjects)


def _priority(name: str, _namespace: str, dice: random.Random) -> Manifest:
    return tree.made("scheduling.k8s.io/v1", "PriorityClass", name, value=dice.randint(1, 1000))


def _quota(name: str, namespace: str, dice: random.Random) -> Manifest:
    hard = {"pods": str(dice.randint(1, 99)), "requests.cpu": "4", "limits.memory": "8Gi"}
    return tree.made("v1", "ResourceQuota", name, namespace, spec={"hard": hard})


def _limits(name: str, namespace: str, _: random.Random) -> Manifest:
    limit = {"type": "Container", "default": {"memory": "128Mi"}, "defaultRequest": {"memory": "64Mi"}}
    return tree.made("v1", "LimitRange", name, namespace, spec={"limits": [limit]})


def _slice(name: str, namespace: str, dice: random.Random) -> Manifest:
    fields = {
        "addressType": "IPv4",
        "endpoints": [{"addresses": [f"10.1.2.{dice.randint(1, 254)}"]}],
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }
    return tree.made("discovery.k8s.io/v1", "EndpointSlice", name, namespace, **fields)


def _lease(name: str, namespace: str, _: random.Random) -> Manifest:
    spec = {"holderIdentity": name, "leaseDurationSeconds": 15}
    return tree.made("coordination.k8s.io/v1", "Lease", name, namespace, spec=spec)


def _runtime(name: str, _namespace: str, _: random.Random) -> Manifest:
    return tree.made("node.k8s.io/v1", "RuntimeClass", name, handler="runc")


_ALL: Final[dict[str, Callable[[str, str, random.Random], Manifest]]] = {
    **tree.MAKERS,
    "StatefulSet": _stateful,
    "DaemonSet": _daemon,
    "ReplicaSet": _replicas,
    "Job": _job,
    "Pod": _pod,
    "PodTemplate": _pod_template,
    "Ingress": _ingress,
    "IngressClass": _ingress_class,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _disruptions,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "StorageClass": _storage,
    "ClusterRole": _cluster_role,
    "ClusterRoleBinding": _cluster_binding,
    "PriorityClass": _priority,
    "ResourceQuota": _quota,
    "LimitRange": _limits,
    "EndpointSlice": _slice,
    "Lease": _lease,
    "RuntimeClass": _runtime,
}

KINDS: Final = tuple(_ALL)
"""The kinds, in their turn."""
