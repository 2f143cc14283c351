"""Clusters of Google Kubernetes Engine: fetches the kubeconfig of one with ``gcloud``, and makes it the run's."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.plugin import Namespace, Plugin
from kubernator.tools import clouds, kubefile, tool

if TYPE_CHECKING:
    from pathlib import Path

    from kubernator.plugin import Host, RunOutcome

__all__ = ["GkeNamespace", "GkePlugin"]

AUTH: Final = "gke-gcloud-auth-plugin"

_TIMEOUT: Final = 180.0
"""Seconds for asking Google."""

_INSTALL_TIMEOUT: Final = 900.0
"""Seconds for fetching the program that hands out credentials."""

_QUIET: Final = {
    "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
    "USE_GKE_GCLOUD_AUTH_PLUGIN": "True",  # versions before 2023 need to be told
}


class GkeNamespace(Namespace):
    """``ktor.gke``."""

    _plugin: GkePlugin

    @property
    def kubeconfig(self) -> str:
        """The path of the cluster's kubeconfig; it is removed at the end of the run."""
        return os.fspath(self._plugin.file.path)

    @property
    def name(self) -> str:
        """The name of the cluster."""
        return self._plugin.cluster

    @property
    def region(self) -> str:
        """The region of the cluster."""
        return self._plugin.region

    @property
    def project(self) -> str:
        """The id of the project."""
        return self._plugin.project

    @property
    def gcloud_file(self) -> str:
        """The path of ``gcloud``."""
        return os.fspath(self._plugin.gcloud.path)


class GkePlugin(Plugin):
    """``register_plugin("gke", name=…, region=…, project=…)``: the run's cluster is this one of Google Cloud.

    ``gcloud`` has to be on ``PATH``; it is never fetched. Raises `clouds.MissingOption` for an option that is missing.
    """

    name = "gke"
    requires = ("kubeconfig",)
    namespace = GkeNamespace

    def __init__(self, *, name: str | None = None, region: str | None = None, project: str | None = None) -> None:
        self.cluster = clouds.named("gke", "name", name)
        self.region = clouds.named("gke", "region", region)
        self.project = clouds.named("gke", "project", project)
        self._gcloud: tool.Tool | None = None
        self._file: kubefile.KubeFile | None = None

    @property
    def gcloud(self) -> tool.Tool:
        """The program."""
        if self._gcloud is None:
            raise RuntimeError("the plugin has not been started")
        return self._gcloud

    @property
    def file(self) -> kubefile.KubeFile:
        """The kubeconfig."""
        if self._file is None:
            raise RuntimeError("the plugin has not been started")
        return self._file

    def start(self, host: Host) -> None:
        """Fetch the kubeconfig and choose it. Raises `errors.ToolError` and its kin."""
        for secret in clouds.secrets(os.environ):
            host.secrets.add(secret)
        self._gcloud = _gcloud(host)
        self._file = kubefile.KubeFile("gcloud")
        try:
            self._fetch(host)
            kubeconfig: Any = host.script_ktor(host.current_scope).kubeconfig
            kubeconfig.set(self.file.path)
        except BaseException:
            self.file.remove()
            raise

    def _fetch(self, host: Host) -> None:
        changes = clouds.interpreter(os.environ)
        place = os.fspath(self.file.path)
        try:
            auth = self._auth(host, changes)
            self._run(
                host,
                *("container", "clusters", "get-credentials", self.cluster),
                *("--region", self.region, "--project", self.project),
                env={**changes, "KUBECONFIG": place},
                timeout=_TIMEOUT,
            )
            # It keeps a token beside the kubeconfig it is told of: here, not in the user's home.
            self.file.finish(programs={AUTH: auth}, env={**dict.fromkeys(changes, ""), "KUBECONFIG": place})
        except errors.ToolError as error:
            raise clouds.explained(
                error,
                what=f"the kubeconfig of the GKE cluster `{self.cluster}` cannot be had",
                troubles=clouds.GCLOUD,
                words={"name": self.cluster, "region": self.region, "project": self.project},
                origin=host.origin(),
            ) from error

    def _auth(self, host: Host, changes: dict[str, str | None]) -> Path:
        """Return the program that hands out credentials, installed by ``gcloud`` if it must be."""
        if found := self._installed(host):
            return found
        hint = f"install the package `google-cloud-cli-{AUTH}`, as `gcloud` was installed"
        if host.pins.locked:  # nothing pins what `gcloud` fetches
            raise errors.ToolNotFound(f"`{AUTH}` is not on `PATH`, and `--locked` lets nothing be installed", hint=hint)
        logging.getLogger("kubernator.gke").info("installing %s, which hands out the credentials of GKE", AUTH)
        try:
            self._run(host, "components", "install", AUTH, "--quiet", env=changes, timeout=_INSTALL_TIMEOUT)
        except errors.ToolFailed as error:
            raise errors.ToolNotFound(
                f"`{AUTH}` is not on `PATH`, and `gcloud` cannot install it",
                detail=[("output", error.stderr.strip() or error.stdout.strip())],
                hint=hint,
            ) from error
        if found := self._installed(host):
            return found
        raise errors.ToolNotFound(
            f"`gcloud` installed `{AUTH}` where it is not found", hint="put the directory of it on `PATH`"
        )

    def _installed(self, host: Host) -> Path | None:
        """Look on ``PATH``, then beside ``gcloud``, which is where it installs it."""
        try:
            return host.tools.find(AUTH).path
        except errors.ToolNotFound:
            beside = tool.find(AUTH, [self.gcloud.path.resolve().parent])
            return beside.path if beside else None

    def _run(self, host: Host, *args: str, env: dict[str, str | None], timeout: float) -> None:
        host.tools.run(
            self.gcloud,
            *args,
            plugin=self.name,
            env={**env, **_QUIET},
            timeout=timeout,
            log_stdout=True,
            stderr_level=logging.INFO,  # it says there that all is well
        )

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - whatever the outcome
        """Remove the kubeconfig."""
        if self._file is not None:
            self._file.remove()


def _gcloud(host: Host) -> tool.Tool:
    try:
        return host.tools.find("gcloud")
    except errors.ToolNotFound as error:
        origin = host.origin()
        raise errors.ToolNotFound(
            error.title,
            origin=origin,
            hint="install the Google Cloud CLI with its package `gke-gcloud-auth-plugin`; it is never downloaded",
        ) from error
