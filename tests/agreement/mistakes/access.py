"""What can be wrong with who may do what."""

from __future__ import annotations

from typing import Final

from agreement.edits import GONE, Edits

__all__ = ["MISTAKES"]

_RBAC: Final = "rbac.authorization.k8s.io"
_ROLE: Final[dict[str, Edits]] = {
    "no verbs": {"rules.0.verbs": []},
    "no resources": {"rules.0.resources": []},
    "no groups": {"rules.0.apiGroups": []},
    "paths in a namespace": {"rules.0": {"nonResourceURLs": ["/x"], "verbs": ["get"]}},
    "paths and resources": {"rules.0.nonResourceURLs": ["/x"]},
    "no rules": {"rules": []},
}
_BINDING: Final[dict[str, Edits]] = {
    "no role": {"roleRef": GONE},
    "a role without a name": {"roleRef.name": ""},
    "a role of a kind that is none": {"roleRef.kind": "Group"},
    "a role of another group": {"roleRef.apiGroup": "apps"},
    "a role without a group": {"roleRef.apiGroup": ""},
    "an account without a namespace": {"subjects.0": {"kind": "ServiceAccount", "name": "a"}},
    "an account in capitals": {"subjects.0": {"kind": "ServiceAccount", "name": "A", "namespace": "default"}},
    "an account of a group": {
        "subjects.0": {"kind": "ServiceAccount", "name": "a", "namespace": "n", "apiGroup": _RBAC}
    },
    "a user of another group": {"subjects.0": {"kind": "User", "name": "a", "apiGroup": "apps"}},
    "a subject that is none": {"subjects.0": {"kind": "Robot", "name": "a"}},
    "a subject without a name": {"subjects.0": {"kind": "User", "name": ""}},
}

MISTAKES: Final[dict[str, dict[str, Edits]]] = {
    "Role": _ROLE,
    "RoleBinding": _BINDING,
    "ClusterRole": {
        "no verbs": {"rules.0.verbs": []},
        "an aggregation of nothing": {"aggregationRule": {"clusterRoleSelectors": []}},
        "an aggregation that is none": {
            "aggregationRule": {"clusterRoleSelectors": [{"matchExpressions": [{"key": "a", "operator": "Is"}]}]}
        },
    },
    "ClusterRoleBinding": {**_BINDING, "a role of a namespace": {"roleRef.kind": "Role"}},
    "CertificateSigningRequest": {
        "no request": {"spec.request": GONE},
        "a request that is none": {"spec.request": "eA=="},
        "no signer": {"spec.signerName": ""},
        "a signer without a domain": {"spec.signerName": "x"},
        "no usages": {"spec.usages": []},
        "a usage that is none": {"spec.usages": ["to sign"]},
        "a minute": {"spec.expirationSeconds": 60},
    },
}
