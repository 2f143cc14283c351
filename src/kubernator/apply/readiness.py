"""How an object stands, by its kind. Pure.

The words and most rules are those of kstatus; `workloads` and `platform` say where they differ. A custom resource
without a status is current, as in kstatus: nothing shows that a controller is going to look at it, and a wait for one
that nobody runs would never end. A rule of the user's says otherwise for a kind (`rules`).

Source: sigs.k8s.io/cli-utils, package ``kstatus/status``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from kubernator.apply import platform, workloads
from kubernator.apply.conditions import (
    condition,
    current,
    failed,
    has,
    in_progress,
    metadata_of,
    outdated,
    reason,
)
from kubernator.model.gvk import GroupKind
from kubernator.model.status import Status, StatusResult

if TYPE_CHECKING:
    from kubernator.model.resource import Manifest

__all__ = ["ANY_GROUP", "RULES", "Rule", "Rules", "status"]

Rule: TypeAlias = "Callable[[Manifest], StatusResult]"
Rules: TypeAlias = Mapping[GroupKind, Rule]

#: The group of a rule for a kind of this name in whatever group.
ANY_GROUP: Final = "*"

#: Conditions that say that an object is as it should be; the first one that is there counts.
_GOOD: Final = ("Ready", "Available", "Succeeded", "Established")


def status(manifest: Manifest, rules: Rules | None = None) -> StatusResult:
    """Return how a live object stands. ``rules`` go before the built-in ones."""
    metadata = metadata_of(manifest)
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    group_kind = GroupKind(group, str(manifest.get("kind", "")))
    if metadata.get("deletionTimestamp"):
        held = ", ".join(f"`{name}`" for name in metadata.get("finalizers") or ())
        since = f"being deleted since {metadata['deletionTimestamp']}"
        return StatusResult(Status.TERMINATING, f"{since}, held by finalizers {held}" if held else since)
    own = (rules.get(group_kind) or rules.get(GroupKind(ANY_GROUP, group_kind.kind))) if rules else None
    if own is not None:
        return own(manifest)
    return outdated(manifest) or RULES.get(group_kind, _generic)(manifest)


def _generic(manifest: Manifest) -> StatusResult:
    """Judge custom resources, and kinds of the server without a rule, by what conditions they have."""
    generation = metadata_of(manifest).get("generation")
    for kind in ("Stalled", "Failed"):
        if has(manifest, kind):
            return failed(reason(condition(manifest, kind)) or kind)
    if has(manifest, "Reconciling"):
        return in_progress(reason(condition(manifest, "Reconciling")) or "Reconciling")
    for kind in _GOOD:
        found = condition(manifest, kind)
        if not found:
            continue
        seen = found.get("observedGeneration")
        if isinstance(seen, int) and isinstance(generation, int) and seen < generation:
            return in_progress(f"condition {kind} is of generation {seen}, now it is {generation}")
        if found.get("status") == "True":
            return current(reason(found))
        return in_progress(f"{kind} is {found.get('status')}: {_why(manifest, found)}".rstrip(": "))
    return current()


def _why(manifest: Manifest, found: Mapping[str, object]) -> str:
    """Return the reason of a condition; some say more in the one that tells whether the spec could be taken over."""
    synced = condition(manifest, "Synced")
    if synced.get("status") == "False" and reason(synced):
        return reason(synced)
    return reason(found)


RULES: Final[Rules] = {**workloads.RULES, **platform.RULES}
