"""Objects made wrong by somebody who knows what they mean: fields that contradict each other, names that cannot be.

`OBJECTS` are right. `MISTAKES` are for each of them changes by name, in the words of `edits`. Several changes make one
mistake. Not all of them are mistakes to the server.
"""

from __future__ import annotations

from typing import Any, Final

from agreement.edits import Edits, edited
from agreement.mistakes import (
    access,
    admission,
    cluster,
    configuration,
    containers,
    definitions,
    network,
    pods,
    storage,
    volumes,
    workloads,
)
from agreement.mistakes.right import OBJECTS

__all__ = ["MISTAKES", "OBJECTS", "mistaken"]

MISTAKES: Final[dict[str, dict[str, Edits]]] = {
    "Pod": {**containers.MISTAKES, **volumes.MISTAKES, **pods.MISTAKES},
    **workloads.MISTAKES,
    **network.MISTAKES,
    **configuration.MISTAKES,
    **storage.MISTAKES,
    **access.MISTAKES,
    **admission.MISTAKES,
    **cluster.MISTAKES,
    "CustomResourceDefinition": definitions.MISTAKES,
}


def mistaken(which: str) -> dict[str, dict[str, Any]]:
    """Return all wrong objects that are made of one that is right, by the name of the mistake."""
    return {name: edited(OBJECTS[which], edits) for name, edits in MISTAKES[which].items()}
