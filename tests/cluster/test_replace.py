"""Objects that are deleted and made anew: with consent, after proof, and never half: on the real control plane."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sharing import applied_by, owners, twice
from test_engine import config, deployment, kinds, live, only, resource

from kubernator.model.change import ChangeKind
from kubernator.model.outcome import Halfway, OutcomeKind
from kubernator.model.resource import BACKGROUND, FOREGROUND, ORPHAN, ResourcePolicy
from kubernator.run import verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from test_engine import Engine

    from kubernator.model.resource import Resource
    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

Manifest = dict[str, Any]


def object_of(ns: str, api_version: str, kind: str, **fields: Any) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "namespace": ns}, **fields}


def service(ns: str, name: str = "x", **spec: Any) -> Manifest:
    found = object_of(ns, "v1", "Service", spec={"ports": [{"port": 80}], **spec})
    found["metadata"]["name"] = name
    return found


def claim(ns: str, **spec: Any) -> Manifest:
    asked = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "none",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    return object_of(ns, "v1", "PersistentVolumeClaim", spec={**asked, **spec})


def job(ns: str, image: str = "busybox:1") -> Manifest:
    containers = [{"name": "main", "image": image}]
    spec = {"suspend": True, "template": {"spec": {"restartPolicy": "Never", "containers": containers}}}
    return object_of(ns, "batch/v1", "Job", spec=spec)


def binding(ns: str, role: str) -> Manifest:
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}
    return object_of(ns, "rbac.authorization.k8s.io/v1", "RoleBinding", roleRef=ref)


def agreed(manifest: Manifest, how: str = BACKGROUND, **policy: Any) -> Resource:
    """Return a resource whose annotation says how it may be replaced."""
    return resource(manifest, policy=ResourcePolicy(replace=how, **policy))


def secret(ns: str, kind: str) -> Manifest:
    return object_of(ns, "v1", "Secret", type=kind, data={"username": "YQ==", "password": "YQ=="})


CHANGES = [
    pytest.param(claim, lambda ns: claim(ns, accessModes=["ReadWriteMany"]), "the volume", id="claim"),
    pytest.param(service, lambda ns: service(ns, clusterIP="None"), "its address", id="address of a service"),
    pytest.param(lambda ns: binding(ns, "a"), lambda ns: binding(ns, "b"), "", id="role of a binding"),
    pytest.param(
        lambda ns: object_of(ns, "v1", "ConfigMap", data={"a": "1"}, immutable=True),
        lambda ns: object_of(ns, "v1", "ConfigMap", data={"a": "2"}, immutable=True),
        "",
        id="immutable ConfigMap",
    ),
    pytest.param(
        lambda ns: secret(ns, "Opaque"), lambda ns: secret(ns, "kubernetes.io/basic-auth"), "", id="type of a secret"
    ),
]


@pytest.mark.parametrize(("before", "after", "lost"), CHANGES)
def test_without_consent_the_refusal_says_what_to_write(
    engines: Any, ns: str, kubectl: Kubectl, *, before: Any, after: Any, lost: str
) -> None:
    """What would be lost stands beside the two ways to agree, and with either the object is made anew."""
    twice(engines, resource(before(ns)))
    uid = live(kubectl, before(ns))["metadata"]["uid"]
    wanted = after(ns)
    group, kind = wanted["apiVersion"].rpartition("/")[0] or None, wanted["kind"]
    refused = only(engines().plan([resource(wanted)]))
    assert ChangeKind.REFUSED is refused.kind
    assert lost in dict(refused.detail).get("would be lost", "")
    assert "kubernator.io/replace: Background" in refused.hint
    assert f'ktor.k8s.immutable_changes[{(group, kind)!r}] = "Background"' in refused.hint
    assert "not replaced" in dict(only(engines().plan([agreed(wanted, "Never")])).detail)

    policy = ResourcePolicy(immutable_changes={(group or "", kind): BACKGROUND})
    assert ChangeKind.REPLACE is only(engines().plan([resource(wanted, policy=policy)])).kind
    change = twice(engines, agreed(wanted))
    assert ChangeKind.REPLACE is change.kind
    assert lost in dict(change.detail).get("lost", "")
    assert uid != live(kubectl, wanted)["metadata"]["uid"]


def test_never_goes_before_the_table(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A Job is in the table; its own word is heard first."""
    twice(engines, resource(job(ns)))
    kubectl("wait", "--for=condition=Suspended", "job/x", "-n", ns, "--timeout=60s")
    change = only(engines().plan([agreed(job(ns, "busybox:2"), "Never")]))
    assert ChangeKind.REFUSED is change.kind


