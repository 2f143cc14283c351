"""Fields that others own, decided field by field, and fields that are given up: on the real control plane."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sharing import applied_by, owners, patched_by, ruled, twice
from test_engine import config, deployment, kinds, live, only, paths, resource

from kubernator.model.change import ChangeKind
from kubernator.model.resource import ResourcePolicy
from kubernator.run import verdict

if TYPE_CHECKING:
    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

Manifest = dict[str, Any]


def container(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "image": f"{name}:1", **fields}


def pods(ns: str, *containers: dict[str, Any], replicas: int | None = 1) -> Manifest:
    """Return a Deployment of these containers."""
    manifest = deployment(ns, replicas=replicas)
    manifest["spec"]["template"]["spec"]["containers"] = list(containers)
    return manifest


def containers_of(kubectl: Kubectl, manifest: Manifest) -> dict[str, Any]:
    found = live(kubectl, manifest)
    assert found is not None
    return {item["name"]: item for item in found["spec"]["template"]["spec"]["containers"]}


def test_a_rule_takes_a_field_and_leaves_the_rest_refused(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """Only the field that the rule names is taken; the plan says whose it was."""
    applied_by(kubectl, "other", config(ns, a="theirs", b="theirs"))
    wanted = config(ns, a="ours", b="ours")
    change = only(engines().plan([ruled(wanted, "take /data/a")]))
    assert ChangeKind.REFUSED is change.kind
    assert [(found.field, found.manager) for found in change.conflicts] == [(".data.b", "other")]
    assert any(label == "would take" and ".data.a" in text for label, text in change.detail)

    change = twice(engines, ruled(wanted, "take /data"))
    assert [(found.field, found.manager, found.rule) for found in change.conflicts] == [
        (".data.a", "other", "the test"),
        (".data.b", "other", "the test"),
    ]
    assert live(kubectl, wanted)["data"] == {"a": "ours", "b": "ours"}


def test_a_field_that_is_left_keeps_its_value_and_is_not_ours(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """We neither send nor own it, whether the values differ or not, and the plan says what was left to whom."""
    applied_by(kubectl, "other", config(ns, a="theirs", b="same"))
    wanted = ruled(config(ns, a="ours", b="same", c="ours"), "leave /data from other")
    change = twice(engines, wanted)
    assert paths(change) == {"/data/c": "add"}
    assert [(found.field, found.manager) for found in change.left] == [(".data.a", "other")]
    assert change.left[0].time
    assert owners(kubectl, wanted.manifest)["kubernator"] == {"f:data": {"f:c": {}}}

    applied_by(kubectl, "other", config(ns, a="newer", b="newer"))  # asks nobody
    change = twice(engines, wanted)
    assert change.kind is ChangeKind.UNCHANGED
    assert [found.field for found in change.left] == [".data.a", ".data.b"]


def test_taken_left_and_refused_in_one_object(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """As long as one field is refused nothing is written; without it each goes its way."""
    applied_by(kubectl, "other", config(ns, a="1", b="1", c="1"))
    wanted = config(ns, a="2", b="2", c="2")
    engine = engines()
    report = engine.apply([ruled(wanted, "take /data/a", "leave /data/b")])
    assert kinds(report) == {"refused": 1}
    assert [found.field for found in report.outcomes[0].change.conflicts] == [".data.c"]
    assert live(kubectl, wanted)["data"] == {"a": "1", "b": "1", "c": "1"}

    forced = twice(engines, ruled(wanted, "take /data/a", "leave /data/b"), force_conflicts=True)
    assert [found.field for found in forced.conflicts] == [".data.a", ".data.c"]
    assert live(kubectl, wanted)["data"] == {"a": "2", "b": "1", "c": "2"}


def test_force_does_not_take_what_a_rule_refuses(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """`--force-conflicts` is for fields of which no rule speaks."""
    applied_by(kubectl, "other", config(ns, a="1"))
    plan = engines(force_conflicts=True).plan([ruled(config(ns, a="2"), "refuse /data from other")])
    change, error = only(plan), verdict.of_plan(plan)
    assert ChangeKind.REFUSED is change.kind
    assert "the test" in dict(change.detail)["conflict"]
    assert error is not None
    assert "--force" not in change.hint + error.hint
    assert "rules named above" in error.hint


def test_the_last_rule_that_matches_counts(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A later rule is an exception from an earlier one."""
    applied_by(kubectl, "other", config(ns, a="1", b="1"))
    twice(engines, ruled(config(ns, a="2", b="2"), "leave", "take /data/b"))
    assert live(kubectl, config(ns))["data"] == {"a": "1", "b": "2"}


