"""What every object has, also one inside another: ``apiVersion``, ``kind`` and ``metadata``.

Definitions do not describe it, so its schema stands here. Source: k8s.io/apiextensions-apiserver, package
``apiserver/schema/objectmeta``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.schema import names
from kubernator.schema.builtin.field import Field
from kubernator.schema.fault import Fault, Reason
from kubernator.schema.metadata import check_fields
from kubernator.schema.node import Node, Nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.sourcemap import Path

__all__ = ["META", "METADATA", "faults"]

META: Final = frozenset({"apiVersion", "kind", "metadata"})

_OBJECT_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_TIME: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
_FIELDS: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"
_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "object", "additionalProperties": _TEXT}
_WHOLE: Final = {"type": "integer", "format": "int64"}
_SWITCH: Final = {"type": "boolean"}

#: As the API server publishes them; they have not changed since Kubernetes 1.22.
_COMPONENTS: Final[dict[str, dict[str, Any]]] = {
    _TIME: {"type": "string", "format": "date-time"},
    _FIELDS: {"type": "object"},
    _OBJECT_META: {
        "type": "object",
        "properties": {
            "annotations": _TEXTS,
            "creationTimestamp": {"$ref": _TIME},
            "deletionGracePeriodSeconds": _WHOLE,
            "deletionTimestamp": {"$ref": _TIME},
            "finalizers": {"type": "array", "items": _TEXT, "x-kubernetes-list-type": "set"},
            "generateName": _TEXT,
            "generation": _WHOLE,
            "labels": _TEXTS,
            "managedFields": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        **dict.fromkeys(("apiVersion", "fieldsType", "manager", "operation", "subresource"), _TEXT),
                        "fieldsV1": {"$ref": _FIELDS},
                        "time": {"$ref": _TIME},
                    },
                },
            },
            "name": _TEXT,
            "namespace": _TEXT,
            "ownerReferences": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["uid"],
                "items": {
                    "type": "object",
                    "properties": {
                        **dict.fromkeys(("apiVersion", "kind", "name", "uid"), _TEXT),
                        **dict.fromkeys(("blockOwnerDeletion", "controller"), _SWITCH),
                    },
                },
            },
            "resourceVersion": _TEXT,
            "selfLink": _TEXT,
            "uid": _TEXT,
        },
    },
}

#: The schema of ``metadata`` of any object.
METADATA: Final[Node] = Nodes(_COMPONENTS.get).named(_OBJECT_META)


def faults(value: dict[str, Any], path: Path) -> Iterator[Fault]:
    """Yield what is wrong with the identity of an object inside another: it must say what it is."""
    for key in ("apiVersion", "kind"):
        text = value.get(key)
        if key not in value:
            yield Fault((*path, key), Reason.REQUIRED, "Required value")
        elif not isinstance(text, str):
            yield Fault((*path, key), Reason.INVALID, "Invalid value: must be a string")
        elif not text:
            yield Fault((*path, key), Reason.INVALID, "Invalid value: must not be empty")
        elif key == "apiVersion" and text.count("/") > 1:
            yield Fault((*path, key), Reason.INVALID, f"Invalid value: unexpected GroupVersion string: {text}")
        elif key == "kind" and (complaint := names.dns_1035_label(text.lower())):
            message = f"Invalid value: may have mixed case, but should otherwise match: {complaint}"
            yield Fault((*path, key), Reason.INVALID, message)
    metadata = Field(value.get("metadata"), (*path, "metadata"))
    metadata["name"].complain(names.path_segment(metadata["name"].text))
    check_fields(metadata, free=True)
    yield from metadata.faults
