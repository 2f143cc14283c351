"""Schemas that clusters publish, on disk: by the hash under which the server names them, so they are never stale.

Clusters with the same definitions share them. What cannot be read, or is not what was written, is as if it were not
there; what cannot be written costs time later, not this run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import zlib
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors

if TYPE_CHECKING:
    from pathlib import Path

    from kubernator.tools.cache import Cache

__all__ = ["LIMIT", "Kept"]

LIMIT: Final = 64 * 1024 * 1024
"""Bytes that are kept; what was not used for the longest time goes first."""

_FORMAT: Final = 1
_SUFFIX: Final = ".json.z"
#: Seconds after which a file that is used is marked as used anew.
_USED: Final = 24 * 3600


class Kept:
    """The part ``schemas`` of a cache. Several processes may use it at once."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._trimmed = False

    def read(self, api_version: str, digest: str) -> dict[str, Any] | None:
        """Return what was written for a group and version under the hash that the server gave it, or None."""
        try:
            path = self._path(api_version, digest)
            found = json.loads(zlib.decompress(path.read_bytes()))
            if (found["format"], found["of"], found["hash"]) != (_FORMAT, api_version, digest):
                return None
            self._mark(path)
            return dict(found["content"])
        except (errors.ToolError, OSError, ValueError, KeyError, TypeError, zlib.error, RecursionError):
            return None

    def write(self, api_version: str, digest: str, content: dict[str, Any]) -> None:
        """Keep something under a hash."""
        from kubernator.tools import cache  # noqa: PLC0415 - only when something is new

        whole = {"format": _FORMAT, "of": api_version, "hash": digest, "content": content}
        packed = zlib.compress(json.dumps(whole, separators=(",", ":")).encode())
        with contextlib.suppress(errors.ToolError, OSError):
            path = self._path(api_version, digest)
            cache.write(path, packed)
            if not self._trimmed:  # once a run is often enough
                self._trimmed = True
                _trim(path.parent)

    def _path(self, api_version: str, digest: str) -> Path:
        name = hashlib.sha256(f"{api_version}\0{digest}".encode("utf-8", "surrogatepass")).hexdigest()
        return self._cache.schemas / f"{name[:40]}{_SUFFIX}"

    @staticmethod
    def _mark(path: Path) -> None:
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _USED:
                os.utime(path)


def _trim(directory: Path) -> None:
    """Remove the files that were not used for the longest time until the rest is no more than may be kept."""
    files = []
    for path in directory.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(OSError):  # another process was quicker
            status = path.stat()
            files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= LIMIT:
            return
        path.unlink(missing_ok=True)
        total -= size
