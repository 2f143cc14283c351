"""Trees of files, and the program run on them as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REGISTER = 'ktor.app.register_plugin("k8s")\n'

#: Nothing of ours may stand in an answer to a mistake of the user's.
UNWANTED = ("Traceback", "has a bug", "/kubernator/run/", "/kubernator/cli/", "a thread failed")

_BLOCK = re.compile(r"^(?=(?:error|warning|note): )", re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """What a run answered."""

    code: int
    out: str
    err: str

    @property
    def blocks(self) -> list[str]:
        """What was said after the log: each finding and the error, with its lines and its hint."""
        return [block.strip() for block in _BLOCK.split(self.err)[1:]]

    def block(self, *parts: str) -> str:
        """Return the one block that holds all parts."""
        found = [block for block in self.blocks if all(part in block for part in parts)]
        assert len(found) == 1, f"{parts!r} in {len(found)} of:\n{self.err}"
        return found[0]

    def failed(self, code: int = 1) -> Ran:
        """Assert an orderly failure: the code, words and no traceback, nothing on stdout."""
        assert code == self.code, self.err
        assert self.blocks, self.err
        assert self.blocks[-1].startswith("error: "), self.err
        assert not [text for text in UNWANTED if text in self.err], self.err
        assert self.out == ""
        return self


def plant(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files and return the directory; a ``.kubernator.py`` registers the k8s plugin where none is given."""
    for name, content in {".kubernator.py": REGISTER, **files}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).lstrip("\n").encode())
    return root


def config(name: str, namespace: str, **data: str) -> str:
    """Return a ConfigMap as YAML."""
    lines = [f"  {key}: {value!r}" for key, value in (data or {"a": "x"}).items()]
    return "\n".join(
        [
            "apiVersion: v1",
            "kind: ConfigMap",
            "metadata:",
            f"  name: {name}",
            f"  namespace: {namespace}",
            "data:",
            *lines,
            "",
        ]
    )


class Program:
    """``kubernator`` as users start it, with a home and a cache of its own."""

    def __init__(self, home: Path, kubeconfig: Path | None) -> None:
        home.mkdir(parents=True, exist_ok=True)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("KUBE", "XDG_")) and not name.lower().endswith("_proxy")
        }
        self.environment = {**inherited, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
        if kubeconfig is not None:
            self.environment["KUBECONFIG"] = str(kubeconfig)

    def start(self, *args: Any, before: tuple[str, ...] = (), **more: Any) -> subprocess.Popen[str]:
        """Start it; ``before`` are the words of a program that starts it in its turn."""
        return subprocess.Popen(
            [*before, sys.executable, "-m", "kubernator", *map(str, args)],
            env={**self.environment, **more.pop("env", {})},
            stdin=subprocess.DEVNULL,
            stdout=more.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            **more,
        )

    def __call__(self, *args: Any, **more: Any) -> Ran:
        """Run it to its end."""
        with self.start(*args, **more) as process:
            return ended(process)


def ended(process: subprocess.Popen[str], *, already: str = "") -> Ran:
    """Wait for a process; ``already`` is what was read of its stderr before."""
    out, err = process.communicate()
    return Ran(process.returncode, out or "", already + err)
