"""Files that a volume takes from elsewhere: from ConfigMaps, Secrets, the pod itself, tokens and certificates.

Source: ``validateProjectionSources``, ``validateKeyToPath`` and ``validateDownwardAPIVolumeFile`` of Kubernetes'
package ``core/validation``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import environment, parts, paths, ranges

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["check_file", "check_keys", "check_projected"]

_SOURCES: Final = ("secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate")
#: Before this version of Kubernetes the server drops certificates and bundles of them.
_CERTIFICATES_SINCE: Final = 37
_LONGEST_TOKEN: Final = 2**32
_SHORTEST_TOKEN: Final = 600
_SHORTEST_CERTIFICATE: Final = 3600
_LONGEST_CERTIFICATE: Final = 91 * 24 * 3600
_LONGEST_KUBERNETES: Final = 24 * 3600
_KEY_TYPES: Final = ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
_CERTIFICATE_PATHS: Final = ("credentialBundlePath", "keyPath", "certificateChainPath")


def check_keys(field: Field) -> None:
    """Add what is wrong with keys that become files."""
    for each in field.items():
        for name in ("key", "path"):
            if not each[name].text:
                each[name].required()
        paths.check_file(each["path"])
        ranges.check_mode(each["mode"])


def check_file(field: Field) -> None:
    """Add what is wrong with a file that tells something of the pod."""
    if not field["path"].text:
        field["path"].required()
    paths.check_file(field["path"])
    if field["fieldRef"]:
        environment.check_field_reference(field["fieldRef"], environment.FILE_FIELDS)
        if field["resourceFieldRef"]:
            field.invalid("fieldRef and resourceFieldRef can not be specified simultaneously")
    elif field["resourceFieldRef"]:
        environment.check_resource_reference(field["resourceFieldRef"], of_container=True)
    else:
        field.required("one of fieldRef and resourceFieldRef is required")
    ranges.check_mode(field["mode"])


def check_projected(field: Field) -> None:
    """Add what is wrong with a volume of several sources."""
    ranges.check_mode(field["defaultMode"])
    taken: set[str] = set()
    known = _SOURCES if field.minor >= _CERTIFICATES_SINCE else _SOURCES[:-2]
    for each in field["sources"].items():
        given = [name for name in known if each[name]]
        if len(given) > 1:
            each.forbidden("may not specify more than 1 volume type per source")
        for name in given:
            for path in _check_source(name, each[name]):
                if path.text in taken:
                    path.invalid("conflicting duplicate paths")
                if path.text:
                    taken.add(path.text)


def _check_source(name: str, field: Field) -> list[Field]:
    """Add what is wrong with one source; return the paths that it takes."""
    match name:
        case "secret" | "configMap":
            if not field["name"].text:
                field["name"].required()
            check_keys(field["items"])
            return [each["path"] for each in field["items"].items()]
        case "downwardAPI":
            for each in field["items"].items():
                check_file(each)
            return [each["path"] for each in field["items"].items()]
        case "serviceAccountToken":
            _check_token(field)
            return []
        case "clusterTrustBundle":
            _check_bundle(field)
            return [field["path"]]
    _check_certificate(field)
    return [field[path] for path in _CERTIFICATE_PATHS]


def _check_token(field: Field) -> None:
    seconds = field["expirationSeconds"]
    if seconds.number is not None and seconds.number < _SHORTEST_TOKEN:
        seconds.invalid("may not specify a duration less than 10 minutes")
    if seconds.number is not None and seconds.number > _LONGEST_TOKEN:
        seconds.invalid("may not specify a duration larger than 2^32 seconds")
    if not field["path"].text:
        field["path"].required()
    paths.check_file(field["path"])


def _check_bundle(field: Field) -> None:
    name, signer = field["name"], field["signerName"]
    if name and signer:
        field.invalid("only one of name and signerName may be used")
    elif name:
        if not name.text:
            name.required("must be a valid object name")
        elif complaint := names.dns_subdomain(name.text.rpartition(":")[2]):
            name.invalid(f"not a valid clustertrustbundlename: {complaint}")
        if field["labelSelector"]:
            field["labelSelector"].invalid("labelSelector must be unset if name is specified")
    elif signer:
        parts.check_signer(signer)
        labelling.check_selector(field["labelSelector"])
    else:
        field.required("either name or signerName must be specified")
    if not field["path"].text:
        field["path"].required()
    paths.check_file(field["path"])


def _check_certificate(field: Field) -> None:
    parts.check_signer(field["signerName"])
    parts.check_word(field["keyType"], _KEY_TYPES, required=True)
    host = field["signerName"].text.partition("/")[0]
    own = host == "kubernetes.io" or host.endswith(".kubernetes.io")
    longest = _LONGEST_KUBERNETES if own else _LONGEST_CERTIFICATE
    seconds = field["maxExpirationSeconds"]
    if seconds.number is not None and not _SHORTEST_CERTIFICATE <= seconds.number <= longest:
        at_least = seconds.number < _SHORTEST_CERTIFICATE
        bound = f">= {_SHORTEST_CERTIFICATE}" if at_least else f"<= {longest}"
        seconds.invalid(f"if provided, maxExpirationSeconds must be {bound}")
    for name in _CERTIFICATE_PATHS:
        paths.check_file(field[name])
    if not any(field[name].text for name in _CERTIFICATE_PATHS):
        field.required("specify at least one of credentialBundlePath, keyPath, and certificateChainPath")
