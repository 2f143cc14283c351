"""Waiting on the real control plane: a catalogue of failures, each with its first cause, and no false verdict."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.apply import rules
from kubernator.apply.wait import Waiter
from kubernator.cluster.connect import connect
from kubernator.model.change import Change, ChangeKind
from kubernator.model.events import StatusSeen
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.outcome import Outcome, OutcomeKind
from kubernator.model.ref import ResourceRef
from kubernator.model.status import Status, StatusResult
from kubernator.redaction import Secrets
from kubernator.testing.faults import FaultProxy
from kubernator.testing.script import WatchFault
from kubernator.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.cluster

Manifest = dict[str, Any]

#: Longer than anything here takes; a test that gets there fails by what it then sees.
LONG = 120.0


class Waits:
    """Applies manifests as the engine does, and waits for them."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self.cluster = connect(kubeconfig=kubeconfig, secrets=Secrets(), user_agent="kubernator-test")
        self.workers = Workers()
        self.namespace = namespace
        self.seen: list[StatusResult] = []

    def close(self) -> None:
        self.workers.close()
        self.cluster.close()

    def write(self, manifest: Manifest) -> Outcome:
        gvk = GroupVersionKind.of(manifest["apiVersion"], manifest["kind"])
        kind = self.cluster.kinds().get(gvk)
        assert kind is not None, gvk
        if kind.namespaced:
            manifest = {**manifest, "metadata": {"namespace": self.namespace, **manifest["metadata"]}}
        change = Change(
            kind=ChangeKind.CREATE,
            ref=ResourceRef.of(manifest),
            gvk=gvk,
            origin=Origin(path=__file__),  # type: ignore[arg-type]
            desired=manifest,
        )
        live = self.cluster.apply(kind, manifest, manager="kubernator", force=True).manifest
        return Outcome(kind=OutcomeKind.CREATED, change=change, live=live)

    def wait(self, *manifests: Manifest, until: str = "", **options: Any) -> dict[str, StatusResult]:
        """Wait; ``until`` ends it as soon as a reason is given that has this text."""
        return self.outcomes([self.write(manifest) for manifest in manifests], until=until, **options)

    def outcomes(
        self, outcomes: list[Outcome], *, until: str = "", timeout: float = LONG, **options: Any
    ) -> dict[str, StatusResult]:
        stop = threading.Event()

        def emit(event: object) -> None:
            if isinstance(event, StatusSeen):
                self.seen.append(event.result)
                if until and until in event.result.message:
                    stop.set()

        waiter = Waiter(self.cluster, self.workers, emit, stop, **{"patience": 0.0, **options})
        return {ref.name: found for ref, found in waiter.wait(outcomes, timeout=timeout).items()}


@pytest.fixture
def waits(kubeconfig, kubectl, namespace) -> Iterator[Waits]:
    kubectl("create", "namespace", namespace)
    made = Waits(kubeconfig, namespace)
    yield made
    made.close()


@contextlib.contextmanager
def cluster_wide(kubectl: Any, *names: str) -> Iterator[None]:
    """Take what is not in a namespace away again."""
    try:
        yield
    finally:
        for name in names:
            kubectl("delete", name, "--wait=false", "--ignore-not-found")


def template(*, annotations: dict[str, str] | None = None, **spec: Any) -> Manifest:
    pod = {"containers": [{"name": "main", "image": "example.com/main:1"}], **spec}
    return {"metadata": {"labels": {"app": "x"}, "annotations": annotations or {}}, "spec": pod}


def workload(kind: str, name: str = "x", *, annotations: dict[str, str] | None = None, **pod: Any) -> Manifest:
    made = template(annotations=annotations, **pod)
    if kind == "Job":
        made["spec"]["restartPolicy"] = "Never"
        spec: Manifest = {"template": made, "backoffLimit": 0}
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    made["metadata"]["labels"] = {"app": name}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": made}
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def quota(**hard: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard}}


def definition(group: str, kind: str = "Widget", plural: str = "widgets") -> Manifest:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural},
            "scope": "Namespaced",
            "versions": [version],
        },
    }


def claim(storage: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "x"},
        "spec": {
            "storageClassName": storage,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def balancer(**annotations: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "x", "annotations": {key.replace("_", "/", 1): v for key, v in annotations.items()}},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "x"}},
    }


WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"])
@pytest.mark.parametrize("reason", ["CrashLoopBackOff", "ImagePullBackOff", "CreateContainerConfigError"])
def test_a_container_that_does_not_start_is_the_reason(waits, kind, reason):
    """Whatever made the Pod, its container says why; a failure when it lasts."""
    found = waits.wait(workload(kind, annotations={"sim/fail": reason}))["x"]
    assert (found.status, found.suspect) == (Status.FAILED, True)
    assert f"container `main`: {reason}: simulated" in found.message
    assert "Pod `x-" in found.message


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Job"])
def test_a_pod_without_a_node_is_a_reason_and_no_failure(waits, kind):
    """Nodes may be added, so that it is waited for, with the scheduler's words."""
    found = waits.wait(workload(kind, nodeSelector={"disk": "none"}), until="not scheduled")["x"]
    assert Status.IN_PROGRESS is found.status
    assert "0/1 nodes are available" in found.message


@pytest.mark.parametrize("kind", WORKLOADS)
def test_pods_over_quota_fail_with_the_words_of_the_quota(waits, kind):
    """Deployments and ReplicaSets say so themselves, for the others their Events do."""
    assert Status.CURRENT is waits.wait(quota(pods="0"))["q"].status
    found = waits.wait(workload(kind))["x"]
    assert Status.FAILED is found.status
    assert "exceeded quota: q" in found.message


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_pods_that_a_webhook_refuses_fail_with_its_words(waits, kubectl, kind):
    """A webhook that cannot be called refuses what it is for."""
    name = f"{waits.namespace}.example.com"
    webhook = {
        "name": name,
        "clientConfig": {"service": {"namespace": waits.namespace, "name": "nobody", "path": "/"}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": waits.namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [webhook],
    }
    with cluster_wide(kubectl, f"validatingwebhookconfiguration/{name}"):
        waits.write(configuration)
        _webhook_works(waits)
        found = waits.wait(workload(kind))["x"]
    assert Status.FAILED is found.status
    assert f'failed calling webhook "{name}"' in found.message


def _webhook_works(waits: Waits) -> None:
    """Create Pods in dry runs until the server has taken the webhook in."""
    kind = waits.cluster.kinds().get(GroupVersionKind("", "v1", "Pod"))
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe", "namespace": waits.namespace}}
    pod["spec"] = template()["spec"]
    while True:
        try:
            waits.cluster.create(kind, pod, manager="x", dry_run=True)
        except Exception as refused:  # noqa: BLE001 - the webhook's refusal, of whatever class
            assert "failed calling webhook" in str(refused)  # noqa: PT017
            return


def test_a_volume_that_cannot_be_mounted_is_named_by_an_event(waits, kubectl):
    """A Pod whose container is being created for long does not say why; its events do."""
    outcome = waits.write(workload("Deployment", annotations={"sim/fail": "ContainerCreating"}))
    wait = ("wait", "-n", waits.namespace, "--for=jsonpath={.status.replicas}=1", "deployment/x")
    kubectl(*wait)
    (pod,) = json.loads(kubectl("get", "pods", "-n", waits.namespace, "-o", "json").stdout)["items"]
    kubectl("create", "-f", "-", stdin=json.dumps(event(pod, "FailedMount", 'configmap "settings" not found')))
    found = waits.outcomes([outcome], until="settings")["x"]
    assert Status.IN_PROGRESS is found.status
    assert 'FailedMount: configmap "settings" not found' in found.message


def event(about: Manifest, reason: str, message: str) -> Manifest:
    metadata = about["metadata"]
    time = "2099-01-01T00:00:00Z"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "e-", "namespace": metadata["namespace"]},
        "involvedObject": {
            "kind": about["kind"],
            "apiVersion": about["apiVersion"],
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": "Warning",
        "reason": reason,
        "message": message,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "source": {"component": "kubelet"},
    }


def test_a_failed_job_says_how_its_container_ended(waits):
    """The wait ends with the Job's own verdict, and its Pod says the exit code."""
    found = waits.wait(workload("Job", annotations={"sim/exit-code": "3"}))["x"]
    assert Status.FAILED is found.status
    assert "BackoffLimitExceeded" in found.message
    assert "container `main` exited with 3" in found.message


def test_a_claim_that_nobody_binds_is_explained(waits):
    """The provisioner's words are in events."""
    found = waits.wait(claim("nowhere"), until="nowhere")["x"]
    assert Status.IN_PROGRESS is found.status
    assert '"nowhere" not found' in found.message


def test_a_load_balancer_without_address_is_waited_for(waits):
    """Until the time is up, which is said."""
    found = waits.wait(balancer(), timeout=0.5)["x"]
    assert (found.status, found.timed_out) == (Status.IN_PROGRESS, True)
    assert found.message == "the load balancer has no address"
    assert found.seconds >= 0.5


