"""A fetched repository, as scripts see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubernator.run import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path, PurePath

    from kubernator.tools.giturl import GitUrl

__all__ = ["Place", "Repository"]


class Repository:
    """A fetched repository at one commit. Nothing here shows credentials."""

    def __init__(self, url: GitUrl, commit: str, tree: Callable[[tuple[str, ...]], Path]) -> None:
        self._url = url
        self._tree = tree
        self.commit = commit
        """The full hash of the commit that ``ref`` meant."""

    @property
    def url_str(self) -> str:
        """The address with its query, as it may be shown."""
        return self._url.shown

    @property
    def clone_url(self) -> str:
        """The address git is given, without the query."""
        return self._url.clone_url

    @property
    def ref(self) -> str | None:
        """The branch, tag or commit that was asked for; None for the default branch."""
        return self._url.ref

    @property
    def sparse(self) -> bool:
        """Whether only the directories that are walked are fetched."""
        return self._url.sparse

    def tree(self, directories: Iterable[str] = ()) -> Path:
        """Return a directory with all files of the commit or, where that was asked for, those of some directories.

        The directories are relative to the root, without dots; the root itself is everything.
        """
        wanted = {*directories} if self.sparse else {""}
        if "" in wanted:
            return self._tree(())
        wanted |= {inside.inner(name, self) for name in self._url.beside}
        return self._tree(tuple(sorted(wanted - {""})))

    @property
    def local_dir(self) -> Path:
        """The directory with all files of the commit. It is this run's to read; a later run may remove it."""
        return self._tree(())

    def __repr__(self) -> str:
        return f"Repository({self.url_str!r}, commit={self.commit!r})"


class Place(NamedTuple):
    """Where a path is, in the words of `model.origin.Origin`: pass ``path``, ``repository`` and ``ref`` on."""

    path: PurePath
    repository: str | None = None
    ref: str | None = None
