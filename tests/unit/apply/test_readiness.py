"""How objects stand, kind by kind."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.apply import pods, readiness
from kubernator.model.gvk import GroupKind
from kubernator.model.ref import ResourceRef
from kubernator.model.status import Status, StatusResult

CURRENT, PROGRESS, FAILED = Status.CURRENT, Status.IN_PROGRESS, Status.FAILED


def made(kind: str, status: Any = None, spec: Any = None, *, version: str = "v1", **metadata: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "x", "generation": 2, **metadata},
    }
    if status is not None:
        found["status"] = status
    if spec is not None:
        found["spec"] = spec
    return found


def app(kind: str, status: Any = None, spec: Any = None, **metadata: Any) -> dict[str, Any]:
    return made(kind, status, spec, version="apps/v1", **metadata)


def conditions(**found: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": value, "reason": f"{kind}Why"} for kind, value in found.items()]}


SEEN = {"observedGeneration": 2}
ROLLED = {**SEEN, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
TWO = {"replicas": 2}
STATEFUL = {**ROLLED, "currentRevision": "a", "updateRevision": "a"}
DAEMON = {**SEEN, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}


@pytest.mark.parametrize(
    ("manifest", "expected", "message"),
    [
        (app("Deployment", None, TWO), PROGRESS, "not yet seen"),
        (app("Deployment", {**ROLLED, "observedGeneration": 1}, TWO), PROGRESS, "generation 2"),
        (app("Deployment", ROLLED, TWO), CURRENT, "2 of 2"),
        (app("Deployment", {**SEEN}, {"replicas": 0}), CURRENT, "0 of 0"),
        (app("Deployment", {**ROLLED, "updatedReplicas": 1}, TWO), PROGRESS, "1 of 2 replicas are new"),
        (app("Deployment", {**ROLLED, "replicas": 3}, TWO), PROGRESS, "1 old"),
        (app("Deployment", {**ROLLED, "readyReplicas": 1}, TWO), PROGRESS, "1 of 2 replicas are ready"),
        (app("Deployment", {**ROLLED, "availableReplicas": 0}, TWO), PROGRESS, "0 of 2 replicas are available"),
        (app("Deployment", SEEN, {**TWO, "paused": True}), CURRENT, "paused"),
        (app("Deployment", {**SEEN, **conditions(ReplicaFailure="True")}, TWO), PROGRESS, "ReplicaFailureWhy"),
        (
            app(
                "Deployment",
                {**SEEN, "conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]},
                TWO,
            ),
            PROGRESS,
            "ProgressDeadlineExceeded",
        ),
        (app("ReplicaSet", ROLLED, TWO), CURRENT, "2 of 2"),
        (app("ReplicaSet", {**ROLLED, "replicas": 3}, TWO), PROGRESS, "too many"),
        (app("StatefulSet", STATEFUL, TWO), CURRENT, "2 of 2"),
        (app("StatefulSet", {**STATEFUL, "readyReplicas": 1}, TWO), PROGRESS, "1 of 2 replicas are ready"),
        (app("StatefulSet", {**STATEFUL, "updateRevision": "b"}, TWO), PROGRESS, "replicas are new"),
        (app("StatefulSet", SEEN, {**TWO, "updateStrategy": {"type": "OnDelete"}}), PROGRESS, "0 of 2"),
        (
            app("StatefulSet", {**STATEFUL, "updateRevision": "b"}, {**TWO, "updateStrategy": {"type": "OnDelete"}}),
            CURRENT,
            "deletes",
        ),
        (
            app(
                "StatefulSet",
                {**STATEFUL, "updatedReplicas": 0},
                {**TWO, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
            ),
            PROGRESS,
            "above the partition",
        ),
        (app("DaemonSet", DAEMON, {}), CURRENT, "2 of 2 nodes"),
        (app("DaemonSet", {**DAEMON, "updatedNumberScheduled": 1}, {}), PROGRESS, "1 of 2 nodes run"),
        (app("DaemonSet", {**DAEMON, "numberAvailable": 1}, {}), PROGRESS, "available on 1"),
        (
            app("DaemonSet", {**DAEMON, "updatedNumberScheduled": 0}, {"updateStrategy": {"type": "OnDelete"}}),
            CURRENT,
            "",
        ),
        (made("Job", {"active": 1}, {}, version="batch/v1"), PROGRESS, "0 of 1 completed, 1 active"),
        (made("Job", conditions(Complete="True"), {}, version="batch/v1"), CURRENT, "completed"),
        (made("Job", conditions(Failed="True"), {}, version="batch/v1"), FAILED, "FailedWhy"),
        (made("Job", {}, {"suspend": True}, version="batch/v1"), CURRENT, "suspended"),
        (made("CronJob", {}, {}, version="batch/v1"), CURRENT, ""),
        (made("Pod", {"phase": "Running", **conditions(Ready="True")}), CURRENT, "ready"),
        (made("Pod", {"phase": "Running", **conditions(Ready="False")}), PROGRESS, "ReadyWhy"),
        (made("Pod", {"phase": "Succeeded"}), CURRENT, "completed"),
        (made("Pod", {"phase": "Failed", "reason": "Evicted", "message": "disk"}), FAILED, "Evicted: disk"),
        (made("Pod", {"phase": "Pending", **conditions(PodScheduled="False")}), PROGRESS, "PodScheduledWhy"),
        (made("PersistentVolumeClaim", {"phase": "Bound"}), CURRENT, "bound"),
        (made("PersistentVolumeClaim", {"phase": "Pending"}), PROGRESS, "not bound"),
        (made("PersistentVolumeClaim", {"phase": "Lost"}), FAILED, "lost"),
        (made("PersistentVolume", {"phase": "Available"}), CURRENT, "Available"),
        (made("PersistentVolume", {"phase": "Failed", "message": "no"}), FAILED, "no"),
        (made("Service", {}, {"type": "ClusterIP"}), CURRENT, ""),
        (made("Service", {}, {"type": "LoadBalancer"}), PROGRESS, "no address"),
        (
            made("Service", {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}, {"type": "LoadBalancer"}),
            CURRENT,
            "1.2.3.4",
        ),
        (made("Ingress", {"loadBalancer": {}}, {}, version="networking.k8s.io/v1"), CURRENT, ""),
        (made("Namespace", {"phase": "Active"}), CURRENT, "active"),
        (made("Namespace", {"phase": "Terminating"}), Status.TERMINATING, "deleted"),
        (made("Namespace"), PROGRESS, "not yet"),
        (made("ConfigMap"), CURRENT, ""),
        (made("ConfigMap", deletionTimestamp="now"), Status.TERMINATING, "since now"),
    ],
)
def test_built_in_kinds(manifest, expected, message):
    """Every kind has its own idea of being there."""
    result = readiness.status(manifest)
    assert expected is result.status
    assert message in result.message


@pytest.mark.parametrize(
    ("version", "kind", "status", "expected"),
    [
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", conditions(Established="True"), CURRENT),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", conditions(Established="False"), PROGRESS),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", {"conditions": None}, PROGRESS),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", conditions(NamesAccepted="False"), FAILED),
        ("apiregistration.k8s.io/v1", "APIService", conditions(Available="True"), CURRENT),
        ("apiregistration.k8s.io/v1", "APIService", conditions(Available="False"), PROGRESS),
        ("autoscaling/v2", "HorizontalPodAutoscaler", conditions(ScalingActive="False"), CURRENT),
        ("autoscaling/v2", "HorizontalPodAutoscaler", {}, CURRENT),
        ("policy/v1", "PodDisruptionBudget", {}, PROGRESS),
        ("policy/v1", "PodDisruptionBudget", {"observedGeneration": 2, "desiredHealthy": 2}, CURRENT),
        ("example.com/v1", "Widget", None, CURRENT),
        ("example.com/v1", "Widget", "nonsense", CURRENT),
        ("example.com/v1", "Widget", {"observedGeneration": 1}, PROGRESS),
        ("example.com/v1", "Widget", conditions(Ready="True"), CURRENT),
        ("example.com/v1", "Widget", conditions(Ready="False"), PROGRESS),
        ("example.com/v1", "Widget", conditions(Ready="Unknown"), PROGRESS),
        ("example.com/v1", "Widget", conditions(Synced="True", Available="False"), PROGRESS),
        ("example.com/v1", "Widget", conditions(Stalled="True", Ready="False"), FAILED),
        ("example.com/v1", "Widget", conditions(Reconciling="True"), PROGRESS),
        ("example.com/v1", "Widget", conditions(Whatever="False"), CURRENT),
        (
            "example.com/v1",
            "Widget",
            {"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]},
            PROGRESS,
        ),
    ],
)
def test_kinds_with_conditions(version, kind, status, expected):
    """Custom resources and what else speaks by conditions."""
    assert expected is readiness.status(made(kind, status, version=version)).status


def test_own_rules_go_first():
    """A rule of the user's for a kind replaces the built-in one."""
    rules = {GroupKind("", "ConfigMap"): lambda _: StatusResult(PROGRESS, "mine")}
    assert StatusResult(PROGRESS, "mine") == readiness.status(made("ConfigMap"), rules)


