"""Workloads, wrong in one place or odd and right. Places are those of the whole object."""

from __future__ import annotations

from typing import Any, Final

from mistakes import GONE, Case

__all__ = ["BASES", "CASES"]

_LABELS: Final = {"app": "a"}
_TEMPLATE: Final = {"metadata": {"labels": _LABELS}, "spec": {"containers": [{"name": "app", "image": "nginx"}]}}
_SELECTED: Final = {"selector": {"matchLabels": _LABELS}, "template": _TEMPLATE}
_JOB: Final = {"template": {"spec": {**_TEMPLATE["spec"], "restartPolicy": "Never"}}}
_CLAIM: Final = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}

BASES: Final[dict[str, dict[str, Any]]] = {
    "Pod": {"apiVersion": "v1", "kind": "Pod", "spec": _TEMPLATE["spec"]},
    "PodTemplate": {"apiVersion": "v1", "kind": "PodTemplate", "template": _TEMPLATE},
    "ReplicationController": {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "spec": {"selector": _LABELS, "template": _TEMPLATE},
    },
    "Deployment": {"apiVersion": "apps/v1", "kind": "Deployment", "spec": _SELECTED},
    "ReplicaSet": {"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": _SELECTED},
    "DaemonSet": {"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": _SELECTED},
    "StatefulSet": {"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {**_SELECTED, "serviceName": "s"}},
    "ControllerRevision": {"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": 1, "data": {"a": 1}},
    "Job": {"apiVersion": "batch/v1", "kind": "Job", "spec": _JOB},
    "CronJob": {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": _JOB}},
    },
}

_MISMATCH: Final = {"spec.selector.matchLabels": {"app": "b"}}
_LABELS_PLACE: Final = "spec.template.metadata.labels"
_RESTART: Final = "spec.template.spec.restartPolicy"
_DEADLINE: Final = "spec.template.spec.activeDeadlineSeconds"
_UP: Final = "spec.strategy.rollingUpdate"
_SET_UP: Final = "spec.updateStrategy.rollingUpdate"
_RULE: Final = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}}
_RULES: Final = "spec.podFailurePolicy.rules"


