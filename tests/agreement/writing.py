"""Objects as YAML text, in several hands, with the place of everything that was written: what readers are checked by.

The places come from the writing, so that they don't depend on any reader of YAML.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["STYLES", "Written", "write"]

Path = tuple[str | int, ...]
Place = tuple[int, int]

#: Hands: lists further in than their key, lists below their key, braces.
STYLES: Final = ("indented", "flush", "braces")

_PLAIN: Final = re.compile(r"[A-Za-z_][-A-Za-z0-9_./]*\Z", re.ASCII)
#: Words that YAML takes for something else than text.
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
#: What JSON leaves as it is and YAML does not.
_NOT_YAML: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Written:
    """A text, and the line and column, from 1, of every key and item in it.

    ``again`` is where the key that is there twice stands for the second time.
    """

    text: str
    places: dict[Path, Place]
    again: Place | None = None

    def place(self, path: Path) -> Place:
        """Return the place of a path, or of what is nearest above it."""
        while path not in self.places:
            path = path[:-1]
        return self.places[path]


def write(value: dict[str, Any], *, style: str = "indented", again: Path | None = None) -> Written:
    """Write an object; ``again`` is the path of a key that is to be there twice."""
    writer = _Writer(flush=style == "flush", again=again)
    writer.lines.append("# a comment, since few files begin with what matters")
    if style == "braces":
        writer.here = ""
        writer.braces(value, (), 0)
        writer.lines.append(writer.here)
    else:
        writer.places[()] = (2, 1)
        writer.block_map(value, (), 0, first="")
    return Written("\n".join(writer.lines) + "\n", writer.places, writer.second)


@dataclass
class _Writer:
    flush: bool
    again: Path | None
    lines: list[str] = field(default_factory=list)
    places: dict[Path, Place] = field(default_factory=dict)
    here: str = ""
    second: Place | None = None

    def block_map(self, value: dict[str, Any], path: Path, indent: int, *, first: str) -> None:
        """Write a map that is not empty; ``first`` stands in front of its first key instead of blanks."""
        lead = first or " " * indent
        for key, item in value.items():
            self.places[(*path, key)] = (len(self.lines) + 1, indent + 1)
            self._entry(key, item, (*path, key), indent, lead)
            lead = " " * indent
        if self.again is not None and self.again[:-1] == path:
            key = str(self.again[-1])
            self.second = (len(self.lines) + 1, indent + 1)
            self.lines.append(f"{lead}{_key(key)}: {_flow(value[key])}")

    def _entry(self, key: str, item: Any, path: Path, indent: int, lead: str) -> None:
        if isinstance(item, dict) and item:
            self.lines.append(f"{lead}{_key(key)}:")
            self.block_map(item, path, indent + 2, first="")
        elif isinstance(item, list) and item:
            self.lines.append(f"{lead}{_key(key)}:")
            self.block_list(item, path, indent if self.flush else indent + 2, first="")
        else:
            self.lines.append(f"{lead}{_key(key)}: {_scalar(item)}")

    def block_list(self, value: list[Any], path: Path, indent: int, *, first: str) -> None:
        """Write a list that is not empty."""
        lead = first or " " * indent
        for index, item in enumerate(value):
            self.places[(*path, index)] = (len(self.lines) + 1, indent + 3)
            if isinstance(item, dict) and item:
                self.block_map(item, (*path, index), indent + 2, first=f"{lead}- ")
            elif isinstance(item, list) and item:
                self.block_list(item, (*path, index), indent + 2, first=f"{lead}- ")
            else:
                self.lines.append(f"{lead}- {_scalar(item)}")
            lead = " " * indent

    def braces(self, value: Any, path: Path, indent: int) -> None:
        """Write a value as JSON does, one key or item a line."""
        if not path:
            self.places[()] = self._place()
        if not isinstance(value, dict | list) or not value:
            self.here += _scalar(value)
            return
        opened, closed = "{}" if isinstance(value, dict) else "[]"
        self.here += opened
        entries: list[tuple[Any, Any]] = list(value.items() if isinstance(value, dict) else enumerate(value))
        if self.again is not None and self.again[:-1] == path:
            entries.append((self.again[-1], value[self.again[-1]]))
        for position, (step, item) in enumerate(entries):
            self._break(indent + 2)
            place = self._place()
            if (*path, step) == self.again and (*path, step) in self.places:
                self.second = place
            else:
                self.places[(*path, step)] = place
            if isinstance(value, dict):
                self.here += f"{_text(step)}: "
            self.braces(item, (*path, step), indent + 2)
            self.here += "," if position + 1 < len(entries) else ""
        self._break(indent)
        self.here += closed

    def _break(self, indent: int) -> None:
        self.lines.append(self.here)
        self.here = " " * indent

    def _place(self) -> Place:
        return len(self.lines) + 1, len(self.here) + 1


def _key(key: str) -> str:
    return key if _PLAIN.match(key) and key.lower() not in _WORDS else _text(key)


def _text(text: str) -> str:
    return _NOT_YAML.sub(lambda match: f"\\u{ord(match.group()):04x}", json.dumps(text, ensure_ascii=False))


def _scalar(value: Any) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)
