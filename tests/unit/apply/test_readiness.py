"""How objects stand, kind by kind."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.apply import containers, pods, readiness
from kubernator.model.gvk import GroupKind
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
STARTED = {"lastScheduleTime": "2026-01-02T00:00:00Z"}
ENDED = {"lastSuccessfulTime": "2026-01-02T00:00:09Z"}
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
        (app("Deployment", {**SEEN, "replicas": 1}, {"replicas": 0}), PROGRESS, "1 old"),
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
        (app("DaemonSet", SEEN, {}), CURRENT, "no node is to run it"),
        (made("CronJob", {}, {}, version="batch/v1"), CURRENT, "has not run yet"),
        (made("CronJob", {}, {"suspend": True}, version="batch/v1"), CURRENT, "suspended"),
        (made("CronJob", {"active": [{}], **STARTED}, {}, version="batch/v1"), CURRENT, "runs since 2026-01-02"),
        (made("CronJob", STARTED, {}, version="batch/v1"), CURRENT, "did not succeed"),
        (made("CronJob", {**STARTED, **ENDED}, {}, version="batch/v1"), CURRENT, "succeeded at 2026-01-02"),
        (made("ResourceQuota", {}, {"hard": {"pods": "1"}}), PROGRESS, "not yet counted"),
        (made("ResourceQuota", {"hard": {"pods": "1"}}, {"hard": {"pods": "2"}}), PROGRESS, "not yet counted"),
        (made("ResourceQuota", {"hard": {"pods": "1"}}, {"hard": {"pods": "1"}}), CURRENT, ""),
        (made("Pod", {"phase": "Running", **conditions(Ready="True")}), CURRENT, "ready"),
        (made("Pod", {"phase": "Running", **conditions(Ready="False")}), PROGRESS, "ReadyWhy"),
        (made("Pod", {"phase": "Succeeded"}), CURRENT, "completed"),
        (made("Pod", {"phase": "Failed", "reason": "Evicted", "message": "disk"}), FAILED, "Evicted: disk"),
        (made("Pod", {"phase": "Pending", **conditions(PodScheduled="False")}), PROGRESS, "PodScheduledWhy"),
        (made("PersistentVolumeClaim", {"phase": "Bound"}), CURRENT, "bound"),
        (made("PersistentVolumeClaim", {"phase": "Pending"}), PROGRESS, "not bound"),
        (made("PersistentVolume"), PROGRESS, "pending"),
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
        (made("ConfigMap", deletionTimestamp="now", finalizers=["a/b"]), Status.TERMINATING, "finalizers `a/b`"),
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


GATEWAY = "gateway.networking.k8s.io/v1"
DEFAULTS = {
    "conditions": [
        {"type": "Accepted", "status": "Unknown", "reason": "Pending", "message": "Waiting for controller"},
        {"type": "Programmed", "status": "Unknown", "reason": "Pending", "message": "Waiting for controller"},
    ]
}


def parents(**found: str) -> dict[str, Any]:
    return {"parents": [{"parentRef": {"name": "front"}, **conditions(**found)}]}


@pytest.mark.parametrize(
    ("kind", "status", "spec", "expected", "message"),
    [
        ("GatewayClass", DEFAULTS, {}, PROGRESS, "Waiting for controller"),
        ("GatewayClass", conditions(Accepted="True"), {}, CURRENT, ""),
        ("Gateway", DEFAULTS, {}, PROGRESS, "Waiting for controller"),
        ("Gateway", None, {}, PROGRESS, "no controller has set Programmed"),
        ("Gateway", conditions(Accepted="False", Programmed="False"), {}, PROGRESS, "Accepted is False"),
        ("Gateway", conditions(Accepted="True", Programmed="True"), {}, CURRENT, "Programmed"),
        ("HTTPRoute", None, {}, CURRENT, "no parent"),
        ("HTTPRoute", None, {"parentRefs": [{"name": "front"}]}, PROGRESS, "no parent has answered"),
        ("HTTPRoute", parents(Accepted="True"), {}, CURRENT, "1 parent"),
        ("HTTPRoute", parents(Accepted="True", ResolvedRefs="False"), {}, PROGRESS, "`front`: ResolvedRefs is False"),
        ("GRPCRoute", parents(Accepted="False"), {}, PROGRESS, "`front`: Accepted is False"),
    ],
)
def test_the_gateway_api(kind, status, spec, expected, message):
    """Its kinds speak by conditions of their own."""
    result = readiness.status(made(kind, status, spec, version=GATEWAY))
    assert expected is result.status
    assert message in result.message


def test_why_a_spec_could_not_be_taken_over_is_the_better_reason():
    """Crossplane and its kin say it beside the condition that only says no."""
    found = conditions(Ready="False", Synced="False")
    assert "SyncedWhy" in readiness.status(made("Bucket", found, version="s3.example.com/v1")).message


def container(name: str = "c", *, restarts: int = 0, last: Any = None, **state: Any) -> dict[str, Any]:
    found = {"name": name, "state": state, "restartCount": restarts, "ready": "running" in state and not restarts}
    return {**found, "lastState": {"terminated": last}} if last else found


KILLED = {"exitCode": 137, "reason": "OOMKilled"}
CRASHED = {"exitCode": 1, "reason": "Error"}
NOT_READY = [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "containers: [c]"}]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (
            {"containerStatuses": [container(restarts=4, last=CRASHED, waiting={"reason": "CrashLoopBackOff"})]},
            containers.Trouble(
                "container `c`: CrashLoopBackOff (4 restarts, last exit code 1)",
                suspect=True,
                crash=containers.Crash("c", previous=True, runs=4),
            ),
        ),
        (
            {"containerStatuses": [container(restarts=1, last=KILLED, waiting={"reason": "CrashLoopBackOff"})]},
            containers.Trouble(
                "container `c`: CrashLoopBackOff (1 restart, last exit code 137 (OOMKilled))",
                suspect=True,
                crash=containers.Crash("c", previous=True, runs=1),
            ),
        ),
        (
            {"containerStatuses": [container(waiting={"reason": "ImagePullBackOff", "message": "no\nsuch  image"})]},
            containers.Trouble("container `c`: ImagePullBackOff: no such image", suspect=True),
        ),
        (
            {"initContainerStatuses": [container("init", waiting={"reason": "CreateContainerConfigError"})]},
            containers.Trouble("container `init`: CreateContainerConfigError", suspect=True),
        ),
        (
            {"conditions": NOT_READY, "containerStatuses": [container(waiting={"reason": "ContainerCreating"})]},
            containers.Trouble("container `c`: ContainerCreating", vague=True),
        ),
        (
            {"conditions": NOT_READY, "containerStatuses": [{**container(running={}), "ready": False}]},
            containers.Trouble("container `c` runs and is not ready", vague=True),
        ),
        (
            {"conditions": NOT_READY, "containerStatuses": [container(restarts=2, last=CRASHED, running={})]},
            containers.Trouble(
                "container `c` was restarted (2) and last exited with 1",
                crash=containers.Crash("c", previous=True, runs=2),
            ),
        ),
        (
            {"conditions": NOT_READY, "containerStatuses": [container(terminated=CRASHED)]},
            containers.Trouble("container `c` exited with 1", crash=containers.Crash("c", previous=False)),
        ),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3"}]},
            containers.Trouble("not scheduled: Unschedulable: 0/3"),
        ),
        (
            {
                "conditions": [
                    *NOT_READY,
                    {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"},
                ]
            },
            containers.Trouble("EvictionByEvictionAPI"),
        ),
        ({"phase": "Pending"}, containers.Trouble("the Pod is Pending", vague=True)),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "disk"},
            containers.Trouble("the Pod failed: Evicted: disk", failed=True),
        ),
        (
            {"phase": "Failed", "containerStatuses": [container(terminated={"exitCode": 3})]},
            containers.Trouble("container `c` exited with 3", failed=True, crash=containers.Crash("c", previous=False)),
        ),
        ({"phase": "Succeeded"}, None),
        ({"phase": "Running", **conditions(Ready="True")}, None),
        (
            {"phase": "Pending", "containerStatuses": "nonsense", "conditions": None},
            containers.Trouble("the Pod is Pending", vague=True),
        ),
    ],
)
def test_what_keeps_a_pod(status, expected):
    """The first container that says something says it, with how it ended last."""
    assert expected == containers.trouble(made("Pod", status))


def test_a_gate_that_is_not_met_is_named():
    """Containers may run and something outside still say no."""
    spec = {"readinessGates": [{"conditionType": "example.com/lb"}]}
    found = containers.trouble(made("Pod", {"containerStatuses": [container(running={})]}, spec))
    assert found is not None
    assert found.text == "readiness gate `example.com/lb` is not met"


def test_a_pod_that_was_made_in_place_of_a_failed_one_says_more():
    """What is stuck goes before what only waits, and both before what has ended."""
    failed = made("Pod", {"phase": "Failed", "reason": "Evicted"})
    stuck = made("Pod", {"containerStatuses": [container(waiting={"reason": "ErrImagePull"})]})
    vague = made("Pod", {"phase": "Pending"})
    said = [found for each in (failed, stuck, vague, stuck) if (found := pods.trouble(each)) is not None]
    assert str(pods.loudest(said)) == "Pod `x`: container `c`: ErrImagePull (and 1 more Pod)"
    assert pods.loudest([]) is None


def pod(owner: tuple[str, str, str], **labels: str) -> dict[str, Any]:
    version, kind, name = owner
    references = [{"apiVersion": version, "kind": kind, "name": name, "controller": True}]
    found = {key.replace("_", "-"): value for key, value in labels.items()}
    return made("Pod", namespace="n", labels=found, ownerReferences=references)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (pod(("apps/v1", "ReplicaSet", "x-1a"), pod_template_hash="1a"), ["ReplicaSet x-1a", "Deployment x"]),
        (pod(("apps/v1", "ReplicaSet", "x-y-1a"), pod_template_hash="1a"), ["ReplicaSet x-y-1a", "Deployment x-y"]),
        (pod(("apps/v1", "ReplicaSet", "x")), ["ReplicaSet x"]),
        (pod(("apps/v1", "StatefulSet", "x")), ["StatefulSet x"]),
        (pod(("batch/v1", "Job", "x")), ["Job x"]),
        (made("Pod"), []),
    ],
)
def test_who_made_a_pod(found, expected):
    """A Pod belongs to the workload that made it, for a Deployment through a ReplicaSet."""
    assert expected == [f"{owner.kind} {owner.name}" for owner in pods.owners(found)]


def selecting(name: str, *, namespace: str = "n", **selector: Any) -> dict[str, Any]:
    return app("Deployment", None, {"selector": selector}, name=name, namespace=namespace)


@pytest.mark.parametrize(
    ("workloads", "expected"),
    [
        ([selecting("a", matchLabels={"app": "a"})], [("n", "app in (a)")]),
        (
            [
                selecting("a", matchLabels={"app": "a", "part": "x"}),
                selecting("b", matchLabels={"app": "b"}),
                selecting("c", matchLabels={"app": "c"}, namespace="m"),
            ],
            [("n", "app in (a,b)"), ("m", "app in (c)")],
        ),
        (
            [
                selecting("a", matchLabels={"app": "a"}),
                selecting("b", matchExpressions=[{"key": "tier", "operator": "In", "values": ["x", "y"]}]),
                selecting("c", matchExpressions=[{"key": "old", "operator": "DoesNotExist"}]),
                selecting("d", matchExpressions=[{"key": "new", "operator": "Exists"}]),
            ],
            [("n", "app in (a)"), ("n", "!old"), ("n", "new"), ("n", "tier in (x,y)")],
        ),
        ([selecting(str(number), matchLabels={f"l{number}": "x"}) for number in range(9)], [("n", "")]),
        ([selecting(str(number), matchLabels={"app": str(number)}) for number in range(200)], [("n", "")]),
        ([selecting("a")], [("n", "")]),
        (
            [made("ReplicationController", None, {"selector": {"app": "a"}}, namespace="n")],
            [("n", "app in (a)")],
        ),
    ],
)
def test_pods_are_asked_for_by_labels(workloads, expected):
    """By few selectors, each for as many workloads as can be; by all of the namespace where that would be too long."""
    assert expected == pods.selections(workloads)


def test_pods_of_the_newest_template():
    """Only Pods of what is being rolled out now count."""
    revision = "deployment.kubernetes.io/revision"
    deployment = app("Deployment", annotations={revision: "2"})
    some = pod(("apps/v1", "ReplicaSet", "x-1a"))
    assert pods.newest(deployment, some, made_by=app("ReplicaSet", annotations={revision: "2"}))
    assert not pods.newest(deployment, some, made_by=app("ReplicaSet", annotations={revision: "1"}))
    assert not pods.newest(deployment, some, made_by=None)
    stateful = app("StatefulSet", {"updateRevision": "b"})
    assert pods.newest(stateful, pod(("apps/v1", "StatefulSet", "x"), controller_revision_hash="b"))
    assert not pods.newest(stateful, pod(("apps/v1", "StatefulSet", "x"), controller_revision_hash="a"))
    daemon = app("DaemonSet", annotations={"deprecated.daemonset.template.generation": "3"})
    assert not pods.newest(daemon, pod(("apps/v1", "DaemonSet", "x"), pod_template_generation="2"))


def test_no_pod_is_of_a_template_that_the_controller_has_not_seen():
    """What is marked as newest then is the release before, which must not speak against this one."""
    revision = "deployment.kubernetes.io/revision"
    some, made_by = pod(("apps/v1", "ReplicaSet", "x-1a")), app("ReplicaSet", annotations={revision: "1"})
    before = app("Deployment", {"observedGeneration": 1}, annotations={revision: "1"}, generation=2)
    assert not pods.newest(before, some, made_by=made_by)
    seen = app("Deployment", {"observedGeneration": 2}, annotations={revision: "1"}, generation=2)
    assert pods.newest(seen, some, made_by=made_by)
