"""Which field of an earlier state of a manifest a field of a later one was. Pure.

Items of lists are followed by what tells them apart, so that one that is put in front of the others does not make all
of them new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from kubernator.report import owners, paths

if TYPE_CHECKING:
    from collections.abc import Hashable

    from kubernator.model.sourcemap import Path

    _Places: TypeAlias = "list[int | None]"

__all__ = ["Lineage", "value_at"]


def value_at(value: Any, path: Path) -> Any:
    """Return what stands at a path; raises `KeyError`, `IndexError` or `TypeError` where nothing does."""
    for step in path:
        value = value[step]
    return value


class Lineage:
    """Two states of a manifest, which must not be changed any more: a list is aligned once."""

    def __init__(self, new: Any, old: Any) -> None:
        self._new = new
        self._old = old
        self._aligned: dict[tuple[int, int], _Places] = {}

    def earlier(self, path: Path) -> Path | None:
        """Return where a field of the new state stands in the old one, None where it was not there yet."""
        new, old = self._new, self._old
        found: list[str | int] = []
        for step in path:
            place = self._item(step, new, old) if isinstance(step, int) else step
            if place is None or (isinstance(place, str) and not (isinstance(old, dict) and place in old)):
                return None
            found.append(place)
            new, old = new[step], old[place]
        return tuple(found)

    def _item(self, at: int, new: list[Any], old: Any) -> int | None:
        """Return where an item of a list was."""
        if not isinstance(old, list):
            return None
        key = (id(new), id(old))
        if key not in self._aligned:
            self._aligned[key] = _by_name(new, old) or _by_content(new, old)
        return self._aligned[key][at]


def _by_name(new: list[Any], old: list[Any]) -> _Places | None:
    """Return where the items were by a key that is unique among them; None where there is none."""
    everything = [*new, *old]
    if not old or not all(isinstance(item, dict) for item in everything):
        return None
    for name in paths.NAMES:
        if not all(name in item for item in everything):
            continue
        before = {owners.identity(item, (name,)): place for place, item in enumerate(old)}
        after = [owners.identity(item, (name,)) for item in new]
        if len(before) == len(old) and len(set(after)) == len(after):
            return [before.get(known_as) for known_as in after]
    return None


def _by_content(new: list[Any], old: list[Any]) -> _Places:
    """Return where the items were: equal ones are the same, what differs between them goes by place."""
    after, before = ([_identity(item) for item in items] for items in (new, old))
    if after == before:
        return list(range(len(new)))
    from difflib import SequenceMatcher  # noqa: PLC0415 - for few lists

    found: _Places = [None] * len(new)
    for _, first, end, start, stop in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        for offset in range(min(end - first, stop - start)):
            found[start + offset] = first + offset
    return found


def _identity(item: Any) -> Hashable:
    return owners.identity(item, ())
