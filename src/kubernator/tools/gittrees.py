"""The cached trees of one repository: a directory with the files of one commit, for as long as somebody uses it.

A tree is built aside and renamed, so one that is there is whole. It has a ``.git`` of its own, so that a script may ask
git what it is in; its objects are the mirror's. Each process that uses a tree holds ``<tree>.lock`` shared. What a
script wrote into a tree must not be met by the next run: a tree that git finds changed is not used again. It is built
anew by who can lock it alone, and as long as nobody can, the next one is called ``<tree>.1``.
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

from kubernator.tools import cache as caches
from kubernator.tools import git as gits
from kubernator.tools import gitmirror

if TYPE_CHECKING:
    from kubernator.tools.git import Git
    from kubernator.tools.gitmirror import Mirror
    from kubernator.tools.giturl import GitUrl

__all__ = ["Tree", "Trees"]

KEEP_DAYS: Final = 14
"""A tree that nobody used for so long goes when the next one of its repository is built."""

BASELINE: Final = "kubernator-baseline"
"""What git finds changed right after the checkout (line endings, letter case), which is no change then."""

SPECIAL: Final = "*?[\\"


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree in use. Closing the lock lets go of it."""

    path: Path
    lock: int


class Trees:
    """One repository's trees."""

    def __init__(self, home: Path, git: Git) -> None:
        self._root = home / "trees"
        self._git = git

    def has(self, commit: str) -> bool:
        """Whether a whole tree of this commit was built."""
        return (self._root / commit).is_dir()

    def use(self, commit: str, directories: tuple[str, ...]) -> Tree | None:
        """Take a tree that is there and unchanged, or return None."""
        for path in self._candidates(commit, directories):
            if not path.is_dir():
                return None
            lock = _lock(path, fcntl.LOCK_SH)
            if lock is None:
                continue
            if path.is_dir() and self._unchanged(path):
                os.utime(lock)
                return Tree(path, lock)
            os.close(lock)
        return None

    def build(self, url: GitUrl, mirror: Mirror, commit: str, directories: tuple[str, ...]) -> Tree:
        """Check a commit out of the mirror. The caller holds the repository's lock.

        Raises `errors.SourceError`, or `gitmirror.BrokenMirror` where the reason may be the mirror.
        """
        caches.private_directory(self._root)
        for left in self._root.glob("tmp-*"):  # of a run that was killed; nobody else builds now
            shutil.rmtree(left, ignore_errors=True)
        for path in self._candidates(commit, directories):
            lock = _lock(path, fcntl.LOCK_EX)
            if lock is None:
                continue
            try:
                gitmirror.set_aside(path)
                self._check_out(url, mirror, commit, directories).rename(path)
            except BaseException:
                os.close(lock)
                raise
            fcntl.flock(lock, fcntl.LOCK_SH)
            os.utime(lock)
            return Tree(path, lock)
        raise AssertionError  # the candidates do not end

    def tidy(self, *, now: float | None = None) -> set[str]:
        """Remove trees that were not used for long, and return the commits of which none is left."""
        limit = (time.time() if now is None else now) - KEEP_DAYS * 24 * 3600
        gone = set()
        for file in sorted(self._root.glob("*.lock")):
            path = file.with_suffix("")
            if file.stat().st_mtime > limit or (lock := _lock(path, fcntl.LOCK_EX)) is None:
                continue
            gitmirror.set_aside(path)
            file.unlink()
            os.close(lock)
            gone.add(_commit(path))
        return gone - {_commit(path) for path in self._root.glob("*.lock")}

    def _candidates(self, commit: str, directories: tuple[str, ...]) -> itertools.chain[Path]:
        name = commit
        if directories:
            name += f"-{hashlib.sha256(chr(0).join(directories).encode()).hexdigest()[:16]}"
        return itertools.chain([self._root / name], (self._root / f"{name}.{number}" for number in itertools.count(1)))

    def _check_out(self, url: GitUrl, mirror: Mirror, commit: str, directories: tuple[str, ...]) -> Path:
        tree = Path(tempfile.mkdtemp(dir=self._root, prefix="tmp-"))
        git_dir = tree / ".git"
        form = "sha256" if len(commit) == gitmirror.SHA256_DIGITS else "sha1"
        said = self._git.run("init", "--quiet", "--template=", f"--object-format={form}", tree)
        if said.code:
            raise self._git.error(url, said)
        (git_dir / "objects" / "info").mkdir(exist_ok=True)
        (git_dir / "objects" / "info" / "alternates").write_text(f"{mirror.path / 'objects'}\n", "utf-8")
        if (mirror.path / "shallow").is_file():
            shutil.copyfile(mirror.path / "shallow", git_dir / "shallow")
        if directories:
            with (git_dir / "config").open("a", encoding="utf-8") as config:
                config.write("[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = true\n")
            (git_dir / "info").mkdir(exist_ok=True)
            (git_dir / "info" / "sparse-checkout").write_text(_cone(directories), "utf-8")
        # files that a partial mirror lacks are fetched now, all at once, into the mirror
        said = self._git.run(
            *("checkout", "--quiet", "--detach", "--force", commit),
            url=url,
            git_dir=git_dir,
            work_tree=tree,
            objects=mirror.path / "objects",
            lazy=mirror.partial,
        )
        if said.code:
            if gits.trouble(said.stderr) is gits.Trouble.OTHER:
                raise gitmirror.BrokenMirror(said)
            raise self._git.error(url, said)
        (git_dir / BASELINE).write_text(self._status(tree) or "", "utf-8")
        return tree

    def _unchanged(self, tree: Path) -> bool:
        try:
            baseline = (tree / ".git" / BASELINE).read_text("utf-8")
        except (OSError, ValueError):
            return False
        return self._status(tree) == baseline

    def _status(self, tree: Path) -> str | None:
        said = self._git.run(
            *("--no-optional-locks", "status", "--porcelain", "-z", "--untracked-files=normal"),
            *("--ignore-submodules=all", "--no-renames"),
            git_dir=tree / ".git",
            work_tree=tree,
            cwd=tree,
        )
        return None if said.code else said.stdout


def _commit(path: Path) -> str:
    return path.name.partition(".")[0].partition("-")[0]


def _lock(tree: Path, kind: int) -> int | None:
    """Lock a tree's lock file, without waiting; None if another has it, or it was removed just now."""
    path = tree.with_name(f"{tree.name}.lock")
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
        here = os.fstat(lock).st_ino == path.stat().st_ino
    except (BlockingIOError, FileNotFoundError):
        here = False
    if not here:
        os.close(lock)
        return None
    return lock


def _cone(directories: tuple[str, ...]) -> str:
    """Write directories as git's cone patterns: the files on the way to each, and all below it.

    Source: git documentation, *git-sparse-checkout*, "Internals: cone pattern set".
    """
    parents = {
        "/".join(parts[:count]) for parts in (d.split("/") for d in directories) for count in range(1, len(parts))
    }
    lines = ["/*", "!/*/"]
    whole = [d for d in directories if not any(d.startswith(f"{other}/") for other in directories)]
    for directory in sorted({*whole, *parents}):
        if any(directory.startswith(f"{other}/") for other in whole):
            continue
        lines.append(f"/{_escaped(directory)}/")
        if directory not in whole:
            lines.append(f"!/{_escaped(directory)}/*/")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in SPECIAL else character for character in text)
