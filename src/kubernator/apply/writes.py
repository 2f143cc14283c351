"""The requests by which one change is made.

Every write names the object it was planned for, by uid and resourceVersion, or says that it creates. Some changes take
several; how far they came is noted after each that is not the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.errors import ApiError, NotFound
from kubernator.model.change import ChangeKind
from kubernator.model.outcome import Halfway
from kubernator.model.resource import BACKGROUND
from kubernator.planning import changes, migrate, policy, sameness
from kubernator.planning.patience import patient

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from kubernator.cluster.api import Applied, Cluster, Kind
    from kubernator.model.change import Change
    from kubernator.model.resource import Manifest

__all__ = ["Writes", "explained"]

_TRIES: Final = 8
_REMOVALS: Final = 2


class Writes:
    """Makes changes on a cluster.

    ``stop`` set ends the wait for an object that is deleted to be replaced; ``note`` hears how far a change came.
    """

    def __init__(
        self, cluster: Cluster, manager: str, *, stop: threading.Event, note: Callable[[Halfway], None]
    ) -> None:
        self._cluster = cluster
        self._manager = manager
        self._stop = stop
        self._note = note

    def make(self, change: Change) -> Applied | None:
        """Do what a change says; return what the server holds then, None after a deletion. Raises `ClusterError`."""
        kind = self._cluster.kinds().get(change.gvk)
        if kind is None:
            raise NotFound(
                f"the cluster does not know `{change.gvk}`",
                status=404,
                details={"kind": "namespaces"},
                hint=change.hint,
            )
        match change.kind:
            case ChangeKind.CREATE:
                applied = self._create(change, kind)
            case ChangeKind.UPDATE:
                applied = self._update(change, kind)
            case ChangeKind.REPLACE:
                applied = self._replace(change, kind)
            case ChangeKind.DELETE:
                self._delete(change, kind)
                return None
            case _:
                raise AssertionError(f"nothing to write for {change.kind}")
        return self._instruct(change, kind, applied)

    def _apply(self, change: Change, kind: Kind, *, uid: str = "", resource_version: str) -> Applied:
        body = changes.with_preconditions(change.body or {}, uid=uid, resource_version=resource_version)
        return patient(
            lambda: self._cluster.apply(
                kind,
                body,
                manager=self._manager,
                force=change.force,
                field_validation=change.resource.policy.field_validation if change.resource else "Strict",
            ),
            fresh=change.fresh,
        )

    def _create(self, change: Change, kind: Kind) -> Applied:
        return self._apply(change, kind, resource_version=changes.CREATE_ONLY)

    def _update(self, change: Change, kind: Kind) -> Applied:
        if not change.handover:
            return self._apply(change, kind, uid=change.uid, resource_version=change.resource_version)
        return self._go_on(
            change,
            kind,
            self._hand_over(change, kind),
            lambda live: self._apply(change, kind, uid=change.uid, resource_version=_version(live)),
            same=sameness.only_status,
        )

    def _hand_over(self, change: Change, kind: Kind) -> Manifest:
        """Write who owns what; return the object that comes of it.

        Where the server reads an object in another order than it was written, whoever writes is noted as having changed
        it: here we, so that what the apply should take away would stay. Then it is taken away by another such write,
        and once more where the server put a default in its place.
        """
        body = migrate.patch_body([dict(entry) for entry in change.handover], change.resource_version)
        live = self._patch(change, kind, body, self._manager).manifest
        for _ in range(_REMOVALS):
            self._note(Halfway.HANDED_OVER)
            if not self._removal(change, live):
                break
            live = self._go_on(
                change,
                kind,
                live,
                lambda live: self._patch(change, kind, self._removal(change, live), self._manager),
                same=sameness.only_status,
            ).manifest
        return live

    def _removal(self, change: Change, live: Manifest) -> list[dict[str, Any]]:
        """Return the write that takes away what the hand-over left to be dropped; empty where nothing is."""
        again = migrate.handover(live, change.body or {}, manager=self._manager, released=())
        return migrate.preview_body(again, live, _version(live)) if again and again.dropped else []

    def _patch(self, change: Change, kind: Kind, body: list[dict[str, Any]], manager: str) -> Applied:
        return self._cluster.patch(
            kind,
            namespace=change.ref.namespace,
            name=change.ref.name,
            body=body,
            content_type=changes.JSON_PATCH,
            manager=manager,
        )

    def _go_on(
        self,
        change: Change,
        kind: Kind,
        live: Manifest,
        write: Callable[[Manifest], Applied],
        *,
        same: Callable[[Manifest, Manifest], bool],
    ) -> Applied:
        """Make a write that follows another one of ours, which left the object as ``live``.

        That one wakes controllers, which may write in between. Where what they left is the ``same`` as far as our
        write goes, it is made on that.
        """
        for left in reversed(range(_TRIES)):
            try:
                return write(live)
            except ApiError as error:
                if not (left and policy.is_stale(error)):
                    raise
                found = self._cluster.get(kind, namespace=change.ref.namespace, name=change.ref.name)
                if found is None or _uid(found) != _uid(live) or not same(live, found):
                    raise
                live = found
        raise AssertionError("the last try returned or raised")

    def _replace(self, change: Change, kind: Kind) -> Applied:
        from kubernator.apply.replacing import Replacement  # noqa: PLC0415 - seldom

        replacement = Replacement(
            change,
            kind,
            self._cluster,
            manager=self._manager,
            stop=self._stop,
            note=self._note,
            explained=lambda error: explained(error, change),
        )
        return replacement.carry_out(lambda: self._create(change, kind))

    def _delete(self, change: Change, kind: Kind) -> None:
        self._cluster.delete(
            kind,
            namespace=change.ref.namespace,
            name=change.ref.name,
            propagation=change.propagation or BACKGROUND,
            uid=change.uid,
            resource_version=change.resource_version,
        )

    def _instruct(self, change: Change, kind: Kind, applied: Applied) -> Applied:
        """Carry out the client-side merge instructions on what the apply made: the second write."""
        resource = change.resource
        ops = changes.instructed(resource, applied.manifest) if resource else ()
        if resource is None or not ops:
            return applied
        self._note(Halfway.APPLIED)
        second = self._go_on(
            change,
            kind,
            applied.manifest,
            lambda live: self._patch(
                change, kind, changes.instructions_body(ops, live), policy.helpers(self._manager)[1]
            ),
            same=lambda _, found: changes.instructed(resource, found) == ops,
        )
        return second._replace(warnings=(*applied.warnings, *second.warnings))


def explained(error: ApiError, change: Change) -> ApiError:
    """Add to an error of the server where the fields it names were written."""
    if change.resource is None:
        return error
    _, lines = policy.refusal(error, change.resource)
    error.detail = [*change.origin.lines(), ("resource", str(change.resource)), *lines]
    if not error.hint and policy.immutable(error.causes):
        error.hint = "the server found this only at the write; plan again"
    return error


def _uid(manifest: Manifest) -> str:
    return str((manifest.get("metadata") or {}).get("uid", ""))


def _version(manifest: Manifest) -> str:
    return str((manifest.get("metadata") or {}).get("resourceVersion", ""))
