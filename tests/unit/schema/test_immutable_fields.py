"""What cannot change in a live object."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.schema.difference import difference
from kubernator.schema.fault import Reason, api_path
from kubernator.schema.immutable import check_update


@pytest.mark.parametrize(
    ("said", "live", "place"),
    [
        (None, 1, None),
        (1, 1, None),
        (1, 2, ""),
        (0, None, None),
        (False, None, None),
        (True, None, ""),
        (False, True, ""),
        (True, 1, ""),
        ("", None, None),
        ("1Gi", "1024Mi", None),
        ("0.5", "500m", None),
        (80, "80", None),
        ("a", "b", ""),
        ({}, None, None),
        ({"a": 1}, {"a": 1, "b": 2}, None),
        ({"a": 1, "b": 3}, {"a": 1, "b": 2}, "b"),
        ({"a": {"b": "x"}}, None, "a.b"),
        ({"a": None}, {"a": 1}, None),
        ([], None, None),
        (["a"], ["a"], None),
        (["a"], ["a", "b"], ""),
        (["a", "b"], ["b", "a"], "[0]"),
        ([{"name": "a"}], [{"name": "b"}, {"name": "a", "x": 1}], None),
        ([{"name": "a", "x": 2}], [{"name": "a", "x": 1}], "[0].x"),
        ([{"name": "c"}], [{"name": "b"}], "[0].name"),
        ([{"port": 1}], [{"port": 2}, {"port": 1}], None),
        ([{"port": 2}, {"port": 1}], [{"port": 1}, {"port": 2}], None),
        ([{"port": 3}], [{"port": 2}, {"port": 1}], "[0].port"),
        ([{"name": "a", "p": 1}, {"name": "a", "p": 2}], [{"name": "a", "p": 1}, {"name": "a", "p": 2}], None),
    ],
)
def test_only_what_is_said_can_differ(said: Any, live: Any, place: str | None) -> None:
    """What the server filled in is no difference, nor is another way to write the same."""
    found = difference(said, live)
    assert place == (None if found is None else api_path(found))


@pytest.mark.parametrize(
    ("said", "live", "place"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, ""),
        ({"a": 1}, {"a": 1, "b": {}}, None),
        ({"x": {"a": 1}}, {"x": {"a": 1, "b": 2}}, "x"),
        ([{"a": 1}], [{"a": 1}, {"a": 2}], ""),
    ],
)
def test_what_is_replaced_as_a_whole_may_lack_nothing(said: Any, live: Any, place: str | None) -> None:
    """There, what is live and not said is a difference."""
    found = difference(said, live, whole=True)
    assert place == (None if found is None else api_path(found))


def template(**spec: Any) -> dict[str, Any]:
    """Return the template of a pod."""
    return {"spec": {"containers": [{"name": "a", "image": "a"}], **spec}}


def pod(image: str = "a", **spec: Any) -> dict[str, Any]:
    """Return the spec of a pod."""
    return {"containers": [{"name": "a", "image": image}], **spec}


PVC = "v1 PersistentVolumeClaim"
CRD = "apiextensions.k8s.io/v1 CustomResourceDefinition"
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}, "volumeName": "v"}
BOUND = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
SERVICE = {"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"]}
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}


@pytest.mark.parametrize(
    ("kind", "new", "live", "places"),
    [
        ("apps/v1 Deployment", {"replicas": 2}, {"selector": {"matchLabels": {"a": "b"}}}, []),
        (
            "apps/v1 Deployment",
            {"selector": {"matchLabels": {"a": "c"}}},
            {"selector": {"matchLabels": {"a": "b"}}},
            ["spec.selector.matchLabels[a]"],
        ),
        (
            "apps/v1 DaemonSet",
            {"selector": {"matchLabels": {"a": "b"}}},
            {"selector": {"matchLabels": {"a": "b", "c": "d"}}},
            ["spec.selector.matchLabels"],
        ),
        ("apps/v1 StatefulSet", {"serviceName": "b"}, {"serviceName": "a"}, ["spec.serviceName"]),
        ("apps/v1 StatefulSet", {"template": template()}, {"template": {}}, []),
        (
            "apps/v1 StatefulSet",
            {"volumeClaimTemplates": []},
            {"volumeClaimTemplates": [{}]},
            ["spec.volumeClaimTemplates"],
        ),
        ("batch/v1 Job", {"template": template()}, {"template": template(restartPolicy="Never")}, []),
        (
            "batch/v1 Job",
            {"template": template(hostNetwork=True)},
            {"template": template()},
            ["spec.template.spec.hostNetwork"],
        ),
        ("batch/v1 Job", {"template": template(hostNetwork=True)}, {"template": template(), "suspend": True}, []),
        ("batch/v1 Job", {"completions": 2}, {"completions": 1}, ["spec.completions"]),
        ("batch/v1 Job", {"completions": 2}, {"completions": 1, "completionMode": "Indexed"}, []),
        ("batch/v1 Job", {"parallelism": 2}, {"parallelism": 1}, []),
        ("v1 Pod", pod("b"), pod(), []),
        ("v1 Pod", pod(nodeName="x"), pod(), ["spec.nodeName"]),
        ("v1 Pod", pod(tolerations=[{"key": "a"}]), pod(), []),
        ("v1 Pod", pod(activeDeadlineSeconds=9), pod(activeDeadlineSeconds=8), ["spec.activeDeadlineSeconds"]),
        ("v1 Pod", pod(nodeSelector={"a": "b"}), pod(schedulingGates=[{"name": "a"}]), []),
        ("v1 Pod", {"containers": [{"name": "b"}]}, pod(), ["spec.containers[0].name"]),
        ("v1 Service", {"clusterIP": "10.0.0.2"}, SERVICE, ["spec.clusterIP"]),
        ("v1 Service", {"clusterIP": ""}, SERVICE, []),
        ("v1 Service", {"clusterIPs": ["None"]}, SERVICE, ["spec.clusterIPs[0]"]),
        ("v1 Service", {"type": "ExternalName", "clusterIP": "10.0.0.2"}, SERVICE, []),
        ("v1 Service", {"ipFamilies": ["IPv6"]}, SERVICE, ["spec.ipFamilies[0]"]),
        ("v1 Service", {"type": "NodePort"}, SERVICE, []),
        (
            "v1 Service",
            {"type": "LoadBalancer", "loadBalancerClass": "b/c"},
            {"type": "LoadBalancer", "loadBalancerClass": "a/b"},
            ["spec.loadBalancerClass"],
        ),
        (PVC, {"accessModes": ["ReadWriteMany"]}, CLAIM, ["spec.accessModes[0]"]),
        (PVC, {"storageClassName": "x"}, CLAIM, []),
        (PVC, {"storageClassName": "x"}, {**CLAIM, "storageClassName": "y"}, ["spec.storageClassName"]),
        (
            PVC,
            {"resources": {"requests": {"storage": "3Gi"}}},
            CLAIM,
            ["spec.resources.requests[storage]"],
        ),
        ("v1 PersistentVolume", {"nfs": {"path": "/b"}}, {"nfs": {"path": "/a", "server": "s"}}, ["spec.nfs.path"]),
        ("v1 PersistentVolume", {"capacity": {"storage": "2"}}, {"capacity": {"storage": "1"}}, []),
        ("networking.k8s.io/v1 IngressClass", {"controller": "a/c"}, {"controller": "a/b"}, ["spec.controller"]),
        ("networking.k8s.io/v1 ServiceCIDR", {"cidrs": ["10.1.0.0/24"]}, {"cidrs": ["10.0.0.0/24"]}, ["spec.cidrs[0]"]),
        ("networking.k8s.io/v1 ServiceCIDR", {"cidrs": ["10.0.0.0/24", "fd::/64"]}, {"cidrs": ["10.0.0.0/24"]}, []),
        ("v1 ResourceQuota", {"scopes": ["BestEffort"]}, {"scopes": []}, ["spec.scopes"]),
        (
            "v1 Node",
            {"podCIDR": "10.1.0.0/24"},
            {"podCIDRs": ["10.0.0.0/24"], "podCIDR": "10.0.0.0/24"},
            ["spec.podCIDR"],
        ),
        ("v1 Node", {"providerID": "b"}, {"providerID": "a"}, ["spec.providerID"]),
        ("v1 Node", {"providerID": "b"}, {}, []),
    ],
)
def test_specs_keep_what_cannot_change(kind: str, new: dict[str, Any], live: dict[str, Any], places: list[str]) -> None:
    """Only what the server refuses is told, at the place where it differs."""
    api_version, _, name = kind.partition(" ")
    faults = check_update({"spec": new}, {"spec": live}, GroupVersionKind.of(api_version, name))
    assert places == [api_path(fault.path) for fault in faults]
    assert all(fault.reason is Reason.IMMUTABLE for fault in faults)


@pytest.mark.parametrize(
    ("kind", "new", "live", "places"),
    [
        (PVC, {"spec": {"resources": {"requests": {"storage": "3Gi"}}}}, {"spec": CLAIM, "status": BOUND}, []),
        (
            PVC,
            {"spec": {"resources": {"requests": {"storage": "1Gi"}}}},
            {"spec": CLAIM, "status": BOUND},
            ["spec.resources.requests[storage]"],
        ),
        ("v1 Secret", {"type": "a"}, {"type": "Opaque"}, ["type"]),
        ("v1 ConfigMap", {"data": {"a": "c"}}, {"data": {"a": "b"}}, []),
        ("v1 ConfigMap", {"data": {"a": "c"}}, {"data": {"a": "b"}, "immutable": True}, ["data[a]"]),
        ("v1 ConfigMap", {"data": {"b": ""}}, {"data": {"a": "b"}, "immutable": True}, ["data[b]"]),
        ("v1 ConfigMap", {"immutable": False}, {"immutable": True}, ["immutable"]),
        ("v1 Secret", {"stringData": {"a": "b"}}, {"data": {"a": "Yg=="}, "immutable": True}, []),
        ("v1 Secret", {"stringData": {"a": "c"}}, {"data": {"a": "Yg=="}, "immutable": True}, ["stringData[a]"]),
        ("v1 Secret", {"data": {"a": "Yw=="}}, {"data": {"a": "Yg=="}, "immutable": True}, ["data[a]"]),
        ("storage.k8s.io/v1 StorageClass", {"provisioner": "b"}, {"provisioner": "a"}, ["provisioner"]),
        ("scheduling.k8s.io/v1 PriorityClass", {"value": 0}, {"value": 1}, ["value"]),
        (
            "rbac.authorization.k8s.io/v1 RoleBinding",
            {"roleRef": {"name": "b"}},
            {"roleRef": {"name": "a"}},
            ["roleRef.name"],
        ),
        (CRD, {"spec": {"scope": "Cluster"}}, {"spec": {"scope": "Namespaced"}}, []),
        (
            CRD,
            {"spec": {"scope": "Cluster"}},
            {"spec": {"scope": "Namespaced"}, "status": ESTABLISHED},
            ["spec.scope"],
        ),
        ("example.com/v1 Thing", {"spec": {"a": 1}}, {"spec": {"a": 2}}, []),
    ],
)
def test_objects_keep_what_cannot_change(
    kind: str, new: dict[str, Any], live: dict[str, Any], places: list[str]
) -> None:
    """Some of it depends on the status, or on what the object says of itself."""
    api_version, _, name = kind.partition(" ")
    assert places == [api_path(fault.path) for fault in check_update(new, live, GroupVersionKind.of(api_version, name))]


@pytest.mark.parametrize("broken", [None, 1, "x", [], [1], {"a": []}])
@pytest.mark.parametrize("kind", ["v1 Pod", "v1 Service", PVC, "v1 Secret", "batch/v1 Job", "apps/v1 StatefulSet"])
def test_nonsense_is_passed_over(kind: str, broken: object) -> None:
    """Values of other types are another check's."""
    api_version, _, name = kind.partition(" ")
    spec = dict.fromkeys(("clusterIPs", "ipFamilies", "type", "containers", "template", "volumeClaimTemplates"), broken)
    gvk = GroupVersionKind.of(api_version, name)
    for new, live in (
        ({"spec": spec}, {"spec": broken}),
        ({"spec": broken, "data": broken}, {"spec": spec, "immutable": True}),
    ):
        assert isinstance(check_update(new, live, gvk), list)
