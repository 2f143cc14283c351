"""Figures of the reference implementation, quoted: it wants downloads at run time, so it is not run here.

Version 1.0.23, measured beside ``kubectl apply --server-side`` on another day on two cores with the same server. Since
machines differ, a ratio to it is made by way of kubectl: ours to kubectl here, times kubectl to the reference there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from benchmarks import tools

__all__ = ["REFERENCE", "Quoted", "to_reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """Medians of wall seconds of the reference and of kubectl beside it; processor seconds and memory of the former."""

    scenario: str
    step: str
    wall: float
    kubectl: float
    processor: float
    megabytes: float


REFERENCE: Final = (
    Quoted(scenario="300", step=tools.FIRST, wall=6.0, kubectl=2.4, processor=4.0, megabytes=118),
    Quoted(scenario="300", step=tools.UNCHANGED, wall=6.4, kubectl=2.3, processor=3.8, megabytes=118),
    Quoted(scenario="1000", step=tools.FIRST, wall=15.3, kubectl=6.4, processor=6.6, megabytes=121),
    Quoted(scenario="1000", step=tools.UNCHANGED, wall=15.3, kubectl=5.7, processor=7.1, megabytes=121),
    Quoted(scenario="300, 20 ms", step=tools.FIRST, wall=20.8, kubectl=9.3, processor=4.3, megabytes=118),
    Quoted(scenario="300, 20 ms", step=tools.UNCHANGED, wall=21.0, kubectl=9.0, processor=4.5, megabytes=118),
)


def to_reference(scenario: str, step: str, to_kubectl: float | None) -> float | None:
    """Return a ratio to the reference from one to kubectl; None where there is nothing to quote."""
    for each in REFERENCE:
        if (each.scenario, each.step) == (scenario, step) and to_kubectl is not None:
            return to_kubectl * each.kubectl / each.wall
    return None
