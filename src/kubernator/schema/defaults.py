"""Defaults of schemas, as the API server applies them before it checks a custom resource.

A null where none is allowed is replaced by the default where there is one. Elsewhere it stays: other ways of writing
drop it, server-side apply does not and refuses it. Source: k8s.io/apiextensions-apiserver, package
``apiserver/schema/defaulting``.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

from kubernator.schema.node import Node

if TYPE_CHECKING:
    from kubernator.model.resource import Manifest

__all__ = ["defaulted"]


def defaulted(manifest: Manifest, node: Node) -> Manifest:
    """Return a manifest with the defaults of its schema, sharing with the given one what did not change.

    Of types of Kubernetes' own only the keys of list maps get their defaults, as the port's ``protocol: TCP``: without
    them entries could not be told apart; all others are set by Go code that the schema does not tell.
    """
    return cast("Manifest", _filled(manifest, node))


def _filled(value: Any, node: Node) -> Any:
    if isinstance(value, dict):
        return _filled_map(value, node)
    if isinstance(value, list) and node.items is not None:
        return _filled_list(value, node, node.items)
    return value


def _filled_map(value: dict[str, Any], node: Node) -> dict[str, Any]:
    properties = node.properties
    additional = node.additional
    filled: dict[str, Any] = {}
    changed = False
    for key, item in value.items():
        child = properties.get(key)
        if child is None and isinstance(additional, Node):
            child = additional
        if child is None:
            filled[key] = item
            continue
        if item is None and not child.nullable and not child.builtin and child.default is not None:
            filled[key] = _filled(copy.deepcopy(child.default), child)
            changed = True
            continue
        filled[key] = _filled(item, child) if isinstance(item, dict | list) else item
        changed = changed or filled[key] is not item
    if not node.builtin:
        for key, child in properties.items():
            if key not in filled and not child.builtin and child.default is not None:
                filled[key] = _filled(copy.deepcopy(child.default), child)
                changed = True
    return filled if changed else value


def _filled_list(value: list[Any], node: Node, items: Node) -> list[Any]:
    filled = []
    for item in value:
        if item is None and not items.nullable and not items.builtin and items.default is not None:
            filled.append(_filled(copy.deepcopy(items.default), items))
        else:
            filled.append(_with_keys(_filled(item, items), node, items))
    return filled if any(new is not old for new, old in zip(filled, value, strict=True)) else value


def _with_keys(item: Any, node: Node, items: Node) -> Any:
    if not items.builtin or not isinstance(item, dict):
        return item
    defaults = {key: items.properties[key].default for key in node.list_map_keys if key in items.properties}
    missing = {key: value for key, value in defaults.items() if key not in item and value is not None}
    return {**item, **missing} if missing else item
