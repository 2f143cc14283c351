"""What scripts say about fields that other field managers own."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.resource import ConflictRule
from kubernator.plugins.k8s import wrong
from kubernator.scope.registrations import Registrations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.model.gvk import GroupKind
    from kubernator.plugin import Host, Scope

__all__ = ["ConflictRules"]

_DECISIONS: Final = ("take", "leave", "refuse")


@dataclass(frozen=True, slots=True)
class _Said:
    """A rule, and for which kinds it holds; None for all."""

    rule: ConflictRule
    kinds: re.Pattern[str] | None


class ConflictRules:
    """The rules of a run, each in the scope of the directory that added it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._registrations: Registrations[_Said] = Registrations(("k8s", "_conflict_rules"))
        self._any = False

    def add(
        self,
        scope: Scope,
        decision: str,
        *,
        fields: str | re.Pattern[str] | Iterable[str | re.Pattern[str]],
        managers: str | Iterable[str],
        kinds: str | Iterable[str],
    ) -> None:
        """Add a rule to a scope; raises `wrong.InvalidOption`, with the place, for what is none."""
        if decision not in _DECISIONS:
            expected = ", ".join(f"`{one}`" for one in _DECISIONS)
            raise self._wrong(f"`{decision}` is no decision about a conflict", f"it is one of {expected}")
        patterns = self._all("fields", fields)
        place = self._host.origin()
        rule = ConflictRule(
            decision=decision,
            fields=tuple(map(self._field, patterns)),
            managers=self._names("managers", managers),
            place=f"{place.path}:{place.line}",
        )
        names = self._names("kinds", kinds)
        for name in names:
            if name[0].islower():
                raise self._wrong(
                    f"`kinds` has `{name}`, which is no kind", "it is `Kind` or `Kind.group`, as in a manifest"
                )
        pattern = re.compile("|".join(map(fnmatch.translate, names))) if names else None
        self._registrations.add(scope, _Said(rule, pattern))
        self._any = True

    def of(self, scope: Scope, kind: GroupKind) -> tuple[ConflictRule, ...]:
        """Return the rules for a kind in a scope, first added first."""
        if not self._any:
            return ()
        names = {kind.kind, f"{kind.kind}.{kind.group}"}
        return tuple(
            said.rule
            for said in self._registrations.visible(scope)
            if said.kinds is None or any(map(said.kinds.match, names))
        )

    def _field(self, pattern: str | re.Pattern[str]) -> str:
        from kubernator.planning import conflicts  # noqa: PLC0415 - few scripts say it

        text = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
        try:
            conflicts.check_field(text)
        except (TypeError, ValueError) as error:
            raise self._wrong(f"`fields` is wrong: {error}", "") from error
        return text

    def _names(self, option: str, given: str | Iterable[str]) -> tuple[str, ...]:
        names = self._all(option, given)
        for name in names:
            if not isinstance(name, str) or not name:
                raise self._wrong(f"`{option}` holds no name: {name!r}", "")
        return names

    def _all(self, option: str, given: Any) -> tuple[Any, ...]:
        if isinstance(given, str | re.Pattern):
            return (given,)
        try:
            return tuple(given)
        except TypeError:
            raise self._wrong(f"`{option}` is a `{type(given).__name__}`", "it is a text, or a list of texts") from None

    def _wrong(self, message: str, hint: str) -> wrong.InvalidOption:
        return wrong.InvalidOption(message, origin=self._host.origin(), hint=hint)
