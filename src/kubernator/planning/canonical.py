"""When two written values are one value for the server.

The server rewrites some of what it is given: quantities become canonical, empty and zero values are dropped, defaults
are added inside what is owned as a whole. The rules were measured on a real API server (1.37); whatever is not covered
counts as different, and the server is asked. A wrong "same" would hide a change, a wrong "different" costs a request.

Custom resources are stored as written, so none of the rules for built-in kinds hold for them.
"""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = ["ABSENT", "BUILTIN_GROUPS", "LAST_APPLIED", "Rules", "quantity", "wire"]


class _Absent:
    """Nothing stands there, which is not the same as null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

#: What only the server writes; in a manifest it is left over from an export.
_SERVER_METADATA: Final = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)

BUILTIN_GROUPS: Final = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)

#: Groups in which a key such as ``default`` holds data of the user's, not quantities.
_NO_QUANTITIES: Final = frozenset({"apiextensions.k8s.io", "admissionregistration.k8s.io"})
_QUANTITY_MAPS: Final = frozenset(
    {
        "allocatable",
        "capacity",
        "default",
        "defaultRequest",
        "hard",
        "limits",
        "max",
        "maxLimitRequestRatio",
        "min",
        "podFixed",
        "requests",
    }
)
_QUANTITY_KEYS: Final = frozenset({"averageValue", "divisor", "sizeLimit", "targetAverageValue"})
_STRING_MAPS: Final = frozenset({"annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector"})

#: (key of the map or list above, key) -> the default that the server writes inside something owned as a whole.
_DEFAULTS: Final[dict[tuple[str, str], Any]] = {
    ("fieldRef", "apiVersion"): "v1",
    ("resourceFieldRef", "divisor"): "0",
    ("serviceAccountToken", "expirationSeconds"): 3600,
    ("ports", "protocol"): "TCP",
    ("rules", "scope"): "*",
    ("resourceRules", "scope"): "*",
    ("excludeResourceRules", "scope"): "*",
    ("roleRef", "apiGroup"): "rbac.authorization.k8s.io",
    ("volumeClaimTemplates", "apiVersion"): "v1",
    ("volumeClaimTemplates", "kind"): "PersistentVolumeClaim",
    ("volumeClaimTemplates", "status"): {"phase": "Pending"},
}

_QUANTITY: Final = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:([eE][+-]?[0-9]+)|([numkMGTPE]|[KMGTPE]i)?)")
_SUFFIXES: Final = {
    **{
        letter: Decimal(10) ** power
        for letter, power in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)
    },
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)},
}
_NANO: Final = Decimal(10) ** 9


def wire(manifest: Manifest, *, status: bool) -> Manifest:
    """Return what is sent to the server for a manifest.

    Left out are server-written metadata, the record of ``kubectl apply``, an empty status, and with ``status`` any
    status, which the kind keeps in a subresource where an apply is ignored. Values of a Secret's ``stringData`` go into
    its ``data``: the server would do the same, but remember our ownership under a field that no longer exists, so that
    a key dropped from the manifest would stay. The manifest itself stays as it is.
    """
    sent = {key: value for key, value in manifest.items() if key != "status" or (value and not status)}
    metadata = {
        key: value
        for key, value in (manifest.get("metadata") or {}).items()
        if key not in _SERVER_METADATA and value is not None
    }
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        metadata["annotations"] = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
        if not metadata["annotations"]:
            del metadata["annotations"]
    sent["metadata"] = metadata
    if manifest.get("apiVersion") == "v1" and manifest.get("kind") == "Secret":
        _fold(sent)
    return sent


def _fold(secret: Manifest) -> None:
    data, plain = secret.get("data"), secret.get("stringData")
    if data is not None and not isinstance(data, dict):
        return  # the server says what is wrong with it
    if data:
        secret["data"] = {
            key: "".join(value.split()) if isinstance(value, str) else ("" if value is None else value)
            for key, value in data.items()
        }
    if not isinstance(plain, dict) or not all(isinstance(value, str | None) for value in plain.values()):
        return
    encoded = {key: base64.b64encode((value or "").encode()).decode() for key, value in plain.items()}
    del secret["stringData"]
    if encoded:
        secret["data"] = {**(secret.get("data") or {}), **encoded}


def quantity(value: Any) -> Decimal | None:
    """Read a Kubernetes quantity such as ``500m`` or ``1Gi``; None if it is none, or finer than the server keeps.

    Source: k8s.io/apimachinery, package ``resource``: a quantity is rounded up to nano units.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = _QUANTITY.fullmatch(str(value))
    if found is None:
        return None
    number, exponent, suffix = found.groups()
    if exponent and abs(int(exponent[1:])) > 18:  # noqa: PLR2004 - beyond exa the server caps
        return None
    amount = Decimal(number) * (Decimal(10) ** int(exponent[1:]) if exponent else _SUFFIXES.get(suffix, Decimal(1)))
    return amount if amount * _NANO == int(amount * _NANO) else None


