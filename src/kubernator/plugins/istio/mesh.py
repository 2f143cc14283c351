"""Istio in the cluster: which version it has, and the operator that versions before 1.24 leave there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.model.gvk import GroupKind
from kubernator.model.resource import BACKGROUND
from kubernator.plugins.istio import comparison, operators
from kubernator.tools import istioctl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.cluster.api import Cluster
    from kubernator.plugins.istio.operators import Operator
    from kubernator.tools.istioctl import Version

__all__ = ["follows", "make_namespace", "remove_operator", "version"]

_DEPLOYMENT: Final = GroupKind("apps", "Deployment")


def version(said: Iterable[str], cluster: Cluster) -> Version | None:
    """Return the highest version in the cluster: what Pods say, else how Deployments are marked, else their images."""
    if (found := istioctl.highest(said)) is not None:
        return found
    kind = cluster.kinds().preferred(_DEPLOYMENT)
    items = cluster.list(kind, label_selector="app=istiod").items if kind else []
    marks = [(item["metadata"].get("labels") or {}).get(comparison.VERSION, "") for item in items]
    images = [
        istioctl.image_version(str(container.get("image", "")))
        for item in items
        for container in item["spec"]["template"]["spec"].get("containers") or []
    ]
    return istioctl.highest(marks) or istioctl.highest(images)


def follows(operator: Operator, cluster: Cluster) -> bool:
    """Whether the operator in the cluster follows this very IstioOperator (before Istio 1.24)."""
    kind = cluster.kinds().preferred(operators.OPERATOR)
    live = cluster.get(kind, namespace=operator.namespace, name=operator.name) if kind else None
    return live is not None and live.get("spec") == operator.manifest.get("spec")


def make_namespace(name: str, cluster: Cluster) -> None:
    """Make the namespace that an operator in the cluster installs into; one that is there stays as it is."""
    kind = cluster.kinds().preferred(operators.NAMESPACE)
    metadata = {"name": name, "labels": {"istio-injection": "disabled"}}
    if kind is not None and cluster.get(kind, namespace="", name=name) is None:
        cluster.create(kind, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, manager="kubernator")


def remove_operator(cluster: Cluster) -> None:
    """Remove the operator of an older Istio, which would undo what istioctl writes."""
    kind = cluster.kinds().preferred(_DEPLOYMENT)
    if kind is not None:
        cluster.delete(kind, namespace=operators.WHERE, name="istio-operator", propagation=BACKGROUND)
