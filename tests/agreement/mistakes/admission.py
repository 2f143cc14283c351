"""What can be wrong with what is let in, and when."""

from __future__ import annotations

from typing import Final

from agreement.edits import GONE, Edits

__all__ = ["MISTAKES"]

_W: Final = "webhooks.0"
_ALL: Final = "object.spec.template.spec.containers.all({}, "
_WEBHOOK: Final[dict[str, Edits]] = {
    "a name of two parts": {f"{_W}.name": "a.b"},
    "one name twice": {
        "webhooks.1": {
            "name": "check.example.com",
            "clientConfig": {"url": "https://a/b"},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
    },
    "no side effects": {f"{_W}.sideEffects": GONE},
    "side effects that are some": {f"{_W}.sideEffects": "Some"},
    "side effects that are none": {f"{_W}.sideEffects": "Never"},
    "no versions": {f"{_W}.admissionReviewVersions": []},
    "a version that is none": {f"{_W}.admissionReviewVersions": ["v9"]},
    "one version twice": {f"{_W}.admissionReviewVersions": ["v1", "v1"]},
    "a failure policy that is none": {f"{_W}.failurePolicy": "Retry"},
    "a match policy that is none": {f"{_W}.matchPolicy": "All"},
    "a minute to answer": {f"{_W}.timeoutSeconds": 60},
    "no time to answer": {f"{_W}.timeoutSeconds": 0},
    "nobody to ask": {f"{_W}.clientConfig": {}},
    "two to ask": {f"{_W}.clientConfig.url": "https://a/b"},
    "a plain address": {f"{_W}.clientConfig": {"url": "http://a/b"}},
    "an address with a query": {f"{_W}.clientConfig": {"url": "https://a/b?c"}},
    "an address with a user": {f"{_W}.clientConfig": {"url": "https://u@a/b"}},
    "an address that is none": {f"{_W}.clientConfig": {"url": "https://"}},
    "a service without a name": {f"{_W}.clientConfig.service.name": ""},
    "a service with a bad path": {f"{_W}.clientConfig.service.path": "x"},
    "a service with a bad port": {f"{_W}.clientConfig.service.port": 0},
    "an operation that is none": {f"{_W}.rules.0.operations": ["READ"]},
    "all operations and one": {f"{_W}.rules.0.operations": ["*", "CREATE"]},
    "no operations": {f"{_W}.rules.0.operations": []},
    "no groups": {f"{_W}.rules.0.apiGroups": []},
    "no versions of a rule": {f"{_W}.rules.0.apiVersions": []},
    "no resources": {f"{_W}.rules.0.resources": []},
    "all groups and one": {f"{_W}.rules.0.apiGroups": ["*", "apps"]},
    "all resources and one": {f"{_W}.rules.0.resources": ["*", "pods"]},
    "a scope that is none": {f"{_W}.rules.0.scope": "All"},
    "a condition that does not compile": {f"{_W}.matchConditions": [{"name": "a", "expression": "object."}]},
    "a condition that is no question": {f"{_W}.matchConditions": [{"name": "a", "expression": "1"}]},
    "a condition without a name": {f"{_W}.matchConditions": [{"name": "", "expression": "true"}]},
    "one condition twice": {
        f"{_W}.matchConditions": [{"name": "a", "expression": "true"}, {"name": "a", "expression": "true"}]
    },
    "a selector with an operator that is none": {
        f"{_W}.objectSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}
    },
}
_POLICY: Final[dict[str, Edits]] = {
    "nothing to check": {"spec.validations": []},
    "no rules": {"spec.matchConstraints.resourceRules": []},
    "no constraints": {"spec.matchConstraints": GONE},
    "a rule that does not compile": {"spec.validations.0.expression": "object.spec.replicas <"},
    "a rule that is no question": {"spec.validations.0.expression": "'x'"},
    "a rule of nothing": {"spec.validations.0.expression": " "},
    "a rule of an unknown name": {"spec.validations.0.expression": "objekt.spec.replicas > 1"},
    "a message of two lines": {"spec.validations.0.message": "a\nb"},
    "a message expression that is a number": {"spec.validations.0.messageExpression": "1"},
    "a reason that is none": {"spec.validations.0.reason": "Bad"},
    "a variable that is no name": {"spec.variables": [{"name": "a-b", "expression": "1"}]},
    "a variable that does not compile": {"spec.variables": [{"name": "a", "expression": "1 +"}]},
    "a failure policy that is none": {"spec.failurePolicy": "Retry"},
    "a condition that is no question": {"spec.matchConditions": [{"name": "a", "expression": "1"}]},
    "a parameter of nothing": {"spec.paramKind": {"apiVersion": "", "kind": ""}},
    "an audit key that is none": {"spec.auditAnnotations": [{"key": "a b", "valueExpression": "'x'"}]},
    "an audit value that is a number": {"spec.auditAnnotations": [{"key": "a", "valueExpression": "1"}]},
    "an operation that is none": {"spec.matchConstraints.resourceRules.0.operations": ["READ"]},
    "a cost over the limit": {
        "spec.validations.0.expression": f"{''.join(map(_ALL.format, 'abc'))}a.name + b.name != c.name)))"
    },
}
_POLICY_BINDING: Final[dict[str, Edits]] = {
    "no policy": {"spec.policyName": ""},
    "no actions": {"spec.validationActions": []},
    "an action that is none": {"spec.validationActions": ["Stop"]},
    "an action twice": {"spec.validationActions": ["Deny", "Deny"]},
    "to deny and to warn": {"spec.validationActions": ["Deny", "Warn"]},
    "parameters of nothing": {"spec.paramRef": {}},
    "parameters by name and selector": {
        "spec.paramRef": {"name": "a", "selector": {}, "parameterNotFoundAction": "Deny"}
    },
    "parameters without an action": {"spec.paramRef": {"name": "a"}},
}
_FLOW: Final[dict[str, Edits]] = {
    "no precedence": {"spec.matchingPrecedence": 0},
    "a precedence too high": {"spec.matchingPrecedence": 10001},
    "no level": {"spec.priorityLevelConfiguration": {"name": ""}},
    "a rule without subjects": {"spec.rules.0.subjects": []},
    "a subject of two": {"spec.rules.0.subjects.0.group": {"name": "g"}},
    "a subject that is none": {"spec.rules.0.subjects.0": {"kind": "Robot"}},
    "a path without a slash": {"spec.rules.0.nonResourceRules.0.nonResourceURLs": ["x"]},
    "a verb that is none": {"spec.rules.0.nonResourceRules.0.verbs": ["look"]},
    "all verbs and one": {"spec.rules.0.nonResourceRules.0.verbs": ["*", "get"]},
    "a distinction that is none": {"spec.distinguisherMethod": {"type": "ByDay"}},
}
_LEVEL: Final[dict[str, Edits]] = {
    "a type that is none": {"spec.type": "Some"},
    "exempt with limits": {"spec.type": "Exempt"},
    "limited without limits": {"spec.limited": GONE},
    "a hand larger than the deck": {"spec.limited.limitResponse.queuing.handSize": 9},
    "no queues": {"spec.limited.limitResponse.queuing.queues": 0},
    "a rejection with queues": {"spec.limited.limitResponse.type": "Reject"},
    "shares below zero": {"spec.limited.nominalConcurrencyShares": -1},
    "to lend more than all": {"spec.limited.lendablePercent": 101},
}

MISTAKES: Final[dict[str, dict[str, Edits]]] = {
    "ValidatingWebhookConfiguration": _WEBHOOK,
    "ValidatingAdmissionPolicy": _POLICY,
    "ValidatingAdmissionPolicyBinding": _POLICY_BINDING,
    "FlowSchema": _FLOW,
    "PriorityLevelConfiguration": _LEVEL,
}
