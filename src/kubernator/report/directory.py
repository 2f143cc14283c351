"""A directory of files that are ours: written anew each time, and what is not ours left alone.

An index beside the files says which they are, with their checksums. So a file that somebody else wrote, or changed
since, is neither overwritten nor removed. The index is written first, with what is there and what is to be, so a run
that is killed leaves nothing that the next one would not know.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["INDEX", "Written", "write"]

#: The name of the index. It has no ending by which kubectl would take it for a manifest.
INDEX: Final = ".kubernator-render"

_FORMAT: Final = "kubernator/rendered/v1"
_LISTED: Final = 10
#: What stands in place of a checksum for what is no file of ours.
_OTHERS: Final = {
    "link": "a symbolic link",
    "file": "a file where a directory is needed",
    "other": "something that is no file",
}

_Checksums = dict[str, set[str]]

_logger = logging.getLogger("kubernator")


class Written(NamedTuple):
    """What became of the files: how many were written, were there already, and were removed."""

    written: int
    unchanged: int
    removed: int

    def __str__(self) -> str:
        return f"written {self.written}, unchanged {self.unchanged}, removed {self.removed}"


def write(
    directory: Path, files: Mapping[str, str], *, force: bool = False, private: bool = False, complete: bool = True
) -> Written:
    """Write files into a directory, each as a whole or not at all; what did not change is not touched.

    ``files`` are texts by their paths in it, with slashes. With ``complete`` they are all there should be, and files of
    an earlier time go. With ``private`` only the user can read them. Raises `errors.ProjectError` before anything is
    written when a file is in the way that is not ours, unless ``force`` is given; `errors.LockHeld` when another run
    writes there.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _alone(directory):
            return _Files(directory, force=force, private=private).write(files, complete=complete)
    except OSError as error:
        shown = error.filename or directory
        raise errors.KubernatorError(f"`{shown}` cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep other runs out; where the file system has no locks there is none."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise errors.LockHeld(f"another run writes to `{directory}`") from error
        except OSError as error:
            _logger.debug("no locks: %s", error)
        yield
    finally:
        os.close(handle)


class _Files:
    """The files of one directory."""

    def __init__(self, directory: Path, *, force: bool, private: bool) -> None:
        self._directory = directory
        self._force = force
        self._private = private

    def write(self, files: Mapping[str, str], *, complete: bool) -> Written:
        known = self._known()
        wanted = {name: text.encode() for name, text in files.items()}
        there = {name: self._checksum(name) for name in {*wanted, *known}}
        stale = sorted(known.keys() - wanted.keys()) if complete else []
        self._refuse(self._foreign(wanted, there, known), what="overwritten")
        changed = [name for name in stale if there[name] and there[name] not in known[name]]
        self._refuse(((name, "was changed since") for name in changed), what="removed")
        sums = {name: _sum(content) for name, content in wanted.items()}
        self._keep({name: {*known.get(name, ()), *([sums[name]] if name in sums else [])} for name in {*known, *sums}})
        for name in known:
            if there[name] not in _OTHERS:
                _part(self._directory / name).unlink(missing_ok=True)
        new = [name for name in wanted if there[name] != sums[name] or self._is_too_open(name)]
        for name in new:
            self._replace(name, wanted[name])
        gone = [name for name in stale if there[name] and name not in changed]
        for name in gone:
            self._remove(name)
        for name in changed:
            _logger.warning("left as it is, since it was changed: %s", self._directory / name)
        kept = {} if complete else {name: found for name, found in known.items() if name not in sums}
        self._keep(kept | {name: {checksum} for name, checksum in sums.items()})
        return Written(len(new), len(wanted) - len(new), len(gone))

    def _known(self) -> _Checksums:
        """Read the index."""
        path = self._directory / INDEX
        try:
            return _read(json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            if self._force:
                return {}
            raise errors.ProjectError(
                f"`{path}` is not what `render` writes there",
                hint="`--force` takes it for lost; files that are in the way are overwritten then",
            ) from None

    def _keep(self, known: _Checksums) -> None:
        data = {"format": _FORMAT, "files": {name: sorted(sums) for name, sums in sorted(known.items())}}
        text = f"{json.dumps(data, indent=2)}\n".encode()
        if self._checksum(INDEX) != _sum(text) or self._is_too_open(INDEX):
            self._replace(INDEX, text)

    def _checksum(self, name: str) -> str:
        """Return the checksum of a file, nothing where there is none, and a word where it is something else."""
        path = self._directory
        for part in PurePosixPath(name).parts[:-1]:
            path /= part
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                return "link" if path.is_symlink() else "file"
        path = self._directory / name
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return ""
        if not stat.S_ISREG(mode):
            return "link" if stat.S_ISLNK(mode) else "other"
        return _sum(path.read_bytes())

    def _foreign(
        self, wanted: Mapping[str, bytes], there: Mapping[str, str], known: _Checksums
    ) -> Iterator[tuple[str, str]]:
        for name, content in wanted.items():
            found = there[name]
            if found in _OTHERS:
                raise errors.ProjectError(
                    f"`{self._directory / name}` cannot be written: {_OTHERS[found]} is in the way",
                    hint="remove it, or choose another directory",
                )
            if found and found != _sum(content) and found not in known.get(name, ()):
                yield name, "was changed since" if name in known else "was not written by `render`"

    def _refuse(self, found: Iterable[tuple[str, str]], *, what: str) -> None:
        """Raise for files that are not ours."""
        files = sorted(found)
        if not files or self._force:
            return
        more = [("", f"and {len(files) - _LISTED} more")] if len(files) > _LISTED else []
        raise errors.ProjectError(
            f"nothing was written: {len(files)} file{'s' * (len(files) != 1)} in `{self._directory}` would be {what}",
            detail=[*((("file", f"{name}, which {why}")) for name, why in files[:_LISTED]), *more],
            hint="move what is worth keeping, or choose another directory; `--force` overwrites",
        )

    def _is_too_open(self, name: str) -> bool:
        """Whether others can read a file that they should not."""
        if not self._private:
            return False
        try:
            return bool(stat.S_IMODE((self._directory / name).stat().st_mode) & 0o077)
        except FileNotFoundError:
            return False

    def _replace(self, name: str, content: bytes) -> None:
        path = self._directory / name
        part = _part(path)
        mode = 0o600 if self._private else 0o666
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
                stream.write(content)
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, str(path)) from error
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    def _remove(self, name: str) -> None:
        """Remove a file, and directories that are empty without it."""
        path = self._directory / name
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it is not empty
            for parent in path.relative_to(self._directory).parents[:-1]:
                (self._directory / parent).rmdir()


def _part(path: Path) -> Path:
    """Return where a file is written before it takes its place: always the same, so what a killed run left is known."""
    return path.with_name(f".{path.name}.part")


def _sum(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _read(data: Any) -> _Checksums:
    """Return the files of an index; raises an error of one kind or another for what is none."""
    if data["format"] != _FORMAT:
        raise ValueError(data["format"])
    found: _Checksums = {}
    for name, sums in data["files"].items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or not all(isinstance(one, str) for one in sums):
            raise ValueError(name)
        found[str(path)] = set(sums)
    return found
