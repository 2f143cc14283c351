"""Manifests that are wrong in one place, and ones that look odd and are right: data for unit tests and for a server.

A case is a name, what is changed in a right object (`changed`), and the place of the fault, None where there is none.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GONE", "Case", "changed"]


class _Gone:
    """Marks a field that is taken out."""


GONE: Final = _Gone()


class Case(NamedTuple):
    """A change of a right object by paths such as ``containers.0.image``, and where it is wrong then."""

    changes: Mapping[str, Any]
    place: str | None = None


def changed(manifest: Any, changes: Mapping[str, Any], *, below: str = "") -> Any:
    """Return a manifest with values put at paths, which begin below a place; maps on the way are made."""
    result = json.loads(json.dumps(manifest))  # parts that are the same object become two
    for path, value in changes.items():
        *steps, last = (f"{below}.{path}" if below else path).split(".")
        here = result
        for step in steps:
            here = here[int(step)] if isinstance(here, list) else here.setdefault(step, {})
        key: Any = int(last) if isinstance(here, list) else last
        if isinstance(value, _Gone):
            del here[key]
        elif isinstance(here, list) and key == len(here):
            here.append(copy.deepcopy(value))
        else:
            here[key] = copy.deepcopy(value)
    return result
