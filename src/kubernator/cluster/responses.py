"""What came back from an API server: data, warnings, or the error it stands for."""

from __future__ import annotations

import contextlib
import gc
import json
import re
import threading
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.cluster.requests import Call
    from kubernator.transport import Headers, Response

__all__ = ["Unreadable", "decode", "failure", "next_page", "parse", "retry_after", "status_failure", "warnings"]

#: From this size on the garbage collector is paused while parsing: measured, it is what bends the curve of large lists.
_LARGE: Final = 256 * 1024
_LONGEST_TEXT: Final = 500


class Unreadable(errors.ClusterError):
    """An answer of success that is not what it should be."""


def decode(response: Response, *, call: Call) -> Any:
    """Return the body of an answer of success as data. Raises the error an answer of failure stands for."""
    if response.status >= 400:  # noqa: PLR2004 - client and server errors start here
        raise failure(response, doing=call.doing)
    if response.status >= 300:  # noqa: PLR2004 - an API server does not redirect, what stands in front of it may
        raise errors.ClusterError(
            f"cannot {call.doing}: the server redirects (HTTP status {response.status})",
            detail=[("to", response.headers.get("location") or "nowhere")],
            hint="is the server's address that of a Kubernetes API server? a page to log in may stand in front of it",
        )
    return parse(response.body, doing=call.doing)


def parse(body: bytes, *, doing: str) -> Any:
    """Read JSON; an empty body is None. Raises `errors.ClusterError` when it is none."""
    if not body:
        return None
    with _collector_paused(large=len(body) >= _LARGE):
        try:
            return json.loads(body)
        except ValueError:
            start = body[:80].decode("utf-8", "replace").strip()
            raise Unreadable(
                f"cannot {doing}: the answer is not JSON",
                detail=[("answer", start)],
                hint="is the server's address that of a Kubernetes API server?",
            ) from None


def failure(response: Response, *, doing: str) -> errors.ClusterError:
    """Return the error that an answer of failure stands for, whatever its form.

    An API server answers with a Status mostly, and with plain text where a handler in front of it answers.
    """
    status: Mapping[str, Any] = {}
    with contextlib.suppress(ValueError):
        found = json.loads(response.body)
        if isinstance(found, dict):
            status = found
    if status.get("kind") != "Status":
        text = response.body[:_LONGEST_TEXT].decode("utf-8", "replace").strip()
        if text.lower().startswith(("<!doctype", "<html")):
            return _page(response, text, doing=doing)
        status = {"message": status.get("message") or text.partition("\n")[0]}
    error = status_failure(status, code=response.status, doing=doing, wait=retry_after(response.headers))
    if isinstance(error, errors.ApiError):
        error.uncertain = response.uncertain
    return error


def _page(response: Response, text: str, *, doing: str) -> errors.ApiError:
    """Return the error of a page for browsers. Whatever its status, an API server did not say it of an object."""
    title = re.search(r"<title>([^<]{1,80})", text, re.IGNORECASE)
    return errors.ApiError(
        f"cannot {doing}: the answer is a web page (HTTP status {response.status})",
        status=response.status,
        retry_after=retry_after(response.headers),
        detail=[("title", " ".join(title[1].split()))] if title else [],
        hint="something in front of the API server answers in its place: check the address, a proxy, a load balancer",
    )


