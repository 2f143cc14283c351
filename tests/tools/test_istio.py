"""The Istio plugin with the real istioctl, on a control plane of its own: what Istio installs would be in the way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kubernator import sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.sandbox import Held

pytestmark = [pytest.mark.tools, pytest.mark.cluster]

EXAMPLE = Path(__file__).parents[2] / "examples" / "istio"

MESH = """
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: control-plane, namespace: istio-system}
spec:
  profile: minimal
  meshConfig: {accessLogFile: /dev/stdout}
"""


@pytest.fixture(scope="module")
def plane() -> Iterator[Held]:
    """Start a control plane for this module."""
    with sandbox.running(say=print) as held:
        yield held


class Runs:
    """Runs kubernator, and kubectl, with the programs of the test and its cluster."""

    def __init__(self, home: Path, tree: Path, *, path: str, kubeconfig: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "XDG_"))}
        cache = home / "cache"
        self.tree = tree
        self.environment = {**inherited, "HOME": str(home), "XDG_CACHE_HOME": str(cache), "PATH": path}
        self.environment["KUBECONFIG"] = str(kubeconfig)

    def __call__(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            [sys.executable, "-m", "kubernator", "-p", str(self.tree), *words],
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert code == ran.returncode, ran.stderr
        assert "Traceback" not in ran.stderr
        return ran

    def dump(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = yaml.safe_load(self("dump").stdout)
        return found

    def kubectl(self, *words: str) -> str:
        return subprocess.run(
            ["kubectl", *words], env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.tree / name).write_text(textwrap.dedent(text).lstrip("\n"))


@pytest.fixture
def runs(tmp_path: Path, plane: Held, path_of: Any) -> Runs:
    """Plant a tree that registers the plugin."""
    tree = tmp_path / "tree"
    tree.mkdir()
    found = Runs(tmp_path, tree, path=path_of("istioctl", "kubectl"), kubeconfig=plane.kubeconfig)
    (tree / ".kubernator.py").write_text('ktor.app.register_plugin("istio")\n')
    return found


def istio(operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the bodies of what istioctl would do."""
    return [entry["body"] for entry in operations if entry["method"] == "istio"]


def test_an_error_elsewhere_brings_no_false_ones(runs):
    """Kinds that Istio is about to bring are not called unknown because something else is wrong."""
    shutil.copytree(EXAMPLE, runs.tree, dirs_exist_ok=True)
    operator = runs.tree / "mesh" / "control-plane.istio.yaml"
    operator.write_text(operator.read_text().replace("name: control-plane", "name: another"))
    runs.write({"wrong.yaml": "apiVersion: v1\nkind: ConfigMap\n"})
    said = runs("apply", "--yes", code=1).stderr
    assert "wrong.yaml:1" in said
    assert "does not know" not in said


def test_istio_from_nothing_to_changed_to_upgraded(runs, tmp_path):
    """Shown, installed, found unchanged, changed, cut back, and brought to another version."""
    shutil.copytree(EXAMPLE, runs.tree, dirs_exist_ok=True)
    shown = runs.dump()
    assert [entry["method"] for entry in shown] == ["istio", "create", "create"]
    (body,) = istio(shown)
    assert (body["action"], body["installed"]) == ("install", None)
    made = {(entry["body"]["kind"], entry["body"]["metadata"]["name"]) for entry in body["operations"]}
    assert {("Deployment", "istiod"), ("CustomResourceDefinition", "virtualservices.networking.istio.io")} <= made
    assert "istio-system" not in runs.kubectl("get", "namespaces")

    first = runs("apply", "--yes")
    assert "install Istio" in first.stderr
    assert "web" in runs.kubectl("get", "virtualservices", "--namespace", "mesh-shop")
    assert "istiod" in runs.kubectl("get", "deployments", "--namespace", "istio-system")

    assert runs.dump() == []
    again = runs("apply", "--yes")
    assert "is as mesh/control-plane.istio.yaml:2:1, document 1 wants it" in again.stderr
    assert "unchanged 2" in again.stderr

    operator = runs.tree / "mesh" / "control-plane.istio.yaml"
    operator.write_text(operator.read_text().replace("profile: minimal", "profile: default"))
    (body,) = istio(runs.dump())
    assert body["action"] == "install again"
    assert ("create", "istio-ingressgateway") in {
        (entry["method"], entry.get("body", {}).get("metadata", {}).get("name"))
        for entry in body["operations"]
        if entry["method"] == "create"
    }
    runs("apply", "--yes")
    assert "istio-ingressgateway" in runs.kubectl("get", "deployments", "--namespace", "istio-system")
    assert runs.dump() == []

    operator.write_text(operator.read_text().replace("profile: default", "profile: minimal"))
    (body,) = istio(runs.dump())
    gone = {
        (entry["resource"]["kind"], entry["resource"]["name"]) for entry in body["operations"] if "resource" in entry
    }
    assert ("Deployment", "istio-ingressgateway") in gone
    runs("apply", "--yes")
    assert "istio-ingressgateway" not in runs.kubectl("get", "deployments", "--namespace", "istio-system")
    assert runs.dump() == []

    marked = "operator.istio.io/version=1.29.1"
    runs.kubectl("label", "deployment/istiod", marked, "--overwrite", "--namespace", "istio-system")
    (body,) = istio(runs.dump())
    assert (body["action"], body["installed"]) == ("upgrade", "1.29.1")
    runs("apply", "--yes")
    assert runs.dump() == []


