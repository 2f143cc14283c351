"""What refers to what, why, and what becomes of it in the order of applying."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kubernator.model.ref import ResourceRef
    from kubernator.model.sourcemap import Path

__all__ = ["Cycle", "Edge", "Fate", "Reference", "Strength"]


class Strength(IntEnum):
    """How much depends on a reference. In a circle the weakest gives way."""

    ADVICE = 0
    """Better so, for instance a limit before what it limits."""
    USUAL = 1
    """Comes right by itself, after some time: a Pod waits for its ConfigMap."""
    NEEDED = 2
    """The server refuses the one without the other, or its controllers remove it."""
    STATED = 3
    """Somebody said so, by an annotation."""


class Reference(NamedTuple):
    """``source`` comes after ``target``, with ``wait`` after ``target`` is current.

    ``for_later``: the source itself could be written at once, only what comes after it needs that wait. ``reason`` is
    for people and says what the source does with the target: "mounts ConfigMap `x`". ``path`` is the field of the
    source that says so, empty where none does. ``optional`` means that the target need not be there.
    """

    source: ResourceRef
    target: ResourceRef
    reason: str
    path: Path = ()
    strength: Strength = Strength.USUAL
    optional: bool = False
    wait: bool = False
    for_later: bool = False

    @property
    def stated(self) -> bool:
        """Whether an annotation says so, and not only we think so."""
        return self.strength is Strength.STATED


class Fate(StrEnum):
    """What becomes of a reference."""

    FOLLOWED = "followed"
    LATER = "not followed: the target is in a later directory"
    BROKEN = "not followed: it would close a circle"


class Edge(NamedTuple):
    """All references from one object to another, the strongest first, and what becomes of them."""

    references: tuple[Reference, ...]
    fate: Fate

    @property
    def source(self) -> ResourceRef:
        """What comes after."""
        return self.references[0].source

    @property
    def target(self) -> ResourceRef:
        """What comes before."""
        return self.references[0].target

    @property
    def reason(self) -> str:
        """All reasons in a row, each once."""
        return "; ".join(dict.fromkeys(reference.reason for reference in self.references))

    @property
    def wait(self) -> bool:
        """Whether the target has to be current, not only written."""
        return any(reference.wait for reference in self.references)


class Cycle(NamedTuple):
    """References that run in a circle, in their order: the target of each is the source of the next."""

    references: tuple[Reference, ...]

    @property
    def stated(self) -> bool:
        """Whether an annotation is part of it, so that it cannot be broken without going against somebody's word."""
        return any(reference.stated for reference in self.references)
