"""Objects made wrong, one place at a time, by what their schemas say. Pure, and the same every time.

Not every change makes an object wrong: which do is for the API server to say. What it takes all the same is as good a
test, of the other kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.node import Node

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

__all__ = ["GIVEN", "Change", "Path", "changed", "changes", "child_of", "fields", "sample"]

Path = tuple[str | int, ...]

#: What tells which object is meant: without it nobody can be asked.
GIVEN: Final = frozenset({("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")})

#: Name of a change -> the text.
_TEXTS: Final[dict[str, Any]] = {
    "a number": 5,
    "empty": "",
    "a word": "Bogus",
    "no label": "Not Valid!",
    "long": "x" * 300,
    "two lines": "a\nb",
    "a path": "../x",
}
_NUMBERS: Final[dict[str, Any]] = {
    "text": "x",
    "negative": -1,
    "zero": 0,
    "above every port": 70000,
    "33 bits": 2**32 + 5,
    "a fraction": 1.5,
    "a switch": True,
}
_QUANTITIES: Final[dict[str, Any]] = {
    "no quantity": "1x",
    "negative": "-1",
    "empty": "",
    "a switch": True,
    "a small part": "0.0001m",
    "two points": "1.5.5",
}
_EITHER: Final[dict[str, Any]] = {
    "too many percent": "150%",
    "negative": -1,
    "negative percent": "-5%",
    "above every port": 70000,
    "a fraction": 1.5,
    "a switch": True,
    "no label": "a b!",
    "33 bits": 2**32 + 5,
    "zero": 0,
}
_TIMES: Final[dict[str, Any]] = {"no time": "yesterday", "a day": "2024-01-02", "a number": 5, "empty": ""}
_BYTES: Final[dict[str, Any]] = {"no base64": "***", "a number": 5}
#: What a schema calls special, or its format -> values for it.
_BY_FORMAT: Final = {
    "quantity": _QUANTITIES,
    "int-or-string": _EITHER,
    "time": _TIMES,
    "micro-time": _TIMES,
    "datetime": _TIMES,
    "byte": _BYTES,
}
_SAMPLES: Final[dict[str, Any]] = {
    "quantity": "1",
    "time": "2024-01-02T03:04:05Z",
    "datetime": "2024-01-02T03:04:05Z",
    "int-or-string": 1,
    "raw": {},
    "byte": "eA==",
    "string": "x",
    "boolean": True,
    "integer": 1,
    "number": 1,
}
#: Keys for maps whose keys are free.
_KEYS: Final = {"spaced": "bad key!", "empty": "", "three parts": "a/b/c", "long": "k" * 300, "capital": "K"}
_DEEPEST: Final = 6


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what is done (``how``) and the value at ``path`` afterwards.

    ``drop`` takes the key away instead, ``again`` writes it twice. ``whose`` is the same for the same change of the
    same type, wherever the type is used.
    """

    path: Path
    how: str
    value: Any = None
    drop: bool = False
    again: bool = False
    whose: Hashable = ()

    def __str__(self) -> str:
        return f"{fields(self.path)}: {self.how}"


def fields(path: Path) -> str:
    """Return a path in words, the same for all items of a list."""
    return ".".join("*" if isinstance(step, int) else step for step in path)


def changed(value: Any, change: Change, depth: int = 0) -> Any:
    """Return a value with a change, sharing all that is not on the way to it."""
    if change.again:
        return value
    if depth == len(change.path):
        return change.value
    step: Any = change.path[depth]
    last = depth + 1 == len(change.path)
    if isinstance(value, list):
        return [
            *value[:step],
            *([] if last and change.drop else [changed(value[step], change, depth + 1)]),
            *value[step + 1 :],
        ]
    if last and change.drop:
        return {key: item for key, item in value.items() if key != step}
    return {**value, step: changed(value.get(step), change, depth + 1)}


def changes(value: Any, node: Node, path: Path = (), whose: Hashable = ()) -> Iterator[Change]:
    """Yield all changes of a value and of what is in it; ``node`` is its schema."""
    whose = node.name or whose
    if isinstance(value, dict):
        yield from _of_map(value, node, path, whose)
    elif isinstance(value, list):
        yield from _of_list(value, node, path, whose)
    else:
        yield from _of_scalar(value, node, path, whose)


def child_of(node: Node, key: str) -> Node | None:
    """Return the schema of a key, None where there is none."""
    found = node.properties.get(key)
    return found if found is not None else node.additional if isinstance(node.additional, Node) else None


def _of_map(value: dict[str, Any], node: Node, path: Path, whose: Hashable) -> Iterator[Change]:
    yield from _of_shape(value, node, path, whose)
    for key, item in value.items():
        if (*path, key) in GIVEN:
            continue
        mine = (whose, key if key in node.properties else "*")
        if path or key != "metadata":
            yield from _of_key((*path, key), item, mine)
        child = child_of(node, key)
        if child is not None:
            yield from changes(item, child, (*path, key), mine)
    for key, child in node.properties.items():
        if key not in value and (*path, key) not in GIVEN:
            yield Change((*path, key), "added", sample(child), whose=((whose, key), "added"))


