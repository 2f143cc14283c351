"""Submodules: which a commit has, at which commits, and where their repositories are.

They are read from the commit, not from a working tree, and fetched like any other repository, so that their commits are
cached, locked and logged in to in the same way. ``git submodule`` itself is not used: it would write addresses, with
their credentials, into the cache. What it refuses is refused here too: a repository of a server cannot name one of
this machine (CVE-2022-39253).

Source: git documentation, *gitmodules*; for relative addresses *git-submodule*, "add".
"""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.tools import gitmirror, giturl

if TYPE_CHECKING:
    from kubernator.tools.git import Git
    from kubernator.tools.gitmirror import Mirror
    from kubernator.tools.giturl import GitUrl

__all__ = ["Submodule", "address", "failed", "read"]

FILE: Final = ".gitmodules"

_LINK: Final = re.compile(r"160000 commit ([0-9a-f]+)\t(.+)", re.DOTALL)
_BLOB: Final = re.compile(r"100\d\d\d blob ")


@dataclass(frozen=True, slots=True)
class Submodule:
    """A directory that another repository fills: its path, the commit it is pinned to, the address as written."""

    path: str
    commit: str
    address: str

    def wanted(self, directories: tuple[str, ...]) -> bool:
        """Whether it is in one of some directories, or one of them in it; in a whole tree, always."""
        path = PurePosixPath(self.path)
        others = map(PurePosixPath, directories)
        return not directories or any(path.is_relative_to(other) or other.is_relative_to(path) for other in others)


def read(git: Git, url: GitUrl, mirror: Mirror, commit: str) -> list[Submodule]:
    """Return the submodules of a commit, in order of their paths; those that say ``update = none`` are left out.

    The caller holds the repository's lock. Raises `gitmirror.BrokenMirror` when the mirror cannot be read, and
    `errors.SourceError` when ``.gitmodules`` cannot.
    """

    def said(*args: str) -> str:
        completed = git.run(*args, url=url, git_dir=mirror.path, lazy=mirror.partial)
        if completed.code:
            raise gitmirror.BrokenMirror(completed)
        return completed.stdout

    if not _BLOB.match(said("ls-tree", commit, FILE)):  # a link, or nothing
        return []
    blob = said("rev-parse", f"{commit}:{FILE}").strip()
    said("cat-file", "-e", blob)  # of a partial mirror, it is fetched now
    listed = git.run("config", "--blob", blob, "--null", "--list", git_dir=mirror.path)
    if listed.code:
        raise errors.SourceError(
            f"`{FILE}` in `{url.shown}` cannot be read",
            detail=[("git said", listed.stderr.strip())],
            hint="`git config --file .gitmodules --list` shows what is wrong with it",
        )
    sections = _sections(listed.stdout)
    addresses = {
        section["path"].rstrip("/"): section["url"]
        for section in sections
        if _inside(section.get("path", "")) and section.get("url") and section.get("update") != "none"
    }
    if not addresses:
        return []
    links = said("ls-tree", "-z", commit, "--", *sorted(addresses)).split("\0")
    found = [(match[2], match[1]) for match in map(_LINK.fullmatch, links) if match]
    return [Submodule(path, pinned, addresses[path]) for path, pinned in found if path in addresses]


def address(parent: GitUrl, text: str) -> GitUrl:
    """Return where a submodule is, with the credentials of ``parent`` if it is on the same server.

    ``./`` and ``../`` count from the address of the repository it is in. Raises `errors.SourceError`.
    """
    if text.startswith(("./", "../")) or text in {".", ".."}:
        found = replace(parent, path=_relative(parent.path, text), query="")
    elif "://" in text or not text.startswith("/"):
        found = giturl.parse(text, local=False)
    else:
        found = giturl.GitUrl(scheme="file", path=urllib.parse.quote(text))
    if not found.host and parent.host:
        raise errors.SourceError(
            f"`{text}` is on this machine, and the repository that names it is not",
            hint="name the submodule by an address that every clone can reach",
        )
    if found.server == parent.server and found.credentials == giturl.Credentials():
        found = replace(found, credentials=parent.credentials)
    return replace(found, query="")


def failed(error: errors.SourceError, url: GitUrl, submodule: Submodule) -> errors.SourceError:
    """Say which submodule an error is about."""
    error.title = f"submodule `{submodule.path}` of `{url.shown}`: {error.title}"
    error.detail.append(("commit", submodule.commit))
    error.hint = "; ".join(
        filter(None, [error.hint, "if nothing of it is needed, add `submodules=false` to the query of the address"])
    )
    return error


def _inside(path: str) -> bool:
    """Whether a path is one in the repository; git passes over others, too."""
    return bool(path.strip("/")) and not path.startswith("/") and ".." not in path.split("/")


def _sections(listed: str) -> list[dict[str, str]]:
    """Take ``submodule.<name>.<key>`` apart; a name may have dots and anything else in it."""
    sections: dict[str, dict[str, str]] = {}
    for entry in listed.split("\0"):
        name, _, value = entry.partition("\n")
        section, _, key = name.rpartition(".")
        if section.startswith("submodule."):
            sections.setdefault(section, {})[key] = value
    return list(sections.values())


def _relative(path: str, text: str) -> str:
    base = path.rstrip("/")
    rest = text
    while True:
        if rest in {"..", "../"} or rest.startswith("../"):
            rest = rest[3:]
            if not base.strip("/"):
                raise errors.SourceError(
                    f"`{text}` leaves the server it is on", hint="correct the address in `.gitmodules`"
                )
            base = base.rpartition("/")[0]
        elif rest == "." or rest.startswith("./"):
            rest = rest[2:]
        else:
            break
    joined = f"{base}/{rest}".rstrip("/") if base or path.startswith("/") else rest.rstrip("/")
    if not joined.strip("/"):
        raise errors.SourceError(f"`{text}` names no repository", hint="correct the address in `.gitmodules`")
    return joined
