"""What downloads from projects' official places have in common: the mirror, lists of checksums, words on the way.

``KUBERNATOR_DOWNLOAD_MIRROR`` names a server that has the same files at ``<mirror>/<host>/<path>``.
"""

from __future__ import annotations

import os
import re
import time
import urllib.parse
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.tools import download

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MIRROR", "mirrored", "progress_lines", "published_sum"]

MIRROR: Final = "KUBERNATOR_DOWNLOAD_MIRROR"

EVERY: Final = 10.0
"""Seconds between two lines about a download that goes on."""

_SUM: Final = re.compile(r"[0-9a-fA-F]{64}")


def mirrored(url: str) -> str:
    """Return where to fetch what an official URL names: there, or from the mirror."""
    mirror = os.environ.get(MIRROR, "").rstrip("/")
    if not mirror:
        return url
    parts = urllib.parse.urlsplit(url)
    return f"{mirror}/{parts.netloc}{parts.path}"


def published_sum(url: str, file: str) -> str:
    """Return the SHA-256 checksum of a file that stands at a URL, by itself or in a list.

    The URL is the one to ask, mirrored if need be. Lists are those of ``sha256sum``; a name in them may have
    directories in front. Raises `errors.SourceError` when the text cannot be had or has no checksum of the file.
    """
    lines = [line.split() for line in download.read_text(url).splitlines() if line.strip()]
    for words in lines:
        alone = len(words) == 1 and len(lines) == 1
        if alone or (len(words) > 1 and words[-1].lstrip("*").rpartition("/")[2] == file):
            if _SUM.fullmatch(words[0]):
                return words[0].lower()
            break
    raise errors.SourceError(
        f"`{download.shown(url)}` has no SHA-256 checksum of `{file}`", hint="nothing is used that cannot be verified"
    )


def progress_lines(name: str, say: Callable[[str], object]) -> Callable[[int, int | None], None]:
    """Turn every piece that arrives into a line now and then."""
    last = time.monotonic()

    def tell(done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            say(f"  {name}: {done >> 20} MB" + (f" of {total >> 20}" if total else ""))

    return tell
