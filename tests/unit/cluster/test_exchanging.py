"""Retries, credentials that are refused, counts; lists and watches over a scripted transport."""

from __future__ import annotations

import json

import pytest

from kubernator import errors
from kubernator.cluster import auth, watching
from kubernator.cluster.api import Kind
from kubernator.cluster.client import HttpCluster
from kubernator.cluster.discovery import Discovery
from kubernator.cluster.exchange import Exchange, Retries
from kubernator.cluster.limiter import Limiter, Window
from kubernator.model.gvk import GroupVersionKind
from kubernator.testing.transport import ScriptedTransport, answer, status
from kubernator.transport import Broken, ClientCertificate, NoAnswer, NotSent

KIND = Kind(gvk=GroupVersionKind("", "v1", "ConfigMap"), plural="configmaps", singular="configmap", namespaced=True)
MANIFEST = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}}


class Made:
    """A cluster over a script, with a clock that only sleeping moves."""

    def __init__(self, *, credentials=None, retries=None, connect=None):
        self.transport = ScriptedTransport()
        self.now = 0.0
        self.naps = []
        self.meanwhile = lambda: None
        self.limiter = Limiter(window=Window(), clock=lambda: self.now)
        exchange = Exchange(
            server="https://a",
            credentials=credentials or auth.Fixed(auth.Login()),
            connect=connect or (lambda certificate: self.transport),
            limiter=self.limiter,
            user_agent="test",
            retries=retries,
            sleep=self.sleep,
            clock=lambda: self.now,
        )
        self.cluster = HttpCluster(exchange, discovery=Discovery(exchange.send, store=None))

    def sleep(self, seconds):
        self.meanwhile()
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def made():
    return Made()


HERE = {"namespace": "b", "name": "a"}
CALLS = {
    "get": lambda cluster: cluster.get(KIND, **HERE),
    "apply": lambda cluster: cluster.apply(KIND, MANIFEST, manager="m"),
    "create": lambda cluster: cluster.create(KIND, MANIFEST, manager="m"),
    "dry-run": lambda cluster: cluster.create(KIND, MANIFEST, manager="m", dry_run=True),
    "json patch": lambda cluster: cluster.patch(
        KIND, **HERE, body=[], content_type="application/json-patch+json", manager="m"
    ),
    "delete": lambda cluster: cluster.delete(KIND, **HERE, propagation="Background"),
    "delete uid": lambda cluster: cluster.delete(KIND, **HERE, propagation="Background", uid="u"),
}


def call(cluster, verb):
    """Carry out a write or a read by name."""
    return CALLS[verb](cluster)


METHODS = {"get": "GET", "apply": "PATCH", "create": "POST", "dry-run": "POST", "json patch": "PATCH"}


@pytest.mark.parametrize(
    ("verb", "trouble", "repeated"),
    [
        ("get", Broken("x"), True),
        ("apply", Broken("x"), True),
        ("create", Broken("x"), False),
        ("dry-run", Broken("x"), True),
        ("json patch", Broken("x"), False),
        ("delete", Broken("x"), False),
        ("delete uid", Broken("x"), True),
        ("create", NotSent("x"), True),
        ("json patch", NotSent("x"), True),
        ("create", status(429, "slow"), True),
        ("json patch", status(429, "slow"), True),
        ("get", status(503, "down"), True),
        ("apply", status(502, "down"), True),
        ("apply", status(504, "late"), True),
        ("create", status(503, "down"), False),
        ("get", status(500, "bug"), False),
        ("apply", status(500, "failed to create typed patch object (x)"), False),
        ("apply", status(409, "conflict"), False),
        ("get", errors.Unreachable("certificate"), False),
    ],
)
def test_what_is_tried_again(made, verb, trouble, repeated):
    """Only what does no harm: nothing that may have been carried out, and nothing that would fail the same way."""
    method = METHODS.get(verb, "DELETE")
    made.transport.on(method, "/api/v1/namespaces/b/configmaps", trouble, answer(200, MANIFEST))
    if repeated:
        assert call(made.cluster, verb)
        assert made.cluster.requests["retry"] == 1
        assert len(made.naps) == 1
    else:
        with pytest.raises(errors.ClusterError):
            call(made.cluster, verb)
        assert len(made.transport.requests) == 1


