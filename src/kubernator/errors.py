"""Everything that can stop a run, as one tree of exceptions, and the exit codes they lead to.

::

    KubernatorError                  1
      ProjectError                   1    the user's files
        ScriptError                       .kubernator.py raised
        LoadError                         unreadable YAML, a bad template
        ValidationFailed             3    carries the diagnostics
        NotPinned                         `--locked`, and the lock file does not have it
      PluginError                    1    a hook raised, or a plugin is wrong, missing or twice
      ToolError                      1    ToolNotFound, ToolFailed, ChecksumMismatch
      SourceError                    10   a repository or chart cannot be had
      ClusterError                   1
        Unreachable, Unauthorized    10
        ApiError                     1    NotFound, Conflict, Invalid, TooManyRequests; Forbidden 11
      ConflictRefused                4    which fields, which managers
      PlanRefused                    5    stale, tampered, another cluster
      DeletionRefused                6
      NotReady, ApplyFailed          7, 8 carry the report
      LockHeld                       9
      TimedOut                       70   ToolTimedOut, a ToolError as well
      Interrupted                    130
    UsageError                       64   2 where the reference's own options and verbs are concerned

Each class answers ``title`` (one line, no final stop), ``detail`` (labelled lines), ``hint`` and ``exit_code``. The
command line turns them into words; nothing else prints them. Under ``dump`` and ``apply`` some codes are mapped back
to what the reference answers, see `ExitCode.compatible`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kubernator.model.diagnostics import Diagnostic
    from kubernator.model.origin import Origin
    from kubernator.model.outcome import ApplyReport

__all__ = [
    "ApiError",
    "ApplyFailed",
    "ChecksumMismatch",
    "ClusterError",
    "Conflict",
    "ConflictRefused",
    "DeletionRefused",
    "ExitCode",
    "FieldCause",
    "Forbidden",
    "Interrupted",
    "Invalid",
    "KubernatorError",
    "LoadError",
    "LockHeld",
    "NotFound",
    "NotPermitted",
    "NotPinned",
    "NotReady",
    "PlanRefused",
    "PluginError",
    "ProjectError",
    "ScriptError",
    "SourceError",
    "TimedOut",
    "TooManyRequests",
    "ToolError",
    "ToolFailed",
    "ToolNotFound",
    "ToolTimedOut",
    "Unauthorized",
    "Unreachable",
    "UsageError",
    "ValidationFailed",
]


class ExitCode(IntEnum):
    """What the process answers. The numbers are promised; scripts depend on them."""

    OK = 0
    ERROR = 1
    CHANGES = 2
    INVALID = 3
    CONFLICT = 4
    PLAN_REFUSED = 5
    DELETION_REFUSED = 6
    NOT_READY = 7
    PARTLY_APPLIED = 8
    LOCKED = 9
    UNREACHABLE = 10
    FORBIDDEN = 11
    USAGE = 64
    TIMED_OUT = 70
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def compatible(self) -> ExitCode:
        """The code under ``dump`` and ``apply``, where the reference's answer to a failure stays 1."""
        return _COMPATIBLE.get(self, self)


_COMPATIBLE = {
    ExitCode.INVALID: ExitCode.ERROR,
    ExitCode.UNREACHABLE: ExitCode.ERROR,
    ExitCode.FORBIDDEN: ExitCode.ERROR,
    ExitCode.USAGE: ExitCode.CHANGES,  # argparse's 2, which the reference answers to a bad command line
}


class KubernatorError(Exception):
    """Something stopped us and the user should hear of it in words.

    ``detail`` holds ``(label, text)`` pairs such as ``("at", "web/app.yaml:3:1")``, shown one a line in this order.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.ERROR

    def __init__(
        self,
        title: str,
        *,
        detail: Iterable[tuple[str, str]] = (),
        hint: str = "",
        origin: Origin | None = None,
    ) -> None:
        super().__init__(title)
        self.title = title
        self.origin = origin
        self.hint = hint
        self.detail: list[tuple[str, str]] = [*(origin.lines() if origin else ()), *detail]

    def __str__(self) -> str:
        return self.title


class ProjectError(KubernatorError):
    """Something is wrong in the user's files."""


class ScriptError(ProjectError):
    """A script does not compile or raised; ``__cause__`` is what it raised."""


class LoadError(ProjectError):
    """A file cannot be read, decoded or rendered."""


