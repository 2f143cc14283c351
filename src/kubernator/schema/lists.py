"""What is wrong with a list whose items are told apart: sets, and maps by keys of their items.

Server-side apply must know every item again, so that items without a key, or with the key of another, are refused in
built-in and in custom kinds. Source: sigs.k8s.io/structured-merge-diff, package ``typed``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kubernator.schema.fault import Fault, Reason

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from kubernator.model.sourcemap import Path
    from kubernator.schema.node import Node

__all__ = ["list_faults", "unique_fault"]


def list_faults(value: list[Any], node: Node, path: Path) -> Iterable[Fault]:
    """Return what is wrong with the items of a list of type ``set`` or ``map``, apart from the items themselves."""
    if node.list_type == "set":
        return _set_faults(value, path)
    if node.list_type == "map" and node.list_map_keys:
        return _map_faults(value, node, path)
    return ()


def _set_faults(value: list[Any], path: Path) -> Iterator[Fault]:
    seen: set[Hashable] = set()
    for index, item in enumerate(value):
        if item is None:
            yield Fault((*path, index), Reason.INVALID, "Invalid value: an item of a set must not be null")
        elif isinstance(item, dict | list):
            what = "map" if isinstance(item, dict) else "list"
            message = f"Invalid value: an item of a set must not be a {what} in server-side apply"
            yield Fault((*path, index), Reason.INVALID, message)
        elif (key := _key(item)) in seen:
            yield Fault((*path, index), Reason.DUPLICATE, "Duplicate value")
        else:
            seen.add(key)


def _map_faults(value: list[Any], node: Node, path: Path) -> Iterator[Fault]:
    properties = node.items.properties if node.items else {}
    defaults = [(name, properties[name].default if name in properties else None) for name in node.list_map_keys]
    seen: set[Hashable] = set()
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            what = "null" if item is None else "other than a map"
            message = f"Invalid value: an item of a list with keys must not be {what}"
            yield Fault((*path, index), Reason.INVALID, message)
            continue
        keys = {}
        for name, default in defaults:
            if (found := item.get(name, default)) is not None or name in item:
                keys[name] = found
        if not keys:
            names = ", ".join(f'"{name}"' for name in node.list_map_keys)
            message = f"Required value: one of the keys {names} must be there"
            yield Fault((*path, index), Reason.REQUIRED, message)
        elif len(value) > 1:
            key = tuple([(name, _key(each)) for name, each in keys.items()])
            if key in seen:
                message = f"Duplicate value: {json.dumps(keys, ensure_ascii=False)}"
                yield Fault((*path, index), Reason.DUPLICATE, message)
            seen.add(key)


def _key(value: Any) -> Hashable:
    """Return something that is equal for equal values; true is not 1."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    return (isinstance(value, bool), value)


def unique_fault(value: list[Any], path: Path) -> Fault | None:
    """Return the fault of a list that must not hold a value twice (``uniqueItems``)."""
    seen = {json.dumps(item, sort_keys=True) for item in value}
    return (
        Fault(path, Reason.DUPLICATE, "Invalid value: shouldn't contain duplicates") if len(seen) < len(value) else None
    )
