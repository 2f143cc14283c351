"""JSON with the line and column of every key and item.

Strings are read by the standard library, the rest here, so that places are known. What `yamldoc` finds in YAML is found
here too: repeated keys, nesting without end, numbers out of range.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.load import findings, places, scalars
from kubernator.load import text as texts
from kubernator.load.composer import MAX_DEPTH
from kubernator.load.document import Document
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.sourcemap import SourceMap

if TYPE_CHECKING:
    from kubernator.load.places import Marked
    from kubernator.model.origin import Origin

__all__ = ["parse"]

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_WORDS: Final = {"true": True, "false": False, "null": None}
_WORD: Final = re.compile("true|false|null")


@dataclass(frozen=True, slots=True)
class _Mark:
    line: int
    column: int


class _Bad(Exception):
    """A syntax error: what, and where in the text."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index


def parse(text: str | bytes, *, origin: Origin, problems: list[Diagnostic] | None = None) -> list[Document]:
    """Return the one document of a JSON text, or none for an empty text or null.

    Findings are appended to ``problems``, or raised as one `LoadError` where there is no such list.
    """
    found: list[Diagnostic] = []
    documents: list[Document] = []
    try:
        plain = texts.decode(text, origin=origin) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    except errors.LoadError as error:
        found.append(findings.as_finding(error))
    else:
        documents = _read(plain, origin, found)
    if problems is not None:
        problems.extend(found)
    elif found:
        raise findings.as_error(found)
    return documents


def _read(text: str, origin: Origin, found: list[Diagnostic]) -> list[Document]:
    scanner = _Scanner(text, origin, found)
    start = scanner.skip(0)
    if start == len(text):
        return []
    try:
        value, marked = scanner.whole(start)
    except _Bad as bad:
        found.append(
            Diagnostic(
                severity=Severity.ERROR,
                message=f"not JSON: {bad}",
                origin=origin.at(*texts.locate(text, bad.index)),
                code="json-syntax",
            )
        )
        return []
    if found or value is None:
        return []
    return [
        Document(value=value, origin=origin.at(*texts.locate(text, start)), source_map=SourceMap(places.Places(marked)))
    ]


class _Scanner:
    """One text, read from left to right; positions only grow, so lines are counted once."""

    def __init__(self, text: str, origin: Origin, found: list[Diagnostic]) -> None:
        self._text = text
        self._origin = origin
        self._found = found
        self._line, self._begin = 0, 0

    def skip(self, index: int) -> int:
        """Return the position of the next character that is no space."""
        match = _SPACE.match(self._text, index)
        return match.end() if match else index

    def whole(self, index: int) -> tuple[Any, Marked]:
        """Read the one value of the text."""
        value, marked, end = self.value(index, 0)
        if (rest := self.skip(end)) < len(self._text):
            raise _Bad("text after the end of the value", rest)
        return value, marked

    def value(self, index: int, depth: int) -> tuple[Any, Marked, int]:
        """Read the value that begins at a position: the value, its places, where it ends."""
        if depth > MAX_DEPTH:
            raise _Bad(f"nested deeper than {MAX_DEPTH} levels", index)
        mark = self._mark(index)
        match self._text[index : index + 1]:
            case "{":
                return self._object(index, mark, depth)
            case "[":
                return self._array(index, mark, depth)
            case '"':
                text, end = self._string(index)
                return text, mark, end
            case _:
                return self._literal(index, mark)

    def _literal(self, index: int, mark: _Mark) -> tuple[Any, Marked, int]:
        if found := _WORD.match(self._text, index):
            return _WORDS[found[0]], mark, found.end()
        if not (found := _NUMBER.match(self._text, index)):
            raise _Bad("no value where one is expected", index)
        number = scalars.plain(found[0])
        if isinstance(number, str):
            raise _Bad("a number out of range", index)
        return number, mark, found.end()

    def _object(self, index: int, mark: _Mark, depth: int) -> tuple[dict[str, Any], Marked, int]:
        value: dict[str, Any] = {}
        marks: dict[str, Any] = {}
        index = self.skip(index + 1)
        if self._text[index : index + 1] == "}":
            return value, (mark, marks), index + 1
        while True:
            if self._text[index : index + 1] != '"':
                raise _Bad("no key in double quotes where one is expected", index)
            key_mark = self._mark(index)
            key, end = self._string(index)
            if key in value:
                self._repeated(key, index, marks[key])
            index = self.skip(end)
            if self._text[index : index + 1] != ":":
                raise _Bad("no `:` after a key", index)
            value[key], marked, end = self.value(self.skip(index + 1), depth + 1)
            marks[key] = (key_mark, marked[1]) if isinstance(marked, tuple) else key_mark
            index = self._next(end, "}")
            if index < 0:
                return value, (mark, marks), -index

    def _array(self, index: int, mark: _Mark, depth: int) -> tuple[list[Any], Marked, int]:
        values: list[Any] = []
        marks: list[Any] = []
        index = self.skip(index + 1)
        if self._text[index : index + 1] == "]":
            return values, (mark, marks), index + 1
        while True:
            value, marked, end = self.value(index, depth + 1)
            values.append(value)
            marks.append(marked)
            index = self._next(end, "]")
            if index < 0:
                return values, (mark, marks), -index

    def _next(self, end: int, closing: str) -> int:
        """Return where the next member begins, or the negated end of the container."""
        index = self.skip(end)
        match self._text[index : index + 1]:
            case ",":
                after = self.skip(index + 1)
                if self._text[after : after + 1] == closing:
                    raise _Bad(f"a `,` before `{closing}`", index)
                return after
            case found if found == closing:
                return -(index + 1)
            case _:
                raise _Bad(f"neither `,` nor `{closing}`", index)

    def _string(self, index: int) -> tuple[str, int]:
        try:
            text, end = json.decoder.scanstring(self._text, index + 1)  # type: ignore[attr-defined]
        except json.JSONDecodeError as error:
            raise _Bad(error.msg[:1].lower() + error.msg[1:], error.pos) from None
        return text, end

    def _mark(self, index: int) -> _Mark:
        newline = self._text.find("\n", self._begin, index)
        while newline >= 0:
            self._line, self._begin = self._line + 1, newline + 1
            newline = self._text.find("\n", self._begin, index)
        return _Mark(self._line, index - self._begin)

    def _repeated(self, key: str, index: int, first: Any) -> None:
        mark = first[0] if isinstance(first, tuple) else first
        self._found.append(
            Diagnostic(
                severity=Severity.ERROR,
                message=f"the key `{key}` is written twice",
                origin=self._origin.at(*texts.locate(self._text, index)),
                detail=(("first", f"{self._origin.path}:{mark.line + 1}:{mark.column + 1}"),),
                hint="keep one",
                code="json-repeated-key",
            )
        )
