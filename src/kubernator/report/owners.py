"""Who owns the fields of an object, read from its ``managedFields``, for people. Pure.

Source: sigs.k8s.io/structured-merge-diff, package ``fieldpath``: ``f:`` is a field, ``k:`` the item of a list map,
``v:`` the value of a set, ``.`` the thing itself; an empty tree owns all below it.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.report import paths

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

__all__ = ["Claims", "Owner", "identity"]

#: The only key of a list map that built-in types leave out and the server adds.
_KEY_DEFAULTS: Final = {"protocol": "TCP"}


class Owner(NamedTuple):
    """A field manager as the server records it; ``since`` is when it last wrote, RFC 3339 or empty."""

    manager: str
    operation: str
    subresource: str = ""
    since: str = ""

    def __str__(self) -> str:
        part = f" of {self.subresource}" if self.subresource else ""
        how = f" ({self.operation}{part})" if self.operation else ""
        return f"`{self.manager}`{how}{f' since {self.since}' if self.since else ''}"


class Claims:
    """What each manager claims at one place of an object and below it."""

    __slots__ = ("_items", "_trees")

    def __init__(self, trees: tuple[tuple[Owner, dict[str, Any]], ...] = ()) -> None:
        self._trees = trees
        self._items: list[dict[Hashable, Any]] | None = None

    @classmethod
    def of(cls, manifest: Mapping[str, Any] | None) -> Claims:
        """Read the claims on a whole object; entries that cannot be read are left out."""
        metadata = (manifest or {}).get("metadata")
        found = metadata.get("managedFields") if isinstance(metadata, dict) else None
        return cls(
            tuple(
                (
                    Owner(
                        manager=str(entry.get("manager", "")),
                        operation=str(entry.get("operation", "")),
                        subresource=str(entry.get("subresource") or ""),
                        since=str(entry.get("time") or ""),
                    ),
                    entry["fieldsV1"],
                )
                for entry in found or ()
                if isinstance(entry, dict) and isinstance(entry.get("fieldsV1"), dict) and entry["fieldsV1"]
            )
        )

    @property
    def owners(self) -> tuple[Owner, ...]:
        """Everybody who claims this place or something below it."""
        return tuple(owner for owner, _ in self._trees)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names that tell the items of a list map apart; empty for what is none."""
        for _, tree in self._trees:
            for element in tree:
                if element.startswith("k:"):
                    return tuple(sorted(_parsed(element[2:])))
        return ()

    @property
    def is_set(self) -> bool:
        """Whether this is a list of values that are owned one by one."""
        return any(element.startswith("v:") for _, tree in self._trees for element in tree)

    def field(self, name: str) -> Claims:
        """Return the claims on a field of a map."""
        return self._below([tree.get(f"f:{name}", _NONE) if tree else tree for _, tree in self._trees])

    def item(self, known_as: Hashable) -> Claims:
        """Return the claims on an item of a list, which is known as `identity` says."""
        if self._items is None:
            self._items = [_by_identity(tree) for _, tree in self._trees]
        return self._below([items.get(known_as, _NONE) if items else items for items in self._items])

    def leaves(self) -> Iterator[tuple[Owner, tuple[str, ...]]]:
        """Return every owned field as the elements of its path."""
        for owner, tree in self._trees:
            for elements in _leaves(tree, ()):
                yield owner, elements

    def named(self, field: str) -> tuple[str, ...]:
        """Return the elements of a field that is given as the server writes it in a conflict; empty where unknown."""
        return next((elements for _, elements in self.leaves() if paths.as_the_server(elements) == field), ())

    def _below(self, found: list[Any]) -> Claims:
        """Go one step down, to what is found there of each tree; who owns a thing as a whole owns what is in it."""
        return Claims(
            tuple((owner, tree or {}) for (owner, _), tree in zip(self._trees, found, strict=True) if tree is not _NONE)
        )


_NONE: Final = object()


def identity(item: Any, names: tuple[str, ...]) -> Hashable:
    """Return what an item of a list is known as: by its keys, or without names by itself. Equal for equal values."""
    if not names:
        return _exact(item)
    return tuple(_exact(item.get(name, _KEY_DEFAULTS.get(name))) for name in names)


def _exact(value: Any) -> Hashable:
    match value:
        case bool():
            return "bool", value  # in Python ``True`` is ``1``
        case dict() | list():
            return "json", json.dumps(value, sort_keys=True, default=str)
        case _:
            return value  # type: ignore[no-any-return] # what JSON has besides is hashable


def _by_identity(tree: Mapping[str, Any]) -> dict[Hashable, Any]:
    return {_known_as(element): below for element, below in tree.items() if element.startswith(("k:", "v:"))}


@lru_cache(maxsize=4096)  # the keys of containers, ports and variables are the same in many objects
def _known_as(element: str) -> Hashable:
    found = _parsed(element[2:])
    keyed = element.startswith("k:") and isinstance(found, dict)
    return identity(found, tuple(sorted(found)) if keyed else ())


def _leaves(tree: Mapping[str, Any], prefix: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    children = [element for element in tree if element != "."]
    if not children and prefix:
        yield prefix
    for element in children:
        yield from _leaves(tree[element] or {}, (*prefix, element))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}
