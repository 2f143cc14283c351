"""Waiting for what was applied: what is asked meanwhile, and how long after the server a tool knows.

Some Deployments become available one after the other. We watch them ourselves and note when the server says so; the
tool's own words are noted when they come. A proxy in between counts the tool's requests.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from benchmarks import measure, tools
from benchmarks.server import fresh
from kubernator.testing import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.figures import Figures
    from benchmarks.server import Server

__all__ = ["OBJECTS", "after_writes", "available", "kinds_of", "lags", "measure_waiting", "polled", "watched"]

OBJECTS: Final = 8
NAMESPACE: Final = "waiting"
BETWEEN: Final = 0.4
"""Seconds between one Deployment and the next; the first is there after a second."""

_WATCH: Final = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments?watch=true"

#: What a tool says when it knows that one is there.
_SAYS: Final = {
    tools.OURS: re.compile(r"Deployment\S* \S*?\b(web-\d+)\b.* is current|\b(web-\d+)\b.* is current"),
    tools.KAPP: re.compile(r"ok: reconcile deployment/(web-\d+)"),
}


def measure_waiting(figures: Figures, *, kapp: Path, say: Callable[[str], object]) -> None:
    """Let the tools that wait do so, each on a control plane of its own."""
    for name in _SAYS:
        say(f"waiting: {name}")
        with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch, fresh(held=False) as server:
            figures.waiting.append({"tool": name, **_wait(name, server, Path(scratch), kapp)})


def _wait(name: str, server: Server, scratch: Path, kapp: Path) -> dict[str, Any]:
    server.send("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    server.until(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default")
    tree = scratch / "tree"
    tree.mkdir()
    (tree / ".kubernator.py").write_text('ktor.app.register_plugin("k8s")\n')
    (tree / "web.yaml").write_text(yaml.safe_dump_all(map(_deployment, range(OBJECTS))))
    argv = {
        tools.OURS: [*tools.PYTHON_M, "-p", str(tree), "-v", "DEBUG", "apply", "--yes"],
        tools.KAPP: [str(kapp), "deploy", "-y", "-a", "bench", "-n", NAMESPACE, "-f", str(tree)],
    }[name]
    known = _Watch(server)
    with faults.FaultProxy(server.kubeconfig, directory=scratch) as proxy:
        environment = measure.environment(kubeconfig=proxy.kubeconfig, home=scratch)
        said, code = _timed(argv, _SAYS[name], environment, scratch)
        ended = time.monotonic()
        asked = after_writes([(each.method, each.path) for each in proxy.seen])
    known.stop()
    found = lags(known.times, said)
    return {
        "code": code,
        "objects": OBJECTS,
        "requests": kinds_of(asked),
        "watched": watched(asked),
        "polled": polled(asked),
        "heard": len(found),
        "lag": round(statistics.median(found) * 1000) if found else None,
        "longest lag": round(max(found) * 1000) if found else None,
        "end": round((ended - max(known.times.values(), default=ended)) * 1000),
    }


def after_writes(asked: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the requests after the last one that changed a Deployment; a tool may write its own record at the end."""
    writes = [number for number, (method, path) in enumerate(asked) if method != "GET" and "/deployments" in path]
    return list(asked[max(writes, default=-1) + 1 :])


def polled(asked: Sequence[tuple[str, str]]) -> int:
    """Return how many requests asked again what had been asked before, watches of a kind included."""
    paths = Counter(
        path.partition("?")[0] + ("?watch" if "watch=" in path else "") for method, path in asked if method == "GET"
    )
    return sum(count - 1 for count in paths.values())


def kinds_of(asked: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return how many requests of which kind a proxy saw, by method and path."""
    found: Counter[str] = Counter()
    for method, path in asked:
        before, _, query = path.partition("?")
        if method != "GET":
            found["dry-run" if "dryRun=" in query else "write"] += 1
        elif "watch=" in query:
            found["watch"] += 1
        elif len(before.strip("/").split("/")) <= _SHORT or "openapi" in before:
            found["discovery"] += 1
        else:
            found["get" if _NAMED.search(before) else "list"] += 1
    return dict(found)


def watched(asked: Sequence[tuple[str, str]]) -> list[str]:
    """Return which kinds were watched."""
    found = [path.partition("?")[0] for method, path in asked if method == "GET" and "watch=" in path]
    return sorted({path.rpartition("/")[2] for path in found})


_SHORT: Final = 2
_NAMED: Final = re.compile(
    r"^/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/[^/]+/[^/]+/.+|/(?!namespaces/[^/]+/)[^/]+/.+)$"
)


def lags(known: dict[str, float], said: dict[str, float]) -> list[float]:
    """Return for every object that both know how many seconds later the second did."""
    return [said[name] - known[name] for name in sorted(known.keys() & said.keys())]


def _timed(
    argv: Sequence[str], pattern: re.Pattern[str], environment: dict[str, str], home: Path
) -> tuple[dict[str, float], int]:
    """Run a tool; return when it first said of each object that it is there, and its exit code."""
    said: dict[str, float] = {}
    with subprocess.Popen(  # noqa: S603 - a command of our own
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=home
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        for line in process.stdout:
            if match := pattern.search(line):
                said.setdefault(next(filter(None, match.groups())), time.monotonic())
    return said, process.returncode


class _Watch:
    """Watches the Deployments in a thread, and notes when the server has each as available."""

    def __init__(self, server: Server) -> None:
        self.times: dict[str, float] = {}
        self._connection = server.connection()
        self._connection.request("GET", _WATCH)
        self._answer = self._connection.getresponse()
        self._stopped = False
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped = True

    def _follow(self) -> None:
        with closing(self._connection):
            for line in self._answer:
                if self._stopped:
                    return
                found = json.loads(line)["object"]
                if available(found):
                    self.times.setdefault(found["metadata"]["name"], time.monotonic())


def available(deployment: dict[str, Any]) -> bool:
    """Say whether a Deployment has all that was asked for, in its newest form."""
    status, spec = deployment.get("status", {}), deployment["spec"]
    whole = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")]
    seen: int = status.get("observedGeneration", 0)
    return bool(seen >= deployment["metadata"]["generation"] and set(whole) == {spec["replicas"]})


def _deployment(number: int) -> dict[str, Any]:
    name = f"web-{number}"
    ready = f"{int(1000 + number * BETWEEN * 1000)}ms"
    template = {
        "metadata": {"labels": {"app": name}, "annotations": {"sim/ready-after": ready}},
        "spec": {"containers": [{"name": "web", "image": "registry.example.test/web:1"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
    }