def _selectors() -> dict[str, tuple[str, Case]]:
    """Return what all kinds with a selector and a template are wrong with."""
    cases: dict[str, Case] = {
        "another selector": Case(_MISMATCH, _LABELS_PLACE),
        "selector of more": Case({"spec.selector.matchLabels.tier": "x"}, _LABELS_PLACE),
        "no labels": Case({"spec.template.metadata": {}}, _LABELS_PLACE),
        "empty selector": Case({"spec.selector": {}}, "spec.selector"),
        "selector with a bad operator": Case(
            {"spec.selector": {"matchExpressions": [{"key": "app", "operator": "Is", "values": ["a"]}]}},
            "spec.selector.matchExpressions[0].operator",
        ),
        "selector with no values": Case(
            {"spec.selector": {"matchExpressions": [{"key": "app", "operator": "In"}]}},
            "spec.selector.matchExpressions[0].values",
        ),
        "selector with a bad key": Case(
            {"spec.selector": {"matchExpressions": [{"key": "a b", "operator": "Exists"}]}},
            "spec.selector.matchExpressions[0].key",
        ),
        "selector with a bad value": Case(
            {"spec.selector.matchLabels": {"app": "a b"}, "spec.template.metadata.labels": {"app": "a b"}},
            "spec.selector.matchLabels[app]",
        ),
        "selector by expressions": Case(
            {
                "spec.selector": {
                    "matchExpressions": [
                        {"key": "app", "operator": "In", "values": ["a", "b"]},
                        {"key": "no", "operator": "DoesNotExist"},
                        {"key": "nor", "operator": "NotIn", "values": ["x"]},
                    ]
                }
            }
        ),
        "expressions that select others": Case(
            {"spec.selector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}},
            _LABELS_PLACE,
        ),
        "restarts on failure": Case({_RESTART: "OnFailure"}, _RESTART),
        "never restarts": Case({_RESTART: "Never"}, _RESTART),
        "always restarts": Case({_RESTART: "Always"}),
        "ends some time": Case({_DEADLINE: 5}, _DEADLINE),
        "bad label of the template": Case({f"{_LABELS_PLACE}.x": "a b"}, f"{_LABELS_PLACE}[x]"),
        "more labels": Case({f"{_LABELS_PLACE}.x": ""}),
        "not ready for long": Case({"spec.minReadySeconds": -1}, "spec.minReadySeconds"),
    }
    found = {}
    for kind in ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"):
        found |= {f"{kind}: {name}": (kind, case) for name, case in cases.items()}
    return found


def _annotated(place: str | None, **annotations: str) -> Case:
    return Case({"spec.template.metadata.annotations": annotations}, place)


_DEPLOYMENTS: Final = {
    "negative replicas": Case({"spec.replicas": -1}, "spec.replicas"),
    "no replicas": Case({"spec.replicas": 0}),
    "rolling and recreated": Case({"spec.strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}}, _UP),
    "both zero": Case({_UP: {"maxSurge": 0, "maxUnavailable": 0}}, f"{_UP}.maxUnavailable"),
    "both zero percent": Case({_UP: {"maxSurge": "0%", "maxUnavailable": "0%"}}, f"{_UP}.maxUnavailable"),
    "one zero": Case({_UP: {"maxSurge": 0}}),
    "other zero": Case({_UP: {"maxUnavailable": 0}}),
    "more than all": Case({_UP: {"maxUnavailable": "101%"}}, f"{_UP}.maxUnavailable"),
    "twice as many": Case({_UP: {"maxSurge": "200%"}}),
    "no percent": Case({_UP: {"maxSurge": "25"}}, f"{_UP}.maxSurge"),
    "negative surge": Case({_UP: {"maxSurge": -1}}, f"{_UP}.maxSurge"),
    "unknown strategy": Case({"spec.strategy": {"type": "Blue"}}, "spec.strategy.type"),
    "recreated": Case({"spec.strategy": {"type": "Recreate", "rollingUpdate": None}}),
    "strategy of nothing": Case({"spec.strategy": {}}),
    "negative history": Case({"spec.revisionHistoryLimit": -1}, "spec.revisionHistoryLimit"),
    "ready too late": Case({"spec.minReadySeconds": 600}, "spec.progressDeadlineSeconds"),
    "ready as late": Case(
        {"spec.minReadySeconds": 5, "spec.progressDeadlineSeconds": 5}, "spec.progressDeadlineSeconds"
    ),
    "ready in time": Case({"spec.minReadySeconds": 599}),
    "no deadline": Case({"spec.progressDeadlineSeconds": 0}, "spec.progressDeadlineSeconds"),
    "no selector": Case({"spec.selector": GONE}, "spec.selector"),
    "no spec of the pod": Case({"spec.template.spec": GONE}, "spec.template.spec.containers"),
    "cost of no number": _annotated(
        "spec.template.metadata.annotations[controller.kubernetes.io/pod-deletion-cost]",
        **{"controller.kubernetes.io/pod-deletion-cost": "low"},
    ),
    "cost": _annotated(None, **{"controller.kubernetes.io/pod-deletion-cost": "-10"}),
    "AppArmor of nobody": _annotated(
        "spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/none]",
        **{"container.apparmor.security.beta.kubernetes.io/none": "unconfined"},
    ),
    "AppArmor of one": _annotated(None, **{"container.apparmor.security.beta.kubernetes.io/app": "localhost/x"}),
    "AppArmor of a kind": _annotated(
        "spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/app]",
        **{"container.apparmor.security.beta.kubernetes.io/app": "x"},
    ),
    "seccomp of a kind": _annotated(
        "spec.template.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]",
        **{"seccomp.security.alpha.kubernetes.io/pod": "x"},
    ),
    "seccomp by annotation": _annotated(None, **{"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"}),
    "bad annotation": _annotated("spec.template.metadata.annotations[a b]", **{"a b": "x"}),
    "ephemeral volume of any length": Case(
        {"spec.template.spec.volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": _CLAIM}}}]}
    ),
    "padded image": Case({"spec.template.spec.containers.0.image": " nginx"}),
    "never ends": Case({"spec.template.spec.terminationGracePeriodSeconds": -1}),
}

