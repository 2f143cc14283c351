"""What containers and pods ask for and are limited to.

Source: ``validateResourceRequirements`` and what it uses of Kubernetes' package ``core/validation``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import amounts
from kubernator.schema.builtin.rounding import rounded
from kubernator.schema.fault import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from kubernator.schema.builtin.field import Field

__all__ = ["check_for_pod", "check_requirements"]

_HUGE: Final = "hugepages-"
_FOR_PODS: Final = frozenset({"cpu", "memory"})


def _rounded(field: Field) -> dict[str, Decimal]:
    return {
        name: found for name, each in amounts.quantities(field).items() if (found := rounded(each.value)) is not None
    }


def check_requirements(field: Field, claims: AbstractSet[str]) -> None:
    """Add what is wrong with the ``resources`` of a container in a pod with these resource claims."""
    if not field:
        return
    amounts.check_container_limits(field["limits"])
    amounts.check_container_limits(field["requests"])
    _check_together(field)
    _check_claims(field["claims"], claims)


def check_for_pod(field: Field, containers: Iterable[Field]) -> None:
    """Add what is wrong with the ``resources`` of a pod with these containers, beside those that only begin it."""
    if not field:
        return
    if field["claims"]:
        field["claims"].forbidden("claims may not be set for Resources at pod-level")
    for part in ("limits", "requests"):
        for name, each in field[part].entries():
            if amounts.check_name(each, name) and name not in _FOR_PODS and not name.startswith(_HUGE):
                each.unsupported((*_FOR_PODS, _HUGE))
            amounts.check_amount(each, name)
    _check_together(field)
    _check_beside(field, containers)


def _check_beside(field: Field, containers: Iterable[Field]) -> None:
    """Hold what a pod has against what its containers have: each within the limits, all within the requests."""
    limits, requests = _rounded(field["limits"]), _rounded(field["requests"])
    together: dict[str, Decimal] = {}
    for each in containers:
        for name, limit in _rounded(each["resources"]["limits"]).items():
            if name in limits and limit > limits[name]:
                each["resources"]["limits"][name].invalid("must be less than or equal to pod limits")
        for name, request in _rounded(each["resources"]["requests"]).items():
            together[name] = together.get(name, Decimal(0)) + request
    for name, request in requests.items():
        if together.get(name, Decimal(0)) > request:
            field["requests"][name].invalid("must be greater than or equal to aggregate container requests")


def _check_together(field: Field) -> None:
    limits, requests = amounts.quantities(field["limits"]), amounts.quantities(field["requests"])
    asked = set(limits)
    for name, request in requests.items():
        asked.add(name)
        shared = amounts.may_overcommit(name)
        if name in limits:
            _check_against_limit(field, name, request, limits[name], shared=shared)
        elif not shared:
            field["limits"].required("Limit must be set for non overcommitable resources")
    if any(name.startswith(_HUGE) for name in asked) and not asked & _FOR_PODS:
        field.forbidden("HugePages require cpu or memory")


def _check_against_limit(field: Field, name: str, request: Field, limit: Field, *, shared: bool) -> None:
    most, asked = rounded(limit.value), rounded(request.value)
    if most is None or asked is None:
        return
    if asked != most and not shared:
        field["requests"].invalid(f"must be equal to {name} limit of {limit.value}")
    elif asked > most:
        field["requests"].invalid(f"must be less than or equal to {name} limit of {limit.value}")


def _check_claims(field: Field, known: AbstractSet[str]) -> None:
    """Add what is wrong with references to the claims of the pod; one to a whole claim excludes those to its parts."""
    seen: set[tuple[str, str]] = set()
    for each in field.items():
        name, request = each["name"].text, each["request"].text
        if not name:
            each.required()
            continue
        whole = (name, "") in seen
        if whole or (name, request) in seen or (not request and any(name == other for other, _ in seen)):
            each.duplicate()
        if request and not whole and (complaint := names.dns_label(request)):
            each["request"].invalid(complaint)
        seen.add((name, request))
        if name not in known:
            each.fault(Reason.INVALID, f'Not found: "{name}": must be one of the names in pod.spec.resourceClaims')
