"""The real kind, k3d and minikube, as far as they act without a container engine.

kind talks to an engine through the engine's program, so a stand-in for that lets the real kind find, export and stop a
cluster; k3d talks to Docker's socket, and a small server answers what it asks. What would make nodes is not reached:
`test_kind_contract` and its kin hold what the programs are told.
"""

from __future__ import annotations

import base64
import http.server
import io
import json
import re
import tarfile
import threading
import urllib.parse
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from localfakes import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.tools

WITH_KUBECTL = 'ktor.app.register_plugin("kubectl")\n'

DOCKER = """#!/bin/sh
echo "docker $*" >> "{home}/log.docker"
case "$*" in
info) echo Server: ;;
"info --format {{{{json .}}}}") echo '{{"CgroupVersion": "2"}}' ;;
*"status=running --format"*) test -e "{home}/down" || echo web-control-plane ;;
*"status=exited"*) test ! -e "{home}/down" || echo web-control-plane ;;
start*) rm "{home}/down" ;;
stop*) touch "{home}/down" ;;
*"ps -a --filter label=io.x-k8s.kind.cluster --format"*) echo web ;;
*"ps -a --filter label=io.x-k8s.kind.cluster=web --format"*) echo web-control-plane ;;
*"ps -a --filter"*) ;;
*"io.x-k8s.kind.role"*) echo control-plane ;;
*"desktop.docker.io"*) echo ;;
*"NetworkSettings.Ports"*) printf '127.0.0.1\\t{port}\\n' ;;
*admin.conf) cat "{home}/kubeconfig" ;;
-v) echo "Docker version 28.2.2, build e6534b4" ;;
*) echo "this docker makes no nodes" >&2; exit 9 ;;
esac
"""


def machine_with(tmp_path: Path, program: Any, *names: str, kubeconfig: Path | None = None) -> Machine:
    """Return a machine with real programs, and kubectl."""
    machine = Machine(tmp_path, "kubectl", kubeconfig=kubeconfig)
    for name in names:
        (machine.bin / name).symlink_to(program(name))
    return machine


def put_docker(machine: Machine, port: str) -> None:
    """Give the machine a docker that knows one cluster, `web`, whose API server listens on a port."""
    file = machine.bin / "docker"
    file.write_text(DOCKER.format(home=machine.home, port=port))
    file.chmod(0o700)
    for tool in ("cat", "rm", "touch", "sh"):
        (machine.bin / tool).symlink_to(f"/bin/{tool}")


def port_of(kubeconfig: Path) -> str:
    found = re.search(r"server: https://127\.0\.0\.1:(\d+)", kubeconfig.read_text())
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("kind", "", "the plugin `kind` needs `docker` or `podman`, which do not answer"),
        ("k3d", "", "the plugin `k3d` needs `docker`, which does not answer"),
    ],
)
def test_no_engine(tmp_path, program, name, options, said):
    """Without an engine the error says so, before the real program could be less clear about it."""
    machine = machine_with(tmp_path, program, name)
    ran = machine.run(f'{WITH_KUBECTL}ktor.app.register_plugin("{name}", k8s_version="1.35.3"{options})')
    assert ran.code == 1
    assert f"error: {said}" in ran.err
    assert "`docker` is not on `PATH`" in ran.err


@pytest.mark.cluster
@pytest.mark.parametrize("state", ["up", "down"])
def test_kind_applies(  # noqa: PLR0917 - fixtures
    tmp_path, program, kubeconfig, kubectl, namespace, state
):
    """The real kind finds a cluster, exports its kubeconfig, and what the tree says lands on its API server."""
    machine = machine_with(tmp_path, program, "kind", kubeconfig=kubeconfig)
    put_docker(machine, port_of(kubeconfig))
    if state == "down":
        (machine.home / "down").touch()
    (machine.tree / "web.yaml").write_text(
        f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {namespace}\n---\n"
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: {namespace}\ndata:\n  a: b\n"
    )
    ran = machine.run(
        f'{WITH_KUBECTL}ktor.app.register_plugin("kind", profile="web", k8s_version="1.35.3")\n'
        'ktor.app.register_plugin("k8s")\nprint(ktor.kind.version, ktor.kind.cmd_out("get", "nodes", "--name", "web"))',
        "apply",
        "--yes",
    )
    assert ran.code == 0, ran.err
    assert ran.out == "0.33.0 web-control-plane\n\n"
    found = kubectl("get", "configmap", "web", "-n", namespace, "-o", "jsonpath={.data.a}")
    assert found.stdout == "b"
    assert "current-context: kind-web" in machine.kubeconfig("kind", "web").read_text()
    said = (machine.home / "log.docker").read_text().splitlines()
    assert said[-1] == "docker stop web-control-plane"
    assert ("docker start web-control-plane" in said) == (state == "down")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('config="kind: Cluster\\napiVersion: kind.x-k8s.io/v1alpha4\\nwidgets: []\\n"', "field widgets not found"),
        ('config="kind: Other"', "unknown"),
        ("nodes=3, control_plane_nodes=2", "this docker makes no nodes"),
        (
            (
                'extra_port_mappings=[{"containerPort": 80, "hostPort": 8080, "listenAddress": "127.0.0.1",'
                ' "protocol": "TCP"}], feature_gates={"A": True}, runtime_config={"api/all": True}'
            ),
            "this docker makes no nodes",
        ),
        ('profile="Not_A_Name"', "not a valid cluster name"),
    ],
)
def test_configuration_that_kind_reads(tmp_path, program, options, said):
    """The real kind understands what is made for it, up to where nodes would be made, and refuses what it does not."""
    machine = machine_with(tmp_path, program, "kind")
    put_docker(machine, "1")
    options = options if "profile" in options else f'{options}, profile="new"'
    ran = machine.run(f'{WITH_KUBECTL}ktor.app.register_plugin("kind", k8s_version="1.35.3", {options})')
    assert ran.code == 1
    assert said in ran.err
    assert "error: `kind` failed" in ran.err


