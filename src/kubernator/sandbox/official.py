"""The official downloads of the programs, each verified with the checksum its project publishes.

What all such downloads have in common, the mirror among it, is in `tools.official`. Whether downloads can be reached at
all is found out once, by the smallest file, and quickly: on a machine without Internet nobody waits.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors, workers
from kubernator.tools import archive, catalog, download, official, store

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.sandbox.versions import Release

__all__ = ["fetch", "offered", "reachable"]

KUBERNETES: Final = "https://dl.k8s.io/release/v{version}/bin/{platform}/{name}"
ETCD: Final = "https://github.com/etcd-io/etcd/releases/download/v{version}"
ETCD_ARCHIVE: Final = "etcd-v{version}-{system}-{machine}"
KWOK: Final = "https://github.com/kubernetes-sigs/kwok/releases/download/v{version}/kwok-{system}-{machine}"
KWOK_RELEASE: Final = "https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags/v{version}"
"""Its assets carry their digests; the project publishes no other checksums."""

MACHINES: Final = ("linux/amd64", "linux/arm64")
PROBE_SECONDS: Final = 3.0


def offered() -> bool:
    """Say whether there are official builds for this machine: only for Linux, on two kinds of processors."""
    return catalog.here() in MACHINES


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
    progress = official.progress_lines(name, say)
    match name:
        case "etcd":
            _etcd(release, target, progress=progress)
        case "kwok":
            url = _url(release, name)
            digest = _kwok_digest(release, Path(url).name)
            download.fetch(url, target, sha256=digest, mode=0o700, progress=progress)
        case _:
            url = _url(release, name)
            digest = official.published_sum(f"{url}.sha256", name)
            download.fetch(url, target, sha256=digest, mode=0o700, progress=progress)
    store.note(target)


def _etcd(release: Release, target: Path, *, progress: Callable[[int, int | None], None]) -> None:
    system, _, machine = catalog.here().partition("/")
    stem = ETCD_ARCHIVE.format(version=release.etcd, system=system, machine=machine)
    base = official.mirrored(ETCD.format(version=release.etcd))
    file = f"{stem}.tar.gz"
    digest = official.published_sum(f"{base}/SHA256SUMS", file)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".etcd-") as scratch:
        packed = Path(scratch) / file
        download.fetch(f"{base}/{file}", packed, sha256=digest, progress=progress)
        archive.unpack(packed, Path(scratch) / "unpacked", only=[f"{stem}/etcd"])
        (Path(scratch) / "unpacked" / stem / "etcd").replace(target)


def _kwok_digest(release: Release, file: str) -> str:
    url = official.mirrored(KWOK_RELEASE.format(version=release.kwok))
    try:
        assets = json.loads(download.read_text(url))["assets"]
        digests = {asset["name"]: asset["digest"] for asset in assets}
        algorithm, _, value = str(digests[file]).partition(":")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.SourceError(f"`{download.shown(url)}` has no checksum of `{file}`") from error
    if algorithm != "sha256" or not value:
        raise errors.SourceError(f"`{download.shown(url)}` has no SHA-256 checksum of `{file}`")
    return value


def _url(release: Release, name: str) -> str:
    here = catalog.here()
    system, _, machine = here.partition("/")
    if name == "kwok":
        return official.mirrored(KWOK.format(version=release.kwok, system=system, machine=machine))
    return official.mirrored(KUBERNETES.format(version=release.kubernetes, platform=here, name=name))
