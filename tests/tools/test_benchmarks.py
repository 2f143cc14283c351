"""The benchmarks run: every tool takes every step, and the page can be made of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import tools
from benchmarks.figures import VALUES, Figures

pytestmark = [pytest.mark.tools, pytest.mark.cluster]

ROOT = Path(__file__).parents[2]


def test_a_small_comparison(program, tmp_path):
    """On a small tree each tool does what it is there for, and there is a figure for everything."""
    for name in ("kubectl", "kapp"):
        program(name)
    argv = ["--objects", "20", "--rounds", "1", "--only", "tools", "--only", "killed"]
    files = ["--json", tmp_path / "figures.json", "--write", tmp_path / "page.md"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *argv, *files],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "KUBECONFIG"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr if done.returncode else "") == (0, "")
    figures = Figures.load((tmp_path / "figures.json").read_text())
    assert {name for name in tools.TOOLS if name not in {tools.FLOOR_8, tools.FLOOR_32}} == set(figures.tools("20"))
    for each in figures.samples:
        assert each.step in tools.TOOLS[each.tool].steps
        assert each.requests
        assert all(getattr(each, value) > 0 for value in VALUES if value not in {"noise", "server"})
    assert figures.requests("20", tools.FLOOR, tools.FIRST) == {"discovery": 2, "list": 10, "write": 30}
    assert figures.requests("20", tools.KUBECTL, tools.UNCHANGED)["write"] == 30
    assert figures.requests("20", tools.OURS, tools.UNCHANGED).keys() <= {"discovery", "list", "get"}
    assert {tools.OURS, tools.KUBECTL, tools.KAPP} == {each["tool"] for each in figures.killed if each["complete"]}
    assert "| first apply | Kubernator |" in (tmp_path / "page.md").read_text()