# k3d, which talks to Docker's API


def named_default(kubeconfig: Path) -> bytes:
    """Return a kubeconfig as k3s writes it, in which everything is called `default`."""
    content = yaml.safe_load(kubeconfig.read_text())
    for section in ("clusters", "contexts", "users"):
        content[section][0]["name"] = "default"
    content["contexts"][0]["context"] = {"cluster": "default", "user": "default"}
    return yaml.safe_dump({**content, "current-context": "default"}).encode()


class Docker:
    """A server that answers what k3d asks of Docker about one cluster, `web`, whose nodes run."""

    def __init__(self, kubeconfig: Path | None) -> None:
        self.kubeconfig = kubeconfig
        self.asked: list[str] = []
        docker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                docker.asked.append(f"{self.command} {self.path}")
                path, _, query = self.path.partition("?")
                status, content, headers = docker.answer(re.sub(r"^/v1\.\d+", "", path), urllib.parse.parse_qs(query))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), "Api-Version": "1.43", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_HEAD = do_POST = do_GET  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes, dict[str, str]]:
        """Answer a request for a path."""
        json_type = {"Content-Type": "application/json"}
        match path.strip("/").split("/"):
            case ["_ping"]:
                return 200, b"OK", {}
            case ["containers", "json"]:
                wanted = json.loads(query.get("filters", ["{}"])[0]).get("label", {})
                mine = not any(label.startswith("k3d.cluster=") and label != "k3d.cluster=web" for label in wanted)
                return 200, json.dumps([self.container()] if self.kubeconfig and mine else []).encode(), json_type
            case ["volumes"]:
                return 200, b'{"Volumes": []}', json_type
            case ["containers", _, "json"]:
                return 200, json.dumps(self.inspected()).encode(), json_type
            case ["containers", _, "archive"] if self.kubeconfig:
                packed = io.BytesIO()
                with tarfile.open(fileobj=packed, mode="w") as archive:
                    content = named_default(self.kubeconfig)
                    entry = tarfile.TarInfo("k3s.yaml")
                    entry.size = len(content)
                    archive.addfile(entry, io.BytesIO(content))
                stat = json.dumps({"name": "k3s.yaml", "size": 1, "mode": 384, "mtime": "2026-01-01T00:00:00Z"})
                kind = {"X-Docker-Container-Path-Stat": base64.b64encode(stat.encode()).decode()}
                return 200, packed.getvalue(), {"Content-Type": "application/x-tar", **kind}
            case _:
                return 500, b'{"message": "this docker makes no nodes"}', json_type

    def labels(self) -> dict[str, str]:
        return {
            "app": "k3d",
            "k3d.cluster": "web",
            "k3d.role": "server",
            "k3d.cluster.token": "a-long-secret-token",
            "k3d.server.api.host": "127.0.0.1",
            "k3d.server.api.hostIP": "127.0.0.1",
            "k3d.server.api.port": port_of(self.kubeconfig) if self.kubeconfig else "1",
        }

    def container(self) -> dict[str, Any]:
        return {"Id": "abc", "Names": ["/k3d-web-server-0"], "Labels": self.labels(), "State": "running"}

    def inspected(self) -> dict[str, Any]:
        return {
            "Id": "abc",
            "Name": "/k3d-web-server-0",
            "Created": "2026-01-01T00:00:00Z",
            "State": {"Running": True, "Status": "running", "StartedAt": "2026-01-01T00:00:00Z"},
            "Config": {"Labels": self.labels(), "Env": [], "Image": "i", "Cmd": []},
            "HostConfig": {"NetworkMode": "k3d-web", "PortBindings": {}, "Binds": [], "RestartPolicy": {"Name": ""}},
            "NetworkSettings": {"Networks": {"k3d-web": {"NetworkID": "n", "IPAddress": ""}}, "Ports": {}},
            "Mounts": [],
        }


