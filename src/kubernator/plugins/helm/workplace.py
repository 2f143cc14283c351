"""Where helm works: a private directory that goes with the run, an environment of its own, patience with servers."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.tools import cache as caches
from kubernator.tools import helm, private

if TYPE_CHECKING:
    import tempfile
    from collections.abc import Sequence

    from kubernator.plugin import Host, Origin
    from kubernator.tools.process import Completed
    from kubernator.tools.tool import Tool

__all__ = ["Workplace"]

_logger = logging.getLogger("kubernator.helm")

TIMEOUT: Final = 300.0
"""Seconds for one answer of a repository or registry."""

ATTEMPTS: Final = 3


class Workplace:
    """Runs helm for a run. May be used from several threads.

    The user's list of repositories is neither read nor changed; logins of registries and plugins of helm are theirs.
    """

    def __init__(self, host: Host, tool: Tool) -> None:
        self._host = host
        self._tool = tool
        self._lock = threading.Lock()
        self._own: tempfile.TemporaryDirectory[str] | None = None

    @property
    def directory(self) -> Path:
        """The private directory, made when it is first asked for."""
        with self._lock:
            if self._own is None:
                self._own = private.directory("helm")
            return Path(self._own.name)

    @property
    def repository_config(self) -> Path:
        """The list of repositories of whatever concerns none of ours."""
        return self.directory / "repositories.yaml"

    def home(self, name: str) -> Path:
        """Return a home for helm of its own: its list of repositories, their indexes, and what it keeps."""
        return caches.private_directory(self.directory / name)

    def close(self) -> None:
        """Remove the directory, credentials among what is in it."""
        with self._lock:
            own, self._own = self._own, None
        if own is not None:
            own.cleanup()

    def run(
        self,
        args: Sequence[str],
        *,
        home: Path | None = None,
        stdin: str | None = None,
        timeout: float = TIMEOUT,
        safe_args: Sequence[str] | None = None,
    ) -> Completed:
        """Run helm to its end, whatever its code; its stderr is for the caller.

        It stands in an empty directory, where it cannot take a directory of a chart's name for the chart.
        """
        home = home or self.directory
        return self._host.tools.run(
            self._tool,
            *args,
            plugin="helm",
            cwd=caches.private_directory(self.directory / "empty"),
            env={
                "HELM_CACHE_HOME": str(home / "cache"),
                "HELM_REPOSITORY_CACHE": str(home / "indexes"),
                "HELM_REPOSITORY_CONFIG": str(home / "repositories.yaml"),
                "HELM_CONTENT_CACHE": str(home / "content"),
                "GOGC": os.environ.get("GOGC", "400"),  # it does not run for long: let it collect less
                "HELM_DEBUG": None,
                "HELM_NAMESPACE": None,
                "HELM_KUBECONTEXT": None,
                "KUBECONFIG": os.devnull,  # nothing here is asked of a cluster
            },
            stdin=stdin,
            timeout=timeout,
            check=False,
            stderr_level=logging.DEBUG,
            safe_args=safe_args,
        )

    def ask(
        self, args: Sequence[str], *, what: str, origin: Origin, home: Path | None = None, stdin: str | None = None
    ) -> Completed:
        """Have helm ask a repository or registry, again where it does not answer. Raises `errors.SourceError`."""
        said = self.run(args, home=home, stdin=stdin)
        for attempt in range(1, ATTEMPTS):
            if said.code == 0 or not helm.transient(said.stderr):
                break
            _logger.info("%s does not answer; trying again", what)
            self._host.tools.stopped.wait(2**attempt / 2)
            said = self.run(args, home=home, stdin=stdin)
        if said.code == 0:
            return said
        why = helm.failure(self._host.secrets.redact(said.stderr))
        raise errors.SourceError(f"{what} cannot be fetched: {why.message}", origin=origin, hint=why.hint)
