"""What is known of sandboxes on this machine: a directory each, with a file that says who looks after it.

The directories stand in the user's state directory, outside the cache: clearing the cache must not pull the ground from
under a control plane that runs. A sandbox whose supervisor is gone is stale; `sweep` ends what is left of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from kubernator import errors
from kubernator.tools import cache, process

__all__ = [
    "State",
    "alive",
    "all_directories",
    "born",
    "directory",
    "end_supervisor",
    "read",
    "remove",
    "root",
    "sweep",
    "write",
]

FILE: Final = "state.json"
NEWBORN: Final = 60.0
"""Seconds for which a directory without a state file is taken for one that is just being made."""

GRACE: Final = 5.0
PAUSE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One sandbox. ``pid`` is its supervisor, ``programs`` are in the order of their start; times are of the epoch.

    ``phase`` is ``starting``, ``ready`` or ``failed``; ``held`` says that it ends with its owner.
    """

    name: str
    version: str
    pid: int
    phase: str
    created: float
    expires: float | None
    held: bool
    server: str = ""
    kubeconfig: str = ""
    failure: str = ""
    programs: dict[str, int] = field(default_factory=dict)


def root() -> Path:
    """Return the directory of all sandboxes; it need not be there."""
    return cache.state_root() / "sandbox"


def directory(name: str) -> Path:
    """Return the directory of one sandbox; it need not be there."""
    return root() / name


def all_directories() -> list[Path]:
    """Return the directories that are there, by name."""
    try:
        return sorted(path for path in root().iterdir() if path.is_dir())
    except FileNotFoundError:
        return []


def write(where: Path, state: State) -> None:
    """Save a state in its directory."""
    cache.write(where / FILE, json.dumps(asdict(state), indent=1))


def read(where: Path) -> State | None:
    """Return the state of a directory, or None if there is none that can be understood."""
    try:
        return State(**json.loads((where / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def alive(where: Path, state: State) -> bool:
    """Say whether the supervisor of a directory is there: it, and not somebody who got its number later."""
    return _is_ours(state.pid, where)


def sweep(where: Path) -> None:
    """End what a supervisor left behind when it died, in reverse order of starting, and remove the directory."""
    state = read(where)
    if state is None:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - where.stat().st_mtime < NEWBORN:
                return
    else:
        for pid in reversed(state.programs.values()):
            _end(pid, where)
    remove(where)


def remove(where: Path) -> None:
    """Remove a directory, and the directories above it if it was the last."""
    shutil.rmtree(where, ignore_errors=True)
    for parent in (root(), cache.state_root()):
        with contextlib.suppress(OSError):
            parent.rmdir()


def end_supervisor(where: Path, state: State, *, patience: float = 60.0) -> bool:
    """Ask a supervisor to stop its sandbox and wait until it is gone; False if it is still there after ``patience``."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGTERM)
    return _gone(state.pid, where, patience)


def _end(pid: int, where: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not _is_ours(pid, where):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
        if _gone(pid, where, GRACE):
            return


def _gone(pid: int, where: Path, patience: float) -> bool:
    limit = time.monotonic() + patience
    while _is_ours(pid, where):
        if time.monotonic() > limit:
            return False
        time.sleep(PAUSE)
    return True


def _is_ours(pid: int, where: Path) -> bool:
    """Say whether a process names the directory in its command line; numbers are given out again."""
    return str(where) in _command_line(pid)


def born(pid: int) -> str:
    """Return what tells a process from a later one of the same number, when it was started; empty if it is gone."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            # after the name, which may hold anything in its parentheses, the 20th word (proc_pid_stat(5): starttime)
            words = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if words[0] == "Z" else words[19]
    return process.run(["ps", "-o", "lstart=", "-p", str(pid)], check=False).stdout.strip()


def _command_line(pid: int) -> str:
    """Return the command line of a process; empty if it is gone, or dead and not buried."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    try:
        return process.run(["ps", "-o", "command=", "-ww", "-p", str(pid)], check=False).stdout
    except errors.ToolError:
        return ""
