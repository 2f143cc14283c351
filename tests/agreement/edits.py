"""Short words for changes of an object."""

from __future__ import annotations

import copy
from typing import Any, Final

__all__ = ["GONE", "Edits", "edited", "steps"]

Edits = dict[str, Any]
"""Path -> value. Steps are separated by points, numbers are places in lists; what has points in it is in brackets."""


class _Gone:
    """Stands for no value."""


GONE: Final = _Gone()


def steps(path: str) -> tuple[str | int, ...]:
    """Return the steps of a path such as `spec.ports.0.port` or `metadata.labels.[a.b/c]`."""
    found: list[str | int] = []
    rest = path
    while rest:
        if rest.startswith("["):
            step, _, rest = rest[1:].partition("]")
            rest = rest.removeprefix(".")
        else:
            step, _, rest = rest.partition(".")
        found.append(int(step) if step.isdigit() else step)
    return tuple(found)


def edited(manifest: dict[str, Any], edits: Edits) -> dict[str, Any]:
    """Return a copy with changes; a list gets a further item by the number of its items."""
    result = copy.deepcopy(manifest)
    for path, value in edits.items():
        *above, last = steps(path)
        here: Any = result
        for step in above:
            here = here.setdefault(step, {}) if isinstance(here, dict) else here[step]
        if value is GONE:
            del here[last]
        elif isinstance(here, list) and last == len(here):
            here.append(copy.deepcopy(value))
        else:
            here[last] = copy.deepcopy(value)
    return result
