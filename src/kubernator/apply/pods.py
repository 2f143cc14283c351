"""Which Pods belong to a workload, how to ask for them, and what they say about it. Pure.

A workload only says how many replicas are missing; why is written in its Pods. Only Pods of the newest template count:
a release that crashes must not speak against the one that mends it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.apply import containers
from kubernator.apply.conditions import metadata_of, number, spec_of, status_of
from kubernator.model.gvk import split_api_version
from kubernator.model.ref import ResourceRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kubernator.apply.containers import Trouble
    from kubernator.model.resource import Manifest

__all__ = ["REVISION", "WORKLOADS", "Said", "loudest", "newest", "owners", "replica_set", "selections", "trouble"]

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
REVISION: Final = "deployment.kubernetes.io/revision"
_GENERATION: Final = "deprecated.daemonset.template.generation"

#: So many label selectors are asked for in a namespace, and so many values in one; beyond, all its Pods are.
_MOST_SELECTORS: Final = 4
_MOST_VALUES: Final = 150


class Said(NamedTuple):
    """What a Pod says about its workload, and how many more say the same."""

    pod: Manifest
    trouble: Trouble
    others: int = 0

    def __str__(self) -> str:
        more = f" (and {self.others} more Pods)" if self.others > 1 else " (and 1 more Pod)" if self.others else ""
        return f"Pod `{metadata_of(self.pod).get('name')}`: {self.trouble.text}{more}"


def owners(pod: Manifest) -> Iterator[ResourceRef]:
    """Yield the workloads that made a Pod: its controller, and for a ReplicaSet's Pod the Deployment, if any."""
    metadata = metadata_of(pod)
    namespace = str(metadata.get("namespace") or "")
    for owner in metadata.get("ownerReferences") or ():
        if not owner.get("controller"):
            continue
        group, _ = split_api_version(str(owner.get("apiVersion") or ""))
        kind, name = str(owner.get("kind")), str(owner.get("name"))
        yield ResourceRef(group, kind, namespace, name)
        suffix = f"-{_labels(pod).get('pod-template-hash', '')}"
        if kind == "ReplicaSet" and len(suffix) > 1 and name.endswith(suffix):
            yield ResourceRef(group, "Deployment", namespace, name.removesuffix(suffix))


def replica_set(pod: Manifest) -> str:
    """Return the name of the ReplicaSet of a Pod, or nothing."""
    return next((owner.name for owner in owners(pod) if owner.kind == "ReplicaSet"), "")


def newest(workload: Manifest, pod: Manifest, *, made_by: Manifest | None = None) -> bool:
    """Say whether a Pod is of its workload's newest template; ``made_by`` is the ReplicaSet of a Deployment's Pod.

    It is not while the controller has not seen the newest template: what is marked as newest is the one before.
    """
    seen = status_of(workload).get("observedGeneration")
    if seen is not None and seen < number(metadata_of(workload), "generation", seen):
        return False
    match workload.get("kind"):
        case "Deployment":
            revision = _annotations(workload).get(REVISION)
            return made_by is not None and revision is not None and _annotations(made_by).get(REVISION) == revision
        case "StatefulSet":
            wanted = status_of(workload).get("updateRevision")
            return bool(wanted == _labels(pod).get("controller-revision-hash"))
        case "DaemonSet":
            generation = _annotations(workload).get(_GENERATION)
            return generation is None or generation == _labels(pod).get("pod-template-generation")
        case _:
            return True


def trouble(pod: Manifest) -> Said | None:
    """Return what a Pod says about its workload; None where nothing speaks against it."""
    found = containers.trouble(pod)
    return None if found is None else Said(pod, found)


def loudest(said: Sequence[Said]) -> Said | None:
    """Return what says most, and how many say the same; None where nothing is said."""
    if not said:
        return None
    found = max(said, key=lambda each: each.trouble.weight)
    return found._replace(others=sum(each.trouble.text == found.trouble.text for each in said) - 1)


def selections(workloads: Iterable[Manifest]) -> list[tuple[str, str]]:
    """Return namespaces and label selectors that find the Pods of workloads, few for many workloads.

    Workloads of a namespace that select by one label in common are asked for together: ``app in (a,b)``. An empty
    selector means all Pods of the namespace.
    """
    by_namespace: dict[str, list[Manifest]] = defaultdict(list)
    for workload in workloads:
        by_namespace[str(metadata_of(workload).get("namespace") or "")].append(workload)
    return [(namespace, selector) for namespace, found in by_namespace.items() for selector in _selectors(found)]


def _selectors(workloads: list[Manifest]) -> list[str]:
    chosen = [_selector(workload) for workload in workloads]
    keys = Counter(key for labels, _ in chosen for key in labels)
    values: dict[str, set[str]] = defaultdict(set)
    others: set[str] = set()
    for labels, whole in chosen:
        if labels:
            key = max(sorted(labels), key=lambda each: keys[each])
            values[key].add(labels[key])
        else:
            others.add(whole)
    if "" in others or any(len(each) > _MOST_VALUES for each in values.values()):
        return [""]
    found = [f"{key} in ({','.join(sorted(each))})" for key, each in sorted(values.items())]
    found += sorted(others)
    return found if len(found) <= _MOST_SELECTORS else [""]


def _selector(workload: Manifest) -> tuple[dict[str, str], str]:
    """Return the labels by which a workload selects its Pods, and where it has none the selector as text."""
    selector: Any = spec_of(workload).get("selector")
    if not isinstance(selector, dict):
        return {}, ""
    labels = selector if workload.get("kind") == "ReplicationController" else selector.get("matchLabels")
    if isinstance(labels, dict) and labels:
        return {str(key): str(value) for key, value in labels.items()}, ""
    expressions = selector.get("matchExpressions")
    return {}, ",".join(map(_expression, expressions if isinstance(expressions, list) else ()))


def _expression(found: Mapping[str, Any]) -> str:
    key, values = str(found.get("key")), ",".join(map(str, found.get("values") or ()))
    match found.get("operator"):
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "DoesNotExist":
            return f"!{key}"
        case _:
            return key


def _labels(manifest: Manifest) -> dict[str, str]:
    return metadata_of(manifest).get("labels") or {}


def _annotations(manifest: Manifest) -> dict[str, str]:
    return metadata_of(manifest).get("annotations") or {}
