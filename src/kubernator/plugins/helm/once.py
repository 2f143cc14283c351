"""What is done once in a run, whoever of several threads asks first."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Once"]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Once(Generic[_Key, _Value]):
    """Results by key."""

    def __init__(self) -> None:
        self._known: dict[_Key, _Value] = {}
        self._locks: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def get(self, key: _Key, make: Callable[[], _Value]) -> _Value:
        """Return the result of a key, made by who asks first; the others wait for it. What raises is tried again."""
        with self._lock:
            mine = self._locks[key]
        with mine:
            if key not in self._known:
                self._known[key] = make()
            return self._known[key]
