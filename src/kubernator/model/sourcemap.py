"""From a path inside a document to the line and column where it was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Path", "Place", "SourceMap"]

Path = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Places of keys and items of one document. ``()`` is the document itself. Lines and columns count from 1."""

    places: Mapping[Path, Place] = field(default_factory=dict)

    def find(self, path: Path) -> Place | None:
        """Return the place of a path, or of its nearest ancestor that was written; None for an empty map."""
        for length in range(len(path), -1, -1):
            place = self.places.get(path[:length])
            if place is not None:
                return place
        return None

    def under(self, prefix: Path) -> SourceMap:
        """Return the map of a sub-tree, with paths relative to it."""
        size = len(prefix)
        return SourceMap({path[size:]: place for path, place in self.places.items() if path[:size] == prefix})