def test_definitions_whose_names_collide_fail(waits, kubectl):
    """The names of the second are not accepted: a proof."""
    group = f"{waits.namespace}.example.com"
    first, second = definition(group), definition(group, plural="gadgets")
    names = [each["metadata"]["name"] for each in (first, second)]
    with cluster_wide(kubectl, *(f"crd/{name}" for name in names)):
        assert Status.CURRENT is waits.wait(first)[names[0]].status
        found = waits.wait(second)[names[1]]
    assert (found.status, found.suspect) == (Status.FAILED, False)
    assert "is already in use" in found.message


def test_an_api_service_without_a_backend_says_so(waits, kubectl):
    """It is waited for, since what serves it may come up."""
    group = f"{waits.namespace}.example.com"
    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{group}"},
        "spec": {
            "group": group,
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"namespace": waits.namespace, "name": "nobody"},
        },
    }
    with cluster_wide(kubectl, f"apiservice/v1.{group}"):
        found = waits.wait(service, until="ServiceNotFound")[f"v1.{group}"]
    assert Status.IN_PROGRESS is found.status


def widget(group: str, name: str) -> Manifest:
    return {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {}}


def test_custom_resources_are_judged_by_conditions_and_own_rules(waits, kubectl):
    """Without status it is current; with Ready=False it is not; a rule asks for more, or for something else."""
    group = f"{waits.namespace}.example.com"
    with cluster_wide(kubectl, f"crd/widgets.{group}"):
        waits.wait(definition(group))
        while waits.cluster.kinds(refresh=True).get(GroupVersionKind(group, "v1", "Widget")) is None:
            pass  # discovery follows a moment later
        assert Status.CURRENT is waits.wait(widget(group, "plain"))["plain"].status
        name = rules.kind_of("Widget")

        def status(of: str, **found: Any) -> None:
            patch = json.dumps({"status": found})
            kubectl(
                "patch",
                f"widgets.{group}",
                of,
                "-n",
                waits.namespace,
                "--subresource=status",
                "--type=merge",
                "-p",
                patch,
            )

        waits.write(widget(group, "not-ready"))
        no = {"type": "Ready", "status": "False", "reason": "NoBackend", "message": "none answers"}
        status("not-ready", conditions=[no])
        found = waits.wait(widget(group, "not-ready"), timeout=0.0)["not-ready"]
        assert (found.status, found.message) == (Status.IN_PROGRESS, "Ready is False: NoBackend: none answers")

        found = waits.wait(widget(group, "plain"), rules={name: rules.by_condition("Ready")}, timeout=0.0)["plain"]
        assert (found.status, found.message) == (Status.IN_PROGRESS, "condition Ready is not there")

        status("plain", phase="Bound")
        by_path = {name: rules.by_path("{.status.phase}=Bound")}
        assert Status.CURRENT is waits.wait(widget(group, "plain"), rules=by_path)["plain"].status


def test_nothing_green_is_called_red(waits):
    """Everything that works becomes current, and nothing on its way there is called a failure."""
    slow = {"sim/ready-after": "300ms"}
    pod = template(annotations=slow)
    green = [
        *(workload(kind, kind.lower(), annotations=slow) for kind in WORKLOADS),
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", **pod["metadata"]}, "spec": pod["spec"]},
        claim("sim"),
        {
            **balancer(**{"sim_ingress-ip": "192.0.2.7"}),
            "metadata": {"name": "lb", "annotations": {"sim/ingress-ip": "192.0.2.7"}},
        },
        quota(pods="100"),
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "pdb"},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "deployment"}}},
        },
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "hpa"},
            "spec": {
                "maxReplicas": 3,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "deployment"},
            },
        },
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "cron"},
            "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": workload("Job")["spec"]}},
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config"}, "data": {"a": "b"}},
    ]
    found = waits.wait(*green)
    assert {Status.CURRENT} == {result.status for result in found.values()}, found
    assert Status.FAILED not in {result.status for result in waits.seen}
    assert not any(result.suspect for result in waits.seen)


def test_many_are_waited_for_with_one_watch_a_kind(waits):
    """Nothing is listed: each watch begins at the version that the first write answered."""
    names = [f"w{number:02}" for number in range(30)]
    found = waits.wait(*(workload("Deployment", name) for name in names), workload("StatefulSet"))
    assert {Status.CURRENT} == {result.status for result in found.values()}
    assert waits.cluster.requests["watch"] <= 3  # the third for their Pods, where they take longer than a moment


