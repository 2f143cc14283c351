"""Findings about the text of a file, noted while it is read; as values or as one exception.

Who reads one file raises; who reads a tree collects, so that all that is wrong is shown together. Both want the same
words: a `Diagnostic` becomes a `LoadError` here, and any error of ours becomes a `Diagnostic`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.model.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.load.places import Mark
    from kubernator.model.origin import Origin

__all__ = ["Notes", "as_error", "as_finding"]


def as_error(found: Sequence[Diagnostic]) -> errors.LoadError:
    """Return one exception for one or more findings: the first in full, the others as labelled lines."""
    first, *others = found
    also = [("also", f"{other.message} ({other.origin})" if other.origin else other.message) for other in others]
    return errors.LoadError(first.message, origin=first.origin, detail=[*first.detail, *also], hint=first.hint)


def as_finding(error: errors.KubernatorError) -> Diagnostic:
    """Return an exception of ours as a finding of severity error."""
    shown = len(error.origin.lines()) if error.origin else 0
    return Diagnostic(
        severity=Severity.ERROR,
        message=error.title,
        origin=error.origin,
        detail=tuple(error.detail[shown:]),
        hint=error.hint,
    )


class Notes:
    """The findings about one text of several documents.

    Errors are appended to ``found``; ``warnings`` are those of the document being read. ``lines`` are the lines of the
    template that those of a rendered text come from.
    """

    def __init__(self, *, origin: Origin, found: list[Diagnostic], lines: Sequence[int] | None = None) -> None:
        self.errors = found
        self.lines = lines
        self.warnings: list[Diagnostic] = []
        self._origin = origin
        self._number = 0

    def begin(self) -> None:
        """Go on to the next document."""
        self._number += 1
        self.warnings = []

    def line(self, mark: Mark) -> int:
        """Return the line of a mark, from 1: that of the template where the text was rendered."""
        return self.named(mark.line + 1)

    def named(self, line: int) -> int:
        """Return the line in the file that a line of the text, from 1, comes from."""
        lines = self.lines
        return lines[min(line, len(lines)) - 1] if lines else line

    def place(self, mark: Mark) -> Origin:
        """Return where a mark is."""
        return self._origin.at(self.line(mark), mark.column + 1, document=self._number or 1)

    def problem(self, message: str, mark: Mark, *, hint: str = "", first: Mark | None = None, code: str = "") -> None:
        """Note an error."""
        self.errors.append(self._diagnostic(Severity.ERROR, message, mark, hint=hint, first=first, code=code))

    def note(self, message: str, mark: Mark, *, hint: str = "", first: Mark | None = None, code: str = "") -> None:
        """Note a warning about the document being read."""
        self.warnings.append(self._diagnostic(Severity.WARNING, message, mark, hint=hint, first=first, code=code))

    def _diagnostic(
        self, severity: Severity, message: str, mark: Mark, *, hint: str, first: Mark | None, code: str
    ) -> Diagnostic:
        return Diagnostic(
            severity=severity,
            message=message,
            origin=self.place(mark),
            detail=(("first", f"{self._origin.path}:{self.line(first)}:{first.column + 1}"),) if first else (),
            hint=hint,
            code=code or "yaml",
        )
