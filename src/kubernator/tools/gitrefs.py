"""What a ref of a repository stands for: what the server says, and what it said when it was last asked."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.tools import cache as caches
from kubernator.tools import git as gits
from kubernator.tools.gitmirror import HASH

if TYPE_CHECKING:
    from pathlib import Path

    from kubernator.tools.git import Git
    from kubernator.tools.giturl import GitUrl

__all__ = ["TAGS", "Refs", "Seen", "valid"]

DEFAULT: Final = "HEAD"
TAGS: Final = "refs/tags/"
SHOWN: Final = 8
"""So many refs are named in an error."""

_ABBREVIATED = re.compile(r"[0-9a-fA-F]{4,63}")
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|/\.|[/.]$|\.lock(/|$)")


@dataclass(frozen=True, slots=True)
class Seen:
    """The commit a ref stood for when the server was last asked, and when that was."""

    commit: str
    when: dt.datetime

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.commit} as of {self.when:%Y-%m-%d %H:%M}"


def valid(url: GitUrl) -> str:
    """Return the ref as git names it, or raise `errors.SourceError` for what can be none."""
    ref = url.ref or DEFAULT
    if _NO_REF.search(ref):
        raise errors.SourceError(
            f"`{ref}` in `{url.shown}` can be no branch, tag or commit",
            hint="a ref has no space, `..`, `~`, `^`, `:`, `?`, `*` or `[`",
        )
    return ref.lower() if HASH.fullmatch(ref.lower()) else ref


class Refs:
    """The refs of one repository; ``home`` is its directory in the cache."""

    def __init__(self, home: Path, git: Git) -> None:
        self._home = home
        self._git = git

    def look_up(self, url: GitUrl, ref: str) -> tuple[str, str]:
        """Ask the server; return the full name and the commit (of an annotated tag, what it points at).

        Raises `errors.SourceError`, which says what the cache has.
        """
        names = [ref] if ref == DEFAULT or ref.startswith("refs/") else [f"refs/heads/{ref}", f"{TAGS}{ref}"]
        if ref.startswith(("heads/", "tags/")):
            names.append(f"refs/{ref}")
        try:
            found = self._listed(url, *names, *(f"{name}^{{}}" for name in names))
            for name in names:
                if name in found:
                    return name, found.get(f"{name}^{{}}", found[name])
            raise _missing(url, ref, self._listed(url))
        except errors.SourceError as error:
            if seen := self.seen(ref):
                error.detail.append(("in the cache", f"`{ref}` is {seen}"))
                use = "`--cached-repositories` takes branches and tags as the cache has them"
                error.hint = "; ".join(filter(None, [error.hint, use]))
            raise

    def seen(self, ref: str) -> Seen | None:
        """Return what the ref stood for when it was last looked up, or None."""
        file = self._file(ref)
        try:
            commit = file.read_text("ascii").strip()
            when = dt.datetime.fromtimestamp(file.stat().st_mtime).astimezone()
        except (OSError, ValueError):
            return None
        return Seen(commit, when) if HASH.fullmatch(commit) else None

    def see(self, ref: str, commit: str) -> None:
        """Keep what a ref stands for now."""
        file = self._file(ref)
        caches.private_directory(file.parent)
        caches.write(file, f"{commit}\n")

    def _file(self, ref: str) -> Path:
        return self._home / "seen" / hashlib.sha256(ref.encode()).hexdigest()

    def _listed(self, url: GitUrl, *patterns: str) -> dict[str, str]:
        said = self._git.run("ls-remote", gits.REMOTE, *patterns, url=url, cwd=self._home)
        if said.code:
            raise self._git.error(url, said)
        lines = (line.partition("\t") for line in said.stdout.splitlines())
        return {name: commit for commit, _, name in lines if HASH.fullmatch(commit)}


def _missing(url: GitUrl, ref: str, there: dict[str, str]) -> errors.SourceError:
    if not there:
        return errors.SourceError(f"repository `{url.shown}` is empty", hint="push a commit, or check the address")
    if ref == DEFAULT:
        return errors.SourceError(
            f"repository `{url.shown}` has no default branch", hint="name a branch, tag or commit with `?ref=`"
        )
    return errors.SourceError(f"repository `{url.shown}` has no branch or tag `{ref}`", hint=_other(url, ref, there))


def _other(url: GitUrl, ref: str, there: dict[str, str]) -> str:
    import difflib  # noqa: PLC0415 - for a message

    if _ABBREVIATED.fullmatch(ref):
        return "a commit needs its full hash of 40 digits; servers do not look up shortened ones"
    names = [name.split("/", 2)[2] for name in there if name.startswith(("refs/heads/", TAGS)) and name[-1] != "}"]
    near = difflib.get_close_matches(ref, names, n=SHOWN) or (names if len(names) <= SHOWN else [])
    shown = ", ".join(f"`{name}`" for name in near)
    return f"{f'there are {shown}; ' if shown else ''}`git ls-remote {url.clone_url}` lists what is there"