def test_pods_of_others_are_not_listed_to_explain_ours(waits):
    """Ours are selected by their labels, all workloads of a namespace together."""
    waits.wait(workload("Deployment", "crowd") | {"spec": {**workload("Deployment", "crowd")["spec"], "replicas": 40}})
    stuck = [workload("Deployment", f"s{number}", nodeSelector={"disk": "none"}) for number in range(5)]
    asked: list[str] = []
    real = waits.cluster.list

    def spied(kind: Any, **options: Any) -> Any:
        if kind.plural == "pods":
            asked.append(options["label_selector"])
        return real(kind, **options)

    waits.cluster.list = spied  # type: ignore[method-assign]
    waits.wait(*stuck, until="not scheduled")
    assert asked == ["app in (s0,s1,s2,s3,s4)"]


@pytest.mark.parametrize("then", ["end", "error", "half"])
def test_watches_that_break_after_each_event_miss_nothing(kubeconfig, kubectl, namespace, tmp_path, then):
    """Each goes on where the one before ended, or after a LIST where the server no longer knows the place."""
    kubectl("create", "namespace", namespace)
    fault = WatchFault("GET", ".*watch=true", events=1, then=then, times=10)
    with FaultProxy(kubeconfig, directory=tmp_path, faults=[fault]) as proxy:
        made = Waits(proxy.kubeconfig, namespace)
        found = made.wait(workload("Deployment"), workload("StatefulSet", "y"))
        made.close()
        assert proxy.taken
    assert {Status.CURRENT} == {result.status for result in found.values()}


def test_a_server_that_goes_and_comes_back_is_watched_again(kubeconfig, kubectl, namespace, tmp_path):
    """What happened meanwhile is not missed."""
    kubectl("create", "namespace", namespace)
    with FaultProxy(kubeconfig, directory=tmp_path) as proxy:
        made = Waits(proxy.kubeconfig, namespace)
        outcome = made.write(workload("Deployment", annotations={"sim/ready-after": "1s"}))

        def outage() -> None:
            proxy.wait_for("GET", ".*watch=true")
            proxy.down()
            kubectl("wait", "-n", namespace, "--for=condition=Available", "deployment/x", "--timeout=60s")
            proxy.up()

        outside = threading.Thread(target=outage)
        outside.start()
        found = made.outcomes([outcome])
        outside.join()
        made.close()
    assert Status.CURRENT is found["x"].status


def test_a_failure_ends_the_wait_unless_told_to_keep_going(waits):
    """The others are left as they are, or waited for."""
    bad = workload("Deployment", "bad", annotations={"sim/fail": "ImagePullBackOff"})
    slow = workload("Deployment", "slow", annotations={"sim/ready-after": "5s"})
    found = waits.wait(bad, slow)
    assert (found["bad"].status, found["slow"].status) == (Status.FAILED, Status.IN_PROGRESS)
    assert not found["slow"].timed_out
    found = waits.wait(bad, slow, keep_going=True)
    assert (found["bad"].status, found["slow"].status) == (Status.FAILED, Status.CURRENT)


def test_annotations_say_whether_and_how_long_an_object_is_waited_for(waits):
    """One that nothing waits for is not in the result; one with less time ends the wait before the others' time."""
    ignored, hasty = workload("Deployment", "ignored", nodeSelector={"no": "such"}), balancer()
    ignored["metadata"]["annotations"] = {"kubernator.io/wait": "false"}
    hasty["metadata"]["annotations"] = {"kubernator.io/timeout": "0.5"}
    found = waits.wait(ignored, hasty)
    assert list(found) == ["x"]
    assert found["x"].timed_out


def test_what_is_deleted_meanwhile_is_missing(waits, kubectl):
    """It is not there any more: a failure when that lasts."""
    outcome = waits.write(balancer())
    kubectl("delete", "service", "x", "-n", waits.namespace)
    found = waits.outcomes([outcome])["x"]
    assert (found.status, found.message) == (Status.FAILED, "it is not there")


@pytest.mark.parametrize(
    ("spec", "message"),
    [({"replicas": 0}, "0 of 0 replicas are available"), ({"paused": True}, "the rollout is paused")],
)
def test_a_deployment_that_is_not_to_run_is_current(waits, spec, message):
    """Neither without replicas nor paused is there anything to wait for."""
    made = workload("Deployment")
    made["spec"] |= spec
    assert message == waits.wait(made)["x"].message


def test_a_daemon_set_for_no_node_is_current(waits):
    """No node is to run it."""
    found = waits.wait(workload("DaemonSet", nodeSelector={"no": "such"}))["x"]
    assert (found.status, found.message) == (Status.CURRENT, "no node is to run it")
