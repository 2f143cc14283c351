"""From the name of a field, as people write it and as we print it, to its path in a manifest. Pure.

``spec.containers[web].image``, ``spec.containers[0].image``, ``ports[containerPort=80,protocol=TCP]``,
``finalizers[="a/b"]``, ``metadata.labels["a.b/c"]``; a key with points may also be written as it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from kubernator import errors
from kubernator.report import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.sourcemap import Path

__all__ = ["Found", "find", "words"]


class Found(NamedTuple):
    """How far a name leads in a value: ``rest`` is what of it means nothing there, ``known`` what would."""

    path: Path
    rest: str = ""
    known: tuple[str, ...] = ()


def find(text: str, value: Any) -> Found:
    """Return the path that a name means in a value; raises `errors.UsageError` for brackets that are not closed."""
    path: Path = ()
    while text not in {"", "."}:
        steps = _steps(text, value)
        if not steps:
            return Found(path, text, tuple(_known(value)))
        furthest = Found(path, text)
        for step, rest in steps:  # the longest key first; a shorter one counts where only it leads on
            inner = find(rest, value[step])
            if not inner.rest:
                return Found((*path, step, *inner.path))
            if len(inner.rest) < len(furthest.rest) or furthest.rest == text:
                furthest = Found((*path, step, *inner.path), inner.rest, inner.known)
        return furthest
    return Found(path)


def words(text: str) -> list[str]:
    """Return the parts of a name whatever they mean: keys, and what stands in brackets as it is, with ``[``."""
    found: list[str] = []
    while text:
        if text[0] == "[":
            inside, text = _bracket(text)
            found.append(_quoted(inside) if inside[:1] in {'"', "'"} else f"[{inside}")
            continue
        text = text.removeprefix(".")
        end = min(at for at in (text.find("."), text.find("["), len(text)) if at >= 0)
        found.append(text[:end])
        text = text[end:]
    return found


def _steps(text: str, value: Any) -> list[tuple[str | int, str]]:
    """Return what the beginning of a name can mean in a value, each with the rest of the name."""
    if text[0] == "[":
        inside, rest = _bracket(text)
        step = _inside(inside, value)
        return [] if step is None else [(step, rest)]
    text = text.removeprefix(".")
    if isinstance(value, dict):
        keys = sorted((str(key) for key in value if text == key or text.startswith((f"{key}.", f"{key}["))), key=len)
        return [(key, text[len(key) :]) for key in reversed(keys) if key]
    if isinstance(value, list):
        end = min(at for at in (text.find("."), text.find("["), len(text)) if at >= 0)
        step = _inside(text[:end], value)
        return [] if step is None else [(step, text[end:])]
    return []


def _bracket(text: str) -> tuple[str, str]:
    """Return what is inside of the bracket with which a text begins, and what comes after it."""
    quote = ""
    at = 1
    while at < len(text):
        letter = text[at]
        if quote and letter == "\\":
            at += 1
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in {'"', "'"}:
            quote = letter
        elif letter == "]":
            return text[1:at], text[at + 1 :]
        at += 1
    raise errors.UsageError(
        f"`{text}` has a bracket that is not closed", hint='as in `containers[web]`, `labels["a.b/c"]`'
    )


def _quoted(text: str) -> str:
    if text[:1] == "'":
        return text[1:-1] if len(text) > 1 and text[-1] == "'" else text
    value = _json(text)
    return value if isinstance(value, str) else text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _inside(inside: str, value: Any) -> str | int | None:
    """Return what a text in brackets means: a key of a map, or an item of a list."""
    if isinstance(value, dict):
        key = _quoted(inside)
        return key if key in value else None
    if not isinstance(value, list):
        return None
    if inside.startswith("="):
        wanted = json.dumps(_json(inside[1:]), sort_keys=True)
        return next((at for at, item in enumerate(value) if json.dumps(item, sort_keys=True) == wanted), None)
    named = next((at for at, item in enumerate(value) if _is_called(item, _quoted(inside))), None)
    if named is not None:
        return named
    if inside.isdigit():
        return next((at for at in range(len(value)) if str(at) == inside), None)
    keys = _keys(inside)
    return next((at for at, item in enumerate(value) if keys and _has(item, keys)), None)


def _is_called(item: Any, name: str) -> bool:
    return isinstance(item, dict) and item.get("name") == name


def _keys(inside: str) -> dict[str, str]:
    """Read ``containerPort=80,protocol=TCP``; nothing where that is not the form."""
    parts = [part.partition("=") for part in inside.split(",")]
    return (
        {key.strip(): _quoted(value.strip()) for key, sign, value in parts if sign} if all(p[1] for p in parts) else {}
    )


def _has(item: Any, keys: Mapping[str, str]) -> bool:
    return isinstance(item, dict) and all(
        key in item and value in {str(item[key]), json.dumps(item[key])} for key, value in keys.items()
    )


def _known(value: Any) -> Iterator[str]:
    """Return what the next part of a name could be."""
    if isinstance(value, dict):
        yield from (paths.field("", key) for key in value)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            name = item.get("name") if isinstance(item, dict) else None
            yield paths.keyed("", {"name": name}) if isinstance(name, str) else paths.position("", at)
