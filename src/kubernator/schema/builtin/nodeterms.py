"""How nodes are chosen: selectors of nodes, and tolerations of their taints.

Source: k8s.io/kubernetes, package ``pkg/apis/core/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["check_node_selector", "check_node_term", "check_taint_effect", "check_tolerations"]

_TAINT_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def check_node_selector(field: Field) -> None:
    """Add what is wrong with a selector of nodes."""
    terms = field["nodeSelectorTerms"]
    if field and parts.is_missing(terms):
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
    if operator.text in {"Gt", "Lt"}:
        if values.size != 1:
            values.required("must be specified single value when `operator` is 'Lt' or 'Gt'")
    elif operator:
        labelling.check_operator(operator, values)
    if field["key"]:
        field["key"].complain(names.qualified_name(field["key"].text))
    for value in () if any_values else values.items():
        value.complain(names.label_value(value.text))


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
        value.complain(names.dns_subdomain(value.text))


def check_taint_effect(field: Field) -> None:
    """Say so if a text, if it is there, is no effect of a taint."""
    parts.check_word(field, _TAINT_EFFECTS)


def check_tolerations(field: Field, *, compares: bool = False) -> None:
    """Add what is wrong with tolerations of taints; not all places let values be compared by ``Lt`` and ``Gt``."""
    for each in field.items():
        key, operator, value = each["key"], each["operator"], each["value"]
        parts.check_text(key, names.qualified_name)
        if not key.text and operator.text != "Exists":
            operator.invalid('operator must be Exists when `key` is empty, which means "match all values and all keys"')
        if each["tolerationSeconds"] and each["effect"].text != "NoExecute":
            each["effect"].invalid("effect must be 'NoExecute' when `tolerationSeconds` is set")
        if operator.text in {"", "Equal"}:
            operator.complain(names.label_value(value.text))
        elif operator.text == "Exists":
            if value.text:
                operator.invalid("value must be empty when `operator` is 'Exists'")
        elif not (compares and operator.text in {"Lt", "Gt"}):
            operator.unsupported(("Equal", "Exists"))
        check_taint_effect(each["effect"])