class ValidationFailed(ProjectError):
    """Findings of severity error were collected; all of them are in ``diagnostics``."""

    exit_code = ExitCode.INVALID

    def __init__(self, title: str, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(title)
        self.diagnostics = tuple(diagnostics)


class NotPinned(ProjectError):
    """Something is to be fetched that the lock file does not pin, and only what is pinned may be."""


class PluginError(KubernatorError):
    """A plugin is unknown, registered wrongly, or failed in one of its stages."""


class ToolError(KubernatorError):
    """An outside program is the trouble."""


class ToolNotFound(ToolError, RuntimeError):
    """The program is neither pinned nor on ``PATH``; also the RuntimeError of the reference."""


class ToolFailed(ToolError):
    """A program ended with a code other than 0. ``argv`` and both outputs are redacted before they get here.

    Of what it said the last lines are shown; all of it is in ``stdout`` and ``stderr``. A negative ``code`` is the
    number of the signal that ended it.
    """

    SHOWN: ClassVar[int] = 30
    """Lines of output that are shown."""

    LONGEST: ClassVar[int] = 8_000
    """Characters of output that are shown, in lines of whatever length."""

    def __init__(
        self, title: str, *, argv: Sequence[str], code: int, stdout: str = "", stderr: str = "", hint: str = ""
    ) -> None:
        said = stderr.strip() or stdout.strip()
        lines = said[-self.LONGEST :].splitlines()
        whole = len(said) <= self.LONGEST and len(lines) <= self.SHOWN
        tail = "\n".join([*([] if whole else ["…"]), *lines[-self.SHOWN :]])
        ended = ("ended by", _signal_name(-code)) if code < 0 else ("exit code", str(code))
        super().__init__(
            title, detail=[("command", " ".join(argv)), ended, *([("output", tail)] if tail else [])], hint=hint
        )
        self.argv = tuple(argv)
        self.code = code
        self.stdout = stdout
        self.stderr = stderr


def _signal_name(number: int) -> str:
    import signal  # noqa: PLC0415 - rarely needed

    try:
        return f"signal {signal.Signals(number).name}"
    except ValueError:
        return f"signal {number}"


class ChecksumMismatch(ToolError):
    """What was fetched is not what was promised; it is not kept."""


class SourceError(KubernatorError):
    """A repository or chart cannot be had."""

    exit_code = ExitCode.UNREACHABLE


class ClusterError(KubernatorError):
    """Something between us and the API server."""


class Unreachable(ClusterError):
    """No answer: refused, reset, timed out, no kubeconfig, TLS does not come about."""

    exit_code = ExitCode.UNREACHABLE


class Unauthorized(ClusterError):
    """The API server does not know us (401), or credentials cannot be had."""

    exit_code = ExitCode.UNREACHABLE


class FieldCause:
    """One entry of ``details.causes`` in a Status answer."""

    __slots__ = ("field", "message", "reason")

    def __init__(self, *, reason: str, message: str, field: str) -> None:
        self.reason = reason
        self.message = message
        self.field = field

    def __repr__(self) -> str:
        return f"FieldCause({self.reason!r}, {self.field!r}, {self.message!r})"


class ApiError(ClusterError):
    """The API server answered with a Status of failure.

    Source: API concept *Status* (``meta/v1``): ``code``, ``reason``, ``message``, ``details.causes``.
    """

    def __init__(
        self,
        title: str,
        *,
        status: int,
        reason: str = "",
        causes: Sequence[FieldCause] = (),
        details: Mapping[str, object] | None = None,
        retry_after: float | None = None,
        body: Mapping[str, object] | None = None,
        detail: Iterable[tuple[str, str]] = (),
        hint: str = "",
    ) -> None:
        super().__init__(title, detail=detail, hint=hint)
        self.status = status
        self.reason = reason
        self.causes = tuple(causes)
        self.details = dict(details or {})
        self.retry_after = retry_after
        self.uncertain = False
        """Whether the request was sent before without an answer being heard: it may have been carried out."""
        self.body = dict(body or {})


class NotFound(ApiError):
    """404: the object, its namespace, or its kind is not there."""


class Conflict(ApiError):
    """409: a field of another manager, a stale resourceVersion, or an object that exists already."""


class Invalid(ApiError):
    """422: the object is well-formed and refused."""


class TooManyRequests(ApiError):
    """429, after the retries that are allowed."""


class Forbidden(ApiError):
    """403: not permitted, over quota, denied by admission, or in a namespace that is going."""

    exit_code = ExitCode.FORBIDDEN


class NotPermitted(KubernatorError):
    """The cluster lets us read what is there and not make the changes."""

    exit_code = ExitCode.FORBIDDEN


class ConflictRefused(KubernatorError):
    """Fields belong to other field managers and nothing said that we may take them."""

    exit_code = ExitCode.CONFLICT


class PlanRefused(KubernatorError):
    """A saved plan is stale, tampered, or for another cluster."""

    exit_code = ExitCode.PLAN_REFUSED


class DeletionRefused(KubernatorError):
    """Something protects what would be deleted."""

    exit_code = ExitCode.DELETION_REFUSED


class NotReady(KubernatorError):
    """Everything was written; something did not become current."""

    exit_code = ExitCode.NOT_READY

    def __init__(
        self, title: str, report: ApplyReport, *, detail: Iterable[tuple[str, str]] = (), hint: str = ""
    ) -> None:
        super().__init__(title, detail=detail, hint=hint)
        self.report = report


class ApplyFailed(KubernatorError):
    """Part was written, then something was refused."""

    exit_code = ExitCode.PARTLY_APPLIED

    def __init__(
        self, title: str, report: ApplyReport, *, detail: Iterable[tuple[str, str]] = (), hint: str = ""
    ) -> None:
        super().__init__(title, detail=detail, hint=hint)
        self.report = report


class LockHeld(KubernatorError):
    """Another run holds the lock."""

    exit_code = ExitCode.LOCKED


class TimedOut(KubernatorError):
    """A wait had a limit and reached it."""

    exit_code = ExitCode.TIMED_OUT


class ToolTimedOut(ToolError, TimedOut):
    """A program did not end within its time, and was ended."""


class Interrupted(KubernatorError):
    """The user or the system asked us to stop; what was in flight has ended."""

    exit_code = ExitCode.INTERRUPTED


class UsageError(KubernatorError):
    """The command line cannot be understood."""

    exit_code = ExitCode.USAGE
