"""Remote directories: a repository's address becomes directories to walk, with an origin to name them by.

What scripts see of it is ``ktor.app.walk_remote``, ``repository``, ``repository_credentials_provider`` and
``display_path`` (compatibility page, 3.6 and 3.10).
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple, Self

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kubernator.model.origin import Origin
    from kubernator.redaction import Secrets
    from kubernator.tools import process
    from kubernator.tools.cache import Cache
    from kubernator.tools.gitcache import GitCache
    from kubernator.tools.giturl import CredentialsProvider, GitUrl

__all__ = ["Place", "Remotes", "Repository"]

_logger = logging.getLogger("kubernator.repository")


class Repository:
    """A fetched repository at one commit. Nothing here shows credentials."""

    def __init__(self, url: GitUrl, commit: str, tree: Callable[[tuple[str, ...]], Path]) -> None:
        self._url = url
        self._tree = tree
        self.commit = commit
        """The full hash of the commit that ``ref`` meant."""

    @property
    def url_str(self) -> str:
        """The address with its query, as it may be shown."""
        return self._url.shown

    @property
    def clone_url(self) -> str:
        """The address git is given, without the query."""
        return self._url.clone_url

    @property
    def ref(self) -> str | None:
        """The branch, tag or commit that was asked for; None for the default branch."""
        return self._url.ref

    @property
    def sparse(self) -> bool:
        """Whether only the directories that are walked are fetched."""
        return self._url.sparse

    @property
    def local_dir(self) -> Path:
        """The directory with all files of the commit. It is this run's to read; a later run may remove it."""
        return self._tree(())

    def __repr__(self) -> str:
        return f"Repository({self.url_str!r}, commit={self.commit!r})"


class Place(NamedTuple):
    """Where a path is, in the words of `model.origin.Origin`: pass ``path``, ``repository`` and ``ref`` on."""

    path: PurePath
    repository: str | None = None
    ref: str | None = None


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
    ) -> None:
        """Take what runs programs, and the environment git inherits; ours if there is none."""
        self._secrets = secrets
        self._directory = cache
        self._runner = runner
        self._environment = environment
        self._opened: GitCache | None = None
        self._provider: CredentialsProvider | None = None
        self._repositories: dict[object, Repository] = {}
        self._roots: dict[Path, Repository] = {}
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
                    self._directory, git.Git(secrets=self._secrets, runner=runner, base=self._environment)
                )
            return self._opened

    def set_credentials_provider(self, provider: CredentialsProvider | None) -> None:
        """Ask this function from now on, once for each repository; None asks nobody.

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
        self._hide(asked)
        with self._lock, _placed(origin):
            known = self._repositories.get(asked.identity)
            if known is None:
                known = self._repositories[asked.identity] = self._fetched(asked)
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
            inner = [_inner(prefix, repository) for prefix in prefixes] or [""]
            cone = tuple(inner) if repository.sparse and all(inner) else ()
            root = repository._tree(cone)  # noqa: SLF001 - made here
            return [_directory(root, path, repository) for path in inner]

    def place(self, path: str | os.PathLike[str]) -> Place:
        """Say where a path is; in a fetched repository the path is relative to the repository's root."""
        found = self._located(path)
        if found is None:
            return Place(path=PurePath(path))
        repository, inner = found
        return Place(path=inner, repository=repository.clone_url, ref=repository.ref)

    def repository_of(self, path: str | os.PathLike[str]) -> Repository | None:
        """Return the fetched repository a path is in, or None."""
        found = self._located(path)
        return found[0] if found else None

    def display_path(self, path: str | os.PathLike[str]) -> str:
        """Return ``<repository's address> <path in it>`` for what is in a fetched repository, else the path itself."""
        found = self._located(path)
        return f"{found[0].url_str} {found[1]}" if found else os.fspath(path)

    def _located(self, path: str | os.PathLike[str]) -> tuple[Repository, PurePath] | None:
        if not self._roots:
            return None
        plain = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as written, if that leads somewhere
        return self._inside(plain) or self._inside(plain.resolve())

    def _inside(self, path: Path) -> tuple[Repository, PurePath] | None:
        for parent in (path, *path.parents):
            if repository := self._roots.get(parent):
                return repository, path.relative_to(parent)
        return None

    def _fetched(self, asked: GitUrl) -> Repository:
        url = asked.provided(self._provider)
        self._hide(url)
        for name in url.unknown:
            _logger.warning("the query parameter `%s` of %s means nothing here; did you mean `ref`?", name, url.shown)
        _logger.info("fetching %s", url.shown)
        commit = self._cache.commit(url)

        def tree(directories: tuple[str, ...]) -> Path:
            with self._lock:
                root = self._cache.tree(url, commit, directories=directories)
                self._roots.setdefault(root, repository)
                return root

        repository = Repository(url, commit, tree)
        if not url.sparse and (repository.local_dir / ".gitmodules").is_file():
            _logger.info("%s has submodules, which are not fetched", url.shown)
        return repository

    def _hide(self, url: GitUrl) -> None:
        if self._secrets is not None:
            for secret in url.credentials.secrets:
                self._secrets.add(secret)


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


def _inner(prefix: str | bytes | os.PathLike[str], repository: Repository) -> str:
    """Return a prefix relative to the root, without dots; "" is the root."""
    text = os.fsdecode(prefix)
    path = os.path.normpath(text.lstrip("/") or ".")
    if path == ".." or path.startswith("../") or "\0" in path:
        raise errors.SourceError(
            f"`{text}` is outside repository `{repository.url_str}`", hint="a prefix starts at the repository's root"
        )
    return "" if path == "." else path


def _directory(root: Path, inner: str, repository: Repository) -> Path:
    path = root / inner
    try:
        resolved = path.resolve(strict=True)
    except OSError:
        raise _no_directory(root, inner, repository) from None
    if not resolved.is_relative_to(root.resolve()):
        raise errors.SourceError(
            f"`{inner}` is a symbolic link to a place outside repository `{repository.url_str}`",
            hint="walk a directory that is in the repository",
        )
    if not resolved.is_dir() or PurePath(inner).parts[:1] == (".git",):
        raise _no_directory(root, inner, repository)
    return path


def _no_directory(root: Path, inner: str, repository: Repository) -> errors.SourceError:
    import difflib  # noqa: PLC0415 - for a message

    title = (
        f"`{inner}` {'is no directory' if (root / inner).is_file() else 'is not'} in repository `{repository.url_str}`"
    )
    parent = root / inner
    while not parent.is_dir():
        parent = parent.parent
    names = sorted(entry.name for entry in parent.iterdir() if entry.is_dir() and entry.name != ".git")
    missing = (*(root / inner).relative_to(parent).parts, "")[0]
    shown = ", ".join(f"`{name}`" for name in (difflib.get_close_matches(missing, names) or names)[:10])
    return errors.SourceError(
        title,
        detail=[("commit", repository.commit)],
        hint=f"there are {shown}" if shown and not repository.sparse else "",
    )
