"""One wait: watches, what they tell, and what it means for the objects that are waited for.

Everything is heard of through one queue by one thread, which never asks anything itself: it says that an object is
current as soon as the server has said so. What looks bad (a crash loop, an image that cannot be pulled) may be a start
that flaps: it becomes a failure when it has lasted.
"""

from __future__ import annotations

import queue
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kubernator.apply import readiness
from kubernator.apply.board import Board
from kubernator.apply.conditions import metadata_of
from kubernator.apply.following import Follower, Refused, Scope, Seen
from kubernator.apply.inquiry import Answer, Inquiries
from kubernator.apply.reasons import Reasons
from kubernator.model.events import StatusSeen, Waiting
from kubernator.model.ref import ResourceRef
from kubernator.model.status import SETTLED, Status, StatusResult

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Mapping

    from kubernator.apply.board import Pending
    from kubernator.apply.reasons import Case
    from kubernator.apply.wait import Settings
    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.events import Listener
    from kubernator.model.resource import Manifest
    from kubernator.workers import Workers

__all__ = ["UNWATCHED", "Round"]

#: How the reason begins for an object that we are not allowed to follow.
UNWATCHED: Final = "it may not be watched"

_LOOK_AT_STOP: Final = 0.2
#: Seconds before causes are looked for, and between two looks: most objects are current sooner and cost nothing.
_DIG: Final = 1.0
#: Seconds before Events are asked for, which are dear to the server and seldom tell more than Pods do.
_EVENTS: Final = 3.0
#: Of so many objects in one scope each is watched by itself, so that nothing is listed.
_BY_NAME: Final = 3
#: Failures that are explained when a wait ends before their causes were looked for.
_EXPLAINED: Final = 8


