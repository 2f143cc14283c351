"""Two objects of a state store, compared: what kOps made of a manifest, and what the store holds. Pure.

kOps fills in some fields when it makes a cluster (addresses of subnets, the version of Kubernetes, …) and none when it
replaces one. A manifest that leaves them out would lose them with every second run, so here a field that is not in the
manifest and that kOps fills in keeps the value it has in the state store. Everything else that the manifest does not
say goes.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from kubernator.planning import diff
from kubernator.report import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kubernator.model.change import PatchOp
    from kubernator.model.sourcemap import Path

__all__ = ["bare", "digest", "dropped", "encoded", "nearest", "patch", "same", "settled", "summary"]

#: What kOps itself keeps in an object; never a difference.
_KEPT_BY_KOPS: Final = ("creationTimestamp", "generation")

_SHOWN: Final = 3


def bare(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without what kOps itself keeps in it."""
    metadata = {key: part for key, part in (value.get("metadata") or {}).items() if key not in _KEPT_BY_KOPS}
    return {**value, "metadata": metadata}


def digest(value: Mapping[str, Any]) -> str:
    """Return what tells one content of an object from another."""
    return hashlib.sha256(json.dumps(bare(value), sort_keys=True).encode()).hexdigest()


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether two objects are equal as far as we are concerned."""
    return digest(one) == digest(other)


def settled(written: Any, made: Any, live: Any) -> Any:
    """Return what kOps made of what was written, with the live value of each field that kOps filled in by itself."""
    if isinstance(made, dict):
        said = written if isinstance(written, dict) else {}
        there = live if isinstance(live, dict) else {}
        return {key: settled(said.get(key), value, there.get(key)) for key, value in made.items()}
    if isinstance(made, list) and isinstance(written, list) and len(made) == len(written):
        partners = _partners(made, live if isinstance(live, list) else [])
        return [settled(*each) for each in zip(written, made, partners, strict=True)]
    if written is None and live is not None:
        return live
    return made


def _partners(items: Sequence[Any], live: Sequence[Any]) -> list[Any]:
    """Find for each item the live one of its name; where items have no names, the one at its place."""
    if all(isinstance(item, dict) and "name" in item for item in [*items, *live]):
        named = {json.dumps(item["name"]): item for item in live}
        return [named.get(json.dumps(item["name"])) for item in items]
    return [live[at] if at < len(live) else None for at in range(len(items))]


def dropped(written: Any, made: Any, path: Path = ()) -> Iterator[Path]:
    """Return the fields that were written and that kOps does not keep: it does not know them.

    Empty values are passed over, since kOps leaves out many of them where it does know the field.
    """
    if isinstance(written, dict) and isinstance(made, dict):
        for key, value in written.items():
            if key in made:
                yield from dropped(value, made[key], (*path, key))
            elif value not in _EMPTY:
                yield (*path, key)
    elif isinstance(written, list) and isinstance(made, list):
        for at, (value, kept) in enumerate(zip(written, made, strict=False)):
            yield from dropped(value, kept, (*path, at))


_EMPTY: Final[tuple[Any, ...]] = (None, "", 0, False, [], {})


#: Where the part of a specification stands in a path: ``spec``, then it.
_PART: Final = 2


def nearest(written: Any, path: Path) -> Path:
    """Return where a field is written that kops names: its ``spec.networking.subnets`` is ``spec.subnets`` in files.

    Its own types are of a later version than the files', with some parts one level deeper.
    """
    ours = path[:1] + path[2:]
    return ours if len(path) > _PART and _depth(written, path) < len(path) == _depth(written, ours) + 1 else path


def _depth(written: Any, path: Path) -> int:
    """Return how many steps of a path are there."""
    for number, step in enumerate(path):
        try:
            written = written[step]
        except (KeyError, IndexError, TypeError):
            return number
    return len(path)


def summary(ops: Sequence[PatchOp], live: Mapping[str, Any]) -> str:
    """Return the first changes of fields in words, for a title."""
    words = [_words(op, live) for op in ops[:_SHOWN]]
    more = len(ops) - len(words)
    return ", ".join([*words, *([f"and {more} more"] if more else [])])


def _words(op: PatchOp, live: Mapping[str, Any]) -> str:
    field = paths.of_pointer(op.path, live)
    match op.op:
        case "remove":
            return f"{field} removed"
        case "replace" if _is_short(op.old) and _is_short(op.value):
            return f"{field} {json.dumps(op.old)} → {json.dumps(op.value)}"
        case "add" if _is_short(op.value):
            return f"{field} {json.dumps(op.value)} added"
        case "add":
            return f"{field} added"
        case _:
            return f"{field} changed"


def _is_short(value: Any) -> bool:
    return not isinstance(value, dict | list) and len(json.dumps(value)) <= 40  # noqa: PLR2004 - a line of people


def patch(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[PatchOp, ...]:
    """Return the operations that lead from what the state store holds to what it is to hold."""
    return diff.patch(bare(live), bare(wanted))


def encoded(value: Mapping[str, Any]) -> str:
    """Return an object as kops reads it: JSON, whose lines cannot be taken for the end of a document."""
    return json.dumps(value)
