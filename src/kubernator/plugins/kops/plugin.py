"""The kOps plugin: manifests to changes of a state store, and kOps' own steps where a script wants them."""

from __future__ import annotations

import contextlib
import logging
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from kubernator import errors
from kubernator.files import FileNamespace
from kubernator.plugin import Host, Plugin
from kubernator.plugins.kops import cloud as actions
from kubernator.plugins.kops.cloud import Cloud
from kubernator.plugins.kops.manifests import Reader
from kubernator.plugins.kops.namespace import INCLUDES, KopsNamespace
from kubernator.plugins.kops.program import Limits, Program
from kubernator.plugins.kops.store import Store
from kubernator.tools import clouds, kops
from kubernator.tools.cache import Cache
from kubernator.tools.kops import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from kubernator.plugin import Diagnostic, Globs, Origin, PluginChange, RunOutcome, Visit
    from kubernator.plugins.kops.manifests import Manifest
    from kubernator.plugins.kops.store import Comparison

__all__ = ["KopsPlugin"]

_logger = logging.getLogger("kubernator.kops")


class _Remotes(Protocol):
    """The repositories of a run, as far as we need them."""

    def repository(self, repo: Any, *, base: Path | None = None, origin: Origin | None = None) -> Any: ...
    def paths(self, repository: Any, prefixes: Iterable[Any] = (), *, origin: Origin | None = None) -> list[Path]: ...


