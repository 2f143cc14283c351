"""How names, labels and annotations are written."""

from __future__ import annotations

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.schema import labelling, names
from kubernator.schema.builtin.field import Field
from kubernator.schema.fault import Reason, api_path
from kubernator.schema.metadata import check_metadata

POD = GroupVersionKind("", "v1", "Pod")


def owner(**fields: object) -> dict[str, object]:
    """Return a reference to an owner."""
    return {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1", **fields}


@pytest.mark.parametrize(
    ("says", "right", "wrong"),
    [
        (names.dns_label, ["a", "1a", "a-1", "x" * 63], ["", "A", "a.b", "-a", "a-", "x" * 64, "a_b", "é", "a\n"]),
        (names.dns_subdomain, ["a", "a.b", "1.2", "x" * 253], ["", "a..b", ".a", "a.", "A", "x" * 254, "a_b", "a.-b"]),
        (names.dns_1035_label, ["a", "a1", "a-b"], ["", "1a", "a.b", "-a", "a-", "x" * 64, "A"]),
        (names.label_value, ["", "a", "A_b.c-d", "x" * 63], ["-a", "a-", "a b", "x" * 64, "é", "a/b"]),
        (names.qualified_name, ["a", "A.b_c", "x.io/a", "1/2"], ["", "/a", "a/", "a/b/c", "X.io/a", "a b", "x" * 64]),
        (names.c_identifier, ["a", "_1", "A" * 999], ["", "1a", "a-b", "a.b"]),
        (names.port_name, ["a", "http-2", "8a"], ["", "80", "A", "a--b", "-a", "a-", "x" * 16, "a_b"]),
        (names.config_map_key, ["a", "A.b_c", ".a", "-"], ["", ".", "..", "..a", "a/b", "x" * 254]),
        (names.path_segment, ["a", "A b", "system:x", "é"], [".", "..", "a/b", "a%b"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_wrong_texts_get_a_complaint_and_right_ones_none(says, right, wrong) -> None:  # type: ignore[no-untyped-def]
    """Nothing is said of what the server takes."""
    assert dict.fromkeys(right, "") == {text: says(text) for text in right}
    assert [text for text in wrong if not says(text)] == []


@pytest.mark.parametrize(
    ("says", "text", "complaint"),
    [
        (names.dns_label, "a.b", "must not contain dots"),
        (names.dns_label, "x" * 64, "must be no more than 63 characters"),
        (names.label_value, "x" * 64, "must be no more than 63 bytes"),
        (names.qualified_name, "/a", "prefix part must be non-empty"),
        (names.port_name, "1", "must contain at least one letter (a-z)"),
        (names.config_map_key, "..a", "must not start with '..'"),
        (names.path_segment, "a/%", "may not contain '/', may not contain '%'"),
    ],
)
def test_complaints_are_those_of_the_server(says, text: str, complaint: str) -> None:  # type: ignore[no-untyped-def]
    """The words are the API server's."""
    assert complaint == says(text)


def test_lengths_are_counted_in_bytes() -> None:
    """A short text of long letters is too long."""
    assert "must be no more than 63 bytes" in names.label_value("é" * 40)


@pytest.mark.parametrize(
    ("selector", "places"),
    [
        (None, []),
        ({}, []),
        ({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]}, []),
        ({"matchLabels": {"a b": "b"}}, ["matchLabels[a b]"]),
        ({"matchExpressions": [{"key": "a", "operator": "In"}]}, ["matchExpressions[0].values"]),
        ({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}, ["matchExpressions[0].values"]),
        ({"matchExpressions": [{"key": "a", "operator": "Is"}]}, ["matchExpressions[0].operator"]),
        ({"matchExpressions": [{"operator": "Exists"}]}, ["matchExpressions[0].key"]),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["-"]}]}, ["matchExpressions[0].values[0]"]),
    ],
)
def test_selectors_are_looked_at_in_all_parts(selector: object, places: list[str]) -> None:
    """Keys, operators and values each have their rules."""
    field = Field(selector)
    labelling.check_selector(field)
    assert places == [api_path(fault.path) for fault in field.faults]


def said(
    manifest: dict[str, object], gvk: GroupVersionKind = POD, *, custom: bool = False, minor: int = 37
) -> list[str]:
    """Return the places of what is wrong with metadata."""
    root = Field(manifest, minor=minor)
    check_metadata(root, gvk, custom=custom)
    return [api_path(fault.path) for fault in root.faults]


