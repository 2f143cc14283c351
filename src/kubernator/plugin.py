"""For plugin authors: what a plugin is, what it is given, and when it is called.

A plugin acts at *stages*, which are methods of a `Plugin` subclass; every stage is optional. ``start`` and ``before_*``
run in the order of registration; ``after_*``, ``walked``, ``planned``, ``applied`` and ``end`` in reverse, like nested
``with`` blocks:

=================== ====================================================================================
``start``           once, as soon as the plugin is registered
``before_directory``  a directory's turn begins
``before_script``   its ``.kubernator.py`` is about to run
``after_script``    it has run
``after_directory`` the directory's files are read
``walked``          the walk is over; return what is to be written elsewhere than in the cluster
``planned``         what would change is known
``applied``         it has been written, and waited for
``end``             always, also after a failure
=================== ====================================================================================

A plugin registered late catches up: ``start``, then the stages that have passed in the directory in progress.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, Protocol, TypeVar, overload

from kubernator.model.change import PluginChange
from kubernator.model.diagnostics import Diagnostic, Diagnostics, Severity
from kubernator.model.origin import Origin
from kubernator.model.outcome import ApplyReport, RunOutcome
from kubernator.model.plan import Plan
from kubernator.model.resource import Resource
from kubernator.model.resources import ResourceSet
from kubernator.model.status import Status, StatusResult
from kubernator.scope.globs import Globs
from kubernator.scope.namespace import Namespace
from kubernator.scope.scope import Scope
from kubernator.scope.scoped import scoped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.ref import ResourceRef
    from kubernator.redaction import Secrets
    from kubernator.schema.documents import Documents
    from kubernator.tools.locate import Programs
    from kubernator.tools.lockfile import Pins
    from kubernator.workers import Workers

__all__ = [
    "API",
    "ApplyReport",
    "Diagnostic",
    "Diagnostics",
    "Globs",
    "Host",
    "Namespace",
    "Origin",
    "Plan",
    "Plugin",
    "PluginChange",
    "Resource",
    "ResourceSet",
    "RunOutcome",
    "Scope",
    "Severity",
    "Status",
    "StatusResult",
    "Visit",
    "scoped",
]

#: The version of this interface. A plugin that names another one is refused with a sentence.
API = 1

_Params = ParamSpec("_Params")
_Plugin = TypeVar("_Plugin", bound="Plugin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One directory's turn.

    ``path`` is absolute; ``display`` is how it is shown to people; ``number`` counts visits from 0 and is the
    directory's turn in the order of applying; ``origin`` says where the directory was asked for.
    """

    path: Path
    scope: Scope
    origin: Origin
    number: int
    display: str


