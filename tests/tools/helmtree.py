"""Trees with charts, walked by a real host with the real helm; a cluster that only knows kinds; a chart repository."""

from __future__ import annotations

import argparse
import base64
import ssl
import subprocess
import textwrap
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kubernator.cluster.api import Kind, Kinds, ServerVersion
from kubernator.model.diagnostics import Diagnostics
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.outcome import RunOutcome
from kubernator.redaction import Secrets
from kubernator.run.host import RunHost
from kubernator.run.registry import Registry
from kubernator.run.remote import Remotes
from kubernator.run.walk import walk
from kubernator.tools.cache import Cache
from kubernator.tools.lockfile import Pins
from kubernator.workers import Workers, thread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.resource import Resource

CHARTS = Path(__file__).parents[1] / "charts"
VERSION = "v1.36.2"

_NAMESPACED = {
    "v1": ("ConfigMap", "Secret", "Service", "ServiceAccount", "Pod"),
    "apps/v1": ("Deployment", "StatefulSet"),
    "batch/v1": ("Job",),
    "networking.k8s.io/v1": ("Ingress",),
    "policy/v1": ("PodDisruptionBudget",),
}
_CLUSTER_SCOPED = {
    "v1": ("Namespace",),
    "rbac.authorization.k8s.io/v1": ("ClusterRole",),
    "apiextensions.k8s.io/v1": ("CustomResourceDefinition",),
}


def _kinds(*, without: tuple[str, ...] = ()) -> Kinds:
    return Kinds(
        [
            Kind(
                gvk=GroupVersionKind.of(api_version, name),
                plural=f"{name.lower()}s",
                singular=name.lower(),
                namespaced=namespaced,
                subresources=frozenset({"status"}),
            )
            for namespaced, table in ((True, _NAMESPACED), (False, _CLUSTER_SCOPED))
            for api_version, names in table.items()
            for name in names
            if name not in without
        ]
    )


class KnowsKinds:
    """Stands in for a cluster where only its kinds and its version are asked for."""

    server = "https://cluster.example"

    def __init__(self, version: str = VERSION) -> None:
        self._version = version

    def kinds(self, *, refresh: bool = False) -> Kinds:  # noqa: ARG002 - the protocol's signature
        return _kinds()

    def version(self) -> ServerVersion:
        return ServerVersion(git_version=self._version, major=1, minor=36)


class Tree:
    """Files below a directory, and runs over them. ``home`` is shared by the runs, as the user's is."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.root = home / "tree"
        self.root.mkdir(parents=True, exist_ok=True)
        self.pins: dict[str, Any] = {}
        self.args: dict[str, Any] = {}
        self.secrets = Secrets()
        self.version = VERSION
        self.write({".kubernator.py": 'ktor.app.register_plugin("helm")\n'})

    def write(self, files: Mapping[str, str]) -> Tree:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))
        return self

    def script(self, text: str, *, register: str = 'ktor.app.register_plugin("helm")') -> Tree:
        return self.write({".kubernator.py": f"{register}\n{textwrap.dedent(text)}"})

    def run(self) -> Tree:
        """Walk, ask for the resources as the session does, and end."""
        self.diagnostics = Diagnostics()
        self.secrets = Secrets()
        self.workers = Workers()
        self.seen: list[Any] = []
        self.host = RunHost(
            args=argparse.Namespace(dry_run=True, command="dump", **self.args),
            secrets=self.secrets,
            workers=self.workers,
            diagnostics=self.diagnostics,
            connect=lambda *_: KnowsKinds(self.version),
            remotes=Remotes(Cache(), secrets=self.secrets),
            start=self.root,
            registry=Registry(()),
            pins=Pins(self.root, **self.pins),
        )
        self.host.script_ktor(self.host.globals).seen = self.seen.append
        error: BaseException | None = None
        try:
            self.host.register_first()
            walk(self.host, self.root)
            self.host.walked()
            plugin: Any = self.host.roster.anywhere("k8s")
            self.added = list(plugin.plugin.state.adding.resources.values()) if plugin else []
            self.resources: list[Resource] = self.host.resources()
        except BaseException as raised:
            error = raised
            raise
        finally:
            self.host.end(RunOutcome(error=error))
            self.workers.close()
        return self

    @property
    def messages(self) -> list[str]:
        return [found.message for found in self.diagnostics]

    @property
    def manifests(self) -> list[Any]:
        """What was added, in order, as scripts would see it."""
        assert not self.diagnostics.errors, self.messages
        return [yaml.safe_load(yaml.safe_dump(_plain(found.manifest))) for found in self.added]

    def names(self) -> list[str]:
        return [f"{found.kind}/{found.name}" for found in self.added]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def helm(program: Path, *args: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
    """Run helm itself."""
    return subprocess.run(
        [program, *args], input=stdin, capture_output=True, text=True, check=True, env=env, cwd="/"
    ).stdout


def expected(
    program: Path, chart: Path, *, name: str, namespace: str, values: str = "", crds: bool = True
) -> list[Any]:
    """Return what ``helm template`` gives with the cluster of these tests, lists unwrapped, the namespace filled in."""
    known = [each for kind in _kinds() for each in (kind.gvk.api_version, f"{kind.gvk.api_version}/{kind.gvk.kind}")]
    text = helm(
        program,
        *("template", name, str(chart), "-n", namespace, "--kube-version", VERSION, "-a", ",".join(known), "-f", "-"),
        *(["--include-crds"] if crds else []),
        stdin=values,
    )
    documents = [each for each in yaml.safe_load_all(text) if each]
    flat = [item for each in documents for item in _items(each)]
    definitions = [each["spec"] for each in flat if each["kind"] == "CustomResourceDefinition"]
    cluster_scoped = {
        *(kind for kinds in _CLUSTER_SCOPED.values() for kind in kinds),
        *(each["names"]["kind"] for each in definitions if each["scope"] == "Cluster"),
    }
    for each in flat:
        if each["kind"] not in cluster_scoped:
            each["metadata"].setdefault("namespace", namespace)
    return flat


def _items(document: Any) -> list[Any]:
    if not document["kind"].endswith("List"):
        return [document]
    kind = document["kind"].removesuffix("List")
    return [{"apiVersion": "v1", "kind": kind, **item} if kind else item for item in document["items"]]


class Repository:
    """A chart repository over HTTP on loopback: charts of a directory, with a password if wanted."""

    def __init__(self, directory: Path, *, credentials: str = "", certificate: Path | None = None) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.requests: list[str] = []
        self.failing: list[int] = []
        repository = self

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, directory=str(directory), **kwargs)

            def do_GET(self) -> None:
                repository.requests.append(self.path)
                given = self.headers.get("Authorization", "").removeprefix("Basic ")
                if credentials and base64.b64decode(given).decode() != credentials:
                    self.send_error(401)
                elif repository.failing:
                    self.send_error(repository.failing.pop(0))
                else:
                    super().do_GET()

            def log_message(self, *_: Any) -> None:
                pass

        self._scheme = "https" if certificate else "http"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = thread(self._server.serve_forever, name="repository")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self.address}"

    def add(self, program: Path, chart: Path, *, version: str | None = None) -> Path:
        """Package a chart, in another version if wanted, and write the index anew."""
        helm(program, "package", str(chart), "-d", str(self.directory), *(["--version", version] if version else []))
        helm(program, "repo", "index", str(self.directory))
        return max(self.directory.glob("*.tgz"), key=lambda path: path.stat().st_mtime_ns)

    def fetched(self, ending: str) -> int:
        return sum(path.endswith(ending) for path in self.requests)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