def test_tries_are_bounded():
    """After the last try the error of the last answer is raised; waits grow with jitter."""
    made = Made(retries=Retries(tries=4, first=1.0, longest=2.0))
    made.transport.on("GET", "/", status(503, "down"), repeat=True)
    with pytest.raises(errors.ApiError, match="down"):
        call(made.cluster, "get")
    assert len(made.transport.requests) == 4
    assert all(low <= nap <= high for nap, (low, high) in zip(made.naps, [(0.5, 1), (1, 2), (1, 2)], strict=True))
    assert made.cluster.requests == {"get": 4, "retry": 3}


def test_what_the_server_asks_to_wait_is_waited(made):
    """``Retry-After`` is the least; everybody slows down."""
    made.transport.on("PATCH", "/", status(429, "slow", headers={"Retry-After": "7"}), answer(200, MANIFEST))
    call(made.cluster, "apply")
    assert 7.0 <= made.naps[0] < 7.3
    assert made.cluster.requests == {"apply": 2, "retry": 1, "throttled": 1}
    assert made.limiter.limit == 4


def test_time_is_bounded(made):
    """A wait that ends after the budget is not begun."""
    made.transport.on("GET", "/", status(429, "slow", headers={"Retry-After": "61"}))
    with pytest.raises(errors.TooManyRequests) as caught:
        call(made.cluster, "get")
    assert caught.value.retry_after == 61.0
    assert made.naps == []


class Rotating:
    """Credentials that get better when they are refused, a number of times."""

    def __init__(self, better, certificate=None):
        self.better = better
        self.number = 0
        self.certificate = certificate

    def login(self):
        found = self.certificate(self.number) if self.certificate else None
        return auth.Login(headers={"Authorization": f"Bearer {self.number}"}, certificate=found)

    def rejected(self, _login):
        self.number += 1
        return self.number <= self.better


@pytest.mark.parametrize(("better", "refused", "succeeds"), [(1, 1, True), (0, 1, False), (5, 2, False)])
def test_a_401_brings_one_more_try(better, refused, succeeds):
    """With other credentials, once; also for a POST, which a 401 did not carry out."""
    made = Made(credentials=Rotating(better))
    made.transport.on("POST", "/", *[status(401, "who?")] * refused, answer(201, MANIFEST))
    if succeeds:
        assert call(made.cluster, "create").created
        assert [request.headers["Authorization"] for request in made.transport.requests] == ["Bearer 0", "Bearer 1"]
    else:
        with pytest.raises(errors.Unauthorized):
            call(made.cluster, "create")


def test_another_certificate_is_another_connection():
    """Credentials that bring a new certificate get new connections, the old ones are closed."""
    transports = []

    def connect(certificate):
        transports.append((certificate, ScriptedTransport()))
        transports[-1][1].on("GET", "/", *([status(401, "who?")] if len(transports) == 1 else [answer(200, MANIFEST)]))
        return transports[-1][1]

    made = Made(
        credentials=Rotating(1, lambda number: ClientCertificate(certificate=b"%d" % number, key=b"")), connect=connect
    )
    assert call(made.cluster, "get") == MANIFEST
    assert [(c.certificate, transport.closed) for c, transport in transports] == [(b"0", True), (b"1", False)]


def page(names, *, token="", remaining=None, version="7"):
    metadata = {"resourceVersion": version, "continue": token}
    if remaining is not None:
        metadata["remainingItemCount"] = remaining
    return answer(200, {"metadata": metadata, "items": [{"metadata": {"name": name}} for name in names]})


def names(listing):
    return [item["metadata"]["name"] for item in listing.items]


def test_pages_become_one_list(made):
    """Items know their kind, which a list does not repeat."""
    made.transport.on("GET", ".*continue=t", page("c")).on("GET", "/", page("ab", token="t", remaining=1))
    listing = made.cluster.list(KIND, page=2)
    assert (names(listing), listing.resource_version, listing.complete) == (["a", "b", "c"], "7", True)
    assert listing.items[0] == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert made.transport.asked() == ["GET /api/v1/configmaps?limit=2", "GET /api/v1/configmaps?limit=2&continue=t"]


