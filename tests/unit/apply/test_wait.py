"""Waiting, on a cluster that answers from a script."""

from __future__ import annotations

import contextlib
import itertools
import threading
from pathlib import PurePath
from typing import Any

import pytest

from kubernator import errors
from kubernator.apply import following
from kubernator.apply.wait import Waiter
from kubernator.cluster.api import Kind, Kinds, Listing, WatchEvent
from kubernator.model.change import Change, ChangeKind
from kubernator.model.events import StatusSeen, Waiting
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.outcome import Outcome, OutcomeKind
from kubernator.model.ref import ResourceRef
from kubernator.model.status import Status
from kubernator.workers import Workers

JOB = Kind(
    gvk=GroupVersionKind("batch", "v1", "Job"),
    plural="jobs",
    singular="job",
    namespaced=True,
    verbs=frozenset({"watch"}),
)


def job(name: str = "a", namespace: str = "n", version: str = "1", **conditions: str) -> dict[str, Any]:
    found = [{"type": kind, "status": value} for kind, value in conditions.items()]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace, "resourceVersion": version},
        "spec": {"ttlSecondsAfterFinished": 1} if name == "ttl" else {},
        "status": {"conditions": found},
    }


def ref(name: str = "a", namespace: str = "n") -> ResourceRef:
    return ResourceRef("batch", "Job", namespace, name)


class Scripted:
    """LISTs and watches come from two scripts, one answer after the other; the last watch stays open until cut.

    A list among the LISTs is complete unless it ends with ``...``.
    """

    trouble = ""

    def __init__(self, lists: list[Any], watches: list[Any] = ()) -> None:
        self.lists, self.watches = iter(lists), iter(watches)
        self.scopes: list[tuple[str, str]] = []
        self.since: list[str] = []
        self.read: list[str] = []
        self.cut = threading.Event()

    def kinds(self) -> Kinds:
        return Kinds([JOB])

    def list(self, _: Kind, *, namespace: str, field_selector: str, **__: Any) -> Listing:
        self.scopes.append((namespace, field_selector))
        answer = next(self.lists)
        if isinstance(answer, errors.KubernatorError):
            raise answer
        complete = ... not in answer
        return Listing(items=[each for each in answer if each is not ...], resource_version="1", complete=complete)

    def get(self, _: Kind, *, namespace: str, name: str) -> Any:
        self.read.append(name)
        return job(name, namespace, Complete="True")

    def watch(self, *_: Any, resource_version: str, **__: Any) -> Any:
        self.since.append(resource_version)

        @contextlib.contextmanager
        def opened():
            answer = next(self.watches, None)
            if isinstance(answer, errors.KubernatorError):
                raise answer
            yield (
                (WatchEvent(type=what, object=item) for what, item in answer) if answer is not None else self._silence()
            )

        return _Cut(opened(), self.cut)

    def _silence(self):
        self.cut.wait()
        yield from ()


class _Cut:
    """A watch that may be left from any thread."""

    def __init__(self, inner: Any, cut: threading.Event) -> None:
        self.inner, self.cut, self.owner = inner, cut, threading.get_ident()

    def __enter__(self) -> Any:
        return self.inner.__enter__()

    def __exit__(self, *error: object) -> None:
        if threading.get_ident() != self.owner:
            self.cut.set()
            return
        self.inner.__exit__(*error)


@pytest.fixture
def waiting():
    workers, heard = Workers(), []

    def make(cluster: Scripted, **options: Any) -> Waiter:
        stop = options.pop("stop", threading.Event())
        return Waiter(cluster, workers, heard.append, stop, **options)

    make.heard = heard
    yield make
    workers.close()


def test_current_ends_the_wait(waiting):
    """What is current at the first look is reported at once."""
    found = waiting(Scripted([[job(Complete="True")]])).wait([ref()], timeout=60)
    assert {ref(): Status.CURRENT} == {key: result.status for key, result in found.items()}
    assert [event.result.status for event in waiting.heard if isinstance(event, StatusSeen)] == [Status.CURRENT]


def test_events_are_followed(waiting):
    """A change seen by the watch counts."""
    cluster = Scripted([[job()], [job(Complete="True")]], [[("MODIFIED", job(Complete="True"))]])
    assert Status.CURRENT is waiting(cluster).wait([ref()], timeout=60)[ref()].status
    assert cluster.scopes[:1] == [("n", "metadata.name=a")]


