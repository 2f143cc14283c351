"""Paths that rules name: ``.spec.ports['http']``.

Source: ``ValidFieldPath`` of k8s.io/apiextensions-apiserver 0.37.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema.node import Node

if TYPE_CHECKING:
    from kubernator.model.sourcemap import Path

__all__ = ["NotAPath", "steps"]

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\['((?:\\.|[^'\\])+)'\]")
_ESCAPES: Final = {**dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True)), "'": "'", "\\": "\\"}


class NotAPath(Exception):
    """A text is no path of fields that a schema has."""


def steps(text: str, node: Node) -> Path:
    """Return the keys that a path goes through from a node on; raise `NotAPath`."""
    found: list[str] = []
    at = 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise NotAPath(f"expected [ or . but got: {text[at:]}")
        at = step.end()
        key = step[1] or re.sub(r"\\(.)", _unescaped, step[2])
        if node.properties:
            if key not in node.properties:
                raise NotAPath("does not refer to a valid field")
            node = node.properties[key]
        elif isinstance(node.additional, Node):
            node = node.additional
        else:
            raise NotAPath("does not refer to a valid field")
        found.append(key)
    return tuple(found)


def _unescaped(found: re.Match[str]) -> str:
    if found[1] not in _ESCAPES:
        raise NotAPath(f"invalid escape char {found[0]}")
    return _ESCAPES[found[1]]
