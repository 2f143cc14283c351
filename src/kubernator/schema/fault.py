"""What is wrong with a manifest, and where: a value that every check of this floor gives."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.model.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.sourcemap import Path

__all__ = ["Fault", "Key", "Reason", "api_path", "is_builtin_group"]


class Reason(StrEnum):
    """The kind of a fault: the causes of the API server's field errors, and some that it has no name for.

    ``type`` is a value of another type, ``unknown`` a field that the schema does not have, ``undecided`` what could
    not be evaluated here and is left to the server.
    """

    REQUIRED = "required"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    DUPLICATE = "duplicate"
    TYPE = "type"
    UNSUPPORTED = "unsupported"
    FORBIDDEN = "forbidden"
    TOO_LONG = "too-long"
    TOO_MANY = "too-many"
    TOO_FEW = "too-few"
    IMMUTABLE = "immutable"
    DEPRECATED = "deprecated"
    UNDECIDED = "undecided"


class Key(str):
    """A key of a map in a path, which the server writes in brackets, where the path itself does not tell."""

    __slots__ = ()


class Fault(NamedTuple):
    """One thing wrong with a manifest.

    ``path`` are the keys and indices down to it; of what is missing, to where it should be. ``message`` is what the
    API server says after the path, without the value where that may be a secret.
    """

    path: Path
    reason: Reason
    message: str
    severity: Severity = Severity.ERROR


#: What may stand after a point in a path; all else stands in brackets.
_PLAIN: Final = re.compile(r"[$A-Za-z_][-$A-Za-z0-9_]*", re.ASCII)
#: Fields of built-in kinds that are maps with keys of the user's, which the server writes in brackets.
_MAPS: Final = frozenset(
    {
        *("annotations", "binaryData", "capacity", "data", "hard", "labels", "limits", "matchLabels", "max", "min"),
        *("maxLimitRequestRatio", "nodeSelector", "default", "defaultRequest", "overhead", "parameters", "requests"),
        *("stringData", "volumeAttributes", "podFixed"),
    }
)
#: What is named as one of those maps and is none: the parameters of an IngressClass, what a RuntimeClass adds, and the
#: nodes of a ResourceSlice.
_FIELDS: Final = frozenset(
    {
        *(("parameters", 2, name) for name in ("apiGroup", "kind", "name", "namespace", "scope")),
        ("overhead", 1, "podFixed"),
        *(("nodeSelector", depth, "nodeSelectorTerms") for depth in (2, 4)),
    }
)
_IN_DEFINITIONS: Final = frozenset({"annotations", "labels", "properties"})
_METADATA: Final = frozenset({"annotations", "labels"})


def is_builtin_group(group: str) -> bool:
    """Say whether an API group is Kubernetes' own, so that its kinds are checked by Go code and not by a definition."""
    return "." not in group or group in _GROUPS


#: Groups with a point in their names that the API server itself serves.
_GROUPS: Final = frozenset(
    f"{name}.k8s.io"
    for name in (
        *("admissionregistration", "apiextensions", "authentication", "authorization", "certificates", "coordination"),
        *("discovery", "events", "internal.apiserver", "networking", "node", "rbac.authorization", "resource"),
        *("flowcontrol.apiserver", "scheduling", "storage", "storagemigration", "apiregistration", "lifecycle"),
    )
)


def api_path(path: Path, manifest: Mapping[str, Any] | None = None) -> str:
    """Return a path as the API server prints it: ``spec.containers[0].image``, ``metadata.annotations[a/b]``.

    The manifest tells whether a map such as ``data`` is one of a built-in kind; without it, it is taken for one.
    """
    api_version = (manifest or {}).get("apiVersion")
    builtin = not isinstance(api_version, str) or is_builtin_group(api_version.rpartition("/")[0])
    text = ""
    above: str | int = ""
    for depth, step in enumerate(path):
        if "openAPIV3Schema" in path:
            maps = _IN_DEFINITIONS
        else:
            maps = _MAPS if builtin else _METADATA if depth == 2 and path[0] == "metadata" else frozenset()  # noqa: PLR2004
        is_key = above in maps and (above, depth, step) not in _FIELDS
        if isinstance(step, int | Key) or is_key or not _PLAIN.fullmatch(step):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
        above = step
    return text
