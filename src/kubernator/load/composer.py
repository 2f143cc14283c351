"""Events of libyaml to JSON-like data, by the rules of `scalars`, with the place of every key and item.

On the way it finds what kubectl passes over in silence: a repeated key, a missing ``---``, an unquoted word that is no
text. What an alias stands for is a copy, as in kubectl, so nothing in a document is shared.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final, Literal

from yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from kubernator.load import scalars

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.load.findings import Notes
    from kubernator.load.places import Mark, Marked

__all__ = ["MAX_DEPTH", "Composer", "Repeated", "Stop"]

#: What a repeated key is: an error, a warning (the last wins), or nothing (the last wins).
Repeated = Literal["error", "warn", "last"]

#: Deeper nesting is refused: no manifest has it, and Python's own recursion would fail somewhere later.
MAX_DEPTH: Final = 250

_MISSING: Final = object()


class Stop(Exception):
    """Reading on makes no sense; the reason is noted already."""


class Composer:
    """Makes values and their places of the events of a text, document by document."""

    def __init__(self, get_event: Callable[[], Any], *, notes: Notes, repeated: Repeated) -> None:
        self._event = get_event
        self._notes = notes
        self._on_repeated = repeated
        self._words: dict[str, Any] = {}
        self._keys: dict[str, str] = {}
        self._anchors: dict[str, tuple[Any, Marked, int] | None] = {}
        self._count = 0
        self._aliased = 0

    def document(self, event: Any) -> tuple[Any, Marked]:
        """Compose the document whose root begins with an event. Raises `Stop`, and what the parser raises."""
        self._anchors = {}
        self._count = 0
        self._aliased = 0
        return self._node(event, 0)

    def _node(self, event: Any, depth: int) -> tuple[Any, Marked]:
        """Compose the node that begins with an event."""
        self._count += 1
        if isinstance(event, ScalarEvent):
            mark: Mark = event.start_mark  # type: ignore[assignment]
            return self._scalar(event), mark
        if isinstance(event, AliasEvent):
            return self._alias(event)
        before = self._count
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None  # open: an alias in here would contain itself
        if depth >= MAX_DEPTH:
            self._notes.problem(f"nested deeper than {MAX_DEPTH} levels", event.start_mark)
            raise Stop
        value: Any
        children: Any
        if isinstance(event, MappingStartEvent):
            value, children = self._mapping(depth)
        else:
            value, children = self._sequence(depth)
        marked: Marked = (event.start_mark, children)
        if anchor is not None:
            self._anchors[anchor] = (value, marked, self._count - before + 1)
        return value, marked

    def _sequence(self, depth: int) -> tuple[list[Any], list[Any]]:
        values: list[Any] = []
        marks: list[Any] = []
        next_event = self._event
        while not isinstance(event := next_event(), SequenceEndEvent):
            value, marked = self._node(event, depth + 1)
            values.append(value)
            marks.append(marked)
        return values, marks

    def _mapping(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        value: dict[str, Any] = {}
        marks: dict[str, Any] = {}
        merged: set[str] = set()
        again: list[tuple[str, Mark, Mark]] = []
        next_event, keys = self._event, self._keys
        while (event := next_event()).__class__ is not MappingEndEvent:
            mark = event.start_mark
            # The usual case in line: this loop is most of the time a large file takes.
            if event.__class__ is ScalarEvent and event.tag is None and event.anchor is None and event.implicit[0]:
                self._count += 1
                word = event.value
                if word == "<<":
                    self._merge(value, marks, merged, depth)
                    continue
                key = keys.get(word) or self._key(word, None, mark)
            elif event.__class__ is ScalarEvent and event.tag == "tag:yaml.org,2002:merge":
                self._merge(value, marks, merged, depth)
                continue
            else:
                key = self._odd_key(event, depth)
            if key in value:
                if key in merged:
                    merged.discard(key)
                else:
                    again.append((key, mark, _mark_of(marks[key])))
            event = next_event()
            if event.__class__ is ScalarEvent:
                self._count += 1
                value[key] = self._scalar(event)
                marks[key] = mark
                continue
            value[key], marked = self._node(event, depth + 1)
            marks[key] = (mark, marked[1]) if isinstance(marked, tuple) else mark
        if again:
            self._repeated(again, top=depth == 0)
        return value, marks

    def _scalar(self, event: Any) -> Any:
        word: str = event.value
        if event.tag is not None or event.anchor is not None:
            return self._decorated(event, word)
        if not event.implicit[0]:
            return word
        if word and word[0] not in scalars.HINTS:
            return word
        return self._word(word, event.start_mark)

    def _word(self, word: str, mark: Mark) -> Any:
        value = self._words.get(word, _MISSING)
        if value is _MISSING:
            try:
                value = self._words[word] = scalars.plain(word)
            except scalars.Refused as refused:
                self._notes.problem(str(refused), mark, hint=f'quote it: "{word}"')
                return None
        if word in scalars.BOOLEAN_WORDS:
            self._notes.note(
                f"unquoted `{word}` is read as `{'true' if value else 'false'}`",
                mark,
                hint=f'write `{"true" if value else "false"}`, or "{word}" for the word',
                code="yaml-boolean-word",
            )
        return value

    def _decorated(self, event: Any, word: str) -> Any:
        """Compose a scalar with a tag or an anchor."""
        mark = event.start_mark
        if event.tag is None:
            value = self._word(word, mark) if event.implicit[0] else word
        else:
            value = None
            try:
                value = scalars.tagged(event.tag, word)
            except scalars.Refused as refused:
                self._notes.problem(str(refused), mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, mark, 1)
        return value

    def _key(self, word: str, tag: str | None, mark: Mark) -> str:
        try:
            key = scalars.key_text(word, tag)
        except scalars.Refused as refused:
            self._notes.problem(str(refused), mark, hint="quote the key")
            return f"\0{mark.line}:{mark.column}"  # a placeholder; the document is not returned
        if tag is not None:
            return key
        if word in scalars.BOOLEAN_WORDS:
            self._notes.note(
                f"unquoted key `{word}` is read as `{key}`", mark, hint=f'quote it: "{word}"', code="yaml-boolean-word"
            )
        elif key:
            self._keys[word] = key  # the others are noted each time
        return key

    def _odd_key(self, event: Any, depth: int) -> str:
        """Read a key that is quoted, tagged, anchored, an alias or not a scalar at all."""
        mark = event.start_mark
        if isinstance(event, ScalarEvent):
            self._count += 1
            if event.tag is not None:
                key = self._key(event.value, event.tag, mark)
            else:
                key = self._key(event.value, None, mark) if event.implicit[0] else event.value
            if event.anchor is not None:
                self._decorated(event, event.value)
            return key
        value, _ = self._node(event, depth + 1)
        if isinstance(value, dict | list):
            self._notes.problem(
                "a key must not be a map or a list",
                mark,
                hint='quote a value that begins with `{{`, as in "{{ name }}"',
            )
            return f"\0{mark.line}:{mark.column}"
        return value if isinstance(value, str) else self._key(json.dumps(value), None, mark)

    def _merge(self, value: dict[str, Any], marks: dict[str, Any], merged: set[str], depth: int) -> None:
        """Merge what ``<<`` names. As in kubectl a key written above is overridden, one written below overrides."""
        event = self._event()
        single, marked = self._node(event, depth + 1)
        sources = [(single, marked)]
        if isinstance(single, list) and not isinstance(event, AliasEvent):
            assert isinstance(marked, tuple)  # noqa: S101 - a list's marks are a tuple
            sources = list(zip(single, marked[1], strict=True))[::-1]  # the earlier ones win
        places_of: Any
        for source, places_of in sources:
            if not isinstance(source, dict):
                self._notes.problem("`<<` merges a map or a list of maps", event.start_mark)
                return
            for key in source.keys() & value.keys() - merged:
                self._notes.note(f"`<<` below `{key}` overrides it", event.start_mark, code="yaml-merge-order")
            value.update(source)
            marks.update(places_of[1])
            merged.update(source)

    def _alias(self, event: Any) -> tuple[Any, Marked]:
        name, mark = event.anchor, event.start_mark
        if name not in self._anchors:
            # not named: it may be a password that was meant to begin with an asterisk
            self._notes.problem(
                "an alias names no anchor of this document", mark, hint="quote a value that begins with `*`"
            )
            return None, mark
        target = self._anchors[name]
        if target is None:
            self._notes.problem(f"the anchor `&{name}` contains itself", mark)
            raise Stop
        value, marked, size = target
        self._count += size
        self._aliased += size
        if self._aliased > 100 and self._count > 1000 and self._aliased / self._count > _allowed_ratio(self._count):  # noqa: PLR2004
            self._notes.problem("too many aliases: the document grows out of all proportion", mark)
            raise Stop
        return copy.deepcopy(value) if isinstance(value, dict | list) else value, marked

    def _repeated(self, again: list[tuple[str, Mark, Mark]], *, top: bool) -> None:
        notes = self._notes
        if self._on_repeated == "last":
            return
        report = notes.problem if self._on_repeated == "error" else notes.note
        if top and {"apiVersion", "kind"} <= {key for key, _, _ in again}:
            _, mark, first = again[0]
            report(
                "two objects without `---` between them",
                mark,
                first=first,
                hint=f"put `---` on a line of its own before line {notes.line(mark)}",
                code="yaml-repeated-key",
            )
            return
        for key, mark, first in again:
            report(f"the key `{key}` is written twice", mark, first=first, hint="keep one", code="yaml-repeated-key")


def _mark_of(marked: Any) -> Mark:
    mark: Mark = marked[0] if isinstance(marked, tuple) else marked
    return mark


def _allowed_ratio(count: int) -> float:
    """Return which part of so many nodes may come from aliases (go-yaml v2, ``allowedAliasRatio``)."""
    low, high = 400_000, 4_000_000
    return 0.99 - 0.89 * min(max((count - low) / (high - low), 0.0), 1.0)
