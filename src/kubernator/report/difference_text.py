"""A difference for people: a table of what changes, a block for each object, and the counts.

Nothing depends on colour: what happens is said in words and signs as well. Without a terminal nothing depends on a
width either, so what is written to a file is the same everywhere.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.change import ChangeKind
from kubernator.report import diff, table
from kubernator.report.comparing import Op
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kubernator.report.difference import Conflict, Difference, FieldChange, ObjectChange, PluginWork, Source

__all__ = ["render"]

_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_COLOURS: Final[Mapping[str, str]] = {
    "+": "\x1b[32m",
    "-": "\x1b[31m",
    "~": "\x1b[33m",
    "!": "\x1b[31m",
    "@": "\x1b[36m",
    "create": "\x1b[32m",
    "update": "\x1b[33m",
    "replace": "\x1b[31m",
    "delete": "\x1b[31m",
    "refused": "\x1b[31m",
}
_DELETED: Final[Mapping[str, str]] = {
    "Background": "deleted with what it owns",
    "Foreground": "deleted after what it owns",
    "Orphan": "deleted without what it owns, which stays",
}
#: So many paths of changed fields stand in the table.
_NAMED: Final = 2


def render(
    found: Difference, *, full: bool = False, everything: bool = False, colour: bool = False, width: int | None = None
) -> str:
    """Return a difference as text.

    ``full`` shows what is created and what plugins do as a whole, ``everything`` lists what is folded into a line or
    a number. ``width`` is that of a terminal, to which the table is cut.
    """
    return _Page(full=full, everything=everything, colour=colour, width=width).of(found)


class _Page:
    """How a difference is laid out."""

    def __init__(self, *, full: bool, everything: bool, colour: bool, width: int | None) -> None:
        self._full = full
        self._everything = everything
        self._colour = colour
        self._width = width

    def of(self, found: Difference) -> str:
        folded = () if self._everything else tuple(each for each in found.objects if each.only_owners)
        listed = [each for each in found.objects if each not in folded] if folded else [*found.objects]
        parts = [
            "".join(self._table(listed, found)),
            *("\n".join(self._plugin(work)) for work in found.plugins),
            *("\n".join(self._object(each)) for each in listed if self._has_block(each)),
            *self._left(found.unchanged),
            "\n".join(_folded(folded)),
            "\n".join(f"{number} are predicted: {why}" for why, number in _often(listed).items()),
            "\n".join(self._end(found)),
        ]
        return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"

    def _paint(self, kind: str, text: str) -> str:
        code = _COLOURS.get(kind, kind)
        return f"{code}{text}{_RESET}" if self._colour and code.startswith("\x1b") else text

    def _table(self, listed: Iterable[ObjectChange], found: Difference) -> Iterator[str]:
        rows = [("plugin", work.plugin, "", work.title) for work in found.plugins if work.phase == "before"]
        listed = list(listed)
        often = _often(listed)
        rows += [
            (str(each.kind), each.object_kind, each.full_name, _why(each, brief=each.unproven in often))
            for each in listed
        ]
        if self._everything:
            rows += [("unchanged", each.object_kind, each.full_name, "") for each in found.unchanged]
        rows += [("plugin", work.plugin, "", work.title) for work in found.plugins if work.phase != "before"]
        if not rows:
            return
        plain = [tuple(printable(" ".join(cell.split())) for cell in row) for row in rows]
        head, *lines = table.render(("OPERATION", "KIND", "NAME", "WHY"), plain).splitlines()
        yield self._paint(_BOLD, self._cut(head)) + "\n"
        for row, line in zip(plain, lines, strict=True):
            cut = self._cut(line)
            yield self._paint(row[0], cut[: len(row[0])]) + cut[len(row[0]) :] + "\n"

    def _cut(self, line: str) -> str:
        return line if self._width is None or len(line) <= self._width else f"{line[: self._width - 1]}…"

    def _has_block(self, each: ObjectChange) -> bool:
        return each.kind is not ChangeKind.CREATE or self._full or bool(each.warnings)

    def _left(self, unchanged: Iterable[ObjectChange]) -> Iterator[str]:
        """Say which fields of unchanged objects others keep."""
        objects = [each for each in unchanged if each.left]
        if self._everything:
            yield from ("\n".join(self._object(each)) for each in objects)
        elif objects:
            number = sum(len(each.left) for each in objects)
            stay, them = ("fields stay", "them") if number != 1 else ("field stays", "it")
            yield f"{number} {stay} as others have {them}; `--all` lists {them}"

    def _plugin(self, work: PluginWork) -> Iterator[str]:
        yield self._paint(_BOLD, printable(f"{work.plugin}: {work.title}"))
        text = diff.block(work.detail) if work.detail else []
        shown = text if self._full or len(text) <= diff.FOLD else text[: diff.FOLD - 1]
        yield from (f"  {printable(line)}" for line in shown)
        if len(shown) < len(text):
            yield f"  … {len(text) - len(shown)} more lines, `--full` shows them"

    def _object(self, each: ObjectChange) -> Iterator[str]:
        by = f", changed by {', '.join(who.partition(',')[0] for who in each.changed_by)}" if each.changed_by else ""
        head = self._paint(_BOLD, printable(each.subject))
        yield f"{head}  {self._paint(str(each.kind), str(each.kind))}   {printable(f'{each.origin}{by}')}"
        for line in self._remarks(each):
            yield self._line(line)
        for conflict in each.conflicts:
            yield self._line(_conflict(conflict, each, "!"))
        for conflict in each.left:
            yield self._line(_conflict(conflict, each, "="))
        for field in each.fields:
            yield from map(self._line, diff.lines(field, full=self._full, note=_note(field, each)))
        if each.instructions:
            yield "  then, by merge instructions:"
            for field in each.instructions:
                yield from map(self._line, diff.lines(field, full=self._full, note=_owned(field)))
        if each.manifest is not None and self._full and not each.fields:
            yield from (self._line(f"+ {line}") for line in diff.block(each.manifest))

    def _remarks(self, each: ObjectChange) -> Iterator[str]:
        """Say what is not a field: in words, since it is what must not be overlooked."""
        if each.unproven:
            yield f"(predicted: {each.unproven})"
        if what := _what(each):
            yield what
        for label, line in each.detail:
            if label != "conflict":  # those are shown with both values
                yield f"  {line if label == 'field' else f'{label}: {line}'}"
        if each.kind is ChangeKind.REFUSED and each.hint:
            yield f"  hint: {each.hint}"
        if each.takes_over:
            yield f"takes over the fields of {_managers(each.takes_over)}"
        for kept in each.gives_up:
            value = "" if kept.value is None else f" {diff.one_line(kept.value)}"
            yield f"gives up {kept.path}, which keeps its value{value}"
        for warning in each.warnings:
            yield f"! the server warns: {warning}"

    def _line(self, line: str) -> str:
        plain = printable(line)
        return f"  {self._paint(plain.strip()[:1], plain)}" if self._colour else f"  {plain}"

    def _end(self, found: Difference) -> Iterator[str]:
        numbers = {kind: number for kind, number in found.counts.items() if number}
        if found.empty:
            number = numbers.get(ChangeKind.UNCHANGED, 0)
            left = " or left to others" if any(each.left for each in found.unchanged) else ""
            yield f"nothing changes: {number} object{'s are' if number != 1 else ' is'} as written{left}"
        else:
            yield self._paint(_BOLD, ", ".join(f"{_COUNTED[kind]} {number}" for kind, number in numbers.items()))
        if found.requests:
            yield self._paint(
                _DIM, "requests: " + ", ".join(f"{verb} {number}" for verb, number in found.requests.items())
            )


_COUNTED: Final[Mapping[ChangeKind, str]] = {
    ChangeKind.CREATE: "to create",
    ChangeKind.UPDATE: "to update",
    ChangeKind.REPLACE: "to replace",
    ChangeKind.DELETE: "to delete",
    ChangeKind.REFUSED: "refused",
    ChangeKind.UNCHANGED: "unchanged",
}


def _often(listed: Iterable[ObjectChange]) -> dict[str, int]:
    """Return the reasons for a prediction that several objects share, said once below the table, and how many do."""
    return {why: number for why, number in Counter(each.unproven for each in listed).items() if why and number > 1}


def _why(each: ObjectChange, *, brief: bool) -> str:
    """Say in a few words why an object is in the table; ``brief`` leaves out why it is only predicted."""
    predicted = f" (predicted{'' if brief else f': {each.unproven}'})" if each.unproven else ""
    match each.kind:
        case ChangeKind.CREATE:
            return f"{_fields(_written_fields(each.manifest))}, {_place(each)}{predicted}"
        case ChangeKind.REPLACE:
            return f"a field that cannot change differs{predicted}"
        case ChangeKind.REFUSED if each.conflicts:
            owners = dict.fromkeys(f"`{conflict.owner.manager}`" for conflict in each.conflicts)
            verb = "belongs" if len(each.conflicts) == 1 else "belong"
            return f"{_fields(len(each.conflicts))} {verb} to {', '.join(owners)}"
        case ChangeKind.REFUSED | ChangeKind.DELETE:
            # the table says by itself which object it is that cannot be applied
            return each.reason.partition("`: ")[2] if each.reason.startswith("cannot ") else each.reason
        case _:
            return f"{_updated(each)}{predicted}"


def _what(each: ObjectChange) -> str:
    """Say in words what happens to an object that does not stay what it is, and why."""
    because = f": {each.reason}" if each.reason else ""
    deleted = _DELETED.get(each.propagation, each.propagation)
    match each.kind:
        case ChangeKind.REPLACE:
            fields = any(label == "field" for label, _ in each.detail)
            return f"! {deleted}, then created anew{', since these fields cannot change:' if fields else because}"
        case ChangeKind.DELETE:
            return f"! {deleted}{because}"
        case ChangeKind.REFUSED:
            return f"! refused{because}"
        case _:
            return each.reason


def _updated(each: ObjectChange) -> str:
    parts = []
    changed = [*each.fields, *each.instructions]
    if changed:
        names = [field.path for field in changed[:_NAMED]] + ["…"] * (len(changed) > _NAMED)
        parts.append(f"{_fields(len(changed))}: {', '.join(names)}")
    if each.takes_over:
        parts.append(f"taken over from {_managers(each.takes_over)}")
    elif not changed:
        parts.append(each.reason)
    return ", ".join(parts)


def _fields(number: int) -> str:
    return f"{number} field{'s' * (number != 1)}"


def _written_fields(manifest: Mapping[str, Any] | None) -> int:
    """Return how many fields a manifest has, without those that say which object it is."""
    metadata = (manifest or {}).get("metadata") or {}
    named = sum(name in metadata for name in ("name", "namespace", "generateName")) + len({"apiVersion", "kind"})
    return max(0, diff.leaves(manifest) - named)


def _place(each: ObjectChange) -> str:
    """Return where an object was written, and what made it."""
    origin = each.origin
    place = f"{origin.path}:{origin.line}" if origin.line else str(origin.path)
    return f"{place}, {origin.maker}" if origin.maker else place


def _managers(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _folded(folded: tuple[ObjectChange, ...]) -> Iterator[str]:
    if not folded:
        return
    number = len(folded)
    managers = sorted({name for each in folded for name in each.takes_over})
    taken = f" (taken over from {_managers(managers)})" if managers else ""
    verb = (
        "objects differ only in who owns their fields" if number != 1 else "object differs only in who owns its fields"
    )
    yield f"{number} {verb}{taken}; `--all` lists {'them' if number != 1 else 'it'}"


def _note(field: FieldChange, each: ObjectChange) -> str:
    """Say where a value comes from, and whose the field is when it is not ours alone."""
    return "; ".join(part for part in (_from(field, each), _owned(field)) if part)


def _from(field: FieldChange, each: ObjectChange) -> str:
    if field.op is Op.REMOVED:
        return ""
    if field.source is not None:
        return _written(field.source, each)
    if field.op is Op.CHANGED and field.ours:
        return "no longer written, so the server's default"
    return "set by the server"


def _written(source: Source, each: ObjectChange) -> str:
    by = f"by {', '.join(source.changed_by)}" if source.changed_by else ""
    if by and not source.exact:
        return by
    place = source.place
    text = str(place.path)
    if place.line:
        text = f"line {place.line}" if place.path == each.origin.path else f"{text}:{place.line}"
    return f"{text} or {by}" if by else text


def _owned(field: FieldChange) -> str:
    if not field.owners:
        return ""
    word = "taken from" if field.taken else "also owned by" if field.ours else "owned by"
    rule = f", by the rule at {field.rule}" if field.taken and field.rule else ""
    return f"{word} {', '.join(map(str, field.owners))}{rule}"


def _conflict(found: Conflict, each: ObjectChange, sign: str) -> str:
    """Say that a field stays as it is; ``sign`` is ``!`` where that is in the way."""
    theirs = "as it is" if found.theirs is None else diff.one_line(found.theirs)
    ours = f", not {diff.one_line(found.ours)}" if found.ours is not None else ""
    place = f" ({_written(found.source, each)})" if found.source else ""
    rule = f", by the rule at {found.rule}" if found.rule and sign != "!" else ""
    return f"{sign} {found.path}: stays {theirs}{ours}{place}; it belongs to {found.owner}{rule}"
