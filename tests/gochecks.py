"""What Go code of the API server checks in a manifest, found as validation finds it: in one walk, and then by rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator.schema import structural
from kubernator.schema.builtin import kinds

if TYPE_CHECKING:
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest
    from kubernator.schema.fault import Fault
    from kubernator.schema.node import Node

__all__ = ["found"]


def found(manifest: Manifest, gvk: GroupVersionKind, node: Node | None, minor: int = 37) -> list[Fault]:
    """Return what Go code finds in a manifest of a kind; without a schema nothing is said of what is missing."""
    asked = structural.look(manifest, node, custom=False, minor=minor).asked if node is not None else ()
    return kinds.check(manifest, gvk, asked=asked, minor=minor)