def test_what_istioctl_refuses_is_found_with_its_place(runs):
    """A field that Istio does not know, and a manifest of another kind, are reported together; nothing is written."""
    runs.write(
        {
            "bad.istio.yaml": f"{MESH}  unknownField: 1\n",
            "other.istio.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: default}\n",
        }
    )
    said = runs("apply", "--yes", code=1).stderr
    assert "istioctl refuses this operator" in said
    assert "unknownField" in said
    assert "bad.istio.yaml:1" in said
    assert "this is no `install.istio.io/v1alpha1` `IstioOperator`" in said
    assert "other.istio.yaml:1" in said


def test_the_program_is_missing(runs, tmp_path):
    """Without istioctl the error says so, and where it was asked for."""
    runs.environment["PATH"] = str(tmp_path)
    said = runs("dump", code=1).stderr
    assert "istioctl" in said
    assert ".kubernator.py:1" in said


@pytest.mark.parametrize("body", ["echo nonsense", "exit 3", "kill -9 $$"])
def test_a_broken_program_is_told_from_an_answer(runs, tmp_path, path_of, body):
    """A program that prints something else, fails or dies ends the run in words."""
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "istioctl").write_text(f"#!/bin/sh\n{body}\n")
    (broken / "istioctl").chmod(0o755)
    runs.environment["PATH"] = f"{broken}{os.pathsep}{path_of('kubectl')}"
    said = runs("dump", code=1).stderr
    assert "istioctl" in said


def test_scripts_reach_istioctl(runs):
    """Members of the namespace, as scripts of Kubernator 1 use them."""
    runs.write(
        {
            ".kubernator.py": """
        ktor.app.register_plugin("istio")
        client, said = ktor.istio.test()
        assert said["clientVersion"]["version"].startswith(client), said
        assert ktor.istio.stanza()[0] == ktor.istio.istioctl_file
        out = ktor.app.run_capturing_out([*ktor.istio.stanza(), "version", "--remote=false", "-o", "json"], None)
        import json
        assert json.loads(out) == {"clientVersion": said["clientVersion"]}
        assert ktor.istio.default_excludes and "*.istio.yaml" in ktor.k8s.excludes
        """
        }
    )
    assert runs.dump() == []


def test_secrets_of_an_operator_are_not_shown(runs):
    """What is declared secret stays hidden in the plan, also where it is part of what istioctl rendered."""
    canary = "correct-horse-battery-staple"
    runs.write(
        {
            ".kubernator.py": f"""
        ktor.app.register_plugin("istio")
        ktor.token = ktor.app.secret({canary!r})
        """,
            "mesh.istio.yaml": MESH.replace("/dev/stdout", '"/{${ ktor.token }$}"').replace("control-plane", "other"),
        }
    )
    ran = runs("dump", "-v", "TRACE")
    assert canary not in ran.stdout + ran.stderr
    assert json.dumps(canary) not in ran.stdout
    assert istio(yaml.safe_load(ran.stdout))


def pretended(bin_: Path, version: str) -> Path:
    """Write an istioctl that says which version it is, renders one object and records what it is told."""
    bin_.mkdir()
    said = bin_ / "said"
    made = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made, namespace: istio-system}\n"
    (bin_ / "istioctl").write_text(
        f"""#!/bin/sh
        echo "$@" | sed -e 's/ --kubeconfig=[^ ]*//' -e 's/-f [^ ]*/-f FILE/' >> {said}
        case "$1 $2" in
            version*) echo '{{"clientVersion": {{"version": "{version}"}}}}' ;;
            "manifest generate") printf '{made}' ;;
        esac
        """
    )
    (bin_ / "istioctl").chmod(0o755)
    said.touch()
    return said


@pytest.mark.contract
def test_versions_before_1_24_go_by_their_operator(runs, tmp_path, path_of, namespace):
    """No such istioctl is to be had: what it is told is all that can be seen of it."""
    said = pretended(tmp_path / "bin", "1.23.4")
    runs.environment["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{path_of('kubectl')}"
    runs.write({"mesh.istio.yaml": MESH.replace("namespace: istio-system", f"namespace: {namespace}")})
    runs.kubectl("delete", "deployments", "--all", "--namespace", "istio-system", "--ignore-not-found")
    (body,) = istio(runs.dump())
    assert body["action"] == "operator init"
    assert "operator init" not in said.read_text()
    runs("apply", "--yes")
    told = [line for line in said.read_text().splitlines() if line.startswith(("x ", "operator "))]
    assert told == ["x precheck", "operator init -f FILE --dry-run", "operator init -f FILE"]
    found = json.loads(runs.kubectl("get", "namespace", namespace, "--output", "json"))
    assert found["metadata"]["labels"]["istio-injection"] == "disabled"


@pytest.mark.contract
def test_there_is_no_way_back_behind_1_24(runs, tmp_path, path_of):
    """A mesh without operator is not given one; nothing is written."""
    said = pretended(tmp_path / "bin", "1.23.4")
    runs.environment["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{path_of('kubectl')}"
    script = tmp_path / "bin" / "istioctl"
    mesh = '"meshVersion": [{"Component": "pilot", "Info": {"version": "1.25.0"}}]'
    script.write_text(script.read_text().replace('"1.23.4"}}', f'"1.23.4"}}, {mesh}}}'))
    runs.write({"mesh.istio.yaml": MESH})
    assert "Istio 1.25.0 cannot be replaced by 1.23.4" in runs("apply", "--yes", code=1).stderr
    assert "operator init" not in said.read_text()
