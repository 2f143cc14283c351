"""How a tree stands in its cluster, as a table by directory, a line for each change, or data.

Every reason is in the words of others: it is redacted, and harmless for a terminal.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.status import Status
from kubernator.report import table
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.origin import Origin
    from kubernator.model.ref import ResourceRef
    from kubernator.model.status import StatusResult
    from kubernator.redaction import Secrets

__all__ = ["FORMAT", "Row", "change", "counts", "data", "row", "text"]

#: The format of `data`. What is added to it later has a new name; what changes its meaning, a new number.
FORMAT: Final = "kubernator/status/v1"

_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One object of a tree. ``created`` is RFC 3339, empty where it is not there; ``refused``: it may not be read."""

    directory: str
    ref: ResourceRef
    gvk: GroupVersionKind
    origin: Origin
    result: StatusResult
    created: str = ""
    refused: bool = False


def text(rows: Sequence[Row], secrets: Secrets, *, now: dt.datetime) -> str:
    """Return the table, the last words of crashed containers below their objects, and the counts."""
    cells = [
        (_plain(each.directory, secrets), str(each.result.status), _plain(str(each.ref), secrets), age(each, now))
        for each in rows
    ]
    reasons = [_plain(each.result.message, secrets) for each in rows]
    head = ("DIRECTORY", "STATUS", "OBJECT", "AGE", "REASON")
    lines = table.render(head, [(*cell, reason) for cell, reason in zip(cells, reasons, strict=True)]).splitlines()
    shown = lines[:1]
    for line, each in zip(lines[1:], rows, strict=True):
        shown.append(line)
        shown += [f"    log: {_plain(said, secrets)}" for said in each.result.lines]
    return "\n".join([*(shown if rows else ()), counts(rows)]) + "\n"


def counts(rows: Iterable[Row]) -> str:
    """Return ``5 objects: 3 current, 1 in progress, 1 failed``."""
    found = Counter(each.result.status for each in rows)
    total = sum(found.values())
    parts = ", ".join(f"{found[status]} {status}" for status in Status if found[status])
    return f"{total} object{'s' * (total != 1)}{f': {parts}' if parts else ''}"


def change(each: Row, secrets: Secrets, *, now: dt.datetime) -> str:
    """Return one object on one line, for who follows; what a crashed container said last is on lines of its own."""
    reason = f": {_plain(each.result.message, secrets)}" if each.result.message else ""
    line = f"{now:%H:%M:%S}  {_plain(str(each.ref), secrets)} is {each.result.status}{reason}\n"
    return line + "".join(f"    log: {_plain(said, secrets)}\n" for said in each.result.lines)


def data(rows: Sequence[Row], secrets: Secrets) -> dict[str, Any]:
    """Return the same for programs; counts are by status, those that do not occur are 0."""
    found = Counter(each.result.status for each in rows)
    return {
        "format": FORMAT,
        "counts": {str(status): found[status] for status in Status},
        "objects": [row(each, secrets) for each in rows],
    }


def row(each: Row, secrets: Secrets) -> dict[str, Any]:
    """Return one object for programs."""
    entry: dict[str, Any] = {
        "directory": each.directory,
        "apiVersion": each.gvk.api_version,
        "kind": each.gvk.kind,
        "namespace": each.ref.namespace,
        "name": each.ref.name,
        "origin": [str(origin) for origin in each.origin.chain],
        "status": str(each.result.status),
        "message": each.result.message,
        "created": each.created,
        "log": list(each.result.lines),
    }
    masked: dict[str, Any] = secrets.data(entry)
    return masked


def age(each: Row, now: dt.datetime) -> str:
    """Return how long an object has been there in its largest unit, ``3d``; nothing where that is not known."""
    try:
        seconds = (now - dt.datetime.fromisoformat(each.created)).total_seconds()
    except ValueError:
        return ""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size:.0f}{unit}"
    return "0s"


def _plain(found: str, secrets: Secrets) -> str:
    return printable(" ".join(secrets.redact(found).split()))
