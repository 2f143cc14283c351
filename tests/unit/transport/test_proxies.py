"""Which proxy a request goes through, and what is said to it."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading

import pytest

from kubernator import errors
from kubernator.transport import HttpTransport, Proxies, Request, TlsOptions
from kubernator.transport.proxy import parse

ENVIRONMENT = {"HTTPS_PROXY": "http://secure:1", "http_proxy": "plain:2", "NO_PROXY": ""}


@pytest.mark.parametrize(
    ("exceptions", "scheme", "host", "port", "expected"),
    [
        ("", "https", "api.example", 443, "http://secure:1"),
        ("", "http", "api.example", 80, "http://plain:2"),
        ("", "https", "localhost", 443, None),
        ("", "https", "127.0.0.9", 443, None),
        ("", "https", "::1", 443, None),
        ("*", "https", "api.example", 443, None),
        ("example", "https", "api.example", 443, None),
        ("example", "https", "api-example", 443, "http://secure:1"),
        (".example", "https", "api.example", 443, None),
        (".example", "https", "example", 443, "http://secure:1"),
        ("*.example", "https", "api.example", 443, None),
        (" a , API.example ", "https", "api.Example", 443, None),
        ("api.example:443", "https", "api.example", 443, None),
        ("api.example:6443", "https", "api.example", 443, "http://secure:1"),
        ("10.0.0.0/8", "https", "10.1.2.3", 443, None),
        ("10.0.0.0/8", "https", "11.1.2.3", 443, "http://secure:1"),
        ("10.0.0.0/8", "https", "api.example", 443, "http://secure:1"),
        ("nonsense/8", "https", "10.1.2.3", 443, "http://secure:1"),
        ("10.1.2.3", "https", "10.1.2.3", 443, None),
        ("10.1.2.3:443", "https", "10.1.2.3", 443, None),
        ("[fd00::1]:443", "https", "fd00::1", 443, None),
        ("fd00::1", "https", "fd00::1", 443, None),
    ],
)
def test_the_environment_chooses(exceptions, scheme, host, port, expected):
    """HTTPS_PROXY, HTTP_PROXY and NO_PROXY mean what they mean to kubectl."""
    proxies = Proxies.environment({**ENVIRONMENT, "NO_PROXY": exceptions})
    chosen = proxies.choose(scheme=scheme, host=host, port=port)
    assert expected == (str(chosen) if chosen else None)


def test_a_kubeconfigs_proxy_is_for_loopback_too():
    """``proxy-url`` has no exceptions."""
    chosen = Proxies.only("socks5://me:pass%20word@[::1]", source="x").choose(scheme="https", host="localhost", port=1)
    assert (str(chosen), chosen.username, chosen.password) == ("socks5://[::1]:1080", "me", "pass word")
    assert "word" not in repr(chosen)


def test_a_url_that_is_none_is_not_quoted():
    """A bracket that is not closed is an error in words, and the password in front of it stays unsaid."""
    with pytest.raises(errors.Unreachable, match="the proxy of `HTTPS_PROXY` is not a URL") as caught:
        Proxies.environment({"HTTPS_PROXY": "http://me:sesame@[::1"})
    assert "sesame" not in f"{caught.value.detail}{caught.value.hint}"


def test_a_cgi_header_is_no_environment():
    """HTTP_PROXY of a CGI program comes from its client."""
    values = {"HTTP_PROXY": "http://evil:1", "REQUEST_METHOD": "GET"}
    assert Proxies.environment(values).choose(scheme="http", host="a", port=80) is None


@pytest.mark.parametrize("url", ["socks4://a:1", "ftp://a", "http://", "http://a:99999"])
def test_a_proxy_that_cannot_be_used(url):
    """A kind that is not spoken, or no address, is told with where it was written."""
    with pytest.raises(errors.Unreachable, match="the proxy of `HTTPS_PROXY`"):
        parse(url, source="`HTTPS_PROXY`")


def relay(wire, host, port):
    """Carry bytes both ways between a client and a server."""
    with socket.create_connection((host, port)) as server:

        def back():
            with contextlib.suppress(OSError):
                while data := server.recv(65536):
                    wire.connection.sendall(data)
            wire.end()

        thread = threading.Thread(target=back, daemon=True)
        thread.start()
        with contextlib.suppress(OSError):
            while data := wire.connection.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)
        thread.join()


def tunnel(seen):
    """Serve CONNECT."""

    def handler(wire):
        line, headers, _ = wire.request()
        seen.append((line, headers.get("proxy-authorization")))
        wire.send("HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n")
        relay(wire, *line.split()[1].split(":"))

    return handler


@pytest.fixture
def behind(serve, authority, tmp_path):
    """Return an https server, and a function that asks it through a proxy."""

    def handler(wire):
        while wire.request()[0]:
            wire.answer("x" * 200_000)

    server = serve(handler, context=authority.issue("127.0.0.1").server_context(tmp_path))

    def ask(proxy):
        proxies = Proxies.only(proxy, source="the test")
        transport = HttpTransport(tls=TlsOptions(authority=authority.certificate), proxies=proxies)
        try:
            bodies = [
                transport.send(Request(method="POST", url=server.url, body=b"y" * 100_000, timeout=5)).body
                for _ in range(2)
            ]
            with transport.stream(Request(method="GET", url=server.url, timeout=5)) as stream:
                bodies.append(stream.read())
            return bodies
        finally:
            transport.close()

    return server, ask


@pytest.mark.parametrize("secured", [False, True])
def test_https_goes_through_a_tunnel(serve, behind, authority, tmp_path, secured):
    """CONNECT is asked for once for a connection, with our name; TLS to the proxy itself may be around it."""
    server, ask = behind
    seen = []
    context = authority.issue("127.0.0.1").server_context(tmp_path) if secured else None
    proxy = serve(tunnel(seen), context=context)
    assert ask(f"{proxy.scheme}://me:secret@127.0.0.1:{proxy.port}") == [b"x" * 200_000] * 3
    authorization = f"Basic {base64.b64encode(b'me:secret').decode()}"
    assert seen == [(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1", [authorization])]


def test_http_is_forwarded(serve):
    """Without TLS the proxy gets the whole URL, and our name."""
    seen = []

    def handler(wire):
        line, headers, _ = wire.request()
        seen.append((line, headers["host"], headers.get("proxy-authorization")))
        wire.answer("ok")

    proxy = serve(handler)
    transport = HttpTransport(proxies=Proxies.only(f"http://me:secret@127.0.0.1:{proxy.port}", source="x"))
    assert transport.send(Request(method="GET", url="http://api.example:8080/a?b", timeout=5)).body == b"ok"
    authorization = f"Basic {base64.b64encode(b'me:secret').decode()}"
    assert seen == [("GET http://api.example:8080/a?b HTTP/1.1", ["api.example:8080"], [authorization])]
    transport.close()


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wants a user name and a password"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "refuses a tunnel to `127.0.0.1:9`: 403 Forbidden"),
        ("nonsense\r\n\r\n", "does not speak HTTP"),
        ("", "ended the connection while it was being made"),
    ],
)
def test_a_proxy_that_refuses(serve, answer, title):
    """What the proxy says is passed on, without credentials."""
    proxy = serve(lambda wire: (wire.request(), wire.send(answer)))
    transport = HttpTransport(proxies=Proxies.only(f"http://me:sesame@127.0.0.1:{proxy.port}", source="x"))
    with pytest.raises(errors.Unreachable) as caught:
        transport.send(Request(method="GET", url="https://127.0.0.1:9/", timeout=5))
    assert title in caught.value.title
    assert "sesame" not in caught.value.title


def socks(seen, *, method=0, reply=0):
    """Serve SOCKS 5."""

    def handler(wire):
        _, count = wire.read(2)
        seen.append(wire.read(count))
        wire.send(bytes([5, method]))
        if method == 255:
            return
        if method == 2:
            _, length = wire.read(2)
            name = wire.read(length)
            password = wire.read(wire.read(1)[0])
            seen.append((name, password))
            wire.send(b"\x01\x00" if password == b"secret" else b"\x01\x01")
            if password != b"secret":
                return
        _, _, _, kind = wire.read(4)
        assert kind == 3
        host = wire.read(wire.read(1)[0])
        port = int.from_bytes(wire.read(2), "big")
        seen.append((host, port))
        wire.send(bytes([5, reply, 0, 1, 127, 0, 0, 1, 0, 0]))
        if not reply:
            relay(wire, host.decode(), port)

    return handler


@pytest.mark.parametrize(
    ("credentials", "method", "said"), [("", 0, []), ("me:secret@", 2, [(b"me", b"secret")]), ("me:secret@", 0, [])]
)
def test_socks(serve, behind, credentials, method, said):
    """SOCKS 5 with a name and password or without; the proxy resolves the name."""
    server, ask = behind
    seen = []
    proxy = serve(socks(seen, method=method))
    assert ask(f"socks5://{credentials}127.0.0.1:{proxy.port}") == [b"x" * 200_000] * 3
    offered = b"\x00\x02" if credentials else b"\x00"
    assert seen == [offered, *said, (b"127.0.0.1", server.port)]


@pytest.mark.parametrize(
    ("credentials", "method", "reply", "title"),
    [
        ("", 255, 0, "wants a user name and a password"),
        ("me:wrong@", 2, 0, "refuses our user name and password"),
        ("", 0, 5, "cannot reach `127.0.0.1:9`: connection refused"),
        ("", 0, 99, "cannot reach `127.0.0.1:9`: code 99"),
    ],
)
def test_socks_that_refuses(serve, credentials, method, reply, title):
    """The reason is told."""
    proxy = serve(socks([], method=method, reply=reply))
    url = f"socks5h://{credentials}127.0.0.1:{proxy.port}"
    transport = HttpTransport(proxies=Proxies.only(url, source="x"))
    with pytest.raises(errors.Unreachable) as caught:
        transport.send(Request(method="GET", url="https://127.0.0.1:9/", timeout=5))
    assert title in caught.value.title


def test_no_socks_at_all(serve):
    """A port that speaks something else is told."""
    proxy = serve(lambda wire: wire.send("HTTP/1.1 400 Bad Request\r\n\r\n"))
    transport = HttpTransport(proxies=Proxies.only(f"socks5://127.0.0.1:{proxy.port}", source="x"))
    with pytest.raises(errors.Unreachable, match="does not speak SOCKS 5"):
        transport.send(Request(method="GET", url="https://127.0.0.1:9/", timeout=5))
