"""The app plugin: ``ktor.app``, with which scripts steer the walk, register plugins, run programs and fetch files."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from kubernator import api
from kubernator.api import adapter, context
from kubernator.errors import PluginError
from kubernator.plugin import Globs, Host, Namespace, Plugin, scoped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from urllib.parse import SplitResult

    from kubernator.api import StripNL as _StripNL
    from kubernator.plugin import Origin, RunOutcome, Scope, Visit
    from kubernator.plugin import Registrar as _Registrar
    from kubernator.tools.jsonpath import JsonPath
    from kubernator.tools.runner import ProcessRunner

    AnyPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    CredentialsProvider = Callable[[SplitResult], tuple[str | None, str | None, str | None] | None]

__all__ = ["AppHost", "AppNamespace", "AppPlugin", "Cleanable", "NotRegistered"]

#: ``subprocess.DEVNULL``, whose module is not needed before a program is run.
DEVNULL: Final = -3

_logger = logging.getLogger("kubernator")

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+")
_PROJECT: Final = "_project"


class NotRegistered(PluginError, RuntimeError):
    """A plugin that another one needs is not registered; also the RuntimeError of the reference."""


class Cleanable(Protocol):
    """What `AppNamespace.register_cleanup` takes."""

    def cleanup(self) -> object:
        """Clean up."""


class _Remotes(Protocol):
    def repository(self, repo: Any, *, base: Path | None = None, origin: Origin | None = None) -> Any: ...
    def paths(self, repository: Any, prefixes: Iterable[Any] = (), *, origin: Origin | None = None) -> list[Path]: ...
    def display_path(self, path: Any) -> str: ...
    def set_credentials_provider(self, provider: Any) -> None: ...


class AppHost(Host, Protocol):
    """What this plugin needs of the run beyond what every plugin is given."""

    @property
    def script(self) -> Path | None:
        """The script in progress, from the stage before it to the stage after it."""

    @property
    def remotes(self) -> _Remotes:
        """The repositories of the run."""

    def queue(self, paths: Iterable[Path], *, keep_context: bool = False) -> None:
        """Visit these directories after the one in progress."""

    def register_in(self, scope: Scope, plugin: Any, /, *args: Any, **options: Any) -> None:
        """Register a plugin in a scope."""


def _globs(value: Any) -> Globs:
    """Take whatever names patterns: one of ours, a list, or a single pattern."""
    return Globs([value] if isinstance(value, str | re.Pattern) else value)


class AppNamespace(Namespace):
    """``ktor.app``."""

    _plugin: AppPlugin
    _host: AppHost

    #: Patterns with which ``includes`` and ``excludes`` begin in this directory and below, over names of directories.
    default_includes = scoped(Globs(["*"]), convert=_globs)
    default_excludes = scoped(Globs([".*"]), convert=_globs)

    @property
    def args(self) -> Any:
        """The command line: ``dry_run``, ``command``, ``file``, ``output_format``, ``path`` and the others."""
        return self._host.args

    @property
    def cwd(self) -> Path:
        """The directory whose turn it is, absolute."""
        return self._visit("cwd").path

    @property
    def script(self) -> Path:
        """The script in progress."""
        if self._host.script is None:
            raise AttributeError("`ktor.app.script` is set only around a script", name="script", obj=self)
        return self._host.script

    @property
    def includes(self) -> Globs:
        """Which sub-directories of the directory in progress are visited, and in which order; for this visit only."""
        self._visit("includes")
        return self._plugin.includes

    @includes.setter
    def includes(self, patterns: Any) -> None:
        self._visit("includes")
        self._plugin.includes = _globs(patterns)

    @property
    def excludes(self) -> Globs:
        """Which sub-directories of the directory in progress are not visited; for this visit only."""
        self._visit("excludes")
        return self._plugin.excludes

    @excludes.setter
    def excludes(self, patterns: Any) -> None:
        self._visit("excludes")
        self._plugin.excludes = _globs(patterns)

    def _visit(self, name: str) -> Visit:
        if self._host.visit is None:
            raise AttributeError(f"`ktor.app.{name}` is set only while a directory has its turn", name=name, obj=self)
        return self._host.visit

    # The walk

    def walk_local(self, *paths: AnyPath, keep_context: bool = False) -> None:
        """Visit directories after the one in progress, before its own sub-directories.

        Relative paths are relative to the directory in progress. With ``keep_context`` they write into its context.
        """
        given = [Path(os.fsdecode(path)) for path in paths]
        here = self._host.visit.path if self._host.visit else Path()
        self._host.queue([here / path for path in given], keep_context=keep_context)

    def walk_remote(self, repo: str | os.PathLike[str], *path_prefixes: AnyPath, keep_context: bool = False) -> None:
        """Fetch a repository now, and visit directories in it, or its root, after the one in progress.

        ``?ref=`` in the address names a branch, a tag or a full commit hash. Prefixes count from the repository's root.
        """
        origin = self._host.origin()
        repository = self.repository(repo)
        self._host.queue(self._host.remotes.paths(repository, path_prefixes, origin=origin), keep_context=keep_context)

    def repository(self, repo: str | os.PathLike[str]) -> Any:
        """Fetch a repository and return it: ``local_dir``, ``url_str``, ``clone_url``, ``ref``, ``commit``."""
        here = self._host.visit.path if self._host.visit else None
        return self._host.remotes.repository(repo, base=here, origin=self._host.origin())

    def repository_credentials_provider(self, func: CredentialsProvider | None) -> None:
        """Ask a function for credentials of each repository from now on; None asks nobody.

        It gets the address as a ``urllib.parse.SplitResult`` and returns ``(scheme, username, password)``, where None
        keeps what the address says.
        """
        self._host.remotes.set_credentials_provider(func)
        self._plugin.credentials_provider = func

    @property
    def _repository_credentials_provider(self) -> CredentialsProvider | None:
        return self._plugin.credentials_provider

    def display_path(self, path: str | os.PathLike[str]) -> str:
        """Return how a path is shown to people: as it is, or ``<repository> <path in it>``."""
        return str(self._host.remotes.display_path(path))

    # Plugins

    @property
    def register_plugin(self) -> _Registrar:
        """``register_plugin(plugin, **options)``: start a plugin, by name, as a class with its options, or ready-made.

        It is usable at once, acts in this directory and below, and in all stages after the walk. Through
        ``ktor.globals.app`` it acts everywhere.
        """
        return self._register

    def _register(self, plugin: Any, *args: Any, **options: Any) -> None:
        here: AppNamespace = self._here
        self._host.register_in(here._scope, plugin, *args, **options)

    def assert_plugin(self, plugin: str | type | Plugin, requester: Any = None) -> None:
        """Return when a plugin is registered here; raise an error, which is a RuntimeError too, when it is not."""
        name = plugin if isinstance(plugin, str) else adapter.name_of(plugin)
        if self._host.find(name) is None:
            by = f"; it is needed by {requester!r}" if requester is not None else ""
            raise NotRegistered(
                f"plugin `{name}` is not registered here{by}", hint=f"call `ktor.app.register_plugin({name!r})` before"
            )

    def register_cleanup(self, obj: Cleanable) -> None:
        """Have ``obj.cleanup()`` called at the end of the run, however it ends; in the order of registration."""
        if not callable(getattr(obj, "cleanup", None)):
            raise RuntimeError(f"`{obj!r}` has no method `cleanup`")  # noqa: TRY004 - what the reference raises
        self._plugin.cleanups.append(obj)

    # Context

    config_as_dict = staticmethod(context.config_as_dict)
    config_parent = staticmethod(context.config_parent)

    @property
    def project(self) -> str | None:
        """The project of this directory: the segments assigned here and above, joined by dots; None without any.

        Assigning adds a segment for this directory and below, once for each directory.
        """
        segments = [segment for _, segment in self._scope.gather(("app", _PROJECT))]
        return ".".join(reversed(segments)) or None

    @project.setter
    def project(self, segment: str) -> None:
        if not _SEGMENT.fullmatch(str(segment)):
            raise ValueError(f"`{segment}` is no project: letters, digits, `_` and `-`, without dots")
        if self._scope.own(("app", _PROJECT)):
            raise ValueError(f"this directory is project `{self.project}` already; a directory has one segment")
        self._scope.write(("app", _PROJECT), segment)

    def secret(self, value: str) -> str:
        """Declare a secret: from now on it is not shown anywhere. Returns it unchanged."""
        return self._host.secrets.add(value)

    # Files and programs

    def download_remote_file(self, logger: logging.Logger, url: str, *args: Any, **options: Any) -> tuple[Path, bool]:
        """Fetch a file into the cache; `kubernator.api.download_remote_file`, compared with ``kubernator.lock``."""
        from kubernator.tools import download, lockfile  # noqa: PLC0415 - few scripts download files

        for secret in download.secrets(url):
            self._host.secrets.add(secret)
        pins, origin, key = self._host.pins, self._host.origin(), lockfile.file_key(url)
        pinned = pins.pinned("file", key, origin=origin)
        path, current = api.download_remote_file(logger, url, *args, **options)
        if pins.locking or pinned is not None:
            pins.settle("file", key, f"sha256:{api.sha256_file_digest(path)}", origin=origin)
        return path, current

    def load_remote_file(self, logger: logging.Logger, url: str, file_type: Any, *args: Any, **options: Any) -> Any:
        """Fetch a file as `download_remote_file` does, and read it; `kubernator.api.load_remote_file`."""
        from kubernator.tools import download  # noqa: PLC0415 - the same

        path, _ = self.download_remote_file(logger, url, *args, **options)
        return api.load_file(logger, path, file_type, source=download.shown(url))

    @property
    def StripNL(self) -> type[_StripNL]:  # noqa: N802 - a class
        """The class that calls a function with each line without its end."""
        return api.StripNL

    def jp(self, pattern: str) -> JsonPath:
        """Compile a JSONPath expression: ``find``, ``all``, ``first`` and ``only`` look for it in a value."""
        return api.jp(pattern)

    def run(self, args: Sequence[Any], stdout: Any, stderr: Any, stdin: Any = DEVNULL, **options: Any) -> ProcessRunner:
        """Start a program and return what waits for it.

        ``stdout`` and ``stderr`` take a callable (called with each line), None to throw the output away, or a file;
        ``options`` are ``safe_args`` and those of ``subprocess.Popen``.
        """
        return api.run(args, stdout, stderr, stdin, **self._with_environment(options))

    def run_capturing_out(self, args: Sequence[Any], stderr: Any, stdin: Any = DEVNULL, **options: Any) -> str:
        """Run a program to its end and return what it wrote to its output; raises ``CalledProcessError``.

        With ``universal_newlines=False`` the output is bytes.
        """
        return cast("str", api.run_capturing_out(args, stderr, stdin, **self._with_environment(options)))

    def run_passthrough_capturing(
        self, args: Sequence[Any], stdout: Any, stderr: Any, stdin: Any = DEVNULL, **options: Any
    ) -> tuple[str, str]:
        """Run a program to its end, feed the callables, and return both outputs as well."""
        options = self._with_environment(options)
        return cast("tuple[str, str]", api.run_pass_through_capturing(args, stdout, stderr, stdin, **options))

    def _with_environment(self, options: dict[str, Any]) -> dict[str, Any]:
        """Programs find the tools that plugins have provided; the environment of this process stays as it is.

        Where a script hands over an environment of its own, they come where our own ``PATH`` stands in it: that is
        where Kubernator 1, which changed ``PATH`` itself, had put them.
        """
        given = options.get("env")
        provided = self._host.tools.environment()
        if given is None:
            return {**options, "env": provided}
        ours = os.environ.get("PATH", "")
        if ours and ours in given.get("PATH", ""):
            given = {**given, "PATH": given["PATH"].replace(ours, provided["PATH"], 1)}
        return {**options, "env": given}


class AppPlugin(Plugin):
    """The first plugin of every run. ``includes`` and ``excludes`` are those of the visit in progress.

    ``tool_dirs`` are the directories of programs that plugins have provided: those of ``host.tools``.
    """

    name = "app"
    namespace = AppNamespace

    def __init__(self) -> None:
        self.includes = Globs()
        self.excludes = Globs()
        self.cleanups: list[Cleanable] = []
        self.credentials_provider: CredentialsProvider | None = None
        self.tool_dirs: list[str | os.PathLike[str]] = []

    def start(self, host: Host) -> None:
        """Share the directories of programs with what finds and runs them."""
        self.tool_dirs = host.tools.directories

    def before_directory(self, visit: Visit) -> None:
        """Begin with the defaults that this directory inherits."""
        inherited = AppNamespace(visit.scope, self.name, plugin=self)
        self.includes = Globs(inherited.default_includes)
        self.excludes = Globs(inherited.default_excludes)

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - cleaned up in any case
        """Clean up: everything, also when something fails, and then say so."""
        failed: list[Exception] = []
        for each in self.cleanups:
            try:
                each.cleanup()
            except Exception as error:  # noqa: BLE001 - raised below, when everybody had their turn
                failed.append(error)
        for more in failed[1:]:
            _logger.error("a clean-up failed: %s: %s", type(more).__name__, more)
        if failed:
            raise failed[0]
