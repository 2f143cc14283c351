"""istioctl, as the plugin uses it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.load import yamldoc
from kubernator.plugin import Origin
from kubernator.plugins.istio.operators import DEFINITION, Operator, kind_of
from kubernator.tools import istioctl, private
from kubernator.tools.cache import Cache, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.resource import Manifest
    from kubernator.plugin import Host
    from kubernator.tools.istioctl import Action, Version
    from kubernator.tools.process import Completed
    from kubernator.tools.tool import Tool

__all__ = ["Program"]

SECONDS: Final = 120.0
INSTALL_SECONDS: Final = 1800.0
"""For an installation with its waits; istioctl gives up each of them after five minutes."""


class Program:
    """Runs istioctl against the cluster of the run."""

    def __init__(self, host: Host, tool: Tool) -> None:
        self._host = host
        self.tool = tool

    @property
    def flags(self) -> list[str]:
        """The flags that say which cluster is meant: one kubeconfig, whatever the run's is made of."""
        kubeconfig: Any = self._host.find("kubeconfig")
        file = kubeconfig.file()
        return [f"--kubeconfig={file}"] if file else []

    @cached_property
    def client(self) -> Version:
        """The version of istioctl, which is the version that it installs."""
        text = istioctl.versions(self._run("version", "--remote=false", "-o", "json").stdout)[0]
        found = istioctl.parse(text)
        if found is None:
            raise errors.ToolError(f"`istioctl` calls its version `{text}`, which is none that can be compared")
        return found

    def versions(self) -> tuple[str, list[str], dict[str, Any]]:
        """Return the client's version, the versions in the mesh, and all that istioctl says of them."""
        return istioctl.versions(self._run("version", "-o", "json", *self.flags).stdout)

    def definitions(self) -> list[Manifest]:
        """Return the definitions that this istioctl installs: its charts are inside it, nothing is fetched.

        Rendering and reading them takes seconds, so they are kept for the next run with the same program.
        """
        program = self.tool.path.stat()
        identity = f"{self.tool.path} {program.st_size} {program.st_mtime_ns} {self.client}"
        kept = Cache().renders / f"istio-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.json"
        with contextlib.suppress(OSError, ValueError):
            found: list[Manifest] = json.loads(kept.read_bytes())
            return found
        only_base = ("--set", "profile=empty", "--set", "components.base.enabled=true")
        said = self._run("manifest", "generate", *only_base).stdout
        made = [found for found in _manifests(said, Origin(path=PurePath("istioctl"))) if kind_of(found) == DEFINITION]
        write(kept, json.dumps(made))
        return made

    def rendered(self, operator: Operator) -> Operator:
        """Return an operator with its manifests. Raises `errors.ToolFailed` when istioctl refuses it."""
        with self._file(operator) as file:
            said = self._run("manifest", "generate", "-f", str(file)).stdout
        return replace(operator, made=tuple(_manifests(said, replace(operator.origin, maker="istioctl"))))

    def precheck(self) -> None:
        """Let istioctl look for what speaks against an installation on this cluster."""
        self._run("x", "precheck", *self.flags, aloud=True)

    def install(self, action: Action, operator: Operator) -> None:
        """Let istioctl try an installation, and then do it."""
        with self._file(operator) as file:
            for dry_run in (True, False):
                words = istioctl.command(action, file, dry_run=dry_run)
                # what the trial says would be taken for the installation
                self._run(*words, *self.flags, aloud=not dry_run, seconds=INSTALL_SECONDS)

    def _run(self, *words: str, aloud: bool = False, seconds: float = SECONDS) -> Completed:
        return self._host.tools.run(
            self.tool,
            *words,
            plugin="istio",
            timeout=seconds,
            log_stdout=aloud,
            stderr_level=istioctl.level if aloud else logging.DEBUG,
        )

    @contextlib.contextmanager
    def _file(self, operator: Operator) -> Iterator[Path]:
        """Hand out a file that only we can read and that goes afterwards: an operator may hold secrets."""
        with private.directory("istio") as directory:
            file = Path(directory) / "operator.yaml"
            file.touch(mode=0o600)
            file.write_text(yamldoc.dump(operator.manifest), encoding="utf-8")
            yield file


def _manifests(said: str, origin: Origin) -> list[Manifest]:
    found = [document.value for document in yamldoc.parse(said, origin=origin, repeated="warn")]
    odd = next((each for each in found if not isinstance(each, dict)), None)
    if odd is not None:
        raise errors.ToolError(
            "`istioctl manifest generate` writes something else than manifests",
            detail=[("it says", str(odd)[:200])],
            hint="is it istioctl?",
        )
    return found
