"""The machine: what it is, and how much of it somebody else used while something was timed."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["CORES", "MUCH_NOISE", "busy", "cores_and_python", "of_process", "stat_seconds"]

CORES: Final = os.cpu_count() or 1
MUCH_NOISE: Final = 0.1
"""The part of the machine used by others from which on clocks are not to be trusted."""

_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a reader has to know of the machine; no names."""

    cores: int
    system: str
    python: str


def cores_and_python() -> Description:
    """Return the description of this machine."""
    return Description(
        cores=CORES,
        system=f"{platform.system()} on {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
    )


def busy() -> float:
    """Return the processor seconds used by everybody since the start of the machine, those stolen from it included."""
    return stat_seconds((_PROC / "stat").read_text())


def stat_seconds(text: str) -> float:
    """Return the seconds of ``/proc/stat`` that were not idle (proc(5): user nice system idle iowait irq … steal)."""
    user, nice, system, _idle, _waiting, *rest = map(int, text.split("\n", 1)[0].split()[1:9])
    return (user + nice + system + sum(rest)) * _TICK


def of_process(pid: int) -> float:
    """Return the processor seconds of a process that runs, in steps of a hundredth; 0 if it is gone."""
    try:
        # after the name, which may hold anything: state is the 3rd word, user and system time the 14th and 15th
        words = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) * _TICK
