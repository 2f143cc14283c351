"""The engine on the real control plane: what is planned is what is written, for exactly so many requests."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.apply.runner import Runner
from kubernator.apply.wait import Waiter
from kubernator.cluster.connect import connect
from kubernator.load import yamldoc
from kubernator.model.change import ChangeKind, PluginChange
from kubernator.model.diagnostics import Diagnostics
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.outcome import OutcomeKind
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource, ResourcePolicy
from kubernator.model.status import Status
from kubernator.pipeline import merge
from kubernator.planning import canonical
from kubernator.planning.planner import Planner
from kubernator.redaction import Secrets
from kubernator.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kubernator.model.change import Change
    from kubernator.model.events import Event
    from kubernator.model.outcome import ApplyReport
    from kubernator.model.plan import Plan

pytestmark = pytest.mark.cluster

NO_POLICY = ResourcePolicy()
DISCOVERY = {"discovery": 2}


@dataclass
class Ordered:
    """A phase as the pipeline makes it."""

    name: str
    resources: Sequence[Resource]
    wait: bool = False
    dependencies: Sequence[Any] = ()


@dataclass
class Engine:
    """A run on its own: a cluster of its own, so that requests are counted from nothing."""

    kubeconfig: Path
    stop: threading.Event = field(default_factory=threading.Event)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cluster = connect(kubeconfig=self.kubeconfig, secrets=Secrets(), user_agent="kubernator-test")
        self.workers = Workers()
        self.diagnostics = Diagnostics()
        self.planner = self.planned_by()

    def planned_by(self, **options: Any) -> Planner:
        self.planner = Planner(self.cluster, self.workers, diagnostics=self.diagnostics, **options)
        return self.planner

    def plan(self, *phases: Ordered | Sequence[Resource]) -> Plan:
        return self.planner.plan(
            [found if isinstance(found, Ordered) else Ordered(str(at), found) for at, found in enumerate(phases)]
        )

    def runner(self, *, patience: float = 0.0) -> Runner:
        waiter = Waiter(self.cluster, self.workers, self.events.append, self.stop, patience=patience)
        return Runner(self.cluster, self.workers, self.planner.replan, self.events.append, self.stop, waiter=waiter)

    def apply(self, *phases: Ordered | Sequence[Resource], wait: bool = False) -> ApplyReport:
        runner = self.runner()
        report = runner.run(self.plan(*phases))
        return runner.settle(report, timeout=120) if wait else report

    def requests(self) -> dict[str, int]:
        return {verb: count for verb, count in self.cluster.requests.items() if count}

    def close(self) -> None:
        self.workers.close()
        self.cluster.close()


@pytest.fixture
def engines(kubeconfig) -> Iterator[Any]:
    made: list[Engine] = []

    def make(**options: Any) -> Engine:
        engine = Engine(kubeconfig)
        engine.planned_by(**options)
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def ns(kubectl, namespace) -> str:
    """Return a namespace that is there."""
    kubectl("create", "namespace", namespace)
    return namespace


def resource(manifest: dict[str, Any], *, policy: ResourcePolicy = NO_POLICY) -> Resource:
    plain, instructions = merge.extract(manifest)
    return Resource(
        manifest=plain,
        ref=ResourceRef.of(plain),
        gvk=GroupVersionKind.of(plain["apiVersion"], plain["kind"]),
        origin=Origin(path=PurePath("app.yaml"), line=1),
        policy=policy,
        instructions=instructions,
    )


def config(ns: str, name: str = "settings", /, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": ns}, "data": data}


def deployment(ns: str, name: str = "web", *, replicas: int | None = 1, **annotations: str) -> dict[str, Any]:
    labels = {"app": name}
    spec: dict[str, Any] = {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels, "annotations": {key.replace("_", "/"): v for key, v in annotations.items()}},
            "spec": {"containers": [{"name": "web", "image": "nginx:1", "resources": {"limits": {"cpu": "0.5"}}}]},
        },
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": ns}, "spec": spec}


def definition(group: str, *, extra: bool = False) -> dict[str, Any]:
    properties: dict[str, Any] = {"size": {"type": "integer"}}
    if extra:
        properties["colour"] = {"type": "string"}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": "Widget", "plural": "widgets"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def widget(group: str, ns: str, name: str = "one", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": name, "namespace": ns},
        "spec": spec,
    }


def namespace_of(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def live(kubectl, manifest: dict[str, Any]) -> dict[str, Any] | None:
    metadata = manifest["metadata"]
    group = manifest["apiVersion"].rpartition("/")[0]
    kind = f"{manifest['kind']}.{group}" if group else manifest["kind"]
    done = kubectl(
        "get",
        kind,
        metadata["name"],
        "-n",
        metadata.get("namespace", ""),
        "-o",
        "json",
        "--show-managed-fields",
        check=False,
    )
    return json.loads(done.stdout) if done.code == 0 else None


def kinds(report: ApplyReport) -> dict[str, int]:
    return {str(kind): count for kind, count in report.counts.items() if count}


def only(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def paths(change: Change) -> dict[str, str]:
    return {op.path: op.op for op in change.patch}


def test_an_object_is_created_then_left_alone_then_updated(engines, ns, kubectl):
    """A create costs a look, a dry run and a write, an unchanged object a look, a change again all three."""
    wanted = config(ns, a="1")
    engine = engines()
    assert kinds(engine.apply([resource(wanted)])) == {"created": 1}
    assert engine.requests() == {**DISCOVERY, "get": 1, "dry-run": 1, "apply": 1}
    assert live(kubectl, wanted)["data"] == {"a": "1"}

    engine = engines()
    assert kinds(engine.apply([resource(wanted)])) == {"unchanged": 1}
    assert engine.requests() == {**DISCOVERY, "get": 1}

    engine = engines()
    plan = engine.plan([resource(config(ns, a="2"))])
    assert [(op.op, op.path, op.value, op.old) for op in only(plan).patch] == [("replace", "/data/a", "2", "1")]
    assert kinds(engine.runner().run(plan)) == {"updated": 1}
    assert engine.requests() == {**DISCOVERY, "get": 1, "dry-run": 1, "apply": 1}
    assert live(kubectl, wanted)["data"] == {"a": "2"}


def test_a_dropped_field_disappears(engines, ns, kubectl):
    """A key that left the manifest leaves the cluster, and the plan says so."""
    engines().apply([resource(config(ns, a="1", b="2"))])
    engine = engines()
    plan = engine.plan([resource(config(ns, a="1"))])
    assert paths(only(plan)) == {"/data/b": "remove"}
    engine.runner().run(plan)
    assert live(kubectl, config(ns))["data"] == {"a": "1"}


def test_a_key_dropped_from_string_data_disappears(engines, ns, kubectl):
    """The keys of `stringData` are ours in `data`, so that they go when the manifest drops them."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": ns}}
    engines().apply([resource({**secret, "stringData": {"a": "1", "b": "2"}})])
    again = engines()
    assert kinds(again.apply([resource({**secret, "stringData": {"a": "1", "b": "2"}})])) == {"unchanged": 1}
    assert again.requests() == {**DISCOVERY, "get": 1}
    engines().apply([resource({**secret, "stringData": {"a": "1"}})])
    assert live(kubectl, secret)["data"] == {"a": "MQ=="}


