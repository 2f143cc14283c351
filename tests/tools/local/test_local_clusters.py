"""kind, k3d and minikube by contract: what holds for all of them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from localfakes import APPLY, Machine

from kubernator.testing.mirror import Mirror

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[3] / "examples"

pytestmark = pytest.mark.contract

WITH_KUBECTL = 'ktor.app.register_plugin("kubectl")\n'


@pytest.mark.parametrize("plugin", ["kind", "k3d", "minikube"])
def test_options_are_checked_first(machine, plugin):
    """A wrong option is an error at its line, before any program runs; scripts catch it as a RuntimeError."""
    script = f"""
try:
    ktor.app.register_plugin("{plugin}")
except RuntimeError as error:
    print(type(error).__name__, error)
ktor.app.register_plugin("{plugin}", k8s_version="1.35.3", nodes=0)
"""
    ran = machine.run(script)
    assert (ran.code, machine.lines) == (1, [])
    assert "is needed" in ran.out
    assert "error: `nodes` cannot be `0`" in ran.err
    assert ".kubernator.py:6" in ran.err


@pytest.mark.parametrize("plugin", ["kind", "k3d", "minikube"])
def test_a_program_that_is_missing(tmp_path, plugin):
    """Without the program, the latest release would be fetched, which needs git or the network: the error says so."""
    machine = Machine(tmp_path, "docker", "kubectl")
    ran = machine.run(f'ktor.app.register_plugin("{plugin}", k8s_version="1.35.3")')
    assert ran.code == 1
    assert "error: " in ran.err
    assert "Traceback" not in ran.err
    assert machine.lines == []


@pytest.mark.cluster
@pytest.mark.parametrize("plugin", ["kind", "k3d"])
def test_resources_land_on_the_cluster(real, kubectl_program, kubectl, namespace, plugin):
    """What a tree says is applied to the cluster that was brought up: here, the real control plane."""
    (real.bin / "kubectl").unlink()
    (real.bin / "kubectl").symlink_to(kubectl_program)
    (real.tree / "web.yaml").write_text(
        f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {namespace}\n---\n"
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: {namespace}\ndata:\n  a: b\n"
    )
    script = (
        f'{WITH_KUBECTL}ktor.app.register_plugin("{plugin}", k8s_version="1.35.3")\nktor.app.register_plugin("k8s")\n'
        'print(ktor.kubectl.get("namespace", "default")["kind"])\n'
    )
    ran = real.run(script, *APPLY)
    assert ran.code == 0, ran.err
    assert ran.out == "Namespace\n"
    found = kubectl("get", "configmap", "web", "-n", namespace, "-o", "jsonpath={.data.a}")
    assert found.stdout == "b"


@pytest.mark.cluster
def test_two_runs_at_once(real):
    """Two runs that want the same cluster make it once: the second waits and finds it there."""
    argv = real.argv(f'{WITH_KUBECTL}ktor.app.register_plugin("kind", k8s_version="1.35.3", keep_running=True)\n')
    runs = [subprocess.Popen(argv, env=real.env, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert len([line for line in real.lines if line.startswith("kind create")]) == 1, said


# What is fetched: from a server on loopback that has files as the projects publish them


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """Run a server of downloads."""
    with Mirror() as made:
        yield made


@pytest.mark.cluster
@pytest.mark.parametrize("plugin", ["kind", "k3d", "minikube"])
def test_the_examples_run(real, mirror, plugin):
    """Each example brings its cluster up, with the kubectl of its version, and plans what its files say."""
    kubectl = (real.bin / "kubectl").read_bytes()
    (real.bin / "kubectl").unlink()
    mirror.offer("kubectl", "1.35.3", kubectl)
    shutil.copytree(EXAMPLES / plugin, real.tree, dirs_exist_ok=True)
    script = (real.tree / ".kubernator.py").read_text()
    ran = real.run(script, "dump", KUBERNATOR_DOWNLOAD_MIRROR=mirror.url)
    assert ran.code == 0, ran.err
    assert [each["body"]["kind"] for each in yaml.safe_load(ran.out)] == ["Namespace", "Service", "Deployment"]
    assert f"kubeconfig {real.kubeconfig(plugin, 'demo')}" in ran.err


@pytest.mark.parametrize(
    ("options", "version"),
    [
        ('k8s_version="1.27.16"', "1.36.0"),
        ('k8s_version="1.27.16", minikube_version="v1.30.1"', "1.30.1"),
        ('k8s_version="1.35.3", minikube_version="1.37.0"', "1.37.0"),
    ],
)
def test_which_minikube(machine, mirror, options, version):
    """A version that was named is fetched and verified; old versions of Kubernetes get the last that starts them."""
    program = (machine.bin / "minikube").read_bytes()
    (machine.bin / "minikube").unlink()
    mirror.offer("minikube", version, program)
    ran = machine.run(
        f'{WITH_KUBECTL}ktor.app.register_plugin("minikube", {options})\n'
        'print(ktor.minikube.version)\nktor.app.run(["minikube", "version"], print, print).wait()\n',
        KUBERNATOR_DOWNLOAD_MIRROR=mirror.url,
    )
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0] == version
    start = machine.said_to("minikube -p default start")["line"]
    assert ("--addons" in start) == ('"1.35.3"' in options)
    assert any("storageclass" in line for line in machine.lines) == ('"1.35.3"' in options)
    assert "minikube version" in machine.lines  # what was fetched is what scripts run


@pytest.mark.parametrize(
    ("plugin", "repository"),
    [("kind", "kubernetes-sigs/kind"), ("k3d", "k3d-io/k3d"), ("minikube", "kubernetes/minikube")],
)
def test_the_latest_release(machine, mirror, tmp_path, plugin, repository):
    """Where the program is not on ``PATH``, the release with the highest number is fetched; others are no releases."""
    program = (machine.bin / plugin).read_bytes()
    (machine.bin / plugin).unlink()
    (machine.bin / "git").symlink_to(shutil.which("git"))
    git = ["git", "-C", str(tmp_path / "repository")]
    subprocess.run(["git", "init", "-q", str(tmp_path / "repository")], check=True)
    name = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    subprocess.run([*git, *name, "commit", "-q", "--allow-empty", "-m", "m"], check=True)
    for tag in ("v0.9.0", "v0.30.1", "v0.31.0-alpha", "v0.4.7", "nightly", "v1"):
        subprocess.run([*git, "tag", tag], check=True)
    (machine.root / ".gitconfig").write_text(
        f'[url "file://{tmp_path}/repository"]\n\tinsteadOf = https://github.com/{repository}\n'
    )
    mirror.offer(plugin, "0.30.1", program)
    ran = machine.run(
        f'{WITH_KUBECTL}ktor.app.register_plugin("{plugin}", k8s_version="1.35.3")\nprint(ktor.{plugin}.version)',
        KUBERNATOR_DOWNLOAD_MIRROR=mirror.url,
    )
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0] == "0.30.1"
    assert f"`{plugin}` is not on `PATH`; taking the latest release, 0.30.1" in ran.err


@pytest.mark.parametrize("plugin", ["kind", "k3d", "minikube"])
def test_releases_that_cannot_be_listed(machine, tmp_path, plugin):
    """It is said why they were asked for, and what helps."""
    (machine.bin / plugin).unlink()
    (machine.bin / "git").symlink_to(shutil.which("git"))
    (machine.root / ".gitconfig").write_text(f'[url "file://{tmp_path}/nowhere/"]\n\tinsteadOf = https://github.com/\n')
    ran = machine.run(f'ktor.app.register_plugin("{plugin}", k8s_version="1.35.3")')
    assert ran.code == 1
    assert f"the latest release, since `{plugin}` is not on `PATH`" in ran.err
    assert f"install `{plugin}`, or name a `{plugin}_version`" in ran.err
