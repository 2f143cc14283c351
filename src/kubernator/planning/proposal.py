"""One resource and what is live -> what is to be done about it.

`Proposer.local` decides without a request; what it leaves open, `Proposer.ask` asks the server by dry runs.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kubernator.errors import ApiError, Conflict, Invalid, NotFound
from kubernator.model.change import Change, ChangeKind, PatchOp
from kubernator.planning import canonical, changes, diff, managed, migrate, policy
from kubernator.planning.patience import WINDOW, patient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.cluster.api import Applied, Cluster, Kind, Kinds
    from kubernator.model.change import FieldConflict
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest, Resource
    from kubernator.planning.migrate import Handover
    from kubernator.planning.observe import Live, Observer

__all__ = ["Proposer"]

_STALE_TRIES: Final = 5


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
            return self._refusal(resource, live, None)
        going = ((live or {}).get("metadata") or {}).get("deletionTimestamp")
        if going:
            return self._going(resource, live or {}, str(going))
        if live is None:
            return None if self._preflight else self._create(resource, kind, predicted=resource.manifest)
        wanted, handover = self._wanted(resource, kind, live)
        open_ = handover is not None or managed.undecided(wanted, live, manager=self._manager, gvk=resource.gvk)
        if open_ or changes.instructed(resource, live):
            return None
        return self._update(resource, live, live, body=None)

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
            return self._refusal(resource, live, None)
        try:
            if live is None:
                return self._ask_create(resource, kind, fresh=fresh)
            return self._ask_update(resource, kind, live, fresh=fresh)
        except ApiError as error:
            gone = isinstance(error, NotFound) and live is not None
            return None if gone or policy.is_stale(error) else self._refusal(resource, error, live)

    def _wanted(self, resource: Resource, kind: Kind, live: Manifest) -> tuple[Manifest, Handover | None]:
        wanted = canonical.wire(resource.manifest, status="status" in kind.subresources)
        own, others = migrate.owned(live, self._manager)
        settled = policy.settle(
            wanted,
            live,
            own=own,
            others=others,
            ignored=policy.Ignored(resource.policy.ignored),
            scalable="scale" in kind.subresources,
            rules=canonical.Rules(resource.gvk),
        )
        handover = migrate.handover(live, settled.manifest, manager=self._manager, released=settled.released)
        return settled.manifest, handover

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
        applied = patient(
            lambda: self._dry_run(
                kind, resource, changes.with_preconditions(body, resource_version=changes.CREATE_ONLY)
            ),
            fresh=fresh,
        )
        predicted = diff.carry(applied.manifest, changes.instructed(resource, applied.manifest))
        return self._create(resource, kind, predicted=predicted, warnings=applied.warnings)

    def _ask_update(self, resource: Resource, kind: Kind, live: Manifest, *, fresh: bool) -> Change:
        wanted, handover = self._wanted(resource, kind, live)
        uid, version = str(live["metadata"].get("uid", "")), str(live["metadata"].get("resourceVersion", ""))
        body = changes.with_preconditions(wanted, uid=uid, resource_version=version)
        preview: Manifest | None = None
        if handover is not None:
            preview = self._cluster.patch(
                kind,
                namespace=resource.ref.namespace,
                name=resource.ref.name,
                body=migrate.preview_body(handover, live, version),
                content_type=changes.JSON_PATCH,
                manager=self._manager,
                dry_run=True,
            ).manifest
        try:
            applied, forced = self._apply(kind, resource, body, live, fresh=fresh)
        except _ConflictsFound as found:
            return self._conflict(resource, live, found.conflicts)
        except Invalid as error:
            if not policy.cannot_change(error.causes):
                raise
            return self._replace(resource, kind, live, error)
        predicted = applied.manifest
        if handover is not None and preview is not None:
            predicted = changes.handed_over(predicted, live, preview, handover)
        if second := changes.instructed(resource, predicted):
            if policy.Ignored(()).strip(diff.patch(live, predicted)):
                predicted = diff.carry(predicted, second)
            else:
                predicted = self._ask_instructions(resource, kind, live, second)
        return self._update(
            resource,
            live,
            predicted,
            body=wanted,
            handover=handover,
            force=forced is not None and (bool(forced) or self._helped(live)),
            conflicts=forced or (),
            warnings=applied.warnings,
            second=second,
        )

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
        self, kind: Kind, resource: Resource, body: Manifest, live: Manifest, *, fresh: bool
    ) -> tuple[Applied, tuple[FieldConflict, ...] | None]:
        """Try an apply; return what it would make, and the conflicts with others if it had to be forced."""
        try:
            return patient(lambda: self._dry_run(kind, resource, body), fresh=fresh), None
        except Conflict as error:
            if not policy.is_conflict(error):
                raise
            found = self._foreign(policy.conflicts(error, live), live)
            if found and not self._force:
                raise _ConflictsFound(found) from error
        return patient(lambda: self._dry_run(kind, resource, body, force=True), fresh=fresh), found

    def _foreign(self, found: Sequence[FieldConflict], live: Manifest) -> tuple[FieldConflict, ...]:
        """Return the conflicts with others: not with what becomes ours, nor with the names we write under ourselves."""
        ours = {self._manager, *policy.helpers(self._manager)} | {
            entry["manager"] for entry in migrate.taken(live, self._manager)
        }
        return tuple(conflict for conflict in found if conflict.manager not in ours)

    def _helped(self, live: Manifest) -> bool:
        names = policy.helpers(self._manager)
        return any(entry["manager"] in names for entry in managed.entries(live))

    def _dry_run(self, kind: Kind, resource: Resource, body: Manifest, *, force: bool = False) -> Applied:
        return self._cluster.apply(
            kind,
            body,
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
        warnings: tuple[str, ...] = (),
        second: tuple[PatchOp, ...] = (),
    ) -> Change:
        ops = policy.Ignored(resource.policy.ignored).strip(diff.patch(live, predicted))
        owns_more = body is not None and not ops and changes.ownership_moves(live, predicted, self._manager)
        unchanged = not ops and not owns_more and handover is None
        return replace(
            Change.of(resource, ChangeKind.UNCHANGED if unchanged else ChangeKind.UPDATE, live=live),
            predicted=predicted,
            patch=ops,
            uid=str(live["metadata"].get("uid", "")),
            resource_version=str(live["metadata"].get("resourceVersion", "")),
            reason="the values stay, their ownership becomes ours" if owns_more or (handover and not ops) else "",
            conflicts=conflicts,
            warnings=warnings,
            take_over=handover.managers if handover else (),
            release=handover.released if handover else (),
            handover=handover.managed_fields if handover else (),
            body=None if unchanged else body,
            force=force,
            instructions=() if unchanged else second,
        )

    def _conflict(self, resource: Resource, live: Manifest, found: tuple[FieldConflict, ...]) -> Change:
        lines = []
        for conflict in found:
            place = resource.place(policy.field_path(conflict.field, resource.manifest))
            since = f" since {conflict.time}" if conflict.time else ""
            lines.append(("conflict", f"`{conflict.field}` belongs to `{conflict.manager}`{since}, ours is at {place}"))
        managers = sorted({conflict.manager for conflict in found})
        fields = "a field" if len(found) == 1 else f"{len(found)} fields"
        return changes.refused(
            resource,
            live=live,
            reason=f"{fields} of this object belong{'s' if len(found) == 1 else ''} to "
            + ", ".join(f"`{manager}`" for manager in managers)
            + f", not to `{self._manager}`",
            detail=tuple(lines),
            hint="leave the field to its owner: drop it from the manifest or ignore it; or take it: --force-conflicts",
            conflicts=found,
        )

    def _replace(self, resource: Resource, kind: Kind, live: Manifest, error: Invalid) -> Change:
        how = policy.propagation(resource) if policy.immutable(error.causes) else None
        if how is None:
            reason, detail = policy.refusal(error, resource)
            return changes.refused(
                resource,
                live=live,
                reason=reason,
                detail=detail,
                hint=f"a field that cannot change differs; `{resource.ref.group_kind}` is not in `immutable_changes`, "
                "so nothing is deleted: change the name, or delete the object yourself",
            )
        body = canonical.wire(resource.manifest, status="status" in kind.subresources)
        try:
            self._cluster.create(
                kind, body, manager=self._manager, dry_run=True, field_validation=resource.policy.field_validation
            )
        except ApiError as answer:
            if not policy.exists_already(answer):
                reason, detail = policy.refusal(answer, resource)
                return changes.refused(
                    resource,
                    live=live,
                    reason=f"a field that cannot change differs, and the replacement is refused: {reason}",
                    detail=detail,
                    hint="the object as it stands is left alone",
                )
        else:
            raise Conflict(error.title, status=409, reason="Conflict")  # gone meanwhile, so it is planned again
        predicted = diff.overlay(live, body)
        return replace(
            Change.of(resource, ChangeKind.REPLACE, live=live),
            predicted=predicted,
            patch=policy.Ignored(resource.policy.ignored).strip(diff.patch(live, predicted)),
            uid=str(live["metadata"].get("uid", "")),
            resource_version=str(live["metadata"].get("resourceVersion", "")),
            propagation=how,
            body=body,
            reason=error.title,
            detail=policy.refusal(error, resource)[1],
        )

    def _going(self, resource: Resource, live: Manifest, since: str) -> Change:
        finalizers = ", ".join(f"`{name}`" for name in live["metadata"].get("finalizers") or ())
        return changes.refused(
            resource,
            live=live,
            reason=f"the object is being deleted since {since}",
            detail=(("finalizers", finalizers),) if finalizers else (),
            hint="run again when it is gone",
        )

    def _refusal(self, resource: Resource, error: ApiError, live: Manifest | None) -> Change:
        reason, detail = policy.refusal(error, resource)
        hint = error.hint
        if isinstance(error, NotFound) and error.details.get("kind") == "namespaces":
            reason = f"namespace `{resource.ref.namespace}` does not exist and is not in the tree"
            hint = f"add a Namespace `{resource.ref.namespace}` to the tree, or create it"
        return changes.refused(resource, live=live, reason=reason, detail=detail, hint=hint)


class _ConflictsFound(Exception):
    """Fields belong to others, and nothing said that we may take them."""

    def __init__(self, conflicts: tuple[FieldConflict, ...]) -> None:
        super().__init__(conflicts)
        self.conflicts = conflicts
