"""Which entries of a directory are visited or read, and in which order."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from kubernator.errors import LoadError
from kubernator.scope.globs import select

if TYPE_CHECKING:
    from pathlib import Path

    from kubernator.model.origin import Origin
    from kubernator.scope.globs import Globs

__all__ = ["directories", "subdirectories"]


def directories(path: Path, *, origin: Origin) -> list[str]:
    """Return the names of a directory's sub-directories, links to directories included; raises LoadError."""
    try:
        with os.scandir(path) as entries:
            return [entry.name for entry in entries if _is_directory(entry, origin)]
    except OSError as error:
        raise unreadable(path, error, origin=origin) from error


def _is_directory(entry: os.DirEntry[str], origin: Origin) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise LoadError(f"`{entry.path}` is a symbolic link that leads back to itself", origin=origin) from error
        raise


def subdirectories(path: Path, *, excludes: Globs, includes: Globs, origin: Origin) -> list[Path]:
    """Return the sub-directories to visit, in the order of the walk.

    The excluded are dropped, the rest sorted and then taken in the order of the include patterns they match; what
    matches none is dropped. With ``bal``, ``bar``, ``baz`` and ``foo``, excludes ``f*``, includes ``baz`` and ``*``:
    ``baz``, ``bal``, ``bar``.
    """
    names = directories(path, origin=origin)
    return [path / name for name in select(names, excludes=excludes, includes=includes)]


def unreadable(path: Path, error: OSError, *, origin: Origin) -> LoadError:
    """Say in words why a directory cannot be listed."""
    match error:
        case FileNotFoundError():
            return LoadError(f"`{path}` is not there", origin=origin)
        case NotADirectoryError():
            return LoadError(f"`{path}` is not a directory", origin=origin)
        case _:
            return LoadError(f"`{path}` cannot be read: {error.strerror}", origin=origin)
