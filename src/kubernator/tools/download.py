"""Fetching a file over HTTP: whole or not at all, only what was promised, and not again if it did not change."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import tempfile
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors, transport
from kubernator.tools import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Fetched", "cache_name", "digest", "fetch", "read_text", "secrets", "shown"]

CHUNK: Final = 256 * 1024
ATTEMPTS: Final = 4
TIMEOUT: Final = 30.0
LONGEST_WAIT: Final = 30.0
"""Seconds; a server that asks for more patience than this is taken as not answering."""

WRITTEN: Final = "/?%:@!$&'()*+,;=~"
"""What stays as it is written in a URL; spaces and letters of other languages are quoted, as browsers do."""

REDIRECTS: Final = 10
OK: Final = 200
MOVED: Final = frozenset({301, 302, 303, 307, 308})
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same request may well succeed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file that is there now. ``changed`` says whether its content came over the network this time."""

    path: Path
    changed: bool


def fetch(
    url: str,
    target: Path,
    *,
    sha256: str = "",
    sha512: str = "",
    mode: int = 0o600,
    headers: Mapping[str, str] | None = None,
    progress: Callable[[int, int | None], object] | None = None,
    attempts: int = ATTEMPTS,
    timeout: float = TIMEOUT,
    sleep: Callable[[float], object] | None = None,
) -> Fetched:
    """Make ``target`` hold what the URL serves.

    If the target is there and has the checksum asked for, nothing is sent. Without a checksum the request is
    conditional on what the server said last time (kept in a side file), and an unchanged file stays. ``progress`` gets
    bytes so far and in all, if known. ``timeout`` is in seconds, for connecting and for each silence.

    Raises `errors.SourceError` when it cannot be had, `errors.ChecksumMismatch` when it is something else,
    `errors.ToolError` when it cannot be written; none leaves anything behind nor touches a target that was there.
    """
    side = target.with_name(f".{target.name}.http")
    cache.private_directory(target.parent)
    with cache.locked(target.with_name(f".{target.name}.lock")), cache.storing(target):
        if target.is_file() and (sha256 or sha512) and _matches(target, sha256=sha256, sha512=sha512):
            return Fetched(path=target, changed=False)
        conditions = {} if sha256 or sha512 else _conditions(side, target, url)
        with _scratch(target) as part:
            sent = {**(headers or {}), **conditions}
            transfer = _Transfer(url, part, headers=sent, timeout=timeout, progress=progress)
            said = transfer.run(attempts, sleep or time.sleep)
            if said is None:
                return Fetched(path=target, changed=False)
            _verify(url, part, sha256=sha256, sha512=sha512)
            part.chmod(mode)
            part.replace(target)
        cache.write(side, json.dumps({"url": shown(url), **said}))
        return Fetched(path=target, changed=True)


def read_text(url: str, *, timeout: float = TIMEOUT, attempts: int = ATTEMPTS, limit: int = 1024 * 1024) -> str:
    """Return a small text, such as a list of checksums, of at most ``limit`` bytes. Raises `errors.SourceError`."""

    def read() -> str:
        with _Answers(timeout) as answers, answers.get(url, {}) as answer:
            if answer.status != OK:
                raise _Answered(answer)
            content = b""
            for piece in answer.chunks(CHUNK):
                content += piece
                if len(content) > limit:
                    raise errors.SourceError(f"`{shown(url)}` is larger than {limit} bytes")
        return content.decode("utf-8", "replace")

    return str(_retried(url, read, attempts=attempts, sleep=time.sleep))


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Return the checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def cache_name(url: str) -> str:
    """Name a download by its URL: readable, and of no other URL; credentials do not get in.

    Raises `errors.SourceError` for what is no URL.
    """
    name = re.sub(r"[^\w.-]", "_", PurePosixPath(urllib.parse.urlsplit(shown(url)).path).name) or "file"
    return f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{name}"


