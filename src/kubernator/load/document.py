"""A parsed value and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kubernator.model.sourcemap import Path, SourceMap

if TYPE_CHECKING:
    from kubernator.model.diagnostics import Diagnostic
    from kubernator.model.origin import Origin

__all__ = ["Document"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a file, or one manifest out of it.

    ``value`` is JSON-like data that belongs to the holder of the document: no two places in it share an object.
    ``origin`` is where the document begins. ``notes`` are warnings about how the text was read.
    """

    value: Any
    origin: Origin
    source_map: SourceMap = field(default_factory=SourceMap)
    notes: tuple[Diagnostic, ...] = ()

    def place(self, path: Path = ()) -> Origin:
        """Return the origin at the line where a path of the value, or its nearest written ancestor, stands."""
        found = self.source_map.find(path)
        return self.origin.at(*found) if found else self.origin
