"""What istioctl would change in the cluster: what it makes of an operator against what is live.

istioctl applies server-side, under a field manager of its own, so the planner that plans the tree plans this as well.
What is istioctl's and Istio's own is not taken for a change: the labels by which istioctl knows what it installed,
which are not in what it renders, and webhooks, which istioctl and the running Istio go on to write when the rest is
there. Objects that go because the operator makes them no more are found as istioctl finds them, by those labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.errors import ApiError
from kubernator.model.diagnostics import Diagnostics
from kubernator.model.gvk import GroupKind, GroupVersionKind
from kubernator.model.plan import Phase, Plan
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.pipeline import order
from kubernator.planning import changes
from kubernator.planning.observe import Observer
from kubernator.planning.planner import Planner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.cluster.api import Cluster, Kinds
    from kubernator.model.origin import Origin
    from kubernator.model.resource import Manifest
    from kubernator.planning.observe import Live
    from kubernator.plugins.istio.operators import Operator
    from kubernator.workers import Workers

__all__ = ["MANAGER", "VERSION", "everything", "plan", "pruned"]

MANAGER: Final = "istio-operator"
"""The field manager under which istioctl applies."""

MANAGED: Final = "operator.istio.io/managed"
COMPONENT: Final = "operator.istio.io/component"
OWNER: Final = "install.operator.istio.io/owning-resource"
OWNER_NAMESPACE: Final = "install.operator.istio.io/owning-resource-namespace"
REVISION: Final = "istio.io/rev"
NOT_PRUNED: Final = "install.operator.istio.io/owning-resource-not-pruned"
VERSION: Final = "operator.istio.io/version"
_LABELS: Final = (MANAGED, COMPONENT, OWNER, OWNER_NAMESPACE, REVISION, VERSION)

_WEBHOOKS: Final = frozenset({"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"})

#: The kinds in which istioctl looks for what it is to remove.
_PRUNED: Final = (
    GroupKind("apps", "Deployment"),
    GroupKind("apps", "DaemonSet"),
    GroupKind("", "Service"),
    GroupKind("", "ConfigMap"),
    GroupKind("", "ServiceAccount"),
    GroupKind("rbac.authorization.k8s.io", "Role"),
    GroupKind("rbac.authorization.k8s.io", "RoleBinding"),
    GroupKind("rbac.authorization.k8s.io", "ClusterRole"),
    GroupKind("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    GroupKind("policy", "PodDisruptionBudget"),
    GroupKind("autoscaling", "HorizontalPodAutoscaler"),
    GroupKind("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    GroupKind("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
)


def plan(manifests: Sequence[Manifest], *, origin: Origin, cluster: Cluster, workers: Workers) -> Plan:
    """Return what writing the manifests as istioctl does would change. Raises `errors.ClusterError`."""
    kinds = cluster.kinds()
    known = [(manifest, kinds.get(_gvk(manifest))) for manifest in manifests]
    live = Observer(cluster, workers).read((ResourceRef.of(found), kind) for found, kind in known if kind is not None)
    resources = [
        Resource(manifest=_marked(manifest, there), ref=ref, gvk=_gvk(manifest), origin=origin)
        for manifest in manifests
        if (there := live.get(ref := ResourceRef.of(manifest))) is None or ref.kind not in _WEBHOOKS
    ]
    planner = Planner(
        cluster, workers, diagnostics=Diagnostics(), manager=MANAGER, force_conflicts=True, preflight=False
    )
    return planner.plan(order.phases(resources))


def everything(manifests: Sequence[Manifest], *, origin: Origin, kinds: Kinds) -> Plan:
    """Return what writing the manifests comes to where nothing is there, as far as is known without a cluster."""
    resources = [
        Resource(manifest=manifest, ref=ResourceRef.of(manifest), gvk=_gvk(manifest), origin=origin)
        for manifest in manifests
    ]
    made = [
        Phase(name=phase.name, changes=tuple(changes.new(each, kinds.get(each.gvk)) for each in phase.resources))
        for phase in order.phases(resources)
    ]
    return Plan(phases=tuple(made), manager=MANAGER)


def pruned(operator: Operator, *, cluster: Cluster, workers: Workers) -> list[ResourceRef]:
    """Return what istioctl would remove: what it installed for this operator and does not make any more."""
    kept = {ResourceRef.of(manifest) for manifest in operator.made}
    selector = ",".join(
        [
            f"{MANAGED}=Reconcile",
            COMPONENT,
            f"{REVISION}={operator.revision}",
            *([f"{OWNER}={operator.name}"] if operator.name else []),
            *([f"{OWNER_NAMESPACE}={operator.own_namespace}"] if operator.own_namespace else []),
        ]
    )
    kinds = [kind for wanted in _PRUNED if (kind := cluster.kinds().preferred(wanted)) is not None]
    listings = workers.map(lambda kind: cluster.list(kind, label_selector=selector), kinds)
    found = []
    for kind, listing in zip(kinds, listings, strict=True):
        for item in listing.items:
            metadata = item.get("metadata") or {}
            ref = ResourceRef(kind.gvk.group, kind.gvk.kind, metadata.get("namespace") or "", str(metadata.get("name")))
            if ref not in kept and (metadata.get("labels") or {}).get(NOT_PRUNED) != "true":
                found.append(ref)
    return found


def _marked(manifest: Manifest, live: Live) -> Manifest:
    """Return a manifest with the labels that istioctl put on the live object."""
    if live is None or isinstance(live, ApiError):
        return manifest
    labels = (live.get("metadata") or {}).get("labels") or {}
    own = {name: labels[name] for name in _LABELS if name in labels}
    metadata = manifest["metadata"]
    return (
        {**manifest, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **own}}} if own else manifest
    )


def _gvk(manifest: Manifest) -> GroupVersionKind:
    return GroupVersionKind.of(str(manifest["apiVersion"]), str(manifest["kind"]))
