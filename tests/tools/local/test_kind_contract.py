"""kind by contract: what it and the container engine are told, to the letter.

The programs are stand-ins that write down their command lines; `localfakes` says why.
"""

from __future__ import annotations

import signal
import subprocess

import pytest
from localfakes import APPLY, Machine, mode, option

pytestmark = pytest.mark.contract

WITH_KUBECTL = 'ktor.app.register_plugin("kubectl")\n'
KIND = WITH_KUBECTL + 'ktor.app.register_plugin("kind", k8s_version="1.35.3"{})\n'

LOOKED = ["docker info", "kind get clusters"]
IMAGE = "ghcr.io/karellen/kindest-node:v1.35.3"
CREATE_KIND = f"kind create cluster --name default --wait 120s --image {IMAGE}"
EXPORT = "kind export kubeconfig --name default"
PS = "docker ps --all --filter label=io.x-k8s.kind.cluster=default"
NAMES = "--format {{.Names}}"
NODES = "default-control-plane default-worker"
STOP_KIND = [f"{PS} --filter status=running {NAMES}", f"docker stop {NODES}"]
START_KIND = [f"{PS} --filter status=exited --filter status=created {NAMES}", f"docker start {NODES}"]


@pytest.mark.parametrize("verb", [("dump",), ("apply",), APPLY])
def test_kind_is_made_and_stopped(machine, verb):
    """A cluster that is not there is made in every mode, and stopped at the end, not deleted."""
    ran = machine.run(KIND.format(""), *verb)
    assert ran.code == 0, ran.err
    assert machine.lines == [*LOOKED, CREATE_KIND, EXPORT, *STOP_KIND]


@pytest.mark.parametrize(("keep", "end"), [("1", []), ("", STOP_KIND)])
def test_kind_keeps_running(machine, keep, end):
    """With `keep_running` nothing is stopped; scripts of the reference pass texts."""
    ran = machine.run(KIND.format(f', keep_running="{keep}"'))
    assert ran.code == 0, ran.err
    assert machine.lines == [*LOOKED, CREATE_KIND, EXPORT, *end]


@pytest.mark.cluster
def test_kind_is_woken(real):
    """Containers that have stopped are started, and the API server is waited for."""
    real.state(default="down")
    ran = real.run(KIND.format(""))
    assert ran.code == 0, ran.err
    assert real.lines == [*LOOKED, *START_KIND, EXPORT, *STOP_KIND]


@pytest.mark.cluster
@pytest.mark.parametrize(("verb", "end"), [(("dump",), []), (("apply",), []), (APPLY, STOP_KIND)])
def test_kind_that_was_up(real, verb, end):
    """A run that only looks leaves a cluster that was up as it was."""
    real.state(default="up")
    ran = real.run(KIND.format(""), *verb)
    assert ran.code == 0, ran.err
    assert real.lines == [*LOOKED, START_KIND[0], EXPORT, *end]


@pytest.mark.cluster
def test_kind_starts_fresh_only_when_applying(real):
    """`start_fresh` deletes a cluster for `apply --yes`; a `dump` says that it does not."""
    fresh = KIND.format(", start_fresh=True")
    real.state(default="up", other="up")
    ran = real.run(fresh, "dump")
    assert ran.code == 0, ran.err
    assert "`start_fresh` is left to `apply --yes`: `default` is taken as it is" in ran.err
    assert not [line for line in real.taken() if "delete" in line]
    ran = real.run(fresh, *APPLY)
    assert ran.code == 0, ran.err
    delete = "kind delete cluster --name default"
    assert real.lines == [*LOOKED, delete, CREATE_KIND, EXPORT, *STOP_KIND]


