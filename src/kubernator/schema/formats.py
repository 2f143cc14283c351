"""Formats of strings that the API server checks in custom resources, under their names without dashes.

All other formats mean nothing to it. Few are in use, so patterns are compiled when they are first asked for. Source:
k8s.io/kube-openapi, package ``validation/strfmt``, of Kubernetes 1.37.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FORMATS", "is_base64", "is_micro_time", "is_time"]


def _form(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text, re.ASCII) is not None


#: One label, where a dash may only be the second character, or a domain. The server's own counts up to 63 in it, which
#: the length of each part says as well.
_HOSTNAME: Final = (
    r"^(?:[a-zA-Z0-9\p{S}\p{L}]-?[a-zA-Z0-9\p{S}\p{L}]*"
    r"|(?:[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]*[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,})$"
)
_LONGEST_HOSTNAME: Final = 255
_LONGEST_LABEL: Final = 63
_LONGEST_NAME: Final = 253


def _is_hostname(text: str) -> bool:
    from kubernator.schema import regexp  # noqa: PLC0415 - for one format

    matches = regexp.matcher(_HOSTNAME)
    if matches is None or not matches(text) or len(text.encode()) > _LONGEST_HOSTNAME:
        return False
    return all(len(part.encode()) <= _LONGEST_LABEL for part in text.split("."))


_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.-]*:"
_CONTROL: Final = r"[\x00-\x1f\x7f]"
_BAD_ESCAPE: Final = r"%(?![0-9A-Fa-f]{2})"
#: In a host only what is not ASCII may be escaped.
_BAD_HOST_ESCAPE: Final = r"%(?![89A-Fa-f][0-9A-Fa-f])"
_BAD_HOST: Final = r"[\x00- \\^`{|}#]"
_USER: Final = r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*"
_PORT: Final = r"(?::[0-9]*)?"


def _is_uri(text: str) -> bool:
    """Say whether Go's ``url.ParseRequestURI`` takes it: an absolute URL or a path from the root."""
    if not text or re.search(_CONTROL, text):
        return False
    if text == "*":
        return True
    scheme = re.match(_SCHEME, text)
    rest = text[scheme.end() if scheme else 0 :].partition("?")[0]
    if not rest.startswith("/"):
        return scheme is not None
    if scheme and rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        return _is_authority(authority) and not re.search(_BAD_ESCAPE, slash + path)
    return not re.search(_BAD_ESCAPE, rest)


def _is_authority(text: str) -> bool:
    user, at, host = text.rpartition("@")
    if at and not re.fullmatch(_USER, user):
        return False
    if host.startswith("["):
        closing = host.rfind("]")
        return closing > 0 and re.fullmatch(_PORT, host[closing + 1 :]) is not None
    name, colon, port = host.rpartition(":")
    if colon and not re.fullmatch(_PORT, colon + port):
        return False
    return not re.search(_BAD_HOST, name if colon else host) and not re.search(_BAD_HOST_ESCAPE, host)


_ATOM: Final = r"[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]+"
_DOTTED: Final = rf"{_ATOM}(?:\.{_ATOM})*"
_ADDRESS: Final = rf"(?:{_DOTTED}|\"(?:[^\"\\\x00-\x08\x0a-\x1f]|\\.)*\")@(?:{_DOTTED}|\[[^\[\]\\]+\])"
_EMAIL: Final = rf"[ \t]*{_ADDRESS}[ \t]*(?:\([^()]*\)[ \t]*)?"
_NAMED_EMAIL: Final = rf"[^<>]*<{_ADDRESS}>[ \t]*(?:\([^()]*\)[ \t]*)?"


def _is_email(text: str) -> bool:
    if text.endswith(";"):  # a group, `friends: a@b, c@d;`, is left to the server
        return ":" in text
    return re.fullmatch(_EMAIL, text) is not None or re.fullmatch(_NAMED_EMAIL, text) is not None


#: Go's older reading, which lets numbers begin with zeros.
_ZEROS: Final = r"(?<![0-9A-Fa-f:.])0+(?=[0-9])|(?<=\.)0+(?=[0-9])|(?<=:)0+(?=[0-9]+\.)"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_ipv4(text: str) -> bool:
    return "." in text and _is_address(re.sub(_ZEROS, "", text))


def _is_ipv6(text: str) -> bool:
    return ":" in text and _is_address(text)


def _is_cidr(text: str) -> bool:
    address, slash, bits = text.partition("/")
    if not slash or not bits.isascii() or not bits.isdigit() or len(bits) > 3:  # noqa: PLR2004 - 128 is the most
        return False
    if not _is_address(re.sub(_ZEROS, "", address)):
        return False
    return int(bits) <= (128 if ":" in address else 32)


_MAC: Final = _form(
    r"(?:[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}"
    r"|[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\2){6}[0-9a-fA-F]{2}"
    r"|[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\3){18}[0-9a-fA-F]{2}"
    r"|[0-9a-fA-F]{4}\.(?:[0-9a-fA-F]{4}\.){1,2}[0-9a-fA-F]{4}|[0-9a-fA-F]{4}\.(?:[0-9a-fA-F]{4}\.){8}[0-9a-fA-F]{4})"
)


def _is_isbn10(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text, flags=re.ASCII)
    if not re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        return False
    return sum((place + 1) * (10 if digit == "X" else int(digit)) for place, digit in enumerate(digits)) % 11 == 0


