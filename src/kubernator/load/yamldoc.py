"""YAML as kubectl reads it, with the line and column of every key and item; the only importer of ``yaml``.

PyYAML's libyaml parser gives events; the constructor here turns them into JSON-like data by the rules of `scalars`,
notes places on the way, and finds what kubectl passes over in silence: a repeated key, a missing ``---``. What an alias
stands for is a copy, as in kubectl, so nothing in a document is shared.
"""

from __future__ import annotations

import copy
import functools
import gc
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from kubernator import errors
from kubernator.load import findings, places, scalars
from kubernator.load import text as texts
from kubernator.load.document import Document
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.sourcemap import SourceMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kubernator.load.places import Mark, Marked
    from kubernator.model.origin import Origin

__all__ = ["MAX_DEPTH", "Repeated", "dump", "parse"]

#: What a repeated key is: an error, a warning (the last wins), or nothing (the last wins).
Repeated = Literal["error", "warn", "last"]

#: Deeper nesting is refused: no manifest has it, and Python's own recursion would fail somewhere later.
MAX_DEPTH: Final = 250

_MISSING: Final = object()

# Definitions list operators like `=`, for which PyYAML knows a tag and no meaning. Scripts that read them with PyYAML
# themselves find it text, as it is for kubectl and was in the reference (compat.md, 3.11).
yaml.resolver.Resolver.yaml_implicit_resolvers.pop("=", None)

#: Unquoted text that kubectl takes for a boolean or number and PyYAML for text.
_NOT_TEXT: Final = (
    r"(?:[yYnN]"
    r"|[-+]?0[oObBxX][-+0-9a-fA-F_]+"
    r"|[-+]?[0-9._]*[0-9][0-9._]*(?:[eE][-+0-9_]+)?"
    r")\Z"
)

#: What YAML 1.1 (5.1) does not call printable.
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse(
    text: str | bytes,
    *,
    origin: Origin,
    repeated: Repeated = "error",
    problems: list[Diagnostic] | None = None,
    lines: Sequence[int] | None = None,
) -> list[Document]:
    """Return the documents of a YAML text; empty ones are left out.

    ``origin`` names the file whose lines the text consists of. Everything wrong with it is collected, except that
    nothing is read behind a syntax error. With ``problems`` the findings are appended there and the documents without
    any are returned; without, they are raised as one `LoadError`. Warnings (an unquoted word that became a boolean, a
    repeated key under ``"warn"``) are in ``notes`` of their document. ``lines`` are the lines of
    the template that those of a rendered text come from; every place then is the template's.
    """
    found: list[Diagnostic] = []
    documents: list[Document] = []
    try:
        plain = texts.decode(text, origin=origin) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    except errors.LoadError as error:
        found.append(findings.as_finding(error))
    else:
        with _without_collector():
            documents = _Stream(plain, origin=origin, repeated=repeated, found=found, lines=lines).documents()
    if problems is not None:
        problems.extend(found)
    elif found:
        raise findings.as_error(found)
    return documents


def dump(data: Any, *, indent: int = 2, width: int = 80, one_line: bool = False) -> str:
    """Return JSON-like data as YAML: block style, sorted keys, as ``yaml.safe_dump`` writes it.

    Two differences, both so that what is written is what kubectl reads: a string that would not come back unquoted
    (``y``, ``1e3``, ``0o7``) is quoted, and a part that occurs twice is written twice. ``one_line`` writes a string
    with line breaks as an escaped double-quoted one. Raise `LoadError` for what JSON cannot hold.
    """
    style = '"' if one_line and isinstance(data, str) and "\n" in data else None
    dumper = _dumper()
    try:
        return str(
            yaml.dump(data, Dumper=dumper, default_style=style, default_flow_style=False, indent=indent, width=width)
        )
    except yaml.YAMLError as error:
        kind = type(error.args[1]).__name__ if len(error.args) > 1 else type(data).__name__
        raise errors.LoadError(
            f"`{kind}` cannot be written as YAML", hint="use maps, lists, text and numbers"
        ) from error
    except RecursionError as error:
        raise errors.LoadError("data that contains itself cannot be written as YAML") from error
    except UnicodeEncodeError as error:
        raise errors.LoadError("text with half a surrogate pair cannot be written as YAML") from error