@pytest.mark.parametrize("engine", ["podman", "nerdctl"])
def test_kind_with_another_engine(machine, engine):
    """The engine that was named is told to kind, and is what starts and stops containers."""
    ran = machine.run(KIND.format(f', provider="{engine}"'))
    assert ran.code == 0, ran.err
    expected = [*LOOKED, CREATE_KIND, EXPORT, *STOP_KIND]
    assert machine.lines == [line.replace("docker", engine) for line in expected]
    assert machine.said_to("kind create")["env"]["KIND_EXPERIMENTAL_PROVIDER"] == engine


def test_kind_finds_podman(machine):
    """Where docker does not answer, podman is taken; with docker, kind is not told of an engine."""
    assert machine.run(KIND.format("")).code == 0
    assert machine.said_to("kind create")["env"]["KIND_EXPERIMENTAL_PROVIDER"] is None
    machine.taken()
    machine.state()
    machine.trouble(docker=[1, "Cannot connect to the Docker daemon\n"])
    assert machine.run(KIND.format("")).code == 0
    assert machine.lines[:3] == ["docker info", "podman info", "kind get clusters"]
    assert machine.lines[-1] == f"podman stop {NODES}"


def test_kind_with_the_engine_of_the_environment(machine):
    """What tells kind which engine to use tells us too."""
    ran = machine.run(KIND.format(""), KIND_EXPERIMENTAL_PROVIDER="podman")
    assert ran.code == 0, ran.err
    assert not [line for line in machine.lines if line.startswith("docker")]


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ("", ["  docker      Cannot connect", "  podman      `podman` is not on `PATH`"]),
        ('provider="docker"', ["  docker      Cannot"]),
    ],
)
def test_kind_without_an_engine(tmp_path, options, detail):
    """Without an engine the error says what each of them said, and nothing is made or stopped."""
    machine = Machine(tmp_path, "kind", "kubectl", "docker")
    machine.trouble(docker=[1, "some noise\nCannot connect to the Docker daemon at unix:///x.sock\n"])
    ran = machine.run(KIND.format(option(options)))
    assert ran.code == 1
    assert "error: the plugin `kind` needs `docker`" in ran.err
    for text in detail:
        assert text in ran.err
    assert "Traceback" not in ran.err
    assert machine.lines == ["docker info"]


@pytest.mark.parametrize(
    ("options", "config"),
    [
        ("nodes=1", None),
        (
            "nodes=3, control_plane_nodes=2",
            (
                "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n"
                "nodes:\n- role: control-plane\n- role: control-plane\n- role: worker\n"
            ),
        ),
        (
            (
                'extra_port_mappings=[{"containerPort": 80, "hostPort": 8080}], feature_gates={"A": True},'
                ' runtime_config={"api/alpha": False}'
            ),
            (
                "apiVersion: kind.x-k8s.io/v1alpha4\nfeatureGates:\n  A: true\nkind: Cluster\nnodes:\n"
                "- extraPortMappings:\n  - containerPort: 80\n    hostPort: 8080\n  role: control-plane\n"
                "runtimeConfig:\n  api/alpha: 'false'\n"
            ),
        ),
        ('nodes=2, config="kind: Cluster\\n# mine\\n"', "kind: Cluster\n# mine\n"),
    ],
)
def test_configuration_of_kind(machine, options, config):
    """There is a configuration where the defaults will not do; a text goes before what would be made."""
    ran = machine.run(KIND.format(option(options)))
    assert ran.code == 0, ran.err
    said = machine.said_to("kind create")
    assert (said["line"], said["stdin"]) == (CREATE_KIND + (" --config -" if config else ""), config)


@pytest.mark.parametrize(
    ("options", "image"),
    [
        ('k8s_version="v1.34.1"', "ghcr.io/karellen/kindest-node:v1.34.1"),
        ('k8s_version="1.34.1", node_image_registry="reg.example/node"', "reg.example/node:v1.34.1"),
        ('node_image="reg.example/mine:1"', "reg.example/mine:1"),
        ('k8s_version="1.34.1", node_image="reg.example/mine:1"', "reg.example/mine:1"),
    ],
)
def test_image_of_kind(machine, options, image):
    """The image is the one given, else that of the version."""
    ran = machine.run(f'{WITH_KUBECTL}ktor.app.register_plugin("kind", profile="web", {options})')
    assert ran.code == 0, ran.err
    assert f"kind create cluster --name web --wait 120s --image {image}" in machine.lines


