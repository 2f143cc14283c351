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
    "check_named_port",
    "check_node_selector",
    "check_node_term",
    "check_object_path",
    "check_port",
    "check_signed",
    "check_taint_effect",
    "check_text",
    "check_tolerations",
    "check_unique",
    "check_wildcard_alone",
    "check_word",
    "complain",
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
_WILDCARD: Final = re.compile(r"\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_TAINT_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def length(text: str) -> int:
    """Return the size of a text as the server counts it, in bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def is_missing(field: Field) -> bool:
    """Say whether a text, list or map is absent or empty, which is the same to the server; zero and false are there."""
    return not field or field.value in ("", [], {})


def texts(field: Field) -> list[str]:
    """Return the texts of a list."""
    return [each.text for each in field.items()]


def complain(field: Field, complaint: str) -> None:
    """Add a complaint about a value, if there is one."""
    if complaint:
        field.invalid(complaint)


def check_text(field: Field, rule: Callable[[str], str]) -> None:
    """Hold a text against a rule, if it is there."""
    if field.text:
        complain(field, rule(field.text))


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
        complain(field, names.port_name(field.text))


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
    if length(field.text) > _LONGEST_DRIVER:
        too_long(field, _LONGEST_DRIVER)
    complain(field, names.dns_subdomain(field.text.lower()))


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
    if _WILDCARD.fullmatch(text):
        return ""
    return (
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
        "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com')"
    )


def check_node_selector(field: Field) -> None:
    """Add what is wrong with a selector of nodes."""
    terms = field["nodeSelectorTerms"]
    if field and is_missing(terms):
        terms.required("must have at least one node selector term")
    for term in terms.items():
        check_node_term(term)


def check_node_term(term: Field, *, any_values: bool = False) -> None:
    """Add what is wrong with one term of a selector of nodes; where it only prefers, ``any_values`` will do."""
    for each in term["matchExpressions"].items():
        _check_node_requirement(each, any_values=any_values)
    for each in term["matchFields"].items():
        _check_node_field(each)


def _check_node_requirement(field: Field, *, any_values: bool) -> None:
    operator, values = field["operator"], field["values"]
    if operator.text in {"In", "NotIn"}:
        if not values.size:
            values.required("must be specified when `operator` is 'In' or 'NotIn'")
    elif operator.text in {"Exists", "DoesNotExist"}:
        if values.size:
            values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif operator.text in {"Gt", "Lt"}:
        if values.size != 1:
            values.required("must be specified single value when `operator` is 'Lt' or 'Gt'")
    elif operator:
        operator.invalid("not a valid selector operator")
    if field["key"]:
        complain(field["key"], names.qualified_name(field["key"].text))
    for value in () if any_values else values.items():
        complain(value, names.label_value(value.text))


def _check_node_field(field: Field) -> None:
    operator, key, values = field["operator"], field["key"], field["values"]
    if operator.text in {"In", "NotIn"}:
        if values.size != 1:
            values.required("must be only one value when `operator` is 'In' or 'NotIn' for node field selector")
    elif operator:
        operator.invalid("not a valid selector operator")
    if key.text != "metadata.name":
        if key:
            key.invalid("not a valid field selector key")
        return
    for value in values.items():
        complain(value, names.dns_subdomain(value.text))


def check_taint_effect(field: Field) -> None:
    """Say so if a text, if it is there, is no effect of a taint."""
    check_word(field, _TAINT_EFFECTS)


def check_tolerations(field: Field, *, compares: bool = False) -> None:
    """Add what is wrong with tolerations of taints; not all places let values be compared by ``Lt`` and ``Gt``."""
    for each in field.items():
        key, operator, value = each["key"], each["operator"], each["value"]
        check_text(key, names.qualified_name)
        if not key.text and operator.text != "Exists":
            operator.invalid('operator must be Exists when `key` is empty, which means "match all values and all keys"')
        if each["tolerationSeconds"] and each["effect"].text != "NoExecute":
            each["effect"].invalid("effect must be 'NoExecute' when `tolerationSeconds` is set")
        if operator.text in {"", "Equal"}:
            complain(operator, names.label_value(value.text))
        elif operator.text == "Exists":
            if value.text:
                operator.invalid("value must be empty when `operator` is 'Exists'")
        elif not (compares and operator.text in {"Lt", "Gt"}):
            operator.unsupported(("Equal", "Exists"))
        check_taint_effect(each["effect"])
