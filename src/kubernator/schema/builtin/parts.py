"""Rules that fields of many built-in kinds share.

Source: k8s.io/apimachinery, package ``util/validation``, and k8s.io/kubernetes, package ``pkg/apis/core/validation``,
of Kubernetes 1.37.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.fault import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kubernator.schema.builtin.field import Field

__all__ = [
    "check_driver",
    "check_length",
    "check_named_port",
    "check_object_path",
    "check_once",
    "check_port",
    "check_prefixed_path",
    "check_signed",
    "check_signer",
    "check_text",
    "check_unique",
    "check_wildcard_alone",
    "check_word",
    "is_missing",
    "length",
    "texts",
    "too_long",
    "too_many",
    "wildcard_subdomain",
]

_LAST_PORT: Final = 65535
_LONGEST_DRIVER: Final = 63
_LONGEST_SUBDOMAIN: Final = 253
_LONGEST_SIGNER: Final = 571
_HTTP_PATH: Final = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_WILDCARD: Final = r"\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"


def length(text: str) -> int:
    """Return the size of a text as the server counts it, in bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def is_missing(field: Field) -> bool:
    """Say whether a text, list or map is absent or empty, which is the same to the server; zero and false are there."""
    return not field or field.value in ("", [], {})


def texts(field: Field) -> list[str]:
    """Return the texts of a list."""
    return [each.text for each in field.items()]


def check_text(field: Field, rule: Callable[[str], str]) -> None:
    """Hold a text against a rule, if it is there."""
    if field.text:
        field.complain(rule(field.text))


def check_word(field: Field, words: Iterable[str], *, required: bool = False) -> None:
    """Say so if a text is none of some words; if it must be there, also if it is not."""
    if isinstance(field.value, str) and field.text and field.text not in words:
        field.unsupported(words)
    elif required and is_missing(field):
        field.required()


def check_port(field: Field) -> None:
    """Say so if a number, if it is there, is none of a port."""
    if field.number is not None and not 1 <= field.number <= _LAST_PORT:
        field.invalid(f"must be between 1 and {_LAST_PORT}, inclusive")


def check_named_port(field: Field) -> None:
    """Say so if a value, if it is there, is neither the number nor the name of a port."""
    check_port(field)
    if isinstance(field.value, str):
        field.complain(names.port_name(field.text))


def check_signed(field: Field, *, least: int = 0) -> None:
    """Say so if a number, if it is there, is below one that it may at least be."""
    if field.number is not None and field.number < least:
        field.invalid(f"must be greater than or equal to {least}")


def check_unique(fields: Iterable[Field], key: str = "") -> None:
    """Say so for each text that was there before; of maps, the text under a key."""
    seen: set[str] = set()
    for each in fields:
        field = each[key] if key else each
        if field.text in seen:
            field.duplicate()
        seen.add(field.text)


def check_once(field: Field, key: str) -> None:
    """Say so for each map of a list with a text under a key that one before it has."""
    seen: set[str] = set()
    for each in field.items():
        if each[key].text in seen:
            each.duplicate()
        seen.add(each[key].text)


def check_prefixed_path(field: Field) -> None:
    """Say so if a text is no path with a domain before it; it must be there."""
    domain, _, path = field.text.partition("/")
    if not field.text:
        field.required()
    elif not domain or not path:
        field.invalid('must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        field.complain(names.dns_subdomain(domain))
        if not re.fullmatch(_HTTP_PATH, path):
            field.invalid(f"Invalid path (regex used for validation is '{_HTTP_PATH}')")


def check_wildcard_alone(field: Field, of_what: str) -> None:
    """Say so if a list holds ``*`` and more."""
    if field.size > 1 and "*" in texts(field):
        field.invalid(f"if '*' is present, must not specify other {of_what}")


def check_object_path(field: Field) -> None:
    """Say so if a name does not fit into the path of a request."""
    check_text(field, names.path_segment)


def check_driver(field: Field) -> None:
    """Say so if a text is no name of a driver of volumes or devices."""
    if not field.text:
        if field:
            field.required()
        return
    check_length(field, _LONGEST_DRIVER)
    field.complain(names.dns_subdomain(field.text.lower()))


def check_signer(field: Field) -> None:
    """Say so if a text is no name of a signer, which is a domain and a path; it must be there."""
    if not field.text:
        field.required()
        return
    domain, *rest = field.text.split("/")
    if len(rest) != 1:
        field.invalid("must be a fully qualified domain and path of the form 'example.com/signer-name'")
        return
    if length(domain) > _LONGEST_SUBDOMAIN:
        too_long(field, _LONGEST_SUBDOMAIN)
    for text, rule in ((domain, names.dns_label), (rest[0], names.dns_subdomain)):
        for label in text.split("."):
            if complaint := rule(label):
                field.invalid(f'validating label "{label}": {complaint}')
                break
    if "." not in domain:
        field.invalid("should be a domain with at least two segments separated by dots")
    check_length(field, _LONGEST_SIGNER)


def check_length(field: Field, most: int) -> None:
    """Say so if a text has more bytes than it may."""
    if length(field.text) > most:
        too_long(field, most)


def too_long(field: Field, most: int) -> None:
    """Say that a value has more bytes than it may."""
    field.fault(Reason.TOO_LONG, f"Too long: may not be more than {most} bytes")


def too_many(field: Field, most: int) -> bool:
    """Say so if a list or map has more items than it may; tell whether it has."""
    if field.size <= most:
        return False
    field.fault(Reason.TOO_MANY, f"Too many: {field.size}: must have at most {most} items")
    return True


def wildcard_subdomain(text: str) -> str:
    """Say what is wrong with the name of a host that begins with ``*.``."""
    if length(text) > _LONGEST_SUBDOMAIN:
        return f"must be no more than {_LONGEST_SUBDOMAIN} characters"
    if re.fullmatch(_WILDCARD, text):
        return ""
    return (
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
        "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com')"
    )
