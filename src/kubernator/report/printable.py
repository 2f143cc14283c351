"""Text of files, scripts and servers, made harmless for a terminal.

A control character could clear the screen, forge a line or hide one; a bidirectional override shows text in another
order than it has. They are shown as escapes; line ends and tabs stay.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

__all__ = ["printable"]

_CONTROLS: Final = {
    code: f"\\x{code:02x}" for code in chain(range(0x20), range(0x7F, 0xA0)) if chr(code) not in {"\n", "\t"}
} | {code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def printable(text: str) -> str:
    """Return the text with control characters and bidirectional overrides as escapes."""
    return text if text.isascii() and text.isprintable() else text.translate(_CONTROLS)
