"""What became of the changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.errors import KubernatorError
    from kubernator.model.change import Change, PluginChange
    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Manifest
    from kubernator.model.status import StatusResult

__all__ = ["ApplyReport", "Halfway", "Outcome", "OutcomeKind", "RunOutcome"]


class OutcomeKind(StrEnum):
    """How one change ended. ``skipped`` was not tried because something before it failed or the run was stopped."""

    CREATED = "created"
    UPDATED = "updated"
    REPLACED = "replaced"
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"
    SKIPPED = "skipped"


class Halfway(StrEnum):
    """What was done of a change that takes several writes and did not come to its end.

    ``deleting``: the object that is to be replaced was told to go, and has not been seen to be gone. ``deleted``: it is
    gone, and there is no new one. ``restored``: it was deleted, and made again as it was. ``unknown``: it was deleted,
    and whether there is a new one is not known. ``applied``: the manifest was applied, its merge instructions were not
    carried out. ``handed over``: fields have other owners, no value was set.
    """

    DELETING = "deleting"
    DELETED = "deleted"
    RESTORED = "restored"
    UNKNOWN = "unknown"
    APPLIED = "applied"
    HANDED_OVER = "handed over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one change ended, what the server holds now, and why not, if it failed.

    ``halfway`` says what was written all the same of one that failed or was refused, None where nothing was.
    """

    kind: OutcomeKind
    change: Change
    live: Manifest | None = None
    error: KubernatorError | None = None
    halfway: Halfway | None = None
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """Everything that was done, in plan order; also when the run was stopped half way."""

    outcomes: tuple[Outcome, ...] = ()
    plugin_changes: tuple[PluginChange, ...] = ()
    statuses: Mapping[ResourceRef, StatusResult] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    dry_run: bool = False
    interrupted: bool = False
    waited: bool = False

    @property
    def counts(self) -> Mapping[OutcomeKind, int]:
        """How many changes ended in each way; kinds that do not occur are 0."""
        counts = Counter(outcome.kind for outcome in self.outcomes)
        return {kind: counts[kind] for kind in OutcomeKind}

    @property
    def halfway(self) -> Mapping[Halfway, int]:
        """How many changes were made in part, by how far they came; what does not occur is 0."""
        counts = Counter(outcome.halfway for outcome in self.outcomes)
        return {halfway: counts[halfway] for halfway in Halfway}

    @property
    def failed(self) -> list[Outcome]:
        """Outcomes that are refused or failed."""
        return [found for found in self.outcomes if found.kind in {OutcomeKind.FAILED, OutcomeKind.REFUSED}]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """How a run ended, for the ``end`` stage of plugins."""

    error: BaseException | None = None
    report: ApplyReport | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing went wrong."""
        return self.error is None
