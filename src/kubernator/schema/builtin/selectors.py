"""Whether a selector of labels selects the template that stands next to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator.schema import matching
from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["check_selects", "is_empty"]


def is_empty(selector: Field) -> bool:
    """Say whether a selector selects everything."""
    return not selector["matchLabels"].size and not selector["matchExpressions"].size


def check_selects(selector: Field, labels: Field) -> None:
    """Say so if a selector, itself right, does not select labels."""
    wanted = {
        "matchLabels": {key: each.text for key, each in selector["matchLabels"].entries()},
        "matchExpressions": [
            {"key": each["key"].text, "operator": each["operator"].text, "values": parts.texts(each["values"])}
            for each in selector["matchExpressions"].items()
        ],
    }
    if not matching.selects(wanted, {key: each.text for key, each in labels.entries()}):
        labels.invalid("`selector` does not match template `labels`")
