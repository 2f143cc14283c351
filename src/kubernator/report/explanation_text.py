"""An explanation for people: what it is about, where it was written, and what made of it what it is.

::

    apps/v1 Deployment shop/web
    spec.replicas: 3

      at          web.yaml:8:3, document 1
      changed by  scale, .kubernator.py:6: 1 → 3
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.report import diff, paths, provenance, table
from kubernator.report.comparing import ABSENT, Op
from kubernator.report.errors import LABEL_WIDTH
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubernator.model.origin import Origin
    from kubernator.model.reference import Edge
    from kubernator.model.resource import Resource
    from kubernator.redaction import Secrets
    from kubernator.report.comparing import Found
    from kubernator.report.explanation import Explanation, Placement
    from kubernator.report.provenance import Field, Step, Work

__all__ = ["render", "work_lines"]

#: A value that is longer, in characters, is cut in a table.
_CELL: Final = 60


def render(found: Explanation, secrets: Secrets) -> str:
    """Return an explanation as text."""
    parts = [[str(found.resource), *_subject(found)], [*_table(found)], [*_labelled(_lines(found))]]
    text = "\n\n".join("\n".join(part) for part in parts if part)
    return printable(secrets.redact(f"{text}\n"))


def work_lines(work: Iterable[Work]) -> Iterator[tuple[str, str]]:
    """Return what functions changed as labelled lines: each function, and below it the fields."""
    for each in work:
        place = f", {provenance.brief(each.place)}" if each.place else ""
        yield ("changed", each.who) if each.who == provenance.AFTERWARDS else ("changed by", f"{each.who}{place}")
        for found in each.fields:
            yield "", f"  {_change(found)}"


def _subject(found: Explanation) -> Iterator[str]:
    """Say what it is about, and what stands there."""
    if found.whole:
        return
    if found.unset:
        yield f"{found.text}: not in the tree"
    elif found.removed:
        yield f"{found.text}: not in the manifest any more"
    elif found.single is None:
        yield found.text
    elif isinstance(found.value, str) and "\n" in found.value:
        yield f"{found.text}: |"
        yield from (f"  {line}" for line in diff.block(found.value))
    else:
        yield f"{found.text}: {diff.one_line(found.value, full=True)}"


def _table(found: Explanation) -> Iterator[str]:
    """Return a row for each single value, where there are several."""
    if found.single is not None or not found.fields:
        return
    home = found.resource.origin
    rows = [
        tuple(_cell(cell) for cell in (field.text, _short(field.value), "; ".join(_from(field, home))))
        for field in found.fields
    ]
    yield from table.render(("FIELD", "VALUE", "FROM"), rows).splitlines()


def _cell(text: str) -> str:
    return printable(" ".join(text.split()))


def _short(value: Any) -> str:
    text = diff.one_line(value, full=True)
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _from(field: Field, home: Origin) -> Iterator[str]:
    """Say where one value of several comes from."""
    place = field.place
    if place is not None:
        same = (place.path, place.repository, place.ref) == (home.path, home.repository, home.ref)
        near = "" if field.exact or not place.line else "near "
        yield near + (f"line {place.line}" if same and place.line else provenance.brief(place))
    for number, step in enumerate(field.steps):
        word = "set" if place is None and not number else "changed"
        if step.who == provenance.AFTERWARDS:
            yield f"{word} {step.who}"
        else:
            yield f"{word} by {step.who}{f', {provenance.brief(step.place)}' if step.place else ''}"


def _labelled(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    indent = "\n" + " " * (LABEL_WIDTH + 2)
    for label, line in lines:
        yield f"  {label:{LABEL_WIDTH}}{line}".rstrip().replace("\n", indent)


def _lines(found: Explanation) -> Iterator[tuple[str, str]]:
    field = found.single
    if found.unset:
        yield from _unset(found)
    yield from _places(found)
    if field is not None:
        yield from map(_step, field.steps)
    else:
        yield from work_lines(found.work)
    for path, instruction in found.instructions:
        yield "instruction", f"{path}: {diff.one_line(instruction)}"
    if found.placement is not None:
        yield from _order(found.placement, found.resource)
    yield from found.policy


def _places(found: Explanation) -> Iterator[tuple[str, str]]:
    """Say where it was written, or if it was not, where the object was; and who asked for that file."""
    field = found.single
    near = field is not None and not field.exact and found.origin is not None and found.origin.line > 0
    label = "object" if found.origin is None else "near" if near else "at"
    place = found.origin or found.resource.origin
    for number, origin in enumerate(place.chain):
        yield ("asked by" if number else label), str(origin)
        if origin.line and origin.maker.startswith("chart "):
            yield "", "lines count in what the chart makes of this file"


def _unset(found: Explanation) -> Iterator[tuple[str, str]]:
    if found.default is not ABSENT:
        yield "default", f"{diff.one_line(found.default, full=True)}, which the server fills in"
    else:
        yield "default", "the schema of the kind names none; the server may fill one in"


def _step(step: Step) -> tuple[str, str]:
    old, new = ("" if value is ABSENT else diff.one_line(value) for value in (step.old, step.new))
    word = "set" if step.old is ABSENT else "removed" if step.new is ABSENT else "changed"
    values = f"{old} → {new}" if old and new else old or new
    if step.who == provenance.AFTERWARDS:
        return word, f"{step.who}, by a script or since only the server writes it: {values}"
    return f"{word} by", f"{step.who}{f', {provenance.brief(step.place)}' if step.place else ''}: {values}"


def _change(found: Found) -> str:
    match found.op:
        case Op.ADDED:
            return f"+ {found.text}: {diff.one_line(found.new)}"
        case Op.REMOVED:
            return f"- {found.text}: {diff.one_line(found.old)}"
        case Op.MOVED:
            return f"~ {found.text}: moved from place {found.old} to {found.new}"
        case _:
            return f"~ {found.text}: {diff.one_line(found.old)} → {diff.one_line(found.new)}"


def _order(found: Placement, resource: Resource) -> Iterator[tuple[str, str]]:
    waited = ", which is waited for" if found.waited else ""
    place = f"{found.position} of {found.members}"
    yield "order", f"{place} in phase {found.number} of {found.phases}, `{found.phase}`{waited}"
    for edge in found.after:
        path = edge.references[0].path
        field = f" ({paths.of_path(path, resource.manifest)})" if path else ""
        yield "after", f"{_edge(edge, str(edge.target))}{field}"
    for edge in found.before:
        yield "before", _edge(edge, str(edge.source))


def _edge(edge: Edge, other: str) -> str:
    fate = "" if edge.fate.name == "FOLLOWED" else f" ({edge.fate.value})"
    waits = ", which waits until it is current" if edge.wait else ""
    return f"{other}{fate}: {edge.reason}{waits}"