def test_a_field_of_another_manager_is_refused_by_name(engines, ns, kubectl):
    """A conflict names the field, the other manager and when it wrote; nothing is written unless it may be forced."""
    theirs = config(ns, a="theirs")
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(theirs))
    plan = engines().plan([resource(config(ns, a="ours"))])
    change = only(plan)
    assert ChangeKind.REFUSED is change.kind
    assert [(found.field, found.manager) for found in change.conflicts] == [(".data.a", "other")]
    assert change.conflicts[0].time
    assert "`other`" in change.reason
    assert "app.yaml:1" in change.detail[0][1]

    forced = engines(force_conflicts=True)
    assert kinds(forced.apply([resource(config(ns, a="ours"))])) == {"updated": 1}
    assert live(kubectl, theirs)["data"] == {"a": "ours"}


def test_an_edit_by_hand_is_a_conflict(engines, ns, kubectl):
    """A value that somebody changed since is not taken back silently."""
    engines().apply([resource(config(ns, a="1"))])
    patch = json.dumps({"data": {"a": "edited"}})
    kubectl("patch", "configmap", "settings", "-n", ns, "--field-manager=kubectl-edit", "--type=merge", "-p", patch)
    change = only(engines().plan([resource(config(ns, a="1"))]))
    assert ChangeKind.REFUSED is change.kind
    assert [(found.field, found.manager) for found in change.conflicts] == [(".data.a", "kubectl-edit")]


def test_ownership_lost_without_a_change_of_value_is_won_back_once(engines, ns, kubectl):
    """Values that another manager owns as well become ours by one write, and then nothing is sent any more."""
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(config(ns, a="1")))
    engine = engines()
    plan = engine.plan([resource(config(ns, a="1"))])
    assert (only(plan).kind, only(plan).patch) == (ChangeKind.UPDATE, ())
    engine.runner().run(plan)
    again = engines()
    assert kinds(again.apply([resource(config(ns, a="1"))])) == {"unchanged": 1}
    assert again.requests() == {**DISCOVERY, "get": 1}


def test_an_object_deleted_between_plan_and_write_is_not_made_again(engines, ns, kubectl):
    """Who deleted it had a reason: the change is refused and says so."""
    engines().apply([resource(config(ns, a="1"))])
    engine = engines()
    plan = engine.plan([resource(config(ns, a="2"))])
    kubectl("delete", "configmap", "settings", "-n", ns)
    report = engine.runner().run(plan)
    assert kinds(report) == {"refused": 1}
    assert "it was deleted" in report.outcomes[0].error.title
    assert live(kubectl, config(ns)) is None


def test_an_object_created_between_plan_and_write_is_not_overwritten(engines, ns, kubectl):
    """A create is a create: somebody else's object of the same name stays as it is."""
    engine = engines()
    plan = engine.plan([resource(config(ns, a="ours"))])
    kubectl("create", "configmap", "settings", "-n", ns, "--from-literal=a=theirs")
    report = engine.runner().run(plan)
    assert kinds(report) == {"refused": 1}
    assert live(kubectl, config(ns))["data"] == {"a": "theirs"}


def test_a_write_goes_on_when_the_object_moved_on_elsewhere(engines, ns, kubectl):
    """A label by somebody else between plan and write does not change what was approved."""
    engines().apply([resource(config(ns, a="1"))])
    engine = engines()
    plan = engine.plan([resource(config(ns, a="2"))])
    kubectl("label", "configmap", "settings", "-n", ns, "seen=yes")
    assert kinds(engine.runner().run(plan)) == {"updated": 1}
    assert live(kubectl, config(ns))["metadata"]["labels"] == {"seen": "yes"}


def test_a_write_stops_when_what_was_approved_no_longer_holds(engines, ns, kubectl):
    """When the value that is to be replaced changed since, the change is refused and names the field."""
    engines().apply([resource(config(ns, a="1", b="1"))])
    engine = engines()
    plan = engine.plan([resource(config(ns, a="2"))])
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(config(ns, b="1")))
    report = engine.runner().run(plan)
    assert kinds(report) == {"refused": 1}
    assert "/data/b" in report.outcomes[0].error.title
    assert live(kubectl, config(ns))["data"] == {"a": "1", "b": "1"}


