"""The tools that are compared: how each is told to do a step, without waiting for what it applied."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.server import Server

__all__ = [
    "CHANGED",
    "DIFF",
    "DUMP",
    "FIRST",
    "FLOOR",
    "FLOOR_8",
    "FLOOR_32",
    "FLOOR_HTTP",
    "KAPP",
    "KUBECTL",
    "OURS",
    "OURS_BARE",
    "PYTHON_M",
    "STILL",
    "TOOLS",
    "UNCHANGED",
    "Job",
    "Tool",
]

FIRST: Final = "first apply"
UNCHANGED: Final = "unchanged"
CHANGED: Final = "one changed"
DUMP: Final = "unchanged, dump"
DIFF: Final = "unchanged, diff"
#: Steps that write nothing.
STILL: Final = frozenset({UNCHANGED, DUMP, DIFF})

OURS: Final = "Kubernator"
OURS_BARE: Final = "Kubernator, --no-preflight"
KUBECTL: Final = "kubectl apply --server-side"
KAPP: Final = "kapp"
FLOOR: Final = "bare requests"
FLOOR_HTTP: Final = "bare requests, http.client"
FLOOR_8: Final = "bare requests, 8 in flight"
FLOOR_32: Final = "bare requests, 32 in flight"

_HERE: Final = Path(__file__).parent
_PYTHON: Final = sys.executable
PYTHON_M: Final = (_PYTHON, "-m", "kubernator")
"""How ours is started: with this Python, whatever else is on ``PATH``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a tool is to apply, and where to. ``bodies`` are the same objects for the bare requests."""

    tree: Path
    bodies: Path
    server: Server
    address: str
    kapp: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool. ``command`` returns what to run for a step; it is asked for ``steps`` only, in their order."""

    name: str
    command: Callable[[Job, str], list[str]]
    steps: tuple[str, ...] = (FIRST, UNCHANGED, CHANGED)


def _ours(job: Job, step: str) -> list[str]:
    argv = [*PYTHON_M, "-p", str(job.tree)]
    if step == DUMP:
        return [*argv, "-f", "/dev/null", "dump"]
    if step == DIFF:
        return [*argv, "diff"]
    return [*argv, "apply", "--yes", "--no-wait"]


def _kubectl(job: Job, _: str) -> list[str]:
    # it sends in the order of file names; those of namespaces come first
    return [str(job.server.kubectl), "apply", "--server-side", "-R", "-f", str(job.tree)]


def _kapp(job: Job, _: str) -> list[str]:
    return [str(job.kapp), "deploy", "-y", "-a", "bench", "-n", "default", "--wait=false", "-f", str(job.tree)]


def _floor(client: str, in_flight: int) -> Callable[[Job, str], list[str]]:
    def command(job: Job, step: str) -> list[str]:
        words = {FIRST: "first", UNCHANGED: "unchanged", CHANGED: "changed"}
        return [
            *(_PYTHON, "-P", str(_HERE / "floor.py"), "--client", client, "--in-flight", str(in_flight)),
            *("--server", job.address, "--directory", str(job.server.directory)),
            *("--bodies", str(job.bodies), "--step", words[step]),
        ]

    return command


TOOLS: Final = {
    tool.name: tool
    for tool in (
        Tool(name=OURS, command=_ours, steps=(FIRST, UNCHANGED, DUMP, DIFF, CHANGED)),
        Tool(name=OURS_BARE, command=lambda job, step: [*_ours(job, step), "--no-preflight"], steps=(FIRST,)),
        Tool(name=KUBECTL, command=_kubectl),
        Tool(name=KAPP, command=_kapp),
        Tool(name=FLOOR, command=_floor("aiohttp", 16)),
        Tool(name=FLOOR_HTTP, command=_floor("http.client", 16)),
        Tool(name=FLOOR_8, command=_floor("aiohttp", 8), steps=(FIRST,)),
        Tool(name=FLOOR_32, command=_floor("aiohttp", 32), steps=(FIRST,)),
    )
}
"""All of them, by name."""
