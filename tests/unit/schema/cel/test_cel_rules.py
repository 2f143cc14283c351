"""Rules of schemas: where and how a resource breaks them, and what is wrong with them themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubernator.model.diagnostics import Severity
from kubernator.schema.cel.definition import check_schema
from kubernator.schema.cel.fieldpath import NotAPath, steps
from kubernator.schema.cel.rules import check_rules
from kubernator.schema.definitions import root_node
from kubernator.schema.fault import Reason
from kubernator.schema.node import Node, node_of

REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
INTEGER = {"type": "integer"}
TEXT = {"type": "string", "maxLength": 20}


def ruled(rules: list[dict[str, Any]], **properties: Any) -> Node:
    """Return the schema of a resource whose ``spec`` has rules."""
    spec = {"type": "object", "properties": properties, "x-kubernetes-validations": rules}
    return root_node({"type": "object", "properties": {"spec": spec}})


def test_a_broken_rule_is_a_fault_at_its_value() -> None:
    """The message is the rule's, the place that of the value it is about."""
    node = ruled([{"rule": "self.a < self.b", "message": "a must be less"}], a=INTEGER, b=INTEGER)
    (fault,) = check_rules({"spec": {"a": 2, "b": 1}}, node)
    assert fault[:3] == (("spec",), Reason.INVALID, "Invalid value: a must be less")
    assert check_rules({"spec": {"a": 1, "b": 2}}, node) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (("spec",), Reason.INVALID, "Invalid value: failed rule: self.a > 1")),
        ({"message": " m "}, (("spec",), Reason.INVALID, "Invalid value: m")),
        ({"messageExpression": "'a is ' + string(self.a)"}, (("spec",), Reason.INVALID, "Invalid value: a is 1")),
        ({"messageExpression": "''", "message": "m"}, (("spec",), Reason.INVALID, "Invalid value: m")),
        ({"messageExpression": "self.t", "message": "m"}, (("spec",), Reason.INVALID, "Invalid value: m")),
        (
            {"reason": "FieldValueForbidden", "fieldPath": ".a", "message": "m"},
            (("spec", "a"), Reason.FORBIDDEN, "Forbidden: m"),
        ),
        ({"reason": "FieldValueRequired", "message": "m"}, (("spec",), Reason.REQUIRED, "Required value: m")),
        ({"reason": "FieldValueDuplicate", "message": "m"}, (("spec",), Reason.DUPLICATE, "Duplicate value: m")),
        ({"fieldPath": ".m['x y']", "message": "m"}, (("spec", "m", "x y"), Reason.INVALID, "Invalid value: m")),
    ],
)
def test_messages_reasons_and_paths(more: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """A rule may say its message, a reason, and a field that the fault is about."""
    texts = {"type": "object", "additionalProperties": TEXT}
    node = ruled([{"rule": "self.a > 1", **more}], a=INTEGER, t=TEXT, m=texts)
    (fault,) = check_rules({"spec": {"a": 1}}, node)
    assert expected == fault[:3]


def test_errors_are_faults() -> None:
    """An evaluation that ends in an error breaks the rule, as in the server."""
    node = ruled([{"rule": "self.a == 1", "message": "m"}], a=INTEGER)
    (fault,) = check_rules({"spec": {}}, node)
    assert fault.message == "Invalid value: no such key: a evaluating rule: m"


def test_rules_about_changes_need_something_old() -> None:
    """A rule with ``oldSelf`` is passed over for what is new, unless it says that it may be missing."""
    rules = [
        {"rule": "self.a >= oldSelf.a", "message": "shrinks"},
        {"rule": "oldSelf.hasValue() || self.a == 0", "optionalOldSelf": True, "message": "begins at 0"},
    ]
    node = ruled(rules, a=INTEGER)
    assert [fault.message for fault in check_rules({"spec": {"a": 1}}, node)] == ["Invalid value: begins at 0"]
    old = {"spec": {"a": 2}}
    assert [fault.message for fault in check_rules({"spec": {"a": 1}}, node, old)] == ["Invalid value: shrinks"]


def test_what_was_broken_before_only_warns() -> None:
    """An update that leaves a value as it is is not refused for it."""
    node = ruled([{"rule": "self.a > 1", "message": "m"}], a=INTEGER)
    same = {"spec": {"a": 1}}
    assert [fault.severity for fault in check_rules({**same, "x": 1}, node, same)] == [Severity.WARNING]


def test_items_of_keyed_lists_are_compared_by_key() -> None:
    """What an item was is found by its keys, wherever it stood."""
    item = {
        "type": "object",
        "properties": {"name": TEXT, "a": INTEGER},
        "x-kubernetes-validations": [{"rule": "self.a == oldSelf.a", "message": "changed"}],
    }
    keyed = {"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    node = root_node({"type": "object", "properties": {"l": keyed}})
    old = {"l": [{"name": "x", "a": 1}, {"name": "y", "a": 2}]}
    new = {"l": [{"name": "y", "a": 3}, {"name": "z", "a": 9}, {"name": "x", "a": 1}]}
    assert [fault.path for fault in check_rules(new, node, old)] == [("l", 0)]


def test_a_rule_that_needs_the_server_is_left_to_it() -> None:
    """What is not decided here is a warning and no error."""
    node = ruled([{"rule": "google.protobuf.Int64Value{value: 1} == 1"}], a=INTEGER)
    (fault,) = check_rules({"spec": {"a": 1}}, node)
    assert (fault.reason, fault.severity) == (Reason.UNDECIDED, Severity.WARNING)
    assert check_schema(node) == []


def test_two_schemas_with_one_name_are_not_mixed_up() -> None:
    """The same rule means what the formats of its own schema say."""
    rule = [{"rule": "self.t.getFullYear() == 2020"}]
    dates = ruled(rule, t={"type": "string", "format": "date"})
    times = ruled(rule, t={"type": "string", "format": "date-time"})
    assert check_rules({"spec": {"t": "2020-01-02"}}, dates) == []
    assert check_rules({"spec": {"t": "2020-01-02T03:04:05Z"}}, times) == []


BROKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "empty": ({"rule": " "}, "rule", "Required value: rule is not specified"),
    "syntax": (
        {"rule": "self."},
        "rule",
        "Invalid value: compilation failed: ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>'",
    ),
    "type": ({"rule": "1"}, "rule", "Invalid value: cel expression must evaluate to a bool"),
    "message": ({"rule": "true", "message": " "}, "message", "Invalid value: must be non-empty if specified"),
    "lines": (
        {"rule": "true &&\ntrue"},
        "message",
        "Required value: message must be specified if rule contains line breaks",
    ),
    "message type": (
        {"rule": "true", "messageExpression": "1"},
        "messageExpression",
        "Invalid value: messageExpression must evaluate to a string",
    ),
    "reason": (
        {"rule": "true", "reason": "Bad"},
        "reason",
        f"Unsupported value: supported values: {', '.join(map(json.dumps, REASONS))}",
    ),
    "path": ({"rule": "true", "fieldPath": ".nope"}, "fieldPath", "Invalid value: must be a valid path"),
    "old": (
        {"rule": "true", "optionalOldSelf": True},
        "optionalOldSelf",
        "Invalid value: may not be set if oldSelf is not used in rule",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rules_of_a_definition(name: str) -> None:
    """What the server would not take in a definition is said with its place."""
    rule, key, message = BROKEN[name]
    (fault,) = check_schema(ruled([rule], a=INTEGER))
    place = ("properties", "spec", "x-kubernetes-validations", 0, key)
    assert (place, message) == (fault.path, fault.message)


def test_rules_that_could_cost_too_much_are_refused() -> None:
    """A rule over lists without bounds is refused, with the factor that the server names."""
    texts = {"type": "array", "items": {"type": "string"}}
    node = ruled([{"rule": "self.l.all(x, self.l.all(y, x == y))"}], l=texts)
    fault = check_schema(node)[0]
    assert Reason.FORBIDDEN is fault.reason
    assert fault.message.startswith("Forbidden: estimated rule cost exceeds budget by factor of more than 100x")
    bounded = {"type": "array", "maxItems": 10, "items": TEXT}
    assert check_schema(ruled([{"rule": "self.l.all(x, self.l.all(y, x == y))"}], l=bounded)) == []


def test_old_values_of_plain_lists_can_not_be_asked_for() -> None:
    """Items without keys have no past."""
    item = {"type": "integer", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}
    node = root_node({"type": "object", "properties": {"l": {"type": "array", "maxItems": 9, "items": item}}})
    (fault,) = check_schema(node)
    assert "oldSelf cannot be used on the uncorrelatable portion of the schema" in fault.message


@pytest.mark.parametrize("text", [".a", ".m.k", ".m['k k']", "['a']", ""])
def test_field_paths(text: str) -> None:
    """Paths go through fields and maps."""
    schema = {"type": "object", "properties": {"a": TEXT, "m": {"type": "object", "additionalProperties": TEXT}}}
    steps(text, node_of(schema, lambda _: None))


@pytest.mark.parametrize("text", ["a", ".b", ".a.b", "[0]", ".m[k]", ".", ".m['\\q']"])
def test_wrong_field_paths(text: str) -> None:
    """What is no path, or leads nowhere, is refused."""
    schema = {"type": "object", "properties": {"a": TEXT, "m": {"type": "object", "additionalProperties": TEXT}}}
    with pytest.raises(NotAPath):
        steps(text, node_of(schema, lambda _: None))
