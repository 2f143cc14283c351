"""Wait until objects are current, have provably failed, or time is up.

One watch for each kind and scope, no polling. A workload that is not there yet is explained by its Pods, which are
watched as long as it is waited for. What looks bad (a crash loop, an image that cannot be pulled) may be a start that
flaps: it becomes a failure when it has lasted.
"""

from __future__ import annotations

import queue
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kubernator.apply import pods, readiness
from kubernator.apply.following import Follower, Refused, Scope, Seen
from kubernator.errors import ClusterError
from kubernator.model.change import Change, ChangeKind
from kubernator.model.events import StatusSeen, Waiting
from kubernator.model.gvk import GroupKind, GroupVersionKind
from kubernator.model.outcome import Outcome
from kubernator.model.ref import ResourceRef
from kubernator.model.status import Status, StatusResult

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping

    from kubernator.apply.readiness import Rule
    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.events import Listener
    from kubernator.model.resource import Manifest
    from kubernator.workers import Workers

__all__ = ["PATIENCE", "PROGRESS", "Target", "Waiter"]

Target = ResourceRef | Change | Outcome

#: Seconds that trouble must last before it is a failure.
PATIENCE: Final = 20.0
#: Seconds between two words about what is waited for.
PROGRESS: Final = 10.0
_LOOK_AT_STOP: Final = 0.2
_SETTLED: Final = frozenset({Status.CURRENT, Status.FAILED, Status.UNKNOWN})


@dataclass(slots=True)
class _Pending:
    """What is known of one object that is waited for."""

    kind: Kind
    live: Manifest | None
    result: StatusResult
    trouble_since: float | None = None


