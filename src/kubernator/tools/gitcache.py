"""The cache of repositories: what a ref means, and a directory with its files.

::

    git/<hash of host, port, path>/
      mirror/  partial/       `gitmirror`: the objects
      lfs/                    files of Git LFS
      seen/<hash of the ref>  the commit a ref stood for when the server was last asked
      trees/<commit>          `gittrees`: the files
      trees/<commit>-<hash>   the same, only some directories of it (``?sparse=true``), or without submodules
      trees/<commit>.1        the same once more, while a run still uses one that was written into
      trees/<commit>.module.lock   held by who uses the commit as a submodule

What changes the mirror or builds a tree holds the repository's lock; nobody waits for a second one meanwhile.
Everything here can be had again: a mirror that git cannot work with is thrown away and fetched anew, and a run that is
killed leaves nothing that the next one minds.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING, Final, TypeVar

from kubernator import errors
from kubernator.tools import cache as caches
from kubernator.tools import gitmirror, gitmodules, gitrefs, gittrees
from kubernator.tools.gitmirror import HASH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager, ExitStack
    from pathlib import Path
    from typing import Any, TypeAlias

    from kubernator.tools.cache import Cache
    from kubernator.tools.git import Git
    from kubernator.tools.gitmirror import Mirror
    from kubernator.tools.gitmodules import Submodule
    from kubernator.tools.gittrees import Part, Tree
    from kubernator.tools.giturl import GitUrl

    Login: TypeAlias = Callable[[GitUrl, Callable[[GitUrl], Any]], Any]

__all__ = ["GitCache"]

MENDS: Final = 2
"""So often, in making one tree, the mirror of a submodule is found broken and fetched anew."""

_T = TypeVar("_T")

_logger = logging.getLogger("kubernator.repository")


class GitCache:
    """Commits and trees of repositories, kept between runs and shared by processes.

    ``login`` is called with the address of a submodule and a function, and calls that with the address to log in with.
    ``offline``: nothing is asked of a server; a branch or tag is what it was when one was last asked.
    """

    def __init__(self, cache: Cache, git: Git, *, login: Login | None = None, offline: bool = False) -> None:
        self._cache = cache
        self._git = git
        self._login: Login = login or (lambda url, work: work(url))
        self._offline = offline
        self._used: dict[tuple[str, str], Tree] = {}
        self._before: dict[tuple[str, str], str] = {}
        self._asked: set[tuple[Path, str]] = set()

    def close(self) -> None:
        """Let go of the trees: from now on another process may remove them."""
        while self._used:
            self._used.popitem()[1].close()

    def commit(self, url: GitUrl, *, pinned: str | None = None) -> str:
        """Return the full hash of the commit the address means; afterwards the cache has that commit.

        A branch or tag is looked up on the server each time, a full hash, also one it is ``pinned`` to, only if the
        cache does not have it. Raises `errors.SourceError`, and `errors.ToolError` where the cache cannot be written.
        """
        with caches.storing(self._cache.git):
            return self._commit(url, pinned or gitrefs.valid(url))

    def _commit(self, url: GitUrl, ref: str) -> str:
        refs = gitrefs.Refs(self._home(url), self._git)
        seen = refs.seen(ref)
        if HASH.fullmatch(ref):
            for commit in [ref, *([seen.commit] if seen else [])]:  # the hash may be that of a tag
                if self._has(url, commit):
                    return commit
        if self._offline:
            if seen is None:
                raise _not_cached(url, ref)
            _logger.info("`%s` of %s is taken from the cache: %s", ref, url.clone_url, seen)
            return seen.commit
        self._git.require()
        source, known = (ref, None) if HASH.fullmatch(ref) else refs.look_up(url, ref)
        commit = known if known and self._trees(url).has(known) else self._fetched(url, source, known)
        if seen and seen.commit != commit and source.startswith(gitrefs.TAGS):
            _logger.warning("tag `%s` of %s was moved, from %s to %s", ref, url.clone_url, seen.commit, commit)
        refs.see(ref, commit)
        if seen and seen.commit != commit:
            self._before[url.key, commit] = seen.commit
        return commit

    def tree(self, url: GitUrl, commit: str, *, directories: Iterable[str] = ()) -> Path:
        """Return a directory with the files of a commit: all, or only those of some directories and on the way there.

        The directory is nobody else's to change or remove until `close`. Raises as `commit` does.
        """
        wanted = tuple(sorted(set(directories)))
        name = gittrees.tree_name(commit, wanted, submodules=url.submodules)
        key = (url.key, name)
        if key not in self._used:
            with caches.storing(self._cache.git):
                self._used[key] = self._trees(url).use(name) or self._new_tree(url, name, commit, wanted)
        return self._used[key].path

    def _new_tree(self, url: GitUrl, name: str, commit: str, directories: tuple[str, ...]) -> Tree:
        self._git.require()
        for _ in range(MENDS):
            try:
                return self._built(url, name, commit, directories)
            except gittrees.BrokenPart as broken:
                self._throw_away(broken)
        try:
            return self._built(url, name, commit, directories)
        except gittrees.BrokenPart as broken:
            raise self._git.error(broken.part.url, broken.completed) from None

    def _built(self, url: GitUrl, name: str, commit: str, directories: tuple[str, ...]) -> Tree:
        trees = self._trees(url)
        with contextlib.ExitStack() as held:
            parts = [*self._submodules(url, commit, directories, held)] if url.submodules else []

            def build(mirror: Mirror) -> Tree:
                self._complete(url, mirror, commit)
                return trees.build(
                    name,
                    url=url,
                    mirror=mirror,
                    commit=commit,
                    directories=directories,
                    parts=parts,
                    before=self._before.get((url.key, commit), ""),
                )

            with self._locked(url):
                tree = trees.use(name)  # built by whom we waited for
                if tree is None:
                    tree = self._repaired(url, build, partial=bool(directories))
                    self._tidy(url)
                return tree

    def _submodules(
        self, url: GitUrl, commit: str, directories: tuple[str, ...], held: ExitStack, *, at: str = ""
    ) -> Iterator[Part]:
        """Fetch the submodules of a commit, and theirs; of a part of the tree, those in it.

        ``held`` gets what keeps the mirrors as they are. Not called under a lock: two repositories may have each other.
        """

        def read(mirror: Mirror) -> list[Submodule]:
            self._complete(url, mirror, commit)
            return gitmodules.read(self._git, url, mirror, commit)

        with self._locked(url):
            found = self._repaired(url, read, partial=bool(directories))
        for each in found:
            if not each.wanted(directories):
                continue
            try:
                there = gitmodules.address(url, each.address)
                part: Part = self._login(there, lambda url: self._part(url, each, at, held))  # noqa: B023 - called now
                yield part
                yield from self._submodules(part.url, each.commit, (), held, at=f"{part.path}/")
            except errors.SourceError as error:
                raise gitmodules.failed(error, url, each) from error

    def _part(self, url: GitUrl, submodule: Submodule, at: str, held: ExitStack) -> Part:
        held.callback(os.close, self._trees(url).hold(submodule.commit))

        def fetch(mirror: Mirror) -> Mirror:
            self._complete(url, mirror, submodule.commit)
            return mirror

        with self._locked(url):
            mirror = self._repaired(url, fetch, partial=False)
            self._tidy(url)
        return gittrees.Part(f"{at}{submodule.path}", url, mirror, submodule.commit)

    def _throw_away(self, broken: gittrees.BrokenPart) -> None:
        url = broken.part.url
        said = self._git.error(url, broken.completed)
        if self._offline:
            raise said
        _logger.warning("the cached copy of %s cannot be used and is fetched anew (%s)", url.shown, said)
        with self._locked(url):
            broken.part.mirror.remove()

    def _complete(self, url: GitUrl, mirror: Mirror, commit: str) -> None:
        """See to it that a mirror has a commit."""
        if mirror.exists and mirror.has(commit) and (not mirror.partial or (mirror.path, commit) in self._asked):
            return
        if self._offline:
            raise _not_cached(url, commit)
        # of a partial mirror the server has to be asked in any case, and must be one that can answer
        mirror.fetch(url, commit, digits=len(commit))
        self._asked.add((mirror.path, commit))

    def _fetched(self, url: GitUrl, source: str, known: str | None) -> str:
        def fetch(mirror: Mirror) -> str:
            if known and mirror.exists and mirror.has(known):
                return known
            commit = mirror.fetch(url, source, digits=len(known or source))
            self._asked.add((mirror.path, commit))
            return commit

        with self._locked(url):
            return self._repaired(url, fetch, partial=url.sparse)

    def _repaired(self, url: GitUrl, work: Callable[[Mirror], _T], *, partial: bool) -> _T:
        """Do something with a mirror: a partial one if asked for, else a whole one, and if that is broken a new one."""
        whole = gitmirror.Mirror(self._home(url), self._git)
        mirrors = [whole] if whole.exists else []
        if partial and not self._offline:
            mirrors.insert(0, gitmirror.Mirror(self._home(url), self._git, partial=True))
        for mirror in mirrors:
            try:
                return work(mirror)
            except gitmirror.BrokenMirror as broken:
                said = self._git.error(url, broken.completed)
                if self._offline:  # there would be nothing in its place
                    raise said from None
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

    def _has(self, url: GitUrl, commit: str) -> bool:
        """Whether a tree of this commit can be had without the server, or at least was fetched."""
        if self._trees(url).has(commit):
            return True
        mirrors = (gitmirror.Mirror(self._home(url), self._git, partial=partial) for partial in (False, True))
        return any(mirror.exists and mirror.has(commit) for mirror in mirrors)

    def _tidy(self, url: GitUrl) -> None:
        unused = self._trees(url).tidy()
        for partial in (False, True):
            gitmirror.Mirror(self._home(url), self._git, partial=partial).forget(unused)

    def _trees(self, url: GitUrl) -> gittrees.Trees:
        return gittrees.Trees(self._home(url), self._git)

    def _home(self, url: GitUrl) -> Path:
        return caches.private_directory(self._cache.git.resolve() / url.key)

    def _locked(self, url: GitUrl) -> AbstractContextManager[None]:
        return self._cache.locked(
            f"git-{url.key}",
            waiting=lambda: _logger.info("waiting for another process that is fetching %s", url.shown),
        )


def _not_cached(url: GitUrl, ref: str) -> errors.SourceError:
    return errors.SourceError(
        f"`{ref}` of repository `{url.clone_url}` is not in the cache",
        hint="run once without `--cached-repositories`, which takes everything from the cache",
    )
