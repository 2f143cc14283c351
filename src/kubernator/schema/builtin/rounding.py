"""Amounts of resources as the API server keeps them."""

from __future__ import annotations

from decimal import ROUND_UP, Context, Decimal, InvalidOperation
from typing import Final

from kubernator.schema.quantity import amount

__all__ = ["rounded"]

_THOUSANDTH: Final = Decimal("0.001")
_PRECISE: Final = Context(prec=60)
#: Beyond this the server no longer counts exactly.
_LARGEST: Final = Decimal(9) * 10**15


def rounded(value: object) -> Decimal | None:
    """Return an amount as the server keeps it, up to the next thousandth; None if it is none or too large to tell."""
    found = amount(value)
    if found is None or abs(found) > _LARGEST:
        return None
    try:
        return found.quantize(_THOUSANDTH, ROUND_UP, _PRECISE)
    except InvalidOperation:  # it has more digits than anybody means
        return None
