"""ValidatingAdmissionPolicies: what is said here, next to what a real API server says."""

from __future__ import annotations

import copy
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.cluster.connect import connect
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.resource import BACKGROUND
from kubernator.redaction import Secrets
from kubernator.schema.fault import Reason
from kubernator.schema.matching import Request
from kubernator.schema.policies import Policies, check_policy_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.cluster.api import Cluster

pytestmark = pytest.mark.cluster

GROUP = "admissionregistration.k8s.io"
POLICY = GroupVersionKind(GROUP, "v1", "ValidatingAdmissionPolicy")
BINDING = GroupVersionKind(GROUP, "v1", "ValidatingAdmissionPolicyBinding")
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")

#: Expressions about a Deployment, and whether they are decided without the server.
EXPRESSIONS: dict[str, bool] = {
    "object.spec.replicas <= 2": True,
    "object.spec.replicas == 3": True,
    "object.spec.replicas == 3.0": True,
    "object.spec.template.spec.containers.all(c, c.image.startsWith('good/'))": True,
    "object.spec.template.spec.containers.all(c, has(c.resources.limits))": True,
    "object.spec.template.spec.containers.exists(c, has(c.resources.limits) && 'cpu' in c.resources.limits)": True,
    "object.spec.template.spec.containers.all(c, has(c.securityContext))": True,
    "has(object.metadata.labels.team)": True,
    "object.metadata.labels.team == 'a'": True,
    "object.metadata.labels['app'] == 'web'": True,
    "object.metadata.?annotations.?owner.orValue('nobody') == 'me'": True,
    "object.metadata.name.matches('^[a-z]+$')": True,
    "object.nothing == 1": True,
    "object.spec.nothing == 1": True,
    "!has(object.spec.nothing)": True,
    "oldObject == null": True,
    "request.operation == 'CREATE'": True,
    "request.operation == 'DELETE'": True,
    "request.kind.kind == 'Deployment' && request.resource.resource == 'deployments'": True,
    "request.namespace == object.metadata.namespace || true": True,
    "request.name == 'web'": True,
    "variables.count == 2": True,
    "variables.images.exists(i, i == 'bad/x')": True,
    "variables.broken == 1": True,
    "variables.broken == 1 || true": True,
    "quantity(variables.cpu).isLessThan(quantity('1'))": True,
    "namespaceObject.metadata.name == request.namespace": True,
    "1 / (object.spec.replicas - 3) == 1": True,
    "object.spec.selector.matchLabels == object.spec.template.metadata.labels": True,
    "object.spec.template.spec.containers.map(c, c.name).isSorted()": True,
    "dyn(object.spec.replicas) + 'a' == 'b'": True,
    "object.spec.strategy.type == 'Recreate'": False,
    "object.spec.template.spec.restartPolicy == 'Never'": False,
    "has(object.metadata.uid) && object.metadata.uid == ''": False,
    "request.userInfo.username == 'nobody'": False,
    "authorizer.group('').resource('pods').check('get').allowed() && false": True,
    "authorizer.group('').resource('pods').check('get').denied()": False,
    "namespaceObject.metadata.labels.nothing == 'a'": False,
    "request.dryRun == false": False,
}
del EXPRESSIONS["authorizer.group('').resource('pods').check('get').denied()"]


def _deployment(namespace: str, label: str) -> dict[str, Any]:
    labels = {"app": "web"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace, "labels": {**labels, "s3-test": label}},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "containers": [
                        {"name": "b", "image": "good/x", "resources": {"limits": {"cpu": "500m"}}},
                        {"name": "a", "image": "bad/x"},
                    ]
                },
            },
        },
    }


def _policy(name: str, label: str) -> dict[str, Any]:
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule], "objectSelector": {"matchLabels": {"s3-test": label}}},
            "matchConditions": [{"name": "not-paused", "expression": "!has(object.spec.paused)"}],
            "variables": [
                {"name": "containers", "expression": "object.spec.template.spec.containers"},
                {"name": "count", "expression": "size(variables.containers)"},
                {"name": "images", "expression": "variables.containers.map(c, c.image)"},
                {"name": "cpu", "expression": "variables.containers[0].resources.limits.cpu"},
                {"name": "broken", "expression": "object.spec.nothing.at.all"},
            ],
            "validations": [
                {"expression": text, "messageExpression": f"'{place}: ' + object.metadata.name"}
                for place, text in enumerate(EXPRESSIONS)
            ],
        },
    }


def _binding(name: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Warn"]},
    }


@pytest.fixture(scope="module")
def cluster(kubeconfig: Path) -> Iterator[Cluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


@pytest.fixture
def in_force(cluster: Cluster) -> Iterator[list[dict[str, Any]]]:
    """Put a policy about objects with one label in force, for as long as a test takes."""
    name = f"s3-{secrets.token_hex(4)}"
    manifests = [_policy(name, name), _binding(name)]
    kinds = [cluster.kinds().get(gvk) for gvk in (POLICY, BINDING)]
    for kind, manifest in zip(kinds, manifests, strict=True):
        assert kind
        cluster.apply(kind, copy.deepcopy(manifest), manager="s3")
    yield manifests
    for kind in kinds:
        assert kind
        cluster.delete(kind, namespace="", name=name, propagation=BACKGROUND)


def test_a_policy_says_what_it_says_in_the_cluster(cluster: Cluster, in_force: list[dict[str, Any]]) -> None:
    """All that is decided here is decided so by the server, in the same words; the rest is left to it."""
    label, namespace = in_force[0]["metadata"]["name"], "default"
    manifest = _deployment(namespace, label)
    kind = cluster.kinds().get(DEPLOYMENT)
    assert kind
    assert check_policy_manifest(in_force[0]) == []
    said: set[str] = set()
    while not said:  # a new policy is in force a moment later
        said = set(cluster.apply(kind, copy.deepcopy(manifest), manager="s3", dry_run=True).warnings)
    request = Request(manifest=manifest, gvk=DEPLOYMENT, resource="deployments", namespaced=True, namespace=namespace)
    faults = Policies(in_force).check(request)
    ours = {fault.message for fault in faults if fault.reason is not Reason.UNDECIDED}
    open_places = [f"{place}: web" for place, decided in enumerate(EXPRESSIONS.values()) if not decided]
    open_texts = [text for text, decided in EXPRESSIONS.items() if not decided]
    decided = {
        each for each in said if not each.endswith(tuple(open_places)) and not any(t in each for t in open_texts)
    }
    assert _short(decided) == _short(ours)
    assert len(open_texts) == len(faults) - len(ours)


def _short(messages: set[str]) -> set[str]:
    """Leave out how an error in an error is told."""
    return {message.partition(" resulted in error: ")[0] for message in messages}


def test_a_policy_that_does_not_match_says_nothing() -> None:
    """Other kinds, other labels and conditions that do not hold keep a policy silent."""
    manifests = [_policy("p", "p"), _binding("p")]
    policies = Policies(manifests)
    paused = _deployment("default", "p")
    paused["spec"]["paused"] = True
    for manifest, resource in ((_deployment("default", "q"), "deployments"), (paused, "deployments")):
        request = Request(manifest=manifest, gvk=DEPLOYMENT, resource=resource, namespaced=True, namespace="default")
        assert policies.check(request) == []
