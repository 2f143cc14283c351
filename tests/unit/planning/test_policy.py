"""Conflicts, ignored fields, fields given up, immutable fields, refusals."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import pytest

from kubernator import errors
from kubernator.errors import FieldCause
from kubernator.model.change import FieldConflict, PatchOp
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.model.sourcemap import SourceMap
from kubernator.planning import canonical, conflicts, fields, policy, settling

RULES = canonical.Rules(GroupVersionKind("apps", "v1", "Deployment"))


def conflict(message: str, field: str = ".spec.replicas") -> FieldCause:
    return FieldCause(reason="FieldManagerConflict", message=message, field=field)


def failure(status: int, *causes: FieldCause, reason: str = "", title: str = "refused") -> errors.ApiError:
    return errors.ApiError(title, status=status, reason=reason, causes=causes)


def test_a_conflict_names_the_manager_and_when_it_wrote():
    """Managers, their subresource and kind of write are read from the message, the time from managedFields."""
    live = {
        "metadata": {
            "managedFields": [
                {"manager": "hpa", "operation": "Update", "subresource": "scale", "time": "2026-01-02T03:04:05Z"},
                {"manager": "hpa", "operation": "Update", "time": "2026-09-09T09:09:09Z"},
                {"manager": 'o"ne', "operation": "Apply"},
            ]
        }
    }
    error = failure(
        409,
        conflict('conflict with "hpa" with subresource "scale" using apps/v1'),
        conflict(r'conflict with "o\"ne"', ".data.a"),
    )
    assert (
        FieldConflict(field=".spec.replicas", manager="hpa", time="2026-01-02T03:04:05Z"),
        FieldConflict(field=".data.a", manager='o"ne', time=""),
    ) == conflicts.read(error, live)


@pytest.mark.parametrize(
    ("error", "stale", "field_conflict"),
    [
        (failure(409), True, False),
        (failure(409, reason="AlreadyExists"), True, False),
        (failure(409, conflict('conflict with "x"')), False, True),
        (
            failure(422, FieldCause(reason="FieldValueInvalid", message="field is immutable", field="metadata.uid")),
            True,
            False,
        ),
        (failure(422, FieldCause(reason="FieldValueInvalid", message="no", field="spec.x")), False, False),
        (failure(404), False, False),
    ],
)
def test_stale_or_conflict(error, stale, field_conflict):
    """One code, two meanings: a 409 with causes is a field conflict, one without says that the object moved on."""
    assert (stale, field_conflict) == (policy.is_stale(error), policy.is_conflict(error))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ('configmaps "c" is forbidden: User "me" cannot patch resource "configmaps" in API group ""', True),
        ('pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1', False),
        ('pods "p" is forbidden: violates PodSecurity "restricted:latest"', False),
    ],
)
def test_denied(title, expected):
    """A 403 has several meanings; only one of them is about who asks."""
    assert expected is policy.is_denied(errors.Forbidden(title, status=403))


@pytest.mark.parametrize(
    ("reason", "message", "field", "expected"),
    [
        ("FieldValueInvalid", 'Invalid value: "x": field is immutable', "spec.selector", True),
        ("FieldValueForbidden", "Forbidden: updates to statefulset spec for fields other than …", "spec", True),
        ("FieldValueForbidden", "Forbidden: pod updates may not change fields other than …", "spec", True),
        ("FieldValueForbidden", "Forbidden: may not be used", "spec", False),
        ("FieldValueInvalid", "field is immutable", "metadata.uid", False),
        ("FieldValueRequired", "Required value", "spec", False),
    ],
)
def test_immutable(reason, message, field, expected):
    """The words by which the server says that a field cannot change; another uid is another object."""
    assert expected is policy.immutable([FieldCause(reason=reason, message=message, field=field)])


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("spec.replicas", ("spec", "replicas")),
        (".spec.containers[0].image", ("spec", "containers", 0, "image")),
        ('.spec.containers[name="c"].image', ("spec", "containers", 1, "image")),
        (".metadata.annotations.a.b/c", ("metadata", "annotations", "a.b/c")),
        ("metadata.annotations[a.b/c]", ("metadata", "annotations", "a.b/c")),
        ("spec.bogus.deep", ("spec", "bogus", "deep")),
        ('.spec.containers[name="z"].image', ("spec", "containers")),
        ('.spec.ports[port=80,protocol="TCP"].nme', ("spec", "ports", 0, "nme")),
        ('.spec.ports[port=81,protocol="TCP"].nme', ("spec", "ports", 2, "nme")),
        ('.spec.ports[port=82,protocol="TCP"].nme', ("spec", "ports")),
        ("", ()),
    ],
)
def test_field_path(field, expected):
    """The server's way of naming a field leads to the place in the manifest, as far as it exists."""
    manifest = {
        "metadata": {"annotations": {"a.b/c": "x", "a": "y"}},
        "spec": {
            "replicas": 1,
            "containers": [{"name": "b"}, {"name": "c", "image": "i"}],
            "ports": [{"port": 80}, {"port": 81}, {"port": 81, "protocol": "TCP"}, {"port": 82}, {"port": 82}],
        },
    }
    assert expected == fields.field_path(field, manifest)


