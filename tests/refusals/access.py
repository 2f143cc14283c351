"""Roles, bindings and requests for certificates, wrong and odd."""

from __future__ import annotations

from typing import Any, Final

from refusals import GONE

__all__ = ["ODD", "WRONG"]

WRONG: Final[list[tuple[Any, ...]]] = [
    ("role", {"rules.0.verbs": []}),
    ("role", {"rules.0.verbs": GONE}),
    ("role", {"rules.0.apiGroups": GONE}),
    ("role", {"rules.0.resources": []}),
    ("role", {"rules.0": {"nonResourceURLs": ["/x"], "verbs": ["get"]}}, "rules[0].nonResourceURLs"),
    ("cluster-role", {"rules.0.nonResourceURLs": ["/x"]}),
    ("cluster-role", {"rules.0.verbs": []}),
    ("cluster-role", {"aggregationRule": {}}, "aggregationRule.clusterRoleSelectors"),
    (
        "cluster-role",
        {"aggregationRule.clusterRoleSelectors": [{"matchExpressions": [{"key": "a", "operator": "Is"}]}]},
        "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator",
    ),
    ("binding", {"roleRef.kind": "User"}),
    ("binding", {"roleRef.name": ""}),
    ("binding", {"roleRef.name": "a/b"}),
    ("binding", {"roleRef.apiGroup": "x"}),
    ("binding", {"subjects.0.kind": "Robot"}),
    ("binding", {"subjects.0.kind": GONE}),
    ("binding", {"subjects.0.name": ""}),
    ("binding", {"subjects.0.name": "A"}),
    ("binding", {"subjects.0.apiGroup": "rbac.authorization.k8s.io"}),
    ("binding", {"subjects.0": {"kind": "User", "name": "x", "apiGroup": "x"}}, "subjects[0].apiGroup"),
    ("cluster-binding", {"roleRef.kind": "Role"}),
    ("cluster-binding", {"subjects.0.namespace": GONE}),
    ("cluster-binding", {"roleRef.name": "a%b"}),
    ("signing", {"spec.usages": []}),
    ("signing", {"spec.usages": ["client auth", "client auth"]}, "spec.usages[1]"),
    ("signing", {"spec.usages": ["anything"]}, "spec.usages[0]"),
    ("signing", {"spec.signerName": "x"}),
    ("signing", {"spec.signerName": "x/y"}),
    ("signing", {"spec.signerName": "example.com/A"}),
    ("signing", {"spec.signerName": "example.com/a/b"}),
    ("signing", {"spec.signerName": "kubernetes.io/legacy-unknown"}),
    ("signing", {"spec.expirationSeconds": 599}),
    ("signing", {"spec.request": "eA=="}),
]

ODD: Final[list[tuple[Any, ...]]] = [
    ("role", {}),
    ("role", {"rules": GONE}),
    ("role", {"rules.0": {"apiGroups": ["*"], "resources": ["*"], "verbs": ["any thing"], "resourceNames": [""]}}),
    ("cluster-role", {"rules.0": {"nonResourceURLs": ["x", "*"], "verbs": ["*"]}}),
    ("cluster-role", {"aggregationRule.clusterRoleSelectors": [{}], "rules": GONE}),
    ("binding", {"roleRef.apiGroup": GONE}),
    ("binding", {"roleRef.kind": "Role", "roleRef.name": "Any:Thing"}),
    ("binding", {"subjects": GONE}),
    ("binding", {"subjects.0.namespace": GONE}),
    ("binding", {"subjects.0": {"kind": "User", "name": "Any Thing/x"}}),
    ("binding", {"subjects.0": {"kind": "Group", "name": "system:masters", "namespace": "ignored"}}),
    ("cluster-binding", {}),
    ("signing", {}),
    ("signing", {"spec.usages": ["s/mime", "any"], "spec.expirationSeconds": 600}),
]
