"""What a replacement costs, what its proof gets wrong, and when a change is still the approved one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import pytest

from kubernator import errors
from kubernator.cluster.api import Kind
from kubernator.errors import FieldCause
from kubernator.model.change import Change, ChangeKind
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import BACKGROUND, ORPHAN, Resource, ResourcePolicy
from kubernator.planning import addresses, losses, policy, quota, replacing, sameness


def kind(name: str, plural: str, group: str = "") -> Kind:
    return Kind(gvk=GroupVersionKind(group, "v1", name), plural=plural, singular=name.lower(), namespaced=True)


PVC = kind("PersistentVolumeClaim", "persistentvolumeclaims")
SERVICE = kind("Service", "services")
POD = kind("Pod", "pods")
JOB = kind("Job", "jobs", "batch")


def resource(own: str = "", api_version: str = "v1", name: str = "Service") -> Resource:
    manifest = {"apiVersion": api_version, "kind": name, "metadata": {"name": "x", "namespace": "n"}}
    return Resource(
        manifest=manifest,
        ref=ResourceRef.of(manifest),
        gvk=GroupVersionKind.of(api_version, name),
        origin=Origin(path=PurePath("a.yaml"), line=1),
        policy=ResourcePolicy(replace=own),
    )


@pytest.mark.parametrize(
    ("own", "api_version", "name", "expected"),
    [
        ("", "v1", "Service", None),
        ("Background", "v1", "Service", "Background"),
        ("", "batch/v1", "Job", "Orphan"),
        ("Foreground", "batch/v1", "Job", "Foreground"),
        ("Never", "batch/v1", "Job", None),
    ],
)
def test_consent(own: str, api_version: str, name: str, expected: str | None) -> None:
    """An object's own word goes before the table."""
    assert expected == replacing.consent(resource(own, api_version, name))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Invalid value: …: field is immutable", True),
        ("Forbidden: spec is immutable after creation except resources.requests", True),
        ("Invalid value: …: cannot change roleRef", True),
        ("Forbidden: may not be changed in an update", True),
        ("Invalid value: …: may not change once set", True),
        ("Invalid value: []: primary clusterIP can not be unset", True),
        ("Required value", False),
    ],
)
def test_words_for_fixed_fields(message: str, *, expected: bool) -> None:
    """The server has many words for a field that cannot change."""
    assert expected is policy.cannot_change([FieldCause(reason="FieldValueInvalid", message=message, field="spec.x")])


@pytest.mark.parametrize(
    ("live", "how", "expected"),
    [
        ({"kind": "PersistentVolumeClaim", "spec": {"volumeName": "v"}}, BACKGROUND, "`v`"),
        ({"kind": "PersistentVolumeClaim", "spec": {}}, BACKGROUND, "when it has one"),
        ({"kind": "PersistentVolume", "spec": {"claimRef": {"namespace": "a", "name": "b"}}}, BACKGROUND, "`a/b`"),
        ({"kind": "PersistentVolume", "spec": {}}, BACKGROUND, "`Retain`"),
        ({"kind": "Namespace"}, BACKGROUND, "everything in it"),
        ({"kind": "CustomResourceDefinition", "spec": {"names": {"kind": "W"}}}, BACKGROUND, "every `W`"),
        ({"kind": "Service", "spec": {"clusterIP": "10.0.0.1"}}, BACKGROUND, "`10.0.0.1`"),
        ({"kind": "Service", "spec": {"clusterIP": "None"}}, BACKGROUND, ""),
        (
            {
                "kind": "Service",
                "spec": {"ports": [{"nodePort": 1}]},
                "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}},
            },
            BACKGROUND,
            "node port `1`, the load balancer's address `1.2.3.4`",
        ),
        ({"kind": "Secret", "type": "kubernetes.io/service-account-token"}, BACKGROUND, "the token"),
        ({"kind": "Secret", "type": "Opaque"}, BACKGROUND, ""),
        ({"kind": "ServiceAccount"}, BACKGROUND, "every token"),
        ({"kind": "Deployment"}, ORPHAN, ""),
        ({"kind": "Deployment"}, BACKGROUND, "its Pods; `Orphan` keeps them"),
        (
            {"kind": "StatefulSet", "spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}},
            BACKGROUND,
            "its claims, with the data",
        ),
        ({"kind": "Job"}, ORPHAN, "`Orphan`"),
        ({"kind": "ConfigMap"}, BACKGROUND, ""),
    ],
)
def test_lost(live: dict[str, Any], how: Any, expected: str) -> None:
    """What goes with an object is said in words; nothing where nothing does."""
    found = losses.lost(live, how)
    assert expected in found
    assert bool(expected) is bool(found)


def claim(size: str, storage_class: str = "fast") -> dict[str, Any]:
    return {"spec": {"storageClassName": storage_class, "resources": {"requests": {"storage": size}}}}


@pytest.mark.parametrize(
    ("name", "of", "manifest", "expected"),
    [
        ("count/jobs.batch", JOB, {}, 1),
        ("count/jobs", JOB, {}, 0),
        ("count/services", SERVICE, {}, 1),
        ("services", SERVICE, {}, 1),
        ("services", JOB, {}, 0),
        ("services.nodeports", SERVICE, {"spec": {"type": "NodePort", "ports": [{}, {}]}}, 2),
        ("services.nodeports", SERVICE, {"spec": {"ports": [{}]}}, 0),
        ("services.loadbalancers", SERVICE, {"spec": {"type": "LoadBalancer", "ports": [{}]}}, 1),
        ("services.nodeports", JOB, {}, 0),
        ("requests.storage", PVC, claim("1Ki"), 1024),
        ("fast.storageclass.storage.k8s.io/requests.storage", PVC, claim("1Ki"), 1024),
        ("slow.storageclass.storage.k8s.io/requests.storage", PVC, claim("1Ki"), 0),
        ("fast.storageclass.storage.k8s.io/persistentvolumeclaims", PVC, claim("1Ki"), 1),
        ("requests.storage", JOB, {}, 0),
        ("requests.cpu", POD, {}, None),
        ("requests.cpu", JOB, {}, 0),
    ],
)
def test_usage(name: str, of: Kind, manifest: dict[str, Any], expected: int | None) -> None:
    """What an object counts in a quota; what a Pod asks for is not judged."""
    assert (None if expected is None else Decimal(expected)) == quota.usage(name, of, manifest)


@pytest.mark.parametrize(
    ("hard", "used", "new", "expected"),
    [
        ({"requests.storage": "2Gi"}, {"requests.storage": "2Gi"}, claim("1Gi"), ""),
        ({"requests.storage": "2Gi"}, {"requests.storage": "2Gi"}, claim("2Gi"), "no room for it: `requests.storage`"),
        ({"count/persistentvolumeclaims": "1"}, {"count/persistentvolumeclaims": "1"}, claim("1Gi"), ""),
        ({"pods": "1"}, {"pods": "9"}, claim("1Gi"), ""),
    ],
)
def test_still_exceeded(hard: dict[str, str], used: dict[str, str], new: dict[str, Any], expected: str) -> None:
    """Room is what remains when the old object no longer counts."""
    found = quota.still_exceeded(
        [{"metadata": {"name": "q"}, "status": {"hard": hard, "used": used}}], PVC, old=claim("1Gi"), new=new
    )
    assert expected in found
    assert bool(expected) is bool(found)


def test_a_quota_that_cannot_be_judged_is_said() -> None:
    """What Pods ask for has rules of its own; such a quota is left to whoever runs into it."""
    found = quota.still_exceeded(
        [{"metadata": {"name": "q"}, "status": {"hard": {"requests.cpu": "1"}}}], POD, old={}, new={}
    )
    assert "cannot be judged" in found


def test_own_ports_are_left_out() -> None:
    """A node port of the old object is free once it is gone; ports of one number and two protocols are two."""
    live = {"spec": {"ports": [{"port": 80, "nodePort": 1}], "healthCheckNodePort": 7}}
    ports = [{"port": 80, "nodePort": 1}, {"port": 81, "nodePort": 2}, {"port": 80, "nodePort": 1, "protocol": "UDP"}]
    body = {"spec": {"ports": ports, "healthCheckNodePort": 7}}
    assert addresses.without_ports_of(body, live) == {"spec": {"ports": [{"port": 80}, *ports[1:]]}}
    taken = errors.Invalid(
        "no",
        status=422,
        causes=[FieldCause(reason="FieldValueInvalid", message="…: provided port is already allocated", field="")],
    )
    assert addresses.own_port_taken(taken)
    assert addresses.fixed({"spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd::1"]}}) == {
        "10.0.0.1",
        "fd::1",
    }
    assert addresses.fixed({"spec": {"clusterIP": "None"}}) == set()


