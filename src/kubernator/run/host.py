"""The run as plugins see it: who is registered, whose turn it is, and what each stage reaches."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Protocol

from kubernator.errors import KubernatorError, PluginError, ProjectError
from kubernator.model.origin import Origin
from kubernator.plugin import Visit
from kubernator.run import context, scripts, stages
from kubernator.run.roster import Roster
from kubernator.run.walk import Pending
from kubernator.tools import locate, lockfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.change import PluginChange
    from kubernator.model.diagnostics import Diagnostics
    from kubernator.model.outcome import ApplyReport, RunOutcome
    from kubernator.model.plan import Plan
    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Resource
    from kubernator.plugin import Plugin
    from kubernator.plugins.app import AppPlugin
    from kubernator.redaction import Secrets
    from kubernator.run.registry import Registry
    from kubernator.run.remote import Remotes
    from kubernator.run.stages import Stage
    from kubernator.schema.documents import Documents
    from kubernator.scope.scope import Scope
    from kubernator.tools.locate import Programs
    from kubernator.tools.lockfile import Pins
    from kubernator.workers import Workers

__all__ = ["Ahead", "RunHost"]

_logger = logging.getLogger("kubernator")


class Ahead(Protocol):
    """What of a run may begin before its turn."""

    def connect(self, kubeconfig: str | None, context: str | None) -> None:
        """Begin to connect; the arguments are those of `RunHost`'s ``connect``."""

    def read(self, cluster: Cluster, objects: Sequence[tuple[ResourceRef, Kind]]) -> None:
        """Begin to read what is live."""