@pytest.mark.parametrize(
    ("metadata", "places"),
    [
        ({"name": "a"}, []),
        ({"generateName": "a-"}, []),
        ({}, ["metadata.name"]),
        ({"generateName": "A-"}, ["metadata.generateName"]),
        ({"name": "a", "namespace": "A"}, ["metadata.namespace"]),
        ({"name": "a", "labels": {"a": "-"}}, ["metadata.labels[a]"]),
        ({"name": "a", "annotations": {"A/b": "x y"}}, []),
        ({"name": "a", "annotations": {"a b": "x"}}, ["metadata.annotations[a b]"]),
        ({"name": "a", "annotations": {"a": "x" * 262144}}, ["metadata.annotations"]),
        ({"name": "a", "annotations": {"a": "x" * 262143}}, []),
        ({"name": "a", "finalizers": ["orphan", "x.io/y"]}, []),
        ({"name": "a", "finalizers": ["mine"]}, ["metadata.finalizers[0]"]),
        ({"name": "a", "finalizers": ["orphan", "foregroundDeletion"]}, ["metadata.finalizers"]),
        ({"name": "a", "ownerReferences": [owner()]}, []),
        (
            {"name": "a", "ownerReferences": [{"apiVersion": "v1"}]},
            [f"metadata.ownerReferences[0].{key}" for key in ("kind", "name", "uid")],
        ),
        ({"name": "a", "ownerReferences": [owner(apiVersion="a/b/c")]}, ["metadata.ownerReferences[0].apiVersion"]),
        ({"name": "a", "ownerReferences": [owner(kind="Event")]}, ["metadata.ownerReferences[0]"]),
        (
            {"name": "a", "ownerReferences": [owner(uid=uid, controller=True) for uid in "12"]},
            ["metadata.ownerReferences"],
        ),
    ],
)
def test_metadata_is_looked_at_in_all_parts(metadata: dict[str, object], places: list[str]) -> None:
    """Each part of the metadata has its rules."""
    assert places == said({"metadata": metadata})


RBAC = "rbac.authorization.k8s.io"
CERTIFICATES = "certificates.k8s.io"


@pytest.mark.parametrize(
    ("group", "kind", "right", "wrong"),
    [
        ("", "Namespace", ["a-1"], ["a.b"]),
        ("apps", "StatefulSet", ["a-1"], ["a.b"]),
        ("apps", "Deployment", ["a.b"], ["a_b"]),
        ("batch", "CronJob", ["a" * 52], ["a" * 53]),
        (RBAC, "ClusterRole", ["system:a", "A b"], ["a/b"]),
        (RBAC, "RoleBinding", ["a:b"], ["."]),
        ("policy", "PodDisruptionBudget", ["A_b"], ["a%"]),
        ("networking.k8s.io", "IPAddress", ["1.2.3.4", "2001:db8::1"], ["01.2.3.4", "2001:DB8::1", "::ffff:1.2.3.4"]),
        (CERTIFICATES, "ClusterTrustBundle", ["a.b"], ["a:b", "A"]),
        ("coordination.k8s.io", "LeaseCandidate", ["A_b"], ["a/b"]),
        ("authorization.k8s.io", "SubjectAccessReview", ["", "a/b"], []),
    ],
)
def test_kinds_have_rules_for_their_names(group: str, kind: str, right: list[str], wrong: list[str]) -> None:
    """Most names are subdomains, and some are not."""
    gvk = GroupVersionKind(group, "v1", kind)
    assert {name: [] for name in right} == {name: said({"metadata": {"name": name}}, gvk) for name in right}
    assert {name: ["metadata.name"] for name in wrong} == {
        name: said({"metadata": {"name": name}}, gvk) for name in wrong
    }


@pytest.mark.parametrize(("minor", "places"), [(34, ["metadata.name"]), (35, ["metadata.name"]), (36, []), (37, [])])
def test_services_may_begin_with_a_digit_in_newer_versions(minor: int, places: list[str]) -> None:
    """Their names were relaxed in Kubernetes 1.36."""
    assert places == said({"metadata": {"name": "1a"}}, GroupVersionKind("", "v1", "Service"), minor=minor)


def test_names_may_have_to_do_with_other_fields() -> None:
    """The name of an APIService says its version and group, that of a bundle its signer."""
    service = GroupVersionKind("apiregistration.k8s.io", "v1", "APIService")
    spec = {"version": "v1", "group": "x.io"}
    assert said({"metadata": {"name": "v1.x.io"}, "spec": spec}, service) == []
    assert said({"metadata": {"name": "v2.x.io"}, "spec": spec}, service) == ["metadata.name"]
    bundle = GroupVersionKind(CERTIFICATES, "v1beta1", "ClusterTrustBundle")
    assert said({"metadata": {"name": "x.io:s:a"}, "spec": {"signerName": "x.io/s"}}, bundle) == []
    assert said({"metadata": {"name": "a"}, "spec": {"signerName": "x.io/s"}}, bundle) == ["metadata.name"]


def test_names_of_custom_kinds_are_subdomains() -> None:
    """Finalizers of theirs may be without a domain."""
    thing = GroupVersionKind("example.com", "v1", "Thing")
    assert said({"metadata": {"name": "a.b", "finalizers": ["mine"]}}, thing, custom=True) == []
    assert said({"metadata": {"name": "a_b"}}, thing, custom=True) == ["metadata.name"]


def test_nothing_is_said_of_kinds_of_other_servers() -> None:
    """An aggregated API server has rules of its own."""
    assert said({"metadata": {"name": "A/b"}}, GroupVersionKind("metrics.example.com", "v1", "Thing")) == []


def test_the_name_of_what_is_there_is_not_looked_at() -> None:
    """The server asks for it once."""
    root = Field({"metadata": {"name": "A", "labels": {"a": "-"}}})
    check_metadata(root, POD, custom=False, stored=True)
    assert [fault.reason for fault in root.faults] == [Reason.INVALID]
