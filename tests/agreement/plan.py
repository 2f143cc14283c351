"""Which objects are shown: of every kind some that say all there is to say between them, and each change of each type.

A type is used by many kinds, containers by ten of them. Each change of a type is made in `REPEATED` kinds, not in all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from agreement import changing, mutator
from agreement.comparing import Case
from agreement.mutator import changed

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from agreement.mutator import Change
    from kubernator.schema.node import Node

__all__ = ["Base", "Plan", "telling"]

REPEATED: Final = 2


@dataclass(frozen=True, slots=True)
class Base:
    """A right object of a kind, its schema, and what can be done to it."""

    label: str
    manifest: dict[str, Any]
    node: Node
    changes: tuple[Change, ...] = ()

    def case(self, change: Change) -> Case:
        """Return the object with a change."""
        manifest = changed(self.manifest, change)
        return Case(str(change), self.label, manifest, change.path, again=change.again)

    def at(self, manifest: dict[str, Any]) -> Base:
        """Return the same for an object that differs in nothing that is changed."""
        return Base(self.label, manifest, self.node, self.changes)

    @property
    def right(self) -> Case:
        """The object as it is."""
        return Case("as it is", self.label, self.manifest)


def telling(label: str, manifests: Iterable[dict[str, Any]], node: Node, *, softly: bool = False) -> list[Base]:
    """Return those of the objects of one kind that say something which none before says, with their changes.

    ``softly`` makes changes of what is there already, which mostly are right as such.
    """
    made = changing.changes if softly else mutator.changes
    known: set[Hashable] = set()
    found = []
    for manifest in manifests:
        new = {change.whose: change for change in made(manifest, node, whose=label) if change.whose not in known}
        if new:
            known |= new.keys()
            found.append(Base(label, manifest, node, tuple(new.values())))
    return found


@dataclass
class Plan:
    """What is shown of each kind. Made from the kinds in the same order, it is the same every time."""

    seen: Counter[Hashable] = field(default_factory=Counter)
    bases: dict[str, list[Base]] = field(default_factory=dict)

    def add(self, label: str, bases: Iterable[Base]) -> None:
        """Take objects of a kind; changes that were taken often enough are left out."""
        kept = []
        here: set[Hashable] = set()
        for base in bases:
            few = tuple(change for change in base.changes if self.seen[change.whose] < REPEATED)
            here.update(change.whose for change in few)
            kept.append(Base(base.label, base.manifest, base.node, few))
        self.seen.update(here)
        self.bases.setdefault(label, []).extend(kept)

    def cases(self, label: str) -> Iterator[Case]:
        """Yield the objects of a kind."""
        for base in self.bases[label]:
            yield base.right
            for change in base.changes:
                yield base.case(change)
