"""Files to text, positions to places."""

from __future__ import annotations

import pytest

from kubernator import errors
from kubernator.load import text


@pytest.mark.parametrize(
    ("written", "index", "place"),
    [("", 0, (1, 1)), ("ab", 1, (1, 2)), ("a\nb", 2, (2, 1)), ("a\r\nb", 3, (2, 1)), ("a\rb\n\nc", 5, (4, 1))],
)
def test_locate(written, index, place):
    """Lines and columns count from 1, whatever ends a line."""
    assert text.locate(written, index) == place


def test_a_file_is_read(tmp_path, origin):
    """The mark at the beginning is dropped."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert text.read(path, origin=origin) == "a: 1\n"


@pytest.mark.parametrize(("name", "reason"), [("none", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read(name, reason, tmp_path, origin):
    """The system's reason is told, and which file it is."""
    with pytest.raises(errors.LoadError, match=f"cannot read `app.yaml`: {reason}"):
        text.read(tmp_path / name, origin=origin)
