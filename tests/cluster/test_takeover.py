"""Objects that others made before us: what goes, what stays, and that nothing restarts. On the real control plane."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from sharing import owners, patched_by, twice
from test_engine import config, deployment, kinds, live, only, paths, resource

from kubernator.model.change import ChangeKind

if TYPE_CHECKING:
    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

Manifest = dict[str, Any]
LABELS = {"kept": "yes", "dropped": "yes"}
POD = {
    "containers": [
        {"name": "c", "image": "i:1", "ports": [{"containerPort": 80}], "env": [{"name": "A", "value": "1"}]}
    ]
}


def template(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "x"}}, "spec": {**copy.deepcopy(POD), **spec}}


SELECTOR = {"matchLabels": {"app": "x"}}

#: Kind -> an object as `kubectl apply` gets it.
OBJECTS: dict[str, Manifest] = {
    "Service": {
        "apiVersion": "v1",
        "kind": "Service",
        "spec": {"type": "NodePort", "selector": {"app": "x"}, "ports": [{"port": 80, "name": "http"}]},
    },
    "headless Service": {
        "apiVersion": "v1",
        "kind": "Service",
        "spec": {"clusterIP": "None", "selector": {"app": "x"}, "ports": [{"port": 80}]},
    },
    "PersistentVolumeClaim": {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "none",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    },
    "Deployment": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {"replicas": 2, "selector": SELECTOR, "template": template()},
    },
    "StatefulSet": {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "spec": {
            "replicas": 1,
            "serviceName": "x",
            "selector": SELECTOR,
            "template": template(),
            "volumeClaimTemplates": [
                {
                    "metadata": {"name": "data"},
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
                }
            ],
        },
    },
    "DaemonSet": {"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"selector": SELECTOR, "template": template()}},
    "Job": {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "spec": {"suspend": True, "template": {"spec": {**POD, "restartPolicy": "Never"}}},
    },
    "CronJob": {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "spec": {
            "schedule": "0 0 1 1 *",
            "jobTemplate": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}},
        },
    },
    "ConfigMap": {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}},
    "Secret": {"apiVersion": "v1", "kind": "Secret", "stringData": {"password": "hunter22"}},
    "ServiceAccount": {"apiVersion": "v1", "kind": "ServiceAccount"},
    "Role": {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    },
    "RoleBinding": {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"},
        "subjects": [{"kind": "ServiceAccount", "name": "default"}],
    },
    "Ingress": {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "spec": {
            "rules": [
                {
                    "host": "a.example.com",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "x", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ]
        },
    },
    "NetworkPolicy": {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]},
    },
    "PodDisruptionBudget": {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "spec": {"maxUnavailable": 1, "selector": SELECTOR},
    },
    "HorizontalPodAutoscaler": {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "nobody"},
            "maxReplicas": 3,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                }
            ],
        },
    },
    "LimitRange": {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "500m"}}]},
    },
    "ResourceQuota": {"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": {"count/leases": "1"}}},
    "Pod": {"apiVersion": "v1", "kind": "Pod", "spec": POD},
    "CustomResourceDefinition": {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {
            "group": "GROUP",
            "names": {"kind": "Gadget", "plural": "gadgets"},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    },
    "MutatingWebhookConfiguration": {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "webhooks": [
            {
                "name": "x.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Ignore",
                "namespaceSelector": {"matchLabels": {"nobody": "ever"}},
                "clientConfig": {"service": {"namespace": "x", "name": "x"}},
            }
        ],
    },
}
CLUSTER_WIDE = {"CustomResourceDefinition", "MutatingWebhookConfiguration"}


def named(kind: str, ns: str) -> Manifest:
    manifest = json.loads(json.dumps(OBJECTS[kind]).replace("GROUP", f"{ns}.example.com"))
    name = f"gadgets.{ns}.example.com" if kind == "CustomResourceDefinition" else ns
    where = {} if kind in CLUSTER_WIDE else {"namespace": ns}
    return {**manifest, "metadata": {"name": name, **where, "labels": dict(LABELS)}}


def plain(found: Manifest | None) -> Manifest:
    """Return what of a live object must not change."""
    assert found is not None
    return {key: value for key, value in found.items() if key not in {"metadata", "status"}}


def revision(found: Manifest) -> Any:
    """Return what moves when something is rolled out; a Deployment's generation moves with annotations too."""
    metadata = found["metadata"]
    if found["kind"] == "Deployment":
        return metadata["annotations"]["deployment.kubernetes.io/revision"]
    return metadata.get("generation")