def test_a_definition_and_its_resources_in_one_run(engines, ns, kubectl):
    """A custom resource is put off until its definition is served; the second run writes nothing."""
    group = f"{ns}.example.com"
    tree = [
        Ordered("definitions", [resource(definition(group))], wait=True),
        Ordered("rest", [resource(widget(group, ns, size=1)), resource(widget(group, ns, "two", size=2))]),
    ]
    engine = engines()
    plan = engine.plan(*tree)
    assert [change.deferred for change in plan.changes] == [False, True, True]
    assert kinds(engine.runner().run(plan)) == {"created": 3}
    assert live(kubectl, widget(group, ns, "two"))["spec"]["size"] == 2

    again = engines()
    assert kinds(again.apply(*tree)) == {"unchanged": 3}
    assert again.requests() == {**DISCOVERY, "get": 1, "list": 1}


def test_a_field_that_its_definition_gains_in_the_same_run(engines, ns, kubectl):
    """A resource may use a field the moment its definition has it, though the server learns of it a little later."""
    group = f"{ns}.example.com"
    engines().apply(
        Ordered("definitions", [resource(definition(group))], wait=True), [resource(widget(group, ns, size=1))]
    )
    engine = engines()
    report = engine.apply(
        Ordered("definitions", [resource(definition(group, extra=True))], wait=True),
        [resource(widget(group, ns, size=1, colour="red"))],
    )
    assert kinds(report) == {"updated": 2}
    assert live(kubectl, widget(group, ns))["spec"]["colour"] == "red"


def test_a_new_namespace_and_what_is_in_it(engines, namespace, kubectl):
    """What goes into a new namespace costs one write each: nothing can be there."""
    tree = [
        Ordered("namespaces", [resource(namespace_of(namespace))], wait=True),
        Ordered("rest", [resource(config(namespace, str(number), a="1")) for number in range(5)]),
    ]
    engine = engines()
    plan = engine.plan(*tree)
    assert [change.deferred for change in plan.changes] == [False] + 5 * [True]
    assert kinds(engine.runner().run(plan)) == {"created": 6}
    assert engine.requests() == {**DISCOVERY, "get": 1, "dry-run": 1, "apply": 6}
    assert live(kubectl, config(namespace, "4")) is not None


def test_what_the_server_makes_in_a_new_namespace_is_taken_over(engines, namespace, kubectl):
    """The ServiceAccount `default` comes with the namespace; ours of that name is an update of it."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}
    account["metadata"]["labels"] = {"ours": "yes"}
    kubectl("create", "namespace", namespace)
    tree = [Ordered("namespaces", [resource(namespace_of(f"{namespace}-x"))], wait=True)]
    account["metadata"]["namespace"] = f"{namespace}-x"
    engine = engines()
    plan = engine.plan(*tree, [resource(account)])
    runner = engine.runner()
    kubectl("create", "namespace", f"{namespace}-y")
    report = runner.run(plan)
    assert not report.failed
    assert live(kubectl, account)["metadata"]["labels"] == {"ours": "yes"}


def test_a_missing_namespace_is_refused_before_anything_is_written(engines, namespace):
    """A namespace that is neither there nor in the tree is said by name."""
    change = only(engines().plan([resource(config(namespace, a="1"))]))
    assert ChangeKind.REFUSED is change.kind
    assert f"namespace `{namespace}` does not exist and is not in the tree" == change.reason
    assert namespace in change.hint


@pytest.mark.parametrize(
    ("api_version", "kind", "hint"),
    [
        ("apps/v1", "Deploymnt", "did you mean `Deployment`"),
        ("extensions/v1beta1", "Ingress", "`Ingress` is served as `networking.k8s.io/v1`"),
        ("example.com/v1", "Zyzzyva", "CustomResourceDefinition"),
    ],
)
def test_an_unknown_kind_is_refused_with_a_guess(engines, ns, api_version, kind, hint):
    """A kind that nobody serves or defines is refused, and the nearest is named."""
    manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "namespace": ns}}
    change = only(engines().plan([resource(manifest)]))
    assert ChangeKind.REFUSED is change.kind
    assert f"the cluster does not know `{api_version} {kind}`" == change.reason
    assert hint in change.hint


def test_an_unknown_field_is_refused_with_its_place(engines, ns):
    """The server's answer of 500 to a field it does not know is the manifest's fault."""
    wanted = deployment(ns)
    wanted["spec"]["replcas"] = 3
    change = only(engines().plan([resource(wanted)]))
    assert ChangeKind.REFUSED is change.kind
    assert change.detail[0] == ("field", "`.spec.replcas` at app.yaml:1:1: field not declared in schema")


def test_an_invalid_object_is_refused_with_its_causes(engines, ns):
    """Every cause of a 422 is listed."""
    wanted = deployment(ns)
    wanted["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 70000}, {"containerPort": 0}]
    change = only(engines().plan([resource(wanted)]))
    fields = [text for label, text in change.detail if label == "field"]
    assert ChangeKind.REFUSED is change.kind
    assert any("`spec.template.spec.containers[0].ports[0].containerPort`" in text for text in fields)


def test_a_deployment_is_waited_for_until_it_has_rolled_out(engines, ns):
    """With a wait at the end the Deployment is current, and its unchanged neighbour costs nothing."""
    engine = engines()
    report = engine.apply(
        [resource(deployment(ns, replicas=2, **{"sim_ready-after": "300ms"})), resource(config(ns, a="1"))], wait=True
    )
    states = {ref.kind: result.status for ref, result in report.statuses.items()}
    assert states == {"Deployment": Status.CURRENT, "ConfigMap": Status.CURRENT}
    # one watch from the version that was written: nothing is listed, and what goes well needs no explanation
    assert (engine.requests()["watch"], engine.requests().get("list", 0)) == (1, 0)


def test_a_crash_loop_ends_the_wait_early_and_says_why(engines, ns):
    """A Pod in a crash loop is the reason of its Deployment's failure."""
    report = engines().apply([resource(deployment(ns, sim_fail="CrashLoopBackOff"))], wait=True)
    (result,) = report.statuses.values()
    assert Status.FAILED is result.status
    assert "container `web`: CrashLoopBackOff: simulated (3 restarts)" in result.message


