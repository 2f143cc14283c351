"""What the second run sends when the first was killed half way."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import measure, tools, workload
from benchmarks.server import fresh
from kubernator.testing import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.figures import Figures
    from benchmarks.server import Server

__all__ = ["measure_killed"]

_PAUSE: Final = 0.002
_STILL: Final = 0.5


def measure_killed(figures: Figures, *, objects: int, kapp: Path, say: Callable[[str], object]) -> None:
    """Kill each tool half way, each on a control plane of its own."""
    for name in (tools.OURS, tools.KUBECTL, tools.KAPP):
        say(f"killed half way: {name}")
        with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch, fresh() as server:
            figures.killed.append({"tool": name, **_killed(name, objects, server, Path(scratch), kapp)})


def _killed(name: str, objects: int, server: Server, scratch: Path, kapp: Path) -> dict[str, Any]:
    home = scratch / "home"
    home.mkdir()
    load = workload.generated(scratch / "tree", objects)
    job = tools.Job(tree=load.directory, bodies=scratch, server=server, address=server.address, kapp=kapp)
    argv = tools.TOOLS[name].command(job, tools.FIRST)
    with faults.FaultProxy(server.kubeconfig, directory=scratch) as proxy:
        environment = measure.environment(kubeconfig=proxy.kubeconfig, home=home)
        devnull = subprocess.DEVNULL
        with subprocess.Popen(argv, stdout=devnull, stderr=devnull, env=environment, cwd=home) as process:  # noqa: S603
            while process.poll() is None and _writes(proxy) < len(load.objects) / 2:
                time.sleep(_PAUSE)
            process.kill()
    there = _there(server, load)
    again = measure.run(argv, server=server, kubeconfig=server.kubeconfig, home=home, accept=range(-64, 256))
    return {
        "objects": len(load.objects),
        "missing": len(load.objects) - there,
        "code": again.code,
        "output": again.output[-1000:] if again.code else "",
        "complete": _there(server, load) == len(load.objects),
        "requests": again.requests,
    }


def _writes(proxy: faults.FaultProxy) -> int:
    return sum(each.method in {"PATCH", "POST"} and "dryRun=" not in each.path for each in list(proxy.seen))


def _there(server: Server, load: workload.Workload) -> int:
    """Return how many objects of a tree are there, once their number stays the same: requests may be under way."""
    plurals = workload.resources(server)
    kinds = {(each["apiVersion"], each["kind"]) for each in load.objects}
    spaces = {each["metadata"].get("namespace", "") for each in load.objects}
    names = {(each["kind"], each["metadata"]["name"]) for each in load.objects}
    before = -1
    while True:
        count = 0
        for version, kind in kinds:
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            found = server.get(f"{root}/{plurals[version, kind][0]}") or {"items": []}
            count += sum(
                each["metadata"].get("namespace", "") in spaces and (kind, each["metadata"]["name"]) in names
                for each in found["items"]
            )
        if count == before:
            return count
        before = count
        time.sleep(_STILL)
