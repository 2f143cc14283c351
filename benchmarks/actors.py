"""A tool in a case: it has a tree and a namespace of its own, and is told to apply the one."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from benchmarks import measure, tools

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.server import Server

__all__ = ["ENDED_BY_US", "Actor"]

ENDED_BY_US: Final = -9
"""The exit code of a run that did not end."""

Manifest = dict[str, Any]

_REGISTER: Final = 'ktor.app.register_plugin("k8s")\n'
_PATIENCE: Final = 120.0


@dataclass(slots=True, kw_only=True)
class Actor:
    """One tool in one case: it has a tree and a namespace that nobody else has."""

    tool: str
    name: str
    server: Server
    directory: Path
    kapp: Path
    namespace: str = field(init=False)
    output: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.namespace = self.name
        (self.directory / "tree").mkdir(parents=True)
        self.script("")

    @property
    def ours(self) -> bool:
        """Whether it is Kubernator."""
        return self.tool == tools.OURS

    def script(self, text: str) -> None:
        """Give the tree a script; the others do not read it."""
        (self.directory / "tree" / ".kubernator.py").write_text(_REGISTER + text)

    def write(self, file: str, *manifests: Manifest) -> None:
        """Write a file of the tree; without manifests, remove it."""
        path = self.directory / "tree" / file
        if manifests:
            path.write_text(yaml.safe_dump_all(manifests))
        else:
            path.unlink()

    def apply(self, *more: str, wait: bool = False) -> int:
        """Apply the tree, and return the exit code; ``output`` has what was said."""
        tree = str(self.directory / "tree")
        argv = {
            tools.OURS: [*tools.PYTHON_M, "-p", tree, "apply", "--yes", *([] if wait else ["--no-wait"])],
            tools.KUBECTL: [str(self.server.kubectl), "apply", "--server-side", "-R", "-f", tree],
            tools.KAPP: [
                *(str(self.kapp), "deploy", "-y", "-a", self.name, "-n", "default", "-f", tree),
                *([] if wait else ["--wait=false"]),
            ],
        }[self.tool]
        environment = measure.environment(kubeconfig=self.server.kubeconfig, home=self.directory)
        try:
            done = subprocess.run(  # noqa: S603 - a command of our own
                [*argv, *more],
                env=environment,
                cwd=self.directory,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=_PATIENCE,
            )
        except subprocess.TimeoutExpired:
            self.output = "did not end"
            return ENDED_BY_US
        self.output = done.stdout
        return done.returncode

    def map(self, name: str) -> dict[str, str]:
        """Return the data of a ConfigMap, empty if it is not there."""
        found = self.server.get(f"/api/v1/namespaces/{self.namespace}/configmaps/{name}") or {}
        data: dict[str, str] = found.get("data", {})
        return data

    def config_map(self, name: str, **data: str) -> Manifest:
        """Return a ConfigMap of the namespace."""
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
