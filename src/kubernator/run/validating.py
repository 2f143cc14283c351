"""Looking for all that is wrong with a tree, for ``validate``: whatever ends the walk, the rest is looked at too."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubernator import errors
from kubernator.load import findings
from kubernator.run.elsewhere import InCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubernator.model.change import PluginChange
    from kubernator.model.diagnostics import Diagnostics
    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Manifest, Resource
    from kubernator.run.checking import Checking
    from kubernator.run.host import RunHost
    from kubernator.run.planning import Walked
    from kubernator.workers import Workers

__all__ = ["Checked", "Validating"]


class Checked(NamedTuple):
    """The resources that were looked at, and the error that ended the walk, if one did."""

    resources: Sequence[Resource] = ()
    error: errors.KubernatorError | None = None


class Validating:
    """One look at a tree; findings go to those of the run."""

    def __init__(self, host: RunHost, workers: Workers, diagnostics: Diagnostics, *, server: bool) -> None:
        """``server`` says that the cluster is asked what it holds."""
        self._host = host
        self._workers = workers
        self._diagnostics = diagnostics
        self._server = server
        self._error: errors.KubernatorError | None = None

    def run(
        self,
        visit: Callable[[Callable[[errors.KubernatorError], None]], None],
        settled: Callable[[Sequence[PluginChange]], Walked],
        checking: Callable[[Walked], Checking],
    ) -> Checked:
        """Walk by ``visit``, take what there is by ``settled``, and check it by ``checking``.

        ``visit`` is given what is told of an error that ends only the turn of one directory.
        """
        self._host.validates = True
        changes: list[PluginChange] = []
        with self._going_on():
            visit(self._keep)
            changes = self._host.walked()
        walked: Walked | None = None
        with self._going_on():
            walked = settled(changes)
        if walked is None:
            return Checked(error=self._error)
        with self._going_on():
            self._check(walked, checking(walked))
        return Checked(walked.resources, self._error)

    def _going_on(self) -> _GoingOn:
        return _GoingOn(self._keep)

    def _keep(self, error: errors.KubernatorError) -> None:
        self._error = self._error or error
        told = list(getattr(error, "diagnostics", ()))
        self._diagnostics.extend(told or [findings.as_finding(error)])

    def _check(self, walked: Walked, checking: Checking) -> None:
        if not walked.resources:
            return
        from kubernator.pipeline import dangling, order  # noqa: PLC0415 - a tree without resources needs none of it

        self._diagnostics.extend(order.arrange(walked.resources).findings)
        live = self._live(walked.resources) if self._server else {}
        self._diagnostics.extend(checking.everything(live))
        elsewhere = InCluster(self._host.cluster) if self._server else None
        self._diagnostics.extend(dangling.find(walked.resources, elsewhere=elsewhere))

    def _live(self, resources: Sequence[Resource]) -> dict[ResourceRef, Manifest]:
        from kubernator.planning.observe import Observer  # noqa: PLC0415 - only with a cluster

        cluster = self._host.cluster
        kinds = cluster.kinds()
        wanted = [(each.ref, kind) for each in resources if (kind := kinds.get(each.gvk)) is not None]
        live = Observer(cluster, self._workers).read(wanted)
        return {ref: found for ref, found in live.items() if isinstance(found, dict)}


class _GoingOn:
    """Keeps an error of ours, after which something else can still be looked at; an interrupt ends everything."""

    def __init__(self, keep: Callable[[errors.KubernatorError], None]) -> None:
        self._keep = keep

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, errors.KubernatorError) or isinstance(error, errors.Interrupted | errors.UsageError):
            return False
        self._keep(error)
        return True
