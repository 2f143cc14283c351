"""Words of CEL: names, numbers, strings, signs."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from kubernator.schema.cel.failures import NotCompiled
from kubernator.schema.cel.values import UInt

__all__ = ["END", "Token", "place", "tokens"]

#: The kind of the token after the last.
END: Final = "end"

_STRINGS: Final = r"""(?:[bB]?(?:
    [rR](?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"[^"\n\r]*"|'[^'\n\r]*')
  | \"\"\"(?:\\[\s\S]|(?!\"\"\")[^\\])*\"\"\"|'''(?:\\[\s\S]|(?!''')[^\\])*'''
  | "(?:\\.|[^"\\\n\r])*"|'(?:\\.|[^'\\\n\r])*'
))"""
_WORD: Final = re.compile(
    rf"""
    (?P<blank>(?:[ \t\r\n\f]|//[^\n]*)+)
  | (?P<string>{_STRINGS})
  | (?P<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
  | (?P<uint>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
  | (?P<int>0x[0-9a-fA-F]+|[0-9]+)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<quoted>`[A-Za-z0-9_.\-/\ ]+`)
  | (?P<sign>==|!=|<=|>=|&&|\|\||[<>()\[\]{{}}.,\-!?:+*/%])
""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\'\"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]?))",
    re.ASCII,
)
_PLAIN: Final = {
    **dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True)),
    **{same: same for same in "\\'\"`?"},
}
_HIGHEST_CODE: Final = 0x10FFFF


class Token(NamedTuple):
    """A word: its kind (``sign``, ``name``, ``quoted`` or the type of a literal), its text or value, and where."""

    kind: str
    value: Any
    at: int


def place(text: str, at: int) -> tuple[int, int]:
    """Return the line and column of a place in a text, both counted from 1."""
    before = text.count("\n", 0, at)
    return before + 1, at - text.rfind("\n", 0, at)


def tokens(text: str) -> list[Token]:
    """Return the words of an expression and an `END`; raise `NotCompiled`."""
    found: list[Token] = []
    at = 0
    match = _WORD.match
    while word := match(text, at):
        kind = word.lastgroup
        if kind == "sign" or kind == "name":  # noqa: PLR1714 - the most frequent, and faster so
            found.append(Token(kind, word[0], at))
        elif kind != "blank":
            found.append(_literal(text, kind or "", word[0], at))
        at = word.end()
    if at < len(text):
        line, column = place(text, at)
        raise NotCompiled(f"Syntax error: token recognition error at: '{text[at]}'", line=line, column=column)
    found.append(Token(END, "<EOF>", at))
    return found


def _literal(text: str, kind: str, word: str, at: int) -> Token:
    if kind == "string":
        return _string(text, word, at)
    if kind == "quoted":
        return Token(kind, word[1:-1], at)
    if kind == "double":
        return Token(kind, float(word), at)
    digits = word.rstrip("uU") if kind == "uint" else word
    value = int(digits, 16 if digits.startswith("0x") else 10) if len(digits) < 30 else 1 << 70  # noqa: PLR2004
    return Token(kind, UInt(value) if kind == "uint" else value, at)


def _string(text: str, word: str, at: int) -> Token:
    is_bytes = word[0] in "bB"
    raw = word[is_bytes] in "rR"
    body = word[is_bytes + raw :]
    quotes = 3 if body[:3] in {'"""', "'''"} else 1
    body = body[quotes:-quotes].replace("\r\n", "\n").replace("\r", "\n")
    if is_bytes:
        return Token("bytes", body.encode() if raw else _octets(text, body, at), at)
    if raw or "\\" not in body:
        return Token("string", body, at)
    return Token("string", _ESCAPE.sub(lambda found: _unescaped(text, found, at), body), at)


def _unescaped(text: str, found: re.Match[str], at: int) -> str:
    plain, byte, short, long, octal, other = found.groups()
    if plain:
        return _PLAIN[plain]
    if other is not None:
        raise _bad_escape(text, at)
    code = int(octal, 8) if octal else int(byte or short or long, 16)
    if code > _HIGHEST_CODE or 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - surrogates are no characters
        raise _bad_escape(text, at)
    return chr(code)


def _octets(text: str, body: str, at: int) -> bytes:
    r"""Read the escapes of a bytes literal, whose ``\xff`` is one byte; ``\u`` means nothing there."""
    parts = []
    end = 0
    for found in _ESCAPE.finditer(body):
        parts.append(body[end : found.start()].encode())
        plain, byte, short, long, octal, _ = found.groups()
        if plain:
            parts.append(_PLAIN[plain].encode())
        elif short or long or not (byte or octal):
            raise _bad_escape(text, at)
        else:
            parts.append(bytes([int(octal, 8) if octal else int(byte, 16)]))
        end = found.end()
    parts.append(body[end:].encode())
    return b"".join(parts)


def _bad_escape(text: str, at: int) -> NotCompiled:
    line, column = place(text, at)
    return NotCompiled("unable to unescape string", line=line, column=column)