def test_metrics_that_are_dropped_go_at_first_contact(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """Of an autoscaler's metrics the server stores the processor's apart, and notes whoever writes as their owner.

    So the hand-over itself would keep them, as it does for kubectl: its apply says that it was done, and they stay.
    """
    target = {"type": "AverageValue", "averageValue": "64Mi"}
    metrics = [{"type": "Resource", "resource": {"name": name, "target": target}} for name in ("memory", "cpu")]

    def autoscaler(name: str, **spec: Any) -> Manifest:
        scaled = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}
        return {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": name, "namespace": ns},
            "spec": {"scaleTargetRef": scaled, "maxReplicas": 3, **spec},
        }

    for name in ("ours", "theirs"):
        kubectl("apply", "-f", "-", stdin=json.dumps(autoscaler(name, metrics=metrics)))
    change = twice(engines, resource(autoscaler("ours")))
    assert paths(change)["/spec/metrics/1"] == "remove"
    kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(autoscaler("theirs")))
    ours, theirs = (live(kubectl, autoscaler(name)) for name in ("ours", "theirs"))
    assert ours is not None
    assert theirs is not None
    assert [found["resource"]["name"] for found in ours["spec"]["metrics"]] == ["cpu"]  # the default
    assert metrics == theirs["spec"]["metrics"]


@pytest.mark.parametrize("kind", OBJECTS)
def test_what_kubectl_applied_is_taken_over(engines: Any, ns: str, kubectl: Kubectl, kind: str) -> None:
    """Nothing is lost and nothing restarts; what the manifest drops, then or later, goes; then nothing is sent."""
    wanted = named(kind, ns)
    try:
        kubectl("apply", "-f", "-", stdin=json.dumps(wanted))
        if kind == "MutatingWebhookConfiguration":
            bundle = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "QUJD"}]
            patched_by(kubectl, "cainjector", wanted, bundle, kind="json")
        if kind == "Deployment":
            kubectl("scale", "deployment", ns, "-n", ns, "--replicas=4")
            kubectl("wait", "--for=jsonpath={.status.replicas}=4", f"deployment/{ns}", "-n", ns, "--timeout=60s")
            del wanted["spec"]["replicas"]
        before = live(kubectl, wanted)
        change = twice(engines, resource(wanted))
        after = live(kubectl, wanted)
        assert change.take_over == ("kubectl-client-side-apply (Update)",)
        assert set(paths(change)) <= {
            "/metadata/annotations",
            "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
        }
        assert plain(before) == plain(after)
        assert revision(before) == revision(after)

        del wanted["metadata"]["labels"]["dropped"]
        change = twice(engines, resource(wanted))
        assert paths(change) == {"/metadata/labels/dropped": "remove"}
        last = live(kubectl, wanted)
        assert plain(before) == plain(last)
        assert revision(before) == revision(last)
    finally:
        if kind in CLUSTER_WIDE:
            kubectl("delete", wanted["kind"], wanted["metadata"]["name"], "--ignore-not-found")


