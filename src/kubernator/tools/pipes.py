"""The threads that carry what programs say and are told."""

from __future__ import annotations

import contextlib
import io
from typing import IO, TYPE_CHECKING, Any, Final

from kubernator import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Pump", "reader", "writer"]

QUIET: Final = 1.0
"""Seconds of silence after a program's end, after which an output that something else still holds open is let go."""

BUFFER: Final = 64 * 1024


class Pump:
    """A thread that carries one pipe.

    What stopped it is kept in ``error``; ``moved`` counts the pieces, ``busy`` says that one is being dealt with.
    """

    def __init__(self, work: Callable[[Pump], None], name: str) -> None:
        self.name = name
        self.error: BaseException | None = None
        self.moved = 0
        self.busy = False
        self._work = work
        self._thread = workers.thread(self._run, name=name)

    def _run(self) -> None:
        self._work(self)

    def finish(self) -> None:
        """Wait for the end of the pipe, but not for somebody else who inherited it and says nothing."""
        seen = -1
        while self._thread.is_alive() and (self.busy or seen != self.moved):
            seen = self.moved
            self._thread.join(QUIET)


def reader(pipe: IO[Any], callback: Callable[[Any], object], name: str, *, text: bool) -> Pump:
    """Feed a callable until the pipe ends; after it raised, go on reading, or the program would block."""

    def work(pump: Pump) -> None:
        with pipe:
            for piece in _pieces(pipe, text=text):
                pump.moved += 1
                if pump.error is not None:
                    continue
                pump.busy = True
                try:
                    callback(piece)
                except BaseException as error:  # noqa: BLE001 - raised again by wait()
                    pump.error = error
                pump.busy = False

    return Pump(work, name)


def _pieces(pipe: IO[Any], *, text: bool) -> Iterable[Any]:
    if text:
        yield from pipe
        return
    while piece := pipe.read1(BUFFER) if isinstance(pipe, io.BufferedReader) else pipe.read(BUFFER):
        yield piece


def writer(pipe: IO[Any], source: Any, *, text: bool) -> Pump:
    """Feed a program's input; what the source raised is raised again by ``wait()``."""

    def work(pump: Pump) -> None:
        try:
            content = source() if callable(source) else source
            for piece in [content] if isinstance(content, str | bytes) else content or ():
                pipe.write(_as(piece, text=text))
                pipe.flush()
                pump.moved += 1
        except BrokenPipeError:
            pass  # a program that does not want all of its input closes the pipe, which is its right
        except BaseException as error:  # noqa: BLE001 - raised again by wait()
            pump.error = error
        finally:
            with contextlib.suppress(OSError):
                pipe.close()

    return Pump(work, "stdin")


def _as(piece: str | bytes, *, text: bool) -> str | bytes:
    if text:
        return piece.decode() if isinstance(piece, bytes) else piece
    return piece.encode() if isinstance(piece, str) else piece
