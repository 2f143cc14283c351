"""A tree of files, walked by a real host; what happened is read off its context, its plugins and a list `seen`."""

from __future__ import annotations

import argparse
import os
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.model.diagnostics import Diagnostics
from kubernator.model.outcome import RunOutcome
from kubernator.redaction import Secrets
from kubernator.run.host import RunHost
from kubernator.run.registry import Registry
from kubernator.run.remote import Remotes
from kubernator.run.walk import walk
from kubernator.tools.cache import Cache
from kubernator.workers import Workers

if TYPE_CHECKING:
    from pathlib import Path


class Tree:
    """Files below a directory, and the run over them. Scripts reach `seen` and `give` through ``ktor.globals``."""

    def __init__(self, root: Path) -> None:
        self.root = root / "tree"
        self.root.mkdir()
        self.seen: list[Any] = []
        self.clusters: list[tuple[str | None, str | None]] = []
        self.diagnostics = Diagnostics()
        self.secrets = Secrets()
        self.remotes = Remotes(Cache(root / "cache"), secrets=self.secrets)
        self.registry = Registry(())
        self.given: dict[str, Any] = {}
        self.host: RunHost

    def write(self, files: dict[str, str]) -> Tree:
        """Write files; a path that ends with ``/`` is a directory; the others' text is dedented."""
        for name, text in files.items():
            path = self.root / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))
        return self

    def scripts(self, scripts: dict[str, str]) -> Tree:
        """Write the scripts of directories."""
        return self.write({f"{directory}/.kubernator.py": text for directory, text in scripts.items()})

    def connect(self, kubeconfig: str | None, context: str | None) -> Any:
        self.clusters.append((kubeconfig, context))
        return self.clusters

    def make(self) -> RunHost:
        self.host = RunHost(
            args=argparse.Namespace(dry_run=True, command="dump"),
            secrets=self.secrets,
            workers=Workers(),
            diagnostics=self.diagnostics,
            connect=self.connect,
            remotes=self.remotes,
            start=self.root,
            registry=self.registry,
        )
        root = self.host.script_ktor(self.host.globals)
        root.seen = Shared(self.seen)
        for name, value in self.given.items():
            setattr(root, name, value)
        return self.host

    def walk(self, *, pre_start: str | None = None) -> RunHost:
        """Register, run the pre-start script, and walk."""
        host = self.make()
        if pre_start is not None:
            file = self.root.parent / "pre.py"
            file.write_text(textwrap.dedent(pre_start))
            host.run_pre_start(file)
        host.register_first()
        walk(host, self.root)
        return host

    def run(self, *, pre_start: str | None = None, error: BaseException | None = None) -> RunHost:
        """Walk, then everything after the walk as the session does it, with nothing to apply."""
        host = self.walk(pre_start=pre_start)
        host.walked()
        host.resources()
        host.freeze()
        host.planned("plan")  # type: ignore[arg-type] - handed through
        host.applied("report")  # type: ignore[arg-type] - handed through
        host.end(RunOutcome(error=error))
        return host

    def relative(self, path: str | os.PathLike[str]) -> str:
        return os.path.relpath(path, self.root)


class Shared:
    """A list that directories share, being no container of Python's."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __call__(self, *values: Any) -> None:
        self.items.append(values[0] if len(values) == 1 else values)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return an empty tree."""
    return Tree(tmp_path)
