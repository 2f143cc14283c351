"""What can be wrong with what there is once for the whole cluster."""

from __future__ import annotations

from typing import Final

from agreement.edits import GONE, Edits

__all__ = ["MISTAKES"]


MISTAKES: Final[dict[str, dict[str, Edits]]] = {
    "Namespace": {
        "a name with a point": {"metadata.name": "a.b"},
        "a name in capitals": {"metadata.name": "A"},
        "a long name": {"metadata.name": "a" * 64},
        "a finalizer that is none": {"spec": {"finalizers": ["a b"]}},
    },
    "PriorityClass": {
        "a value of the system": {"value": 2000000000},
        "a name of the system": {"metadata.name": "system-mine"},
        "a preemption that is none": {"preemptionPolicy": "Always"},
        "no value": {"value": GONE},
    },
    "RuntimeClass": {
        "no handler": {"handler": ""},
        "a handler in capitals": {"handler": "Runc"},
        "overhead that is none": {"overhead": {"podFixed": {"a b": "1"}}},
        "a node that is none": {"scheduling": {"nodeSelector": {"a b": "c"}}},
    },
    "APIService": {
        "another name": {"metadata.name": "v1.other.example.com"},
        "no priority": {"spec.groupPriorityMinimum": 0},
        "a priority too high": {"spec.groupPriorityMinimum": 20001},
        "no priority of the version": {"spec.versionPriority": 0},
        "a version that is none": {"spec.version": "V1"},
        "an insecure one of nobody": {"spec.insecureSkipTLSVerify": True},
        "insecure with an authority": {
            "spec.service": {"name": "a", "namespace": "b"},
            "spec.caBundle": "eA==",
            "spec.insecureSkipTLSVerify": True,
        },
        "a service without a namespace": {"spec.service": {"name": "a"}, "spec.caBundle": "eA=="},
    },
}
