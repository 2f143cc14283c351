"""What can be wrong with what holds data, limits it, or scales by it."""

from __future__ import annotations

from typing import Final

from agreement.edits import GONE, Edits

__all__ = ["MISTAKES"]

_KEPT: Final[dict[str, Edits]] = {
    "a key with a slash": {"data.[a/b]": "eA=="},
    "a key with a blank": {"data.[a b]": "eA=="},
    "a key of two points": {"data.[..]": "eA=="},
    "a key that begins with two points": {"data.[..a]": "eA=="},
    "a long key": {f"data.{'a' * 254}": "eA=="},
}
_CONFIG: Final[dict[str, Edits]] = {
    **_KEPT,
    "a key of both": {"binaryData": {"a": "eA=="}},
    "a bad key of binary data": {"binaryData": {"a b": "eA=="}},
    "no base64": {"binaryData": {"b": "***"}},
    "too large": {"data.b": "x" * 1048577},
    "a number": {"data.b": 5},
    "a switch": {"data.b": True},
}
_SECRET: Final[dict[str, Edits]] = {
    **_KEPT,
    "no base64": {"data.b": "***"},
    "a bad key of plain data": {"stringData": {"a b": "x"}},
    "too large": {"stringData": {"b": "x" * 1048577}},
    "a TLS secret of nothing": {"type": "kubernetes.io/tls"},
    "a TLS secret": {"type": "kubernetes.io/tls", "stringData": {"tls.crt": "x", "tls.key": "y"}},
    "a registry secret of nothing": {"type": "kubernetes.io/dockerconfigjson"},
    "a registry secret that is no JSON": {
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": "{"},
    },
    "an old registry secret of nothing": {"type": "kubernetes.io/dockercfg"},
    "an account's without an account": {"type": "kubernetes.io/service-account-token"},
    "a password of nobody": {"type": "kubernetes.io/basic-auth"},
    "a key of nobody": {"type": "kubernetes.io/ssh-auth"},
}
_QUOTA: Final[dict[str, Edits]] = {
    "a negative amount": {"spec.hard.pods": "-1"},
    "half a pod": {"spec.hard.pods": "500m"},
    "a resource that is none": {"spec.hard.[a b]": "1"},
    "a resource without a domain": {"spec.hard.things": "1"},
    "a count of no kind": {"spec.hard.[count/things]": "1"},
    "a scope that is none": {"spec.scopes": ["Best"]},
    "scopes that contradict": {"spec.scopes": ["BestEffort", "NotBestEffort"]},
    "a scope of other resources": {"spec.scopes": ["BestEffort"]},
    "a scope selector without values": {
        "spec.scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In"}]}
    },
}
_LIMITS: Final[dict[str, Edits]] = {
    "least above most": {"spec.limits.0.min.cpu": "3"},
    "least above a most that is null": {"spec.limits.0.max.cpu": None},
    "a default above most": {"spec.limits.0.default.cpu": "3"},
    "a request above the default": {"spec.limits.0.defaultRequest": {"cpu": "3"}},
    "a default of pods": {"spec.limits.0.type": "Pod"},
    "a ratio below one": {"spec.limits.0.maxLimitRequestRatio": {"cpu": "0.5"}},
    "a ratio above what can be": {"spec.limits.0.maxLimitRequestRatio": {"cpu": "5"}},
    "one type twice": {"spec.limits.1": {"type": "Container", "max": {"cpu": "2"}}},
    "a type that is none": {"spec.limits.0.type": "Disk"},
    "a claim without a size": {"spec.limits.1": {"type": "PersistentVolumeClaim", "max": {"cpu": "1"}}},
    "a resource that is none": {"spec.limits.0.max.[a b]": "1"},
}
_SCALER: Final[dict[str, Edits]] = {
    "most below least": {"spec.minReplicas": 5},
    "most of zero": {"spec.maxReplicas": 0},
    "least of zero": {"spec.minReplicas": 0},
    "no target": {"spec.scaleTargetRef": GONE},
    "a target without a name": {"spec.scaleTargetRef.name": ""},
    "a target without a kind": {"spec.scaleTargetRef.kind": ""},
    "a target with a slash": {"spec.scaleTargetRef.name": "a/b"},
    "a metric type that is none": {"spec.metrics.0.type": "Disk"},
    "a metric without itself": {"spec.metrics.0.resource": GONE},
    "a metric of two": {
        "spec.metrics.0.pods": {"metric": {"name": "p"}, "target": {"type": "AverageValue", "averageValue": "1"}}
    },
    "a metric without a name": {"spec.metrics.0.resource.name": ""},
    "a target of a metric that is none": {"spec.metrics.0.resource.target.type": "Much"},
    "a target of nothing": {"spec.metrics.0.resource.target": {"type": "Utilization"}},
    "a target of two": {"spec.metrics.0.resource.target.averageValue": "1"},
    "a use of zero": {"spec.metrics.0.resource.target.averageUtilization": 0},
    "a use of a value": {"spec.metrics.0.resource.target": {"type": "Value", "value": "1"}},
    "an object without a kind": {
        "spec.metrics.0": {
            "type": "Object",
            "object": {
                "describedObject": {"name": "x", "kind": ""},
                "metric": {"name": "m"},
                "target": {"type": "Value", "value": "1"},
            },
        }
    },
    "a metric of no object": {
        "spec.metrics.0": {
            "type": "Object",
            "object": {"metric": {"name": "m"}, "target": {"type": "Value", "value": "1"}},
        }
    },
    "an object of no metric": {
        "spec.metrics.0": {
            "type": "Object",
            "object": {
                "describedObject": {"name": "x", "kind": "A"},
                "target": {"type": "Value", "value": "1"},
            },
        }
    },
    "an external of nothing": {
        "spec.metrics.0": {"type": "External", "external": {"metric": {"name": "m"}, "target": {"type": "Value"}}}
    },
    "behaviour without policies": {"spec.behavior": {"scaleDown": {"policies": []}}},
    "behaviour of a policy that is none": {
        "spec.behavior": {"scaleDown": {"policies": [{"type": "All", "value": 1, "periodSeconds": 60}]}}
    },
    "behaviour of zero": {
        "spec.behavior": {"scaleDown": {"policies": [{"type": "Pods", "value": 0, "periodSeconds": 60}]}}
    },
    "behaviour of no time": {
        "spec.behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 0}]}}
    },
    "behaviour of an hour": {
        "spec.behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 3600}]}}
    },
    "behaviour chosen by none": {"spec.behavior": {"scaleUp": {"selectPolicy": "Any"}}},
    "a window of two hours": {"spec.behavior": {"scaleUp": {"stabilizationWindowSeconds": 7200}}},
}
_BUDGET: Final[dict[str, Edits]] = {
    "least and most": {"spec.maxUnavailable": 1},
    "more than all": {"spec.minAvailable": "150%"},
    "fewer than none": {"spec.minAvailable": -1},
    "no part": {"spec.minAvailable": "few"},
    "a policy that is none": {"spec.unhealthyPodEvictionPolicy": "Never"},
    "a selector with an operator that is none": {
        "spec.selector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}
    },
}

MISTAKES: Final[dict[str, dict[str, Edits]]] = {
    "ConfigMap": _CONFIG,
    "Secret": _SECRET,
    "ResourceQuota": _QUOTA,
    "LimitRange": _LIMITS,
    "HorizontalPodAutoscaler": _SCALER,
    "PodDisruptionBudget": _BUDGET,
    "ServiceAccount": {
        "a secret that is none": {"secrets": [{"name": 5}]},
        "a name in capitals": {"metadata.name": "A"},
    },
    "Lease": {
        "a lease of no time": {"spec.leaseDurationSeconds": 0},
        "a time that is none": {"spec.acquireTime": "yesterday"},
        "transitions below zero": {"spec.leaseTransitions": -1},
        "a strategy of nobody": {"spec.strategy": "OldestEmulationVersion", "spec.holderIdentity": ""},
    },
}