@pytest.mark.parametrize(("limit", "complete"), [(0, False), (1, True)])
def test_a_list_may_be_given_up(made, limit, complete):
    """After the first page, when more remain than wanted."""
    made.transport.on("GET", ".*continue=t", page("b")).on("GET", "/", page("a", token="t", remaining=1))
    listing = made.cluster.list(KIND, page=1, give_up_above=limit)
    assert complete is listing.complete
    assert (names(listing), listing.remaining) == ((["a", "b"], 0) if complete else (["a"], 1))


def test_only_what_is_wanted_is_kept(made):
    """The rest is dropped page by page; how much remains, and whether the list is whole, is told as without."""
    made.transport.on("GET", ".*continue=t", page("bc")).on("GET", "/", page("ab", token="t", remaining=2), repeat=True)
    whole = made.cluster.list(KIND, page=2, give_up_above=2, only={("", "c")})
    given_up = made.cluster.list(KIND, page=2, give_up_above=1, only={("", "c")})
    assert (names(whole), whole.complete) == (["c"], True)
    assert (names(given_up), given_up.complete, given_up.remaining) == ([], False, 2)


def test_a_list_that_expires_is_begun_again(made):
    """The second time it expires it is read in one piece, which cannot expire."""
    made.transport.on("GET", ".*continue=t", status(410, "expired", reason="Expired"), repeat=True)
    made.transport.on("GET", ".*limit=", page("a", token="t"), repeat=True)
    made.transport.on("GET", "/", page("abc"))
    assert names(made.cluster.list(KIND, page=1)) == ["a", "b", "c"]
    assert made.transport.asked()[-1] == "GET /api/v1/configmaps"
    assert made.cluster.requests["list"] == 5


@pytest.mark.parametrize("verb", ["get", "delete"])
def test_what_is_not_there(made, verb):
    """Reading and deleting what is gone gives None, whoever says 404."""
    made.transport.on(METHODS.get(verb, "DELETE"), "/", answer(404, "404 page not found"))
    assert call(made.cluster, verb) is None


def test_warnings_come_along(made):
    """A write tells what the server warned of, and whether it created."""
    headers = {"Warning": ['299 - "a"', '299 - "b"']}
    made.transport.on("PATCH", "/", answer(201, MANIFEST, headers))
    applied = call(made.cluster, "apply")
    assert (applied.warnings, applied.created, applied.manifest) == (("a", "b"), True, MANIFEST)


@pytest.mark.parametrize(("body", "words"), [("[1]", "is not an object"), ("<html>", "is not JSON")])
def test_what_is_no_object(made, body, words):
    """An answer of success that cannot be one is an error."""
    made.transport.on("GET", "/", answer(200, body))
    with pytest.raises(errors.ClusterError, match=words):
        call(made.cluster, "get")


def test_raw_answers(made):
    """JSON is decoded, text is text."""
    made.transport.on("GET", "/livez", answer(200, "ok", {"Content-Type": "text/plain"}))
    made.transport.on("GET", "/openapi/v3", answer(200, {"paths": {}}))
    made.transport.on("GET", "/none", answer(404, "404 page not found"))
    assert made.cluster.raw("GET", "/livez") == "ok"
    assert made.cluster.raw("GET", "/openapi/v3") == {"paths": {}}
    with pytest.raises(errors.NotFound, match="cannot GET `/none`: 404 page not found"):
        made.cluster.raw("GET", "/none")


def events(*items):
    return answer(200, "".join(f"{json.dumps(item)}\n" for item in items) + "\n")


def test_a_watch(made):
    """Events come with their objects, bookmarks too; the end of the answer is the end."""
    made.transport.on("GET", "/", events({"type": "ADDED", "object": MANIFEST}, {"type": "BOOKMARK", "object": {}}))
    with made.cluster.watch(KIND, namespace="b", resource_version="7", timeout=10) as watch:
        assert [(event.type, event.object) for event in watch] == [("ADDED", MANIFEST), ("BOOKMARK", {})]


