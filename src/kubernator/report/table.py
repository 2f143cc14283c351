"""Rows and columns for a terminal, without a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["render"]


def render(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as text: each column as wide as its widest cell, two spaces between, no space at the end."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )
