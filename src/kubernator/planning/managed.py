"""What we own by ``managedFields``, and the proof that an apply would change nothing. Pure.

An entry's ``fieldsV1`` is a tree whose keys say what is what: ``f:name`` a field, ``k:{...}`` the item of a list map,
``v:...`` the value of a set, ``.`` the thing itself; a leaf with nothing below is owned as a whole. So no schema is
needed to know how a list merges. Behind the proof stands one observed rule: when anybody changes a value we own, our
Apply entry loses that leaf. Kept ownership alone proves nothing (a mutating policy leaves it whole), hence the values
are compared as well.

Source: sigs.k8s.io/structured-merge-diff, package ``fieldpath``: the serialized form of paths.
"""

from __future__ import annotations

import itertools
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kubernator.planning.canonical import ABSENT, Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = [
    "Elements",
    "Fields",
    "entries",
    "holds",
    "intersects",
    "keys_of",
    "leaves",
    "locate",
    "lookup",
    "own_entry",
    "render",
    "subtract",
    "undecided",
    "union",
]

Fields: TypeAlias = "dict[str, Any]"
Elements: TypeAlias = "tuple[str, ...]"

#: The only key of a list map that built-in types leave out and the server adds.
_KEY_DEFAULTS: Final = {"protocol": "TCP"}

#: The one kind of map that is atomic wherever it stands. Any other that is stored empty may be a map that merges, in
#: which an empty field would become ours.
_SELECTOR: Final = frozenset({"matchExpressions", "matchLabels"})

#: Values that are stored as they are sent when they are equal and of one class, under every rule of `canonical`.
_SCALARS: Final = frozenset({str, int, float, bool})


def entries(live: Manifest) -> list[dict[str, Any]]:
    """Return the entries of managedFields; malformed ones are left out."""
    found = (live.get("metadata") or {}).get("managedFields") or []
    return [entry for entry in found if isinstance(entry, dict) and isinstance(entry.get("manager"), str)]


def own_entry(live: Manifest, manager: str) -> dict[str, Any] | None:
    """Return the Apply entry of a manager on the object itself (not on a subresource), or None."""
    for entry in entries(live):
        if entry["manager"] == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            return entry
    return None


def leaves(fields: Fields, prefix: Elements = ()) -> Iterator[Elements]:
    """Return the path of every leaf; the ``.`` of a list item counts as its item's path only where nothing else is."""
    children = [key for key in fields if key != "."]
    if not children:
        if prefix:
            yield prefix
        return
    for key in children:
        yield from leaves(fields[key] or {}, (*prefix, key))


def holds(fields: Fields, elements: Elements) -> bool:
    """Say whether a tree owns this path, as a leaf or through something below it."""
    for element in elements:
        if element not in fields:
            return False
        fields = fields[element] or {}
    return True


def intersects(fields: Fields, elements: Elements) -> bool:
    """Say whether a tree owns the path, something below it, or something above it as a whole."""
    for element in elements:
        if not any(key != "." for key in fields):
            return True
        if element not in fields:
            return False
        fields = fields[element] or {}
    return True


def union(one: Fields, other: Fields) -> Fields:
    """Return a tree that owns what either owns; what one owns as a leaf keeps that as its ``.``."""
    joined = dict(one)
    for key, below in other.items():
        mine, theirs = joined.get(key) or {}, below or {}
        both = union(mine, theirs)
        joined[key] = {".": {}, **both} if both and key in joined and not (mine and theirs) else both
    return joined


def subtract(fields: Fields, gone: Iterable[Elements]) -> Fields:
    """Return a tree without these paths; what becomes empty leaves with them."""
    result = fields
    for elements in gone:
        result = _without(result, elements)
    return result


def _without(fields: Fields, elements: Elements) -> Fields:
    first, rest = elements[0], elements[1:]
    if first not in fields:
        return fields
    remaining = {key: value for key, value in fields.items() if key != first}
    if rest:
        below = _without(fields[first] or {}, rest)
        if any(key != "." for key in below):
            remaining[first] = below
    return remaining


def locate(value: Any, elements: Elements) -> Path | None:
    """Return where in an object the path of an owned field leads, with indices for list items; None if nowhere."""
    path: list[str | int] = []
    for element in elements:
        form, _, name = element.partition(":")
        step: str | int | None
        match form:
            case "f":
                step = name if isinstance(value, dict) and name in value else None
            case "k" | "v":
                step = _Items(value).find(element) if isinstance(value, list) else None
            case "i":
                step = int(name) if isinstance(value, list) and name.isdigit() and int(name) < len(value) else None
            case _:
                step = None
        if step is None:
            return None
        path.append(step)
        value = value[step]
    return tuple(path)


def keys_of(element: str) -> AbstractSet[str]:
    """Return the names of the keys in an element such as ``k:{"name":"web"}``; none for any other element."""
    keys = _parse(element[2:]) if element.startswith("k:") else None
    return keys.keys() if isinstance(keys, dict) else frozenset()


def lookup(value: Any, path: Path) -> Any:
    """Return what stands at a path, or `ABSENT`."""
    for step in path:
        in_list = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if in_list or (isinstance(value, dict) and step in value):
            value = value[step]
        else:
            return ABSENT
    return value


def render(elements: Elements) -> str:
    """Write a path as the server does in a conflict: ``.spec.containers[name="c"].image``."""
    text = ""
    for element in elements:
        form, _, name = element.partition(":")
        match form:
            case "f":
                text += f".{name}"
            case "k":
                keys = _parse(name)
                inner = (
                    ",".join(f"{key}={json.dumps(value)}" for key, value in keys.items())
                    if isinstance(keys, dict)
                    else name
                )
                text += f"[{inner}]"
            case "v":
                text += f"[={name}]"
            case _:
                text += f"[{name}]"
    return text


def undecided(wanted: Manifest, live: Manifest, *, manager: str, gvk: GroupVersionKind) -> str:
    """Return why it is not proven that applying ``wanted`` changes nothing, or an empty string when it is proven.

    ``wanted`` is what would be sent (`canonical.wire`), ``live`` the object as read with its managedFields.
    """
    body = {key: value for key, value in wanted.items() if key not in {"apiVersion", "kind", "metadata"}}
    metadata = {key: value for key, value in (wanted.get("metadata") or {}).items() if key not in {"name", "namespace"}}
    if metadata:
        body["metadata"] = metadata
    own = own_entry(live, manager)
    if own is None:
        if body or any(entry["manager"] == manager for entry in entries(live)):
            return "no field is known to be ours"
        return ""
    if own.get("apiVersion") != gvk.api_version:
        return f"last applied as {own.get('apiVersion')}"
    fields = own.get("fieldsV1")
    if not isinstance(fields, dict):
        return "our entry of managedFields cannot be read"
    others = [
        entry["fieldsV1"] for entry in entries(live) if entry is not own and isinstance(entry.get("fieldsV1"), dict)
    ]
    try:
        _Proof(gvk, others).map(fields, body, live, (), ())
    except _Undecided as reason:
        return str(reason)
    return ""


class _Undecided(Exception):
    """Not provable; the text says where and why."""