def test_old_pods_do_not_speak_against_the_release_that_mends_them(engines, ns):
    """The crash loop of the last release is no reason to give up on this one."""
    engines().apply([resource(deployment(ns, sim_fail="CrashLoopBackOff"))], wait=True)
    report = engines().apply([resource(deployment(ns, **{"sim_ready-after": "200ms"}))], wait=True)
    assert [result.status for result in report.statuses.values()] == [Status.CURRENT]


@pytest.mark.parametrize(("code", "expected"), [("0", Status.CURRENT), ("3", Status.FAILED)])
def test_a_job_is_current_when_it_completed(engines, ns, code, expected):
    """A Job that started is not done; one that failed has failed."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]}
    template = {"metadata": {"annotations": {"sim/exit-code": code}}, "spec": pod}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once", "namespace": ns},
        "spec": {"backoffLimit": 0, "template": template},
    }
    report = engines().apply([resource(job)], wait=True)
    assert [expected] == [result.status for result in report.statuses.values()]


def test_an_interrupted_run_starts_nothing_more_and_can_be_run_again(engines, ns):
    """What is in flight ends, the rest is skipped and reported; a second run does the rest."""
    tree = [Ordered(str(number), [resource(config(ns, str(number), a="1"))]) for number in range(4)]
    engine = engines()
    plan = engine.plan(*tree)

    def stop_after_two(event: Event) -> None:
        engine.events.append(event)
        if sum(type(found).__name__ == "ChangeEnded" for found in engine.events) == 2:
            engine.stop.set()

    report = Runner(engine.cluster, engine.workers, engine.planner.replan, stop_after_two, engine.stop).run(plan)
    assert (kinds(report), report.interrupted) == ({"created": 2, "skipped": 2}, True)
    assert kinds(engines().apply(*tree)) == {"created": 2, "unchanged": 2}


def test_nothing_starts_after_a_failure(engines, ns, kubectl):
    """A write that the server refuses ends the run; later phases are skipped."""
    engine = engines(preflight=False)
    bad = config(ns, "bad", a="1")
    bad["metadata"]["labels"] = {"x": "not a label!"}
    report = engine.apply([resource(bad)], [resource(config(ns, "good", a="1"))])
    assert kinds(report) == {"failed": 1, "skipped": 1}
    assert "not a label!" in report.failed[0].error.title
    assert live(kubectl, config(ns, "good")) is None


def test_an_immutable_field_replaces_the_object_where_that_is_allowed(engines, ns, kubectl):
    """A Job's template cannot change: the plan shows the replacement, the run carries it out."""
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once", "namespace": ns},
        "spec": {
            "suspend": True,
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox:1"}]}},
        },
    }
    engines().apply([resource(job)])
    before = live(kubectl, job)["metadata"]["uid"]
    job["spec"]["template"]["spec"]["containers"][0]["image"] = "busybox:2"
    engine = engines()
    plan = engine.plan([resource(job)])
    change = only(plan)
    assert (ChangeKind.REPLACE, "Orphan", before) == (change.kind, change.propagation, change.uid)
    assert [op.path for op in change.patch] == ["/spec/template/spec/containers/0/image"]
    assert kinds(engine.runner().run(plan)) == {"replaced": 1}
    after = live(kubectl, job)
    assert before != after["metadata"]["uid"]
    assert after["spec"]["template"]["spec"]["containers"][0]["image"] == "busybox:2"


def test_a_replacement_that_would_be_refused_leaves_the_old_object_alone(engines, ns, kubectl):
    """Nothing is deleted for an object that the server would not take."""
    wanted = deployment(ns)
    engines().apply([resource(wanted)])
    before = live(kubectl, wanted)["metadata"]["uid"]
    wanted["spec"]["selector"]["matchLabels"] = {"app": "other"}  # and the template still says something else
    change = only(engines().plan([resource(wanted)]))
    assert ChangeKind.REFUSED is change.kind
    assert "replacement is refused" in change.reason
    assert before == live(kubectl, wanted)["metadata"]["uid"]


def test_an_immutable_field_of_a_kind_that_holds_data_is_refused(engines, ns):
    """A claim is not in the table: its volume would be gone."""
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": ns},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    engines().apply([resource(claim)])
    claim["spec"]["accessModes"] = ["ReadWriteMany"]
    change = only(engines().plan([resource(claim)]))
    assert ChangeKind.REFUSED is change.kind
    assert "is immutable" in change.reason
    assert "immutable_changes" in change.hint


def test_replicas_that_left_the_manifest_keep_their_live_value(engines, ns, kubectl):
    """Without a word on replicas the live number stays, though leaving it out of an apply would reset it to 1."""
    engines().apply([resource(deployment(ns, replicas=3))])
    engine = engines()
    plan = engine.plan([resource(deployment(ns, replicas=None))])
    assert (only(plan).release, only(plan).patch) == ((".spec.replicas",), ())
    engine.runner().run(plan)
    assert live(kubectl, deployment(ns))["spec"]["replicas"] == 3
    again = engines()
    assert kinds(again.apply([resource(deployment(ns, replicas=None))])) == {"unchanged": 1}
    assert again.requests() == {**DISCOVERY, "get": 1}

    assert kinds(engines().apply([resource(deployment(ns, replicas=2))])) == {"updated": 1}  # and ours once more
    assert live(kubectl, deployment(ns))["spec"]["replicas"] == 2


