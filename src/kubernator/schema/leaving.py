"""What a manifest takes away from a live object, beside what it says: for rules about what cannot change.

What the API server fills in where it is missing comes back. Where the default is one and the same everywhere it counts
as said; of other fields nothing is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.admitted import DEFAULTED
from kubernator.schema.difference import EMPTY, GONE
from kubernator.schema.merged import ATOMIC, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.schema.node import Node

__all__ = ["leaving"]

#: Fields that get the same value wherever they are missing and get one at all.
_SAME: Final[Mapping[str, Any]] = {
    "attachRequired": True,
    "count": 1,
    "dnsPolicy": "ClusterFirst",
    "enableServiceLinks": True,
    "failureThreshold": 3,
    "periodSeconds": 10,
    "podManagementPolicy": "OrderedReady",
    "reclaimPolicy": "Delete",
    "schedulerName": "default-scheduler",
    "successThreshold": 1,
    "terminationGracePeriodSeconds": 30,
    "volumeBindingMode": "Immediate",
}
#: What else is filled in: in references, probes, conditions, tolerations of devices, and volumes of old kinds.
_FILLED: Final = frozenset(
    {"apiVersion", "azureDisk", "divisor", "iscsi", "kind", "operator", "path", "rbd", "scaleIO", "status", "timeAdded"}
)

#: What selects by labels is filled in where it is a map of labels only.
_LABEL_SELECTOR: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"


def leaving(manifest: Any, live: Any, left: Any, node: Node | None) -> Any:
    """Return a manifest with `difference.GONE` where it takes away what is live.

    ``left`` is what stays of ``live`` beside what the manifest says.
    """
    if node is None:
        return manifest
    if isinstance(manifest, dict) and isinstance(live, dict):
        return _of_map(manifest, live, left, node)
    if isinstance(manifest, list) and isinstance(live, list):
        return _of_list(manifest, live, left, node)
    return manifest


def _of_map(manifest: dict[str, Any], live: dict[str, Any], left: Any, node: Node) -> dict[str, Any]:
    stays = left if isinstance(left, dict) and node.map_type != ATOMIC else {}
    found = {
        # requests come back from the limits
        key: value
        if key == "requests" and "limits" in manifest
        else leaving(value, live.get(key), stays.get(key), node.child(key))
        for key, value in manifest.items()
    }
    for key, value in live.items():
        if key in manifest:
            continue
        gone = dict(_gone(key, value, manifest, node))
        if key in stays:
            part = isinstance(value, dict) and value != stays[key]
            gone = {key: leaving({}, value, stays[key], node.child(key))} if part else {}
        found.update(gone)
    return found


def _gone(key: str, value: Any, beside: Mapping[str, Any], node: Node) -> Iterator[tuple[str, Any]]:
    """Yield what stands for a field that goes; nothing where it may come back as it is. Keys of free maps do not."""
    child = node.child(key)
    declared = key in node.properties and node.properties[key].name != _LABEL_SELECTOR
    filled = declared and (key in _FILLED or key in DEFAULTED or (key == "requests" and "limits" in beside))
    if declared and key in _SAME:
        yield key, _SAME[key]
    elif value in EMPTY or filled or child is None:
        return
    elif not isinstance(value, dict) or not (child.properties or child.additional):
        yield key, GONE
    elif below := {name: gone for each, item in value.items() for name, gone in _gone(each, item, value, child)}:
        yield key, below


def _of_list(manifest: list[Any], live: list[Any], left: Any, node: Node) -> Any:
    stays = left if isinstance(left, list) else []
    items = node.items
    if node.list_type == "map" and items is not None:
        there, rest = ({key_of(node, item): item for item in each} for each in (live, stays))
        named = {key_of(node, item): item for item in manifest}
        found = [leaving(item, there.get(key), rest.get(key), items) for key, item in named.items()]
        gone = [item for key, item in there.items() if key not in named and key not in rest]
        return found + [_dropped(item, node) for item in gone] if len(named) == len(manifest) else manifest
    if node.list_type == "set":
        return GONE if any(item not in manifest and item not in stays for item in live) else manifest
    if len(manifest) < len(live):
        return GONE
    if len(manifest) == len(live) and all(map(_alike, manifest, live)):
        return [leaving(item, was, None, items) for item, was in zip(manifest, live, strict=True)]
    return manifest


def _dropped(item: Any, node: Node) -> Any:
    if not isinstance(item, dict):
        return GONE
    keys = {key: item[key] for key in node.list_map_keys if key in item}
    return dict.fromkeys(item, GONE) | keys


def _alike(one: Any, other: Any) -> bool:
    """Say whether two items at the same place of a list may be meant to be one."""
    if isinstance(one, dict) and isinstance(other, dict):
        return bool(one.get("name") == other.get("name"))
    return True
