"""The README's first command, as a newcomer runs it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tried(kubectl_program: Path) -> subprocess.CompletedProcess[str]:
    """Run `./dev try` once; kubectl has the last word before it cleans up."""
    kinds = "deployments,services,ingresses,hpa,pdb,networkpolicies,configmaps,secrets,serviceaccounts,campaigns"
    return subprocess.run(
        [str(ROOT / "dev"), "try", str(kubectl_program), "get", kinds, "--namespace", "shop", "--output", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def _objects(tried: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], dict]:
    assert tried.returncode == 0, tried.stderr
    return {(item["kind"], item["metadata"]["name"]): item for item in json.loads(tried.stdout)["items"]}


@pytest.mark.cluster
def test_everything_of_the_quickstart_is_there(tried: subprocess.CompletedProcess[str]) -> None:
    """Objects of the tree, of the directory elsewhere and of the git repository are in the cluster."""
    assert {
        ("Deployment", "web"),
        ("Deployment", "worker"),
        ("Deployment", "cache"),
        ("Service", "web"),
        ("Service", "cache"),
        ("Ingress", "web"),
        ("HorizontalPodAutoscaler", "web"),
        ("PodDisruptionBudget", "web"),
        ("NetworkPolicy", "default-deny"),
        ("ConfigMap", "web"),
        ("ConfigMap", "worker"),
        ("Secret", "database"),
        ("ServiceAccount", "worker"),
        ("Campaign", "winter"),
        ("Campaign", "clearance"),
    } <= set(_objects(tried))


@pytest.mark.cluster
def test_values_are_those_of_their_directory(tried: subprocess.CompletedProcess[str]) -> None:
    """`worker` overrides a value of the start directory, and `web` does not see that."""
    objects = _objects(tried)
    assert objects["ConfigMap", "web"]["data"]["log-level"] == "info"
    assert objects["ConfigMap", "worker"]["data"]["log-level"] == "debug"
    assert objects["Deployment", "web"]["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":1.4.2")


@pytest.mark.cluster
def test_transformers_reach_every_directory(tried: subprocess.CompletedProcess[str]) -> None:
    """The label is on objects of all directories, and `replicas` is owned by nobody of ours."""
    objects = _objects(tried)
    for key in [
        ("Deployment", "web"),
        ("Deployment", "cache"),
        ("NetworkPolicy", "default-deny"),
        ("Campaign", "winter"),
    ]:
        assert objects[key]["metadata"]["labels"]["app.kubernetes.io/part-of"] == "shop"
    assert "will be removed. Use HPA!!!" in tried.stderr


@pytest.mark.cluster
def test_deployments_are_rolled_out(tried: subprocess.CompletedProcess[str]) -> None:
    """The command waited until what it wrote was current."""
    for (kind, _), found in _objects(tried).items():
        if kind == "Deployment":
            assert found["status"]["readyReplicas"] >= 1


@pytest.mark.cluster
def test_the_second_run_writes_nothing_and_no_secret_is_shown(tried: subprocess.CompletedProcess[str]) -> None:
    """The report of the second run counts no write, and the password is nowhere in what was printed."""
    second = tried.stderr.split("applying it again")[1]
    assert "created 0" in second
    assert "correct-horse-battery" not in tried.stderr
