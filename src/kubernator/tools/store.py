"""The programs in the cache: each was downloaded as a whole, verified, and can be verified again.

::

    bin/<name>/<version>/<command>   the program, alone in its directory, so that this can stand on ``PATH``
    bin/<name>/<version>/.files/     what the program needs around it, where that is more than itself
    bin/<name>/<version>.json        which download it came from, and the checksum of every file

Without its record a program does not count: a process that is killed on the way leaves none.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator.tools import archive, cache, download, official

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.tools.cache import Cache
    from kubernator.tools.catalog import Download

__all__ = ["Store", "Stored", "note", "noted_damage"]

FILES: Final = ".files"

NOTES: Final = ".*.sha256"
"""Where `note` keeps checksums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A program of the cache.

    ``fetched`` is the SHA-256 checksum of the download, ``files`` holds those of what it became, ``size`` is in bytes.
    """

    name: str
    version: str
    machine: str
    command: str
    url: str
    fetched: str
    size: int
    files: dict[str, str]


class Store:
    """The part ``bin`` of a cache."""

    def __init__(self, store: Cache) -> None:
        self._cache = store

    def path(self, stored: Stored) -> Path:
        """Return where a program lies."""
        return self._cache.bin / stored.name / stored.version / stored.command

    def get(self, wanted: Download) -> Stored | None:
        """Return a program if it is here, whole, and made for this machine. Checksums are not computed."""
        home = self._cache.bin / wanted.name
        stored = _record(home / f"{wanted.version}.json")
        if stored is None or stored.machine != wanted.machine:
            return None
        try:
            whole = self.path(stored).stat().st_size == stored.size
        except OSError:
            return None
        return stored if whole else None

    def put(
        self,
        wanted: Download,
        *,
        sha256: str,
        progress: Callable[[int, int | None], object],
        accept: Callable[[Path, str], object],
    ) -> Stored:
        """Download a program, in place of what is there. The caller holds a lock for the program's name.

        ``sha256`` is what the download must have. Where that is empty ``accept`` is called with the download and its
        checksum before anything is made of it, and may raise. Raises `errors.SourceError`,
        `errors.ChecksumMismatch`, and `errors.ToolError` where it cannot be written.
        """
        home = cache.private_directory(self._cache.bin / wanted.name)
        with cache.storing(home):
            return self._put(home, wanted, sha256=sha256, progress=progress, accept=accept)

    def _put(
        self,
        home: Path,
        wanted: Download,
        *,
        sha256: str,
        progress: Callable[[int, int | None], object],
        accept: Callable[[Path, str], object],
    ) -> Stored:
        for left in home.glob(".new-*"):  # of a process that was killed; nobody else is at work here
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=".new-") as scratch:
            packed = Path(scratch) / "download" / wanted.file
            download.fetch(official.mirrored(wanted.url), packed, sha256=sha256, progress=progress)
            fetched = sha256 or download.digest(packed)
            if not sha256:
                accept(packed, fetched)
            made = Path(scratch) / "made"
            _install(packed, wanted, made)
            stored = Stored(
                name=wanted.name,
                version=wanted.version,
                machine=wanted.machine,
                command=wanted.command,
                url=wanted.url,
                fetched=fetched,
                size=(made / wanted.command).stat().st_size,
                files=_sums(made),
            )
            record, place = home / f"{wanted.version}.json", home / wanted.version
            record.unlink(missing_ok=True)
            if place.exists():
                place.rename(Path(scratch) / "old")
            made.rename(place)
            cache.write(record, json.dumps(asdict(stored), indent=1))
        return stored

    def all(self) -> list[Stored]:
        """Return every program, by name and version."""
        root = self._cache.root / "bin"
        records = (_record(path) for path in sorted(root.glob("*/*.json")))
        return [stored for stored in records if stored is not None]

    def damage(self, stored: Stored) -> list[str]:
        """Read every file of a program and return what is wrong with it, a line each."""
        root = self.path(stored).parent
        try:
            have = _sums(root)
        except OSError as error:
            return [f"`{error.filename or root}` cannot be read: {error.strerror}"]
        wrong = {name for name, digest in have.items() if stored.files.get(name, digest) != digest}
        return [
            *(f"`{root / name}` is missing" for name in sorted(set(stored.files) - set(have))),
            *(f"`{root / name}` has been changed" for name in sorted(wrong)),
            *(f"`{root / name}` does not belong there" for name in sorted(set(have) - set(stored.files))),
        ]

    def strangers(self) -> list[Path]:
        """Return directories that hold a program without a record; they are never used."""
        known = {self.path(stored).parent for stored in self.all()}
        found = (self._cache.root / "bin").glob("*/*/")
        return [path for path in sorted(found) if path not in known and not path.name.startswith(".")]


def note(program: Path) -> None:
    """Keep the checksum of a program beside it, for `noted_damage`."""
    cache.write(_note(program), download.digest(program))


def noted_damage(directory: Path) -> list[str]:
    """Return what is wrong with the programs of a directory whose checksums were kept, a line each."""
    found = []
    for path in sorted(directory.glob(NOTES)):
        program = path.with_name(path.name[1 : -len(".sha256")])
        if not program.is_file():
            found.append(f"`{program}` is missing")
        elif download.digest(program) != path.read_text().strip():
            found.append(f"`{program}` has been changed")
    return found


def _note(program: Path) -> Path:
    return program.with_name(f".{program.name}.sha256")


def _install(packed: Path, wanted: Download, made: Path) -> None:
    cache.private_directory(made)
    program = made / wanted.command
    if not wanted.member:
        packed.replace(program)
    else:
        unpacked = packed.parent / "unpacked"
        archive.unpack(packed, unpacked, only=None if wanted.tree else [wanted.member])
        if wanted.tree:
            (unpacked / wanted.tree).rename(made / FILES)
            inner = Path(FILES) / os.path.relpath(wanted.member, wanted.tree)
            (made / inner).chmod(0o700)
            program.symlink_to(inner)
            return
        (unpacked / wanted.member).replace(program)
    program.chmod(0o700)


def _sums(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): download.digest(path) for path in files}


def _record(path: Path) -> Stored | None:
    try:
        return Stored(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
