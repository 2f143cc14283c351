"""The registered plugins: who is visible where, and how a stage reaches them, late ones too."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, cast

from kubernator.api import adapter
from kubernator.errors import KubernatorError, PluginError
from kubernator.model.change import PluginChange
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.run import context, scripts, stages
from kubernator.run.entry import Entry, Wanted
from kubernator.run.registry import Registry
from kubernator.scope.properties import ContextProperty
from kubernator.scope.registrations import Registrations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.model.outcome import RunOutcome
    from kubernator.plugin import Visit
    from kubernator.plugins.app import AppPlugin
    from kubernator.run.host import RunHost
    from kubernator.run.stages import Stage
    from kubernator.scope.scope import Scope

__all__ = ["Roster"]

APP: Final = "app"

_logger = logging.getLogger("kubernator")


class Roster:
    """The plugins, in ``entries`` by order of registration.

    Stages of a directory reach those that are visible in the visit, all other stages everybody.
    """

    def __init__(self, host: RunHost, registry: Registry | None) -> None:
        self.registry = registry or Registry()
        self._host = host
        self.entries: list[Entry] = []
        self._visible = Registrations[Entry](("_plugins", "registered"))
        self._making: list[str] = []
        self._open = False
        self._visit_stages: list[tuple[Stage, Any]] = []
        self._run_stages: list[tuple[Stage, Any]] = []
        self._changes: list[tuple[PluginChange, Entry]] = []
        self._acting: Entry | None = None

    def attach(self, root: Scope) -> None:
        """Show the visible plugins as ``ktor._plugins``, which plugins written for the reference look into."""

        def names(view: Any) -> list[Any]:
            found = [entry.plugin for entry in self.visible(view._scope)]  # noqa: SLF001 - a view is its scope
            return [plugin.inner if isinstance(plugin, adapter.Adapted) else plugin for plugin in found]

        root.write(("", "_plugins"), ContextProperty(names))

    # Who there is

    def visible(self, scope: Scope) -> list[Entry]:
        """Every plugin visible in a scope, in order of registration; of one name the first."""
        first: dict[str, Entry] = {}
        for entry in self._visible.visible(scope):
            first.setdefault(entry.name, entry)
        return list(first.values())

    def find(self, scope: Scope, name: str) -> Entry | None:
        """Return the plugin of a name that is visible in a scope."""
        return next((entry for entry in self.visible(scope) if entry.name == name), None)

    def anywhere(self, name: str) -> Entry | None:
        """Return the first plugin of a name that was registered anywhere."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def app(self) -> AppPlugin:
        """Return the app plugin."""
        return cast("AppPlugin", self.entries[0].plugin)

    @property
    def acting_scope(self) -> Scope | None:
        """Where the plugin was registered whose stage of the run is being called."""
        return self._acting.scope if self._acting else None

    # Registering

    def make_app(self) -> None:
        """Make the app plugin, if that has not happened."""
        if not self.entries:
            self.register(self._host.globals, APP, (), {})

    def open(self) -> None:
        """Start what has been made so far, in order; from now on plugins are started as they are registered."""
        self._open = True
        for entry in list(self.entries):
            if not entry.active:
                self._activate(entry)

    def register(self, scope: Scope, plugin: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Make, keep and start a plugin; what it requires before it. The first of a name in a scope stays."""
        wanted = Wanted(plugin, args, options, self.registry)
        origin = self._host.origin()
        if scope.frozen:
            raise PluginError(f"plugin `{wanted.name}` cannot be registered after the walk", origin=origin)
        present = self.find(scope, wanted.name) if wanted.name else None
        if present is not None:
            self._again(present, wanted)
            return
        try:
            entry = self._made(scope, wanted)
        except PluginError as error:
            if error.origin is None:
                error.origin = origin
                error.detail[:0] = origin.lines()
            raise
        if entry is not None and self._open:
            self._activate(entry)

    def _made(self, scope: Scope, wanted: Wanted) -> Entry | None:
        plugin = wanted.make()
        if present := self.find(scope, plugin.name):  # a function made it, so the name is known only now
            self._again(present, wanted)
            return None
        if plugin.name in self._making:
            chain = " -> ".join(f"`{name}`" for name in (*self._making, plugin.name))
            raise PluginError(f"plugins require each other: {chain}")
        entry = Entry(
            name=plugin.name,
            plugin=plugin,
            kind=wanted.kind,
            options=wanted.options,
            origin=self._host.origin(),
            scope=scope,
            wake=lambda: None if entry.active else self._wake(entry),
        )
        self._making.append(plugin.name)
        try:
            for name in plugin.requires:
                self.register(scope, name, (), {})
            if isinstance(plugin, adapter.Adapted):
                self._call(entry, "register", self._host)
        finally:
            self._making.pop()
        self.entries.append(entry)
        self._visible.add(scope, entry)
        if plugin.namespace is not None:
            scope.write(("", plugin.name), context.namespace(entry, self._host))
        _logger.info("plugin %s registered", entry.name)
        return entry

    def _again(self, present: Entry, wanted: Wanted) -> None:
        """Keep the first; warn when the second registration wanted something else."""
        other_options = wanted.options and dict(present.options) != wanted.options
        other_class = not isinstance(wanted.kind, str) and wanted.kind is not present.kind
        if not other_options and not (other_class and not isinstance(present.kind, str)):
            _logger.debug("plugin %s is registered already", present.name)
            return
        what = "other options" if other_options else "another class"
        self._host.diagnostics.add(
            Diagnostic(
                severity=Severity.WARNING,
                message=f"plugin `{present.name}` is registered already; a second registration with {what} is ignored",
                origin=self._host.origin(),
                detail=(("registered", str(present.origin)),),
                code="plugin-registered-twice",
            )
        )

    def _wake(self, wanted: Entry) -> None:
        """Start a plugin that is used before its time, and those registered before it."""
        for entry in list(self.entries):
            if not entry.active and entry.name != APP:
                self._activate(entry)
            if entry is wanted:
                return

    def _activate(self, entry: Entry) -> None:
        """Start a plugin and let it catch up with the stages that have passed or are passing."""
        entry.active = True
        self._call(entry, stages.START, self._host)
        for stage, argument in [*self._visit_stages, *self._run_stages]:
            self._take(entry, stage, self._call(entry, stage, argument))

    # Stages

    def enter(self, visit: Visit) -> None:
        """Begin a visit: plugins of the reference's manner move to its context all at once, before any of them acts."""
        self._visit_stages = []
        for entry in self.visible(visit.scope):
            if isinstance(entry.plugin, adapter.Adapted):
                entry.plugin.visiting(visit)

    def leave(self) -> None:
        """End a visit."""
        self._visit_stages = []

    def directory_stage(self, stage: Stage) -> None:
        """Call a stage of the visit in progress."""
        visit = self._host.visit
        if visit is None:
            raise PluginError(f"stage `{stage}` belongs to a visit, and none is in progress")
        entries = _ordered(self.visible(visit.scope), stage)
        self._visit_stages.append((stage, visit))
        for entry in entries:
            self._call(entry, stage, visit)

    def run_stage(self, stage: Stage, argument: Any) -> None:
        """Call a stage of the run on every plugin, wherever it was registered."""
        entries = _ordered(self.entries, stage)
        self._run_stages.append((stage, argument))
        for entry in entries:
            self._take(entry, stage, self._call(entry, stage, argument))
        if stage is stages.APPLIED:
            for entry in self._adapted():
                self._call(entry, "handle_cleanup", argument)

    def _adapted(self) -> list[Entry]:
        """Return the active plugins of the reference's manner, the one registered last first."""
        return [entry for entry in reversed(self.entries) if entry.active and isinstance(entry.plugin, adapter.Adapted)]

    def walked(self) -> list[PluginChange]:
        """Call ``walked`` and return the changes, in the order of registration."""
        self.run_stage(stages.WALKED, self._host)
        number = {id(entry): position for position, entry in enumerate(self.entries)}
        self._changes.sort(key=lambda found: number[id(found[1])])
        return [change for change, _ in self._changes]

    def _take(self, entry: Entry, stage: Stage, result: Any) -> None:
        """Keep what ``walked`` returned."""
        if stage is not stages.WALKED or result is None:
            return
        for change in cast("Iterable[Any]", result):
            if not isinstance(change, PluginChange):
                raise PluginError(
                    f"`walked` of plugin `{entry.name}` returned a `{type(change).__name__}`",
                    hint="it returns `kubernator.plugin.PluginChange`s",
                )
            self._changes.append((change, entry))

    def carry_out(self, change: PluginChange) -> None:
        """Find the plugin of a change, the one that announced it before others of its name, and call it."""
        mine = (entry for known, entry in self._changes if known is change or known == change)
        entry = next(mine, None) or self.anywhere(change.plugin)
        if entry is None:
            raise PluginError(f"plugin `{change.plugin}`, which is to carry out `{change.title}`, is not registered")
        self._call(entry, "carry_out", change)

    def end(self, outcome: RunOutcome) -> None:
        """Call ``end`` on everybody who was started, then the summaries, then the app plugin, which cleans up."""
        failed: list[BaseException] = []

        def call(entries: Iterable[Entry], stage: Stage | str) -> None:
            for entry in entries:
                try:
                    self._call(entry, stage, outcome)
                except BaseException as error:  # noqa: BLE001 - the others must be reached; it is raised below
                    if outcome.error is not None or failed:
                        _log(error, entry)
                    failed.append(error)

        everybody = _ordered(self.entries, stages.END)
        adapted = self._adapted()
        call([entry for entry in everybody if entry.active and entry.name != APP], stages.END)
        call([entry for entry in adapted if outcome.ok and not failed], "handle_summary")
        call(adapted, "let_go")
        call([entry for entry in everybody if entry.name == APP], stages.END)
        if failed and (outcome.error is None or not isinstance(failed[0], Exception)):
            raise failed[0]

    def _call(self, entry: Entry, stage: Stage | str, argument: Any) -> Any:
        before, self._acting = self._acting, entry
        try:
            return getattr(entry.plugin, str(stage))(argument)
        except KubernatorError as error:
            error.add_note(f"in stage `{stage}` of plugin `{entry.name}`{self._where()}")
            raise
        except Exception as error:
            in_scripts = scripts.places(error)  # a function of the user's that the plugin called
            raise PluginError(
                f"plugin `{entry.name}` failed in stage `{stage}`: {type(error).__name__}: {error}",
                origin=in_scripts[-1] if in_scripts else self._host.origin(),
                detail=[("plugin", f"{type(entry.plugin).__module__}, registered at {entry.origin}")],
            ) from error
        finally:
            self._acting = before

    def _where(self) -> str:
        return f", directory `{self._host.visit.display}`" if self._host.visit else ""


def _ordered(entries: list[Entry], stage: Stage) -> list[Entry]:
    return list(reversed(entries)) if stage.backwards else list(entries)


def _log(error: BaseException, entry: Entry) -> None:
    title = error.title if isinstance(error, KubernatorError) else f"{type(error).__name__}: {error}"
    _logger.error("plugin %s failed at the end of the run: %s", entry.name, title)
