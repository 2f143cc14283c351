"""`HttpTransport` against servers on loopback that misbehave."""

from __future__ import annotations

import gzip
import threading

import pytest

from kubernator import errors
from kubernator.transport import Broken, HttpTransport, NoAnswer, NotSent, Proxies, Request


@pytest.fixture
def transport():
    made = HttpTransport(proxies=Proxies.none())
    yield made
    made.close()


def get(url, **kwargs):
    return Request(method="GET", url=url, **{"timeout": 5, **kwargs})


def answering(*bodies):
    """Serve bodies on one connection, one a request."""

    def handler(wire):
        for body in bodies:
            wire.request()
            wire.answer(body)
        wire.request()

    return handler


def test_a_connection_is_kept_for_the_next_request(serve, transport):
    """Two requests one after the other use one connection."""
    server = serve(answering("a", "b"))
    assert [transport.send(get(f"{server.url}/{n}")).body for n in range(2)] == [b"a", b"b"]
    assert len(server.connections) == 1


def test_what_is_sent_is_what_was_said(serve, transport):
    """Method, path with query, headers with several values, and body arrive as given."""
    seen = []

    def handler(wire):
        seen.append(wire.request())
        wire.answer(status="201 Created")

    server = serve(handler)
    request = Request(
        method="POST",
        url=f"{server.url}/a/b?c=d",
        headers={"X-One": "ü", "Impersonate-Group": ("a", "b")},
        body=b"body",
    )
    assert transport.send(request).status == 201
    line, headers, body = seen[0]
    assert line == "POST /a/b?c=d HTTP/1.1"
    assert (headers["impersonate-group"], headers["host"], body) == (["a", "b"], [f"127.0.0.1:{server.port}"], b"body")
    assert headers["x-one"] == ["ü".encode().decode("latin-1")]


@pytest.mark.parametrize(
    ("rest", "target"),
    [
        ("", "/"),
        ("/", "/"),
        ("?a=b", "/?a=b"),
        ("/a?", "/a"),
        ("/a?b=c#d", "/a?b=c"),
        ("/a//b", "/a//b"),
        ("//a", "//a"),
        ("/a?b=/c?d", "/a?b=/c?d"),
        ("/a\n", "/a"),
    ],
)
def test_what_is_asked_for(serve, transport, rest, target):
    """The part of a URL behind the server, without fragment."""
    seen = []

    def handler(wire):
        seen.append(wire.request()[0])
        wire.answer("")

    server = serve(handler)
    transport.send(get(f"{server.url}{rest}"))
    assert seen == [f"GET {target} HTTP/1.1"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", id="length"),
        pytest.param(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", b"abc", id="chunked"
        ),
        pytest.param("HTTP/1.1 200 OK\r\n\r\nabc", b"abc", id="until closed"),
        pytest.param("HTTP/1.0 200 OK\r\n\r\nabc", b"abc", id="HTTP 1.0"),
        pytest.param("HTTP/1.1 204 No Content\r\n\r\n", b"", id="no content"),
        pytest.param("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", b"a", id="interim"),
        pytest.param("HTTP/1.1 200\r\nA: b\r\n folded\r\nContent-Length: 1\r\n\r\na", b"a", id="no reason, folded"),
    ],
)
def test_bodies_of_every_form_are_read(serve, transport, raw, expected):
    """An answer's length is told in several ways (RFC 9112, 6.3)."""

    def handler(wire):
        wire.request()
        wire.send(raw)

    assert transport.send(get(serve(handler).url)).body == expected


def test_packed_answers_are_unpacked(serve, transport):
    """Gzip is undone."""

    def handler(wire):
        wire.request()
        wire.answer(gzip.compress(b"x" * 1000), headers="Content-Encoding: gzip\r\n")

    assert transport.send(get(serve(handler).url)).body == b"x" * 1000


def test_more_headers_than_the_library_takes(serve, transport):
    """An answer with hundreds of warnings does not raise: the write behind it was done."""

    def handler(wire):
        wire.request()
        wire.answer("ok", headers="".join(f'Warning: 299 - "{n}"\r\n' for n in range(500)))

    response = transport.send(get(serve(handler).url))
    assert (response.body, len(response.headers.all("warning"))) == (b"ok", 500)


def test_a_dead_kept_connection_is_replaced(serve, transport):
    """A connection that the server closed while idle is not used, and nobody notices."""

    def handler(wire):
        wire.request()
        wire.answer("ok")
        wire.end()

    server = serve(handler)
    assert [transport.send(get(server.url)).body for _ in range(3)] == [b"ok"] * 3


def closing_on_the_second(seen):
    """Serve one request; end the first connection when the second arrives there, without a byte of an answer."""

    def handler(wire):
        while True:
            line = wire.request()[0]
            if not line:
                return
            seen.append(line)
            if len(seen) == 2:
                wire.end()
                return
            wire.answer("ok")

    return handler


def test_a_request_on_a_stale_connection_is_repeated_once(serve, transport):
    """No byte of an answer came, the request may be repeated: it is, on a fresh connection."""
    seen = []
    server = serve(closing_on_the_second(seen))
    assert [transport.send(get(f"{server.url}/{n}")).body for n in range(2)] == [b"ok", b"ok"]
    assert seen == ["GET /0 HTTP/1.1", "GET /1 HTTP/1.1", "GET /1 HTTP/1.1"]


