"""One wait: watches, what they tell, and what it means for the objects that are waited for.

A workload that is not there yet is explained by its Pods, which are watched as long as it is waited for. What looks bad
(a crash loop, an image that cannot be pulled) may be a start that flaps: it becomes a failure when it has lasted.
"""

from __future__ import annotations

import queue
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from kubernator.apply import pods, readiness
from kubernator.apply.following import Follower, Refused, Scope, Seen
from kubernator.errors import ClusterError, Forbidden
from kubernator.model.events import StatusSeen, Waiting
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.ref import ResourceRef
from kubernator.model.status import SETTLED, Status, StatusResult

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from kubernator.apply.wait import Pending, Settings
    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.events import Listener
    from kubernator.model.resource import Manifest

__all__ = ["Round"]

_LOOK_AT_STOP: Final = 0.2
_LATE: Final = StatusResult(Status.CURRENT, "is bound when a Pod first uses it")


class Round:
    """One wait; `run` leaves in the entries how their objects stand."""

    def __init__(
        self,
        cluster: Cluster,
        entries: dict[ResourceRef, Pending],
        *,
        settings: Settings,
        emit: Listener,
        stop: threading.Event,
        timeout: float,
    ) -> None:
        self._cluster = cluster
        self._entries = entries
        self._settings = settings
        self._emit = emit
        self._stop = stop
        self._news: queue.SimpleQueue[Seen | Refused] = queue.SimpleQueue()
        self._follower = Follower(cluster, self._news.put)
        self._clock = settings.clock
        self._started = self._clock()
        self._deadline = self._started + timeout
        self._pods: dict[str, dict[str, Manifest]] = defaultdict(dict)
        self._pod_kind = cluster.kinds().get(GroupVersionKind("", "v1", "Pod"))
        self._makers: dict[tuple[str, str, str], Manifest | None] = {}
        self._late_binding: dict[str, StatusResult | None] = {}

    def run(self) -> None:
        """Wait until all are settled, one has failed, time is up or the run is stopped."""
        with self._follower:
            for scope in self._scopes(self._entries):
                self._follower.follow(scope)
            next_word = self._started + self._settings.progress
            while self._open() and not self._stop.is_set():
                now = self._clock()
                if now >= self._deadline:
                    return
                if now >= next_word:
                    self._say_waiting(now)
                    next_word = now + self._settings.progress
                self._take(min(self._deadline, next_word) - now)
                self._lose_patience()

    def _open(self) -> bool:
        states = [entry.result.status for entry in self._entries.values()]
        return Status.FAILED not in states and any(state not in SETTLED for state in states)

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
        if entry is None or (entry.result.status in SETTLED and live is entry.live):
            return
        before, entry.live = entry.live, live if live is not None else entry.live
        if live is None:
            self._set(ref, _vanished(before))
            return
        result = readiness.status(_identified(live, entry.kind), self._settings.rules)
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
        if ref.kind == "PersistentVolumeClaim":
            return self._late_binding_of(live) or result
        return result

    def _newest(self, ref: ResourceRef, live: Manifest, pod: Manifest) -> bool:
        if ref.kind != "Deployment":
            return pods.newest(live, pod)
        maker = pods.replica_set(pod)
        key = (ref.namespace, maker, str(live["metadata"].get("generation")))
        if self._makers.get(key) is None:
            kind = self._cluster.kinds().get(GroupVersionKind("apps", "v1", "ReplicaSet"))
            self._makers[key] = self._get(kind, ref.namespace, maker)
        return pods.newest(_identified(live, self._entries[ref].kind), pod, made_by=self._makers[key])

    def _late_binding_of(self, claim: Manifest) -> StatusResult | None:
        """Say how a claim stands that a Pod must use first, or may have to; None where its volume can be waited for."""
        name = str((claim.get("spec") or {}).get("storageClassName") or "")
        kind = self._cluster.kinds().get(GroupVersionKind("storage.k8s.io", "v1", "StorageClass"))
        if name and name not in self._late_binding and kind is not None:
            try:
                found = self._cluster.get(kind, namespace="", name=name) or {}
            except Forbidden:  # who manages one namespace often may not read classes; not to be waited for in vain
                self._late_binding[name] = StatusResult(
                    Status.UNKNOWN, f"not bound; storage class `{name}`, which says when, may not be read"
                )
            except ClusterError:
                return None  # asked again at the next word about the claim
            else:
                late = found.get("volumeBindingMode") == "WaitForFirstConsumer"
                self._late_binding[name] = _LATE if late else None
        return self._late_binding.get(name)

    def _get(self, kind: Kind | None, namespace: str, name: str) -> Manifest | None:
        if kind is None:
            return None
        try:
            return self._cluster.get(kind, namespace=namespace, name=name)
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
            self._emit(StatusSeen(ref, result, self._clock() - self._started))

    def _lose_patience(self) -> None:
        now = self._clock()
        for ref, entry in self._entries.items():
            if entry.trouble_since is None or entry.result.status in SETTLED:
                continue
            if now - entry.trouble_since >= self._settings.patience:
                self._set(ref, StatusResult(Status.FAILED, entry.result.message))

    def _say_waiting(self, now: float) -> None:
        left = tuple((ref, entry.result) for ref, entry in self._entries.items() if entry.result.status not in SETTLED)
        self._emit(Waiting(left, now - self._started))

    def _scopes(self, entries: Mapping[ResourceRef, Pending], *, cluster_wide: bool = True) -> list[Scope]:
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
