"""What was measured, as data: to a file and back, and the medians that tables are made of. Pure."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from benchmarks import metrics

__all__ = ["VALUES", "Figures", "Sample"]

VALUES: Final = ("wall", "first", "processor", "megabytes", "server", "noise")
"""What a sample has a number for: seconds, but for `megabytes`, and `noise`, which is a part of the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run of one tool. ``first`` is the time to the first byte of output, ``server`` its processor time."""

    scenario: str
    tool: str
    step: str
    round: int
    wall: float
    first: float
    processor: float
    megabytes: float
    server: float
    noise: float
    requests: dict[str, int]


@dataclass(slots=True, kw_only=True)
class Figures:
    """Everything that was measured. ``about`` says where and when, ``failures`` what did not run and why.

    ``lines`` holds what was under way on the line between tool and server, by scenario, tool and step; ``validating``
    the runs of what validates, by tool.
    """

    about: dict[str, Any] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    killed: list[dict[str, Any]] = field(default_factory=list)
    validating: list[dict[str, Any]] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def dump(self) -> str:
        """Return them as JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    def public(self) -> Figures:
        """Return them without what tools said, in which there are paths of a machine."""
        return replace(
            self,
            failures=[each.partition("\n")[0] for each in self.failures],
            killed=[{**each, "output": ""} for each in self.killed],
        )

    @classmethod
    def load(cls, text: str) -> Figures:
        """Return what `dump` returned the text of."""
        found = json.loads(text)
        return cls(**{**found, "samples": [Sample(**each) for each in found["samples"]]})

    def scenarios(self) -> list[str]:
        """Return the names of the scenarios, in the order of measuring."""
        return list(dict.fromkeys(each.scenario for each in self.samples))

    def tools(self, scenario: str) -> list[str]:
        """Return the tools of a scenario by name."""
        return sorted({each.tool for each in self.samples if each.scenario == scenario})

    def of(self, scenario: str, tool: str, step: str) -> list[Sample]:
        """Return the samples of one step of one tool, by round."""
        wanted = (scenario, tool, step)
        return [each for each in self.samples if (each.scenario, each.tool, each.step) == wanted]

    def median(self, scenario: str, tool: str, step: str, value: str) -> float | None:
        """Return the median of one of `VALUES` over the rounds, None where nothing was measured."""
        found = [getattr(each, value) for each in self.of(scenario, tool, step)]
        return statistics.median(found) if found else None

    def ratio(self, scenario: str, step: str, value: str, *, tool: str, to: str) -> float | None:
        """Return the ratio of two medians, None where one is missing or nothing."""
        mine, other = (self.median(scenario, each, step, value) for each in (tool, to))
        return mine / other if mine is not None and other else None

    def requests(self, scenario: str, tool: str, step: str) -> dict[str, int]:
        """Return the requests of the round with the fewest: what the server asks itself besides only adds."""
        found = [each.requests for each in self.of(scenario, tool, step)]
        return min(found, key=metrics.total, default={})

    def validation(self, tool: str, value: str) -> float | None:
        """Return the median of a value over the runs of what validates, None where nothing was measured."""
        found = [each[value] for each in self.validating if each["tool"] == tool]
        return statistics.median(found) if found else None

    def noise(self) -> float:
        """Return the median of the part of the machine that others used."""
        return statistics.median([each.noise for each in self.samples] or [0.0])
