"""The cached trees of one repository: a directory with the files of one commit, for as long as somebody uses it.

A tree is built aside and renamed, so one that is there is whole, with its submodules. Each process that uses a tree
holds ``<tree>.lock`` shared, and for each submodule ``<commit>.module.lock`` in that repository's directory, so that
its mirror keeps the commit. What a script wrote into a tree must not be met by the next run: a tree that git finds
changed is not used again. It is built anew by who can lock it alone, and as long as nobody can, the next one is called
``<tree>.1``.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.tools import cache as caches
from kubernator.tools import gitcheckout, gitmirror

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.tools.git import Git
    from kubernator.tools.gitmirror import Mirror
    from kubernator.tools.giturl import GitUrl

__all__ = ["BrokenPart", "Part", "Tree", "Trees"]

KEEP_DAYS: Final = 14
"""A tree that nobody used for so long goes when the next one of its repository is built."""

KEEP_BYTES: Final = 2 * 1024**3
"""What all trees of a repository may take on the disk; beyond it those that were not used for longest go."""

PARTS: Final = "kubernator-parts"
"""In a tree's ``.git``: what git has to look at, each as the name of the repository's directory, the commit and the
path. The first is the tree itself, at ``.``; then come its submodules."""


@dataclass(frozen=True, slots=True)
class Part:
    """A submodule at its path in a tree: its commit is in the mirror, and stays there while it is held."""

    path: str
    url: GitUrl
    mirror: Mirror
    commit: str


class BrokenPart(Exception):
    """git cannot work with the mirror of a submodule. No error yet: the mirror is fetched anew first."""

    def __init__(self, part: Part, broken: gitmirror.BrokenMirror) -> None:
        super().__init__(part.path)
        self.part = part
        self.completed = broken.completed


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree in use. Closing it lets go of it."""

    path: Path
    locks: tuple[int, ...]

    def close(self) -> None:
        """Let go of it: from now on another process may remove it."""
        for lock in self.locks:
            os.close(lock)


