"""Running other programs: the one place that starts them, waits for them and makes sure that they end.

A program is a list of arguments, never a shell line. It runs in a process group of its own, so that ending it also
ends what it started, and every group that is still alive when we end is ended too (`end_all`). The environment a
program gets is handed over; ``os.environ`` is never changed. What is said about a program in an error has passed
`redaction.Secrets`.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from subprocess import DEVNULL, PIPE, STDOUT, CalledProcessError, TimeoutExpired
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from kubernator import errors, workers
from kubernator.tools import pipes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

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
    "end_all",
    "environment",
    "run",
    "spawn",
]

Argument: TypeAlias = "str | os.PathLike[str]"
Sink: TypeAlias = "Callable[[Any], object] | int | IO[Any] | None"
Source: TypeAlias = "str | bytes | Callable[[], Any] | int | IO[Any] | None"

GRACE: Final = 5.0
"""Seconds between the polite and the impolite signal."""

_LONGEST: Final = 2**31 - 1
"""Milliseconds that ``poll`` can wait."""


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


class Process:
    """A program that was started. Made by `spawn`; a context manager that ends it."""

    def __init__(
        self, popen: subprocess.Popen[Any], argv: tuple[str, ...], *, group: bool, of_thread: bool = False
    ) -> None:
        self.argv = argv
        self.popen = popen
        self.of_thread = of_thread
        self._group = group
        self._over = False
        self._pumps: list[pipes.Pump] = []

    @property
    def pid(self) -> int:
        """The process number; also the number of its process group, unless it was started in ours."""
        return self.popen.pid

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._ended(self.popen.poll())

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended and its outputs are read, and return its exit code.

        Raises `TimeoutExpired` after ``timeout`` seconds (it goes on running), and what an output callable raised.
        """
        try:
            code = self.popen.wait(self._awaited(timeout))
        except TimeoutExpired as error:
            raise TimeoutExpired(list(self.argv), timeout or error.timeout) from None  # the real ones may hold secrets
        except KeyboardInterrupt:
            self.terminate()
            raise
        self._ended(code)
        for pump in self._pumps:
            pump.finish()
        for pump in self._pumps:
            if pump.error is not None:
                raise pump.error
        return code

    def _awaited(self, timeout: float | None) -> float | None:
        """Wait for the end where the system tells it, and return how long to look for it; `Popen` sleeps and looks."""
        if timeout is None or self.popen.returncode is not None or not hasattr(os, "pidfd_open"):
            return timeout
        limit = time.monotonic() + timeout
        with contextlib.suppress(OSError):  # an old system, or somebody else has seen the end
            handle = os.pidfd_open(self.pid)
            try:
                end = select.poll()
                end.register(handle, select.POLLIN)
                end.poll(min(timeout * 1000, _LONGEST))
            finally:
                os.close(handle)
        return max(0.0, limit - time.monotonic())

    def send(self, number: int) -> None:
        """Send a signal to the program and, if it has a group of its own, to all in it; nothing if it has ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._group:
                os.killpg(self.pid, number)
            else:
                self.popen.send_signal(number)

    def terminate(self, grace: float = GRACE) -> int:
        """Ask it to end, after ``grace`` seconds make it end, the rest of its group too, and return its exit code."""
        if self._over:  # its number may be somebody else's by now
            return self.popen.wait()
        if self.popen.poll() is None:
            self.send(signal.SIGTERM)
            with contextlib.suppress(TimeoutExpired):
                self.popen.wait(grace)
        if self._group or self.popen.poll() is None:
            self.send(signal.SIGKILL)
        code = self.popen.wait()
        self._ended(code)
        return code

    def ask(self) -> None:
        """Ask it and its group to end, and do not wait."""
        if not self._over:
            self.send(signal.SIGTERM)

    def pumps(self, name: str) -> bool:
        """Say whether an output is read by a thread of ours, so that nobody else may."""
        return any(pump.name == name for pump in self._pumps)

    def kill(self) -> None:
        """Make it and its group end now."""
        if not self._over:
            self.send(signal.SIGKILL)

    def leave(self) -> None:
        """Let it live on: we do not wait for it any more, and may end before it."""
        self.popen.returncode = 0  # else Popen warns, when it goes, of a program that it takes for forgotten

    def _ended(self, code: int | None) -> int | None:
        if code is not None:
            self._over = True
            with _lock:
                _running.discard(self)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate()


_running: set[Process] = set()
_lock = threading.Lock()


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
        if detached:
            _detached.append(process)  # or it would be called forgotten when it is collected
        else:
            _register(process)
        return process

    try:
        process = start() if of_thread else _uninterrupted(start)
    except OSError as error:
        raise _not_started(words, safe_argv, cwd, error, hint) from error
    started = process.popen
    for name, callback in pumped.items():
        process._pumps.append(pipes.reader(getattr(started, name), callback, name, text=text))  # noqa: SLF001 - ours
    if fed and started.stdin is not None:
        process._pumps.append(pipes.writer(started.stdin, stdin, text=text))  # noqa: SLF001 - ours
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


def end_all(grace: float = GRACE, *, of_threads: bool = False) -> None:
    """End every program that is still running, politely first, all at the same time.

    ``of_threads`` leaves out what the main thread started.
    """
    with _lock:
        processes = [process for process in _running if process.of_thread or not of_threads]
    for process in processes:
        process.send(signal.SIGTERM)
    limit = time.monotonic() + grace
    for process in processes:
        process.terminate(grace=max(0.0, limit - time.monotonic()))


def _uninterrupted(start: Callable[[], Process]) -> Process:
    """Start a program so that no interrupt comes between its start and our knowledge of it.

    The main thread hears of signals anywhere, in the middle of `Popen` too, and then nobody would end the program. So
    another one starts it.
    """
    made: Future[Process] = Future()
    dropped = threading.Event()

    def work() -> None:
        try:
            made.set_result(start())
        except BaseException as error:  # noqa: BLE001 - raised where the program is wanted
            made.set_exception(error)
        if dropped.is_set():
            end()

    def end() -> None:
        if made.exception() is None:
            made.result().terminate()

    try:
        workers.thread(work, name="start of a program")
        return made.result()
    except KeyboardInterrupt:
        dropped.set()
        if made.done():
            end()
        raise


def _register(process: Process) -> None:
    with _lock:
        if not _registered:
            atexit.register(end_all)
            _registered.append(True)
        _running.add(process)


_registered: list[bool] = []
_detached: list[Process] = []


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
