"""Waiting for an API server that has just been started."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.cluster import connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kubernator.redaction import Secrets
    from kubernator.transport import Transport

__all__ = ["wait"]

_logger = logging.getLogger("kubernator.cluster")


def wait(
    kubeconfig: Path,
    *,
    secrets: Secrets,
    limit: float = 120.0,
    pause: float = 2.0,
    transport: Transport | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Wait until the API server of a kubeconfig says that it is ready.

    ``limit`` and ``pause`` are in seconds. Raises `errors.TimedOut` with its last answer.
    """
    began = clock()
    told = False
    with contextlib.closing(connect.connect(kubeconfig=kubeconfig, secrets=secrets, transport=transport)) as cluster:
        while True:
            try:
                cluster.raw("GET", "/readyz", accept="*/*")
            except errors.ClusterError as error:
                if clock() - began >= limit:
                    raise errors.TimedOut(
                        f"the API server at {cluster.server} is not ready after {limit:g} s",
                        detail=[("last answer", error.title), *error.detail],
                    ) from error
                if not told:
                    _logger.info("waiting for the API server at %s", cluster.server)
                told = True
                sleep(pause)
            else:
                return
