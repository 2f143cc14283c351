"""The difference of two objects as a JSON Patch that leads from one to the other. Pure.

Operations are in an order in which RFC 6902 lets them be carried out one after another. Lists are aligned by equal
items, and items of a list map by their name, so that an insertion in front does not show as a change of everything.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.change import PatchOp
from kubernator.model.patch import carry, pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kubernator.model.sourcemap import Path

__all__ = ["carry", "overlay", "patch", "pointer", "same_effect", "wire_ops"]

#: What tells items of a list apart, in this order of trust.
_NAMES: Final = ("name", "containerPort", "port", "mountPath", "ip", "key", "type", "uid")


def patch(old: Any, new: Any) -> tuple[PatchOp, ...]:
    """Return the operations that make ``old`` equal to ``new``."""
    return tuple(_value(old, new, ()))


def wire_ops(ops: Sequence[PatchOp]) -> list[dict[str, Any]]:
    """Return the operations as the server takes them."""
    return [
        {"op": op.op, "path": op.path} if op.op == "remove" else {"op": op.op, "path": op.path, "value": op.value}
        for op in ops
    ]


def same_effect(one: Sequence[PatchOp], other: Sequence[PatchOp]) -> bool:
    """Say whether two patches do the same, whatever stands there before."""
    return json.dumps(wire_ops(one), sort_keys=True) == json.dumps(wire_ops(other), sort_keys=True)


def overlay(old: Any, new: Any) -> Any:
    """Return ``old`` with what ``new`` says laid over it: maps and named items merge, all else is replaced. A guess."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: overlay(old.get(key), value) for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list):
        before, after = _identities(old, new)
        known = dict(zip(before, old, strict=True))
        return [overlay(known.get(name), item) for name, item in zip(after, new, strict=True)]
    return new


def _value(old: Any, new: Any, path: Path) -> Iterator[PatchOp]:
    if old is new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _maps(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path)
    elif isinstance(old, bool) != isinstance(new, bool) or old != new:
        yield PatchOp(op="replace", path=pointer(path), value=new, old=old)


def _maps(old: dict[str, Any], new: dict[str, Any], path: Path) -> Iterator[PatchOp]:
    for key in sorted(old.keys() | new.keys(), key=str):
        here = (*path, key)
        if key not in new:
            yield PatchOp(op="remove", path=pointer(here), old=old[key])
        elif key not in old:
            yield PatchOp(op="add", path=pointer(here), value=new[key])
        else:
            yield from _value(old[key], new[key], here)


def _lists(old: list[Any], new: list[Any], path: Path) -> Iterator[PatchOp]:
    before, after = _identities(old, new)
    if before == after:
        for at, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _value(one, other, (*path, at))
        return
    shift = 0
    from difflib import SequenceMatcher  # noqa: PLC0415 - most runs find no list that differs

    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        paired = old_to - old_from if tag == "equal" else min(old_to - old_from, new_to - new_from)
        for offset in range(paired):
            at = old_from + offset
            yield from _value(old[at], new[new_from + offset], (*path, at + shift))
        for at in range(old_from + paired, old_to):
            yield PatchOp(op="remove", path=pointer((*path, at + shift)), old=old[at])
            shift -= 1
        for offset, item in enumerate(new[new_from + paired : new_to]):
            yield PatchOp(op="add", path=pointer((*path, old_from + paired + shift + offset)), value=item)
        shift += max(0, new_to - new_from - paired)


def _identities(old: list[Any], new: list[Any]) -> tuple[list[str], list[str]]:
    """Name the items of both lists: by a key that is unique in each where there is one, else by their whole content."""
    both = [*old, *new]
    if both and all(isinstance(item, dict) for item in both):
        for name in _NAMES:
            names = [[json.dumps(item.get(name)) for item in items] for items in (old, new)]
            if all(name in item for item in both) and all(len(set(found)) == len(found) for found in names):
                return names[0], names[1]
    whole = [[json.dumps(item, sort_keys=True, default=str) for item in items] for items in (old, new)]
    return whole[0], whole[1]