def shown(url: str) -> str:
    """Return a URL without user, password and query, fit for a message. Raises `errors.SourceError`."""
    parts = _parts(url)
    path = parts.path if parts.netloc else parts.path.rpartition("@")[2]  # without `//` the user stands in the path
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", ""))


def secrets(url: str) -> list[str]:
    """Return what must not be shown of a URL: its password, and its query, which may be a signature."""
    parts = _parts(url)
    return [text for text in (parts.password, parts.query) if text]


@contextlib.contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """Hand out an empty file on the target's file system that goes with all around it."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as directory:
        part = Path(directory) / "part"
        part.touch(mode=0o600)
        yield part


class _Answered(Exception):
    """An answer that is not the file."""

    def __init__(self, answer: transport.Stream) -> None:
        super().__init__(answer.status)
        self.status = answer.status
        self.wait = _seconds(answer.headers.get("Retry-After"))


def _retried(url: str, function: Callable[[], Any], *, attempts: int, sleep: Callable[[float], object]) -> Any:
    """Call something until it answers or trying again makes no sense."""
    for attempt in range(1, attempts + 1):
        wait = 0.5 * 2 ** (attempt - 1)
        last = attempt == attempts
        try:
            return function()
        except _Answered as error:
            if last or error.status not in PASSING or error.wait > LONGEST_WAIT:
                raise _failed(url, f"the server answered {error.status}", hint=_HINTS.get(error.status, "")) from None
            wait = max(wait, error.wait)
        except (transport.NotSent, transport.Broken) as error:
            if last:
                raise _failed(url, error.title, error) from error
        except errors.Unreachable as error:
            raise _failed(url, error.title, error) from error
        sleep(wait)
    raise _failed(url, "it was not asked for")


#: What may be wrong, by the server's answer.
_HINTS: Final = {
    404: "is the address right, and is there such a version? a mirror may lack it",
    401: "the address needs a user and a password, or others",
    403: "the address needs a user and a password, or others",
    407: "the proxy wants a user and a password: `HTTPS_PROXY` may hold them",
}
_NO_ANSWER: Final = "proxies are taken from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`"


def _failed(
    url: str, why: str, error: errors.KubernatorError | None = None, *, hint: str = _NO_ANSWER
) -> errors.SourceError:
    detail = error.detail if error else ()
    return errors.SourceError(f"`{shown(url)}` cannot be fetched: {why}", detail=detail, hint=hint)


class _Answers:
    """Asks for URLs, following redirects, never from https to something that anybody on the way can change."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.transport: transport.Transport = transport.HttpTransport(connect_timeout=min(timeout, 10.0))

    def __enter__(self) -> _Answers:  # noqa: PYI034 - private
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    def get(self, url: str, headers: Mapping[str, str]) -> transport.Stream:
        """Return the answer of the place where the redirects end; credentials in the URL go to its own host only."""
        asked = url
        for _ in range(REDIRECTS):
            bare, credentials = _split(asked)
            answer = self.transport.stream(
                transport.Request(
                    method="GET",
                    url=bare,
                    # packed on the way, a part of a file could not be told from another part
                    headers={"User-Agent": cache.APP, "Accept-Encoding": "identity", **credentials, **headers},
                    timeout=self.timeout,
                )
            )
            goal = answer.headers.get("Location")
            if answer.status not in MOVED or not goal:
                return answer
            answer.close()
            asked = urllib.parse.urlunsplit(_parts(goal, bare))
            if bare.startswith("https:") and not asked.startswith("https:"):
                raise errors.SourceError(f"`{shown(url)}` leads to `{shown(asked)}`, which is not https")
        raise errors.SourceError(f"`{shown(url)}` leads from one place to another without end")


