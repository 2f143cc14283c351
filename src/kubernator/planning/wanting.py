"""What of a resource is ours to apply to a live object, and what has to change hands before. No requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubernator.model.gvk import GroupVersionKind
from kubernator.planning import canonical, conflicts, fields, managed, migrate, settling
from kubernator.planning.remaining import remaining

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.errors import Invalid
    from kubernator.model.change import FieldConflict
    from kubernator.model.resource import Manifest, Resource
    from kubernator.planning.managed import Elements
    from kubernator.planning.migrate import Handover

__all__ = ["Wanted", "Wanting"]


class Wanted(NamedTuple):
    """What is to be applied, what has to change hands before, and what is left to others with another value."""

    manifest: Manifest
    handover: Handover | None = None
    left: tuple[FieldConflict, ...] = ()


class Wanting:
    """Says for live objects what of a resource is to be applied. Safe to use from several threads."""

    def __init__(self, cluster: Cluster, *, manager: str) -> None:
        self._cluster = cluster
        self._manager = manager

    def plainly_settled(self, resource: Resource, kind: Kind, live: Manifest) -> bool:
        """Say whether an object with no rules of its own, and nothing to take over, is as wanted: nearly all there are.

        What is ours is then what is wanted, so nothing is given up, left to others or handed over either.
        """
        if resource.instructions or resource.policy.ignored or resource.policy.conflicts:
            return False
        if migrate.taken(live, self._manager, served=self._served(kind)):
            return False
        wanted = canonical.wire(resource.manifest, status="status" in kind.subresources)
        return not managed.undecided(wanted, live, manager=self._manager, gvk=resource.gvk)

    def of(self, resource: Resource, kind: Kind, live: Manifest, *, held: Sequence[Elements] = ()) -> Wanted:
        """Return what of a resource is ours to apply; ``held`` are fields that the server does not let us drop."""
        served = self._served(kind)
        values = canonical.Rules(resource.gvk)
        wanted = canonical.wire(resource.manifest, status="status" in kind.subresources)
        left: tuple[FieldConflict, ...] = ()
        if rules := resource.policy.conflicts:
            others = migrate.strangers(live, self._manager, served=served)
            wanted, left = conflicts.Rules(rules).leave(wanted, live, others=others, values=values)
        own, owners = migrate.owned(live, self._manager, served=served)
        settled = settling.settle(
            wanted,
            live,
            own=own,
            others=owners,
            ignored=fields.Ignored(resource.policy.ignored),
            scalable="scale" in kind.subresources,
            rules=values,
        )
        released = tuple(dict.fromkeys((*settled.released, *held)))
        handover = migrate.handover(live, settled.manifest, manager=self._manager, released=released, served=served)
        if (
            handover is not None
            and not released
            and migrate.held_already(live, self._manager, served=served)
            and not managed.undecided(settled.manifest, live, manager=self._manager, gvk=resource.gvk)
        ):
            handover = None
        return Wanted(settled.manifest, handover, left)

    def left(self, resource: Resource, kind: Kind, live: Manifest) -> Manifest:
        """Return what stays of a live object when a resource is applied, beside what the resource says."""
        wanted = self.of(resource, kind, live)
        released = wanted.handover.kept if wanted.handover is not None else ()
        return remaining(live, wanted.manifest, manager=self._manager, released=released, served=self._served(kind))

    def _served(self, kind: Kind) -> Callable[[str], bool]:
        return lambda version: self._cluster.kinds().get(GroupVersionKind.of(version, kind.gvk.kind)) is not None

    def undecided(self, wanted: Manifest, live: Manifest, resource: Resource, kind: Kind) -> str:
        """Return why it is not proven that applying ``wanted`` changes nothing; empty when it is."""
        why = managed.undecided(wanted, live, manager=self._manager, gvk=resource.gvk)
        others = migrate.strangers(live, self._manager, served=self._served(kind)) if why else ()
        less = conflicts.without_idle(wanted, live, others)
        return why if less is wanted else managed.undecided(less, live, manager=self._manager, gvk=resource.gvk)

    def not_let_go(self, kind: Kind, live: Manifest, wanted: Manifest, error: Invalid) -> tuple[Elements, ...]:
        """Return which of the fields that we would drop cannot change, as the server says.

        A claim's ``volumeName`` is one: who wrote it once and does not any more means no other volume.
        """
        own, others = migrate.owned(live, self._manager, served=self._served(kind))
        named = tuple(f".{cause.field.removeprefix('.')}" for cause in error.causes if cause.field)
        return tuple(
            elements
            for elements in migrate.dropped(live, wanted, own=own, others=others)
            if elements[0] != "f:metadata" and managed.render(elements).startswith(named)
        )
