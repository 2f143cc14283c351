"""A small certificate authority for one control plane: its own certificate, the server's, the administrator's.

Everything is made anew for each control plane and valid for some days, so nothing of it is worth stealing.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kubernator import errors

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["Certificates", "check", "make"]

DAYS: Final = 30
SERVICE_ADDRESS: Final = "10.96.0.1"
"""The address of the Service ``kubernetes``: the first of the range the API server is given."""

NAMES: Final = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
ADDRESSES: Final = ("127.0.0.1", "::1", SERVICE_ADDRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """What a control plane needs, all PEM. The authority's key is not among it: nothing more is signed."""

    authority: bytes
    server: bytes
    server_key: bytes = field(repr=False)
    admin: bytes
    admin_key: bytes = field(repr=False)
    service_account_key: bytes = field(repr=False)


def check() -> None:
    """Raise `errors.ToolNotFound` when the package for it is not installed: before anything long is begun."""
    if importlib.util.find_spec("cryptography") is None:
        raise _not_installed()


def make() -> Certificates:
    """Make a set. Raises `errors.ToolNotFound` when the package for it is not installed."""
    try:
        from cryptography import x509  # noqa: PLC0415 - an extra, and heavy
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - the same
        from cryptography.x509 import oid  # noqa: PLC0415 - the same
    except ImportError as error:
        raise _not_installed() from error
    authority_key = ec.generate_private_key(ec.SECP256R1())
    subject = _name("kubernator-sandbox")
    authority = _sign(
        _builder(subject, subject, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False),
        authority_key,
    )
    server_key = ec.generate_private_key(ec.SECP256R1())
    alternatives = [
        *(x509.DNSName(name) for name in NAMES),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES),
    ]
    server = _sign(
        _leaf(
            _name("kube-apiserver"), subject, server_key, authority_key, oid.ExtendedKeyUsageOID.SERVER_AUTH
        ).add_extension(x509.SubjectAlternativeName(alternatives), critical=False),
        authority_key,
    )
    admin_key = ec.generate_private_key(ec.SECP256R1())
    admin = _sign(
        _leaf(
            _name("sandbox-admin", "system:masters"),
            subject,
            admin_key,
            authority_key,
            oid.ExtendedKeyUsageOID.CLIENT_AUTH,
        ),
        authority_key,
    )
    return Certificates(
        authority=_pem(authority),
        server=_pem(server),
        server_key=_key(server_key),
        admin=_pem(admin),
        admin_key=_key(admin_key),
        service_account_key=_key(ec.generate_private_key(ec.SECP256R1())),
    )


def _not_installed() -> errors.ToolNotFound:
    return errors.ToolNotFound(
        "the sandbox needs the package `cryptography`, which is not installed", hint="install `kubernator[sandbox]`"
    )


def _name(common: str, organization: str = "") -> x509.Name:
    from cryptography import x509  # noqa: PLC0415 - checked by make()
    from cryptography.x509 import oid  # noqa: PLC0415 - the same

    parts = [x509.NameAttribute(oid.NameOID.COMMON_NAME, common)]
    if organization:
        parts.insert(0, x509.NameAttribute(oid.NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _builder(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    from cryptography import x509  # noqa: PLC0415 - checked by make()

    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))  # clocks jump, most of all on laptops
        .not_valid_after(now + dt.timedelta(days=DAYS))
    )


def _leaf(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    authority: ec.EllipticCurvePrivateKey,
    purpose: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    from cryptography import x509  # noqa: PLC0415 - checked by make()

    return (
        _builder(subject, issuer, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        # Python 3.13 and later refuse a chain without it
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    from cryptography import x509  # noqa: PLC0415 - checked by make()

    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - checked by make()

    return builder.sign(key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - checked by make()

    return certificate.public_bytes(Encoding.PEM)


def _key(key: ec.EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - checked by make()

    # the API server reads the public half out of a private key in this form only
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
