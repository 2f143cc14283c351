"""The minikube plugin: a cluster in a container or a virtual machine, made or woken for a run."""

from __future__ import annotations

import json
import logging
import os
import platform
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from kubernator import errors
from kubernator.plugin import Namespace, Plugin
from kubernator.tools import localcluster, localengine
from kubernator.tools.localcluster import Given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kubernator.plugin import Host, RunOutcome
    from kubernator.tools.process import Completed
    from kubernator.tools.tool import Tool

__all__ = ["MinikubeNamespace", "MinikubePlugin"]

_NAME: Final = "minikube"

_LAST_FOR_OLD: Final = "1.36.0"
"""The last version that starts a Kubernetes older than 1.28."""

_WITH_VOLUMES: Final = (1, 28)
"""From this Kubernetes on, volumes come from the CSI driver, which can make snapshots of them."""

_ON: Final = ("volumesnapshots", "csi-hostpath-driver")
_OFF: Final = ("storage-provisioner", "default-storageclass")
_CLASS: Final = "csi-hostpath-sc"
_BINDING: Final = "WaitForFirstConsumer"
_IS_DEFAULT: Final = "storageclass.kubernetes.io/is-default-class"

_SLOW_OR_GONE: Final = (82, 85)
"""``ExGuestTimeout``: it did not stop in time; ``ExGuestNotFound``: it was never made."""

_PROBES: Final = (("docker", "info"), ("hyperkit", "-v"), ("podman", "info"))
"""What could be the driver on macOS, where none of them is a matter of course."""

_logger = logging.getLogger("kubernator.minikube")


class _Kubectl(Protocol):
    def run(self, args: Sequence[str], options: Mapping[str, Any]) -> Completed: ...


class MinikubeNamespace(Namespace):
    """``ktor.minikube``. All of it is for reading: what was asked for, and what came of it."""

    _plugin: MinikubePlugin

    profile = Given[str]()
    k8s_version = Given[str]()
    start_fresh = Given[Any]()
    keep_running = Given[Any]()
    nodes = Given["int | str"]()
    driver = Given[str]()
    cpus = Given[Any]()
    extra_args = Given["Sequence[str] | None"]()
    extra_addons = Given["Sequence[str] | None"]()

    @property
    def version(self) -> str:
        """The version of minikube, ``1.36.0``."""
        return self._plugin.version()

    @property
    def minikube_file(self) -> str:
        """The path of the program."""
        return os.fspath(self._plugin.tool.path)

    @property
    def k8s_version_tuple(self) -> tuple[int, ...]:
        """The version of Kubernetes as numbers."""
        return self._plugin.kube

    @property
    def kubeconfig(self) -> str:
        """The path of the cluster's kubeconfig."""
        return os.fspath(self._plugin.kubeconfig)

    def cmd(self, *args: str | os.PathLike[str]) -> None:
        """Run minikube for this profile; what it says goes to the log."""
        self._plugin.run(*args, log_stdout=True)

    def cmd_out(self, *args: str | os.PathLike[str]) -> str:
        """Run minikube for this profile and return what it wrote to its output."""
        return self._plugin.run(*args).stdout


