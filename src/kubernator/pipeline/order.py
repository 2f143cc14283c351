"""In which order resources are applied, as phases.

Namespaces of the whole tree come first, then custom resource definitions, both waited for; then the directories in walk
order, each by the turns of its resources. Inside a phase what refers to what decides, and what somebody says by
``depends-on``; kinds only decide who goes first among those that may start. So a phase is as parallel as can be.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.plan import Dependency
from kubernator.model.reference import Cycle, Edge, Fate, Reference
from kubernator.pipeline import cycles, depends
from kubernator.pipeline import references as finder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kubernator.model.diagnostics import Diagnostics
    from kubernator.model.origin import Origin
    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Resource

__all__ = ["Order", "OrderedPhase", "arrange", "phases", "rank"]

NAMESPACES: Final = "namespaces"
DEFINITIONS: Final = "definitions"


class OrderedPhase(NamedTuple):
    """Resources applied together. ``wait`` says that the next phase begins when all of them are current.

    They stand in an order that heeds ``dependencies``, which are on resources of this phase and of earlier ones.
    """

    name: str
    resources: tuple[Resource, ...]
    wait: bool = False
    dependencies: tuple[Dependency, ...] = ()


class Order(NamedTuple):
    """The order of a tree and where it comes from: every edge with its reasons, the circles, and what is wrong."""

    phases: tuple[OrderedPhase, ...]
    edges: tuple[Edge, ...]
    cycles: tuple[Cycle, ...]
    findings: tuple[Diagnostic, ...]


#: (group, kind) in the order of applying. What others refer to comes before them; what calls out to Pods comes last.
_BUILT_IN: Final[tuple[tuple[str, str], ...]] = (
    ("", "Namespace"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
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


def rank(kind: tuple[str, str]) -> int:
    """Return the place of a group and kind in the order; custom and unknown kinds come after the built-in workloads."""
    return _RANKS.get(kind, len(_BUILT_IN))


def phases(resources: Iterable[Resource], *, diagnostics: Diagnostics | None = None) -> list[OrderedPhase]:
    """Return all resources as phases to be applied one after the other; no phase is empty.

    What is wrong with what resources say about their order goes to ``diagnostics``.
    """
    found = arrange(resources)
    if diagnostics is not None:
        diagnostics.extend(found.findings)
    return list(found.phases)


def arrange(resources: Iterable[Resource]) -> Order:
    """Return the order of resources together with what it comes from."""
    everything = list(resources)
    by_ref = {resource.ref: resource for resource in everything}
    grouped = _grouped(everything)
    phase_of = {resource.ref: at for at, (_, members, _) in enumerate(grouped) for resource in members}
    stated, findings = depends.stated(everything)
    inside: dict[int, dict[tuple[ResourceRef, ResourceRef], list[Reference]]] = defaultdict(dict)
    later: list[Edge] = []
    for pair, found in _pairs([*finder.references(everything), *stated]).items():
        source, target = (phase_of[ref] for ref in pair)
        if target <= source:
            inside[source][pair] = found
            continue
        later.append(Edge(tuple(found), Fate.LATER))
        findings += [_too_late(reference, by_ref) for reference in found if reference.stated]
    made: list[OrderedPhase] = []
    edges: list[Edge] = []
    circles: list[Cycle] = []
    for at, (name, members, wait) in enumerate(grouped):
        pairs = inside[at]
        position = {resource.ref: place for place, resource in enumerate(members)}
        within = cycles.break_up([found[0] for pair, found in pairs.items() if pair[1] in position], position)
        circles += within.cycles
        made.append(
            OrderedPhase(
                name=name,
                resources=_sequence(members, within.kept, position),
                wait=wait,
                dependencies=tuple(_dependency(found) for pair, found in pairs.items() if pair not in within.broken),
            )
        )
        edges += [
            Edge(tuple(found), Fate.BROKEN if pair in within.broken else Fate.FOLLOWED) for pair, found in pairs.items()
        ]
    findings += [_circle(circle, by_ref) for circle in circles]
    return Order(tuple(made), (*edges, *later), tuple(circles), tuple(findings))


def _grouped(resources: Iterable[Resource]) -> list[tuple[str, list[Resource], bool]]:
    """Return name, resources by the rank of their kinds, and whether it is waited for, of each phase."""
    namespaces: list[Resource] = []
    definitions: list[Resource] = []
    turns: dict[int, dict[int, list[Resource]]] = defaultdict(dict)
    for resource in resources:
        match resource.ref[:2]:
            case ("", "Namespace"):
                namespaces.append(resource)
            case ("apiextensions.k8s.io", "CustomResourceDefinition"):
                definitions.append(resource)
            case _:
                turns[resource.directory].setdefault(resource.turn, []).append(resource)
    found = [(NAMESPACES, namespaces, True), (DEFINITIONS, definitions, True)]
    for directory in sorted(turns):
        several = turns[directory]
        for number, turn in enumerate(sorted(several), start=1):
            members = sorted(several[turn], key=lambda resource: rank(resource.ref[:2]))
            name = _directory(several[turn][0].origin) + (f", turn {number}" if len(several) > 1 else "")
            found.append((name, members, any(resource.awaited for resource in members)))
    return [phase for phase in found if phase[1]]


def _directory(origin: Origin) -> str:
    """Return the directory of what asked for a thing: not that of a chart or template that made it."""
    found = next((each for each in origin.chain if not each.maker), origin)
    return str(found.path.parent)


def _pairs(references: Iterable[Reference]) -> dict[tuple[ResourceRef, ResourceRef], list[Reference]]:
    """Return the references from one object to another together, the strongest first."""
    found: dict[tuple[ResourceRef, ResourceRef], list[Reference]] = {}
    for reference in references:
        found.setdefault((reference.source, reference.target), []).append(reference)
    for several in found.values():
        if len(several) > 1:
            several.sort(key=lambda reference: -reference.strength)
    return found


def _dependency(references: Sequence[Reference]) -> Dependency:
    first = references[0]
    return Dependency(
        ref=first.source,
        on=first.target,
        reason=first.reason,
        wait=any(reference.wait for reference in references),
        for_later=all(reference.for_later for reference in references if reference.wait),
    )


def _sequence(
    members: Sequence[Resource], references: Sequence[Reference], position: Mapping[ResourceRef, int]
) -> tuple[Resource, ...]:
    """Return the resources so that each stands after those that it refers to, else as they are."""
    if all(position[found.target] < position[found.source] for found in references):
        return tuple(members)
    followers: dict[int, list[int]] = defaultdict(list)
    open_ones = [0] * len(members)
    for found in references:
        followers[position[found.target]].append(position[found.source])
        open_ones[position[found.source]] += 1
    free = [place for place, number in enumerate(open_ones) if not number]
    placed: list[Resource] = []
    while free:
        place = heapq.heappop(free)
        placed.append(members[place])
        for follower in followers[place]:
            open_ones[follower] -= 1
            if not open_ones[follower]:
                heapq.heappush(free, follower)
    return tuple(placed)


def _too_late(reference: Reference, by_ref: Mapping[ResourceRef, Resource]) -> Diagnostic:
    """Say that somebody wants to wait for what is written later."""
    resource, target = by_ref[reference.source], by_ref[reference.target]
    match resource.ref.kind:
        case "Namespace" | "CustomResourceDefinition" if resource.directory >= target.directory:
            hint = "namespaces come first, then definitions, then all else"
        case _ if resource.directory == target.directory:
            hint = (
                "they have different turns in their directory: the hooks of a chart go before or after the rest of it"
            )
        case _:
            hint = "directories are applied in walk order, parents first: move one of the two, or rename a directory"
    return Diagnostic(
        severity=Severity.ERROR,
        message=f"`{reference.source}` depends on `{reference.target}`, which is written later",
        origin=resource.place(reference.path),
        resource=str(resource),
        changed_by=tuple(map(str, resource.touched_by)),
        detail=(("it is at", str(target.origin)),),
        hint=hint,
        code="depends-on",
    )


def _circle(circle: Cycle, by_ref: Mapping[ResourceRef, Resource]) -> Diagnostic:
    """Say what refers to what in a circle."""
    first = next((found for found in circle.references if found.stated), circle.references[0])
    resource = by_ref[first.source]
    steps = tuple(
        ("circle" if not number else "", f"{found.source} {found.reason}, {by_ref[found.source].place(found.path)}")
        for number, found in enumerate(circle.references)
    )
    return Diagnostic(
        severity=Severity.ERROR if circle.stated else Severity.INFO,
        message=f"`{resource.ref}` depends on itself, by way of {len(steps) - 1} other{'s' * (len(steps) != 2)}",  # noqa: PLR2004 - as many others as steps, less one
        origin=resource.place(first.path),
        resource=str(resource),
        detail=steps,
        hint="take a `depends-on` of the circle away" if circle.stated else "",
        code="circle",
    )