def test_an_ignored_field_keeps_what_others_make_of_it(engines, ns, kubectl):
    """After somebody scaled it, a Deployment whose replicas are ignored is unchanged, for no more than a look."""
    wanted = resource(deployment(ns, replicas=1), policy=ResourcePolicy(ignored=("^/spec/replicas",)))
    engines().apply([wanted])
    kubectl("scale", "deployment", "web", "-n", ns, "--replicas=2")
    engine = engines()
    assert kinds(engine.apply([wanted])) == {"unchanged": 1}
    assert engine.requests() == {**DISCOVERY, "get": 1}
    assert live(kubectl, wanted.manifest)["spec"]["replicas"] == 2


def test_an_object_of_client_side_apply_is_taken_over(engines, ns, kubectl):
    """What kubectl applied and the manifest dropped is shown in the plan and goes; the next run sends nothing."""
    kubectl("apply", "-f", "-", stdin=json.dumps(config(ns, a="1", b="2")))
    engine = engines()
    plan = engine.plan([resource(config(ns, a="3"))])
    change = only(plan)
    assert change.take_over == ("kubectl-client-side-apply (Update)",)
    assert paths(change) == {"/data/a": "replace", "/data/b": "remove", "/metadata/annotations": "remove"}
    assert kinds(engine.runner().run(plan)) == {"updated": 1}
    after = live(kubectl, config(ns))
    assert after["data"] == {"a": "3"}
    assert "annotations" not in after["metadata"]
    assert [entry["manager"] for entry in after["metadata"]["managedFields"]] == ["kubernator"]
    again = engines()
    assert kinds(again.apply([resource(config(ns, a="3"))])) == {"unchanged": 1}
    assert again.requests() == {**DISCOVERY, "get": 1}


def test_an_object_of_the_reference_is_taken_over(engines, ns, kubectl):
    """Objects made by POST under our own name lose what the manifest no longer says, but not their replicas."""
    old = deployment(ns, replicas=4)
    old["metadata"]["labels"] = {"old": "yes"}
    old["spec"]["template"]["spec"]["containers"].append({"name": "old", "image": "old:1"})
    kubectl("create", "--field-manager=kubernator", "-f", "-", stdin=json.dumps(old))
    wanted = deployment(ns, replicas=None)
    engine = engines()
    plan = engine.plan([resource(wanted)])
    change = only(plan)
    assert change.take_over == ("kubernator (Update)",)
    assert change.release == (".spec.replicas",)
    assert paths(change) == {"/metadata/labels": "remove", "/spec/template/spec/containers/1": "remove"}
    report = engine.runner().run(plan)
    assert kinds(report) == {"updated": 1}
    after = live(kubectl, wanted)
    assert after["spec"]["replicas"] == 4
    assert [container["name"] for container in after["spec"]["template"]["spec"]["containers"]] == ["web"]
    assert "labels" not in after["metadata"]
    again = engines()
    assert kinds(again.apply([resource(wanted)])) == {"unchanged": 1}
    assert again.requests() == {**DISCOVERY, "get": 1}


@pytest.mark.parametrize(
    "manifest",
    [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80}]},
        },
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "spec": {
                "suspend": True,
                "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        },
        {"apiVersion": "v1", "kind": "ServiceAccount"},
        {"apiVersion": "v1", "kind": "Secret", "stringData": {"password": "hunter22"}},
    ],
    ids=lambda manifest: manifest["kind"],
)
def test_what_the_reference_made_is_taken_over_without_a_change(engines, ns, kubectl, manifest):
    """Values that the server chose (addresses, labels, defaults) are in the old entry and survive the take-over."""
    manifest = {**manifest, "metadata": {"name": "old", "namespace": ns}}
    kubectl("create", "--field-manager=kubernator", "-f", "-", stdin=json.dumps(manifest))
    before = live(kubectl, manifest)
    engine = engines()
    plan = engine.plan([resource(manifest)])
    assert paths(only(plan)) == {}
    assert not engine.runner().run(plan).failed
    after = live(kubectl, manifest)
    assert before.get("spec") == after.get("spec")
    again = engines()
    assert kinds(again.apply([resource(manifest)])) == {"unchanged": 1}
    assert again.requests() == {**DISCOVERY, "get": 1}


def test_merge_instructions_take_away_what_others_put_there(engines, ns, kubectl):
    """A key of another manager goes by a second write, once."""
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(config(ns, theirs="x")))
    wanted = config(ns, ours="1")
    wanted["data"]["$patch"] = "replace"
    engine = engines()
    plan = engine.plan([resource(wanted)])
    assert paths(only(plan)) == {"/data/ours": "add", "/data/theirs": "remove"}
    assert kinds(engine.runner().run(plan)) == {"updated": 1}
    assert engine.requests() == {**DISCOVERY, "get": 1, "dry-run": 1, "apply": 1, "patch": 1}
    assert live(kubectl, wanted)["data"] == {"ours": "1"}
    again = engines()
    assert kinds(again.apply([resource(wanted)])) == {"unchanged": 1}
    assert again.requests() == {**DISCOVERY, "get": 1}


