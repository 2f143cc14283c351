"""Labels, annotations and selectors of labels, checked as the API server does.

Source: k8s.io/apimachinery, packages ``api/validation`` and ``apis/meta/v1/validation``, of Kubernetes 1.34 to 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.fault import Reason

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["check", "check_annotations", "check_operator", "check_selector"]

_LARGEST_ANNOTATIONS: Final = 256 * 1024


def check(field: Field) -> None:
    """Add what is wrong with a map of labels, each fault at its key."""
    for key, value in field.value.items() if isinstance(field.value, dict) else ():
        if complaint := names.qualified_name(key):
            field[key].invalid(complaint)
        if isinstance(value, str) and (complaint := names.label_value(value)):
            field[key].invalid(complaint)


def check_annotations(field: Field) -> None:
    """Add what is wrong with annotations: their keys, and how large they are together."""
    size = 0
    for key, value in field.entries():
        size += names.byte_length(key) + names.byte_length(value.text)
        value.complain(names.qualified_name(key.lower()))
    if size > _LARGEST_ANNOTATIONS:
        field.fault(Reason.TOO_LONG, f"Too long: may not be more than {_LARGEST_ANNOTATIONS} bytes")


def check_selector(field: Field) -> None:
    """Add what is wrong with a selector of labels; one that is absent or empty is right."""
    check(field["matchLabels"])
    for each in field["matchExpressions"].items():
        operator, values = each["operator"], each["values"]
        check_operator(operator, values)
        each["key"].complain(names.qualified_name(each["key"].text))
        for value in values.items():
            value.complain(names.label_value(value.text))


def check_operator(operator: Field, values: Field) -> None:
    """Say so if an operator is none, or there are values for it where none may be, or none where some must."""
    if operator.text in {"In", "NotIn"}:
        if not values.size:
            values.required("must be specified when `operator` is 'In' or 'NotIn'")
    elif operator.text in {"Exists", "DoesNotExist"}:
        if values.size:
            values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    else:
        operator.invalid("not a valid selector operator")