def status_failure(
    status: Mapping[str, Any], *, code: int, doing: str, wait: float | None = None
) -> errors.ClusterError:
    """Return the error that a Status of failure stands for (API concept *Status*, ``meta/v1``)."""
    message = " ".join(str(status.get("message") or f"HTTP status {code}").split())
    if code == 401:  # noqa: PLR2004
        return errors.Unauthorized(
            f"cannot {doing}: the API server does not accept our credentials",
            detail=[("reason", message)],
            hint="the user's token or certificate may have expired: log in again, or check `kubectl auth whoami`",
        )
    details = status.get("details")
    details = details if isinstance(details, dict) else {}
    if wait is None and details.get("retryAfterSeconds"):
        wait = float(details["retryAfterSeconds"])
    causes = [
        errors.FieldCause(
            reason=str(cause.get("reason", "")),
            message=str(cause.get("message", "")),
            field=str(cause.get("field", "")),
        )
        for cause in details.get("causes") or ()
        if isinstance(cause, dict)
    ]
    return _class(code, message)(
        f"cannot {doing}: {message}",
        status=code,
        reason=str(status.get("reason", "")),
        causes=causes,
        details=details,
        retry_after=wait,
        body=status,
        hint=_ANONYMOUS if code == 403 and _NOBODY in message else _HINTS.get(code, ""),  # noqa: PLR2004
    )


_CLASSES: Final[Mapping[int, type[errors.ApiError]]] = {
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    422: errors.Invalid,
    429: errors.TooManyRequests,
}
_HINTS: Final = {
    503: "the API server, or one behind it, is not ready: try again",
}

#: Who we are to a server that accepts requests without credentials.
_NOBODY: Final = '"system:anonymous"'
_ANONYMOUS: Final = "the request came without credentials: has the user of the kubeconfig's context any?"

#: An unknown field, a wrong type or a key twice in a list: the server answers 500 to what is the manifest's fault.
_UNTYPED: Final = "failed to create typed patch object"


def _class(code: int, message: str) -> type[errors.ApiError]:
    if code == 500 and _UNTYPED in message:  # noqa: PLR2004
        return errors.Invalid
    return _CLASSES.get(code, errors.ApiError)


def retry_after(headers: Headers) -> float | None:
    """Return the seconds that ``Retry-After`` asks for; its form as a date is not used by API servers."""
    value = headers.get("retry-after").strip()
    return float(value) if value.isdigit() else None


def warnings(headers: Headers) -> tuple[str, ...]:
    """Return what ``Warning`` headers of code 299 say (RFC 7234, 5.5), each once, in order."""
    found: dict[str, None] = {}
    for value in headers.all("warning"):
        for code, text in _warnings(value):
            if code == "299":
                found[text] = None
    return tuple(found)


def _warnings(value: str) -> Iterator[tuple[str, str]]:
    """Read ``299 - "text"``, several of them separated by commas, quotes escaped inside."""
    rest = value.strip()
    while rest:
        code, _, rest = rest.partition(" ")
        _, _, rest = rest.lstrip().partition(" ")  # the agent
        rest = rest.lstrip()
        if not rest.startswith('"'):
            yield code, rest
            return
        text, rest = _quoted(rest)
        yield code, text
        rest = rest.lstrip()
        if rest.startswith('"'):  # the date
            _, rest = _quoted(rest)
        rest = rest.lstrip(" ,")


def _quoted(text: str) -> tuple[str, str]:
    """Take a quoted string from the front; headers are Latin-1 by the book and UTF-8 in fact."""
    out: list[str] = []
    characters = iter(enumerate(text[1:], start=1))
    for position, character in characters:
        if character == '"':
            return _utf8("".join(out)), text[position + 1 :]
        if character == "\\":
            _, character = next(characters, (0, ""))  # noqa: PLW2901
        out.append(character)
    return _utf8("".join(out)), ""


def _utf8(text: str) -> str:
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def next_page(metadata: Mapping[str, Any]) -> tuple[str, int]:
    """Return the continue token of a list and how many objects the server says remain (0 when it does not say)."""
    return str(metadata.get("continue") or ""), int(metadata.get("remainingItemCount") or 0)


_pause_lock = threading.Lock()
_pauses: list[bool] = []


@contextlib.contextmanager
def _collector_paused(*, large: bool) -> Iterator[None]:
    """Keep the garbage collector from walking a growing structure again and again; several threads may ask at once."""
    if not large:
        yield
        return
    with _pause_lock:
        _pauses.append(gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _pause_lock:
            was_enabled = _pauses.pop()  # the one that is left last is the first one's
            if not _pauses and was_enabled:
                gc.enable()
