"""Addresses of git repositories: what may be written, what git is given, what may be shown.

Everything git itself takes is taken: ``https://``, ``http://``, ``git://``, ``ssh://``, ``file://``, the scp-like
``user@host:path``, and the path of a local repository. The query is ours, not git's: ``?ref=`` names a branch, a tag or
a commit. User name and password are taken out of the address as it is read, so `GitUrl.clone_url` and
`GitUrl.shown` can be stored and printed.
"""

from __future__ import annotations

import hashlib
import os
import re
import urllib.parse
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from urllib.parse import SplitResult

    from kubernator.model.origin import Origin

    CredentialsProvider = Callable[[SplitResult], tuple[str | None, str | None, str | None] | None]

__all__ = ["Credentials", "GitUrl", "parse"]

HTTP: Final = frozenset({"http", "https"})
SSH: Final = frozenset({"ssh", "git+ssh", "ssh+git"})
SCHEMES: Final = HTTP | SSH | {"git", "file", "ftp", "ftps"}

PARAMETERS: Final = frozenset({"ref", "sparse", "submodules"})
YES: Final = frozenset({"1", "true", "yes"})
NO: Final = frozenset({"0", "false", "no"})

NO_PASSWORD: Final = frozenset({"", "x-oauth-basic"})
"""Passwords that say that the user name is the secret, as hosting services document it."""

TOKEN_LENGTH: Final = 20
"""From this length on, a user name without a password over http is taken for a token."""

