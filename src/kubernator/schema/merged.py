"""What server-side apply would about make of a live object, as far as that can be told without asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.schema.node import Node

__all__ = ["ATOMIC", "emptied", "key_of", "merged", "with_allocated"]

ATOMIC: Final = "atomic"
"""What schemas call maps and lists that are replaced as a whole."""


def merged(manifest: Any, live: Any, node: Node | None) -> Any:
    """Return what is live with what a manifest says in place of it, of lists what the manifest says first.

    What the manifest is silent about stays, except in maps and lists that are replaced as a whole; places in the
    manifest's lists stay too.
    """
    if isinstance(manifest, dict) and isinstance(live, dict) and (node is None or node.map_type != ATOMIC):
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
        there = {key_of(node, item): item for item in live}
        named = [key_of(node, item) for item in manifest]
        both = [merged(item, there.get(key), items) for item, key in zip(manifest, named, strict=True)]
        return both + [item for key, item in there.items() if key not in named]
    if node is not None and node.list_type == "set":
        return manifest + [item for item in live if item not in manifest]
    if node is None and len(manifest) == len(live):  # it may be that what is not said stays
        return [merged(item, was, items) for item, was in zip(manifest, live, strict=True)]
    return manifest


def with_allocated(left: dict[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stays of a live object, with the addresses that a Service has even when they are taken away.

    Source: k8s.io/kubernetes, package ``pkg/registry/core/service/storage``: ``patchAllocatedValues``.
    """
    if (live.get("apiVersion"), live.get("kind")) != ("v1", "Service"):
        return left
    kept = {key: live["spec"][key] for key in ("clusterIP", "clusterIPs") if key in live.get("spec", ())}
    return {**left, "spec": {**kept, **(left.get("spec") or {})}}


def emptied(manifest: Any, left: Any, node: Node | None) -> Any:
    """Return a manifest with null for each empty map that is null in ``left`` (`planning.remaining`).

    That is what server-side apply makes of a map when the manifest says that it is there and takes away all in it.
    """
    if isinstance(manifest, dict) and not manifest and left is None:
        return None
    if isinstance(manifest, dict) and isinstance(left, dict):
        return {
            key: emptied(value, left[key], node.child(key) if node is not None else None) if key in left else value
            for key, value in manifest.items()
        }
    mapped = node is not None and node.list_type == "map" and node.list_map_keys
    if node is not None and mapped and isinstance(manifest, list) and isinstance(left, list):
        there = {key_of(node, item): item for item in left}
        return [emptied(item, there.get(key_of(node, item), item), node.items) for item in manifest]
    return manifest


def key_of(node: Node, item: Any) -> tuple[Any, ...]:
    """Return what tells an item of a list from the others; a default counts as if it were written."""
    value: Mapping[str, Any] = item if isinstance(item, dict) else {}
    known = node.items.properties if node.items is not None else {}
    found = (value.get(key, known[key].default if key in known else None) for key in node.list_map_keys)
    return tuple(each if isinstance(each, str | int | float | None) else str(each) for each in found)
