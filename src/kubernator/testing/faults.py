"""A proxy on loopback in front of a real API server that counts, delays, cuts, spoils and refuses, by a script.

::

    with FaultProxy(kubeconfig, directory=tmp_path, faults=[Refuse("GET", r"/api/v1/pods", status=429)]) as proxy:
        cluster = connect(kubeconfig=proxy.kubeconfig, secrets=Secrets())

Everything without a fault goes to the server as it came. A request that brings a token goes there with that token;
others go as the user of the kubeconfig, whose certificate cannot pass through a proxy. How a fault looks on the wire is
the business of `kubernator.testing.wire`.
"""

from __future__ import annotations

import base64
import json
import random
import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kubernator import workers
from kubernator.cluster import kubeconfig as kubeconfigs
from kubernator.testing import wire
from kubernator.testing.script import (
    Cut,
    Delay,
    Drop,
    Fault,
    Hang,
    Meanwhile,
    Outage,
    Refuse,
    Seen,
    Spoil,
    WatchFault,
)
from kubernator.transport import ClientCertificate, HttpTransport, Proxies, Request, TlsOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from kubernator.transport import Stream

__all__ = [
    "Cut",
    "Delay",
    "Drop",
    "Fault",
    "FaultProxy",
    "Hang",
    "Meanwhile",
    "Outage",
    "Refuse",
    "Seen",
    "Spoil",
    "WatchFault",
]


class FaultProxy:
    """The proxy, a context manager. ``kubeconfig`` is the path of one that leads to it.

    ``user`` is the user entry of that kubeconfig, nobody by default. With ``certificate`` (PEM: certificate, key,
    authority) it speaks TLS, else plain HTTP. ``seed`` is that of the dice for faults that happen by chance.

    ``seen`` are the requests that came, ``carried_out`` the writes that the server says it did, ``taken`` the faults
    that happened.
    """

    def __init__(
        self,
        kubeconfig: Path,
        *,
        directory: Path,
        faults: Sequence[Fault] = (),
        user: Mapping[str, Any] | None = None,
        certificate: tuple[bytes, bytes, bytes] | None = None,
        seed: int = 0,
    ) -> None:
        selection = kubeconfigs.load([kubeconfig], must_exist=True).select()
        self.seen: list[Seen] = []
        self.taken: list[Fault] = []
        self.carried_out: list[Seen] = []
        self.upstream = selection.cluster.server.rstrip("/")
        self._faults: list[Fault] = list(faults)
        self._writing = 0
        self._dice = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
        self._lock = threading.Lock()
        self._held = threading.Event()
        self._arrived = threading.Condition(self._lock)
        self._anonymous, self._named = _upstreams(selection)
        self._listener = wire.Listener(self, directory=directory, certificate=certificate)
        self.server = self._listener.url
        self.kubeconfig = directory / "proxy.kubeconfig"
        self.kubeconfig.write_text(_kubeconfig(self.server, user or {}, certificate))

    def add(self, *faults: Fault) -> None:
        """Add faults to the script; an earlier one goes first."""
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        """Let everything through from now on, and forget what was seen."""
        with self._lock:
            self._faults.clear()
            self.seen.clear()
            self.taken.clear()
            self.carried_out.clear()

    def count(self, method: str, path: str = "/") -> int:
        """Return how many requests of a method (``*`` for any) and path came."""
        with self._lock:
            return self._count(method, path)

    @property
    def written(self) -> list[Seen]:
        """The requests so far that were to change something."""
        with self._lock:
            return [one for one in self.seen if one.writes]

    def wait_for(self, method: str, path: str = "/", *, count: int = 1) -> None:
        """Wait until so many requests of a method and path have come."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._count(method, path) >= count)

    def settle(self) -> None:
        """Wait until no write is under way, not even one whose client has gone."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._writing == 0)

    def release(self) -> None:
        """Let go what is held back, now and later."""
        self._held.set()

    def held(self) -> None:
        """Wait for `release`."""
        self._held.wait()

    def down(self) -> None:
        """End all connections and refuse new ones."""
        self._listener.stop()

    def up(self) -> None:
        """Accept connections again, on the same port."""
        self._listener.start()

    def note(self, seen: Seen) -> Fault | None:
        """Note a request and return what is to happen to it."""
        with self._arrived:
            self.seen.append(seen)
            self._writing += seen.writes
            self._arrived.notify_all()
            fault = self._take(seen)
            if fault is not None:
                self.taken.append(fault)
            return fault

    def over(self, seen: Seen) -> None:
        """Hear that nothing more happens to a request."""
        with self._arrived:
            self._writing -= seen.writes
            self._arrived.notify_all()

    def forward(self, seen: Seen, request: Request) -> Stream:
        """Send a request to the server, as its token says or as the user of the kubeconfig."""
        named = any(name.lower() == "authorization" for name in request.headers)
        stream = (self._anonymous if named else self._named).stream(request)
        if seen.writes and stream.status < 300:  # noqa: PLR2004 - an answer of success
            with self._lock:
                self.carried_out.append(seen)
        return stream

    def fail_for(self, seconds: float) -> None:
        """Be down for so many seconds; returns at once."""

        def come_back() -> None:
            self.down()
            self._held.wait(seconds)
            self.up()

        workers.thread(come_back, name="outage")

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        self._listener.close()
        self._anonymous.close()
        self._named.close()

    def _count(self, method: str, path: str) -> int:
        return sum(method in {"*", one.method} and re.match(path, one.path) is not None for one in self.seen)

    def _take(self, seen: Seen) -> Fault | None:
        for position, fault in enumerate(self._faults):
            if not fault.matches(seen):
                continue
            if fault.after:
                self._faults[position] = replace(fault, after=fault.after - 1)
                return None
            if fault.chance < 1 and self._dice.random() >= fault.chance:
                continue
            if fault.times == 1:
                del self._faults[position]
            elif fault.times:
                self._faults[position] = replace(fault, times=fault.times - 1)
            return fault
        return None


def _upstreams(selection: kubeconfigs.Selection) -> tuple[HttpTransport, HttpTransport]:
    """Return the way to the server for requests that bring a token, and for those that are the user's."""
    cluster, user = selection.cluster, selection.user
    tls = TlsOptions(authority=cluster.authority, insecure=cluster.insecure, server_name=cluster.server_name)
    client = ClientCertificate(certificate=user.certificate, key=user.key) if user.certificate and user.key else None
    return (
        HttpTransport(tls=tls, proxies=Proxies.none()),
        HttpTransport(tls=replace(tls, client=client), proxies=Proxies.none()),
    )


def _kubeconfig(server: str, user: Mapping[str, Any], certificate: tuple[bytes, bytes, bytes] | None) -> str:
    """Return a kubeconfig as JSON, which is YAML."""
    cluster: dict[str, Any] = {"server": server}
    if certificate:
        cluster["certificate-authority-data"] = base64.b64encode(certificate[2]).decode()
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "proxy",
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
            "clusters": [{"name": "proxy", "cluster": cluster}],
            "users": [{"name": "proxy", "user": dict(user)}],
        }
    )
