"""Fields that other field managers own: which they are, and what becomes of each. Pure.

A rule says ``take``, ``leave`` or ``refuse``. Of the rules that match a field and its manager the last one counts. A
field of several managers is refused when one of them is refused by a rule, else left when one is left.
"""

from __future__ import annotations

import copy
import fnmatch
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.model.change import FieldConflict
from kubernator.model.resource import ConflictRule
from kubernator.planning import fields, managed
from kubernator.planning.canonical import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kubernator.errors import ApiError
    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path
    from kubernator.planning import canonical
    from kubernator.planning.managed import Elements

__all__ = [
    "DECISIONS",
    "LEAVE",
    "REFUSE",
    "TAKE",
    "Decided",
    "Rules",
    "check_field",
    "is_idle",
    "parse",
    "read",
    "without",
    "without_idle",
]

TAKE: Final = "take"
LEAVE: Final = "leave"
REFUSE: Final = "refuse"
DECISIONS: Final = (TAKE, LEAVE, REFUSE)

_CONFLICT: Final = re.compile(
    r'conflict with "(?P<manager>(?:[^"\\]|\\.)*)"(?: with subresource "(?P<subresource>[^"]*)")?'
    r"(?: using (?P<version>\S+?))?(?: at (?P<time>\S+))?$"
)
#: Rules stand on lines of their own, or after a comma; a comma inside a pattern is not followed by a decision.
_RULE_ENDS: Final = re.compile(rf",\s*(?=(?:{'|'.join(DECISIONS)})(?:\s|,|$))")
_WORDS: Final = re.compile(r'"[^"]*"|\S+')


