"""Where a thing comes from: the place in a file, what made it, and who asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePath

__all__ = ["Origin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A place, and the chain of who asked for what is there.

    ``path`` is shown as it is: relative to the start directory where it can be, inside a remote repository relative to
    its root with ``repository`` and ``ref`` set. Lines and columns count from 1; ``line`` 0 means the file as a whole.
    """

    path: PurePath
    line: int = 0
    column: int = 1
    document: int | None = None
    repository: str | None = None
    ref: str | None = None
    maker: str = ""
    via: Origin | None = None

    def __str__(self) -> str:
        """Return ``path:line:column, document N, maker``, each part where it is known."""
        place = str(self.path)
        if self.repository:
            place = f"{self.repository}{f'?ref={self.ref}' if self.ref else ''} {place}"
        if self.line:
            place += f":{self.line}:{self.column}"
        if self.document is not None:
            place += f", document {self.document}"
        return f"{place}, {self.maker}" if self.maker else place

    @property
    def chain(self) -> Iterator[Origin]:
        """This origin, then who asked for it, and so on."""
        origin: Origin | None = self
        while origin is not None:
            yield origin
            origin = origin.via

    def lines(self) -> list[tuple[str, str]]:
        """Return the chain as labelled lines of an error: one ``at``, then ``asked by`` for each who asked."""
        return [("asked by" if position else "at", str(origin)) for position, origin in enumerate(self.chain)]

    def at(self, line: int, column: int = 1, *, document: int | None = None) -> Origin:
        """Return the same origin at another place of the same file, in the same document unless one is named."""
        return Origin(  # not `replace`, which costs thrice as much: there is a place for each document
            path=self.path,
            line=line,
            column=column,
            document=self.document if document is None else document,
            repository=self.repository,
            ref=self.ref,
            maker=self.maker,
            via=self.via,
        )
