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

__all__ = ["ApplyReport", "Outcome", "OutcomeKind", "RunOutcome"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one change ended, what the server holds now, and why not, if it failed."""

    kind: OutcomeKind
    change: Change
    live: Manifest | None = None
    error: KubernatorError | None = None
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
