"""Who is still waited for."""

from __future__ import annotations

import pytest

from kubernator.apply.board import Board, Pending
from kubernator.cluster.api import Kind
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.ref import ResourceRef
from kubernator.model.status import Status, StatusResult

KIND = Kind(gvk=GroupVersionKind("", "v1", "Pod"), plural="pods", singular="pod", namespaced=True)
A, B = (ResourceRef("", "Pod", "n", name) for name in "ab")
WAITS = StatusResult(Status.IN_PROGRESS)
SUSPECT = StatusResult(Status.IN_PROGRESS, "crash loop", suspect=True)
DONE, FAILED = StatusResult(Status.CURRENT), StatusResult(Status.FAILED)
MISSING = StatusResult(Status.NOT_FOUND)


def board(*, patience: float = 10.0, timeout: float = 60.0, **options: bool) -> Board:
    entries = {ref: Pending(KIND, None, WAITS, timeout) for ref in (A, B)}
    return Board(entries, started=0.0, patience=patience, **options)


@pytest.mark.parametrize(
    ("results", "done", "lost"),
    [
        ({}, False, False),
        ({A: DONE}, False, False),
        ({A: DONE, B: DONE}, True, False),
        ({A: FAILED}, False, True),
        ({A: FAILED, B: DONE}, True, True),
        ({A: StatusResult(Status.UNKNOWN), B: DONE}, True, False),
    ],
)
def test_when_a_wait_is_over(results, done, lost):
    """When nothing is open any more, or something is lost."""
    found = board()
    for ref, result in results.items():
        found.set(ref, result, now=1.0)
    assert (done, lost) == (found.done, found.lost)


def test_what_was_current_may_be_waited_for_again():
    """A Pod that dies is not there any more."""
    found = board()
    found.set(A, DONE, now=1.0)
    found.set(A, WAITS, now=2.0)
    assert list(found.open) == [B, A]


def test_only_news_are_told_with_the_time_they_took():
    """The same state with the same reason is none."""
    found = board()
    assert found.set(A, WAITS, now=1.0) is None
    told = found.set(A, DONE, now=2.5)
    assert told is not None
    assert (told.status, told.seconds) == (Status.CURRENT, 2.5)


@pytest.mark.parametrize("bad", [SUSPECT, MISSING, StatusResult(Status.TERMINATING)])
def test_trouble_that_lasts_is_a_failure(bad):
    """For as long as patience lasts it may pass; it begins anew when it had passed."""
    found = board()
    found.set(A, bad, now=1.0)
    assert list(found.overdue(10.9)) == []
    found.set(A, WAITS, now=10.9)
    found.set(A, bad, now=11.0)
    assert list(found.overdue(20.9)) == []
    assert found.next_due() == 21.0
    ((ref, result),) = found.overdue(21.0)
    assert (ref, result.status, result.message) == (A, Status.FAILED, bad.message)


def test_absence_may_be_no_trouble():
    """For who only looks on, what is missing is missing."""
    found = board(absence_fails=False)
    found.set(A, MISSING, now=1.0)
    assert list(found.overdue(50.0)) == []


def test_time_that_is_up_stays_up():
    """Whatever is heard of it later, short of being settled."""
    found = board(timeout=5.0)
    for ref, result in found.overdue(5.0):
        found.set(ref, result, now=5.0)
    assert (found.done, found.lost) == (True, True)
    found.set(A, StatusResult(Status.IN_PROGRESS, "nearly"), now=6.0)
    assert found.entries[A].result.timed_out
    found.set(A, DONE, now=7.0)
    found.set(B, DONE, now=7.0)
    assert (found.done, found.lost) == (True, False)
