"""HTTP: the only importer of ``http.client`` and ``ssl``.

The parts that are data load at once; `HttpTransport` and what it needs (``http.client``, ``ssl``) when first named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator.transport.failures import Broken, NoAnswer, NotSent
from kubernator.transport.message import (
    DEFAULT_TIMEOUT,
    ClientCertificate,
    Headers,
    Request,
    Response,
    Stream,
    TlsOptions,
    Transport,
)
from kubernator.transport.proxy import Proxies

if TYPE_CHECKING:
    from kubernator.transport.http import HttpTransport

__all__ = [
    "DEFAULT_TIMEOUT",
    "Broken",
    "ClientCertificate",
    "Headers",
    "HttpTransport",
    "NoAnswer",
    "NotSent",
    "Proxies",
    "Request",
    "Response",
    "Stream",
    "TlsOptions",
    "Transport",
]


def __getattr__(name: str) -> Any:
    if name == "HttpTransport":
        from kubernator.transport.http import HttpTransport  # noqa: PLC0415 - loads http.client and ssl

        return HttpTransport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
