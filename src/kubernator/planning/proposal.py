"""One resource and what is live -> what is to be done about it.

`Proposer.local` decides without a request; what it leaves open, `Proposer.ask` asks the server by dry runs.
"""

from __future__ import annotations

import copy
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator.errors import ApiError, Conflict, Invalid, NotFound, Unreachable
from kubernator.model.change import Change, ChangeKind, PatchOp
from kubernator.planning import (
    canonical,
    changes,
    conflicts,
    diff,
    fields,
    managed,
    migrate,
    policy,
    refusals,
    replacing,
)
from kubernator.planning.patience import WINDOW, patient
from kubernator.planning.wanting import Wanting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.cluster.api import Applied, Cluster, Kind, Kinds
    from kubernator.model.change import FieldConflict
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest, Resource
    from kubernator.planning.conflicts import Decided
    from kubernator.planning.managed import Elements
    from kubernator.planning.migrate import Handover
    from kubernator.planning.observe import Live, Observer

__all__ = ["Proposer"]

#: How the server refuses what is only shown: a removal that comes with more when it is carried out.
_NOT_ALONE: Final = frozenset({422, 500})
_STALE_TRIES: Final = 5


class _Tried(NamedTuple):
    """What an apply would make, and what of it was in conflict. ``forced`` when it had to be."""

    applied: Applied
    wanted: Manifest
    taken: tuple[FieldConflict, ...] = ()
    left: tuple[FieldConflict, ...] = ()
    forced: bool = False