_SCP = re.compile(r"(?:(?P<user>[^@/\s:]+)@)?(?P<host>\[[^\]/]+\]|[^:/\s\[\]@]+):(?P<path>.+)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who we are for a server. None is "nothing said", an empty password is a password."""

    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def secrets(self) -> list[str]:
        """What of it must not be shown: the password, or the user name where that is a token."""
        if self.password is None:
            return [self.username] if self.username and len(self.username) >= TOKEN_LENGTH else []
        if self.password in NO_PASSWORD:
            return [self.username] if self.username else []
        return [self.password]


@dataclass(frozen=True, slots=True, kw_only=True)
class GitUrl:
    """A repository's address, taken apart. ``path`` is as written; of scp-like addresses it has no leading slash."""

    scheme: str
    host: str = ""
    port: int | None = None
    path: str
    query: str = ""
    scp: bool = False
    credentials: Credentials = field(default_factory=Credentials)

    @property
    def ref(self) -> str | None:
        """The branch, tag or commit that was asked for, or None."""
        return self._parameter("ref")

    @property
    def sparse(self) -> bool:
        """Whether only the asked-for directories shall be fetched."""
        return (self._parameter("sparse") or "").lower() not in {"", *NO}

    @property
    def beside(self) -> list[str]:
        """Directories that a sparse checkout shall have besides those asked for, as written."""
        text = self._parameter("sparse") or ""
        return [] if text.lower() in {*NO, *YES} else [name for name in text.split(",") if name]

    @property
    def submodules(self) -> bool:
        """Whether submodules shall be fetched."""
        return (self._parameter("submodules") or "").lower() not in NO

    @property
    def unknown(self) -> list[str]:
        """Names in the query that mean nothing to us."""
        return [name for name, _ in self._parameters() if name not in PARAMETERS]

    @property
    def identity(self) -> tuple[str, int | None, str, str]:
        """What makes two requests of one run the same (the scheme does not, nor do credentials)."""
        return self.host.lower(), self.port, self.path, self.query

    @property
    def key(self) -> str:
        """The name of the repository's directory in the cache: a hash of host, port and path."""
        return hashlib.sha256(f"{self.host.lower()}\n{self.port or ''}\n{self.path}".encode()).hexdigest()

    @property
    def server(self) -> str:
        """Scheme, host and port, as git matches credentials by."""
        return f"{self.scheme}://{self._netloc()}"

    @property
    def clone_url(self) -> str:
        """What git is given: with the user name of ssh, which is no secret, and without anything else to log in."""
        user = f"{self.credentials.username}@" if self.credentials.username and self.scheme in SSH else ""
        if self.scp:
            return f"{user}{self._netloc()}:{self.path}"
        quoted = urllib.parse.quote(self.credentials.username or "", safe="") if user else ""
        return f"{self.scheme}://{quoted}{'@' if user else ''}{self._netloc()}{self.path}"

    @property
    def shown(self) -> str:
        """The address for people: the clone URL and the query."""
        return f"{self.clone_url}?{self.query}" if self.query else self.clone_url

    def split(self) -> SplitResult:
        """Return the address as the user's credentials provider gets it, with user name and password."""
        user = urllib.parse.quote(self.credentials.username or "", safe="")
        if self.credentials.password is not None:
            user += f":{urllib.parse.quote(self.credentials.password, safe='')}"
        netloc = f"{user}@{self._netloc()}" if user else self._netloc()
        path = self.path if self.path.startswith("/") else f"/{self.path}"
        return urllib.parse.SplitResult(self.scheme, netloc, path, self.query, "")

    def provided(self, provider: CredentialsProvider | None) -> GitUrl:
        """Return the address with what the provider says of scheme, user name and password; None keeps an element.

        What a provider returns is taken literally, without decoding ``%`` sequences, unless it hands back what it got.
        A local repository has no credentials, so nobody is asked. Raises `errors.ScriptError` if the provider fails or
        answers something else, `errors.SourceError` if the scheme has no such credentials.
        """
        if provider is None or not self.host:
            return self.checked()
        given = self.split()
        scheme, username, password = _answer(provider, given)
        changed = self._with_scheme(scheme or self.scheme)
        kept = changed.credentials
        if password is not None and password != given.password:
            kept = replace(kept, password=password)
        elif changed.scheme != self.scheme and changed.scheme not in HTTP:
            kept = replace(kept, password=None)  # it belonged to the scheme that was replaced
        if username is not None and username != given.username:
            kept = replace(kept, username=username)
        return replace(changed, credentials=kept).checked()

    def checked(self) -> GitUrl:
        """Return the same address, or raise `errors.SourceError` if its scheme cannot carry its credentials."""
        if self.scheme in SSH and self.credentials.password is not None:
            raise errors.SourceError(
                f"a password was given for `{self.shown}`, and ssh takes none",
                hint="put a key into the ssh agent, name it by `GIT_SSH_COMMAND`, or use https",
            )
        if self.scheme in {"git", "file"} and self.credentials != Credentials():
            raise errors.SourceError(
                f"credentials were given for `{self.shown}`, and `{self.scheme}` takes none",
                hint='let the credentials provider return "https" or "ssh" as the scheme',
            )
        return self

    def _with_scheme(self, scheme: str) -> GitUrl:
        if scheme == self.scheme:
            return self
        if scheme not in SCHEMES - {"file"}:
            raise errors.ScriptError(
                f"the repository credentials provider returned the scheme `{scheme}`",
                hint='return "https", "http", "ssh", "git", or None to keep the scheme',
            )
        path = self.path if self.path.startswith("/") else f"/{self.path}"
        kept = replace(self.credentials, username=None) if scheme not in HTTP | SSH else self.credentials
        return replace(self, scheme=scheme, scp=False, path=path, credentials=kept)

    def _netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    def _parameters(self) -> list[tuple[str, str]]:
        # not `parse_qsl`: a plus is a plus, tags such as v1.2.3+build1 have it
        pairs = (part.partition("=") for part in self.query.split("&") if part)
        return [(urllib.parse.unquote(name), urllib.parse.unquote(value)) for name, _, value in pairs]

    def _parameter(self, wanted: str) -> str | None:
        return next((value for name, value in self._parameters() if name == wanted and value), None)


def parse(
    repo: str | os.PathLike[str], *, base: Path | None = None, origin: Origin | None = None, local: bool = True
) -> GitUrl:
    """Take a repository's address apart.

    A path, or a string without a scheme that is an existing path (seen from ``base``, then from the working directory),
    is a local repository; unless ``local`` is False, then nothing on this machine is looked at. Raises
    `errors.SourceError`, which never shows what may be a password.
    """
    text = os.fspath(repo)
    if not text or _CONTROL.search(text):
        raise errors.SourceError("the address of a repository is empty or has control characters", origin=origin)
    if not isinstance(repo, str):
        return _checked(_local(Path(text), base, query="") or _no_such(text, origin), origin)
    if "://" not in text.partition("?")[0]:
        found = (_local_with_query(text, base) if local else None) or _scp_like(text, origin)
        return _checked(found, origin)
    try:
        split = urllib.parse.urlsplit(text, allow_fragments=False)
        port = split.port
    except ValueError:  # its text may quote a part of the password
        raise errors.SourceError(
            "the address of a repository cannot be read",
            hint="in a user name or password, write `/`, `:`, `@`, `?`, `[` and `]` as %2F, %3A, %40, %3F, %5B and %5D",
            origin=origin,
        ) from None
    scheme = split.scheme.lower()
    if scheme not in SCHEMES:
        raise errors.SourceError(
            f"`{scheme or text.partition('://')[0]}` is not a way to reach a repository",
            hint="use https, http, ssh, git, file, `user@host:path`, or the path of a local repository",
            origin=origin,
        )
    if scheme == "file" and split.netloc not in {"", "localhost"}:
        raise errors.SourceError(
            "a `file` address names another host", hint="write `file:///path`, with three slashes", origin=origin
        )
    host = "" if scheme == "file" else split.hostname or ""
    if (not host and scheme != "file") or not split.path.strip("/"):
        raise errors.SourceError("the address of a repository has no host or no path", origin=origin)
    credentials = Credentials(username=_unquoted(split.username) or None, password=_unquoted(split.password))
    if _CONTROL.search(f"{credentials.username}{credentials.password}"):
        raise errors.SourceError("the credentials in a repository's address have control characters", origin=origin)
    path = _trimmed(split.path)
    return _checked(
        GitUrl(scheme=scheme, host=host, port=port, path=path, query=split.query, credentials=credentials), origin
    )


def _local_with_query(text: str, base: Path | None) -> GitUrl | None:
    before, mark, query = text.partition("?")
    whole = _local(Path(text), base, query="") if mark else None
    return whole or _local(Path(before), base, query=query)


def _scp_like(text: str, origin: Origin | None) -> GitUrl:
    before, _, query = text.partition("?")
    if match := _SCP.fullmatch(before):
        if match["host"].lower() in SCHEMES - {"git"}:  # `https:/user:password@host`, of which nothing is shown
            raise errors.SourceError(
                "the address of a repository has no `//` after its scheme",
                hint=f"write `{match['host'].lower()}://`, and the host after it",
                origin=origin,
            )
        if match["path"].startswith(":"):  # `transport::address`, which runs a program of that name
            raise errors.SourceError("remote helpers (`name::address`) are not supported", origin=origin)
        if not match["user"] and "@" in match["path"].partition("/")[0]:
            raise errors.SourceError(
                "an address like `user@host:path` takes no password",
                hint="put a key into the ssh agent, or use https",
                origin=origin,
            )
        return GitUrl(
            scheme="ssh",
            host=match["host"].strip("[]"),
            path=_trimmed(match["path"]),
            query=query,
            scp=True,
            credentials=Credentials(username=match["user"]),
        )
    return _no_such(before, origin)


def _local(path: Path, base: Path | None, *, query: str) -> GitUrl | None:
    for candidate in ([base / path] if base is not None else []) + [path]:
        if os.path.exists(candidate):  # noqa: PTH110 - `Path` raises for a name that is too long
            quoted = urllib.parse.quote(str(candidate.resolve()))
            return GitUrl(scheme="file", path=quoted, query=query)
    return None


def _no_such(text: str, origin: Origin | None) -> GitUrl:
    shown = text.rpartition("@")[2]
    raise errors.SourceError(
        f"`{shown}` is neither an address nor an existing path",
        hint="an address looks like `https://host/path`, `ssh://user@host/path` or `user@host:path`",
        origin=origin,
    )


def _checked(url: GitUrl, origin: Origin | None) -> GitUrl:
    if url.host.startswith("-") or url.path.startswith("-") or (url.credentials.username or "").startswith("-"):
        raise errors.SourceError("a part of the repository's address begins with a dash", origin=origin)
    if [name for name, _ in url._parameters()].count("ref") > 1:  # noqa: SLF001 - the same module
        raise errors.SourceError(f"`{url.shown}` names `ref` twice", origin=origin)
    return url


def _trimmed(path: str) -> str:
    return path.rstrip("/") or path


def _unquoted(text: str | None) -> str | None:
    return None if text is None else urllib.parse.unquote(text)


def _answer(provider: CredentialsProvider, given: SplitResult) -> tuple[str | None, str | None, str | None]:
    """Ask the user's function. Its answer is not quoted in an error: it holds a password."""
    try:
        answer: object = provider(given)
    except errors.KubernatorError:
        raise
    except Exception as error:
        raise errors.ScriptError(
            f"the repository credentials provider raised `{type(error).__name__}` for host `{given.hostname}`"
        ) from error
    if answer is None:
        return None, None, None
    if isinstance(answer, tuple | list) and len(answer) == 3 and _texts(answer):  # noqa: PLR2004 - the reference's tuple
        scheme, username, password = answer
        return scheme, username, password
    raise errors.ScriptError(
        f"the repository credentials provider returned a `{type(answer).__name__}` that is not three strings or None",
        hint="return (scheme, username, password); None keeps what the address says",
    )


def _texts(values: Iterable[object]) -> bool:
    return all(value is None or (isinstance(value, str) and not _CONTROL.search(value)) for value in values)
