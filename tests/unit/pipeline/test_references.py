"""Which resource refers to which, and how that is known."""

from __future__ import annotations

import random
from pathlib import PurePath
from typing import Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.reference import Strength
from kubernator.model.resource import Resource
from kubernator.pipeline import references


def resource(manifest: dict[str, Any]) -> Resource:
    return Resource(
        manifest=manifest,
        ref=ResourceRef.of(manifest),
        gvk=GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]),
        origin=Origin(path=PurePath("x.yaml")),
    )


def thing(kind: str, name: str = "a", *, api: str = "v1", namespace: str = "n", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **fields.pop("metadata", {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


def found(*manifests: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Return target, reason and whether it is optional of the first manifest's references, the Namespace left out."""
    everything = [resource(manifest) for manifest in manifests]
    return [
        (str(one.target), one.reason, one.optional)
        for one in references.find(everything)
        if one.source == everything[0].ref and one.target.kind != "Namespace"
    ]


def pod(**spec: Any) -> dict[str, Any]:
    return thing("Pod", spec=spec)


ACCOUNT = ("ServiceAccount n/default", "runs as ServiceAccount `default`", True)
RBAC = "rbac.authorization.k8s.io/v1"
GATEWAY = "gateway.networking.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"serviceAccountName": "x"}, [("ServiceAccount n/x", "runs as ServiceAccount `x`", False)]),
        ({"serviceAccount": "x"}, [("ServiceAccount n/x", "runs as ServiceAccount `x`", False)]),
        ({"priorityClassName": "p"}, [ACCOUNT, ("PriorityClass.scheduling.k8s.io p", "has PriorityClass `p`", False)]),
        ({"runtimeClassName": "r"}, [ACCOUNT, ("RuntimeClass.node.k8s.io r", "has RuntimeClass `r`", False)]),
        (
            {"imagePullSecrets": [{"name": "s"}, {}, None]},
            [ACCOUNT, ("Secret n/s", "pulls images with Secret `s`", True)],
        ),
        (
            {
                "volumes": [
                    {"name": "a", "configMap": {"name": "c"}},
                    {"name": "b", "secret": {"secretName": "s", "optional": True}},
                    {"name": "c", "persistentVolumeClaim": {"claimName": "p"}},
                    {"name": "d", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "t"}}},
                    {"name": "e", "azureFile": {"secretName": "u"}},
                    {"name": "f", "rbd": {"secretRef": {"name": "v"}}},
                    {"name": "g", "emptyDir": {}},
                    {"name": "h", "hostPath": "nonsense"},
                ]
            },
            [
                ACCOUNT,
                ("ConfigMap n/c", "mounts ConfigMap `c`", False),
                ("Secret n/s", "mounts Secret `s`", True),
                ("PersistentVolumeClaim n/p", "mounts PersistentVolumeClaim `p`", False),
                ("Secret n/t", "mounts with Secret `t`", False),
                ("Secret n/u", "mounts Secret `u`", False),
                ("Secret n/v", "mounts with Secret `v`", False),
            ],
        ),
        (
            {
                "volumes": [
                    {
                        "projected": {
                            "sources": [
                                {"configMap": {"name": "c"}},
                                {"secret": {"name": "s", "optional": True}},
                                {"serviceAccountToken": {"path": "t"}},
                            ]
                        }
                    },
                    {"ephemeral": {"volumeClaimTemplate": {"spec": {"storageClassName": "fast"}}}},
                ]
            },
            [
                ACCOUNT,
                ("ConfigMap n/c", "mounts ConfigMap `c`", False),
                ("Secret n/s", "mounts Secret `s`", True),
                ("StorageClass.storage.k8s.io fast", "is of StorageClass `fast`", False),
            ],
        ),
        (
            {
                "initContainers": [{"envFrom": [{"configMapRef": {"name": "c"}}]}],
                "containers": [
                    {
                        "env": [
                            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                            {
                                "name": "B",
                                "valueFrom": {"configMapKeyRef": {"name": "d", "key": "k", "optional": True}},
                            },
                            {"name": "C", "value": "x"},
                            {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                        ]
                    }
                ],
                "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "t", "optional": True}}]}],
            },
            [
                ACCOUNT,
                ("ConfigMap n/c", "reads ConfigMap `c`", False),
                ("Secret n/s", "reads Secret `s`", False),
                ("ConfigMap n/d", "reads ConfigMap `d`", True),
                ("Secret n/t", "reads Secret `t`", True),
            ],
        ),
        (
            {
                "resourceClaims": [
                    {"name": "g", "resourceClaimName": "c"},
                    {"name": "h", "resourceClaimTemplateName": "t"},
                ]
            },
            [
                ACCOUNT,
                ("ResourceClaim.resource.k8s.io n/c", "uses ResourceClaim `c`", False),
                ("ResourceClaimTemplate.resource.k8s.io n/t", "uses ResourceClaimTemplate `t`", False),
            ],
        ),
    ],
)
def test_what_a_pod_refers_to(spec, expected):
    """Every way in which a Pod names another object is found, with what it is for."""
    assert expected == found(pod(**spec))


@pytest.mark.parametrize(
    ("api", "kind", "path"),
    [
        ("v1", "Pod", ()),
        ("v1", "PodTemplate", ("template",)),
        ("v1", "ReplicationController", ("spec", "template")),
        ("apps/v1", "Deployment", ("spec", "template")),
        ("apps/v1", "StatefulSet", ("spec", "template")),
        ("apps/v1", "DaemonSet", ("spec", "template")),
        ("apps/v1", "ReplicaSet", ("spec", "template")),
        ("batch/v1", "Job", ("spec", "template")),
        ("batch/v1", "CronJob", ("spec", "jobTemplate", "spec", "template")),
        ("argoproj.io/v1alpha1", "Rollout", ("spec", "template")),
    ],
)
def test_where_templates_of_pods_stand(api, kind, path):
    """Whatever makes Pods refers to what they refer to, with the path of the field."""
    fields: dict[str, Any] = {"spec": {"serviceAccountName": "x", "containers": []}}
    for key in reversed(path):
        fields = {key: fields}
    whole = resource(thing(kind, api=api, **fields))
    (one,) = [one for one in references.find([whole]) if one.target.kind == "ServiceAccount"]
    assert one.path == (*path, "spec", "serviceAccountName")
    assert one.strength is (Strength.NEEDED if kind == "Pod" else Strength.USUAL)


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (
            thing(
                "StatefulSet",
                api="apps/v1",
                spec={"serviceName": "s", "volumeClaimTemplates": [{"spec": {"storageClassName": "c"}}]},
            ),
            [
                ("Service n/s", "is named by Service `s`", False),
                ("StorageClass.storage.k8s.io c", "is of StorageClass `c`", False),
            ],
        ),
        (
            thing(
                "PersistentVolumeClaim",
                spec={
                    "storageClassName": "",
                    "volumeName": "v",
                    "dataSource": {"kind": "PersistentVolumeClaim", "name": "old"},
                    "dataSourceRef": {
                        "apiGroup": "snapshot.storage.k8s.io",
                        "kind": "VolumeSnapshot",
                        "name": "s",
                        "namespace": "m",
                    },
                },
            ),
            [
                ("PersistentVolume v", "binds PersistentVolume `v`", False),
                ("PersistentVolumeClaim n/old", "is filled from PersistentVolumeClaim `old`", False),
                ("VolumeSnapshot.snapshot.storage.k8s.io m/s", "is filled from VolumeSnapshot `s`", False),
            ],
        ),
        (
            thing(
                "PersistentVolume",
                namespace="",
                spec={"storageClassName": "c", "csi": {"nodeStageSecretRef": {"name": "s", "namespace": "m"}}},
            ),
            [
                ("StorageClass.storage.k8s.io c", "is of StorageClass `c`", True),
                ("Secret m/s", "is mounted with Secret `s`", False),
            ],
        ),
        (
            thing(
                "RoleBinding",
                api=RBAC,
                roleRef={"kind": "Role", "name": "r"},
                subjects=[
                    {"kind": "ServiceAccount", "name": "x"},
                    {"kind": "ServiceAccount", "name": "y", "namespace": "m"},
                    {"kind": "User", "name": "u"},
                ],
            ),
            [
                (f"Role.{RBAC[:-3]} n/r", "binds Role `r`", False),
                ("ServiceAccount n/x", "grants to ServiceAccount `x`", True),
                ("ServiceAccount m/y", "grants to ServiceAccount `y`", True),
            ],
        ),
        (
            thing("ClusterRoleBinding", api=RBAC, namespace="", roleRef={"kind": "ClusterRole", "name": "r"}),
            [(f"ClusterRole.{RBAC[:-3]} r", "binds ClusterRole `r`", False)],
        ),
        (
            thing("ServiceAccount", imagePullSecrets=[{"name": "s"}], secrets=[{"name": "a-token"}]),
            [("Secret n/s", "pulls images with Secret `s`", True)],
        ),
        (
            thing(
                "Secret",
                type="kubernetes.io/service-account-token",
                metadata={"annotations": {"kubernetes.io/service-account.name": "x"}},
            ),
            [("ServiceAccount n/x", "holds a token of ServiceAccount `x`", False)],
        ),
        (
            thing(
                "HorizontalPodAutoscaler",
                api="autoscaling/v2",
                spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}},
            ),
            [("Deployment.apps n/d", "scales Deployment `d`", False)],
        ),
        (
            thing(
                "Ingress",
                api="networking.k8s.io/v1",
                spec={
                    "ingressClassName": "c",
                    "defaultBackend": {"service": {"name": "s"}},
                    "rules": [
                        {
                            "http": {
                                "paths": [
                                    {"backend": {"service": {"name": "t"}}},
                                    {"backend": {"resource": {"apiGroup": "x.io", "kind": "Bucket", "name": "b"}}},
                                ]
                            }
                        }
                    ],
                    "tls": [{"secretName": "cert"}],
                },
            ),
            [
                ("IngressClass.networking.k8s.io c", "is of IngressClass `c`", False),
                ("Service n/s", "routes to Service `s`", False),
                ("Service n/t", "routes to Service `t`", False),
                ("Bucket.x.io n/b", "routes to Bucket `b`", False),
                ("Secret n/cert", "is encrypted with Secret `cert`", True),
            ],
        ),
        (
            thing(
                "IngressClass",
                api="networking.k8s.io/v1",
                namespace="",
                spec={
                    "parameters": {"apiGroup": "x.io", "kind": "P", "name": "p", "scope": "Namespace", "namespace": "m"}
                },
            ),
            [("P.x.io m/p", "has the parameters P `p`", False)],
        ),
        (
            thing(
                "Gateway",
                api=GATEWAY,
                spec={"gatewayClassName": "c", "listeners": [{"tls": {"certificateRefs": [{"name": "cert"}]}}]},
            ),
            [
                (f"GatewayClass.{GATEWAY[:-3]} c", "is of GatewayClass `c`", False),
                ("Secret n/cert", "is encrypted with Secret `cert`", True),
            ],
        ),
        (
            thing(
                "HTTPRoute",
                api=GATEWAY,
                spec={
                    "parentRefs": [{"name": "g", "namespace": "m"}, {"group": "", "kind": "Service", "name": "s"}],
                    "rules": [
                        {"backendRefs": [{"name": "b"}], "filters": [{"requestMirror": {"backendRef": {"name": "c"}}}]}
                    ],
                },
            ),
            [
                (f"Gateway.{GATEWAY[:-3]} m/g", "is attached to Gateway `g`", False),
                ("Service n/s", "is attached to Service `s`", False),
                ("Service n/b", "routes to Service `b`", False),
                ("Service n/c", "mirrors to Service `c`", False),
            ],
        ),
        (
            thing("ValidatingAdmissionPolicyBinding", api=ADMISSION, namespace="", spec={"policyName": "p"}),
            [(f"ValidatingAdmissionPolicy.{ADMISSION[:-3]} p", "binds ValidatingAdmissionPolicy `p`", False)],
        ),
        (
            thing(
                "FlowSchema",
                api="flowcontrol.apiserver.k8s.io/v1",
                namespace="",
                spec={"priorityLevelConfiguration": {"name": "p"}},
            ),
            [
                (
                    "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io p",
                    "is queued by PriorityLevelConfiguration `p`",
                    False,
                )
            ],
        ),
        (
            thing(
                "ConfigMap",
                metadata={"ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}]},
            ),
            [
                ("Deployment.apps n/d", "is owned by Deployment `d`", True),
                ("Deployment.apps d", "is owned by Deployment `d`", True),
            ],
        ),
    ],
)
def test_what_other_kinds_refer_to(manifest, expected):
    """Every kind that names another in a field of its own."""
    assert expected == found(manifest)


