"""Identity of an object: group, kind, namespace and name, never the version."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubernator.model.gvk import GroupKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["ResourceRef"]


class ResourceRef(NamedTuple):
    """Which object is meant. ``namespace`` is empty for cluster-scoped objects."""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def group_kind(self) -> GroupKind:
        """The kind of the object."""
        return GroupKind(self.group, self.kind)

    def __str__(self) -> str:
        """Return ``Deployment.apps web/nginx`` (namespace and name), or ``Namespace web``."""
        return f"{self.group_kind} {self.namespace}/{self.name}" if self.namespace else f"{self.group_kind} {self.name}"

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> ResourceRef:
        """Read the identity of a manifest whose envelope has been checked."""
        metadata = manifest.get("metadata") or {}
        group = str(manifest["apiVersion"]).rpartition("/")[0]
        return cls(group, str(manifest["kind"]), str(metadata.get("namespace") or ""), str(metadata.get("name") or ""))
