"""Plugins written for the reference implementation: their base class, and how they take part in our stages.

Such a plugin keeps one current context, handed to it by `KubernatorPlugin.set_context`, and has a ``handle_*`` method
for each moment. `Adapted` is the plugin the run sees:

==================== =======================================
``register``         before the plugin is registered
``handle_init``      before ``handle_start``
``handle_start``     ``start``
``handle_before_*``  ``before_directory``, ``before_script``
``handle_after_*``   ``after_script``, ``after_directory``
``handle_apply``     ``walked``
``handle_verify``    ``applied``
``handle_cleanup``   after everybody's ``applied``
``handle_shutdown``  ``end``
``handle_summary``   after everybody's ``end``, when nothing failed
==================== =======================================

From ``walked`` on the context is the start directory's, in a layer of its own that stays writable.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from kubernator.errors import PluginError
from kubernator.plugin import Plugin
from kubernator.scope.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.plugin import ApplyReport, Host, PluginChange, RunOutcome, Visit

__all__ = ["Adapted", "KubernatorPlugin", "is_foreign", "name_of", "stages"]

_STAGES = {
    "start": ("handle_init", "handle_start"),
    "before_directory": ("handle_before_dir",),
    "before_script": ("handle_before_script",),
    "after_script": ("handle_after_script",),
    "after_directory": ("handle_after_dir",),
    "walked": ("handle_apply",),
    "applied": ("handle_verify", "handle_cleanup"),
    "end": ("handle_shutdown", "handle_summary"),
}


class KubernatorPlugin:
    """Base of plugins in the manner of the reference. New plugins derive from `kubernator.plugin.Plugin` instead."""

    _name: str = ""

    def set_context(self, context: Any) -> None:
        """Take the context of the moment; None when there is none. Mostly overridden."""
        self.context = context

    def register(self, **kwargs: Any) -> None:
        """Take the options of ``register_plugin``; a subclass that has any declares them."""
        if kwargs and type(self).register is KubernatorPlugin.register:
            raise TypeError(f"{self._name} takes no options, but was given {', '.join(kwargs)}")

    def handle_init(self) -> None:
        """Act right after the registration."""

    def handle_start(self) -> None:
        """Act right after ``handle_init``."""

    def handle_before_dir(self, cwd: Any) -> None:
        """Act when a directory's turn begins."""

    def handle_before_script(self, cwd: Any) -> None:
        """Act before a directory's script runs."""

    def handle_after_script(self, cwd: Any) -> None:
        """Act when a directory's script has run."""

    def handle_after_dir(self, cwd: Any) -> None:
        """Act at the end of a directory's turn."""

    def handle_apply(self) -> None:
        """Act when the walk is over."""

    def handle_verify(self) -> None:
        """Act when everything was applied."""

    def handle_cleanup(self) -> None:
        """Act after ``handle_verify``."""

    def handle_shutdown(self) -> None:
        """Act at the end, always."""

    def handle_summary(self) -> None:
        """Act after a run in which nothing failed."""


def is_foreign(candidate: Any) -> bool:
    """Whether a class or an instance is a plugin in the manner of the reference."""
    kind = candidate if isinstance(candidate, type) else type(candidate)
    if issubclass(kind, KubernatorPlugin):
        return True
    return not issubclass(kind, Plugin) and isinstance(getattr(kind, "_name", None), str) and hasattr(kind, "register")


def name_of(candidate: Any) -> str:
    """Return the name of a plugin class or instance of either manner, empty where it has none."""
    name = getattr(candidate, "_name" if is_foreign(candidate) else "name", "")
    return name if isinstance(name, str) else ""


def stages(kind: type) -> tuple[str, ...]:
    """Return our names of the stages at which such a class acts."""
    return tuple(
        stage
        for stage, handlers in _STAGES.items()
        if any(getattr(kind, each, None) is not getattr(KubernatorPlugin, each) for each in handlers)
    )


class Adapted(Plugin):
    """One plugin of the reference's manner, as a plugin of ours."""

    def __init__(self, inner: Any, options: dict[str, Any]) -> None:
        self.inner = inner
        self.name = name_of(inner)  # type: ignore[misc]  # each adapted plugin has its own
        self._options = options
        self._host: Host | None = None
        self._late: Any = None
        _check_options(inner, options)

    def visiting(self, visit: Visit) -> None:
        """Move to the context of a visit, before any plugin acts in it."""
        if self._host is not None:
            self.inner.set_context(self._host.script_ktor(visit.scope))

    def register(self, host: Host) -> None:
        """Set the context and register with the options, before the plugin stands in any list.

        So what it registers itself comes before it, as its dependencies did in the reference.
        """
        self._host = host
        visit = host.visit
        self.inner.set_context(host.script_ktor(visit.scope if visit else host.globals))
        self.inner.register(**self._options)

    def start(self, host: Host) -> None:  # noqa: ARG002 - known since `register`
        """Initialise and start."""
        self._handle("handle_init")
        self._handle("handle_start")

    def before_directory(self, visit: Visit) -> None:
        """Move to the directory's context and act."""
        self.visiting(visit)
        self._handle("handle_before_dir", visit.path)

    def before_script(self, visit: Visit) -> None:
        """Act before the script."""
        self._handle("handle_before_script", visit.path)

    def after_script(self, visit: Visit) -> None:
        """Act after the script."""
        self._handle("handle_after_script", visit.path)

    def after_directory(self, visit: Visit) -> None:
        """Act at the end of the directory's turn."""
        self._handle("handle_after_dir", visit.path)

    def walked(self, host: Host) -> Iterable[PluginChange]:
        """Move to the start directory's context, for good, and apply."""
        self.inner.set_context(self._late_context(host))
        self._handle("handle_apply")
        return ()

    def applied(self, report: ApplyReport) -> None:  # noqa: ARG002 - handlers of the reference take nothing
        """Verify."""
        self._handle("handle_verify")

    def handle_cleanup(self, report: ApplyReport) -> None:  # noqa: ARG002 - the same
        """Clean up, when every plugin has had ``applied``."""
        self._handle("handle_cleanup")

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - the same
        """Shut down."""
        if self._host is not None:
            self.inner.set_context(self._late_context(self._host))
        self._handle("handle_shutdown")

    def handle_summary(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - the same
        """Sum up, when every plugin has had ``end`` and nothing failed."""
        self._handle("handle_summary")

    def let_go(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - the same
        """Forget the context."""
        self.inner.set_context(None)

    def _late_context(self, host: Host) -> Any:
        if self._late is None:
            below = getattr(host, "start_scope", None) or host.globals
            self._late = host.script_ktor(Scope(below, label="the time after the walk"))
        return self._late

    def _handle(self, name: str, *args: Any) -> None:
        handler = getattr(self.inner, name, None)  # missing handlers are tolerated, as in the reference
        if handler is not None:
            handler(*args)


def _check_options(inner: Any, options: dict[str, Any]) -> None:
    try:
        inspect.signature(inner.register).bind(**options)
    except TypeError as error:
        raise PluginError(
            f"plugin `{name_of(inner)}` does not take these options: {error}",
            hint=f"it is declared as `register{inspect.signature(inner.register)}`",
        ) from error
