"""References that run in a circle."""

from __future__ import annotations

import random

import pytest

from kubernator.model.ref import ResourceRef
from kubernator.model.reference import Reference, Strength
from kubernator.pipeline import cycles

ADVICE, USUAL, NEEDED, STATED = Strength


def ref(name: str) -> ResourceRef:
    return ResourceRef("", "ConfigMap", "n", name)


def edge(words: str, strength: Strength = USUAL) -> Reference:
    source, target = words.split(">")
    return Reference(ref(source), ref(target), f"needs {target}", strength=strength)


def position(*edges: Reference) -> dict[ResourceRef, int]:
    return {name: at for at, name in enumerate(sorted({name for one in edges for name in (one.source, one.target)}))}


def words(edges) -> list[str]:
    return [f"{one.source.name}>{one.target.name}" for one in edges]


@pytest.mark.parametrize(
    ("edges", "broken", "circles"),
    [
        ([edge("b>a"), edge("c>b")], [], []),
        ([edge("a>b"), edge("b>c")], [], []),
        ([edge("a>b"), edge("b>a")], ["a>b"], [["a>b", "b>a"]]),
        ([edge("a>b", NEEDED), edge("b>a")], ["b>a"], [["b>a", "a>b"]]),
        ([edge("a>b", ADVICE), edge("b>a")], ["a>b"], []),
        ([edge("a>b"), edge("b>a", ADVICE)], ["b>a"], []),
        ([edge("a>b", STATED), edge("b>a", NEEDED)], ["b>a"], [["a>b", "b>a"]]),
        ([edge("a>b", STATED), edge("b>a", ADVICE)], ["b>a"], []),
        ([edge("a>b", STATED), edge("b>a", STATED)], ["a>b"], [["a>b", "b>a"]]),
        ([edge("a>b"), edge("b>c"), edge("c>a"), edge("d>a")], ["a>b", "b>c"], [["a>b", "b>c", "c>a"]]),
        (
            [edge("a>b"), edge("b>a"), edge("c>d", STATED), edge("d>c")],
            ["a>b", "d>c"],
            [["c>d", "d>c"], ["a>b", "b>a"]],
        ),
    ],
)
def test_the_weakest_gives_way(edges, broken, circles):
    """Among equals what goes against the order; circles of advice are not told, those of statements always."""
    found = cycles.break_up(edges, position(*edges))
    assert broken == [f"{source.name}>{target.name}" for source, target in sorted(found.broken)]
    assert circles == [words(circle.references) for circle in found.cycles]
    assert sorted(words(found.kept)) == sorted(set(words(edges)) - set(broken))


def test_a_shortest_circle_is_told():
    """A knot of many references is told by short ways through it."""
    ring = [edge(f"n{at}>n{at + 1}") for at in range(9)] + [edge("n9>n0")]
    found = cycles.break_up([*ring, edge("n5>n0", STATED)], position(*ring))
    (circle,) = found.cycles
    assert circle.stated
    assert words(circle.references) == ["n5>n0", "n0>n1", "n1>n2", "n2>n3", "n3>n4", "n4>n5"]


@pytest.mark.parametrize("seed", range(200))
def test_nothing_runs_in_a_circle_afterwards(seed):
    """Whatever the references, those kept are without circles, the same each time, and stronger than what gave way."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    names = [f"n{at}" for at in range(dice.randint(2, 9))]
    pairs = {tuple(dice.sample(names, 2)) for _ in range(dice.randint(1, 25))}
    edges = [edge(f"{source}>{target}", dice.choice(list(Strength))) for source, target in sorted(pairs)]
    places = {ref(name): at for at, name in enumerate(names)}
    found = cycles.break_up(edges, places)
    assert found == cycles.break_up(edges, places)
    left = list(found.kept)
    while left:
        free = {one.source for one in left}
        rest = [one for one in left if one.target in free]
        assert len(rest) < len(left)
        left = rest
    assert len(found.kept) + len(found.broken) == len(edges)
    for one in edges:
        if (one.source, one.target) in found.broken:
            strong = [other for other in edges if other.strength >= one.strength]
            assert _reachable(one.target, strong, one.source)
    for circle in found.cycles:
        ends = zip(circle.references, [*circle.references[1:], circle.references[0]], strict=True)
        assert all(first.target == second.source for first, second in ends)


def _reachable(start, edges, end) -> bool:
    seen, waiting = set(), [start]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += [one.target for one in edges if one.source == node]
    return end in seen
