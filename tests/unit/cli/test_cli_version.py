"""``--version`` answers at once, and loads next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import kubernator

HEAVY = {"argparse", "http.client", "jinja2", "json", "logging", "platformdirs", "rich", "ssl", "subprocess", "yaml"}


def test_the_version_is_all_that_is_printed() -> None:
    """The bare version goes to stdout, and the code is 0."""
    done = subprocess.run([sys.executable, "-m", "kubernator", "--version"], capture_output=True, text=True, check=True)
    assert (f"{kubernator.__version__}\n", "") == (done.stdout, done.stderr)


def test_nothing_heavy_is_imported() -> None:
    """Of the package only itself and ``__main__`` are loaded, and of the rest nothing that takes time."""
    code = (
        "import sys; sys.argv = ['kubernator', '--version']; before = set(sys.modules)\n"
        "from kubernator.__main__ import main; main()\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[1].split())
    assert {"kubernator", "kubernator.__main__"} == {name for name in loaded if name.startswith("kubernator")}
    assert not HEAVY & loaded


@pytest.mark.parametrize("words", [["apply", "--version"], ["--vers"], ["--version", "--clear-cache"]])
def test_the_version_is_answered_wherever_the_reference_answers_it(words: list[str]) -> None:
    """Behind a verb, abbreviated, or before what it excludes: the parser answers the same."""
    done = subprocess.run([sys.executable, "-m", "kubernator", *words], capture_output=True, text=True, check=True)
    assert f"{kubernator.__version__}\n" == done.stdout