def written(name: str = "a", version: str = "7", **annotations: str) -> Outcome:
    """Return the outcome of a write that the server answered with a version."""
    manifest = job(name, version=version)
    manifest["metadata"]["annotations"] = {f"kubernator.io/{key}": value for key, value in annotations.items()}
    change = Change(
        kind=ChangeKind.CREATE, ref=ref(name), gvk=JOB.gvk, origin=Origin(path=PurePath("a.yaml")), desired=manifest
    )
    return Outcome(kind=OutcomeKind.CREATED, change=change, live=manifest)


DONE = ("MODIFIED", job(version="9", Complete="True"))
BOOKMARK = ("BOOKMARK", {"metadata": {"resourceVersion": "8"}})


@pytest.mark.parametrize(
    ("ended", "lists", "since"),
    [
        ([("MODIFIED", job(version="8"))], 0, ["7", "8"]),
        ([BOOKMARK], 0, ["7", "8"]),
        (errors.Unreachable("reset"), 0, ["7", "7"]),
        (errors.ApiError("broken", status=500), 0, ["7", "7"]),
        ([], 1, ["7", "1"]),
        (errors.ApiError("too old", status=410), 1, ["7", "1"]),
    ],
    ids=["ended", "bookmark", "reset", "refused for now", "brought nothing", "expired"],
)
def test_a_watch_that_ends_is_taken_up_where_it_ended(waiting, ended, lists, since):
    """Only where the server no longer knows the place, or the place may be wrong, everything is listed anew."""
    cluster = Scripted([[job()]] * lists, [ended, [DONE]])
    assert Status.CURRENT is waiting(cluster).wait([written()], timeout=60)[ref()].status
    assert (lists, since) == (len(cluster.scopes), cluster.since[:2])


def test_a_server_that_answers_nothing_sensible_is_asked_for_a_list(waiting, monkeypatch):
    """After some watches that did not come about the version is no longer trusted."""
    monkeypatch.setattr(following, "_PAUSES", (0.0,))
    cluster = Scripted([[job(version="9", Complete="True")]], [errors.ApiError("garbage", status=500)] * 4)
    assert Status.CURRENT is waiting(cluster).wait([written()], timeout=60)[ref()].status
    assert cluster.since[:4] == ["7"] * 4


def test_several_objects_are_watched_from_the_first_write(waiting):
    """Events of before our last write of an object do not count for it."""
    stale = [("MODIFIED", job("b", version="8", Failed="True")), ("DELETED", job("b", version="9"))]
    fresh = [("MODIFIED", job(name, version="12", Complete="True")) for name in ("a", "b")]
    cluster = Scripted([], [[*stale, *fresh]])
    found = waiting(cluster, patience=0.0).wait([written("a", "9"), written("b", "10")], timeout=60)
    assert {Status.CURRENT} == {result.status for result in found.values()}
    assert cluster.since[0] == "9"


def test_few_among_many_are_read_one_by_one(waiting):
    """Where a LIST would be dear, its version and GETs will do."""
    cluster = Scripted([[job("other"), ...]])
    names = [f"j{number}" for number in range(5)]
    found = waiting(cluster).wait([ref(name) for name in names], timeout=60)
    assert {Status.CURRENT} == {result.status for result in found.values()}
    assert names == cluster.read


def test_own_time_and_no_time_at_all(waiting):
    """An object may say that nothing waits for it, and how long it may take; the first to be late ends the wait."""
    cluster = Scripted([])
    found = waiting(cluster).wait([written("a"), written("b", wait="false"), written("c", timeout="0s")], timeout=60)
    assert {each.name: result.timed_out for each, result in found.items()} == {"a": False, "c": True}


def test_keep_going_waits_for_the_others(waiting):
    """A failure, and one that takes too long, leave the others time."""
    changes = [("MODIFIED", job("a", version="8", Failed="True")), ("MODIFIED", job("b", version="9", Complete="True"))]
    late = written("c", timeout="0s")
    found = waiting(Scripted([], [changes]), keep_going=True).wait([written("a"), written("b"), late], timeout=60)
    states = {each.name: (str(result.status), result.timed_out) for each, result in found.items()}
    assert states == {"a": ("failed", False), "b": ("current", False), "c": ("in progress", True)}


