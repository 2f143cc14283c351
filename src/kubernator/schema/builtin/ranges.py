"""Numbers of users, modes of files and shares of many, as fields of pods and workloads have them.

Source: k8s.io/apimachinery, package ``util/validation``, and ``core/validation`` and ``apps/validation`` of Kubernetes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["LARGEST", "amount_or_share", "check_id", "check_mode", "check_positive", "check_within"]

#: The largest number that Go's 32 bits hold.
LARGEST: Final = 2**31 - 1
_LARGEST_MODE: Final = 0o777
_SHARE: Final = re.compile("[0-9]+%", re.ASCII)
_WHOLE: Final = 100


def check_positive(field: Field) -> None:
    """Say so if a number, if it is there, is not above 0."""
    if field.number is not None and field.number <= 0:
        field.invalid("must be greater than zero")


def check_within(field: Field, least: int, most: int) -> None:
    """Say so if a number, if it is there, is out of a range that includes both ends."""
    if field.number is not None and not least <= field.number <= most:
        field.invalid(f"must be between {least} and {most}, inclusive")


def check_id(field: Field) -> None:
    """Say so if a number, if it is there, cannot be that of a user or a group."""
    check_within(field, 0, LARGEST)


def check_mode(field: Field) -> None:
    """Say so if a number is no mode of a file, such as 0644 written without its leading zero."""
    if field.number is not None and not 0 <= field.number <= _LARGEST_MODE:
        field.invalid("must be a number between 0 and 0777 (octal), both inclusive")


def amount_or_share(field: Field, *, bounded: bool = False) -> int | None:
    """Return a number of things, or a share of them in percent; say so if it is neither.

    None is what cannot be told. A ``bounded`` share is at most all of them.
    """
    if not isinstance(field.value, str):
        parts.check_signed(field)
        return field.number
    if not _SHARE.fullmatch(field.value):
        field.invalid(
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex "
            "used for validation is '[0-9]+%')"
        )
        return None
    share = int(field.value[:-1])
    if bounded and share > _WHOLE:
        field.invalid("must not be greater than 100%")
    return share
