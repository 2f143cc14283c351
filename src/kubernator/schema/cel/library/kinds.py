"""Quantities, versions, named formats, and what asks who may do what.

Source: the libraries ``quantity``, ``semverlib``, ``format`` and ``authz`` of k8s.io/apiserver 0.37.
"""

from __future__ import annotations

import decimal
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema import quantity
from kubernator.schema.cel.failures import Failed, Undecided
from kubernator.schema.cel.values import NONE, Format, Maybe, Quantity, Semver
from kubernator.schema.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TABLE"]

_MOST: Final = 2**63 - 1
_WIDE: Final = decimal.Context(prec=80)
#: Suffixes that are powers of ten, which decide whether an amount is whole.
_POWERS: Final = dict(zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True))


def _quantity(text: str) -> Quantity:
    found = quantity.amount(text)
    if found is None:
        raise Failed(quantity.MESSAGE)
    power = _POWERS.get(text[-1:])
    if power is not None:
        found = Decimal(text[:-1]).scaleb(power)
    return Quantity(found)


def _whole(amount: Quantity) -> int | None:
    """Return it as an integer if Go holds it as one: `1000m` is none."""
    _, _, exponent = amount.amount.as_tuple()
    if not isinstance(exponent, int) or exponent < 0 or abs(amount.amount) > _MOST:
        return None
    return int(amount.amount)


def _as_integer(amount: Quantity) -> int:
    found = _whole(amount)
    if found is None:
        raise Failed("cannot convert value to integer")
    return found


def _sign(one: Any, other: Any) -> int:
    return int(one > other) - int(one < other)


_NUMBER: Final = r"(0|[1-9][0-9]*)"
_SEMVER: Final = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    r"(?:-((?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_LARGEST: Final = 2**64


def _semver(text: str, normalize: bool = False) -> Semver:  # noqa: FBT001, FBT002 - an argument of a CEL function
    found = _SEMVER.fullmatch(_normalized(text) if normalize else text)
    if found is None or any(int(found[group]) >= _LARGEST for group in (1, 2, 3)):
        raise Failed(f"Invalid version {text!r}")
    numbers = tuple(int(found[group]) for group in (1, 2, 3))
    # a version without a suffix comes after those with one; numbers before words
    suffix = tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in (found[4] or "").split(".") if part
    )
    major, minor, patch = numbers
    return Semver(major, minor, patch, (*numbers, not suffix, suffix))


def _normalized(text: str) -> str:
    parts = text.removeprefix("v").split(".", 2)
    for place, part in enumerate(parts):
        if len(part) > 1:
            bare = part.lstrip("0")
            parts[place] = bare if bare and bare[0] in "0123456789" else f"0{bare}"
    if len(parts) < 3:  # noqa: PLR2004 - major, minor, patch
        if "+" in parts[-1] or "-" in parts[-1]:
            raise Failed("short version cannot contain PreRelease/Build meta data")
        parts += ["0"] * (3 - len(parts))
    return ".".join(parts)


def _is_semver(text: str, normalize: bool = False) -> bool:  # noqa: FBT001, FBT002 - an argument of a CEL function
    try:
        _semver(text, normalize)
    except Failed:
        return False
    return True


_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_OLD_LABEL: Final = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_DOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED: Final = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_SAYS_LABEL: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
    f"regex used for validation is '{_LABEL}')"
)
_SAYS_OLD_LABEL: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    f"regex used for validation is '{_OLD_LABEL}')"
)
_SAYS_DOMAIN: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character (e.g. 'example.com', "
    f"regex used for validation is '{_DOMAIN}')"
)
_SAYS_QUALIFIED: Final = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    f"'{_QUALIFIED}')"
)
_SAYS_VALUE: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'({_QUALIFIED})?')"
)


def _form(pattern: str, says: str, longest: int, *, prefix: bool = False) -> Callable[[str], list[str]]:
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> list[str]:
        if prefix and len(text) > 1 and text.endswith("-"):
            text = f"{text[:-2]}a"
        found = []
        if len(text) > longest:
            found.append(f"must be no more than {longest} characters")
        if not compiled.fullmatch(text):
            found.append(says)
        return found

    return check


