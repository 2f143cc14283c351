"""Scripts' own rules of how objects of a kind stand. They hold for the run: waiting begins when the walk is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.apply import rules
from kubernator.apply.readiness import ANY_GROUP
from kubernator.plugins.k8s import wrong

if TYPE_CHECKING:
    from kubernator.apply.readiness import Rule
    from kubernator.apply.rules import Judge
    from kubernator.model.gvk import GroupKind
    from kubernator.plugin import Host

__all__ = ["ReadinessRules"]


class ReadinessRules:
    """The rules of a run by kind; of several for a kind the last one counts."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.by_kind: dict[GroupKind, Rule] = {}

    def add(self, kind: str, rule: Judge | None, *, condition: str | None, jsonpath: str | None) -> None:
        """Register a rule; raises `wrong.InvalidOption` for one that cannot be."""
        try:
            found = rules.kind_of(kind)
            made = self._made(rule, condition, jsonpath)
        except errors.ProjectError as error:
            raise wrong.InvalidOption(error.title, hint=error.hint) from error
        if found.group == ANY_GROUP:  # the one registered last counts, also before one that names a group
            for other in [each for each in self.by_kind if each.kind == found.kind]:
                del self.by_kind[other]
        self.by_kind[found] = made

    def _made(self, rule: Judge | None, condition: str | None, jsonpath: str | None) -> Rule:
        if sum(each is not None for each in (rule, condition, jsonpath)) != 1:
            raise errors.ProjectError(
                "a readiness rule is one of three: a function, `condition` or `jsonpath`",
                hint='for example `condition="Ready"` or `jsonpath="{.status.phase}=Bound"`',
            )
        for text in (condition, jsonpath):
            if not isinstance(text, str | None):
                raise errors.ProjectError(f"a condition or JSONPath is a text, not a `{type(text).__name__}`")
        if condition is not None:
            return rules.by_condition(condition)
        if jsonpath is not None:
            return rules.by_path(jsonpath)
        if rule is None or not callable(rule):
            raise errors.ProjectError(f"a readiness rule is a function, not a `{type(rule).__name__}`")
        name = getattr(rule, "__qualname__", None) or type(rule).__qualname__
        return rules.asking(rule, name=name, origin=self._host.origin())
