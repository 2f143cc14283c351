"""The AWS command line: ``ktor.awscli``, with which scripts and the eks plugin ask AWS."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.plugin import Namespace, Plugin
from kubernator.tools import clouds

if TYPE_CHECKING:
    from kubernator.plugin import Host
    from kubernator.tools.tool import Tool

__all__ = ["AwscliNamespace", "AwscliPlugin"]

_TRACE: Final = 5
_TIMEOUT: Final = 60.0
"""Seconds for ``aws --version``, which starts a whole Python."""


class AwscliNamespace(Namespace):
    """``ktor.awscli``."""

    _plugin: AwscliPlugin

    @property
    def version(self) -> str:
        """The version of the program, such as ``2.15.30``; it is asked once."""
        return self._plugin.version

    @property
    def aws_file(self) -> str:
        """The path of the program."""
        return os.fspath(self._plugin.tool.path)

    def stanza(self, *args: str, output: str | None = "json", region: str | None = None) -> list[str]:
        """Return a command line: ``[aws, --output …, --region …, *args]``, for ``ktor.app.run`` and its kin.

        At log level TRACE ``--debug`` is in it; what ``aws`` then writes holds signatures and session tokens.
        """
        debug = logging.getLogger("kubernator").getEffectiveLevel() <= _TRACE
        return clouds.aws_stanza(self.aws_file, args, output=output, region=region, debug=debug)


class AwscliPlugin(Plugin):
    """``register_plugin("awscli")``: ``aws`` from ``PATH``, else AWS' own download of the newest version."""

    name = "awscli"
    namespace = AwscliNamespace

    def __init__(self) -> None:
        self._host: Host | None = None
        self._tool: Tool | None = None
        self._version = ""

    def start(self, host: Host) -> None:
        """Find the program. Raises `errors.ToolNotFound`, or what a download raises."""
        self._host = host
        for secret in clouds.secrets(os.environ):
            host.secrets.add(secret)
        try:
            self._tool = host.tools.find("awscli")
        except errors.ToolNotFound as missing:
            self._tool = self._fetched(host, missing)

    @staticmethod
    def _fetched(host: Host, missing: errors.ToolNotFound) -> Tool:
        try:
            return host.tools.find("awscli", version=host.tools.latest("awscli"), origin=host.origin())
        except errors.KubernatorError as error:
            error.detail.append(("fetched because", missing.title))
            if isinstance(error, errors.SourceError):
                error.hint = "install `aws`, so that it is on `PATH`"
            raise

    @property
    def tool(self) -> Tool:
        """The program."""
        if self._tool is None:
            raise RuntimeError("the plugin has not been started")
        return self._tool

    @property
    def version(self) -> str:
        """What ``aws --version`` says. Raises `errors.ToolError` when it says something else or does not end."""
        if not self._version:
            assert self._host is not None  # noqa: S101 - `tool` raised
            # the first generation of it wrote this to stderr
            said = self._host.tools.run(
                self.tool,
                "--version",
                plugin=self.name,
                env=clouds.interpreter(os.environ, package="awscli"),
                timeout=_TIMEOUT,
                stderr_level=logging.DEBUG,
            )
            self._version = clouds.aws_version(said.stdout + said.stderr)
        return self._version
