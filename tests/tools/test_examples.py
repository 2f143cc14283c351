"""Examples that no suite of a plugin runs: applied once, they leave nothing to be done."""

from __future__ import annotations

import os
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

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "programs", "config", "data"),
    [
        ("kubectl", ["kubectl"], "api-server", {"address": "10.96.0.1"}),
        (
            "terragrunt",
            ["terragrunt", "terraform"],
            "infrastructure",
            {"network": "net-4711", "database": "db.net-4711.internal"},
        ),
    ],
)
def test_an_example_lands_and_is_quiet(
    tmp_path: Path,
    path_of: Any,
    kubeconfig: Path,
    kubectl: Kubectl,
    namespace: str,
    *,
    name: str,
    programs: list[str],
    config: str,
    data: dict[str, str],
) -> None:
    """What it reads with its program is in the cluster, and a second look finds nothing to do."""
    tree = tmp_path / name
    shutil.copytree(EXAMPLES / name, tree)
    for file in tree.rglob("config.yaml"):
        file.write_text(file.read_text().replace(f"{name}-example", namespace))
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("KUBE", "XDG_", "TF_", "TG_"))},
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "KUBECONFIG": str(kubeconfig),
        "PATH": path_of(*programs),
    }

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "kubernator", "-p", str(tree), *words]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    run("apply", "--yes")
    found = yaml.safe_load(kubectl("get", "configmap", config, "--namespace", namespace, "--output", "yaml").stdout)
    assert data == found["data"]
    assert yaml.safe_load(run("dump")) == []
