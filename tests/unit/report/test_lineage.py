"""A field is followed back through what functions made of a manifest."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.report import lineage

A, B = {"name": "a", "x": 1}, {"name": "b", "x": 2}


@pytest.mark.parametrize(
    ("path", "new", "old", "expected"),
    [
        ((), {"a": 1}, {}, ()),
        (("a",), {"a": 1}, {"a": 2}, ("a",)),
        (("a",), {"a": 1}, {}, None),
        (("a", "b"), {"a": {"b": 1}}, {"a": 1}, None),
        (("a", "b"), {"a": {"b": 1}}, {"a": {"b": 1}}, ("a", "b")),
        ((0, "x"), [A], [B, A], (1, "x")),
        ((1, "x"), [B, A], [A, B], (0, "x")),
        ((0,), [A], [B], None),
        ((0,), [A], {"a": 1}, None),
        ((0,), [A], [], None),
        ((1,), ["new", "same"], ["same"], (0,)),
        ((0,), ["new", "same"], ["same"], None),
        ((0,), ["new"], ["old"], (0,)),
        ((1,), ["same", "more"], ["same"], None),
        ((1,), [1, 1], [1, 1], (1,)),
        ((1, "port"), [{"port": 1}, {"port": 2}], [{"port": 2}], (0, "port")),
        (
            (1, "v"),
            [{"name": "a", "v": 1}, {"name": "a", "v": 2}],
            [{"name": "a", "v": 1}, {"name": "a", "v": 2}],
            (1, "v"),
        ),
        ((0, "v"), [{"v": 1}], [{"v": 2}], (0, "v")),
    ],
)
def test_where_a_field_was(path: Any, new: Any, old: Any, expected: Any) -> None:
    """Items of lists go by what tells them apart, else by their content, else by their place."""
    assert expected == lineage.Lineage(new, old).earlier(path)
