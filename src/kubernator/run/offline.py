"""A run without a cluster: what every server of a version knows is known, and asking for more is an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from kubernator.cluster.api import Applied, Kinds, Listing, ServerVersion, WatchEvent
    from kubernator.model.origin import Origin
    from kubernator.schema.documents import Documents

__all__ = ["UNREACHED", "NeedsCluster", "Offline"]

UNREACHED: Final = "validate --server"
"""The verb that asks a cluster, and goes on without where that does not answer."""

_DOCUMENT: Final = re.compile(r"/openapi/v3/(?:api/([^/?]+)|apis/([^/?]+)/([^/?]+))")


class NeedsCluster(errors.ClusterError):
    """Something of a tree asks a cluster, in a run that is to do without one."""

    exit_code = errors.ExitCode.UNREACHABLE


class Offline:
    """Stands where a cluster would: implements `cluster.api.Cluster` with what ``documents`` know.

    Kinds and version are those of the version of Kubernetes that was chosen. Everything else raises `NeedsCluster` with
    the place that asks.
    """

    def __init__(self, documents: Documents, *, origin: Callable[[], Origin], verb: str) -> None:
        self._documents = documents
        self._origin = origin
        self._verb = verb
        self.requests: Mapping[str, int] = {}
        self.trouble = ""

    @property
    def server(self) -> str:
        """What stands for the URL of the server."""
        return f"no cluster, Kubernetes {self.version().git_version}"

    def version(self) -> ServerVersion:
        """Return the version whose schemas are used."""
        return self._documents.version

    def kinds(self, *, refresh: bool = False) -> Kinds:  # noqa: ARG002 - there is nothing that could change
        """Return the kinds that a server of this version serves."""
        return self._documents.kinds()

    def raw(self, method: str, path: str, *, body: Any = None, accept: str = "application/json") -> Any:  # noqa: ARG002
        """Refuse."""
        self._refuse(f"{method} {path}")

    def get(self, kind: Any, *, namespace: str, name: str) -> NoReturn:
        """Refuse."""
        self._refuse(f"the {kind.gvk.kind} `{f'{namespace}/' if namespace else ''}{name}`")

    def list(self, kind: Any, **_: Any) -> Listing:
        """Refuse."""
        self._refuse(f"all `{kind.plural}`")

    def watch(self, kind: Any, **_: Any) -> AbstractContextManager[Iterator[WatchEvent]]:
        """Refuse."""
        self._refuse(f"what becomes of `{kind.plural}`")

    def apply(self, kind: Any, manifest: Any, **_: Any) -> Applied:
        """Refuse."""
        self._refuse_to_write(kind, manifest)

    def create(self, kind: Any, manifest: Any, **_: Any) -> Applied:
        """Refuse."""
        self._refuse_to_write(kind, manifest)

    def patch(self, kind: Any, *, namespace: str, name: str, **_: Any) -> Applied:
        """Refuse."""
        self.get(kind, namespace=namespace, name=name)

    def delete(self, kind: Any, *, namespace: str, name: str, **_: Any) -> None:
        """Refuse."""
        self.get(kind, namespace=namespace, name=name)

    def close(self) -> None:
        """Let go of nothing."""

    def _refuse_to_write(self, kind: Any, manifest: Any) -> NoReturn:
        metadata = manifest.get("metadata") or {}
        self.get(kind, namespace=metadata.get("namespace") or "", name=metadata.get("name") or "")

    def _refuse(self, what: str) -> NoReturn:
        lacks = "does not reach one" if self._verb == UNREACHED else "does without one"
        raise NeedsCluster(
            f"this needs a cluster, and `{self._verb}` {lacks}",
            origin=self._origin(),
            detail=[("asked for", what)],
            hint=_hint(self._verb),
        )


def _hint(verb: str) -> str:
    match verb:
        case "validate --server":
            return "the finding about the cluster says why"
        case "validate":
            return "`kubernator validate --server` asks the cluster, and only reads there"
        case "dump --offline":
            return "`kubernator dump` without `--offline` asks the cluster"
        case _:
            return "keep the script from asking: `ktor.app.args.command` says which verb runs"
