"""Findings: values, collected over the whole run and shown together."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from kubernator.model.origin import Origin

__all__ = ["Diagnostic", "Diagnostics", "Severity", "either"]


class Severity(IntEnum):
    """How bad a finding is. An error keeps its resource out and stops the run before anything is written."""

    INFO = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding. ``message`` is one line without a final stop; values stand in backticks."""

    severity: Severity
    message: str
    origin: Origin | None = None
    resource: str = ""
    field: str = ""
    changed_by: tuple[str, ...] = ()
    detail: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    code: str = ""

    def lines(self) -> list[tuple[str, str]]:
        """Return the labelled lines below the message, in the order in which they are shown."""
        return [
            *(self.origin.lines() if self.origin else ()),
            *([("resource", self.resource)] if self.resource else ()),
            *([("field", self.field)] if self.field else ()),
            *(("changed by", who) for who in self.changed_by),
            *self.detail,
        ]


class Diagnostics:
    """The collector of a run. Safe to use from several threads."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []
        # by what nearly all differ in, so that ten thousand findings are not compared with each other
        self._alike: dict[tuple[str, str, str], list[Diagnostic]] = {}
        self._told: set[Diagnostic] = set()
        self._lock = threading.Lock()

    def add(self, diagnostic: Diagnostic) -> None:
        """Take one finding; the same finding twice is kept once."""
        with self._lock:
            place = str(diagnostic.origin) if diagnostic.origin else ""
            alike = self._alike.setdefault((diagnostic.message, diagnostic.resource, place), [])
            if diagnostic not in alike:
                alike.append(diagnostic)
                self._found.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def tell(self, told: Iterable[Diagnostic]) -> None:
        """Remember that findings were logged, so that nobody repeats them when an error ends the run."""
        with self._lock:
            self._told.update(told)

    @property
    def told(self) -> Collection[Diagnostic]:
        """Findings that were logged by now."""
        return self._told

    def __iter__(self) -> Iterator[Diagnostic]:
        with self._lock:
            return iter(sorted(self._found, key=_by_place))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> list[Diagnostic]:
        """The errors, sorted by place."""
        return [found for found in self if found.severity is Severity.ERROR]


def either(names: Sequence[str]) -> str:
    """Return names, at least one, as a message has them that leaves the choice: ``a``, ``b`` or ``c``, in backticks."""
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} or {last}" if most else last


def _by_place(found: Diagnostic) -> tuple[str, int, int, int]:
    origin = found.origin
    return (str(origin.path), origin.line, origin.column, -found.severity) if origin else ("", 0, 0, -found.severity)
