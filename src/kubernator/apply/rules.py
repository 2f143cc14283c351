"""Rules of the user's: how objects of a kind stand, said by a function, a condition or a JSONPath."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeAlias

from kubernator.apply.conditions import condition, current, in_progress, metadata_of, outdated, reason
from kubernator.apply.readiness import ANY_GROUP, RULES
from kubernator.errors import ProjectError
from kubernator.model.gvk import GroupKind
from kubernator.model.status import Status, StatusResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.apply.readiness import Rule
    from kubernator.model.origin import Origin
    from kubernator.model.resource import Manifest

__all__ = ["Answer", "Judge", "asking", "by_condition", "by_path", "kind_of"]

#: True and `Status.CURRENT` mean current, False in progress; a text is why it is not current yet.
Answer: TypeAlias = bool | str | Status | StatusResult
Judge: TypeAlias = "Callable[[dict[str, Any]], Answer]"

_logger = logging.getLogger("kubernator.k8s")


def kind_of(text: str) -> GroupKind:
    """Read ``Kind.group``, or ``Kind``: that of Kubernetes' own groups, else the kind in whatever group.

    Raises `ProjectError` for what is no name of a kind.
    """
    kind, _, group = text.strip().partition(".")
    if not kind or not kind[0].isupper() or any(letter.isspace() or letter == "/" for letter in text.strip()):
        raise ProjectError(
            f"`{text}` does not name a kind", hint="write `Kind.group`, as in `Certificate.cert-manager.io`"
        )
    if group:
        return GroupKind(group, kind)
    known = [found for found in RULES if found.kind == kind]
    return known[0] if known else GroupKind(ANY_GROUP, kind)


def by_condition(text: str) -> Rule:
    """Return a rule for ``Ready``, or ``Ready=False``: current when the condition of that type has that value."""
    kind, _, value = text.partition("=")
    wanted = (value or "True").lower()
    if not kind.strip():
        raise ProjectError(f"`{text}` names no condition", hint='write `condition="Ready"`')

    def rule(manifest: Manifest) -> StatusResult:
        if (old := outdated(manifest)) is not None:
            return old
        found = condition(manifest, kind.strip())
        if not found:
            return in_progress(f"condition {kind} is not there")
        seen, generation = found.get("observedGeneration"), metadata_of(manifest).get("generation")
        if isinstance(seen, int) and isinstance(generation, int) and seen < generation:
            return in_progress(f"condition {kind} is of generation {seen}, now it is {generation}")
        if str(found.get("status")).lower() == wanted:
            return current(reason(found))
        return in_progress(f"{kind} is {found.get('status')}: {reason(found)}".rstrip(": "))

    return rule


def by_path(text: str) -> Rule:
    """Return a rule for ``{.status.phase}=Bound``: current when every value found there is that.

    Without ``=``, current when there is any value. Source: ``kubectl wait --for=jsonpath=``. Raises `ProjectError`
    for what is no JSONPath.
    """
    expression, wanted = _split(text.removeprefix("jsonpath="))
    from kubernator.tools.jsonpath import jp  # noqa: PLC0415 - few scripts ask

    path = jp(expression)

    def rule(manifest: Manifest) -> StatusResult:
        if (old := outdated(manifest)) is not None:
            return old
        values = [_plain(value) for value in path.all(manifest)]
        if not values:
            return in_progress(f"`{expression}` is not there")
        if wanted is None or all(value == wanted for value in values):
            return current(f"`{expression}` is `{values[0]}`")
        return in_progress(f"`{expression}` is `{values[0]}`, not `{wanted}`")

    return rule


def _split(text: str) -> tuple[str, str | None]:
    """Split ``{.a.b}=x`` or ``.a.b=x`` into a JSONPath that begins with ``$`` and the value.

    A filter inside brackets may have ``=``, too.
    """
    path, wanted = text.strip(), None
    if path.startswith("{"):
        path, closed, rest = path[1:].partition("}")
        if not closed or rest[:1] not in {"", "="}:
            raise ProjectError(f"`{text}` is no JSONPath with a value", hint='write `jsonpath="{.status.phase}=Bound"`')
        wanted = rest[1:] if rest else None
    elif "=" in path and "]" not in path.rpartition("=")[2]:
        path, _, wanted = path.rpartition("=")
    path = path.strip()
    if path.split(maxsplit=1)[:1] in (["range"], ["end"]):
        raise ProjectError(
            f"`{text}` is no JSONPath but a template of kubectl's",
            hint="a path finds all at once: `{.status.parts[*].phase}=Bound`",
        )
    if not path.startswith("$"):
        path = f"${path}" if path.startswith((".", "[")) else f"$.{path}"
    return path, wanted


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def asking(judge: Judge, *, name: str, origin: Origin) -> Rule:
    """Return a rule that asks a function of a script.

    One that raises, or answers nonsense, leaves the state unknown; this is logged once, with its place.
    """
    complained: set[str] = set()

    def complain(what: str) -> StatusResult:
        if what not in complained:
            complained.add(what)
            _logger.warning("readiness rule `%s` (%s) %s", name, origin, what)
        return StatusResult(Status.UNKNOWN, f"readiness rule `{name}` {what}")

    def rule(manifest: Manifest) -> StatusResult:
        try:
            answer = judge(manifest)
        except Exception as error:  # noqa: BLE001 - a script's own
            return complain(f"raised {type(error).__name__}: {error}")
        found = _understood(answer)
        return found if found is not None else complain(f"answered a `{type(answer).__name__}`")

    return rule


def _understood(answer: object) -> StatusResult | None:
    match answer:
        case StatusResult():
            return answer
        case Status():
            return StatusResult(answer)
        case bool():
            return current() if answer else in_progress("its readiness rule says no")
        case str():
            return in_progress(answer)
        case _:
            return None
