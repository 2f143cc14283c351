"""The sandbox, on the real programs: what its control plane can do, and that nothing is left of it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from kubernator import errors, sandbox
from kubernator.sandbox import binaries, controlplane, state
from kubernator.tools import process

pytestmark = pytest.mark.cluster

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
"""

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {sim/exit-code: "%s"}}
    spec: {restartPolicy: Never, containers: [{name: job, image: job}]}
"""

OTHERS = """
apiVersion: v1
kind: Service
metadata: {name: front, annotations: {sim/ingress-ip: 192.0.2.7}}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: sim, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""

COMMAND = [sys.executable, "-m", "kubernator.cli.commands.sandbox"]


def programs_of(where: Path) -> list[int]:
    """Return the processes that name a directory in their command line."""
    lines = process.run(["ps", "-A", "-ww", "-o", "pid=,command="]).stdout.splitlines()
    return [int(line.split()[0]) for line in lines if str(where) in line]


def wait_until_gone(where: Path) -> None:
    while programs_of(where) or where.exists():
        time.sleep(0.05)  # between two looks; the end is what is waited for


@pytest.fixture
def name():
    """Choose a name for a sandbox, which is taken down whatever happens."""
    chosen = f"own-{secrets.token_hex(3)}"
    yield chosen
    sandbox.down(chosen)


@pytest.fixture
def said():
    """Take what is said about long steps."""
    return []


def test_deployment_rolls_out(kubectl, namespace):
    """Three Pods of a Deployment become Ready on the simulated node."""
    kubectl("create", "namespace", namespace)
    kubectl("apply", "-n", namespace, "-f", "-", stdin=DEPLOYMENT)
    kubectl("rollout", "status", "-n", namespace, "deployment/web")
    found = json.loads(kubectl("get", "-n", namespace, "deployment/web", "-o", "json").stdout)
    assert found["status"]["readyReplicas"] == 3


@pytest.mark.parametrize(("code", "condition"), [("0", "complete"), ("3", "failed")])
def test_job_ends_as_told(kubectl, namespace, code, condition):
    """An annotation decides how the Pod of a Job ends."""
    kubectl("create", "namespace", namespace)
    kubectl("apply", "-n", namespace, "-f", "-", stdin=JOB % code)
    kubectl("wait", "-n", namespace, f"--for=condition={condition}", "job/job", "--timeout=60s")


def test_addresses_and_claims(kubectl, namespace):
    """A load balancer gets the address it names, a claim of the class ``sim`` its volume."""
    kubectl("create", "namespace", namespace)
    kubectl("apply", "-n", namespace, "-f", "-", stdin=OTHERS)
    address = "jsonpath={.status.loadBalancer.ingress[0].ip}=192.0.2.7"
    kubectl("wait", "-n", namespace, f"--for={address}", "service/front", "--timeout=60s")
    kubectl("wait", "-n", namespace, "--for=jsonpath={.status.phase}=Bound", "pvc/data", "--timeout=60s")


def test_server_and_nodes_are_of_the_version(kubectl, control_plane):
    """The server says the version asked for, and so do its nodes."""
    version = f"v{binaries.find(say=print, kubectl=True).version}"
    assert json.loads(kubectl("version", "-o", "json").stdout)["serverVersion"]["gitVersion"] == version
    nodes = json.loads(kubectl("get", "nodes", "-o", "json").stdout)["items"]
    assert {version} == {node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes}
    assert control_plane.kubeconfig.stat().st_mode & 0o077 == 0


def test_up_twice_and_down(name, said):
    """What is up is returned as it is, told by ``status``, and gone without a trace after ``down``."""
    first = sandbox.up(name, ttl=600, say=said.append)
    assert sandbox.up(name, say=said.append) == first
    assert first in sandbox.status()
    with pytest.raises(errors.ToolError, match="is up with Kubernetes"):
        sandbox.up(name, kube_version="1.36", say=said.append)
    where = state.directory(name)
    assert len(programs_of(where)) == 6
    assert sandbox.down(name)
    assert programs_of(where) == []
    assert not where.exists()


