"""Whether a change planned again is the one that was approved. Pure.

What counts is the effect: which values, by path and key, become which. Where in a list an item stands does not count,
since somebody may have put another one in front of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.change import Change, ChangeKind
from kubernator.planning import managed
from kubernator.planning.canonical import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.resource import Manifest

__all__ = ["difference", "effect", "only_status"]

#: What tells items of a list apart, where it is unique among them.
_NAMES: Final = ("name", "containerPort", "port", "mountPath", "ip", "key", "type", "uid")
_SERVERS: Final = frozenset({"managedFields", "resourceVersion", "generation", "creationTimestamp"})
_SHOWN: Final = 5


def difference(approved: Change, again: Change) -> str:
    """Say how a change planned again differs from the approved one; empty when it is the same or no longer needed."""
    if not again.writes:
        return again.reason if again.kind is ChangeKind.REFUSED else ""
    if approved.uid and again.uid and approved.uid != again.uid:
        return "it was deleted and made anew by somebody else since it was planned"
    if approved.kind is not again.kind:
        what = {
            ChangeKind.CREATE: "it was deleted",
            ChangeKind.UPDATE: "it was created by somebody else",
            ChangeKind.REPLACE: "an immutable field differs by now",
        }
        return f"{what.get(again.kind, 'it changed')} since it was planned"
    if again.kind is ChangeKind.CREATE:
        return ""
    before, after = effect(approved), effect(again)
    if before == after:
        return ""
    others = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    return f"it changed since it was planned, in {', '.join(f'`{path}`' for path in sorted(others)[:_SHOWN])}"


def effect(change: Change) -> dict[str, tuple[Any, Any]]:
    """Return what becomes of each value that changes: path with keys -> (before, after), `ABSENT` where none is."""
    before, after = dict(_values(change.live, "")), dict(_values(change.predicted, ""))
    return {
        path: (before.get(path, ABSENT), after.get(path, ABSENT))
        for path in {**before, **after}
        if _exact(before.get(path, ABSENT)) != _exact(after.get(path, ABSENT))
    }


def only_status(before: Manifest, after: Manifest) -> bool:
    """Say whether nothing of an object changed but its status, and who owns fields of that.

    What the server stores it may give back in another order, so that order does not count.
    """
    return _apart_from_status(before) == _apart_from_status(after)


def _apart_from_status(manifest: Manifest) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    values = {path: _exact(value) for path, value in _values({**manifest, "status": None}, "")}
    return values, [entry for entry in managed.entries(manifest) if not entry.get("subresource")]


def _values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    match value:
        case dict() if value:
            for key, item in value.items():
                if path == "/metadata" and key in _SERVERS:
                    continue
                yield from _values(item, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}")
        case list() if value:
            for name, item in zip(_names(value), value, strict=True):
                yield from _values(item, f"{path}/{name}")
        case None if not path:
            return
        case _:
            yield path, value


def _names(items: list[Any]) -> list[str]:
    """Name the items of a list: by a key that is unique, else by their content and how often it came before."""
    if all(isinstance(item, dict) for item in items):
        for key in _NAMES:
            found = [str(item.get(key)) for item in items]
            if all(key in item for item in items) and len(set(found)) == len(found):
                return [f"{key}={name}" for name in found]
    seen: dict[str, int] = {}
    names = []
    for item in items:
        text = json.dumps(item, sort_keys=True, default=str)
        seen[text] = seen.get(text, 0) + 1
        names.append(f"={text}#{seen[text]}" if seen[text] > 1 else f"={text}")
    return names


def _exact(value: Any) -> Any:
    return value, isinstance(value, bool)
