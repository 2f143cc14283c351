"""The words of a fault proxy's script: which requests are meant, and what happens to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "Cut",
    "Delay",
    "Drop",
    "Fault",
    "Hang",
    "Meanwhile",
    "Outage",
    "Refuse",
    "Seen",
    "Spoil",
    "WatchFault",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that reached the proxy."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def writes(self) -> bool:
        """Whether it changes something: a write that is no dry run."""
        if self.method == "GET" or "dryRun=All" in self.path:
            return False
        return not (self.method == "DELETE" and b'"dryRun"' in self.body)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to requests of a method (``*`` for any) whose path and query match from their beginning.

    It happens ``times`` times, for ever when that is 0; ``after`` requests that match are let through before. ``when``
    may look closer. With ``chance`` below 1 it happens to that share of them, by the dice of the proxy.
    """

    method: str
    path: str
    times: int = field(default=1, kw_only=True)
    after: int = field(default=0, kw_only=True)
    chance: float = field(default=1.0, kw_only=True)
    when: Callable[[Seen], bool] | None = field(default=None, kw_only=True, repr=False)

    def matches(self, seen: Seen) -> bool:
        """Say whether a request is one of those that it is about."""
        if self.method not in {"*", seen.method} or not re.match(self.path, seen.path):
            return False
        return self.when is None or self.when(seen)


@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """Answer in the server's place: with a Status of failure, or with ``body`` where one is given.

    With ``forward`` the server carries the request out, and its answer is thrown away.
    """

    status: int = field(default=503, kw_only=True)
    message: str = field(default="refused by the test", kw_only=True)
    reason: str = field(default="", kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    body: bytes | None = field(default=None, kw_only=True)
    forward: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Hold the request back until `FaultProxy.release` or the end of the proxy, then let it through."""


@dataclass(frozen=True, slots=True)
class Hang(Fault):
    """Never answer; the request reaches the server when ``forward``."""

    forward: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Cut(Fault):
    """Let the request through and end the connection after so many bytes of the answer's body."""

    size: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class Drop(Fault):
    """End the connection without an answer; the request reaches the server when ``forward``.

    With ``reset`` the end is a TCP reset.
    """

    forward: bool = field(default=False, kw_only=True)
    reset: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Spoil(Fault):
    """Let the request through and spoil the answer.

    ``garbage`` is not HTTP; ``truncated`` is half a body that its length agrees with, ``short`` one that is shorter
    than its length says, ``surplus`` one that is longer; ``gzip`` says that it is packed and is not; ``headers`` and
    ``drip`` come byte by byte, ``pace`` seconds apart.
    """

    way: Literal["garbage", "truncated", "short", "surplus", "gzip", "headers", "drip"] = field(
        default="garbage", kw_only=True
    )
    pace: float = field(default=0.001, kw_only=True)


@dataclass(frozen=True, slots=True)
class WatchFault(Fault):
    """Pass on so many ``events`` of a watch; then end it, fall silent, send an ERROR of a code, or half a line."""

    events: int = field(default=0, kw_only=True)
    then: Literal["end", "hang", "error", "half"] = field(default="end", kw_only=True)
    code: int = field(default=410, kw_only=True)


@dataclass(frozen=True, slots=True)
class Outage(Fault):
    """Drop the request and all connections, and refuse new ones for so many seconds."""

    seconds: float = field(default=0.5, kw_only=True)


@dataclass(frozen=True, slots=True)
class Meanwhile(Fault):
    """Do something when the request comes (``arrived``), and when the server has answered it (``answered``).

    Without ``forward`` the server does not get it; without ``answer`` the client gets nothing but the end.
    """

    arrived: Callable[[], object] | None = field(default=None, kw_only=True, repr=False)
    answered: Callable[[], object] | None = field(default=None, kw_only=True, repr=False)
    forward: bool = field(default=True, kw_only=True)
    answer: bool = field(default=True, kw_only=True)