def test_a_refusal_says_where_the_field_was_written():
    """Every cause stands with file and line; the 500 about a schema is taken apart."""
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {"bogus": 1, "b": 2}}
    resource = Resource(
        manifest=manifest,
        ref=ResourceRef.of(manifest),
        gvk=GroupVersionKind("apps", "v1", "Deployment"),
        origin=Origin(path=PurePath("a.yaml"), line=1),
        source_map=SourceMap({(): (1, 1), ("spec", "bogus"): (7, 3), ("spec", "b"): (8, 3)}),
    )
    error = failure(422, FieldCause(reason="FieldValueInvalid", message="no", field="spec.bogus"))
    assert policy.refusal(error, resource) == ("refused", (("field", "`spec.bogus` at a.yaml:7:3: no"),))
    typed = failure(
        500,
        title="cannot apply: failed to create typed patch object (n/x; apps/v1, Kind=Deployment): errors: "
        ".spec.bogus: field not declared in schema .spec.b: expected string, got 2",
    )
    assert policy.refusal(typed, resource)[1] == (
        ("field", "`.spec.bogus` at a.yaml:7:3: field not declared in schema"),
        ("field", "`.spec.b` at a.yaml:8:3: expected string, got 2"),
    )


def test_ignored_fields_match_from_the_beginning_and_below():
    """A rule holds for the field it names and all below it."""
    ignored = fields.Ignored(["^/spec/template", "/data/a$"])
    assert ignored.match(("spec", "template", "spec", "x"), {})
    assert ignored.match(("data", "a"), {})
    assert not ignored.match(("data", "ab"), {})
    assert not ignored.match(("metadata", "spec", "template"), {})
    kept = PatchOp(op="add", path="/data/b", value=1)
    stripped = PatchOp(op="replace", path="/metadata/generation", value=1)
    assert (kept,) == ignored.strip([kept, stripped, PatchOp(op="remove", path="/data/a")])


LIVE: dict[str, Any] = {"spec": {"replicas": 5, "paused": True, "list": [{"name": "a", "x": 1}]}}
OWN: dict[str, Any] = {"f:spec": {"f:replicas": {}, "f:paused": {}, "f:list": {}}}


@pytest.mark.parametrize(
    ("spec", "ignored", "others", "expected_spec", "released"),
    [
        pytest.param({"paused": True}, (), [], {"paused": True}, [("f:spec", "f:replicas")], id="replicas dropped"),
        pytest.param({}, (), [{"f:spec": {"f:replicas": {}}}], {}, [], id="replicas dropped, another owns them"),
        pytest.param({"replicas": 5}, ("^/spec/replicas",), [], {"replicas": 5}, [], id="ignored, ours and as wanted"),
        pytest.param(
            {"replicas": 3}, ("^/spec/replicas",), [], {}, [("f:spec", "f:replicas")], id="ignored, ours, differs"
        ),
        pytest.param(
            {"replicas": 3, "other": 1},
            ("^/spec/other",),
            [],
            {"replicas": 3},
            [],
            id="ignored and not ours",
        ),
        pytest.param(
            {"replicas": 3, "list": [{"name": "a", "x": 2}]},
            ("^/spec/list/0/x",),
            [],
            {"replicas": 3, "list": [{"name": "a", "x": 1}]},
            [],
            id="ignored inside what is owned as a whole",
        ),
    ],
)
def test_settle(spec, ignored, others, expected_spec, released):
    """What is not ours is left out, or keeps its live value; what we give up is handed on."""
    wanted = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}
    settled = settling.settle(
        wanted, LIVE, own=OWN, others=others, ignored=fields.Ignored(ignored), scalable=True, rules=RULES
    )
    assert expected_spec == settled.manifest.get("spec", {})
    assert released == list(settled.released)
    assert spec == wanted["spec"]
