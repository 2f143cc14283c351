"""Remote directories: a repository's address becomes directories to walk, with an origin to name them by.

What scripts see of it is ``ktor.app.walk_remote``, ``repository``, ``repository_credentials_provider`` and
``display_path`` (compatibility page, 3.6 and 3.10).
"""

from __future__ import annotations

import logging
import os
import threading
import urllib.parse
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

from kubernator import errors
from kubernator.run import inside
from kubernator.run.repository import Place, Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kubernator.model.origin import Origin
    from kubernator.redaction import Secrets
    from kubernator.tools import process
    from kubernator.tools.cache import Cache
    from kubernator.tools.gitcache import GitCache
    from kubernator.tools.giturl import CredentialsProvider, GitUrl
    from kubernator.tools.lockfile import Pins

__all__ = ["Place", "Remotes", "Repository"]

_T = TypeVar("_T")

_logger = logging.getLogger("kubernator.repository")


class _Found(NamedTuple):
    repository: Repository
    root: Path
    inner: PurePath


class Remotes:
    """The repositories of one run. Asking twice for one (host, path, query) fetches once.

    A context manager: at its end other runs may tidy up what was used. May be used from several threads. Most runs have
    no repository, so what knows git is imported when the first one is asked for.
    """

    def __init__(
        self,
        cache: Cache,
        *,
        secrets: Secrets | None = None,
        runner: Callable[..., process.Completed] | None = None,
        environment: Mapping[str, str] | None = None,
        pins: Pins | None = None,
        offline: bool = False,
    ) -> None:
        """Take what runs programs, and the environment git inherits; ours if there is none.

        ``pins`` is the lock file of the tree; ``offline`` takes everything from the cache, also branches and tags.
        """
        self._secrets = secrets
        self._directory = cache
        self._runner = runner
        self._environment = environment
        self._pins = pins
        self._offline = offline
        self._opened: GitCache | None = None
        self._provider: CredentialsProvider | None = None
        self._repositories: dict[object, Repository] = {}
        self._logins: dict[object, GitUrl] = {}
        self._commits: dict[str, str] = {}
        self._roots: dict[Path, Repository] = {}
        self._cones: dict[Path, tuple[str, ...]] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the directories. What is displayed stays right."""
        if self._opened is not None:
            self._opened.close()

    @property
    def _cache(self) -> GitCache:
        from kubernator.tools import git, gitcache, process  # noqa: PLC0415 - few trees have a repository

        with self._lock:
            if self._opened is None:
                runner = process.run if self._runner is None else self._runner
                self._opened = gitcache.GitCache(
                    self._directory,
                    git.Git(secrets=self._secrets, runner=runner, base=self._environment),
                    login=self._logged_in,
                    offline=self._offline,
                )
            return self._opened

    def set_credentials_provider(self, provider: CredentialsProvider | None) -> None:
        """Ask this function from now on, once for each repository and again when it is refused; None asks nobody.

        It gets a `urllib.parse.SplitResult` and returns ``(scheme, username, password)``, where None keeps what the
        address says. Raises `errors.ScriptError` for what cannot be called.
        """
        if provider is not None and not callable(provider):
            raise errors.ScriptError(
                f"`repository_credentials_provider` takes a function, not a `{type(provider).__name__}`",
                hint="define a function of one argument that returns (scheme, username, password)",
            )
        self._provider = provider

    @property
    def credentials_provider(self) -> CredentialsProvider | None:
        """The function that is asked for credentials."""
        return self._provider

    def repository(
        self, repo: str | os.PathLike[str], *, base: Path | None = None, origin: Origin | None = None
    ) -> Repository:
        """Fetch a repository, unless this run did already, and return it.

        ``base`` is what the path of a local repository is relative to, ``origin`` who asks. Raises
        `errors.SourceError`, and `errors.ScriptError` where the credentials provider is to blame.
        """
        from kubernator.tools import giturl  # noqa: PLC0415 - few trees have a repository

        asked = giturl.parse(repo, base=base, origin=origin)
        with self._lock, _placed(origin):
            known = self._repositories.get(asked.identity)
            if known is None:
                known = self._repositories[asked.identity] = self._fetched(asked, origin)
            return known

    def paths(
        self,
        repository: Repository,
        prefixes: Iterable[str | bytes | os.PathLike[str]] = (),
        *,
        origin: Origin | None = None,
    ) -> list[Path]:
        """Return the directories to walk, in order: each prefix, or the root if there is none.

        A leading ``/`` means the repository's root. Raises `errors.SourceError` for what is not there, is no directory,
        or is outside the repository, be it by ``..`` or through a symbolic link.
        """
        with self._lock, _placed(origin):
            inner = [inside.inner(prefix, repository) for prefix in prefixes] or [""]
            root = repository.tree(inner)
            return [inside.directory(root, path, repository) for path in inner]

    def present(self, path: Path, *, origin: Origin | None = None) -> Path:
        """Return where a directory to walk is; in a repository of which only a part was fetched, it is fetched now.

        A script in such a part may walk ``../common`` or an absolute path in it. That directory is in another tree
        then, which has everything the first one has. Raises `errors.SourceError`.
        """
        found = self._located(path)
        if found is None or not found.repository.sparse:
            return path
        inner = inside.inner(found.inner, found.repository)
        with self._lock, _placed(origin):
            have = self._cones[found.root]
            if not have or any(f"{inner}/".startswith(f"{directory}/") for directory in have):
                return path
            return found.repository.tree([*have, inner]) / inner

    def place(self, path: str | os.PathLike[str]) -> Place:
        """Say where a path is; in a fetched repository the path is relative to the repository's root."""
        found = self._located(path)
        if found is None:
            return Place(path=PurePath(path))
        return Place(path=found.inner, repository=found.repository.clone_url, ref=found.repository.ref)

    def repository_of(self, path: str | os.PathLike[str]) -> Repository | None:
        """Return the fetched repository a path is in, or None."""
        found = self._located(path)
        return found.repository if found else None

    def display_path(self, path: str | os.PathLike[str]) -> str:
        """Return ``<repository's address> <path in it>`` for what is in a fetched repository, else the path itself."""
        found = self._located(path)
        return f"{found.repository.url_str} {found.inner}" if found else os.fspath(path)

    def _located(self, path: str | os.PathLike[str]) -> _Found | None:
        if not self._roots:
            return None
        plain = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as written, if that leads somewhere
        return self._inside(plain) or self._inside(plain.resolve())

    def _inside(self, path: Path) -> _Found | None:
        for parent in (path, *path.parents):
            if repository := self._roots.get(parent):
                return _Found(repository, parent, path.relative_to(parent))
        return None

    def _fetched(self, asked: GitUrl, origin: Origin | None) -> Repository:
        for name in asked.unknown:
            _logger.warning("the query parameter `%s` of %s means nothing here; did you mean `ref`?", name, asked.shown)
        key = self._pin_key(asked)
        pinned = self._commits.get(key)  # a ref is one commit in a run, also where a part is asked for, and then all
        if pinned is None and self._pins and key:
            pinned = self._pins.pinned("git", key, origin=origin)
            _check_pin(key, pinned)
        _logger.info("fetching %s%s", asked.shown, f", pinned to {pinned}" if pinned else "")
        try:
            url, commit = self._logged_in(asked, lambda url: (url, self._cache.commit(url, pinned=pinned)))
        except errors.SourceError as error:
            if pinned:
                error.detail.append(("pinned to", pinned))
            raise
        if key:
            self._commits[key] = commit
        if self._pins and key:
            self._pins.settle("git", key, commit, origin=origin)

        def tree(directories: tuple[str, ...]) -> Path:
            with self._lock:
                root = self._logged_in(asked, lambda url: self._cache.tree(url, commit, directories=directories))
                self._roots.setdefault(root, repository)
                self._cones[root] = directories
                return root

        repository = Repository(url, commit, tree)
        if not repository.sparse:
            repository.tree()  # what cannot be had is said where it was asked for
        return repository

    def _logged_in(self, asked: GitUrl, work: Callable[[GitUrl], _T]) -> _T:
        """Do something with a repository's address and credentials, and once more with others if these are refused.

        The provider may hand out what is valid for a short time only, so it is asked anew then.
        """
        from kubernator.tools import gittrouble  # noqa: PLC0415 - few trees have a repository

        url = self._logins.get(asked.identity) or self._provided(asked)
        try:
            return work(url)
        except gittrouble.CredentialsRefused:
            again = self._provided(asked)
            if again == url:
                raise
            _logger.info("%s refused the credentials, trying those that the provider has now", url.shown)
            return work(again)

    def _provided(self, asked: GitUrl) -> GitUrl:
        self._hide(asked)
        url = self._logins[asked.identity] = asked.provided(self._provider)
        self._hide(url)
        return url

    def _pin_key(self, asked: GitUrl) -> str:
        """Return what a repository is called in the lock file, nothing for a full hash, which is pinned as it is.

        A local repository is called as it is seen from the lock file, which other machines read too.
        """
        from kubernator.tools import gitmirror  # noqa: PLC0415 - few trees have a repository

        if gitmirror.HASH.fullmatch((asked.ref or "").lower()):
            return ""
        where = asked.clone_url
        if not asked.host and self._pins is not None:
            where = os.path.relpath(urllib.parse.unquote(asked.path), self._pins.path.parent)
        return f"{where}?ref={asked.ref or 'HEAD'}"

    def _hide(self, url: GitUrl) -> None:
        if self._secrets is not None:
            for secret in url.credentials.secrets:
                self._secrets.add(secret)


def _check_pin(key: str, pinned: str | None) -> None:
    from kubernator.tools import gitmirror  # noqa: PLC0415 - few trees have a repository

    if pinned is not None and not gitmirror.HASH.fullmatch(pinned):
        raise errors.ProjectError(
            f"the lock file pins git `{key}` to `{pinned}`, which is no full commit hash",
            hint="`kubernator lock` writes it anew",
        )


class _placed:  # noqa: N801 - used like a function
    """Say who asked, in an error that does not yet."""

    def __init__(self, origin: Origin | None) -> None:
        self._origin = origin

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, errors.KubernatorError) and error.origin is None and self._origin is not None:
            error.origin = self._origin
            error.detail[:0] = self._origin.lines()
