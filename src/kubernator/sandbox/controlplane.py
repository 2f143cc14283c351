"""One control plane: etcd, API server, controller manager, scheduler and a simulated kubelet, on loopback.

`ControlPlane.start` returns when a Pod could be made and would run. Every file it needs stands in one directory, every
port was free, the certificates are its own. `ControlPlane.stop` ends the programs in reverse order and waits for each:
an API server whose etcd went away first does not end for minutes and burns a processor all the while.
"""

from __future__ import annotations

import contextlib
import importlib.resources
import json
import os
import platform
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors, transport
from kubernator.sandbox import certificates, components, kubeconfig
from kubernator.tools import cache, process

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubernator.sandbox.binaries import Binaries
    from kubernator.sandbox.components import Component

__all__ = ["ControlPlane"]

PATIENCE: Final = 180.0
"""Seconds until a start that makes no progress is given up; five are usual, eleven on a busy machine."""

PAUSE: Final = 0.05
CONNECT: Final = 3.0
"""Seconds: somebody who took the port of the API server may accept connections and say nothing."""

ATTEMPTS: Final = 3
"""A port that was free may be taken by the time a program wants it; then all is begun again with other ports."""

TAIL: Final = 15
"""Lines of a program's log that are shown when it died."""

CREATED: Final = 201
OK: Final = 200


class _PortTaken(Exception):
    """A program found its port in use."""


@dataclass(slots=True, kw_only=True)
class ControlPlane:
    """A control plane that runs. ``server`` is the URL of its API, ``kubeconfig`` a file only the user can read."""

    name: str
    version: str
    directory: Path
    server: str
    kubeconfig: Path
    running: list[tuple[Component, process.Process]] = field(default_factory=list)

    @classmethod
    def start(
        cls,
        *,
        name: str,
        binaries: Binaries,
        directory: Path,
        nodes: int = 1,
        apiserver_flags: Sequence[str] = (),
        cancelled: Callable[[], bool] = lambda: False,
        started: Callable[[str, int], object] = lambda _name, _pid: None,
    ) -> ControlPlane:
        """Start everything in a directory and wait until it is ready.

        ``apiserver_flags`` come after ours, so they win. ``cancelled`` is asked now and then; once it says yes, what
        was started is stopped and `errors.Interrupted` raised. ``started`` hears of each program and its number.

        Raises `errors.ToolFailed` with the last lines of its log when a program ends early, `errors.TimedOut` when
        nothing comes about.
        """
        for attempt in range(1, ATTEMPTS + 1):
            plane = cls._prepared(name=name, binaries=binaries, directory=directory)
            try:
                plane._bring_up(binaries, nodes, apiserver_flags, cancelled, started)  # noqa: SLF001 - its own class
            except _PortTaken:
                plane.stop()
                if attempt == ATTEMPTS:
                    raise errors.ToolError(
                        f"the control plane found no free ports in {ATTEMPTS} attempts",
                        hint="something on this machine takes ports faster than they can be used",
                    ) from None
            except BaseException:
                plane.stop()
                raise
            else:
                return plane
        raise AssertionError  # the last attempt returned or raised

    @classmethod
    def _prepared(cls, *, name: str, binaries: Binaries, directory: Path) -> ControlPlane:
        cache.private_directory(directory)
        made = certificates.make()
        files = {
            "ca.crt": made.authority,
            "server.crt": made.server,
            "server.key": made.server_key,
            "admin.crt": made.admin,
            "admin.key": made.admin_key,
            "sa.key": made.service_account_key,
            "stages.yaml": _stages(binaries.version).encode(),
        }
        for file, content in files.items():
            cache.write(directory / file, content)
        ports = _free_ports(len(components.PORTS))
        server = f"https://127.0.0.1:{ports[0]}"
        cache.write(
            directory / kubeconfig.FILE,
            kubeconfig.text(name=name, server=server, authority=made.authority, admin=made.admin, key=made.admin_key),
        )
        cache.write(directory / "ports.json", json.dumps(dict(zip(components.PORTS, ports, strict=True))))
        return cls(
            name=name,
            version=binaries.version,
            directory=directory,
            server=server,
            kubeconfig=directory / kubeconfig.FILE,
        )

    def _bring_up(
        self,
        binaries: Binaries,
        nodes: int,
        apiserver_flags: Sequence[str],
        cancelled: Callable[[], bool],
        started: Callable[[str, int], object],
    ) -> None:
        ports = json.loads((self.directory / "ports.json").read_text())
        wanted = components.all_of(binaries, self.directory, ports, apiserver_flags)
        with contextlib.closing(self.api()) as api:
            wait = _Wait(self, api, cancelled)
            for component in wanted:
                if component.needs_api:
                    wait.until("the API server is ready", "/readyz")
                self._start(component)
                started(component.name, self.running[-1][1].pid)
            for number in range(nodes):
                _make_node(api, self.server, f"node-{number}", self.version)
            for number in range(nodes):
                wait.until(f"node-{number} is ready", f"/api/v1/nodes/node-{number}", _node_is_ready)
            # Pods are refused before their service account is there
            wait.until("Pods can be made", "/api/v1/namespaces/default/serviceaccounts/default")

    def _start(self, component: Component) -> None:
        self.running.append((component, self._spawned(component)))

    def _spawned(self, component: Component) -> process.Process:
        with (self.directory / f"{component.name}.log").open("ab") as log:
            Path(log.name).chmod(0o600)
            return process.spawn(
                component.argv, cwd=self.directory, env=_environment(self.directory), stdout=log, stderr=process.STDOUT
            )

    def api(self) -> transport.Transport:
        """Return a transport that is the administrator here."""
        return transport.HttpTransport(
            connect_timeout=CONNECT,
            tls=transport.TlsOptions(
                authority=(self.directory / "ca.crt").read_bytes(),
                client=transport.ClientCertificate(
                    certificate=(self.directory / "admin.crt").read_bytes(),
                    key=(self.directory / "admin.key").read_bytes(),
                ),
            ),
        )

    def restart(self, name: str) -> int:
        """Kill one program and start it again, as after a crash; return its new number when it has been started."""
        position = next(at for at, (component, _) in enumerate(self.running) if component.name == name)
        component, running = self.running[position]
        running.kill()
        running.wait()
        started = self._spawned(component)
        self.running[position] = (component, started)
        return started.pid

    def dead(self) -> errors.ToolFailed | None:
        """Return an error that shows the log of a program that ended by itself, or None if all of them run."""
        for component, running in self.running:
            code = running.poll()
            if code is not None:
                return errors.ToolFailed(
                    f"`{component.name}` ended by itself",
                    argv=component.argv,
                    code=code,
                    stderr="\n".join(self.log(component.name)[-TAIL:]),
                )
        return None

    def log(self, name: str) -> list[str]:
        """Return the lines a program has written."""
        try:
            return (self.directory / f"{name}.log").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def stop(self) -> None:
        """End the programs in reverse order, waiting for each; a second call does nothing."""
        while self.running:
            self.running[-1][1].terminate()
            self.running.pop()