def test_an_expired_watch(made):
    """An event of type ERROR is raised as what it stands for."""
    expired = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
    made.transport.on("GET", "/", events({"type": "ERROR", "object": expired}))
    with (
        pytest.raises(errors.ApiError, match="cannot watch ConfigMap: too old resource version") as caught,
        made.cluster.watch(KIND) as watch,
    ):
        next(watch)
    assert caught.value.status == 410


def test_a_watch_that_is_refused(made):
    """Opening is tried again where that helps, else the error is raised on entering."""
    made.transport.on("GET", "/", status(429, "slow"), status(403, "no"))
    with pytest.raises(errors.Forbidden, match="no"):
        made.cluster.watch(KIND).__enter__()
    assert made.cluster.requests == {"watch": 2, "retry": 1, "throttled": 1}


def test_a_watch_that_was_closed_before_it_opened(made):
    """It opens and has no events."""
    made.transport.on("GET", "/", events({"type": "ADDED", "object": MANIFEST}))
    watch = made.cluster.watch(KIND)
    watch.close()
    with watch as opened:
        assert list(opened) == []


def test_a_server_never_heard_of_is_given_up_soon():
    """Its address may be wrong; one that has answered once is given the time of a restart."""
    made = Made()
    made.transport.on("GET", "/", NotSent("x"), NotSent("x"), NotSent("x"), NotSent("x"))
    with pytest.raises(NotSent):
        call(made.cluster, "get")
    assert (len(made.transport.requests), sum(made.naps) < 2) == (4, True)
    made = Made()
    made.transport.on("GET", "/", answer(200, MANIFEST), *[NotSent("x")] * 8, answer(200, MANIFEST))
    assert call(made.cluster, "get")
    assert call(made.cluster, "get")
    assert sum(made.naps) > 15


def test_who_was_waited_for_in_vain_is_not_waited_for_again():
    """A dead server costs the budget once, not once for each request; it counts again as soon as it answers."""
    made = Made()
    made.transport.on("GET", "/", answer(200, MANIFEST), *[NotSent("x")] * 12, answer(200, MANIFEST), NotSent("x"))
    made.transport.on("GET", "/", answer(200, MANIFEST))
    call(made.cluster, "get")
    with pytest.raises(NotSent):
        call(made.cluster, "get")
    naps = len(made.naps)
    for _ in range(12 - naps - 1):
        with pytest.raises(NotSent):
            call(made.cluster, "get")
    assert naps == len(made.naps)
    call(made.cluster, "get")
    assert call(made.cluster, "get")
    assert naps + 1 == len(made.naps)


def test_a_group_that_is_down_costs_others_nothing():
    """503 of one group is remembered for that group alone."""
    made = Made(retries=Retries(tries=3, unheard=3))
    other = Kind(gvk=GroupVersionKind("a.b", "v1", "X"), plural="xs", singular="x", namespaced=True)
    made.transport.on("GET", "/apis/a.b", status(503, "down"), repeat=True)
    made.transport.on("GET", "/api/v1", answer(200, MANIFEST), status(503, "busy"), answer(200, MANIFEST))
    for _ in range(4):
        with pytest.raises(errors.ApiError, match="down"):
            made.cluster.get(other, **HERE)
    assert sum(one.url.startswith("https://a/apis/a.b") for one in made.transport.requests) == 3 + 3
    assert call(made.cluster, "get")
    assert call(made.cluster, "get")


@pytest.mark.parametrize(
    ("verb", "trouble", "repeated"),
    [
        ("get", status(500, "etcdserver: leader changed"), True),
        ("apply", status(500, "etcdserver: request timed out"), True),
        ("create", status(500, "etcdserver: leader changed"), False),
        ("apply", status(500, "bug", headers={"Retry-After": "1"}), True),
        ("create", status(503, "down", headers={"Retry-After": "1"}), False),
    ],
)
def test_what_the_store_or_the_server_says_will_pass(made, verb, trouble, repeated):
    """A leader that is being elected, and any error that says when to come back: again, where that does no harm."""
    made.transport.on(METHODS[verb], "/", trouble, answer(200, MANIFEST))
    if repeated:
        assert call(made.cluster, verb)
    else:
        with pytest.raises(errors.ApiError):
            call(made.cluster, verb)
    assert made.cluster.requests.get("retry", 0) == repeated


