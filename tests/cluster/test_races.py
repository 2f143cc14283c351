"""What others do while we write, and what the network loses: on the real control plane, through a proxy that lies.

What was carried out counts as carried out, what is there is waited for, and no answer that got lost makes us lie.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from test_engine import Engine, deployment, kinds, live, resource

from kubernator.errors import Invalid
from kubernator.model.outcome import Halfway
from kubernator.model.resource import BACKGROUND, ResourcePolicy
from kubernator.model.status import Status
from kubernator.testing.faults import Delay, Drop, Fault, FaultProxy, Refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.model.outcome import ApplyReport
    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

REPLACED = ResourcePolicy(immutable_changes={("batch", "Job"): BACKGROUND})


@pytest.fixture
def through(kubeconfig: Path, tmp_path: Path) -> Iterator[Any]:
    """Hand out an engine behind a proxy with faults."""
    with FaultProxy(kubeconfig, directory=tmp_path) as proxy:
        made: list[Engine] = []

        def make(*faults: Fault) -> tuple[Engine, FaultProxy]:
            made.append(Engine(proxy.kubeconfig))
            proxy.add(*faults)
            return made[-1], proxy

        yield make
        for engine in made:
            engine.close()


@pytest.fixture
def engines(kubeconfig: Path) -> Iterator[Any]:
    """Hand out engines, each a run of its own."""
    made: list[Engine] = []

    def make() -> Engine:
        made.append(Engine(kubeconfig))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def ns(kubectl: Kubectl, namespace: str) -> str:
    """Return a namespace that is there."""
    kubectl("create", "namespace", namespace)
    return namespace


def as_account(kubectl: Kubectl, ns: str, directory: Path) -> Path:
    """Return a kubeconfig of the default ServiceAccount of a namespace."""
    token = kubectl("create", "token", "default", "-n", ns).stdout.strip()
    view = json.loads(kubectl("config", "view", "--raw", "--flatten", "-o", "json").stdout)
    view["users"] = [{"name": user["name"], "user": {"token": token}} for user in view["users"]]
    path = directory / "limited"
    path.write_text(json.dumps(view))
    return path


def only_status(report: ApplyReport) -> Status:
    (found,) = report.statuses.values()
    return found.status


def patiently(engine: Engine, manifest: dict[str, Any]) -> ApplyReport:
    """Apply and wait, and let trouble last before it is a failure, as a run does."""
    runner = engine.runner(patience=60.0)
    return runner.settle(runner.run(engine.plan([resource(manifest)])), timeout=120)


def job(ns: str, image: str) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once", "namespace": ns},
        "spec": {
            "suspend": True,
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]}},
        },
    }


def test_a_create_whose_answer_was_lost_is_waited_for(through: Any, ns: str) -> None:
    """The second try finds what the first one made; it has to become ready all the same."""
    engine, proxy = through()
    plan = engine.plan([resource(deployment(ns, sim_fail="CrashLoopBackOff"))])
    proxy.add(Drop("PATCH", f"/apis/apps/v1/namespaces/{ns}/", forward=True))
    runner = engine.runner()
    report = runner.settle(runner.run(plan), timeout=120)
    assert Status.FAILED is only_status(report)


def test_a_deletion_whose_answer_was_lost_is_followed_by_its_create(through: Any, ns: str, kubectl: Kubectl) -> None:
    """What is replaced was deleted by us, whatever became of the answer: it does not stay away."""
    engine, proxy = through()
    engine.apply([resource(job(ns, "busybox:1"), policy=REPLACED)])
    kubectl("wait", "--for=condition=Suspended", "job/once", "-n", ns, "--timeout=60s")  # its controller is done
    plan = engine.plan([resource(job(ns, "busybox:2"), policy=REPLACED)])
    proxy.add(Drop("DELETE", "/apis/batch/", forward=True))
    report = engine.runner().run(plan)
    assert kinds(report) == {"replaced": 1}
    assert live(kubectl, job(ns, ""))["spec"]["template"]["spec"]["containers"][0]["image"] == "busybox:2"


def test_a_replacement_that_is_cut_off_says_that_the_old_object_is_gone(
    through: Any, ns: str, kubectl: Kubectl
) -> None:
    """Whoever reads the error must learn that the object is not there now, and can run again."""
    engine, proxy = through()
    engine.apply([resource(job(ns, "busybox:1"), policy=REPLACED)])
    kubectl("wait", "--for=condition=Suspended", "job/once", "-n", ns, "--timeout=60s")  # its controller is done
    plan = engine.plan([resource(job(ns, "busybox:2"), policy=REPLACED)])
    proxy.add(Refuse("GET", f"/apis/batch/v1/namespaces/{ns}/jobs?", status=500, times=0))
    report = engine.runner().run(plan)
    assert kinds(report) == {"failed": 1}
    assert [text for label, text in report.failed[0].error.detail if label == "after"] == [
        "the old object was told to go; the new one was not made"
    ]
    assert Halfway.DELETING is report.failed[0].halfway


def test_merge_instructions_go_on_when_a_controller_wrote_in_between(through: Any, ns: str, kubectl: Kubectl) -> None:
    """The second write meets a newer version, since the apply woke a controller: it is the same write still."""
    engine, proxy = through()
    theirs = deployment(ns)
    theirs["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "1"}]
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(theirs))
    wanted = deployment(ns, replicas=None)
    wanted["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:2"
    wanted["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "$patch": "delete"}]
    engine.planned_by(force_conflicts=True)
    plan = engine.plan([resource(wanted)])
    proxy.add(Refuse("PATCH", f"/apis/apps/v1/namespaces/{ns}/deployments/web?fieldManager=kubernator-", status=409))
    report = engine.runner().run(plan)
    assert kinds(report) == {"updated": 1}, report.failed[0].error
    assert "env" not in live(kubectl, wanted)["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("edited", "more"),
    [
        ("status", {"unhealthyPodEvictionPolicy": "AlwaysAllow"}),
        ("status", {}),
        ("spec", {"unhealthyPodEvictionPolicy": "AlwaysAllow"}),
    ],
)
def test_a_take_over_goes_on_when_only_the_status_was_written_in_between(
    through: Any, ns: str, kubectl: Kubectl, edited: str, more: dict[str, Any]
) -> None:
    """The hand-over wakes controllers, or meets one; what they say of the object does not concern the apply after it.

    A change of what we want is one nobody approved: then the owners are handed over, and nothing else is done.
    """
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": ns, "labels": {"app": "web"}},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    }
    theirs = {**budget, "spec": {**budget["spec"], **more}}
    kubectl("create", "--field-manager=helm", "-f", "-", stdin=json.dumps(theirs))
    engine, proxy = through()
    plan = engine.plan([resource(budget)])
    path = f"/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets/web"
    proxy.add(Delay("PATCH", path, after=1))
    with ThreadPoolExecutor() as pool:
        run = pool.submit(engine.runner().run, plan)
        proxy.wait_for("PATCH", path, count=2)
        patch = {"status": {"disruptionsAllowed": 7}} if edited == "status" else {"spec": {"maxUnavailable": 2}}
        under = ["--subresource=status"] if edited == "status" else []
        kubectl("patch", "pdb", "web", "-n", ns, "--type=merge", "-p", json.dumps(patch), *under)
        proxy.release()
        report = run.result()
    found = live(kubectl, budget)
    entries = {entry["manager"]: entry for entry in found["metadata"]["managedFields"] if "subresource" not in entry}
    if edited == "status":
        assert kinds(report) == {"updated": 1}
        assert "unhealthyPodEvictionPolicy" not in found["spec"]
        assert set(entries) == {"kubernator"}
        assert entries["kubernator"]["fieldsV1"]["f:metadata"] == {"f:labels": {"f:app": {}}}
    else:
        (failed,) = report.failed
        assert Halfway.HANDED_OVER is failed.halfway
        assert found["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
        assert found["spec"]["maxUnavailable"] == 2


def test_merge_instructions_that_fail_leave_a_change_in_part(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """The apply was made and stays; the report says so, and a second run does the rest."""
    theirs = deployment(ns)
    theirs["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "1"}]
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(theirs))
    wanted = deployment(ns, replicas=None)
    wanted["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "$patch": "delete"}]
    engine = engines()
    engine.planned_by(force_conflicts=True)
    plan = engine.plan([resource(wanted)])

    patch = engine.cluster.patch

    def refused(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("dry_run"):
            return patch(*args, **kwargs)
        raise Invalid("no", status=422)

    engine.cluster.patch = refused  # type: ignore[method-assign]
    # as the controller may do on its own, so that the change is planned again
    status = {"status": {"observedGeneration": 0}}
    kubectl("patch", "deploy/web", "-n", ns, "--subresource=status", "--type=merge", "-p", json.dumps(status))
    (failed,) = engine.runner().run(plan).failed
    assert Halfway.APPLIED is failed.halfway
    assert "merge instructions were not" in dict(failed.error.detail)["after"]
    assert kinds(engines().apply([resource(wanted)])) == {"updated": 1}


def test_a_rollout_that_was_given_up_does_not_speak_against_its_mending(
    engines: Any, ns: str, kubectl: Kubectl
) -> None:
    """A Deployment past its deadline, set back to what worked, becomes ready: old words are no failure."""
    good, bad = deployment(ns), deployment(ns, sim_fail="CrashLoopBackOff")
    for each in (good, bad):
        each["spec"]["progressDeadlineSeconds"] = 1
    assert Status.CURRENT is only_status(patiently(engines(), good))
    engines().apply([resource(bad)])
    kubectl("wait", "--for=condition=Progressing=False", "deployment/web", "-n", ns, "--timeout=60s")
    assert Status.CURRENT is only_status(patiently(engines(), good))


def test_a_claim_of_a_class_that_may_not_be_read_is_not_waited_for(
    ns: str, kubectl: Kubectl, kubeconfig: Path, tmp_path: Path
) -> None:
    """Whether it binds before a Pod uses it cannot be known, so that the run does not hang on it."""
    storage = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": ns},
        "provisioner": "example.com/none",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    kubectl("create", "-f", "-", stdin=json.dumps(storage))
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": ns},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": ns,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    kubectl("create", "rolebinding", "edit", "-n", ns, "--clusterrole=edit", f"--serviceaccount={ns}:default")
    engine = Engine(as_account(kubectl, ns, tmp_path))
    assert Status.UNKNOWN is only_status(engine.apply([resource(claim)], wait=True))
    engine.close()


def test_who_may_not_list_can_replace(ns: str, kubectl: Kubectl, tmp_path: Path, engines: Any) -> None:
    """That the old object is gone is seen by reading it, where nothing more is allowed."""
    engines().apply([resource(job(ns, "busybox:1"), policy=REPLACED)])
    verbs = "--verb=get,create,patch,delete"
    kubectl("create", "role", "one-by-one", "-n", ns, verbs, "--resource=jobs.batch")
    kubectl("create", "rolebinding", "one", "-n", ns, "--role=one-by-one", f"--serviceaccount={ns}:default")
    engine = Engine(as_account(kubectl, ns, tmp_path))
    assert kinds(engine.apply([resource(job(ns, "busybox:2"), policy=REPLACED)])) == {"replaced": 1}
    engine.close()
