"""Right objects that are made wrong in one place: what tables of such objects have in common."""

from __future__ import annotations

import copy
import itertools
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["GONE", "altered"]


class _Gone:
    """Marks a field that is taken out."""

    def __repr__(self) -> str:  # names of tests are made of it, so it must be the same in every process
        return "GONE"


GONE: Final = _Gone()


def altered(manifest: Any, changes: Mapping[Sequence[str | int], Any]) -> Any:
    """Return a copy with other values at paths; maps and lists on the way are made, a list grows by its next number."""
    result = json.loads(json.dumps(manifest))  # parts that are the same object become two
    for path, value in changes.items():
        here: Any = result
        for step, following in itertools.pairwise(path):
            here = _below(here, step, [] if str(following).isdigit() else {})
        last = _key(here, path[-1])
        if isinstance(value, _Gone):
            del here[last]
        elif isinstance(here, list) and last == len(here):
            here.append(copy.deepcopy(value))
        else:
            here[last] = copy.deepcopy(value)
    return result


def _below(here: Any, step: str | int, made: Any) -> Any:
    """Return what is below, made if it is not there yet."""
    if not isinstance(here, list):
        return here.setdefault(step, made)
    key = int(step)
    if key == len(here):
        here.append(made)
    return here[key]


def _key(here: Any, step: str | int) -> Any:
    return int(step) if isinstance(here, list) else step
