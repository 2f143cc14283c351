"""The values that bars are about, taken from the figures. Pure.

Each function returns the value and how it reads, or None where it was not measured; some make such a function.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmarks import quoted, tools, validating

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.figures import Figures

__all__ = [
    "Measured",
    "best_floor",
    "cases",
    "change_requests",
    "change_wall",
    "first_line",
    "first_requests",
    "growth",
    "killed",
    "lag",
    "memory",
    "ratio",
    "requests",
    "shown",
    "to_reference",
    "unchanged",
    "undecided",
    "validation",
    "validation_to_kubeconform",
    "validation_to_reading",
    "waiting_requests",
]

Measured = tuple[float, str]
"""A value to compare, and how it reads."""


def shown(value: float) -> str:
    """Return a number with as many digits as say something."""
    if value == 0:
        return "0"
    if abs(value) >= 100:  # noqa: PLR2004 - three digits are enough
        return f"{value:.0f}"
    digits = max(0, 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ratio(
    scenario: str, step: str, value: str, to: str, *, tool: str = tools.OURS
) -> Callable[[Figures], Measured | None]:
    """Return what takes the ratio of two medians of seconds, ours (or another tool's) to a peer's."""

    def measured(figures: Figures) -> Measured | None:
        found = figures.ratio(scenario, step, value, tool=tool, to=to)
        mine, other = (figures.median(scenario, each, step, value) for each in (tool, to))
        if found is None or mine is None or other is None:
            return None
        return found, f"{shown(found)} ({mine:.2f} s to {other:.2f} s)"

    return measured


def best_floor(figures: Figures) -> Measured | None:
    """Compare a first apply without preflight to the bare requests at the concurrency that was best for them."""
    floors = [
        (found, name)
        for name in (tools.FLOOR, tools.FLOOR_8, tools.FLOOR_32)
        if (found := figures.median("1000", name, tools.FIRST, "wall")) is not None
    ]
    mine = figures.median("1000", tools.OURS_BARE, tools.FIRST, "wall")
    if not floors or mine is None:
        return None
    best, name = min(floors)
    return mine / best, f"{shown(mine / best)} ({mine:.2f} s to {best:.2f} s, {name})"


def to_reference(scenario: str, step: str, *, tool: str = tools.OURS) -> Callable[[Figures], Measured | None]:
    """Return what takes the ratio of wall seconds to the reference, by way of kubectl."""

    def measured(figures: Figures) -> Measured | None:
        found = quoted.to_reference(scenario, step, figures.ratio(scenario, step, "wall", tool=tool, to=tools.KUBECTL))
        return None if found is None else (found, f"{shown(found)} (quoted, by way of kubectl)")

    return measured


def memory(scenario: str) -> Callable[[Figures], Measured | None]:
    """Return what takes the most memory that any step needed."""

    def measured(figures: Figures) -> Measured | None:
        found = [
            median
            for step in tools.TOOLS[tools.OURS].steps
            if (median := figures.median(scenario, tools.OURS, step, "megabytes")) is not None
        ]
        return (max(found), f"{max(found):.0f} MB") if found else None

    return measured


def growth(value: str, unit: str) -> Callable[[Figures], Measured | None]:
    """Return what takes how much more an object costs among 10,000 than among 1,000."""

    def measured(figures: Figures) -> Measured | None:
        small, large = (figures.median(each, tools.OURS, tools.UNCHANGED, value) for each in ("1000", "10000"))
        if small is None or large is None:
            return None
        found = large / 10 / small
        return found, f"{shown(found)} ({shown(small)} {unit} to {shown(large)} {unit})"

    return measured


def first_line(figures: Figures) -> Measured | None:
    """Take the seconds until anything was said."""
    found = figures.median("1000", tools.OURS, tools.UNCHANGED, "first")
    return None if found is None else (found, f"{found:.2f} s")


def unchanged(figures: Figures) -> Measured | None:
    """Count what an unchanged run asks beyond discovery and the pages of its kinds."""
    excess, texts = 0, []
    for step in (tools.UNCHANGED, tools.DUMP, tools.DIFF):
        if sent := figures.requests("1000", tools.OURS, step):
            others = sum(count for kind, count in sent.items() if kind not in {"discovery", "list"})
            kinds = figures.requests("1000", tools.FLOOR, tools.UNCHANGED).get("list", sent.get("list", 0))
            excess += others + max(0, sent.get("discovery", 0) - 2) + max(0, sent.get("list", 0) - kinds)
            texts.append(f"{step.removeprefix('unchanged, ')}: {requests(sent)}")
    return (excess, "; ".join(texts)) if texts else None


def first_requests(figures: Figures) -> Measured | None:
    """Count the writes of a first apply beyond one an object, its GETs, and dry runs that were not wanted."""
    objects = figures.requests("1000", tools.FLOOR, tools.FIRST).get("write", 0)
    sent = {tool: figures.requests("1000", tool, tools.FIRST) for tool in (tools.OURS, tools.OURS_BARE)}
    if not objects or not all(sent.values()):
        return None
    excess = sum(max(0, each.get("write", 0) - objects) + each.get("get", 0) for each in sent.values())
    excess += sent[tools.OURS_BARE].get("dry-run", 0)
    return excess, "; ".join(f"{tool}: {requests(each)}" for tool, each in sent.items())


def change_requests(figures: Figures) -> Measured | None:
    """Count what a run with one change asks beyond the unchanged run, a dry run and a write."""
    before, after = (figures.requests("1000", tools.OURS, step) for step in (tools.UNCHANGED, tools.CHANGED))
    if not before or not after:
        return None
    more = {kind: after.get(kind, 0) - before.get(kind, 0) for kind in before | after}
    wanted = {"dry-run": 1, "write": 1}
    excess = sum(max(0, count - wanted.get(kind, 0)) for kind, count in more.items())
    return excess, requests(after)


def change_wall(figures: Figures) -> Measured | None:
    """Take how many milliseconds longer a run with one change takes than the unchanged one."""
    before, after = (figures.median("1000", tools.OURS, step, "wall") for step in (tools.UNCHANGED, tools.CHANGED))
    if before is None or after is None:
        return None
    more = (after - before) * 1000
    return more, f"{more:+.0f} ms ({before:.2f} s to {after:.2f} s)"


def undecided(figures: Figures) -> Measured | None:
    """Take how many of 1,000 real, unchanged objects needed a dry run."""
    sent = figures.requests("manifests", tools.OURS, tools.UNCHANGED)
    objects = figures.about.get("manifests", 0)
    if not sent or not objects:
        return None
    asked = sent.get("dry-run", 0)
    return asked / objects * 1000, f"{asked} of {objects}"


def waiting_requests(figures: Figures) -> Measured | None:
    """Count what was asked again while waiting."""
    for each in figures.waiting:
        if each["tool"] == tools.OURS and each["heard"]:
            return each["polled"], f"{requests(each['requests'])}; watched: {', '.join(each['watched'])}"
    return None


def lag(figures: Figures) -> Measured | None:
    """Take the milliseconds between the server's knowing that an object is there and ours saying so."""
    for each in figures.waiting:
        if each["tool"] == tools.OURS and each["lag"] is not None:
            return each["lag"], f"{each['lag']} ms (at most {each['longest lag']} ms)"
    return None


def killed(figures: Figures) -> Measured | None:
    """Count the writes of the second run beyond what was missing, and what is missing still."""
    for each in figures.killed:
        if each["tool"] == tools.OURS:
            sent = each["requests"].get("write", 0)
            complete = 0 if each["complete"] else each["missing"]
            return max(0, sent - each["missing"]) + complete, f"{sent} writes, {each['missing']} were missing"
    return None


def cases(figures: Figures) -> Measured | None:
    """Count the bad cases that do not pass."""
    ours = [each for each in figures.cases if each["tool"] == tools.OURS]
    failed = [each["case"] for each in ours if not each["passed"]]
    text = f"{len(ours) - len(failed)} of {len(ours)}" + (f"; not: {', '.join(failed)}" if failed else "")
    return (len(failed), text) if ours else None


def validation(figures: Figures) -> Measured | None:
    """Take the processor seconds of validation alone, in a process that compiles its schemas meanwhile."""
    found = figures.validation(validating.PARTS, "first")
    return None if found is None else (found, f"{found:.2f} s")


def validation_to_reading(figures: Figures) -> Measured | None:
    """Compare that to reading the YAML."""
    checking, reading = (figures.validation(validating.PARTS, each) for each in ("first", "reading"))
    if checking is None or not reading:
        return None
    return checking / reading, f"{shown(checking / reading)} ({checking:.2f} s to {reading:.2f} s)"


def validation_to_kubeconform(figures: Figures) -> Measured | None:
    """Compare the processor seconds of whole processes."""
    mine, other = (figures.validation(each, "processor") for each in (validating.OURS, validating.KUBECONFORM))
    if mine is None or not other:
        return None
    return mine / other, f"{shown(mine / other)} ({mine:.2f} s to {other:.2f} s)"


def requests(sent: dict[str, int]) -> str:
    """Return ``2 discovery, 10 list``."""
    return ", ".join(f"{count} {kind}" for kind, count in sent.items()) or "none"
