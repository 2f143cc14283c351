"""Functions registered in a scope: seen there and below, in the order in which they were registered."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from kubernator.scope.scope import Key, Scope

__all__ = ["Registrations"]

_Item = TypeVar("_Item")


class Registrations(Generic[_Item]):
    """One kind of registered thing (transformers, say), kept in scopes under one key.

    A container would be copied on first touch, and what is registered for all through ``ktor.globals`` later would be
    missed where it had been looked at before. So each scope holds only its own additions and removals, numbered over
    the whole run, and the chain is read each time.
    """

    def __init__(self, key: Key) -> None:
        self.key = key
        self._numbers = itertools.count()
        self._used = False

    def add(self, scope: Scope, item: _Item) -> None:
        """Register an item in a scope."""
        self._own(scope).append((next(self._numbers), True, item))

    def remove(self, scope: Scope, item: _Item) -> None:
        """Take an item away in a scope and below; raises ValueError when it is not visible there."""
        if item not in self.visible(scope):
            raise ValueError(f"{item!r} is not registered in this directory or above")
        self._own(scope).append((next(self._numbers), False, item))

    def visible(self, scope: Scope) -> list[_Item]:
        """Everything that is registered in a scope and above, first registered first."""
        if not self._used:  # asked for each resource, and most kinds of things nobody registers
            return []
        entries = [entry for _, own in scope.gather(self.key) for entry in own.entries]
        if not entries:
            return []
        entries.sort(key=lambda entry: entry[0])
        seen: list[_Item] = []
        for _, added, item in entries:
            if added:
                seen.append(item)
            elif item in seen:
                seen.remove(item)
        return seen

    def _own(self, scope: Scope) -> list[tuple[int, bool, _Item]]:
        self._used = True
        if not scope.own(self.key) or scope.frozen:
            scope.write(self.key, _Own())
        own: _Own[_Item] = scope.peek(self.key)
        return own.entries


class _Own(Generic[_Item]):
    """The additions and removals of one scope. Not a container of Python's, so that reading it never copies it."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, bool, _Item]] = []