class Rules:
    """The equalities that hold for one kind."""

    __slots__ = ("builtin", "quantities")

    def __init__(self, gvk: GroupVersionKind) -> None:
        self.builtin = gvk.group in BUILTIN_GROUPS
        self.quantities = self.builtin and gvk.group not in _NO_QUANTITIES

    def same(self, wanted: Any, live: Any, path: Path = ()) -> bool:  # noqa: PLR0911 - one form of JSON each
        """Say whether the server provably stores ``wanted`` as ``live``; `ABSENT` where nothing is stored.

        ``path`` is where in the manifest the value stands. True means that sending it again changes nothing.
        """
        if isinstance(wanted, bool) or isinstance(live, bool):
            return wanted is live or (wanted is False and live is ABSENT and self._loose(path))
        match wanted:
            case None:
                return self._same_null(live, path)
            case str() | int() | float():
                return self._same_scalar(wanted, live, path)
            case list():
                if not wanted and (live is ABSENT or live is None or live == []):
                    return live == [] or self._loose(path)
                return self._same_lists(wanted, live, path)
            case dict():
                if not isinstance(live, dict):
                    return not wanted and (live is ABSENT or live is None) and self._loose(path)
                return self._same_maps(wanted, live, path)
            case _:
                return False

    def _same_lists(self, wanted: list[Any], live: Any, path: Path) -> bool:
        if not isinstance(live, list) or len(wanted) != len(live):
            return False
        return all(self.same(item, live[index], (*path, index)) for index, item in enumerate(wanted))

    def _same_maps(self, wanted: dict[str, Any], live: dict[str, Any], path: Path) -> bool:
        for key, value in wanted.items():
            stored = live.get(key, ABSENT)
            if value.__class__ is str and value == stored:
                continue  # most of all there is; a definition has ten thousands of them
            if not self.same(value, stored, (*path, key)):
                return False
        if live.keys() == wanted.keys():
            return True
        return all(self._default(key, value, wanted, path) for key, value in live.items() if key not in wanted)

    def _loose(self, path: Path) -> bool:
        """Empty and zero values are dropped in built-in types, which every kind's metadata is one of."""
        return self.builtin or path[:1] == ("metadata",)

    def _same_null(self, live: Any, path: Path) -> bool:
        if live is None or live is ABSENT:
            return True
        keys = [key for key in path if isinstance(key, str)]
        return self._loose(path) and live == "" and len(keys) > 1 and keys[-2] in _STRING_MAPS

    def _same_scalar(self, wanted: str | float, live: Any, path: Path) -> bool:
        if live is ABSENT:
            return not wanted and self._loose(path)
        if isinstance(wanted, str) == isinstance(live, str) and wanted == live:
            return True
        if not self.quantities or not _is_quantity(path):
            return False
        amount = quantity(wanted)
        return amount is not None and amount == quantity(live)

    def _default(self, key: str, value: Any, wanted: dict[str, Any], path: Path) -> bool:
        if not self.builtin:
            return False
        parents = [name for name in path if isinstance(name, str)]
        parent = parents[-1] if parents else ""
        if parent == "subjects" and key == "apiGroup":
            return bool(value == "rbac.authorization.k8s.io" and wanted.get("kind") in {"User", "Group"})
        if parents[-2:] == ["volumeClaimTemplates", "spec"] and key == "volumeMode":
            return bool(value == "Filesystem")
        if parents[-2:] == ["volumeClaimTemplates", "metadata"] and key == "creationTimestamp":
            return value is None
        return (parent, key) in _DEFAULTS and bool(_DEFAULTS[parent, key] == value)


def _is_quantity(path: Path) -> bool:
    keys = [key for key in path if isinstance(key, str)]
    if not keys:
        return False
    parent = keys[-2] if len(keys) > 1 else ""
    return keys[-1] in _QUANTITY_KEYS or parent in _QUANTITY_MAPS or (keys[-1] == "value" and parent == "target")
