"""The difference of one object between what is live and what is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.origin import Origin
    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Manifest, PropagationPolicy, Resource

__all__ = ["Change", "ChangeKind", "FieldConflict", "PatchOp", "PluginChange"]


class ChangeKind(StrEnum):
    """What is to be done about one object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchOp:
    """One operation of a JSON Patch (RFC 6902), without ``from``. ``old`` is what stands there now, for people."""

    op: str
    path: str
    value: Any = None
    old: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldConflict:
    """A field that another manager owns. ``manager`` is as the server names it; ``time`` is RFC 3339 or empty.

    ``rule`` is where it was said what becomes of the field, empty where nothing was said.
    """

    field: str
    manager: str
    time: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one object needs. Data; carrying it out is ``apply.actions``.

    ``live`` is what the server holds, ``predicted`` what it says it would hold afterwards (both None where unknown).
    ``patch`` leads from live to predicted. ``uid`` and ``resource_version`` are those of the live object, the
    preconditions of the write. ``conflicts`` are the fields of others that are taken, in a refused change those that
    must not be; ``left`` are fields where the manifest says something else and the others keep their value.
    ``take_over`` says that managed fields of an earlier writer become ours first.
    ``deferred`` marks a change whose surroundings (namespace, definition) come into being in this run: it is predicted
    from what was declared and planned again when they are there.

    What is sent, in this order, each step only where it is set: ``handover`` are the managedFields written first (for
    ``take_over``, and for ``release``: fields given up that keep their live value); ``body`` is what is applied,
    without preconditions, and ``force`` says that the fields in ``conflicts`` may be taken; ``instructions`` are the
    operations of client-side merge instructions, a second write. ``fresh`` says that the kind's definition is written
    in this run, so that refusals which pass by themselves are tried again. ``detail`` and ``hint`` go with the
    ``reason`` of a refusal: labelled lines (causes with the place where the field was written), and what to do;
    ``denied`` says that we may not, by the authorization of the cluster.
    """

    kind: ChangeKind
    ref: ResourceRef
    gvk: GroupVersionKind
    origin: Origin
    resource: Resource | None = None
    desired: Manifest | None = None
    live: Manifest | None = None
    predicted: Manifest | None = None
    patch: tuple[PatchOp, ...] = ()
    uid: str = ""
    resource_version: str = ""
    propagation: PropagationPolicy | None = None
    reason: str = ""
    conflicts: tuple[FieldConflict, ...] = ()
    left: tuple[FieldConflict, ...] = ()
    warnings: tuple[str, ...] = ()
    take_over: tuple[str, ...] = ()
    deferred: bool = False
    release: tuple[str, ...] = ()
    handover: tuple[Mapping[str, Any], ...] = ()
    body: Manifest | None = None
    force: bool = False
    instructions: tuple[PatchOp, ...] = ()
    fresh: bool = False
    detail: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    denied: bool = False

    @classmethod
    def of(cls, resource: Resource, kind: ChangeKind, *, live: Manifest | None = None) -> Change:
        """Return the change of a resource with what follows from it; the rest is filled in by `dataclasses.replace`."""
        return cls(
            kind=kind,
            ref=resource.ref,
            gvk=resource.gvk,
            origin=resource.origin,
            resource=resource,
            desired=resource.manifest,
            live=live,
        )

    @property
    def writes(self) -> bool:
        """Whether carrying it out sends a write."""
        return self.kind in {ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.REPLACE, ChangeKind.DELETE}


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginChange:
    """Something a plugin will write elsewhere than in the cluster, or with another program.

    ``phase`` is ``"before"`` or ``"after"`` the resources. ``detail`` is shown under ``dump`` as the body. ``brings``
    are the Namespaces and CustomResourceDefinitions that are there once a change of the phase ``"before"`` was carried
    out: what needs them is not refused but planned when they are there.
    """

    plugin: str
    title: str
    detail: Any
    phase: str = "after"
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    brings: tuple[Manifest, ...] = field(default=(), repr=False)
