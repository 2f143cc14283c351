"""One run of one command against one server, and all that it cost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import machine, metrics
from benchmarks.figures import VALUES, Sample
from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.server import Server

__all__ = ["TROUBLE", "Cost", "Failed", "alone", "environment", "run"]

PATIENCE: Final = 1200.0
"""Seconds after which a run is given up."""

SETTLE: Final = 0.3
"""Seconds between two runs, in which the server ends what it still does."""

_SPAWN: Final = Path(__file__).with_name("spawn.py")


class Failed(Exception):
    """A command that is timed did not end well."""


TROUBLE: Final = (Failed, OSError, errors.KubernatorError, subprocess.SubprocessError)
"""What ends one measurement and not all of them; `TimeoutError` is an `OSError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run cost: seconds, megabytes, requests by kind. ``noise`` is the part of the machine others used."""

    code: int
    wall: float
    first: float
    processor: float
    megabytes: float
    server: float
    noise: float
    requests: dict[str, int]
    output: str

    def sample(self, **of: Any) -> Sample:
        """Return it as a sample of a scenario, tool, step and round."""
        values = {name: round(getattr(self, name), 4) for name in VALUES}
        return Sample(**of, **values, requests=self.requests)


def run(
    argv: Sequence[str], *, server: Server, kubeconfig: Path, home: Path, accept: Sequence[int] = (0,), proxy: int = 0
) -> Cost:
    """Run a command to its end. ``proxy`` is the process between it and the server. Raises `Failed`."""
    counted = server.counted()
    time.sleep(SETTLE)
    before = _clocks(server, proxy)
    text = _spawned(argv, environment(kubeconfig=kubeconfig, home=home), home)
    after = _clocks(server, proxy)
    found: dict[str, Any] = json.loads(text)
    if found["code"] not in accept:
        raise Failed(f"`{Path(argv[0]).name}` ended with {found['code']}:\n{found['output'][-1500:]}")
    others = (after.busy - before.busy) - (after.ours - before.ours)
    return Cost(
        **found,
        server=round(after.server - before.server, 3),
        noise=round(max(0.0, others / (after.at - before.at) / machine.CORES), 3),
        requests=metrics.by_kind(metrics.difference(counted, server.counted())),
    )


def alone(argv: Sequence[str], *, home: Path, accept: Sequence[int] = (0,)) -> dict[str, float]:
    """Run a command that talks to no server, and return the `VALUES` that it has. Raises `Failed`."""
    begin, busy, own = time.perf_counter(), machine.busy(), _own()
    found: dict[str, Any] = json.loads(_spawned(argv, environment(kubeconfig=home / "none", home=home), home))
    if found["code"] not in accept:
        raise Failed(f"`{Path(argv[0]).name}` ended with {found['code']}:\n{found['output'][-1500:]}")
    others = (machine.busy() - busy) - (_own() - own)
    noise = max(0.0, others / (time.perf_counter() - begin) / machine.CORES)
    return {**{name: round(found[name], 4) for name in VALUES if name in found}, "noise": round(noise, 3)}


def _own() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _spawned(argv: Sequence[str], environ: dict[str, str], home: Path) -> str:
    """Return what `spawn` says; whatever happens, nothing of the command is left behind."""
    command = [sys.executable, "-I", "-S", str(_SPAWN), *argv]
    with subprocess.Popen(  # noqa: S603 - commands of our own
        command, env=environ, cwd=home, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            text, _ = process.communicate(timeout=PATIENCE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise Failed(f"`{Path(argv[0]).name}` could not be run")
    return text


def environment(*, kubeconfig: Path, home: Path) -> dict[str, str]:
    """Return the environment of a tool: a home of its own, and nothing that changes how Python or a tool works."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "XDG_", "KUBE"))}
    return {**kept, "HOME": str(home), "KUBECONFIG": str(kubeconfig), "NO_COLOR": "1"}


@dataclass(frozen=True, slots=True)
class _Clocks:
    """Readings of all clocks at one moment. ``ours`` is what the benchmark, its children and its server used."""

    at: float
    busy: float
    ours: float
    server: float


def _clocks(server: Server, proxy: int) -> _Clocks:
    own = _own()
    between = machine.of_process(proxy) if proxy else 0.0
    with contextlib.suppress(OSError):
        return _Clocks(time.perf_counter(), machine.busy(), own + between + server.all_programs(), server.processor())
    raise RuntimeError("the benchmark reads `/proc`, which this system does not have")
