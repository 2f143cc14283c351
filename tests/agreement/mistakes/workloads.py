"""What can be wrong with what makes pods."""

from __future__ import annotations

from typing import Any, Final

from agreement.edits import GONE, Edits

__all__ = ["MISTAKES"]

_T: Final = "spec.template"
_MATCHING: Final[dict[str, Edits]] = {
    "a selector that does not match": {"spec.selector": {"matchLabels": {"app": "other"}}},
    "no selector": {"spec.selector": GONE},
    "an empty selector": {"spec.selector": {}},
    "a selector without values": {"spec.selector": {"matchExpressions": [{"key": "app", "operator": "In"}]}},
    "a selector with values that exist": {
        "spec.selector": {"matchExpressions": [{"key": "app", "operator": "Exists", "values": ["a"]}]}
    },
    "a selector with an operator that is none": {
        "spec.selector": {"matchExpressions": [{"key": "app", "operator": "Is", "values": ["a"]}]}
    },
    "a selector that is no label": {"spec.selector": {"matchLabels": {"a b": "c"}}},
    "no labels": {f"{_T}.metadata": GONE},
    "no template": {_T: GONE},
    "pods that end": {f"{_T}.spec.restartPolicy": "Never"},
    "pods with a deadline": {f"{_T}.spec.activeDeadlineSeconds": 5},
    "a mount of no volume": {f"{_T}.spec.containers.0.volumeMounts.0.name": "other"},
    "a bad label in the template": {f"{_T}.metadata.labels.x": "a b"},
    "a negative time to be ready": {"spec.minReadySeconds": -1},
}
_REPLICATED: Final[dict[str, Edits]] = {"fewer than none": {"spec.replicas": -1}}
_R: Final = "spec.strategy.rollingUpdate"
_DEPLOYMENT: Final[dict[str, Edits]] = {
    "a strategy that is none": {"spec.strategy": {"type": "Rolling"}},
    "rolling while recreating": {"spec.strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}},
    "nothing more and nothing less": {"spec.strategy.rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}},
    "all of them and half": {f"{_R}.maxUnavailable": "150%"},
    "a surge that is no part": {f"{_R}.maxSurge": "many"},
    "a negative surge": {f"{_R}.maxSurge": -1},
    "half a percent": {f"{_R}.maxSurge": "0.5%"},
    "a negative history": {"spec.revisionHistoryLimit": -1},
    "a deadline before being ready": {"spec.progressDeadlineSeconds": 5, "spec.minReadySeconds": 10},
    "a deadline of zero": {"spec.progressDeadlineSeconds": 0},
}
_STATEFUL: Final[dict[str, Edits]] = {
    "pod management that is none": {"spec.podManagementPolicy": "Ordered"},
    "an update strategy that is none": {"spec.updateStrategy": {"type": "Rolling"}},
    "a partition below zero": {"spec.updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": -1}}},
    "a partition on deletion": {"spec.updateStrategy": {"type": "OnDelete", "rollingUpdate": {"partition": 1}}},
    "ordinals below zero": {"spec.ordinals": {"start": -1}},
    "a retention that is none": {"spec.persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Keep"}},
    "a name with a point": {"metadata.name": "a.b"},
    "a claim without modes": {"spec.volumeClaimTemplates.0.spec.accessModes": GONE},
    "a claim with a bad name": {"spec.volumeClaimTemplates.0.metadata.name": "A b"},
}
_DAEMON: Final[dict[str, Edits]] = {
    "an update strategy that is none": {"spec.updateStrategy": {"type": "Rolling"}},
    "nothing more and nothing less": {"spec.updateStrategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
    "more and less": {"spec.updateStrategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}},
    "a surge on a host port": {
        "spec.updateStrategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        f"{_T}.spec.containers.0.ports.0.hostPort": 80,
    },
    "a negative history": {"spec.revisionHistoryLimit": -1},
    "replicas": {"spec.replicas": 1},
}


def _jobs(top: str) -> dict[str, Edits]:
    def at(**fields: Any) -> Edits:
        return {f"{top}.{name}": value for name, value in fields.items()}

    def failure(**rule: Any) -> Edits:
        return at(podFailurePolicy={"rules": [rule]})

    return {
        "pods that restart": {f"{top}.template.spec.restartPolicy": "Always"},
        "no restart policy": {f"{top}.template.spec.restartPolicy": GONE},
        "no template": {f"{top}.template": GONE},
        "parallel below zero": at(parallelism=-1),
        "completions below zero": at(completions=-1),
        "a deadline below zero": at(activeDeadlineSeconds=-1),
        "a backoff below zero": at(backoffLimit=-1),
        "time to live below zero": at(ttlSecondsAfterFinished=-1),
        "a selector that does not match": at(selector={"matchLabels": {"a": "b"}}, manualSelector=True),
        "a selector of its own accord": at(selector={"matchLabels": {"a": "b"}}),
        "indexed without completions": at(completionMode="Indexed"),
        "indexed with too many": at(completionMode="Indexed", completions=10**6, parallelism=10**6),
        "a completion mode that is none": at(completionMode="Ordered"),
        "a backoff of each index, not indexed": at(backoffLimitPerIndex=1),
        "most failed indexes alone": at(maxFailedIndexes=1, completionMode="Indexed", completions=2),
        "a replacement policy that is none": at(podReplacementPolicy="Never"),
        "a failure policy with pods that restart": {
            f"{top}.podFailurePolicy": {
                "rules": [{"action": "Ignore", "onPodConditions": [{"type": "X", "status": "True"}]}]
            },
            f"{top}.template.spec.restartPolicy": "OnFailure",
        },
        "a failure action that is none": failure(action="Stop", onPodConditions=[{"type": "X", "status": "True"}]),
        "a failure of nothing": failure(action="Ignore"),
        "a failure of two": failure(
            action="Ignore",
            onPodConditions=[{"type": "X", "status": "True"}],
            onExitCodes={"operator": "In", "values": [1]},
        ),
        "a failure of success": failure(action="Ignore", onExitCodes={"operator": "In", "values": [0]}),
        "failures out of order": failure(action="Ignore", onExitCodes={"operator": "In", "values": [3, 2]}),
        "one failure twice": failure(action="Ignore", onExitCodes={"operator": "In", "values": [2, 2]}),
        "a failure of no container": failure(
            action="Ignore", onExitCodes={"containerName": "x", "operator": "In", "values": [2]}
        ),
        "a failure operator that is none": failure(action="Ignore", onExitCodes={"operator": "Is", "values": [2]}),
        "success of what is not indexed": at(successPolicy={"rules": [{"succeededCount": 1}]}),
        "success of nothing": at(completionMode="Indexed", completions=3, successPolicy={"rules": []}),
        "success of a rule without words": at(completionMode="Indexed", completions=3, successPolicy={"rules": [{}]}),
        "success of too many": at(
            completionMode="Indexed", completions=3, successPolicy={"rules": [{"succeededCount": 4}]}
        ),
        "success of an index beyond": at(
            completionMode="Indexed", completions=3, successPolicy={"rules": [{"succeededIndexes": "5"}]}
        ),
        "somebody else's without a domain": at(managedBy="me"),
    }


_CRON: Final[dict[str, Edits]] = {
    "no schedule": {"spec.schedule": ""},
    "a schedule of four": {"spec.schedule": "0 3 * *"},
    "a schedule of six": {"spec.schedule": "0 0 3 * * *"},
    "minute 60": {"spec.schedule": "60 3 * * *"},
    "a day by its name": {"spec.schedule": "0 3 * * mon-fri"},
    "an interval that is none": {"spec.schedule": "@every x"},
    "an interval": {"spec.schedule": "@every 1h"},
    "a zone in the schedule": {"spec.schedule": "TZ=Etc/UTC 0 3 * * *"},
    "a zone that is none": {"spec.timeZone": "Nowhere/Land"},
    "the local zone": {"spec.timeZone": "Local"},
    "an empty zone": {"spec.timeZone": ""},
    "concurrency that is none": {"spec.concurrencyPolicy": "Wait"},
    "a deadline below zero": {"spec.startingDeadlineSeconds": -1},
    "a history below zero": {"spec.successfulJobsHistoryLimit": -1},
    "a failed history below zero": {"spec.failedJobsHistoryLimit": -1},
    "a name too long for its jobs": {"metadata.name": "a" * 53},
    "no job": {"spec.jobTemplate": GONE},
    "a selector of jobs": {"spec.jobTemplate.spec.manualSelector": True},
}
MISTAKES: Final[dict[str, dict[str, Edits]]] = {
    "Deployment": {**_MATCHING, **_REPLICATED, **_DEPLOYMENT},
    "ReplicaSet": {**_MATCHING, **_REPLICATED},
    "DaemonSet": {**_MATCHING, **_DAEMON},
    "StatefulSet": {**_MATCHING, **_REPLICATED, **_STATEFUL},
    "ReplicationController": {
        "a selector that does not match": {"spec.selector": {"app": "other"}},
        "no selector": {"spec.selector": GONE},
        "no template": {_T: GONE},
        "pods that end": {f"{_T}.spec.restartPolicy": "Never"},
        "fewer than none": {"spec.replicas": -1},
    },
    "Job": _jobs("spec"),
    "CronJob": {**_CRON, **_jobs("spec.jobTemplate.spec")},
}
