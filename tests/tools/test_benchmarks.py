"""The benchmarks run: every tool takes every step, and the page can be made of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import kinds, schemas, tools, tree, validating
from benchmarks.figures import VALUES, Figures

from kubernator.model.gvk import GroupVersionKind

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parents[2]


@pytest.mark.cluster
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


def test_validation_beside_kubeconform(program, tmp_path):
    """Both look at the same tree and find nothing, and the page has what it cost."""
    for name in ("kapp", "kubeconform"):
        program(name)
    argv = ["--objects", "60", "--rounds", "1", "--only", "validate"]
    files = ["--json", tmp_path / "figures.json", "--write", tmp_path / "page.md"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *argv, *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr if done.returncode else "") == (0, "")
    figures = Figures.load((tmp_path / "figures.json").read_text())
    for name in (validating.OURS, validating.KUBECONFORM):
        assert all(figures.validation(name, value) for value in ("wall", "processor", "megabytes"))
    (parts,) = [each for each in figures.validating if each["tool"] == validating.PARTS]
    assert {"objects": 60, "kinds": 30, "findings": 0}.items() <= parts.items()
    assert parts["first"] >= parts["again"] > 0
    page = (tmp_path / "page.md").read_text()
    assert "60 objects of 30 kinds without a mistake" in page
    assert f"| {validating.KUBECONFORM} |" in page


@pytest.mark.parametrize("field", ["speck", "spec"])
def test_kubeconform_goes_by_our_schemas(program, tmp_path, field):
    """It takes what is right, and nothing that has a field too much or one of another type."""
    made = list(kinds.manifests(30))
    gvks = [GroupVersionKind.of(each["apiVersion"], each["kind"]) for each in made]
    schemas.write(tmp_path / "schemas", gvks)
    tree.save(tmp_path / "right.yaml", made)
    tree.save(tmp_path / "wrong.yaml", [{**each, field: "text"} for each in made if "spec" in each])
    argv = [program("kubeconform"), "-strict", "-schema-location", tmp_path / "schemas" / schemas.LOCATION]
    answers = [
        subprocess.run([*argv, tmp_path / name], capture_output=True, text=True, check=False)
        for name in ("right.yaml", "wrong.yaml")
    ]
    assert answers[0].returncode == 0, answers[0].stdout
    assert answers[1].stdout.count("is invalid") == sum("spec" in each for each in made)
