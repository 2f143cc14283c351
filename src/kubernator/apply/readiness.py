"""How an object stands, by its kind. Pure.

The words and most rules are those of kstatus; where kstatus is known to be wrong the rule differs: a Job is current
when it has completed, not when it has started; a failed Pod is failed; a load balancer's address is waited for; a
custom resource whose controller has not yet looked at the newest generation is in progress.

Source: sigs.k8s.io/cli-utils, package ``kstatus/status``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kubernator.model.gvk import GroupKind
from kubernator.model.status import Status, StatusResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.model.resource import Manifest

__all__ = ["RULES", "Rule", "pod_trouble", "status"]

Rule: TypeAlias = "Callable[[Manifest], StatusResult]"

#: Why a container waits, when it will not get out of it by itself in a moment.
_WAITING_TROUBLE: Final = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
        "StartError",
    }
)


def status(manifest: Manifest, rules: Mapping[GroupKind, Rule] | None = None) -> StatusResult:
    """Return how a live object stands. ``rules`` go before the built-in ones."""
    metadata = manifest.get("metadata") or {}
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    group_kind = GroupKind(group, str(manifest.get("kind", "")))
    if metadata.get("deletionTimestamp"):
        return StatusResult(Status.TERMINATING, f"being deleted since {metadata['deletionTimestamp']}")
    if rules and group_kind in rules:
        return rules[group_kind](manifest)
    observed = _status(manifest).get("observedGeneration")
    generation = metadata.get("generation")
    if isinstance(observed, int) and isinstance(generation, int) and observed < generation:
        return _in_progress(f"generation {generation} is not yet seen, {observed} is")
    return RULES.get(group_kind, _generic)(manifest)


def pod_trouble(pod: Manifest) -> str:
    """Return why a Pod will not become ready, for people; empty while nothing speaks against it."""
    for container in _containers(pod):
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in _WAITING_TROUBLE:
            return f"container `{container.get('name')}`: {_reason(waiting)}{_last_exit(container)}"
    if _status(pod).get("phase") == "Failed":
        return f"the Pod failed: {_reason(_status(pod))}" if _reason(_status(pod)) else "the Pod failed"
    return ""


def _status(manifest: Manifest) -> dict[str, Any]:
    found = manifest.get("status")
    return found if isinstance(found, dict) else {}


def _spec(manifest: Manifest) -> dict[str, Any]:
    found = manifest.get("spec")
    return found if isinstance(found, dict) else {}


def _condition(manifest: Manifest, kind: str) -> dict[str, Any]:
    for condition in _status(manifest).get("conditions") or ():
        if isinstance(condition, dict) and condition.get("type") == kind:
            return condition
    return {}


def _is(manifest: Manifest, kind: str, value: str) -> bool:
    return _condition(manifest, kind).get("status") == value


def _reason(holder: Mapping[str, Any]) -> str:
    reason, message = str(holder.get("reason") or ""), " ".join(str(holder.get("message") or "").split())
    return ": ".join(part for part in (reason, message) if part)


def _number(holder: Mapping[str, Any], key: str, default: int = 0) -> int:
    found = holder.get(key)
    return found if isinstance(found, int) else default


def _current(message: str = "") -> StatusResult:
    return StatusResult(Status.CURRENT, message)


def _in_progress(message: str, *, suspect: bool = False) -> StatusResult:
    return StatusResult(Status.IN_PROGRESS, message, suspect)


def _failed(message: str) -> StatusResult:
    return StatusResult(Status.FAILED, message)


def _unseen(manifest: Manifest) -> bool:
    return "observedGeneration" not in _status(manifest)


def _generic(manifest: Manifest) -> StatusResult:
    """Judge custom resources, and kinds of the server without a rule, by what conditions they have."""
    generation = (manifest.get("metadata") or {}).get("generation")
    for kind in ("Stalled", "Failed"):
        if _is(manifest, kind, "True"):
            return _failed(_reason(_condition(manifest, kind)) or kind)
    if _is(manifest, "Reconciling", "True"):
        return _in_progress(_reason(_condition(manifest, "Reconciling")) or "Reconciling")
    for kind in ("Ready", "Available", "Succeeded", "Established"):
        condition = _condition(manifest, kind)
        if not condition:
            continue
        seen = condition.get("observedGeneration")
        if isinstance(seen, int) and isinstance(generation, int) and seen < generation:
            return _in_progress(f"condition {kind} is of generation {seen}, now it is {generation}")
        if condition.get("status") == "True":
            return _current(_reason(condition))
        return _in_progress(f"{kind} is {condition.get('status')}: {_reason(condition)}".rstrip(": "))
    return _current()


def _rollout_trouble(manifest: Manifest) -> StatusResult | None:
    failure = _condition(manifest, "ReplicaFailure")
    if failure.get("status") == "True":
        return _in_progress(_reason(failure), suspect=True)
    return None


def _deployment(manifest: Manifest) -> StatusResult:  # noqa: PLR0911 - one step of a rollout after the other
    spec, state = _spec(manifest), _status(manifest)
    if _unseen(manifest):
        return _in_progress("not yet seen by its controller")
    progressing = _condition(manifest, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        # Suspect, no proof: set back to what worked before, a Deployment says this of its new generation for a moment.
        return _in_progress(_reason(progressing), suspect=True)
    wanted = _number(spec, "replicas", 1)
    total, updated = _number(state, "replicas"), _number(state, "updatedReplicas")
    ready, available = _number(state, "readyReplicas"), _number(state, "availableReplicas")
    if spec.get("paused"):
        return _current("the rollout is paused")
    if trouble := _rollout_trouble(manifest):
        return trouble
    if updated < wanted:
        return _in_progress(f"{updated} of {wanted} replicas are new")
    if total > updated:
        return _in_progress(f"{total - updated} old replicas are still there")
    if ready < wanted:
        return _in_progress(f"{ready} of {wanted} replicas are ready")
    if available < wanted:
        return _in_progress(f"{available} of {wanted} replicas are available")
    return _current(f"{available} of {wanted} replicas are available")


def _replica_set(manifest: Manifest) -> StatusResult:
    state, wanted = _status(manifest), _number(_spec(manifest), "replicas", 1)
    if _unseen(manifest):
        return _in_progress("not yet seen by its controller")
    if trouble := _rollout_trouble(manifest):
        return trouble
    total, available = _number(state, "replicas"), _number(state, "availableReplicas")
    if total > wanted:
        return _in_progress(f"{total - wanted} replicas too many are still there")
    if available < wanted:
        return _in_progress(f"{available} of {wanted} replicas are available")
    return _current(f"{available} of {wanted} replicas are available")


def _stateful_set(manifest: Manifest) -> StatusResult:  # noqa: PLR0911 - the same
    spec, state = _spec(manifest), _status(manifest)
    if _unseen(manifest):
        return _in_progress("not yet seen by its controller")
    strategy = spec.get("updateStrategy") or {}
    wanted = _number(spec, "replicas", 1)
    ready = _number(state, "readyReplicas")
    if _number(state, "replicas") < wanted or ready < wanted:
        return _in_progress(f"{ready} of {wanted} replicas are ready")
    if _number(state, "replicas") > wanted:
        return _in_progress(f"{_number(state, 'replicas') - wanted} replicas too many are still there")
    if strategy.get("type") == "OnDelete":
        return _current("replicas are updated when somebody deletes them")
    partition = _number(strategy.get("rollingUpdate") or {}, "partition")
    updated = _number(state, "updatedReplicas")
    if partition and updated < wanted - partition:
        return _in_progress(f"{updated} of {wanted - partition} replicas above the partition are new")
    if not partition and state.get("currentRevision") != state.get("updateRevision"):
        return _in_progress(f"{updated} of {wanted} replicas are new")
    if "availableReplicas" in state and _number(state, "availableReplicas") < wanted and spec.get("minReadySeconds"):
        return _in_progress(f"{_number(state, 'availableReplicas')} of {wanted} replicas are available")
    return _current(f"{ready} of {wanted} replicas are ready")


def _daemon_set(manifest: Manifest) -> StatusResult:
    spec, state = _spec(manifest), _status(manifest)
    if _unseen(manifest):
        return _in_progress("not yet seen by its controller")
    wanted = _number(state, "desiredNumberScheduled")
    updated, available = _number(state, "updatedNumberScheduled"), _number(state, "numberAvailable")
    rolling = (spec.get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    if rolling and updated < wanted:
        return _in_progress(f"{updated} of {wanted} nodes run the new Pod")
    if available < wanted:
        return _in_progress(f"available on {available} of {wanted} nodes")
    return _current(f"available on {available} of {wanted} nodes")


def _job(manifest: Manifest) -> StatusResult:
    spec, state = _spec(manifest), _status(manifest)
    for kind in ("Failed", "FailureTarget"):
        if _is(manifest, kind, "True"):
            return _failed(_reason(_condition(manifest, kind)) or "the Job failed")
    if _is(manifest, "Complete", "True"):
        return _current("completed")
    if spec.get("suspend"):
        return _current("suspended")
    wanted = _number(spec, "completions", 1)
    return _in_progress(
        f"{_number(state, 'succeeded')} of {wanted} completed, {_number(state, 'active')} active"
        + (f", {_number(state, 'failed')} failed" if state.get("failed") else "")
    )


def _pod(manifest: Manifest) -> StatusResult:
    state = _status(manifest)
    phase = state.get("phase")
    if phase == "Succeeded":
        return _current("completed")
    if phase == "Failed":
        return _failed(pod_trouble(manifest))
    if trouble := pod_trouble(manifest):
        return _in_progress(trouble, suspect=True)
    if _is(manifest, "Ready", "True"):
        return _current("ready")
    scheduled = _condition(manifest, "PodScheduled")
    if scheduled.get("status") == "False":
        return _in_progress(_reason(scheduled))  # nodes may be added: no proof that it never will be
    ready = _condition(manifest, "Ready")
    return _in_progress(_reason(ready) or f"the Pod is {phase or 'Pending'}")


def _claim(manifest: Manifest) -> StatusResult:
    phase = _status(manifest).get("phase")
    if phase == "Bound":
        return _current("bound")
    if phase == "Lost":
        return _failed("its volume is lost")
    return _in_progress("not bound to a volume")


def _volume(manifest: Manifest) -> StatusResult:
    state = _status(manifest)
    if state.get("phase") == "Failed":
        return _failed(_reason(state) or "the volume failed")
    if state.get("phase") in {None, "Pending"}:
        return _in_progress("the volume is pending")
    return _current(str(state.get("phase")))


def _service(manifest: Manifest) -> StatusResult:
    if _spec(manifest).get("type") != "LoadBalancer":
        return _current()
    ingress = (_status(manifest).get("loadBalancer") or {}).get("ingress") or []
    addresses = [str(entry.get("ip") or entry.get("hostname")) for entry in ingress if isinstance(entry, dict)]
    if not addresses:
        return _in_progress("the load balancer has no address")
    return _current(", ".join(addresses))


def _ingress(manifest: Manifest) -> StatusResult:
    """Many controllers never report an address, so nothing is waited for."""
    ingress = (_status(manifest).get("loadBalancer") or {}).get("ingress") or []
    return _current(
        ", ".join(str(entry.get("ip") or entry.get("hostname")) for entry in ingress if isinstance(entry, dict))
    )


def _definition(manifest: Manifest) -> StatusResult:
    names = _condition(manifest, "NamesAccepted")
    if names.get("status") == "False":
        return _failed(_reason(names))
    established = _condition(manifest, "Established")
    if established.get("status") == "True":
        return _current("established")
    return _in_progress(_reason(established) or "not yet established")


def _api_service(manifest: Manifest) -> StatusResult:
    available = _condition(manifest, "Available")
    if available.get("status") == "True":
        return _current("available")
    return _in_progress(_reason(available) or "not yet available")


def _autoscaler(manifest: Manifest) -> StatusResult:
    """Without metrics an autoscaler waits for ever and harms nobody, so its troubles are words, not a wait."""
    for kind in ("AbleToScale", "ScalingActive"):
        condition = _condition(manifest, kind)
        if condition.get("status") == "False":
            return _current(_reason(condition))
    return _current()


def _disruption_budget(manifest: Manifest) -> StatusResult:
    """Seen by its controller is enough: the Pods it guards may be others' and are waited for where they are ours."""
    state = _status(manifest)
    if _unseen(manifest):
        return _in_progress("not yet seen by its controller")
    return _current(f"{_number(state, 'currentHealthy')} healthy, {_number(state, 'desiredHealthy')} needed")


