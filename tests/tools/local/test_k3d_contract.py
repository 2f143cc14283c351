"""k3d by contract: what it is told, to the letter.

The programs are stand-ins that write down their command lines; `localfakes` says why.
"""

from __future__ import annotations

import pytest
from localfakes import APPLY, mode, option

pytestmark = pytest.mark.contract

WITH_KUBECTL = 'ktor.app.register_plugin("kubectl")\n'
K3D = WITH_KUBECTL + 'ktor.app.register_plugin("k3d", k8s_version="1.35.3"{})\n'

LOOKED = ["docker info", "k3d cluster list --output json"]
CREATE_K3D = "k3d cluster create default --wait --timeout 120s --image rancher/k3s:v1.35.3-k3s1"
STOP_K3D = ["k3d cluster list --output json", "k3d cluster stop default"]


@pytest.mark.parametrize("verb", [("dump",), ("apply",), APPLY])
def test_k3d_is_made_and_stopped(machine, verb):
    """A cluster that is not there is made in every mode, and stopped at the end, not deleted."""
    ran = machine.run(K3D.format(""), *verb)
    assert ran.code == 0, ran.err
    assert machine.lines == [*LOOKED, CREATE_K3D, "k3d kubeconfig get default", *STOP_K3D]
    assert mode(machine.kubeconfig("k3d")) == "600"
    assert machine.said_to("k3d cluster create")["env"]["KUBECONFIG"] == str(machine.kubeconfig("k3d"))


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("state", "options", "verb", "expected"),
    [
        ("down", "", APPLY, ["k3d cluster start default --wait --timeout 120s", "get", *STOP_K3D]),
        ("down", "keep_running=True", ("dump",), ["k3d cluster start default --wait --timeout 120s", "get"]),
        ("up", "", ("dump",), ["get"]),
        ("up", "", APPLY, ["get", *STOP_K3D]),
        ("up", "start_fresh=True", ("dump",), ["get"]),
        ("up", "start_fresh=True", APPLY, ["k3d cluster delete default", CREATE_K3D, "get", *STOP_K3D]),
        ("down", "start_fresh=True", APPLY, ["k3d cluster delete default", CREATE_K3D, "get", *STOP_K3D]),
    ],
)
def test_k3d_that_is_there(real, state, options, verb, expected):
    """A cluster that is there is woken if it must be, deleted by `start_fresh` of `apply --yes`, else left alone."""
    real.state(default=state)
    ran = real.run(K3D.format(option(options)), *verb)
    assert ran.code == 0, ran.err
    get = "k3d kubeconfig get default"
    assert real.lines == [*LOOKED, *(get if line == "get" else line for line in expected)]


@pytest.mark.parametrize(
    ("options", "config"),
    [
        ("", None),
        (
            "nodes=3, control_plane_nodes=1",
            "agents: 2\napiVersion: k3d.io/v1alpha5\nimage: rancher/k3s:v1.35.3-k3s1\nkind: Simple\nservers: 1\n",
        ),
        (
            (
                'extra_port_mappings=[{"containerPort": 80, "hostPort": 8080, "protocol": "TCP"}],'
                ' feature_gates={"A": True, "B": False}, runtime_config={"api/all": True},'
                ' k3s_server_args=["--disable=traefik"], k3s_agent_args="--node-label=a=b --debug"'
            ),
            (
                "agents: 0\napiVersion: k3d.io/v1alpha5\nimage: rancher/k3s:v1.35.3-k3s1\nkind: Simple\noptions:\n"
                "  k3s:\n    extraArgs:\n"
                "    - arg: --kube-apiserver-arg=feature-gates=A=true,B=false\n      nodeFilters:\n      - server:*\n"
                "    - arg: --kube-apiserver-arg=runtime-config=api/all=true\n      nodeFilters:\n      - server:*\n"
                "    - arg: --disable=traefik\n      nodeFilters:\n      - server:*\n"
                "    - arg: --node-label=a=b\n      nodeFilters:\n      - agent:*\n"
                "    - arg: --debug\n      nodeFilters:\n      - agent:*\n"
                "ports:\n- nodeFilters:\n  - loadbalancer\n  port: 8080:80/TCP\nservers: 1\n"
            ),
        ),
        ('nodes=2, config="kind: Simple\\n# mine\\n"', "kind: Simple\n# mine\n"),
    ],
)
def test_configuration_of_k3d(machine, options, config):
    """k3d gets a configuration, which names the image, or the image alone."""
    ran = machine.run(K3D.format(option(options)))
    assert ran.code == 0, ran.err
    said = machine.said_to("k3d cluster create")
    made = "k3d cluster create default --wait --timeout 120s --config -"
    assert (said["line"], said["stdin"]) == (made if config else CREATE_K3D, config)


def test_k3d_wants_docker(machine):
    """k3d needs docker, and it has to answer."""
    ran = machine.run(K3D.format(', provider="podman"'))
    assert (ran.code, machine.lines) == (1, [])
    assert "error: `provider` cannot be `podman`" in ran.err
    machine.trouble(docker=[1, "Cannot connect to the Docker daemon\n"])
    ran = machine.run(K3D.format(', provider="docker"'))
    assert (ran.code, machine.lines) == (1, ["docker info"])
    assert "the plugin `k3d` needs `docker`, which does not answer" in ran.err


def test_k3d_that_talks_nonsense(machine):
    """A list of clusters that is none is an error, and nothing is made."""
    machine.trouble(k3d_cluster_list=[0, ""])
    ran = machine.run(K3D.format(""))
    assert ran.code == 1
    assert "error: `k3d cluster list` does not say which clusters there are" in ran.err
    assert machine.lines[:2] == LOOKED
    assert not [line for line in machine.lines if "create" in line]


def test_a_k3d_that_does_not_stop(machine):
    """A cluster that cannot be stopped is a warning: the run has done its work."""
    machine.trouble(k3d_cluster_stop=[1, "permission denied\n"])
    ran = machine.run(K3D.format(""))
    assert ran.code == 0
    assert "the cluster `default` may be running still: `k3d` failed" in ran.err


def test_members_of_k3d(machine):
    """Scripts read back what was asked for and what came of it, and run k3d for this cluster."""
    ran = machine.run(
        K3D.format(', profile="web", k3s_server_args=["-v"]')
        + """
seen = ktor.k3d
print((seen.profile, seen.version, seen.k8s_version, seen.k8s_version_tuple, seen.node_image, seen.nodes), flush=True)
print((seen.provider, seen.keep_running, seen.start_fresh, seen.control_plane_nodes, seen.config), flush=True)
print((seen.node_image_registry, seen.node_image_suffix, seen.extra_port_mappings, seen.feature_gates), flush=True)
print((seen.runtime_config, seen.k3s_server_args, seen.k3s_agent_args), flush=True)
print(seen.k3d_file, seen.kubeconfig, ktor.kubeconfig.kubeconfig)
seen.cmd("image", "import", "web:1")
print(seen.cmd_out("version"))
"""
    )
    assert ran.code == 0, ran.err
    kubeconfig = machine.kubeconfig("k3d", "web")
    assert ran.out.splitlines()[:6] == [
        "('web', '5.99.2', '1.35.3', (1, 35, 3), 'rancher/k3s:v1.35.3-k3s1', 1)",
        "('docker', False, False, 1, None)",
        "('rancher/k3s', '-k3s1', None, None)",
        "(None, ['-v'], None)",
        f"{machine.bin}/k3d {kubeconfig} {kubeconfig}",
        "k3d version v5.99.2",
    ]
    assert machine.said_to("k3d image")["line"] == "k3d image import web:1"
