"""Why there was no answer, in words.

The errors of sockets, TLS and HTTP stop here. Two kinds of `errors.Unreachable` tell a caller what may be tried
again: `NotSent` (any request) and `Broken` (one that may be repeated); `NoAnswer` was waited for long enough, and the
others would only fail the same way.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Broken", "NoAnswer", "NotSent", "connecting", "exchanging"]


class NotSent(errors.Unreachable):
    """The connection did not come about, for a reason that may pass; nothing was sent."""


class Broken(errors.Unreachable):
    """The connection ended before the answer did; whether the request was carried out is not known."""


class NoAnswer(errors.Unreachable):
    """Nothing came for as long as the request would wait; whether it was carried out is not known."""


def connecting(error: Exception, *, where: str, via: str = "") -> errors.Unreachable:
    """Translate what went wrong while a connection was being made.

    ``where`` is ``host:port`` of the server, ``via`` the proxy in front of it.
    """
    target = f"the proxy `{via}`" if via else f"`{where}`"
    detail: Iterable[tuple[str, str]] = [("reason", _words(error))]
    match error:
        case errors.Unreachable():
            return error
        case socket.gaierror():
            host = via or where.rpartition(":")[0]
            return errors.Unreachable(
                f"the name `{host}` cannot be resolved",
                detail=detail,
                hint="check the server's address in the kubeconfig, the name server, and whether a VPN is needed",
            )
        case TimeoutError():
            return errors.Unreachable(
                f"{target} does not answer: connecting took too long",
                hint="check the address, firewalls, and whether a VPN or a proxy is needed",
            )
        case ConnectionRefusedError():
            return NotSent(
                f"{target} refuses connections", hint="check that the server runs and that address and port are right"
            )
        case ConnectionResetError() | ConnectionAbortedError() | BrokenPipeError():
            return NotSent(f"{target} ended the connection while it was being made", detail=detail)
        case _:
            return _tls(error, target=target) or errors.Unreachable(f"{target} cannot be reached", detail=detail)


def exchanging(error: Exception, *, where: str, timeout: float) -> errors.Unreachable:
    """Translate what went wrong after the connection was made."""
    match error:
        case errors.Unreachable():
            return error
        case TimeoutError():
            return NoAnswer(
                f"`{where}` did not answer within {timeout:g} seconds",
                hint="the server may be overloaded, or something on the way swallows the traffic",
            )
        case _:
            refused = _tls(error, target=f"`{where}`")  # TLS 1.3: a refused client certificate shows up this late
            return refused or Broken(
                f"the connection to `{where}` broke before the answer was complete", detail=[("reason", _words(error))]
            )


def _tls(error: Exception, *, target: str) -> errors.Unreachable | None:
    """Translate an ``ssl.SSLError``, known by its attributes: this module does not load ssl."""
    reason = getattr(error, "reason", None)
    if not hasattr(error, "library") or not isinstance(error, OSError):
        return None
    code = getattr(error, "verify_code", None)
    if code is not None:
        title, hint = _VERIFY.get(code, _UNVERIFIED)
        message = str(getattr(error, "verify_message", "") or error)
        return errors.Unreachable(title.format(target=target), detail=[("reason", message)], hint=hint)
    text = str(reason or error).replace("_", " ").lower()
    if "wrong version number" in text or "http request" in text or "packet length too long" in text:
        return errors.Unreachable(
            f"{target} does not speak TLS",
            detail=[("reason", text)],
            hint="check the address: is it `http`, or a proxy?",
        )
    if "alert" in text and ("certificate" in text or "unknown ca" in text or "handshake failure" in text):
        return errors.Unreachable(
            f"{target} refuses our client certificate",
            detail=[("reason", text)],
            hint="check the user's `client-certificate` and `client-key` in the kubeconfig",
        )
    if "eof" in text or "unexpected" in text:
        return None  # a connection that broke, in TLS clothes
    return errors.Unreachable(f"no secure connection to {target} comes about", detail=[("reason", text)])


_UNVERIFIED = (
    "the certificate of {target} cannot be verified",
    "check `certificate-authority-data` of the cluster in the kubeconfig",
)
_WRONG_NAME = (
    "the certificate of {target} is for another name",
    "set `tls-server-name` of the cluster in the kubeconfig to a name that the certificate has",
)
_UNKNOWN_AUTHORITY = (
    "the certificate of {target} is from an unknown authority",
    "check `certificate-authority-data` of the cluster in the kubeconfig: is it this cluster's?",
)
#: X509_V_ERR_* of OpenSSL.
_VERIFY = {
    2: _UNKNOWN_AUTHORITY,
    7: _UNKNOWN_AUTHORITY,
    9: ("the certificate of {target} is not valid yet", "check the clock of this machine and the server's"),
    10: (
        "the certificate of {target} has expired",
        "renew the server's certificate, or check the clock of this machine",
    ),
    18: _UNKNOWN_AUTHORITY,
    19: _UNKNOWN_AUTHORITY,
    20: _UNKNOWN_AUTHORITY,
    21: _UNKNOWN_AUTHORITY,
    62: _WRONG_NAME,
    64: _WRONG_NAME,
}


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
