"""When two written values are one value for the server."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.planning.canonical import ABSENT, Rules, quantity, wire

APPS = Rules(GroupVersionKind("apps", "v1", "Deployment"))
CUSTOM = Rules(GroupVersionKind("example.com", "v1", "Widget"))
DEFINITION = Rules(GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"))
CORE = Rules(GroupVersionKind("", "v1", "ConfigMap"))
NETWORK = Rules(GroupVersionKind("networking.k8s.io", "v1", "NetworkPolicy"))
DEVICES = Rules(GroupVersionKind("resource.k8s.io", "v1", "DeviceClass"))
ADMISSION = Rules(GroupVersionKind("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy"))
SCHEMA = ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "x")
LIMIT = ("spec", "containers", 0, "resources", "limits", "cpu")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", Decimal(1)),
        (1, Decimal(1)),
        ("1000m", Decimal(1)),
        ("0.5", Decimal("0.5")),
        (".5", Decimal("0.5")),
        ("500m", Decimal("0.5")),
        ("1Gi", Decimal(1024**3)),
        ("1024Mi", Decimal(1024**3)),
        ("1.5Gi", Decimal(1536 * 1024**2)),
        ("1e9", Decimal(10) ** 9),
        ("1E", Decimal(10) ** 18),
        ("1E3", Decimal(1000)),
        ("-1k", Decimal(-1000)),
        ("0.0000000001", None),
        ("1 Gi", None),
        ("1gi", None),
        ("", None),
        ("1e99", None),
        (True, None),
        (None, None),
    ],
)
def test_quantities(text, expected):
    """A quantity is read as Kubernetes reads it; what the server would round is not decided here."""
    assert expected == quantity(text)


@pytest.mark.parametrize(
    ("wanted", "live", "path"),
    [
        ("1000m", "1", LIMIT),
        (1, "1", LIMIT),
        ("0.5Gi", "512Mi", ("spec", "volumes", 0, "emptyDir", "sizeLimit")),
        ("0.5Ki", "512", LIMIT),
        ("10e2", "1e3", LIMIT),
        ("0Gi", "0", LIMIT),
        ("1000M", "1G", LIMIT),
        (1.0, 1, ("spec", "replicas")),
        (1e3, 1000, ("spec", "x")),
        (None, ABSENT, ("spec", "x")),
        (None, "", ("spec", "template", "metadata", "annotations", "k")),
        ([], ABSENT, ("spec", "args")),
        ([], None, ("rules",)),
        (None, None, ("rules",)),
        ({}, ABSENT, ("spec", "nodeSelector")),
        ({}, {}, ("spec", "emptyDir")),
        (0, ABSENT, ("spec", "minReadySeconds")),
        (False, ABSENT, ("spec", "paused")),
        ("", ABSENT, ("spec", "containers", 0, "env", 0, "value")),
        ({"fieldPath": "x"}, {"fieldPath": "x", "apiVersion": "v1"}, ("spec", "env", 0, "valueFrom", "fieldRef")),
        ({"port": 80}, {"port": 80, "protocol": "TCP"}, ("spec", "ingress", 0, "ports", 0)),
        (
            {"kind": "User", "name": "u"},
            {"kind": "User", "name": "u", "apiGroup": "rbac.authorization.k8s.io"},
            ("subjects", 0),
        ),
        ({"x": ["a", {"b": 1}]}, {"x": ["a", {"b": 1}]}, ("spec",)),
    ],
)
def test_one_value_for_the_server(wanted, live, path):
    """What the server rewrites in built-in kinds is still what was wanted."""
    assert APPS.same(wanted, live, path)


@pytest.mark.parametrize(
    ("wanted", "live", "path"),
    [
        ("1000m", "1", ("data", "cpu")),
        ("1073741824", "1Gi", LIMIT),
        ("1Gi", "1073741824", LIMIT),
        ("1e3", "1k", LIMIT),
        ("a", "b", ("data", "k")),
        (1, "1", ("spec", "replicas")),
        (True, 1, ("spec", "x")),
        (1, True, ("spec", "x")),
        ([1], [True], ("spec", "x")),
        ("", "Always", ("spec", "imagePullPolicy")),
        (None, "x", ("spec", "x")),
        ([], ["a"], ("spec", "args")),
        ({}, {"type": "RollingUpdate"}, ("spec", "strategy")),
        (["a", "b"], ["b", "a"], ("spec", "args")),
        (
            {"kind": "ServiceAccount"},
            {"kind": "ServiceAccount", "apiGroup": "rbac.authorization.k8s.io"},
            ("subjects", 0),
        ),
        ({"port": 80}, {"port": 80, "protocol": "UDP"}, ("spec", "ports", 0)),
        ({"a": 1}, {"a": 1, "b": 2}, ("spec", "selector")),
        ("0.0000000001", "1n", LIMIT),
    ],
)
def test_different_or_undecided(wanted, live, path):
    """What is not known to be the same is left to the server."""
    assert not APPS.same(wanted, live, path)


@pytest.mark.parametrize(
    ("wanted", "live", "path"),
    [
        ("1000m", "1", LIMIT),
        (0, ABSENT, ("spec", "x")),
        ({}, ABSENT, ("spec", "x")),
        ({"fieldPath": "x"}, {"fieldPath": "x", "apiVersion": "v1"}, ("spec", "fieldRef")),
    ],
)
def test_custom_resources_are_stored_as_written(wanted, live, path):
    """None of the rules for built-in kinds hold for custom resources."""
    assert not CUSTOM.same(wanted, live, path)


def test_metadata_is_built_in_everywhere():
    """The metadata of a custom resource follows the rules of built-in kinds."""
    assert CUSTOM.same(None, "", ("metadata", "labels", "x"))
    assert CUSTOM.same({}, ABSENT, ("metadata", "labels"))


def test_defaults_in_a_schema_are_not_quantities():
    """A default in a definition is data of the user's, whatever its key."""
    assert not DEFINITION.same("1000m", "1", ("spec", "versions", 0, "schema", "default", "cpu"))


