"""The verb `validate`, and what the other verbs do without a cluster: whole runs, none of which may open a socket."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from kubernator.cli import main as cli

if TYPE_CHECKING:
    from pathlib import Path

_SCRIPT = 'ktor.app.register_plugin("k8s")\n'
_GOOD = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop}
data: {a: b}
"""
_BAD = """
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop}
data:
  a: 1
date: {}
"""
_DANGLING = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
_UNKNOWN = """
apiVersion: apps/v1
kind: Deploymnt
metadata: {name: x, namespace: shop}
"""
_BROKEN = "apiVersion: v1\nkind: [\n"
_RULES = """
rules:
- {name: owned, kinds: [ConfigMap], require: has(object.metadata.labels), message: say who owns it}
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty tree with the plugin `k8s`; no kubeconfig is there."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".kubernator.py").write_text(_SCRIPT)
    return tmp_path / "tree"


def _run(tree: Path, *words: str) -> int:
    return cli.main(["-p", str(tree), "-v", "ERROR", *words])


@pytest.mark.parametrize(
    ("files", "words", "expected"),
    [
        ({"a.yaml": _GOOD}, [], 0),
        ({"a.yaml": _BAD}, [], 3),
        ({"a.yaml": _BROKEN}, [], 3),
        ({"a.yaml": _DANGLING}, [], 0),
        ({"a.yaml": _DANGLING}, ["--strict"], 3),
        ({}, [], 0),
        ({"a.yaml": _GOOD}, ["--kube-version", "1.35"], 0),
        ({"a.yaml": _GOOD}, ["--kube-version", "1.5"], 64),
        ({"a.yaml": _GOOD}, ["--kube-version", "1.35", "--server"], 64),
        ({".kubernator.py": f"{_SCRIPT}raise ValueError('no')\n"}, [], 1),
    ],
)
def test_the_answer_says_how_it_went(tree: Path, files: dict[str, str], words: list[str], expected: int) -> None:
    """0 without errors, 3 with them, another for what kept it from looking."""
    for name, text in files.items():
        (tree / name).write_text(text)
    assert expected == _run(tree, "validate", *words)


def test_everything_is_shown_at_once(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read, a script that fails, a wrong manifest and a dangling reference are told together."""
    (tree / "a.yaml").write_text(_BROKEN)
    (tree / "b.yaml").write_text(_BAD)
    (tree / "c.yaml").write_text(_DANGLING)
    (tree / "below").mkdir()
    (tree / "below" / ".kubernator.py").write_text("raise ValueError('no')\n")
    (tree / "next").mkdir()
    (tree / "next" / "d.yaml").write_text(_UNKNOWN)
    assert _run(tree, "validate") == 1
    out = capsys.readouterr().out
    places = [line.partition(": ")[0] for line in out.splitlines() if ": error: " in line or ": warning: " in line]
    expected = ["a.yaml:3:1", "b.yaml:6:3", "b.yaml:7:1", "below/.kubernator.py:1:1", "c.yaml:5:8", "next/d.yaml:3:1"]
    assert expected == places
    assert "checked 3 objects: 5 errors, 1 warning" in out


