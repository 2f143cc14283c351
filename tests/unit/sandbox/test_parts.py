"""Certificates, command lines, kubeconfig: what the programs are given."""

from __future__ import annotations

import ssl

import pytest
import yaml
from cryptography import x509

from kubernator import errors, sandbox
from kubernator.sandbox import binaries, certificates, components, kubeconfig
from kubernator.tools.tool import ToolOrigin


@pytest.fixture(scope="module")
def made():
    return certificates.make()


def test_certificates_do_for_tls(made, tmp_path):
    """Server and administrator know each other by the authority, under the names that are used."""
    for name in ("authority", "server", "server_key", "admin", "admin_key"):
        (tmp_path / name).write_bytes(getattr(made, name))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "server", tmp_path / "server_key")
    server.load_verify_locations(tmp_path / "authority")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(tmp_path / "authority"))
    client.load_cert_chain(tmp_path / "admin", tmp_path / "admin_key")
    left, right = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(left, right, server_hostname="127.0.0.1"),
        server.wrap_bio(right, left, server_side=True),
    ]
    done = 0
    while done < 2:
        done = 0
        for end in ends:
            try:
                end.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                continue
    subject = dict(pair for part in ends[1].getpeercert()["subject"] for pair in part)
    assert subject == {"organizationName": "system:masters", "commonName": "sandbox-admin"}


def test_keys_are_not_shown(made):
    """The text of a set holds no key."""
    assert "PRIVATE" not in repr(made)


def test_server_certificate_names(made):
    """The server is known by loopback, localhost and the names that Pods use."""
    names = x509.load_pem_x509_certificate(made.server).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert {"localhost", "kubernetes.default.svc"} <= set(names.value.get_values_for_type(x509.DNSName))
    assert "127.0.0.1" in map(str, names.value.get_values_for_type(x509.IPAddress))


def test_missing_extra(monkeypatch):
    """Without the package for certificates the error names the extra, before anything long is begun."""
    monkeypatch.setattr(certificates.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(errors.ToolNotFound) as caught:
        sandbox.up("x", say=print)
    assert caught.value.hint == "install `kubernator[sandbox]`"


@pytest.fixture
def command_lines(tmp_path):
    names = ("etcd", "apiserver", "controller_manager", "scheduler", "kwok")
    programs = binaries.Binaries(
        version="1.37.2", kubectl=None, origin=ToolOrigin.CACHE, **{name: tmp_path / "bin" / name for name in names}
    )
    ports = dict(zip(components.PORTS, range(1000, 1004), strict=True))
    found = components.all_of(programs, tmp_path / "d", ports, ["--max-requests-inflight=1"])
    return {component.name: component for component in found}


def test_order(command_lines):
    """What others talk to starts first; the rest when the API server answers."""
    assert [name for name, each in command_lines.items() if not each.needs_api] == ["etcd", "kube-apiserver"]
    assert list(command_lines)[:2] == ["etcd", "kube-apiserver"]


def test_every_command_line_names_the_directory(command_lines, tmp_path):
    """A program that was left over is recognised by the directory in its command line."""
    assert all(str(tmp_path / "d") in " ".join(each.argv) for each in command_lines.values())


def test_flags_of_the_caller_come_last(command_lines):
    """Flags for the API server come after ours, so they win."""
    assert command_lines["kube-apiserver"].argv[-1] == "--max-requests-inflight=1"


@pytest.mark.parametrize("name", ["kube-controller-manager", "kube-scheduler"])
def test_no_fixed_ports(command_lines, name):
    """Two control planes on a machine do not fight for ports."""
    assert "--secure-port=0" in command_lines[name].argv


def test_kubeconfig(made):
    """The kubeconfig is one that every client reads, with everything in it."""
    text = kubeconfig.text(
        name="x", server="https://h:1", authority=made.authority, admin=made.admin, key=made.admin_key
    )
    config = yaml.safe_load(text)
    assert config["current-context"] == "sandbox-x"
    assert config["contexts"] == [{"name": "sandbox-x", "context": {"cluster": "sandbox-x", "user": "sandbox-x"}}]
    assert config["clusters"][0]["cluster"]["server"] == "https://h:1"
    assert set(config["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}
