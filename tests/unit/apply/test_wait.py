"""Waiting, on a cluster that answers from a script."""

from __future__ import annotations

import contextlib
import itertools
import threading
from typing import Any

import pytest

from kubernator import errors
from kubernator.apply import following
from kubernator.apply.wait import Waiter
from kubernator.cluster.api import Kind, Kinds, Listing, WatchEvent
from kubernator.model.events import StatusSeen, Waiting
from kubernator.model.gvk import GroupVersionKind
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


def job(name: str = "a", namespace: str = "n", **conditions: str) -> dict[str, Any]:
    found = [{"type": kind, "status": value} for kind, value in conditions.items()]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ttlSecondsAfterFinished": 1} if name == "ttl" else {},
        "status": {"conditions": found},
    }


def ref(name: str = "a", namespace: str = "n") -> ResourceRef:
    return ResourceRef("batch", "Job", namespace, name)


class Scripted:
    """LISTs and watches come from two scripts, one answer after the other; the last watch stays open until cut."""

    def __init__(self, lists: list[Any], watches: list[Any] = ()) -> None:
        self.lists, self.watches = iter(lists), iter(watches)
        self.scopes: list[tuple[str, str]] = []
        self.cut = threading.Event()

    def kinds(self) -> Kinds:
        return Kinds([JOB])

    def list(self, _: Kind, *, namespace: str, field_selector: str) -> Listing:
        self.scopes.append((namespace, field_selector))
        answer = next(self.lists)
        if isinstance(answer, errors.KubernatorError):
            raise answer
        return Listing(items=answer, resource_version="1")

    def watch(self, *_: Any, **__: Any) -> Any:
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


@pytest.mark.parametrize(
    "ended",
    [[], errors.ApiError("too old", status=410), errors.Unreachable("reset"), errors.ApiError("broken", status=500)],
    ids=["ended", "expired", "reset", "refused for now"],
)
def test_a_watch_that_ends_is_begun_again(waiting, ended):
    """Whatever ends a watch, the next LIST says how things stand."""
    cluster = Scripted([[job()], [job(Complete="True")]], [ended])
    assert Status.CURRENT is waiting(cluster).wait([ref()], timeout=60)[ref()].status


def test_a_failure_ends_the_wait(waiting):
    """One proven failure is enough; the others are reported as they stand."""
    cluster = Scripted([[job("a", Failed="True"), job("b")]])
    found = waiting(cluster).wait([ref("a"), ref("b")], timeout=60)
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
    lists = [[job()] for _ in range(5)]
    watches = [[], errors.ApiError("too old", status=410), [], [("MODIFIED", job())], []]
    found = waiting(Scripted([*lists, [job(Complete="True")]], watches)).wait([ref()], timeout=60)
    assert Status.CURRENT is found[ref()].status
    assert pauses[:5] == [0.0, 0.001, 0.002, 0.0, 0.0]


def test_what_vanished_is_missing_unless_its_time_was_up(waiting):
    """A deleted object is an error after a while; a Job with a time to live has finished."""
    cluster = Scripted([[job("ttl"), job("b")], []], [[("DELETED", job("ttl")), ("DELETED", job("b"))]])
    found = waiting(cluster, patience=0.0).wait([ref("ttl"), ref("b")], timeout=60)
    assert [result.status for result in found.values()] == [Status.CURRENT, Status.FAILED]
    assert found[ref("b")].message == "it is not there"


def test_without_leave_to_look_everywhere_namespaces_are_watched(waiting):
    """403 across the cluster leads to a watch a namespace; 403 there leaves the state unknown."""
    forbidden = errors.Forbidden("no", status=403)
    cluster = Scripted([forbidden, forbidden, forbidden])
    found = waiting(cluster).wait([ref("a", "n"), ref("b", "n"), ref("c", "m"), ref("d", "m")], timeout=60)
    assert {Status.UNKNOWN} == {result.status for result in found.values()}
    assert [cluster.scopes[0], *sorted(cluster.scopes[1:])] == [("", ""), ("m", ""), ("n", "")]


def test_an_unknown_kind_cannot_be_waited_for(waiting):
    """What discovery does not know is unknown, without a request."""
    cluster = Scripted([])
    unknown = ResourceRef("x", "Y", "n", "z")
    assert Status.UNKNOWN is waiting(cluster).wait([unknown], timeout=60)[unknown].status
