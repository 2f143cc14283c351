"""Names of kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFINITION", "LEADING", "NAMESPACE", "GroupKind", "GroupVersionKind", "split_api_version"]


class GroupKind(NamedTuple):
    """A kind whatever its version. The core group is the empty string."""

    group: str
    kind: str

    @classmethod
    def defined_by(cls, definition: Mapping[str, Any]) -> GroupKind:
        """Return the kind that a CustomResourceDefinition makes; of nonsense, one without a name."""
        spec = definition.get("spec")
        own = spec if isinstance(spec, dict) else {}
        names = own.get("names")
        return cls(str(own.get("group", "")), str(names.get("kind", "") if isinstance(names, dict) else ""))

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


class GroupVersionKind(NamedTuple):
    """A kind in one version, as ``apiVersion`` and ``kind`` of a manifest name it."""

    group: str
    version: str
    kind: str

    @classmethod
    def of(cls, api_version: str, kind: str) -> GroupVersionKind:
        """Read ``apps/v1`` or ``v1`` together with a kind."""
        group, version = split_api_version(api_version)
        return cls(group, version, kind)

    @property
    def api_version(self) -> str:
        """The value of ``apiVersion`` in a manifest."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_kind(self) -> GroupKind:
        """The kind without its version."""
        return GroupKind(self.group, self.kind)

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind}"


def split_api_version(api_version: str) -> tuple[str, str]:
    """Split ``group/version`` or ``version`` into group (may be empty) and version."""
    group, _, version = api_version.rpartition("/")
    return group, version


NAMESPACE: Final = GroupKind("", "Namespace")
DEFINITION: Final = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
#: What comes before everything else: without these the rest cannot even be looked at.
LEADING: Final = frozenset({NAMESPACE, DEFINITION})
