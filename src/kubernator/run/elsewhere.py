"""What the cluster has of the objects that a tree refers to and does not bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.model.gvk import GroupKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.cluster.api import Cluster
    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Manifest

__all__ = ["InCluster"]


class InCluster:
    """Implements `pipeline.dangling.Elsewhere` by reading; each object is asked for once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: dict[ResourceRef, Manifest | None] = {}

    def knows(self, ref: ResourceRef) -> bool:
        """Say whether the cluster serves such objects, and lets us see this one."""
        if self._cluster.kinds().preferred(ref.group_kind) is None:
            return False
        try:
            self.get(ref)
        except errors.Forbidden:
            return False
        return True

    def get(self, ref: ResourceRef) -> Manifest | None:
        """Return an object of the cluster; None where there is none."""
        if ref not in self._known:
            kind = self._cluster.kinds().preferred(ref.group_kind)
            asked = kind is not None and bool(ref.namespace) == kind.namespaced
            self._known[ref] = (
                self._cluster.get(kind, namespace=ref.namespace, name=ref.name) if kind is not None and asked else None
            )
        return self._known[ref]

    def selects(self, namespace: str, labels: Mapping[str, Any]) -> bool:
        """Say whether there are Pods with these labels, or may be for all that we may see."""
        kind = self._cluster.kinds().preferred(GroupKind("", "Pod"))
        if kind is None:
            return True
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        try:
            return bool(self._cluster.list(kind, namespace=namespace, label_selector=selector).items)
        except errors.Forbidden:
            return True
