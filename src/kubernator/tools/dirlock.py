"""A directory for one of us at a time: of this run, and of other runs of the same tree."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from typing import TYPE_CHECKING, Final

from kubernator import errors

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["alone"]

_PAUSE: Final = 0.2
"""Seconds between two looks at a lock that somebody else has."""

_logger = logging.getLogger("kubernator.tools")


@contextlib.contextmanager
def alone(path: Path, shown: str, *, stopped: threading.Event) -> Iterator[None]:
    """Keep others of us, in this run and in others, out of a directory; who asks for less does not notice.

    The lock is on the directory itself, so nothing is left behind. Where the file system has no such locks there is
    none. Raises `errors.Interrupted` when ``stopped`` is set while we wait.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise errors.ToolError(f"`{shown}` cannot be read: {error.strerror}") from error
    try:
        waiting = False
        while not _locked(handle):
            if not waiting:
                waiting = True
                _logger.info("waiting for another run that reads `%s`", shown)
            if stopped.wait(_PAUSE):
                raise errors.Interrupted(f"`{shown}` was not read: another run was reading it")
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        _logger.debug("no locks: %s", error)
    return True