@pytest.fixture
def docker(request: pytest.FixtureRequest) -> Iterator[Docker]:
    """Run the server; it knows a cluster if the test is of a cluster."""
    marked = request.node.get_closest_marker("cluster")
    made = Docker(request.getfixturevalue("kubeconfig") if marked else None)
    yield made
    made.server.shutdown()
    made.server.server_close()


def k3d_machine(tmp_path: Path, program: Any, docker: Docker, kubeconfig: Path | None = None) -> Machine:
    machine = machine_with(tmp_path, program, "k3d", kubeconfig=kubeconfig)
    put_docker(machine, "1")
    machine.env["DOCKER_HOST"] = f"tcp://127.0.0.1:{docker.server.server_port}"
    return machine


@pytest.mark.cluster
def test_k3d_applies(  # noqa: PLR0917 - fixtures
    tmp_path, program, kubeconfig, kubectl, namespace, docker
):
    """The real k3d finds a cluster that is up, gives its kubeconfig, and what the tree says lands there."""
    machine = k3d_machine(tmp_path, program, docker, kubeconfig)
    (machine.tree / "web.yaml").write_text(
        f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {namespace}\n---\n"
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: {namespace}\ndata:\n  a: b\n"
    )
    ran = machine.run(
        f'{WITH_KUBECTL}ktor.app.register_plugin("k3d", profile="web", k8s_version="1.35.3", keep_running=True)\n'
        'ktor.app.register_plugin("k8s")\nprint(ktor.k3d.version)',
        "apply",
        "--yes",
    )
    assert ran.code == 0, ran.err
    assert ran.out == "5.8.3\n"
    found = kubectl("get", "configmap", "web", "-n", namespace, "-o", "jsonpath={.data.a}")
    assert found.stdout == "b"
    assert "current-context: k3d-web" in machine.kubeconfig("k3d", "web").read_text()
    assert "\x1b" not in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('config="apiVersion: k3d.io/v1alpha5\\nkind: Simple\\nwidgets: 1\\n"', "property widgets is not allowed"),
        ("nodes=3", "this docker makes no nodes"),
        (
            (
                'extra_port_mappings=[{"containerPort": 80, "hostPort": 8080, "protocol": "TCP"}],'
                ' feature_gates={"A": 1}, runtime_config={"api/all": True}, k3s_server_args=["--disable=traefik"]'
            ),
            "this docker makes no nodes",
        ),
        ('profile="Not_A_Name"', "not a valid hostname"),
    ],
)
def test_configuration_that_k3d_reads(tmp_path, program, docker, options, said):
    """The real k3d understands what is made for it, up to where nodes would be made, and refuses what it does not."""
    machine = k3d_machine(tmp_path, program, docker)
    options = options if "profile" in options else f'{options}, profile="new"'
    ran = machine.run(f'{WITH_KUBECTL}ktor.app.register_plugin("k3d", k8s_version="1.35.3", {options})')
    assert ran.code == 1
    assert said in ran.err
    assert "error: `k3d` failed" in ran.err


# minikube


def test_minikube_without_a_driver(tmp_path, program):
    """The real minikube knows no such profile, tries to start it, and says in its own words why it cannot."""
    machine = machine_with(tmp_path, program, "minikube")
    ran = machine.run(
        f'{WITH_KUBECTL}ktor.app.register_plugin("minikube", profile="web", k8s_version="1.33.1", cpus=2,'
        ' extra_args=["--memory=2g"], extra_addons=["ingress"])'
    )
    assert ran.code == 1
    assert "error: `minikube` failed" in ran.err
    assert "Exiting due to PROVIDER_DOCKER_NOT_FOUND" in ran.err
    assert "-p web start --driver docker --kubernetes-version 1.33.1 --wait apiserver --nodes 1" in ran.err
    assert "unknown flag" not in ran.err
    assert not (tmp_path / ".minikube").exists()  # all it keeps is in a place of ours
    assert machine.kubeconfig("minikube", "web").parents[2].is_dir()


def test_minikube_refuses_what_it_does_not_know(tmp_path, program):
    """Arguments of `extra_args` reach the real program, which knows better."""
    machine = machine_with(tmp_path, program, "minikube")
    ran = machine.run(
        f'{WITH_KUBECTL}ktor.app.register_plugin("minikube", k8s_version="1.33.1", extra_args=["--no-such-thing"])'
    )
    assert ran.code == 1
    assert "unknown flag: --no-such-thing" in ran.err