def test_findings_are_data(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same findings as JSON, SARIF and JUnit, each in its own form, and to a file."""
    (tree / "a.yaml").write_text(_BAD)
    assert _run(tree, "-o", "json", "validate") == 3
    data = json.loads(capsys.readouterr().out)
    assert data["counts"] == {"errors": 2, "warnings": 0, "notes": 0}
    assert [found["field"].replace("[a]", ".a") for found in data["findings"]] == ["data.a", "date"]
    assert _run(tree, "validate", "-o", "sarif") == 3
    assert len(json.loads(capsys.readouterr().out)["runs"][0]["results"]) == 2
    file = tree.parent / "found.xml"
    assert _run(tree, "validate", "-o", "junit", "-f", str(file)) == 3
    assert capsys.readouterr().out == ""
    assert 'failures="1"' in file.read_text()


@pytest.mark.parametrize("verb", [["validate"], ["dump", "--offline"], ["render"], ["graph", "--kube-version", "1.36"]])
def test_no_verb_without_a_cluster_opens_a_socket(tree: Path, verb: list[str]) -> None:
    """What Python tells of sockets stays silent for the whole run, discovery of a cluster included."""
    (tree / "a.yaml").write_text(_GOOD)
    program = f"""
        import sys
        def hook(event, values):
            if event.startswith("socket."):
                raise SystemExit(f"a socket: {{event}} {{values}}")
        sys.addaudithook(hook)
        from kubernator.cli import main
        raise SystemExit(main.main(["-p", {str(tree)!r}, *{verb!r}]))
        """
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "socket" not in done.stderr) == (0, True)


@pytest.mark.parametrize(
    ("verb", "expected"),
    [("validate", (10, "validate --server")), ("dump --offline", (1, "without `--offline`"))],
)
@pytest.mark.parametrize(
    "line",
    [
        "ktor.k8s.resource({'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'a', 'namespace': 'b'}}).get()",
        "ktor.k8s.import_cluster_crds()",
    ],
)
def test_what_needs_a_cluster_is_told_with_its_line(
    tree: Path, capsys: pytest.CaptureFixture[str], verb: str, expected: tuple[int, str], line: str
) -> None:
    """A script that asks a cluster ends with the line that does, and with what to do."""
    code, hint = expected
    (tree / ".kubernator.py").write_text(f"{_SCRIPT}a = ktor.k8s.server_version\n{line}\n")
    assert code == _run(tree, *verb.split())
    said = capsys.readouterr()
    text = said.out + said.err
    assert ".kubernator.py:3" in text
    assert hint in text


def test_scripts_see_the_chosen_version(tree: Path) -> None:
    """Version and kinds are those of the Kubernetes that was asked for, where there is no cluster."""
    check = "assert ktor.k8s.server_version[:2] == ['1', '35']\nassert 'apps/v1' in ktor.k8s.get_api_versions()\n"
    (tree / ".kubernator.py").write_text(_SCRIPT + check)
    (tree / "a.yaml").write_text(_GOOD)
    assert _run(tree, "validate", "--kube-version", "v1.35.2") == 0


def test_rules_of_a_directory_hold_where_they_are_named(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script names rules for its directory and below, the command line for everything."""
    (tree.parent / "rules").mkdir()
    (tree.parent / "rules" / "a.yaml").write_text(_RULES)
    for name in ("one", "two"):
        (tree / name).mkdir()
        metadata = f"metadata: {{name: {name}, namespace: shop}}"
        (tree / name / "a.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\n{metadata}\n")
    (tree / "one" / ".kubernator.py").write_text(f"ktor.k8s.add_policies({str(tree.parent / 'rules')!r})\n")
    assert _run(tree, "validate") == 3
    out = capsys.readouterr().out
    assert out.startswith("one/a.yaml:1:1: error: say who owns it (policy `owned`)\n")
    assert "checked 2 objects: 1 error\n" in out
    assert _run(tree, "validate", "--policies", str(tree.parent / "rules")) == 3
    assert "checked 2 objects: 2 errors" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "is no directory of policies"),
        ({"rules/a.yaml": "rules: [{name: a}]\n"}, "`rules.0.kinds` of a policy file is missing"),
        ({"rules/a.yaml": "rules: [{name: a, kinds: [Pod], require: 'object.'}]\n"}, "does not compile"),
    ],
)
def test_rules_that_are_wrong_are_told(
    tree: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], expected: str
) -> None:
    """Neither a missing directory nor a broken file passes for no rules."""
    for name, text in files.items():
        (tree.parent / name).parent.mkdir(exist_ok=True)
        (tree.parent / name).write_text(text)
    assert _run(tree, "validate", "--policies", str(tree.parent / "rules")) in {1, 3}
    assert expected in capsys.readouterr().err


