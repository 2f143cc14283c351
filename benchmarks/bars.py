"""What is to be reached, and whether it is: a table of bars, and functions that take the value from the figures. Pure.

Every value is better the smaller it is. For an exact bar it is how many requests there were too many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks import tools, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.figures import Figures

__all__ = ["BARS", "Bar", "easier"]

_EASY: Final = 0.75
"""A value below this part of its bar says that the bar was too low."""

_ROOM: Final = 1.15
"""How much above what was measured the next bar is proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar. ``key`` names it in ``reasons.toml``; ``value`` returns None where it was not measured.

    A bar below ``least`` would measure nothing but chance.
    """

    key: str
    what: str
    limit: float
    unit: str
    value: Callable[[Figures], values.Measured | None]
    least: float = 0

    @property
    def reads(self) -> str:
        """The bar as text."""
        return "exact" if self.unit == "exact" else f"≤ {self.limit:g}{self.unit}"


def easier(bar: Bar, value: float) -> float | None:
    """Return the next bar to set where one was beaten easily."""
    if bar.unit == "exact" or not bar.limit or value > _EASY * bar.limit or value <= 0:
        return None
    if value * _ROOM < bar.least:
        return bar.least if bar.least < bar.limit else None
    step: float = 10.0 ** (math.floor(math.log10(value)) - 1)
    return round(math.ceil(value * _ROOM / step - 1e-9) * step, 6)


_UNCHANGED: Final = "unchanged, 1,000 objects"
_FIRST: Final = "first apply, 1,000 objects, `--no-preflight`"
_VALIDATE: Final = "validation, 1,000 objects of 30 kinds"
_LATENCY: Final = "20 ms round trip, 300 objects"

BARS: Final = (
    Bar(
        key="unchanged-requests",
        what=f"{_UNCHANGED}: LISTs, 2 discovery requests, nothing else",
        limit=0,
        unit="exact",
        value=values.unchanged,
    ),
    Bar(
        key="undecided",
        what="real manifests, unchanged: not decided locally, of 1,000",
        limit=1,
        unit="",
        value=values.undecided,
    ),
    Bar(
        key="unchanged-wall-floor",
        what=f"{_UNCHANGED}: wall, to the bare requests",
        limit=1.1,
        unit="",
        value=values.ratio("1000", tools.UNCHANGED, "wall", tools.FLOOR),
    ),
    Bar(
        key="unchanged-wall-kubectl",
        what=f"{_UNCHANGED}: wall, to kubectl",
        limit=0.11,
        unit="",
        value=values.ratio("1000", tools.UNCHANGED, "wall", tools.KUBECTL),
    ),
    Bar(
        key="unchanged-wall-kapp",
        what=f"{_UNCHANGED}: wall, to kapp",
        limit=0.12,
        unit="",
        value=values.ratio("1000", tools.UNCHANGED, "wall", tools.KAPP),
    ),
    Bar(
        key="unchanged-wall-reference",
        what=f"{_UNCHANGED}: wall, to the reference",
        limit=0.04,
        unit="",
        value=values.to_reference("1000", tools.UNCHANGED),
    ),
    Bar(
        key="unchanged-client-kubectl",
        what=f"{_UNCHANGED}: client processor time, to kubectl",
        limit=0.35,
        unit="",
        value=values.ratio("1000", tools.UNCHANGED, "processor", tools.KUBECTL),
    ),
    Bar(
        key="unchanged-client-kapp",
        what=f"{_UNCHANGED}: client processor time, to kapp",
        limit=0.1,
        unit="",
        value=values.ratio("1000", tools.UNCHANGED, "processor", tools.KAPP),
    ),
    Bar(
        key="unchanged-server-kubectl",
        what=f"{_UNCHANGED}: server processor time, to kubectl",
        limit=0.03,
        unit="",
        value=values.ratio("1000", tools.UNCHANGED, "server", tools.KUBECTL),
    ),
    Bar(
        key="unchanged-server-kapp",
        what=f"{_UNCHANGED}: server processor time, to kapp",
        limit=0.4,
        unit="",
        value=values.ratio("1000", tools.UNCHANGED, "server", tools.KAPP),
    ),
    Bar(
        key="first-requests",
        what="first apply, 1,000 objects: one write an object, no GET, no dry run with `--no-preflight`",
        limit=0,
        unit="exact",
        value=values.first_requests,
    ),
    Bar(
        key="first-wall-floor",
        what=f"{_FIRST}: wall, to the bare requests at their best concurrency",
        limit=1.15,
        unit="",
        value=values.best_floor,
    ),
    Bar(
        key="first-wall-kubectl",
        what=f"{_FIRST}: wall, to kubectl",
        limit=0.8,
        unit="",
        value=values.ratio("1000", tools.FIRST, "wall", tools.KUBECTL, tool=tools.OURS_BARE),
    ),
    Bar(
        key="first-wall-reference",
        what=f"{_FIRST}: wall, to the reference",
        limit=0.4,
        unit="",
        value=values.to_reference("1000", tools.FIRST, tool=tools.OURS_BARE),
    ),
    Bar(
        key="change-requests",
        what="one change in 1,000: the unchanged run, 1 dry run, 1 write",
        limit=0,
        unit="exact",
        value=values.change_requests,
    ),
    Bar(
        key="change-wall",
        what="one change in 1,000: wall, more than the unchanged run",
        limit=20,
        unit=" ms",
        value=values.change_wall,
        least=10,
    ),
    Bar(
        key="latency-unchanged-kubectl",
        what=f"{_LATENCY}: unchanged, wall, to kubectl",
        limit=0.06,
        unit="",
        value=values.ratio("300, 20 ms", tools.UNCHANGED, "wall", tools.KUBECTL),
    ),
    Bar(
        key="latency-first-kubectl",
        what=f"{_LATENCY}: first apply, wall, to kubectl",
        limit=0.18,
        unit="",
        value=values.ratio("300, 20 ms", tools.FIRST, "wall", tools.KUBECTL),
    ),
    Bar(
        key="latency-unchanged-reference",
        what=f"{_LATENCY}: unchanged, wall, to the reference",
        limit=0.025,
        unit="",
        value=values.to_reference("300, 20 ms", tools.UNCHANGED),
    ),
    Bar(
        key="latency-first-reference",
        what=f"{_LATENCY}: first apply, wall, to the reference",
        limit=0.08,
        unit="",
        value=values.to_reference("300, 20 ms", tools.FIRST),
    ),
    Bar(key="memory-300", what="peak memory, 300 objects", limit=90, unit=" MB", value=values.memory("300")),
    Bar(key="memory-1000", what="peak memory, 1,000 objects", limit=130, unit=" MB", value=values.memory("1000")),
    Bar(key="memory-10000", what="peak memory, 10,000 objects", limit=450, unit=" MB", value=values.memory("10000")),
    Bar(
        key="growth-wall",
        what="unchanged: wall for an object, 10,000 to 1,000",
        limit=1.2,
        unit="",
        value=values.growth("wall", "s"),
    ),
    Bar(
        key="growth-memory",
        what="unchanged: memory for an object, 10,000 to 1,000",
        limit=1.2,
        unit="",
        value=values.growth("megabytes", "MB"),
    ),
    Bar(key="first-line", what="first line of output, 1,000 objects", limit=0.25, unit=" s", value=values.first_line),
    Bar(
        key="waiting-requests",
        what="waiting: one watch a kind, nothing asked twice",
        limit=0,
        unit="exact",
        value=values.waiting_requests,
    ),
    Bar(
        key="waiting-lag",
        what="waiting: `current` is said after the server knows",
        limit=50,
        unit=" ms",
        value=values.lag,
        least=10,
    ),
    Bar(
        key="killed",
        what="killed half way, run again: only what is missing is sent",
        limit=0,
        unit="exact",
        value=values.killed,
    ),
    Bar(
        key="validate-reading",
        what=f"{_VALIDATE}: processor time, to reading their YAML",
        limit=1,
        unit="",
        value=values.validation_to_reading,
    ),
    Bar(
        key="validate-seconds",
        what=f"{_VALIDATE}: processor time, with the compiling of schemas",
        limit=0.5,
        unit=" s",
        value=values.validation,
    ),
    Bar(
        key="validate-kubeconform",
        what=f"{_VALIDATE}: processor time of the process, to kubeconform",
        limit=1.5,
        unit="",
        value=values.validation_to_kubeconform,
    ),
    Bar(key="cases", what="the ten bad cases pass in one run", limit=0, unit="exact", value=values.cases),
)
"""All bars, in the order of the page."""