def test_what_only_the_server_writes_is_not_sent():
    """An exported manifest loses what it cannot say; the given one stays as it is."""
    metadata = {
        "name": "x",
        "uid": "u",
        "resourceVersion": "1",
        "creationTimestamp": None,
        "managedFields": [],
        "generation": 3,
        "labels": None,
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    }
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "status": {"a": 1}}
    assert wire(manifest, status=True) == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    assert wire(manifest, status=False)["status"] == {"a": 1}
    assert "status" not in wire({**manifest, "status": {}}, status=False)
    none = {**manifest, "metadata": {"name": "x", "labels": {}, "annotations": {}}}
    assert wire(none, status=False)["metadata"] == {"name": "x"}
    assert metadata["uid"] == "u"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"stringData": {"a": "1"}}, {"data": {"a": "MQ=="}}),
        ({"stringData": {"a": "1"}, "data": {"a": "eA==", "b": "eQ=="}}, {"data": {"a": "MQ==", "b": "eQ=="}}),
        ({"data": {"a": "MQ\n==", "b": None}}, {"data": {"a": "MQ==", "b": ""}}),
        ({"stringData": {}}, {}),
        ({"stringData": {"a": 1}}, {"stringData": {"a": 1}}),
        ({"stringData": {"a": "1"}, "data": ["x"]}, {"stringData": {"a": "1"}, "data": ["x"]}),
    ],
)
def test_string_data_of_a_secret_becomes_data(fields, expected):
    """Ownership of a key must stand where the key is stored; what is malformed is left to the server."""
    head = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    assert {**head, **expected} == wire({**head, **fields}, status=True)