def test_a_pod_is_not_refused_for_want_of_an_account_that_comes_with_it(engines, ns):
    """A create that needs another create of the same run is put off instead of refused."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": ns}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one", "namespace": ns},
        "spec": {"serviceAccountName": "robot", "containers": [{"name": "main", "image": "nginx"}]},
    }
    engine = engines()
    plan = engine.plan([resource(account)], [resource(pod)])
    assert [(c.kind, c.deferred) for c in plan.changes] == [(ChangeKind.CREATE, False), (ChangeKind.CREATE, True)]
    assert kinds(engine.runner().run(plan)) == {"created": 2}


def generated(ns: str, count: int) -> list[Resource]:
    """Return mixed objects of ten kinds, as a generated tree has them."""
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    made = []
    for number in range(count):
        name = f"item-{number}"
        meta = {"name": name, "namespace": ns, "labels": {"app": name, "part": "x"}}
        match number % 10:
            case 0 | 1 | 2:
                body = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "x" * 500, "b": str(number)}}
            case 3:
                body = {"apiVersion": "v1", "kind": "Secret", "stringData": {"password": f"secret-{number}"}}
            case 4:
                body = {k: v for k, v in deployment(ns, name, replicas=0).items() if k != "metadata"}
            case 5:
                ports = [
                    {"name": "http", "port": 80, "targetPort": "http"},
                    {"name": "dns", "port": 53, "protocol": "UDP"},
                ]
                body = {"apiVersion": "v1", "kind": "Service", "spec": {"selector": {"app": name}, "ports": ports}}
            case 6:
                body = {"apiVersion": "v1", "kind": "ServiceAccount"}
            case 7:
                body = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": [rule]}
            case 8:
                body = {
                    "apiVersion": "rbac.authorization.k8s.io/v1",
                    "kind": "RoleBinding",
                    "roleRef": {"kind": "Role", "name": "x", "apiGroup": "rbac.authorization.k8s.io"},
                    "subjects": [
                        {"kind": "ServiceAccount", "name": "x", "namespace": ns},
                        {"kind": "User", "name": "u"},
                    ],
                }
            case _:
                ingress = [{"ports": [{"port": 80}], "from": [{"podSelector": {}}]}]
                body = {
                    "apiVersion": "networking.k8s.io/v1",
                    "kind": "NetworkPolicy",
                    "spec": {"podSelector": {"matchLabels": {"app": name}}, "ingress": ingress},
                }
        made.append(resource({**body, "metadata": meta}))
    return made


def test_a_second_run_over_300_objects_sends_a_list_a_kind_and_nothing_else(engines, namespace):
    """First run: one write an object. Second run: as many LISTs as kinds. One change: a dry run and a write more."""
    tree = generated(namespace, 300)
    phases = [Ordered("namespaces", [resource(namespace_of(namespace))], wait=True), Ordered("rest", tree)]
    first = engines()
    assert kinds(first.apply(*phases)) == {"created": 301}
    assert first.requests() == {**DISCOVERY, "get": 1, "dry-run": 1, "apply": 301}

    second = engines()
    assert kinds(second.apply(*phases)) == {"unchanged": 301}
    assert second.requests() == {**DISCOVERY, "get": 1, "list": 8}

    changed = replace(tree[0], manifest={**tree[0].manifest, "data": {"a": "new"}})
    third = engines()
    report = third.apply(phases[0], Ordered("rest", [changed, *tree[1:]]))
    assert kinds(report) == {"unchanged": 300, "updated": 1}
    assert third.requests() == {**DISCOVERY, "get": 1, "list": 8, "dry-run": 1, "apply": 1}


def spec_of(kind: str, spec: Any, *, version: str = "v1", **fields: Any) -> Any:
    return pytest.param({"apiVersion": version, "kind": kind, **({"spec": spec} if spec else {}), **fields}, id=kind)


def pod_spec(**fields: Any) -> dict[str, Any]:
    container = {"name": "c", "image": "i", **fields.pop("container", {})}
    return {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container], **fields}},
    }


FIELD = {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
LIMIT = {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "containerName": "c"}}}
TOKEN = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
CLAIM = {
    "metadata": {"name": "d"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}},
}
WEBHOOK = {
    "name": "a.example.com",
    "clientConfig": {"url": "https://127.0.0.1:1/x"},
    "rules": [{"apiGroups": ["none.example.com"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["x"]}],
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
}
RESOURCES = {"limits": {"cpu": "1000m", "memory": 1073741824}, "requests": {"cpu": 0.5, "memory": "0.5Gi"}}


@pytest.mark.parametrize(
    "manifest",
    [
        spec_of("Deployment", pod_spec(container={"resources": RESOURCES}), version="apps/v1"),
        spec_of("Deployment", pod_spec(container={"env": [FIELD, LIMIT]}), version="apps/v1"),
        spec_of("Deployment", pod_spec(container={"env": [], "args": [], "ports": []}), version="apps/v1"),
        spec_of("Deployment", pod_spec(container={"resources": {}, "securityContext": {}}), version="apps/v1"),
        spec_of("Deployment", pod_spec(hostNetwork=False, tolerations=[], nodeSelector={}), version="apps/v1"),
        spec_of("Deployment", pod_spec(volumes=[TOKEN], affinity={}), version="apps/v1"),
        spec_of(
            "Deployment", pod_spec(volumes=[{"name": "e", "emptyDir": {"sizeLimit": "1024Mi"}}]), version="apps/v1"
        ),
        spec_of("Deployment", {**pod_spec(), "replicas": 0, "minReadySeconds": 0, "paused": False}, version="apps/v1"),
        spec_of("StatefulSet", {**pod_spec(), "serviceName": "s", "volumeClaimTemplates": [CLAIM]}, version="apps/v1"),
        spec_of("Service", {"ports": [{"name": "a", "port": 53}, {"name": "b", "port": 53, "protocol": "UDP"}]}),
        spec_of("Service", {"selector": {}, "externalIPs": [], "ports": [{"port": 80, "targetPort": "http"}]}),
        spec_of(
            "NetworkPolicy", {"podSelector": {}, "ingress": [{"ports": [{"port": 1}]}]}, version="networking.k8s.io/v1"
        ),
        spec_of("NetworkPolicy", {"podSelector": {}, "ingress": []}, version="networking.k8s.io/v1"),
        spec_of("ConfigMap", None, data={"a": "1", "b": None}, immutable=False),
        spec_of("ConfigMap", None, data={}),
        spec_of("Secret", None, data={"a": "MQ=="}, stringData={"b": "2"}, type="Opaque"),
        spec_of("Secret", None, data={"a": None}),
        spec_of("Role", None, version="rbac.authorization.k8s.io/v1", rules=[]),
        spec_of("Role", None, version="rbac.authorization.k8s.io/v1", rules=None),
        spec_of("ResourceQuota", {"hard": {"pods": 10, "requests.cpu": "1000m"}}),
        spec_of("LimitRange", {"limits": [{"type": "Container", "max": {"cpu": "2000m"}}]}),
        spec_of("ServiceAccount", None),
        spec_of("PodDisruptionBudget", {"minAvailable": "25%", "selector": {}}, version="policy/v1"),
        spec_of(
            "HorizontalPodAutoscaler",
            {
                "maxReplicas": 3,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"},
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 5}},
                    }
                ],
            },
            version="autoscaling/v2",
        ),
        spec_of("ValidatingWebhookConfiguration", None, version="admissionregistration.k8s.io/v1", webhooks=[WEBHOOK]),
    ],
)
def test_the_proof_never_differs_from_the_server(engines, ns, manifest):
    """What is proven unchanged, the server calls unchanged; what is not costs a dry run and no write."""
    scoped = manifest["kind"] != "ValidatingWebhookConfiguration"
    metadata = {"name": ns, "creationTimestamp": None, "labels": {"a": "b"}, **({"namespace": ns} if scoped else {})}
    wanted = resource(
        {**manifest, "metadata": metadata, "status": {}} if scoped else {**manifest, "metadata": metadata}
    )
    first = engines().apply([wanted])
    assert [outcome.error or outcome.change.reason for outcome in first.failed] == []
    again = engines()
    plan = again.plan([wanted])
    assert (only(plan).reason, only(plan).kind) == ("", ChangeKind.UNCHANGED), only(plan).patch
    before = only(plan).live
    kind = again.cluster.kinds().get(wanted.gvk)
    body = canonical.wire(wanted.manifest, status=True)
    answer = again.cluster.apply(kind, body, manager="kubernator", dry_run=True, field_validation="Ignore").manifest
    for key in ("spec", "data", "rules", "webhooks"):
        assert before.get(key) == answer.get(key)


def test_most_kinds_are_decided_without_a_dry_run(engines, ns):
    """Of the generated tree nothing is left to the server; quantities, defaults and empty lists are known.

    Except an empty selector, which is dropped of a Service and stored of a claim.
    """
    tree = [
        resource({**manifest.values[0], "metadata": {"name": f"x-{at}", "namespace": ns}})
        for at, manifest in enumerate(test_the_proof_never_differs_from_the_server.pytestmark[0].args[1])
        if manifest.values[0]["kind"] not in {"ValidatingWebhookConfiguration", "LimitRange", "Service"}
    ]
    assert not engines().apply(tree).failed
    again = engines()
    assert {"unchanged": len(tree)} == kinds(again.apply(tree))
    assert "dry-run" not in again.requests()


def test_a_user_of_one_namespace_can_plan_and_apply(engines, ns, kubectl, kubeconfig, tmp_path):
    """Who may not list across the cluster is answered namespace by namespace."""
    other = f"{ns}-other"
    kubectl("create", "namespace", other)
    for name in (ns, other):
        kubectl("create", "rolebinding", "edit", "-n", name, "--clusterrole=edit", f"--serviceaccount={ns}:default")
    token = kubectl("create", "token", "default", "-n", ns).stdout.strip()
    view = json.loads(kubectl("config", "view", "--raw", "--flatten", "-o", "json").stdout)
    view["users"] = [{"name": user["name"], "user": {"token": token}} for user in view["users"]]
    limited = tmp_path / "kubeconfig"
    limited.write_text(json.dumps(view))
    tree = [resource(config(name, number, a="1")) for name in (ns, other) for number in "12"]
    engine = Engine(limited)
    assert kinds(engine.apply(tree)) == {"created": 4}
    assert engine.requests() == {**DISCOVERY, "list": 3, "dry-run": 4, "apply": 4}
    engine.close()
    engine = Engine(limited)
    change = only(engine.plan([resource(namespace_of(f"{ns}-new"))]))
    assert ChangeKind.REFUSED is change.kind
    assert "forbidden" in change.reason
    engine.close()


def test_a_claim_that_waits_for_its_first_consumer_is_not_waited_for(engines, ns, kubectl):
    """A volume that is bound when a Pod first uses it would be waited for in vain."""
    storage = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": ns},
        "provisioner": "example.com/none",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": ns},
        "spec": {**CLAIM["spec"], "storageClassName": ns},
    }
    report = engines().apply([resource(storage)], [resource(claim)], wait=True)
    assert {Status.CURRENT} == {result.status for result in report.statuses.values()}


def test_a_replacement_that_fails_after_all_puts_the_old_object_back(engines, ns, kubectl):
    """When the create is refused after the delete, what was there is made again."""
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once", "namespace": ns},
        "spec": {
            "suspend": True,
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox:1"}]}},
        },
    }
    engines().apply([resource(job)])
    job["spec"]["template"]["spec"]["containers"][0]["image"] = "busybox:2"
    engine = engines()
    plan = engine.plan([resource(job)])
    broken = {**only(plan).body, "metadata": {**only(plan).body["metadata"], "labels": {"x": "not a label!"}}}
    bad = replace(plan, phases=(replace(plan.phases[0], changes=(replace(only(plan), body=broken),)),))
    report = engine.runner().run(bad)
    assert kinds(report) == {"failed": 1}
    assert ("after", "the old object was deleted; it was put back as it was") in report.failed[0].error.detail
    assert live(kubectl, job)["spec"]["template"]["spec"]["containers"][0]["image"] == "busybox:1"


def test_deletions_come_last_and_only_hit_the_object_that_was_meant(engines, ns, kubectl):
    """A deletion carries uid and version; an object that was made anew is left alone."""
    engines().apply([resource(config(ns, "old", a="1")), resource(config(ns, "new", a="1"))])
    found = {name: live(kubectl, config(ns, name)) for name in ("old", "new")}
    template = next(iter(engines().plan([resource(config(ns, "old", a="1"))]).changes))
    doomed = [
        replace(
            template,
            kind=ChangeKind.DELETE,
            resource=None,
            ref=ResourceRef("", "ConfigMap", ns, name),
            uid=found[name]["metadata"]["uid"],
            resource_version=found[name]["metadata"]["resourceVersion"],
        )
        for name in ("old", "new")
    ]
    kubectl("delete", "configmap", "new", "-n", ns)
    kubectl("create", "configmap", "new", "-n", ns)
    engine = engines()
    plan = engine.planner.plan([Ordered("all", [resource(config(ns, "x", a="1"))])], deletions=doomed)
    assert [phase.name for phase in plan.phases] == ["all", "deletions"]
    assert kinds(engine.runner().run(plan)) == {"created": 1, "deleted": 1, "refused": 1}
    assert live(kubectl, config(ns, "old")) is None
    assert live(kubectl, config(ns, "new")) is not None


def corpus() -> list[Path]:
    """Return the directories of manifests that `KUBERNATOR_CORPUS` holds."""
    given = os.environ.get("KUBERNATOR_CORPUS")
    return sorted(path for path in Path(given).iterdir() if path.is_dir()) if given else []


def manifests(directory: Path, served: Any, ns: str) -> list[Resource]:
    """Read the objects below a directory, each once, with a namespace where one is needed."""
    found: dict[ResourceRef, Resource] = {}
    documents = [
        document.value
        for path in sorted(directory.rglob("*.yaml"))
        for document in yamldoc.parse(path.read_text(), origin=Origin(path=path), repeated="warn")
        if document.value and not document.value["metadata"].get("generateName")
    ]
    local = {
        document["spec"]["names"]["kind"]
        for document in documents
        if document["kind"] == "CustomResourceDefinition" and document["spec"]["scope"] == "Namespaced"
    }
    for document in documents:
        kind = served.preferred(ResourceRef.of(document).group_kind)
        if kind.namespaced if kind else document["kind"] in local:
            document["metadata"].setdefault("namespace", ns)
        found[ResourceRef.of(document)] = resource(document)
    names = (
        {ref.namespace for ref in found} - {ref.name for ref in found if ref.kind == "Namespace"} - {"", "default", ns}
    )
    return [*(resource(namespace_of(name)) for name in sorted(names)), *found.values()]


if corpus():  # only where somebody has manifests at hand

    @pytest.mark.parametrize("directory", [pytest.param(path, id=path.name) for path in corpus()])
    def test_real_manifests_are_decided_locally(engines, ns, directory):
        """Applied twice, the manifests of a public project cost nothing but looks the second time."""
        tree = manifests(directory, engines().cluster.kinds(), ns)
        first = [found for found in tree if found.ref.kind in {"Namespace", "CustomResourceDefinition"}]
        rest = [found for found in tree if found not in first and found.ref.kind != "Job"]  # some remove themselves
        phases = [Ordered("first", first, wait=True), Ordered("rest", rest)]
        assert not engines().apply(*phases).failed
        again = engines()
        assert kinds(again.apply(*phases)) == {"unchanged": len(first) + len(rest)}
        assert not again.requests().keys() & {"dry-run", "apply", "patch"}


def test_what_was_written_is_reported_in_plan_order(engines, ns):
    """Outcomes stand where their changes stand in the plan, whatever ended first."""
    tree = [resource(config(ns, str(number), a="1")) for number in range(20)]
    report = engines().apply(tree)
    assert [found.ref for found in tree] == [outcome.change.ref for outcome in report.outcomes]
    assert Counter({OutcomeKind.CREATED: 20}) == Counter(outcome.kind for outcome in report.outcomes)


def test_what_a_plugin_is_going_to_bring_is_waited_for(engines, kubectl, namespace):
    """A namespace and a definition that a plugin makes before the resources put those off instead of refusing them."""
    group = f"{namespace}.example.com"
    brought = (namespace_of(namespace), definition(group))
    wanted = [resource(widget(group, namespace, size=3)), resource(config(namespace, "beside", a="1"))]
    planner = engines()
    assert {ChangeKind.REFUSED} == {change.kind for change in planner.plan(wanted).changes}
    installer = PluginChange(plugin="installer", title="install", detail={}, phase="before", brings=brought)
    plan = planner.planner.plan([Ordered("all", wanted)], [installer])
    assert [(change.kind, change.deferred) for change in plan.changes] == [(ChangeKind.CREATE, True)] * 2
    for manifest in brought:
        kubectl("apply", "--filename=-", stdin=json.dumps(manifest))
    report = planner.runner().run(plan)
    assert Counter({OutcomeKind.CREATED: 2}) == Counter(outcome.kind for outcome in report.outcomes)
    after = planner.planner.plan([Ordered("all", wanted)], [installer])
    assert {ChangeKind.UNCHANGED} == {change.kind for change in after.changes}
    kubectl("delete", "crd", f"widgets.{group}", "--wait=false")
