"""`render` and `explain` of charts, without a cluster: which template and values a value comes from."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from helmtree import CHARTS, expected

from kubernator.cli import main as cli

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tools

SCRIPT = """
ktor.app.register_plugin("helm")

def scale(resources, resource):
    if resource.kind == "Deployment":
        resource.manifest["spec"]["replicas"] = 7

ktor.k8s.add_transformer(scale)
"""
NO_SOCKETS = """
import sys
def hook(event, _):
    if event.startswith("socket."):
        raise AssertionError(event)
sys.addaudithook(hook)
from kubernator.cli.main import main
sys.exit(main())
"""


@pytest.fixture
def tree(tmp_path: Path, program: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a tree with a release of the chart `web`, and helm on `PATH`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", f"{program('helm').parent}:/usr/bin:/bin")
    root = tmp_path / "tree"
    root.mkdir()
    (root / ".kubernator.py").write_text(SCRIPT)
    (root / "web.helm.yaml").write_text(f"chart: {CHARTS / 'web'}\nname: r\nnamespace: ns\nvalues-file: .values.yaml\n")
    (root / ".values.yaml").write_text("password: correct-horse-battery\n")
    monkeypatch.chdir(root)
    return root


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what the program prints."""
    capsys.readouterr()
    assert cli.main(list(words)) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("tree")
def test_a_value_of_a_chart(capsys: pytest.CaptureFixture[str]) -> None:
    """Its template and the file of values, who asked for the chart, and who changed it."""
    lines = printed(capsys, "explain", "deployment/r-web.spec.replicas").splitlines()
    assert lines[:2] == ["apps/v1 Deployment ns/r-web", "spec.replicas: 7"]
    assert lines[3].startswith("  at          web/templates/deployment.yaml:")
    assert lines[3].endswith(", document 1, chart web 1.4.2, .values.yaml")
    assert "  asked by    web.helm.yaml:1:1, document 1" in lines
    assert any(line.startswith("  changed by  scale, .kubernator.py:8: ") and line.endswith(" → 7") for line in lines)
    namespace = printed(capsys, "explain", "deployment/r-web.metadata.namespace")
    assert 'set by      namespace of release `r`, web.helm.yaml:1: "ns"' in namespace


@pytest.mark.usefixtures("tree")
def test_what_is_rendered_is_what_helm_gives(program: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Apart from what the script changes and hooks without an occasion; the same bytes each time."""
    text = printed(capsys, "render", "--show-secrets")
    assert text == printed(capsys, "render", "--show-secrets")
    wanted = expected(
        program("helm"), CHARTS / "web", name="r", namespace="ns", values="password: correct-horse-battery\n"
    )
    found = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text)}
    found["Deployment", "r-web"]["spec"]["replicas"] = 2
    for each in wanted:
        name = (each["kind"], each["metadata"]["name"])
        if name != ("Pod", "r-web-test"):
            if each["kind"] == "Deployment":
                each["spec"]["replicas"] = 2
            assert found[name] == each
    masked = printed(capsys, "render", "--provenance")
    assert "correct-horse" not in masked
    assert "# asked by    web.helm.yaml:1:1, document 1\n" in masked
    origins = json.loads(printed(capsys, "render", "--provenance", "-o", "json"))["objects"][0]["provenance"]["origin"]
    assert [each["file"].partition("/")[0] for each in origins] == ["web", "web.helm.yaml"]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("words", [("render",), ("explain", "deployment/r-web")])
def test_no_socket_is_opened(words: tuple[str, ...]) -> None:
    """A chart of a local directory is rendered for the newest version of Kubernetes that is known."""
    done = subprocess.run([sys.executable, "-c", NO_SOCKETS, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("version", ["1.35", "1.37"])
def test_charts_are_told_the_version(tree: Path, version: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As `--kube-version` says."""
    chart = tree.parent / "told"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: told, version: 0.1.0}")
    (chart / "templates" / "a.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: told}\n"
        "data:\n  minor: '{{ .Capabilities.KubeVersion.Minor }}'\n"
        "  apps: '{{ .Capabilities.APIVersions.Has \"apps/v1/Deployment\" }}'\n"
    )
    (tree / "told.helm.yaml").write_text(f"{{chart: {chart}, name: t, namespace: ns}}")
    (found,) = yaml.safe_load_all(printed(capsys, "render", "configmap/told", "--kube-version", version))
    assert found["data"] == {"minor": version[2:], "apps": "true"}