class Trees:
    """One repository's trees."""

    def __init__(self, home: Path, git: Git) -> None:
        self._root = home / "trees"
        self._git = git

    def has(self, commit: str) -> bool:
        """Whether a whole tree of this commit was built."""
        return (self._root / commit).is_dir()

    def use(self, name: str) -> Tree | None:
        """Take the tree of this name if it is there and unchanged, or return None."""
        for path in self._candidates(name):
            if not path.is_dir():
                return None
            lock = _lock(path, fcntl.LOCK_SH)
            if lock is None:
                continue
            parts = _parts(path)
            if parts is not None and all(gitcheckout.unchanged(self._git, path / part) for _, _, part in parts):
                os.utime(lock)
                homes = self._root.parent.parent
                return Tree(path, (lock, *(Trees(homes / home, self._git).hold(part) for home, part, _ in parts[1:])))
            os.close(lock)
        return None

    def build(
        self,
        name: str,
        *,
        url: GitUrl,
        mirror: Mirror,
        commit: str,
        directories: tuple[str, ...] = (),
        parts: Sequence[Part] = (),
        before: str = "",
    ) -> Tree:
        """Check a commit out of the mirror, with its submodules. The caller holds the repository's lock.

        ``before`` is the commit that the ref stood for until now: its tree is moved on if nobody uses it, which is much
        quicker with many files.

        Raises `errors.SourceError`, or `gitmirror.BrokenMirror` or `BrokenPart` where the reason may be the mirror.
        """
        caches.private_directory(self._root)
        for left in self._root.glob("tmp-*"):  # of a run that was killed; nobody else builds now
            shutil.rmtree(left, ignore_errors=True)
        for path in self._candidates(name):
            lock = _lock(path, fcntl.LOCK_EX)
            if lock is None:
                continue
            try:
                gitmirror.set_aside(path)
                made = Path(tempfile.mkdtemp(dir=self._root, prefix="tmp-"))
                if not directories and not parts and self._take(before, made):
                    gitcheckout.move(self._git, made, url=url, mirror=mirror, commit=commit)
                else:
                    gitcheckout.make(self._git, made, url=url, mirror=mirror, commit=commit, directories=directories)
                    self._add(made, parts)
                made.rename(path)
            except BaseException:
                os.close(lock)
                raise
            os.truncate(lock, 0)
            os.write(lock, str(gitcheckout.size(path)).encode())
            fcntl.flock(lock, fcntl.LOCK_SH)
            held = [Trees(part.mirror.path.parent, self._git).hold(part.commit) for part in parts]
            return Tree(path, (lock, *held))
        raise AssertionError  # the candidates do not end

    def hold(self, commit: str) -> int:
        """Keep a commit in the mirror until the returned lock is closed, for a tree that it is a submodule of."""
        caches.private_directory(self._root)
        while (lock := _lock(self._root / f"{commit}.module", fcntl.LOCK_SH, wait=True)) is None:
            pass  # it was removed between opening and locking it: there is a new one now
        os.utime(lock)
        return lock

    def tidy(self, *, now: float | None = None) -> set[str]:
        """Remove trees that were not used for long or are too many, and return the commits of which none is left.

        The caller holds the repository's lock.
        """
        limit = (time.time() if now is None else now) - KEEP_DAYS * 24 * 3600
        gone = set()
        taken = 0
        for file in sorted(self._root.glob("*.lock"), key=lambda file: file.stat().st_mtime, reverse=True):
            path = file.with_suffix("")
            taken += _noted_size(file)
            if file.stat().st_mtime > limit and taken <= KEEP_BYTES:
                continue
            if (lock := _lock(path, fcntl.LOCK_EX)) is None:
                continue
            gitmirror.set_aside(path)
            file.unlink()
            os.close(lock)
            gone.add(_commit(path))
        _forget_large_files(self._root.parent / "lfs", limit)
        return gone - {_commit(path) for path in self._root.glob("*.lock")}

    def _candidates(self, name: str) -> itertools.chain[Path]:
        return itertools.chain([self._root / name], (self._root / f"{name}.{number}" for number in itertools.count(1)))

    def _take(self, name: str, place: Path) -> bool:
        """Move a tree to another place, if it is there, without submodules and unchanged, and nobody uses it."""
        path = self._root / name
        if not name or len(_parts(path) or ()) != 1 or (lock := _lock(path, fcntl.LOCK_EX)) is None:
            return False
        try:
            if not gitcheckout.unchanged(self._git, path):
                return False
            path.rename(place)
            os.truncate(lock, 0)  # it stays: `tidy` finds by it that the commit is not used any more
            return True
        finally:
            os.close(lock)

    def _add(self, tree: Path, parts: Sequence[Part]) -> None:
        noted = ["", "", "."]
        for part in parts:
            place = tree / part.path
            place.mkdir(parents=True, exist_ok=True)
            if place.resolve() != tree.resolve() / part.path:  # where letter case does not matter (CVE-2024-32002)
                raise errors.SourceError(f"the path of submodule `{part.path}` leads through a symbolic link")
            try:
                gitcheckout.make(self._git, place, url=part.url, mirror=part.mirror, commit=part.commit)
            except gitmirror.BrokenMirror as broken:
                raise BrokenPart(part, broken) from None
            noted += [part.mirror.path.parent.name, part.commit, part.path]
        (tree / ".git" / PARTS).write_text("\0".join(noted), "utf-8")


def tree_name(commit: str, directories: tuple[str, ...], *, submodules: bool = True) -> str:
    """Return what the tree of a commit is called: whole by the commit, else with a hash of what is different."""
    what = [*directories, *([] if submodules else ["no submodules", ""])]
    return f"{commit}-{hashlib.sha256(chr(0).join(what).encode()).hexdigest()[:16]}" if what else commit


def _parts(tree: Path) -> list[tuple[str, str, str]] | None:
    """Return what a tree consists of; None if there is no such tree, or it was made by an older release."""
    try:
        words = (tree / ".git" / PARTS).read_text("utf-8").split("\0")
    except (OSError, ValueError):
        return None
    return list(zip(words[::3], words[1::3], words[2::3], strict=False))


def _noted_size(file: Path) -> int:
    text = file.read_text("ascii", "replace")
    return int(text) if text.isdigit() else 0


def _forget_large_files(storage: Path, limit: float) -> None:
    """Remove files of Git LFS that were fetched long ago; trees have copies of their own."""
    for file in storage.glob("objects/*/*/*"):
        if file.stat().st_mtime < limit:
            file.unlink()


def _commit(path: Path) -> str:
    return path.name.partition(".")[0].partition("-")[0]


def _lock(tree: Path, kind: int, *, wait: bool = False) -> int | None:
    """Lock a tree's lock file; None if it was removed just now, or another has it and we do not wait."""
    path = tree.with_name(f"{tree.name}.lock")
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, kind if wait else kind | fcntl.LOCK_NB)
        here = os.fstat(lock).st_ino == path.stat().st_ino
    except (BlockingIOError, FileNotFoundError):
        here = False
    if not here:
        os.close(lock)
        return None
    return lock
