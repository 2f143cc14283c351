"""What is done once in a run, whoever of several threads asks first."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Once"]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Once(Generic[_Key, _Value]):
    """Results by key. Who asks for a key while somebody else makes its result waits; other keys go on."""

    def __init__(self) -> None:
        self._known: dict[_Key, _Value] = {}
        self._locks: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def turn(self, key: _Key) -> Iterator[dict[_Key, _Value]]:
        """Hand out all results while no other thread has the turn of this key; what is missing is for the caller."""
        with self._lock:
            mine = self._locks[key]
        with mine:
            yield self._known
