"""What is wrong with manifests by their schemas, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema.defaults import defaulted
from kubernator.schema.definitions import root_node
from kubernator.schema.documents import bundled
from kubernator.schema.fault import Reason, api_path
from kubernator.schema.node import Node, Nodes, node_of
from kubernator.schema.structural import as_kept, check

_META = "io.k8s.apimachinery.pkg.apis.meta.v1"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_PORT = "io.k8s.api.core.v1.Port"
_POD = "io.k8s.api.core.v1.Pod"
#: A small version of what a server publishes.
COMPONENTS: dict[str, dict[str, Any]] = {
    _QUANTITY: {"oneOf": [{"type": "string"}, {"type": "number"}]},
    f"{_META}.Time": {"type": "string", "format": "date-time"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        "format": "int-or-string",
        "oneOf": [{"type": "integer"}, {"type": "string"}],
    },
    "io.k8s.apimachinery.pkg.runtime.RawExtension": {"type": "object"},
    _PORT: {
        "type": "object",
        "required": ["port"],
        "properties": {
            "port": {"type": "integer", "format": "int32"},
            "protocol": {"type": "string", "default": "TCP", "enum": ["TCP", "UDP"]},
        },
    },
    _POD: {
        "type": "object",
        "required": ["missing"],
        "properties": {
            "replicas": {"type": "integer", "format": "int32"},
            "name": {"type": "string"},
            "on": {"type": "boolean"},
            "data": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
            "limits": {"type": "object", "additionalProperties": {"$ref": f"#/components/schemas/{_QUANTITY}"}},
            "when": {"$ref": f"#/components/schemas/{_META}.Time"},
            "target": {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.util.intstr.IntOrString"},
            "raw": {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.runtime.RawExtension"},
            "first": {
                "allOf": [{"$ref": f"#/components/schemas/{_PORT}"}],
                "default": {},
                "x-kubernetes-patch-strategy": "replace",
            },
            "ports": {
                "type": "array",
                "items": {"$ref": f"#/components/schemas/{_PORT}"},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["port", "protocol"],
            },
            "merged": {
                "type": "array",
                "items": {"$ref": f"#/components/schemas/{_PORT}"},
                "x-kubernetes-patch-strategy": "merge,retainKeys",
                "x-kubernetes-patch-merge-key": "port",
            },
            "finalizers": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        },
    },
}


def _found(node: Node, value: Any, *, custom: bool) -> list[tuple[str, Reason]]:
    faults = check(value, node, custom=custom)
    return [(api_path(fault.path), fault.reason) for fault in faults if fault.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("expected", "manifest"),
    [
        ([], {"replicas": 1, "name": "x", "on": True, "raw": [1], "target": "80%", "when": None}),
        ([], {"replicas": None, "ports": None, "limits": {"cpu": "500m", "memory": 1.5}, "target": 80}),
        ([("replicas", Reason.TYPE)], {"replicas": "1"}),
        ([("replicas", Reason.TYPE)], {"replicas": 1.5}),
        ([("replicas", Reason.TYPE)], {"replicas": True}),
        ([("name", Reason.TYPE)], {"name": 5}),
        ([("on", Reason.TYPE)], {"on": "true"}),
        ([("limits[cpu]", Reason.INVALID)], {"limits": {"cpu": "5x"}}),
        ([("data[a]", Reason.INVALID)], {"data": {"a": "?"}}),
        ([("when", Reason.INVALID)], {"when": "yesterday"}),
        ([("when", Reason.TYPE)], {"when": 5}),
        ([("target", Reason.TYPE)], {"target": 1.5}),
        ([("target", Reason.INVALID)], {"target": 2**40}),
        ([("first.port", Reason.TYPE)], {"first": {"port": "80"}}),
        ([("first", Reason.TYPE)], {"first": []}),
        ([("ports", Reason.TYPE)], {"ports": {}}),
        ([("ports[1]", Reason.DUPLICATE)], {"ports": [{"port": 1}, {"port": 1, "protocol": "TCP"}]}),
        ([], {"ports": [{"port": 1}, {"port": 1, "protocol": "UDP"}]}),
        ([], {"ports": [{"protocol": "odd"}]}),
        ([("ports[0]", Reason.INVALID)], {"ports": [None]}),
        ([("merged[0]", Reason.REQUIRED)], {"merged": [{"protocol": "TCP"}]}),
        ([("merged[1]", Reason.DUPLICATE)], {"merged": [{"port": 1}, {"port": 1, "protocol": "UDP"}]}),
        ([("finalizers[2]", Reason.DUPLICATE)], {"finalizers": ["a", "b", "a"]}),
        ([("bogus", Reason.UNKNOWN), ("first.odd", Reason.UNKNOWN)], {"bogus": 1, "first": {"odd": 1}}),
    ],
)
def test_built_in_kinds(expected: list[tuple[str, Reason]], manifest: dict[str, Any]) -> None:
    """Types, unknown fields and keys are checked; what the schema requires is left to Go code."""
    assert expected == _found(Nodes(COMPONENTS.get).named(_POD), manifest, custom=False)


def _custom(schema: dict[str, Any]) -> Node:
    return root_node({"type": "object", "properties": {"f": schema}})


@pytest.mark.parametrize(
    ("expected", "schema", "value"),
    [
        ([], {"type": "string"}, "x"),
        ([("f", Reason.TYPE)], {"type": "string"}, None),
        ([], {"type": "string", "nullable": True}, None),
        ([], {"type": "string", "default": "x"}, None),
        ([("f", Reason.UNSUPPORTED)], {"type": "string", "nullable": True, "enum": ["a", None]}, None),
        ([], {"type": "number", "enum": [1]}, 1.5),
        ([("f", Reason.UNSUPPORTED)], {"type": "integer", "enum": [1]}, 2),
        ([("f", Reason.INVALID)], {"type": "string", "pattern": "^a"}, "b"),
        ([], {"type": "string", "pattern": "("}, "b"),
        ([("f", Reason.TOO_LONG)], {"type": "string", "maxLength": 1, "pattern": "^a"}, "bb"),
        ([("f", Reason.INVALID)], {"type": "string", "format": "date"}, "x"),
        ([], {"type": "string", "format": "no-such"}, "x"),
        ([("f", Reason.INVALID)], {"type": "integer", "format": "int32"}, 2**31),
        ([("f", Reason.INVALID)], {"type": "integer", "minimum": 2, "exclusiveMinimum": True}, 2),
        ([], {"type": "number", "minimum": 0.5}, 0),
        ([("f", Reason.INVALID)], {"type": "number", "multipleOf": 0.5}, 1),
        ([("f", Reason.TOO_MANY)], {"type": "array", "items": {"type": "string"}, "maxItems": 1}, ["a", "b"]),
        ([("f[0]", Reason.TYPE)], {"type": "array", "items": {"type": "string"}}, [None]),
        ([], {"type": "array", "items": {"type": "string", "default": "x"}}, [None]),
        ([("f", Reason.TOO_FEW)], {"type": "object", "additionalProperties": {}, "minProperties": 1}, {}),
        ([("f.b", Reason.UNKNOWN)], {"type": "object", "properties": {"a": {"type": "string"}}}, {"b": 1}),
        ([], {"type": "object"}, {"b": 1}),
        ([("f.b", Reason.UNKNOWN)], {"type": "object", "additionalProperties": False}, {"b": 1}),
        ([("f.a", Reason.REQUIRED)], {"type": "object", "required": ["a"]}, {}),
        ([], {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "default": "x"}}}, {}),
        ([("f", Reason.TYPE)], {"x-kubernetes-int-or-string": True}, 1.5),
        ([("f", Reason.INVALID)] * 2, {"type": "string", "anyOf": [{"pattern": "^a"}, {"minLength": 9}]}, "x"),
        ([("f", Reason.INVALID)], {"type": "string", "oneOf": [{"pattern": "^a"}, {"maxLength": 9}]}, "ab"),
        ([("f", Reason.INVALID)], {"type": "string", "not": {"pattern": "^a"}}, "ab"),
        ([("f", Reason.INVALID)], {"type": "string", "allOf": [{"pattern": "^a"}]}, "b"),
        (
            [("f.apiVersion", Reason.REQUIRED), ("f.kind", Reason.REQUIRED)],
            {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
            {"spec": {"a": 1}},
        ),
        (
            [("f.metadata.labels[a]", Reason.TYPE)],
            {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": 1}}},
        ),
    ],
)
def test_custom_kinds(expected: list[tuple[str, Reason]], schema: dict[str, Any], value: Any) -> None:
    """All that a definition says is checked, on the object with its defaults."""
    assert expected == _found(_custom(schema), {"apiVersion": "a.b/v1", "kind": "A", "f": value}, custom=True)


@pytest.mark.parametrize(
    ("since", "schema", "value"),
    [
        (36, {"type": "integer", "format": "int32"}, 2**31),
        (36, {"type": "number", "format": "float"}, 1e39),
        (36, {"type": "integer", "minimum": 1.5}, 2),
        (35, {"type": "string", "format": "k8s-short-name"}, "A"),
    ],
)
def test_older_servers_check_less(since: int, schema: dict[str, Any], value: Any) -> None:
    """What a server of the version in use does not check is no fault."""
    node = _custom(schema)
    found = [minor for minor in (34, 35, 36, 37) if check({"f": value}, node, custom=True, minor=minor)]
    assert list(range(since, 38)) == found


def test_metadata_of_custom_kinds_is_checked() -> None:
    """Nobody describes `metadata` in a definition, and still it has fields."""
    node = root_node(
        {
            "type": "object",
            "properties": {"metadata": {"properties": {"name": {"pattern": "^a"}}}, "f": {"type": "string"}},
        }
    )
    manifest = {"metadata": {"name": "b", "bogus": 1, "labels": {"x": 1}}}
    assert _found(node, manifest, custom=True) == [
        ("metadata.bogus", Reason.UNKNOWN),
        ("metadata.labels[x]", Reason.TYPE),
        ("metadata.name", Reason.INVALID),
    ]


def test_schemas_without_fields_refuse_all_at_the_root() -> None:
    """An object whose definition names no field has those of every object, and no others."""
    assert _found(root_node({"type": "object"}), {"kind": "A", "spec": {}}, custom=True) == [("spec", Reason.UNKNOWN)]
    keeps = root_node({"type": "object", "x-kubernetes-preserve-unknown-fields": True})
    assert _found(keeps, {"kind": "A", "spec": {}}, custom=True) == []


def test_what_the_server_drops_is_a_warning() -> None:
    """A field below an object without fields is not refused, but it does not arrive either."""
    (fault,) = check({"f": {"a": 1}}, _custom({"type": "object"}), custom=True)
    assert (fault.path, fault.severity) == (("f", "a"), Severity.WARNING)


def test_messages_do_not_hold_values() -> None:
    """What stands in a manifest may be a secret, so it is not printed; a name that was meant is."""
    node = root_node(
        {
            "type": "object",
            "properties": {
                "password": {"type": "string", "pattern": "^x", "maxLength": 100},
                "token": {"type": "string", "enum": ["a"]},
                "number": {"type": "integer"},
            },
        }
    )
    faults = check(
        {"password": "hunter2", "token": "hunter2", "number": "hunter2", "pasword": "hunter2"}, node, custom=True
    )
    assert not any("hunter2" in fault.message for fault in faults)
    assert 'unknown field "pasword", did you mean "password"' in [fault.message for fault in faults]


def test_endless_nesting_is_left_to_the_server() -> None:
    """A manifest too deep for Python is not an error of its author."""
    node = _custom({"type": "object", "x-kubernetes-preserve-unknown-fields": True, "additionalProperties": {}})
    schema: dict[str, Any] = {"type": "object"}
    value: dict[str, Any] = {}
    for _ in range(3000):
        schema, value = {"type": "object", "properties": {"a": schema}}, {"a": value}
    node = _custom(schema)
    (fault,) = check({"f": value}, node, custom=True)
    assert (fault.reason, fault.severity) == (Reason.UNDECIDED, Severity.WARNING)


def test_components_are_compiled_once() -> None:
    """Two kinds that use a component share its node; a default that means something makes a node of its own."""
    nodes = Nodes(COMPONENTS.get)
    pod = nodes.named(_POD)
    assert pod.properties["first"] is nodes.named(_PORT)
    assert nodes.of({"$ref": f"#/components/schemas/{_PORT}", "default": {"port": 1}}).default == {"port": 1}
    assert node_of({"$ref": "#/components/schemas/unheard.of"}, COMPONENTS.get).preserve_unknown


@pytest.mark.parametrize(
    ("expected", "schema", "value"),
    [
        ({"a": "x"}, {"properties": {"a": {"type": "string", "default": "x"}}}, {}),
        ({"a": "x"}, {"properties": {"a": {"type": "string", "default": "x"}}}, {"a": None}),
        ({"a": None}, {"properties": {"a": {"type": "string", "default": "x", "nullable": True}}}, {"a": None}),
        ({"a": None}, {"properties": {"a": {"type": "string"}}}, {"a": None}),
        ({"a": {"b": 1}}, {"properties": {"a": {"default": {}, "properties": {"b": {"default": 1}}}}}, {}),
        ({}, {"properties": {"a": {"properties": {"b": {"default": 1}}}}}, {}),
        ({"a": [{"b": 1}]}, {"properties": {"a": {"items": {"properties": {"b": {"default": 1}}}}}}, {"a": [{}]}),
        ({"k": {"b": 1}}, {"additionalProperties": {"properties": {"b": {"default": 1}}}}, {"k": {}}),
    ],
)
def test_defaults(expected: dict[str, Any], schema: dict[str, Any], value: dict[str, Any]) -> None:
    """Defaults go where nothing is said, and in place of a null that may not be."""
    assert expected == defaulted(value, node_of(schema, COMPONENTS.get))


def test_defaults_leave_the_manifest_alone() -> None:
    """The manifest is not changed; where nothing is added it is given back itself."""
    node = node_of({"properties": {"a": {"default": {"b": []}}}}, COMPONENTS.get)
    manifest: dict[str, Any] = {}
    first, second = defaulted(manifest, node), defaulted(manifest, node)
    assert manifest == {}
    assert first["a"] is not second["a"]
    assert defaulted(first, node) is first


def test_keys_of_built_in_lists_get_their_defaults() -> None:
    """A port without a protocol is a TCP port; other defaults are not the schema's to give."""
    nodes = Nodes(COMPONENTS.get)
    manifest = {"ports": [{"port": 1}], "merged": [{"port": 1}]}
    expected = {"ports": [{"port": 1, "protocol": "TCP"}], "merged": [{"port": 1}]}
    assert expected == defaulted(manifest, nodes.named(_POD))