class _Transfer:
    """One file on its way; what is there already is not asked for again when the connection breaks."""

    def __init__(
        self,
        url: str,
        part: Path,
        *,
        headers: Mapping[str, str],
        timeout: float,
        progress: Callable[[int, int | None], object] | None,
    ) -> None:
        self.url = url
        self.part = part
        self.headers = headers
        self.timeout = timeout
        self.progress = progress or (lambda _done, _total: None)
        self.tag = ""

    def run(self, attempts: int, sleep: Callable[[float], object]) -> dict[str, str] | None:
        """Return what the server said to be asked with next time, or None if the file did not change."""
        result: dict[str, str] | None = _retried(self.url, self._once, attempts=attempts, sleep=sleep)
        return result

    def _once(self) -> dict[str, str] | None:
        have = self.part.stat().st_size if self.tag else 0
        more = {"Range": f"bytes={have}-", "If-Range": self.tag} if have else {}
        with _Answers(self.timeout) as answers, answers.get(self.url, {**self.headers, **more}) as answer:
            match answer.status:
                case 304:
                    return None
                case 416 if have:  # the file became shorter
                    self.tag = ""
                    return self._once()
                case 206 if have:
                    pass
                case 200:
                    have = 0
                case _:
                    raise _Answered(answer)
            etag = answer.headers.get("ETag")
            self.tag = etag if etag.startswith('"') else ""  # a weak tag does not vouch for bytes
            length = answer.headers.get("Content-Length")
            self._copy(answer, have, have + int(length) if length.isdecimal() else None)
            return {name: value for name in ("ETag", "Last-Modified") if (value := answer.headers.get(name))}

    def _copy(self, answer: transport.Stream, done: int, total: int | None) -> None:
        with self.part.open("r+b") as file:
            file.truncate(done)
            file.seek(done)
            for piece in answer.chunks(CHUNK):
                file.write(piece)
                done += len(piece)
                self.progress(done, total)


def _parts(url: str, base: str = "") -> urllib.parse.SplitResult:
    try:
        return urllib.parse.urlsplit(urllib.parse.urljoin(base, url))
    except ValueError:  # neither it nor what is said of it is shown: nobody can say what in it is a password
        raise errors.SourceError(
            "the address of a download cannot be read",
            hint="in a user name or password, write `/`, `:`, `@`, `?`, `[` and `]` as %2F, %3A, %40, %3F, %5B and %5D",
        ) from None


def _split(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL without user and password, and these as a header."""
    parts = _parts(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise errors.SourceError(f"`{shown(url)}` is no http or https URL")
    quoted = parts._replace(
        path=urllib.parse.quote(parts.path, WRITTEN), query=urllib.parse.quote(parts.query, WRITTEN)
    )
    bare = urllib.parse.urlunsplit(quoted._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
    if parts.username is None:
        return bare, {}
    user = ":".join(urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
    return bare, {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()}


def _conditions(side: Path, target: Path, url: str) -> dict[str, str]:
    with contextlib.suppress(OSError, ValueError):
        said = json.loads(side.read_text())
        if target.is_file() and isinstance(said, dict) and said.get("url") == shown(url):
            names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
            return {header: str(said[name]) for name, header in names.items() if said.get(name)}
    return {}


def _matches(path: Path, *, sha256: str, sha512: str) -> bool:
    return (not sha256 or digest(path, "sha256") == sha256.lower()) and (
        not sha512 or digest(path, "sha512") == sha512.lower()
    )


def _verify(url: str, part: Path, *, sha256: str, sha512: str) -> None:
    for algorithm, wanted in (("sha256", sha256), ("sha512", sha512)):
        if wanted and (got := digest(part, algorithm)) != wanted.lower():
            raise errors.ChecksumMismatch(
                f"`{shown(url)}` is not what was promised",
                detail=[(f"{algorithm} promised", wanted), (f"{algorithm} fetched", got)],
                hint="it was not kept; if the promise is outdated, correct it",
            )


def _seconds(text: str | None) -> float:
    return float(text) if text and text.strip().isdecimal() else 0.0
