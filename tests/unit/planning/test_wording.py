"""The server's words about a manifest, made readable."""

from __future__ import annotations

import pytest

from kubernator.planning import wording


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("field not declared in schema", "field not declared in schema"),
        ("expected numeric (int or float), got string", "expected numeric (int or float), got string"),
        ("expected string, got &value.valueUnstructured{Value:true}", "expected string, got `true`"),
        ('expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":1}}',
         "expected string, got a map"),
        ('expected string, got &value.valueUnstructured{Value:[]interface {}{"a"}}', "expected string, got a list"),
        ("expected string, got &value.valueUnstructured{Value:interface {}(nil)}", "expected string, got null"),
        ("expected map, got &{[map[password:x]]}", "expected map, got a list"),
        ("expected map, got &{map[a:b]}", "expected map, got a map"),
        ("expected map, got &{x}", "expected map, got `x`"),
    ],
)  # fmt: skip
def test_values_are_shown_without_go_syntax(message: str, expected: str) -> None:
    """Maps, lists and null are named; another value is quoted."""
    assert expected == wording.plain(message)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"a": "b2s=", "b": "no!", "c": "x"}, [("data", "b"), ("data", "c")]),
        ({"a": "b2\ns=\n"}, []),
        ({"a": "caf\u00e9"}, [("data", "a")]),
        (None, []),
        ("text", []),
    ],
)
def test_values_that_are_not_base64_are_named(data: object, expected: list[tuple[str, str]]) -> None:
    """Line ends inside are allowed, as the server allows them."""
    assert expected == list(wording.not_base64({"kind": "Secret", "data": data}))


def test_only_secrets_hold_base64() -> None:
    """The data of a ConfigMap is text."""
    assert list(wording.not_base64({"kind": "ConfigMap", "data": {"a": "no!"}})) == []