class KopsHost(Host, Protocol):
    """What this plugin needs of the run beyond what every plugin is given."""

    @property
    def remotes(self) -> _Remotes:
        """The repositories of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Update:
    """What a script said when it asked for an update."""

    origin: Origin
    control_plane: str
    node: str


class KopsPlugin(Plugin):
    """``register_plugin("kops", version=None)``.

    With ``version`` that kops is fetched and verified; without, the one on ``PATH`` is used. The other options are how
    long a call may take: one that reads, ``update cluster``, waiting until the cluster is valid, and a whole rolling
    update.
    """

    name = "kops"
    requires = ("kubeconfig",)
    namespace = KopsNamespace

    def __init__(
        self,
        *,
        version: str | None = None,
        read_timeout: str = "5m",
        update_timeout: str = "30m",
        validate_timeout: str = "15m",
        rolling_update_timeout: str = "6h",
    ) -> None:
        """Raise an error that is a ValueError for what is no duration."""
        self._version = version
        self._limits = Limits(
            read=kops.duration(read_timeout),
            update=kops.duration(update_timeout),
            validate=kops.duration(validate_timeout),
            roll=kops.duration(rolling_update_timeout),
        )
        self._manifests: defaultdict[Target, list[Manifest]] = defaultdict(list)
        self._updates: dict[Target, _Update] = {}
        self._closing = contextlib.ExitStack()

    # --- stages ----------------------------------------------------------------------------------------------------

    def start(self, host: Host) -> None:
        """Find kops."""
        self._host = cast("KopsHost", host)
        self._reader = Reader(host)
        for secret in (*clouds.secrets(os.environ), *map(os.environ.get, kops.SECRETS)):
            host.secrets.add(secret or "")
        tool = host.tools.find("kops", version=self._version, origin=host.origin())
        self._program = Program(host=host, tool=tool, limits=self._limits)
        self._closing.callback(self._program.directory.cleanup)

    def before_directory(self, visit: Visit) -> None:
        """Keep the Kubernetes plugin from reading kOps' files."""
        self._keep_from_kubernetes(visit)

    def after_script(self, visit: Visit) -> None:
        """Do so also where the script registered the Kubernetes plugin."""
        self._keep_from_kubernetes(visit)

    def walked(self, host: Host) -> Iterable[PluginChange]:
        """Return what differs between tree and state store, and what an update would do: nothing, typically."""
        targets = sorted({*self._manifests, *self._updates})
        compared: list[tuple[Target, Comparison]] = []
        for target in targets:
            found = Store(self._program, target).compare(self._manifests[target])
            host.diagnostics.extend(found.problems)
            compared.append((target, found))
        if host.diagnostics.errors:
            return []
        return [change for target, found in compared for change in self._changes(target, found)]

    def carry_out(self, change: PluginChange) -> None:
        """Write to the state store, or take a step of kOps. One process of this machine at a time for a cluster."""
        detail = change.detail
        target = Target(detail["cluster"], detail["stateStore"])
        cloud = Cloud(self._program, target)
        waiting = f"waiting for another process that writes {target}"
        with Cache().locked(f"kops-{target.short}", waiting=lambda: _logger.info("%s", waiting)):
            match detail["action"]:
                case actions.UPDATE:
                    cloud.update()
                case actions.ROLL:
                    cloud.roll(detail)
                case _:
                    Store(self._program, target).write(detail)

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - whatever the outcome
        """Remove what was written for us, kubeconfigs too."""
        self._closing.close()

    # --- what scripts ask for --------------------------------------------------------------------------------------

    def take(self, says: KopsNamespace, root: Path, *, excludes: Globs, includes: Globs) -> None:
        """Read manifests for the state store that is meant in this directory."""
        state, origin = says._store(), self._host.origin()  # noqa: SLF001 - the namespace is ours
        for found in self._reader.manifests(root, excludes=excludes, includes=includes, asked_by=origin):
            if problem := self._misplaced(says, found):
                self._host.diagnostics.add(problem)
                continue
            self._manifests[Target(found.cluster, state)].append(found)

    def fetched(self, url: str | os.PathLike[str], paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
        """Fetch a repository and return directories in it, or its root."""
        remotes = self._host.remotes
        here, origin = self._host.visit, self._host.origin()
        repository = remotes.repository(url, base=here.path if here else None, origin=origin)
        return remotes.paths(repository, paths, origin=origin)

    def update(self, says: KopsNamespace) -> None:
        """Note that an update is wanted, and choose the kubeconfig of the cluster."""
        target = says._target()  # noqa: SLF001 - the namespace is ours
        origin = self._host.origin()
        self._updates[target] = _Update(origin=origin, control_plane=says.master_interval, node=says.node_interval)
        try:
            if self._exported(target) is None:
                _logger.info("%s is not made yet, so resources can be planned in another run only", target)
        except errors.ToolError as error:  # the resources may need none; if they do, they find no file
            _logger.warning("%s; resources cannot be planned in it: %s", error.title, _last_line(error))

    def export(self, says: KopsNamespace) -> str | None:
        """Export the kubeconfig of the cluster that is meant, and choose it."""
        target = says._target()  # noqa: SLF001 - the namespace is ours
        path = self._exported(target)
        if path is None:
            _logger.warning("%s is not made yet, so there is no kubeconfig of it", target)
            return None
        return str(path)

    def _exported(self, target: Target) -> Path | None:
        """Choose the kubeconfig of a cluster, which is not there before the cluster is."""
        kubeconfig: Any = self._host.script_ktor(self._host.current_scope).kubeconfig
        kubeconfig.set(self._program.kubeconfig(target))
        return Cloud(self._program, target).export()

    # --- helpers ---------------------------------------------------------------------------------------------------

    def _keep_from_kubernetes(self, visit: Visit) -> None:
        if self._host.find("k8s") is not None:
            FileNamespace(visit.scope, "k8s").excludes.extend(INCLUDES)

    def _misplaced(self, says: KopsNamespace, found: Manifest) -> Diagnostic | None:
        """Return what is wrong with where a manifest is: another cluster is meant, or it is there twice."""
        if says.cluster_name and found.cluster != says.cluster_name:
            return found.problem(
                f"this belongs to cluster `{found.cluster}`, and `ktor.kops.cluster_name` is `{says.cluster_name}`"
            )
        for target, others in self._manifests.items():
            for other in others:
                if target.name == found.cluster and (other.kind, other.name) == (found.kind, found.name):
                    problem = found.problem(f"{found} of `{found.cluster}` is in the tree twice")
                    return replace(problem, detail=(("also", str(other.document.origin)),))
        return None

    def _changes(self, target: Target, found: Comparison) -> Iterator[PluginChange]:
        """Return the changes of one cluster, in the order in which they have to be carried out."""
        for difference in found.differences:
            yield difference.change(target)
        wanted = self._updates.get(target)
        if wanted is None:
            if found.differences:
                _logger.info("%s: the cloud is left as it is, since no script calls `ktor.kops.update()`", target.name)
            return
        if found.live is None and not found.differences:
            raise errors.ProjectError(
                f"cluster `{target.name}` is neither in `{target.state}` nor in the tree",
                origin=wanted.origin,
                hint="`ktor.kops.walk_local(…)` reads the manifests that make it",
            )
        preview = found.scratch.preview() if found.scratch else Store(self._program, target).preview()
        yield from Cloud(self._program, target).changes(
            preview, there=found.live is not None, control_plane=wanted.control_plane, node=wanted.node
        )


def _last_line(error: errors.ToolError) -> str:
    """Return the last line of what a program said."""
    said = dict(error.detail).get("output", "")
    return said.splitlines()[-1] if said else "it said nothing"
