"""The cache of repositories: what a ref means, and a directory with its files.

::

    git/<hash of host, port, path>/
      mirror/  partial/       `gitmirror`: the objects
      pins/<hash of the ref>  the commit a tag or a full hash stands for: these need no network again
      trees/<commit>          `gittrees`: the files
      trees/<commit>-<hash>   the same, only some directories of it (``?sparse=true``)
      trees/<commit>.1        the same once more, while a run still uses one that was written into

What changes the mirror or builds a tree holds the repository's lock. Everything here can be had again: a mirror that
git cannot work with is thrown away and fetched anew, and a run that is killed leaves nothing that the next one minds.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from typing import TYPE_CHECKING, Final, TypeVar

from kubernator import errors
from kubernator.tools import cache as caches
from kubernator.tools import git as gits
from kubernator.tools import gitmirror, gittrees
from kubernator.tools.gitmirror import HASH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from kubernator.tools.cache import Cache
    from kubernator.tools.git import Git
    from kubernator.tools.gittrees import Tree
    from kubernator.tools.giturl import GitUrl

__all__ = ["GitCache"]

DEFAULT: Final = "HEAD"

_ABBREVIATED = re.compile(r"[0-9a-fA-F]{4,63}")
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|/\.|[/.]$|\.lock(/|$)")

_T = TypeVar("_T")

_logger = logging.getLogger("kubernator.repository")


class GitCache:
    """Commits and trees of repositories, kept between runs and shared by processes."""

    def __init__(self, cache: Cache, git: Git) -> None:
        self._cache = cache
        self._git = git
        self._used: dict[tuple[str, str, tuple[str, ...]], Tree] = {}

    def close(self) -> None:
        """Let go of the trees: from now on another process may remove them."""
        while self._used:
            os.close(self._used.popitem()[1].lock)

    def commit(self, url: GitUrl) -> str:
        """Return the full hash of the commit the address means; afterwards the cache has that commit.

        A branch is looked up on the server each time, a tag or a full hash the first time only. Raises
        `errors.SourceError`.
        """
        ref = _valid(url)
        if pinned := self._pinned(url, ref):
            return pinned
        self._git.require()
        source, known = (ref, None) if HASH.fullmatch(ref) else self._remote_ref(url, ref)
        if known and gittrees.Trees(self._home(url), self._git).has(known):
            commit = known
        else:
            with self._locked(url):
                commit = self._repaired(
                    url, lambda mirror: self._fetched(url, mirror, source, known), partial=url.sparse
                )
        if source.startswith("refs/tags/") or HASH.fullmatch(source):
            self._pin(url, ref, commit)
        return commit

    def tree(self, url: GitUrl, commit: str, *, directories: Iterable[str] = ()) -> Path:
        """Return a directory with the files of a commit: all, or only those of some directories and on the way there.

        The directory is nobody else's to change or remove until `close`. Raises `errors.SourceError`.
        """
        wanted = tuple(sorted(set(directories)))
        key = (url.key, commit, wanted)
        if key not in self._used:
            trees = gittrees.Trees(self._home(url), self._git)
            self._used[key] = trees.use(commit, wanted) or self._new_tree(url, trees, commit, wanted)
        return self._used[key].path

    def _new_tree(self, url: GitUrl, trees: gittrees.Trees, commit: str, directories: tuple[str, ...]) -> Tree:
        def build(mirror: gitmirror.Mirror) -> Tree:
            # of a partial mirror the server has to be asked in any case, and must be one that can answer
            if mirror.partial or not (mirror.exists and mirror.has(commit)):
                self._git.require()
                mirror.fetch(url, commit, digits=len(commit))
            return trees.build(url, mirror, commit, directories)

        with self._locked(url):
            if tree := trees.use(commit, directories):  # built by whom we waited for
                return tree
            tree = self._repaired(url, build, partial=bool(directories))
            unused = trees.tidy()
            for partial in (False, True):
                gitmirror.Mirror(self._home(url), self._git, partial=partial).forget(unused)
            return tree

    @staticmethod
    def _fetched(url: GitUrl, mirror: gitmirror.Mirror, source: str, known: str | None) -> str:
        if known and mirror.exists and mirror.has(known):
            return known
        return mirror.fetch(url, source, digits=len(known or source))

    def _repaired(self, url: GitUrl, work: Callable[[gitmirror.Mirror], _T], *, partial: bool) -> _T:
        """Do something with a mirror: a partial one if asked for, else a whole one, and if that is broken a new one."""
        mirrors = [gitmirror.Mirror(self._home(url), self._git, partial=True)] if partial else []
        whole = gitmirror.Mirror(self._home(url), self._git)
        for mirror in [*mirrors, *([whole] if whole.exists else [])]:
            try:
                return work(mirror)
            except gitmirror.BrokenMirror as broken:
                said = self._git.error(url, broken.completed)
                mirror.remove()
                if mirror.partial:
                    _logger.info("%s cannot be had in part, taking all of it (%s)", url.shown, said)
                else:
                    _logger.warning("the cached copy of %s cannot be used and is fetched anew (%s)", url.shown, said)
        try:
            return work(whole)
        except gitmirror.BrokenMirror as broken:
            whole.remove()
            raise self._git.error(url, broken.completed) from None

    def _remote_ref(self, url: GitUrl, ref: str) -> tuple[str, str]:
        """Ask the server; return the full name and the commit (of an annotated tag, what it points at)."""
        names = [ref] if ref == DEFAULT or ref.startswith("refs/") else [f"refs/heads/{ref}", f"refs/tags/{ref}"]
        if ref.startswith(("heads/", "tags/")):
            names.append(f"refs/{ref}")
        found = self._listed(url, *names, *(f"{name}^{{}}" for name in names))
        for name in names:
            if name in found:
                return name, found.get(f"{name}^{{}}", found[name])
        raise self._no_such_ref(url, ref)

    def _no_such_ref(self, url: GitUrl, ref: str) -> errors.SourceError:
        if not self._listed(url):
            return errors.SourceError(f"repository `{url.shown}` is empty", hint="push a commit, or check the address")
        if ref == DEFAULT:
            return errors.SourceError(
                f"repository `{url.shown}` has no default branch", hint="name a branch, tag or commit with `?ref=`"
            )
        hint = f"`git ls-remote {url.clone_url}` lists what is there"
        if _ABBREVIATED.fullmatch(ref):
            hint = "a commit needs its full hash of 40 digits; servers do not look up shortened ones"
        return errors.SourceError(f"repository `{url.shown}` has no branch or tag `{ref}`", hint=hint)

    def _listed(self, url: GitUrl, *patterns: str) -> dict[str, str]:
        said = self._git.run("ls-remote", gits.REMOTE, *patterns, url=url, cwd=self._home(url))
        if said.code:
            raise self._git.error(url, said)
        lines = (line.partition("\t") for line in said.stdout.splitlines())
        return {name: commit for commit, _, name in lines if HASH.fullmatch(commit)}

    def _pinned(self, url: GitUrl, ref: str) -> str | None:
        try:
            text = self._pin_file(url, ref).read_text("ascii").strip()
        except (OSError, ValueError):
            return None
        return text if HASH.fullmatch(text) else None

    def _pin(self, url: GitUrl, ref: str, commit: str) -> None:
        path = self._pin_file(url, ref)
        caches.private_directory(path.parent)
        caches.write(path, f"{commit}\n")

    def _pin_file(self, url: GitUrl, ref: str) -> Path:
        return self._home(url) / "pins" / hashlib.sha256(ref.encode()).hexdigest()

    def _home(self, url: GitUrl) -> Path:
        return caches.private_directory(self._cache.git.resolve() / url.key)

    def _locked(self, url: GitUrl) -> AbstractContextManager[None]:
        return self._cache.locked(
            f"git-{url.key}",
            waiting=lambda: _logger.info("waiting for another process that is fetching %s", url.shown),
        )


def _valid(url: GitUrl) -> str:
    """Return the ref as git names it, or raise `errors.SourceError` for what can be none."""
    ref = url.ref or DEFAULT
    if _NO_REF.search(ref):
        raise errors.SourceError(
            f"`{ref}` in `{url.shown}` can be no branch, tag or commit",
            hint="a ref has no space, `..`, `~`, `^`, `:`, `?`, `*` or `[`",
        )
    return ref.lower() if HASH.fullmatch(ref.lower()) else ref
