"""The sandbox plugin: a real, throw-away control plane for the tree, on loopback and without containers."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.plugin import Namespace, Plugin

if TYPE_CHECKING:
    from pathlib import Path

    from kubernator.plugin import Host, RunOutcome
    from kubernator.sandbox import Sandbox

__all__ = ["SandboxNamespace", "SandboxPlugin"]

_KEY = ("sandbox", "_registered")

_logger = logging.getLogger("kubernator.sandbox")


class SandboxNamespace(Namespace):
    """``ktor.sandbox``. All of it is for reading."""

    _plugin: SandboxPlugin

    @property
    def name(self) -> str:
        """The name, under which ``kubernator sandbox status`` lists it."""
        return self._plugin.running.name

    @property
    def version(self) -> str:
        """The version of Kubernetes, ``1.37.2``."""
        return self._plugin.running.version

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return self._plugin.running.server

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig, whose user may do everything."""
        return self._plugin.running.kubeconfig


class SandboxPlugin(Plugin):
    """Starts the control plane where it is registered and makes it the cluster of the run.

    Without ``name`` it ends with the run, however that ends. With one it is taken or started under that name and stays
    for other runs, ``ttl`` seconds from its start (four hours unless told, 0 for no limit), or until
    ``kubernator sandbox down``. ``kube_version`` is a minor (``"1.36"``), the newest unless told; ``nodes`` how many
    simulated ones there are.
    """

    name = "sandbox"
    requires = ("kubeconfig",)
    namespace = SandboxNamespace

    running: Sandbox

    def __init__(
        self,
        *,
        kube_version: str | None = None,
        name: str | None = None,
        ttl: float | None = None,
        nodes: int = 1,
    ) -> None:
        if ttl is not None and name is None:
            raise errors.PluginError(
                "`ttl` is for a sandbox with a `name`; one without ends with the run", hint="give it a `name`"
            )
        _not_negative("nodes", nodes, int, hint="it is how many simulated nodes there are")
        _not_negative("ttl", ttl or 0, int | float, hint="it is in seconds, 0 for no limit")
        self._version = None if kube_version is None else str(kube_version)
        self._called = None if name is None else str(name)
        self._ttl = ttl
        self._nodes = nodes
        self._held = contextlib.ExitStack()

    def start(self, host: Host) -> None:
        """Start it, or take the one of that name, and choose its kubeconfig."""
        if _KEY in host.globals:
            raise errors.PluginError(
                "a run has one sandbox",
                detail=[("first", str(host.globals.read(_KEY)))],
                hint="register it above both directories, in the start directory for instance",
            )
        host.globals.write(_KEY, host.origin())
        try:
            self.running = self._started()
        except errors.UsageError as error:  # of an option of ours
            raise errors.PluginError(error.title, hint=error.hint) from error
        kubeconfig: Any = host.script_ktor(host.current_scope).kubeconfig
        kubeconfig.set(self.running.kubeconfig)

    def _started(self) -> Sandbox:
        from kubernator import sandbox  # noqa: PLC0415 - with all that starts programs

        if self._called is None:
            return self._held.enter_context(sandbox.running(kube_version=self._version, nodes=self._nodes, say=_say))
        return sandbox.up(
            self._called,
            kube_version=self._version,
            ttl=sandbox.DEFAULT_TTL if self._ttl is None else self._ttl,
            nodes=self._nodes,
            say=_say,
        )

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - whatever the outcome
        """End what ends with the run."""
        self._held.close()


def _not_negative(option: str, value: Any, kind: Any, *, hint: str) -> None:
    if not isinstance(value, kind) or not value >= 0:
        raise errors.PluginError(f"`{option}` cannot be `{value}`", hint=hint)


def _say(text: str) -> None:
    _logger.info("%s", text)
