"""What is found in pods and workloads beyond their schemas, by the tables that a real server is asked about as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import gochecks
from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema import bundle, structural
from kubernator.schema.builtin import kinds
from kubernator.schema.fault import api_path
from mistakes import Case, changed
from mistakes.oddities import RIGHT
from mistakes.pods import SPEC, WRONG
from mistakes.workloads import BASES, CASES

if TYPE_CHECKING:
    from kubernator.model.resource import Manifest


def found(manifest: Manifest, minor: int = 37) -> list[str]:
    """Return the places of what keeps a manifest out of a cluster."""
    gvk = GroupVersionKind.of(manifest["apiVersion"], manifest["kind"])
    node = bundle.load(minor).root(gvk)
    assert node
    faults = [
        *structural.check(manifest, node, custom=False, minor=minor),
        *gochecks.found(manifest, gvk, node, minor),
    ]
    return [api_path(fault.path, manifest) for fault in faults if fault.severity is Severity.ERROR]


def pod(changes: dict[str, Any]) -> Manifest:
    """Return a pod with a changed specification."""
    spec = changed(SPEC, changes)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": spec}


def workload(kind: str, case: Case) -> Manifest:
    """Return a changed workload."""
    return changed({"metadata": {"name": "w", "namespace": "default"}, **BASES[kind]}, case.changes)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_pod_is_found_at_its_place(name: str) -> None:
    """Each mistake in the specification of a pod is found where it is."""
    case = WRONG[name]
    assert ("spec" + (f".{case.place}" if case.place else "")) in found(pod(dict(case.changes)))


@pytest.mark.parametrize("name", RIGHT)
def test_an_odd_pod_is_right(name: str) -> None:
    """Nothing is wrong with rare but right specifications, in any version of Kubernetes that has their fields."""
    assert found(pod(RIGHT[name])) == []


@pytest.mark.parametrize("name", CASES)
def test_workloads_are_right_and_wrong_where_they_are(name: str) -> None:
    """Each mistake in a workload is found where it is, and nothing in those that are right."""
    kind, case = CASES[name]
    places = found(workload(kind, case))
    assert (case.place in places) if case.place else places == []


@pytest.mark.parametrize(
    ("changes", "since"),
    [
        ({"hostAliases": [{"ip": "010.0.0.1"}]}, 36),
        ({"dnsConfig": {"nameservers": ["::ffff:1.2.3.4"]}}, 36),
        ({"hostnameOverride": "A B"}, 35),
        ({"volumes": [{"name": "v", "image": {}}]}, 35),
        ({"volumes": [{"name": "v", "projected": {"sources": [{"clusterTrustBundle": {"path": "p"}}]}}]}, 37),
        (
            {
                "initContainers": [
                    {
                        "name": "i",
                        "image": "x",
                        "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}],
                    }
                ]
            },
            36,
        ),
    ],
)
def test_older_servers_take_more(changes: dict[str, Any], since: int) -> None:
    """What only newer versions refuse is right before them."""
    assert found(pod(changes), since - 1) == []
    assert found(pod(changes), since)


@pytest.mark.parametrize("value", [None, 5, "x", True, [], {}, [None], [5], {"a": None}, {"a": [1]}])
@pytest.mark.parametrize(
    "path",
    [
        *("containers", "containers.0", "containers.0.env", "containers.0.resources", "containers.0.ports", "volumes"),
        *("affinity", "tolerations", "topologySpreadConstraints", "securityContext", "dnsConfig", "hostAliases"),
        *("containers.0.livenessProbe", "containers.0.volumeMounts", "initContainers", "nodeSelector", "overhead"),
    ],
)
def test_values_of_other_types_break_nothing(path: str, value: Any) -> None:
    """The rules stand whatever a manifest holds; what is wrong with its types is said elsewhere."""
    kinds.check(pod({path: value}), GroupVersionKind("", "v1", "Pod"))


@pytest.mark.parametrize("value", [None, 5, "x", True, [], {}, [None], [5], {"a": None}, {"a": [1]}])
@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Deployment", "spec"),
        ("Deployment", "spec.selector"),
        ("Deployment", "spec.selector.matchLabels"),
        ("Deployment", "spec.template"),
        ("Deployment", "spec.template.metadata.labels"),
        ("Deployment", "spec.strategy"),
        ("DaemonSet", "spec.updateStrategy"),
        ("StatefulSet", "spec.volumeClaimTemplates"),
        ("StatefulSet", "spec.template.spec"),
        ("ReplicationController", "spec.selector"),
        ("Job", "spec"),
        ("Job", "spec.podFailurePolicy"),
        ("Job", "spec.selector"),
        ("CronJob", "spec.jobTemplate"),
        ("CronJob", "spec.schedule"),
    ],
)
def test_workloads_of_other_types_break_nothing(kind: str, path: str, value: Any) -> None:
    """The rules of workloads stand whatever a manifest holds."""
    manifest = workload(kind, Case({path: value}))
    kinds.check(manifest, GroupVersionKind.of(manifest["apiVersion"], kind))
