"""What of a manifest is ours to apply once ignore rules had their say, and what of ours is given up. Pure."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.planning import fields, managed
from kubernator.planning.canonical import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path
    from kubernator.planning.canonical import Rules
    from kubernator.planning.managed import Elements, Fields

__all__ = ["REPLICAS", "Settled", "settle"]

REPLICAS: Final = ("f:spec", "f:replicas")


class Settled(NamedTuple):
    """What is to be applied, and which fields of ours go to nobody in particular."""

    manifest: Manifest
    released: tuple[Elements, ...] = ()


def settle(
    wanted: Manifest,
    live: Manifest,
    *,
    own: Fields,
    others: Sequence[Fields],
    ignored: fields.Ignored,
    scalable: bool,
    rules: Rules,
) -> Settled:
    """Take out of ``wanted`` what is not ours, and find what we own now and give up.

    Given up is what an ignore rule names and ``spec.replicas`` of a kind that can be scaled once the manifest no longer
    says it: leaving these out would reset them to their default. They keep their live value, which needs somebody else
    to own it; where nobody does, the field is in ``released``. An ignored field that is ours and as wanted stays.
    """
    if not ignored and not (scalable and managed.holds(own, REPLICAS)):
        return Settled(manifest=wanted)
    result: Manifest | None = None
    released: list[Elements] = []
    for elements in managed.leaves(own) if ignored else (REPLICAS,):
        place = managed.locate(live, elements)
        if place is None:
            continue
        here = managed.locate(wanted, elements)
        dropped_replicas = scalable and elements == REPLICAS and here is None
        if not dropped_replicas and not ignored.match(place, live):
            continue
        stored = managed.lookup(live, place)
        if here is not None and rules.same(managed.lookup(wanted, here), stored, here):
            continue
        if _in_dropped_item(wanted, elements):
            continue  # it goes with its item
        if not any(managed.intersects(theirs, elements) for theirs in others):
            released.append(elements)
        if here is not None:
            result = result if result is not None else copy.deepcopy(wanted)
            fields.discard(result, managed.locate(result, elements) or ())
    if ignored:
        result = _strip_unowned(wanted, result, live, own, ignored)
    return Settled(manifest=result if result is not None else wanted, released=tuple(released))


def _in_dropped_item(wanted: Manifest, elements: Elements) -> bool:
    depths = [depth for depth in range(1, len(elements)) if elements[depth - 1].startswith("k:")]
    return any(managed.locate(wanted, elements[:depth]) is None for depth in depths)


def _strip_unowned(
    wanted: Manifest, result: Manifest | None, live: Manifest, own: Fields, ignored: fields.Ignored
) -> Manifest | None:
    owned = {place for elements in managed.leaves(own) if (place := managed.locate(wanted, elements)) is not None}
    for path in reversed(
        list(_scalar_paths({key: value for key, value in wanted.items() if key not in {"apiVersion", "kind"}}))
    ):
        if path in {("metadata", "name"), ("metadata", "namespace")} or not ignored.match(path, wanted):
            continue
        owner = _owner(owned, path)
        if owner == "leaf" or (result is not None and managed.lookup(result, path) is ABSENT):
            continue
        result = result if result is not None else copy.deepcopy(wanted)
        stored = managed.lookup(live, path)
        if owner == "whole" and stored is not ABSENT:
            holder = managed.lookup(result, path[:-1])
            holder[path[-1]] = copy.deepcopy(stored)
        elif owner == "none":
            fields.discard(result, path)
    return result


def _owner(owned: AbstractSet[Path], path: Path) -> str:
    """Say whether a value is a leaf of ours, part of something we own as a whole, or not ours."""
    if path in owned:
        return "leaf"
    return "whole" if any(path[:depth] in owned for depth in range(1, len(path))) else "none"


def _scalar_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    match value:
        case dict() if value:
            for key, item in value.items():
                yield from _scalar_paths(item, (*path, key))
        case list() if value:
            for at, item in enumerate(value):
                yield from _scalar_paths(item, (*path, at))
        case _:
            yield path
