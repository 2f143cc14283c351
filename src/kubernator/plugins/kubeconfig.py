"""The kubeconfig of the run: which file, and who wants to know when it becomes another one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubernator.plugin import Namespace, Plugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.plugin import Host

__all__ = ["KubeconfigNamespace", "KubeconfigPlugin"]

_KEY = ("kubeconfig", "kubeconfig")
_NOTIFIERS = ("kubeconfig", "_notifiers")


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
    def _notifiers(self) -> list[Callable[[], Any]]:
        found: list[Callable[[], Any]] = self._host.globals.read(_NOTIFIERS)
        return found

    def set(self, path: str | os.PathLike[str]) -> None:
        """Choose another kubeconfig and call every notifier.

        Raises an error that names both places when the cluster has been used already and this is another one.
        """
        self._plugin.choose(path)
        for notifier in list(self._notifiers):
            notifier()

    def register_change_notifier(self, notifier: Callable[[], Any]) -> None:
        """Have a function called, without arguments, after each `set`."""
        self._notifiers.append(notifier)


class KubeconfigPlugin(Plugin):
    """Chooses the kubeconfig: the option, else ``$KUBECONFIG`` (may name several files), else ``~/.kube/config``."""

    name = "kubeconfig"
    namespace = KubeconfigNamespace

    def __init__(self, *, kubeconfig: str | os.PathLike[str] | None = None) -> None:
        self._option = kubeconfig
        self._host: Host | None = None

    def start(self, host: Host) -> None:
        """Choose the file that was asked for; without one the cluster finds the same default by itself."""
        self._host = host
        if _NOTIFIERS not in host.globals:
            host.globals.write(_NOTIFIERS, [])
        if self._option is not None:
            self.choose(self._option)
        elif _KEY not in host.globals:
            host.globals.write(_KEY, os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config"))

    def choose(self, path: str | os.PathLike[str]) -> None:
        """Make a file the kubeconfig of the run."""
        if self._host is None:
            raise RuntimeError("the plugin has not been started")
        expanded = os.pathsep.join(str(Path(part).expanduser()) for part in os.fspath(path).split(os.pathsep) if part)
        self._host.use_kubeconfig(expanded)
        self._host.globals.write(_KEY, expanded)