def check_field(pattern: str) -> None:
    """Raise ValueError for a pattern that is no regular expression, or that can match no field."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"`{pattern}` is no regular expression: {error}") from error
    if not pattern or re.match(r"\w", pattern):
        raise ValueError(f"`{pattern}` matches no field: a field begins with `/`, as in `/spec/replicas`")


def parse(text: str, *, place: str = "") -> tuple[ConflictRule, ...]:
    """Return the rules of an annotation: ``take|leave|refuse [FIELD] [from MANAGER …]``, a line or comma each.

    Raises ValueError, with the number of the line, for what is no rule.
    """
    found: list[ConflictRule] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for part in _RULE_ENDS.split(line.strip().rstrip(",")):
            words = _WORDS.findall(part)
            if not words:
                continue
            try:
                found.append(_rule([_unquoted(word) for word in words], place))
            except ValueError as wrong:
                raise ValueError(f"line {number}: {wrong}") from wrong
    if not found:
        raise ValueError("line 1: there is no rule in it")
    return tuple(found)


def _unquoted(word: str) -> str:
    if word.startswith('"') and (len(word) == 1 or not word.endswith('"')):
        raise ValueError(f"the quote of `{word}` is not closed")
    return word.strip('"')


def _rule(words: list[str], place: str) -> ConflictRule:
    decision, *rest = words
    if decision not in DECISIONS:
        raise ValueError(f"`{decision}` is no decision; it is one of {', '.join(f'`{one}`' for one in DECISIONS)}")
    at = rest.index("from") if "from" in rest else len(rest)
    patterns, managers = rest[:at], rest[at + 1 :]
    if len(patterns) > 1:
        raise ValueError(f"`{patterns[1]}` is one word too many; the form is `{decision} FIELD from MANAGER`")
    if at < len(rest) and not managers:
        raise ValueError("after `from` stands the name of a field manager")
    for pattern in patterns:
        check_field(pattern)
    return ConflictRule(decision=decision, fields=tuple(patterns), managers=tuple(managers), place=place)


def read(error: ApiError, live: Manifest) -> tuple[FieldConflict, ...]:
    """Read the causes of a field conflict; when the other manager wrote is looked up in the live object."""
    found = []
    for cause in error.causes:
        if cause.reason != "FieldManagerConflict":
            continue
        match = _CONFLICT.search(cause.message)
        manager = match["manager"].replace('\\"', '"').replace("\\\\", "\\") if match else cause.message
        operation = "Update" if match and match["version"] else "Apply"
        subresource = (match["subresource"] or "") if match else ""
        times = [
            str(entry["time"])
            for entry in managed.entries(live)
            if entry["manager"] == manager
            and entry.get("operation") == operation
            and (entry.get("subresource") or "") == subresource
            and entry.get("time")
        ]
        found.append(FieldConflict(field=cause.field, manager=manager, time=max(times, default="")))
    return tuple(found)


class Decided(NamedTuple):
    """What becomes of each conflict."""

    taken: tuple[FieldConflict, ...] = ()
    left: tuple[FieldConflict, ...] = ()
    refused: tuple[FieldConflict, ...] = ()

    def placed_in(self, wanted: Manifest) -> Decided:
        """Return the same, but refused what is to be left and is not in the manifest under the name that it has.

        The server names a field as it is called in the version in which the other manager applied it.
        """
        lost = [
            conflict
            for conflict in self.left
            if managed.lookup(wanted, fields.field_path(conflict.field, wanted)) is ABSENT
        ]
        if not lost:
            return self
        left = tuple(conflict for conflict in self.left if conflict not in lost)
        return self._replace(left=left, refused=(*self.refused, *(replace(conflict, rule="") for conflict in lost)))


class _Compiled(NamedTuple):
    rule: ConflictRule
    fields: fields.Patterns
    managers: re.Pattern[str] | None


class Rules:
    """The rules of one resource."""

    def __init__(self, rules: Sequence[ConflictRule]) -> None:
        self._rules = [
            _Compiled(
                rule,
                fields.Patterns(rule.fields),
                re.compile("|".join(map(fnmatch.translate, rule.managers))) if rule.managers else None,
            )
            for rule in reversed(rules)
        ]
        self.leaves = any(rule.decision == LEAVE for rule in rules)

    def of(self, manager: str, path: Path, root: Any) -> ConflictRule | None:
        """Return the rule for a field of ``root`` that a manager owns; None where nothing is said."""
        for found in self._rules:
            named = found.managers is None or found.managers.match(manager)
            if named and (not found.rule.fields or found.fields.match(path, root)):
                return found.rule
        return None

    def decide(self, found: Sequence[FieldConflict], live: Manifest, *, force: bool) -> Decided:
        """Decide about conflicts that the server names; ``force`` takes what no rule speaks of."""
        taken: list[FieldConflict] = []
        left: list[FieldConflict] = []
        refused: list[FieldConflict] = []
        for field in dict.fromkeys(conflict.field for conflict in found):
            group = [conflict for conflict in found if conflict.field == field]
            rules = [self.of(conflict.manager, _place(conflict, live), live) for conflict in group]
            said = [
                FieldConflict(field=one.field, manager=one.manager, time=one.time, rule=rule.place if rule else "")
                for one, rule in zip(group, rules, strict=True)
            ]
            match _together(rules):
                case "refuse":
                    refused += said
                case "leave":
                    left += said
                case _:
                    for conflict, rule in zip(said, rules, strict=True):
                        (taken if rule or force else refused).append(conflict)
        return Decided(tuple(taken), tuple(left), tuple(refused))

    def leave(
        self, wanted: Manifest, live: Manifest, *, others: Sequence[dict[str, Any]], values: canonical.Rules
    ) -> tuple[Manifest, tuple[FieldConflict, ...]]:
        """Take out of a manifest what is left to others, and say where they have another value.

        ``others`` are their entries of managedFields. A field that is left and has our value is not sent either: who
        owns it then changes it without asking us.
        """
        if not self.leaves:
            return wanted, ()
        gone: list[Elements] = []
        differ: list[FieldConflict] = []
        for elements, owners in _shared(wanted, others).items():
            place = managed.locate(live, elements)
            rules = [self.of(str(entry["manager"]), place or (), live) for entry in owners] if place else []
            if _together(rules) != LEAVE:
                continue
            gone.append(elements)
            here = managed.locate(wanted, elements)
            if here and place and not values.same(managed.lookup(wanted, here), managed.lookup(live, place), here):
                differ += [
                    FieldConflict(
                        field=managed.render(elements),
                        manager=str(entry["manager"]),
                        time=str(entry.get("time") or ""),
                        rule=rule.place if rule else "",
                    )
                    for entry, rule in zip(owners, rules, strict=True)
                ]
        return (without(wanted, gone) if gone else wanted), tuple(differ)


def is_idle(conflict: FieldConflict, wanted: Manifest, live: Manifest) -> bool:
    """Say whether a conflict is about nothing: an empty map or list that both say and the server does not keep."""
    path = fields.field_path(conflict.field, wanted)
    return managed.lookup(wanted, path) in ({}, []) and managed.lookup(live, path) in (ABSENT, {}, [])


def without_idle(wanted: Manifest, live: Manifest, others: Sequence[dict[str, Any]]) -> Manifest:
    """Return a manifest without the empty maps and lists of others that the server does not keep."""
    gone = [
        elements
        for elements in _shared(wanted, others)
        if managed.locate(live, elements) is None
        and managed.lookup(wanted, managed.locate(wanted, elements) or ()) in ({}, [])
    ]
    return without(wanted, gone) if gone else wanted


def without(wanted: Manifest, gone: Sequence[Elements]) -> Manifest:
    """Return a manifest without these fields; an item of which nothing but its name is left goes too."""
    result = copy.deepcopy(wanted)
    items: set[Elements] = set()
    for elements in gone:
        items |= {elements[:depth] for depth in range(1, len(elements) + 1) if elements[depth - 1].startswith("k:")}
        if elements[-1].startswith("k:") or _is_key(elements):
            continue
        if (path := managed.locate(result, elements)) is not None:
            fields.discard(result, path)
    for elements in sorted(items, key=len, reverse=True):
        path = managed.locate(result, elements)
        if path is not None and managed.lookup(result, path).keys() <= managed.keys_of(elements[-1]):
            fields.discard(result, path)
    return result


def _is_key(elements: Elements) -> bool:
    """Say whether a field is what tells its item apart, which goes with the item only."""
    return len(elements) > 1 and elements[-1].removeprefix("f:") in managed.keys_of(elements[-2])


def _shared(wanted: Manifest, others: Sequence[dict[str, Any]]) -> dict[Elements, list[dict[str, Any]]]:
    """Return the fields of a manifest that others own, with the entries of who does."""
    found: dict[Elements, list[dict[str, Any]]] = {}
    for entry in others:
        for elements in managed.leaves(entry["fieldsV1"]):
            if managed.locate(wanted, elements) is not None:
                found.setdefault(elements, []).append(entry)
    return found


def _together(rules: Sequence[ConflictRule | None]) -> str:
    decisions = {rule.decision for rule in rules if rule is not None}
    return next((one for one in (REFUSE, LEAVE) if one in decisions), "")


def _place(conflict: FieldConflict, live: Manifest) -> Path:
    """Return where in the live object a conflict's field is: by who owns it, since the server's words are ambiguous."""
    return next(_places(conflict, live), fields.field_path(conflict.field, live))


def _places(conflict: FieldConflict, live: Manifest) -> Iterator[Path]:
    for entry in managed.entries(live):
        if entry["manager"] != conflict.manager or not isinstance(entry.get("fieldsV1"), dict):
            continue
        for elements in managed.leaves(entry["fieldsV1"]):
            if managed.render(elements) == conflict.field and (place := managed.locate(live, elements)):
                yield place
