"""Why git failed, as far as it says, and how to put that into words."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final

from kubernator import errors

if TYPE_CHECKING:
    from kubernator.redaction import Secrets
    from kubernator.tools.giturl import GitUrl

__all__ = ["CredentialsRefused", "Trouble", "source_error", "trouble"]


class CredentialsRefused(errors.SourceError):
    """The server wants other credentials, or some. Who has a provider may ask it again."""


class Trouble(Enum):
    """Why git failed, as far as it says."""

    CREDENTIALS = "credentials"
    HOST_KEY = "host key"
    CERTIFICATE = "certificate"
    NO_REPOSITORY = "no repository"
    NO_OBJECT = "no object"
    UNREACHABLE = "unreachable"
    DISK = "disk"
    LFS = "large file"
    OTHER = "other"


_SAID: Final = (
    (Trouble.LFS, r"smudge filter lfs failed|smudge error|external filter .*git-lfs"),
    (Trouble.HOST_KEY, r"host key verification failed|remote host identification has changed"),
    (
        Trouble.CREDENTIALS,
        (
            r"authentication failed|could not read (username|password)|permission denied \(|returned error: 40[137]"
            r"|invalid (username|credentials)|http basic: access denied|too many authentication failures"
        ),
    ),
    (Trouble.CERTIFICATE, r"ssl certificate problem|certificate verification failed|ssl: no alternative certificate"),
    (Trouble.NO_OBJECT, r"not our ref|couldn't find remote ref"),
    (
        Trouble.NO_REPOSITORY,
        (
            r"does not appear to be a git repository|not exported|repository .*not found|repository .*does not exist"
            r"|returned error: 404|not a git archive"
        ),
    ),
    (
        Trouble.UNREACHABLE,
        (
            r"could not resolve|unable to look up|unable to connect|failed to connect|couldn't connect"
            r"|connection refused|operation too slow"
            r"|connection reset|connection timed out|operation timed out|connection closed by|connection to .* closed"
            r"|network is unreachable|no route to host|returned error: 5\d\d|empty reply from server|remote end hung up"
        ),
    ),
    (Trouble.DISK, r"no space left on device|disk quota exceeded|read-only file system|file too large"),
)

_WORDS: Final = {
    Trouble.CREDENTIALS: (
        "refused the credentials, or wants some",
        "set them with `ktor.app.repository_credentials_provider`, a git credential helper, or the ssh agent",
    ),
    Trouble.HOST_KEY: (
        "is on a host whose key is not known",
        "connect once with `ssh`, or add the host's key to `known_hosts`",
    ),
    Trouble.CERTIFICATE: (
        "is on a host whose certificate cannot be verified",
        "name the authority's file by `GIT_SSL_CAINFO` or in git's `http.sslCAInfo`",
    ),
    Trouble.NO_REPOSITORY: (
        "is not there, or may not be read",
        "check the address; some servers answer so to who is not logged in",
    ),
    Trouble.NO_OBJECT: ("does not have what was asked for", "check `?ref=` in the address"),
    Trouble.UNREACHABLE: (
        "cannot be reached",
        "check the address, the network and the proxy; a full or pinned commit that is in the cache needs no network",
    ),
    Trouble.DISK: ("cannot be stored", "make room, or put the cache elsewhere with `XDG_CACHE_HOME`"),
    Trouble.LFS: (
        "has a file in Git LFS that cannot be had",
        "check the LFS server and the credentials for it; with `GIT_LFS_SKIP_SMUDGE=1` such files stay pointers",
    ),
    Trouble.OTHER: ("cannot be had", ""),
}


def trouble(stderr: str) -> Trouble:
    """Say what git's words (in the C locale) mean."""
    return next((found for found, said in _SAID if re.search(said, stderr, re.IGNORECASE)), Trouble.OTHER)


def source_error(url: GitUrl, stderr: str, *, secrets: Secrets | None = None) -> errors.SourceError:
    """Put a failure of git into words."""
    found = trouble(stderr)
    words, hint = _WORDS[found]
    said = secrets.redact(stderr) if secrets else stderr
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    kind = CredentialsRefused if found is Trouble.CREDENTIALS else errors.SourceError
    return kind(
        f"repository `{url.shown}` {words}", detail=[("git said", "\n".join(lines[-6:]))] if lines else [], hint=hint
    )
