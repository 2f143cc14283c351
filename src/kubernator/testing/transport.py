"""A transport that answers from a script: odd answers and faults, without a server.

::

    transport = ScriptedTransport()
    transport.on("GET", "/version", answer(200, {"gitVersion": "v1.37.2"}))
    transport.on("GET", r"/api/v1/namespaces/[a-z]+", errors.Unreachable("gone"), answer(404))
    cluster = connect(kubeconfig=..., secrets=Secrets(), transport=transport)

What was asked is in `ScriptedTransport.requests`. For server-side apply and its kin there is no script that does not
lie: tests of these use the real control plane.
"""

from __future__ import annotations

import json
import re
import threading
import urllib.parse
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from kubernator.transport import Headers, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType
    from typing import Self

__all__ = ["Answer", "ScriptedStream", "ScriptedTransport", "answer", "status"]

Answer: TypeAlias = "Response | Exception | Callable[[Request], Response]"


def answer(status: int = 200, body: Any = b"", headers: Mapping[str, str | list[str]] | None = None) -> Response:
    """Return an answer; a body that is not text or bytes is sent as JSON, a header may have several values."""
    pairs = [
        (name, one) for name, value in (headers or {}).items() for one in ([value] if isinstance(value, str) else value)
    ]
    match body:
        case bytes():
            content = body
        case str():
            content = body.encode()
        case _:
            content = json.dumps(body).encode()
            if not any(name.lower() == "content-type" for name, _ in pairs):
                pairs.append(("Content-Type", "application/json"))
    return Response(status=status, headers=Headers(pairs), body=content)


def status(code: int, message: str, *, headers: Mapping[str, str | list[str]] | None = None, **fields: Any) -> Response:
    """Return an answer of failure as an API server writes it; ``fields`` are others of the Status."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message, **fields}
    return answer(code, body, headers)


@dataclass(slots=True)
class _Rule:
    method: str
    pattern: re.Pattern[str]
    answers: deque[Answer]
    repeat: bool


@dataclass(slots=True)
class ScriptedTransport:
    """See `kubernator.transport.Transport`. Rules are tried in the order they were given; safe for several threads."""

    requests: list[Request] = field(default_factory=list)
    closed: bool = False
    _rules: list[_Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, method: str, path: str, *answers: Answer, repeat: bool = False) -> Self:
        """Answer requests of a method whose path and query match a regular expression from its beginning.

        Each answer is given once, in order; with ``repeat`` the last one goes on. An exception is raised, a callable is
        called with the request.
        """
        self._rules.append(_Rule(method, re.compile(path), deque(answers), repeat))
        return self

    def send(self, request: Request) -> Response:
        """Answer by the first rule that matches and has an answer left."""
        return self._answered(request)

    def stream(self, request: Request) -> ScriptedStream:
        """Answer likewise, as a stream."""
        return ScriptedStream(self._answered(request))

    def close(self) -> None:
        """Note it."""
        self.closed = True

    def abort(self) -> None:
        """Note it."""
        self.closed = True

    def asked(self) -> list[str]:
        """Return what was asked so far, as ``METHOD /path?query``."""
        return [f"{request.method} {_target(request)}" for request in self.requests]

    def _answered(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
            found = self._next(request)
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Response) else found(request)

    def _next(self, request: Request) -> Answer:
        target = _target(request)
        for rule in self._rules:
            if rule.method == request.method and rule.pattern.match(target) and rule.answers:
                return rule.answers[0] if rule.repeat and len(rule.answers) == 1 else rule.answers.popleft()
        raise AssertionError(f"the script has no answer to {request.method} {target}")


class ScriptedStream:
    """A stream that has come already, see `kubernator.transport.Stream`."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self.closed = False

    @property
    def status(self) -> int:
        """The status code."""
        return self._response.status

    @property
    def headers(self) -> Headers:
        """The headers."""
        return self._response.headers

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the body until it is closed."""
        for line in self._response.body.splitlines():
            if self.closed:
                return
            yield line

    def chunks(self, size: int = 65536) -> Iterator[bytes]:
        """Yield the body in pieces."""
        body = self._response.body
        for start in range(0, len(body), size):
            yield body[start : start + size]

    def read(self) -> bytes:
        """Return the body."""
        return self._response.body

    def close(self) -> None:
        """Note it."""
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _target(request: Request) -> str:
    parts = urllib.parse.urlsplit(request.url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
