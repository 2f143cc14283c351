"""Benchmarks: requests by the server's counter, requests by a proxy, and the noise of a machine."""

from __future__ import annotations

import pytest
from benchmarks import cases, latency, machine, metrics, waiting

PAGE = """\
# HELP apiserver_request_total Counter of requests
apiserver_request_duration_seconds_count{verb="LIST",resource="pods"} 7
apiserver_request_total{code="200",dry_run="",resource="pods",subresource="",verb="LIST"} 3
apiserver_request_total{code="200",dry_run="",resource="pods",subresource="",verb="GET"} 2
apiserver_request_total{code="200",dry_run="All",resource="pods",subresource="",verb="APPLY"} 5
apiserver_request_total{code="201",dry_run="",resource="pods",subresource="",verb="APPLY"} 1e+01
apiserver_request_total{code="200",dry_run="",resource="",subresource="apis",verb="GET"} 1
apiserver_request_total{code="200",dry_run="",resource="",subresource="openapi/v3",verb="GET"} 9
apiserver_request_total{code="200",dry_run="",resource="leases",subresource="",verb="PUT"} 4
apiserver_request_total{code="201",dry_run="",resource="ipaddresses",subresource="",verb="POST"} 4
apiserver_request_total{code="201",dry_run="",resource="events",subresource="",verb="POST"} 1
apiserver_request_total{code="200",dry_run="",resource="pods",subresource="exec",verb="CONNECT"} 1
apiserver_request_total{code="200",dry_run="",resource="odd\\"name",subresource="",verb="WATCH"} 1
"""


def test_requests_are_told_apart():
    """A counter's labels say what a request was; what the server asks itself for is left out."""
    expected = {"discovery": 1, "list": 3, "get": 2, "watch": 1, "dry-run": 5, "write": 10, "other": 1}
    assert expected == metrics.by_kind(metrics.parse(PAGE))
    assert metrics.total(expected) == 23


def test_a_difference_has_only_what_came_since():
    """Two readings give what was counted in between, with labels that are new."""
    later = PAGE.replace('verb="LIST"} 3', 'verb="LIST"} 5') + (
        'apiserver_request_total{code="404",dry_run="",resource="pods",subresource="",verb="GET"} 1\n'
    )
    found = metrics.difference(metrics.parse(PAGE), metrics.parse(later))
    assert metrics.by_kind(found) == {"list": 2, "get": 1}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api", "discovery"),
        ("GET", "/apis", "discovery"),
        ("GET", "/openapi/v3/apis/apps/v1?hash=1", "discovery"),
        ("GET", "/api/v1/namespaces", "list"),
        ("GET", "/api/v1/namespaces/a", "get"),
        ("GET", "/api/v1/namespaces/a/pods?limit=500", "list"),
        ("GET", "/api/v1/namespaces/a/pods/b", "get"),
        ("GET", "/apis/apps/v1/deployments", "list"),
        ("GET", "/apis/apps/v1/namespaces/a/deployments/web-0", "get"),
        ("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/view", "get"),
        ("GET", "/apis/apps/v1/namespaces/a/deployments?watch=1", "watch"),
        ("PATCH", "/api/v1/namespaces/a?dryRun=All", "dry-run"),
        ("POST", "/api/v1/namespaces", "write"),
    ],
)
def test_requests_that_a_proxy_saw(method, path, expected):
    """A method and a path say what a request was."""
    assert {expected: 1} == waiting.kinds_of([(method, path)])


def test_only_what_follows_the_last_write_is_waiting():
    """What is asked before and between writes is not asked while waiting; what is written besides does not count."""
    asked = [
        *(("GET", "/a/deployments"), ("PATCH", "/a/deployments/b"), ("GET", "/c"), ("PATCH", "/a/deployments/d")),
        *(("GET", "/e?watch=1"), ("GET", "/f"), ("PUT", "/record"), ("GET", "/f?limit=1"), ("GET", "/e")),
    ]
    after = waiting.after_writes(asked)
    assert after == asked[4:]
    assert waiting.after_writes(asked[:1]) == asked[:1]
    assert waiting.watched(after) == ["e"]
    assert waiting.polled(after) == 1


def test_lags_are_of_what_both_know():
    """An object that only one of the two heard of has no lag."""
    assert waiting.lags({"a": 1.0, "b": 2.0}, {"a": 1.5, "c": 9.0}) == [0.5]


@pytest.mark.parametrize(
    ("generation", "status", "expected"),
    [
        (
            1,
            {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1},
            1,
        ),
        (
            2,
            {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1},
            0,
        ),
        (1, {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}, 0),
        (1, {}, 0),
    ],
)
def test_available(generation, status, expected):
    """A Deployment is there when all replicas are, in the newest form."""
    deployment = {"metadata": {"generation": generation}, "spec": {"replicas": 1}, "status": status}
    assert bool(expected) is waiting.available(deployment)


def test_noise_counts_what_was_stolen():
    """Idle time and waiting for disks are not work; interrupts and time that a hypervisor took away are."""
    second = round(1 / machine._TICK)
    line = f"cpu  {second} {second} {second} 999999 999999 {second} {second} {second} 7 7\ncpu0 1 1 1 1\n"
    assert machine.stat_seconds(line) == pytest.approx(6.0)


def test_connections_that_wait_are_weighed_by_time():
    """The usual number under way is that of half of the time in which there was any."""
    under_way = latency.UnderWay()
    for connection, waits, now in [(1, True, 1.0), (2, True, 2.0), (2, True, 2.5), (2, False, 9.0), (1, False, 9.5)]:
        under_way.change(connection, waits=waits, now=now)
    assert under_way.summary() == {"connections": 0, "most": 2, "usual": 2}
    assert latency.UnderWay().summary() == {"connections": 0, "most": 0, "usual": 0}


@pytest.mark.parametrize(
    ("writes", "code", "complete", "passed"),
    [(5, 0, True, True), (6, 0, True, False), (5, 1, True, False), (5, 0, False, False)],
)
def test_a_killed_run(writes, code, complete, passed):
    """The second run passes if it completes and sends no more than was missing."""
    killed = {"missing": 5, "requests": {"write": writes}, "code": code, "complete": complete}
    assert passed is cases.resumed(killed).passed