def test_an_own_node_port_is_no_obstacle(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A create is refused for the very port that the delete frees; the port of another Service is not free."""
    first = service(ns, type="NodePort")
    twice(engines, resource(first))
    port = live(kubectl, first)["spec"]["ports"][0]["nodePort"]
    address = live(kubectl, first)["spec"]["clusterIP"]
    wanted = service(ns, type="NodePort", clusterIP=other_address(address), ports=[{"port": 80, "nodePort": port}])
    change = twice(engines, agreed(wanted))
    assert ChangeKind.REPLACE is change.kind
    assert live(kubectl, wanted)["spec"]["ports"][0]["nodePort"] == port

    twice(engines, resource(service(ns, "other", type="NodePort")))
    taken = live(kubectl, service(ns, "other"))["spec"]["ports"][0]["nodePort"]
    wanted = service(ns, type="NodePort", clusterIP=address, ports=[{"port": 80, "nodePort": taken}])
    change = only(engines().plan([agreed(wanted)]))
    assert ChangeKind.REFUSED is change.kind
    assert "already allocated" in json.dumps([change.reason, change.detail])


def other_address(address: str) -> str:
    """Return another address of the same range, high up where nobody is."""
    head = address.split(".")[:3]
    return ".".join([*head, "213" if not address.endswith(".213") else "214"])


def test_an_address_of_another_service_is_seen_before_the_delete(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A dry run does not notice; a LIST does."""
    twice(engines, resource(service(ns)))
    twice(engines, resource(service(ns, "other")))
    taken = live(kubectl, service(ns, "other"))["spec"]["clusterIP"]
    before = live(kubectl, service(ns))["metadata"]["uid"]
    change = only(engines().plan([agreed(service(ns, clusterIP=taken))]))
    assert ChangeKind.REFUSED is change.kind
    assert f"`{ns}/other`" in change.reason
    assert before == live(kubectl, service(ns))["metadata"]["uid"]


@pytest.mark.parametrize(
    ("hard", "expected"),
    [
        pytest.param({"persistentvolumeclaims": "1"}, ChangeKind.REPLACE, id="counted by kind"),
        pytest.param({"count/persistentvolumeclaims": "1"}, ChangeKind.REPLACE, id="counted"),
        pytest.param({"requests.storage": "1Gi"}, ChangeKind.REPLACE, id="storage"),
        pytest.param(
            {"none.storageclass.storage.k8s.io/requests.storage": "1Gi"}, ChangeKind.REPLACE, id="storage of the class"
        ),
    ],
)
def test_a_full_quota_is_no_obstacle_where_the_delete_makes_room(
    engines: Any, ns: str, kubectl: Kubectl, hard: dict[str, str], expected: ChangeKind
) -> None:
    """The server counts the old object; it goes first, and the create waits until that has been noticed."""
    twice(engines, resource(claim(ns)))
    quota = object_of(ns, "v1", "ResourceQuota", spec={"hard": hard})
    kubectl("create", "-f", "-", stdin=json.dumps(quota))
    (name,) = hard
    counted = name.replace(".", r"\.")
    kubectl("wait", f"--for=jsonpath={{.status.used.{counted}}}={hard[name]}", "quota/x", "-n", ns, "--timeout=60s")
    change = twice(engines, agreed(claim(ns, accessModes=["ReadWriteMany"])))
    assert expected is change.kind


def test_a_quota_that_stays_full_is_said(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """More than the old object frees is not there."""
    twice(engines, resource(claim(ns)))
    quota = object_of(ns, "v1", "ResourceQuota", spec={"hard": {"requests.storage": "1Gi"}})
    kubectl("create", "-f", "-", stdin=json.dumps(quota))
    used = r"--for=jsonpath={.status.used.requests\.storage}=1Gi"
    kubectl("wait", used, "quota/x", "-n", ns, "--timeout=60s")
    more = {"requests": {"storage": "2Gi"}}
    change = only(engines().plan([agreed(claim(ns, accessModes=["ReadWriteMany"], resources=more))]))
    assert ChangeKind.REFUSED is change.kind
    assert "no room" in change.reason


def held(manifest: Manifest) -> Manifest:
    """Return an object with a finalizer that nobody takes away."""
    return {**manifest, "metadata": {**manifest["metadata"], "finalizers": ["example.com/held"]}}


def let_go(kubectl: Kubectl, manifest: Manifest) -> None:
    patch = [{"op": "remove", "path": "/metadata/finalizers"}]
    kubectl(
        "patch",
        manifest["kind"],
        manifest["metadata"]["name"],
        "-n",
        manifest["metadata"]["namespace"],
        "--type=json",
        "-p",
        json.dumps(patch),
    )


def when_going(engine: Engine, then: Callable[[], object]) -> None:
    """Call something once the engine has told an object to go."""
    delete = engine.cluster.delete

    def deleting(*args: Any, **options: Any) -> Any:
        answer = delete(*args, **options)
        threading.Thread(target=then).start()
        return answer

    engine.cluster.delete = deleting  # type: ignore[method-assign]


def test_an_interrupt_is_heard_while_the_old_object_goes(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A finalizer may hold it for ever; the report says how it stands, and a later run makes the new one."""
    first = held(config(ns, "x", a="1"))
    first["immutable"] = True
    twice(engines, resource(first))
    wanted = agreed({**held(config(ns, "x", a="2")), "immutable": True})
    engine = engines()
    plan = engine.plan([wanted])
    when_going(engine, engine.stop.set)
    report = engine.runner().run(plan)
    assert report.interrupted
    (failed,) = report.failed
    assert ("held by", "finalizer `example.com/held`") in failed.error.detail
    assert "still there" in dict(failed.error.detail)["after"]
    assert Halfway.DELETING is failed.halfway
    assert verdict.of_report(report).title == "interrupted, 0 of 1 changes were made, 1 in part"
    assert "being deleted" in only(engines().plan([wanted])).reason

    let_go(kubectl, first)
    assert kinds(engines().apply([wanted])) == {"created": 1}
    assert live(kubectl, first)["data"] == {"a": "2"}
    let_go(kubectl, first)


def test_an_object_that_takes_its_time_is_waited_for(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """The create comes as soon as the last finalizer is gone."""
    first = held(config(ns, "x", a="1"))
    first["immutable"] = True
    twice(engines, resource(first))
    engine = engines()
    plan = engine.plan([agreed({**config(ns, "x", a="2"), "immutable": True})])
    when_going(engine, lambda: let_go(kubectl, first))
    assert kinds(engine.runner().run(plan)) == {"replaced": 1}
    assert live(kubectl, first)["data"] == {"a": "2"}


@pytest.mark.parametrize("how", [FOREGROUND, ORPHAN, BACKGROUND])
def test_what_becomes_of_dependents(engines: Any, ns: str, kubectl: Kubectl, how: str) -> None:
    """In the foreground the Pods go before their Deployment, orphaned ones live on and are adopted again."""
    wanted = deployment(ns)
    twice(engines, resource(wanted))
    kubectl("wait", "--for=jsonpath={.status.replicas}=1", "deployment/web", "-n", ns, "--timeout=60s")
    selected = ("get", "pods", "-n", ns, "-l", "app=web", "-o", "jsonpath={.items[*].metadata.uid}")
    before = kubectl(*selected).stdout
    wanted["spec"]["selector"]["matchLabels"]["tier"] = "front"
    wanted["spec"]["template"]["metadata"]["labels"]["tier"] = "front"
    change = twice(engines, agreed(wanted, how))
    assert (ChangeKind.REPLACE, how) == (change.kind, change.propagation)
    assert ("lost" in dict(change.detail)) is (how != ORPHAN)
    if how == ORPHAN:
        assert set(before.split()) <= set(kubectl(*selected).stdout.split())


def test_a_run_that_is_killed_between_delete_and_create_is_mended(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """The second run finds nothing there and makes it."""
    twice(engines, resource(job(ns)))
    kubectl("wait", "--for=condition=Suspended", "job/x", "-n", ns, "--timeout=60s")
    engine = engines()
    plan = engine.plan([resource(job(ns, "busybox:2"))])

    def killed(*_: Any, **__: Any) -> Any:
        raise SystemExit

    engine.cluster.list = killed  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        engine.runner().run(plan)
    kubectl("wait", "--for=delete", "job/x", "-n", ns, "--timeout=60s")
    assert kinds(engines().apply([resource(job(ns, "busybox:2"))])) == {"created": 1}


def test_what_is_put_back_is_as_it_was_last_seen(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """What somebody wrote while the old object was going is kept, and so is who owns what."""
    first = held(config(ns, "x", a="1"))
    first["immutable"] = True
    twice(engines, resource(first))
    engine = engines()
    plan = engine.plan([agreed({**config(ns, "x", a="2"), "immutable": True})])
    change = only(plan)
    broken = {**change.body, "metadata": {**change.body["metadata"], "labels": {"x": "not a label!"}}}
    bad = replace(plan, phases=(replace(plan.phases[0], changes=(replace(change, body=broken),)),))

    def last_word() -> None:
        kubectl("label", "configmap", "x", "-n", ns, "last=word", "--field-manager=other")
        let_go(kubectl, first)

    when_going(engine, last_word)
    report = engine.runner().run(bad)
    (failed,) = report.failed
    assert dict(failed.error.detail)["after"] == "the old object was deleted; it was put back as it was"
    assert Halfway.RESTORED is failed.halfway
    after = live(kubectl, first)
    assert (after["data"], after["metadata"]["labels"]) == ({"a": "1"}, {"last": "word"})
    assert {"kubernator", "other"} <= set(owners(kubectl, first))
    assert ChangeKind.UNCHANGED is only(engines().plan([resource(first)])).kind
    let_go(kubectl, first)


def test_who_is_faster_with_the_name_does_not_hide_that_the_old_object_is_gone(
    engines: Any, ns: str, kubectl: Kubectl
) -> None:
    """Somebody makes an object of the name in between: ours is not written, and the report says what was."""
    first = {**config(ns, "x", a="1"), "immutable": True}
    twice(engines, resource(first))
    engine = engines()
    plan = engine.plan([agreed({**config(ns, "x", a="2"), "immutable": True})])
    apply = engine.cluster.apply

    def late(*args: Any, **options: Any) -> Any:
        engine.cluster.apply = apply  # type: ignore[method-assign]
        kubectl("create", "configmap", "x", "-n", ns)
        return apply(*args, **options)

    engine.cluster.apply = late  # type: ignore[method-assign]
    (refused,) = engine.runner().run(plan).failed
    assert OutcomeKind.REFUSED is refused.kind
    assert dict(refused.error.detail)["after"] == "the old object was deleted; the new one was not made"
    assert Halfway.DELETED is refused.halfway


def test_the_proof_comes_before_the_delete(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A spec that the server would not take leaves the old object as it was, consent or not."""
    twice(engines, resource(claim(ns)))
    before = live(kubectl, claim(ns))["metadata"]["uid"]
    change = only(engines().plan([agreed(claim(ns, accessModes=["ReadWriteMany", "no such mode"]))]))
    assert ChangeKind.REFUSED is change.kind
    assert before == live(kubectl, claim(ns))["metadata"]["uid"]


def test_a_replacement_of_a_shared_object_is_not_for_free(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A conflict is found before the question comes up whether the object is replaced."""
    applied_by(kubectl, "other", binding(ns, "a"))
    change = only(engines().plan([agreed(binding(ns, "b"))]))
    assert ChangeKind.REFUSED is change.kind
    assert [found.manager for found in change.conflicts] == ["other"]
