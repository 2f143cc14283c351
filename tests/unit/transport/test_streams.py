"""Answers that are read while they come."""

from __future__ import annotations

import gzip
import threading

import pytest

from kubernator import errors
from kubernator.transport import Broken, HttpTransport, Proxies, Request, TlsOptions

CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def transport():
    made = HttpTransport(proxies=Proxies.none())
    yield made
    made.close()


def chunk(text):
    return f"{len(text):x}\r\n{text}\r\n"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["a\nb\n"], [b"a", b"b"]),
        (["a", "b", "c\nd", "\n"], [b"abc", b"d"]),
        (["a\n", "\n", "b"], [b"a", b"", b"b"]),
        (["x" * 100_000 + "\ny\n"], [b"x" * 100_000, b"y"]),
        ([], []),
    ],
)
def test_lines_whatever_the_chunks(serve, transport, pieces, expected):
    """Lines are put together from chunks; the connection is kept afterwards."""

    def handler(wire):
        while wire.request()[0]:
            wire.send(CHUNKED + "".join(map(chunk, pieces)) + chunk(""))

    server = serve(handler)
    for _ in range(2):
        with transport.stream(Request(method="GET", url=server.url, timeout=5)) as stream:
            assert expected == list(stream.lines())
    assert len(server.connections) == 1


def test_a_line_is_there_before_the_next(serve, transport):
    """A line is handed out when it comes, not when the answer ends."""
    read = threading.Event()

    def handler(wire):
        wire.request()
        wire.send(CHUNKED + chunk("a\n"))
        read.wait()
        wire.send(chunk("b\n") + chunk(""))

    with transport.stream(Request(method="GET", url=serve(handler).url, timeout=5)) as stream:
        lines = stream.lines()
        assert next(lines) == b"a"
        read.set()
        assert list(lines) == [b"b"]


@pytest.mark.parametrize("secured", [False, True])
def test_another_thread_cuts_it(serve, authority, tmp_path, secured):
    """A thread that waits for a line sees the end as soon as another one closes the stream."""
    context = authority.issue("127.0.0.1").server_context(tmp_path) if secured else None
    transport = HttpTransport(proxies=Proxies.none(), tls=TlsOptions(authority=authority.certificate))

    def handler(wire):
        wire.request()
        wire.send(CHUNKED + chunk("a\n"))
        wire.request()

    stream = transport.stream(Request(method="GET", url=serve(handler, context=context).url))
    first, lines = threading.Event(), []

    def read():
        for line in stream.lines():
            lines.append(line)
            first.set()

    thread = threading.Thread(target=read)
    thread.start()
    first.wait()
    stream.close()
    thread.join()
    assert lines == [b"a"]
    transport.close()


def test_closed_before_it_is_read(serve, transport):
    """Closing a stream that nobody reads ends it, twice does no harm."""
    server = serve(lambda wire: (wire.request(), wire.send(CHUNKED + chunk("a\n")), wire.request()))
    stream = transport.stream(Request(method="GET", url=server.url, timeout=5))
    stream.close()
    stream.close()
    assert list(stream.lines()) == []


@pytest.mark.parametrize("head", [CHUNKED + "5\r\na\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na\n"])
def test_one_that_breaks_off_raises(serve, transport, head):
    """What came is handed out, then the break is an error."""
    server = serve(lambda wire: (wire.request(), wire.send(head)))
    seen = []

    def read():
        with transport.stream(Request(method="GET", url=server.url, timeout=5)) as stream:
            seen.extend(stream.chunks())

    with pytest.raises(Broken):
        read()
    assert b"".join(seen) in {b"a\n", b""}


def test_silence_has_a_limit(serve, transport):
    """The limit of the request is for each wait."""
    server = serve(lambda wire: (wire.request(), wire.send(CHUNKED), wire.request()))
    with (
        transport.stream(Request(method="GET", url=server.url, timeout=0.05)) as stream,
        pytest.raises(errors.Unreachable, match="did not answer within"),
    ):
        list(stream.lines())


def test_packed_streams_are_unpacked(serve, transport):
    """Gzip is undone on the way."""
    body = gzip.compress(b"a\nb\n" * 1000)
    server = serve(lambda wire: (wire.request(), wire.answer(body, headers="Content-Encoding: gzip\r\n")))
    with transport.stream(Request(method="GET", url=server.url, timeout=5)) as stream:
        assert list(stream.lines()) == [b"a", b"b"] * 1000
