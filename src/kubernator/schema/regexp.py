"""Regular expressions as Go's package ``regexp`` reads them (the syntax of RE2).

Patterns of definitions are written for the API server. Python's ``re`` reads them differently, refuses some, and can be
made to run for years; so they are read here and handed in other words to an engine whose time is linear.

Source: ``regexp/syntax/parse.go`` of Go 1.26.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kubernator.load import jsonschema
from kubernator.schema.charclass import HIGHEST_CODE, PERL, POSIX, between, code, negated, unicode_name

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NotAPattern", "matcher", "translated"]

_NAMED: Final = re.compile(r"\(\?P?<(?!$)")
_COUNTS: Final = re.compile(r"\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}", re.ASCII)
_LONGEST_COUNT: Final = 4
_MOST_REPEATS: Final = 1000
_DEEPEST: Final = 1000
_HEX_DIGITS: Final = 2
_OCTAL_DIGITS: Final = 3
_OCTAL: Final = frozenset("01234567")
_HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")

#: Ends of lines, classes and words in the words of the engine. ``\\b`` knows ASCII only.
_ANCHORS: Final = {"A": r"\A", "z": r"\z", "b": r"(?-u:\b)", "B": r"(?-u:\B)"}
#: What stands for these without and with their flag.
_EITHER: Final = {"^": (r"\A", "(?m:^)"), "$": (r"\z", "(?m:$)"), ".": (r"[^\x{a}]", "(?s:.)")}
_CONTROLS: Final = {"a": 0x07, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B}


class NotAPattern(Exception):
    """A text that Go does not take for a regular expression; the text of the exception is Go's."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"error parsing regexp: {what}: `{where}`")


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], bool] | None:
    """Return what says whether a text holds a match of a pattern; None for one that is too large to be tried here.

    Raises `NotAPattern`.
    """
    words = translated(pattern)
    try:
        return jsonschema.Pattern(words).matches
    except jsonschema.NotASchema:
        return None


def translated(pattern: str) -> str:
    """Return a pattern of Go in the syntax of the crate ``regex``, without flags; raise `NotAPattern`."""
    return _Reader(pattern).read()


@dataclass(slots=True)
class _Flags:
    fold: bool = False
    many_lines: bool = False
    dot_all: bool = False


