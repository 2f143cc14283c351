"""Trees with twenty mistakes each: one look without a cluster shows all of them, where they are, as the page has it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "mistakes"
PAGE = ROOT / "docs" / "how-to" / "validate.md"
TREES = ["manifests", "chart", "template", "script"]
MARK = "# mistake"
INVALID = 3

Place = tuple[str, int]


@pytest.fixture
def validate(tmp_path: Path, path_of: Any) -> Callable[..., str]:
    """Return something that validates a tree, without a kubeconfig and any cache, and returns what it prints."""

    def run(tree: str, *words: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "XDG_", "HELM_"))}
        done = subprocess.run(
            [sys.executable, "-m", "kubernator", "-p", f"examples/mistakes/{tree}", "validate", *words],
            cwd=ROOT,
            env={**kept, "HOME": str(tmp_path), "PATH": path_of("helm") if tree == "chart" else os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == INVALID, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("tree", TREES)
def test_all_mistakes_are_shown(tree: str, validate: Callable[..., str]) -> None:
    """Twenty lines are marked; a finding is at each, or was asked for there, and there is none anywhere else."""
    marked = set(_marked(EXAMPLES / tree))
    assert len(marked) == 20
    shown = json.loads(validate(tree, "-o", "json"))
    missing, elsewhere = set(marked), []
    for found in shown["findings"]:
        places = [(each["file"], each.get("line", 0)) for each in (found["at"], *found["askedBy"])]
        met = marked.intersection(places)
        missing -= met
        if not met:
            elsewhere.append((places, found["message"]))
    assert (sorted(missing), elsewhere) == ([], [])


@pytest.mark.parametrize("tree", TREES)
def test_the_page_shows_what_is_printed(tree: str, validate: Callable[..., str]) -> None:
    """Word for word."""
    blocks = re.findall(r"^```console\n\$ (.+)\n((?:.*\n)*?)```$", PAGE.read_text(), re.MULTILINE)
    assert dict(blocks)[f"kubernator -p examples/mistakes/{tree} validate"] == validate(tree)


def test_other_formats_have_all_of_it(validate: Callable[..., str]) -> None:
    """SARIF has a result for each finding, JUnit a failure for each object that has an error."""
    found = json.loads(validate("manifests", "-o", "json"))["findings"]
    (run,) = json.loads(validate("manifests", "-o", "sarif"))["runs"]
    assert [each["severity"] for each in found] == [each["level"] for each in run["results"]]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]}
    assert all((ROOT / uri).is_file() for uri in uris)
    wrong = {each["resource"] for each in found if each["severity"] == "error"}
    assert validate("manifests", "-o", "junit").count("<failure") == len(wrong)


def _marked(tree: Path) -> Iterator[Place]:
    """Yield the lines of files that are marked; a file of a chart is named as helm names it, and keeps its lines."""
    for path in filter(Path.is_file, tree.rglob("*")):
        name = str(path.relative_to(tree)).removeprefix("charts/")
        yield from ((name, number) for number in _lines(path.read_text()))


def _lines(text: str) -> Iterator[int]:
    return (number for number, line in enumerate(text.splitlines(), 1) if MARK in line)
