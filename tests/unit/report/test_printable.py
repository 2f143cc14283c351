"""Text that could play tricks on a terminal."""

from __future__ import annotations

import pytest

from kubernator.redaction import Secrets
from kubernator.report import errors as shown
from kubernator.report.printable import printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ("two\n\tlines", "two\n\tlines"),
        ("Grüße, 世界 🎉", "Grüße, 世界 🎉"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\rb\x07\x7f\x9b", "a\\x0db\\x07\\x7f\\x9b"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
    ],
)
def test_controls_are_shown_as_escapes(text: str, expected: str) -> None:
    """Line ends, tabs and letters of any script stay as they are."""
    assert expected == printable(text)


def test_a_message_of_several_lines_cannot_look_like_another_error() -> None:
    """Lines after the first are indented."""
    block = shown.Block("error", "first\nerror: forged\x1b[1m", (("at", "a\nb"),))
    said = shown.render([block], Secrets())
    assert said == "error: first\n  error: forged\\x1b[1m\n  at          a\n              b"
