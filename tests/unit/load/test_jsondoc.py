"""JSON is read with places, and as strictly as YAML."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernator import errors
from kubernator.load import jsondoc


def test_places(origin):
    """Keys and items know their line and column."""
    (document,) = jsondoc.parse('{\n  "a": [1,\n    {"b": 2}],\n\t"c": null}', origin=origin)
    assert dict(document.source_map.places) == {
        (): (1, 1),
        ("a",): (2, 3),
        ("a", 0): (2, 9),
        ("a", 1): (3, 5),
        ("a", 1, "b"): (3, 6),
        ("c",): (4, 2),
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.sampled_from([None, 0, 3]),
)
def test_data_is_what_json_says(data, indent):
    """Whatever the standard library writes is read back."""
    from pathlib import PurePath  # noqa: PLC0415

    from kubernator.model.origin import Origin  # noqa: PLC0415

    found = jsondoc.parse(json.dumps(data, indent=indent), origin=Origin(path=PurePath("x.json")))
    assert (found[0].value if found else None) == data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\ud83d\\ude00\\/"', "😀/"),
        ("1.0", 1),
        ("1e3", 1000),
        ("9223372036854775808", 2.0**63),
        ("-0", 0),
    ],
)
def test_odd_values(text, value, origin):
    """Surrogate pairs, and numbers as Kubernetes has them."""
    (document,) = jsondoc.parse(f"[{text}]", origin=origin)
    assert document.value == [value]
    assert type(document.value[0]) is type(value)


@pytest.mark.parametrize("text", ["", " \n", "null", "\ufeff"])
def test_nothing(text, origin):
    """An empty file holds nothing."""
    assert jsondoc.parse(text, origin=origin) == []


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ('{"a": 1,}', "a `,` before `}`", (1, 8)),
        ("[1\n2]", "neither `,` nor `]`", (2, 1)),
        ("{a: 1}", "no key in double quotes", (1, 2)),
        ('{"a" 1}', "no `:`", (1, 6)),
        ('{"a": x}', "no value", (1, 7)),
        ('{"a": "x\n"}', "invalid control character", (1, 9)),
        ('{"a": "x', "unterminated string", (1, 7)),
        ("{} {}", "text after the end", (1, 4)),
        ("[1e400]", "out of range", (1, 2)),
        ("[NaN]", "no value", (1, 2)),
        ("[" * 300, "nested deeper", (1, 252)),
        ('{"a": 1,\n "a": 2}', "written twice", (2, 2)),
        (b'"\xff"', "not UTF-8", (1, 2)),
    ],
)
def test_what_is_wrong_has_a_place(text, message, where, origin):
    """An error says what is wrong, and where."""
    with pytest.raises(errors.LoadError, match=message) as caught:
        jsondoc.parse(text, origin=origin)
    assert (caught.value.origin.line, caught.value.origin.column) == where


def test_repeated_keys_are_collected(origin):
    """All of them, for who collects."""
    problems = []
    assert jsondoc.parse('{"a": 1, "a": {"b": 1, "b": 2}}', origin=origin, problems=problems) == []
    assert [dict(found.detail)["first"] for found in problems] == ["app.yaml:1:2", "app.yaml:1:16"]
