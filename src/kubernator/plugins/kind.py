"""The kind plugin: a cluster whose nodes are containers, made or woken for a run."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.cluster import readyz
from kubernator.plugin import Namespace, Plugin
from kubernator.tools import localcluster, localengine
from kubernator.tools.localcluster import Given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kubernator.plugin import Host, RunOutcome
    from kubernator.tools.process import Completed
    from kubernator.tools.tool import Tool

__all__ = ["KindNamespace", "KindPlugin"]

_NAME: Final = "kind"
_LABEL: Final = "io.x-k8s.kind.cluster"
_ENGINE: Final = "KIND_EXPERIMENTAL_PROVIDER"

_logger = logging.getLogger("kubernator.kind")


class KindNamespace(Namespace):
    """``ktor.kind``. All of it is for reading: what was asked for, and what came of it."""

    _plugin: KindPlugin

    profile = Given[str]()
    k8s_version = Given[str | None]()
    node_image = Given[str]()
    node_image_registry = Given[str]()
    keep_running = Given[Any]()
    start_fresh = Given[Any]()
    nodes = Given[int]()
    control_plane_nodes = Given[int]()
    config = Given[str | None]()
    extra_port_mappings = Given["Sequence[Mapping[str, Any]] | None"]()
    feature_gates = Given["Mapping[str, Any] | None"]()
    runtime_config = Given["Mapping[str, Any] | None"]()

    @property
    def version(self) -> str:
        """The version of kind, ``0.33.0``."""
        return self._plugin.version()

    @property
    def kind_file(self) -> str:
        """The path of the program."""
        return os.fspath(self._plugin.tool.path)

    @property
    def k8s_version_tuple(self) -> tuple[int, ...] | None:
        """The version of Kubernetes as numbers; None where only an image was named."""
        return localcluster.kube_tuple(self.k8s_version)

    @property
    def provider(self) -> str:
        """The container engine, ``docker`` or ``podman``."""
        return self._plugin.provider

    @property
    def kubeconfig(self) -> str:
        """The path of the cluster's kubeconfig."""
        return os.fspath(self._plugin.kubeconfig)

    def cmd(self, *args: str | os.PathLike[str]) -> None:
        """Run kind with the engine and kubeconfig of this cluster; what it says goes to the log."""
        self._plugin.run(*args, log_stdout=True)

    def cmd_out(self, *args: str | os.PathLike[str]) -> str:
        """Run kind as `cmd` does and return what it wrote to its output."""
        return self._plugin.run(*args).stdout