def test_an_autoscaler_keeps_the_replicas_that_are_left_to_it(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """The manifest's number holds until somebody scales; then theirs does, for no dry run."""
    wanted = ruled(deployment(ns, replicas=2), "leave /spec/replicas")
    twice(engines, wanted)
    assert live(kubectl, wanted.manifest)["spec"]["replicas"] == 2
    kubectl("scale", "deployment", "web", "-n", ns, "--replicas=5")
    change = twice(engines, wanted)
    assert [found.manager for found in change.left] == ["kubectl"]
    kubectl("scale", "deployment", "web", "-n", ns, "--replicas=7")
    twice(engines, wanted)
    assert live(kubectl, wanted.manifest)["spec"]["replicas"] == 7

    change = only(engines().plan([resource(wanted.manifest)]))  # the rule is gone
    assert ChangeKind.REFUSED is change.kind
    assert [found.field for found in change.conflicts] == [".spec.replicas"]


def test_a_field_inside_an_item_of_a_list_map_is_left(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """The item stays ours, the field in it does not; the item is named by its key."""
    ours = pods(ns, container("first"), container("web", env=[{"name": "A", "value": "ours"}]))
    twice(engines, resource(ours))
    theirs = pods(ns, {"name": "web", "image": "web:9", "env": [{"name": "A", "value": "theirs"}]}, replicas=None)
    applied_by(kubectl, "other", theirs, force=True)
    wanted = ruled(
        ours,
        "leave /spec/template/spec/containers/name=web/image from other",
        "take /spec/template/spec/containers/name=web/env/name=A",
    )
    change = twice(engines, wanted)
    assert [found.field for found in change.left] == ['.spec.template.spec.containers[name="web"].image']
    after = containers_of(kubectl, ours)["web"]
    assert (after["image"], after["env"]) == ("web:9", [{"name": "A", "value": "ours"}])


def test_a_whole_item_of_a_list_map_is_left(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """When everything in an item is left, the item is not ours either and goes when the other drops it."""
    other = pods(ns, container("web"), container("proxy", args=["theirs"]))
    applied_by(kubectl, "injector", other)
    wanted = ruled(
        pods(ns, container("web"), container("proxy", args=["ours"])),
        "leave /spec/template/spec/containers/name=proxy",
    )
    twice(engines, wanted)
    assert "proxy" not in json.dumps(owners(kubectl, other)["kubernator"])
    applied_by(kubectl, "injector", pods(ns, container("web")))
    assert "proxy" not in containers_of(kubectl, other)


@pytest.mark.parametrize(
    ("field", "ours", "theirs"),
    [
        pytest.param("args", ["ours"], ["theirs", "more"], id="an atomic list"),
        pytest.param("command", ["ours"], ["ours", "and theirs"], id="an atomic list that begins alike"),
    ],
)
def test_what_is_owned_as_a_whole_is_left_as_a_whole(
    engines: Any, ns: str, kubectl: Kubectl, *, field: str, ours: list[str], theirs: list[str]
) -> None:
    """An atomic list belongs to one manager at a time."""
    twice(engines, resource(pods(ns, container("web", **{field: ours}))))
    applied_by(kubectl, "other", pods(ns, container("web", **{field: theirs}), replicas=None), force=True)
    wanted = ruled(pods(ns, container("web", **{field: ours})), f"leave /spec/template/spec/containers/0/{field}")
    twice(engines, wanted)
    assert containers_of(kubectl, wanted.manifest)["web"][field] == theirs


def test_an_atomic_map_is_left_as_a_whole(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A node selector is one value to the server."""
    ours = pods(ns, container("web"))
    ours["spec"]["template"]["spec"]["nodeSelector"] = {"zone": "a"}
    theirs = pods(ns, container("web"))
    theirs["spec"]["template"]["spec"]["nodeSelector"] = {"zone": "b", "disk": "fast"}
    applied_by(kubectl, "other", theirs)
    twice(engines, ruled(ours, "leave /spec/template/spec/nodeSelector"))
    assert live(kubectl, ours)["spec"]["template"]["spec"]["nodeSelector"] == {"zone": "b", "disk": "fast"}


def test_annotations_that_a_controller_writes_are_left(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """Keys with dots and slashes are named as they are written."""
    wanted = config(ns, a="1")
    wanted["metadata"]["annotations"] = {"cert-manager.io/hash": "none", "ours": "1"}
    twice(engines, resource(wanted))
    patched_by(kubectl, "controller", wanted, {"metadata": {"annotations": {"cert-manager.io/hash": "abc"}}})
    change = only(engines().plan([resource(wanted)]))
    assert ChangeKind.REFUSED is change.kind
    twice(engines, ruled(wanted, "leave /metadata/annotations/cert-manager.io/hash from control*"))
    assert live(kubectl, wanted)["metadata"]["annotations"] == {"cert-manager.io/hash": "abc", "ours": "1"}


def test_a_field_owned_in_another_version_cannot_be_left(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """The server names it as the other version calls it, so nobody knows what of ours it is; taking it works."""

    def scaler(version: str, **spec: Any) -> Manifest:
        return {
            "apiVersion": f"autoscaling/{version}",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": ns},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "maxReplicas": 5,
                **spec,
            },
        }

    applied_by(kubectl, "other", scaler("v1", targetCPUUtilizationPercentage=50))
    target = {"type": "Utilization", "averageUtilization": 80}
    ours = scaler("v2", metrics=[{"type": "Resource", "resource": {"name": "cpu", "target": target}}])
    change = only(engines().plan([ruled(ours, "leave /spec from other")]))
    assert [found.field for found in change.conflicts] == [".spec.targetCPUUtilizationPercentage"]
    twice(engines, ruled(ours, "take /spec/targetCPU from other"))


# --- given up ---------------------------------------------------------------------------------------------------------


def test_an_ignored_field_in_a_list_map_is_named_by_key(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """The place of an item changes when somebody puts another in front; its name does not."""
    policy = ResourcePolicy(ignored=("^/spec/template/spec/containers/name=web/image",))
    wanted = resource(pods(ns, container("first"), container("web")), policy=policy)
    twice(engines, wanted)
    image = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}}}
    patched_by(kubectl, "updater", wanted.manifest, image, kind="strategic")
    twice(engines, wanted)
    assert containers_of(kubectl, wanted.manifest)["web"]["image"] == "web:2"


def test_a_field_given_up_is_taken_back_when_nobody_else_has_it(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """Replicas that left the manifest and come back are no conflict, unless somebody else scaled meanwhile."""
    twice(engines, resource(deployment(ns, replicas=3)))
    twice(engines, resource(deployment(ns, replicas=None)))
    assert live(kubectl, deployment(ns))["spec"]["replicas"] == 3
    twice(engines, resource(deployment(ns, replicas=2)))
    twice(engines, resource(deployment(ns, replicas=None)))
    kubectl("scale", "deployment", "web", "-n", ns, "--replicas=6")
    twice(engines, resource(deployment(ns, replicas=None)))
    assert live(kubectl, deployment(ns))["spec"]["replicas"] == 6
    change = only(engines().plan([resource(deployment(ns, replicas=2))]))
    assert [found.manager for found in change.conflicts] == ["kubectl"]


def test_an_item_goes_with_what_was_given_up_in_it(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A container whose image was given up once disappears when the manifest drops it."""
    policy = ResourcePolicy(ignored=("^/spec/template/spec/containers/name=side/image",))
    first = pods(ns, container("web"), container("side", image="side:1"))
    twice(engines, resource(first))
    twice(engines, resource(pods(ns, container("web"), container("side", image="side:2")), policy=policy))
    assert containers_of(kubectl, first)["side"]["image"] == "side:1"
    assert "side" in json.dumps(owners(kubectl, first)["kubernator-released"])
    engine = engines()
    plan = engine.plan([resource(pods(ns, container("web")), policy=policy)])
    assert paths(only(plan)) == {"/spec/template/spec/containers/1": "remove"}
    assert kinds(engine.runner().run(plan)) == {"updated": 1}
    assert set(containers_of(kubectl, first)) == {"web"}
    twice(engines, resource(pods(ns, container("web")), policy=policy))


def test_a_sidecar_and_a_variable_that_others_inject_stay(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """What another manager adds needs no rule, survives our changes, and costs no dry run."""
    wanted = pods(ns, container("web", env=[{"name": "A", "value": "1"}]))
    twice(engines, resource(wanted))
    injected = {
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {"name": "proxy", "image": "proxy:1"},
                        {"name": "web", "env": [{"name": "POD", "value": "x"}]},
                    ]
                }
            }
        }
    }
    patched_by(kubectl, "injector", wanted, injected, kind="strategic")
    twice(engines, resource(wanted))
    wanted["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    twice(engines, resource(wanted))
    after = containers_of(kubectl, wanted)
    assert set(after) == {"proxy", "web"}
    assert (after["web"]["image"], {found["name"] for found in after["web"]["env"]}) == ("web:2", {"A", "POD"})


def test_an_injected_certificate_stays(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A `caBundle` that is not in the manifest is the injector's; one that is, is left by a rule."""

    def hook(**client: Any) -> Manifest:
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": ns},
            "webhooks": [
                {
                    "name": "x.example.com",
                    "admissionReviewVersions": ["v1"],
                    "sideEffects": "None",
                    "failurePolicy": "Ignore",
                    "namespaceSelector": {"matchLabels": {"nobody": "ever"}},
                    "clientConfig": {"service": {"namespace": ns, "name": "x"}, **client},
                }
            ],
        }

    try:
        twice(engines, resource(hook()))
        bundle = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "QUJD"}]
        patched_by(kubectl, "cainjector", hook(), bundle, kind="json")
        twice(engines, resource(hook()))
        rule = "leave /webhooks/name=x.example.com/clientConfig/caBundle from cainjector"
        twice(engines, ruled(hook(caBundle="Cg=="), rule))
        found = live(kubectl, hook())
        assert found["webhooks"][0]["clientConfig"]["caBundle"] == "QUJD"
        change = only(engines().plan([resource(hook(caBundle="Cg=="))]))
        assert "cert-manager" in json.dumps(change.detail)
    finally:
        kubectl("delete", "validatingwebhookconfiguration", ns)
