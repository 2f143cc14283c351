"""Naming fields: as patterns name them, as the server names them, and taking them out of a manifest. Pure.

A pattern is a regular expression over JSON pointers (RFC 6901), matched from the beginning; it holds for what it
matches and for all below. An item of a list can be named by its position or by what tells it apart:
``/spec/template/spec/containers/0/image`` and ``/spec/template/spec/containers/name=web/image`` are one field. A
``/`` in a key may be written as it is or as ``~1``.
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kubernator.planning import diff, managed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kubernator.model.change import PatchOp
    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = ["Ignored", "Patterns", "discard", "field_path", "readable", "spellings"]

#: What the server keeps for itself and what no plan shows.
ALWAYS_IGNORED: Final = (
    "/metadata/managedFields",
    "/metadata/generation",
    "/metadata/creationTimestamp",
    "/metadata/resourceVersion",
)
#: Keys of the list maps of built-in kinds; a pair is one where one of them alone need not be unique.
_KEYS: Final = (
    ("name",),
    ("containerPort",),
    ("containerPort", "protocol"),
    ("port",),
    ("port", "protocol"),
    ("mountPath",),
    ("devicePath",),
    ("ip",),
    ("key",),
    ("type",),
    ("uid",),
    ("topologyKey", "whenUnsatisfiable"),
)
_PROTOCOL: Final = {"protocol": "TCP"}


class Patterns:
    """Some patterns. Without any, nothing matches."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = _compiled(tuple(patterns))

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def match(self, path: Path, root: Any) -> bool:
        """Say whether a pattern matches a field of ``root``, or one of those it stands in."""
        return bool(self._patterns) and any(
            pattern.match(spelled)
            for depth in range(1, len(path) + 1)
            for spelled in spellings(path[:depth], root)
            for pattern in self._patterns
        )


class Ignored(Patterns):
    """Which fields are not ours."""

    def strip(self, ops: Sequence[PatchOp]) -> tuple[PatchOp, ...]:
        """Return the operations that remain to be shown and carried out."""
        return tuple(
            op
            for op in ops
            if not op.path.startswith(ALWAYS_IGNORED) and not any(pattern.match(op.path) for pattern in self._patterns)
        )


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


def spellings(path: Path, root: Any) -> Iterator[str]:
    """Return every way in which a pattern may name a field of an object: by position first."""
    yield diff.pointer(path)
    names = _names(path, root)
    if any(len(found) > 1 for found in names):
        yield from ("/" + "/".join(chosen) for chosen in itertools.islice(itertools.product(*names), 1, None))


def readable(path: Path, root: Any) -> str:
    """Return the way to name a field that a person would choose: items by what tells them apart."""
    return "".join(f"/{found[min(1, len(found) - 1)]}" for found in _names(path, root))


def _names(path: Path, root: Any) -> list[list[str]]:
    """Return the names of each step, that of a JSON pointer first."""
    steps: list[list[str]] = []
    value = root
    for step in path:
        name = str(step).replace("~", "~0")
        found = [name.replace("/", "~1")]
        if isinstance(step, int):
            found += _item_names(managed.lookup(value, (step,)))
        elif "/" in name:
            found.append(name)
        steps.append(found)
        value = managed.lookup(value, (step,))
    return steps


def _item_names(item: Any) -> Iterator[str]:
    if not isinstance(item, dict):
        if isinstance(item, str | int | float):
            yield f"={_escaped(item)}"
        return
    for keys in _KEYS:
        values = [item.get(key, _PROTOCOL.get(key) if len(keys) > 1 else None) for key in keys]
        if all(isinstance(value, str | int) for value in values):
            yield ",".join(f"{key}={_escaped(value)}" for key, value in zip(keys, values, strict=True))


def _escaped(value: object) -> str:
    return str(value).replace("~", "~0").replace("/", "~1")


def field_path(field: str, manifest: Any) -> Path:
    """Read a field as the server names it, with the manifest as a guide because keys are neither quoted nor escaped.

    Understood are ``spec.containers[0].image``, ``.spec.containers[name="c"].image``, ``metadata.annotations[a.b/c]``.
    What does not exist in the manifest ends the path after one more step.
    """
    rest = field.strip()
    path: list[str | int] = []
    value = manifest
    while rest:
        step, rest = _next_step(rest.removeprefix("."), value)
        if step is None:
            break
        path.append(step)
        value = managed.lookup(value, (step,))
    return tuple(path)


def _next_step(rest: str, value: Any) -> tuple[str | int | None, str]:
    if rest.startswith("["):
        inner, _, after = rest[1:].partition("]")
        if isinstance(value, list):
            if inner.isdigit():
                return int(inner), after
            pairs = dict(re.findall(r'(\w+)="?((?:[^",\\]|\\.)*)"?', inner))
            at = _item_at(value, pairs)
            return (at, after) if at is not None else (None, "")
        return inner, after
    if isinstance(value, dict):
        known = [key for key in value if rest == key or rest.startswith((f"{key}.", f"{key}["))]
        if known:
            longest = max(known, key=len)
            return longest, rest[len(longest) :]
    step = re.split(r"[.\[]", rest, maxsplit=1)[0]
    return (step, rest[len(step) :]) if step else (None, "")


def _item_at(items: list[Any], keys: dict[str, str]) -> int | None:
    """Return where the item with some keys is; one may lack a key whose value the server names by default."""

    def fits(item: Any, *, defaulted: bool) -> bool:
        return isinstance(item, dict) and all(
            str(item[key]) == text if key in item else defaulted for key, text in keys.items()
        )

    if not keys:
        return None
    exact = [at for at, item in enumerate(items) if fits(item, defaulted=False)]
    if exact:
        return exact[0]
    lacking = [at for at, item in enumerate(items) if fits(item, defaulted=True)]
    return lacking[0] if len(lacking) == 1 else None


def discard(manifest: Manifest, path: Path) -> None:
    """Remove what stands at a path, and the maps, items and lists above that hold nothing else."""
    if not path:
        return
    holder = managed.lookup(manifest, path[:-1])
    if isinstance(holder, dict):
        holder.pop(str(path[-1]), None)
    elif isinstance(holder, list) and isinstance(path[-1], int) and path[-1] < len(holder):
        del holder[path[-1]]
    if holder in ({}, []):
        discard(manifest, path[:-1])
