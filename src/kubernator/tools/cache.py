"""The cache directory and the state directory: where they are, how they are laid out, who may read them.

What stands in the cache can be had again, so `Cache.clear` may remove all of it. What cannot, the data of a sandbox,
stands in the state directory. Both are private to the user: directories 0700, files 0600. Processes that share them
agree by file locks; a file is replaced as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

__all__ = ["APP", "Cache", "locked", "private_directory", "replacing", "state_root", "storing", "write"]

APP: Final = "kubernator"

PARTS: Final = ("git", "bin", "http", "discovery", "controlplane", "charts", "renders", "schemas")
"""The directories of the cache; `Cache` has a property for each."""

_PAUSE: Final = 0.2
"""Seconds between two looks at whether somebody who waits for a lock should go on waiting."""

LOCKS: Final = "locks"


class Cache:
    """One cache directory; the user's own unless told otherwise. A part is made when it is first asked for."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else _user_cache()

    @property
    def git(self) -> Path:
        """Mirrors and worktrees of repositories."""
        return self._part("git")

    @property
    def bin(self) -> Path:
        """Programs, a directory for each name and version."""
        return self._part("bin")

    @property
    def http(self) -> Path:
        """Files that were downloaded."""
        return self._part("http")

    @property
    def discovery(self) -> Path:
        """What kinds servers know."""
        return self._part("discovery")

    @property
    def controlplane(self) -> Path:
        """The programs of the sandbox, a directory for each set."""
        return self._part("controlplane")

    @property
    def charts(self) -> Path:
        """Charts that were fetched."""
        return self._part("charts")

    @property
    def renders(self) -> Path:
        """What charts with the same inputs were rendered to."""
        return self._part("renders")

    @property
    def schemas(self) -> Path:
        """What objects of the kinds of clusters look like."""
        return self._part("schemas")

    def clear(self, *parts: str) -> None:
        """Remove the whole cache, or the named parts; what is not there is no error.

        Locks stay: a process that holds one must not be joined by another that made a new file of the same name.
        """
        unknown = set(parts) - set(PARTS)
        if unknown:
            raise errors.UsageError(f"the cache has no part `{min(unknown)}`", hint=f"parts are {', '.join(PARTS)}")
        for path in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            if (parts and path.name not in parts) or path.name == LOCKS:
                continue
            try:
                _remove(path)
            except OSError as error:
                raise errors.ToolError(
                    f"`{path}` cannot be removed: {error.strerror}",
                    hint="another run is at work in it" if error.errno in {errno.ENOTEMPTY, errno.ENOENT} else "",
                ) from error

    def locked(
        self, name: str, *, waiting: Callable[[], object] | None = None, stopped: threading.Event | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """Hold the lock of this name against other processes; see `locked` for the rest."""
        return locked(private_directory(self.root / LOCKS) / f"{name}.lock", waiting=waiting, stopped=stopped)

    def _part(self, name: str) -> Path:
        private_directory(self.root)
        return private_directory(self.root / name)


def state_root() -> Path:
    """Return the directory for what must not be lost when the cache is cleared. It is not made here.

    Raises `errors.ToolError` for a user without a home.
    """
    import platformdirs  # noqa: PLC0415 - not needed by `--version`

    return _of_the_user(platformdirs.user_state_path, "XDG_STATE_HOME")


def private_directory(path: Path) -> Path:
    """Make a directory that only the user can read, and return it; one that is there is made private if it is ours.

    What is missing above it is made likewise, whatever the umask.
    """
    try:
        if not path.parent.exists():
            private_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise errors.ToolError(
            f"`{path}` cannot be made: {error.strerror}",
            hint="set `XDG_CACHE_HOME` or `XDG_STATE_HOME` to a place you own",
        ) from error
    return path


@contextlib.contextmanager
def storing(path: Path) -> Iterator[None]:
    """Say in words, as `errors.ToolError`, what the system has against writing there: no room, no permission."""
    try:
        yield
    except OSError as error:
        gone = "what stood there was removed meanwhile, as `kubernator cache clear` does; run again"
        room = "make room, or put the cache elsewhere with `XDG_CACHE_HOME`"
        raise errors.ToolError(
            f"`{path}` cannot be written: {error.strerror or error}",
            hint=gone if error.errno == errno.ENOENT else room,
        ) from error


def write(path: Path, content: bytes | str, *, mode: int = 0o600) -> None:
    """Write a file as a whole: whoever reads it sees the old content or the new one."""
    with replacing(path, mode=mode) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Iterator[Path]:
    """Hand out a file next to ``path`` that takes its place when the block ends well, and goes when it does not."""
    try:
        import tempfile  # noqa: PLC0415 - most runs write nothing here

        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
    except OSError as error:
        raise errors.ToolError(f"`{path}` cannot be written: {error.strerror}") from error
    part = Path(name)
    try:
        yield part
        part.chmod(mode)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise errors.ToolError(f"`{path}` cannot be written: {error.strerror}") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def locked(
    path: Path, *, waiting: Callable[[], object] | None = None, stopped: threading.Event | None = None
) -> Iterator[None]:
    """Hold a lock file against other processes and threads; the system lets go of it when the holder dies.

    ``waiting`` is called once if somebody else has it. Who waits gives up, with `errors.Interrupted`, when ``stopped``
    is set.
    """
    import filelock  # noqa: PLC0415 - not needed by `--version`

    lock = filelock.FileLock(path, mode=0o600, thread_local=False)
    try:
        patience = 0.0
        while not lock.is_locked:
            try:
                lock.acquire(timeout=patience)
            except filelock.Timeout:
                if waiting is not None and not patience:
                    waiting()
                if stopped is not None and stopped.is_set():
                    raise errors.Interrupted("another run holds a lock, and this one is over") from None
                patience = _PAUSE
    except OSError as error:
        raise errors.ToolError(f"`{path}` cannot be locked: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def _user_cache() -> Path:
    import platformdirs  # noqa: PLC0415 - not needed by `--version`

    return _of_the_user(platformdirs.user_cache_path, "XDG_CACHE_HOME")


def _of_the_user(find: Callable[..., Path], variable: str) -> Path:
    try:
        path = find(APP, appauthor=False)
    except RuntimeError:  # nobody knows this user, as in a container that runs with any number
        path = Path()
    if not path.is_absolute():
        raise errors.ToolError("this user has no home directory", hint=f"set `HOME` or `{variable}`")
    return path


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        # Go writes its modules read-only, directories too
        for directory, _, _ in os.walk(path):
            with contextlib.suppress(OSError):
                Path(directory).chmod(0o700)
        import shutil  # noqa: PLC0415 - the same

        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
