"""Running ``.kubernator.py``: compiled under its real path, with `ktor` and `logger` as globals and nothing else."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.errors import KubernatorError, ScriptError
from kubernator.run.registry import BUILT_IN
from kubernator.script import Ktor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import CodeType, FrameType, TracebackType

    from kubernator.model.origin import Origin

__all__ = ["MARK", "Mark", "place", "places", "run"]

MARK: Final = "__kubernator_script__"
"""The global that tells a script's frame from all others."""

LOGGER: Final = "kubernator.script"

_CALLERS: Final = 8


class Mark(NamedTuple):
    """Stands in the globals of a running script. ``origin`` is the script as a whole."""

    origin: Origin


def run(path: Path, *, ktor: Any, origin: Origin) -> None:
    """Run a script to its end.

    Raises ScriptError, with the places in the user's files, for what it raises itself; an error of ours keeps its class
    and learns which line of the script led to it. ``sys.exit()`` and an interrupt pass through.
    """
    code = _compiled(path, origin)
    names = {"ktor": ktor, "logger": logging.getLogger(LOGGER), MARK: Mark(origin)}
    try:
        exec(code, names)  # noqa: S102 - running it is what the product is for
    except KubernatorError as error:
        _tell_who_asked(error)
        raise
    except SystemExit as end:
        at = next(reversed(places(end)), origin)
        logging.getLogger(LOGGER).warning("the run ends here, by `sys.exit` in %s", at)
        raise
    except Exception as error:
        raise _failed(error, origin, path.parent) from error


def place() -> Origin | None:
    """Return the line of the running script that leads here, and through ``via`` the scripts that lead there.

    The nearest frame of a script counts: a function that a script above defined is the nearer place.
    """
    return _nested(_frames_upwards(sys._getframe(1)))  # noqa: SLF001 - the documented way to the caller


def _frames_upwards(frame: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    while frame is not None:
        yield frame, frame.f_lineno
        frame = frame.f_back


def _frames_downwards(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _nested(frames: Iterator[tuple[FrameType, int]]) -> Origin | None:
    """Return the first script's place, its ``via`` being the place in the next script that differs from it."""
    marks: list[tuple[Mark, int]] = []
    for frame, line in frames:
        mark = frame.f_globals.get(MARK)
        if isinstance(mark, Mark) and (not marks or marks[-1][0] is not mark):
            marks.append((mark, line))
    found: Origin | None = None
    for mark, line in reversed(marks):
        found = mark.origin.at(line) if found is None else replace(mark.origin.at(line), via=found)
    return found


def _compiled(path: Path, origin: Origin) -> CodeType:
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ScriptError(f"`{path}` cannot be read: {error.strerror}", origin=origin) from error
    try:
        return compile(source, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        line, column = error.lineno or 0, max(error.offset or 1, 1)
        text = (error.text or "").strip()
        raise ScriptError(
            f"the script is no Python: {error.msg}",
            origin=origin.at(line, column),
            detail=[("text", text)] if text else (),
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, absurd nesting
        raise ScriptError(f"the script is no Python: {str(error) or type(error).__name__}", origin=origin) from error


def _failed(error: Exception, origin: Origin, directory: Path) -> ScriptError:
    found = places(error)
    at = found[-1] if found else origin
    message = str(error)
    return ScriptError(
        f"the script raised {type(error).__name__}{f': {message}' if message else ''}",
        origin=at,
        detail=_callers(found),
        hint=_hint(error, directory),
    )


def _callers(found: list[Origin]) -> list[tuple[str, str]]:
    """Return a line for each caller, nearest first; a recursion is not spelt out."""
    lines = list(dict.fromkeys(str(each) for each in reversed(found)))[1:]
    left_out = len(lines) - _CALLERS
    return [
        *(("called from", line) for line in lines[:_CALLERS]),
        *([("called from", f"{left_out} more places")] if left_out > 0 else ()),
    ]


def places(error: BaseException) -> list[Origin]:
    """Return each frame of a script in the traceback, outermost first; our own frames and libraries' are left out."""
    return [
        mark.origin.at(line)
        for frame, line in _frames_downwards(error.__traceback__)
        if isinstance(mark := frame.f_globals.get(MARK), Mark)
    ]


def _tell_who_asked(error: KubernatorError) -> None:
    found = places(error)
    if found and error.origin is None and "at" not in {label for label, _ in error.detail}:
        error.origin = found[-1]
        error.detail[:0] = found[-1].lines()
        return
    for each in dict.fromkeys(map(str, reversed(found))):
        if not any(text == each or text.startswith(f"{each},") for _, text in error.detail):
            error.detail.append(("asked by", each))


def _hint(error: Exception, directory: Path) -> str:
    """Say what helps with the mistakes that are ours to explain."""
    match error:
        case ModuleNotFoundError(name=str(name)) if name.partition(".")[0] == "kubernetes":
            return "the official client is an extra: install `kubernator[client]`"
        case ModuleNotFoundError(name=str(name)):
            top = name.partition(".")[0]
            if (directory / f"{top}.py").exists() or (directory / top).is_dir():
                return "a script's own directory is not on the module path, as it never was"
            return f"install `{top}` where Kubernator is installed: what a script imports is the script's to bring"
        case AttributeError(name=str(name), obj=Ktor()):
            return _plugin_hint(name)
        case _:
            return ""


def _plugin_hint(name: str) -> str:
    if name == "tf":
        return (
            "outputs of Terraform are there below the directory they belong to, and everywhere below one that sets "
            "`ktor.tf = {}` before; in the directory itself there is `ktor.terraform.output()`"
        )
    if name in BUILT_IN:
        return f"register the plugin first: `ktor.app.register_plugin({name!r})`"
    import difflib  # noqa: PLC0415 - for a message

    close = difflib.get_close_matches(name, BUILT_IN, n=1)
    return f"did you mean `ktor.{close[0]}`?" if close else ""
