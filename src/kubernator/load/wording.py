"""What the YAML parser complains about, in words that say what to do.

Keyed by what libyaml says, and by what PyYAML's own parser says where it says it differently. The text of the line is
never repeated: it may be a secret.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["Words", "explain"]


class Words(NamedTuple):
    """A message of one line, what helps, and whether the trouble is where the parser began rather than gave up."""

    message: str
    hint: str
    at_start: bool = False


_INDENT: Final = "keys of one map begin in the same column; compare this line with the ones above it"
_FLOW: Final = 'a `{` or `[` opens a list or map of one line; quote a value that begins with it, as in "{{ name }}"'

#: Endings of messages about something that began earlier than the parser noticed.
_AT_START: Final = ("not closed", "before `---`", "of a map")

_TABLE: Final = tuple(
    (re.compile(pattern), Words(message, hint, message.endswith(_AT_START)))
    for pattern, message, hint in (
        (
            r"mapping values are not allowed",
            "a `:` where no key can stand",
            "quote a value that holds `: `, or indent this line like the other keys of its map",
        ),
        (
            r"did not find expected key|expected <block end>",
            "a line that is neither a key of the map above nor its end",
            _INDENT,
        ),
        (
            r"did not find expected '-' indicator",
            "a line that is neither an item of the list above nor its end",
            "items of one list begin with `- ` in the same column",
        ),
        (r"block sequence entries are not", "a `- ` where no list can begin", "begin the list on a line of its own"),
        (r"mapping keys are not allowed", "a `? ` where no key can stand", "quote a value that begins with `? `"),
        (r"could not find expected ':'", "a line without `:` among the keys of a map", _INDENT),
        (r"expected ',' or '[]}]'", "a `{` or `[` that is not closed", _FLOW),
        (r"did not find expected node content|expected the node content", "no value where one is expected", _FLOW),
        (r"unexpected end of stream", "a quote that is not closed", "close it, or double it inside: `'it''s'`"),
        (r"unexpected document separator", "a quote that is not closed before `---`", "close it where it ends"),
        (
            r"unknown escape character|expected escape sequence|did not find expected hexdecimal number",
            "an unknown escape after `\\` in a double-quoted value",
            "single quotes take `\\` as it is",
        ),
        (r"invalid Unicode character escape", "an escape that is no character", "write the character itself"),
        (r"unknown directive|unknown directive name", "an unknown `%` directive", "quote a value that begins with `%`"),
        (r"incompatible YAML document", "a `%YAML` version that is not read", "drop the `%YAML` line"),
        (r"undefined tag handle", "a tag whose handle is not defined", "quote a value that begins with `!`"),
        (
            r"did not find expected <document start>|expected '<document start>'",
            "text after the end of the document",
            "put `---` on a line of its own before the next document",
        ),
        (r"did not find expected comment or line break|expected a comment or a line break", "text after `|` or `>`",
         "begin the text on the next line, indented"),
        (r"leading empty line contains more spaces", "a block of text that begins with a longer blank line", _INDENT),
        (r"found a tab character", "a tab where spaces are expected", "YAML indents with spaces only"),
        (r"did not find expected alphabetic or numeric character", "no name after `&` or `*`",
         "quote a value that begins with `*` or `&`"),
    )
)  # fmt: skip


def explain(problem: str, character: str) -> Words:
    """Return words for a parser's complaint. ``character`` is what stands at the place, empty at the end."""
    if character == "\t":
        return Words("a tab where spaces are expected", "YAML indents with spaces only")
    if "cannot start any token" in problem:
        return Words(f"a value cannot begin with {character}", f'quote it, as in "{character}…"')
    for pattern, words in _TABLE:
        if pattern.search(problem):
            return words
    return Words(problem, "")