_DAEMON_SETS: Final = {
    "both": Case({_SET_UP: {"maxSurge": 1, "maxUnavailable": 1}}, f"{_SET_UP}.maxSurge"),
    "surge alone": Case({_SET_UP: {"maxSurge": 1}}, f"{_SET_UP}.maxSurge"),
    "surge and none missing": Case({_SET_UP: {"maxSurge": "10%", "maxUnavailable": 0}}),
    "neither": Case({_SET_UP: {"maxUnavailable": 0}}, f"{_SET_UP}.maxUnavailable"),
    "more than all": Case({_SET_UP: {"maxUnavailable": "150%"}}, f"{_SET_UP}.maxUnavailable"),
    "on deletion": Case({"spec.updateStrategy": {"type": "OnDelete"}}),
    "unknown strategy": Case({"spec.updateStrategy": {"type": "Recreate"}}, "spec.updateStrategy.type"),
    "negative history": Case({"spec.revisionHistoryLimit": -1}, "spec.revisionHistoryLimit"),
}

_STATEFUL_SETS: Final = {
    "negative replicas": Case({"spec.replicas": -1}, "spec.replicas"),
    "negative partition": Case({_SET_UP: {"partition": -1}}, f"{_SET_UP}.partition"),
    "none missing": Case({_SET_UP: {"maxUnavailable": 0}}, f"{_SET_UP}.maxUnavailable"),
    "all missing": Case({_SET_UP: {"maxUnavailable": "100%"}}),
    "rolling on deletion": Case(
        {"spec.updateStrategy": {"type": "OnDelete", "rollingUpdate": {"partition": 0}}}, _SET_UP
    ),
    "unknown strategy": Case({"spec.updateStrategy": {"type": "Sometimes"}}, "spec.updateStrategy.type"),
    "unknown management": Case({"spec.podManagementPolicy": "Random"}, "spec.podManagementPolicy"),
    "negative start": Case({"spec.ordinals": {"start": -1}}, "spec.ordinals.start"),
    "bad service": Case({"spec.serviceName": "a.b"}, "spec.serviceName"),
    "no service": Case({"spec.serviceName": GONE}),
    "unknown retention": Case(
        {"spec.persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Maybe"}},
        "spec.persistentVolumeClaimRetentionPolicy.whenDeleted",
    ),
    "claim without modes": Case(
        {"spec.volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": {"resources": _CLAIM["resources"]}}]},
        "spec.volumeClaimTemplates[0].spec.accessModes",
    ),
    "claim without size": Case(
        {"spec.volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": {"accessModes": ["ReadWriteOnce"]}}]},
        "spec.volumeClaimTemplates[0].spec.resources.requests[storage]",
    ),
    "claim of no size": Case(
        {
            "spec.volumeClaimTemplates": [
                {
                    "metadata": {"name": "d"},
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": 0}}},
                }
            ]
        },
        "spec.volumeClaimTemplates[0].spec.resources.requests[storage]",
    ),
    "claim that is mounted": Case(
        {
            "spec.volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": _CLAIM}],
            "spec.template.spec.containers.0.volumeMounts": [{"name": "data", "mountPath": "/d"}],
        }
    ),
    "claim in the place of a volume": Case(
        {
            "spec.volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": _CLAIM}],
            "spec.template.spec.volumes": [{"name": "data", "emptyDir": {}, "secret": {}}],
        }
    ),
    "mount of no claim": Case(
        {
            "spec.volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": _CLAIM}],
            "spec.template.spec.containers.0.volumeMounts": [{"name": "date", "mountPath": "/d"}],
        },
        "spec.template.spec.containers[0].volumeMounts[0].name",
    ),
    "host's name of the pods": Case({"spec.template.spec.hostname": "A B", "spec.template.spec.subdomain": "C"}),
}