def _namespace(manifest: Manifest) -> StatusResult:
    phase = _status(manifest).get("phase")
    if phase == "Active":
        return _current("active")
    if phase == "Terminating":
        return StatusResult(Status.TERMINATING, "being deleted")
    return _in_progress("not yet active")


def _containers(pod: Manifest) -> list[dict[str, Any]]:
    state = _status(pod)
    found = [*(state.get("initContainerStatuses") or ()), *(state.get("containerStatuses") or ())]
    return [container for container in found if isinstance(container, dict)]


def _last_exit(container: Mapping[str, Any]) -> str:
    restarts = _number(container, "restartCount")
    ended = (container.get("lastState") or {}).get("terminated") or {}
    code = f", last exit code {ended['exitCode']}" if "exitCode" in ended else ""
    return f" ({restarts} restarts{code})" if restarts else ""


RULES: Final[Mapping[GroupKind, Rule]] = {
    GroupKind("apps", "Deployment"): _deployment,
    GroupKind("apps", "ReplicaSet"): _replica_set,
    GroupKind("apps", "StatefulSet"): _stateful_set,
    GroupKind("apps", "DaemonSet"): _daemon_set,
    GroupKind("batch", "Job"): _job,
    GroupKind("batch", "CronJob"): lambda _: _current(),
    GroupKind("", "Pod"): _pod,
    GroupKind("", "ReplicationController"): _replica_set,
    GroupKind("", "PersistentVolumeClaim"): _claim,
    GroupKind("", "PersistentVolume"): _volume,
    GroupKind("", "Service"): _service,
    GroupKind("networking.k8s.io", "Ingress"): _ingress,
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    GroupKind("apiregistration.k8s.io", "APIService"): _api_service,
    GroupKind("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    GroupKind("policy", "PodDisruptionBudget"): _disruption_budget,
    GroupKind("", "Namespace"): _namespace,
}
