"""Warnings about what a tree refers to and does not have."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.load import yamldoc
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.pipeline import dangling

if TYPE_CHECKING:
    from collections.abc import Mapping

_PODS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: %s
"""
_POD_OF = "{containers: [{name: a, image: b, env: [{name: X, valueFrom: {configMapKeyRef: %s}}]}]}"
_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {a: b}\n"
_SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: %s\n"
_INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: %s}}}
"""
_SCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: %s}}
"""
_SELECTING = _SERVICE % "{selector: {app: web}, ports: [{name: http, port: 80}]}"


def _resources(*texts: str) -> list[Resource]:
    documents = yamldoc.parse("---\n".join(texts), origin=Origin(path=PurePath("a.yaml")), problems=[])
    return [
        Resource(
            manifest=each.value,
            ref=ResourceRef.of(each.value),
            gvk=GroupVersionKind.of(each.value["apiVersion"], each.value["kind"]),
            origin=each.origin,
            source_map=each.source_map,
        )
        for each in documents
    ]


def _said(*texts: str, elsewhere: dangling.Elsewhere | None = None) -> list[str]:
    return [f"{one.field}: {one.message}" for one in dangling.find(_resources(*texts), elsewhere=elsewhere)]


_NOWHERE = "which is not in the tree"
_VOLUME = "spec.template.spec.volumes[0]"
_ENV = "spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([_PODS % (_POD_OF % "{name: settings, key: a}"), _MAP], []),
        (
            [_PODS % (_POD_OF % "{name: settings, key: b}"), _MAP],
            [f"{_ENV}.key: ConfigMap `settings` has no key `b`"],
        ),
        ([_PODS % (_POD_OF % "{name: settings, key: b, optional: true}"), _MAP], []),
        (
            [_PODS % (_POD_OF % "{name: other, key: a}"), _MAP],
            [f"{_ENV}.name: reads ConfigMap `other`, which is not in the tree"],
        ),
        ([_PODS % (_POD_OF % "{name: other, key: a, optional: true}"), _MAP], []),
        ([_PODS % "{containers: [{name: a, envFrom: [{configMapRef: {name: kube-root-ca.crt}}]}]}"], []),
        (
            [_PODS % "{volumes: [{name: v, configMap: {name: settings, items: [{key: c, path: c}]}}]}", _MAP],
            [f"{_VOLUME}.configMap.items[0].key: ConfigMap `settings` has no key `c`"],
        ),
        (
            [_PODS % "{volumes: [{name: v, persistentVolumeClaim: {claimName: disk}}]}"],
            [
                f"{_VOLUME}.persistentVolumeClaim.claimName: mounts PersistentVolumeClaim `disk`, {_NOWHERE}",
            ],
        ),
        (
            [_PODS % "{serviceAccountName: robot}"],
            ["spec.template.spec.serviceAccountName: runs as ServiceAccount `robot`, which is not in the tree"],
        ),
        ([_PODS % "{serviceAccountName: default}"], []),
        ([_PODS % "{priorityClassName: high}"], []),
        ([_PODS % "{}", _SELECTING], []),
        ([_SELECTING], ["spec.selector: selects no Pods of the tree"]),
        ([_SERVICE % "{type: ExternalName, externalName: a.example.com, selector: {app: none}}"], []),
        ([_SERVICE % "{ports: [{port: 80}]}"], []),
        ([_PODS % "{}", _SELECTING, _INGRESS % "{number: 80}"], []),
        ([_PODS % "{}", _SELECTING, _INGRESS % "{name: http}"], []),
        (
            [_PODS % "{}", _SELECTING, _INGRESS % "{number: 81}"],
            ["spec.defaultBackend.service.port.number: Service `web` has no port `81`"],
        ),
        (
            [_INGRESS % "{number: 80}"],
            ["spec.defaultBackend.service.name: routes to Service `web`, which is not in the tree"],
        ),
        ([_PODS % "{}", _SCALER % "web"], []),
        (
            [_PODS % "{}", _SCALER % "wob"],
            ["spec.scaleTargetRef.name: scales Deployment `wob`, which is not in the tree"],
        ),
    ],
)
def test_what_is_not_there_is_warned_of(texts: list[str], expected: list[str]) -> None:
    """Keys, ports and objects that a tree names and does not have are told with their field, unless optional."""
    assert expected == _said(*texts)


@pytest.mark.parametrize("custom", ["{target: {name: other}}", "{secretName: other}"])
def test_what_somebody_may_make_is_left_alone(custom: str) -> None:
    """A custom resource that mentions the name may be there to make the object."""
    kind = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
    maker = f"{kind}metadata: {{name: a, namespace: shop}}\nspec: {custom}\n"
    pods = _PODS % "{containers: [{name: a, envFrom: [{secretRef: {name: other}}]}]}"
    assert _said(pods, maker) == []
    assert _said(pods) != []


def test_other_namespaces_are_left_alone() -> None:
    """What is in a namespace of which the tree has nothing is not known to be missing."""
    binding = """
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.example.com}
spec: {group: example.com, version: v1, service: {name: server, namespace: elsewhere}}
"""
    assert _said(binding) == []


class _Cluster:
    def get(self, ref: ResourceRef) -> dict[str, Any] | None:
        return {"data": {"x": "y"}} if ref.name == "there" else None

    def knows(self, ref: ResourceRef) -> bool:
        return ref.kind != "Unheard"

    def selects(self, namespace: str, labels: Mapping[str, Any]) -> bool:
        return namespace == "shop" and dict(labels) == {"app": "web"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([_PODS % (_POD_OF % "{name: there, key: x}")], ["Namespace"]),
        ([_PODS % (_POD_OF % "{name: there, key: z}")], ["Namespace", "has no key `z`"]),
        ([_PODS % "{priorityClassName: high}"], ["Namespace", "has PriorityClass `high`, which is neither"]),
        ([_PODS % "{priorityClassName: there}"], ["Namespace"]),
        ([_SELECTING], ["Namespace"]),
    ],
)
def test_a_cluster_knows_better(texts: list[str], expected: list[str]) -> None:
    """What the cluster has is there, and what it has not either is missing wherever it would be."""
    said = _said(*texts, elsewhere=_Cluster())
    assert len(expected) == len(said)
    assert all(part in line for part, line in zip(expected, said, strict=True))
