"""The comparison itself: scenarios, rounds, and the tools in turn, each with a control plane of its own."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import latency, measure, tools, workload
from benchmarks.server import fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.figures import Figures
    from benchmarks.server import Server
    from benchmarks.tools import Tool

__all__ = ["MANIFESTS", "TRIP", "Scenario", "compare", "full", "of_size", "quick"]

TRIP: Final = 0.02
"""Seconds of a round trip where there is latency."""

MANIFESTS: Final = "manifests"

#: Steps that leave everything as it is are taken again in a turn, up to so many times and seconds: what is over in half
#: a second swings most with the speed of the machine.
_AGAIN: Final = 5
_ENOUGH: Final = 3.0

_PEERS: Final = (tools.OURS, tools.OURS_BARE, tools.KUBECTL, tools.KAPP, tools.FLOOR)
_EVERYBODY: Final = (*_PEERS, tools.FLOOR_HTTP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is compared. ``objects`` is 0 for real manifests, ``trip`` the seconds of a round trip."""

    name: str
    objects: int
    rounds: int
    tools: Sequence[str] = _EVERYBODY
    trip: float = 0.0


def full() -> list[Scenario]:
    """Return everything that the page shows."""
    return [
        Scenario(name="300", objects=300, rounds=3),
        Scenario(name="1000", objects=1000, rounds=3, tools=(*_EVERYBODY, tools.FLOOR_8, tools.FLOOR_32)),
        Scenario(name="300, 20 ms", objects=300, rounds=3, tools=_PEERS, trip=TRIP),
        Scenario(name=MANIFESTS, objects=0, rounds=2, tools=_PEERS),
        Scenario(name="3000", objects=3000, rounds=1, tools=_PEERS),
        Scenario(name="10000", objects=10000, rounds=1, tools=(tools.OURS, tools.FLOOR)),
    ]


def quick() -> list[Scenario]:
    """Return what takes a few minutes."""
    return [of_size(300, rounds=3, names=_PEERS)]


def of_size(objects: int, *, rounds: int, names: Sequence[str] = _EVERYBODY) -> Scenario:
    """Return one scenario of a size of one's own."""
    return Scenario(name=f"{objects}", objects=objects, rounds=rounds, tools=names)


def compare(
    scenarios: Sequence[Scenario],
    figures: Figures,
    *,
    kapp: Path,
    manifests: Callable[[], list[workload.Manifest]],
    say: Callable[[str], object],
) -> None:
    """Run the scenarios; samples are added to the figures as they come."""
    for scenario in scenarios:
        for number in range(scenario.rounds):
            turn = number % len(scenario.tools)
            for name in [*scenario.tools[turn:], *scenario.tools[:turn]]:
                say(f"{scenario.name}, round {number + 1} of {scenario.rounds}: {name}")
                try:
                    _turn(
                        scenario=scenario,
                        tool=tools.TOOLS[name],
                        number=number,
                        figures=figures,
                        kapp=kapp,
                        manifests=manifests,
                    )
                except measure.TROUBLE as trouble:
                    figures.failures.append(f"{scenario.name}, {name}: {trouble}")
                    say(f"failed: {trouble}")


def _turn(
    *,
    scenario: Scenario,
    tool: Tool,
    number: int,
    figures: Figures,
    kapp: Path,
    manifests: Callable[[], list[workload.Manifest]],
) -> None:
    """Give a tool its turn in a round."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        scratch = Path(directory)
        if scenario.objects:
            load = workload.generated(scratch / "tree", scenario.objects)
        else:
            load = workload.real(scratch / "tree", manifests(), name=scenario.name)
        with fresh(held=load.prepared is None) as server:
            figures.about.setdefault("kubernetes", server.version)
            run = _Run(scenario=scenario, tool=tool, load=load, server=server, kapp=kapp, scratch=scratch)
            run.all(figures, number)


class _Run:
    """One tool in one round: all of its steps against one server."""

    def __init__(
        self, *, scenario: Scenario, tool: Tool, load: workload.Workload, server: Server, kapp: Path, scratch: Path
    ) -> None:
        self.scenario = scenario
        self.tool = tool
        self.load = load
        self.server = server
        self.kapp = kapp
        self.scratch = scratch
        self.home = scratch / "home"
        self.home.mkdir()

    def all(self, figures: Figures, number: int) -> None:
        """Take the steps in their order."""
        if self.load.prepared is not None:
            self._prepare(self.load.prepared)
        self.server.quiet()
        bodies = self.load.bodies(self.server)
        for step in self.tool.steps:
            if step == tools.CHANGED:
                self.load.change()
                bodies = self.load.bodies(self.server, changed=True)
            of = {"scenario": self.scenario.name, "tool": self.tool.name, "step": step, "round": number}
            spent = 0.0
            for _ in range(_AGAIN if step in tools.STILL else 1):
                spent += self._measure(step, bodies, figures, of)
                if spent >= _ENOUGH:
                    break

    def _measure(self, step: str, bodies: Path, figures: Figures, of: dict[str, Any]) -> float:
        """Take a step, add what it cost to the figures, and return its seconds."""
        with contextlib.ExitStack() as stack:
            kubeconfig, address, proxy = self.server.kubeconfig, self.server.address, 0
            seen = {}
            if self.scenario.trip:
                line = stack.enter_context(
                    latency.through(kubeconfig, address, self.scratch, seconds=self.scenario.trip)
                )
                kubeconfig, address, proxy, seen = line.kubeconfig, line.address, line.pid, line.seen
            cost = measure.run(
                self._command(step, self.load.directory, bodies, address),
                server=self.server,
                kubeconfig=kubeconfig,
                home=self.home,
                proxy=proxy,
            )
        figures.samples.append(cost.sample(**of))
        if seen:
            figures.lines.append({**of, **seen})
        return cost.wall

    def _prepare(self, tree: Path) -> None:
        """Have the tool itself make what must be there before, untimed; then let nobody else do anything."""
        bodies = self.load.bodies(self.server, first_only=True)
        measure.run(
            self._command(tools.FIRST, tree, bodies, self.server.address),
            server=self.server,
            kubeconfig=self.server.kubeconfig,
            home=self.home,
        )
        for each in self.load.objects:
            if each["kind"] == "Namespace":  # Pods are refused before its service account is there
                self.server.until(f"/api/v1/namespaces/{each['metadata']['name']}/serviceaccounts/default")
        for path in self.load.defined():
            self.server.until(path)
        self.server.hold()

    def _command(self, step: str, tree: Path, bodies: Path, address: str) -> list[str]:
        job = tools.Job(tree=tree, bodies=bodies, server=self.server, address=address, kapp=self.kapp)
        return self.tool.command(job, step)
