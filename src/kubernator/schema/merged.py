"""What server-side apply would about make of a live object, as far as that can be told without asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.schema.node import Node

__all__ = ["merged"]


def merged(manifest: Any, live: Any, node: Node | None) -> Any:
    """Return what is live with what a manifest says in place of it, of lists what the manifest says first.

    What the manifest is silent about stays, as it does where others own it; places in the manifest's lists stay too.
    """
    if isinstance(manifest, dict) and isinstance(live, dict):
        both = {
            key: merged(value, live.get(key), node.child(key) if node is not None else None)
            for key, value in manifest.items()
        }
        return {**both, **{key: value for key, value in live.items() if key not in both}}
    if isinstance(manifest, list) and isinstance(live, list):
        return _merged_list(manifest, live, node)
    return manifest


def _merged_list(manifest: list[Any], live: list[Any], node: Node | None) -> list[Any]:
    items = node.items if node is not None else None
    if node is not None and node.list_type == "map" and node.list_map_keys:
        there = {_key(node, item): item for item in live}
        named = [_key(node, item) for item in manifest]
        both = [merged(item, there.get(key), items) for item, key in zip(manifest, named, strict=True)]
        return both + [item for key, item in there.items() if key not in named]
    if node is not None and node.list_type == "set":
        return manifest + [item for item in live if item not in manifest]
    if len(manifest) == len(live):  # replaced as a whole, and then what is not said is filled in as it was before
        return [merged(item, was, items) for item, was in zip(manifest, live, strict=True)]
    return manifest


def _key(node: Node, item: Any) -> tuple[Any, ...]:
    """Return what tells an item of a list from the others; a default counts as if it were written."""
    value: Mapping[str, Any] = item if isinstance(item, dict) else {}
    known = node.items.properties if node.items is not None else {}
    found = (value.get(key, known[key].default if key in known else None) for key in node.list_map_keys)
    return tuple(each if isinstance(each, str | int | float | None) else str(each) for each in found)
