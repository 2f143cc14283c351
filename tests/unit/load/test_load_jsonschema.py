"""JSON Schema: what is wrong with a value, where, and in which words; the value itself is never repeated."""

from __future__ import annotations

import pytest

from kubernator.load.jsonschema import NotASchema, Schema


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, "x", [((), "must be of type `integer`, it is of type `string`")]),
        ({"type": ["integer", "null"]}, True, [((), "must be of type `null` or `integer`, it is of type `boolean`")]),
        ({"type": "string"}, None, [((), "must be of type `string`, it is of type `null`")]),
        ({"enum": [1, "x"]}, 2, [((), 'must be one of `1, "x"`')]),
        ({"const": {"a": 1}}, 2, [((), 'must be `{"a": 1}`')]),
        ({"required": ["a", "b"]}, {}, [(("a",), "is missing"), (("b",), "is missing")]),
        ({"additionalProperties": False}, {"b": 1, "a": 2}, [((), "must have no keys")]),
        ({"properties": {"c": {}}, "additionalProperties": False}, {"b": 1, "a": 2},
         [(("a",), "is not known to the schema"), (("b",), "is not known to the schema")]),
        ({"unevaluatedProperties": False}, {"a": 2}, [(("a",), "is not known to the schema")]),
        ({"items": {"pattern": "^a"}}, ["a", "b"], [((1,), "must match `^a`")]),
        ({"format": "ipv4"}, "1.2.3", [((), "must be of the format `ipv4`")]),
        ({"minimum": 1, "maximum": -1}, 0, [((), "must be at least 1"), ((), "must be at most -1")]),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 0}, 0, [((), "must be more than 0"), ((), "must be less than 0")]),
        ({"minLength": 3}, "a", [((), "must be at least 3 characters long")]),
        ({"maxLength": 1}, "abc", [((), "must be at most 1 characters long")]),
        ({"minItems": 1}, [], [((), "must have at least 1 items")]),
        ({"maxItems": 1}, [1, 2], [((), "must have at most 1 items")]),
        ({"uniqueItems": True}, ["hush", "hush"], [((), "has non-unique elements")]),
        ({"multipleOf": 2}, 3, [((), "is not a multiple of 2")]),
        ({"oneOf": [{"type": "null"}]}, "hush",
         [((), "is not valid under any of the schemas listed in the 'oneOf' keyword")]),
        (False, 1, [((), "False schema does not allow the value")]),
        ({"$defs": {"n": {"type": "null"}}, "$ref": "#/$defs/n"}, 1,
         [((), "must be of type `null`, it is of type `integer`")]),
        ({"properties": {"a": {"type": "string"}}}, {"a": "x"}, []),
        (True, {"a": 1}, []),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(schema, value, expected):
    """All of it, sorted by place."""
    found = Schema(schema).violations(value)
    assert expected == [(each.path, each.message) for each in found]
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("schema", "path", "words"),
    [
        ({"type": "objct"}, ("type",), "not valid"),
        ({"properties": {"a": {"type": 5}}}, ("properties", "a", "type"), "not valid"),
        ({"$ref": "http://127.0.0.1:1/x"}, (), "disabled"),
        ({"$ref": "#/nope"}, (), "/nope"),
        ({"pattern": "["}, ("pattern",), "regex"),
        ({1: 2}, (), "key"),
        ({"$schema": "http://nope.example"}, (), "meta-schema"),
        (5, (), "types"),
    ],
)
def test_what_is_no_schema_is_said_with_its_place(schema, path, words):
    """Nothing is fetched to find out."""
    with pytest.raises(NotASchema, match=words) as caught:
        Schema(schema)
    assert caught.value.path == path