def _of_key(path: Path, value: Any, whose: Hashable) -> Iterator[Change]:
    yield Change(path, "dropped", drop=True, whose=(whose, "dropped"))
    yield Change(path, "null", None, whose=(whose, "null"))
    yield Change(path, "there twice", again=True, whose=(whose, "again"))
    if isinstance(value, dict) and value:
        yield Change(path, "an empty map", {}, whose=(whose, "emptied"))


def _of_shape(value: dict[str, Any], node: Node, path: Path, whose: Hashable) -> Iterator[Change]:
    if node.properties:
        wrong = f"{next(iter(node.properties))}x"
        yield Change((*path, wrong), "an unknown field", "x", whose=(whose, "unknown"))
    elif isinstance(node.additional, Node) and value:
        one = next(iter(value.values()))
        for how, key in _KEYS.items():
            yield Change((*path, key), f"a key that is {how}", one, whose=(whose, how))
    if path and path != ("metadata",):
        yield Change(path, "a list for a map", [], whose=(whose, "list"))
        yield Change(path, "text for a map", "x", whose=(whose, "text"))
    most = node.max_properties
    if most is not None and isinstance(node.additional, Node):
        many = {f"k{count}": sample(node.additional) for count in range(most + 1)}
        yield Change(path, "too many keys", many, whose=(whose, "many"))
    if node.min_properties:
        yield Change(path, "too few keys", {}, whose=(whose, "few"))


def _of_list(value: list[Any], node: Node, path: Path, whose: Hashable) -> Iterator[Change]:
    yield Change(path, "a map for a list", {}, whose=(whose, "map"))
    yield Change(path, "text for a list", "x", whose=(whose, "text"))
    if value:
        yield Change(path, "an empty list", [], whose=(whose, "emptied"))
        yield Change(path, "its first item twice", [*value, value[0]], whose=(whose, "twice"))
        yield Change(path, "null at its end", [*value, None], whose=(whose, "null"))
    if isinstance(node.items, Node):
        fitting = "x" if not isinstance(value[0] if value else None, str) else {"a": 1}
        yield Change(path, "another thing at its end", [*value, fitting], whose=(whose, "other"))
        yield from _by_default(value, node, path, whose)
        if node.max_items is not None and value:
            yield Change(path, "too many items", [value[0]] * (node.max_items + 1), whose=(whose, "many"))
        for index, item in enumerate(value):
            yield from changes(item, node.items, (*path, index), (whose, "[]"))


def _by_default(value: list[Any], node: Node, path: Path, whose: Hashable) -> Iterator[Change]:
    """Yield items that are the same only by a key's default."""
    items = node.items
    if items is None:
        return
    for key in node.list_map_keys:
        default = items.properties[key].default if key in items.properties else None
        first = next((item for item in value if isinstance(item, dict)), None)
        if default is None or first is None:
            continue
        without = {name: each for name, each in first.items() if name != key}
        yield Change(path, f"the same `{key}` by default", [without, {**without, key: default}], whose=(whose, key))


def _of_scalar(value: Any, node: Node, path: Path, whose: Hashable) -> Iterator[Change]:
    table = dict(_values(value, node))
    table.update(_bounds(node))
    table["a list"] = []
    table["a map"] = {"a": "b"}
    for how, wrong in table.items():
        if wrong != value or type(wrong) is not type(value):
            yield Change(path, how, wrong, whose=(whose, how))


def _values(value: Any, node: Node) -> dict[str, Any]:
    found = _BY_FORMAT.get("int-or-string" if node.int_or_string else node.special or node.format)
    if found is not None:
        return found
    if isinstance(value, bool):
        return {"text": "true", "a number": 1, "the other": not value}
    if isinstance(value, int | float):
        return _NUMBERS
    return _TEXTS if isinstance(value, str) else {"text": "x", "a number": 5, "a switch": True}


def _bounds(node: Node) -> Iterator[tuple[str, Any]]:
    """Yield values just beyond what a schema allows."""
    step = 1 if "integer" in node.types else 0.5
    if node.minimum is not None:
        yield "below its minimum", node.minimum - step
        yield "its minimum", node.minimum
    if node.maximum is not None:
        yield "above its maximum", node.maximum + step
        yield "its maximum", node.maximum
    if node.multiple_of is not None:
        yield "between multiples", node.multiple_of * 1.5 if "integer" not in node.types else node.multiple_of + 1
    if node.max_length is not None:
        yield "too long", "x" * (node.max_length + 1)
    if node.min_length:
        yield "too short", "x" * (node.min_length - 1)
    if node.enum:
        yield "one that is not offered", "Bogus"
        yield from ((f"offered {each}", each) for each in node.enum)


def sample(node: Node, depth: int = 0) -> Any:
    """Return the least value that a schema asks for; not always one that code behind it takes."""
    if node.default not in (None, {}, []):
        return node.default
    if node.enum:
        return node.enum[0]
    kind = node.types[0] if node.types else "object"
    found = _SAMPLES.get(node.special or node.format, _SAMPLES.get(kind))
    if found is not None:
        return found
    if kind == "array":
        return [] if node.items is None or depth >= _DEEPEST else [sample(node.items, depth + 1)]
    if isinstance(node.additional, Node):
        return {} if depth >= _DEEPEST else {"a": sample(node.additional, depth + 1)}
    return {
        key: sample(node.properties[key], depth + 1)
        for key in node.required
        if key in node.properties and depth < _DEEPEST
    }
