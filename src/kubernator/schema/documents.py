"""The schemas that manifests are checked by: those that come with Kubernator, or those of a cluster."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from kubernator import errors
from kubernator.cluster.api import Kinds
from kubernator.schema import bundle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubernator.cluster.api import Cluster, ServerVersion
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.schema.node import Node
    from kubernator.schema.published import Document, Published
    from kubernator.tools.cache import Cache

__all__ = ["Documents", "bundled", "of_cluster", "parse_version"]

_VERSION: Final = re.compile(r"v?1\.(0|[1-9]\d{0,3})(?:\.\d+(?:[-+][-+.\w]*)?)?", re.ASCII)
#: Versions of servers whose own kinds are those of Kubernetes. Another suffix is somebody's own build, which may have
#: fields more.
_UNCHANGED: Final = re.compile(r"v?\d+\.\d+\.\d+(?:-(?:eks|gke)[-.][-.\w]*|\+(?:k3s|rke2r)\d+)?", re.ASCII)


class Documents(Protocol):
    """What kinds there are and what their objects look like, read as it is asked for."""

    @property
    def version(self) -> ServerVersion:
        """The version of the server whose schemas these are."""

    @property
    def minor(self) -> int:
        """Its minor version."""

    @property
    def warnings(self) -> Sequence[str]:
        """What could not be read so far, a sentence each, and what that means."""

    def kinds(self) -> Kinds:
        """Return the kinds that are served; of a version that comes with us, those that are on by default."""

    def optional(self) -> Kinds:
        """Return the kinds that a server of this version can be told to serve besides; none where we know better.

        A manifest of such a kind is not wrong as such. `root` knows them.
        """

    def root(self, gvk: GroupVersionKind) -> Node | None:
        """Return the schema of objects of a kind, compiled once.

        None where there is none to go by. That does not say that there is no such kind, which `kinds` does.
        """

    def raw(self, gvk: GroupVersionKind) -> Mapping[str, Any]:
        """Return the schema of a kind as it is published, without descriptions; empty where there is none."""

    def is_custom(self, gvk: GroupVersionKind) -> bool:
        """Say whether a definition made a kind, so that its objects are checked by all that the schema says."""


def bundled(minor: int | None = None) -> Documents:
    """Return the schemas that come with us of ``1.<minor>``; None is the newest.

    Raises `errors.UsageError` for a version that does not.
    """
    if minor is not None and minor not in bundle.MINORS:
        raise _no_schemas(f"1.{minor}")
    return bundle.load(bundle.MINORS[-1] if minor is None else minor)


def of_cluster(cluster: Cluster, cache: Cache) -> Documents:
    """Return the schemas of a cluster. Nothing is asked before it is needed.

    Kubernetes' own kinds come from the package when that has the server's minor version. The others are asked for, by
    group and version, unless ``cache`` has them.
    """
    from kubernator.schema.kept import Kept  # noqa: PLC0415 - without a cluster nobody needs what one publishes
    from kubernator.schema.published import Published  # noqa: PLC0415 - the same

    return _OfCluster(cluster, Published(cluster, Kept(cache)))


def parse_version(text: str) -> int:
    """Return the minor version of ``1.36``, ``v1.36`` or ``1.36.2``.

    Raises `errors.UsageError` for anything else, and for a version whose schemas do not come with us.
    """
    match = _VERSION.fullmatch(text)
    if match is None:
        raise errors.UsageError(f"`{text}` is not a version of Kubernetes", hint=f"there are schemas of {_there_are()}")
    minor = int(match[1])
    if minor not in bundle.MINORS:
        raise _no_schemas(text)
    return minor


class _OfCluster:
    """`Documents` of a cluster."""

    def __init__(self, cluster: Cluster, published: Published) -> None:
        self._cluster = cluster
        self._published = published

    @property
    def version(self) -> ServerVersion:
        return self._cluster.version()

    @property
    def minor(self) -> int:
        return self.version.minor

    @property
    def warnings(self) -> Sequence[str]:
        return tuple(sorted(self._published.warnings))  # several are read at once

    def kinds(self) -> Kinds:
        return self._cluster.kinds()

    def optional(self) -> Kinds:
        return Kinds(())

    def root(self, gvk: GroupVersionKind) -> Node | None:
        source = self._source(gvk)
        return None if source is None else source.root(gvk)

    def raw(self, gvk: GroupVersionKind) -> Mapping[str, Any]:
        source = self._source(gvk)
        return {} if source is None else source.raw(gvk)

    def is_custom(self, gvk: GroupVersionKind) -> bool:
        source = self._source(gvk)
        return source is not None and source.is_custom(gvk)

    def _source(self, gvk: GroupVersionKind) -> bundle.Bundle | Document | None:
        """Return who knows a kind."""
        own = self._own(gvk)
        if own is not None and _UNCHANGED.fullmatch(self.version.git_version):
            return own
        document = self._published.document(gvk.api_version)
        return document if self._published.readable else own

    def _own(self, gvk: GroupVersionKind) -> bundle.Bundle | None:
        """Return the bundle of the server's version if the kind is one that every server of it serves."""
        version = self.version
        if version.major != 1 or version.minor not in bundle.MINORS:
            return None
        found = bundle.load(version.minor)
        return found if found.kinds().get(gvk) is not None else None


def _no_schemas(version: str) -> errors.UsageError:
    return errors.UsageError(f"there are no schemas of Kubernetes `{version}`", hint=f"there are {_there_are()}")


def _there_are() -> str:
    *most, last = [f"1.{minor}" for minor in bundle.MINORS]
    return f"{', '.join(most)} and {last}"
