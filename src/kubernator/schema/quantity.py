"""Amounts such as ``500m`` or ``1Gi``, as the API server reads them.

Source: ``ParseQuantity`` of k8s.io/apimachinery, package ``api/resource``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
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
#: So many texts are read once: those of a tree are the same again and again.
_REMEMBERED: Final = 1024


def is_quantity(value: Any) -> bool:
    """Say whether the server takes a value for a quantity: a number, or text of that form with blanks around it."""
    if isinstance(value, str):
        return _parts(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def amount(value: Any) -> Decimal | None:
    """Return how much a quantity is; None for what is none."""
    if isinstance(value, str):
        return _read(value)
    # Python writes some floats in its own way, such as infinity
    return _read(str(value)) if is_quantity(value) else None


@lru_cache(maxsize=_REMEMBERED)
def _parts(text: str) -> tuple[str, str | None, str | None] | None:
    """Return the number, the exponent and the suffix of a quantity; None for what is none."""
    found = _FORM.fullmatch(text.strip(" \t\n\r\v\f"))
    return None if found is None else (found[1], found[2], found[3])


@lru_cache(maxsize=_REMEMBERED)
def _read(text: str) -> Decimal | None:
    parts = _parts(text)
    if parts is None:
        return None
    number, exponent, suffix = parts
    if exponent:
        power = max(-_LARGEST_EXPONENT, min(_LARGEST_EXPONENT, int(exponent[1:])))
        return Decimal(number).scaleb(power)
    return Decimal(number) * _SUFFIXES.get(suffix or "", Decimal(1))