def test_a_json_patch_that_names_its_version_is_repeated(made):
    """Carried out once it is refused the second time, so that repeating it does no harm."""
    made.transport.on("PATCH", "/", Broken("x"), status(409, "stale"))
    body = [{"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}]
    with pytest.raises(errors.Conflict) as caught:
        made.cluster.patch(KIND, **HERE, body=body, content_type="application/json-patch+json", manager="m")
    assert caught.value.uncertain


def test_a_refusal_of_the_first_try_is_certain(made):
    """Only after a try whose answer was lost may the write have been ours."""
    made.transport.on("PATCH", "/", status(409, "stale"))
    with pytest.raises(errors.Conflict) as caught:
        call(made.cluster, "apply")
    assert not caught.value.uncertain


def test_an_answer_that_was_cut_on_its_way_is_asked_for_again(made):
    """What says that it is JSON and is not: once more, where that does no harm."""
    half = answer(200, '{"kind": "Conf', {"Content-Type": "application/json"})
    made.transport.on("GET", "/", half, answer(200, MANIFEST)).on("POST", "/", half)
    assert call(made.cluster, "get") == MANIFEST
    with pytest.raises(errors.ClusterError, match="is not JSON"):
        call(made.cluster, "create")
    made.transport.on("GET", "/", half, half)
    with pytest.raises(errors.ClusterError, match="is not JSON"):
        call(made.cluster, "get")


def test_closing_ends_waits_for_the_next_try():
    """Who closes the cluster does not stay for retries, nor for what a server asked to wait."""
    made = Made()
    made.meanwhile = made.cluster.close
    made.transport.on("GET", "/", NotSent("x"))
    with pytest.raises(NotSent):
        call(made.cluster, "get")
    assert len(made.transport.requests) == 1
    assert made.transport.closed


def test_who_comes_after_closing_opens_nothing():
    """Nobody would close it: a thread that works ahead may come late."""
    connected = []
    made = Made(connect=connected.append)
    made.cluster.close()
    with pytest.raises(errors.Unreachable, match="not wanted any more"):
        call(made.cluster, "get")
    assert connected == []


@pytest.mark.parametrize(
    ("ended", "words"),
    [(Broken("x"), ""), (NoAnswer("silent"), ""), (errors.Unreachable("certificate"), "certificate")],
)
def test_a_watch_on_which_nothing_comes_ends(ended, words):
    """A connection that broke and one that is silent for too long end it; other errors are told."""

    class Stream:
        def lines(self):
            yield json.dumps({"type": "ADDED", "object": MANIFEST}).encode()
            raise ended

        def close(self):
            pass

    with watching.Watch(Stream, doing="watch") as watch:
        assert next(watch).type == "ADDED"
        with pytest.raises(errors.Unreachable if words else StopIteration):
            next(watch)


@pytest.mark.parametrize("line", ["[]", '{"type": "ADDED"}', '{"type": "ADDED", "object": 1}', '"x"'])
def test_a_watch_of_something_else_is_told(made, line):
    """Lines that are no events are an error in words, whoever sends them."""
    made.transport.on("GET", "/", answer(200, line))
    with pytest.raises(errors.ClusterError, match="is not a list of events"), made.cluster.watch(KIND) as watch:
        next(watch)


def test_who_asks_for_an_hour_does_not_hold_up_the_others(made):
    """The call that was told so fails at once, and the next one is sent."""
    made.transport.on("GET", "/", status(429, "slow", headers={"Retry-After": "3600"}), answer(200, MANIFEST))
    with pytest.raises(errors.TooManyRequests):
        call(made.cluster, "get")
    assert call(made.cluster, "get")
    assert made.naps == []
