"""The kubeconfig of the run: which file and context, and who wants to know when it becomes another one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.plugin import Namespace, Plugin

if TYPE_CHECKING:
    import tempfile
    from collections.abc import Callable

    from kubernator.plugin import Host, RunOutcome

__all__ = ["KubeconfigNamespace", "KubeconfigPlugin"]

_KEY = ("kubeconfig", "kubeconfig")
_CONTEXT = ("kubeconfig", "_context")
_CHOSEN = ("kubeconfig", "_chosen")
_NOTIFIERS = ("kubeconfig", "_notifiers")
_NAMED = ("kubeconfig", "_named")


class NoKubeconfig(errors.PluginError, ValueError):
    """Nothing is named where a kubeconfig should be."""


class KubeconfigNamespace(Namespace):
    """``ktor.kubeconfig``. There is one kubeconfig in a run, whoever sets it."""

    _plugin: KubeconfigPlugin
    _host: Host

    @property
    def kubeconfig(self) -> str:
        """The path; several with ``os.pathsep`` between where ``$KUBECONFIG`` names several.

        Setting it chooses the cluster without telling the notifiers, as plugins of the reference expect.
        """
        value: str = self._host.globals.read(_KEY)
        return value

    @kubeconfig.setter
    def kubeconfig(self, path: str | os.PathLike[str]) -> None:
        self._plugin.choose(path)

    @property
    def context(self) -> str | None:
        """The context that ``--context`` names, else the one that was chosen; None for the file's current one.

        Setting it chooses another one of the same kubeconfig.
        """
        return self._plugin.context

    @context.setter
    def context(self, context: str | None) -> None:
        self._plugin.choose(None, context)

    @property
    def file(self) -> str | None:
        """The path of one file for programs that take one: the kubeconfig, its current context the run's.

        Where several files are named, or another context than theirs, it is made, private, and removed at the end of
        the run. None where there is no kubeconfig and nobody chose one, as in a pod.
        """
        return self._plugin.file()

    @property
    def _notifiers(self) -> list[Callable[[], Any]]:
        found: list[Callable[[], Any]] = self._host.globals.read(_NOTIFIERS)
        return found

    def set(self, path: str | os.PathLike[str], context: str | None = None) -> None:
        """Choose another kubeconfig and call every notifier.

        Raises an error that names both places when the cluster has been used already and this is another one.
        """
        self._plugin.choose(path, context)
        for notifier in list(self._notifiers):
            notifier()

    def register_change_notifier(self, notifier: Callable[[], Any]) -> None:
        """Have a function called, without arguments, after each `set`."""
        self._notifiers.append(notifier)


class KubeconfigPlugin(Plugin):
    """Chooses the kubeconfig: the option, else ``$KUBECONFIG`` (may name several files), else ``~/.kube/config``.

    ``context`` is one of its contexts; ``--context`` on the command line goes before it.
    """

    name = "kubeconfig"
    namespace = KubeconfigNamespace

    _host: Host

    def __init__(self, *, kubeconfig: str | os.PathLike[str] | None = None, context: str | None = None) -> None:
        self._options = kubeconfig, context
        self._private: tempfile.TemporaryDirectory[str] | None = None
        self._written: dict[str, str] = {}

    def start(self, host: Host) -> None:
        """Choose what was asked for; without a wish the cluster finds the same default by itself."""
        self._host = host
        if _NOTIFIERS not in host.globals:
            host.globals.write(_NOTIFIERS, [])
            host.globals.write(_CHOSEN, value=False)
            host.globals.write(_CONTEXT, None)
            # a script may set it later, for its own programs: that does not make it the run's
            host.globals.write(_NAMED, os.environ.get("KUBECONFIG"))
            host.globals.write(_KEY, os.environ.get("KUBECONFIG") or _expanded("~/.kube/config"))
        if any(option is not None for option in self._options):
            self.choose(*self._options)

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - whatever the outcome
        """Remove what programs were given."""
        if self._private is not None:
            self._private.cleanup()

    def choose(self, path: str | os.PathLike[str] | None, context: str | None = None) -> None:
        """Make a file, or several, the kubeconfig of the run; None leaves it and chooses a context of it."""
        said, here = self._host.globals, self._host.origin()
        if path is not None and not isinstance(path, str | os.PathLike):
            raise NoKubeconfig(f"a kubeconfig is named by a path, not a `{type(path).__name__}`", origin=here)
        if path is None:
            chosen = said.read(_KEY) if said.read(_CHOSEN) else None
        else:
            chosen = os.pathsep.join(map(str, _files(os.fspath(path))))
            if not chosen:
                raise NoKubeconfig("no kubeconfig is named", origin=here)
        self._host.use_kubeconfig(chosen, context=context)
        if chosen is not None:
            said.write(_KEY, chosen)
            said.write(_CHOSEN, value=True)
        said.write(_CONTEXT, context)

    @property
    def context(self) -> str | None:
        """The context that counts; None for the current one of the file."""
        named: str | None = getattr(self._host.args, "context", None)
        chosen: str | None = self._host.globals.read(_CONTEXT)
        return named or chosen

    def file(self) -> str | None:
        """Return the path of one file that says what the kubeconfig of the run says; see the namespace.

        Raises `errors.Unreachable` where files have to be put together and cannot be understood.
        """
        said = self._host.globals
        chosen: bool = said.read(_CHOSEN)
        files = [file for file in _files(said.read(_KEY)) if chosen or file.exists()]
        if not files:
            return None
        if len(files) == 1 and self.context is None:
            return str(files[0])
        from kubernator.cluster import flatten  # noqa: PLC0415 - for those with several files

        return self._kept(flatten.flattened(files, context=self.context, must_exist=chosen))

    def _kept(self, content: str) -> str:
        """Write a private file, once for one content, so that a path which was handed out stays good."""
        from kubernator.tools import private  # noqa: PLC0415 - as above

        if content not in self._written:
            if self._private is None:
                self._private = private.directory("kubeconfig")
            path = Path(self._private.name) / f"kubeconfig-{len(self._written)}"
            path.touch(mode=0o600)
            path.write_text(content)
            self._written[content] = str(path)
        return self._written[content]


def _files(named: str) -> list[Path]:
    """Split what names one or several files; relative ones are meant from where the program was started."""
    return [Path(os.path.abspath(_expanded(part))) for part in named.split(os.pathsep) if part]  # noqa: PTH100


def _expanded(path: str) -> str:
    """Write a home directory out; where there is none, as in some containers, the path stays, and no file is found."""
    return os.path.expanduser(path)  # noqa: PTH111 - `Path` raises
