"""Looking for all that is wrong with a tree, for ``validate``.

Whatever ends the walk, the rest is looked at too; and where the cluster does not answer, the schemas that come with us
say what they can.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from kubernator import errors
from kubernator.load import findings
from kubernator.model.gvk import DEFINITION
from kubernator.model.ref import ResourceRef
from kubernator.run.elsewhere import InCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kubernator.cluster.api import Cluster, Kind, Kinds
    from kubernator.model.change import PluginChange
    from kubernator.model.diagnostics import Diagnostic, Diagnostics
    from kubernator.model.gvk import GroupVersionKind
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
        """``server`` says that the cluster is asked what it holds, as long as it answers."""
        self._host = host
        self._workers = workers
        self._diagnostics = diagnostics
        self._asks = server
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
            self._check(walked, checking)
        return Checked(walked.resources, self._error)

    def without(self, error: errors.ClusterError) -> Cluster:
        """Go on without the cluster after an error of it, and return what stands for it from now on."""
        from kubernator.run import offline  # noqa: PLC0415 - few clusters do not answer
        from kubernator.schema import documents  # noqa: PLC0415 - the same

        known = documents.bundled()
        error.detail.append(("checked by", f"the schemas of Kubernetes {known.version.git_version} that come with us"))
        self._keep(error)
        self._asks = False
        self._host.do_without_cluster(known, verb=offline.UNREACHED)
        return self._host.cluster

    def _going_on(self, kept: type[errors.KubernatorError] = errors.KubernatorError) -> _GoingOn:
        return _GoingOn(self._keep, kept)

    def _keep(self, error: errors.KubernatorError) -> None:
        self._error = self._error or error
        told = list(getattr(error, "diagnostics", ()))
        self._diagnostics.extend(told or [findings.as_finding(error)])

    def _check(self, walked: Walked, checking: Callable[[Walked], Checking]) -> None:
        if not walked.resources:
            return
        from kubernator.pipeline import order  # noqa: PLC0415 - a tree without resources needs none of it

        self._diagnostics.extend(order.arrange(walked.resources).findings)
        try:
            found = self._found(walked, checking(walked))
        except errors.ClusterError as error:
            if not self._asks:
                raise
            self.without(error)
            found = self._found(walked, checking(walked))
        self._diagnostics.extend(found)

    def _found(self, walked: Walked, checking: Checking) -> list[Diagnostic]:
        from kubernator.pipeline import dangling  # noqa: PLC0415 - the same

        if not self._asks:
            return [*checking.everything(), *dangling.find(walked.resources)]
        found = checking.everything(self._live(walked.resources, checking))
        return [*found, *dangling.find(walked.resources, elsewhere=InCluster(self._host.cluster))]

    def _live(self, resources: Sequence[Resource], checking: Checking) -> dict[ResourceRef, Manifest]:
        """Return the live objects, and the definitions of their kinds that the tree does not have."""
        from kubernator.planning.observe import Observer  # noqa: PLC0415 - only with a cluster

        cluster = self._host.cluster
        kinds = cluster.kinds()
        wanted = [(each.ref, kind) for each in resources if (kind := kinds.get(each.gvk)) and "get" in kind.verbs]
        wanted += _definitions(checking, kinds)
        observer = Observer(cluster, self._workers)
        try:
            live = observer.read(wanted)
        except errors.ApiError:  # such as where versions of a kind cannot be converted
            live = {}
            for _, several in itertools.groupby(sorted(wanted, key=_gvk), key=_gvk):
                with self._going_on(errors.ApiError):
                    live |= observer.read(several)
        for found in live.values():
            if isinstance(found, errors.ApiError) and not isinstance(found, errors.Forbidden):
                self._keep(found)
        return {ref: found for ref, found in live.items() if isinstance(found, dict)}


def _gvk(wanted: tuple[ResourceRef, Kind]) -> GroupVersionKind:
    return wanted[1].gvk


def _definitions(checking: Checking, kinds: Kinds) -> Iterator[tuple[ResourceRef, Kind]]:
    """Yield the definitions of the kinds that the tree has no definition of."""
    from kubernator.schema.fault import is_builtin_group  # noqa: PLC0415 - brings what most runs do without

    definition = kinds.preferred(DEFINITION)
    names = {
        f"{kind.plural}.{gvk.group}"
        for gvk in checking.undeclared
        if not is_builtin_group(gvk.group) and (kind := kinds.get(gvk)) is not None
    }
    if definition is not None:
        yield from ((ResourceRef(*DEFINITION, "", name), definition) for name in sorted(names))


class _GoingOn:
    """Keeps an error of ours, after which something else can still be looked at; an interrupt ends everything."""

    def __init__(self, keep: Callable[[errors.KubernatorError], None], kept: type[errors.KubernatorError]) -> None:
        self._keep = keep
        self._kept = kept

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, self._kept) or isinstance(error, errors.Interrupted | errors.UsageError):
            return False
        self._keep(error)
        return True
