"""Trees with Terraform's and Terragrunt's files, and the program run on them as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Secret enough to be looked for everywhere.
CANARY = "canary-5f1d-bird"

#: Logs what a directory sees of `ktor.tf`, as JSON.
SAY = "import json\nlogger.info('said %s', json.dumps(ktor.tf, sort_keys=True))\n"


def state(**outputs: Any) -> str:
    """Return the text of a state with these outputs; one whose name begins with ``secret`` is sensitive."""
    described = {
        name: {"value": value, "type": _type(value), **({"sensitive": True} if name.startswith("secret") else {})}
        for name, value in outputs.items()
    }
    return json.dumps(
        {
            "version": 4,
            "terraform_version": "1.5.0",
            "serial": 1,
            "lineage": "6a8ef6a1-0b71-4a0c-9a0d-0f2f6a1a7c11",
            "outputs": described,
            "resources": [],
        }
    )


def _type(value: Any) -> Any:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return ["tuple", [_type(item) for item in value]]
        case _:
            return ["object", {name: _type(item) for name, item in value.items()}]


def declaring(*names: str) -> str:
    """Return a configuration that declares outputs."""
    return "".join(f'output "{name}" {{\n  value = "declared"\n}}\n' for name in names)


@dataclass
class Answer:
    """What a run answered: its log as records, and everything as text."""

    code: int
    out: str
    err: str
    records: list[dict[str, Any]] = field(default_factory=list)

    @property
    def said(self) -> list[Any]:
        """What scripts logged with `SAY`, in order."""
        texts = [record["message"] for record in self.records if record["name"] == "kubernator.script"]
        return [json.loads(text.removeprefix("said ")) for text in texts if text.startswith("said ")]

    @property
    def error(self) -> dict[str, Any]:
        """The error that ended the run."""
        assert self.code != 0, self.err
        (found,) = [record for record in self.records if record["level"] in {"ERROR", "CRITICAL"}]
        return found

    @property
    def detail(self) -> str:
        """The lines of the error."""
        return "\n".join(f"{line['label']} {line['text']}" for line in self.error.get("detail", ()))

    @property
    def text(self) -> str:
        """Everything that was printed."""
        return self.out + self.err


class Tree:
    """Files below a directory, with a home, a cache and a `PATH` that are the test's."""

    def __init__(self, tmp_path: Path, path: str) -> None:
        self.root = tmp_path / "tree"
        self.home = tmp_path / "home"
        for each in (self.root, self.home):
            each.mkdir()
        (self.home / "tfrc").touch()
        ours = ("TF_", "TG_", "TERRAGRUNT_", "XDG_", "KUBE", "AWS_")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "KUBECONFIG": str(self.home / "no-kubeconfig"),
            "TF_CLI_CONFIG_FILE": str(self.home / "tfrc"),
            "CHECKPOINT_DISABLE": "1",
            "PATH": path,
        }

    def write(self, files: Mapping[str, str]) -> Tree:
        """Write files."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))
        return self

    def stand_in(self, name: str, script: str) -> Tree:
        """Put a shell script of this name in front of `PATH`."""
        directory = self.home / "bin"
        directory.mkdir(exist_ok=True)
        path = directory / name
        path.write_text(f"#!/bin/sh\n{textwrap.dedent(script)}")
        path.chmod(0o755)
        if not self.environment["PATH"].startswith(str(directory)):
            self.environment["PATH"] = f"{directory}{os.pathsep}{self.environment['PATH']}"
        return self

    def start(self, *args: str, **environment: str) -> subprocess.Popen[str]:
        """Start kubernator on the tree."""
        return subprocess.Popen(
            [sys.executable, "-m", "kubernator", "-p", str(self.root), "--log-format", "json", *args],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *args: str, **environment: str) -> Answer:
        """Run it to its end."""
        with self.start(*args, **environment) as process:
            return ended(process)

    def ok(self, *args: str, **environment: str) -> Answer:
        """Run it to a good end."""
        answer = self.run(*args, **environment)
        assert answer.code == 0, answer.err
        return answer

    def call(self, directory: str, *argv: str | Path, **environment: str) -> str:
        """Run another program in a directory of the tree."""
        done = subprocess.run(
            argv,
            cwd=self.root / directory,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def ended(process: subprocess.Popen[str]) -> Answer:
    """Wait for a process and read its log."""
    out, err = process.communicate()
    records = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    return Answer(process.returncode, out, err, records)