@pytest.mark.parametrize(("kept", "written"), [(5, 2**32 + 5), (-(2**31), 2**31), (-1, 2**32 - 1), (0, 2.0**40)])
def test_of_wide_numbers_the_lower_bits_are_kept(kept: int, written: float) -> None:
    """A number with more bits than the server keeps is what it keeps to further checks; the manifest stays as it is."""
    manifest = {"name": "x", "ports": [{"port": 1}, {"port": written}]}
    faults = check(manifest, Nodes(COMPONENTS.get).named(_POD), custom=False)
    assert [fault.severity for fault in faults] == [Severity.WARNING]
    assert as_kept(manifest, faults)["ports"] == [{"port": 1}, {"port": kept}]
    assert manifest["ports"][1] == {"port": written}


def test_null_in_a_list_is_an_empty_value() -> None:
    """What Go makes of it is what further checks see, and a warning says so; the manifest stays as it is."""
    documents = bundled(37)
    node = documents.root(GroupVersionKind.of("networking.k8s.io/v1", "NetworkPolicy"))
    manifest: dict[str, Any] = {"spec": {"podSelector": {}, "policyTypes": ["Ingress", None], "ingress": [None]}}
    faults = check(manifest, node, custom=False)  # type: ignore[arg-type]
    assert {fault.severity for fault in faults} == {Severity.WARNING}
    assert as_kept(manifest, faults, node)["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", ""],
        "ingress": [{}],
    }
    assert manifest["spec"]["ingress"] == [None]


def test_null_in_a_list_of_anything_is_null() -> None:
    """The schema of a definition may name null among the values of a field."""
    documents = bundled(37)
    node = documents.root(GroupVersionKind.of("apiextensions.k8s.io/v1", "CustomResourceDefinition"))
    field = {"type": "string", "nullable": True, "enum": ["a", None]}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"properties": {"f": field}}},
    }
    names = {"kind": "Thing", "plural": "things"}
    manifest = {"spec": {"group": "x.y", "scope": "Cluster", "names": names, "versions": [version]}}
    assert check(manifest, node, custom=False) == []  # type: ignore[arg-type]
