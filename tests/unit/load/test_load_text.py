"""Files to text, positions to places."""

from __future__ import annotations

import os
from pathlib import Path

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


@pytest.mark.parametrize(
    ("name", "reason"), [("none", "No such file"), (".", "Is a directory"), ("a\0b", "a NUL in the path")]
)
def test_a_file_that_cannot_be_read(name, reason, tmp_path, origin):
    """The system's reason is told, and which file it is."""
    with pytest.raises(errors.LoadError, match=f"cannot read `app.yaml`: {reason}"):
        text.read(tmp_path / name, origin=origin)


def test_what_may_never_end_is_not_read(tmp_path, origin):
    """A pipe or a device is no file."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(errors.LoadError, match=r"`app.yaml` is no file"):
            text.read(path, origin=origin)


@pytest.mark.parametrize("address", ["git-lfs.github.com", "hawser.github.com"])
def test_a_pointer_is_not_the_file(address, origin):
    """Its lines would be a YAML string; the error says what it is and what to install."""
    pointer = f"version https://{address}/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
    with pytest.raises(errors.LoadError, match=r"`app.yaml` is a Git LFS pointer, not the file itself") as caught:
        text.decode(pointer.encode(), origin=origin)
    assert "install `git-lfs`" in caught.value.hint