@pytest.mark.parametrize(
    ("waiting", "suspect"),
    [("CrashLoopBackOff", True), ("ImagePullBackOff", True), ("ContainerCreating", False), ("PodInitializing", False)],
)
def test_a_container_that_waits(waiting, suspect):
    """What a container waits for is either on its way or trouble."""
    container = {"name": "c", "state": {"waiting": {"reason": waiting}}, "restartCount": 4}
    container["lastState"] = {"terminated": {"exitCode": 137}}
    result = readiness.status(made("Pod", {"phase": "Pending", "containerStatuses": [container]}))
    assert (PROGRESS, suspect) == (result.status, result.suspect)
    assert suspect == ("4 restarts, last exit code 137" in result.message)


def pod(owner: tuple[str, str], **labels: str) -> dict[str, Any]:
    references = [{"kind": owner[0], "name": owner[1], "controller": True}]
    return made(
        "Pod", labels={key.replace("_", "-"): value for key, value in labels.items()}, ownerReferences=references
    )


@pytest.mark.parametrize(
    ("kind", "found", "expected"),
    [
        ("Deployment", pod(("ReplicaSet", "x-1a"), pod_template_hash="1a"), True),
        ("Deployment", pod(("ReplicaSet", "x-y-1a"), pod_template_hash="1a"), False),
        ("StatefulSet", pod(("StatefulSet", "x")), True),
        ("StatefulSet", pod(("DaemonSet", "x")), False),
        ("Job", made("Pod"), False),
    ],
)
def test_pods_of_a_workload(kind, found, expected):
    """A Pod belongs to the workload that made it, for a Deployment through a ReplicaSet."""
    assert expected is pods.of_workload(ResourceRef("apps", kind, "n", "x"), found)


