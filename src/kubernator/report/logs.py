"""The log: human or JSON, to stderr or a file, through the secrets.

One handler stands at the root logger; only the level of the logger ``kubernator`` is set, so other libraries stay at
WARNING. Level TRACE (5) and ``Logger.trace`` exist for scripts. Whatever a record carries (arguments, extra values,
tracebacks) passes `redaction.Secrets` on its way out, and so do warnings of Python and exceptions in threads.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import os
import sys
import threading
from typing import IO, TYPE_CHECKING, Any, Final, TextIO

from kubernator import errors
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.redaction import Secrets

__all__ = ["TRACE", "HumanFormatter", "JsonFormatter", "coloured", "configured", "install_trace"]

TRACE: Final = 5

_COLOURS: Final = {
    logging.CRITICAL: "\x1b[1;31m",
    logging.ERROR: "\x1b[31m",
    logging.WARNING: "\x1b[33m",
    logging.INFO: "\x1b[32m",
    logging.DEBUG: "\x1b[36m",
    TRACE: "\x1b[2m",
}
_RESET: Final = "\x1b[0m"

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "lines", "hint"}
"""Attributes of every record; what else a record carries is extra. ``lines`` and ``hint`` are ours, shown in a form."""


def install_trace() -> None:
    """Make level TRACE and ``Logger.trace`` known, once."""
    if logging.getLevelName(TRACE) == "TRACE" and hasattr(logging.Logger, "trace"):
        return
    logging.addLevelName(TRACE, "TRACE")

    def trace(self: logging.Logger, msg: object, *args: Any, stacklevel: int = 1, **kwargs: Any) -> None:
        """Log at level TRACE."""
        if self.isEnabledFor(TRACE):
            self.log(TRACE, msg, *args, stacklevel=stacklevel + 1, **kwargs)

    logging.Logger.trace = trace  # type: ignore[attr-defined]


def coloured(stream: IO[str], environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether a stream is a terminal that wants colour (https://no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _time(record: logging.LogRecord) -> str:
    """Return the local time of a record, ISO 8601 with microseconds and without a zone, as the reference writes it."""
    return dt.datetime.fromtimestamp(record.created).isoformat(timespec="microseconds")  # noqa: DTZ006 - local


class HumanFormatter(logging.Formatter):
    """Time, logger, level, place in our code, message; then the labelled lines of a finding, if the record has any."""

    def __init__(self, secrets: Secrets, *, colour: bool = False) -> None:
        super().__init__()
        self._secrets = secrets
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, redacted."""
        level = record.levelname
        if self._colour and record.levelno in _COLOURS:
            level = f"{_COLOURS[record.levelno]}{level}{_RESET}"
        start = f"{_time(record)} {record.name} {level} {record.filename}:{record.lineno} "
        parts = [record.getMessage()]
        lines = getattr(record, "lines", ())
        width = max((len(label) for label, _ in lines), default=0) + 2
        parts += [f"  {label:{width}}{text}" for label, text in lines]
        if hint := getattr(record, "hint", ""):
            parts.append(f"  hint: {hint}")
        if record.exc_info:
            parts.append(self.formatException(record.exc_info))
        if record.stack_info:
            parts.append(record.stack_info)
        return start + printable(self._secrets.redact("\n".join(parts)))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``message``, ``ts``, ``name``, ``level``, ``fn``, ``ln``, extra values, ``exc_info``."""

    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON of a record, redacted."""
        entry: dict[str, Any] = {
            "message": record.getMessage(),
            "ts": _time(record),
            "name": record.name,
            "level": record.levelname,
            "fn": record.filename,
            "ln": record.lineno,
        }
        entry |= {key: value for key, value in vars(record).items() if key not in _STANDARD and key not in entry}
        if lines := getattr(record, "lines", ()):
            entry["detail"] = [{"label": label, "text": text} for label, text in lines]
        if hint := getattr(record, "hint", ""):
            entry["hint"] = hint
        if record.exc_info:
            entry["exc_info"] = self.formatException(record.exc_info)
        if record.stack_info:
            entry["stack_info"] = record.stack_info
        return json.dumps(self._secrets.data(_plain(entry)))


