"""Rules of schemas (``x-kubernetes-validations``): compiled with a definition, evaluated for its resources.

Source: ``apiserver/schema/cel`` and ``apis/apiextensions/validation`` of k8s.io/apiextensions-apiserver 0.37.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.diagnostics import Severity
from kubernator.schema.cel import fieldpath
from kubernator.schema.cel.closures import CALL_LIMIT, Meter
from kubernator.schema.cel.declared import declared, escaped
from kubernator.schema.cel.failures import Exceeded, Failed, NotCompiled, Undecided
from kubernator.schema.cel.program import compiled, must_be
from kubernator.schema.cel.typesystem import BOOL, STRING, optional_of
from kubernator.schema.cel.values import Maybe
from kubernator.schema.fault import Fault, Key, Reason
from kubernator.schema.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.sourcemap import Path
    from kubernator.schema.cel.program import Program
    from kubernator.schema.cel.typesystem import Type

__all__ = ["BUDGET", "Rule", "Ruled", "check_rules", "message_of", "ruled"]

#: What all rules may cost for one resource.
BUDGET: Final = 10 * CALL_LIMIT
_LONGEST_MESSAGE: Final = 5 * 1024
#: Rules that a server keeps may use all that it knows, however new.
_ANY_MINOR: Final = 999
_REASONS: Final = {
    "FieldValueForbidden": (Reason.FORBIDDEN, "Forbidden"),
    "FieldValueRequired": (Reason.REQUIRED, "Required value"),
    "FieldValueDuplicate": (Reason.DUPLICATE, "Duplicate value"),
}
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and what it was compiled to.

    ``refusal`` says why it was not, ``message_refusal`` the same of its ``messageExpression``; ``path`` is where a
    fault of it is, from the value on.
    """

    written: Mapping[str, Any]
    program: Program | None
    message: Program | None
    refusal: str = ""
    message_refusal: str = ""
    path: Path = ()

    @property
    def is_optional(self) -> bool:
        """Say whether ``oldSelf`` may be missing."""
        return self.written.get("optionalOldSelf") is True

    @property
    def name(self) -> str:
        """Return how errors call the rule: its message, or else itself."""
        return str(self.written.get("message") or self.written.get("rule") or "").strip()


@dataclass(frozen=True, slots=True)
class Ruled:
    """A schema with its rules, and the schemas below it that have some below them."""

    node: Node
    type: Type | None
    rules: tuple[Rule, ...]
    properties: Mapping[str, Ruled] = field(default_factory=dict)
    items: Ruled | None = None
    additional: Ruled | None = None


@lru_cache(maxsize=512)
def ruled(node: Node, *, minor: int = _ANY_MINOR) -> Ruled | None:
    """Return the rules of the schema of a whole resource, None if it has none."""
    if node.int_or_string or not _has_rules(node):  # a number has no fields, so no rules are looked for below
        return None
    return _ruled(node, declared(node, name=f"selfType{next(_NUMBERS)}", root=True), minor)


def _has_rules(node: Node) -> bool:
    # built-in kinds have none, and some of them are in themselves
    return not node.builtin and (bool(node.rules) or any(map(_has_rules, _children(node))))


def _children(node: Node) -> Iterator[Node]:
    yield from node.properties.values()
    if node.items is not None:
        yield node.items
    if isinstance(node.additional, Node):
        yield node.additional


def _ruled(node: Node, kind: Type | None, minor: int) -> Ruled | None:
    rules = tuple(_rule(written, node, kind, minor) for written in node.rules)
    element = kind.parameters[-1] if kind is not None and kind.kind in {"list", "map"} else None
    items = None if node.items is None else _ruled(node.items, element, minor)
    additional = _ruled(node.additional, element, minor) if isinstance(node.additional, Node) else None
    properties: dict[str, Ruled] = {}
    for name, child in node.properties.items():
        found = _ruled(child, _field_type(kind, name, child), minor)
        if found is not None:
            properties[name] = found
    if not rules and items is None and additional is None and not properties:
        return None
    return Ruled(node, kind, rules, properties, items, additional)