class Host(Protocol):
    """The run, as plugins see it."""

    @property
    def args(self) -> Any:
        """The command line: ``dry_run``, ``command``, ``file``, ``output_format``, ``path`` and the others."""

    @property
    def visit(self) -> Visit | None:
        """The visit in progress; None before and after the walk."""

    @property
    def globals(self) -> Scope:
        """The scope of ``ktor.globals``."""

    @property
    def current_scope(self) -> Scope:
        """The scope of the visit in progress, else of the plugin whose stage is called, else of ``ktor.globals``."""

    @property
    def cluster(self) -> Cluster:
        """The cluster. Connects on first use, so a tree that never asks needs none."""

    @property
    def offline(self) -> bool:
        """Whether the run is to do without a cluster where it can: then what only a cluster knows stays unknown."""

    @property
    def documents(self) -> Documents | None:
        """The schemas of the version of Kubernetes that was chosen, of a run without any cluster; else None.

        Then ``cluster`` knows the kinds and the version of that, and raises for whatever else is asked of it.
        """

    @property
    def validates(self) -> bool:
        """Whether all resources are checked against schemas after the walk, which tells unknown kinds too."""

    @property
    def traced(self) -> bool:
        """Whether the run is to remember what each function made of a manifest, for `explain` and `render`."""

    @property
    def secrets(self) -> Secrets:
        """Where what must not be shown is declared."""

    @property
    def workers(self) -> Workers:
        """Where functions are run at the same time."""

    @property
    def tools(self) -> Programs:
        """Where outside programs are found, and how they are run."""

    @property
    def pins(self) -> Pins:
        """What ``kubernator.lock`` pins: tell it what is really used."""

    @property
    def diagnostics(self) -> Diagnostics:
        """Where findings about the user's files go."""

    def origin(self) -> Origin:
        """Where the running script is, found by its nearest frame; else the directory; else the command line."""

    def origin_of(self, path: Path, *, line: int = 0, maker: str = "", asked_by: Origin | None = None) -> Origin:
        """Return an origin for a file of the directory in progress, its path as it is shown to people."""

    def register(self, plugin: str | type[Plugin] | Plugin, /, **options: Any) -> None:
        """Register a plugin where the visit in progress is, as ``ktor.app.register_plugin`` does."""

    def find(self, name: str) -> Plugin | None:
        """Return the plugin of this name that is visible in the visit in progress, or None."""

    def provide(self, source: Callable[[], Iterable[Resource]]) -> None:
        """Add a source of resources, asked once when every plugin's ``walked`` is over."""

    def expect(self, objects: Sequence[tuple[ResourceRef, Kind]] = ()) -> None:
        """Say that the cluster is going to be asked, or for which objects: this may begin before its turn.

        Nothing that the run does or says depends on it, only how long it takes.
        """

    def use_kubeconfig(self, path: str | None, *, context: str | None = None) -> None:
        """Choose the cluster. An error naming both places once the cluster has been used and another one is chosen."""

    def script_ktor(self, scope: Scope) -> Any:
        """Return the ``ktor`` of a scope, for what scripts and templates are given."""


class Plugin:
    """Base of all plugins. Options are the constructor's keyword arguments.

    ``name`` is what ``register_plugin`` takes and where ``namespace`` appears: ``ktor.<name>``.
    """

    name: ClassVar[str]
    api: ClassVar[int] = API
    requires: ClassVar[tuple[str, ...]] = ()
    namespace: ClassVar[type[Namespace] | None] = None

    def __init_subclass__(cls, **options: Any) -> None:
        """Have the name where scripts of Kubernator 1 look for it in ``ktor._plugins``, too."""
        super().__init_subclass__(**options)
        if "name" in cls.__dict__:
            cls._name = cls.name  # type: ignore[attr-defined] # no part of the interface

    def start(self, host: Host) -> None:
        """Act as soon as the plugin is registered; plugins in ``requires`` have been started before."""

    def before_directory(self, visit: Visit) -> None:
        """Act when a directory's turn begins."""

    def before_script(self, visit: Visit) -> None:
        """Act before a directory's script runs; not called where there is none."""

    def after_script(self, visit: Visit) -> None:
        """Act when a directory's script has run."""

    def after_directory(self, visit: Visit) -> None:
        """Read the directory's files, typically."""

    def walked(self, host: Host) -> Iterable[PluginChange]:  # noqa: ARG002 - a declaration
        """Return what is to be written elsewhere; it is shown in the plan and carried out through `carry_out`."""
        return ()

    def carry_out(self, change: PluginChange) -> None:
        """Carry out a change that `walked` returned; only called by ``apply --yes``."""

    def planned(self, plan: Plan) -> None:
        """Look at the plan."""

    def applied(self, report: ApplyReport) -> None:
        """Look at what was done, when nothing failed."""

    def end(self, outcome: RunOutcome) -> None:
        """Clean up; always called, in reverse order of registration."""


class Registrar(Protocol):
    """The type of ``register_plugin``: a class brings the types of its options with it."""

    @overload
    def __call__(self, plugin: Callable[_Params, _Plugin], *args: _Params.args, **kwargs: _Params.kwargs) -> None: ...
    @overload
    def __call__(self, plugin: str | Plugin, **kwargs: Any) -> None: ...