def test_pods_of_the_newest_template():
    """Only Pods of what is being rolled out now count."""
    revision = "deployment.kubernetes.io/revision"
    deployment = app("Deployment", annotations={revision: "2"})
    some = pod(("ReplicaSet", "x-1a"))
    assert pods.newest(deployment, some, made_by=app("ReplicaSet", annotations={revision: "2"}))
    assert not pods.newest(deployment, some, made_by=app("ReplicaSet", annotations={revision: "1"}))
    assert not pods.newest(deployment, some, made_by=None)
    stateful = app("StatefulSet", {"updateRevision": "b"})
    assert pods.newest(stateful, pod(("StatefulSet", "x"), controller_revision_hash="b"))
    assert not pods.newest(stateful, pod(("StatefulSet", "x"), controller_revision_hash="a"))
    daemon = app("DaemonSet", annotations={"deprecated.daemonset.template.generation": "3"})
    assert not pods.newest(daemon, pod(("DaemonSet", "x"), pod_template_generation="2"))


def test_no_pod_is_of_a_template_that_the_controller_has_not_seen():
    """What is marked as newest then is the release before, which must not speak against this one."""
    revision = "deployment.kubernetes.io/revision"
    some, made_by = pod(("ReplicaSet", "x-1a")), app("ReplicaSet", annotations={revision: "1"})
    before = app("Deployment", {"observedGeneration": 1}, annotations={revision: "1"}, generation=2)
    assert not pods.newest(before, some, made_by=made_by)
    seen = app("Deployment", {"observedGeneration": 2}, annotations={revision: "1"}, generation=2)
    assert pods.newest(seen, some, made_by=made_by)
