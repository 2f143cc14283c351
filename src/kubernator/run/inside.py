"""Paths in a fetched repository, as scripts write them."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from kubernator import errors

if TYPE_CHECKING:
    from kubernator.run.repository import Repository

__all__ = ["directory", "inner"]


def inner(prefix: str | bytes | os.PathLike[str], repository: Repository) -> str:
    """Return a prefix relative to the root, without dots; "" is the root.

    A leading slash means the root. Raises `errors.SourceError` for what is outside.
    """
    text = os.fsdecode(prefix)
    path = os.path.normpath(text.lstrip("/") or ".")
    if path == ".." or path.startswith("../") or "\0" in path:
        raise errors.SourceError(
            f"`{text}` is outside repository `{repository.url_str}`", hint="a prefix starts at the repository's root"
        )
    return "" if path == "." else path


def directory(root: Path, inner: str, repository: Repository) -> Path:
    """Return the path of a directory in a tree.

    Raises `errors.SourceError` for what is not there, is no directory, or a link that leads out of the repository.
    """
    path = root / inner
    try:
        resolved = path.resolve(strict=True)
    except (OSError, RuntimeError):  # Python 3.12 and older raise the second for a loop of links
        raise _no_directory(root, inner, repository) from None
    if not resolved.is_relative_to(root.resolve()):
        raise errors.SourceError(
            f"`{inner}` is a symbolic link to a place outside repository `{repository.url_str}`",
            hint="walk a directory that is in the repository",
        )
    if not resolved.is_dir() or PurePath(inner).parts[:1] == (".git",):
        raise _no_directory(root, inner, repository)
    return path


def _no_directory(root: Path, inner: str, repository: Repository) -> errors.SourceError:
    import difflib  # noqa: PLC0415 - for a message

    wanted = root / inner  # `Path` raises for a name that is too long
    what = "is no directory" if os.path.isfile(wanted) else "is not"  # noqa: PTH113
    title = f"`{inner}` {what} in repository `{repository.url_str}`"
    parent = wanted
    while not os.path.isdir(parent):  # noqa: PTH112
        parent = parent.parent
    names = sorted(entry.name for entry in parent.iterdir() if entry.is_dir() and entry.name != ".git")
    missing = (*wanted.relative_to(parent).parts, "")[0]
    shown = ", ".join(f"`{name}`" for name in (difflib.get_close_matches(missing, names) or names)[:10])
    return errors.SourceError(
        title,
        detail=[("commit", repository.commit)],
        hint=f"there are {shown}" if shown and not repository.sparse else "",
    )
