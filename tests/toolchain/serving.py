"""Servers on loopback that end with whoever started them, also when that process is killed."""

from __future__ import annotations

import contextlib
import queue
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.tools import process

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["serving"]

LEASH: Final = Path(__file__).with_name("leash.py")
LOOK: Final = 0.5
"""Seconds between two looks at whether a server that says nothing has died."""


@contextlib.contextmanager
def serving(
    argv: Sequence[str | os.PathLike[str]], *, ready: str, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a server for the length of a block, and hand out what the group of ``ready`` caught in a line of its output.

    The server has chosen its port itself and says so: no port is guessed. Raises `errors.ToolFailed` with what it said
    when it ends before.
    """
    lines: queue.Queue[str] = queue.Queue()
    with process.spawn(
        [sys.executable, LEASH, *argv],
        stdin=process.PIPE,
        stdout=lines.put,
        stderr=process.STDOUT,
        env=dict(env) if env is not None else None,
    ) as server:
        try:
            yield _caught(server, lines, ready)
        finally:
            server.terminate()
            server.wait()
            assert server.popen.stdin is not None, "it was asked for"
            server.popen.stdin.close()


def _caught(server: process.Process, lines: queue.Queue[str], ready: str) -> str:
    said: list[str] = []
    while True:
        try:
            said.append(lines.get(timeout=LOOK))
        except queue.Empty:
            if (code := server.poll()) is not None and lines.empty():
                raise errors.ToolFailed(
                    "a server of the tests ended early", argv=server.argv[2:], code=code, stderr="".join(said)
                ) from None
        else:
            if match := re.search(ready, said[-1]):
                return match[1]
