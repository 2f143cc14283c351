"""The k3d plugin: a k3s cluster whose nodes are containers, made or woken for a run."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.cluster import readyz
from kubernator.plugin import Namespace, Plugin
from kubernator.tools import cache, localcluster, localengine
from kubernator.tools.localcluster import Given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kubernator.plugin import Host, RunOutcome
    from kubernator.tools.process import Completed
    from kubernator.tools.tool import Tool

__all__ = ["K3dNamespace", "K3dPlugin"]

_NAME: Final = "k3d"
_ENGINE: Final = "docker"

_logger = logging.getLogger("kubernator.k3d")


class K3dNamespace(Namespace):
    """``ktor.k3d``. All of it is for reading: what was asked for, and what came of it."""

    _plugin: K3dPlugin

    profile = Given[str]()
    k8s_version = Given["str | None"]()
    node_image = Given[str]()
    node_image_registry = Given[str]()
    node_image_suffix = Given[str]()
    keep_running = Given[Any]()
    start_fresh = Given[Any]()
    nodes = Given[int]()
    control_plane_nodes = Given[int]()
    provider = Given[str]()
    config = Given["str | None"]()
    extra_port_mappings = Given["Sequence[Mapping[str, Any]] | None"]()
    feature_gates = Given["Mapping[str, Any] | None"]()
    runtime_config = Given["Mapping[str, Any] | None"]()
    k3s_server_args = Given["Sequence[str] | None"]()
    k3s_agent_args = Given["Sequence[str] | None"]()

    @property
    def version(self) -> str:
        """The version of k3d, ``5.8.3``."""
        return self._plugin.version()

    @property
    def k3d_file(self) -> str:
        """The path of the program."""
        return os.fspath(self._plugin.tool.path)

    @property
    def k8s_version_tuple(self) -> tuple[int, ...] | None:
        """The version of Kubernetes as numbers; None where only an image was named."""
        return localcluster.kube_tuple(self.k8s_version)

    @property
    def kubeconfig(self) -> str:
        """The path of the cluster's kubeconfig."""
        return os.fspath(self._plugin.kubeconfig)

    def cmd(self, *args: str | os.PathLike[str]) -> None:
        """Run k3d with the kubeconfig of this cluster; what it says goes to the log."""
        self._plugin.run(*args, log_stdout=True)

    def cmd_out(self, *args: str | os.PathLike[str]) -> str:
        """Run k3d as `cmd` does and return what it wrote to its output."""
        return self._plugin.run(*args).stdout


