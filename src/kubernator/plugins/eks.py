"""Clusters of Amazon EKS: fetches the kubeconfig of one with ``aws``, and makes it the run's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from kubernator import errors
from kubernator.plugin import Namespace, Plugin
from kubernator.tools import attended, clouds, kubefile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.plugin import Host, RunOutcome
    from kubernator.tools.tool import Tool

__all__ = ["EksNamespace", "EksPlugin"]

_TIMEOUT: Final = 120.0
"""Seconds; ``aws`` itself gives a connection up after 60 and then tries again."""

_PATIENCE: Final = 300.0
"""Seconds for a person who is asked something."""


class _Aws(Protocol):
    @property
    def tool(self) -> Tool: ...


class EksNamespace(Namespace):
    """``ktor.eks``."""

    _plugin: EksPlugin

    @property
    def kubeconfig(self) -> str:
        """The path of the cluster's kubeconfig; it is removed at the end of the run."""
        return os.fspath(self._plugin.file.path)

    @property
    def name(self) -> str:
        """The name of the cluster."""
        return self._plugin.cluster

    @property
    def region(self) -> str | None:
        """The region that was asked for; None leaves it to the configuration of ``aws``."""
        return self._plugin.region


class EksPlugin(Plugin):
    """``register_plugin("eks", name=…)``: the run's cluster is the one of this name in Amazon EKS.

    ``region`` is the one that ``aws`` is configured for unless given. Raises `clouds.MissingOption` without ``name``.
    """

    name = "eks"
    requires = ("kubeconfig", "awscli")
    namespace = EksNamespace

    def __init__(self, *, name: str | None = None, region: str | None = None) -> None:
        self.cluster = clouds.named("eks", "name", name)
        self.region = clouds.named("eks", "region", region) if region else None
        self._file: kubefile.KubeFile | None = None

    @property
    def file(self) -> kubefile.KubeFile:
        """The kubeconfig."""
        if self._file is None:
            raise RuntimeError("the plugin has not been started")
        return self._file

    def start(self, host: Host) -> None:
        """Fetch the kubeconfig and choose it. Raises `errors.ToolError` and its kin."""
        aws = cast("_Aws", host.find("awscli")).tool
        self._file = kubefile.KubeFile("aws")
        try:
            self._fetch(host, aws)
            kubeconfig: Any = host.script_ktor(host.current_scope).kubeconfig
            kubeconfig.set(self.file.path)
        except BaseException:
            self.file.remove()
            raise

    def _fetch(self, host: Host, aws: Tool) -> None:
        env = clouds.interpreter(os.environ, package="awscli")
        try:
            self._update(host, aws, env)
            # an exec plugin's environment can only be added to; empty is unset for Python
            self.file.finish(programs={"aws": aws.path}, env=dict.fromkeys(env, ""))
        except errors.ToolError as error:
            raise clouds.explained(
                error,
                what=f"the kubeconfig of the EKS cluster `{self.cluster}` cannot be had",
                troubles=clouds.AWS,
                words={
                    "name": self.cluster,
                    "place": f"region `{self.region}`" if self.region else "configured region",
                    "region_option": f" --region {self.region}" if self.region else "",
                },
                origin=host.origin(),
            ) from error

    def _update(self, host: Host, aws: Tool, env: Mapping[str, str | None]) -> None:
        args = [
            *("eks", "update-kubeconfig", "--name", self.cluster, "--kubeconfig", os.fspath(self.file.path)),
            *(["--region", self.region] if self.region else []),
        ]
        if attended.terminal():  # roles may want a code of a second factor
            attended.run([aws.path, *args], env=host.tools.environment(env), timeout=_PATIENCE, secrets=host.secrets)
        else:
            host.tools.run(aws, *args, plugin=self.name, env=env, timeout=_TIMEOUT, log_stdout=True)

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - whatever the outcome
        """Remove the kubeconfig."""
        if self._file is not None:
            self._file.remove()