class MinikubePlugin(Plugin):
    """Makes a minikube cluster where it is registered, or wakes the one that is there, and makes it the run's.

    It is stopped at the end of the run unless ``keep_running``, and never deleted but by ``start_fresh``, which counts
    for ``apply --yes`` only. ``driver`` is ``docker`` unless given; on macOS the first that answers. ``cpus`` counts
    for docker. ``extra_args`` are added to ``minikube start``.
    """

    name = _NAME
    requires = ("kubeconfig",)
    namespace = MinikubeNamespace

    _host: Host
    tool: Tool
    kubeconfig: Path

    def __init__(
        self,
        *,
        minikube_version: str | None = None,
        profile: str = "default",
        k8s_version: str | None = None,
        keep_running: Any = False,
        start_fresh: Any = False,
        nodes: int | str = 1,
        driver: str | None = None,
        cpus: Any = "no-limit",
        extra_args: Sequence[str] | None = None,
        extra_addons: Sequence[str] | None = None,
    ) -> None:
        wanted = localcluster.plain_version(k8s_version)
        kube = localcluster.kube_tuple(wanted)
        if kube is None:
            raise localcluster.WrongOption("`k8s_version` is needed", hint='for example `k8s_version="1.35.3"`')
        # minikube takes a text as it is, so that of an environment variable may be given
        localcluster.check_nodes(nodes=int(nodes) if isinstance(nodes, str) and nodes.isdecimal() else nodes)
        self.kube = kube
        oldest = _LAST_FOR_OLD if kube < _WITH_VOLUMES else None
        self._minikube_version = localcluster.plain_version(minikube_version) or oldest
        self._extra_args = localcluster.words("extra_args", extra_args)
        self._extra_addons = localcluster.words("extra_addons", extra_addons)
        self._brought = self._was_up = False
        self.options: dict[str, Any] = {
            "profile": localcluster.profile(profile),
            "k8s_version": wanted,
            "keep_running": keep_running,
            "start_fresh": start_fresh,
            "nodes": nodes,
            "driver": driver,
            "cpus": cpus,
            "extra_args": extra_args,
            "extra_addons": extra_addons,
        }

    def start(self, host: Host) -> None:
        """Bring the cluster up and choose it. Raises `errors.ToolError` and its kin."""
        self._host = host
        place, profile = localengine.Place(_NAME), self.options["profile"]
        self.tool = localengine.program(host.tools, _NAME, self._minikube_version, origin=host.origin())
        self.options["driver"] = self.options["driver"] or self._driver()
        self._home = place.root
        self.kubeconfig = place.kubeconfig(profile)
        host.script_ktor(host.current_scope).kubeconfig.kubeconfig = self.kubeconfig
        with place.locked(profile):
            self._bring_up()
        if host.find("kubectl") is None:
            host.register("kubectl", version=self.options["k8s_version"])
        if self._sets_up:
            self._choose_storage_class()

    def _driver(self) -> str:
        if platform.system() != "Darwin":
            return "docker"  # which minikube itself complains about if it must
        return localengine.engine(self._host.tools, *_PROBES, plugin=_NAME)

    @property
    def _sets_up(self) -> bool:
        """Whether volumes are seen to: not in a cluster that was up and is only looked at."""
        return self.kube >= _WITH_VOLUMES and not (self._was_up and localcluster.only_looks(self._host.args))

    def _bring_up(self) -> None:
        profile: str = self.options["profile"]
        self._was_up = self._is_up()
        self._brought = True
        if localcluster.starts_fresh(self._host.args, self.options):
            if self._was_up:
                self.run("stop", log_stdout=True)
            self.run("delete", log_stdout=True)
            self._was_up = False
        if not self._was_up:
            _logger.info("starting the cluster `%s`; images are fetched the first time", profile)
            self.run("start", *self._start_args(), log_stdout=True)
        self.run("update-context", log_stdout=True)
        if self._sets_up:
            for addon in _OFF:
                self.run("addons", "disable", addon, log_stdout=True)

    def _start_args(self) -> list[str]:
        options = self.options
        addons = [*(_ON if self.kube >= _WITH_VOLUMES else ()), *self._extra_addons]
        return [
            *("--driver", options["driver"]),
            *("--kubernetes-version", options["k8s_version"]),
            *("--wait", "apiserver"),
            *("--nodes", str(options["nodes"])),
            *(word for addon in addons for word in ("--addons", addon)),
            *(("--cpus", str(options["cpus"])) if options["driver"] == "docker" else ()),
            *self._extra_args,
        ]

    def _choose_storage_class(self) -> None:
        """Make the class of the CSI driver the default, whose volumes are made where the Pod is going to run.

        How a class binds cannot be changed, so one that is otherwise is made anew.
        """
        kubectl = cast("_Kubectl", self._host.find("kubectl"))
        said = kubectl.run(["get", "storageclass", _CLASS, "--ignore-not-found", "--output=json"], {}).stdout
        found: dict[str, Any] = json.loads(said or "{}")
        annotations = found.get("metadata", {}).get("annotations") or {}
        if found.get("volumeBindingMode") == _BINDING and annotations.get(_IS_DEFAULT) == "true":
            return
        if found:
            kubectl.run(["delete", "storageclass", _CLASS], {})
        kubectl.run(["create", "--filename=-"], {"stdin": json.dumps(_storage_class())})

    def _is_up(self) -> bool:
        said = self.run("status", check=False, level=logging.DEBUG)
        return said.code == 0

    def run(
        self,
        *args: str | os.PathLike[str],
        log_stdout: bool = False,
        check: bool = True,
        level: int = logging.INFO,
    ) -> Completed:
        """Run minikube for this profile. Raises `errors.ToolFailed` and its kin."""
        return self._host.tools.run(
            self.tool,
            *("-p", self.options["profile"], *args),
            plugin=_NAME,
            env={"MINIKUBE_HOME": os.fspath(self._home), "KUBECONFIG": os.fspath(self.kubeconfig)},
            log_stdout=log_stdout,
            check=check,
            stderr_level=level,
        )

    def version(self) -> str:
        """Return the version of minikube."""
        return localengine.said_version(self._host.tools, self.tool, "version", plugin=_NAME)

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - whatever the outcome
        """Stop the cluster, unless it is to go on. Raises `errors.ToolFailed` when it does not stop."""
        if not self._brought or localcluster.stays(self._host.args, self.options, was_up=self._was_up):
            return
        _logger.info("stopping the cluster `%s`", self.options["profile"])
        try:
            self.run("stop", log_stdout=True)
        except errors.ToolFailed as error:
            if error.code not in _SLOW_OR_GONE:
                raise
            _logger.warning("the cluster `%s` may be running still: %s", self.options["profile"], error)


def _storage_class() -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": _CLASS, "annotations": {_IS_DEFAULT: "true"}},
        "provisioner": "hostpath.csi.k8s.io",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": _BINDING,
    }
