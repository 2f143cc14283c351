"""The example of templates on the real control plane, and what the server refuses of what a template gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from kubernator.cli import main as cli

if TYPE_CHECKING:
    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

EXAMPLE = Path(__file__).parents[2] / "examples" / "templates"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kubeconfig: Path, namespace: str) -> Path:
    """Return a copy of the example, in a namespace of its own."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    copied = shutil.copytree(EXAMPLE, tmp_path / "tree")
    script = copied / ".kubernator.py"
    script.write_text(script.read_text().replace("shop-templates", namespace))
    return copied


def run(tree: Path, *words: str, code: int = 0) -> str:
    """Run Kubernator and return its log."""
    log = tree.parent / "log"
    got = cli.main(["-p", str(tree), "--log-format", "json", "--log-file", str(log), *words])
    assert code == got, log.read_text()
    return log.read_text()


def test_the_example_is_applied_and_settles(
    tree: Path, namespace: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files and a script apply one template four times; a second run has nothing to do."""
    run(tree, "apply", "--yes")
    found = json.loads(kubectl("get", "deployments", "-n", namespace, "-o", "json").stdout)["items"]
    assert {each["metadata"]["name"]: each["spec"]["replicas"] for each in found} == {
        "stock": 1,
        "web": 3,
        "worker-invoices": 1,
        "worker-mail": 1,
    }
    (web,) = [each for each in found if each["metadata"]["name"] == "web"]
    assert web["spec"]["template"]["spec"]["containers"][0]["env"] == [
        {"name": "GREETING", "value": "Hello: world"},
        {"name": "LOG_LEVEL", "value": "info"},
    ]
    capsys.readouterr()
    run(tree, "dump")
    assert not yaml.safe_load(capsys.readouterr().out)


def test_what_the_server_refuses_has_the_template_s_line_and_the_application(
    tree: Path, namespace: str, kubectl: Kubectl
) -> None:
    """The schema of the values says less than that of the cluster."""
    kubectl("create", "namespace", namespace)
    body = tree / ".service.yaml"
    body.write_text(
        body.read_text().replace("replicas: {${ values.replicas }$}", 'replicas: "{${ values.replicas }$}"')
    )
    line = 1 + body.read_text().splitlines().index('  replicas: "{${ values.replicas }$}"')
    log = [json.loads(each) for each in run(tree, "dump", code=1).splitlines()]
    found = [each for each in log if "cannot apply `Deployment" in each["message"]]
    assert len(found) == 4
    lines = [(detail["label"], detail["text"]) for detail in found[0]["detail"]]
    assert ("asked by", "services/all.tmpl.yaml:2:5, document 1") in lines
    assert any(label == "field" and f".service.yaml:{line}:" in text for label, text in lines)


def test_nothing_is_written_when_an_application_is_wrong(tree: Path, namespace: str, kubectl: Kubectl) -> None:
    """All that is wrong is said, also of the other applications."""
    (tree / "services" / "more.tmpl.yaml").write_text(
        "apply:\n- {name: service, values: {name: A B, image: i}}\n- {name: service, values: {name: c}}\n"
        "- {name: services}\n"
    )
    log = run(tree, "apply", "--yes", code=1)
    for words in ("`values.name` of template `service` must match", "`values.image` of template `service` is missing"):
        assert words in log
    assert "did you mean `service`" in log
    assert "NotFound" in kubectl("get", "namespace", namespace, check=False).stderr
