"""What a reporter is: something that is told of the plan, of what happens, and of what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kubernator.model.events import Event
    from kubernator.model.outcome import ApplyReport
    from kubernator.model.plan import Plan

__all__ = ["Reporter"]


class Reporter(Protocol):
    """Told of a run as it goes. Events may come from any thread; the other two from the main one."""

    def planned(self, plan: Plan) -> None:
        """Hear what would be done, before anything is."""

    def event(self, event: Event) -> None:
        """Hear what happens."""

    def finished(self, report: ApplyReport) -> None:
        """Hear what was done; also after a failure or an interrupt, for the part that was."""