class K3dPlugin(Plugin):
    """Makes a k3d cluster where it is registered, or wakes the one that is there, and makes it the run's.

    It is stopped at the end of the run unless ``keep_running``, and never deleted but by ``start_fresh``, which counts
    for ``apply --yes`` only. ``nodes`` counts those of the control plane too. ``config`` is a configuration of k3d as
    text and replaces the one made of the options after it.
    """

    name = _NAME
    requires = ("kubeconfig",)
    namespace = K3dNamespace

    _host: Host
    tool: Tool
    kubeconfig: Path

    def __init__(
        self,
        *,
        k3d_version: str | None = None,
        profile: str = "default",
        k8s_version: str | None = None,
        node_image: str | None = None,
        node_image_registry: str = "rancher/k3s",
        node_image_suffix: str = "-k3s1",
        keep_running: Any = False,
        start_fresh: Any = False,
        nodes: int = 1,
        control_plane_nodes: int = 1,
        provider: str | None = None,
        config: str | None = None,
        extra_port_mappings: Sequence[Mapping[str, Any]] | None = None,
        feature_gates: Mapping[str, Any] | None = None,
        runtime_config: Mapping[str, Any] | None = None,
        k3s_server_args: Sequence[str] | None = None,
        k3s_agent_args: Sequence[str] | None = None,
    ) -> None:
        wanted = localcluster.plain_version(k8s_version)
        image = localcluster.image(node_image, registry=node_image_registry, version=wanted, suffix=node_image_suffix)
        localcluster.kube_tuple(wanted)
        localcluster.check_nodes(nodes=nodes, control_plane_nodes=control_plane_nodes)
        if provider not in {None, _ENGINE}:
            raise localcluster.WrongOption(
                f"`provider` cannot be `{provider}`", hint="k3d works with `docker`; for others there is `kind`"
            )
        made = localcluster.k3d_config(
            image=image,
            nodes=nodes,
            control_plane_nodes=control_plane_nodes,
            ports=extra_port_mappings,
            feature_gates=feature_gates,
            runtime_config=runtime_config,
            server_args=localcluster.words("k3s_server_args", k3s_server_args),
            agent_args=localcluster.words("k3s_agent_args", k3s_agent_args),
        )
        self._k3d_version = localcluster.plain_version(k3d_version)
        self._config = config or made
        self._brought = self._was_up = False
        self.options: dict[str, Any] = {
            "profile": localcluster.profile(profile),
            "k8s_version": wanted,
            "node_image": image,
            "node_image_registry": node_image_registry,
            "node_image_suffix": node_image_suffix,
            "keep_running": keep_running,
            "start_fresh": start_fresh,
            "nodes": nodes,
            "control_plane_nodes": control_plane_nodes,
            "provider": _ENGINE,
            "config": config,
            "extra_port_mappings": extra_port_mappings,
            "feature_gates": feature_gates,
            "runtime_config": runtime_config,
            "k3s_server_args": k3s_server_args,
            "k3s_agent_args": k3s_agent_args,
        }

    def start(self, host: Host) -> None:
        """Bring the cluster up and choose it. Raises `errors.ToolError` and its kin, `errors.TimedOut`."""
        self._host = host
        place, profile = localengine.Place(_NAME), self.options["profile"]
        self.tool = localengine.program(host.tools, _NAME, self._k3d_version, origin=host.origin())
        localengine.engine(host.tools, (_ENGINE, "info"), plugin=_NAME)
        self.kubeconfig = place.kubeconfig(profile)
        host.script_ktor(host.current_scope).kubeconfig.kubeconfig = self.kubeconfig
        with place.locked(profile):
            self._bring_up(place)
        if host.find("kubectl") is None:
            host.register("kubectl", version=self.options["k8s_version"])

    def _bring_up(self, place: localengine.Place) -> None:
        profile: str = self.options["profile"]
        found = self._found()
        if found and (place.half_made(profile) or localcluster.starts_fresh(self._host.args, self.options)):
            self._delete()
            found = None
        limit = ("--wait", "--timeout", localengine.CREATE_LIMIT)
        if found is None:
            _logger.info("making the cluster `%s`; images are fetched the first time", profile)
            self._brought = True
            with place.making(profile, undo=self._delete):
                self._create(*limit)
        else:
            self._brought, self._was_up = True, _complete(found)
            if not self._was_up:
                _logger.info("starting the cluster `%s`", profile)
                self.run("cluster", "start", profile, *limit)
        cache.write(self.kubeconfig, self.run("kubeconfig", "get", profile).stdout)
        if found is not None:
            readyz.wait(self.kubeconfig, secrets=self._host.secrets)

    def _found(self) -> Mapping[str, Any] | None:
        """Return what k3d knows of the cluster, None when there is none."""
        said = self.run("cluster", "list", "--output", "json").stdout
        try:
            clusters = {each["name"]: each for each in json.loads(said)}
        except (ValueError, TypeError, KeyError) as error:
            raise errors.ToolError(
                "`k3d cluster list` does not say which clusters there are",
                detail=[("it said", self._host.secrets.redact(said.strip()[:200]) or "nothing")],
            ) from error
        return clusters.get(self.options["profile"])

    def _create(self, *limit: str) -> None:
        from kubernator.load import yamldoc  # noqa: PLC0415 - most runs find the cluster there

        text = yamldoc.dump(self._config) if isinstance(self._config, dict) else self._config
        what = ["--config", "-"] if text else ["--image", self.options["node_image"]]
        self.run("cluster", "create", self.options["profile"], *limit, *what, stdin=text)

    def _delete(self) -> None:
        self.run("cluster", "delete", self.options["profile"])

    def run(self, *args: str | os.PathLike[str], stdin: str | None = None, log_stdout: bool = False) -> Completed:
        """Run k3d. Raises `errors.ToolFailed` and its kin."""
        return self._host.tools.run(
            self.tool,
            *args,
            plugin=_NAME,
            env={"KUBECONFIG": os.fspath(self.kubeconfig), "LOG_COLORS": "0"},
            stdin=stdin,
            log_stdout=log_stdout,
            stderr_level=logging.INFO,  # it tells of its progress there
        )

    def version(self) -> str:
        """Return the version of k3d."""
        return localengine.said_version(self._host.tools, self.tool, "version", plugin=_NAME)

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - whatever the outcome
        """Stop the cluster, unless it is to go on."""
        if not self._brought or localcluster.stays(self._host.args, self.options, was_up=self._was_up):
            return
        try:
            if self._found() is not None:
                _logger.info("stopping the cluster `%s`", self.options["profile"])
                self.run("cluster", "stop", self.options["profile"])
        except errors.ToolError as error:
            _logger.warning("the cluster `%s` may be running still: %s", self.options["profile"], error)


def _complete(found: Mapping[str, Any]) -> bool:
    """Say whether all nodes run."""
    return all(found.get(f"{kind}Running") == found.get(f"{kind}Count") for kind in ("servers", "agents"))
