"""Ordered include and exclude patterns."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, MutableSet
from typing import Any

__all__ = ["Globs", "select"]

Pattern = str | re.Pattern[str]


class Globs(MutableSet[Pattern]):
    """An ordered set of patterns over names.

    Strings follow `fnmatch` and match whole names; compiled expressions match from the start. Membership compares
    patterns, not names: ``"*.yaml" in globs``. An immutable one raises RuntimeError("immutable") when it is changed.
    """

    def __init__(self, source: Iterable[Pattern] | None = None, immutable: bool = False) -> None:  # noqa: FBT001, FBT002 - the reference's signature
        self._patterns: dict[Pattern, re.Pattern[str]] = {}
        self.immutable = False
        for pattern in source or ():
            self.add(pattern)
        self.immutable = immutable

    def __scope_copy__(self) -> Globs:
        return Globs(self)

    def __scope_freeze__(self) -> Globs:
        return Globs(self, immutable=True)

    def _check(self) -> None:
        if self.immutable:
            raise RuntimeError("immutable")

    def add(self, value: Pattern) -> None:
        """Add a pattern at the end; one that is there already stays where it is."""
        self._check()
        if value not in self._patterns:
            self._patterns[value] = re.compile(fnmatch.translate(value)) if isinstance(value, str) else value

    def extend(self, values: Iterable[Pattern]) -> None:
        """Add several at the end."""
        for value in values:
            self.add(value)

    def add_first(self, value: Pattern) -> None:
        """Add a pattern in front; one that is there already stays where it is."""
        self.extend_first([value])

    def extend_first(self, values: Iterable[Pattern]) -> None:
        """Add several in front, in the given order."""
        self._check()
        front = Globs([value for value in values if value not in self._patterns])
        self._patterns = {**front._patterns, **self._patterns}

    def discard(self, value: Pattern) -> None:
        """Remove a pattern if it is there."""
        self._check()
        self._patterns.pop(value, None)

    def clear(self) -> None:
        """Remove all patterns."""
        self._check()
        self._patterns.clear()

    def matches(self, name: str) -> bool:
        """Whether any pattern matches a name."""
        return any(pattern.match(name) for pattern in self._patterns.values())

    @property
    def compiled(self) -> list[re.Pattern[str]]:
        """The patterns as regular expressions, in order."""
        return list(self._patterns.values())

    def __contains__(self, value: object) -> bool:
        return value in self._patterns

    def __iter__(self) -> Iterator[Pattern]:
        return iter(list(self._patterns))

    def __len__(self) -> int:
        return len(self._patterns)

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Any:
        return cls(it)

    def __repr__(self) -> str:
        return f"Globs({list(self._patterns)!r}{', immutable=True' if self.immutable else ''})"


def select(names: Iterable[str], *, excludes: Globs, includes: Globs) -> list[str]:
    """Order names as the walk does: drop the excluded, sort the rest, then take them in the order of the includes.

    A name that no include matches is dropped; one that several match is taken once, by the first.
    """
    left = sorted(name for name in names if not excludes.matches(name))
    chosen: list[str] = []
    for pattern in includes.compiled:
        taken = [name for name in left if pattern.match(name)]
        chosen += taken
        left = [name for name in left if name not in taken]
    return chosen