@pytest.mark.parametrize(
    ("method", "content_type", "repeated"),
    [
        ("POST", "application/json", False),
        ("PATCH", "application/json-patch+json", False),
        ("PATCH", "application/apply-patch+yaml", True),
        ("PATCH", "application/merge-patch+json", True),
        ("PUT", "application/json", True),
        ("DELETE", "application/json", True),
    ],
)
def test_what_may_have_arrived_is_repeated_only_if_harmless(serve, transport, method, content_type, repeated):
    """A POST is never sent twice."""
    seen = []
    server = serve(closing_on_the_second(seen))
    transport.send(get(server.url))
    request = Request(method=method, url=server.url, headers={"Content-Type": content_type}, body=b"{}", timeout=5)
    if repeated:
        assert transport.send(request).body == b"ok"
    else:
        with pytest.raises(Broken):
            transport.send(request)
    assert len(seen) == (3 if repeated else 2)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("", id="nothing"),
        pytest.param("HTTP/1.1 200 OK\r\nContent-Le", id="in the headers"),
        pytest.param("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", id="in the body"),
        pytest.param("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", id="in a chunk"),
        pytest.param("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", id="no gzip"),
    ],
)
def test_an_answer_that_breaks_off_is_an_error(serve, transport, raw):
    """Half an answer is none, and it is not asked again here."""
    seen = []

    def handler(wire):
        seen.append(wire.request())
        wire.send(raw)

    with pytest.raises(Broken, match="broke before the answer was complete"):
        transport.send(get(serve(handler).url))
    assert len(seen) == 1


def test_what_is_no_http_is_told(serve, transport):
    """Another service on that port: it is quoted, and the hint is about the address."""

    def handler(wire):
        wire.request()
        wire.send("SSH-2.0-OpenSSH_9\r\n")

    with pytest.raises(Broken, match="does not answer in HTTP") as caught:
        transport.send(get(serve(handler).url))
    assert caught.value.detail == [("answer", "SSH-2.0-OpenSSH_9")]


def test_silence_has_a_limit(serve, transport):
    """A server that says nothing is given up after the request's time."""
    server = serve(lambda wire: (wire.request(), wire.request()))
    with pytest.raises(errors.Unreachable, match=r"did not answer within 0\.05 seconds"):
        transport.send(get(server.url, timeout=0.05))


def test_an_early_refusal_is_heard(serve, transport):
    """A server that refuses a large body before reading all of it is quoted."""

    def handler(wire):
        wire.read(100)
        wire.answer("too large", status="413 Content Too Large", headers="Connection: close\r\n")
        while wire.read(65536):
            pass

    response = transport.send(Request(method="POST", url=serve(handler).url, body=b"x" * 5_000_000, timeout=5))
    assert (response.status, response.body) == (413, b"too large")


def test_refused_connections_were_not_used(serve, transport):
    """Where nobody listens nothing was sent, so anything may be tried again."""
    server = serve(lambda wire: None)
    port = server.port
    transport.close()
    unused = HttpTransport(proxies=Proxies.none())
    with pytest.raises(errors.Unreachable):
        unused.send(get(f"http://127.0.0.1:{port}/", timeout=5))
    with pytest.raises(NotSent, match=r"`127\.0\.0\.1:1` refuses connections"):
        unused.send(get("http://127.0.0.1:1/"))


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("http://no-such-name.invalid/", "the name `no-such-name.invalid` cannot be resolved"),
        ("ftp://127.0.0.1/", "`ftp://127.0.0.1` is not the URL of a server"),
        ("http:///path", "`http://` is not the URL of a server"),
        ("http://user:password@127.0.0.1:99999/", "`http://127.0.0.1:99999` is not the URL of a server"),
    ],
)
def test_addresses_that_lead_nowhere(transport, url, title):
    """A wrong address is told in words, without credentials."""
    with pytest.raises(errors.Unreachable) as caught:
        transport.send(get(url))
    assert caught.value.title == title


def test_a_header_that_cannot_be_sent_is_not_shown(serve, transport):
    """A token with a line break is refused and stays secret."""
    server = serve(lambda wire: wire.request())
    with pytest.raises(errors.Unreachable, match="cannot be written as HTTP") as caught:
        transport.send(get(server.url, headers={"Authorization": "Bearer sesame\nopen"}))
    assert "sesame" not in f"{caught.value} {caught.value.detail} {caught.value.hint}"


def test_connections_at_the_same_time_are_several(serve, transport):
    """Requests of several threads do not wait for each other, and the connections are kept."""
    barrier = threading.Barrier(4)

    def handler(wire):
        while wire.request()[0]:
            barrier.wait()
            wire.answer("ok")

    server = serve(handler)
    for _ in range(3):
        threads = [threading.Thread(target=transport.send, args=(get(server.url),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.connections) == 4


def test_a_body_that_only_drips_is_given_up(serve, transport):
    """A byte now and then is not what a request waits for, however often it comes."""
    over = threading.Event()

    def handler(wire):
        wire.request()
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.005):
            wire.send("a")

    with pytest.raises(NoAnswer):
        transport.send(get(serve(handler).url, timeout=0.1))
    over.set()


def test_aborting_ends_what_is_under_way(serve, transport):
    """Who waits for an answer hears that the connection broke; nothing new is begun."""
    arrived = threading.Event()

    def handler(wire):
        wire.request()
        arrived.set()
        wire.request()

    server = serve(handler)
    caught = []

    def ask():
        with pytest.raises(Broken) as error:
            transport.send(get(server.url, timeout=600))
        caught.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    arrived.wait()
    transport.abort()
    asking.join()
    assert len(caught) == 1
    with pytest.raises(errors.Unreachable, match="not wanted any more"):
        transport.send(get(server.url))


def test_an_answer_to_a_second_sending_says_so(serve, transport):
    """On a kept connection that was dead the request is sent again; whether it had arrived is not known."""
    server = serve(closing_on_the_second([]))
    assert [transport.send(get(server.url)).uncertain for _ in range(2)] == [False, True]
