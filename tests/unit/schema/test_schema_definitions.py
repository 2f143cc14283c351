"""Definitions of custom kinds: their schemas, and what is wrong with them. A real server's verdicts stand elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.schema.definitions import check_definition, nodes
from kubernator.schema.fault import Fault, Reason, api_path

if TYPE_CHECKING:
    from kubernator.schema.node import Node

_STRING = {"type": "string"}
_FIELD = "spec.versions[0].schema.openAPIV3Schema.properties[f]"


def _definition(schema: Any, **version: Any) -> dict[str, Any]:
    first = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, **version}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gizmos.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Gizmo", "plural": "gizmos"},
            "scope": "Namespaced",
            "versions": [first],
        },
    }


def _with(schema: Any) -> dict[str, Any]:
    return _definition({"type": "object", "properties": {"f": schema}})


def _found(definition: dict[str, Any]) -> list[tuple[str, Reason]]:
    return [(api_path(fault.path), fault.reason) for fault in check_definition(definition)]


@pytest.mark.parametrize(
    ("expected", "schema"),
    [
        ([], _STRING),
        ([(".type", Reason.REQUIRED)], {}),
        ([(".type", Reason.UNSUPPORTED)], {"type": "text"}),
        ([(".items", Reason.REQUIRED)], {"type": "array"}),
        ([(".pattern", Reason.INVALID)], {**_STRING, "pattern": "(?=a)"}),
        ([(".default", Reason.INVALID)], {**_STRING, "pattern": "^a", "default": "b"}),
        ([(".default.a", Reason.REQUIRED)], {"type": "object", "required": ["a"], "default": {}}),
        ([(".allOf[0].type", Reason.FORBIDDEN)], {**_STRING, "allOf": [_STRING]}),
        ([], {"type": "object", "anyOf": [{"properties": {"a": {}}}]}),  # the server looks for it at the root only
        (
            [(".x-kubernetes-list-map-keys", Reason.REQUIRED)],
            {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"},
        ),
        ([(".uniqueItems", Reason.FORBIDDEN)], {"type": "array", "items": _STRING, "uniqueItems": True}),
        ([(".x-kubernetes-validations[0].rule", Reason.REQUIRED)], {**_STRING, "x-kubernetes-validations": [{}]}),
        ([("", Reason.TYPE)], "string"),
        ([(".type", Reason.TYPE)], {"type": 5}),
        ([(".properties", Reason.TYPE)], {"type": "object", "properties": []}),
        ([(".properties[a]", Reason.TYPE)], {"type": "object", "properties": {"a": None}}),
        ([(".required[0]", Reason.TYPE)], {"type": "object", "required": [5]}),
        ([(".x-kubernetes-validations[0]", Reason.TYPE)], {**_STRING, "x-kubernetes-validations": ["true"]}),
        ([(".maxLength", Reason.TYPE)], {**_STRING, "maxLength": "5"}),
    ],
)
def test_broken_schemas_are_found(expected: list[tuple[str, Reason]], schema: Any) -> None:
    """Each mistake is found at its keyword, however broken the schema is."""
    assert [(f"{_FIELD}{place}", reason) for place, reason in expected] == _found(_with(schema))


@pytest.mark.parametrize("value", [None, 5, "x", [], [None], {}, {"a": None}])
@pytest.mark.parametrize("key", ["spec", "metadata", "group", "names", "versions", "scope", "conversion", "schema"])
def test_no_definition_breaks_the_check(key: str, value: Any) -> None:
    """Values of any type in any place give faults or nothing, and never an exception."""
    definition = _with(_STRING)
    spec = definition["spec"]
    here = {"spec": definition, "metadata": definition, "schema": spec["versions"][0]}.get(key, spec)
    here[key] = value
    check_definition(definition)
    nodes(definition)


def test_what_is_narrowed_down_must_be_there() -> None:
    """A field that only `anyOf` knows is missing in the schema itself."""
    found = _found(_definition({"type": "object", "anyOf": [{"properties": {"a": {"minimum": 1}}}]}))
    assert found == [("spec.versions[0].schema.openAPIV3Schema.properties[a]", Reason.REQUIRED)]


def test_endless_schemas_do_not_end_the_program() -> None:
    """A schema too deep for Python is a fault of the definition."""
    schema: dict[str, Any] = _STRING
    for _ in range(3000):
        schema = {"type": "object", "properties": {"a": schema}}
    (fault,) = check_definition(_with(schema))
    assert "too deeply" in fault.message


def test_each_served_version_has_a_schema() -> None:
    """Versions that are not served, or whose schema is none, are not there."""
    definition = _with(_STRING)
    versions = definition["spec"]["versions"]
    versions.append({**versions[0], "name": "v2", "served": False})
    versions.append({**versions[0], "name": "v3", "schema": {"openAPIV3Schema": {"properties": 5}}})
    assert [GroupVersionKind("example.com", "v1", "Gizmo")] == list(nodes(definition))


def test_rules_are_asked_about_the_whole_schema() -> None:
    """Who knows expressions is asked once for each version, and the paths are put together."""

    def rules(root: Node) -> list[Fault]:
        assert "metadata" in root.properties
        return [Fault(("properties", "f", "x-kubernetes-validations", 0, "rule"), Reason.INVALID, "no")]

    definition = _with({**_STRING, "x-kubernetes-validations": [{"rule": "self =="}]})
    (fault,) = check_definition(definition, rules=rules)
    assert (f"{_FIELD}.x-kubernetes-validations[0].rule", "no") == (api_path(fault.path), fault.message)


@pytest.mark.parametrize(
    ("expected", "conversion"),
    [
        ([], None),
        ([], {"strategy": "None"}),
        (["spec.conversion.strategy"], {}),
        (
            ["spec.conversion.webhook.conversionReviewVersions"],
            {"strategy": "None", "webhook": {"conversionReviewVersions": ["v1"]}},
        ),
    ],
)
def test_conversions(expected: list[str], conversion: Any) -> None:
    """A conversion says how, and names a webhook only where one converts."""
    definition = _with(_STRING)
    definition["spec"]["conversion"] = conversion
    assert expected == [path for path, _ in _found(definition)]


def test_a_default_keeps_to_the_rules() -> None:
    """A default that breaks a rule of its own schema is wrong, where somebody knows rules."""
    rule = {"rule": "self.size > 1", "message": "too small"}
    size = {"type": "object", "properties": {"size": {"type": "integer"}}, "x-kubernetes-validations": [rule]}
    for default, expected in (({"size": 2}, []), ({"size": 1}, ["too small"]), ({}, ["no such key"])):
        found = check_definition(_with({**size, "default": default}), rules=lambda _: [])
        assert [f"{_FIELD}.default"] * len(expected) == [api_path(fault.path) for fault in found]
        assert all(words in fault.message for words, fault in zip(expected, found, strict=True))
    assert check_definition(_with({**size, "default": {"size": 1}})) == []


def test_the_default_of_the_whole_says_what_it_is() -> None:
    """A default at the root is an object, and needs a version and a kind."""
    definition = _definition({"type": "object", "default": {}, "properties": {"f": _STRING}})
    root = "spec.versions[0].schema.openAPIV3Schema"
    assert [path for path, _ in _found(definition)] == [f"{root}.default.apiVersion", f"{root}.default.kind"]