_CONTROLLERS: Final = {
    "another selector": Case({"spec.selector": {"app": "b"}}, _LABELS_PLACE),
    "no selector": Case({"spec.selector": GONE}),
    "no selector and no labels": Case({"spec.selector": GONE, "spec.template.metadata": {}}, "spec.selector"),
    "no template": Case({"spec.template": GONE}, "spec.template"),
    "never restarts": Case({_RESTART: "Never"}, _RESTART),
    "ends some time": Case({_DEADLINE: 5}, _DEADLINE),
    "negative replicas": Case({"spec.replicas": -1}, "spec.replicas"),
}

_JOBS: Final = {
    "always restarts": Case({_RESTART: "Always"}, _RESTART),
    "restarts as usual": Case({_RESTART: GONE}, _RESTART),
    "restarts on failure": Case({_RESTART: "OnFailure"}),
    "negative parallelism": Case({"spec.parallelism": -1}, "spec.parallelism"),
    "no parallelism": Case({"spec.parallelism": 0}),
    "negative completions": Case({"spec.completions": -1}, "spec.completions"),
    "negative deadline": Case({"spec.activeDeadlineSeconds": -1}, "spec.activeDeadlineSeconds"),
    "negative limit": Case({"spec.backoffLimit": -1}, "spec.backoffLimit"),
    "negative time to live": Case({"spec.ttlSecondsAfterFinished": -1}, "spec.ttlSecondsAfterFinished"),
    "limit per index": Case({"spec.backoffLimitPerIndex": 1}, "spec.backoffLimitPerIndex"),
    "limit of failed indexes": Case({"spec.maxFailedIndexes": 1}, "spec.maxFailedIndexes"),
    "indexed": Case({"spec.completionMode": "Indexed"}),
    "indexed by parallelism": Case({"spec.completionMode": "Indexed", "spec.parallelism": 2}, "spec.completions"),
    "indexed with all": Case(
        {
            "spec.completionMode": "Indexed",
            "spec.completions": 3,
            "spec.backoffLimitPerIndex": 1,
            "spec.maxFailedIndexes": 3,
            "spec.successPolicy": {"rules": [{"succeededIndexes": "0,1-2", "succeededCount": 2}]},
        }
    ),
    "indexed too far": Case(
        {"spec.completionMode": "Indexed", "spec.completions": 3, "spec.parallelism": 100001}, "spec.parallelism"
    ),
    "failed more than there are": Case(
        {
            "spec.completionMode": "Indexed",
            "spec.completions": 2,
            "spec.backoffLimitPerIndex": 1,
            "spec.maxFailedIndexes": 3,
        },
        "spec.maxFailedIndexes",
    ),
    "failed without a limit per index": Case(
        {"spec.completionMode": "Indexed", "spec.completions": 2, "spec.maxFailedIndexes": 1},
        "spec.backoffLimitPerIndex",
    ),
    "many without a limit": Case(
        {"spec.completionMode": "Indexed", "spec.completions": 100001, "spec.backoffLimitPerIndex": 1},
        "spec.maxFailedIndexes",
    ),
    "unknown mode": Case({"spec.completionMode": "Counted"}, "spec.completionMode"),
    "success without indexes": Case({"spec.successPolicy": {"rules": [{"succeededCount": 1}]}}, "spec.successPolicy"),
    "success of nothing": Case(
        {"spec.completionMode": "Indexed", "spec.completions": 3, "spec.successPolicy": {"rules": []}},
        "spec.successPolicy.rules",
    ),
    "success of an empty rule": Case(
        {"spec.completionMode": "Indexed", "spec.completions": 3, "spec.successPolicy": {"rules": [{}]}},
        "spec.successPolicy.rules[0]",
    ),
    "success of an index too far": Case(
        {
            "spec.completionMode": "Indexed",
            "spec.completions": 3,
            "spec.successPolicy": {"rules": [{"succeededIndexes": "0-3"}]},
        },
        "spec.successPolicy.rules[0].succeededIndexes",
    ),
    "success of indexes in disorder": Case(
        {
            "spec.completionMode": "Indexed",
            "spec.completions": 5,
            "spec.successPolicy": {"rules": [{"succeededIndexes": "2-3,1"}]},
        },
        "spec.successPolicy.rules[0].succeededIndexes",
    ),
    "success of words": Case(
        {
            "spec.completionMode": "Indexed",
            "spec.completions": 5,
            "spec.successPolicy": {"rules": [{"succeededIndexes": "one"}]},
        },
        "spec.successPolicy.rules[0].succeededIndexes",
    ),
    "success of more than named": Case(
        {
            "spec.completionMode": "Indexed",
            "spec.completions": 5,
            "spec.successPolicy": {"rules": [{"succeededIndexes": "0-1", "succeededCount": 3}]},
        },
        "spec.successPolicy.rules[0].succeededCount",
    ),
    "success of more than all": Case(
        {
            "spec.completionMode": "Indexed",
            "spec.completions": 5,
            "spec.successPolicy": {"rules": [{"succeededCount": 6}]},
        },
        "spec.successPolicy.rules[0].succeededCount",
    ),
    "failure policy": Case({_RULES: [_RULE]}),
    "failure policy of nothing": Case({_RULES: []}),
    "failure policy with restarts": Case({_RULES: [_RULE], _RESTART: "OnFailure"}, _RESTART),
    "failure policy with replacements": Case(
        {_RULES: [_RULE], "spec.podReplacementPolicy": "TerminatingOrFailed"}, "spec.podReplacementPolicy"
    ),
    "failure of an index without a limit": Case({_RULES: [{**_RULE, "action": "FailIndex"}]}, f"{_RULES}[0].action"),
    "failure without action": Case({_RULES: [{"onExitCodes": _RULE["onExitCodes"]}]}, f"{_RULES}[0].action"),
    "failure of an unknown action": Case({_RULES: [{**_RULE, "action": "Cry"}]}, f"{_RULES}[0].action"),
    "failure of nothing": Case({_RULES: [{"action": "FailJob"}]}, f"{_RULES}[0]"),
    "failure of codes and conditions": Case(
        {_RULES: [{**_RULE, "onPodConditions": [{"type": "A", "status": "True"}]}]}, f"{_RULES}[0]"
    ),
    "failure of code 0": Case(
        {_RULES: [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [0, 1]}}]},
        f"{_RULES}[0].onExitCodes.values[0]",
    ),
    "failure of not code 0": Case(
        {_RULES: [{"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [0]}}]}
    ),
    "failure of codes twice": Case(
        {_RULES: [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1, 1]}}]},
        f"{_RULES}[0].onExitCodes.values[1]",
    ),
    "failure of codes in disorder": Case(
        {_RULES: [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [2, 1]}}]},
        f"{_RULES}[0].onExitCodes.values",
    ),
    "failure of no codes": Case(
        {_RULES: [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": []}}]},
        f"{_RULES}[0].onExitCodes.values",
    ),
    "failure of another container": Case(
        {_RULES: [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1], "containerName": "no"}}]},
        f"{_RULES}[0].onExitCodes.containerName",
    ),
    "failure of a bad condition": Case(
        {_RULES: [{"action": "FailJob", "onPodConditions": [{"type": "A B", "status": "True"}]}]},
        f"{_RULES}[0].onPodConditions[0].type",
    ),
    "failure of a condition": Case({_RULES: [{"action": "Ignore", "onPodConditions": [{"type": "A"}]}]}),
    "own selector": Case({"spec.selector": {"matchLabels": {"app": "a"}}}, "spec.selector"),
    "own selector by hand": Case(
        {
            "spec.manualSelector": True,
            "spec.selector": {"matchLabels": {"app": "a"}},
            "spec.template.metadata": {"labels": {"app": "a"}},
        }
    ),
    "another selector by hand": Case(
        {"spec.manualSelector": True, "spec.selector": {"matchLabels": {"app": "a"}}}, _LABELS_PLACE
    ),
    "no selector by hand": Case({"spec.manualSelector": True}, "spec.selector"),
    "manager without domain": Case({"spec.managedBy": "me"}, "spec.managedBy"),
    "manager": Case({"spec.managedBy": "example.com/me"}),
    "manager with a long name": Case({"spec.managedBy": "example.com/" + "a" * 60}, "spec.managedBy"),
    "name too long for a label": Case({"metadata.name": "a" * 64}, "spec.template.labels"),
    "label of another name": Case(
        {"spec.template.metadata": {"labels": {"job-name": "other"}}}, "spec.template.metadata.labels[job-name]"
    ),
}

