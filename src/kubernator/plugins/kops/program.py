"""The kops program of a run: how it is started, what it may see, and where what it says goes."""

from __future__ import annotations

import logging
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.tools import kops_answers, private, process

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubernator.plugin import Host
    from kubernator.tools.kops import Target
    from kubernator.tools.process import Completed
    from kubernator.tools.tool import Tool

__all__ = ["Limits", "Program"]

_logger = logging.getLogger("kubernator.kops.proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long calls may take, in seconds. kops itself repeats a task that fails for ten minutes."""

    read: float = 300.0
    update: float = 1800.0
    validate: float = 900.0
    roll: float = 21600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Runs kops. Everything it writes for us stands in a private directory, which is removed at the end of the run."""

    host: Host
    tool: Tool
    limits: Limits
    directory: tempfile.TemporaryDirectory[str] = field(default_factory=lambda: private.directory("kops"))

    def kubeconfig(self, target: Target) -> Path:
        """Return where the kubeconfig of a cluster is, or will be once it was exported. It is ours alone."""
        directory = Path(self.directory.name, "kubeconfig")
        directory.mkdir(mode=0o700, exist_ok=True)
        return directory / f"{re.sub(r'[^A-Za-z0-9.-]', '-', target.name)}-{target.short}"

    def scratch(self) -> Path:
        """Make a directory and return it."""
        return Path(tempfile.mkdtemp(dir=self.directory.name, prefix="scratch-"))

    def ask(self, target: Target, args: Sequence[str], *, quiet: bool = False) -> Completed:
        """Run a command that reads, however it ends. ``quiet`` keeps its warnings to level DEBUG.

        ``target`` is whose kubeconfig kops sees; the command says itself what it is about. Raises
        `errors.ToolNotFound`, `errors.ToolError`, and `errors.ToolTimedOut` when it takes too long.
        """
        levels = {logging.WARNING: logging.DEBUG, logging.ERROR: logging.DEBUG} if quiet else {}
        return self._run(target, args, seconds=self.limits.read, levels=levels)

    def read(self, target: Target, args: Sequence[str]) -> str:
        """Run a command that reads, and return its output. Raises as `ask`, and `errors.ToolFailed`."""
        return self.checked(target, self.ask(target, args)).stdout

    def work(self, target: Target, args: Sequence[str], *, seconds: float, hint: str = "") -> str:
        """Run a command that writes or waits: what it says is shown as it comes. Raises as `read`."""
        done = self._run(target, args, seconds=seconds, levels={logging.DEBUG: logging.INFO}, aloud=True)
        return self.checked(target, done, hint=hint).stdout

    def checked(self, target: Target, done: Completed, *, hint: str = "") -> Completed:
        """Return what has ended well; raise `errors.ToolFailed` in kops' words for what has not."""
        if not done.code:
            return done
        redact = self.host.secrets.redact
        raise errors.ToolFailed(
            f"`kops {_verb(done.argv[1:])}` failed for `{target.name}`",
            argv=["kops", *map(redact, done.argv[1:])],
            code=done.code,
            stdout=redact(done.stdout),
            stderr=redact(kops_answers.said(done.stderr)),
            hint=hint or _hint(done.stderr),
        )

    def _run(
        self, target: Target, args: Sequence[str], *, seconds: float, levels: dict[int, int], aloud: bool = False
    ) -> Completed:
        redact = self.host.secrets.redact
        _logger.debug("running kops %s", redact(" ".join(args)))

        def hear(line: str) -> None:
            level, text = kops_answers.log_line(line)
            if text.strip():
                _logger.log(levels.get(level, level), "%s", redact(text))

        return process.run(
            [self.tool.path, *args],
            env=self.host.tools.environment({"KUBECONFIG": str(self.kubeconfig(target))}),
            timeout=seconds,
            secrets=self.host.secrets,
            check=False,
            on_stdout=_said_aloud(redact) if aloud else None,
            on_stderr=hear,
        )


def _said_aloud(redact: Callable[[str], str]) -> Callable[[str], None]:
    def hear(line: str) -> None:
        if line.strip():
            _logger.info("%s", redact(line.rstrip()))

    return hear


def _verb(args: Sequence[str]) -> str:
    """Return the words of a command line before its flags."""
    flags = next((at for at, word in enumerate(args) if word.startswith("-")), len(args))
    return " ".join(args[:flags])


_HINTS: Final = (
    (re.compile(r"NoSuchBucket|bucket does not exist", re.IGNORECASE), "make the bucket first; kops does not"),
    (
        re.compile(r"credentials|ExpiredToken|InvalidClientTokenId|AuthFailure", re.IGNORECASE),
        "kops has Kubernator's environment; the cloud's credentials (`AWS_PROFILE`, say) have to be in it",
    ),
)


def _hint(stderr: str) -> str:
    return next((hint for pattern, hint in _HINTS if pattern.search(stderr)), "")
