"""What a run that plans begins before its turn: discovery while the walk goes on, reading while resources are frozen.

The walk may take minutes, and what is read must not be old when it is judged, so objects are read only when the walk is
over (decision 0008). By then it is also known exactly what has to be read, so not one request is added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.ref import ResourceRef
    from kubernator.planning.observe import Observer
    from kubernator.workers import Workers

__all__ = ["Ahead"]


class Ahead:
    """Implements `run.host.Ahead`. ``begin`` connects and discovers."""

    def __init__(self, begin: Callable[[str | None, str | None], None], workers: Workers) -> None:
        self._begin = begin
        self._workers = workers
        self._observer: Observer | None = None
        #: Unset where a plugin brings namespaces or kinds by itself: what is read then is known only in the plan.
        self.reads = True

    def connect(self, kubeconfig: str | None, context: str | None) -> None:
        """Begin to connect."""
        self._begin(kubeconfig, context)

    def read(self, cluster: Cluster, objects: Sequence[tuple[ResourceRef, Kind]]) -> None:
        """Begin to read objects."""
        if self.reads:
            self.observer(cluster).begin(objects)

    def observer(self, cluster: Cluster) -> Observer:
        """Return the observer of the run, with what it has read by now."""
        from kubernator.planning.observe import Observer  # noqa: PLC0415 - as for the cluster

        if self._observer is None:
            self._observer = Observer(cluster, self._workers)
        return self._observer
