"""A control plane under measurement: its processor time, its requests, and nobody else who talks to it.

The controllers, the scheduler and the simulated nodes are *held* (stopped by a signal) while a tool is timed: what they
would do about its objects is not the tool's cost. Every sample gets a control plane of its own, since a server that has
many objects, or had them, is another one.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks import machine, metrics
from kubernator.sandbox import lifecycle, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Server", "fresh"]

_HELD: Final = ("kube-controller-manager", "kube-scheduler", "kwok")
_SERVING: Final = ("kube-apiserver", "etcd")
_REFUSED: Final = 300
_QUIET_FOR: Final = 0.4
_BUSY_AT_MOST: Final = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A control plane. ``programs`` are the process numbers of its programs by name."""

    version: str
    address: str
    kubeconfig: Path
    directory: Path
    programs: dict[str, int]
    kubectl: Path

    def hold(self) -> None:
        """Let nothing but the API server and etcd do anything."""
        self._signal(signal.SIGSTOP)

    def release(self) -> None:
        """Let the controllers go on."""
        self._signal(signal.SIGCONT)

    def processor(self) -> float:
        """Return the processor seconds of the API server and etcd since their start."""
        return sum(machine.of_process(self.programs[name]) for name in _SERVING)

    def all_programs(self) -> float:
        """Return the processor seconds of all programs of the control plane."""
        return sum(map(machine.of_process, self.programs.values()))

    def counted(self) -> metrics.Reading:
        """Return the server's own count of requests."""
        return metrics.parse(self.text("/metrics"))

    def quiet(self) -> None:
        """Wait until nobody asks the server anything: a new one is busy with itself for a while."""
        limit = time.monotonic() + _BUSY_AT_MOST
        before = self.counted()
        while time.monotonic() < limit:
            time.sleep(_QUIET_FOR)
            after = self.counted()
            if not metrics.by_kind(metrics.difference(before, after)):
                return
            before = after

    def text(self, path: str) -> str:
        """Return what a path answers."""
        with contextlib.closing(self.connection()) as connection:
            connection.request("GET", path)
            return connection.getresponse().read().decode()

    def get(self, path: str) -> dict[str, Any] | None:
        """Return an object or a list, None if it is not there."""
        status, answer = self.send("GET", path)
        return answer if status < _REFUSED else None

    def send(self, method: str, path: str, body: Any = None, *, content_type: str = "") -> tuple[int, dict[str, Any]]:
        """Return the status and the answer of one request; the body is sent as JSON."""
        with contextlib.closing(self.connection()) as connection:
            headers = {"Content-Type": content_type or "application/json"} if body is not None else {}
            connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            answer = connection.getresponse()
            text = answer.read()
            # a path that is not served at all is answered in words
            return answer.status, json.loads(text) if text.startswith(b"{") else {}

    def connection(self) -> http.client.HTTPSConnection:
        """Return a connection of the administrator's."""
        context = ssl.create_default_context(cafile=self.directory / "ca.crt")
        context.load_cert_chain(self.directory / "admin.crt", self.directory / "admin.key")
        host, _, port = self.address.removeprefix("https://").partition(":")
        return http.client.HTTPSConnection(host, int(port), context=context)

    def until(
        self, path: str, holds: Callable[[dict[str, Any]], bool] = bool, *, seconds: float = 180
    ) -> dict[str, Any]:
        """Wait until what a path answers is as it should be, and return it."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if (found := self.get(path)) is not None and holds(found):
                return found
            time.sleep(0.05)
        raise TimeoutError(f"{path} did not come about")

    def _signal(self, number: signal.Signals) -> None:
        for name in _HELD:
            os.kill(self.programs[name], number)


@contextlib.contextmanager
def fresh(*, held: bool = True, say: Callable[[str], object] = lambda _: None) -> Iterator[Server]:
    """Run a control plane for as long as the block lasts."""
    with lifecycle.running(say=say, kubectl=True) as sandbox:
        saved = state.read(sandbox.kubeconfig.parent)
        kubectl = sandbox.binaries.kubectl
        if saved is None or kubectl is None:
            raise RuntimeError("the sandbox is not what it should be")
        server = Server(
            version=sandbox.version,
            address=sandbox.server,
            kubeconfig=sandbox.kubeconfig,
            directory=sandbox.kubeconfig.parent,
            programs=dict(saved.programs),
            kubectl=kubectl,
        )
        if held:
            server.hold()
        try:
            yield server
        finally:
            server.release()  # who is stopped does not hear that it is to end