def _field_type(kind: Type | None, name: str, node: Node) -> Type | None:
    """Return the type of a field; one that expressions can't name is seen by its own rules only."""
    known = escaped(name)
    if not known or kind is None:
        return declared(node, name=f"selfType{next(_NUMBERS)}", root=node.embedded) if node.rules else None
    found = kind.fields.get(known)
    return None if found is None else found.type


def _rule(written: Mapping[str, Any], node: Node, kind: Type | None, minor: int) -> Rule:
    text = written.get("rule")
    if not isinstance(text, str) or not text.strip():
        return Rule(written, None, None, refusal="rule is not specified")
    if kind is None:
        return Rule(written, None, None, refusal="failed to convert to declType for CEL validation rules")
    old = optional_of(kind) if written.get("optionalOldSelf") is True else kind
    variables = {"self": kind, "oldSelf": old}
    try:
        program = must_be(compiled(text, variables, minor=minor), BOOL)
    except Undecided:
        return Rule(written, None, None)
    except NotCompiled as error:
        bare = str(error).endswith("must evaluate to a bool")
        return Rule(written, None, None, refusal=error.message if bare else f"compilation failed: {error}")
    message, refusal = _message(written.get("messageExpression"), variables, minor)
    path: Path = ()
    if isinstance(written.get("fieldPath"), str):
        try:
            path = fieldpath.steps(written["fieldPath"], node)
        except fieldpath.NotAPath:
            path = ()  # of which the check of the definition speaks
    return Rule(written, program, message, message_refusal=refusal, path=path)


def _message(text: Any, variables: Mapping[str, Type], minor: int) -> tuple[Program | None, str]:
    if not isinstance(text, str) or not text:
        return None, ""
    try:
        return must_be(compiled(text, variables, minor=minor), STRING), ""
    except Undecided:
        return None, ""
    except NotCompiled as error:
        if error.message.startswith("must evaluate"):
            return None, f"messageExpression {error.message}"
        return None, f"messageExpression compilation failed: {error}"


def check_rules(manifest: Any, node: Node, old: Any = None) -> list[Fault]:
    """Return what the rules of a schema find wrong with a resource, whose structure was found right before.

    ``old`` is the resource as it is in the cluster, for rules about changes. What only the server can decide is a
    warning of reason ``undecided``.
    """
    found = ruled(node)
    if found is None:
        return []
    check = _Check()
    check.value(found, manifest, old, (), unchanged=old is not None and manifest == old)
    return check.faults


