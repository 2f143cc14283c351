"""The places of one document, kept as the parser met them and looked up without building a table.

Most documents are never asked where something stands, so the parser only hangs the marks it has anyway into a tree of
the document's shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from kubernator.model.sourcemap import Path, Place, SourceMap

__all__ = ["Mark", "Marked", "Places", "under"]


class Mark(Protocol):
    """A position; line and column count from 0."""

    @property
    def line(self) -> int:
        """The line, from 0."""

    @property
    def column(self) -> int:
        """The column, from 0."""


#: A mark, or for a map or list the mark with those of its keys or items.
Marked: TypeAlias = "Mark | tuple[Mark, dict[str, Any]] | tuple[Mark, list[Any]]"


class Places(Mapping[Path, Place]):
    """What `SourceMap.places` is for a parsed document. Lines and columns count from 1.

    ``lines`` gives for each line of the text the line that is to be named, where the text was rendered.
    """

    __slots__ = ("_lines", "_root")

    def __init__(self, root: Marked, lines: Sequence[int] | None = None) -> None:
        self._root = root
        self._lines = lines

    def __getitem__(self, path: Path) -> Place:
        line, column = _place(self._node(path))
        return (line if self._lines is None else self._lines[line - 1]), column

    def _node(self, path: Path) -> Any:
        node: Any = self._root
        for part in path:
            if not isinstance(node, tuple):
                raise KeyError(path)
            try:
                node = node[1][part]
            except (KeyError, IndexError, TypeError):
                raise KeyError(path) from None
        return node

    def cut(self, path: Path) -> Places:
        """Return the places below a path, relative to it; raise `KeyError` where nothing was written."""
        return Places(self._node(path), self._lines)

    def __iter__(self) -> Iterator[Path]:
        return (path for path, _ in self._walk())

    def __len__(self) -> int:
        return sum(1 for _ in self._walk())

    def _walk(self) -> Iterator[tuple[Path, Any]]:
        todo: list[tuple[Path, Any]] = [((), self._root)]
        while todo:
            path, node = todo.pop()
            yield path, node
            if isinstance(node, tuple):
                children = node[1]
                pairs = children.items() if isinstance(children, dict) else enumerate(children)
                todo.extend([((*path, part), child) for part, child in pairs][::-1])


def under(source_map: SourceMap, path: Path) -> SourceMap:
    """Return the map of a sub-tree, as `SourceMap.under` does, without walking the tree where it can be cut."""
    whole = source_map.places
    return SourceMap(whole.cut(path)) if isinstance(whole, Places) and path in whole else source_map.under(path)


def _place(node: Any) -> Place:
    mark = node[0] if isinstance(node, tuple) else node
    return mark.line + 1, mark.column + 1
