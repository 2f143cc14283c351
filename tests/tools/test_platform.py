"""The example that takes from every source at once: Terraform, a chart, templates, a transformer, a git repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from kubernator.testing.fixtures import Kubectl

pytestmark = [pytest.mark.tools, pytest.mark.cluster]

ROOT = Path(__file__).parents[2]
PASSWORD = "kingfisher-lantern"


@pytest.fixture
def tree(tmp_path: Path, namespace: str) -> Path:
    """Copy the example into a repository of its own, with a namespace that nobody else uses."""
    checkout = tmp_path / "checkout"
    for name in ("platform", "platform-policies"):
        shutil.copytree(ROOT / "examples" / name, checkout / "examples" / name)
    for name in ("platform/.kubernator.py", "platform-policies/policies.yaml"):
        file = checkout / "examples" / name
        file.write_text(re.sub(r"(namespace(?: =|:)) \"?platform\"?", rf'\1 "{namespace}"', file.read_text()))
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all"]):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], cwd=checkout, check=True)
    return checkout / "examples" / "platform"


@pytest.fixture(params=["helm", "helm3"])
def run(request: pytest.FixtureRequest, tmp_path: Path, tree: Path, kubeconfig: Path, path_of: Any) -> Any:
    """Return something that runs kubernator on the tree."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "XDG_", "TF_", "HELM_"))},
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "KUBECONFIG": str(kubeconfig),
        "PATH": path_of(request.param, "terraform"),
    }

    def start(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kubernator", "-p", str(tree), *words]
        ran = subprocess.run(
            command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        assert ran.returncode == 0, ran.stderr
        assert PASSWORD not in ran.stdout + ran.stderr
        return ran

    return start


def test_every_source_lands_on_the_cluster(run: Any, kubectl: Kubectl, namespace: str) -> None:
    """What is shown is what is created, with values from everywhere; the second run writes nothing."""
    shown = yaml.safe_load(run("dump", "-v", "TRACE").stdout)
    names = {(entry["body"]["kind"], entry["body"]["metadata"]["name"]) for entry in shown}
    assert names == {
        ("Namespace", namespace),
        ("NetworkPolicy", "default-deny"),
        *(("CronJob", f"{report}-{zone}") for report in ("sales", "stock") for zone in ("a", "b")),
        ("Secret", "web-database"),
        ("Service", "web"),
        ("Deployment", "web"),
        ("Ingress", "web"),
    }
    assert {"platform"} == {entry["body"]["metadata"]["labels"]["example.com/team"] for entry in shown}

    assert "created 10, patched 0" in run("apply", "--yes").stderr
    kinds = "ingresses,secrets,cronjobs,networkpolicies"
    found = json.loads(kubectl("get", kinds, "--namespace", namespace, "--output", "json").stdout)["items"]
    by_name = {(item["kind"], item["metadata"]["name"]): item for item in found}
    assert by_name["Ingress", "web"]["spec"]["rules"][0]["host"] == "shop.example.test"
    assert by_name["CronJob", "stock-b"]["spec"]["schedule"] == "30 * * * *"
    assert by_name["NetworkPolicy", "default-deny"]["metadata"]["labels"] == {"example.com/team": "platform"}
    assert by_name["Secret", "web-database"]["data"]["DATABASE_URL"].startswith("cG9zdGdyZXM6")

    again = run("apply", "--yes")
    assert "created 0, patched 0, deleted 0, unchanged 10" in again.stderr
    assert (
        "apply" not in next(line for line in again.stderr.splitlines() if "requests:" in line).partition("requests:")[2]
    )