class _Handler(logging.StreamHandler[IO[str]]):
    """A stream handler that never ends the run, and never prints a record past the formatter."""

    def __init__(self, stream: IO[str] | None) -> None:
        super().__init__(stream or sys.stderr)
        self._fixed = stream is not None
        self._told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to the stream; to whatever stderr is now, so that a live display can stand below it."""
        if not self._fixed and self.stream is not sys.stderr:
            self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say that a record cannot be written, where that is the record's fault; a reader that left is no error."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError | ValueError) and not isinstance(error, UnicodeError) and _is_stream(error):
            self._tell(error)
            return
        text = f"a log message cannot be written ({type(error).__name__}: {error}): {record.msg!s}"
        place = (record.name, logging.ERROR, record.pathname, record.lineno)
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(f"{self.format(logging.LogRecord(*place, text, (), None))}\n")

    def _tell(self, error: Exception) -> None:
        """Say once, on stderr, that the log file cannot be written; nobody is left to hear it of stderr itself."""
        if self._fixed and not self._told:
            self._told = True
            reason = error.strerror if isinstance(error, OSError) else error
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"warning: the log file cannot be written: {reason}\n")


def _is_stream(error: BaseException) -> bool:
    """Say whether it is the stream that failed: the system said so, or the file is closed."""
    return isinstance(error, OSError) or "closed file" in str(error)


@contextlib.contextmanager
def configured(
    *, secrets: Secrets, level: str = "INFO", log_format: str = "human", file: str | None = None
) -> Iterator[logging.Handler]:
    """Set logging up for a run and take it down again; a log file is emptied first and closed at the end.

    Raises `errors.KubernatorError` if the log file cannot be opened.
    """
    install_trace()
    stream = _opened(file) if file is not None else None
    handler = _Handler(stream)
    if log_format == "json":
        handler.setFormatter(JsonFormatter(secrets))
    else:
        handler.setFormatter(HumanFormatter(secrets, colour=coloured(stream or sys.stderr)))
    root, ours = logging.getLogger(), logging.getLogger("kubernator")
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(TRACE if level == "TRACE" else level)
    hooks = threading.excepthook, sys.unraisablehook
    threading.excepthook, sys.unraisablehook = _log_thread, _log_unraisable
    logging.captureWarnings(True)
    try:
        yield handler
    finally:
        logging.captureWarnings(False)
        threading.excepthook, sys.unraisablehook = hooks
        root.removeHandler(handler)
        ours.setLevel(before)
        with contextlib.suppress(OSError, ValueError):
            handler.flush()
        handler.close()
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _opened(file: str) -> TextIO:
    def private(path: str, flags: int) -> int:
        return os.open(path, flags, 0o600)

    try:
        # newline-buffered, so that a log can be followed and what was logged before a crash is there
        return open(file, "w", encoding="utf-8", errors="backslashreplace", buffering=1, opener=private)
    except OSError as error:
        raise errors.KubernatorError(f"log file `{file}` cannot be opened: {error.strerror}") from error


def _log_thread(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is None:
        return
    logging.getLogger("kubernator").error(
        "a thread failed: %s",
        hook.thread.name if hook.thread else "unknown",
        exc_info=(hook.exc_type, hook.exc_value, hook.exc_traceback),
    )


def _log_unraisable(found: sys.UnraisableHookArgs) -> None:
    if found.exc_value is None:
        return
    logging.getLogger("kubernator").error(
        "an exception could not be raised: %s",
        found.err_msg or repr(found.object),
        exc_info=(found.exc_type, found.exc_value, found.exc_traceback),
    )


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it; what it cannot hold, as text."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case _:
            return str(value)