def test_everything_namespaced_is_in_its_namespace():
    """The Namespace is a reference of its own, to be current first."""
    (one,) = references.find([resource(thing("ConfigMap"))])
    assert (one.target, one.path, one.wait) == (ResourceRef("", "Namespace", "", "n"), ("metadata", "namespace"), True)


def definition(**more: Any) -> dict[str, Any]:
    spec = {"group": "x.io", "names": {"kind": "Widget", "plural": "widgets"}, **more}
    return thing("CustomResourceDefinition", "widgets.x.io", api="apiextensions.k8s.io/v1", namespace="", spec=spec)


def webhook(kind: str = "ValidatingWebhookConfiguration", *, ca: str = "Q0E=", **rule: Any) -> dict[str, Any]:
    rules = [{"apiGroups": ["x.io"], "resources": ["widgets"], "operations": ["CREATE"], **rule}]
    client = {"service": {"namespace": "n", "name": "hook"}, **({"caBundle": ca} if ca else {})}
    return thing(kind, "w", api=ADMISSION, namespace="", webhooks=[{"clientConfig": client, "rules": rules}])


WIDGET = thing("Widget", api="x.io/v1")
DEFINED = (
    "CustomResourceDefinition.apiextensions.k8s.io widgets.x.io",
    "is defined by CustomResourceDefinition `widgets.x.io`",
    False,
)


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        (
            webhook(),
            [f"ValidatingWebhookConfiguration.{ADMISSION[:-3]} w: is checked by ValidatingWebhookConfiguration `w`"],
        ),
        (
            webhook("MutatingWebhookConfiguration"),
            [f"MutatingWebhookConfiguration.{ADMISSION[:-3]} w: is changed by MutatingWebhookConfiguration `w`"],
        ),
        (
            webhook(apiGroups=["*"], resources=["*"], operations=["*"]),
            [f"ValidatingWebhookConfiguration.{ADMISSION[:-3]} w: is checked by ValidatingWebhookConfiguration `w`"],
        ),
        (webhook(apiGroups=["y.io"]), []),
        (webhook(resources=["gadgets"]), []),
        (webhook(operations=["DELETE"]), []),
        (webhook(ca=""), []),
    ],
)
def test_a_custom_resource_comes_after_its_definition_and_the_webhook_that_is_called_for_it(hook, expected):
    """As far as the webhook's rules match, and as far as it is fit to be called from the start."""
    (first, *others) = found(WIDGET, definition(), hook)
    assert first == DEFINED
    assert expected == [f"{target}: {reason}" for target, reason, _ in others]