class Waiter:
    """Waits on a cluster; may be used again and again, by one thread at a time."""

    def __init__(
        self,
        cluster: Cluster,
        workers: Workers,
        emit: Listener,
        stop: threading.Event,
        *,
        rules: Mapping[GroupKind, Rule] | None = None,
        patience: float = PATIENCE,
        progress: float = PROGRESS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``rules`` say by kind how objects stand and go before the built-in ones; times are in seconds."""
        del workers  # watches have threads of their own; named here so that all who send requests are built alike
        self._cluster = cluster
        self._emit = emit
        self._stop = stop
        self._rules = rules
        self._patience = patience
        self._progress = progress
        self._clock = clock

    def wait(self, targets: Iterable[Target], *, timeout: float) -> dict[ResourceRef, StatusResult]:
        """Return how each object stands when all are current, one has failed, time is up or the run is stopped.

        What a change or outcome brings along as live is believed, so that what is current already costs nothing. An
        object that is still in progress in the result ran out of time (or was left when another failed).
        """
        results, pending = self._begin(targets)
        if pending:
            _Round(self, pending, timeout=timeout).run()
            results |= {ref: entry.result for ref, entry in pending.items()}
        return results

    def _begin(self, targets: Iterable[Target]) -> tuple[dict[ResourceRef, StatusResult], dict[ResourceRef, _Pending]]:
        results: dict[ResourceRef, StatusResult] = {}
        pending: dict[ResourceRef, _Pending] = {}
        for target in targets:
            ref, gvk, live = _target(target)
            kinds = self._cluster.kinds()
            kind = kinds.get(gvk) if gvk else kinds.preferred(ref.group_kind)
            if live is not None:
                results[ref] = readiness.status(live, self._rules)
                if results[ref].status in _SETTLED:
                    continue
            if kind is None:
                results[ref] = StatusResult(Status.UNKNOWN, "the cluster does not know its kind")
            elif "watch" not in (kind.verbs or {"watch"}):
                results[ref] = StatusResult(Status.UNKNOWN, "its kind cannot be watched")
            else:
                before = results.pop(ref, StatusResult(Status.IN_PROGRESS, "not yet looked at"))
                pending[ref] = _Pending(kind, live, before)
        return results, pending


class _Round:
    """One wait."""

    def __init__(self, waiter: Waiter, pending: dict[ResourceRef, _Pending], *, timeout: float) -> None:
        self._waiter = waiter
        self._entries = pending
        self._news: queue.SimpleQueue[Seen | Refused] = queue.SimpleQueue()
        self._follower = Follower(waiter._cluster, self._news.put)  # noqa: SLF001 - two halves of one thing
        self._clock = waiter._clock  # noqa: SLF001
        self._started = self._clock()
        self._deadline = self._started + timeout
        self._pods: dict[str, dict[str, Manifest]] = defaultdict(dict)
        self._pod_kind = waiter._cluster.kinds().get(GroupVersionKind("", "v1", "Pod"))  # noqa: SLF001
        self._makers: dict[tuple[str, str, str], Manifest | None] = {}
        self._late_binding: dict[str, bool] = {}

    def run(self) -> None:
        with self._follower:
            for scope in self._scopes(self._entries):
                self._follower.follow(scope)
            next_word = self._started + self._waiter._progress  # noqa: SLF001
            while self._open() and not self._waiter._stop.is_set():  # noqa: SLF001
                now = self._clock()
                if now >= self._deadline:
                    return
                if now >= next_word:
                    self._say_waiting(now)
                    next_word = now + self._waiter._progress  # noqa: SLF001
                self._take(min(self._deadline, next_word) - now)
                self._lose_patience()

    def _open(self) -> bool:
        states = [entry.result.status for entry in self._entries.values()]
        return Status.FAILED not in states and any(state not in _SETTLED for state in states)

    def _take(self, seconds: float) -> None:
        try:
            news = self._news.get(timeout=max(0.0, min(seconds, _LOOK_AT_STOP)))
        except queue.Empty:
            return
        while True:
            self._hear(news)
            try:
                news = self._news.get_nowait()
            except queue.Empty:
                return

    def _hear(self, news: Seen | Refused) -> None:
        if news.scope.kind == self._pod_kind and news.scope.namespace and not news.scope.name:
            self._hear_of_pods(news)
        if isinstance(news, Refused):
            self._refused(news)
            return
        for manifest in news.objects:
            self._look(ResourceRef.of(_identified(manifest, news.scope.kind)), manifest)
        for manifest in news.gone:
            self._look(ResourceRef.of(_identified(manifest, news.scope.kind)), None)
        if news.whole:
            there = {ResourceRef.of(_identified(manifest, news.scope.kind)) for manifest in news.objects}
            for ref, entry in self._entries.items():
                if entry.kind == news.scope.kind and _covers(news.scope, ref) and ref not in there:
                    self._look(ref, None)

    def _refused(self, news: Refused) -> None:
        covered = {
            ref: entry
            for ref, entry in self._entries.items()
            if entry.kind == news.scope.kind and _covers(news.scope, ref)
        }
        if not news.scope.namespace and news.scope.kind.namespaced:
            for scope in self._scopes(covered, cluster_wide=False):
                self._follower.follow(scope)
            return
        for ref in covered:
            self._set(ref, StatusResult(Status.UNKNOWN, f"it may not be watched: {news.error.title}"))

    def _hear_of_pods(self, news: Seen | Refused) -> None:
        if isinstance(news, Refused):
            return  # the workload's own words must do
        known = self._pods[news.scope.namespace]
        if news.whole:
            known.clear()
        for pod in news.gone:
            known.pop(pod["metadata"]["name"], None)
        for pod in news.objects:
            known[pod["metadata"]["name"]] = pod
        for ref, entry in self._entries.items():
            if ref.namespace == news.scope.namespace and (ref.group, ref.kind) in pods.WORKLOADS and entry.live:
                self._look(ref, entry.live)

    def _look(self, ref: ResourceRef, live: Manifest | None) -> None:
        entry = self._entries.get(ref)
        if entry is None or (entry.result.status in _SETTLED and live is entry.live):
            return
        before, entry.live = entry.live, live if live is not None else entry.live
        if live is None:
            self._set(ref, _vanished(before))
            return
        result = readiness.status(_identified(live, entry.kind), self._waiter._rules)  # noqa: SLF001
        if result.status is Status.IN_PROGRESS:
            result = self._explained(ref, live, result)
        self._set(ref, result)

    def _explained(self, ref: ResourceRef, live: Manifest, result: StatusResult) -> StatusResult:
        if (ref.group, ref.kind) in pods.WORKLOADS and self._pod_kind is not None:
            self._follower.follow(Scope(self._pod_kind, ref.namespace))
            found = pods.trouble(
                pod
                for pod in self._pods[ref.namespace].values()
                if pods.of_workload(ref, pod) and readiness.pod_trouble(pod) and self._newest(ref, live, pod)
            )
            if found and not (ref.kind == "Job" and "the Pod failed" in found):  # a Job counts its failures itself
                return StatusResult(Status.IN_PROGRESS, f"{result.message}; {found}", suspect=True)
        if ref.kind == "PersistentVolumeClaim" and self._binds_late(live):
            return StatusResult(Status.CURRENT, "is bound when a Pod first uses it")
        return result

    def _newest(self, ref: ResourceRef, live: Manifest, pod: Manifest) -> bool:
        if ref.kind != "Deployment":
            return pods.newest(live, pod)
        maker = pods.replica_set(pod)
        key = (ref.namespace, maker, str(live["metadata"].get("generation")))
        if self._makers.get(key) is None:
            kind = self._waiter._cluster.kinds().get(GroupVersionKind("apps", "v1", "ReplicaSet"))  # noqa: SLF001
            self._makers[key] = self._get(kind, ref.namespace, maker)
        return pods.newest(_identified(live, self._entries[ref].kind), pod, made_by=self._makers[key])

    def _binds_late(self, claim: Manifest) -> bool:
        name = str((claim.get("spec") or {}).get("storageClassName") or "")
        if name and name not in self._late_binding:
            kind = self._waiter._cluster.kinds().get(GroupVersionKind("storage.k8s.io", "v1", "StorageClass"))  # noqa: SLF001
            found = self._get(kind, "", name) or {}
            self._late_binding[name] = found.get("volumeBindingMode") == "WaitForFirstConsumer"
        return self._late_binding.get(name, False)

    def _get(self, kind: Kind | None, namespace: str, name: str) -> Manifest | None:
        if kind is None:
            return None
        try:
            return self._waiter._cluster.get(kind, namespace=namespace, name=name)  # noqa: SLF001
        except ClusterError:
            return None  # only explains; what is waited for is watched

    def _set(self, ref: ResourceRef, result: StatusResult) -> None:
        entry = self._entries[ref]
        bad = result.suspect or result.status in {Status.NOT_FOUND, Status.TERMINATING}
        if not bad:
            entry.trouble_since = None
        elif entry.trouble_since is None:
            entry.trouble_since = self._clock()
        if result != entry.result:
            entry.result = result
            self._waiter._emit(StatusSeen(ref, result, self._clock() - self._started))  # noqa: SLF001

    def _lose_patience(self) -> None:
        now = self._clock()
        for ref, entry in self._entries.items():
            if entry.trouble_since is None or entry.result.status in _SETTLED:
                continue
            if now - entry.trouble_since >= self._waiter._patience:  # noqa: SLF001
                self._set(ref, StatusResult(Status.FAILED, entry.result.message))

    def _say_waiting(self, now: float) -> None:
        left = tuple((ref, entry.result) for ref, entry in self._entries.items() if entry.result.status not in _SETTLED)
        self._waiter._emit(Waiting(left, now - self._started))  # noqa: SLF001

    def _scopes(self, entries: Mapping[ResourceRef, _Pending], *, cluster_wide: bool = True) -> list[Scope]:
        grouped: dict[Kind, list[ResourceRef]] = defaultdict(list)
        for ref, entry in entries.items():
            grouped[entry.kind].append(ref)
        scopes = []
        for kind, refs in grouped.items():
            namespaces = {ref.namespace for ref in refs}
            if len(refs) == 1:
                scopes.append(Scope(kind, refs[0].namespace, refs[0].name))
            elif len(namespaces) == 1 or cluster_wide:
                scopes.append(Scope(kind, namespaces.pop() if len(namespaces) == 1 else ""))
            else:
                scopes.extend(Scope(kind, namespace) for namespace in sorted(namespaces))
        return scopes


def _target(target: Target) -> tuple[ResourceRef, GroupVersionKind | None, Manifest | None]:
    match target:
        case Outcome():
            return target.change.ref, target.change.gvk, target.live
        case Change():
            return target.ref, target.gvk, target.live if target.kind is ChangeKind.UNCHANGED else None
        case ResourceRef():
            return target, None, None


def _identified(manifest: Manifest, kind: Kind) -> Manifest:
    """Return an object with its apiVersion and kind, which items of a list may lack."""
    if "kind" in manifest and "apiVersion" in manifest:
        return manifest
    return {"apiVersion": kind.gvk.api_version, "kind": kind.gvk.kind, **manifest}


def _covers(scope: Scope, ref: ResourceRef) -> bool:
    return (not scope.namespace or scope.namespace == ref.namespace) and (not scope.name or scope.name == ref.name)


def _vanished(before: Manifest | None) -> StatusResult:
    """Judge what is gone: a finished Job removed by its own time to live did what it should, all else is missing."""
    if before and before.get("kind") == "Job" and "ttlSecondsAfterFinished" in (before.get("spec") or {}):
        return StatusResult(Status.CURRENT, "finished, and removed by its time to live")
    return StatusResult(Status.NOT_FOUND, "it is not there")
