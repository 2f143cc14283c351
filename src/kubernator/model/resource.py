"""A manifest with identity and origin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NewType

from kubernator.model.sourcemap import Path, SourceMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.origin import Origin
    from kubernator.model.ref import ResourceRef

__all__ = [
    "DEFAULT_IMMUTABLE_CHANGES",
    "ConflictRule",
    "Manifest",
    "PropagationPolicy",
    "Resource",
    "ResourcePolicy",
    "Touch",
]

Manifest = dict[str, Any]
PropagationPolicy = NewType("PropagationPolicy", str)

BACKGROUND = PropagationPolicy("Background")
FOREGROUND = PropagationPolicy("Foreground")
ORPHAN = PropagationPolicy("Orphan")
#: Not a policy of the server's: what an object says that must not be deleted and made anew.
NEVER = "Never"

#: Metadata that only the server writes; in a manifest it is left over from an export.
SERVERS_METADATA = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)

#: (group, kind) -> how the old object is deleted when an immutable field changes; the reference's table.
DEFAULT_IMMUTABLE_CHANGES: Mapping[tuple[str, str], PropagationPolicy] = {
    ("apps", "DaemonSet"): BACKGROUND,
    ("apps", "StatefulSet"): ORPHAN,
    ("apps", "Deployment"): ORPHAN,
    ("storage.k8s.io", "StorageClass"): ORPHAN,
    ("", "Pod"): BACKGROUND,
    ("batch", "Job"): ORPHAN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """Who changed a manifest after it was read: a transformer or patcher, and where it was registered.

    ``after`` is the manifest that it left, as JSON, where the run is traced.
    """

    who: str
    origin: Origin
    after: str = ""

    def __str__(self) -> str:
        return f"{self.who}, {self.origin.path}:{self.origin.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictRule:
    """What is done about fields that other field managers own: ``decision`` is ``take``, ``leave`` or ``refuse``.

    ``fields`` are regular expressions over JSON pointers (`planning.fields`), ``managers`` are names, ``*`` in them
    stands for anything; none of either means all. ``place`` is where the rule stands, for people.
    """

    decision: str
    fields: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePolicy:
    """What the scope of a resource, and its own annotations, say about how it is written.

    ``ignored`` are regular expressions over JSON pointers of fields that are not ours (the reference's
    ``patch_field_excludes``); ``field_validation`` is ``Ignore``, ``Warn`` or ``Strict``. Of ``conflicts`` the last
    rule that matches counts. ``replace`` is the object's own word on being deleted and made anew, which goes before
    ``immutable_changes``: a propagation policy, ``Never``, or nothing.
    """

    immutable_changes: Mapping[tuple[str, str], PropagationPolicy] = field(
        default_factory=lambda: DEFAULT_IMMUTABLE_CHANGES
    )
    ignored: tuple[str, ...] = ()
    field_validation: str = "Warn"
    warnings_are_fatal: bool = True
    conflicts: tuple[ConflictRule, ...] = ()
    replace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One object as we want it. The manifest is not shared with anybody and must not be changed.

    ``directory`` is the position of the visit that added it, which is its turn in the order of applying; ``turn`` is
    the place inside the directory where that matters, and ``awaited`` says that what has a later turn waits for it.
    ``instructions`` are client-side merge instructions (``$patch`` and its kin), already taken out of the manifest:
    path of the map or list they stood in -> the instruction as written. ``written`` is the manifest as it was read, as
    JSON, where the run is traced.
    """

    manifest: Manifest
    ref: ResourceRef
    gvk: GroupVersionKind
    origin: Origin
    source_map: SourceMap = field(default_factory=SourceMap)
    touched_by: tuple[Touch, ...] = ()
    directory: int = 0
    turn: int = 0
    awaited: bool = False
    policy: ResourcePolicy = field(default_factory=ResourcePolicy)
    instructions: tuple[tuple[Path, Any], ...] = ()
    written: str = ""

    def __str__(self) -> str:
        """Return ``apps/v1 Deployment web/nginx``."""
        name = f"{self.ref.namespace}/{self.ref.name}" if self.ref.namespace else self.ref.name
        return f"{self.gvk} {name}"

    def place(self, path: Path = ()) -> Origin:
        """Return the origin at the line where a path of the manifest was written."""
        found = self.source_map.find(path)
        return self.origin.at(*found) if found else self.origin
