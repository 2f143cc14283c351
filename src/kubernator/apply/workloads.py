"""How things that run Pods stand. Pure.

Where kstatus is known to be wrong the rule differs: a Job is current when it has completed, not when it has started; a
failed Pod is failed; a rollout that is paused or has no replicas is not waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.apply import containers
from kubernator.apply.conditions import (
    condition,
    current,
    failed,
    has,
    in_progress,
    number,
    reason,
    spec_of,
    status_of,
    unseen,
)
from kubernator.model.gvk import GroupKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.model.resource import Manifest
    from kubernator.model.status import StatusResult

__all__ = ["RULES"]

_UNSEEN: Final = "not yet seen by its controller"


def _refused(manifest: Manifest) -> StatusResult | None:
    """Say why Pods are refused (quota, limits, a webhook), where the controller says so."""
    failure = condition(manifest, "ReplicaFailure")
    if failure.get("status") == "True":
        return in_progress(reason(failure) or "its Pods are refused", suspect=True)
    return None


def _deployment(manifest: Manifest) -> StatusResult:  # noqa: PLR0911 - one step of a rollout after the other
    spec, state = spec_of(manifest), status_of(manifest)
    if unseen(manifest):
        return in_progress(_UNSEEN)
    if spec.get("paused"):
        return current("the rollout is paused")
    wanted = number(spec, "replicas", 1)
    progressing = condition(manifest, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        # Suspect, no proof: set back to what worked before, a Deployment says this of its new generation for a moment.
        return in_progress(reason(progressing), suspect=True)
    if trouble := _refused(manifest):
        return trouble
    total, updated = number(state, "replicas"), number(state, "updatedReplicas")
    ready, available = number(state, "readyReplicas"), number(state, "availableReplicas")
    if updated < wanted:
        return in_progress(f"{updated} of {wanted} replicas are new")
    if total > updated:
        return in_progress(f"{total - updated} old replicas are still there")
    if ready < wanted:
        return in_progress(f"{ready} of {wanted} replicas are ready")
    if available < wanted:
        return in_progress(f"{available} of {wanted} replicas are available")
    return current(f"{available} of {wanted} replicas are available")


def _replica_set(manifest: Manifest) -> StatusResult:
    state, wanted = status_of(manifest), number(spec_of(manifest), "replicas", 1)
    if unseen(manifest):
        return in_progress(_UNSEEN)
    if trouble := _refused(manifest):
        return trouble
    total, available = number(state, "replicas"), number(state, "availableReplicas")
    if total > wanted:
        return in_progress(f"{total - wanted} replicas too many are still there")
    if available < wanted:
        return in_progress(f"{available} of {wanted} replicas are available")
    return current(f"{available} of {wanted} replicas are available")


def _stateful_set(manifest: Manifest) -> StatusResult:  # noqa: PLR0911 - the same
    spec, state = spec_of(manifest), status_of(manifest)
    if unseen(manifest):
        return in_progress(_UNSEEN)
    strategy = spec.get("updateStrategy") or {}
    wanted = number(spec, "replicas", 1)
    ready = number(state, "readyReplicas")
    if number(state, "replicas") < wanted or ready < wanted:
        return in_progress(f"{ready} of {wanted} replicas are ready")
    if number(state, "replicas") > wanted:
        return in_progress(f"{number(state, 'replicas') - wanted} replicas too many are still there")
    if strategy.get("type") == "OnDelete":
        return current("replicas are updated when somebody deletes them")
    partition = number(strategy.get("rollingUpdate") or {}, "partition")
    updated = number(state, "updatedReplicas")
    if partition and updated < wanted - partition:
        return in_progress(f"{updated} of {wanted - partition} replicas above the partition are new")
    if not partition and state.get("currentRevision") != state.get("updateRevision"):
        return in_progress(f"{updated} of {wanted} replicas are new")
    if "availableReplicas" in state and number(state, "availableReplicas") < wanted and spec.get("minReadySeconds"):
        return in_progress(f"{number(state, 'availableReplicas')} of {wanted} replicas are available")
    return current(f"{ready} of {wanted} replicas are ready")


def _daemon_set(manifest: Manifest) -> StatusResult:
    spec, state = spec_of(manifest), status_of(manifest)
    if unseen(manifest):
        return in_progress(_UNSEEN)
    wanted = number(state, "desiredNumberScheduled")
    updated, available = number(state, "updatedNumberScheduled"), number(state, "numberAvailable")
    rolling = (spec.get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    if rolling and updated < wanted:
        return in_progress(f"{updated} of {wanted} nodes run the new Pod")
    if available < wanted:
        return in_progress(f"available on {available} of {wanted} nodes")
    return current(f"available on {available} of {wanted} nodes" if wanted else "no node is to run it")


def _job(manifest: Manifest) -> StatusResult:
    spec, state = spec_of(manifest), status_of(manifest)
    for kind in ("Failed", "FailureTarget"):
        if has(manifest, kind):
            return failed(reason(condition(manifest, kind)) or "the Job failed")
    if has(manifest, "Complete"):
        return current("completed")
    if spec.get("suspend"):
        return current("suspended")
    wanted = number(spec, "completions", 1)
    return in_progress(
        f"{number(state, 'succeeded')} of {wanted} completed, {number(state, 'active')} active"
        + (f", {number(state, 'failed')} failed" if state.get("failed") else "")
    )


def _cron_job(manifest: Manifest) -> StatusResult:
    """Nothing is waited for: the next run may be a year away. How the last one ended is a word."""
    if spec_of(manifest).get("suspend"):
        return current("suspended")
    state = status_of(manifest)
    started, succeeded = str(state.get("lastScheduleTime") or ""), str(state.get("lastSuccessfulTime") or "")
    if state.get("active"):
        return current(f"runs since {started}")
    if started > succeeded:
        return current(f"its last run, of {started}, did not succeed")
    return current(f"its last run succeeded at {succeeded}" if succeeded else "has not run yet")


def _pod(manifest: Manifest) -> StatusResult:
    if status_of(manifest).get("phase") == "Succeeded":
        return current("completed")
    found = containers.trouble(manifest)
    if found is None:
        return current("ready")
    return failed(found.text) if found.failed else in_progress(found.text, suspect=found.suspect)


RULES: Final[Mapping[GroupKind, Callable[[Manifest], StatusResult]]] = {
    GroupKind("apps", "Deployment"): _deployment,
    GroupKind("apps", "ReplicaSet"): _replica_set,
    GroupKind("apps", "StatefulSet"): _stateful_set,
    GroupKind("apps", "DaemonSet"): _daemon_set,
    GroupKind("batch", "Job"): _job,
    GroupKind("batch", "CronJob"): _cron_job,
    GroupKind("", "Pod"): _pod,
    GroupKind("", "ReplicationController"): _replica_set,
}
