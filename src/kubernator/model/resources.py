"""The resources of a run: in order, unique by identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Resource

__all__ = ["ResourceSet"]


class ResourceSet:
    """Resources in the order in which they were added, each identity once. Does not change after it was made."""

    __slots__ = ("_by_ref",)

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._by_ref: dict[ResourceRef, Resource] = {}
        for resource in resources:
            if resource.ref in self._by_ref:
                raise ValueError(f"two resources are {resource.ref}")
            self._by_ref[resource.ref] = resource

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_ref.values())

    def __len__(self) -> int:
        return len(self._by_ref)

    def __contains__(self, ref: object) -> bool:
        return ref in self._by_ref

    def get(self, ref: ResourceRef) -> Resource | None:
        """Return the resource of an identity, or None."""
        return self._by_ref.get(ref)
