"""What becomes of a run when the API server itself has trouble: it crashes and comes back, or a part of it is gone."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from faulty import Scene, writes
from trees import REGISTER, config, plant

from kubernator.sandbox import lifecycle
from kubernator.testing.faults import FaultProxy, Meanwhile
from kubernator.tools import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def sandbox() -> Iterator[lifecycle.Held]:
    """Return a control plane of our own, which may be hurt."""
    with lifecycle.running(say=lambda _: None, kubectl=True) as held:
        yield held


@pytest.fixture
def own_kubectl(sandbox: lifecycle.Held) -> Kubectl:
    """Return kubectl, talking to the control plane of our own."""

    def run(*args: str, stdin: str | None = None, check: bool = True) -> process.Completed:
        words = [str(sandbox.binaries.kubectl), f"--kubeconfig={sandbox.kubeconfig}", *args]
        return process.run(words, stdin=stdin, check=check)

    return run


@pytest.fixture
def scenes(
    sandbox: lifecycle.Held, own_kubectl: Kubectl, tmp_path: Path
) -> Iterator[Callable[..., tuple[Scene, FaultProxy]]]:
    """Hand out prepared scenes on it, each behind a proxy."""
    made: list[tuple[Scene, FaultProxy]] = []

    def make() -> tuple[Scene, FaultProxy]:
        directory = tmp_path / str(len(made))
        directory.mkdir()
        scene = Scene(f"t-{secrets.token_hex(4)}", directory / "tree", sandbox.kubeconfig, own_kubectl).prepare()
        made.append((scene, FaultProxy(sandbox.kubeconfig, directory=directory).__enter__()))
        return made[-1]

    yield make
    for scene, proxy in made:
        proxy.__exit__(None, None, None)
        scene.close()


@pytest.mark.parametrize("moment", ["plan", "write"])
def test_the_server_crashes_in_the_middle_and_comes_back(scenes: Any, sandbox: lifecycle.Held, moment: str) -> None:
    """The run outlives the restart and ends well; so does its wait."""
    scene, proxy = scenes()
    if moment == "plan":
        proxy.add(Meanwhile("PATCH", ".*dryRun=All", arrived=lambda: sandbox.restart("kube-apiserver")))
    else:
        proxy.add(Meanwhile("*", "/", when=writes, arrived=lambda: sandbox.restart("kube-apiserver")))
    ran = scene.run(proxy)
    assert ran.code == 0, ran.err
    assert None not in scene.state().values()


GROUP = "metrics.example.com"


@pytest.fixture
def broken_group(own_kubectl: Kubectl) -> Iterator[None]:
    """Have a group of the API served by something that is not there."""
    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{GROUP}"},
        "spec": {
            "group": GROUP,
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"name": "gone", "namespace": "default"},
        },
    }
    own_kubectl("apply", "-f", "-", stdin=json.dumps(service))
    yield
    own_kubectl("delete", "apiservice", f"v1.{GROUP}")


@pytest.mark.usefixtures("broken_group")
def test_a_group_whose_server_is_gone_does_not_stop_the_rest(scenes: Any) -> None:
    """What belongs to other groups is applied as ever."""
    scene, proxy = scenes()
    ran = scene.run(proxy)
    assert ran.code == 0, ran.err


@pytest.mark.usefixtures("broken_group")
def test_what_belongs_to_a_group_whose_server_is_gone_is_refused(scenes: Any) -> None:
    """It is named, before anything is written."""
    scene, proxy = scenes()
    measure = f"apiVersion: {GROUP}/v1\nkind: Measure\nmetadata:\n  name: a\n  namespace: {scene.ns}\n"
    plant(scene.root, {".kubernator.py": REGISTER, "z.yaml": measure, "y.yaml": config("other", scene.ns)})
    ran = scene.run(proxy)
    ran.failed(1)
    assert f"{GROUP}/v1" in ran.block("Measure")
    assert proxy.written == []
