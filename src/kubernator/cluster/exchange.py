"""From a call to its answer: credentials, connection, retries, counts.

Retried is what can do no harm: anything when nothing was sent or the server said 429 (it did not look at the request),
the rest of the list only when the call may be repeated: a connection that broke, 502, 503, 504, a 500 of a store that
is electing a leader, any 5xx that says when to come back. A 401 brings one more try when the credentials' source has
others. The number of tries and the time are bounded: few before anything was heard of the server, since its address may
be wrong; enough to outlive a restart after that; none once another call has waited in vain for the same thing.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from kubernator import errors
from kubernator.cluster import responses
from kubernator.transport import Broken, NotSent, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.cluster.auth import Credentials, Login
    from kubernator.cluster.limiter import Limiter
    from kubernator.cluster.requests import Call
    from kubernator.transport import ClientCertificate, Headers, Stream, Transport

__all__ = ["Exchange", "Retries"]

_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429
_ERROR: Final = 500
_PASSING: Final = frozenset({502, 503, 504})
#: What a 500 says when the server's store is electing a leader or restarts.
_ELECTING: Final = (b"etcdserver: leader changed", b"etcdserver: no leader", b"etcdserver: request timed out")
#: Stands for the server as a whole among what was waited for in vain.
_ALL: Final = ""


class Retries(NamedTuple):
    """How stubborn we are.

    ``tries`` of one call, ``unheard`` of one before the server has ever answered; ``first`` seconds before the second,
    doubled each time up to ``longest``; no try starts later than ``budget`` seconds after the first one.
    """

    tries: int = 10
    unheard: int = 4
    first: float = 0.2
    longest: float = 10.0
    budget: float = 60.0

    def pause(self, attempt: int, *, asked: float | None, jitter: float) -> float:
        """Return the seconds to wait after a number of tries; ``jitter`` (0 to 1) keeps clients from marching in step.

        What the server asks for is waited for, plus a little.
        """
        step = min(self.longest, self.first * float(2 ** (attempt - 1)))
        return asked + step * jitter if asked is not None else step * (0.5 + jitter / 2)


class _Status(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Headers: ...


_Answer = TypeVar("_Answer", bound=_Status)


class Exchange:
    """Sends calls to one server. Safe to use from several threads.

    ``connect`` makes a transport for a client certificate; credentials that bring another certificate get another.
    """

    def __init__(
        self,
        *,
        server: str,
        credentials: Credentials,
        connect: Callable[[ClientCertificate | None], Transport],
        limiter: Limiter,
        user_agent: str,
        compression: bool = False,
        retries: Retries | None = None,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.server = server
        self._credentials = credentials
        self._connect = connect
        self._limiter = limiter
        self._user_agent = user_agent
        self._compression = compression
        self._retries = retries or Retries()
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._clock = clock
        self._heard = False
        self._in_vain: set[str] = set()
        self._trouble = ""
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._transport: Transport | None = None
        self._certificate: ClientCertificate | None = None

    @property
    def counts(self) -> Mapping[str, int]:
        """A copy of the counts by verb."""
        with self._lock:
            return dict(self._counts)

    @property
    def trouble(self) -> str:
        """Why the server is not to be had, as the newest try found it; empty when it answers."""
        with self._lock:
            return self._trouble

    def send(self, call: Call) -> Response:
        """Send a call and return its answer, of whatever status. Raises `errors.ClusterError` when there is none."""

        def once(transport: Transport, request: Request) -> Response:
            with self._limiter.slot():
                return transport.send(request)

        answer, uncertain = self._tried(call, once)
        return replace(answer, uncertain=True) if uncertain else answer

    def stream(self, call: Call) -> Stream:
        """Send a call and return its answer as a stream; one of failure is raised as the error it stands for."""

        def once(transport: Transport, request: Request) -> Stream | Response:
            stream = transport.stream(request)
            if stream.status < 400:  # noqa: PLR2004 - an answer of success
                return stream
            with stream:
                return Response(status=stream.status, headers=stream.headers, body=stream.read())

        answer, _ = self._tried(call, once)
        if isinstance(answer, Response):
            raise responses.failure(answer, doing=call.doing)
        return answer

    def close(self) -> None:
        """End what is under way, retries too, and close connections."""
        self._closed.set()
        self._limiter.open()
        with self._lock:
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    def _tried(self, call: Call, once: Callable[[Transport, Request], _Answer]) -> tuple[_Answer, bool]:
        """Return the answer, and whether an earlier try may have been carried out."""
        started = self._clock()
        attempt = 0
        rejected = uncertain = False
        while True:
            attempt += 1
            login = self._credentials.login()
            self._count(call.verb)
            try:
                answer = once(self._transport_for(login), self._request(call, login))
            except (NotSent, Broken) as error:
                self._miss(error.title)
                broken = isinstance(error, Broken)
                if (broken and not call.repeatable) or not self._again(attempt, started, what=_ALL):
                    raise
                uncertain = uncertain or broken
                continue
            self._hear(answer, call)
            if answer.status == _UNAUTHORIZED and not rejected:
                rejected = True
                if self._credentials.rejected(login):
                    self._count("retry")
                    continue
            if not self._passing(answer, call):
                return answer, uncertain
            if answer.status >= _ERROR:
                self._miss(f"the API server answers with status {answer.status}")
            uncertain = uncertain or answer.status >= _ERROR
            if not self._again(attempt, started, what=_part(call.target), asked=_asked(answer)):
                return answer, uncertain

    def _miss(self, why: str) -> None:
        with self._lock:
            self._trouble = why

    def _hear(self, answer: _Answer, call: Call) -> None:
        """Take note of an answer: who gives one is there."""
        if answer.status >= _ERROR:
            return
        with self._lock:
            self._heard = True
            self._trouble = ""
            if answer.status != _TOO_MANY:
                self._in_vain -= {_ALL, _part(call.target)}

    def _passing(self, answer: _Answer, call: Call) -> bool:
        """Say whether the answer is of a trouble that may pass and the call may be sent again."""
        if answer.status == _TOO_MANY:
            self._count("throttled")
            asked = _asked(answer) or 0.0  # who asks for more than we ever wait holds up nobody but this call
            self._limiter.throttled(wait=asked if asked <= self._retries.budget else 0.0)
            return True
        if answer.status < _ERROR or not call.repeatable:
            return False
        return answer.status in _PASSING or _asked(answer) is not None or _electing(answer)

    def _again(self, attempt: int, started: float, *, what: str, asked: float | None = None) -> bool:
        """Wait before the next try, or say that there is none. ``what`` is what seems not to be there."""
        with self._lock:
            most = self._retries.tries if self._heard else self._retries.unheard
            tries = 1 if what in self._in_vain or self._closed.is_set() else most
        import random  # noqa: PLC0415 - most runs repeat nothing

        jitter = random.random()  # noqa: S311 - spreads load, guards nothing
        pause = self._retries.pause(attempt, asked=asked, jitter=jitter)
        if attempt >= tries or self._clock() - started + pause > self._retries.budget:
            with self._lock:
                self._in_vain.add(what)
            return False
        self._sleep(pause)
        if self._closed.is_set():
            return False
        self._count("retry")
        return True

    def _count(self, verb: str) -> None:
        with self._lock:
            self._counts[verb] += 1

    def _transport_for(self, login: Login) -> Transport:
        with self._lock:
            if self._closed.is_set():  # a thread that comes late must not open what nobody is going to close
                raise errors.Unreachable(f"connections to `{self.server}` are not wanted any more")
            if self._transport is not None and self._certificate == login.certificate:
                return self._transport
            old, self._transport = self._transport, self._connect(login.certificate)
            self._certificate = login.certificate
            transport = self._transport
        if old is not None:
            old.close()
        return transport

    def _request(self, call: Call, login: Login) -> Request:
        headers: dict[str, str | tuple[str, ...]] = {"Accept": call.accept, "User-Agent": self._user_agent}
        if call.content_type:
            headers["Content-Type"] = call.content_type
        if call.if_none_match:
            headers["If-None-Match"] = call.if_none_match
        if call.large and self._compression:
            headers["Accept-Encoding"] = "gzip"
        return Request(
            method=call.method,
            url=f"{self.server}{call.target}",
            headers=headers | dict(login.headers),
            body=call.body,
            timeout=call.timeout,
            repeatable=call.repeatable,
        )


def _asked(answer: _Status) -> float | None:
    """Return what a 429 or 503 asks to wait, from its header; the Status repeats it."""
    return responses.retry_after(answer.headers)


def _electing(answer: _Status) -> bool:
    """Say whether a 500 is of a store that will be there again in a moment."""
    return isinstance(answer, Response) and any(words in answer.body for words in _ELECTING)


def _part(target: str) -> str:
    """Return what of a server a path belongs to: groups of one may be served by others behind it."""
    return "/".join(target.partition("?")[0].split("/")[:3])
