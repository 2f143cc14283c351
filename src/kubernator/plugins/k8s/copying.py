"""Manifests made of nothing but JSON, shared with nobody."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kubernator.plugins.k8s import wrong

__all__ = ["copied", "plain"]


def copied(value: Any) -> Any:
    """Copy data that is JSON already, all the way down."""
    match value:
        case dict():
            return {key: copied(item) if isinstance(item, dict | list) else item for key, item in value.items()}
        case list():
            return [copied(item) if isinstance(item, dict | list) else item for item in value]
        case _:
            return value


def plain(value: Any) -> Any:
    """Copy what a script hands over as JSON; raises `wrong.InvalidInput` with the place of what JSON has no word for.

    Mappings become dicts, tuples lists, numbers that are keys text, text and numbers of other classes the plain ones.
    """
    try:
        return _plain(value, ())
    except RecursionError:
        raise wrong.InvalidInput("the manifest contains itself") from None


def _plain(value: Any, path: tuple[str, ...]) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            return value if type(value) is str else str.__str__(value)
        case int():
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case Mapping():
            return {_key(key, path): _plain(item, (*path, str(key))) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, (*path, str(position))) for position, item in enumerate(value)]
        case _:
            shown = f"`{value}`" if isinstance(value, float) else f"a `{type(value).__name__}`"
            raise wrong.InvalidInput(
                f"`{'.'.join(path) or 'the manifest'}` is {shown}, which a manifest cannot hold",
                hint="use maps, lists, text, numbers, booleans and null",
            )


def _key(key: Any, path: tuple[str, ...]) -> str:
    match key:
        case str():
            return key if type(key) is str else str.__str__(key)
        case bool():
            return "true" if key else "false"
        case int():
            return str(key)
        case _:
            raise wrong.InvalidInput(f"`{'.'.join(path)}` has the key {key!r}; keys are text")
