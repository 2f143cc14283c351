"""Where two states of an object differ, field by field, items of lists by what tells them apart. Pure.

How a list merges is read from the ``managedFields`` of both states; where they do not say it (a list that is owned as
a whole), items go by a key that looks like a name, and else by their content. An item that only changes its place is
said to have moved, and so no other item is said to have changed.
"""

from __future__ import annotations

import bisect
import enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from kubernator.report import owners, paths

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from kubernator.model.sourcemap import Path
    from kubernator.report.owners import Claims

__all__ = ["ABSENT", "Found", "Op", "compare"]


class _Absent(enum.Enum):
    ABSENT = "absent"


_Index: TypeAlias = "dict[Hashable, int]"

#: What stands where nothing is.
ABSENT: Final = _Absent.ABSENT


class Op(enum.StrEnum):
    """What happens to a field."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"


class Found(NamedTuple):
    """One field that differs. ``old`` and ``new`` of an item that moved are its places, counting from 1.

    ``path`` leads to it in the new state, or in the old one if it is removed. ``written`` is what the manifest says of
    it and ``written_at`` where; they are `ABSENT` and None where it says nothing. ``claims`` are those on the old
    state.
    """

    op: Op
    text: str
    path: Path
    old: Any
    new: Any
    written: Any
    written_at: Path | None
    claims: Claims


class _Place(NamedTuple):
    """One place of an object as both states, the manifest and the managers see it."""

    text: str
    path: Path
    old: Any
    new: Any
    written: Any
    written_at: Path | None
    claims: Claims
    shape: Claims


def compare(old: Any, new: Any, *, written: Any, claims: Claims, shape: Claims) -> Iterator[Found]:
    """Return what differs. ``written`` is the manifest; ``claims`` are those on ``old``, ``shape`` those on ``new``."""
    yield from _value(
        _Place(text="", path=(), old=old, new=new, written=written, written_at=(), claims=claims, shape=shape)
    )


def _value(at: _Place) -> Iterator[Found]:
    match at.old, at.new:
        case dict(), dict():
            for key in sorted(at.old.keys() | at.new.keys(), key=str):
                if not _same(at.old.get(key, ABSENT), at.new.get(key, ABSENT)):
                    yield from _value(_field(at, key))
        case list(), list():
            yield from _list(at)
        case old, new if isinstance(old, bool) != isinstance(new, bool) or old != new:
            op = Op.ADDED if old is ABSENT else Op.REMOVED if new is ABSENT else Op.CHANGED
            yield _found(at, op, old, new)


def _same(old: Any, new: Any) -> bool:
    """Say whether two values are single ones and equal, so that there is nothing to look for in them."""
    return type(old) is type(new) and not isinstance(old, dict | list) and bool(old == new)


def _found(at: _Place, op: Op, old: Any, new: Any) -> Found:
    return Found(
        op=op,
        text=at.text or "the whole object",
        path=at.path,
        old=old,
        new=new,
        written=at.written,
        written_at=at.written_at,
        claims=at.claims,
    )


def _field(at: _Place, key: str) -> _Place:
    written = at.written.get(key, ABSENT) if isinstance(at.written, dict) else ABSENT
    return _Place(
        text=paths.field(at.text, key),
        path=(*at.path, key),
        old=at.old.get(key, ABSENT),
        new=at.new.get(key, ABSENT),
        written=written,
        written_at=None if written is ABSENT else (*(at.written_at or ()), key),
        claims=at.claims.field(key),
        shape=at.shape.field(key),
    )


def _list(at: _Place) -> Iterator[Found]:
    if keys := _keys(at):
        yield from _by_key(at, *keys)
    elif any(isinstance(item, dict) for item in (*at.old, *at.new)):
        yield from _by_content(at)
    elif owners.identity(at.old, ()) != owners.identity(at.new, ()):
        yield _found(at, Op.CHANGED, at.old, at.new)


def _keys(at: _Place) -> tuple[tuple[str, ...], _Index, _Index] | None:
    """Return the names that tell the items of both lists apart, none for a set, and where which item is."""
    if at.claims.is_set or at.shape.is_set:
        return _indices(at, ())
    if not (at.old or at.new) or not all(isinstance(item, dict) for items in (at.old, at.new) for item in items):
        return None
    known = at.claims.keys or at.shape.keys
    if known and (found := _indices(at, known)):
        return found
    for name in paths.NAMES:
        everywhere = all(name in item for items in (at.old, at.new) for item in items)
        if everywhere and (found := _indices(at, (name,))):
            return found
    return None


def _indices(at: _Place, names: tuple[str, ...]) -> tuple[tuple[str, ...], _Index, _Index] | None:
    before, after = _index(at.old, names), _index(at.new, names)
    unique = len(before) == len(at.old) and len(after) == len(at.new)
    return (names, before, after) if unique else None


def _index(items: list[Any], names: tuple[str, ...]) -> _Index:
    return {owners.identity(item, names): place for place, item in enumerate(items)}


def _by_key(at: _Place, names: tuple[str, ...], before: _Index, after: _Index) -> Iterator[Found]:
    written = at.written if isinstance(at.written, list) else []
    said = _index(written, names) if not names or all(isinstance(item, dict) for item in written) else {}
    for known_as, place in before.items():
        if known_as not in after:
            yield from _value(_item(at, known_as, names, place, None, None))
    stayed = _in_order([before[known_as] for known_as in after if known_as in before])
    for known_as, place in after.items():
        was = before.get(known_as)
        inside = _item(at, known_as, names, was, place, said.get(known_as))
        if was is not None and was not in stayed:
            yield _found(inside, Op.MOVED, was + 1, place + 1)
        yield from _value(inside)


def _item(  # noqa: PLR0917 - private, and three places in three lists
    at: _Place, known_as: Hashable, names: tuple[str, ...], old: int | None, new: int | None, written: int | None
) -> _Place:
    item = at.new[new] if new is not None else at.old[old]
    text = paths.keyed(at.text, {name: item.get(name) for name in names if name in item}) if names else ""
    return _Place(
        text=text or paths.valued(at.text, item),
        path=(*at.path, old if new is None else new),  # type: ignore[arg-type] # one of them is there
        old=ABSENT if old is None else at.old[old],
        new=ABSENT if new is None else at.new[new],
        written=ABSENT if written is None else at.written[written],
        written_at=None if written is None else (*(at.written_at or ()), written),
        claims=at.claims.item(known_as),
        shape=at.shape.item(known_as),
    )


def _in_order(places: list[int]) -> set[int]:
    """Return a longest part of distinct numbers that rises: the items that stay where they are among each other."""
    ends: list[int] = []  # the smallest last number of a rising part, by its length
    length: list[int] = []
    for place in places:
        at = bisect.bisect_left(ends, place)
        ends[at : at + 1] = [place]
        length.append(at)
    kept: set[int] = set()
    wanted = len(ends) - 1
    for place, at in zip(reversed(places), reversed(length), strict=True):
        if at == wanted:
            kept.add(place)
            wanted -= 1
    return kept


def _by_content(at: _Place) -> Iterator[Found]:
    """Compare items that nothing tells apart: equal ones are the same, what differs between them goes by place."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - for few lists

    before, after = ([owners.identity(item, ()) for item in items] for items in (at.old, at.new))
    for tag, old, old_end, new, new_end in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        paired = min(old_end - old, new_end - new)
        for offset in range(paired):
            yield from _value(_position(at, old + offset, new + offset))
        for place in range(old + paired, old_end):
            yield from _value(_position(at, place, None))
        for place in range(new + paired, new_end):
            yield from _value(_position(at, None, place))


def _position(at: _Place, old: int | None, new: int | None) -> _Place:
    place = (old if new is None else new) or 0
    # the server keeps the order of a list that it does not merge, so the manifest has the item at the same place
    said = isinstance(at.written, list) and new is not None and len(at.written) == len(at.new)
    return _Place(
        text=paths.position(at.text, place),
        path=(*at.path, place),
        old=ABSENT if old is None else at.old[old],
        new=ABSENT if new is None else at.new[new],
        written=at.written[place] if said else ABSENT,
        written_at=(*(at.written_at or ()), place) if said else None,
        claims=at.claims,
        shape=at.shape,
    )
