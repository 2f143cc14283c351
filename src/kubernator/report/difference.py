"""A plan as data for reading: what changes, field by field, who owns it, and where the new value comes from.

Everything in it may be shown: values of secrets are markers, see `kubernator.redaction`. The text and the data that
``kubernator diff`` prints are both made of it, and so are the lines of a dry run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kubernator.model.change import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.origin import Origin
    from kubernator.report.comparing import Op
    from kubernator.report.owners import Owner

__all__ = ["Conflict", "Difference", "FieldChange", "Kept", "ObjectChange", "PluginWork", "Source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a value was written. Unless ``exact``, it was not there when the file was read, only what is around it.

    ``changed_by`` are those who changed the object since: they may have changed what was written, and added the rest.
    """

    place: Origin
    exact: bool = True
    changed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field. ``old`` and ``new`` are None where it is not; of an item that moved they are its places, from 1 on.

    ``written`` is what the manifest says of a new value which the server completes, None where it is all of it.
    ``owners`` are those of the live field without us, ``ours`` says whether we are one of them; ``taken`` that it is
    taken from them, and ``rule`` where that is said. Without a ``source`` the manifest does not say the value: it is
    the server's default, or that of somebody who changes what is sent.
    """

    op: Op
    path: str
    old: Any = None
    new: Any = None
    written: Any = None
    owners: tuple[Owner, ...] = ()
    ours: bool = False
    taken: bool = False
    rule: str = ""
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A field of somebody else, as it is and as we would have it; ``rule`` is where it is said that they keep it."""

    path: str
    owner: Owner
    theirs: Any = None
    ours: Any = None
    rule: str = ""
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A field that is given up and keeps its live value."""

    path: str
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange:
    """What happens to one object.

    ``unproven`` says why the server was not asked: what is shown is predicted from the manifest. ``reason``, ``detail``
    and ``hint`` are those of a refusal, a replacement or a change of owners. ``fields`` are what the apply changes,
    ``instructions`` what merge instructions change in a second write. ``conflicts`` stand in its way, ``left`` are
    fields that others keep. ``manifest`` is what is created.
    """

    kind: ChangeKind
    api_version: str
    object_kind: str
    namespace: str
    name: str
    phase: str
    origin: Origin
    changed_by: tuple[str, ...] = ()
    reason: str = ""
    detail: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    unproven: str = ""
    fields: tuple[FieldChange, ...] = ()
    instructions: tuple[FieldChange, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    left: tuple[Conflict, ...] = ()
    takes_over: tuple[str, ...] = ()
    gives_up: tuple[Kept, ...] = ()
    propagation: str = ""
    warnings: tuple[str, ...] = ()
    manifest: Mapping[str, Any] | None = None

    @property
    def subject(self) -> str:
        """Return ``apps/v1 Deployment web/nginx``."""
        return f"{self.api_version} {self.object_kind} {self.full_name}"

    @property
    def full_name(self) -> str:
        """Return ``web/nginx``, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def only_owners(self) -> bool:
        """Whether all that changes is who owns the fields."""
        return self.kind is ChangeKind.UPDATE and not (self.fields or self.instructions or self.unproven)


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginWork:
    """What a plugin writes elsewhere, before or after the objects."""

    plugin: str
    title: str
    phase: str
    detail: Any
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All that a plan would change, in its order, and what it leaves."""

    manager: str
    objects: tuple[ObjectChange, ...] = ()
    unchanged: tuple[ObjectChange, ...] = ()
    plugins: tuple[PluginWork, ...] = ()
    counts: Mapping[ChangeKind, int] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing would be written anywhere, and nothing is refused."""
        return not (self.objects or self.plugins)
