"""References that run in a circle: which they are, and which of them give way. Pure.

References are let in from the strongest kind to the weakest, so that it is always the weakest of a circle that gives
way; among equals those that go against the order in which the resources stand.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple

from kubernator.model.reference import Cycle, Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kubernator.model.ref import ResourceRef
    from kubernator.model.reference import Reference

__all__ = ["Acyclic", "break_up"]


class Acyclic(NamedTuple):
    """What is left when every circle is broken, what gave way for that, and the circles of some weight.

    Circles that only advice closes are not told: nothing is lost when it is not heeded.
    """

    kept: tuple[Reference, ...]
    broken: frozenset[tuple[ResourceRef, ResourceRef]]
    cycles: tuple[Cycle, ...]


def break_up(references: Sequence[Reference], position: Mapping[ResourceRef, int]) -> Acyclic:
    """Return references without circles. ``position`` is where each resource stands; one reference for each pair."""
    if all(position[found.target] < position[found.source] for found in references):
        return Acyclic(tuple(references), frozenset(), ())
    kept: list[Reference] = []
    dropped: list[Reference] = []
    for strength in sorted(Strength, reverse=True):
        level = [found for found in references if found.strength is strength]
        backward = [
            found for found in _inside(level, kept, position) if position[found.target] >= position[found.source]
        ]
        level = _without(level, backward)
        rest = _inside(level, kept, position)
        kept += _without(level, rest)
        dropped += [*backward, *rest]
    pairs = frozenset((found.source, found.target) for found in dropped)
    serious = [found for found in references if found.strength is not Strength.ADVICE]
    return Acyclic(
        tuple(found for found in references if (found.source, found.target) not in pairs),
        pairs,
        tuple(_cycles(serious, [found for found in dropped if found.strength is not Strength.ADVICE], position)),
    )


def _without(references: Iterable[Reference], some: Sequence[Reference]) -> list[Reference]:
    gone = {(found.source, found.target) for found in some}
    return [found for found in references if (found.source, found.target) not in gone]


def _inside(level: Sequence[Reference], kept: Sequence[Reference], nodes: Iterable[ResourceRef]) -> list[Reference]:
    """Return which references of a level are part of a circle, together with those kept so far."""
    component = _components([*kept, *level], nodes)
    return [found for found in level if component[found.source] == component[found.target]]


def _cycles(references: Sequence[Reference], dropped: Sequence[Reference], nodes: Iterable[ResourceRef]) -> list[Cycle]:
    """Return a shortest circle for each statement in one, and for each other reference that gave way.

    Where somebody's word is part of a knot, only circles with it are told: the others come undone with it or show then.
    """
    component = _components(references, nodes)
    inside = [found for found in references if component[found.source] == component[found.target]]
    after: dict[ResourceRef, list[Reference]] = defaultdict(list)
    for found in inside:
        after[found.source].append(found)
    stated = [found for found in inside if found.stated]
    knots = {component[found.source] for found in stated}
    closing = [*stated, *(found for found in dropped if component[found.source] not in knots)]
    cycles: dict[frozenset[Reference], Cycle] = {}
    for found in closing:
        circle = (found, *_way(found.target, found.source, after))
        cycles.setdefault(frozenset(circle), Cycle(circle))
    return list(cycles.values())


def _way(start: ResourceRef, end: ResourceRef, after: Mapping[ResourceRef, Sequence[Reference]]) -> list[Reference]:
    """Return a shortest way along references; there is one."""
    came: dict[ResourceRef, Reference] = {}
    waiting = deque([start])
    while end not in came and start != end:
        for found in after[waiting.popleft()]:
            if found.target not in came and found.target != start:
                came[found.target] = found
                waiting.append(found.target)
    way: list[Reference] = []
    place = end
    while place != start:
        way.append(came[place])
        place = came[place].source
    return way[::-1]


def _components(references: Iterable[Reference], nodes: Iterable[ResourceRef]) -> dict[ResourceRef, int]:
    """Return the number of the strongly connected component of each node: Kosaraju's algorithm, without recursion."""
    after: dict[ResourceRef, list[ResourceRef]] = defaultdict(list)
    before: dict[ResourceRef, list[ResourceRef]] = defaultdict(list)
    for found in references:
        after[found.source].append(found.target)
        before[found.target].append(found.source)
    component: dict[ResourceRef, int] = {}
    for number, root in enumerate(reversed(_finished(after, nodes))):
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if node not in component:
                component[node] = number
                waiting += before[node]
    return component


def _finished(after: Mapping[ResourceRef, Sequence[ResourceRef]], nodes: Iterable[ResourceRef]) -> list[ResourceRef]:
    """Return the nodes in the order in which a walk in depth is done with them."""
    seen: set[ResourceRef] = set()
    done: list[ResourceRef] = []
    for root in nodes:
        way = [] if root in seen else [(root, iter(after[root]))]
        seen.add(root)
        while way:
            node, targets = way[-1]
            target = next((each for each in targets if each not in seen), None)
            if target is None:
                done.append(node)
                way.pop()
            else:
                seen.add(target)
                way.append((target, iter(after[target])))
    return done
