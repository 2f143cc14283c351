"""Changes of objects that are there already: others, more and less, mostly right as such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from agreement.mutator import GIVEN, Change, child_of
from kubernator.schema.node import Node

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from agreement.mutator import Path

__all__ = ["changes"]

#: Words of which others are known; of most texts another is any.
_OTHERS: Final = {
    "1Gi": "2Gi",
    "64Mi": "128Mi",
    "100m": "200m",
    "1": "2",
    "ClusterIP": "NodePort",
    "Always": "IfNotPresent",
    "Retain": "Delete",
    "Delete": "Retain",
    "TCP": "UDP",
    "Parallel": "OrderedReady",
    "RollingUpdate": "OnDelete",
    "Recreate": "RollingUpdate",
    "Immediate": "WaitForFirstConsumer",
    "eA==": "eQ==",
    "Opaque": "example.com/other",
    "NonIndexed": "Indexed",
    "Equivalent": "Exact",
}


def changes(value: Any, node: Node, path: Path = (), whose: Hashable = ()) -> Iterator[Change]:
    """Yield the changes of a value and of what is in it; ``node`` is its schema."""
    whose = node.name or whose
    if isinstance(value, dict):
        yield from _of_map(value, node, path, whose)
    elif isinstance(value, list):
        yield from _of_list(value, node, path, whose)
    elif value is not None:
        yield Change(path, "another value", _other(value), whose=(whose, "other"))


def _of_map(value: dict[str, Any], node: Node, path: Path, whose: Hashable) -> Iterator[Change]:
    for key, item in value.items():
        below = (*path, key)
        mine = (whose, key if key in node.properties else "*")
        child = child_of(node, key)
        if below in GIVEN or child is None:
            continue
        if below != ("metadata",):
            yield Change(below, "dropped", drop=True, whose=(mine, "dropped"))
        yield from changes(item, child, below, mine)
    if isinstance(node.additional, Node) and value:
        more = {**value, "more": next(iter(value.values()))}
        yield Change(path, "another key", more, whose=(whose, "more"))


def _of_list(value: list[Any], node: Node, path: Path, whose: Hashable) -> Iterator[Change]:
    if value:
        yield Change(path, "without its last item", value[:-1], whose=(whose, "less"))
    if node.items is not None:
        for index, item in enumerate(value):
            yield from changes(item, node.items, (*path, index), (whose, "[]"))


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else _OTHERS.get(value, f"{value}x" if value else "x")
