"""Findings about the text of a file, as values or as one exception.

Who reads one file raises; who reads a tree collects, so that all that is wrong is shown together. Both want the same
words: a `Diagnostic` becomes a `LoadError` here, and any error of ours becomes a `Diagnostic`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.model.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["as_error", "as_finding"]


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