@pytest.mark.parametrize(
    ("rules", "wanted", "path"),
    [
        (APPS, {"tolerationSeconds": 0}, ("spec", "template", "spec", "tolerations", 0)),
        (APPS, {"optional": False}, ("spec", "template", "spec", "containers", 0, "envFrom", 0, "secretRef")),
        (NETWORK, {"namespaceSelector": {}}, ("spec", "ingress", 0, "from", 0)),
        (APPS, {"runAsNonRoot": False}, ("spec", "template", "spec", "securityContext")),
        (DEFINITION, {"minimum": 0}, SCHEMA),
        (DEFINITION, {"default": False}, SCHEMA),
        (DEFINITION, {"default": []}, SCHEMA),
        (DEFINITION, {"default": {"nullable": False}}, SCHEMA),
        (APPS, {"n": 0}, ("data",)),
        (DEVICES, {"x": None}, ("spec", "config", 0, "opaque", "parameters")),
        (CUSTOM, {"x": None}, ("spec", "list", 0)),
    ],
)
def test_zero_values_that_may_be_stored_are_a_change(rules, wanted, path):
    """An empty, zero or null value means something where the server stores it, so adding one is never nothing."""
    key = next(iter(wanted))
    stored = {"default": {}} if wanted == {"default": {"nullable": False}} else {}
    assert not rules.same({"a": 1, **wanted}, {"a": 1, **stored}, path)
    assert not rules.same(wanted[key], ABSENT, (*path, key))


@pytest.mark.parametrize(
    ("wanted", "live", "path"),
    [
        ("1Gi", "1024Mi", ("data", "sizeLimit")),
        ("1", "1000m", ("data", "divisor")),
        ("1", "1000m", ("metadata", "annotations", "divisor")),
        ("1", "1000m", ("spec", "template", "spec", "nodeSelector", "divisor")),
        ("1", "1000m", ("spec", "parameters", "sizeLimit")),
    ],
)
def test_data_of_the_users_is_no_quantity(wanted, live, path):
    """A key of the user's may have the name of a quantity; its value is a text."""
    assert not APPS.same(wanted, live, path)
    assert not CORE.same(wanted, live, path)


@pytest.mark.parametrize(
    ("rules", "wanted", "live", "path"),
    [
        (ADMISSION, {"resourceRules": [1]}, {"resourceRules": [1], "objectSelector": {}}, ("spec", "matchConstraints")),
        (ADMISSION, {}, {"matchPolicy": "Equivalent", "namespaceSelector": {}}, ("spec", "matchResources")),
        (DEVICES, {"x": 1}, {"x": 1, "allocationMode": "ExactCount", "count": 1}, ("requests", 0, "exactly")),
        (CORE, {}, {"finalizers": ["kubernetes"]}, ("spec",)),
        (CORE, "0.5Gi", "512Mi", ("spec", "overhead", "memory")),
        (DEFINITION, {"a": 1, "nullable": False, "description": ""}, {"a": 1}, SCHEMA),
        (APPS, {"a": 1, "value": ""}, {"a": 1}, ("spec", "template", "spec", "tolerations", 0)),
    ],
)
def test_defaults_and_drops_inside_what_is_owned_as_a_whole(rules, wanted, live, path):
    """What the server always adds, and what it never stores, is no difference."""
    assert rules.same(wanted, live, path)
    assert not CUSTOM.same(wanted, live, path)


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        (APPS, ("spec", "strategy"), True),
        (APPS, ("spec", "template", "spec", "volumes"), True),
        (APPS, ("spec", "template", "spec", "containers", 0, "ports"), True),
        (APPS, ("spec", "template", "spec", "containers", 0, "args"), False),
        (CUSTOM, ("spec", "volumes"), False),
        (CUSTOM, ("metadata", "annotations"), True),
    ],
)
def test_what_merges(rules, path, expected):
    """Known of built-in kinds, and of metadata; a custom resource's lists and maps may be of any kind."""
    assert expected == rules.merges(path)
