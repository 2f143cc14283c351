"""The cached mirrors of one repository: bare, shallow where the server allows, without an address or credentials.

There is one with whole commits, and where somebody asked for a part only, a second one without files (a partial clone),
which git completes as they are needed. They are kept apart: in a partial clone, git looks for every missing object on
the server, and with a server that cannot answer that (plain files over http) it starts itself without end.

Whoever calls anything here but `Mirror.path` holds the repository's lock.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.tools import cache as caches
from kubernator.tools import git as gits
from kubernator.tools import gittrouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.tools.git import Git
    from kubernator.tools.giturl import GitUrl
    from kubernator.tools.process import Completed

__all__ = ["HASH", "BrokenMirror", "Mirror", "set_aside"]

HASH: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
SHA256_DIGITS: Final = 64

MANY_PACKS: Final = 50
"""So many fetches into one mirror, and its packs are made into one."""

FETCHED: Final = "refs/kubernator/fetched"
KEPT: Final = "refs/kubernator/commits/"
"""A ref for each commit that was fetched, so that tidying up does not take its files away."""

FETCH: Final = ("fetch", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")

FINAL: Final = frozenset(
    {
        gittrouble.Trouble.CREDENTIALS,
        gittrouble.Trouble.HOST_KEY,
        gittrouble.Trouble.CERTIFICATE,
        gittrouble.Trouble.NO_REPOSITORY,
        gittrouble.Trouble.UNREACHABLE,
        gittrouble.Trouble.DISK,
    }
)
"""Failures that another way of fetching would meet as well."""

_CUT_OFF = re.compile(r"hung up|early eof", re.IGNORECASE)
"""What git also says when it is itself that gave up, over what it found in the mirror."""


class BrokenMirror(Exception):
    """git cannot work with what is in the mirror. No error yet: the mirror is fetched anew first."""

    def __init__(self, completed: Completed) -> None:
        super().__init__(completed.stderr)
        self.completed = completed


class Mirror:
    """One repository's objects, all of them or, if ``partial``, without the contents of files."""

    def __init__(self, home: Path, git: Git, *, partial: bool = False) -> None:
        self.path = home / ("partial" if partial else "mirror")
        self.partial = partial
        self._git = git

    @property
    def exists(self) -> bool:
        """Whether something was fetched before."""
        return self.path.is_dir()

    def has(self, commit: str) -> bool:
        """Whether a commit was fetched."""
        said = self._git.run("rev-parse", "--verify", "--quiet", f"{KEPT}{commit}", git_dir=self.path)
        return not said.code

    def fetch(self, url: GitUrl, source: str, *, digits: int) -> str:
        """Fetch a ref or a commit in the cheapest way the server allows, and return the commit.

        ``digits`` is the length of the repository's hashes. Raises `errors.SourceError`, or `BrokenMirror` where the
        reason may be the mirror.
        """
        self._init(url, digits=digits)
        name = self._attempt(url, source)
        parsed = self._git.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", git_dir=self.path)
        commit = parsed.stdout.strip()
        if parsed.code or not HASH.fullmatch(commit):
            raise _missing(url, source)
        kept = self._git.run("update-ref", f"{KEPT}{commit}", commit, git_dir=self.path)
        if kept.code:
            raise BrokenMirror(kept)
        return commit

    def forget(self, commits: set[str]) -> None:
        """Let go of commits, and make one pack of the rest where there are many."""
        if not self.exists:
            return
        for commit in sorted(commits):
            self._git.run("update-ref", "-d", f"{KEPT}{commit}", git_dir=self.path)
        if len(list((self.path / "objects" / "pack").glob("*.pack"))) > MANY_PACKS:
            self._git.run("gc", "--quiet", "--prune=now", git_dir=self.path)

    def remove(self) -> None:
        """Throw everything away."""
        set_aside(self.path)

    def _init(self, url: GitUrl, *, digits: int) -> None:
        if self.exists:
            return
        caches.private_directory(self.path)
        form = "sha256" if digits == SHA256_DIGITS else "sha1"
        said = self._git.run("init", "--quiet", "--bare", "--template=", f"--object-format={form}", git_dir=self.path)
        if said.code:
            self.remove()
            raise self._git.error(url, said)

    def _attempt(self, url: GitUrl, source: str) -> str:
        """Fetch by the first way that works, and return the name under which the commit is there then."""
        *others, last = self._ways(source)
        for name, arguments in [*others, last]:
            said = self._git.run(*FETCH, *arguments, url=url, git_dir=self.path)
            if not said.code:
                return name
            match gittrouble.trouble(said.stderr):
                case gittrouble.Trouble.NO_OBJECT:
                    raise _missing(url, source)
                case found if found in FINAL and not _CUT_OFF.search(said.stderr):
                    raise self._git.error(url, said)
                case _ if arguments is last[1]:
                    raise BrokenMirror(said)
        raise AssertionError  # the last one returned or raised

    def _ways(self, source: str) -> Iterator[tuple[str, list[str]]]:
        """Arguments to try one after another, each with the name that the commit has afterwards."""
        one = f"+{source}:{FETCHED}"
        if self.partial:
            yield FETCHED, ["--depth=1", "--filter=blob:none", gits.REMOTE, one]
            return
        yield FETCHED, ["--depth=1", gits.REMOTE, one]
        whole = ["--unshallow"] if (self.path / "shallow").is_file() else []
        if not HASH.fullmatch(source):
            yield FETCHED, [*whole, gits.REMOTE, one]
        else:  # a server that gives out no single commits: the commit is in one of its branches and tags
            everything = [f"+refs/{kind}/*:refs/kubernator/all/{kind}/*" for kind in ("heads", "tags")]
            yield source, [*whole, gits.REMOTE, *everything]


def set_aside(path: Path) -> None:
    """Remove a directory so that nobody ever sees half of it; what cannot be removed stays under a ``tmp-`` name."""
    if path.exists():
        aside = tempfile.mkdtemp(dir=path.parent, prefix="tmp-")
        path.rename(f"{aside}/{path.name}")
        shutil.rmtree(aside, ignore_errors=True)


def _missing(url: GitUrl, source: str) -> errors.SourceError:
    what = f"commit `{source}`" if HASH.fullmatch(source) else f"commit at `{source}`"
    return errors.SourceError(
        f"repository `{url.shown}` has no {what}",
        hint="it may have gone with a forced push or a deleted branch, or not been pushed yet",
    )
