"""Refusals that pass by themselves: a definition was just written, and the server has not taken it in yet."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, TypeVar

from kubernator.errors import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.errors import ApiError

__all__ = ["WINDOW", "patient"]

#: How long after a definition was written refusals for want of it are tried again, in seconds: measured, the server
#: needs 14 to 116 ms to take a changed schema in; other replicas may need longer.
WINDOW: Final = (0.02, 0.04, 0.08, 0.15, 0.3, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 1.0, 2.0, 3.0)

_Out = TypeVar("_Out")


def patient(call: Callable[[], _Out], *, fresh: bool) -> _Out:
    """Carry out a request; for a kind whose definition was just written, again while the server has not noticed."""
    pause = threading.Event()
    for delay in WINDOW if fresh else ():
        try:
            return call()
        except (Invalid, NotFound) as refused:
            if not _passes(refused):
                raise
            pause.wait(delay)
    return call()


def _passes(error: ApiError) -> bool:
    if isinstance(error, NotFound):
        return error.details.get("kind") != "namespaces"
    text = " ".join([error.title, *(cause.message for cause in error.causes)])
    return "not declared in schema" in text
