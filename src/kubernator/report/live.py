"""A few lines at the bottom of a terminal that are drawn again and again; the log goes on scrolling above them.

``rich`` is imported only for it.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console
    from rich.live import Live

__all__ = ["REFRESH", "Display"]

REFRESH: Final = 0.1
"""Seconds between two drawings; more often nobody can read it."""


class Display:
    """The lines, while the ``with`` block lasts. stderr is a terminal. A second one at the same time shows nothing."""

    def __init__(self) -> None:
        self._live: Live | None = None
        self._stderr: Any = None

    def __enter__(self) -> Self:
        if isinstance(sys.stderr, _Above):
            return self
        from rich.console import Console  # noqa: PLC0415 - only on a terminal
        from rich.live import Live  # noqa: PLC0415 - the same

        console = Console(file=sys.stderr, highlight=False)
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()
        self._stderr = sys.stderr
        sys.stderr = _Above(self._stderr, console)
        return self

    def __exit__(self, *_: object) -> None:
        if self._stderr is not None:
            sys.stderr = self._stderr
        if self._live is not None:
            self._live.stop()

    def show(self, lines: Iterable[str]) -> None:
        """Draw lines, which are harmless for a terminal, in place of those before."""
        if self._live is not None:
            from rich.text import Text  # noqa: PLC0415 - only on a terminal

            self._live.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)


class _Above(io.TextIOBase):
    """Stands for stderr while a live display does: whole lines are written above it."""

    def __init__(self, stream: Any, console: Console) -> None:
        super().__init__()
        self._stream = stream
        self._console = console
        self._part = ""

    def write(self, text: str) -> int:
        from rich.text import Text  # noqa: PLC0415 - loaded already

        *lines, self._part = (self._part + text).split("\n")
        for line in lines:
            self._console.print(Text.from_ansi(line), soft_wrap=True)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._stream.fileno())