@functools.cache
def _dumper() -> type[Any]:
    base: Any = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper

    class Dumper(base):  # type: ignore[misc]
        """Quotes for kubectl's eyes; no anchors; subclasses of dict, list and str are what they derive from."""

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is PyYAML's
            return True

    Dumper.add_implicit_resolver("!kubectl", re.compile(_NOT_TEXT, re.ASCII), list("+-0123456789yYnN."))
    Dumper.add_implicit_resolver("!value", re.compile(r"=\Z"), ["="])
    for kind, represent in (
        (dict, base.represent_dict),
        (list, base.represent_list),
        (tuple, base.represent_list),
        (int, lambda dumper, data: base.represent_int(dumper, int(data))),
        (float, lambda dumper, data: base.represent_float(dumper, float(data))),
        (str, lambda dumper, data: base.represent_str(dumper, str.__str__(data))),
    ):
        Dumper.add_multi_representer(kind, represent)
    return Dumper


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from walking what is being built, a fifth of the time on a large file."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


class _Stop(Exception):
    """Reading on makes no sense; the reason is among the findings already."""


class _Stream:
    """The events of one text, and the findings about it."""

    def __init__(
        self,
        text: str,
        *,
        origin: Origin,
        repeated: Repeated,
        found: list[Diagnostic],
        lines: Sequence[int] | None = None,
    ) -> None:
        self._text = text
        self._lines = lines
        self._origin = origin
        self.repeated: Repeated = repeated
        self._found = found
        self._number = 0
        self.notes: list[Diagnostic] = []
        self.words: dict[str, Any] = {}
        self.keys: dict[str, str] = {}

    def documents(self) -> list[Document]:
        """Read all documents up to the end or the first syntax error."""
        documents: list[Document] = []
        try:
            parser = _parser(self._text)
            while not isinstance(event := parser.get_event(), StreamEndEvent):
                if isinstance(event, DocumentStartEvent):
                    documents.extend(self._document(parser.get_event))
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except (ReaderError, UnicodeEncodeError):
            self._unprintable()
        except _Stop:
            pass
        return documents

    def _document(self, get_event: Callable[[], Any]) -> Iterator[Document]:
        self._number += 1
        self.notes = []
        before = len(self._found)
        first = get_event()
        value, marked = _Composer(self, get_event).node(first, 0)
        end = get_event()
        assert isinstance(end, DocumentEndEvent)  # noqa: S101 - a parser that breaks its own grammar is a bug
        if value is None or len(self._found) > before:
            return
        mark = first.start_mark
        yield Document(
            value=value,
            origin=self._place(mark),
            source_map=SourceMap(places.Places(marked, self._lines)),
            notes=tuple(self.notes),
        )

    def line(self, mark: Mark) -> int:
        """Return the line of a mark, from 1: that of the template where the text was rendered."""
        return self._named(mark.line + 1)

    def _named(self, line: int) -> int:
        lines = self._lines
        return lines[min(line, len(lines)) - 1] if lines else line

    def _place(self, mark: Mark) -> Origin:
        return self._origin.at(self.line(mark), mark.column + 1, document=self._number)

    def problem(self, message: str, mark: Mark, *, hint: str = "", first: Mark | None = None, code: str = "") -> None:
        """Note an error about the document being read."""
        self._found.append(self._diagnostic(Severity.ERROR, message, mark, hint=hint, first=first, code=code))

    def note(self, message: str, mark: Mark, *, hint: str = "", first: Mark | None = None, code: str = "") -> None:
        """Note a warning about the document being read."""
        self.notes.append(self._diagnostic(Severity.WARNING, message, mark, hint=hint, first=first, code=code))

    def _diagnostic(
        self, severity: Severity, message: str, mark: Mark, *, hint: str, first: Mark | None, code: str
    ) -> Diagnostic:
        return Diagnostic(
            severity=severity,
            message=message,
            origin=self._place(mark),
            detail=(("first", f"{self._origin.path}:{self.line(first)}:{first.column + 1}"),) if first else (),
            hint=hint,
            code=code or "yaml",
        )

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark: Any = error.problem_mark or error.context_mark
        index = min(int(mark.index), len(self._text))  # a mark of the end may point past it
        from kubernator.load import wording  # noqa: PLC0415 - for a message

        words = wording.explain(str(error.problem or error.context), self._text[index : index + 1])
        if words.at_start:
            mark = error.context_mark or mark
        self._number = max(self._number, 1)
        self.problem(f"not YAML: {words.message}", mark, hint=words.hint, code="yaml-syntax")

    def _unprintable(self) -> None:
        found = _UNPRINTABLE.search(self._text)
        line, column = texts.locate(self._text, found.start() if found else 0)
        shown = f"U+{ord(found[0]):04X}" if found else "a character"
        self._found.append(
            Diagnostic(
                severity=Severity.ERROR,
                message=f"not YAML: the control character `{shown}` is not allowed",
                origin=self._origin.at(self._named(line), column),
                hint='write it as an escape in double quotes, as in "\\e[0m", or base64-encode the value',
                code="yaml-syntax",
            )
        )


