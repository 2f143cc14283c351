"""The one cluster of a run, from the first time that it is used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import kubernator
from kubernator import errors
from kubernator.tools.cache import Cache

if TYPE_CHECKING:
    from kubernator.cluster.api import Cluster
    from kubernator.redaction import Secrets
    from kubernator.scope.scope import Scope

__all__ = ["Connecting"]

#: What ``$KUBECONFIG`` was when the plugin `kubeconfig` was registered; that plugin writes it.
NAMED: Final = ("kubeconfig", "_named")


class Connecting:
    """Connects at most once. ``context`` is the command line's, and wins over what plugins choose."""

    def __init__(self, *, context: str | None, secrets: Secrets) -> None:
        self._context = context
        self._secrets = secrets
        self._cluster: Cluster | None = None
        self._source = ""
        self.globals: Scope | None = None

    def connect(self, kubeconfig: str | None, context: str | None) -> Cluster:
        """Connect; None means the default of either. Raises `errors.ClusterError`."""
        from kubernator.cluster import connect  # noqa: PLC0415 - a tree without resources needs no cluster

        cluster = connect.connect(
            kubeconfig=kubeconfig,
            context=self._context or context,
            secrets=self._secrets,
            cache_dir=Cache().discovery,
            environ=self._environment(),
            user_agent=f"kubernator/{kubernator.__version__}",
        )
        self._cluster, self._source = cluster, cluster.source
        return cluster

    def _environment(self) -> dict[str, str]:
        """Return our environment with ``KUBECONFIG`` as the run found it, whatever scripts have made of it since."""
        environment = dict(os.environ)
        if self.globals is not None and NAMED in self.globals:
            named: str | None = self.globals.peek(NAMED)
            environment.pop("KUBECONFIG", None)
            if named is not None:
                environment["KUBECONFIG"] = named
        return environment

    def close(self) -> None:
        """Let go of the cluster, if there was one."""
        if self._cluster is not None:
            self._cluster.close()

    def tell(self, error: BaseException) -> None:
        """Add to an error of a cluster which one that was, and who chose it."""
        if isinstance(error, errors.ClusterError) and self._cluster is not None:
            error.detail += [("server", self._cluster.server), ("chosen by", self._source)]

    @property
    def requests(self) -> dict[str, int] | None:
        """How many requests of each kind were sent; None without a cluster."""
        return dict(self._cluster.requests) if self._cluster is not None else None
