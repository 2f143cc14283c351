"""Versions that a server does not have any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agreement.comparing import Case, Result, Verdict
from agreement.writing import write
from kubernator.model.gvk import GroupVersionKind

if TYPE_CHECKING:
    from agreement.conftest import Judged

pytestmark = pytest.mark.cluster

#: As people still write them; some are there, depending on the server.
WRITTEN = [
    "extensions/v1beta1 Deployment",
    "extensions/v1beta1 DaemonSet",
    "extensions/v1beta1 Ingress",
    "extensions/v1beta1 NetworkPolicy",
    "extensions/v1beta1 PodSecurityPolicy",
    "apps/v1beta1 Deployment",
    "apps/v1beta2 StatefulSet",
    "apps/v1 Deployment",
    "policy/v1beta1 PodDisruptionBudget",
    "policy/v1beta1 PodSecurityPolicy",
    "batch/v1beta1 CronJob",
    "batch/v2alpha1 CronJob",
    "autoscaling/v2beta1 HorizontalPodAutoscaler",
    "autoscaling/v2beta2 HorizontalPodAutoscaler",
    "autoscaling/v1 HorizontalPodAutoscaler",
    "networking.k8s.io/v1beta1 Ingress",
    "networking.k8s.io/v1beta1 IngressClass",
    "rbac.authorization.k8s.io/v1beta1 ClusterRole",
    "rbac.authorization.k8s.io/v1alpha1 RoleBinding",
    "apiextensions.k8s.io/v1beta1 CustomResourceDefinition",
    "admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration",
    "admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy",
    "apiregistration.k8s.io/v1beta1 APIService",
    "scheduling.k8s.io/v1beta1 PriorityClass",
    "storage.k8s.io/v1beta1 StorageClass",
    "storage.k8s.io/v1beta1 CSIStorageCapacity",
    "storage.k8s.io/v1 CSIStorageCapacity",
    "discovery.k8s.io/v1beta1 EndpointSlice",
    "coordination.k8s.io/v1beta1 Lease",
    "events.k8s.io/v1beta1 Event",
    "certificates.k8s.io/v1beta1 CertificateSigningRequest",
    "node.k8s.io/v1beta1 RuntimeClass",
    "flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema",
    "flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema",
    "resource.k8s.io/v1alpha2 ResourceClaim",
    "settings.k8s.io/v1alpha1 PodPreset",
    "v1 ConfigMap",
    "v1 Deployment",
    "apps/v1 Pod",
    "apps/v2 Deployment",
    "Deployment Deployment",
    "no.such.example.com/v1 Thing",
]


def test_kinds_that_are_not_served(judged: Judged) -> None:
    """A kind that the server does not serve is found, at the line of its version or kind; one that it serves is not."""
    kinds = judged.server.cluster.kinds()
    results = []
    for words in WRITTEN:
        api_version, kind = words.split()
        manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "agreement"}}
        written = write(manifest)
        told = [found for found in judged.ours.findings(written.text) if found.code in {"version", "kind"}]
        gone = kinds.get(GroupVersionKind.of(api_version, kind)) is None
        verdict = {
            (True, True): Verdict.REFUSED,
            (True, False): Verdict.MISSED,
            (False, True): Verdict.FALSE,
            (False, False): Verdict.VALID,
        }[gone, bool(told)]
        places = {written.place(("apiVersion",)), written.place(("kind",))}
        if any(found.place not in places for found in told):
            verdict = Verdict.MISPLACED
        case = Case(words, kind, manifest)
        results.append(Result(case, verdict, "; ".join(found.message for found in told)))
    judged.conclude("versions", results)
