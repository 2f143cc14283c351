"""From the way the API server names a field to the place in the object that it means."""

from __future__ import annotations

import json
import re
from typing import Any, Final

__all__ = ["Path", "located", "named"]

Path = tuple[str | int, ...]

_INDEX: Final = re.compile(r"\[(\d+)\]")
_SELECTED: Final = re.compile(r'\[((?:[A-Za-z]\w*)?=(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^\]])*)\]')
_PAIR: Final = re.compile(r'([A-Za-z]\w*)?=("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,\]]*)')
_DUPLICATE: Final = re.compile(r"duplicate entries for key (\[.*\])")
_ELEMENT: Final = re.compile(r"element (\d+): ")
#: The server checks types of its own, into which it turned what was written: a name in them -> as it is written.
_ALIASES: Final = tuple(
    (re.compile(pattern), written)
    for pattern, written in {
        r"^spec\.validation\.": "spec.versions[0].schema.",
        r"^spec\.additionalPrinterColumns(.*)JSONPath": r"spec.versions[0].additionalPrinterColumns\1jsonPath",
        r"(^spec.versions.*)JSONPath": r"\1jsonPath",
        r"^spec\.(subresources|additionalPrinterColumns|selectableFields)": r"spec.versions[0].\1",
        r"^spec\.conversion\.webhookClientConfig": "spec.conversion.webhook.clientConfig",
        r"^spec\.conversion\.conversionReviewVersions": "spec.conversion.webhook.conversionReviewVersions",
        r"^annotations\.": "metadata.annotations.",
        r"^data\[": "stringData[",
    }.items()
)
#: What the server says before the paths of a value that it cannot keep track of.
_UNTYPED: Final = "failed to create typed patch object"


def located(field: str, value: Any) -> tuple[Path, str]:
    """Return the path that a name of a field means in an object, and what of the name is not there.

    Names are `spec.containers[0].image`, `metadata.labels[a/b]`, `.spec.ports[port=53,protocol="TCP"]`. A name that is
    not there may be one of the server's own, which nobody writes.
    """
    found = _located(field, value)
    for pattern, written in _ALIASES if found[1] else ():
        other = _located(pattern.sub(written, field), value)
        if len(other[0]) > len(found[0]):
            return other
    return found


def _located(field: str, value: Any) -> tuple[Path, str]:
    path: list[str | int] = []
    rest = field if field.startswith((".", "[")) else f".{field}"
    while rest:
        found = _step(rest, value)
        if found is None:
            break
        step, length = found
        path.append(step)
        value = value[step]
        rest = rest[length:]
    return tuple(path), rest.lstrip(".")


def _step(rest: str, value: Any) -> tuple[Any, int] | None:
    if isinstance(value, dict):
        for key in sorted(value, key=len, reverse=True):
            for written in (f".{key}", f"[{key}]", f"[{json.dumps(key)}]"):
                if rest.startswith(written) and (written[0] == "[" or rest[len(written) :][:1] in {"", ".", "["}):
                    return key, len(written)
    if isinstance(value, list):
        index = _INDEX.match(rest)
        if index and int(index[1]) < len(value):
            return int(index[1]), index.end()
        selected = _SELECTED.match(rest)
        if selected:
            # the last one: of two that are the same the second is too many
            places = [place for place, item in enumerate(value) if _fits(item, selected[1])]
            return (places[-1], selected.end()) if places else None
    return None


def _fits(item: Any, selector: str) -> bool:
    """Say whether an item has the keys of a selector; some may be left out, since they have defaults."""
    some = False
    for name, written in _PAIR.findall(selector):
        found = (item.get(name) if isinstance(item, dict) else None) if name else item
        if found is not None and not isinstance(found, dict) and json.dumps(found, ensure_ascii=False) != written:
            return False
        some = some or found is not None
    return some


def named(message: str) -> list[str]:
    """Return the fields that a message about a typed object names: the server gives no list of them then."""
    _, found, told = message.partition(_UNTYPED)
    if not found:
        return []
    told = told.partition("): ")[2]
    names = []
    for part in re.split(r"\n\s*", told):
        match = re.match(r"(\.[^\n]*?): (.*)", part.strip())
        if match:
            twice = _DUPLICATE.search(match[2])
            element = _ELEMENT.match(match[2])
            names.append(match[1] + (twice[1] if twice else f"[{element[1]}]" if element else ""))
    return names
