"""A tree of files walked by a real host, with a cluster that knows kinds and nothing else."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

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
from kubernator.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator import errors
    from kubernator.model.resource import Resource
    from kubernator.plugins.k8s.plugin import KubernetesPlugin


def kind(api_version: str, name: str, *, namespaced: bool = True, status: bool = True) -> Kind:
    return Kind(
        gvk=GroupVersionKind.of(api_version, name),
        plural=f"{name.lower()}s",
        singular=name.lower(),
        namespaced=namespaced,
        subresources=frozenset({"status"} if status else ()),
    )


KINDS = Kinds(
    [
        kind("v1", "ConfigMap", status=False),
        kind("v1", "Secret", status=False),
        kind("v1", "Pod"),
        kind("v1", "Namespace", namespaced=False),
        kind("apps/v1", "Deployment"),
        kind("rbac.authorization.k8s.io/v1", "ClusterRole", namespaced=False, status=False),
        kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", namespaced=False),
    ]
)


class KnowsKinds:
    """Stands in for a cluster where only its kinds and its version are asked for."""

    server = "https://cluster.example"

    def __init__(self) -> None:
        self.asked = 0
        self.problem: errors.ClusterError | None = None
        self.git_version = "v1.35.3-eks-1+a"

    def kinds(self, *, refresh: bool = False) -> Kinds:  # noqa: ARG002 - the protocol's signature
        self.asked += 1
        if self.problem:
            raise self.problem
        return KINDS

    def version(self) -> ServerVersion:
        return ServerVersion(git_version=self.git_version, major=1, minor=35)


class Project:
    """Files below a directory and the run over them; what scripts hand to ``ktor.globals.seen`` is in `seen`."""

    def __init__(self, root: Path) -> None:
        self.root = root / "tree"
        self.root.mkdir()
        self.seen: list[Any] = []
        self.cluster: Any = KnowsKinds()
        self.kubeconfigs: list[str | None] = []
        self.connected: list[tuple[str | None, str | None]] = []
        self.diagnostics = Diagnostics()
        self.secrets = Secrets()
        self.workers = Workers()
        self.host = RunHost(
            args=argparse.Namespace(dry_run=True, command="dump"),
            secrets=self.secrets,
            workers=self.workers,
            diagnostics=self.diagnostics,
            connect=self._connect,
            remotes=Remotes(Cache(root / "cache"), secrets=self.secrets),
            start=self.root,
            registry=Registry(()),
        )
        self.host.script_ktor(self.host.globals).seen = self.seen.append

    def _connect(self, kubeconfig: str | None, context: str | None) -> Any:
        self.kubeconfigs.append(kubeconfig)
        self.connected.append((kubeconfig, context))
        return self.cluster

    def write(self, files: dict[str, str]) -> Project:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))
        return self

    def script(self, text: str, *, directory: str = ".", register: str = 'ktor.app.register_plugin("k8s")') -> Project:
        return self.write({f"{directory}/.kubernator.py": f"{register}\n{textwrap.dedent(text)}"})

    def walk(self) -> Project:
        self.host.register_first()
        walk(self.host, self.root)
        return self

    def resources(self) -> list[Resource]:
        """Walk, and ask for the resources as the session does."""
        self.walk()
        self.host.walked()
        return self.host.resources()

    @property
    def plugin(self) -> KubernetesPlugin:
        found = self.host.roster.anywhere("k8s")
        assert found is not None
        return found.plugin  # type: ignore[return-value] - by its name

    @property
    def messages(self) -> list[str]:
        return [found.message for found in self.diagnostics]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Return an empty tree whose run ends with the test."""
    made = Project(tmp_path)
    yield made
    made.host.end(RunOutcome())
