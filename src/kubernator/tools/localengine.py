"""Clusters on this machine: which program makes them, what runs their nodes, and where their files stand."""

from __future__ import annotations

import contextlib
import logging
import re
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.tools import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kubernator.model.origin import Origin
    from kubernator.tools.locate import Programs
    from kubernator.tools.tool import Tool

__all__ = ["CREATE_LIMIT", "PATIENCE", "NoEngine", "Place", "engine", "program", "said_version"]

CREATE_LIMIT: Final = "120s"
"""How long kind and k3d wait for the cluster they make."""

PATIENCE: Final = 60.0
"""Seconds for a question to an engine or a program that only looks."""

_SAID: Final = re.compile(r"\bv?(\d+\.\d+\.\d+\S*)")

_logger = logging.getLogger("kubernator.tools")


class NoEngine(errors.ToolError, RuntimeError):
    """Nothing that could run the nodes of a cluster answers."""


def program(tools: Programs, name: str, version: str | None, *, origin: Origin) -> Tool:
    """Return a program: the version that was asked for, else the one on ``PATH``, else the latest release.

    Raises what `Programs.find` raises.
    """
    if version is not None:
        return tools.find(name, version=version, origin=origin)
    try:
        return tools.find(name)
    except errors.ToolNotFound:
        try:
            latest = tools.latest(name)
        except errors.SourceError as error:
            error.detail.insert(0, ("wanted", f"the latest release, since `{name}` is not on `PATH`"))
            error.hint = f"install `{name}`, or name a `{name}_version`"
            raise
        _logger.info("`%s` is not on `PATH`; taking the latest release, %s", name, latest)
        return tools.find(name, version=latest, origin=origin)


def said_version(tools: Programs, tool: Tool, *args: str, plugin: str) -> str:
    """Return the version of a program, which is asked where it was not chosen. Raises `errors.ToolError`."""
    if tool.version:
        return tool.version
    said = tools.run(tool, *args, plugin=plugin, timeout=PATIENCE, stderr_level=logging.DEBUG).stdout
    if found := _SAID.search(said):
        return found[1]
    raise errors.ToolError(
        f"`{tool.path}` does not say its version",
        detail=[("it said", said.strip()[:200] or "nothing")],
        hint=f"is it {tool.name}?",
    )


def engine(tools: Programs, *probes: tuple[str, ...], plugin: str) -> str:
    """Return the first of several programs that answers its question; each is ``(NAME, ARG …)``.

    Raises `NoEngine` with what each of them said.
    """
    answers: list[tuple[str, str]] = []
    for name, *args in probes:
        try:
            said = tools.run(name, *args, plugin=plugin, timeout=PATIENCE, check=False, stderr_level=logging.DEBUG)
        except errors.ToolError as error:
            answers.append((name, error.title))
            continue
        if said.code == 0:
            return name
        lines = (said.stderr.strip() or said.stdout.strip()).splitlines()
        answers.append((name, lines[-1] if lines else f"`{name} {' '.join(args)}` ended with {said.code}"))
    names = " or ".join(f"`{name}`" for name, *_ in probes)
    raise NoEngine(
        f"the plugin `{plugin}` needs {names}, which {'does' if len(probes) == 1 else 'do'} not answer",
        detail=answers,
        hint="start it, and check that you may use it",
    )


class Place:
    """Where the files of a cluster stand: outside the cache, since what minikube keeps cannot be had again."""

    def __init__(self, plugin: str, *, home: Path | None = None) -> None:
        self.root = cache.private_directory((home or cache.private_directory(cache.state_root())) / plugin)

    def kubeconfig(self, name: str) -> Path:
        """Return the kubeconfig of a cluster, in a directory that only the user may read."""
        directory = cache.private_directory(self.root / ".kube")
        return cache.private_directory(directory / name) / "config"

    def locked(self, name: str) -> contextlib.AbstractContextManager[None]:
        """Hold a cluster against other processes of ours that would bring it up at the same time."""
        waiting = f"waiting for another process that brings up `{name}`"
        return cache.locked(self.kubeconfig(name).with_name("lock"), waiting=lambda: _logger.info("%s", waiting))

    def half_made(self, name: str) -> bool:
        """Say whether making a cluster was begun and never came to its end: we were killed, for instance."""
        return self._mark(name).exists()

    @contextlib.contextmanager
    def making(self, name: str, *, undo: Callable[[], object]) -> Iterator[None]:
        """Make a cluster in a block; when that fails or is interrupted, ``undo`` removes what there is of it."""
        self._mark(name).touch()
        try:
            yield
        except BaseException:
            try:
                undo()
            except errors.ToolError as error:  # the first trouble is the one to tell
                _logger.warning("what there is of `%s` is removed by the next run: %s", name, error)
            else:
                self._mark(name).unlink(missing_ok=True)
            raise
        self._mark(name).unlink(missing_ok=True)

    def _mark(self, name: str) -> Path:
        return self.kubeconfig(name).with_name("making")
