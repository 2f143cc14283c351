"""What stays of a live object when it is applied, beside what the manifest says. Pure.

Source: sigs.k8s.io/structured-merge-diff, package ``merge``: what only the applier owned and no longer names goes, and
with it a field or an item of a list all of whose fields that somebody owns go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator.planning import managed, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path
    from kubernator.planning.managed import Elements, Fields

__all__ = ["remaining"]


def remaining(
    live: Manifest,
    wanted: Manifest,
    *,
    manager: str,
    served: Callable[[str], bool],
    released: Sequence[Elements] = (),
) -> Manifest:
    """Return a live object without what applying ``wanted`` takes away.

    ``released`` are fields of ours that others get before. A map that loses all that is in it, and that the manifest
    still has, is None: the server makes it null. Where entries of managedFields are of another version than
    the object, nothing is known to go, for a field may have another name there.
    """
    if any(entry.get("apiVersion") != live.get("apiVersion") for entry in managed.entries(live)):
        return live
    own, others = migrate.owned(live, manager, served=served)
    kept = [*others, *(_branch(elements) for elements in released)]
    leaves = migrate.dropped(live, wanted, own=own, others=kept)
    if not leaves:
        return live
    gone = dict.fromkeys(_whole(elements, wanted, own, kept) for elements in leaves)
    left: Manifest = _without(live, {path for elements in gone if (path := managed.locate(live, elements))})
    return left


def _branch(elements: Elements) -> Fields:
    branch: Fields = {}
    for element in reversed(elements):
        branch = {element: branch}
    return branch


def _whole(elements: Elements, wanted: Manifest, own: Fields, others: Sequence[Fields]) -> Elements:
    """Return the highest part of a path that goes as a whole with its last step."""
    for depth in range(1, len(elements)):
        above = elements[:depth]
        if managed.locate(wanted, above) is not None or any(managed.intersects(fields, above) for fields in others):
            continue
        if not above[-1].startswith("k:") or managed.holds(own, (*above, ".")):
            return above
    return elements


def _without(value: Any, paths: Iterable[Path]) -> Any:
    below: dict[str | int, list[Path]] = {}
    for path in paths:
        below.setdefault(path[0], []).append(path[1:])
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value)
    left = [
        (step, _without(item, below[step]) if step in below else item)
        for step, item in steps
        if () not in below.get(step, ())
    ]
    if isinstance(value, dict):
        return dict(left) or None
    return [item for _, item in left]