def _is_isbn13(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text, flags=re.ASCII)
    if not re.fullmatch(r"[0-9]{13}", digits):
        return False
    return sum((1, 3)[place % 2] * int(digit) for place, digit in enumerate(digits)) % 10 == 0


_CARD: Final = _form(
    r"4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}"
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11}"
)


def _is_card(text: str) -> bool:
    digits = re.sub(r"[^0-9]+", "", text)
    doubled = [int(digit) * 2 if place % 2 else int(digit) for place, digit in enumerate(reversed(digits))]
    return _CARD(digits) and sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0  # noqa: PLR2004


_DATE: Final = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY: Final = 2
#: As the pattern of the server has it: any character may stand before the fraction.
_CLOCK: Final = r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[^\n][0-9]+)?(?:z|[+-][0-9]{2}:[0-9]{2})"
_STRICT_CLOCK: Final = (
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.,][0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-4]):[0-5][0-9])"
)


def _is_date(text: str) -> bool:
    found = re.fullmatch(_DATE, text)
    if found is None:
        return False
    year, month, day = (int(part) for part in found.groups())
    if not 1 <= month <= len(_DAYS) or not 1 <= day <= _DAYS[month - 1]:
        return False
    leap = year % 400 == 0 or (year % 4 == 0 and year % 100 != 0)
    return leap or (month, day) != (_FEBRUARY, _DAYS[_FEBRUARY - 1])


def _is_date_time(text: str) -> bool:
    date, _, rest = text.lower().partition("t")
    found = re.fullmatch(_CLOCK, rest.partition("t")[0])
    return _is_date(date) and found is not None and found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


def is_time(text: str) -> bool:
    """Say whether Go reads a text as a time of RFC 3339, as fields of built-in kinds need it."""
    date, _, clock = text.partition("T")
    return _is_date(date) and re.fullmatch(_STRICT_CLOCK, clock) is not None


_MICROSECONDS: Final = r"[^.]*\.[0-9]{6}(?![0-9]).*"


def is_micro_time(text: str) -> bool:
    """Say whether Go reads a text as a time of RFC 3339 with microseconds, which are six digits and no other number."""
    return is_time(text) and re.fullmatch(_MICROSECONDS, text) is not None


_GO_DURATION: Final = _form(r"[+-]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_WORD_DURATION: Final = r"(?a)([0-9]+)\s*([A-Za-zµ]+)"
_UNITS: Final = frozenset({"ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"})
_UNIT_WORDS: Final = ("nano", "micro", "milli", "sec", "min", "hour", "day", "week")
_LARGEST_NUMBER: Final = 19


def _is_duration(text: str) -> bool:
    """Say whether it is one of Go, or has one in words in it, as ``22 ns`` or ``3 days``."""
    if _GO_DURATION(text):
        return True
    found = re.findall(_WORD_DURATION, text)
    if any(len(number.lstrip("0")) > _LARGEST_NUMBER for number, _ in found):
        return False
    units = [unit.lower() for _, unit in found]
    # each last word stands for all that begin with it; `s`, `m`, `h` and so on only for themselves
    return any(unit in _UNITS or unit.startswith(_UNIT_WORDS) for unit in units)


_BASE64: Final = _form(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})")


def is_base64(text: str) -> bool:
    """Say whether Go decodes a text as base64, as fields of built-in kinds need it: line breaks are passed over."""
    bare = text.replace("\n", "").replace("\r", "")
    return not bare or _BASE64(bare)


_NAME: Final = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SHORT_NAME: Final = _form(_NAME)
_LONG_NAME: Final = _form(rf"{_NAME}(?:\.{_NAME})*")
_SSN: Final = _form(r"[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}")
_SSN_LENGTH: Final = 11


def _uuid(third: str, fourth: str) -> Callable[[str], bool]:
    return _form(rf"(?i:[0-9a-f]{{8}}-?[0-9a-f]{{4}}-?{third}-?{fourth}-?[0-9a-f]{{12}})")


_ANY4: Final = "[0-9a-f]{4}"
_COLOR: Final = r"\s*(?:0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])\s*"

#: Name without dashes -> whether a text is of that format.
FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {
    "bsonobjectid": _form("[0-9a-fA-F]{24}"),
    "byte": _BASE64,
    "cidr": _is_cidr,
    "creditcard": _is_card,
    "date": _is_date,
    "datetime": _is_date_time,
    "duration": _is_duration,
    "email": _is_email,
    "hexcolor": _form("#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "hostname": _is_hostname,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "isbn": lambda text: _is_isbn10(text) or _is_isbn13(text),
    "isbn10": _is_isbn10,
    "isbn13": _is_isbn13,
    "k8slongname": lambda text: len(text) <= _LONGEST_NAME and _LONG_NAME(text),
    "k8sshortname": lambda text: len(text) <= _LONGEST_LABEL and _SHORT_NAME(text),
    "mac": _MAC,
    "password": lambda _: True,
    "rgbcolor": _form(rf"rgb\({_COLOR},{_COLOR},{_COLOR}\)"),
    "ssn": lambda text: len(text) == _SSN_LENGTH and _SSN(text),
    "uri": _is_uri,
    "uuid": _uuid(_ANY4, _ANY4),
    "uuid3": _uuid("3[0-9a-f]{3}", _ANY4),
    "uuid4": _uuid("4[0-9a-f]{3}", "[89ab][0-9a-f]{3}"),
    "uuid5": _uuid("5[0-9a-f]{3}", "[89ab][0-9a-f]{3}"),
}
