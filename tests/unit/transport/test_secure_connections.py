"""TLS: whom we trust, who we are, and the words for what goes wrong."""

from __future__ import annotations

import dataclasses
import ssl
import tempfile
from pathlib import Path

import pytest

from kubernator import errors
from kubernator.transport import ClientCertificate, HttpTransport, Proxies, Request, TlsOptions, tls


def ok(wire):
    wire.request()
    wire.answer("ok")


def send(server, *, host="127.0.0.1", **options):
    transport = HttpTransport(tls=TlsOptions(**options), proxies=Proxies.none())
    try:
        return transport.send(Request(method="GET", url=f"{server.scheme}://{host}:{server.port}/", timeout=5)).body
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("names", "host", "options"),
    [
        (["127.0.0.1"], "127.0.0.1", {}),
        (["localhost"], "localhost", {}),
        (["api.example"], "127.0.0.1", {"server_name": "api.example"}),
        (["other.example"], "127.0.0.1", {"insecure": True, "authority": None}),
    ],
)
def test_the_right_server(*, serve, authority, tmp_path, names, host, options):
    """The name of the URL, or the one to expect instead, is in the certificate; or nothing is looked at."""
    server = serve(ok, context=authority.issue(*names).server_context(tmp_path))
    assert send(server, host=host, **{"authority": authority.certificate, **options}) == b"ok"


@pytest.mark.parametrize("made", [tls.server_context, tls.proxy_context])
@pytest.mark.parametrize("options", [TlsOptions(), TlsOptions(server_name="api.example")])
def test_nothing_is_trusted_unseen(made, options):
    """Certificate and name are checked unless told otherwise, and TLS before 1.2 is not spoken."""
    context = made(options)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_to_skip_verification_is_not_for_the_proxy():
    """`insecure-skip-tls-verify` is about the server; the proxy in front of it is verified all the same."""
    insecure = TlsOptions(insecure=True)
    assert tls.server_context(insecure).verify_mode is ssl.CERT_NONE
    assert tls.proxy_context(insecure).verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("names", "days", "trusted", "title"),
    [
        (["127.0.0.1"], (-1, 1), "other", "is from an unknown authority"),
        (["127.0.0.1"], (-1, 1), None, "is from an unknown authority"),
        (["127.0.0.1"], (-3, -2), "own", "has expired"),
        (["127.0.0.1"], (1, 2), "own", "is not valid yet"),
        (["other.example"], (-1, 1), "own", "is for another name"),
        (["10.0.0.1"], (-1, 1), "own", "is for another name"),
    ],
)
def test_the_wrong_server(*, serve, authority, other_authority, tmp_path, names, days, trusted, title):
    """A certificate that does not fit is named with its fault, and with a hint."""
    server = serve(ok, context=authority.issue(*names, days=days).server_context(tmp_path))
    trust = {"own": authority.certificate, "other": other_authority.certificate, None: None}[trusted]
    with pytest.raises(errors.Unreachable) as caught:
        send(server, authority=trust)
    assert caught.value.title == f"the certificate of `127.0.0.1:{server.port}` {title}"
    assert caught.value.hint


def test_a_client_certificate_from_memory(serve, authority, other_authority, tmp_path):
    """The server sees the certificate, and no file of it stays."""
    seen = []

    def handler(wire):
        seen.append(wire.connection.getpeercert(binary_form=True))
        ok(wire)

    context = authority.issue("127.0.0.1").server_context(tmp_path, client_authority=other_authority.certificate)
    pair = other_authority.issue("client")
    before = set(Path(tempfile.gettempdir()).iterdir())
    client = ClientCertificate(certificate=pair.certificate, key=pair.key)
    assert send(serve(handler, context=context), authority=authority.certificate, client=client) == b"ok"
    assert seen[0]
    assert not {
        path for path in set(Path(tempfile.gettempdir()).iterdir()) - before if path.name.startswith("kubernator-")
    }


@pytest.mark.parametrize("wrong", [True, False])
def test_a_client_that_the_server_does_not_know(serve, authority, other_authority, tmp_path, wrong):
    """A client certificate of another authority, and none at all, are refused by the server; TLS 1.3 says so late."""
    context = authority.issue("127.0.0.1").server_context(tmp_path, client_authority=other_authority.certificate)
    pair = authority.issue("client")
    client = ClientCertificate(certificate=pair.certificate, key=pair.key) if wrong else None
    with pytest.raises(errors.Unreachable) as caught:
        send(serve(ok, context=context), authority=authority.certificate, client=client)
    assert "refuses our client certificate" in caught.value.title


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({"authority": b"nonsense"}, "the certificate authority of the cluster cannot be read"),
        (
            {"client": ClientCertificate(certificate=b"nonsense", key=b"nonsense")},
            "the client certificate and its key cannot be used together",
        ),
    ],
)
def test_unreadable_certificates(serve, authority, tmp_path, options, title):
    """What is no PEM is told before anything is sent."""
    server = serve(ok, context=authority.issue("127.0.0.1").server_context(tmp_path))
    with pytest.raises(errors.Unreachable) as caught:
        send(server, **options)
    assert caught.value.title == title


def test_a_key_of_another_certificate(serve, authority, tmp_path):
    """Certificate and key that do not belong together are told; a key is not shown."""
    server = serve(ok, context=authority.issue("127.0.0.1").server_context(tmp_path))
    one, other = authority.issue("a"), authority.issue("b")
    mixed = dataclasses.replace(one, key=other.key)
    with pytest.raises(errors.Unreachable, match="cannot be used together") as caught:
        send(server, client=ClientCertificate(certificate=mixed.certificate, key=mixed.key))
    assert "PRIVATE" not in f"{caught.value.detail}"


def test_a_server_without_tls(serve):
    """Https to a port that speaks http is told as that."""
    server = serve(lambda wire: wire.send("HTTP/1.1 400 Bad Request\r\n\r\n"))
    server.scheme = "https"
    with pytest.raises(errors.Unreachable, match="does not speak TLS"):
        send(server)


def test_options_do_not_show_keys():
    """The key is not in the printed form of anything."""
    options = TlsOptions(client=ClientCertificate(certificate=b"certificate", key=b"sesame"))
    assert "sesame" not in repr(options)