class RunHost:
    """One run. Implements `kubernator.plugin.Host`, and beyond it what the session and the walk need.

    ``start`` is the start directory; it is made absolute, links stay as written. ``connect`` takes the path of a
    kubeconfig and the name of a context, each None for the default, and is called once, when the cluster is first used.
    """

    def __init__(
        self,
        *,
        args: Any,
        secrets: Secrets,
        workers: Workers,
        diagnostics: Diagnostics,
        connect: Callable[[str | None, str | None], Cluster],
        remotes: Remotes,
        start: Path,
        ahead: Ahead | None = None,
        tools: Programs | None = None,
        pins: Pins | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.args = args
        self.secrets = secrets
        self.workers = workers
        self.diagnostics = diagnostics
        self.remotes = remotes
        self.start = Path(os.path.abspath(start))  # noqa: PTH100 - links stay as written
        self.pins = pins if pins is not None else lockfile.Pins(self.start)
        self.tools = tools if tools is not None else locate.Programs(secrets=secrets, pins=self.pins)
        self.offline = False
        self.validates = False
        self.documents: Documents | None = None
        self.traced = False
        self.visit: Visit | None = None
        self.script: Path | None = None
        #: visit -> what it is called for people
        self.displays: dict[int, str] = {}
        #: The directories that had a visit, without links.
        self.visited: set[Path] = set()
        self._command_line = Origin(path=PurePath(start), maker="command line")
        self._cluster = _Connection(connect)
        self._ahead = ahead
        self._sources: list[Callable[[], Iterable[Resource]]] = []
        self._queue: list[Pending] = []
        self._visits = 0
        self._above: tuple[str, ...] = ()
        self.roster = Roster(self, registry)
        self.context = context.Context(
            find=self.roster.anywhere, host=self, start=os.fspath(remotes.display_path(self.start))
        )
        self.roster.attach(self.context.root)

    # What plugins see

    @property
    def globals(self) -> Scope:
        """The scope of ``ktor.globals``."""
        return self.context.root

    @property
    def start_scope(self) -> Scope:
        """The scope of the start directory."""
        return self.context.start

    @property
    def cluster(self) -> Cluster:
        """The cluster, connected on first use."""
        return self._cluster.get(self.origin)

    @property
    def app(self) -> AppPlugin:
        """The app plugin, which is always there."""
        return self.roster.app()

    def origin(self) -> Origin:
        """Where the running script is, found by its nearest frame; else the directory; else the command line."""
        found = scripts.place()
        if found is not None:
            return found
        return self.origin_of(self.visit.path) if self.visit else self._command_line

    def origin_of(self, path: Path, *, line: int = 0, maker: str = "", asked_by: Origin | None = None) -> Origin:
        """Return an origin for a path: relative to the start directory, or to the root of the repository it is in."""
        place = self.remotes.place(path)
        shown = place.path
        if place.repository is None:
            plain = PurePath(os.path.normpath(path))
            shown = plain.relative_to(self.start) if plain.is_relative_to(self.start) else plain
        asker = asked_by or (self.visit.origin if self.visit else None)
        via = None if asker is self._command_line else asker
        return Origin(path=shown, line=line, repository=place.repository, ref=place.ref, maker=maker, via=via)

    def register(self, plugin: str | type[Plugin] | Plugin, /, *args: Any, **options: Any) -> None:
        """Register a plugin where the visit in progress is; before the walk in ``ktor.globals``."""
        self.register_in(self.current_scope, plugin, *args, **options)

    def register_in(self, scope: Scope, plugin: Any, /, *args: Any, **options: Any) -> None:
        """Register a plugin in a scope: it acts there and below, and from the end of the walk on everywhere."""
        self.roster.register(scope, plugin, args, options)

    def find(self, name: str) -> Plugin | None:
        """Return the plugin of this name that is visible in the visit in progress, or None."""
        entry = self.roster.find(self.current_scope, name)
        return entry.plugin if entry else None

    def provide(self, source: Callable[[], Iterable[Resource]]) -> None:
        """Add a source of resources, asked once when every plugin's ``walked`` is over."""
        self._sources.append(source)

    def expect(self, objects: Sequence[tuple[ResourceRef, Kind]] = ()) -> None:
        """Let what will be asked of the cluster begin before its turn, where the run has somebody who does that."""
        if self._ahead is None:
            return
        if objects:
            self._ahead.read(self.cluster, objects)
        else:
            self._cluster.foresee(self._ahead.connect)

    def use_kubeconfig(self, path: str | None, *, context: str | None = None) -> None:
        """Choose the cluster. Raises PluginError once the cluster has been used and another one is chosen."""
        self._cluster.choose(path, context, self.origin())

    def do_without_cluster(self, documents: Documents, *, verb: str) -> None:
        """Let schemas stand for the cluster; what they do not know raises `offline.NeedsCluster`."""
        from kubernator.run import offline  # noqa: PLC0415 - most runs have a cluster

        self.offline, self.documents = True, documents
        self._cluster = _Connection(lambda *_: offline.Offline(documents, origin=self.origin, verb=verb))

    def script_ktor(self, scope: Scope) -> Any:
        """Return the ``ktor`` of a scope."""
        return self.context.ktor(scope)

    @property
    def current_scope(self) -> Scope:
        """The scope of the visit in progress, else of the plugin whose stage is called, else of ``ktor.globals``."""
        if self.visit is not None:
            return self.visit.scope
        return self.roster.acting_scope or self.context.root

    # What the app plugin needs

    def queue(self, paths: Iterable[Path], *, keep_context: bool = False) -> None:
        """Visit these directories right after the one in progress. Raises ProjectError when there is none."""
        if self.visit is None:
            raise ProjectError(
                "directories can be queued only while a directory has its turn",
                origin=self.origin(),
                hint="call `walk_local` and `walk_remote` in a `.kubernator.py`",
            )
        for each in paths:
            path = self.remotes.present(each, origin=self.origin())
            self._queue.append(
                Pending(path=path, scope=self.visit.scope, origin=self.origin(), keep=keep_context, above=self._above)
            )

    # What the walk needs

    def first(self, start: Path) -> Pending:
        """Return the start of the walk."""
        path = Path(os.path.abspath(start))  # noqa: PTH100 - links stay as written
        return Pending(path=path, scope=self.context.start, origin=self._command_line, keep=True)

    def take_queue(self) -> list[Pending]:
        """Return what was queued in the visit in progress and forget it."""
        queued, self._queue = self._queue, []
        return queued

    @contextlib.contextmanager
    def visiting(self, pending: Pending, real: str) -> Iterator[Visit]:
        """Make a visit the one in progress; ``real`` is its path without links."""
        display = os.fspath(self.remotes.display_path(os.path.normpath(pending.path)))
        scope = pending.scope if pending.keep else self.context.child(pending.scope, label=display)
        visit = Visit(path=pending.path, scope=scope, origin=pending.origin, number=self._visits, display=display)
        self._visits += 1
        self.displays[visit.number] = display
        self.visited.add(Path(real))
        self.visit, self._above, self._queue = visit, (*pending.above, real), []
        self.roster.enter(visit)
        _logger.debug("directory %s", display)
        try:
            yield visit
        finally:
            self.visit, self._above, self._queue = None, (), []
            self.roster.leave()

    @contextlib.contextmanager
    def scripting(self, script: Path) -> Iterator[None]:
        """Make a script the one in progress, from before the stage before it until after the stage after it."""
        self.script = script
        try:
            yield
        finally:
            self.script = None

    def stage(self, stage: Stage) -> None:
        """Call a stage of the visit in progress on every plugin that is visible there."""
        self.roster.directory_stage(stage)

    # What the session needs

    def run_pre_start(self, file: Path) -> None:
        """Run the pre-start script with the scope of ``ktor.globals``, before any plugin's ``start``.

        Plugins registered in it are made at once and started, in order, when it is over.
        """
        self.roster.make_app()
        path = Path(os.path.abspath(file))  # noqa: PTH100 - links stay as written
        with self.scripting(path):
            scripts.run(path, ktor=self.script_ktor(self.context.root), origin=self.origin_of(path))

    def register_first(self) -> None:
        """Register and start the app plugin, then what the pre-start script registered."""
        self.roster.make_app()
        self.roster.open()

    def plugins(self) -> list[Plugin]:
        """Return every plugin, wherever it was registered, in order of registration."""
        return [entry.plugin for entry in self.roster.entries]

    def walked(self) -> list[PluginChange]:
        """Tell every plugin that the walk is over; return what they are going to write elsewhere."""
        return self.roster.walked()

    def resources(self) -> list[Resource]:
        """Ask every source of resources, in the order in which they were added."""
        return [resource for source in self._sources for resource in source()]

    def freeze(self) -> None:
        """Refuse writes to the context from now on."""
        self.context.freeze()

    def planned(self, plan: Plan) -> None:
        """Tell every plugin what would change."""
        self.roster.run_stage(stages.PLANNED, plan)

    def carry_out(self, change: PluginChange) -> None:
        """Let the plugin that announced a change carry it out."""
        self.roster.carry_out(change)

    def applied(self, report: ApplyReport) -> None:
        """Tell every plugin what was done; called when nothing failed."""
        self.roster.run_stage(stages.APPLIED, report)

    def end(self, outcome: RunOutcome) -> None:
        """Tell every plugin that the run is over, whatever the others answer.

        Errors are logged; the first one is raised when the run itself had none, so that the first trouble is kept.
        """
        self.visit = self.script = None
        self.roster.end(outcome)


class _Connection:
    """The one cluster of a run: chosen until it is used, then kept."""

    def __init__(self, connect: Callable[[str | None, str | None], Cluster]) -> None:
        self._connect = connect
        self._chosen: tuple[str | None, str | None] = (None, None)
        self._chosen_at: Origin | None = None
        self._used_at: Origin | None = None
        self._cluster: Cluster | None = None
        self._lock = threading.Lock()

    def get(self, origin: Callable[[], Origin]) -> Cluster:
        with self._lock:
            if self._cluster is None:
                self._used_at = origin()
                try:
                    self._cluster = self._connect(*self._chosen)
                except KubernatorError as error:
                    if self._chosen_at is not None:
                        error.detail.append(("chosen by", str(self._chosen_at)))
                    raise
            return self._cluster

    def foresee(self, begin: Callable[[str | None, str | None], None]) -> None:
        """Have the connection that is chosen by now begun, unless it is there; another may still be chosen."""
        with self._lock:
            if self._cluster is None:
                begin(*self._chosen)

    def choose(self, path: str | None, context: str | None, origin: Origin) -> None:
        with self._lock:
            if (path, context) == self._chosen:
                return
            if self._cluster is not None:
                raise PluginError(
                    "the cluster cannot be changed once it has been used; a run has one cluster",
                    origin=origin,
                    detail=[
                        ("used", str(self._used_at)),
                        *([("chosen", str(self._chosen_at))] if self._chosen_at else []),
                    ],
                    hint="choose the kubeconfig before the first resource is added",
                )
            self._chosen, self._chosen_at = (path, context), origin
