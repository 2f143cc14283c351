"""``ktor.kops``: what scripts see."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.plugin import Globs, Namespace, scoped
from kubernator.tools import kops
from kubernator.tools.kops import Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.plugin import Host
    from kubernator.plugins.kops.plugin import KopsPlugin

__all__ = ["EXCLUDES", "INCLUDES", "KopsNamespace"]

INCLUDES: Final = ("*.kops.yaml", "*.kops.yml")
EXCLUDES: Final = (".*",)

#: The environment variable that kops itself reads.
_STATE: Final = "KOPS_STATE_STORE"


def interval(value: Any) -> str:
    """Take a duration as Go writes it, or raise an error that is a ValueError."""
    kops.duration(str(value))
    return str(value)


def _globs(value: Iterable[str | re.Pattern[str]] | str | re.Pattern[str]) -> Globs:
    return Globs([value] if isinstance(value, str | re.Pattern) else value)


class KopsNamespace(Namespace):
    """``ktor.kops``. Which cluster and which state store is meant is read when a method is called."""

    _plugin: KopsPlugin
    _host: Host

    #: The cluster that `update` and `export` are about. Manifests of another one are refused where it is set.
    cluster_name: scoped[str | None] = scoped(None)
    #: Where kOps keeps clusters, ``s3://bucket`` say; ``$KOPS_STATE_STORE`` where it is not set.
    state_store: scoped[str | None] = scoped(None)
    #: The pauses of a rolling update, after each node of the control plane and after each other node.
    master_interval: scoped[str] = scoped("8m", convert=interval)
    node_interval: scoped[str] = scoped("8m", convert=interval)

    def walk_local(
        self,
        path: str | os.PathLike[str],
        excludes: Iterable[str | re.Pattern[str]] | str = EXCLUDES,
        includes: Iterable[str | re.Pattern[str]] | str = INCLUDES,
    ) -> None:
        """Read manifests of kOps from a file, or from a directory and the directories below it.

        A relative path is meant from the directory in progress. ``includes`` choose files by name and give their order
        in a directory; ``excludes`` leave out files and directories. The manifests are compared with the state store
        when the walk is over, and written there by ``apply --yes``.
        """
        here = self._host.visit.path if self._host.visit else Path()
        self._plugin.take(self._here, here / path, excludes=_globs(excludes), includes=_globs(includes))

    def walk_remote(
        self,
        url: str | os.PathLike[str],
        *paths: str | os.PathLike[str],
        excludes: Iterable[str | re.Pattern[str]] | str = EXCLUDES,
        includes: Iterable[str | re.Pattern[str]] | str = INCLUDES,
    ) -> None:
        """Fetch a repository now and read manifests in directories of it, or in all of it, as `walk_local` does.

        ``?ref=`` in the address names a branch, a tag or a full commit hash. Paths count from the repository's root.
        """
        chosen = {"excludes": _globs(excludes), "includes": _globs(includes)}
        for directory in self._plugin.fetched(url, paths):
            self._plugin.take(self._here, directory, **chosen)

    def update(self) -> None:
        """Make the cloud what the state store says: ``kops update cluster`` and a rolling update, where needed.

        What would be done is in the plan and done by ``apply --yes``, before Kubernetes' resources are written. The
        resources of the run go to this cluster from now on, as after `export`.
        """
        self._plugin.update(self._here)

    def export(self) -> str | None:
        """Export a kubeconfig of an administrator into a private file now, choose it, and return its path.

        Returns None when the cluster is not made yet. Resources cannot be planned then, whatever other kubeconfig there
        is: they are meant for this cluster.
        """
        return self._plugin.export(self._here)

    def _target(self) -> Target:
        """Return the cluster that is meant. Raises `errors.ProjectError` when a script did not say."""
        if not self.cluster_name:
            raise errors.ProjectError(
                "`ktor.kops.cluster_name` is not set",
                origin=self._host.origin(),
                hint='set it before, as in `ktor.kops.cluster_name = "demo.k8s.local"`',
            )
        return Target(str(self.cluster_name), self._store())

    def _store(self) -> str:
        """Return the state store that is meant. Raises `errors.ProjectError` when nothing says which."""
        state = str(self.state_store or os.environ.get(_STATE, "")).rstrip("/")
        if "://" not in state:
            wrong = f"`ktor.kops.state_store` is no state store: `{state}`" if state else "there is no state store"
            raise errors.ProjectError(
                wrong,
                origin=self._host.origin(),
                hint='set it before, as in `ktor.kops.state_store = "s3://bucket"`, or set `KOPS_STATE_STORE`',
            )
        return state
