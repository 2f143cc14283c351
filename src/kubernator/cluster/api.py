"""What the rest of the program knows about a cluster.

`Cluster` is implemented by ``cluster.client.HttpCluster``; nothing above this floor may import that module (an import
contract holds it), so tests may stand anything else in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from kubernator.model.gvk import GroupKind, GroupVersionKind
    from kubernator.model.resource import Manifest, PropagationPolicy

__all__ = [
    "MINIMUM_VERSION",
    "Applied",
    "Cluster",
    "Kind",
    "Kinds",
    "Listing",
    "ServerVersion",
    "WatchEvent",
    "require_supported",
    "require_supported_server",
]

MINIMUM_VERSION: Final = (1, 29)

#: Served from the minimum version on and by no older server: discovery, which every run reads, tells an old one.
_TOLD_BY: Final = "flowcontrol.apiserver.k8s.io/v1"


class ServerVersion(NamedTuple):
    """The answer of ``/version``."""

    git_version: str
    major: int
    minor: int

    @property
    def parts(self) -> tuple[str, ...]:
        """The version without ``v`` and vendor suffix, split at the points: ``("1", "37", "2")``."""
        plain = self.git_version.removeprefix("v").split("-")[0].split("+")[0]
        return tuple(plain.split("."))


def require_supported(version: ServerVersion) -> None:
    """Raise `errors.ClusterError` when a version is older than what the engine is tested with."""
    if (version.major, version.minor) < MINIMUM_VERSION:
        oldest = ".".join(map(str, MINIMUM_VERSION))
        raise errors.ClusterError(
            f"the API server is Kubernetes `{version.git_version}`, which is not supported",
            hint=f"servers from {oldest} on are supported: upgrade the cluster",
        )


def require_supported_server(cluster: Cluster) -> None:
    """Raise `errors.ClusterError` when a server is too old; asks for its version only if discovery leaves a doubt."""
    if _TOLD_BY not in cluster.kinds().api_versions:
        require_supported(cluster.version())


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind the server serves (API concept *APIResource*)."""

    gvk: GroupVersionKind
    plural: str
    singular: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: frozenset[str] = frozenset()


class Kinds:
    """What the server serves, from discovery. Immutable; an updated one replaces it."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        """Take the kinds with those of a group's preferred version first."""
        self._kinds = tuple(kinds)
        self._by_gvk = {kind.gvk: kind for kind in reversed(self._kinds)}
        self._preferred: dict[GroupKind, Kind] = {}
        for kind in self._kinds:
            self._preferred.setdefault(kind.gvk.group_kind, kind)

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def get(self, gvk: GroupVersionKind) -> Kind | None:
        """Return exactly this kind in this version, or None."""
        return self._by_gvk.get(gvk)

    def preferred(self, group_kind: GroupKind) -> Kind | None:
        """Return the kind in the version its group prefers, or None."""
        return self._preferred.get(group_kind)

    @property
    def api_versions(self) -> list[str]:
        """Every ``group/version`` (core: ``version``), sorted."""
        return sorted({kind.gvk.api_version for kind in self._kinds})


class Applied(NamedTuple):
    """What the server holds, or in a dry run would hold, after a write; and what it warned of (``Warning`` 299)."""

    manifest: Manifest
    warnings: tuple[str, ...] = ()
    created: bool = False


class Listing(NamedTuple):
    """The objects of one kind in one scope, and the resourceVersion a watch may start from.

    ``complete`` is False when the listing was given up after its first page because ``remaining`` more were too many
    for what was wanted.
    """

    items: list[Manifest]
    resource_version: str
    remaining: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEvent:
    """``ADDED``, ``MODIFIED``, ``DELETED`` or ``BOOKMARK``, and the object. ``ERROR`` is raised as an `ApiError`."""

    type: str
    object: Manifest = field(default_factory=dict)


class Cluster(Protocol):
    """One Kubernetes cluster. Safe to use from several threads.

    Every method raises `errors.ClusterError` or one of its kin and nothing else. Requests that are safe to repeat are
    retried within bounds; ``Retry-After`` is honoured.
    """

    @property
    def server(self) -> str:
        """The URL of the API server, for people."""

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests sent so far, by verb.

        Verbs are ``discovery``, ``version``, ``openapi``, ``get``, ``list``, ``watch``, ``apply``, ``dry-run``,
        ``create``, ``patch``, ``delete``; and ``retry``, ``throttled`` (429) where there were any.
        """

    @property
    def trouble(self) -> str:
        """Why the server is not to be had at this moment, for people; empty when it answers."""

    def version(self) -> ServerVersion:
        """Ask ``/version``, once."""

    def kinds(self, *, refresh: bool = False) -> Kinds:
        """Return what the server serves: at most two requests, one after a definition changed (``refresh``)."""

    def get(self, kind: Kind, *, namespace: str, name: str) -> Manifest | None:
        """Return the live object, or None when it, its namespace or its kind is not there."""

    def list(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        page: int = 1000,
        give_up_above: int | None = None,
        only: Container[tuple[str, str]] | None = None,
    ) -> Listing:
        """Return all objects of a kind, in a namespace or everywhere, page by page.

        With ``give_up_above`` the listing stops after the first page when more than so many objects remain. ``only``
        are the namespaces and names of what is wanted: the rest is dropped as each page is read, and never held.
        """

    def apply(
        self,
        kind: Kind,
        manifest: Manifest,
        *,
        manager: str,
        force: bool = False,
        dry_run: bool = False,
        field_validation: str = "Strict",
    ) -> Applied:
        """Server-side apply. Preconditions (uid, resourceVersion) travel in the manifest's metadata."""

    def create(
        self, kind: Kind, manifest: Manifest, *, manager: str, dry_run: bool = False, field_validation: str = "Strict"
    ) -> Applied:
        """POST a new object. Never repeated once a byte of it may have arrived."""

    def patch(
        self,
        kind: Kind,
        *,
        namespace: str,
        name: str,
        body: Any,
        content_type: str,
        manager: str,
        dry_run: bool = False,
        subresource: str = "",
        field_validation: str = "",
    ) -> Applied:
        """PATCH with ``application/json-patch+json`` or ``application/merge-patch+json``."""

    def delete(
        self,
        kind: Kind,
        *,
        namespace: str,
        name: str,
        propagation: PropagationPolicy,
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> Manifest | None:
        """DELETE with preconditions. Returns the answer's body, or None when nothing was there."""

    def watch(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        resource_version: str = "",
        field_selector: str = "",
        label_selector: str = "",
        timeout: float = 300,
    ) -> AbstractContextManager[Iterator[WatchEvent]]:
        """Open a watch. The iterator ends when the server ends it; leaving the context cuts it, from any thread.

        Raises `errors.ApiError` with status 410 when the resourceVersion is too old.
        """

    def raw(self, method: str, path: str, *, body: Any = None, accept: str = "application/json") -> Any:
        """Send any other request below the server's URL and return the decoded answer."""

    def close(self) -> None:
        """Close connections. The cluster is not used afterwards."""
