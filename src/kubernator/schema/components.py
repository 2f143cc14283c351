"""The schemas of an OpenAPI v3 document: which kinds are in it, and what of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["kinds", "needed", "stripped"]

#: What a schema says to people.
_WORDS: Final = frozenset({"description", "example", "externalDocs", "title"})
_ONE: Final = frozenset({"additionalProperties", "items", "not"})
_SEVERAL: Final = frozenset({"allOf", "anyOf", "oneOf"})
_KINDS: Final = "x-kubernetes-group-version-kind"
#: Bodies of requests that are registered as kinds of every group.
_EVERYWHERE: Final = frozenset({"DeleteOptions", "WatchEvent"})


def stripped(schema: Any) -> Any:
    """Return a schema without what is only for people, which is most of its text."""
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for word, value in schema.items():
        if word in _WORDS:
            continue
        if word == "properties" and isinstance(value, dict):
            kept[word] = {name: stripped(each) for name, each in value.items()}
        elif word in _ONE:
            kept[word] = stripped(value)
        elif word in _SEVERAL and isinstance(value, list):
            kept[word] = [stripped(each) for each in value]
        else:
            kept[word] = value
    return kept


def kinds(components: Mapping[str, Any], group: str, version: str) -> dict[str, str]:
    """Return the kinds of a group and version among components: kind -> name of its component."""
    found = {}
    for name, schema in components.items():
        for each in schema.get(_KINDS, ()) if isinstance(schema, dict) else ():
            if (each["group"], each["version"]) == (group, version) and each["kind"] not in _EVERYWHERE:
                found[each["kind"]] = name
    return found


def needed(components: Mapping[str, Any], roots: Iterable[str]) -> dict[str, Any]:
    """Return the components of these names and all that they refer to, stripped, sorted by name."""
    found: dict[str, Any] = {}
    wanted = list(roots)
    while wanted:
        name = wanted.pop()
        if name not in found and name in components:
            found[name] = stripped(components[name])
            wanted.extend(_references(found[name]))
    return dict(sorted(found.items()))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):  # a property may have that name
            yield target.rpartition("/")[2]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
