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

from kubernator.model.resource import SERVERS_METADATA
from kubernator.planning import equalities

if TYPE_CHECKING:
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = ["ABSENT", "LAST_APPLIED", "Rules", "quantity", "wire"]


class _Absent:
    """Nothing stands there, which is not the same as null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

_SERVERS_METADATA: Final = frozenset(SERVERS_METADATA)
_QUANTITY: Final = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:([eE][+-]?[0-9]+)|([numkMGTPE]|[KMGTPE]i)?)")
_KIBI: Final = 1024
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

    Left out are server-written metadata, the record of ``kubectl apply``, labels and annotations that are none, an
    empty status, and with ``status`` any status, which the kind keeps in a subresource where an apply is ignored.
    Values of a Secret's ``stringData`` go into its ``data``: the server would do the same, but remember our ownership
    under a field that no longer exists, so that a key dropped from the manifest would stay. The manifest itself stays
    as it is.
    """
    sent = {key: value for key, value in manifest.items() if key != "status" or (value and not status)}
    metadata = {
        key: value
        for key, value in (manifest.get("metadata") or {}).items()
        if key not in _SERVERS_METADATA and value is not None
    }
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        metadata["annotations"] = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
    for name in ("annotations", "labels"):  # one that is empty would be owned as soon as somebody else adds to it
        if metadata.get(name) == {}:
            del metadata[name]
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


def _same_quantity(wanted: Any, live: Any) -> bool:
    """Say whether the server writes both the same: ``1024Mi`` as ``1Gi``, but ``1073741824`` as it stands."""
    amount = quantity(wanted)
    if amount is None or amount != quantity(live):
        return False
    return amount == 0 or _family(wanted, amount) == _family(live, amount)


def _family(value: Any, amount: Decimal) -> str:
    """Return by which powers a quantity is written: of two, of ten by letter, or of ten by exponent.

    Source: k8s.io/apimachinery, package ``resource``, ``Quantity.CanonicalizeBytes``: powers of two only from 1024 on.
    """
    text = str(value)
    if text.endswith("i"):
        return "i" if abs(amount) >= _KIBI else ""
    return "e" if "e" in text or "E" in text[:-1] else ""


class Rules:
    """The equalities that hold for one kind."""

    __slots__ = ("builtin", "definition", "group", "quantities")

    def __init__(self, gvk: GroupVersionKind) -> None:
        self.group = gvk.group
        self.builtin = gvk.group in equalities.BUILTIN_GROUPS
        self.definition = gvk.group == "apiextensions.k8s.io"
        self.quantities = self.builtin and gvk.group not in equalities.NO_QUANTITIES

    def same(self, wanted: Any, live: Any, path: Path = ()) -> bool:  # noqa: PLR0911 - one form of JSON each
        """Say whether the server provably stores ``wanted`` as ``live``; `ABSENT` where nothing is stored.

        ``path`` is where in the manifest the value stands. True means that sending it again changes nothing.
        """
        if live is ABSENT:
            return not wanted and self._dropped(wanted, path)
        if isinstance(wanted, bool) or isinstance(live, bool):
            return wanted is live
        match wanted:
            case None:
                return live is None or (live == "" and _above(path) in equalities.STRING_MAPS and self._loose(path))
            case str() | int() | float():
                return self._same_scalar(wanted, live, path)
            case list():
                if not wanted and not live:
                    return live == [] or (live is None and self._loose(path))
                return self._same_lists(wanted, live, path)
            case dict():
                if not isinstance(live, dict):
                    return not wanted and live is None and self._loose(path)
                return self._same_maps(wanted, live, path)
            case _:
                return False

    def merges(self, path: Path) -> bool:
        """Say whether a map or list at this place is known to merge with what others keep in it."""
        if path[:1] == ("metadata",) and len(path) == 2:  # noqa: PLR2004 - labels, annotations, finalizers
            return True
        place = (_above(path), path[-1])
        return self.builtin and (place in equalities.MERGED_MAPS or place in equalities.MERGED_LISTS)

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
        """Say whether null and empty lists are dropped here: in built-in types, and in every kind's metadata."""
        return (self.builtin and not self._raw(path)) or path[:1] == ("metadata",)

    def _raw(self, path: Path) -> bool:
        """Say whether a place is inside what a built-in type carries along as it was written."""
        if self.definition:
            return not equalities.RAW_IN_DEFINITIONS.isdisjoint(path)
        return "opaque" in path or (self.group == "apps" and path[:1] == ("data",))

    def _dropped(self, wanted: Any, path: Path) -> bool:
        """Say whether nothing is stored of a null, an empty or a zero value."""
        if not self._loose(path):
            return False
        if wanted is None or wanted == []:
            return True
        if self.definition and path[-1] in equalities.DROPPED_IN_DEFINITIONS:
            return True
        return (_above(path), path[-1]) in equalities.DROPPED

    def _same_scalar(self, wanted: str | float, live: Any, path: Path) -> bool:
        if isinstance(wanted, str) == isinstance(live, str) and wanted == live:
            return True
        if not self.quantities or not _is_quantity(path) or self._raw(path):
            return False
        return _same_quantity(wanted, live)

    def _default(self, key: str, value: Any, wanted: dict[str, Any], path: Path) -> bool:
        if not self.builtin or self.definition or self._raw(path):
            return False
        parents = [name for name in path if isinstance(name, str)]
        parent = parents[-1] if parents else ""
        if parent == "subjects" and key == "apiGroup":
            return bool(value == "rbac.authorization.k8s.io" and wanted.get("kind") in {"User", "Group"})
        if parents[-2:] == ["volumeClaimTemplates", "spec"] and key == "volumeMode":
            return bool(value == "Filesystem")
        if parents[-2:] == ["volumeClaimTemplates", "metadata"] and key == "creationTimestamp":
            return value is None
        return (parent, key) in equalities.DEFAULTS and bool(equalities.DEFAULTS[parent, key] == value)


def _above(path: Path) -> str:
    """Return the key of the map or list that a value stands in; empty at the top."""
    for step in reversed(path[:-1]):
        if isinstance(step, str):
            return step
    return ""


def _is_quantity(path: Path) -> bool:
    keys = [key for key in path if isinstance(key, str)]
    if not keys:
        return False
    above = ["", "", *keys]
    return (above[-2], keys[-1]) in equalities.QUANTITY_KEYS or (above[-3], above[-2]) in equalities.QUANTITY_MAPS
