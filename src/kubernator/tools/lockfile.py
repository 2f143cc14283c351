"""The lock file of a tree: which commits, charts, files and programs its versions and addresses stood for.

YAML, one line for each thing in sorted order, so that two people's changes meet in a merge only where they concern the
same thing, which the last comma of a JSON list would not allow. Written by ``kubernator lock`` only; every other run
compares what it uses with what is pinned, and with ``--locked`` it uses nothing else.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import urllib.parse
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator import errors
from kubernator.model.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["CHANGED", "FILE", "KINDS", "Change", "Pins", "checksum", "file_key"]

FILE: Final = "kubernator.lock"

KINDS: Final = ("chart", "file", "git", "tool")
"""What is pinned, in the order of the file."""

VERSION: Final = 1

CHANGED: Final = "if the change is wanted, `kubernator lock` pins the new one; if nobody expects it, do not use it"
"""The hint where something is not what is pinned."""

HEADER: Final = """\
# What `kubernator lock` found behind versions, tags and addresses. Commit this file; do not edit it.
# With `--locked`, `dump` and `apply` refuse everything that is not pinned here.
"""

_CONFLICT: Final = re.compile(r"(<{7}|\|{7}|>{7})( |$)")

_CHECKSUM: Final = re.compile(r"sha256:[0-9a-f]{64}")

_logger = logging.getLogger("kubernator.lock")

_Entries = dict[str, dict[str, str]]


class Change(NamedTuple):
    """What writing the file changes of one entry; ``old`` or ``new`` is empty where there is none."""

    kind: str
    key: str
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        """Return one line for people."""
        what = f"{self.kind} `{self.key}`"
        if not self.old:
            return f"added {what}: {self.new}"
        return f"changed {what}: {self.old} is now {self.new}" if self.new else f"removed {what}"


def file_key(url: str) -> str:
    """Return what the download of a URL is pinned as: its address, of the query only a hash: it may hold a secret.

    Raises `errors.SourceError` for what is no URL.
    """
    import hashlib  # noqa: PLC0415 - few trees download files

    from kubernator.tools import download  # noqa: PLC0415 - the same

    shown = download.shown(url)
    query = urllib.parse.urlsplit(url).query
    return shown + (f"?{hashlib.sha256(query.encode()).hexdigest()[:16]}" if query else "")


def checksum(kind: str, key: str, pinned: str | None) -> str:
    """Return the SHA-256 checksum that is pinned, empty for None. Raises `errors.ProjectError` for anything else."""
    if pinned is not None and not _CHECKSUM.fullmatch(pinned):
        raise errors.ProjectError(
            f"the lock file pins {kind} `{key}` to `{pinned}`, which is no SHA-256 checksum",
            hint="`kubernator lock` writes it anew",
        )
    return "" if pinned is None else pinned.removeprefix("sha256:")


class Pins:
    """The pins of one tree. May be used from several threads.

    ``directory`` is where the tree starts. With ``locked`` only what is pinned may be used; with ``locking`` nothing
    pinned is honoured, and what is settled can be written. The file is read when the first pin is asked for.
    """

    def __init__(
        self, directory: Path, *, locked: bool = False, locking: bool = False, shown: PurePath | None = None
    ) -> None:
        self.path = Path(os.path.abspath(directory)) / FILE  # noqa: PTH100 - links stay as written
        self.locked = locked
        self._locking = locking
        self._origin = Origin(path=shown if shown is not None else PurePath(FILE))
        self._entries: _Entries | None = None
        self._settled: _Entries = {kind: {} for kind in KINDS}
        self._lock = threading.Lock()

    @property
    def locking(self) -> bool:
        """Whether ``kubernator lock`` is running: all is resolved anew."""
        return self._locking

    def pinned(self, kind: str, key: str, *, origin: Origin | None = None) -> str | None:
        """Return what is pinned, None when nothing is.

        ``kind`` is one of `KINDS`. Raises `errors.NotPinned` when nothing is pinned and only pinned things may be used,
        `errors.LoadError` when the file cannot be read.
        """
        if self._locking:
            return None
        found = self._read()[_known(kind)].get(key)
        if found is None and self.locked:
            raise self._not_pinned(kind, key, origin)
        return found

    def settle(self, kind: str, key: str, value: str, *, origin: Origin | None = None) -> None:
        """Note what is really used. Raises `errors.ChecksumMismatch` when something else is pinned."""
        pinned = self.pinned(kind, key, origin=origin)
        if pinned is not None and pinned != value:
            raise self._other(f"{kind} `{key}` is not what `{FILE}` pins", pinned, value, origin)
        with self._lock:
            before = self._settled[_known(kind)].setdefault(key, value)
        if before != value:
            raise self._other(f"{kind} `{key}` changed during the run", before, value, origin)

    def changes(self) -> list[Change]:
        """Return what `write` would change. Pins of programs for other kinds of machines stay."""
        old = self._before()
        new = self._after(old)
        return [
            Change(kind=kind, key=key, old=old[kind].get(key, ""), new=new[kind].get(key, ""))
            for kind in KINDS
            for key in sorted({*old[kind], *new[kind]})
            if old[kind].get(key) != new[kind].get(key)
        ]

    def write(self) -> list[Change]:
        """Write what was settled, and return what that changed. Raises `errors.ToolError` when it cannot be written."""
        from kubernator.tools import cache  # noqa: PLC0415 - only where something is written

        changes = self.changes()
        if changes or not self.path.is_file():
            cache.write(self.path, _text(self._after(self._before())), mode=0o644)
        return changes

    def _before(self) -> _Entries:
        try:
            return self._read()
        except errors.LoadError as error:
            if not self._locking:
                raise
            _logger.warning("`%s` cannot be read and is replaced: %s", self.path, error)
            self._entries = {kind: {} for kind in KINDS}
            return self._entries

    def _after(self, old: _Entries) -> _Entries:
        settled = {kind: dict(entries) for kind, entries in self._settled.items()}
        used = {_program(key) for key in settled["tool"]}
        here = {_machine(key) for key in settled["tool"]}
        for key, value in old["tool"].items():
            if _program(key) in used and _machine(key) not in here:
                settled["tool"][key] = value
        return settled

    def _read(self) -> _Entries:
        with self._lock:
            if self._entries is None:
                self._entries = _parsed(self.path, self._origin)
            return self._entries

    def _not_pinned(self, kind: str, key: str, origin: Origin | None) -> errors.NotPinned:
        why = "" if self.path.is_file() else f"; there is no `{os.fspath(self._origin.path)}`"
        return errors.NotPinned(
            f"{kind} `{key}` is not pinned, and `--locked` refuses what is not{why}",
            origin=origin,
            hint="`kubernator lock` pins what the tree uses; look at what it changes, and commit it",
        )

    def _other(self, title: str, pinned: str, value: str, origin: Origin | None) -> errors.ChecksumMismatch:
        error = errors.ChecksumMismatch(
            title,
            detail=[("pinned", pinned), ("found", value)],
            hint=CHANGED,
        )
        if origin is not None:
            error.origin = origin
            error.detail[:0] = origin.lines()
        return error


def _parsed(path: Path, origin: Origin) -> _Entries:
    entries: _Entries = {kind: {} for kind in KINDS}
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return entries
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise errors.LoadError(f"the lock file cannot be read: {why}", origin=origin, hint=_MEND) from error
    for number, line in enumerate(text.splitlines(), start=1):
        if _CONFLICT.match(line):
            raise errors.LoadError(
                "the lock file holds the marks of a merge conflict", origin=origin.at(number), hint=_MEND
            )
    for kind, key, value in _pins(text, origin):
        entries[kind][key] = value
    return entries


def _pins(text: str, origin: Origin) -> Iterator[tuple[str, str, str]]:
    from kubernator.load import yamldoc  # noqa: PLC0415 - most trees have no lock file

    documents = yamldoc.parse(text, origin=origin)
    value: Any = documents[0].value if documents else {}
    if not isinstance(value, dict) or len(documents) > 1:
        raise errors.LoadError("the lock file is no mapping", origin=origin, hint=_MEND)
    version = value.get("version", VERSION)
    if version != VERSION:
        raise errors.LoadError(
            f"the lock file is of version `{version}`, which this release does not know",
            origin=origin,
            hint="use the release that wrote it, or a newer one",
        )
    for kind, pins in value.items():
        if kind == "version":
            continue
        if kind not in KINDS or not isinstance(pins, dict):
            what = "is no mapping" if kind in KINDS else "is not known"
            raise errors.LoadError(
                f"section `{kind}` of the lock file {what}", origin=_place(text, kind, origin), hint=_MEND
            )
        for key, pin in pins.items():
            if not isinstance(pin, str):
                raise errors.LoadError(f"`{key}` is pinned to no text", origin=_place(text, key, origin), hint=_MEND)
            yield kind, key, pin


_MEND: Final = "`kubernator lock` writes it anew"


def _place(text: str, key: object, origin: Origin) -> Origin:
    """Return the line on which a key stands; the file as a whole if it is written in another way than ours."""
    starts = (str(key), json.dumps(key, ensure_ascii=False))
    lines = enumerate(text.splitlines(), start=1)
    return next((origin.at(number) for number, line in lines if line.strip().startswith(starts)), origin)


def _text(entries: Mapping[str, Mapping[str, str]]) -> str:
    """Return the file; strings as JSON writes them, which every reader of YAML understands."""
    lines = [HEADER, f"version: {VERSION}\n"]
    for kind in KINDS:
        if entries[kind]:
            lines.append(f"{kind}:\n")
            pins = sorted(entries[kind].items())
            lines += (f"  {_quoted(key)}: {_quoted(value)}\n" for key, value in pins)
    return "".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)


def _program(key: str) -> str:
    return key.partition(" ")[0]


def _machine(key: str) -> str:
    return key.partition(" ")[2]


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"`{kind}` is no kind of pin")
    return kind