class _Proof:
    """One walk over what we own, what is wanted and what is live, at the same time."""

    def __init__(self, gvk: GroupVersionKind, others: list[Fields]) -> None:
        self.rules = Rules(gvk)
        self.others = others

    def value(self, owned: Fields, wanted: Any, live: Any, path: Path, elements: Elements) -> None:
        if not owned or (len(owned) == 1 and "." in owned):
            self.leaf(wanted, live, path, elements)
        elif isinstance(wanted, dict) and isinstance(live, dict):
            self.map(owned, wanted, live, path, elements)
        elif isinstance(wanted, list) and isinstance(live, list):
            self.items([key for key in owned if key != "."], owned, wanted, live, path, elements)
        else:
            raise _Undecided(f"{render(elements)} has another shape")

    def map(self, owned: Fields, wanted: dict[str, Any], live: dict[str, Any], path: Path, elements: Elements) -> None:
        seen = 1 if "." in owned else 0  # the map itself; nothing is known by it
        for key, value in wanted.items():
            name = f"f:{key}"
            below, stored = owned.get(name), live.get(key, ABSENT)
            if below is None:
                self.unowned(value, stored, (*path, key), (*elements, name))
                continue
            seen += 1
            if not below and value == stored and value.__class__ is stored.__class__ and value.__class__ in _SCALARS:
                continue  # most of all there is, and no place of it need be named
            self.value(below, value, stored, (*path, key), (*elements, name))
        if seen != len(owned):
            dropped = next(key for key in owned if key != "." and key[2:] not in wanted)
            raise _Undecided(f"{render((*elements, dropped))} is ours and no longer wanted")

    def unowned(self, wanted: Any, live: Any, path: Path, elements: Elements) -> None:
        """Pass empty lists that merge, which are nobody's; whatever else is not ours is to become so.

        That a list merges is known of built-in types, or told by others' items in it. One that is stored empty and is
        nobody's merges too, else who wrote it would own it.
        """
        if wanted == []:
            owners = [fields for fields in self.others if holds(fields, elements)]
            if live == [] and not owners:
                return
            if self.rules.merges(path) or any(_below(fields, elements) for fields in owners):
                return
        raise _Undecided(f"{render(elements)} is not ours")

    def leaf(self, wanted: Any, live: Any, path: Path, elements: Elements) -> None:
        """Compare what is owned as a whole.

        A map could also have been empty when it was applied, and so its content not be ours. Then either others own it,
        or it consists of defaults, and applying them changes nothing.
        """
        if wanted == {} and isinstance(live, dict) and self.rules.merges(path):
            return
        if wanted is None and live is ABSENT:
            return  # had it been anything else, it would stand there
        shared = isinstance(wanted, dict | list) and any(_below(fields, elements) for fields in self.others)
        if shared:
            if wanted == {} and isinstance(live, dict):
                return  # a map that merges: what others keep in it is theirs
            raise _Undecided(f"{render(elements)} is shared with others")
        filled = wanted and live == {} and not (isinstance(wanted, dict) and wanted.keys() <= _SELECTOR)
        if filled or not self.rules.same(wanted, live, path):
            raise _Undecided(f"{render(elements)} differs")

    def items(  # noqa: PLR0917 - the same walk as the others
        self, children: list[str], owned: Fields, wanted: list[Any], live: list[Any], path: Path, elements: Elements
    ) -> None:
        if len(children) != len(wanted):
            raise _Undecided(f"{render(elements)} has other items")
        places: list[tuple[int, int]] = []
        ours, theirs = _Items(wanted), _Items(live)
        for child in children:
            here, there = ours.find(child), theirs.find(child)
            if here is None or there is None:
                raise _Undecided(f"{render((*elements, child))} is ours and not in both")
            if child.startswith("k:"):
                self.value(owned[child] or {}, wanted[here], live[there], (*path, here), (*elements, child))
            places.append((here, there))
        places.sort()
        if any(one[0] == next_[0] or one[1] >= next_[1] for one, next_ in itertools.pairwise(places)):
            raise _Undecided(f"{render(elements)} is in another order")


def _below(fields: Fields, elements: Elements) -> bool:
    for element in elements:
        if element not in fields:
            return False
        fields = fields[element] or {}
    return any(key != "." for key in fields)


class _Items:
    """The items of a list, found by key or by value; a long list is gone through once, however often it is asked."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items
        self._indices: dict[tuple[str, ...], dict[Any, list[int]]] = {}

    def find(self, element: str) -> int | None:
        """Return the place of the one item that a step of a path names: by keys of a list map, or a value of a set.

        None where there is none, and where several items of a list map have the same keys. A set's first one counts.
        """
        sought = _sought(element)
        if sought is None:
            return None
        names, values = sought
        found = self._index(names).get(values, ())
        return found[0] if found and (not names or len(found) == 1) else None

    def _index(self, names: tuple[str, ...]) -> dict[Any, list[int]]:
        """Return the places by the values under these names; without names, by the items themselves."""
        index = self._indices.get(names)
        if index is None:
            index = self._indices[names] = {}
            for at, item in enumerate(self._items):
                if not names:
                    index.setdefault(_exact(item), []).append(at)
                elif isinstance(item, dict):
                    values = tuple([_exact(item.get(name, _KEY_DEFAULTS.get(name, ABSENT))) for name in names])
                    index.setdefault(values, []).append(at)
        return index


def _exact(value: Any) -> Any:
    """Return what is equal, and has one hash, exactly for equal values; in Python ``True`` is ``1``."""
    if value.__class__ is str:
        return value
    if isinstance(value, bool):
        return "bool", value
    return ("json", json.dumps(value, sort_keys=True)) if isinstance(value, dict | list) else value


@lru_cache(maxsize=4096)  # the keys of containers, ports and variables are the same in many objects
def _sought(element: str) -> tuple[tuple[str, ...], Any] | None:
    """Read ``k:{...}`` as names and values, ``v:...`` as no names and the value; None where it is neither."""
    form, _, text = element.partition(":")
    found = _parse(text)
    if form == "k" and isinstance(found, dict):
        return tuple(found), tuple(map(_exact, found.values()))
    return ((), _exact(found)) if form == "v" else None


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