class Round:
    """One wait."""

    def __init__(
        self,
        cluster: Cluster,
        workers: Workers,
        entries: Mapping[ResourceRef, Pending],
        *,
        settings: Settings,
        emit: Listener,
        stop: threading.Event,
        ends: bool = True,
    ) -> None:
        """Take what is needed; without ``ends`` it goes on when all is settled, until it is stopped."""
        self._cluster = cluster
        self._workers = workers
        self._settings = settings
        self._emit = emit
        self._stop = stop
        self._ends = ends
        self._clock = settings.clock
        self._started = self._clock()
        self._board = Board(
            entries, started=self._started, patience=settings.patience, absence_fails=settings.absence_fails
        )
        self._news: queue.SimpleQueue[Seen | Refused | Answer] = queue.SimpleQueue()
        self._follower = Follower(cluster, self._news.put)
        self._inquiries = Inquiries(cluster, self._news.put)
        self._reasons = Reasons(cluster.kinds(), look=self._follower.follow, ask=self._inquiries.ask)

    def run(self) -> dict[ResourceRef, StatusResult]:
        """Wait until all are settled, one has failed, time is up or the run is stopped; return how they stand."""
        with self._follower, self._inquiries:
            self._follow(self._board.entries)
            self._judge(self._board.entries)
            next_word, next_dig = self._started + self._settings.progress, self._started + _DIG
            while not self._over():
                now = self._clock()
                if now >= next_word:
                    self._say_waiting(now)
                    next_word = now + self._settings.progress
                if now >= next_dig:
                    longer = now - self._started >= _EVENTS
                    self._reasons.dig(self._cases(self._board.open), now=now, events=longer)
                    next_dig = now + _DIG
                self._take(min(next_word, next_dig, self._board.next_due()) - now)
                for ref, result in self._board.overdue(self._clock()):
                    self._set(ref, self._told(result))
        self._explain_failures()
        return {ref: entry.result for ref, entry in self._board.entries.items()}

    def _over(self) -> bool:
        if self._stop.is_set():
            return True
        return self._ends and (self._board.done or (self._board.lost and not self._settings.keep_going))

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

    def _hear(self, news: Seen | Refused | Answer) -> None:
        match news:
            case Answer():
                self._judge(self._reasons.hear(news))
            case Refused():
                self._refused(news)
            case Seen(scope=Scope(explains=True)):
                self._judge(self._reasons.hear_of_pods(news))
            case Seen():
                self._seen(news)

    def _seen(self, news: Seen) -> None:
        there: set[ResourceRef] = set()
        for manifest in news.objects:
            ref = ResourceRef.of(_identified(manifest, news.scope.kind))
            there.add(ref)
            self._look(ref, manifest)
        for manifest in news.gone:
            self._vanished(ResourceRef.of(_identified(manifest, news.scope.kind)), manifest)
        if news.whole:
            for ref in self._covered(news.scope):
                if ref not in there:
                    self._vanished(ref, None)

    def _look(self, ref: ResourceRef, live: Manifest) -> None:
        entry = self._board.entries.get(ref)
        if entry is None or _older(live, entry.live):
            return
        entry.live = _identified(live, entry.kind)
        self._judge((ref,))

    def _vanished(self, ref: ResourceRef, last: Manifest | None) -> None:
        """Judge what is gone: a finished Job whose time to live is over did what it should, all else is missing."""
        entry = self._board.entries.get(ref)
        if entry is None or (last is not None and _older(last, entry.live)):
            return
        spec = (entry.live or {}).get("spec") or {}
        entry.live = None
        if ref.group_kind == ("batch", "Job") and "ttlSecondsAfterFinished" in spec:
            self._set(ref, StatusResult(Status.CURRENT, "finished, and removed by its time to live"))
        else:
            self._set(ref, StatusResult(Status.NOT_FOUND, "it is not there"))

    def _judge(self, refs: Iterable[ResourceRef]) -> None:
        """Say how objects stand by now, by their own words and what is known of the causes."""
        for case in self._cases(refs):
            before = self._board.entries[case[0]].result
            result = self._reasons.better(case)
            if before.status is Status.FAILED and before.suspect and result.suspect:
                continue  # it has failed because this lasted
            self._set(case[0], result)

    def _cases(self, refs: Iterable[ResourceRef]) -> list[Case]:
        """Return the objects of which something is known, with how they stand by their own words."""
        found = ((ref, self._board.entries[ref]) for ref in refs if ref in self._board.entries)
        return [
            (ref, entry.live, readiness.status(entry.live, self._settings.rules))
            for ref, entry in found
            if entry.live is not None
        ]

    def _refused(self, news: Refused) -> None:
        if news.scope.explains:
            return  # the workload's own words must do
        covered = self._covered(news.scope)
        if not news.scope.namespace and news.scope.kind.namespaced:
            self._follow({ref: self._board.entries[ref] for ref in covered}, cluster_wide=False)
            return
        for ref in covered:
            self._set(ref, StatusResult(Status.UNKNOWN, f"{UNWATCHED}: {news.error.title}"))

    def _covered(self, scope: Scope) -> list[ResourceRef]:
        return [
            ref
            for ref, entry in self._board.entries.items()
            if entry.kind == scope.kind and _covers(scope, ref) and not scope.explains
        ]

    def _set(self, ref: ResourceRef, result: StatusResult) -> None:
        news = self._board.set(ref, result, now=self._clock())
        if news is not None:
            self._emit(StatusSeen(ref, news, news.seconds))

    def _say_waiting(self, now: float) -> None:
        entries = self._board.entries
        left = tuple((ref, self._told(entries[ref].result)) for ref in self._board.open)
        if left or not self._ends:
            self._emit(Waiting(left, now - self._started))

    def _told(self, result: StatusResult) -> StatusResult:
        """Say of what is still in progress that the server is not to be had, where that is why nothing is heard."""
        trouble = self._cluster.trouble
        if not trouble or result.status in SETTLED:
            return result
        return replace(result, message=f"{trouble}; last seen: {result.message}")

    def _explain_failures(self) -> None:
        """Find the causes of what failed before they were looked for."""
        failed = [
            ref
            for ref, entry in self._board.entries.items()
            if entry.result.status is Status.FAILED and not entry.result.suspect and entry.live is not None
        ]
        if not failed or self._stop.is_set():
            return
        from kubernator.apply import explaining  # noqa: PLC0415 - seldom needed

        cases = self._cases(failed[:_EXPLAINED])
        for ref, result in explaining.explained(self._cluster, self._workers, cases).items():
            if result.status is Status.FAILED:
                self._set(ref, result)

    def _follow(self, entries: Mapping[ResourceRef, Pending], *, cluster_wide: bool = True) -> None:
        """Watch each kind in as few scopes as can be, from the version of our first write where we wrote them all."""
        grouped: dict[tuple[Kind, str], list[ResourceRef]] = defaultdict(list)
        spread: dict[Kind, set[str]] = defaultdict(set)
        for ref, entry in entries.items():
            spread[entry.kind].add(ref.namespace)
        for ref, entry in entries.items():
            everywhere = cluster_wide and len(spread[entry.kind]) > 1
            grouped[entry.kind, "" if everywhere else ref.namespace].append(ref)
        for (kind, namespace), refs in grouped.items():
            versions = [entries[ref].since for ref in refs]
            since = min(versions, key=int) if all(map(str.isdigit, versions)) else ""
            named = len(refs) == 1 or (len(refs) <= _BY_NAME and not since)
            for group in [[ref] for ref in refs] if named else [refs]:
                scope = Scope(kind, group[0].namespace, group[0].name) if named else Scope(kind, namespace)
                self._follower.follow(scope, since=since, wanted=() if named else tuple(group))


def _identified(manifest: Manifest, kind: Kind) -> Manifest:
    """Return an object with its apiVersion and kind, which items of a list may lack."""
    if "kind" in manifest and "apiVersion" in manifest:
        return manifest
    return {"apiVersion": kind.gvk.api_version, "kind": kind.gvk.kind, **manifest}


def _covers(scope: Scope, ref: ResourceRef) -> bool:
    return (not scope.namespace or scope.namespace == ref.namespace) and (not scope.name or scope.name == ref.name)


def _older(found: Manifest, known: Manifest | None) -> bool:
    """Say whether news are about an earlier state than what is known: a watch may begin before our last write."""
    versions = [str(metadata_of(each or {}).get("resourceVersion") or "") for each in (found, known)]
    return all(map(str.isdigit, versions)) and int(versions[0]) < int(versions[1])