def change(live: dict[str, Any], predicted: dict[str, Any], **fields: Any) -> Change:
    made = Change.of(resource(), ChangeKind.UPDATE, live=live)
    return replace(made, **{"predicted": predicted, "uid": "u", **fields})


def items(*names: str, image: str = "1") -> dict[str, Any]:
    return {"spec": {"items": [{"name": name, "image": image} for name in names]}}


@pytest.mark.parametrize(
    ("approved", "again", "expected"),
    [
        pytest.param(
            change(items("a"), items("a", image="2")), change(items("a"), items("a", image="2")), "", id="same"
        ),
        pytest.param(
            change(items("a"), items("a", image="2")),
            change(
                {"spec": {"items": [{"name": "new", "image": "9"}, {"name": "a", "image": "1"}]}},
                {"spec": {"items": [{"name": "new", "image": "9"}, {"name": "a", "image": "2"}]}},
            ),
            "",
            id="another item in front",
        ),
        pytest.param(
            change(items("a"), items("a", image="2")),
            change(items("a", image="3"), items("a", image="2")),
            "`/spec/items/name=a/image`",
            id="another value before",
        ),
        pytest.param(
            change({"x": 1}, {"x": True}), change({"x": 1}, {"x": 1, "y": 1}), "`/x`, `/y`", id="true is not 1"
        ),
        pytest.param(change({}, {"x": 1}), change({}, {"x": 1}, uid="v"), "made anew by somebody", id="another object"),
        pytest.param(
            change({}, {"x": 1}), change({}, {"x": 1}, kind=ChangeKind.CREATE), "it was deleted", id="deleted"
        ),
        pytest.param(
            change({}, {"x": 1}), change({}, {}, kind=ChangeKind.REFUSED, reason="why"), "why", id="refused by now"
        ),
        pytest.param(change({}, {"x": 1}), change({}, {}, kind=ChangeKind.UNCHANGED), "", id="not needed any more"),
        pytest.param(
            change({"metadata": {"resourceVersion": "1", "generation": 1}, "x": 1}, {"x": 2}),
            change({"metadata": {"resourceVersion": "2", "generation": 7}, "x": 1}, {"x": 2}),
            "",
            id="bookkeeping",
        ),
        pytest.param(
            change({"x": ["a"]}, {"x": ["a", "a"]}),
            change({"x": ["b", "a"]}, {"x": ["b", "a", "a"]}),
            "",
            id="a list of values",
        ),
    ],
)
def test_difference(approved: Change, again: Change, expected: str) -> None:
    """What counts is which value becomes which, by key and not by position."""
    found = sameness.difference(approved, again)
    assert expected in found
    assert bool(expected) is bool(found)
