"""Built-in objects with one mistake each, and odd ones without: tables to ask unit tests and the API server about.

A row names an object of `bases`, and what is changed in it: paths with points between their steps, or as tuples where a
step has a point. `GONE` leaves a field out. A wrong row may say third where the fault is, if it is not at the first
change, and fourth where the server says it is, if that is not the same place; `NOWHERE` is a refusal without a place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from altered import GONE, altered
from kubernator.schema.fault import api_path
from refusals.bases import BASES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = ["GONE", "NOWHERE", "Row", "changed", "rows"]

NOWHERE: Final = "-"


class Row(NamedTuple):
    """An object, and where it is wrong; ``told`` is where the server says so."""

    name: str
    manifest: Manifest
    place: str = ""
    told: str = ""


def _steps(path: str | Sequence[str | int]) -> Path:
    steps = path.split(".") if isinstance(path, str) else path
    return tuple(int(step) if isinstance(step, str) and step.isdigit() else step for step in steps)


def changed(base: str, changes: Mapping[Any, Any]) -> Manifest:
    """Return an object of `bases` with some fields set to other values, or left out."""
    manifest: Manifest = altered(BASES[base], {_steps(path): value for path, value in changes.items()})
    return manifest


def rows(table: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Return the rows of a table with their objects made."""
    found = []
    for base, changes, *places in table:
        manifest = changed(base, changes)
        first = api_path(_steps(next(iter(changes), "")), manifest)
        place = places[0] if places and places[0] else first
        told = places[1] if len(places) > 1 else place
        written = ",".join(f"{'.'.join(map(str, _steps(path)))}={str(value)[:30]}" for path, value in changes.items())
        found.append(Row(f"{base}:{written}", manifest, place, told))
    return found
