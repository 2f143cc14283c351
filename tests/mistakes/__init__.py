"""Manifests that are wrong in one place, and ones that look odd and are right: data for unit tests and for a server.

A case is a name, what is changed in a right object (`changed`), and the place of the fault, None where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from altered import GONE, altered

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GONE", "Case", "changed"]


class Case(NamedTuple):
    """A change of a right object by paths such as ``containers.0.image``, and where it is wrong then."""

    changes: Mapping[str, Any]
    place: str | None = None


def changed(manifest: Any, changes: Mapping[str, Any], *, below: str = "") -> Any:
    """Return a manifest with values put at paths, which begin below a place; maps on the way are made."""
    above = below.split(".") if below else []
    return altered(manifest, {(*above, *path.split(".")): value for path, value in changes.items()})