def _qualified_name(text: str) -> list[str]:
    prefix, slash, name = text.partition("/")
    if "/" in name:
        says = (
            "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
            "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            f"'{_QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )
        return [says]
    found: list[str] = []
    if slash:
        found += ["prefix part must be non-empty"] if not prefix else []
        found += [f"prefix part {each}" for each in _DOMAIN_FORM(prefix)] if prefix else []
    else:
        name = prefix
    if not name:
        found.append("name part must be non-empty")
    elif len(name) > 63:  # noqa: PLR2004
        found.append("name part must be no more than 63 characters")
    if not re.fullmatch(_QUALIFIED, name, re.ASCII):
        found.append(_SAYS_QUALIFIED)
    return found


_DOMAIN_FORM: Final = _form(_DOMAIN, _SAYS_DOMAIN, 253)


def _schema_format(name: str, says: str) -> Callable[[str], list[str]]:
    return lambda text: [] if FORMATS[name](text) else [says]


_FORMATS: Final[dict[str, Callable[[str], list[str]]]] = {
    "dns1123Label": _form(_LABEL, _SAYS_LABEL, 63),
    "dns1123Subdomain": _DOMAIN_FORM,
    "dns1035Label": _form(_OLD_LABEL, _SAYS_OLD_LABEL, 63),
    "qualifiedName": _qualified_name,
    "dns1123LabelPrefix": _form(_LABEL, _SAYS_LABEL, 63, prefix=True),
    "dns1123SubdomainPrefix": _form(_DOMAIN, _SAYS_DOMAIN, 253, prefix=True),
    "dns1035LabelPrefix": _form(_OLD_LABEL, _SAYS_OLD_LABEL, 63, prefix=True),
    "labelValue": _form(rf"(?:{_QUALIFIED})?", _SAYS_VALUE, 63),
    "uri": _schema_format("uri", "invalid URI for request"),
    "uuid": _schema_format("uuid", "does not match the UUID format"),
    "byte": _schema_format("byte", "invalid base64"),
    "date": _schema_format("date", "invalid date"),
    "datetime": _schema_format("datetime", "invalid datetime"),
}


def _validate(form: Format, text: str) -> Maybe:
    found = _FORMATS[form.name](text)
    return Maybe((found,)) if found else NONE


def _named(name: str) -> Maybe:
    return Maybe((Format(name),)) if name in _FORMATS else NONE


def _constant(name: str) -> Callable[[], Format]:
    return lambda: Format(name)


def _asks(*_: Any) -> Any:
    raise Undecided("who asks and what they may do")


TABLE: Final[dict[str, Callable[..., Any]]] = {
    "quantity(string) -> Quantity": _quantity,
    "isQuantity(string) -> bool": quantity.is_quantity,
    "sign(Quantity) -> int": lambda one: _sign(one.amount, 0),
    "Quantity.isGreaterThan(Quantity) -> bool": lambda one, other: one.amount > other.amount,
    "Quantity.isLessThan(Quantity) -> bool": lambda one, other: one.amount < other.amount,
    "Quantity.compareTo(Quantity) -> int": lambda one, other: _sign(one.amount, other.amount),
    "Quantity.asApproximateFloat() -> double": lambda one: float(one.amount),
    "Quantity.asInteger() -> int": _as_integer,
    "Quantity.isInteger() -> bool": lambda one: _whole(one) is not None,
    "Quantity.add(Quantity) -> Quantity": lambda one, other: Quantity(_WIDE.add(one.amount, other.amount)),
    "Quantity.add(int) -> Quantity": lambda one, other: Quantity(_WIDE.add(one.amount, Decimal(other))),
    "Quantity.sub(Quantity) -> Quantity": lambda one, other: Quantity(_WIDE.subtract(one.amount, other.amount)),
    "Quantity.sub(int) -> Quantity": lambda one, other: Quantity(_WIDE.subtract(one.amount, Decimal(other))),
    "semver(string) -> Semver": _semver,
    "semver(string, bool) -> Semver": _semver,
    "isSemver(string) -> bool": _is_semver,
    "isSemver(string, bool) -> bool": _is_semver,
    "Semver.isGreaterThan(Semver) -> bool": lambda one, other: one.order > other.order,
    "Semver.isLessThan(Semver) -> bool": lambda one, other: one.order < other.order,
    "Semver.compareTo(Semver) -> int": lambda one, other: _sign(one.order, other.order),
    "Semver.major() -> int": lambda one: one.major,
    "Semver.minor() -> int": lambda one: one.minor,
    "Semver.patch() -> int": lambda one: one.patch,
    "Format.validate(string) -> optional(list(string))": _validate,
    "format.named(string) -> optional(Format)": _named,
    **{f"format.{name}() -> Format": _constant(name) for name in _FORMATS},
    "Authorizer.path(string) -> PathCheck": _asks,
    "Authorizer.group(string) -> GroupCheck": _asks,
    "Authorizer.serviceAccount(string, string) -> Authorizer": _asks,
    "PathCheck.check(string) -> Decision": _asks,
    "GroupCheck.resource(string) -> ResourceCheck": _asks,
    "ResourceCheck.subresource(string) -> ResourceCheck": _asks,
    "ResourceCheck.namespace(string) -> ResourceCheck": _asks,
    "ResourceCheck.name(string) -> ResourceCheck": _asks,
    "ResourceCheck.fieldSelector(string) -> ResourceCheck": _asks,
    "ResourceCheck.labelSelector(string) -> ResourceCheck": _asks,
    "ResourceCheck.check(string) -> Decision": _asks,
    "Decision.errored() -> bool": _asks,
    "Decision.error() -> string": _asks,
    "Decision.allowed() -> bool": _asks,
    "Decision.reason() -> string": _asks,
}
