"""Local clusters in scripts of Kubernator 1, unchanged: every member, flags as texts, failures as they are caught."""

from __future__ import annotations

import ast

import pytest
from localfakes import APPLY, Machine, Ran

pytestmark = pytest.mark.contract

BEFORE = 'import os\nktor.app.register_plugin("kubectl")\n'

MINIKUBE = """
ktor.app.register_plugin("minikube", minikube_version=None, profile=os.environ.get("PROFILE", "default"),
                         k8s_version="1.35.3", keep_running=os.environ.get("KEEP", ""),
                         start_fresh=os.environ.get("FRESH", ""), nodes=os.environ.get("NODES", 1), driver="docker",
                         cpus="no-limit", extra_args=None, extra_addons=["metrics-server"])
"""
KIND = """
ktor.app.register_plugin("kind", profile="default", k8s_version="1.35.3", keep_running=os.environ.get("KEEP", ""),
                         start_fresh=os.environ.get("FRESH", ""), nodes=2, control_plane_nodes=1,
                         extra_port_mappings=[dict(containerPort=80, hostPort=8080, protocol="TCP")],
                         feature_gates={"A": True}, runtime_config={"api/alpha": "true"})
"""
K3D = """
ktor.app.register_plugin("k3d", profile="default", k8s_version="1.35.3", keep_running=os.environ.get("KEEP", ""),
                         start_fresh=os.environ.get("FRESH", ""), nodes=2, k3s_server_args=["--disable=traefik"],
                         extra_port_mappings=[dict(containerPort=80, hostPort=8080, protocol="TCP")])
"""

MEMBERS = {
    "minikube": (
        MINIKUBE,
        """version minikube_file profile k8s_version k8s_version_tuple start_fresh keep_running nodes driver cpus
        extra_args extra_addons kubeconfig""",
    ),
    "kind": (
        KIND,
        """version kind_file profile k8s_version k8s_version_tuple node_image node_image_registry keep_running
        start_fresh nodes control_plane_nodes provider config extra_port_mappings feature_gates runtime_config
        kubeconfig""",
    ),
    "k3d": (
        K3D,
        """version k3d_file profile k8s_version k8s_version_tuple node_image node_image_registry node_image_suffix
        keep_running start_fresh nodes control_plane_nodes provider config extra_port_mappings feature_gates
        runtime_config k3s_server_args k3s_agent_args kubeconfig""",
    ),
}


def said(ran: Ran) -> dict[str, object]:
    """Return what a script said of a plugin's members."""
    assert ran.code == 0, ran.err
    (line,) = [line for line in ran.err.splitlines() if "members {" in line]
    return ast.literal_eval(line.partition("members ")[2])


@pytest.mark.parametrize("plugin", MEMBERS)
def test_every_member(machine: Machine, plugin: str) -> None:
    """They are there and are what was asked for, or what came of it; the kubeconfig is the run's."""
    script, names = MEMBERS[plugin]
    ran = machine.run(
        f"{BEFORE}{script}\nplugin = ktor.{plugin}\n"
        f"logger.info('members %r', {{name: getattr(plugin, name) for name in {names.split()}}})\n"
        "assert ktor.kubeconfig.kubeconfig == plugin.kubeconfig and os.path.isfile(plugin.kubeconfig)\n"
        "assert plugin.cmd('version') is None and isinstance(plugin.cmd_out('version'), str)\n"
    )
    members = said(ran)
    assert str(machine.kubeconfig(plugin)) == members["kubeconfig"]
    assert {"k8s_version": "1.35.3", "k8s_version_tuple": (1, 35, 3), "profile": "default"}.items() <= members.items()
    assert str(machine.bin / plugin) == members[f"{plugin}_file"]
    if "node_image" in members:
        expected = {"kind": "ghcr.io/karellen/kindest-node:v1.35.3", "k3d": "rancher/k3s:v1.35.3-k3s1"}
        assert (expected[plugin], "docker") == (members["node_image"], members["provider"])


@pytest.mark.cluster
@pytest.mark.parametrize("plugin", MEMBERS)
@pytest.mark.parametrize(
    ("flags", "done"),
    [
        ({}, {"stop"}),
        ({"KEEP": "1"}, set()),
        ({"FRESH": "1"}, {"delete", "stop"}),
        ({"FRESH": "0"}, {"delete", "stop"}),
    ],
)
def test_flags_may_be_texts(real: Machine, plugin: str, flags: dict[str, str], done: set[str]) -> None:
    """As those of the environment are: an empty one is no, every other one yes, `0` among them."""
    real.state(default="up")
    ran = real.run(BEFORE + MEMBERS[plugin][0], *APPLY, **flags)
    assert ran.code == 0, ran.err
    assert ("delete" in done) == any("delete" in line.split() for line in real.lines)
    assert ("stop" in done) == any("stop" in line.split() for line in real.lines[-2:])


@pytest.mark.parametrize("plugin", MEMBERS)
def test_a_command_that_fails(machine: Machine, plugin: str) -> None:
    """It is a CalledProcessError, with the code and what was said."""
    where = " -p default" if plugin == "minikube" else ""
    machine.trouble(**{f"{plugin}{where.replace(' ', '_')}_nonsense": (3, "no such command\n")})
    ran = machine.run(
        f"{BEFORE}{MEMBERS[plugin][0]}\nfrom kubernator.api import CalledProcessError\n"
        f"for call in (ktor.{plugin}.cmd, ktor.{plugin}.cmd_out):\n"
        "    try:\n        call('nonsense')\n"
        "    except CalledProcessError as e:\n        logger.info('code %s %r', e.returncode, e.stderr)\n"
    )
    assert ran.code == 0, ran.err
    assert ran.err.count(r"code 3 'no such command\n'") == 2


def test_the_number_of_nodes_may_be_a_text(machine: Machine) -> None:
    """Minikube was handed it as it was."""
    assert machine.run(BEFORE + MINIKUBE, NODES="2").code == 0
    assert any("--nodes 2" in line for line in machine.lines)
