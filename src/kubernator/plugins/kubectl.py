"""The kubectl plugin: kubectl of the cluster's version, told which cluster is meant, for scripts to run."""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kubernator import errors
from kubernator.plugin import Namespace, Origin, Plugin

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from kubernator.plugin import Host
    from kubernator.tools.process import Completed
    from kubernator.tools.tool import Tool

    Argument: TypeAlias = "str | os.PathLike[str]"

__all__ = ["KubectlNamespace", "KubectlPlugin"]

_NAME: Final = "kubectl"
_PATIENCE: Final = 60.0
"""Seconds for ``kubectl version --client``, which asks nobody."""

_logger = logging.getLogger("kubernator.kubectl")


class KubectlNamespace(Namespace):
    """``ktor.kubectl``."""

    _plugin: KubectlPlugin

    @property
    def version(self) -> str:
        """The version that the program says it has, ``1.35.3``."""
        return self._plugin.version

    @property
    def kubectl_file(self) -> str:
        """The path of the program."""
        return str(self._plugin.tool.path)

    def stanza(self) -> list[str]:
        """Return how a command line begins: the program, and which kubeconfig; its current context is the run's."""
        return [self.kubectl_file, *self._plugin.flags()]

    def test(self) -> str:
        """Run the program and return the version it says it has; raises when it is none, or cannot be run."""
        return self._plugin.test()

    def run(self, *args: Argument, **options: Any) -> None:
        """Run kubectl to its end; what it says goes to the log.

        ``options`` are ``stdin`` (text or bytes), ``cwd``, ``env`` (changes; None removes), ``timeout`` in seconds and
        ``safe_args``, which is shown in place of the arguments. Raises `errors.ToolFailed`, which is a
        CalledProcessError too, for a code other than 0.
        """
        self._plugin.run(args, options, log_stdout=True)

    def run_capturing(self, *args: Argument, **options: Any) -> str:
        """Run kubectl to its end and return what it wrote to its output; see `run`."""
        return self._plugin.run(args, options).stdout

    def get(self, resource_type: str, resource_name: str, namespace: str | None = None) -> Any:
        """Return what ``kubectl get -o yaml`` says, parsed: an object, a list of several, None for nothing.

        Values of a Secret are not shown anywhere from then on. Raises as `run` does for what is not there.
        """
        return self._plugin.get(resource_type, resource_name, namespace)


class KubectlPlugin(Plugin):
    """Finds kubectl where it is registered.

    ``version`` is downloaded and verified, and kept; without it, the version of the cluster is where ``k8s`` is
    registered, and else the program on ``PATH`` is taken. ``kubeconfig`` is accepted and not used: the run has one.
    """

    name = _NAME
    requires = ("kubeconfig",)
    namespace = KubectlNamespace

    _host: Host
    tool: Tool

    def __init__(self, *, version: str | None = None, kubeconfig: str | os.PathLike[str] | None = None) -> None:
        self._wanted = version
        self._kubeconfig = kubeconfig
        self._version = ""

    def start(self, host: Host) -> None:
        """Find the program, so that what scripts run finds it too."""
        self._host = host
        self.tool = self._found()
        _logger.debug("kubectl is %s", self.tool.path)

    def _found(self) -> Tool:
        tools, origin = self._host.tools, self._host.origin()
        if self._wanted is not None:
            return tools.find(_NAME, version=self._wanted, origin=origin)
        if self._host.find("k8s") is None:
            return tools.find(_NAME)
        served = ".".join(self._host.cluster.version().parts)
        with contextlib.suppress(errors.ToolError):  # there is none, or it is none
            here = tools.find(_NAME)
            if self._asked(here) == served:  # what would be downloaded is there
                return here
        try:
            return tools.find(_NAME, version=served, origin=origin)
        except errors.SourceError as error:
            error.hint = "name a `version` that is at hand, or register `kubectl` before `k8s` to take that on `PATH`"
            raise

    @property
    def version(self) -> str:
        """The version that the program says it has."""
        return self._version or self.test()

    def test(self) -> str:
        """Ask the program for its version."""
        self._version = self._asked(self.tool)
        return self._version

    def _asked(self, tool: Tool) -> str:
        said = self._host.tools.run(
            tool, "version", "--client", "--output=json", plugin=_NAME, timeout=_PATIENCE, stderr_level=logging.DEBUG
        ).stdout
        try:
            version: str = json.loads(said)["clientVersion"]["gitVersion"]
            return version.removeprefix("v")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise errors.ToolError(
                f"`{tool.path}` does not say which version of kubectl it is",
                detail=[("output", self._host.secrets.redact(said.strip()[:200]) or "nothing")],
                hint="is it kubectl?",
            ) from error

    def flags(self) -> list[str]:
        """Return which kubeconfig is meant: one file, whatever the run's is made of."""
        kubeconfig: Any = self._host.find("kubeconfig")
        file = kubeconfig.file()
        return [] if file is None else [f"--kubeconfig={file}"]

    def run(self, args: Sequence[Argument], options: Mapping[str, Any], *, log_stdout: bool = False) -> Completed:
        """Run kubectl for a script."""
        safe_args = options.get("safe_args")
        flags = self.flags()
        if safe_args is not None:
            options = {**options, "safe_args": [*flags, *map(str, safe_args)]}
        return self._host.tools.run(self.tool, *flags, *args, plugin=_NAME, log_stdout=log_stdout, **options)

    def get(self, resource_type: str, resource_name: str, namespace: str | None) -> Any:
        """Return objects of the cluster."""
        where = ["--namespace", namespace] if namespace else []
        said = self.run([*where, "get", resource_type, resource_name, "--output=yaml"], {}).stdout
        from kubernator.load import yamldoc  # noqa: PLC0415 - few scripts ask

        origin = Origin(
            path=PurePath(_NAME), maker=f"kubectl get {resource_type} {resource_name}", via=self._host.origin()
        )
        found = [document.value for document in yamldoc.parse(said, origin=origin, repeated="last")]
        for each in found:
            self._host.secrets.learn(each)
        return found[0] if len(found) == 1 else found or None