def test_a_kind_that_fails_to_be_made(machine):
    """What there is of a cluster that could not be made is removed, and the error is that of making it."""
    machine.trouble(kind_create=[1, "ERROR: failed to create cluster: no space left on device\n"])
    ran = machine.run(KIND.format(""))
    assert ran.code == 1
    assert "no space left on device" in ran.err
    assert machine.taken() == [*LOOKED, CREATE_KIND, "kind delete cluster --name default", STOP_KIND[0]]
    machine.trouble()
    assert machine.run(KIND.format("")).code == 0
    assert machine.lines[2] == CREATE_KIND


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_while_kind_makes_a_cluster(machine, number):
    """A cluster that is half made is never taken for one: it is deleted, by the next run if we were killed."""
    machine.trouble(kind_create=["hang", ""])
    argv = machine.argv(KIND.format(""))
    with subprocess.Popen(argv, env=machine.env, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "waiting" in line:
                break
        machine.state(default="up")  # half of it
        process.send_signal(number)
        said = process.stderr.read()
    assert "Traceback" not in said
    delete = "kind delete cluster --name default"
    assert (delete in machine.taken()) == (number is not signal.SIGKILL)
    machine.trouble()
    ran = machine.run(KIND.format(""))
    assert ran.code == 0, ran.err
    assert CREATE_KIND in machine.lines
    assert (delete in machine.lines) == (number is signal.SIGKILL)


def test_a_kind_that_cannot_be_asked(machine):
    """A cluster of which nothing is known is not stopped: it may be up, and nobody touched it."""
    machine.trouble(kind_get=[1, "ERROR: failed to list clusters\n"])
    ran = machine.run(KIND.format(""), *APPLY)
    assert ran.code == 1
    assert machine.lines == LOOKED


def test_a_kind_that_does_not_stop(machine):
    """A cluster that cannot be stopped is a warning: the run has done its work."""
    machine.trouble(docker_stop=[1, "permission denied\n"])
    ran = machine.run(KIND.format(""))
    assert ran.code == 0
    assert "the cluster `default` may be running still: `docker` failed" in ran.err


MEMBERS = """
seen = ktor.kind
ktor.app.run(["true"]) if False else None
print((seen.profile, seen.version, seen.k8s_version, seen.k8s_version_tuple, seen.node_image, seen.nodes), flush=True)
print((seen.provider, seen.keep_running, seen.start_fresh, seen.control_plane_nodes, seen.config), flush=True)
print((seen.node_image_registry, seen.extra_port_mappings, seen.feature_gates, seen.runtime_config), flush=True)
print(seen.kind_file, seen.kubeconfig, ktor.kubeconfig.kubeconfig)
seen.cmd("load", "docker-image", "web:1")
print(repr(seen.cmd_out("get", "clusters")))
"""


def test_members_of_kind(machine):
    """Scripts read back what was asked for and what came of it, and run kind for this cluster."""
    ran = machine.run(KIND.format(', feature_gates={"A": True}') + MEMBERS)
    assert ran.code == 0, ran.err
    kubeconfig = machine.kubeconfig("kind")
    assert ran.out.splitlines()[:5] == [
        f"('default', '0.99.1', '1.35.3', (1, 35, 3), '{IMAGE}', 1)",
        "('docker', False, False, 1, None)",
        "('ghcr.io/karellen/kindest-node', None, {'A': True}, None)",
        f"{machine.bin}/kind {kubeconfig} {kubeconfig}",
        r"'default\n'",
    ]
    load = machine.said_to("kind load")
    assert (load["line"], load["env"]["KUBECONFIG"]) == ("kind load docker-image web:1", str(kubeconfig))
    assert mode(kubeconfig.parent) == "700"
