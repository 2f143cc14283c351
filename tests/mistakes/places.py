"""Places of faults as the API server tells them, next to where they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["is_told"]

#: What the server leaves out, puts in or calls otherwise -> what stands in a manifest.
_MEANT: Final = (
    (r"(^|\.)template\.(labels|annotations)\b\.?(.*)$", r"\1template.metadata.\2[\3]"),
    (r"(^|\.)template\.(labels|annotations)\b", r"\1template.metadata.\2"),
    (r"\.volumeMounts\.(subPath|subPathExpr|mountPropagation|recursiveReadOnly)$", r".volumeMounts[0].\1"),
    (r"\.persistentDisk\.", ".gcePersistentDisk."),
    (r"\.downwardAPI\.(path|fieldRef|resourceFieldRef)\b", r".downwardAPI.items[0].\1"),
    (r"\.projected\.path$", ".projected.sources[0].serviceAccountToken.path"),
    (r"\.resources\[storage\]$", ".resources.requests[storage]"),
    (r"\.overhead\.limits\[", ".overhead["),
    (r"\.resources\.containers\[0\]\[cpu\]\.limits$", ".containers[0].resources.limits[cpu]"),
    (r"\.HostPID$", ".hostPID"),
    (r"\.namespace$", ".namespaces"),
    (r"\.securityContext\.shareProcessNamespace$", ".shareProcessNamespace"),  # until Kubernetes 1.36
    (r"(\.topologySpreadConstraints\[0\])\[0\]$", r"\1.matchLabelKeys[0]"),
)
#: What follows from another fault: requests are taken from limits, and labels are not selected without a selector.
_FOLLOWS: Final = (
    (r"\.resources\.requests\[", ".resources.limits["),
    (r"(^spec)\.resources\.requests$", r"\1.containers[0].resources.limits"),
    (r"(\.resources\.claims)\[0\]$", r"\1"),
    (r"\.template\.metadata\.labels$", ".selector"),
)


def is_told(place: str, ours: Iterable[str]) -> bool:
    """Say whether a place that the server tells is one of ours, or around one that is told more exactly."""
    meant = {place, *(re.sub(pattern, real, place) for pattern, real in (*_MEANT, *_FOLLOWS))}
    return any(each == real or each.startswith((f"{real}.", f"{real}[")) for each in ours for real in meant)
