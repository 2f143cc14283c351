"""What the API server checks of requests for certificates, as far as that can be told without reading them.

Source: k8s.io/kubernetes, packages ``pkg/apis/certificates/validation`` and ``pkg/apis/core/validation``, of Kubernetes
1.37.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_SHORTEST: Final = 600
_LEGACY: Final = "kubernetes.io/legacy-unknown"
_BEGIN: Final = re.compile(rb"(?m)^-----BEGIN ([^\n]*)-----[ \t\r]*$")
_USAGES: Final = (
    *("any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment"),
    *("decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel"),
    *("ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime"),
    *("server auth", "signing", "timestamping"),
)


def _request(root: Field) -> None:
    spec = root["spec"]
    if not _is_request(spec["request"].text):
        spec["request"].invalid("PEM block type must be CERTIFICATE REQUEST")
    usages = spec["usages"]
    if not usages.size:
        usages.required()
    for each in usages.items():
        if each and each.text not in _USAGES:
            each.unsupported(_USAGES)
    parts.check_unique(usages.items())
    signer = spec["signerName"]
    if signer.text == _LEGACY:
        signer.invalid("the legacy signerName is not allowed via this API version")
    else:
        parts.check_signer(signer)
    seconds = spec["expirationSeconds"]
    if seconds.number is not None and seconds.number < _SHORTEST:
        seconds.invalid("may not specify a duration less than 600 seconds (10 minutes)")


def _is_request(text: str) -> bool:
    """Say whether a text in base64 may hold a request: a block that begins as one. What is in it, the server says."""
    try:
        content = base64.b64decode(text)
    except ValueError:
        return True  # said elsewhere
    found = _BEGIN.search(content)
    return found is not None and found[1] == b"CERTIFICATE REQUEST"


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("certificates.k8s.io", "CertificateSigningRequest"): _request,
}
