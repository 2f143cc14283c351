"""Running a program that may ask the person at the terminal: a code of a second factor, a password of a key ring.

It stays in our process group, since the terminal lets no other one read; what it writes to stderr is passed on byte by
byte, since a question does not end its line.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.tools import process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubernator.redaction import Secrets

__all__ = ["run", "terminal"]


def terminal() -> bool:
    """Say whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def run(argv: Sequence[str | os.PathLike[str]], *, env: Mapping[str, str], timeout: float, secrets: Secrets) -> None:
    """Run a program to its end; ``env`` is the whole environment, ``timeout`` is in seconds.

    Raises `errors.ToolNotFound`, `errors.ToolTimedOut`, and `errors.ToolFailed`.
    """
    safe = [secrets.redact(os.fspath(word)) for word in argv]
    name = os.path.basename(safe[0])  # noqa: PTH119 - redacted, so no path
    out: list[bytes] = []
    err: list[bytes] = []

    def pass_on(piece: bytes) -> None:
        err.append(piece)
        os.write(sys.stderr.fileno(), piece)

    running = process.spawn(
        argv, env=env, stdin=sys.stdin, stdout=out.append, stderr=pass_on, text=False, group=False, safe_argv=safe
    )
    try:
        code = running.wait(timeout)
    except process.TimeoutExpired:
        raise errors.ToolTimedOut(
            f"`{name}` did not end within {timeout:g} s", detail=[("command", " ".join(safe))]
        ) from None
    finally:
        running.terminate()
    if code:
        said = [secrets.redact(b"".join(pieces).decode("utf-8", "replace")) for pieces in (out, err)]
        raise errors.ToolFailed(f"`{name}` failed", argv=safe, code=code, stdout=said[0], stderr=said[1])