def test_time_to_live(name, said):
    """A sandbox whose time is over ends by itself."""
    sandbox.up(name, ttl=1, say=said.append)
    wait_until_gone(state.directory(name))
    assert name not in {each.name for each in sandbox.status()}


def test_running_ends_with_its_block(kubectl, said):
    """A throw-away one takes flags, stands beside another, and is gone after its block."""
    with sandbox.running(say=said.append, nodes=2, apiserver_flags=["--event-ttl=1m"]) as own:
        nodes = kubectl(f"--server={own.server}", f"--kubeconfig={own.kubeconfig}", "get", "nodes", "-o", "name").stdout
        assert nodes.split() == ["node/node-0", "node/node-1"]
        where = own.kubeconfig.parent
    assert programs_of(where) == []
    assert not where.exists()


def test_bad_flag_shows_the_log(said):
    """A program that does not start is told with what it said, and nothing is left."""
    with (
        pytest.raises(errors.ToolError, match="`kube-apiserver` ended by itself") as caught,
        sandbox.running(say=said.append, apiserver_flags=["--no-such-flag"]),
    ):
        pytest.fail("it must not start")
    assert "unknown flag: --no-such-flag" in str(caught.value.detail)
    assert not [each for each in sandbox.status() if each.name.startswith(f"run-{os.getpid()}-")]


def test_death_of_a_program_ends_all(name, said):
    """When one of the programs dies, the others are ended, and ``status`` knows why until ``down``."""
    sandbox.up(name, say=said.append)
    where = state.directory(name)
    os.kill(state.read(where).programs["kube-scheduler"], signal.SIGKILL)
    while programs_of(where):
        time.sleep(0.05)
    (found,) = [each for each in sandbox.status() if each.name == name]
    assert found.phase == "failed"
    assert "`kube-scheduler` ended by itself" in found.failure
    assert sandbox.down(name)


def test_death_of_the_supervisor_is_cleaned_up(name, said):
    """When the supervisor is killed, the next look finds its programs and ends them."""
    sandbox.up(name, say=said.append)
    where = state.directory(name)
    os.kill(state.read(where).pid, signal.SIGKILL)
    while state.alive(where, state.read(where)):
        time.sleep(0.05)
    assert len(programs_of(where)) == 5
    assert name not in {each.name for each in sandbox.status()}
    assert programs_of(where) == []
    assert not where.exists()


def test_run_hands_on_the_exit_code():
    """``run`` starts a command with the kubeconfig of its sandbox, and ends as it does."""
    done = process.run([*COMMAND, "run", "--", "sh", "-c", "echo $KUBECONFIG; exit 7"], check=False)
    assert done.code == 7
    where = Path(done.stdout.strip()).parent
    assert programs_of(where) == []
    assert not where.exists()


def test_death_of_the_owner_ends_all():
    """When the owner of ``run`` is killed, its command, its sandbox and all data go."""
    script = "echo $$ $KUBECONFIG; sleep 1000 & wait"
    owner = process.spawn([*COMMAND, "run", "--", "sh", "-c", script], stdout=process.PIPE)
    pid, config = owner.popen.stdout.readline().split()
    os.kill(owner.pid, signal.SIGKILL)
    where = Path(config).parent
    wait_until_gone(where)
    while state.born(int(pid)):
        time.sleep(0.05)
    owner.popen.stdout.close()
    owner.wait()


def test_cancelled_start(tmp_path, said):
    """A start that is not wanted any more leaves nothing behind."""
    asked = iter([False, False])
    with pytest.raises(errors.Interrupted):
        controlplane.ControlPlane.start(
            name="x",
            binaries=binaries.find(say=said.append),
            directory=tmp_path / "x",
            cancelled=lambda: next(asked, True),
        )
    assert programs_of(tmp_path) == []


def test_ports_that_were_taken(tmp_path, said, monkeypatch):
    """A port that somebody else took in between is given up for another."""
    real = controlplane._free_ports
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        first = iter([taken.getsockname()[1]])
        monkeypatch.setattr(controlplane, "_free_ports", lambda count: [*first, *real(count)][:count])
        plane = controlplane.ControlPlane.start(
            name="x", binaries=binaries.find(say=said.append), directory=tmp_path / "x"
        )
        plane.stop()
    assert programs_of(tmp_path) == []
