"""Starting other programs: the one place that does, to run beside us (`spawn`) or to their end (`run`).

A program is a list of arguments, never a shell line. It runs in a process group of its own, and every group that is
still alive when we end is ended too (`tools.running`). The environment a program gets is handed over; ``os.environ`` is
never changed. What is said about a program in an error has passed `redaction.Secrets`.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from subprocess import DEVNULL, PIPE, STDOUT, CalledProcessError, TimeoutExpired
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from kubernator import errors
from kubernator.tools import pipes, running
from kubernator.tools.running import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kubernator.redaction import Secrets

__all__ = [
    "DEVNULL",
    "PIPE",
    "STDOUT",
    "CalledProcessError",
    "Completed",
    "Failed",
    "Process",
    "TimeoutExpired",
    "environment",
    "run",
    "spawn",
]

Argument: TypeAlias = "str | os.PathLike[str]"
Sink: TypeAlias = "Callable[[Any], object] | int | IO[Any] | None"
Source: TypeAlias = "str | bytes | Callable[[], Any] | int | IO[Any] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A program that has ended. ``argv`` and the outputs are as they were, not redacted: redact before showing them."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


class Failed(CalledProcessError, errors.ToolFailed):
    """A program ended with a code other than 0; also the ``CalledProcessError`` that scripts catch."""

    def __init__(
        self, title: str, *, argv: Sequence[str], code: int, stdout: str = "", stderr: str = "", hint: str = ""
    ) -> None:
        errors.ToolFailed.__init__(self, title, argv=argv, code=code, stdout=stdout, stderr=stderr, hint=hint)
        self.returncode = code
        self.cmd = list(argv)

    __str__ = errors.ToolFailed.__str__


def environment(changes: Mapping[str, str | None] | None = None, *, path: Sequence[Argument] = ()) -> dict[str, str]:
    """Return a copy of our environment with changes (None removes a variable) and directories in front of ``PATH``."""
    result = dict(os.environ)
    for name, value in (changes or {}).items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    if path:
        rest = [result["PATH"]] if result.get("PATH") else []
        result["PATH"] = os.pathsep.join([*(os.fspath(directory) for directory in path), *rest])
    return result


def spawn(
    argv: Sequence[Argument],
    *,
    cwd: Argument | None = None,
    env: Mapping[str, str] | None = None,
    stdin: Source = None,
    stdout: Sink = None,
    stderr: Sink = None,
    text: bool = True,
    group: bool = True,
    detached: bool = False,
    safe_argv: Sequence[str] | None = None,
    hint: str = "",
    **popen: Any,
) -> Process:
    """Start a program and return at once.

    ``stdout`` and ``stderr`` take a callable (per line, with its line ending, in text mode; per buffer in binary
    mode), None to throw the output away, or what `subprocess.Popen` takes. ``stdin`` takes text, bytes, a callable
    that returns either or an iterable of them, None for nothing, or what `subprocess.Popen` takes. ``env`` is the whole
    environment. ``group=False`` leaves it in our process group, for a program that talks to the terminal; ``detached``
    puts it in a session of its own and leaves it alone when we end. ``safe_argv`` is what errors name.

    Raises `errors.ToolNotFound` if there is no such program, `errors.ToolError` if it cannot be started.
    """
    words = tuple(os.fspath(word) for word in argv)
    pumped = {name: sink for name, sink in (("stdout", stdout), ("stderr", stderr)) if callable(sink)}
    fed = isinstance(stdin, str | bytes) or callable(stdin)
    if text:
        popen = {"encoding": "utf-8", "errors": "replace", **popen}
    if group and not detached:
        popen.setdefault("process_group", 0)
    popen["stdin"] = PIPE if fed else DEVNULL if stdin is None else stdin
    for name, sink in (("stdout", stdout), ("stderr", stderr)):
        popen[name] = PIPE if name in pumped else DEVNULL if sink is None else sink
    of_thread = threading.current_thread() is not threading.main_thread()

    def start() -> Process:
        # a list of arguments, never a shell line
        started = subprocess.Popen(words, cwd=cwd, env=env, start_new_session=detached, **popen)  # noqa: S603
        process = Process(started, tuple(safe_argv or words), group=group or detached, of_thread=of_thread)
        return running.keep(process, detached=detached)

    try:
        process = start() if of_thread else running.uninterrupted(start)
    except OSError as error:
        raise _not_started(words, safe_argv, cwd, error, hint) from error
    started = process.popen
    for name, callback in pumped.items():
        process.attach(pipes.reader(getattr(started, name), callback, name, text=text))
    if fed and started.stdin is not None:
        process.attach(pipes.writer(started.stdin, stdin, text=text))
    return process


def run(
    argv: Sequence[Argument],
    *,
    cwd: Argument | None = None,
    env: Mapping[str, str] | None = None,
    stdin: Source = None,
    timeout: float | None = None,
    secrets: Secrets | None = None,
    check: bool = True,
    on_stdout: Callable[[str], object] | None = None,
    on_stderr: Callable[[str], object] | None = None,
    safe_argv: Sequence[str] | None = None,
    hint: str = "",
    stopped: threading.Event | None = None,
) -> Completed:
    """Run a program to its end and return what it said, as text.

    ``on_stdout`` and ``on_stderr`` are called with each line, without its line ending, as it comes, from a thread each.
    With ``check``, a code other than 0 is `Failed`, an `errors.ToolFailed`. After ``timeout`` seconds its group is
    ended and `errors.ToolTimedOut` raised. ``safe_argv`` is what errors name; ``hint`` is shown when the program is
    missing or cannot be started. Where ``stopped`` is set it is `errors.Interrupted`: who sets it ends what runs.
    """
    _go_on(stopped)
    out: list[str] = []
    err: list[str] = []
    safe = [_redacted(os.fspath(word), secrets) for word in safe_argv or argv]
    process = spawn(
        argv,
        cwd=cwd,
        env=env,
        stdin=stdin,
        stdout=_collect(out, on_stdout),
        stderr=_collect(err, on_stderr),
        safe_argv=safe,
        hint=hint,
    )
    try:
        _go_on(stopped)  # it may have been set before `end_all` could know of this one
        code = process.wait(timeout)
        _go_on(stopped)  # its code is that of our signal
    except TimeoutExpired:
        process.terminate()
        said = _redacted(("".join(err) or "".join(out)).strip(), secrets)
        raise errors.ToolTimedOut(
            f"`{_name(safe)}` did not end within {timeout:g} s",
            detail=[("command", " ".join(safe)), *([("output", said)] if said else [])],
        ) from None
    except BaseException:
        process.terminate()
        raise
    if check and code:
        raise Failed(
            f"`{_name(safe)}` failed",
            argv=safe,
            code=code,
            stdout=_redacted("".join(out), secrets),
            stderr=_redacted("".join(err), secrets),
        )
    return Completed(argv=tuple(os.fspath(word) for word in argv), code=code, stdout="".join(out), stderr="".join(err))


def _go_on(stopped: threading.Event | None) -> None:
    if stopped is not None and stopped.is_set():
        raise errors.Interrupted("the run is over")


def _collect(lines: list[str], callback: Callable[[str], object] | None) -> Callable[[str], None]:
    def take(line: str) -> None:
        lines.append(line)
        if callback is not None:
            callback(line.rstrip("\r\n"))

    return take


def _redacted(text: str, secrets: Secrets | None) -> str:
    return secrets.redact(text) if secrets else text


def _name(words: Sequence[str]) -> str:
    return os.path.basename(words[0]) if words else ""  # noqa: PTH119 - a redacted word need not be a path


def _not_started(
    words: Sequence[str], safe: Sequence[str] | None, cwd: Argument | None, error: OSError, hint: str
) -> errors.ToolError:
    shown = list(safe or words)
    if cwd is not None and not os.path.isdir(cwd):  # noqa: PTH112 - any path-like
        return errors.ToolError(f"`{_name(shown)}` cannot run in `{os.fspath(cwd)}`, which is no directory")
    if isinstance(error, FileNotFoundError) and shutil.which(words[0]) is None:
        where = "is not there" if os.sep in words[0] else "is not on `PATH`"
        return errors.ToolNotFound(f"`{shown[0]}` {where}", hint=hint or f"install `{_name(shown)}`")
    if isinstance(error, PermissionError):
        return errors.ToolNotFound(f"`{shown[0]}` may not be executed", hint=hint)
    if error.errno == errno.ENOEXEC:
        return errors.ToolError(
            f"`{_name(shown)}` is no program for this machine",
            detail=[("file", words[0])],
            hint=hint or "it may be made for another kind of processor or system, or be damaged",
        )
    return errors.ToolError(f"`{_name(shown)}` cannot be started: {error.strerror}", hint=hint)