_CRON: Final = "spec.jobTemplate.spec"


def _schedule(text: str, *, right: bool = False) -> Case:
    return Case({"spec.schedule": text}, None if right else "spec.schedule")


_RIGHT_SCHEDULES: Final = (
    *("* * * * *", "*/5 * * * *", "0 0 1 1 ?", "1,2,3 4-6 */10 jan-mar MON", "@hourly", "@annually", "@every 1h30m"),
    *("0 0 * * 0-6/2", "5/15 * * * *", "  0 0 1 1 *  ", "59 23 31 12 6", "0,,5 * * * *", "@every 1.5h", ", * * * *"),
    *("@every 0", "@every -5s", "00 007 * * *", "*/100 * * * *", "? ? ? ? ?", "+5 * * * *"),
)
_WRONG_SCHEDULES: Final = (
    *("* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "@every", "@Daily"),
    *("5-1 * * * *", "*/0 * * * *", "a * * * *", "1-2-3 * * * *", "1/2/3 * * * *", "@every 1d", "@reboot", "hourly"),
    *(
        "TZ=UTC 0 0 * * *",
        "CRON_TZ=UTC 0 0 * * *",
        "-1 * * * *",
        "* * * foo *",
        "1.5 * * * *",
        "@every ",
        "*/x * * * *",
    ),
    *("* * * * sun-mon-tue", "70-80 * * * *", "0 0 L * *", "0 0 * * 1#2"),
)

_CRON_JOBS: Final = {
    **{f"schedule {text!r}": _schedule(text, right=True) for text in _RIGHT_SCHEDULES},
    **{f"bad schedule {text!r}": _schedule(text) for text in _WRONG_SCHEDULES},
    "no schedule": Case({"spec.schedule": GONE}, "spec.schedule"),
    "time zone": Case({"spec.timeZone": "Europe/Berlin"}),
    "time zone of the server": Case({"spec.timeZone": "Local"}, "spec.timeZone"),
    "empty time zone": Case({"spec.timeZone": ""}, "spec.timeZone"),
    "time zone above": Case({"spec.timeZone": "../etc/passwd"}, "spec.timeZone"),
    "time zone with blanks": Case({"spec.timeZone": "Europe/ Berlin"}, "spec.timeZone"),
    "unknown concurrency": Case({"spec.concurrencyPolicy": "Wait"}, "spec.concurrencyPolicy"),
    "negative deadline": Case({"spec.startingDeadlineSeconds": -1}, "spec.startingDeadlineSeconds"),
    "negative history": Case({"spec.successfulJobsHistoryLimit": -1}, "spec.successfulJobsHistoryLimit"),
    "negative history of failures": Case({"spec.failedJobsHistoryLimit": -1}, "spec.failedJobsHistoryLimit"),
    "no history": Case({"spec.failedJobsHistoryLimit": 0, "spec.successfulJobsHistoryLimit": 0}),
    "always restarts": Case({f"{_CRON}.template.spec.restartPolicy": GONE}, f"{_CRON}.template.spec.restartPolicy"),
    "selector": Case({f"{_CRON}.selector": {"matchLabels": {"a": "b"}}}, f"{_CRON}.selector"),
    "selector by hand": Case({f"{_CRON}.manualSelector": True}, f"{_CRON}.manualSelector"),
    "long name": Case({"metadata.name": "a" * 53}, "metadata.name"),
    "bad job": Case({f"{_CRON}.backoffLimit": -1}, f"{_CRON}.backoffLimit"),
}

_PODS: Final = {
    "padded image": Case({"spec.containers.0.image": "nginx "}, "spec.containers[0].image"),
    "node in spite of gates": Case({"spec.nodeName": "n", "spec.schedulingGates": [{"name": "a"}]}, "spec.nodeName"),
    "mirror without node": Case(
        {"metadata.annotations": {"kubernetes.io/config.mirror": "x"}},
        "metadata.annotations[kubernetes.io/config.mirror]",
    ),
    "claim of its own": Case(
        {
            "metadata.name": "p",
            "spec.volumes": [
                {"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": _CLAIM}}},
                {"name": "w", "persistentVolumeClaim": {"claimName": "p-v"}},
            ],
        },
        "spec.volumes[1].persistentVolumeClaim.claimName",
    ),
    "same ports on the host's network": Case(
        {
            "spec.hostNetwork": True,
            "spec.containers.0.ports": [{"containerPort": 80}],
            "spec.containers.1": {"name": "b", "image": "x", "ports": [{"containerPort": 80}]},
        },
        "spec.containers[1].ports[0].hostPort",
    ),
    "seccomp in two ways": Case(
        {
            "metadata.annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"},
            "spec.securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        },
        "spec.securityContext.seccompProfile.type",
    ),
    "never ends": Case({"spec.terminationGracePeriodSeconds": -1}),
    "keys of its own labels": Case(
        {
            "metadata.labels": {"a": "b"},
            "spec.topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "zone",
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"a": "b"}},
                    "matchLabelKeys": ["a"],
                }
            ],
        },
        "spec.topologySpreadConstraints[0].matchLabelKeys[0]",
    ),
}

_REVISIONS: Final = {
    "negative revision": Case({"revision": -1}, "revision"),
    "revision": Case({"revision": 0}),
    "revision of nothing": Case({"data": GONE}, "data"),
}

_TEMPLATES: Final = {
    "no template": Case({"template": GONE}, "template.spec.containers"),
    "any restart policy": Case({"template.spec.restartPolicy": "Never", "template.spec.activeDeadlineSeconds": 5}),
    "bad label": Case({"template.metadata.labels": {"a b": "c"}}, "template.metadata.labels[a b]"),
}

CASES: Final[dict[str, tuple[str, Case]]] = {
    **_selectors(),
    **{
        f"{kind}: {name}": (kind, case)
        for kind, cases in (
            ("Deployment", _DEPLOYMENTS),
            ("DaemonSet", _DAEMON_SETS),
            ("StatefulSet", _STATEFUL_SETS),
            ("ReplicationController", _CONTROLLERS),
            ("Job", _JOBS),
            ("CronJob", _CRON_JOBS),
            ("Pod", _PODS),
            ("PodTemplate", _TEMPLATES),
            ("ControllerRevision", _REVISIONS),
        )
        for name, case in cases.items()
    },
}