class KindPlugin(Plugin):
    """Makes a kind cluster where it is registered, or wakes the one that is there, and makes it the run's.

    It is stopped at the end of the run unless ``keep_running``, and never deleted but by ``start_fresh``, which counts
    for ``apply --yes`` only. ``nodes`` counts those of the control plane too. ``config`` is a configuration of kind as
    text and replaces the one made of ``nodes``, ``extra_port_mappings``, ``feature_gates`` and ``runtime_config``.
    """

    name = _NAME
    requires = ("kubeconfig",)
    namespace = KindNamespace

    _host: Host
    tool: Tool
    provider: str
    kubeconfig: Path

    def __init__(
        self,
        *,
        kind_version: str | None = None,
        profile: str = "default",
        k8s_version: str | None = None,
        node_image: str | None = None,
        node_image_registry: str = "ghcr.io/karellen/kindest-node",
        keep_running: Any = False,
        start_fresh: Any = False,
        nodes: int = 1,
        control_plane_nodes: int = 1,
        provider: str | None = None,
        config: str | None = None,
        extra_port_mappings: Sequence[Mapping[str, Any]] | None = None,
        feature_gates: Mapping[str, Any] | None = None,
        runtime_config: Mapping[str, Any] | None = None,
    ) -> None:
        wanted = localcluster.plain_version(k8s_version)
        image = localcluster.image(node_image, registry=node_image_registry, version=wanted)
        localcluster.kube_tuple(wanted)
        localcluster.check_nodes(nodes=nodes, control_plane_nodes=control_plane_nodes)
        made = localcluster.kind_config(
            nodes=nodes,
            control_plane_nodes=control_plane_nodes,
            ports=extra_port_mappings,
            feature_gates=feature_gates,
            runtime_config=runtime_config,
        )
        self._kind_version = localcluster.plain_version(kind_version)
        self._provider = provider
        self._config = config or made
        self._brought = self._was_up = False
        self.options: dict[str, Any] = {
            "profile": localcluster.profile(profile),
            "k8s_version": wanted,
            "node_image": image,
            "node_image_registry": node_image_registry,
            "keep_running": keep_running,
            "start_fresh": start_fresh,
            "nodes": nodes,
            "control_plane_nodes": control_plane_nodes,
            "config": config,
            "extra_port_mappings": extra_port_mappings,
            "feature_gates": feature_gates,
            "runtime_config": runtime_config,
        }

    def start(self, host: Host) -> None:
        """Bring the cluster up and choose it. Raises `errors.ToolError` and its kin, `errors.TimedOut`."""
        self._host = host
        place, profile = localengine.Place(_NAME), self.options["profile"]
        self.tool = localengine.program(host.tools, _NAME, self._kind_version, origin=host.origin())
        self.provider = localengine.engine(host.tools, *self._engines(), plugin=_NAME)
        self.kubeconfig = place.kubeconfig(profile)
        host.script_ktor(host.current_scope).kubeconfig.kubeconfig = self.kubeconfig
        with place.locked(profile):
            self._bring_up(place)
        if host.find("kubectl") is None:
            host.register("kubectl", version=self.options["k8s_version"])

    def _engines(self) -> list[tuple[str, str]]:
        """Return what to ask: the engine that was named, by the script or to kind itself, else all, in order."""
        named = self._provider or os.environ.get(_ENGINE)
        return [(each, "info") for each in ([named] if named else ["docker", "podman"])]

    def _bring_up(self, place: localengine.Place) -> None:
        profile: str = self.options["profile"]
        exists = profile in self.run("get", "clusters", level=logging.DEBUG).stdout.splitlines()
        if exists and (place.half_made(profile) or localcluster.starts_fresh(self._host.args, self.options)):
            self._delete()
            exists = False
        if exists:
            asleep = self._nodes("exited", "created")
            self._brought, self._was_up = True, not asleep
            if asleep:
                _logger.info("starting the cluster `%s`", profile)
                self._host.tools.run(self.provider, "start", *asleep, plugin=_NAME)
        else:
            _logger.info("making the cluster `%s`; images are fetched the first time", profile)
            self._brought = True
            with place.making(profile, undo=self._delete):
                self._create()
        self.run("export", "kubeconfig", "--name", profile)
        if exists:
            readyz.wait(self.kubeconfig, secrets=self._host.secrets)

    def _create(self) -> None:
        from kubernator.load import yamldoc  # noqa: PLC0415 - most runs find the cluster there

        text = yamldoc.dump(self._config) if isinstance(self._config, dict) else self._config
        self.run(
            *("create", "cluster", "--name", self.options["profile"], "--wait", localengine.CREATE_LIMIT),
            *("--image", self.options["node_image"]),
            *(["--config", "-"] if text else []),
            stdin=text,
        )

    def _delete(self) -> None:
        self.run("delete", "cluster", "--name", self.options["profile"])

    def _nodes(self, *states: str) -> list[str]:
        """Return the containers of the cluster that are in one of these states."""
        said = self._host.tools.run(
            *(self.provider, "ps", "--all", "--filter", f"label={_LABEL}={self.options['profile']}"),
            *(word for state in states for word in ("--filter", f"status={state}")),
            *("--format", "{{.Names}}"),
            plugin=_NAME,
            timeout=localengine.PATIENCE,
        )
        return said.stdout.split()

    def run(
        self,
        *args: str | os.PathLike[str],
        stdin: str | None = None,
        log_stdout: bool = False,
        level: int = logging.INFO,
    ) -> Completed:
        """Run kind. Raises `errors.ToolFailed` and its kin."""
        engine = None if self.provider == "docker" else self.provider
        env = {"KUBECONFIG": os.fspath(self.kubeconfig), _ENGINE: engine}
        # it tells of its progress on stderr
        return self._host.tools.run(
            self.tool, *args, plugin=_NAME, env=env, stdin=stdin, log_stdout=log_stdout, stderr_level=level
        )

    def version(self) -> str:
        """Return the version of kind."""
        return localengine.said_version(self._host.tools, self.tool, "version", plugin=_NAME)

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - whatever the outcome
        """Stop the cluster, unless it is to go on."""
        if not self._brought or localcluster.stays(self._host.args, self.options, was_up=self._was_up):
            return
        try:
            awake = self._nodes("running")
            if awake:
                _logger.info("stopping the cluster `%s`", self.options["profile"])
                self._host.tools.run(self.provider, "stop", *awake, plugin=_NAME)
        except errors.ToolError as error:
            _logger.warning("the cluster `%s` may be running still: %s", self.options["profile"], error)
