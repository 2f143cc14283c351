"""Which Pods belong to a workload, and what they say about it. Pure.

A workload only says how many replicas are missing; why is written in its Pods. Only Pods of the newest template count:
a release that crashes must not speak against the one that mends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.apply import readiness

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Manifest

__all__ = ["WORKLOADS", "newest", "of_workload", "replica_set", "trouble"]

#: Kinds that make Pods.
WORKLOADS: Final = frozenset(
    {
        ("apps", "DaemonSet"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("batch", "Job"),
        ("", "ReplicationController"),
    }
)
_REVISION: Final = "deployment.kubernetes.io/revision"
_GENERATION: Final = "deprecated.daemonset.template.generation"


def of_workload(ref: ResourceRef, pod: Manifest) -> bool:
    """Say whether a Pod was made by a workload, for a Deployment through one of its ReplicaSets."""
    owner = _owner(pod)
    if ref.kind == "Deployment":
        suffix = _labels(pod).get("pod-template-hash", "")
        return owner == ("ReplicaSet", f"{ref.name}-{suffix}")
    return owner == (ref.kind, ref.name)


def replica_set(pod: Manifest) -> str:
    """Return the name of the ReplicaSet of a Pod, or nothing."""
    kind, name = _owner(pod)
    return name if kind == "ReplicaSet" else ""


def newest(workload: Manifest, pod: Manifest, *, made_by: Manifest | None = None) -> bool:
    """Say whether a Pod is of its workload's newest template; ``made_by`` is the ReplicaSet of a Deployment's Pod.

    It is not while the controller has not seen the newest template: what is marked as newest is the one before.
    """
    seen = (workload.get("status") or {}).get("observedGeneration")
    if seen is not None and seen < (workload.get("metadata") or {}).get("generation", seen):
        return False
    match workload.get("kind"):
        case "Deployment":
            revision = _annotations(workload).get(_REVISION)
            return made_by is not None and revision is not None and _annotations(made_by).get(_REVISION) == revision
        case "StatefulSet":
            wanted = (workload.get("status") or {}).get("updateRevision")
            return bool(wanted == _labels(pod).get("controller-revision-hash"))
        case "DaemonSet":
            generation = _annotations(workload).get(_GENERATION)
            return generation is None or generation == _labels(pod).get("pod-template-generation")
        case _:
            return True


def trouble(pods: Iterable[Manifest]) -> str:
    """Return the first trouble among Pods, with the name of the Pod."""
    for pod in pods:
        if found := readiness.pod_trouble(pod):
            return f"Pod `{(pod.get('metadata') or {}).get('name')}`: {found}"
    return ""


def _owner(pod: Manifest) -> tuple[str, str]:
    for owner in (pod.get("metadata") or {}).get("ownerReferences") or ():
        if owner.get("controller"):
            return str(owner.get("kind")), str(owner.get("name"))
    return "", ""


def _labels(manifest: Manifest) -> dict[str, str]:
    return (manifest.get("metadata") or {}).get("labels") or {}


def _annotations(manifest: Manifest) -> dict[str, str]:
    return (manifest.get("metadata") or {}).get("annotations") or {}
