"""Trees as people have them, and what a command line makes of them: one file a case.

A case is a text with the files of a tree, each after a line ``-- path --``. What stands before the first of them says
what the case is about. The last one, ``-- steps --``, is a YAML list of command lines; a step has

* ``run``: the words; ``-p``, ``--log-format json`` and ``--log-file`` are given already
* ``write``, ``remove``: files to write or remove before
* ``code``: the exit code, 0 if nothing is said
* ``said``: every message of the logger ``kubernator.script``, in order
* ``log``: texts that are in the log in this order; ``unlogged``: texts that are not
* ``dump``: what is printed, as data; ``stdout``: the same as text
* ``live``: ``kind/name[@namespace]`` to a part of the object in the cluster, or null for one that is not there

``$NS`` is a name for a namespace that nobody else uses, ``$ROOT`` the tree. Cases in ``cluster/`` need a control plane.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kubernator.cli import main as cli

if TYPE_CHECKING:
    from kubernator.testing.fixtures import Kubectl

HERE = Path(__file__).parent
STEPS = "steps"
KEYS = {"run", "write", "remove", "code", "said", "log", "unlogged", "dump", "stdout", "live"}


def cases(directory: str) -> list[Any]:
    """Return the cases of a directory, as parameters."""
    return [pytest.param(path, id=path.stem) for path in sorted((HERE / directory).glob("*.case"))]


class Case:
    """A tree on disk, and the steps to take in it."""

    def __init__(self, file: Path, root: Path, namespace: str) -> None:
        self.root = root / "tree"
        self.log = root / "log"
        self.names = {"$NS": namespace, "$ROOT": str(self.root)}
        about, *parts = re.split(r"^-- (\S+) --\n", file.read_text(), flags=re.MULTILINE)
        assert about.strip(), "a case says what it is about"
        self.root.mkdir()
        files = dict(zip(parts[::2], parts[1::2], strict=True))
        self.steps: list[dict[str, Any]] = yaml.safe_load(self.filled(files.pop(STEPS)))
        for name, text in files.items():
            self.write(name, text)

    def filled(self, text: str) -> str:
        """Put the names of this test in."""
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def write(self, name: str, text: str) -> None:
        """Write a file of the tree; a name that ends with a slash is a directory."""
        path = self.root / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.filled(text))

    def run(self, step: dict[str, Any], capsys: pytest.CaptureFixture[str], kubectl: Kubectl | None) -> None:
        """Take a step and compare."""
        assert step.keys() <= KEYS
        for name, text in step.get("write", {}).items():
            self.write(name, text)
        for name in step.get("remove", []):
            (self.root / name).unlink()
        capsys.readouterr()
        words = shlex.split(step["run"])
        code = cli.main(["-p", str(self.root), "--log-format", "json", "--log-file", str(self.log), *words])
        out, err = capsys.readouterr()
        records = [json.loads(line) for line in self.log.read_text().splitlines()]
        everything = "\n".join(map(_words, records))
        assert step.get("code", 0) == code, f"{everything}\n{err}"
        if "said" in step:
            said = [record["message"] for record in records if record["name"] == "kubernator.script"]
            assert list(map(str, step["said"])) == said, everything
        self._log(step, everything)
        if "dump" in step:
            assert step["dump"] == yaml.safe_load(out), everything
        if "stdout" in step:
            assert step["stdout"] == out
        for name, expected in step.get("live", {}).items():
            assert kubectl is not None
            check_live(name, expected, kubectl)

    def _log(self, step: dict[str, Any], everything: str) -> None:
        position = 0
        for text in step.get("log", []):
            found = everything.find(text, position)
            assert found >= 0, f"{text!r} is not in\n{everything[position:]}"
            position = found + len(text)
        for text in step.get("unlogged", []):
            assert text not in everything


def _words(record: dict[str, Any]) -> str:
    detail = (f"{line['label']} {line['text']}" for line in record.get("detail", ()))
    return "\n".join([f"{record['level']} {record['name']} {record['message']}", *detail, record.get("hint", "")])


def check_live(name: str, expected: Any, kubectl: Kubectl) -> None:
    """Compare a part of an object in the cluster."""
    name, _, namespace = name.partition("@")
    words = ["get", *name.split("/"), *(["-n", namespace] if namespace else []), "-o", "json", "--show-managed-fields"]
    found = kubectl(*words, check=False)
    if expected is None:
        assert "NotFound" in found.stderr
        return
    assert found.code == 0, found.stderr
    assert expected == part(json.loads(found.stdout), expected)


def part(value: Any, wanted: Any) -> Any:
    """Return of a value what another one speaks of: the keys of its mappings, all the way down."""
    if isinstance(value, dict) and isinstance(wanted, dict):
        return {key: part(value[key], inner) for key, inner in wanted.items() if key in value}
    if isinstance(value, list) and isinstance(wanted, list) and len(value) == len(wanted):
        return [part(one, inner) for one, inner in zip(value, wanted, strict=True)]
    return value


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the cache and the configuration of whoever runs the tests out."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kubeconfig"))


@pytest.mark.parametrize("file", cases("plain"))
def test_a_tree_without_a_cluster(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the case says."""
    case = Case(file, tmp_path, "nowhere")
    for step in case.steps:
        case.run(step, capsys, None)


@pytest.mark.cluster
@pytest.mark.parametrize("file", cases("cluster"))
def test_a_tree_and_a_cluster(  # noqa: PLR0917 - fixtures are asked for by name
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    namespace: str,
    kubeconfig: Path,
    kubectl: Kubectl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the case says."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    case = Case(file, tmp_path, namespace)
    for step in case.steps:
        case.run(step, capsys, kubectl)