@dataclass(slots=True)
class _Group:
    """An open parenthesis: the flags outside of it, what is before a bar, and what is after; each with its repeats."""

    outside: _Flags
    before: list[str] = field(default_factory=list)
    atoms: list[tuple[str, int]] = field(default_factory=list)
    repeats: int = 1

    def bar(self) -> None:
        self.before.append("".join(text for text, _ in self.atoms))
        self.repeats = max([self.repeats, *(repeats for _, repeats in self.atoms)])
        self.atoms = []

    def closed(self) -> tuple[str, int]:
        self.bar()
        return f"(?:{'|'.join(self.before)})", self.repeats


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.flags = _Flags()
        self.groups = [_Group(self.flags)]
        self.last_repeat = -1

    def read(self) -> str:
        while self.at < len(self.text):
            last_repeat, self.last_repeat = self.last_repeat, -1
            self._one(self.text[self.at], last_repeat)
        if len(self.groups) != 1:
            raise NotAPattern("missing closing )", self.text)
        return self.groups[0].closed()[0]

    def _one(self, letter: str, last_repeat: int) -> None:
        readers = {"(": self._open, ")": self._close, "|": self._bar, "[": self._class, "\\": self._escaped}
        if letter in readers:
            readers[letter]()
        elif letter in _EITHER:
            self._push(_EITHER[letter][self.flags.dot_all if letter == "." else self.flags.many_lines], 1)
        elif letter in "*+?":
            self._repeat(letter, self.at + 1, last_repeat, least=0, most=0)
        elif letter == "{":
            self._braces(last_repeat)
        else:
            self._push(self._folded(code(ord(letter))), 1)

    def _bar(self) -> None:
        self.at += 1
        self.groups[-1].bar()

    def _push(self, text: str, size: int) -> None:
        self.groups[-1].atoms.append((text, 1))
        self.at += size

    def _folded(self, text: str) -> str:
        return f"(?i:{text})" if self.flags.fold else text

    def _open(self) -> None:
        start = self.at
        if len(self.groups) > _DEEPEST:
            raise NotAPattern("expression nests too deeply", self.text)
        if not self.text.startswith("(?", start):
            self.at += 1
            self.groups.append(_Group(self.flags))
            return
        if named := _NAMED.match(self.text, start):
            end = self.text.find(">", start)
            name = self.text[named.end() : end]
            if end < 0 or not (name.isascii() and name.replace("_", "a").isalnum()):
                raise NotAPattern("invalid named capture", self.text[start:] if end < 0 else self.text[start : end + 1])
            self.at = end + 1
            self.groups.append(_Group(self.flags))
            return
        self._set_flags(start)

    def _set_flags(self, start: int) -> None:
        """Read ``(?i)`` or ``(?i:``; a sign without a flag after it is refused."""
        flags = _Flags(self.flags.fold, self.flags.many_lines, self.flags.dot_all)
        on, seen = True, True
        for at in range(start + 2, len(self.text)):
            letter = self.text[at]
            match letter:
                case "i":
                    flags.fold = seen = on
                case "m":
                    flags.many_lines = seen = on
                case "s":
                    flags.dot_all = seen = on
                case "U":
                    pass
                case "-" if on:
                    on = False
                    seen = False
                    continue
                case ":" | ")" if seen:
                    if letter == ":":
                        self.groups.append(_Group(self.flags))
                    self.flags = flags
                    self.at = at + 1
                    return
                case _:
                    raise NotAPattern("invalid or unsupported Perl syntax", self.text[start : at + 1])
            seen = True
        raise NotAPattern("invalid or unsupported Perl syntax", self.text[start:])

    def _close(self) -> None:
        if len(self.groups) == 1:
            raise NotAPattern("unexpected )", self.text)
        group = self.groups.pop()
        self.flags = group.outside
        self.groups[-1].atoms.append(group.closed())
        self.at += 1

    def _repeat(self, words: str, end: int, last_repeat: int, *, least: int, most: int) -> None:
        start = self.at
        lazy = end < len(self.text) and self.text[end] == "?"
        end += lazy
        if last_repeat >= 0:
            raise NotAPattern("invalid nested repetition operator", self.text[last_repeat:end])
        atoms = self.groups[-1].atoms
        if not atoms:
            raise NotAPattern("missing argument to repetition operator", self.text[start:end])
        text, repeats = atoms.pop()
        times = most if most >= 0 else least
        if words.startswith("{"):
            repeats = 0 if most == 0 else max(times, 1) * repeats
            if max(least, most) > 1 and repeats > _MOST_REPEATS:
                raise NotAPattern("invalid repeat count", self.text[start:end])
        atoms.append((f"(?:{text}){words}{'?' if lazy else ''}", repeats))
        self.last_repeat = start
        self.at = end

    def _braces(self, last_repeat: int) -> None:
        found = _COUNTS.match(self.text, self.at)
        if found is None:
            self._push(self._folded(r"\{"), 1)
            return
        if any(len(count) > _LONGEST_COUNT for count in (found[1], found[3] or "")):
            raise NotAPattern("invalid repeat count", found[0])
        least = int(found[1])
        most = least if found[2] is None else int(found[3]) if found[3] else -1
        if max(least, most) > _MOST_REPEATS or 0 <= most < least:
            raise NotAPattern("invalid repeat count", found[0])
        self._repeat(found[0], found.end(), last_repeat, least=least, most=most)

    def _escaped(self) -> None:
        letter = self.text[self.at + 1 : self.at + 2]
        if letter in _ANCHORS and letter:
            self._push(_ANCHORS[letter], 2)
        elif letter == "Q":
            end = self.text.find("\\E", self.at)
            stop = len(self.text) if end < 0 else end
            for plain in self.text[self.at + 2 : stop]:
                self._push(self._folded(code(ord(plain))), 0)
            self.at = stop if end < 0 else stop + 2
        elif found := self._known_class():
            self._push(self._folded(f"[{found}]"), 0)
        else:
            self._push(self._folded(code(self._character())), 0)

    def _known_class(self) -> str:
        r"""Read ``\d`` or ``\p{L}``, or nothing; return what stands for it between brackets."""
        letter = self.text[self.at + 1 : self.at + 2]
        if letter in {"p", "P"}:
            return self._unicode_class(letter)
        if letter and letter.lower() in PERL:
            self.at += 2
            ranges = PERL[letter.lower()]
            return between(negated(ranges) if letter.isupper() else ranges)
        return ""

    def _unicode_class(self, letter: str) -> str:
        start = self.at
        name = self.text[start + 2 : start + 3]
        end = start + 3
        if name == "{":
            closing = self.text.find("}", start)
            if closing < 0:
                raise NotAPattern("invalid character class range", self.text[start:])
            name, end = self.text[start + 3 : closing], closing + 1
        negated = (letter == "P") != name.startswith("^")
        found = unicode_name(name.removeprefix("^"))
        if not found:
            raise NotAPattern("invalid character class range", self.text[start:end])
        self.at = end
        return rf"\{'P' if negated else 'p'}{{{found}}}"

    def _class(self) -> None:
        start = self.at
        self.at += 1
        negated = self.text.startswith("^", self.at)
        self.at += negated
        parts: list[str] = []
        first = True
        while first or not self.text.startswith("]", self.at):
            first = False
            parts.append(self._class_part(start))
        self.at += 1
        self._push(self._folded(f"[{'^' if negated else ''}{''.join(parts)}]"), 0)

    def _class_part(self, start: int) -> str:
        if self.text.startswith("[:", self.at) and (end := self.text.find(":]", self.at + 2)) >= 0:
            name = self.text[self.at + 2 : end]
            ranges = POSIX.get(name.removeprefix("^"))
            if ranges is None:
                raise NotAPattern("invalid character class range", self.text[self.at : end + 2])
            self.at = end + 2
            return between(negated(ranges) if name.startswith("^") else ranges)
        if self.text.startswith("\\", self.at) and (found := self._known_class()):
            return found
        begin = self.at
        low = high = self._class_character(start)
        if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] not in {"", "]"}:
            self.at += 1
            high = self._class_character(start)
            if high < low:
                raise NotAPattern("invalid character class range", self.text[begin : self.at])
        return between(((low, high),))

    def _class_character(self, start: int) -> int:
        if self.at >= len(self.text):
            raise NotAPattern("missing closing ]", self.text[start:])
        if self.text[self.at] == "\\":
            return self._character()
        self.at += 1
        return ord(self.text[self.at - 1])

    def _character(self) -> int:
        r"""Read an escape that stands for one character, as ``\.``, ``\n``, ``\012``, ``\x0a`` or ``\x{a}``."""
        start = self.at
        letter = self.text[start + 1 : start + 2]
        if not letter:
            raise NotAPattern("trailing backslash at end of expression", "")
        self.at += 2
        if letter.isascii() and not letter.isalnum():
            return ord(letter)
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter in _OCTAL and (letter == "0" or self.text[self.at : self.at + 1] in _OCTAL):
            digits = letter
            while len(digits) < _OCTAL_DIGITS and self.text[self.at : self.at + 1] in _OCTAL:
                digits += self.text[self.at]
                self.at += 1
            return int(digits, 8)
        if letter == "x":
            return self._hexadecimal(start)
        raise self._bad_escape(start)

    def _hexadecimal(self, start: int) -> int:
        """Read ``41`` or ``{e9}``; what is wrong reaches up to the first character that does not belong."""
        braced = self.text.startswith("{", self.at)
        self.at += braced
        number = count = 0
        while self.at < len(self.text) and (braced or count < _HEX_DIGITS):
            letter = self.text[self.at]
            self.at += 1
            if braced and letter == "}" and count:
                return number
            if letter not in _HEXADECIMAL:
                # both characters are read before they are looked at
                self.at += not braced and count == 0 and self.at < len(self.text)
                raise self._bad_escape(start)
            number, count = number * 16 + int(letter, 16), count + 1
            if number > HIGHEST_CODE:
                raise self._bad_escape(start)
        if braced or count < _HEX_DIGITS:
            raise self._bad_escape(start)
        return number

    def _bad_escape(self, start: int) -> NotAPattern:
        return NotAPattern("invalid escape sequence", self.text[start : max(self.at, start + 2)])