def test_the_plan_lists_each_field_that_goes(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """Fields that were dropped before we came go at first contact, and nothing else does."""
    old = deployment(ns, replicas=3)
    old["metadata"]["labels"] = dict(LABELS)
    old["spec"]["template"]["spec"]["containers"].append({"name": "old", "image": "old:1"})
    kubectl("apply", "-f", "-", stdin=json.dumps(old))
    wanted = deployment(ns, replicas=None)
    engine = engines()
    change = only(engine.plan([resource(wanted)]))
    assert {"/metadata/labels", "/spec/template/spec/containers/1"} <= set(paths(change))
    assert "/spec/replicas" not in paths(change)
    assert change.release == (".spec.replicas",)
    twice(engines, resource(wanted))
    assert live(kubectl, wanted)["spec"]["replicas"] == 3


def test_a_field_that_cannot_change_is_given_up_instead_of_dropped(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """A claim's volume was named once and is not named any more: it stays bound to it."""
    claim = named("PersistentVolumeClaim", ns)
    kubectl("apply", "-f", "-", stdin=json.dumps({**claim, "spec": {**claim["spec"], "volumeName": ns}}))
    change = twice(engines, resource(claim))
    assert ".spec.volumeName" in change.release
    assert "/spec/volumeName" not in paths(change)
    assert live(kubectl, claim)["spec"]["volumeName"] == ns


def test_a_field_that_we_applied_and_that_cannot_change_is_given_up_too(
    engines: Any, ns: str, kubectl: Kubectl
) -> None:
    """It need not be a take-over for a field to be fixed."""
    claim = named("PersistentVolumeClaim", ns)
    twice(engines, resource({**claim, "spec": {**claim["spec"], "volumeName": ns}}))
    assert twice(engines, resource(claim)).release == (".spec.volumeName",)
    assert live(kubectl, claim)["spec"]["volumeName"] == ns


def as_helm(manifest: Manifest) -> Manifest:
    """Return an object as Helm makes it of a chart."""
    metadata = {
        **manifest["metadata"],
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "app", "meta.helm.sh/release-namespace": "x"},
    }
    return {**manifest, "metadata": metadata}


@pytest.mark.parametrize("how", ["create", "apply"])
def test_what_helm_made_is_taken_over(engines: Any, ns: str, kubectl: Kubectl, how: str) -> None:
    """Helm 3 creates, Helm 4 applies server-side; the marks of the release go with the first apply."""
    made = as_helm(config(ns, a="1", b="2"))
    arguments = ("create",) if how == "create" else ("apply", "--server-side")
    kubectl(*arguments, "--field-manager=helm", "-f", "-", stdin=json.dumps(made))
    change = twice(engines, resource(config(ns, a="1")))
    assert change.take_over == (f"helm ({'Update' if how == 'create' else 'Apply'})",)
    assert paths(change) == {"/data/b": "remove", "/metadata/annotations": "remove", "/metadata/labels": "remove"}
    assert set(owners(kubectl, made)) == {"kubernator"}


def test_what_helm_writes_after_us_is_a_conflict(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """Once we have applied, the release still has the object: that is said, and nothing is taken."""
    twice(engines, resource(config(ns, a="1", b="1")))
    patched_by(kubectl, "helm", config(ns), {"data": {"a": "2"}})
    change = only(engines().plan([resource(config(ns, a="1", b="1"))]))
    assert ChangeKind.REFUSED is change.kind
    assert "helm uninstall" in dict(change.detail)["known"]


@pytest.mark.parametrize(
    ("manager", "words"),
    [
        ("kustomize-controller", "Flux"),
        ("argocd-controller", "Argo CD"),
        ("kapp", "kapp"),
        ("kluctl", "kluctl"),
        ("kubectl-edit", "by hand"),
        ("kubernator-of-others", "another tree"),
    ],
)
def test_tools_that_go_on_writing_are_no_predecessors(
    engines: Any, ns: str, kubectl: Kubectl, manager: str, words: str
) -> None:
    """Their fields are conflicts, with a word on what to do first."""
    kubectl("create", f"--field-manager={manager}", "-f", "-", stdin=json.dumps(config(ns, a="1")))
    change = only(engines().plan([resource(config(ns, a="2"))]))
    assert ChangeKind.REFUSED is change.kind
    assert words in dict(change.detail)["known"]


def test_what_was_there_before_managed_fields_is_taken_over(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """An object whose managedFields were cleared is written once, taken over once, and then unchanged."""
    kubectl("create", "-f", "-", stdin=json.dumps(config(ns, a="1", b="2")))
    cleared = [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]
    patched_by(kubectl, "x", config(ns), cleared, kind="json")
    assert "managedFields" not in live(kubectl, config(ns))["metadata"]
    wanted = resource(config(ns, a="1"))
    assert kinds(engines().apply([wanted])) == {"updated": 1}
    change = twice(engines, wanted)
    assert change.take_over == ("before-first-apply (Update)",)
    assert live(kubectl, config(ns))["data"] == {"a": "1"}


def test_a_pod_whose_owners_were_cleared_is_taken_over(engines: Any, ns: str, kubectl: Kubectl) -> None:
    """What the server added to it, such as the volume of a token, cannot go: it is given up and stays."""
    pod = named("Pod", ns)
    pod["spec"] = {**pod["spec"], "schedulerName": "none"}  # so that nobody else writes
    kubectl("create", "-f", "-", stdin=json.dumps(pod))
    patched_by(kubectl, "x", pod, [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}], kind="json")
    before = live(kubectl, pod)
    assert before is not None
    assert kinds(engines().apply([resource(pod)])) == {"updated": 1}
    change = twice(engines, resource(pod))
    assert change.take_over == ("before-first-apply (Update)",)
    assert {".spec.serviceAccountName", '.spec.containers[name="c"].terminationMessagePath'} <= set(change.release)
    after = live(kubectl, pod)
    assert after is not None
    assert before["spec"] == after["spec"]


@pytest.mark.parametrize("ours", [True, False], ids=["our own apply", "kubectl's apply"])
def test_an_entry_of_a_version_that_is_not_served_any_more(
    engines: Any, ns: str, kubectl: Kubectl, *, ours: bool
) -> None:
    """The server would drop such an entry at the next write, and with it whose fields these are."""
    group = f"{ns}.example.com"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}

    def definition(*, old: bool) -> Manifest:
        versions = [
            {"name": name, "served": served, "storage": name == "v2", "schema": {"openAPIV3Schema": schema}}
            for name, served in (("v1", old), ("v2", True))
        ]
        spec = {"group": group, "names": {"kind": "Gadget", "plural": "gadgets"}, "scope": "Namespaced"}
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"gadgets.{group}"},
            "spec": {**spec, "versions": versions},
        }

    def gadget(version: str, **spec: Any) -> Manifest:
        return {
            "apiVersion": f"{group}/{version}",
            "kind": "Gadget",
            "metadata": {"name": "one", "namespace": ns},
            "spec": spec,
        }

    try:
        kubectl("create", "-f", "-", stdin=json.dumps(definition(old=True)))
        kubectl("wait", "--for=condition=Established", f"crd/gadgets.{group}", "--timeout=60s")
        if ours:
            assert not engines().apply([resource(gadget("v1", a=1, b=2))]).failed
        else:
            kubectl("apply", "-f", "-", stdin=json.dumps(gadget("v1", a=1, b=2)))
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(definition(old=False)))
        assert paths(twice(engines, resource(gadget("v2", a=1))))["/spec/b"] == "remove"
        assert live(kubectl, gadget("v2"))["spec"] == {"a": 1}
    finally:
        kubectl("delete", "crd", f"gadgets.{group}", "--ignore-not-found")
