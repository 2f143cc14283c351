"""Amounts such as ``500m`` or ``1Gi``, as the API server reads them.

Source: ``ParseQuantity`` of k8s.io/apimachinery, package ``api/resource``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

__all__ = ["MESSAGE", "amount", "is_quantity"]

#: What the server says about what is none.
MESSAGE: Final = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"  # as it says it
)
_FORM: Final = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:([eE][+-]?[0-9]+)|([numkMGTPE]|[KMGTPE]i)?)", re.ASCII
)
_SUFFIXES: Final = {
    **{
        letter: Decimal(10) ** power
        for letter, power in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)
    },
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)},
}
#: Beyond this the server caps what it reads, so the size does not matter.
_LARGEST_EXPONENT: Final = 1000


def is_quantity(value: Any) -> bool:
    """Say whether the server takes a value for a quantity: a number, or text of that form with blanks around it."""
    if isinstance(value, str):
        return _FORM.fullmatch(value.strip(" \t\n\r\v\f")) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def amount(value: Any) -> Decimal | None:
    """Return how much a quantity is; None for what is none."""
    if not is_quantity(value):
        return None
    found = _FORM.fullmatch(str(value).strip(" \t\n\r\v\f"))
    if found is None:  # a float that Python writes in its own way, such as infinity
        return None
    number, exponent, suffix = found.groups()
    if exponent:
        power = max(-_LARGEST_EXPONENT, min(_LARGEST_EXPONENT, int(exponent[1:])))
        return Decimal(number).scaleb(power)
    return Decimal(number) * _SUFFIXES.get(suffix or "", Decimal(1))
