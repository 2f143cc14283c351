"""Why what we and kubectl leave may differ after all, each reason checked as narrowly as it can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import twins

from kubernator.model.outcome import OutcomeKind
from kubernator.planning import managed

if TYPE_CHECKING:
    from rounds import Case


def excuse(case: Case, one: Any, other: Any) -> str:
    """Return why twins may differ, or nothing; each reason is checked as narrowly as it can be told."""
    if one is None or other is None:
        return ""
    contents = [{**each, "metadata": {**each["metadata"], "managedFields": None}} for each in (one, other)]
    apart = list(twins.differences(*contents))
    if apart:
        return _stuck(one, other, apart)
    if case.outcome is not None and case.outcome.kind is OutcomeKind.FAILED and case.change and case.change.take_over:
        return "taken over, then refused at the write"
    leaves = [
        {
            (entry["manager"], *elements)
            for entry in each["metadata"]["managedFields"]
            for elements in managed.leaves(entry.get("fieldsV1", {}))
        }
        for each in (one, other)
    ]
    moved = leaves[0] ^ leaves[1]
    if moved and all(managed.locate(one, elements) is None for _, *elements in moved):
        return "what is empty and not stored stays with who says it"
    return ""


def noted(found: dict[str, Any] | None) -> bool:
    """Say whether the server has an update of ours, which only hand-overs and edits by our name leave."""
    return found is not None and any(
        (entry["manager"], entry["operation"], entry.get("subresource")) == (twins.MANAGER, "Update", None)
        for entry in found["metadata"]["managedFields"]
    )


def _stuck(one: Any, other: Any, apart: list[str]) -> str:
    """Return which of kubectl's own take-overs did not come to its end, or nothing."""
    if noted(other) and not noted(one) and all(text.startswith(".spec.metrics") for text in apart):
        return "kubectl keeps metrics that it drops in a take-over"
    own = managed.own_entry(other, twins.MANAGER) or {}
    kept = managed.holds(own.get("fieldsV1", {}), ("f:metadata", "f:annotations", f"f:{twins.LAST_APPLIED}"))
    if kept and all(text.startswith(".metadata.annotations") and "| absent" not in text for text in apart):
        return "kubectl was refused what goes in a take-over"
    return ""