def test_a_webhook_without_an_authority_comes_after_what_it_would_be_called_for():
    """Somebody puts the authority in later, and until then every call would fail."""
    targets = found(webhook(ca=""), WIDGET, definition())
    assert "Widget.x.io n/a" in [target for target, _, _ in targets]


@pytest.mark.parametrize(
    ("caller", "path"),
    [
        (webhook(), ("webhooks", 0, "clientConfig", "service", "name")),
        (
            thing(
                "APIService",
                "v1.x.io",
                api="apiregistration.k8s.io/v1",
                namespace="",
                spec={"service": {"namespace": "n", "name": "hook"}},
            ),
            ("spec", "service", "name"),
        ),
        (
            definition(conversion={"webhook": {"clientConfig": {"service": {"namespace": "n", "name": "hook"}}}}),
            ("spec", "conversion", "webhook", "clientConfig", "service", "name"),
        ),
    ],
)
def test_who_is_called_is_current_first(caller, path):
    """What the API server calls comes after its Service, and waits for whatever serves that."""
    labels = {"app": "hook", "tier": "x"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": []}}
    everything = [
        resource(caller),
        resource(thing("Service", "hook", spec={"selector": {"app": "hook"}})),
        resource(thing("Deployment", "server", api="apps/v1", spec={"template": template})),
        resource(thing("Deployment", "other", api="apps/v1", spec={"template": {"spec": {}}})),
        resource(thing("Job", "once", api="batch/v1", spec={"template": template})),
        resource(thing("Deployment", "far", api="apps/v1", namespace="m", spec={"template": template})),
    ]
    calls = [one for one in references.references(everything) if one.source == everything[0].ref]
    assert [(one.target.name, one.path, one.wait) for one in calls] == [("hook", path, False), ("server", path, True)]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (thing("LimitRange", "l"), ["a", "b"]),
        (thing("ResourceQuota", "l"), ["a", "b"]),
        (thing("NetworkPolicy", "l", api="networking.k8s.io/v1", spec={"podSelector": {}}), ["a", "b"]),
        (
            thing(
                "NetworkPolicy", "l", api="networking.k8s.io/v1", spec={"podSelector": {"matchLabels": {"app": "a"}}}
            ),
            ["a"],
        ),
        (
            thing(
                "NetworkPolicy",
                "l",
                api="networking.k8s.io/v1",
                spec={"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["b", "c"]}]}},
            ),
            ["b"],
        ),
        (
            thing(
                "NetworkPolicy",
                "l",
                api="networking.k8s.io/v1",
                spec={"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["b"]}]}},
            ),
            ["a"],
        ),
        (
            thing(
                "NetworkPolicy",
                "l",
                api="networking.k8s.io/v1",
                spec={
                    "podSelector": {
                        "matchExpressions": [
                            {"key": "app", "operator": "Exists"},
                            {"key": "x", "operator": "DoesNotExist"},
                        ]
                    }
                },
            ),
            ["a", "b"],
        ),
        (
            thing(
                "NetworkPolicy",
                "l",
                api="networking.k8s.io/v1",
                spec={"podSelector": {"matchExpressions": [{"key": ["odd"], "operator": "Wild", "values": 3}]}},
            ),
            [],
        ),
        (thing("LimitRange", "l", namespace="m"), []),
    ],
)
def test_pods_come_after_what_limits_them(limit, expected):
    """In the same namespace, and where a NetworkPolicy selects them."""
    workloads = [thing("Pod", name, metadata={"labels": {"app": name}}, spec={}) for name in ("a", "b")]
    edges = references.references([resource(limit), *map(resource, workloads)])
    assert expected == [one.source.name for one in edges if one.target.name == "l"]
    assert all("is limited by" in one.reason for one in edges if one.target.name == "l")


def test_pods_come_after_what_grants_rights_to_the_account_they_name():
    """By a binding of the namespace or of the cluster; an account that is not named has too many to wait for."""
    subjects = [
        {"kind": "ServiceAccount", "name": "x", "namespace": "n"},
        {"kind": "ServiceAccount", "name": "default", "namespace": "n"},
    ]
    bindings = [
        thing("RoleBinding", "rb", api=RBAC, subjects=[{"kind": "ServiceAccount", "name": "x"}]),
        thing("ClusterRoleBinding", "crb", api=RBAC, namespace="", subjects=subjects),
        thing("RoleBinding", "far", api=RBAC, namespace="m", subjects=[{"kind": "ServiceAccount", "name": "x"}]),
    ]
    edges = references.references(
        [resource(pod(serviceAccountName="x")), resource(thing("Pod", "plain", spec={})), *map(resource, bindings)]
    )
    assert [(one.source.name, one.reason) for one in edges] == [
        ("a", "has rights by RoleBinding `rb`"),
        ("a", "has rights by ClusterRoleBinding `crb`"),
    ]


def test_only_what_is_in_the_tree_is_a_target():
    """What refers out of the tree, or to itself, is found but is no edge."""
    whole = resource(pod(serviceAccountName="gone", volumes=[{"configMap": {"name": "c"}}]))
    config = resource(
        thing("ConfigMap", "c", metadata={"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "c"}]})
    )
    assert [one.target.name for one in references.references([whole, config])] == ["c"]
    assert {"gone", "c", "n"} == {one.target.name for one in references.find([whole, config])}


NONSENSE = [None, 3, "x", [], {}, [None], [3], {"name": 3}, {"name": ["x"]}, [{"name": {}}], [[]], {"x": {"x": []}}]


@pytest.mark.parametrize("seed", range(200))
def test_nonsense_is_no_reference_and_no_error(seed):
    """Manifests that no server would take are read without complaint: what is wrong with them is said elsewhere."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    whole = [
        pod(
            serviceAccountName="x",
            volumes=[{"configMap": {"name": "c"}}, {"projected": {"sources": [{"secret": {"name": "s"}}]}}],
            containers=[
                {"env": [{"valueFrom": {"secretKeyRef": {"name": "s"}}}], "envFrom": [{"secretRef": {"name": "s"}}]}
            ],
        ),
        thing(
            "RoleBinding",
            api=RBAC,
            roleRef={"kind": "Role", "name": "r"},
            subjects=[{"kind": "ServiceAccount", "name": "x"}],
        ),
        webhook(),
        definition(),
        WIDGET,
        thing(
            "NetworkPolicy",
            api="networking.k8s.io/v1",
            spec={"podSelector": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a"}]}},
        ),
        thing("Service", "hook", spec={"selector": {"app": "hook"}}),
        thing(
            "Ingress",
            api="networking.k8s.io/v1",
            spec={"rules": [{"http": {"paths": [{"backend": {"service": {"name": "s"}}}]}}]},
        ),
        thing(
            "HTTPRoute", api=GATEWAY, spec={"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [{"name": "b"}]}]}
        ),
        thing("PersistentVolumeClaim", spec={"dataSourceRef": {"apiGroup": "x", "kind": "Y", "name": "z"}}),
    ]
    made = [resource(_spoiled(manifest, dice, top=True)) for manifest in whole]
    assert all(isinstance(part, str) for one in references.find(made) for part in one.target)


def _spoiled(value: Any, dice: random.Random, *, top: bool = False) -> Any:
    if not top and dice.random() < 0.12:
        return dice.choice(NONSENSE)
    if isinstance(value, dict):
        keep = {"apiVersion", "kind", "metadata"} if top else set()
        return {key: item if key in keep else _spoiled(item, dice) for key, item in value.items()}
    if isinstance(value, list):
        return [_spoiled(item, dice) for item in value]
    return value
