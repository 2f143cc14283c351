"""Who is still waited for: how each object stands, since when it is in trouble, and until when it may take. Pure.

What is asked for at each event costs the same however many objects are waited for.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from kubernator.model.status import SETTLED, Status, StatusResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.cluster.api import Kind
    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Manifest

__all__ = ["Board", "Pending"]

_BAD: Final = frozenset({Status.NOT_FOUND, Status.TERMINATING})


@dataclass(slots=True)
class Pending:
    """What is known of one object that is waited for.

    ``since`` is the version from which on its watch has news; empty where it must be listed first. ``timeout`` is in
    seconds.
    """

    kind: Kind
    live: Manifest | None
    result: StatusResult
    timeout: float
    since: str = ""


class Board:
    """The objects of one wait. Times are those of the waiter's clock."""

    def __init__(
        self, entries: Mapping[ResourceRef, Pending], *, started: float, patience: float, absence_fails: bool = True
    ) -> None:
        """Begin; ``absence_fails``: what is missing or being deleted is in trouble, too."""
        self.entries = dict(entries)
        self._bad = _BAD if absence_fails else frozenset()
        self._started = started
        self._patience = patience
        self._open = dict.fromkeys(ref for ref, entry in entries.items() if entry.result.status not in SETTLED)
        self._lost: set[ResourceRef] = set()
        self._troubled: dict[ResourceRef, float] = {}  # the one for longest first
        self._deadlines = [(started + entry.timeout, at, ref) for at, (ref, entry) in enumerate(entries.items())]
        heapq.heapify(self._deadlines)

    @property
    def open(self) -> Iterator[ResourceRef]:
        """Objects that are still waited for, in their order."""
        return (ref for ref in self._open if ref not in self._lost)

    @property
    def done(self) -> bool:
        """Whether nothing is waited for any more."""
        return all(ref in self._lost for ref in self._open)

    @property
    def lost(self) -> bool:
        """Whether one has failed, or took longer than it may."""
        return bool(self._lost)

    def set(self, ref: ResourceRef, result: StatusResult, *, now: float) -> StatusResult | None:
        """Take in how an object stands; return that if it is news."""
        entry = self.entries[ref]
        settled = result.status in SETTLED
        if not settled and now >= self._started + entry.timeout:
            result = replace(result, timed_out=True)
        if not settled and (result.suspect or result.status in self._bad):
            self._troubled.setdefault(ref, now)
        else:
            self._troubled.pop(ref, None)
        if settled:
            self._open.pop(ref, None)
        else:
            self._open.setdefault(ref)
        if result.status is Status.FAILED or result.timed_out:
            self._lost.add(ref)
        else:
            self._lost.discard(ref)
        if result == entry.result:
            return None
        entry.result = replace(result, seconds=now - self._started)
        return entry.result

    def overdue(self, now: float) -> Iterator[tuple[ResourceRef, StatusResult]]:
        """Yield who is in trouble for too long, as failed, and whose time is up."""
        for ref, since in list(self._troubled.items()):
            if now - since < self._patience:
                break
            del self._troubled[ref]
            if (result := self.entries[ref].result).status not in SETTLED:
                yield ref, replace(result, status=Status.FAILED)
        while self._deadlines and self._deadlines[0][0] <= now:
            _, _, ref = heapq.heappop(self._deadlines)
            if (result := self.entries[ref].result).status not in SETTLED:
                yield ref, replace(result, timed_out=True)

    def next_due(self) -> float:
        """Return when to ask for the overdue again, at the latest."""
        times = [self._deadlines[0][0]] if self._deadlines else []
        first = next(iter(self._troubled.values()), None)
        return min([*times, *([first + self._patience] if first is not None else [])], default=float("inf"))
