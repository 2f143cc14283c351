"""How names and the keys and values of labels are written, with the API server's complaints where they are not so.

Each function returns what is wrong with a text, and nothing where it is right. Source:
k8s.io/apimachinery, packages ``util/validation``, ``api/validation`` and ``apis/meta/v1/validation``, of Kubernetes
1.34 to 1.37.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = [
    "LONGEST_LABEL",
    "byte_length",
    "c_identifier",
    "config_map_key",
    "dns_1035_label",
    "dns_label",
    "dns_subdomain",
    "label_value",
    "path_segment",
    "port_name",
    "qualified_name",
]

_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_1035: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_NAME: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE: Final = f"({_NAME})?"
_IDENTIFIER: Final = "[A-Za-z_][A-Za-z0-9_]*"
_KEY: Final = "[-._a-zA-Z0-9]+"

_IS_LABEL: Final = re.compile(_LABEL)
_IS_LABEL_1035: Final = re.compile(_LABEL_1035)
_IS_SUBDOMAIN: Final = re.compile(_SUBDOMAIN)
_IS_NAME: Final = re.compile(_NAME)
_IS_IDENTIFIER: Final = re.compile(_IDENTIFIER)
_IS_KEY: Final = re.compile(_KEY)
_IS_PORT: Final = re.compile("[-a-z0-9]+")

#: So many texts of each sort are judged once: those of labels and of other objects are said again and again.
_REMEMBERED: Final = 1024
LONGEST_LABEL: Final = 63
_LONGEST_SUBDOMAIN: Final = 253
_LONGEST_PORT: Final = 15

_LABEL_SAID: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_LABEL_1035_SAID: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    f"'{_LABEL_1035}')"
)
_SUBDOMAIN_SAID: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_NAME_SAID: Final = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME}')"
)
_VALUE_SAID: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_VALUE}')"
)
_IDENTIFIER_SAID: Final = (
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters "
    f"or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '{_IDENTIFIER}')"
)
_KEY_SAID: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    f"'key-name', regex used for validation is '{_KEY}')"
)


@lru_cache(maxsize=_REMEMBERED)
def dns_label(text: str) -> str:
    """Say what is wrong with a label of RFC 1123, such as the name of a namespace."""
    long = _too_long(text, LONGEST_LABEL, "characters")
    if _IS_LABEL.fullmatch(text):
        return long
    return _joined(long, "must not contain dots" if _IS_SUBDOMAIN.fullmatch(text) else _LABEL_SAID)


@lru_cache(maxsize=_REMEMBERED)
def dns_subdomain(text: str) -> str:
    """Say what is wrong with a subdomain of RFC 1123, which most names are."""
    long = _too_long(text, _LONGEST_SUBDOMAIN, "characters")
    return long if _IS_SUBDOMAIN.fullmatch(text) else _joined(long, _SUBDOMAIN_SAID)


def dns_1035_label(text: str) -> str:
    """Say what is wrong with a label of RFC 1035, which begins with a letter."""
    long = _too_long(text, LONGEST_LABEL, "characters")
    return long if _IS_LABEL_1035.fullmatch(text) else _joined(long, _LABEL_1035_SAID)


@lru_cache(maxsize=_REMEMBERED)
def label_value(text: str) -> str:
    """Say what is wrong with the value of a label; it may be empty."""
    long = _too_long(text, LONGEST_LABEL, "bytes")
    return long if not text or _IS_NAME.fullmatch(text) else _joined(long, _VALUE_SAID)


@lru_cache(maxsize=_REMEMBERED)
def qualified_name(text: str) -> str:
    """Say what is wrong with a name that may have a domain before it, such as the key of a label."""
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        return (
            f"a valid label key {_NAME_SAID} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )
    said: list[str] = []
    if slash:
        complaint = dns_subdomain(prefix) if prefix else "must be non-empty"
        said += [f"prefix part {complaint}"] if complaint else []
    if not name:
        said.append("name part must be non-empty")
    elif long := _too_long(name, LONGEST_LABEL, "bytes"):
        said.append(f"name part {long}")
    if not _IS_NAME.fullmatch(name):
        said.append(f"name part {_NAME_SAID}")
    return _joined(*said)


def c_identifier(text: str) -> str:
    """Say what is wrong with an identifier as C has them; any length will do."""
    return "" if _IS_IDENTIFIER.fullmatch(text) else _IDENTIFIER_SAID


def port_name(text: str) -> str:
    """Say what is wrong with the name of a port: at most 15 characters, and a letter among them."""
    said = [_too_long(text, _LONGEST_PORT, "characters")]
    if not _IS_PORT.fullmatch(text):
        said.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", text):
        said.append("must contain at least one letter (a-z)")
    if "--" in text:
        said.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        said.append("must not begin or end with a hyphen")
    return _joined(*said)


def config_map_key(text: str) -> str:
    """Say what is wrong with a key of a ConfigMap or a Secret, which may become the name of a file."""
    said = [_too_long(text, _LONGEST_SUBDOMAIN, "characters")]
    if not _IS_KEY.fullmatch(text):
        said.append(_KEY_SAID)
    if text in {".", ".."}:
        said.append(f"must not be '{text}'")
    elif text.startswith(".."):
        said.append("must not start with '..'")
    return _joined(*said)


def path_segment(text: str) -> str:
    """Say what is wrong with a name that must only fit into the path of a request."""
    if text in {".", ".."}:
        return f"may not be '{text}'"
    return _joined(*(f"may not contain '{each}'" for each in "/%" if each in text))


def byte_length(text: str) -> int:
    """Return how many bytes a text has in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _too_long(text: str, longest: int, unit: str) -> str:
    return f"must be no more than {longest} {unit}" if byte_length(text) > longest else ""


def _joined(*said: str) -> str:
    return ", ".join(filter(None, said))
