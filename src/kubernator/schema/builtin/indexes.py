"""Which of the indexes of a job must succeed.

Source: ``validateSuccessPolicy`` and ``validateIndexesFormat`` of Kubernetes' package ``batch/validation``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["check_success"]

_MOST_RULES: Final = 20
_LONGEST: Final = 64 * 1024
_NUMBER: Final = "[-+]?[0-9]+"


def check_success(field: Field, completions: int | None) -> None:
    """Add what is wrong with a policy of success of a job with so many completions, None if that is not known."""
    rules = field["rules"]
    if not rules.size:
        rules.required("at least one rules must be specified when the successPolicy is specified")
    parts.too_many(rules, _MOST_RULES)
    for rule in rules.items():
        count, told = rule["succeededCount"], rule["succeededIndexes"]
        if not count and not told:
            rule.required("at least one of succeededCount or succeededIndexes must be specified")
        parts.check_signed(count)
        if completions is None:
            continue
        if (count.number or 0) > completions:
            count.invalid(f"must be less than or equal to {completions} (the number of specified completions)")
        if told:
            _check_indexes(told, count, completions)


def _check_indexes(field: Field, count: Field, completions: int) -> None:
    parts.check_length(field, _LONGEST)
    found = _total(field.text, completions)
    if isinstance(found, str):
        field.invalid(f"error parsing succeededIndexes: {found}")
    elif (count.number or 0) > found:
        count.invalid(
            f"must be less than or equal to {found} (the number of indexes in the specified succeededIndexes field)"
        )


def _total(text: str, completions: int) -> int | str:
    """Return how many indexes a text such as ``0,2-4`` names, or what is wrong with it."""
    total = 0
    last = -1
    for part in text.split(",") if text else ():
        ends = part.split("-")
        if len(ends) > 2:  # noqa: PLR2004 - it is a range
            return (
                f'the fragment "{part}" violates the requirement that an index interval can have at most two parts '
                "separated by '-'"
            )
        if not all(re.fullmatch(_NUMBER, each) for each in ends):
            return f'cannot convert string to integer for index: "{part}"'
        first, end = int(ends[0]), int(ends[-1])
        if max(first, end) >= completions:
            return f'too large index: "{part}"'
        if len(ends) > 1 and first >= end:
            return f"non-increasing order, previous: {first}, current: {end}"
        if last >= first:
            return f"non-increasing order, previous: {last}, current: {first}"
        total += end - first + 1
        last = end
    return total
