"""In which order resources are applied, as phases.

Namespaces of the whole tree come first, then custom resource definitions, which are waited for; then the directories in
walk order, each by the turns of its resources and by the rank of their kinds. What depends on what inside a directory
narrows this further: see ``within``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kubernator.model.gvk import GroupKind
    from kubernator.model.plan import Dependency
    from kubernator.model.resource import Resource

__all__ = ["OrderedPhase", "by_rank", "phases", "rank"]

NAMESPACES: Final = "namespaces"
DEFINITIONS: Final = "definitions"

_DEFINITION_GROUP: Final = "apiextensions.k8s.io"


class OrderedPhase(NamedTuple):
    """Resources applied together. ``wait`` says that the next phase begins when all of them are current."""

    name: str
    resources: tuple[Resource, ...]
    wait: bool = False
    dependencies: tuple[Dependency, ...] = ()


#: (group, kind) in the order of applying. What others refer to comes before them; what calls out to Pods comes last.
_BUILT_IN: Final[tuple[tuple[str, str], ...]] = (
    ("", "Namespace"),
    (_DEFINITION_GROUP, "CustomResourceDefinition"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("node.k8s.io", "RuntimeClass"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttributesClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("networking.k8s.io", "IngressClass"),
    ("", "ResourceQuota"),
    ("", "LimitRange"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("", "ServiceAccount"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("", "Service"),
    ("", "Endpoints"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("", "PodTemplate"),
    ("apps", "DaemonSet"),
    ("", "Pod"),
    ("", "ReplicationController"),
    ("apps", "ReplicaSet"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("batch", "Job"),
    ("batch", "CronJob"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("policy", "PodDisruptionBudget"),
    ("networking.k8s.io", "Ingress"),
)

#: Come after custom resources: they stand between the API server and everybody's writes.
_LAST: Final[tuple[tuple[str, str], ...]] = (
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiregistration.k8s.io", "APIService"),
)

_RANKS: Final = {
    **{kind: position for position, kind in enumerate(_BUILT_IN)},
    **{kind: len(_BUILT_IN) + 1 + position for position, kind in enumerate(_LAST)},
}


def rank(kind: GroupKind) -> int:
    """Return the place of a kind in the order; custom and unknown kinds come after the built-in workloads."""
    return _RANKS.get((kind.group, kind.kind), len(_BUILT_IN))


def by_rank(resources: Sequence[Resource]) -> list[list[Resource]]:
    """Return the resources of one directory in groups of one rank, each in the order in which they were added."""
    groups: dict[int, list[Resource]] = {}
    for resource in resources:
        groups.setdefault(rank(resource.ref.group_kind), []).append(resource)
    return [groups[position] for position in sorted(groups)]


def phases(
    resources: Iterable[Resource],
    *,
    within: Callable[[Sequence[Resource]], Iterable[Sequence[Resource]]] = by_rank,
) -> list[OrderedPhase]:
    """Return all resources as phases to be applied one after the other; no phase is empty.

    ``within`` splits the resources of one turn of a directory into groups, the first applied first. Namespaces and
    definitions are waited for, as the rest cannot be written, or not even be tried, without them; so is what says that
    it is awaited.
    """
    namespaces: list[Resource] = []
    definitions: list[Resource] = []
    turns: dict[tuple[int, int], list[Resource]] = {}
    for resource in resources:
        match resource.ref.group, resource.ref.kind:
            case "", "Namespace":
                namespaces.append(resource)
            case "apiextensions.k8s.io", "CustomResourceDefinition":
                definitions.append(resource)
            case _:
                turns.setdefault((resource.directory, resource.turn), []).append(resource)
    first = [
        OrderedPhase(name=name, resources=tuple(members), wait=True)
        for name, members in ((NAMESPACES, namespaces), (DEFINITIONS, definitions))
        if members
    ]
    rest = [
        OrderedPhase(name=_name(group), resources=tuple(group), wait=any(each.awaited for each in group))
        for position in sorted(turns)
        for group in within(turns[position])
        if group
    ]
    return [*first, *rest]


def _name(group: Sequence[Resource]) -> str:
    directory = str(group[0].origin.path.parent)
    kinds = sorted({str(resource.ref.group_kind) for resource in group})
    return f"{directory}: {', '.join(kinds)}"
