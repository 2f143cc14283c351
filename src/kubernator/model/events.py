"""What happens in a run, as it happens. Reporters listen; nothing else depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.model.change import Change
    from kubernator.model.outcome import Outcome
    from kubernator.model.plan import Phase
    from kubernator.model.ref import ResourceRef
    from kubernator.model.status import StatusResult

__all__ = ["ChangeEnded", "ChangeStarted", "Event", "Listener", "PhaseStarted", "StatusSeen", "WaitStarted", "Waiting"]


class PhaseStarted(NamedTuple):
    """A phase of the plan begins."""

    phase: Phase


class ChangeStarted(NamedTuple):
    """A change is being carried out."""

    change: Change


class ChangeEnded(NamedTuple):
    """A change has been carried out, or not."""

    outcome: Outcome


class StatusSeen(NamedTuple):
    """An object we wait for has a new state or a new reason."""

    ref: ResourceRef
    result: StatusResult
    seconds: float


class WaitStarted(NamedTuple):
    """A wait begins; ``before`` says by object what is written only afterwards. Empty at the end of a run."""

    before: Mapping[ResourceRef, str]


class Waiting(NamedTuple):
    """Still waiting: for what, and for how many seconds. Sent now and then so that silence never looks like a hang."""

    pending: tuple[tuple[ResourceRef, StatusResult], ...]
    seconds: float


Event = PhaseStarted | ChangeStarted | ChangeEnded | WaitStarted | StatusSeen | Waiting
Listener: TypeAlias = "Callable[[Event], None]"
