"""How many requests are in flight."""

from __future__ import annotations

import threading

import pytest

from kubernator.cluster.limiter import LADDER, Limiter, Window


def settle(latency, rounds=3000, window=None):
    """Feed a window with requests that take as long as a function of the number in flight says."""
    window = window or Window()
    seen = []
    for _ in range(rounds):
        window.done(latency=latency(window.limit), in_flight=window.limit)
        seen.append(window.limit)
    return window, seen


@pytest.mark.parametrize(
    ("latency", "expected"),
    [
        pytest.param(lambda n: 0.03 + 0 * n, (64,), id="a server without limits"),
        # measured: 5 ms alone, some 400 requests a second at 4 in flight, 500 at 16
        pytest.param(lambda n: max(0.005, n / min(500, 360 + 9 * n)), (8, 12, 16), id="two cores, loopback"),
        pytest.param(lambda n: 0.02 + max(0.005, n / 500), (12, 16, 24, 32), id="two cores, 20 ms away"),
        pytest.param(lambda n: n / 200, (8,), id="nothing gained"),
    ],
)
def test_where_it_ends(latency, expected):
    """It climbs while throughput grows and comes back when it does not."""
    _, seen = settle(latency)
    held = max(set(seen), key=seen.count)
    assert held in expected
    assert max(seen) <= 64


def test_a_far_server_is_used_well_from_the_start():
    """Where nothing queues it climbs twice as fast: a hundred and a half requests make 48 of 8."""
    _, seen = settle(lambda n: 0.08 + 0 * n, rounds=150)
    assert seen[-1] >= 48


def test_what_began_under_another_limit_is_not_counted():
    """Answers that come right after a step up were under way before it, and would flatter it."""
    window = Window()
    for _ in range(8):
        window.done(latency=0.03, in_flight=8)
    assert window.limit == 16
    for latency in [*[0.001] * 8, *[0.06] * 32]:
        window.done(latency=latency, in_flight=16)
    assert window.limit == 8


def test_idle_time_says_nothing():
    """Requests that did not use up the step do not move it."""
    window = Window()
    for _ in range(1000):
        window.done(latency=0.001, in_flight=window.limit - 1)
    assert window.limit == 8


def test_a_429_halves_once_for_an_event():
    """A burst of 429 is one event; a later one halves again, down to one."""
    window = Window()
    limits = []
    for now in (0.0, 0.1, 0.9, 2.0, 4.0, 6.0, 8.0):
        window.throttled(now=now)
        limits.append(window.limit)
    assert limits == [4, 4, 4, 2, 1, 1, 1]


def test_it_recovers_from_a_429():
    """After a rest it climbs again."""
    window = Window()
    window.throttled(now=0.0, wait=3.0)
    assert (window.limit, window.not_before) == (4, 3.0)
    window.throttled(now=2.9, wait=3.0)
    assert (window.limit, window.not_before) == (4, 5.9)
    settle(lambda n: 0.01 + 0 * n, window=window)
    assert window.limit == 64


def test_the_ladder_is_a_ladder():
    """Steps go up, to what the pool has."""
    assert list(LADDER) == sorted(set(LADDER))
    assert LADDER[-1] == 64


def test_the_gate_holds_back():
    """No more than the limit are inside at the same time; all get in."""
    limiter = Limiter(window=Window(start=4))
    lock, inside, most = threading.Lock(), [], []

    def work():
        with limiter.slot():
            with lock:
                inside.append(1)
                most.append(len(inside))
            with lock:
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 50
    assert max(most) <= 4


def test_the_gate_opens_for_one_who_waits():
    """Who waits at a full gate gets in when one leaves, also by an exception."""
    limiter = Limiter(window=Window(start=1))
    entered, leave, second = threading.Event(), threading.Event(), threading.Event()

    def first():
        try:
            with limiter.slot():
                entered.set()
                leave.wait()
                raise RuntimeError  # noqa: TRY301
        except RuntimeError:
            pass

    def other():
        with limiter.slot():
            second.set()

    one = threading.Thread(target=first)
    one.start()
    entered.wait()
    two = threading.Thread(target=other)
    two.start()
    assert not second.is_set()
    leave.set()
    second.wait()
    one.join()
    two.join()


def test_the_gate_is_shut_after_a_429():
    """Nothing starts before the time the server asked for is over."""
    now = [0.0]
    limiter = Limiter(window=Window(start=2), clock=lambda: now[0])
    limiter.throttled(wait=0.05)
    passed = threading.Event()

    def work():
        with limiter.slot():
            passed.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert not passed.is_set()
    now[0] = 1.0
    passed.wait()
    thread.join()
    assert limiter.limit == 1


def test_an_opened_gate_holds_nobody_back():
    """Who waits for a server that asked to be left alone goes on at once when the run is over."""
    limiter = Limiter(window=Window(start=1))
    limiter.throttled(wait=1000.0)
    through = threading.Event()

    def enter():
        with limiter.slot():
            through.set()

    thread = threading.Thread(target=enter)
    thread.start()
    limiter.open()
    thread.join()
    assert through.is_set()
