"""The one cluster of a run, from the first time that it is used."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from typing import TYPE_CHECKING, Final, NamedTuple

import kubernator
from kubernator import errors, workers
from kubernator.tools.cache import Cache

if TYPE_CHECKING:
    from pathlib import Path

    from kubernator.cluster.api import Cluster
    from kubernator.cluster.kubeconfig import Selection
    from kubernator.redaction import Secrets
    from kubernator.scope.scope import Scope

__all__ = ["Connecting"]

#: What ``$KUBECONFIG`` was when the plugin `kubeconfig` was registered; that plugin writes it.
NAMED: Final = ("kubeconfig", "_named")

_logger = logging.getLogger("kubernator")


class _Early(NamedTuple):
    """A cluster that is asked before its turn, and the configuration by which it is known again."""

    selection: Selection
    cluster: Cluster


class Connecting:
    """Connects at most once. ``context`` is the command line's, and wins over what plugins choose.

    `begin` does so before the turn, while the walk goes on: what comes of it counts only if the run, when it really
    uses the cluster, means the very same one by then. Trouble is not told before that either.
    """

    def __init__(self, *, context: str | None, secrets: Secrets) -> None:
        self._context = context
        self._secrets = secrets
        self._cluster: Cluster | None = None
        self._early: _Early | None = None
        self._source = ""
        self.globals: Scope | None = None

    def begin(self, kubeconfig: str | None, context: str | None) -> None:
        """Connect and discover in the background.

        Not where a program brings the credentials: it may ask the user for something, and that has its turn.
        """
        try:
            selection = self._resolved(kubeconfig, context)
            if selection.user.program is not None:
                return
            early = _Early(selection, self._made(selection))
        except errors.KubernatorError:
            return  # said in its turn, unless a script chooses another cluster until then
        self._early = early
        workers.thread(_discover, early.cluster, name="discovery ahead")

    def connect(self, kubeconfig: str | None, context: str | None) -> Cluster:
        """Connect; None means the default of either. Raises `errors.ClusterError`."""
        early, self._early = self._early, None
        try:
            selection = self._resolved(kubeconfig, context)
            same = early is not None and early.selection == selection
            cluster = early.cluster if early is not None and same else self._made(selection)
        except BaseException:
            _let_go(early)
            raise
        if not same:
            _let_go(early)
        self._cluster, self._source = cluster, selection.source
        return cluster

    def _resolved(self, kubeconfig: str | None, context: str | None) -> Selection:
        from kubernator.cluster import connect  # noqa: PLC0415 - a tree without resources needs no cluster

        return connect.resolve(
            kubeconfig=kubeconfig,
            context=self._context or context,
            environ=self._environment(),
            service_account=connect.SERVICE_ACCOUNT,
        )

    def _made(self, selection: Selection) -> Cluster:
        from kubernator.cluster import connect  # noqa: PLC0415 - the same

        return connect.connected(
            selection,
            secrets=self._secrets,
            cache_dir=self._kept,
            user_agent=f"kubernator/{kubernator.__version__}",
        )

    @functools.cached_property
    def _kept(self) -> Path | None:
        """Where discovery is kept; None where there is no place for it, which costs time and no more."""
        try:
            return Cache().discovery
        except errors.ToolError as error:
            _logger.warning("nothing is kept of what the cluster serves: %s", error.title)
            return None

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
        """Let go of the cluster, if there was one, and of what is under way."""
        _let_go(self._early)
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


def _discover(cluster: Cluster) -> None:
    """Have discovery done when it is wanted; who wants it asks again where it failed, and is told why."""
    with contextlib.suppress(errors.KubernatorError):
        cluster.kinds()


def _let_go(early: _Early | None) -> None:
    if early is not None:
        early.cluster.close()
