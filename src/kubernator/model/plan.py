"""All that a run would do, as data: what is shown is what is carried out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubernator.model.change import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.change import Change, PluginChange
    from kubernator.model.ref import ResourceRef

__all__ = ["Dependency", "Phase", "Plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """``ref`` is written after ``on`` was, with ``wait`` after ``on`` is current; ``reason`` says why, for people.

    ``for_later``: it is waited for the sake of what is written after ``ref``, which itself does not need it.
    """

    ref: ResourceRef
    on: ResourceRef
    reason: str
    wait: bool = False
    for_later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Changes that are carried out side by side as far as ``dependencies`` allow it.

    A dependency is of a change of this phase, on one of this phase or of an earlier one. ``wait`` says that all changes
    must be current before the next phase starts.
    """

    name: str
    changes: tuple[Change, ...]
    wait: bool = False
    dependencies: tuple[Dependency, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Phases in order, what plugins write elsewhere, and what the run cost so far in requests by verb."""

    phases: tuple[Phase, ...] = ()
    plugin_changes: tuple[PluginChange, ...] = ()
    manager: str = "kubernator"
    requests: Mapping[str, int] = field(default_factory=dict)

    @property
    def changes(self) -> Iterator[Change]:
        """Every change, in the order of carrying out."""
        for phase in self.phases:
            yield from phase.changes

    @property
    def summary(self) -> Mapping[ChangeKind, int]:
        """How many changes there are of each kind; kinds that do not occur are 0."""
        counts = Counter(change.kind for change in self.changes)
        return {kind: counts[kind] for kind in ChangeKind}

    @property
    def refused(self) -> list[Change]:
        """What the server, or a rule of ours, does not let us do."""
        return [change for change in self.changes if change.kind is ChangeKind.REFUSED]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write anywhere."""
        return not self.plugin_changes and not any(change.writes for change in self.changes)
