"""Unpacking archives that nobody vouches for: nothing is written outside the target directory, and nothing but files.

Refused are absolute names, names that climb with ``..``, links that point outside, and devices, pipes and sockets. The
whole archive is checked before its first file is written.
"""

from __future__ import annotations

import lzma
import posixpath
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["unpack"]

MAX_SIZE: Final = 4 * 1024**3
"""Bytes that an archive may unpack to; Kubernetes' own are a quarter of that."""

MAX_MEMBERS: Final = 200_000
CHUNK: Final = 256 * 1024
SYMLINK: Final = 0o120000
KIND: Final = 0o170000

DAMAGED: Final = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, RuntimeError),
    KeyError,  # a hard link to what is not there
    ValueError,
)
"""What reading a bad archive raises."""


def unpack(archive: Path, target: Path, *, only: Iterable[str] | None = None) -> None:
    """Unpack a tar (plain, gzip, bzip2, xz) or zip archive into a directory, which is made.

    ``only`` names the members wanted; one that is missing is an error. Files are written private to the user and
    executable if they were. Raises `errors.SourceError` for what is no archive, is damaged, or wants out.
    """
    wanted = None if only is None else set(only)
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                _zip(archive, opened, target, wanted)
        else:
            with tarfile.open(archive) as opened_tar:
                _tar(archive, opened_tar, target, wanted)
    except DAMAGED as error:
        why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
        raise errors.SourceError(f"`{archive.name}` cannot be unpacked: {why}") from error


def _tar(archive: Path, opened: tarfile.TarFile, target: Path, wanted: set[str] | None) -> None:
    members = [m for m in opened.getmembers() if wanted is None or _plain(m.name) in wanted]
    _read_on(opened)
    _complete(archive, {_plain(m.name) for m in members}, wanted)
    _bounded(archive, len(members), sum(m.size for m in members))
    links: set[str] = set()
    for member in members:
        _inside(archive, member.name, links)
        if member.issym():
            _link_inside(archive, member.name, member.linkname, posixpath.dirname(member.name))
            links.add(_plain(member.name))
        elif member.islnk():
            _inside(archive, member.linkname, links)
        elif not (member.isreg() or member.isdir()):
            raise _refused(archive, member.name, "is neither a file nor a directory nor a link")
    for member in members:
        place = target / _plain(member.name)
        if member.isdir():
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            continue
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        if member.issym():
            place.symlink_to(member.linkname)
            continue
        content = opened.extractfile(member)
        if content is None:
            raise _refused(archive, member.name, "has no content")
        with content, place.open("wb") as file:
            shutil.copyfileobj(content, file)
        place.chmod(0o700 if member.mode & 0o111 else 0o600)


def _zip(archive: Path, opened: zipfile.ZipFile, target: Path, wanted: set[str] | None) -> None:
    members = [m for m in opened.infolist() if wanted is None or _plain(m.filename) in wanted]
    _complete(archive, {_plain(m.filename) for m in members}, wanted)
    _bounded(archive, len(members), sum(m.file_size for m in members))
    for member in members:
        _inside(archive, member.filename, set())
        kind = (member.external_attr >> 16) & KIND
        if kind == SYMLINK:
            raise _refused(archive, member.filename, "is a link, which a zip archive has no business to hold")
    for member in members:
        place = target / _plain(member.filename)
        if member.is_dir():
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            continue
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with opened.open(member) as content, place.open("wb") as file:
            shutil.copyfileobj(content, file)
        place.chmod(0o700 if (member.external_attr >> 16) & 0o111 else 0o600)


def _read_on(opened: tarfile.TarFile) -> None:
    """Read what comes after the last member: at the end stands the checksum of all that was packed."""
    for _ in range(MAX_SIZE // CHUNK):
        if not opened.fileobj.read(CHUNK):
            return


def _plain(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/"))


def _inside(archive: Path, name: str, links: set[str]) -> None:
    plain = _plain(name)
    if plain == ".." or plain.startswith(("/", "../")) or Path(plain).is_absolute() or "\0" in name:
        raise _refused(archive, name, "would be written outside the target directory")
    for parent in list(Path(plain).parents)[:-1]:
        if str(parent) in links:
            raise _refused(archive, name, "would be written through a link of the same archive")


def _link_inside(archive: Path, name: str, goal: str, base: str) -> None:
    """Refuse a link that leads out; also one that climbs after it went down, since it may go down through a link."""
    plain = posixpath.normpath(posixpath.join(base, goal))
    steps = [step for step in goal.split("/") if step not in {"", "."}]
    climbs = next((i for i, step in enumerate(steps) if step != ".."), len(steps))
    if plain == ".." or plain.startswith(("/", "../")) or ".." in steps[climbs:]:
        raise _refused(archive, name, "is a link that leads outside the target directory")


def _complete(archive: Path, found: set[str], wanted: set[str] | None) -> None:
    if missing := sorted((wanted or set()) - found):
        raise errors.SourceError(f"`{archive.name}` holds no `{missing[0]}`")


def _bounded(archive: Path, members: int, size: int) -> None:
    if size > MAX_SIZE or members > MAX_MEMBERS:
        raise errors.SourceError(
            f"`{archive.name}` is refused: it holds {members} files of {size} bytes",
            hint=f"at most {MAX_MEMBERS} files and {MAX_SIZE} bytes are unpacked",
        )


def _refused(archive: Path, name: str, why: str) -> errors.SourceError:
    return errors.SourceError(f"`{archive.name}` is refused: `{name}` {why}")
