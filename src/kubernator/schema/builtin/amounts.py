"""Names of resources such as ``cpu``, and how much of them there may be.

Source: k8s.io/kubernetes, packages ``pkg/apis/core/validation`` and ``pkg/apis/core/helper``, of Kubernetes 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin.rounding import rounded
from kubernator.schema.quantity import amount

if TYPE_CHECKING:
    from decimal import Decimal

    from kubernator.schema.builtin.field import Field

__all__ = [
    "QUOTA_NAMES",
    "check_amount",
    "check_container_limits",
    "check_container_name",
    "check_name",
    "check_positive",
    "check_quota_name",
    "is_extended",
    "is_quota_name",
    "may_overcommit",
    "quantities",
]

_COMPUTE: Final = ("cpu", "memory", "ephemeral-storage")
_COUNTS: Final = frozenset(
    {
        *("pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps"),
        *("persistentvolumeclaims", "services.nodeports", "services.loadbalancers"),
    }
)
#: Names that a quota knows without being told what they mean.
QUOTA_NAMES: Final = frozenset(
    {
        *_COUNTS,
        *_COMPUTE,
        *(f"{part}.{name}" for part in ("requests", "limits") for name in _COMPUTE),
        "requests.storage",
    }
)
_STANDARD: Final = QUOTA_NAMES | {"storage"}
_HUGE: Final = "hugepages-"
_NOT_WHOLE: Final = "must be an integer"


def is_native(name: str) -> bool:
    """Say whether a resource is Kubernetes' own."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    """Say whether a resource is one that somebody added, which is counted in whole numbers."""
    return not is_native(name) and not name.startswith("requests.") and not names.qualified_name(f"requests.{name}")


def may_overcommit(name: str) -> bool:
    """Say whether more of a resource may be promised than there is."""
    return is_native(name) and not name.startswith(_HUGE)


def is_quota_name(name: str) -> bool:
    """Say whether a quota knows a name without a domain."""
    return name in QUOTA_NAMES or name.startswith((_HUGE, f"requests.{_HUGE}"))


def quantities(field: Field) -> dict[str, Field]:
    """Return the entries of a map of quantities, in which null counts as 0."""
    return {name: each or each.instead("0") for name, each in field.entries()}


def check_name(field: Field, name: str) -> bool:
    """Say so if a key is no name of a resource; tell whether it is one."""
    complaint = names.qualified_name(name)
    if not complaint and "/" not in name and not (name in _STANDARD or is_quota_name(name)):
        complaint = "must be a standard resource type or fully qualified"
    field.complain(complaint)
    return not complaint


def check_container_name(field: Field, name: str) -> None:
    """Say so if a key is no name of a resource that a container may ask for."""
    if not check_name(field, name):
        return
    if "/" not in name:
        if name not in _COMPUTE and not name.startswith(_HUGE):
            field.invalid("must be a standard resource for containers")
    elif not is_native(name) and not is_extended(name):
        field.invalid("doesn't follow extended resource name standard")


def check_quota_name(field: Field, name: str) -> None:
    """Say so if a key is no name of a resource that there can be a quota of."""
    if check_name(field, name) and "/" not in name and not is_quota_name(name):
        field.invalid("must be a standard resource for quota")


def check_amount(field: Field, name: str) -> None:
    """Say so if there cannot be so much of a resource."""
    found = rounded(field.value)
    if found is None:
        return
    if found < 0:
        field.invalid("must be greater than or equal to 0")
    if (name in _COUNTS or is_extended(name)) and found != found.to_integral_value():
        field.invalid(_NOT_WHOLE)


def check_positive(field: Field, message: str = "must be greater than zero") -> None:
    """Say so if an amount, if it is there, is not more than nothing."""
    found = amount(field.value)
    if found is not None and found <= 0:
        field.invalid(message)


def check_container_limits(field: Field) -> None:
    """Add what is wrong with a map of resources that a container asks for or is limited to."""
    for name, each in field.entries():
        check_container_name(each, name)
        check_amount(each, name)
        if name.startswith(_HUGE):
            _check_pages(each, name.removeprefix(_HUGE))


def _check_pages(field: Field, size: str) -> None:
    found, page = rounded(field.value), rounded(size)
    if found is None or page is None or page <= 0 or page != page.to_integral_value():
        return
    if _whole(found) % _whole(page):
        field.invalid(f"{field.value} is not positive integer multiple of {_HUGE}{size}")


def _whole(found: Decimal) -> int:
    """Round up, as the server does where it wants a whole number."""
    return int(found.to_integral_value(rounding="ROUND_CEILING"))
