"""The programs of a control plane, as one set of one version, never mixed from several places.

Looked for in this order: the directory in ``KUBEBUILDER_ASSETS``, ``PATH``, the cache, the official downloads, and last
a build from Go modules. A place that lacks one of the programs, or has another version, is passed over as a whole.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.sandbox import golang, official, versions
from kubernator.tools import cache, process, tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["ASSETS", "Binaries", "find"]

ASSETS: Final = "KUBEBUILDER_ASSETS"

KUBERNETES: Final = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A complete set. ``version`` is that of Kubernetes, without ``v``; ``kubectl`` is there if it was asked for."""

    version: str
    etcd: Path
    apiserver: Path
    controller_manager: Path
    scheduler: Path
    kwok: Path
    kubectl: Path | None
    origin: tool.ToolOrigin


def find(
    kube_version: str | None = None,
    *,
    say: Callable[[str], object],
    kubectl: bool = False,
    store: cache.Cache | None = None,
) -> Binaries:
    """Return a set for the version asked for, fetched or built if need be; ``say`` gets a line for each long step.

    ``kubectl`` makes kubectl part of the set. Raises `errors.UsageError` for a version that is not known,
    `errors.ToolError` or `errors.SourceError` when the programs cannot be had.
    """
    given = os.environ.get(ASSETS)
    if given and (found := _given([given], kube_version, kubectl=kubectl, say=say, any_version=kube_version is None)):
        return found
    release = versions.release(kube_version)
    if found := _given(None, release.kubernetes, kubectl=kubectl, say=say):
        return found
    return _own(release, store or cache.Cache(), kubectl=kubectl, say=say)


def _given(
    dirs: list[str] | None,
    asked: str | None,
    *,
    kubectl: bool,
    say: Callable[[str], object],
    any_version: bool = False,
) -> Binaries | None:
    """Look for a complete set in directories that others filled; a set in part is worth a word only if it was named."""
    names = [*versions.MAIN, *(["kubectl"] if kubectl else [])]
    tools = {name: found.path for name in names if (found := tool.find(name, dirs))}
    if missing := [name for name in names if name not in tools]:
        if dirs:
            say(f"`{ASSETS}` is passed over: `{dirs[0]}` has no {', '.join(missing)}")
        return None
    have = {name: _version(tools[name]) for name in KUBERNETES}
    version = have["kube-apiserver"]
    where = ASSETS if dirs else "PATH"
    if len(set(have.values())) > 1 or not version:
        said = ", ".join(f"{name} {number or 'unknown'}" for name, number in have.items())
        say(f"`{where}` is passed over: its programs are of several versions ({said})")
        return None
    if not any_version and _minor(version) != _minor((asked or "").removeprefix("v")):
        say(f"`{where}` is passed over: its Kubernetes is {version}")
        return None
    return _set(version, tools, tool.ToolOrigin.GIVEN if dirs else tool.ToolOrigin.PATH)


def _own(release: versions.Release, store: cache.Cache, *, kubectl: bool, say: Callable[[str], object]) -> Binaries:
    """Return the set of the cache; what is missing of it is downloaded or built, by one process at a time."""
    programs = release.programs(kubectl=kubectl)
    names = [program.name for program in programs]
    fetched = store.controlplane / f"{release.kubernetes}-official"
    # the extra is no part of the key: a set is the same set with or without it
    built = store.controlplane / f"{release.kubernetes}-{golang.key(release.programs(kubectl=True))}"
    for directory in (fetched, built):
        if found := _complete(directory, names):
            return _set(release.kubernetes, found, tool.ToolOrigin.CACHE)
    with store.locked(
        f"controlplane-{release.kubernetes}", waiting=lambda: say("waiting for another process that gets the programs")
    ):
        for directory in (fetched, built):
            if found := _complete(directory, names):
                return _set(release.kubernetes, found, tool.ToolOrigin.CACHE)
        if _download(release, fetched, names, say=say):
            return _set(release.kubernetes, _complete(fetched, names), tool.ToolOrigin.DOWNLOAD)
        say(f"building Kubernetes {release.kubernetes} from its Go modules; this takes minutes, once")
        cache.private_directory(built)
        golang.build(programs, built, store, say=say)
        return _set(release.kubernetes, _complete(built, names), tool.ToolOrigin.BUILT)


def _download(
    release: versions.Release, directory: Path, names: Iterable[str], *, say: Callable[[str], object]
) -> bool:
    if not official.offered():
        return False
    if not official.reachable(release):
        say("the official downloads cannot be reached")
        return False
    cache.private_directory(directory)
    try:
        for name in names:
            if not (directory / name).is_file():
                official.fetch(release, name, directory / name, say=say)
    except errors.SourceError as error:
        say(f"the official downloads are passed over: {error}")
        return False
    return True


def _complete(directory: Path, names: Iterable[str]) -> dict[str, Path]:
    """Return the programs of a directory, or nothing if one is missing; each got there whole, by a rename."""
    paths = {name: directory / name for name in names}
    return paths if all(path.is_file() for path in paths.values()) else {}


def _set(version: str, paths: dict[str, Path], origin: tool.ToolOrigin) -> Binaries:
    return Binaries(
        version=version,
        etcd=paths["etcd"],
        apiserver=paths["kube-apiserver"],
        controller_manager=paths["kube-controller-manager"],
        scheduler=paths["kube-scheduler"],
        kwok=paths["kwok"],
        kubectl=paths.get("kubectl"),
        origin=origin,
    )


def _version(program: Path) -> str:
    try:
        said = process.run([program, "--version"], timeout=20, check=False).stdout
    except errors.KubernatorError:
        return ""
    match = re.search(r"v(\d+\.\d+\.\d+)", said)
    return match[1] if match else ""


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
