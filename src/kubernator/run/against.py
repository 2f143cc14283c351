"""A resource against the object that is there: what an apply of ours would have to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kubernator.errors import FieldCause
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.planning import policy, replacing
from kubernator.planning.wanting import Wanting

if TYPE_CHECKING:
    from kubernator.cluster.api import Cluster
    from kubernator.model.resource import Manifest, Resource
    from kubernator.schema.validation import Validation

__all__ = ["Against"]

_STAYS: Final = "leaving it out changes nothing: what cannot change stays as it is"


class Against:
    """Checks resources of which there is an object in a cluster."""

    def __init__(self, cluster: Cluster, validation: Validation, *, manager: str) -> None:
        self._cluster = cluster
        self._validation = validation
        self._wanting = Wanting(cluster, manager=manager)

    def check(self, resource: Resource, live: Manifest) -> list[Diagnostic]:
        """Return what is wrong with a resource beside its live object, without what the manifest takes away from it.

        What it would take away and cannot is given up by an apply (`Wanting.not_let_go`), so that is no error. Then
        everything that is left out is taken for kept.
        """
        kind = self._cluster.kinds().get(resource.gvk)
        if kind is None:
            return self._validation.check(resource, live=live)
        left = self._wanting.left(resource, kind, live)
        found = self._validation.check(resource, live=live, left=left)
        if left is live or replacing.consent(resource) is not None or not any(map(_cannot_change, found)):
            return found
        kept = self._validation.check(resource, live=live)
        known = {(each.field, each.message) for each in kept}
        more = [each for each in found if (each.field, each.message) not in known]
        stays = [replace(each, severity=Severity.WARNING, hint=_STAYS) for each in more if _cannot_change(each)]
        # what is left to the server is said only once
        return [*kept, *stays, *(each for each in more if each.severity is Severity.INFO)]


def _cannot_change(found: Diagnostic) -> bool:
    """Say whether the planner would take the server's words for this as a field that cannot change."""
    forbidden = found.message.startswith("Forbidden")
    reason = "FieldValueForbidden" if forbidden else "FieldValueInvalid"
    cause = FieldCause(reason=reason, message=found.message, field=found.field)
    return found.severity is Severity.ERROR and policy.cannot_change([cause])
