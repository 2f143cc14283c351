"""The schema and the object that the table of expressions is about, and the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

_TEXT = {"type": "string", "maxLength": 20}
_ANY = "x-kubernetes-preserve-unknown-fields"
_PAIR = {"type": "object", "properties": {"x": {"type": "integer"}, "y": _TEXT, "z": {"type": "integer"}}}
_KEYED = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": _TEXT, "value": {"type": "integer"}},
}


def _list(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "maxItems": 5, "items": items, **more}


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        **{name: {"type": "integer"} for name in ("i", "zero")},
        **{name: {"type": "number"} for name in ("d", "whole")},
        "b": {"type": "boolean"},
        **dict.fromkeys(("s", "absent", "pat", "q"), _TEXT),
        **dict.fromkeys(("namespace", "a-b", "a.b", "a/b", "u__v", "if", "$d"), _TEXT),
        "nul": {**_TEXT, "nullable": True},
        "o": _PAIR,
        "o2": _PAIR,
        "li": _list({"type": "integer"}),
        "ld": _list({"type": "number"}),
        "lo": _list(_PAIR),
        "lnul": _list({**_TEXT, "nullable": True}),
        "ms": {"type": "object", "maxProperties": 5, "additionalProperties": _TEXT},
        "set": _list(_TEXT, **{"x-kubernetes-list-type": "set"}),
        "keyed": _list(_KEYED, **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}),
        "ios": {"x-kubernetes-int-or-string": True, "maxLength": 10},
        "ios2": {"x-kubernetes-int-or-string": True, "maxLength": 10},
        "t": {"type": "string", "format": "date-time"},
        "date": {"type": "string", "format": "date"},
        "dur": {"type": "string", "format": "duration"},
        "dur2": {"type": "string", "format": "duration"},
        "bin": {"type": "string", "format": "byte", "maxLength": 20},
        "hidden": {_ANY: True},
        "anything": {_ANY: True},
        "open": {"type": "object", _ANY: True},
        "known": {"type": "object", _ANY: True, "properties": {"x": {"type": "integer"}}},
        "emb": {"type": "object", _ANY: True, "x-kubernetes-embedded-resource": True},
    },
}
VALUE: dict[str, Any] = {
    "i": 5,
    "zero": 0,
    "d": 1.5,
    "whole": 2,
    "b": True,
    "s": "hello world",
    "pat": "wor",
    "q": "1Gi",
    "nul": None,
    "namespace": "ns",
    "a-b": "ab",
    "a.b": "a.b",
    "a/b": "a/b",
    "u__v": "uv",
    "if": "if",
    "$d": "d",
    "o": {"x": 1, "y": "y"},
    "o2": {"x": 1, "y": "y"},
    "li": [3, 1, 2],
    "ld": [1, 2.5],
    "lo": [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}],
    "lnul": ["a", None],
    "ms": {"k": "v", "k2": "v2"},
    "set": ["a", "b"],
    "keyed": [{"name": "a", "value": 1}, {"name": "b", "value": 2}],
    "ios": 8080,
    "ios2": "50%",
    "t": "2020-02-03T04:05:06Z",
    "date": "2021-05-06",
    "dur": "1h30m",
    "dur2": "3 days",
    "bin": "aGVsbG8=",
    "hidden": {},
    "anything": 1,
    "open": {"x": 1},
    "known": {"x": 1, "y": 2},
    "emb": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {}},
}


class Case(NamedTuple):
    """An expression and what becomes of it: ``true``, ``false``, ``error``, or ``refused``."""

    verdict: str
    expression: str


def cases() -> list[Case]:
    """Return the table, whose verdicts are a real API server's."""
    lines = Path(__file__).with_name("expressions.txt").read_text(encoding="utf-8").splitlines()
    return [Case(*line.split(" ", 1)) for line in lines if line and not line.startswith("#")]
