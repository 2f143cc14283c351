"""What goes over the wire, as data, and the seam behind which it does.

Nothing here loads ``http.client`` or ``ssl``, so requests can be made up and answers scripted without them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType
    from typing import Self

__all__ = [
    "DEFAULT_TIMEOUT",
    "ClientCertificate",
    "Headers",
    "Request",
    "Response",
    "Stream",
    "TlsOptions",
    "Transport",
]

DEFAULT_TIMEOUT: Final = 30.0

_IDEMPOTENT_PATCHES: Final = ("application/apply-patch+", "application/merge-patch+json")


class Headers:
    """Headers of an answer: names without case, several values under one name, in the order they came."""

    __slots__ = ("_pairs",)

    def __init__(
        self, pairs: Iterator[tuple[str, str]] | list[tuple[str, str]] | tuple[tuple[str, str], ...] = ()
    ) -> None:
        self._pairs = tuple(pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __repr__(self) -> str:
        return f"Headers({list(self._pairs)!r})"

    def get(self, name: str, default: str = "") -> str:
        """Return the first value under a name."""
        wanted = name.lower()
        return next((value for key, value in self._pairs if key.lower() == wanted), default)

    def all(self, name: str) -> list[str]:
        """Return every value under a name."""
        wanted = name.lower()
        return [value for key, value in self._pairs if key.lower() == wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    A header with several values is a tuple of them, sent as several headers.
    ``timeout`` is how many seconds may pass without a byte moving, not how long the whole may take: a long list over
    a slow line is no failure. ``repeatable`` says whether sending it twice does no harm; left out, it follows from the
    method: POST is not, PATCH only as server-side apply or merge patch, everything else is.
    """

    method: str
    url: str
    headers: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float = DEFAULT_TIMEOUT
    repeatable: bool | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether the request may be sent again when it is not known if it arrived."""
        if self.repeatable is not None:
            return self.repeatable
        match self.method:
            case "POST" | "CONNECT":
                return False
            case "PATCH":
                kind = next((value for key, value in self.headers.items() if key.lower() == "content-type"), "")
                return isinstance(kind, str) and kind.startswith(_IDEMPOTENT_PATCHES)
            case _:
                return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer, read to its end and unpacked (``Content-Encoding: gzip``).

    ``uncertain`` says that the request was sent before, and that what became of that is not known.
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    uncertain: bool = False


class Stream(Protocol):
    """An answer that is read while it comes."""

    @property
    def status(self) -> int:
        """The status code."""

    @property
    def headers(self) -> Headers:
        """The headers."""

    def lines(self) -> Iterator[bytes]:
        """Yield lines without their line feed, a last one without line feed too; end when the answer ends or is cut."""

    def chunks(self, size: int = 65536) -> Iterator[bytes]:
        """Yield the body in pieces of at most ``size`` bytes, as they come."""

    def read(self) -> bytes:
        """Return the rest of the body."""

    def close(self) -> None:
        """End the answer. Safe from any thread: one that is reading sees the end at once."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""


class Transport(Protocol):
    """Sends requests. Safe to use from several threads.

    Raises `errors.Unreachable` and nothing else when no answer can be had; an answer of any status is an answer.
    """

    def send(self, request: Request) -> Response:
        """Send a request and read the whole answer."""

    def stream(self, request: Request) -> Stream:
        """Send a request and return as soon as the headers of the answer are there."""

    def close(self) -> None:
        """Close all connections that are idle, and those in use when they are given back."""

    def abort(self) -> None:
        """Close all connections at once; requests that are under way fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """A certificate chain and its key, both PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """How to tell that the server is the right one, and to tell it who we are.

    With ``authority`` (PEM, one or several certificates) only that is trusted, without it what the system trusts.
    ``server_name`` is expected in the certificate in place of the host of the URL. ``insecure`` expects nothing.
    """

    authority: bytes | None = None
    insecure: bool = False
    server_name: str = ""
    client: ClientCertificate | None = None