def test_a_failure_ends_the_wait(waiting):
    """One proven failure is enough; the others are reported as they stand."""
    cluster = Scripted([], [[("MODIFIED", job("a", version="8", Failed="True"))]])
    found = waiting(cluster).wait([written("a"), written("b")], timeout=60)
    assert [result.status for result in found.values()] == [Status.FAILED, Status.IN_PROGRESS]


def test_time_runs_out(waiting):
    """Who is still in progress when time is up is reported as that; a word was said meanwhile."""
    ticks = itertools.count()
    found = waiting(Scripted([[job()]]), clock=lambda: float(next(ticks)), progress=3.0).wait([ref()], timeout=20)
    assert Status.IN_PROGRESS is found[ref()].status
    said = [event for event in waiting.heard if isinstance(event, Waiting)]
    assert ref() == said[0].pending[0][0]


def test_stopping_ends_the_wait(waiting):
    """An interrupt ends a wait without a verdict."""
    stop = threading.Event()
    stop.set()
    assert Status.IN_PROGRESS is waiting(Scripted([[job()]]), stop=stop).wait([ref()], timeout=60)[ref()].status


def test_a_request_without_an_answer_does_not_hold_up_the_end(waiting, monkeypatch):
    """Who leaves does not wait for a LIST that nobody wants any more."""
    monkeypatch.setattr(following, "_FAREWELL", 0.0)
    asked, answered, stop = threading.Event(), threading.Event(), threading.Event()

    class Hanging(Scripted):
        def list(self, *_: Any, **__: Any) -> Listing:
            asked.set()
            answered.wait()
            return Listing(items=[], resource_version="1")

    def interrupt() -> None:
        asked.wait()
        stop.set()

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    assert Status.IN_PROGRESS is waiting(Hanging([]), stop=stop).wait([ref()], timeout=60)[ref()].status
    (left,) = (thread for thread in threading.enumerate() if thread.name == "watch jobs")
    answered.set()
    left.join()
    interrupter.join()


def test_watches_that_end_at_once_are_not_begun_in_a_rush(waiting, monkeypatch):
    """Something on the way that ends each watch makes the pauses longer; a watch that brings news makes them short."""
    pauses = []
    real = threading.Event.wait
    monkeypatch.setattr(following, "_PAUSES", (0.0, 0.001, 0.002))

    def wait(self: threading.Event, timeout: float | None = None) -> bool:
        if timeout in following._PAUSES and threading.current_thread().name == "watch jobs":
            pauses.append(timeout)
        return real(self, timeout)

    monkeypatch.setattr(threading.Event, "wait", wait)
    lists = [[job()], [job()], [job()], [job()]]
    watches = [[], errors.ApiError("too old", status=410), [], [("MODIFIED", job(version="5"))], []]
    found = waiting(Scripted([*lists, [job(version="9", Complete="True")]], watches)).wait([ref()], timeout=60)
    assert Status.CURRENT is found[ref()].status
    assert pauses[:5] == [0.0, 0.001, 0.002, 0.0, 0.001]


def test_what_vanished_is_missing_unless_its_time_was_up(waiting):
    """A deleted object is an error after a while; a Job with a time to live has finished."""
    cluster = Scripted([[job("ttl"), job("b")], []], [[("DELETED", job("ttl")), ("DELETED", job("b"))]])
    found = waiting(cluster, patience=0.0).wait([ref("ttl"), ref("b")], timeout=60)
    assert [result.status for result in found.values()] == [Status.CURRENT, Status.FAILED]
    assert found[ref("b")].message == "it is not there"


def test_without_leave_to_look_everywhere_namespaces_are_watched(waiting):
    """403 across the cluster leads to a watch a namespace, or for few objects one each; 403 there leaves it unknown."""
    cluster = Scripted([errors.Forbidden("no", status=403)] * 5)
    found = waiting(cluster).wait([ref("a", "n"), ref("b", "n"), ref("c", "m"), ref("d", "m")], timeout=60)
    assert {Status.UNKNOWN} == {result.status for result in found.values()}
    named = [(where, f"metadata.name={name}") for where, name in [("m", "c"), ("m", "d"), ("n", "a"), ("n", "b")]]
    assert [cluster.scopes[0], *sorted(cluster.scopes[1:])] == [("", ""), *named]


def test_an_unknown_kind_cannot_be_waited_for(waiting):
    """What discovery does not know is unknown, without a request."""
    cluster = Scripted([])
    unknown = ResourceRef("x", "Y", "n", "z")
    assert Status.UNKNOWN is waiting(cluster).wait([unknown], timeout=60)[unknown].status