class _Check:
    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.least = 0
        self.most = 0
        self.over = False

    def stopped(self) -> bool:
        """Say whether rules cost so much that no more are evaluated."""
        return self.over

    def value(self, schema: Ruled, value: Any, old: Any, path: Path, *, unchanged: bool) -> None:
        """Check a value and all below it; ``old`` is what it was, if that can be told."""
        if value is None:
            return
        for rule in schema.rules:
            if self.stopped():
                return
            self.rule(rule, schema, value, old, path, unchanged=unchanged)
        if isinstance(value, dict):
            before = old if isinstance(old, dict) else {}
            for key, each in value.items():
                below = schema.additional or schema.properties.get(key)
                if below is not None:
                    was = before.get(key)
                    same = unchanged or (was is not None and was == each)
                    step = key if schema.additional is None else Key(key)
                    self.value(below, each, was, (*path, step), unchanged=same)
        elif isinstance(value, list) and schema.items is not None:
            before_items = _by_key(schema.node, old)
            for index, each in enumerate(value):
                was = before_items.get(_key(schema.node, each)) if before_items else None
                same = unchanged or (was is not None and was == each)
                self.value(schema.items, each, was, (*path, index), unchanged=same)

    def rule(self, rule: Rule, schema: Ruled, value: Any, old: Any, path: Path, *, unchanged: bool) -> None:
        program = rule.program
        if program is None:
            self.undecided(path, rule.refusal or "a rule that is not evaluated here", rule)
            return
        if "oldSelf" in program.uses and old is None and not rule.is_optional:
            return
        values = {"self": value, "oldSelf": _old(schema, old) if rule.is_optional else old}
        meter = Meter()
        try:
            holds = program.evaluate(values, meter)
        except Undecided as error:
            self.undecided(path, str(error), rule)
            return
        except Exceeded as error:
            self.over = True
            self.fault(
                path,
                f"Invalid value: '{error}': no further validation rules will be run due to call cost exceeds limit for "
                f"rule: {rule.name}",
            )
            return
        except Failed as error:
            self.failed(path, str(error), rule)
            return
        finally:
            self.spend(path, meter)
        if holds is True or self.over:
            return
        message = message_of(rule.message, values) or str(rule.written.get("message") or "").strip()
        message = message or f"failed rule: {rule.name}"
        reason, prefix = _REASONS.get(str(rule.written.get("reason")), (Reason.INVALID, "Invalid value"))
        # what an update leaves as it was is only warned about, unless the rule is about changes
        lenient = unchanged and "oldSelf" not in program.uses
        severity = Severity.WARNING if lenient else Severity.ERROR
        self.faults.append(Fault((*path, *rule.path), reason, f"{prefix}: {message}", severity))

    def failed(self, path: Path, error: str, rule: Rule) -> None:
        if error.startswith("no such overload"):
            what = (
                f"'{error}': call arguments did not match a supported operator, function or macro signature for "
                f"rule: {rule.name}"
            )
        else:
            what = f"{error} evaluating rule: {rule.name}"
        self.fault(path, f"Invalid value: {what}")

    def spend(self, path: Path, meter: Meter) -> None:
        """Count what a rule cost, and stop where the server surely would."""
        self.least += meter.least
        self.most += meter.most
        if self.over:
            return
        if self.least > BUDGET:
            self.over = True
            self.fault(
                path,
                "Invalid value: validation failed due to running out of cost budget, no further validation rules will "
                "be run",
            )
        elif self.most > BUDGET:
            self.over = True
            message = "left to the server: only it knows whether the rules cost too much"
            self.faults.append(Fault(path, Reason.UNDECIDED, message, Severity.WARNING))

    def undecided(self, path: Path, what: str, rule: Rule) -> None:
        message = f"left to the server: {what}, in the rule: {rule.name}"
        self.faults.append(Fault(path, Reason.UNDECIDED, message, Severity.WARNING))

    def fault(self, path: Path, message: str) -> None:
        self.faults.append(Fault(path, Reason.INVALID, message))


def _old(schema: Ruled, old: Any) -> Maybe:
    if old is None:
        return Maybe()
    convert = schema.type.convert if schema.type is not None else None
    try:
        return Maybe((old if convert is None else convert(old),))
    except (Failed, TypeError, AttributeError, ValueError):
        return Maybe((old,))  # as it was, the server would not have taken it


def _key(node: Node, item: Any) -> tuple[Any, ...] | None:
    if not isinstance(item, dict):
        return None
    found = tuple(item.get(key) for key in node.list_map_keys)
    return found if all(isinstance(each, str | int | float | None) for each in found) else None


def _by_key(node: Node, old: Any) -> dict[Any, Any]:
    """Return the items of a list of the type ``map``; those of other lists can't be told from each other."""
    if node.list_type != "map" or not isinstance(old, list):
        return {}
    return {key: item for item in old if (key := _key(node, item)) is not None}


def message_of(program: Program | None, values: Mapping[str, Any]) -> str:
    """Return what a ``messageExpression`` says; nothing where the API server would not take it for a message."""
    if program is None:
        return ""
    try:
        found = program.evaluate(values)
    except Failed:
        return ""
    text = found.strip() if isinstance(found, str) else ""
    return "" if len(text.encode()) > _LONGEST_MESSAGE or "\n" in text else text
