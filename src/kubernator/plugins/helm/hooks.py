"""What a chart's hooks mean where nothing is ever installed, upgraded or deleted by Helm. Pure.

A tree says what is to be there. So what a chart wants done *before* or *after* its objects are written is done in that
turn, by weight, and waited for; it is an object like the others, and only written when it changed. What is for a
deletion, a rollback or ``helm test`` has no occasion here and is left out. Helm 3 and 4 leave ``crd-install`` out
themselves. The reasons are in ``docs/decisions/0006-helm-hooks.md``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from kubernator.model.resource import Manifest

__all__ = ["HOOK", "WEIGHT", "Hook", "Turn", "of"]

HOOK: Final = "helm.sh/hook"
WEIGHT: Final = "helm.sh/hook-weight"

_BEFORE: Final = frozenset({"pre-install", "pre-upgrade"})
_AFTER: Final = frozenset({"post-install", "post-upgrade"})


class Turn(IntEnum):
    """When an object of a release has its turn."""

    BEFORE = -1
    WITH = 0
    AFTER = 1
    NEVER = 2


class Hook(NamedTuple):
    """The turn of an object, and its place among those of that turn. ``events`` is what the chart says."""

    turn: Turn
    weight: int = 0
    events: str = ""


def of(manifest: Manifest) -> Hook:
    """Return when an object has its turn; most are no hooks."""
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict) or not isinstance(said := annotations.get(HOOK), str):
        return Hook(Turn.WITH)
    events = {event.strip().lower() for event in said.split(",")}
    if events & _BEFORE:
        return Hook(Turn.BEFORE, _weight(annotations.get(WEIGHT)), said)
    if events & _AFTER:
        return Hook(Turn.AFTER, _weight(annotations.get(WEIGHT)), said)
    return Hook(Turn.NEVER, 0, said)


def _weight(said: object) -> int:
    """Read a weight as Helm does: what is no number counts as 0."""
    try:
        return int(str(said))
    except ValueError:
        return 0
