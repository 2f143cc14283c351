"""Who may do what, and what is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specimens.draw import LEFT_OUT, Specimen, given

if TYPE_CHECKING:
    from specimens.draw import Draw

__all__ = ["KINDS"]

_NOWHERE = {"matchLabels": {"no.such/namespace": "here"}}


def _rules(draw: Draw) -> list[dict[str, Any]]:
    return draw.some(
        [
            {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["watch", "get", "list"]},
            {"apiGroups": ["apps", ""], "resources": ["*"], "verbs": ["*"], "resourceNames": ["b", "a"]},
            {"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["get"], "resourceNames": []},
        ]
    )


def _role(draw: Draw) -> dict[str, Any]:
    return {"rules": draw.pick(_rules(draw), _rules(draw), [], None)}


def _cluster_role(draw: Draw) -> dict[str, Any]:
    if not draw.number(0, 3):
        return {
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"no.such/label": "x"}}]},
            **given(rules=draw.maybe([], None)),
        }
    return {"rules": [*_rules(draw), {"nonResourceURLs": ["/healthz"], "verbs": ["get"]}]}


def _subjects(draw: Draw) -> list[dict[str, Any]]:
    return draw.some(
        [
            {"kind": "User", "name": "u:x@example.com"},
            given(kind="Group", name="system:masters-not", apiGroup=draw.maybe("rbac.authorization.k8s.io")),
            given(kind="ServiceAccount", name="default", namespace=draw.namespace, apiGroup=draw.maybe("")),
        ]
    )


def _binding(draw: Draw, kind: str) -> dict[str, Any]:
    return given(
        roleRef=given(kind=kind, name="no-such", apiGroup=draw.pick("rbac.authorization.k8s.io")),
        subjects=draw.call(lambda: _subjects(draw), 0.8),
    )


def _webhooks(draw: Draw, *, mutating: bool) -> list[dict[str, Any]]:
    def webhook(name: str) -> dict[str, Any]:
        return given(
            name=name,
            clientConfig=draw.pick(
                {"url": "https://127.0.0.1:1/x"},
                {"service": given(name="s", namespace="no-such", path=draw.maybe("/x"), port=draw.maybe(443, 8443))},
            ),
            admissionReviewVersions=["v1", "v1beta1"],
            sideEffects="None",
            failurePolicy="Ignore",
            namespaceSelector=_NOWHERE,
            objectSelector=draw.maybe({}),
            matchPolicy=draw.maybe("Equivalent", "Exact"),
            timeoutSeconds=draw.maybe(10, 1),
            reinvocationPolicy=draw.pick("Never", "IfNeeded") if mutating else LEFT_OUT,
            rules=[
                given(
                    apiGroups=["example.com"],
                    apiVersions=["*"],
                    resources=["things", "things/status"],
                    operations=["UPDATE", "CREATE"],
                    scope=draw.maybe("*", "Namespaced"),
                )
            ],
            matchConditions=draw.maybe(
                [{"name": "b", "expression": "true"}, {"name": "a", "expression": "1 == 1"}], []
            ),
        )

    return [webhook(name) for name in draw.some(["a.example.com", "b.example.com"], least=1)]


def _policy(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            failurePolicy=draw.maybe("Ignore", "Fail"),
            matchConstraints=given(
                namespaceSelector=_NOWHERE,
                matchPolicy=draw.maybe("Equivalent"),
                resourceRules=[
                    given(
                        apiGroups=["apps"],
                        apiVersions=["v1"],
                        operations=["CREATE", "UPDATE"],
                        resources=["deployments"],
                        scope=draw.maybe("*"),
                        resourceNames=draw.maybe([], ["x"]),
                    )
                ],
                excludeResourceRules=draw.maybe(
                    [],
                    [{"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["replicasets"]}],
                ),
            ),
            validations=draw.some(
                [
                    given(expression="object.spec.replicas <= 100", message=draw.maybe("too many")),
                    {
                        "expression": "has(object.metadata.labels)",
                        "messageExpression": "'no labels ' + object.metadata.name",
                        "reason": "Forbidden",
                    },
                ],
                least=1,
            ),
            variables=draw.maybe(
                [{"name": "b", "expression": "1"}, {"name": "a", "expression": "variables.b + 1"}], []
            ),
            matchConditions=draw.maybe([{"name": "m", "expression": "true"}]),
            auditAnnotations=draw.maybe([{"key": "k", "valueExpression": "'v'"}], chance=0.3),
        )
    }


def _policy_binding(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            policyName="no-such",
            validationActions=draw.pick(["Deny"], ["Warn", "Audit"]),
            matchResources=draw.maybe(
                {"namespaceSelector": {"matchExpressions": [{"key": "k", "operator": "Exists"}]}}, {}
            ),
            paramRef=draw.maybe({"name": "p", "parameterNotFoundAction": "Allow"}, chance=0.2),
        )
    }


def _mutating_policy(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            reinvocationPolicy=draw.pick("Never", "IfNeeded"),
            failurePolicy=draw.maybe("Ignore", "Fail"),
            matchConstraints={
                "namespaceSelector": _NOWHERE,
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
                ],
            },
            mutations=[
                {
                    "patchType": "JSONPatch",
                    "jsonPatch": {"expression": '[JSONPatch{op: "add", path: "/data/x", value: "y"}]'},
                },
                *draw.some(
                    [
                        {
                            "patchType": "ApplyConfiguration",
                            "applyConfiguration": {"expression": 'Object{data: {"x": "y"}}'},
                        }
                    ]
                ),
            ],
        )
    }


def _mutating_binding(draw: Draw) -> dict[str, Any]:
    return {"spec": given(policyName="no-such", matchResources=draw.maybe({}, {"namespaceSelector": _NOWHERE}))}


def _webhook_kind(kind: str, *, mutating: bool) -> Specimen:
    return Specimen(
        api_version="admissionregistration.k8s.io/v1",
        kind=kind,
        body=lambda draw: {"webhooks": _webhooks(draw, mutating=mutating)},
        namespaced=False,
    )


def _admission(kind: str, body: Any) -> Specimen:
    return Specimen(api_version="admissionregistration.k8s.io/v1", kind=kind, body=body, namespaced=False)


_RBAC = "rbac.authorization.k8s.io/v1"

KINDS = (
    Specimen(api_version=_RBAC, kind="Role", body=_role),
    Specimen(api_version=_RBAC, kind="RoleBinding", body=lambda draw: _binding(draw, "Role")),
    Specimen(api_version=_RBAC, kind="ClusterRole", body=_cluster_role, namespaced=False),
    Specimen(
        api_version=_RBAC, kind="ClusterRoleBinding", body=lambda draw: _binding(draw, "ClusterRole"), namespaced=False
    ),
    _webhook_kind("ValidatingWebhookConfiguration", mutating=False),
    _webhook_kind("MutatingWebhookConfiguration", mutating=True),
    _admission("ValidatingAdmissionPolicy", _policy),
    _admission("ValidatingAdmissionPolicyBinding", _policy_binding),
    _admission("MutatingAdmissionPolicy", _mutating_policy),
    _admission("MutatingAdmissionPolicyBinding", _mutating_binding),
)
