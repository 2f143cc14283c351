"""Bytes to text, and positions in a text.

Encodings are those YAML knows (YAML 1.2, 5.2): UTF-8, and UTF-16 or UTF-32 told by a byte order mark or by where the
zero bytes are. A byte order mark is dropped.
"""

from __future__ import annotations

import codecs
import re
import stat
from typing import TYPE_CHECKING, Final

from kubernator import errors

if TYPE_CHECKING:
    from pathlib import Path

    from kubernator.model.origin import Origin
    from kubernator.model.sourcemap import Place

__all__ = ["decode", "locate", "read"]

#: What begins with it -> the encoding, and how many bytes of it are a mark. The longer ones first.
_BEGINNINGS: Final = (
    (re.compile(rb"\x00\x00\xfe\xff"), "utf-32-be", 4),
    (re.compile(rb"\xff\xfe\x00\x00"), "utf-32-le", 4),
    (re.compile(rb"\x00\x00\x00[^\x00]"), "utf-32-be", 0),
    (re.compile(rb"[^\x00]\x00\x00\x00"), "utf-32-le", 0),
    (re.compile(re.escape(codecs.BOM_UTF16_BE)), "utf-16-be", 2),
    (re.compile(re.escape(codecs.BOM_UTF16_LE)), "utf-16-le", 2),
    (re.compile(rb"\x00[^\x00]"), "utf-16-be", 0),
    (re.compile(rb"[^\x00]\x00"), "utf-16-le", 0),
    (re.compile(re.escape(codecs.BOM_UTF8)), "utf-8", 3),
)

#: How the stand-in for a file of Git LFS begins (git-lfs, docs/spec.md; the alpha's address is still accepted).
_POINTER: Final = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")

#: The line breaks YAML 1.1 counts, which are those of libyaml's marks.
_BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def read(path: Path, *, origin: Origin) -> str:
    """Return the text of a file, or raise `LoadError` when it cannot be opened or is no text.

    A device or a pipe is no file: it may never end.
    """
    try:
        mode = path.stat().st_mode
        special = not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
        data = b"" if special else path.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise errors.LoadError(f"cannot read `{origin.path}`: {why}", origin=origin) from error
    except ValueError as error:
        raise errors.LoadError(f"cannot read `{origin.path}`: a NUL in the path", origin=origin) from error
    if special:
        raise errors.LoadError(f"`{origin.path}` is no file", origin=origin)
    return decode(data, origin=origin)


def decode(data: bytes, *, origin: Origin) -> str:
    """Return the text that the bytes of a file spell, without a byte order mark.

    Raise `LoadError` with line and column when they spell none, and when they are the pointer to a file of Git LFS: no
    text that anybody reads here begins like one, and its lines would pass for a YAML string.
    """
    if data.startswith(_POINTER):
        raise errors.LoadError(
            f"`{origin.path}` is a Git LFS pointer, not the file itself",
            origin=origin,
            hint="install `git-lfs`; in a working copy of your own, run `git lfs pull`",
        )
    encoding, mark = next(
        ((name, size) for beginning, name, size in _BEGINNINGS if beginning.match(data)), ("utf-8", 0)
    )
    try:
        return data[mark:].decode(encoding)
    except UnicodeDecodeError as error:
        before = data[mark : mark + error.start].decode(encoding, "replace")
        raise errors.LoadError(
            f"not {encoding.upper()} text: {error.reason} `0x{data[mark + error.start]:02x}`",
            origin=origin.at(*locate(before, len(before))),
            hint="save the file as UTF-8; bytes that are no text go into a Secret or ConfigMap base64-encoded",
        ) from error


def locate(text: str, index: int) -> Place:
    """Return line and column, from 1, of a position in a text."""
    line, start = 1, 0
    for found in _BREAK.finditer(text, 0, index):
        line, start = line + 1, found.end()
    return line, index - start + 1
