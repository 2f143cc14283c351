"""Why an object is not there yet: the chain from the object down to the container, the quota or the volume.

A workload is explained by its Pods, what Pods do not tell by Events, a crash by the end of its log. What to look at is
asked through two functions, `Look` and `Ask`, which answer at their leisure (a wait) or at once (`explaining`).
`Reasons` keeps what was heard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kubernator.apply import happenings, inquiry, pods
from kubernator.apply.conditions import metadata_of, spec_of
from kubernator.apply.following import Scope
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.ref import ResourceRef
from kubernator.model.status import Status, StatusResult

if TYPE_CHECKING:
    from kubernator.apply.following import Seen
    from kubernator.apply.inquiry import Answer, Question
    from kubernator.apply.pods import Said
    from kubernator.cluster.api import Kinds
    from kubernator.model.resource import Manifest

__all__ = ["Ask", "Case", "Look", "Reasons"]

Look: TypeAlias = Callable[[Scope], object]
Ask: TypeAlias = "Callable[[Question], object]"
#: An object, as it is, and how it stands by its own words.
Case: TypeAlias = tuple[ResourceRef, "Manifest", StatusResult]

#: Seconds after which a question is asked again, and objects whose Events are asked for in so many seconds.
_AGAIN: Final = 10.0
_AT_A_TIME: Final = 8
#: Logs that are read in one wait; nobody reads more.
_MOST_LOGS: Final = 32
_NEVER: Final = float("-inf")
#: Watches of Pods of one wait.
_MOST_SCOPES: Final = 32

_EXPLAINED: Final = frozenset({Status.IN_PROGRESS, Status.FAILED})
_LATE: Final = StatusResult(Status.CURRENT, "is bound when a Pod first uses it")


class Reasons:
    """What is known about why. Not for several threads at once."""

    def __init__(self, kinds: Kinds, *, look: Look, ask: Ask) -> None:
        self._look = look
        self._ask = ask
        self._pod_kind = kinds.get(GroupVersionKind("", "v1", "Pod"))
        self._pods: dict[ResourceRef, dict[str, Manifest]] = defaultdict(dict)
        self._seen: dict[Scope, set[tuple[ResourceRef, str]]] = defaultdict(set)
        self._covered: set[ResourceRef] = set()
        self._answers: dict[Question, Any] = {}
        self._interested: dict[Question, set[ResourceRef]] = defaultdict(set)
        self._told: dict[ResourceRef, tuple[str, inquiry.EventsOf]] = {}
        self._asked: dict[inquiry.EventsOf, float] = {}
        self._dug: dict[ResourceRef, float] = {}
        self._unanswered: dict[Question, float] = {}
        self._logs = 0
        self._now = 0.0

    # Hearing

    def hear_of_pods(self, seen: Seen) -> set[ResourceRef]:
        """Take in Pods; return the workloads that may be explained better by now."""
        touched: set[ResourceRef] = set()
        if seen.whole:
            for owner, name in self._seen.pop(seen.scope, ()):
                self._pods[owner].pop(name, None)
                touched.add(owner)
        for pod in seen.gone:
            for owner in self._owners(pod):
                self._pods[owner].pop(_name(pod), None)
                touched.add(owner)
        for pod in seen.objects:
            for owner in self._owners(pod):
                self._pods[owner][_name(pod)] = pod
                self._seen[seen.scope].add((owner, _name(pod)))
                touched.add(owner)
        return touched

    def hear(self, answer: Answer) -> set[ResourceRef]:
        """Take in an answer; return the objects that may be explained better by now."""
        self._answers[answer.question] = answer.value
        if answer.value is None:
            self._unanswered[answer.question] = self._now
        return self._interested[answer.question]

    def _owners(self, pod: Manifest) -> list[ResourceRef]:
        return [owner for owner in pods.owners(pod) if owner in self._covered]

    # Telling

    def better(self, case: Case) -> StatusResult:
        """Return how an object stands, with the cause as far as it is known by now."""
        ref, live, result = case
        if result.status not in _EXPLAINED:
            return result
        if ref.group_kind == ("", "PersistentVolumeClaim") and (late := self._late_binding(ref, live)) is not None:
            return late
        if _makes_pods(ref):
            said = self._said(ref, live)
            if said is not None:
                return self._by_pod(ref, result, said)
        elif ref.group_kind == ("", "Pod"):
            said = pods.trouble(live)
            if said is not None and not said.trouble.vague:
                return replace(result, lines=self._log(ref, said))
        return self._by_event(ref, live, result)

    def _by_pod(self, ref: ResourceRef, result: StatusResult, said: Said) -> StatusResult:
        """Add what a Pod says; one that failed is replaced by another, so it proves nothing."""
        text = str(said)
        if said.trouble.vague:
            told = self._event(ref, said.pod)
            text = f"{text}: {told.text}" if told is not None else text
        return replace(
            result,
            message=f"{result.message}; {text}" if result.message else text,
            suspect=result.suspect or said.trouble.suspect,
            lines=self._log(ref, said),
        )

    def _by_event(self, ref: ResourceRef, live: Manifest, result: StatusResult) -> StatusResult:
        told = self._event(ref, live)
        if told is None or told.text in result.message:
            return result
        message = f"{result.message}; {told.text}" if result.message else told.text
        return replace(result, message=message, suspect=result.suspect or told.suspect)

    def _said(self, ref: ResourceRef, live: Manifest, *, thorough: bool = False) -> Said | None:
        """Return what the Pods of the newest template say.

        Who made a Pod is asked only for one that says something worth it; ``thorough``, for any that is not ready.
        """
        said = [
            each
            for pod in self._pods.get(ref, {}).values()
            if not metadata_of(pod).get("deletionTimestamp")
            and (each := pods.trouble(pod)) is not None
            and self._newest(ref, live, pod, ask=thorough or not each.trouble.vague)
        ]
        return pods.loudest(said)

    def _newest(self, ref: ResourceRef, live: Manifest, pod: Manifest, *, ask: bool) -> bool:
        if ref.kind != "Deployment":
            return pods.newest(live, pod)
        metadata = metadata_of(live)
        revision = str((metadata.get("annotations") or {}).get(pods.REVISION))
        question = inquiry.Maker(ref.namespace, pods.replica_set(pod), str(metadata.get("generation")), revision)
        made_by = self._known(ref, question) if ask else self._answers.get(question)
        return pods.newest(live, pod, made_by=made_by if isinstance(made_by, dict) else None)

    def _log(self, ref: ResourceRef, said: Said) -> tuple[str, ...]:
        crash = said.trouble.crash
        if crash is None:
            return ()
        question = inquiry.Log(ref.namespace, _name(said.pod), crash.container, crash.previous, crash.runs)
        if question not in self._answers:
            if self._logs >= _MOST_LOGS:
                return ()
            self._logs += 1
        found = self._known(ref, question)
        return found if isinstance(found, tuple) else ()

    def _event(self, ref: ResourceRef, about: Manifest) -> happenings.Happening | None:
        """Return what Events say about an object or its Pod; what they said of an earlier version counts no more."""
        version, question = self._told.get(ref, ("", None))
        if question is None or question.uid != _uid(about) or version != _version(about):
            return None
        found = self._answers.get(question)
        return happenings.newest(found, since=happenings.written(about)) if isinstance(found, list) else None

    def _late_binding(self, ref: ResourceRef, claim: Manifest) -> StatusResult | None:
        """Say how a claim stands that a Pod must use first, or may have to; None where its volume can be waited for."""
        name = str(spec_of(claim).get("storageClassName") or "")
        found = self._known(ref, inquiry.StorageClass(name)) if name else None
        if found == inquiry.FORBIDDEN:  # who manages one namespace often may not read classes
            text = f"not bound; storage class `{name}`, which says when, may not be read"
            return StatusResult(Status.UNKNOWN, text)
        late = isinstance(found, dict) and found.get("volumeBindingMode") == "WaitForFirstConsumer"
        return _LATE if late else None

    def _known(self, ref: ResourceRef, question: Question) -> Any:
        """Return the answer to a question, which is asked when it is first of interest."""
        self._interested[question].add(ref)
        if question not in self._answers:
            self._answers[question] = None
            self._ask(question)
        return self._answers.get(question)

    # Digging

    def dig(self, cases: Iterable[Case], *, now: float, events: bool = True) -> None:
        """Look for causes: at the Pods of workloads that are not there yet, and where those do not tell at ``events``.

        The Events of few objects are asked for in a while. ``now`` is in seconds of any clock.
        """
        self._now = now
        cases = [case for case in cases if case[2].status in _EXPLAINED]
        known = [case for case in cases if case[0] in self._covered or not _makes_pods(case[0])]
        self._look_at_pods(cases)
        for question, since in list(self._unanswered.items()):
            if now - since >= _AGAIN:
                del self._unanswered[question]
                self._ask(question)
        if events:
            self._ask_for_events(known, now)

    def _ask_for_events(self, cases: Iterable[Case], now: float) -> None:
        """Ask about few objects in a while, of those first whose turn was longest ago."""
        due = [case for case in cases if now - self._dug.get(case[0], _NEVER) >= _AGAIN]
        left = _AT_A_TIME - sum(now - asked < _AGAIN for asked in self._asked.values())
        for case in sorted(due, key=lambda case: self._dug.get(case[0], _NEVER)):
            if left <= 0:
                return
            ref, before = case[0], len(self._answers)
            about = self._silent(case)
            left -= len(self._answers) - before  # who made a Pod was asked first
            question = inquiry.EventsOf(ref.namespace, _uid(about)) if about is not None else None
            if about is None or question is None or self._answers.get(question) == inquiry.FORBIDDEN:
                continue
            left -= 1
            self._dug[ref] = now
            self._asked[question] = now
            self._told[ref] = (_version(about), question)
            self._interested[question].add(ref)
            self._ask(question)

    def _look_at_pods(self, cases: Iterable[Case]) -> None:
        found = {ref: live for ref, live, _ in cases if _makes_pods(ref) and ref not in self._covered}
        if not found or self._pod_kind is None:
            return
        self._covered.update(found)
        for namespace, labels in pods.selections(found.values())[:_MOST_SCOPES]:
            self._look(Scope(self._pod_kind, namespace, labels=labels, explains=True))

    def _silent(self, case: Case) -> Manifest | None:
        """Return what Events may tell more about: the object, or the Pod that stands for it; None where all is said."""
        ref, live, result = case
        if not _makes_pods(ref):
            said = pods.trouble(live) if ref.group_kind == ("", "Pod") else None
            return live if said is None or said.trouble.vague else None
        said = self._said(ref, live, thorough=True)
        if said is not None:
            return said.pod if said.trouble.vague else None
        return live if not result.suspect and not self._pods.get(ref) else None


def _makes_pods(ref: ResourceRef) -> bool:
    return (ref.group, ref.kind) in pods.WORKLOADS


def _name(manifest: Manifest) -> str:
    return str(metadata_of(manifest).get("name"))


def _uid(manifest: Manifest) -> str:
    return str(metadata_of(manifest).get("uid") or "")


def _version(manifest: Manifest) -> str:
    return str(metadata_of(manifest).get("resourceVersion") or "")