class _Composer:
    """Events of one document to a value and its places."""

    def __init__(self, stream: _Stream, get_event: Callable[[], Any]) -> None:
        self._stream = stream
        self._event = get_event
        self._words = stream.words
        self._keys = stream.keys
        self._anchors: dict[str, tuple[Any, Marked, int] | None] = {}
        self._count = 0
        self._aliased = 0

    def node(self, event: Any, depth: int) -> tuple[Any, Marked]:
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
            self._stream.problem(f"nested deeper than {MAX_DEPTH} levels", event.start_mark)
            raise _Stop
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
            value, marked = self.node(event, depth + 1)
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
            value[key], marked = self.node(event, depth + 1)
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
                self._stream.problem(str(refused), mark, hint=f'quote it: "{word}"')
                return None
        if word in scalars.BOOLEAN_WORDS:
            self._stream.note(
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
                self._stream.problem(str(refused), mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, mark, 1)
        return value

    def _key(self, word: str, tag: str | None, mark: Mark) -> str:
        try:
            key = scalars.key_text(word, tag)
        except scalars.Refused as refused:
            self._stream.problem(str(refused), mark, hint="quote the key")
            return f"\0{mark.line}:{mark.column}"  # a placeholder; the document is not returned
        if tag is not None:
            return key
        if word in scalars.BOOLEAN_WORDS:
            self._stream.note(
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
        value, _ = self.node(event, depth + 1)
        if isinstance(value, dict | list):
            self._stream.problem(
                "a key must not be a map or a list",
                mark,
                hint='quote a value that begins with `{{`, as in "{{ name }}"',
            )
            return f"\0{mark.line}:{mark.column}"
        return value if isinstance(value, str) else self._key(json.dumps(value), None, mark)

    def _merge(self, value: dict[str, Any], marks: dict[str, Any], merged: set[str], depth: int) -> None:
        """Merge what ``<<`` names. As in kubectl a key written above is overridden, one written below overrides."""
        event = self._event()
        single, marked = self.node(event, depth + 1)
        sources = [(single, marked)]
        if isinstance(single, list) and not isinstance(event, AliasEvent):
            assert isinstance(marked, tuple)  # noqa: S101 - a list's marks are a tuple
            sources = list(zip(single, marked[1], strict=True))[::-1]  # the earlier ones win
        places_of: Any
        for source, places_of in sources:
            if not isinstance(source, dict):
                self._stream.problem("`<<` merges a map or a list of maps", event.start_mark)
                return
            for key in source.keys() & value.keys() - merged:
                self._stream.note(f"`<<` below `{key}` overrides it", event.start_mark, code="yaml-merge-order")
            value.update(source)
            marks.update(places_of[1])
            merged.update(source)

    def _alias(self, event: Any) -> tuple[Any, Marked]:
        name, mark = event.anchor, event.start_mark
        if name not in self._anchors:
            # not named: it may be a password that was meant to begin with an asterisk
            self._stream.problem(
                "an alias names no anchor of this document", mark, hint="quote a value that begins with `*`"
            )
            return None, mark
        target = self._anchors[name]
        if target is None:
            self._stream.problem(f"the anchor `&{name}` contains itself", mark)
            raise _Stop
        value, marked, size = target
        self._count += size
        self._aliased += size
        if self._aliased > 100 and self._count > 1000 and self._aliased / self._count > _allowed_ratio(self._count):  # noqa: PLR2004
            self._stream.problem("too many aliases: the document grows out of all proportion", mark)
            raise _Stop
        return copy.deepcopy(value) if isinstance(value, dict | list) else value, marked

    def _repeated(self, again: list[tuple[str, Mark, Mark]], *, top: bool) -> None:
        stream = self._stream
        if stream.repeated == "last":
            return
        report = stream.problem if stream.repeated == "error" else stream.note
        if top and {"apiVersion", "kind"} <= {key for key, _, _ in again}:
            _, mark, first = again[0]
            report(
                "two objects without `---` between them",
                mark,
                first=first,
                hint=f"put `---` on a line of its own before line {stream.line(mark)}",
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


def _parser(text: str) -> Any:
    """Return libyaml's parser, or PyYAML's own where the library is missing (ten times slower)."""
    if yaml.__with_libyaml__:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]  # noqa: PLC0415 - not there without libyaml

        return CParser(text)
    from yaml.parser import Parser  # noqa: PLC0415
    from yaml.reader import Reader  # noqa: PLC0415
    from yaml.scanner import Scanner  # noqa: PLC0415

    class PlainParser(Reader, Scanner, Parser):
        def __init__(self) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)

    return PlainParser()
