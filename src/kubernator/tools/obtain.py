"""Programs by version: from the cache, else from their project's official place, verified and pinned."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from typing import TYPE_CHECKING, Final, TypeAlias

from kubernator import errors
from kubernator.tools import catalog, lockfile
from kubernator.tools.tool import Tool, ToolOrigin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from kubernator.model.origin import Origin
    from kubernator.redaction import Secrets
    from kubernator.tools.cache import Cache
    from kubernator.tools.catalog import Download
    from kubernator.tools.lockfile import Pins
    from kubernator.tools.store import Store, Stored

__all__ = ["Obtaining", "Watch"]

Watch: TypeAlias = "Callable[[str], AbstractContextManager[Callable[[int, int | None], object]]]"
"""Takes what is downloaded, in words; what it returns hears bytes so far and in all while the block lasts."""

_RELEASE: Final = re.compile(r"refs/tags/v?(\d+)\.(\d+)\.(\d+)$")

_logger = logging.getLogger("kubernator.tools")


class Obtaining:
    """What a run has by version. May be used from several threads.

    ``machine`` is the kind of machine to fetch for, this one if None; ``watch`` is told of downloads, the log if None.
    """

    def __init__(
        self, cache: Cache, *, secrets: Secrets | None, pins: Pins | None, watch: Watch | None, machine: str | None
    ) -> None:
        self._cache = cache
        self._secrets = secrets
        self._pins = pins
        self._watch = watch or _in_the_log
        self._machine = machine
        self._latest: dict[str, str] = {}
        self._lock = threading.Lock()

    def program(self, name: str, version: str, *, origin: Origin | None) -> Tool:
        """Return a program; see `locate.Programs.find`. Several processes at a time share one download."""
        from kubernator.tools.store import Store  # noqa: PLC0415 - many trees run nothing

        wanted = catalog.download(name, version, self._machine or catalog.here())
        pinned = self._pins.pinned("tool", wanted.key, origin=origin) if self._pins is not None else None
        store = Store(self._cache)
        if stored := self._cached(store, wanted, pinned, origin):
            return _tool(store, stored, ToolOrigin.CACHE)
        waiting = f"waiting for another process that fetches `{wanted.name}`"
        with self._cache.locked(f"bin-{wanted.name}", waiting=lambda: _logger.info("%s", waiting)):
            if stored := self._cached(store, wanted, pinned, origin):  # fetched by whom we waited for
                return _tool(store, stored, ToolOrigin.CACHE)
            sha256 = self._promised(wanted, pinned, origin)
            with self._watch(f"{wanted.name} {wanted.version}") as progress:
                stored = store.put(
                    wanted,
                    sha256=sha256,
                    progress=progress,
                    accept=lambda packed, fetched: self._accept(wanted, packed, fetched, origin),
                )
        _logger.info("downloaded %s %s", wanted.name, wanted.version)
        return _tool(store, stored, ToolOrigin.DOWNLOAD)

    def latest(self, name: str) -> str:
        """Return the highest plain version; see `locate.Programs.latest`."""
        with self._lock:
            if name not in self._latest:
                key = f"{name}@latest"
                pinned = self._pins.pinned("tool", key) if self._pins is not None else None
                self._latest[name] = pinned or self._highest(catalog.repository(name))
                if self._pins is not None:
                    self._pins.settle("tool", key, self._latest[name])
            return self._latest[name]

    def _cached(self, store: Store, wanted: Download, pinned: str | None, origin: Origin | None) -> Stored | None:
        """Return a program of the cache; one that came from another download than the pinned one is fetched again."""
        stored = store.get(wanted)
        if stored is None or (pinned is not None and pinned != f"sha256:{stored.fetched}"):
            return None
        # while pinning anew: the release may have been replaced since the program came into the cache
        if self._pins is not None and self._pins.locking and wanted.sums and _published(wanted) != stored.fetched:
            return None
        self._settle(wanted, stored.fetched, origin)
        return stored

    def _promised(self, wanted: Download, pinned: str | None, origin: Origin | None) -> str:
        """Return the checksum that the download must have; empty where a signature takes its place."""
        if pinned is not None:
            return lockfile.checksum("tool", wanted.key, pinned)
        if not wanted.sums:
            return ""
        promised = _published(wanted)
        self._settle(wanted, promised, origin)
        return promised

    def _accept(self, wanted: Download, packed: Path, fetched: str, origin: Origin | None) -> None:
        """Look at a download that no checksum vouches for, before it is kept."""
        from kubernator.tools import download, official, signature  # noqa: PLC0415 - as above

        if signature.available():
            side = packed.with_name(f"{packed.name}.sig")
            download.fetch(official.mirrored(wanted.signature), side)
            signature.verify(packed, side, name=wanted.name, shown=wanted.file)
        else:
            _logger.warning(
                "the download of `%s` %s is trusted only because it came over https: its project signs it, and "
                "there is no `%s` to verify that with; `kubernator lock` pins what came",
                wanted.name,
                wanted.version,
                signature.PROGRAM,
            )
        self._settle(wanted, fetched, origin)

    def _settle(self, wanted: Download, fetched: str, origin: Origin | None) -> None:
        if self._pins is not None:
            self._pins.settle("tool", wanted.key, f"sha256:{fetched}", origin=origin)

    def _highest(self, repository: str) -> str:
        from kubernator.tools import git  # noqa: PLC0415 - as above

        said = git.Git(secrets=self._secrets).run("ls-remote", "--tags", "--refs", repository)
        if said.code:
            words = said.stderr.strip()
            raise errors.SourceError(
                f"the versions at `{repository}` cannot be listed",
                detail=[("git said", self._secrets.redact(words) if self._secrets else words)],
                hint="name a version, which needs no list",
            )
        found = [
            tuple(map(int, match.groups())) for line in said.stdout.splitlines() if (match := _RELEASE.search(line))
        ]
        if not found:
            raise errors.SourceError(f"`{repository}` has no tag that is a version", hint="name a version")
        return ".".join(map(str, max(found)))


def _tool(store: Store, stored: Stored, origin: ToolOrigin) -> Tool:
    return Tool(name=stored.name, path=store.path(stored), version=stored.version, origin=origin)


def _published(wanted: Download) -> str:
    from kubernator.tools import official  # noqa: PLC0415 - as above

    return official.published_sum(official.mirrored(wanted.sums), wanted.file)


@contextlib.contextmanager
def _in_the_log(what: str) -> Iterator[Callable[[int, int | None], object]]:
    from kubernator.tools import official  # noqa: PLC0415 - as above

    _logger.info("downloading %s", what)
    yield official.progress_lines(what, lambda line: _logger.info("%s", line))
