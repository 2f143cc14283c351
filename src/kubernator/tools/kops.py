"""kops: what it is told. Pure; written for kOps 1.26 and newer, run with 1.36. What it answers is in `kops_answers`.

Source: https://kops.sigs.k8s.io/cli/kops/.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

__all__ = [
    "SECRETS",
    "Target",
    "duration",
    "export",
    "get",
    "preview",
    "replace",
    "roll",
    "rolling_preview",
    "ssh_keys",
    "update",
    "validate",
]


#: Variables of the environment that hold credentials of the clouds and state stores of kOps, beside those of Amazon.
SECRETS: Final = (
    "AZURE_CLIENT_SECRET",
    "DIGITALOCEAN_ACCESS_TOKEN",
    "HCLOUD_TOKEN",
    "OS_APPLICATION_CREDENTIAL_SECRET",
    "OS_PASSWORD",
    "S3_SECRET_ACCESS_KEY",
    "SCW_SECRET_KEY",
    "SPOTINST_TOKEN",
)


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A cluster in a state store. Every command names both, whatever the environment says."""

    name: str
    state: str

    def __str__(self) -> str:
        """Return both for people."""
        return f"{self.name} in {self.state}"

    @property
    def short(self) -> str:
        """What tells it from others, fit for the name of a file."""
        return hashlib.sha256(str(self).encode()).hexdigest()[:12]

    @property
    def flags(self) -> list[str]:
        """What every command gets; joined, so that no value is taken for a flag."""
        return [f"--name={self.name}", f"--state={self.state}"]


# --- command lines ----------------------------------------------------------------------------------------------------


def get(target: Target) -> list[str]:
    """Read the cluster, its instance groups and additional objects."""
    return ["get", "all", *target.flags, "--output=json"]


def ssh_keys(target: Target) -> list[str]:
    """Read the public keys of SSH."""
    return ["get", "sshpublickeys", *target.flags, "--output=json"]


def replace(target: Target, files: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Write objects, those that are not there too."""
    return ["replace", *target.flags, "--force", *(f"--filename={_item(str(file))}" for file in files)]


def _item(text: str) -> str:
    """Return a text as one item of a flag that takes several, which kops reads as a line of CSV."""
    return '"{}"'.format(text.replace('"', '""')) if "," in text or '"' in text else text


def preview(target: Target) -> list[str]:
    """Say what `update` would do to the cloud; reads only."""
    return ["update", "cluster", *target.flags]


def update(target: Target) -> list[str]:
    """Make the cloud what the state store says. The kubeconfig is exported by a call of its own."""
    return ["update", "cluster", *target.flags, "--yes", "--create-kube-config=false"]


def export(target: Target, kubeconfig: str | os.PathLike[str]) -> list[str]:
    """Write a kubeconfig with a client certificate of an administrator, which kOps makes anew each time."""
    return ["export", "kubeconfig", *target.flags, "--admin", f"--kubeconfig={kubeconfig}"]


def validate(target: Target, *, wait: str) -> list[str]:
    """Wait until all nodes and the system's Pods are there; ``wait`` is a duration of Go."""
    return ["validate", "cluster", *target.flags, f"--wait={wait}"]


def rolling_preview(target: Target) -> list[str]:
    """Say which instances are older than their group; asks the cloud only."""
    return ["rolling-update", "cluster", *target.flags, "--cloudonly"]


def roll(target: Target, *, control_plane: str, node: str) -> list[str]:
    """Replace instances that need it, one after another, with these pauses."""
    pauses = [f"--control-plane-interval={control_plane}", f"--node-interval={node}"]
    return ["rolling-update", "cluster", *target.flags, *pauses, "--yes"]


# --- time -------------------------------------------------------------------------------------------------------------

_DURATION: Final = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h)")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: str) -> float:
    """Return the seconds of a duration of Go (``8m``, ``1h30m``). Raises ValueError for anything else."""
    parts = _DURATION.findall(text)
    if "".join(parts) != text or not parts:
        raise ValueError(f"`{text}` is no duration, as in `8m` or `1h30m`")
    return sum(float(part.rstrip("nuµmsh")) * _SECONDS[part.lstrip("0123456789.")] for part in parts)
