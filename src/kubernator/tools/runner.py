"""The process runner of the reference's scripts: ``ktor.app.run`` and the two that capture.

A thin layer over `process`: the same groups, threads and registry, with the words, defaults and exceptions that scripts
were written for. `CalledProcessError` and `TimeoutExpired` name ``safe_args``, where given, and never the real ones.
"""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from kubernator import errors
from kubernator.tools.process import (
    DEVNULL,
    PIPE,
    STDOUT,
    Argument,
    CalledProcessError,
    Process,
    Sink,
    Source,
    TimeoutExpired,
    spawn,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "DEVNULL",
    "PIPE",
    "STDOUT",
    "CalledProcessError",
    "NotAllowed",
    "NotStarted",
    "NotThere",
    "ProcessRunner",
    "TimeoutExpired",
    "run",
    "run_capturing_out",
    "run_pass_through_capturing",
]

Output: TypeAlias = "str | bytes"


class NotThere(errors.ToolNotFound, FileNotFoundError):
    """There is no such program, or no such directory to run it in; also what ``subprocess`` raises then."""


class NotAllowed(errors.ToolNotFound, PermissionError):
    """The program may not be executed; also what ``subprocess`` raises then."""


class NotStarted(errors.ToolError, OSError):
    """The program cannot be started; also what ``subprocess`` raises then."""


class ProcessRunner:
    """A program that runs. Nobody waits for it unless `wait` is called."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def args(self) -> tuple[str, ...]:
        """What was started, as it may be shown."""
        return self._process.argv

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    @property
    def stdin(self) -> IO[Any]:
        """The program's input, if it was started with ``PIPE``; else `RuntimeError`."""
        return self._piped("stdin")

    @property
    def stdout(self) -> IO[Any]:
        """The program's output, if it was started with ``PIPE``; else `RuntimeError`."""
        return self._piped("stdout")

    @property
    def stderr(self) -> IO[Any]:
        """The program's error output, if it was started with ``PIPE``; else `RuntimeError`."""
        return self._piped("stderr")

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._process.poll()

    def wait(self, fail: bool = True, timeout: float | None = None) -> int:  # noqa: FBT001, FBT002 - as scripts call it
        """Wait until it has ended and its outputs are read, and return the exit code.

        Raises `CalledProcessError` for a code other than 0 unless told not to, `TimeoutExpired` after ``timeout``
        seconds (the program goes on running), and what an output callable raised.
        """
        code = self._process.wait(timeout)
        if fail and code:
            raise CalledProcessError(code, list(self.args))
        return code

    def terminate(self) -> None:
        """Ask it, and what it started, to end."""
        self._process.ask()

    def kill(self) -> None:
        """Make it, and what it started, end."""
        self._process.kill()

    def _piped(self, name: str) -> IO[Any]:
        pipe: IO[Any] | None = None if self._process.pumps(name) else getattr(self._process.popen, name)
        if pipe is None:
            raise RuntimeError(f"{name} is no pipe")
        return pipe


def run(
    args: Sequence[Argument] | Argument,
    stdout: Sink,
    stderr: Sink,
    stdin: Source = DEVNULL,
    *,
    safe_args: Sequence[str] | None = None,
    universal_newlines: bool = True,
    **popen: Any,
) -> ProcessRunner:
    """Start a program and return at once; see `process.spawn` for what the streams may be.

    One text is the program, or with ``shell=True`` a line for the shell. ``popen`` goes to `subprocess.Popen`, ``cwd``
    and ``env`` among it. Raises an error that is also the OSError of `subprocess` for what cannot be started.
    """
    popen.pop("start_new_session", None)  # it has a process group of its own in any case
    try:
        process = spawn(
            [args] if isinstance(args, str | os.PathLike) else args,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=universal_newlines,
            safe_argv=safe_args,
            **popen,
        )
    except errors.ToolError as error:
        raise _as_os_error(error) from error.__cause__
    return ProcessRunner(process)


def _as_os_error(error: errors.ToolError) -> errors.ToolError:
    """Return the same error as one that scripts of Kubernator 1 catch."""
    match error.__cause__:
        case FileNotFoundError() | NotADirectoryError() as cause:
            kind: type[NotThere | NotAllowed | NotStarted] = NotThere
        case PermissionError() as cause:
            kind = NotAllowed
        case OSError() as cause:
            kind = NotStarted
        case _:
            return error
    found = kind(error.title, detail=error.detail, hint=error.hint)
    found.errno, found.strerror, found.filename = cause.errno, cause.strerror, cause.filename
    return found


def run_capturing_out(
    args: Sequence[Argument] | Argument,
    stderr: Sink,
    stdin: Source = DEVNULL,
    *,
    safe_args: Sequence[str] | None = None,
    universal_newlines: bool = True,
    **popen: Any,
) -> Output:
    """Run a program to its end and return its output: text, or bytes without ``universal_newlines``.

    A code other than 0 is `CalledProcessError`, with the output in ``output``.
    """
    taken: list[Any] = []
    runner = run(args, taken.append, stderr, stdin, safe_args=safe_args, universal_newlines=universal_newlines, **popen)
    code = runner.wait(fail=False)
    out = _joined(taken, text=universal_newlines)
    if code:
        raise CalledProcessError(code, list(runner.args), output=out)
    return out


def run_pass_through_capturing(
    args: Sequence[Argument] | Argument,
    stdout: Sink,
    stderr: Sink,
    stdin: Source = DEVNULL,
    *,
    safe_args: Sequence[str] | None = None,
    universal_newlines: bool = True,
    **popen: Any,
) -> tuple[Output, Output]:
    """Run a program to its end, hand its outputs to the callables as they come, and return both.

    A code other than 0 is `CalledProcessError`, with both outputs in it.
    """
    out: list[Any] = []
    err: list[Any] = []
    runner = run(
        args,
        _both(out, stdout),
        _both(err, stderr),
        stdin,
        safe_args=safe_args,
        universal_newlines=universal_newlines,
        **popen,
    )
    code = runner.wait(fail=False)
    said = _joined(out, text=universal_newlines), _joined(err, text=universal_newlines)
    if code:
        raise CalledProcessError(code, list(runner.args), output=said[0], stderr=said[1])
    return said


def _both(taken: list[Any], sink: Sink) -> Any:
    def take(piece: Any) -> None:
        taken.append(piece)
        if callable(sink):
            sink(piece)
        elif sink is not None and not isinstance(sink, int):
            sink.write(piece)

    return take


def _joined(pieces: list[Any], *, text: bool) -> Output:
    return "".join(pieces) if text else b"".join(pieces)