def test_dump_without_a_cluster_takes_everything_for_new(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every object is created; nothing is printed of a tree that is wrong."""
    (tree / "a.yaml").write_text(_GOOD)
    assert _run(tree, "-o", "json", "dump", "--offline") == 0
    assert [one["method"] for one in json.loads(capsys.readouterr().out)] == ["create", "create"]
    (tree / "b.yaml").write_text(_BAD.replace("name: a", "name: b"))
    assert _run(tree, "dump", "--offline") == 1
    assert capsys.readouterr().out == ""
    assert _run(tree, "dump", "--kube-version", "1.36") == 2


def test_an_unknown_field_is_refused_whatever_field_validation_says(tree: Path) -> None:
    """The server refuses to apply it in each of its modes."""
    (tree / "a.yaml").write_text(_BAD.replace("a: 1", "a: b"))
    for mode in ("Ignore", "Warn", "Strict"):
        (tree / ".kubernator.py").write_text(f'ktor.app.register_plugin("k8s", field_validation="{mode}")\n')
        assert _run(tree, "validate") == 3


_DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gizmos.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Gizmo, plural: gizmos}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {size: {type: integer}}
            x-kubernetes-validations: [{rule: self.size < 10, message: too large}]
"""
_GIZMO = "apiVersion: example.com/v1\nkind: Gizmo\nmetadata: {name: a, namespace: shop}\nspec: {size: 30}\n"


@pytest.mark.parametrize("where", ["tree", "script"])
def test_kinds_of_definitions_are_known(tree: Path, capsys: pytest.CaptureFixture[str], where: str) -> None:
    """Whether the tree brings a definition or a script loads it only to know the kind, its resources are checked."""
    name = "definition.yaml" if where == "tree" else "definition.crd"
    (tree / name).write_text(_DEFINITION)
    if where == "script":
        (tree / ".kubernator.py").write_text(f"{_SCRIPT}ktor.k8s.load_crds({name!r}, 'yaml')\n")
    (tree / "a.yaml").write_text(_GIZMO)
    assert _run(tree, "validate") == 3
    assert "a.yaml:4:1: error: spec: Invalid value: too large" in capsys.readouterr().out
    (tree / name).unlink()
    (tree / ".kubernator.py").write_text(_SCRIPT)
    assert _run(tree, "validate") == 0
    assert "warning: `example.com/v1/Gizmo` is not known here, so this is not checked" in capsys.readouterr().out
    assert _run(tree, "dump", "--offline") == 0


def test_validators_have_their_say_with_their_severity(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a script's validators yield is shown with the rest: errors, and findings with a severity of their own."""
    script = """
from kubernator.plugin import Diagnostic, Severity

def named(resources, resource, error):
    if resource.kind == "ConfigMap":
        yield error("no `%s` here", resource.name)
        yield Diagnostic(severity=Severity.WARNING, message="think of it")

ktor.k8s.add_validator(named)
"""
    (tree / ".kubernator.py").write_text(_SCRIPT + script)
    (tree / "a.yaml").write_text(_GOOD)
    assert _run(tree, "validate") == 3
    out = capsys.readouterr().out
    assert "a.yaml:6:1: error: no `a` here" in out
    assert "a.yaml:6:1: warning: think of it" in out
    assert "raised in   .kubernator.py:7:1" in out
    assert "found by    named, .kubernator.py:10:1" in out


_CUSTOM = """
apiVersion: example.com/v1
kind: Gizmo
metadata: {name: a, namespace: shop}
"""
_KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: c, context: {cluster: c, user: c}}]
users: [{name: c, user: {}}]
current-context: c
"""


@pytest.mark.parametrize(
    ("kubeconfig", "said"),
    [(_KUBECONFIG, "refuses connections"), ("", "no cluster is configured")],
)
def test_a_cluster_that_does_not_answer_keeps_nothing_else_from_being_told(
    tree: Path, capsys: pytest.CaptureFixture[str], kubeconfig: str, said: str
) -> None:
    """What the schemas of the package tell is told, once with the trouble, and the exit code is that of the trouble."""
    (tree.parent / "none").write_text(kubeconfig)
    (tree / "a.yaml").write_text(f"{_BAD}---{_CUSTOM}---{_DANGLING}")
    assert _run(tree, "-o", "json", "validate") == 3
    offline = json.loads(capsys.readouterr().out)["findings"]
    (tree / "below").mkdir()
    (tree / "below" / ".kubernator.py").write_text("ktor.k8s.import_cluster_crds()\n")
    assert _run(tree, "-o", "json", "validate", "--server") == 10
    found = json.loads(capsys.readouterr().out)["findings"]
    (trouble,) = (each for each in found if said in each["message"])
    assert "the schemas of Kubernetes" in trouble["detail"][-1]["text"]
    (asked,) = (each for each in found if each["message"].startswith("this needs a cluster"))
    assert (asked["at"]["line"], asked["hint"]) == (1, "the finding about the cluster says why")
    assert offline == [each for each in found if each not in (trouble, asked)]


@pytest.mark.parametrize("server", [(), ("--server",)])
def test_a_cache_that_cannot_be_written_costs_a_warning_at_most(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: tuple[str, ...]
) -> None:
    """A cluster is asked all the same; without one nothing is kept in the first place."""
    (tree.parent / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tree.parent / "file"))
    (tree.parent / "none").write_text(_KUBECONFIG)
    (tree / "a.yaml").write_text(_GOOD)
    assert cli.main(["-p", str(tree), "validate", *server]) == (10 if server else 0)
    said = capsys.readouterr().err
    assert said.count("WARNING") == said.count("nothing is kept of what the cluster serves") == len(server)
