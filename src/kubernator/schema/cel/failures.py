"""How an expression ends other than with a value."""

from __future__ import annotations

__all__ = ["Exceeded", "Failed", "NotCompiled", "Undecided"]


class NotCompiled(Exception):
    """The API server would not take an expression. ``message`` is what it says, ``column`` where, counted from 1."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"ERROR: <input>:{self.line}:{self.column}: {self.message}"


class Failed(Exception):
    """An evaluation ended in an error of CEL, such as ``no such key: a``; the text is what the API server says."""


class Undecided(Failed):
    """What an expression needs is not known here, such as who asks; the text says what. Only the server can tell."""


class Exceeded(Failed):
    """An evaluation costs more than the API server allows."""
