"""Directories for what nobody else may read, such as credentials that a program wants as a file.

They go with the run. Who makes one removes it; `remove_all` is for a process that leaves without its usual end.
"""

from __future__ import annotations

import contextlib
import tempfile
import weakref
from typing import Final

from kubernator import errors

__all__ = ["directory", "remove_all"]

_there: Final[weakref.WeakSet[tempfile.TemporaryDirectory[str]]] = weakref.WeakSet()


def directory(purpose: str) -> tempfile.TemporaryDirectory[str]:
    """Return a new directory that only this user can read. Raises `errors.ToolError` when it cannot be made."""
    try:
        made = tempfile.TemporaryDirectory(prefix=f"kubernator-{purpose}-", ignore_cleanup_errors=True)
    except OSError as error:
        raise errors.ToolError(
            f"a temporary directory cannot be made: {error.strerror}", hint="`TMPDIR` says where"
        ) from error
    _there.add(made)
    return made


def remove_all() -> None:
    """Remove every directory that is left."""
    for each in list(_there):
        with contextlib.suppress(OSError):
            each.cleanup()