class Proposer:
    """Decides about single objects. Safe to use from several threads."""

    def __init__(
        self, cluster: Cluster, observer: Observer, *, manager: str, force_conflicts: bool, preflight: bool
    ) -> None:
        self._cluster = cluster
        self._observer = observer
        self._manager = manager
        self._force = force_conflicts
        self._preflight = preflight
        self._wanting = Wanting(cluster, manager=manager)
        self._replacer = replacing.Replacer(cluster, manager=manager)

    def served(self, wanted: Sequence[GroupVersionKind], *, patient: bool) -> Kinds:
        """Ask discovery afresh; with ``patient`` until all kinds are served, for the short while that may take."""
        kinds = self._cluster.kinds(refresh=True)
        pause = threading.Event()
        for delay in WINDOW if patient else ():
            if all(kinds.get(gvk) is not None for gvk in wanted):
                break
            pause.wait(delay)
            kinds = self._cluster.kinds(refresh=True)
        return kinds

    def local(self, resource: Resource, kind: Kind, live: Live) -> Change | None:
        """Decide what needs no request; None means that the server has to be asked."""
        if isinstance(live, ApiError):
            return refusals.of_server(resource, live, None)
        going = ((live or {}).get("metadata") or {}).get("deletionTimestamp")
        if going:
            return refusals.going(resource, live or {}, str(going))
        if live is None:
            return None if self._preflight else self._create(resource, kind, predicted=resource.manifest)
        if self._wanting.plainly_settled(resource, kind, live):
            return _unchanged(resource, live)
        wanted = self._wanting.of(resource, kind, live)
        more_to_do = wanted.handover is not None or changes.instructed(resource, live)
        if more_to_do or self._wanting.undecided(wanted.manifest, live, resource, kind):
            return None
        return self._update(resource, live, live, body=None, left=wanted.left)

    def ask(self, resource: Resource, kind: Kind, live: Live, *, fresh: bool) -> Change:
        """Have the server say what would happen."""
        for _ in range(_STALE_TRIES):
            found = self._ask_once(resource, kind, live, fresh=fresh)
            if found is None:  # the object moved on while it was asked about
                live = self._observer.get(resource.ref, kind)
                found = self.local(resource, kind, live)
            if found is not None:
                return found
        return changes.refused(
            resource,
            live=live if isinstance(live, dict) else None,
            reason="the object changes faster than it can be planned",
            hint="see what writes it: `kubectl get --watch -o yaml --show-managed-fields`",
        )

    def _ask_once(self, resource: Resource, kind: Kind, live: Live, *, fresh: bool) -> Change | None:
        if isinstance(live, ApiError):
            return refusals.of_server(resource, live, None)
        try:
            if live is None:
                return self._ask_create(resource, kind, fresh=fresh)
            return self._ask_update(resource, kind, live, fresh=fresh)
        except ApiError as error:
            gone = isinstance(error, NotFound) and live is not None
            return None if gone or policy.is_stale(error) else refusals.of_server(resource, error, live)
        except Unreachable as error:  # a server that breaks down over an object hangs up, and says nothing
            error.detail += [("resource", str(resource)), *resource.origin.lines()]
            raise

    def _create(self, resource: Resource, kind: Kind, *, predicted: Manifest, warnings: tuple[str, ...] = ()) -> Change:
        return replace(
            Change.of(resource, ChangeKind.CREATE),
            predicted=predicted,
            body=canonical.wire(resource.manifest, status="status" in kind.subresources),
            warnings=warnings,
        )

    def _ask_create(self, resource: Resource, kind: Kind, *, fresh: bool) -> Change:
        body = canonical.wire(resource.manifest, status="status" in kind.subresources)
        if not self._preflight:
            return self._create(resource, kind, predicted=resource.manifest)
        applied = patient(lambda: self._dry_run(kind, resource, body, None), fresh=fresh)
        predicted = diff.carry(applied.manifest, changes.instructed(resource, applied.manifest))
        return self._create(resource, kind, predicted=predicted, warnings=applied.warnings)

    def _ask_update(
        self, resource: Resource, kind: Kind, live: Manifest, *, fresh: bool, held: Sequence[Elements] = ()
    ) -> Change:
        wanted, handover, left = self._wanting.of(resource, kind, live, held=held)
        try:
            preview = self._previewed(resource, kind, live, handover)
            tried = self._apply(kind, resource, wanted, live, kept=handover.kept if handover else (), fresh=fresh)
        except _ConflictsFound as found:
            return refusals.of_conflicts(resource, live, found.decided, manager=self._manager)
        except Invalid as error:
            if not policy.cannot_change(error.causes):
                raise
            # what was never asked for, such as what the server added to a Pod, is no reason to replace an object
            if not held and ((handover and handover.managers) or replacing.consent(resource) is None):
                held = self._wanting.not_let_go(kind, live, wanted, error)
                if held:
                    return self._ask_update(resource, kind, live, fresh=fresh, held=held)
            return self._replacer.propose(resource, kind, live, error)
        predicted = tried.applied.manifest
        if handover is not None and preview is not None:
            predicted = changes.handed_over(predicted, preview, handover)
        if second := changes.instructed(resource, predicted):
            if fields.Ignored(()).strip(diff.patch(live, predicted)):
                predicted = diff.carry(predicted, second)
            else:
                predicted = self._ask_instructions(resource, kind, live, second)
        return self._update(
            resource,
            live,
            predicted,
            body=tried.wanted,
            handover=handover,
            # after a hand-over whatever still conflicts is ours: some objects the server rewrites in that patch, under
            # our name; and the version that goes along keeps everybody else out
            force=bool(tried.taken) or handover is not None or (tried.forced and self._helped(live)),
            conflicts=tried.taken,
            left=(*left, *tried.left),
            warnings=tried.applied.warnings,
            second=second,
        )

    def _previewed(self, resource: Resource, kind: Kind, live: Manifest, handover: Handover | None) -> Manifest | None:
        """Have the server say what a hand-over and the apply after it take away."""
        if handover is None:
            return None
        try:
            return self._cluster.patch(
                kind,
                namespace=resource.ref.namespace,
                name=resource.ref.name,
                body=migrate.preview_body(handover, live, _version(live)),
                content_type=changes.JSON_PATCH,
                manager=self._manager,
                dry_run=True,
            ).manifest
        except ApiError as error:
            if policy.cannot_change(error.causes) or error.status not in _NOT_ALONE:
                raise
            # what goes is needed until something comes for it, such as the last port of a Service, or one of two that
            # share a port of the nodes, which the server answers with a 500
            return dict(diff.carry(live, migrate.removal_ops(handover, live)))

    def _ask_instructions(self, resource: Resource, kind: Kind, live: Manifest, ops: Sequence[PatchOp]) -> Manifest:
        """Have the server say what the second write makes of an object that the first leaves as it is."""
        return self._cluster.patch(
            kind,
            namespace=resource.ref.namespace,
            name=resource.ref.name,
            body=changes.instructions_body(ops, live),
            content_type=changes.JSON_PATCH,
            manager=policy.helpers(self._manager)[1],
            dry_run=True,
        ).manifest

    def _apply(
        self, kind: Kind, resource: Resource, wanted: Manifest, live: Manifest, *, kept: Sequence[Elements], fresh: bool
    ) -> _Tried:
        """Try an apply, and again where there are conflicts and it is said what becomes of each."""

        def attempt(manifest: Manifest, *, force: bool = False) -> Applied:
            body = changes.with_kept(manifest, live, kept)
            return patient(lambda: self._dry_run(kind, resource, body, live, force=force), fresh=fresh)

        try:
            return _Tried(attempt(wanted), wanted)
        except Conflict as error:
            if not policy.is_conflict(error):
                raise
            everything = conflicts.read(error, live)
            found = self._foreign(everything, live)
            idle = [conflict for conflict in found if conflicts.is_idle(conflict, wanted, live)]
            serious = [conflict for conflict in found if conflict not in idle]
            rules = conflicts.Rules(resource.policy.conflicts)
            decided = rules.decide(serious, live, force=self._force).placed_in(wanted)
            if decided.refused:
                raise _ConflictsFound(decided) from error
        given_up = [*decided.left, *idle]
        if given_up:  # seen only now: owned in another version of the kind, or empty
            wanted = copy.deepcopy(wanted)
            for conflict in given_up:
                fields.discard(wanted, fields.field_path(conflict.field, wanted))
        force = len(everything) > len(given_up)
        return _Tried(attempt(wanted, force=force), wanted, taken=decided.taken, left=decided.left, forced=force)

    def _foreign(self, found: Sequence[FieldConflict], live: Manifest) -> tuple[FieldConflict, ...]:
        """Return the conflicts with others: not with what becomes ours, nor with the names we write under ourselves."""
        ours = {self._manager, *policy.helpers(self._manager)} | {
            entry["manager"] for entry in migrate.taken(live, self._manager)
        }
        return tuple(conflict for conflict in found if conflict.manager not in ours)

    def _helped(self, live: Manifest) -> bool:
        names = policy.helpers(self._manager)
        return any(entry["manager"] in names for entry in managed.entries(live))

    def _dry_run(
        self, kind: Kind, resource: Resource, body: Manifest, live: Manifest | None, *, force: bool = False
    ) -> Applied:
        uid, version = (_uid(live), _version(live)) if live else ("", changes.CREATE_ONLY)
        return self._cluster.apply(
            kind,
            changes.with_preconditions(body, uid=uid, resource_version=version),
            manager=self._manager,
            force=force,
            dry_run=True,
            field_validation=resource.policy.field_validation,
        )

    def _update(
        self,
        resource: Resource,
        live: Manifest,
        predicted: Manifest,
        *,
        body: Manifest | None,
        handover: Handover | None = None,
        force: bool = False,
        conflicts: tuple[FieldConflict, ...] = (),
        left: tuple[FieldConflict, ...] = (),
        warnings: tuple[str, ...] = (),
        second: tuple[PatchOp, ...] = (),
    ) -> Change:
        ops = fields.Ignored(resource.policy.ignored).strip(diff.patch(live, predicted))
        owns_more = body is not None and not ops and changes.ownership_moves(live, predicted, self._manager)
        unchanged = not ops and not owns_more and handover is None
        return replace(
            Change.of(resource, ChangeKind.UNCHANGED if unchanged else ChangeKind.UPDATE, live=live),
            predicted=predicted,
            patch=ops,
            uid=_uid(live),
            resource_version=_version(live),
            reason="the values stay, their ownership becomes ours" if owns_more or (handover and not ops) else "",
            conflicts=conflicts,
            left=left,
            warnings=warnings,
            take_over=handover.managers if handover else (),
            release=handover.released if handover else (),
            handover=handover.managed_fields if handover else (),
            body=None if unchanged else body,
            force=force,
            instructions=() if unchanged else second,
        )


class _ConflictsFound(Exception):
    """Fields belong to others, and nothing said that we may take or leave them."""

    def __init__(self, decided: Decided) -> None:
        super().__init__(decided)
        self.decided = decided


def _unchanged(resource: Resource, live: Manifest) -> Change:
    return Change(
        kind=ChangeKind.UNCHANGED,
        ref=resource.ref,
        gvk=resource.gvk,
        origin=resource.origin,
        resource=resource,
        desired=resource.manifest,
        live=live,
        predicted=live,
        uid=_uid(live),
        resource_version=_version(live),
    )


def _uid(live: Manifest) -> str:
    return str(live["metadata"].get("uid", ""))


def _version(live: Manifest) -> str:
    return str(live["metadata"].get("resourceVersion", ""))
