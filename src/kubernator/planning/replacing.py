"""Deleting an object and making it anew, because a field differs that cannot change: whether, how, and with what proof.

The proof is a dry-run create under the real name: the server says that the name is taken only when it has nothing else
to say. Three of its answers are corrected: an own node port counts as taken, a full quota does not count what the
delete frees, and an address that another Service has is not noticed at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kubernator.errors import ApiError, Conflict, Forbidden
from kubernator.model.annotations import REPLACE
from kubernator.model.change import Change, ChangeKind
from kubernator.model.gvk import GroupKind
from kubernator.model.resource import NEVER, PropagationPolicy
from kubernator.planning import addresses, canonical, changes, diff, fields, losses, policy, quota

if TYPE_CHECKING:
    from kubernator.cluster.api import Cluster, Kind
    from kubernator.errors import Invalid
    from kubernator.model.resource import Manifest, Resource

__all__ = ["Replacer", "consent"]

_SERVICE: Final = GroupKind("", "Service")
_QUOTA: Final = GroupKind("", "ResourceQuota")


def consent(resource: Resource) -> PropagationPolicy | None:
    """Return how the old object may be deleted, or None where nobody said that it may.

    The object's own annotation goes before the table ``immutable_changes`` of its scope.
    """
    own = resource.policy.replace
    if own:
        return None if own == NEVER else PropagationPolicy(own)
    return resource.policy.immutable_changes.get((resource.ref.group, resource.ref.kind))


class Replacer:
    """Plans replacements."""

    def __init__(self, cluster: Cluster, *, manager: str) -> None:
        self._cluster = cluster
        self._manager = manager

    def propose(self, resource: Resource, kind: Kind, live: Manifest, error: Invalid) -> Change:
        """Return the replacement of an object whose update the server refuses with ``error``, or why there is none.

        Raises `errors.Conflict` when the object went meanwhile, so that it is planned again.
        """
        how = consent(resource)
        if how is None:
            return _without_consent(resource, live, error)
        body = canonical.wire(resource.manifest, status="status" in kind.subresources)
        unproven = self._unproven(resource, kind, body, live)
        if unproven is not None:
            return unproven
        predicted = diff.overlay(live, body)
        lost = losses.lost(live, how)
        return replace(
            Change.of(resource, ChangeKind.REPLACE, live=live),
            predicted=predicted,
            patch=fields.Ignored(resource.policy.ignored).strip(diff.patch(live, predicted)),
            uid=str(live["metadata"].get("uid", "")),
            resource_version=str(live["metadata"].get("resourceVersion", "")),
            propagation=how,
            body=body,
            reason=error.title,
            detail=(*policy.refusal(error, resource)[1], *([("lost", lost)] if lost else ())),
        )

    def _unproven(self, resource: Resource, kind: Kind, body: Manifest, live: Manifest) -> Change | None:
        """Return the refusal of a replacement that the server would not take; None when it would."""
        try:
            self._try(resource, kind, body)
        except ApiError as answer:
            refused = answer if addresses.own_port_taken(answer) else None
            if refused is not None:
                try:
                    self._try(resource, kind, addresses.without_ports_of(body, live))
                except ApiError as second:
                    answer = second
            why = "" if policy.exists_already(answer) else self._quota(answer, kind, body, live)
            if why is not None:
                return self._address_taken(resource, body, live) if not why else _refused(resource, live, why)
            reason, detail = policy.refusal(answer, resource)
            return _refused(resource, live, reason, detail)
        raise Conflict("it went meanwhile", status=409, reason="Conflict")

    def _try(self, resource: Resource, kind: Kind, body: Manifest) -> None:
        self._cluster.create(
            kind, body, manager=self._manager, dry_run=True, field_validation=resource.policy.field_validation
        )

    def _quota(self, answer: ApiError, kind: Kind, body: Manifest, live: Manifest) -> str | None:
        """Return an empty text when only a quota refuses and the delete makes room in it; None for other answers."""
        if not quota.exceeded(answer):
            return None
        quotas = self._cluster.kinds().preferred(_QUOTA)
        if quotas is None:
            return answer.title
        try:
            listing = self._cluster.list(quotas, namespace=str(live["metadata"].get("namespace", "")))
        except Forbidden:
            return f"{answer.title}; whether the delete makes room is not known, since quotas may not be listed"
        return quota.still_exceeded(listing.items, kind, old=live, new=body)

    def _address_taken(self, resource: Resource, body: Manifest, live: Manifest) -> Change | None:
        wanted = addresses.fixed(body) - addresses.fixed(live) if resource.ref.group_kind == _SERVICE else set()
        services = self._cluster.kinds().preferred(_SERVICE)
        if not wanted or services is None:
            return None
        named = ", ".join(f"`{address}`" for address in sorted(wanted))
        try:
            listing = self._cluster.list(services)
        except Forbidden:
            why = f"whether another Service has {named} is not known, since Services may not be listed everywhere"
            return _refused(resource, live, why)
        holder = next((found for found in listing.items if addresses.fixed(found) & wanted), None)
        if holder is None:
            return None
        metadata = holder["metadata"]
        return _refused(
            resource, live, f"Service `{metadata.get('namespace')}/{metadata.get('name')}` has the address {named}"
        )


def _refused(resource: Resource, live: Manifest, why: str, detail: tuple[tuple[str, str], ...] = ()) -> Change:
    return changes.refused(
        resource,
        live=live,
        reason=f"a field that cannot change differs, and the replacement is refused: {why}",
        detail=detail,
        hint="the object as it stands is left alone",
    )


def _without_consent(resource: Resource, live: Manifest, error: Invalid) -> Change:
    reason, detail = policy.refusal(error, resource)
    if resource.policy.replace == NEVER:
        place = resource.place(("metadata", "annotations", REPLACE))
        return changes.refused(
            resource,
            live=live,
            reason=reason,
            detail=(*detail, ("not replaced", f"`{REPLACE}: {NEVER}` at {place}")),
            hint="a field that cannot change differs: change it back, or give the object another name",
        )
    how = losses.advised(live)
    table = f"ktor.k8s.immutable_changes[{(resource.ref.group or None, resource.ref.kind)!r}]"
    lost = losses.lost(live, how)
    return changes.refused(
        resource,
        live=live,
        reason=reason,
        detail=(*detail, *([("would be lost", lost)] if lost else ())),
        hint="a field that cannot change differs: change it back, or give the object another name; to have it deleted "
        f'and made anew, annotate it `{REPLACE}: {how}`, or say `{table} = "{how}"` in a script',
    )
