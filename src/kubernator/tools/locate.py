"""The programs of one run: found by version or on ``PATH``, run with the same environment, heard in the log.

A program that a script pins to a version comes from the cache or from its project's official place, never from
``PATH``. Its directory then stands in front of the ``PATH`` of everything that is run later; the environment of this
process is never changed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.tools import catalog, tool
from kubernator.tools.cache import Cache
from kubernator.tools.obtain import Obtaining
from kubernator.tools.tool import Tool, ToolOrigin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kubernator.model.origin import Origin
    from kubernator.redaction import Secrets
    from kubernator.tools.lockfile import Pins
    from kubernator.tools.obtain import Watch
    from kubernator.tools.process import Completed

__all__ = ["Programs"]


class Programs:
    """The outside programs of one run. May be used from several threads.

    ``watch`` is told of downloads; the log is, without it. ``machine`` is the kind of machine to fetch programs for,
    this one if nothing is said.
    """

    def __init__(
        self,
        cache: Cache | None = None,
        *,
        secrets: Secrets | None = None,
        pins: Pins | None = None,
        watch: Watch | None = None,
        machine: str | None = None,
    ) -> None:
        self._secrets = secrets
        self._obtaining = Obtaining(
            cache if cache is not None else Cache(), secrets=secrets, pins=pins, watch=watch, machine=machine
        )
        self.stopped = threading.Event()
        """Set by `stop`; what a thread waits for, it waits for with this."""
        self._lock = threading.Lock()
        self.directories: list[str | os.PathLike[str]] = []
        """What stands in front of ``PATH``; the ``tool_dirs`` of the app plugin."""

    def find(self, name: str, *, version: str | None = None, origin: Origin | None = None) -> Tool:
        """Return a program.

        With a version (a leading ``v`` is dropped): from the cache, else downloaded and verified; it is exposed.
        Without: from ``PATH``, behind what was exposed before. ``origin`` is who asks.

        Raises `errors.ToolNotFound`, which is a RuntimeError too; with a version also `errors.SourceError`,
        `errors.ChecksumMismatch` and `errors.NotPinned`.
        """
        if version is None:
            with self._lock:
                directories = list(self.directories)
            return _search(name, directories, None)
        try:
            found = self._obtaining.program(name, version, origin=origin)
        except errors.KubernatorError as error:
            if origin is not None and error.origin is None:
                error.origin = origin
                error.detail[:0] = origin.lines()
            raise
        self.expose(found)
        return found

    def latest(self, name: str) -> str:
        """Return the highest plain version that the program's repository has a tag for; asked once in a run.

        It is pinned as ``<name>@latest``. Raises `errors.SourceError`, `errors.ToolNotFound` and `errors.NotPinned`.
        """
        return self._obtaining.latest(name)

    def expose(self, program: Tool | Path) -> None:
        """Put the directory of a program in front of the ``PATH`` of everything that is run later.

        Raises `errors.ToolError` for one that cannot stand there: something else would be found in its place.
        """
        if isinstance(program, Tool) and program.origin is ToolOrigin.PATH:
            return  # it is there already, with others that must not come to the front
        path = program.path if isinstance(program, Tool) else program
        directory = os.fspath(path if path.is_dir() else path.parent)
        if os.pathsep in directory:
            raise errors.ToolError(
                f"`{directory}` cannot stand on `PATH`: it has `{os.pathsep}` in it",
                hint="put the cache elsewhere with `XDG_CACHE_HOME`",
            )
        with self._lock:
            with contextlib.suppress(ValueError):
                self.directories.remove(directory)
            self.directories.insert(0, directory)

    def environment(self, changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """Return the whole environment for a program: ours, changed (None removes), exposed directories in front."""
        from kubernator.tools import process  # noqa: PLC0415 - many trees run nothing

        with self._lock:
            directories = list(self.directories)
        return process.environment(changes, path=directories)

    def run(
        self,
        program: Tool | Path | str,
        *args: str | os.PathLike[str],
        plugin: str,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str | None] | None = None,
        stdin: str | bytes | None = None,
        timeout: float | None = None,
        check: bool = True,
        log_stdout: bool = False,
        stderr_level: int | Callable[[str], int] = logging.WARNING,
        safe_args: Sequence[str] | None = None,
        hint: str = "",
    ) -> Completed:
        """Run a program to its end and return what it said, not redacted.

        Its stderr goes line by line, redacted, into the logger ``kubernator.<plugin>.proc`` at ``stderr_level``, which
        may be a function of the line; its stdout too, at INFO, with ``log_stdout``. ``env`` holds changes to the
        environment, where None removes; ``timeout`` is in seconds. ``safe_args`` is shown in place of ``args``, which
        are shown redacted otherwise. ``hint`` goes with the error of a program that is missing or cannot be started.

        Raises `errors.ToolNotFound`, `errors.ToolTimedOut`, with ``check`` `errors.ToolFailed`, and `errors.ToolError`
        for what cannot be started. Interrupted, it ends the program and all that this has started; in a thread, `stop`
        does that, and `errors.Interrupted` is raised.
        """
        from kubernator.tools import process  # noqa: PLC0415 - as above

        logger = logging.getLogger(f"kubernator.{plugin}.proc")
        environment = self.environment(env)
        path, shown = self._path(program, environment)
        safe = [shown, *([os.fspath(word) for word in args] if safe_args is None else safe_args)]
        logger.debug("running %s", self._redacted(" ".join(safe)))

        def log(chosen: int | Callable[[str], int]) -> Callable[[str], None]:
            def take(line: str) -> None:
                level = chosen(line) if callable(chosen) else chosen
                if line.strip() and logger.isEnabledFor(level):
                    logger.log(level, "%s", self._redacted(line))

            return take

        return process.run(
            [path, *args],
            cwd=cwd,
            env=environment,
            stdin=stdin,
            timeout=timeout,
            secrets=self._secrets,
            check=check,
            on_stdout=log(logging.INFO) if log_stdout else None,
            on_stderr=log(stderr_level),
            safe_argv=safe,
            hint=hint or self._hint(program),
            stopped=None if threading.current_thread() is threading.main_thread() else self.stopped,
        )

    def stop(self) -> None:
        """End what threads run, and let them start no more: the run has failed, and the main thread tidies up."""
        self.stopped.set()
        if "kubernator.tools.running" in sys.modules:
            from kubernator.tools import running  # noqa: PLC0415 - loaded already

            running.end_all(of_threads=True)

    # Where programs come from

    def _path(self, program: Tool | Path | str, environment: Mapping[str, str]) -> tuple[Path, str]:
        """Return what to run, and how it is shown."""
        if isinstance(program, Tool):
            return program.path, program.path.name
        if isinstance(program, Path) or os.sep in program:
            return Path(program), os.fspath(program)
        found = _search(program, environment.get("PATH", "").split(os.pathsep))
        return found.path, program

    def _hint(self, program: Tool | Path | str) -> str:
        if isinstance(program, Tool) and program.origin in {ToolOrigin.CACHE, ToolOrigin.DOWNLOAD}:
            return "`kubernator cache verify bin` says whether the downloaded program is damaged"
        return ""

    def _redacted(self, text: str) -> str:
        return self._secrets.redact(text) if self._secrets else text


def _search(name: str, *places: Sequence[str | os.PathLike[str]] | None) -> Tool:
    """Return a program from the first place that has it; None is ``PATH``."""
    command = catalog.command(name)
    found = next((one for place in places if (one := tool.find(command, place))), None)
    if found is None:
        known = ", or name a `version`, which is downloaded then" if name in catalog.NAMES else ""
        raise errors.ToolNotFound(f"`{command}` is not on `PATH`", hint=f"install `{command}`{known}")
    # a relative directory on `PATH` would mean another one where the program is run
    path = Path(os.path.abspath(found.path))  # noqa: PTH100 - links stay as they are
    return Tool(name=name, path=path, origin=found.origin)
