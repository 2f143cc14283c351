"""What is wrong with the rules of a definition: text that does not compile, and what could cost too much.

Source: ``apis/apiextensions/validation`` of k8s.io/apiextensions-apiserver 0.37.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.cel import fieldpath
from kubernator.schema.cel.cost import estimated
from kubernator.schema.cel.declared import LARGEST_REQUEST
from kubernator.schema.cel.program import NEWEST
from kubernator.schema.cel.rules import Ruled, ruled
from kubernator.schema.cel.sizes import UNKNOWN
from kubernator.schema.fault import Fault, Reason, api_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.sourcemap import Path
    from kubernator.schema.cel.rules import Rule
    from kubernator.schema.node import Node

__all__ = ["EXPRESSION_LIMIT", "check_schema", "over_budget"]

#: What one rule, and all of a definition, may be estimated to cost.
EXPRESSION_LIMIT: Final = 10_000_000
_DEFINITION_LIMIT: Final = 100_000_000
_BREAKS: Final = re.compile(r"[\n\r]")
_REASONS: Final = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_MOST_NAMED: Final = 4
_ADVICE: Final = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are "
    "declared)"
)


def check_schema(node: Node, *, minor: int = NEWEST) -> list[Fault]:
    """Return what is wrong with the rules of the schema of a whole resource; paths begin at the schema.

    ``minor`` is the version of Kubernetes, ``37`` for 1.37, which decides what functions there are for new rules.
    """
    # a new rule may use what the version before knows as well
    found = ruled(node, minor=minor)
    if found is None:
        return []
    check = _Check()
    check.schema(found, (), cardinality=1, uncorrelatable=None)
    check.total()
    return check.faults


def over_budget(what: str, cost: int, limit: int) -> str:
    """Return how the server says that a cost is too high."""
    factor = cost / limit
    # a factor of more than 100 is not worth a number
    written = "more than 100x" if factor > 100 else f"{factor:.6f}x" if factor < 1.5 else f"{factor:.1f}x"  # noqa: PLR2004
    return f"Forbidden: {what} exceeds budget by factor of {written} {_ADVICE}"


class _Check:
    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.costs: list[tuple[int, Path]] = []

    def schema(self, schema: Ruled, path: Path, *, cardinality: int | None, uncorrelatable: Path | None) -> None:
        """Check a schema and those below; ``cardinality`` is how often a value can be there, None without a bound."""
        node = schema.node
        for index, rule in enumerate(schema.rules):
            place = (*path, "x-kubernetes-validations", index)
            texts = list(_text_faults(rule.written, node, place))
            self.faults += texts
            if not texts:
                self.rule(rule, schema, place, cardinality, uncorrelatable)
        below = None if cardinality is None else _multiplied(cardinality, _most_elements(node))
        for name, child in schema.properties.items():
            self.schema(child, (*path, "properties", name), cardinality=below, uncorrelatable=uncorrelatable)
        if schema.additional is not None:
            place = (*path, "additionalProperties")
            self.schema(schema.additional, place, cardinality=below, uncorrelatable=uncorrelatable)
        if schema.items is not None:
            here = path if node.list_type != "map" and uncorrelatable is None else uncorrelatable
            self.schema(schema.items, (*path, "items"), cardinality=below, uncorrelatable=here)

    def rule(
        self, rule: Rule, schema: Ruled, place: Path, cardinality: int | None, uncorrelatable: Path | None
    ) -> None:
        if rule.program is None:
            if rule.refusal:
                self.invalid((*place, "rule"), rule.refusal)
            return
        kind = schema.type
        assert kind is not None  # noqa: S101 - a rule is compiled for a type
        times = LARGEST_REQUEST // (kind.least + 1) if cardinality is None else cardinality
        self.spend((*place, "rule"), "estimated rule cost", min(estimated(rule.program.tree, kind) * times, UNKNOWN))
        if rule.message_refusal:
            self.invalid((*place, "messageExpression"), rule.message_refusal)
        elif rule.message is not None:
            cost = estimated(rule.message.tree, kind)
            self.spend((*place, "messageExpression"), "estimated messageExpression cost", cost)
        if "oldSelf" not in rule.program.uses:
            if rule.written.get("optionalOldSelf") is not None:
                self.invalid((*place, "optionalOldSelf"), "may not be set if oldSelf is not used in rule")
        elif uncorrelatable is not None:
            where = api_path(uncorrelatable)
            self.invalid(
                (*place, "rule"), f"oldSelf cannot be used on the uncorrelatable portion of the schema within {where}"
            )

    def spend(self, place: Path, what: str, cost: int) -> None:
        self.costs.append((cost, place))
        if cost > EXPRESSION_LIMIT:
            self.faults.append(Fault(place, Reason.FORBIDDEN, over_budget(what, cost, EXPRESSION_LIMIT)))

    def total(self) -> None:
        """Check what all rules may cost together."""
        cost = min(sum(each for each, _ in self.costs), UNKNOWN)
        if cost <= _DEFINITION_LIMIT:
            return
        expensive = sorted(
            (each for each in self.costs if each[0] >= _DEFINITION_LIMIT // 100), key=lambda one: -one[0]
        )
        for _, place in expensive[:_MOST_NAMED]:
            message = (
                "Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
            )
            self.faults.append(Fault(place, Reason.FORBIDDEN, message))
        what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
        self.faults.append(Fault((), Reason.FORBIDDEN, over_budget(what, cost, _DEFINITION_LIMIT)))

    def invalid(self, place: Path, message: str) -> None:
        self.faults.append(Fault(place, Reason.INVALID, f"Invalid value: {message}"))


def _most_elements(node: Node) -> int | None:
    """Return how many values a schema lets be right below one value, None without a bound."""
    match node.types:
        case ("array",):
            return None if node.max_items is None else max(node.max_items, 0)
        case ("object",) if node.additional is not None:
            return None if node.max_properties is None else max(node.max_properties, 0)
        case _:
            return 1


def _multiplied(one: int, other: int | None) -> int | None:
    return None if other is None else min(one * other, UNKNOWN)


def _text_faults(  # noqa: C901 - one field after the other
    rule: Mapping[str, Any], node: Node, place: Path
) -> Iterator[Fault]:
    """Yield what is wrong with what a rule says besides its expressions."""

    def written(key: str) -> str:
        found = rule.get(key)
        return found if isinstance(found, str) else ""

    text, message = written("rule"), written("message")
    if not text.strip():
        yield Fault((*place, "rule"), Reason.REQUIRED, "Required value: rule is not specified")
    elif message and not message.strip():
        yield Fault((*place, "message"), Reason.INVALID, "Invalid value: must be non-empty if specified")
    elif _BREAKS.search(message.strip()):
        yield Fault((*place, "message"), Reason.INVALID, "Invalid value: must not contain line breaks")
    elif _BREAKS.search(text.strip()) and not message.strip():
        what = "Required value: message must be specified if rule contains line breaks"
        yield Fault((*place, "message"), Reason.REQUIRED, what)
    if written("messageExpression") and not written("messageExpression").strip():
        what = "Required value: messageExpression must be non-empty if specified"
        yield Fault((*place, "messageExpression"), Reason.REQUIRED, what)
    reason = rule.get("reason")
    if reason is not None and reason not in _REASONS:
        supported = ", ".join(f'"{each}"' for each in _REASONS)
        yield Fault((*place, "reason"), Reason.UNSUPPORTED, f"Unsupported value: supported values: {supported}")
    path = written("fieldPath")
    if path and not path.strip():
        yield Fault((*place, "fieldPath"), Reason.INVALID, "Invalid value: must be non-empty if specified")
    if _BREAKS.search(path):
        yield Fault((*place, "fieldPath"), Reason.INVALID, "Invalid value: must not contain line breaks")
    if path:
        try:
            fieldpath.steps(path, node)
        except fieldpath.NotAPath:
            yield Fault((*place, "fieldPath"), Reason.INVALID, "Invalid value: must be a valid path")
