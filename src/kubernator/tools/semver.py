"""Versions as charts have them: semantic versions, compared by https://semver.org (2.0.0, section 11)."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Version", "parse"]

_VERSION: Final = re.compile(
    r"v?(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+(?P<build>[0-9A-Za-z.-]+))?\Z"
)


@functools.total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version. Build metadata is kept in ``text`` and has no part in comparisons."""

    numbers: tuple[int, int, int]
    pre: tuple[str, ...] = ()
    text: str = ""

    def __lt__(self, other: Version) -> bool:
        return self._rank < other._rank

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._rank == other._rank

    def __hash__(self) -> int:
        return hash(self._rank)

    def __str__(self) -> str:
        return self.text

    @property
    def _rank(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        """What sorts as versions do: a pre-release before its release, numbers before words and by value."""
        parts = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in self.pre)
        return self.numbers, not self.pre, parts


def parse(text: str) -> Version | None:
    """Return a full version, with or without a leading ``v``; None for anything else, a range for instance."""
    found = _VERSION.match(text)
    if found is None:
        return None
    numbers = (int(found["major"]), int(found["minor"]), int(found["patch"]))
    return Version(numbers, tuple(found["pre"].split(".")) if found["pre"] else (), text)
