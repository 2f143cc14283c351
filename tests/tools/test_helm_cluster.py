"""Charts on a real control plane: the example, hooks in their turn, definitions with their objects, second runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from helmtree import CHARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.tools, pytest.mark.cluster]

EXAMPLE = Path(__file__).parents[2] / "examples" / "helm"


class Runs:
    """Runs kubernator on a tree, with the helm of the test and the cluster."""

    def __init__(self, home: Path, *, path: str, kubeconfig: Path) -> None:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "XDG_", "HELM_"))
        }
        self.tree = home / "tree"
        self.tree.mkdir()
        self._environment = {
            **inherited,
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "PATH": path,
            "KUBECONFIG": str(kubeconfig),
        }

    def __call__(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            [sys.executable, "-m", "kubernator", "-p", str(self.tree), *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert code == ran.returncode, ran.stderr
        return ran

    def written(self, ran: subprocess.CompletedProcess[str]) -> list[str]:
        """Return what a run says that it wrote, in order."""
        words = ("created", "patched", "deleted", "replaced")
        lines = [line.split(" ", 4)[-1] for line in ran.stderr.splitlines() if "text.py" in line]
        return [line for line in lines if line.startswith(words) and ", " not in line]


@pytest.fixture(params=["helm", "helm3"])
def run(request: pytest.FixtureRequest, tmp_path: Path, path_of: Any, kubeconfig: Path) -> Runs:
    """Return a runner with an empty tree and a helm of each major version."""
    return Runs(tmp_path, path=path_of(request.param), kubeconfig=kubeconfig)


def test_the_example(run: Runs, namespace: str, kubectl: Any) -> None:
    """It lands, hooks first and tests never; the second run writes nothing; no password is shown."""
    shutil.copytree(EXAMPLE, run.tree, dirs_exist_ok=True)
    script = run.tree / ".kubernator.py"
    script.write_text(script.read_text().replace("helm-example", namespace))
    dumped = run("dump")
    assert "correct-horse" not in dumped.stdout + dumped.stderr
    first = run("apply", "--yes")
    written = run.written(first)
    assert len(written) == 14
    assert written.index(f"created batch/v1 Job {namespace}/guestbook-migrate") < written.index(
        f"created apps/v1 Deployment {namespace}/guestbook"
    )
    assert "correct-horse" not in first.stdout + first.stderr
    second = run("apply", "--yes")
    assert run.written(second) == []
    assert "created 0, patched 0, deleted 0, unchanged 14" in second.stderr
    label = "jsonpath={.metadata.labels.example\\.com/owner}"
    assert kubectl("-n", namespace, "get", "ingress", "guestbook", "-o", label).stdout == "web-team"
    assert "NotFound" in kubectl("-n", namespace, "get", "pod", "guestbook-page", check=False).stderr


def _tree(run: Runs, namespace: str, release: str) -> None:
    (run.tree / ".kubernator.py").write_text('ktor.app.register_plugin("helm")\n')
    (run.tree / "namespace.yaml").write_text(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}\n")
    (run.tree / "a.helm.yaml").write_text(release)


def test_hooks_are_done_when_they_change(run: Runs, namespace: str) -> None:
    """In the order of their weights around the release; changed, the jobs are made anew; else nothing is written."""
    text = f"{{chart: {CHARTS / 'hooks'}, name: h, namespace: {namespace}}}\n"
    _tree(run, namespace, text)
    assert [
        f"created v1 Namespace {namespace}",
        f"created v1 ServiceAccount {namespace}/h-migrate",
        f"created batch/v1 Job {namespace}/h-migrate",
        f"created v1 ConfigMap {namespace}/h-hooks",
        f"created batch/v1 Job {namespace}/h-announce",
    ] == run.written(run("apply", "--yes"))
    assert run.written(run("apply", "--yes")) == []
    _tree(run, namespace, text.replace("}\n", ", values: {image: registry.example/migrate:2}}\n"))
    written = run.written(run("apply", "--yes"))
    assert [f"{namespace}/h-migrate", f"{namespace}/h-announce"] == [line.split()[3] for line in written]


def test_what_comes_after_a_hook_that_fails_is_not_written(run: Runs, namespace: str, kubectl: Any) -> None:
    """A migration that fails keeps the release from being written; the run says which job it was, and why."""
    chart = run.tree.parent / "hooks"
    shutil.copytree(CHARTS / "hooks", chart)
    job = chart / "templates" / "migrate.yaml"
    text = job.read_text()
    job.write_text(text.replace("  template:\n", '  template:\n    metadata: {annotations: {sim/exit-code: "3"}}\n'))
    _tree(run, namespace, f"{{chart: {chart}, name: h, namespace: {namespace}}}\n")
    failed = run("apply", "--yes", code=7)
    assert re.search(rf"failed +\S+ {namespace}/h-migrate( after \d+ s)?: BackoffLimitExceeded", failed.stderr)
    assert "2 changes that come after" in failed.stderr
    assert "NotFound" in kubectl("-n", namespace, "get", "configmap", "h-hooks", check=False).stderr
    run("apply", "--yes", code=7)  # it has failed, and nothing about it changed
    job.write_text(text)
    run("apply", "--yes")
    assert kubectl("-n", namespace, "get", "configmap", "h-hooks", "-o", "name").stdout.strip() == "configmap/h-hooks"


@pytest.fixture
def operator(tmp_path: Path, namespace: str, kubectl: Any) -> Iterator[Path]:
    """Return a chart with definitions that nobody else has, and take them away again."""
    chart = tmp_path / "operator"
    shutil.copytree(CHARTS / "operator", chart)
    for path in (chart / "crds" / "definitions.yaml", chart / "templates" / "widget.yaml"):
        path.write_text(path.read_text().replace("charts.kubernator.test", f"{namespace}.kubernator.test"))
    yield chart
    for plural in ("widgets", "gadgets"):
        kubectl("delete", "crd", f"{plural}.{namespace}.kubernator.test", "--ignore-not-found", "--wait=false")


def test_definitions_and_their_objects(run: Runs, namespace: str, operator: Path, kubectl: Any) -> None:
    """A chart's `crds/` come first and its objects then, in one run, of which it knows; a second one writes nothing."""
    (operator / "templates" / "asks.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: asks}\n"
        f"data: {{widget: '{{{{ .Capabilities.APIVersions.Has \"{namespace}.kubernator.test/v1/Widget\" }}}}'}}\n"
    )
    _tree(run, namespace, f"{{chart: {operator}, name: o, namespace: {namespace}}}\n")
    run("dump")
    written = run.written(run("apply", "--yes"))
    group = f"{namespace}.kubernator.test/v1"
    assert {f"created {group} Widget {namespace}/o", f"created {group} Gadget o-{namespace}"} <= {*written}
    assert kubectl("-n", namespace, "get", "configmap", "asks", "-o", "jsonpath={.data.widget}").stdout == "true"
    assert run.written(run("apply", "--yes")) == []


def test_a_chart_that_is_applied_differs_in_nothing(run: Runs, namespace: str) -> None:
    """`diff` says so; a changed value is shown at the line of the template that it comes from."""
    text = f"{{chart: {CHARTS / 'web'}, name: w, namespace: {namespace}, values: {{replicas: 2}}}}\n"
    _tree(run, namespace, text)
    run("diff", "--detailed-exitcode", code=2)
    run("apply", "--yes", "--no-wait")
    same = run("diff", "--detailed-exitcode")
    assert same.stdout.startswith("nothing changes: ")
    _tree(run, namespace, text.replace("replicas: 2", "replicas: 3"))
    shown = run("diff", "--detailed-exitcode", code=2).stdout
    assert "spec.replicas: 2 → 3  (" in shown
    assert "web/templates/deployment.yaml" in shown