class _Wait:
    """Polls the API until something is so, with an eye on the programs."""

    def __init__(self, plane: ControlPlane, api: transport.Transport, cancelled: Callable[[], bool]) -> None:
        self.plane = plane
        self.api = api
        self.cancelled = cancelled
        self.seen: set[str] = set()

    def until(self, what: str, path: str, holds: Callable[[dict[str, Any]], bool] | None = None) -> None:
        """Wait for an answer of 200 that also passes ``holds``; once true, a path is not asked again."""
        if path in self.seen:
            return
        limit = time.monotonic() + PATIENCE
        request = transport.Request(method="GET", url=self.plane.server + path, timeout=10)
        while time.monotonic() < limit:
            if self.cancelled():
                raise errors.Interrupted("the control plane was stopped while it started")
            self._check()
            with contextlib.suppress(errors.Unreachable):
                answer = self.api.send(request)
                if answer.status == OK and (holds is None or holds(json.loads(answer.body))):
                    self.seen.add(path)
                    return
            time.sleep(PAUSE)
        raise errors.TimedOut(
            f"the control plane is not there after {PATIENCE:g} s",
            detail=[
                ("waited until", what),
                *((f"log of {c.name}", _end(self.plane, c.name)) for c, _ in self.plane.running),
            ],
        )

    def _check(self) -> None:
        failure = self.plane.dead()
        if failure is None:
            return
        if "address already in use" in failure.stderr:
            raise _PortTaken
        raise failure


def _environment(directory: Path) -> dict[str, str]:
    """Return an environment in which nothing of the user's configures the programs: kwok reads ``~/.kwok``."""
    foreign = [name for name in os.environ if name.startswith(("ETCD_", "KWOK_", "KUBERNETES_"))]
    return process.environment({"HOME": str(directory), "KUBECONFIG": None, **dict.fromkeys(foreign)})


def _end(plane: ControlPlane, name: str) -> str:
    return (plane.log(name) or [""])[-1]


def _free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on; all are held until the last is found, or one would be found twice."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _stages(version: str) -> str:
    text = importlib.resources.files("kubernator.sandbox").joinpath("stages.yaml").read_text()
    return text.replace("@VERSION@", f"v{version}").replace("@ARCHITECTURE@", platform.machine())


def _make_node(api: transport.Transport, server: str, name: str, version: str) -> None:
    capacity = {"cpu": "32", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "1Ti"}
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"},
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "type": "kwok",
            },
        },
        "status": {"allocatable": capacity, "capacity": capacity, "nodeInfo": {"kubeletVersion": f"v{version}"}},
    }
    answer = api.send(
        transport.Request(
            method="POST",
            url=f"{server}/api/v1/nodes",
            headers={"Content-Type": "application/json"},
            body=json.dumps(node).encode(),
        )
    )
    if answer.status != CREATED:
        raise errors.ToolError(
            f"the simulated node `{name}` could not be made",
            detail=[("answer", f"{answer.status} {answer.body.decode('utf-8', 'replace').strip()}")],
        )


def _node_is_ready(node: dict[str, Any]) -> bool:
    """Say whether Pods would be put there: it is ready, and the taint of its youth is gone."""
    conditions = {each["type"]: each["status"] for each in node.get("status", {}).get("conditions", ())}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")
