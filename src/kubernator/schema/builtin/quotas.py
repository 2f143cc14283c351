"""What the API server checks of ResourceQuotas and LimitRanges.

Source: k8s.io/kubernetes, package ``pkg/apis/core/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import amounts, parts
from kubernator.schema.quantity import amount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_FOR_PODS: Final = frozenset(
    {"pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"}
)
_FOR_CLAIMS: Final = frozenset({"persistentvolumeclaims", "requests.storage"})
#: What a quota of each scope may count.
_SCOPES: Final = {
    "Terminating": _FOR_PODS,
    "NotTerminating": _FOR_PODS,
    "NotBestEffort": _FOR_PODS,
    "PriorityClass": _FOR_PODS,
    "CrossNamespacePodAffinity": _FOR_PODS,
    "BestEffort": frozenset({"pods"}),
    "VolumeAttributesClass": _FOR_CLAIMS,
}
_ONLY_EXISTS: Final = frozenset(_SCOPES) - {"PriorityClass", "VolumeAttributesClass"}
_EXCLUSIVE: Final = (frozenset({"BestEffort", "NotBestEffort"}), frozenset({"Terminating", "NotTerminating"}))
_TYPES: Final = ("Container", "PersistentVolumeClaim", "Pod")
_LIMITS: Final = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")


def _quota(root: Field) -> None:
    for hard in (root["spec"]["hard"], root["status"]["hard"], root["status"]["used"]):
        for name, each in hard.entries():
            amounts.check_quota_name(each, name)
            amounts.check_amount(each, name)
    spec = root["spec"]
    counted = [name for name, _ in spec["hard"].entries() if amounts.is_quota_name(name)]
    scopes = spec["scopes"]
    for each in scopes.items():
        _check_scope(scopes, each.text, each, counted)
    _check_exclusive(scopes, parts.texts(scopes))
    expressions = spec["scopeSelector"]["matchExpressions"]
    for each in expressions.items():
        _check_scope(expressions, each["scopeName"].text, each["scopeName"], counted)
        _check_expression(each)
    _check_exclusive(expressions, [each["scopeName"].text for each in expressions.items()])


def _check_scope(field: Field, scope: str, named: Field, counted: list[str]) -> None:
    allowed = _SCOPES.get(scope)
    if allowed is None:
        named.invalid("unsupported scope")
    elif any(name not in allowed for name in counted):
        field.invalid("unsupported scope applied to resource")


def _check_exclusive(field: Field, scopes: list[str]) -> None:
    if any(pair <= set(scopes) for pair in _EXCLUSIVE):
        field.invalid("conflicting scopes")


def _check_expression(field: Field) -> None:
    operator, values = field["operator"], field["values"]
    if field["scopeName"].text in _ONLY_EXISTS and operator.text not in {"", "Exists"}:
        operator.invalid(f"must be 'Exists' when scope is any of {', '.join(sorted(_ONLY_EXISTS))}")
    if operator.text in {"In", "NotIn"}:
        if not values.size:
            values.required("must be at least one value when `operator` is 'In' or 'NotIn' for scope selector")
    elif operator.text in {"Exists", "DoesNotExist"}:
        if values.size:
            values.invalid("must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector")
    else:
        operator.invalid("not a valid selector operator")


def _limits(root: Field) -> None:
    limits = root["spec"]["limits"]
    parts.check_unique(limits.items(), "type")
    for each in limits.items():
        _check_limit(each)


def _check_limit(field: Field) -> None:
    kind = field["type"]
    if kind:
        complaint = names.qualified_name(kind.text)
        if not complaint and "/" not in kind.text and kind.text not in _TYPES:
            complaint = "must be a standard limit type or fully qualified"
        kind.complain(complaint)
    check_name = amounts.check_container_name if kind.text in {"Pod", "Container"} else amounts.check_name
    for part in _LIMITS:
        if kind.text == "Pod" and part.startswith("default"):
            if field[part].size:
                field[part].forbidden("may not be specified when `type` is 'Pod'")
            continue
        for name, each in field[part].entries():
            check_name(each, name)
    told = {part: amounts.quantities(field[part]) for part in _LIMITS}
    if kind.text == "PersistentVolumeClaim" and "storage" not in told["min"] | told["max"]:
        field.required("either minimum or maximum storage value is required, but neither was provided")
    for name in sorted(set().union(*told.values())):
        _check_order({part: each.get(name, field[part][name]) for part, each in told.items()}, name, kind.text)


def _check_order(fields: Mapping[str, Field], name: str, kind: str) -> None:
    """Say so if the amounts of one resource exclude each other; those of containers follow from another if absent."""
    found = {part: amount(each.value) for part, each in fields.items()}
    if kind == "Pod":
        found["default"] = found["defaultRequest"] = None
    elif kind == "Container":
        _fill_in(found)
    for low, high in (
        *(("min", "max"), ("min", "defaultRequest"), ("defaultRequest", "max"), ("defaultRequest", "default")),
        *(("min", "default"), ("default", "max")),
    ):
        less, more = found[low], found[high]
        if less is not None and more is not None and less > more:
            place = fields[high] if (low == "min" and high != "max") else fields[low]
            place.invalid(f"{low} value is greater than {high} value")
    _check_ratio(fields["maxLimitRequestRatio"], found)
    most, asked = found["default"], found["defaultRequest"]
    if most is not None and asked is not None and most != asked and not amounts.may_overcommit(name):
        fields["defaultRequest"].invalid(f"default value must equal to defaultRequest value in {name}")


def _fill_in(found: dict[str, Decimal | None]) -> None:
    if found["default"] is None:
        found["default"] = found["max"]
    if found["defaultRequest"] is None:
        found["defaultRequest"] = found["default"] if found["default"] is not None else found["min"]


def _check_ratio(field: Field, found: dict[str, Decimal | None]) -> None:
    ratio, least, most = found["maxLimitRequestRatio"], found["min"], found["max"]
    if ratio is None:
        return
    if ratio < 1:
        field.invalid(f"ratio {field.value} is less than 1")
    if least and most is not None and least > 0 and ratio * least > most:
        field.invalid(f"ratio {field.value} is greater than max/min")


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("", "ResourceQuota"): _quota,
    ("", "LimitRange"): _limits,
}
