"""The official downloads of the programs, each verified with the checksum its project publishes.

``KUBERNATOR_DOWNLOAD_MIRROR`` names a server that has the same files at ``<mirror>/<host>/<path>``. Whether downloads
can be reached at all is found out once, by the smallest file, and quickly: on a machine without Internet nobody waits.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors, workers
from kubernator.tools import archive, download

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.sandbox.versions import Release

__all__ = ["MIRROR", "fetch", "offered", "reachable"]

MIRROR: Final = "KUBERNATOR_DOWNLOAD_MIRROR"

KUBERNETES: Final = "https://dl.k8s.io/release/v{version}/bin/{platform}/{name}"
ETCD: Final = "https://github.com/etcd-io/etcd/releases/download/v{version}"
ETCD_ARCHIVE: Final = "etcd-v{version}-{system}-{machine}"
KWOK: Final = "https://github.com/kubernetes-sigs/kwok/releases/download/v{version}/kwok-{system}-{machine}"
KWOK_RELEASE: Final = "https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags/v{version}"
"""Its assets carry their digests; the project publishes no other checksums."""

MACHINES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
PROBE_SECONDS: Final = 3.0
EVERY: Final = 10.0
"""Seconds between two lines about a download that goes on."""


def _here() -> tuple[str, str]:
    machine = platform.machine().lower()
    return platform.system().lower(), MACHINES.get(machine, machine)


def offered() -> bool:
    """Say whether there are official builds for this machine: only for Linux, on two kinds of processors."""
    system, machine = _here()
    return system == "linux" and machine in MACHINES.values()


def reachable(release: Release) -> bool:
    """Say within seconds whether the downloads can be reached."""
    result: list[bool] = []

    def ask() -> None:
        try:
            download.read_text(_url(release, "kube-apiserver") + ".sha256", timeout=PROBE_SECONDS, attempts=1)
        except errors.KubernatorError:
            return
        result.append(True)

    # looking up a name may take much longer than any limit that can be set, hence a thread to leave behind
    workers.thread(ask, name="probe").join(PROBE_SECONDS + 1)
    return bool(result)


def fetch(release: Release, name: str, target: Path, *, say: Callable[[str], object]) -> None:
    """Download one program to ``target``. Raises `errors.SourceError` or `errors.ChecksumMismatch`."""
    say(f"downloading {name}")
    match name:
        case "etcd":
            _etcd(release, target, progress=_progress(name, say))
        case "kwok":
            url = _url(release, name)
            digest = _kwok_digest(release, Path(url).name)
            download.fetch(url, target, sha256=digest, mode=0o700, progress=_progress(name, say))
        case _:
            url = _url(release, name)
            digest = _first_word(download.read_text(url + ".sha256"), url)
            download.fetch(url, target, sha256=digest, mode=0o700, progress=_progress(name, say))


def _progress(name: str, say: Callable[[str], object]) -> Callable[[int, int | None], None]:
    """Turn every piece that arrives into a line now and then."""
    last = time.monotonic()

    def tell(done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            say(f"  {name}: {done >> 20} MB" + (f" of {total >> 20}" if total else ""))

    return tell


def _etcd(release: Release, target: Path, *, progress: Callable[[int, int | None], None]) -> None:
    system, machine = _here()
    stem = ETCD_ARCHIVE.format(version=release.etcd, system=system, machine=machine)
    base = _mirrored(ETCD.format(version=release.etcd))
    file = f"{stem}.tar.gz"
    lines = [line.split() for line in download.read_text(f"{base}/SHA256SUMS").splitlines()]
    sums = {words[1].lstrip("*"): words[0] for words in lines if len(words) == 2}  # noqa: PLR2004 - sum and name
    if file not in sums:
        raise errors.SourceError(f"`{base}/SHA256SUMS` has no checksum of `{file}`")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".etcd-") as scratch:
        packed = Path(scratch) / file
        download.fetch(f"{base}/{file}", packed, sha256=sums[file], progress=progress)
        archive.unpack(packed, Path(scratch) / "unpacked", only=[f"{stem}/etcd"])
        (Path(scratch) / "unpacked" / stem / "etcd").replace(target)


def _kwok_digest(release: Release, file: str) -> str:
    url = _mirrored(KWOK_RELEASE.format(version=release.kwok))
    try:
        assets = json.loads(download.read_text(url))["assets"]
        digests = {asset["name"]: asset["digest"] for asset in assets}
        algorithm, _, value = str(digests[file]).partition(":")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.SourceError(f"`{url}` has no checksum of `{file}`") from error
    if algorithm != "sha256" or not value:
        raise errors.SourceError(f"`{url}` has no SHA-256 checksum of `{file}`")
    return value


def _url(release: Release, name: str) -> str:
    system, machine = _here()
    if name == "kwok":
        return _mirrored(KWOK.format(version=release.kwok, system=system, machine=machine))
    return _mirrored(KUBERNETES.format(version=release.kubernetes, platform=f"{system}/{machine}", name=name))


def _mirrored(url: str) -> str:
    mirror = os.environ.get(MIRROR, "").rstrip("/")
    if not mirror:
        return url
    parts = urllib.parse.urlsplit(url)
    return f"{mirror}/{parts.netloc}{parts.path}"


def _first_word(text: str, url: str) -> str:
    words = text.split()
    if not words:
        raise errors.SourceError(f"`{download.shown(url)}.sha256` is empty")
    return words[0]
