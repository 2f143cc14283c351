"""What the API server checks of PersistentVolumes and claims for them.

Source: k8s.io/kubernetes, packages ``pkg/apis/core/validation`` and ``pkg/api/persistentvolumeclaim``, of Kubernetes
1.37.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import amounts, nodeterms, parts, volumesources
from kubernator.schema.quantity import amount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS", "check_claim_spec", "check_volume_spec"]

_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_VOLUME_MODES: Final = ("Block", "Filesystem")
_POLICIES: Final = ("Delete", "Recycle", "Retain")


def _check_modes(field: Field, message: str = "") -> None:
    if not field.size:
        field.required(message)
    for each in field.items():
        parts.check_word(each, _MODES)
        if each.value == "":
            each.unsupported(_MODES)
    given = set(parts.texts(field))
    if "ReadWriteOncePod" in given and len(given & set(_MODES)) > 1:
        field.forbidden("may not use ReadWriteOncePod with other access modes")


def _volume(root: Field) -> None:
    check_volume_spec(root["spec"], name=root["metadata"]["name"].text)


def check_volume_spec(spec: Field, *, name: str = "", inline: bool = False) -> None:
    """Add what is wrong with the specification of a volume; one that is inline has no claim, and a driver."""
    _check_modes(spec["accessModes"])
    if inline:
        _check_inline(spec)
    else:
        _check_capacity(spec["capacity"])
        parts.check_word(spec["persistentVolumeReclaimPolicy"], _POLICIES)
        parts.check_text(spec["storageClassName"], names.dns_subdomain)
        parts.check_word(spec["volumeMode"], _VOLUME_MODES)
        _check_affinity(spec["nodeAffinity"])
    volumesources.check_sources(spec, name)
    path = spec["hostPath"]["path"].text
    policy = spec["persistentVolumeReclaimPolicy"]
    if policy.text == "Recycle" and path and posixpath.normpath(path) in {"/", "//"}:
        policy.forbidden("may not be 'recycle' for a hostPath mount of '/'")
    if not inline:
        _check_attributes_class(spec)


def _check_inline(spec: Field) -> None:
    for name in ("claimRef", "capacity", "nodeAffinity", "storageClassName"):
        if not parts.is_missing(spec[name]):
            spec[name].forbidden("may not be specified in the context of inline volumes")
    if not spec["csi"]:
        spec["csi"].required("has to be specified in the context of inline volumes")
    if spec["persistentVolumeReclaimPolicy"].text not in {"", "Retain"}:
        spec["persistentVolumeReclaimPolicy"].forbidden("may only be Retain in the context of inline volumes")
    if spec["volumeMode"] and spec["volumeMode"].text != "Filesystem":
        spec["volumeMode"].forbidden(
            "may not specify volumeMode other than Filesystem in the context of inline volumes"
        )


def _check_capacity(field: Field) -> None:
    if not field.size:
        field.required()
    found = amounts.quantities(field)
    if field.size != 1 or "storage" not in found:
        field.unsupported(("storage",))
    for each in found.values():
        amounts.check_positive(each)


def _check_affinity(field: Field) -> None:
    if field and not field["required"]:
        field["required"].required("must specify required node constraints")
    nodeterms.check_node_selector(field["required"])


def _check_attributes_class(spec: Field) -> None:
    field = spec["volumeAttributesClassName"]
    if not field:
        return
    if not field.text:
        field.required("an empty string is disallowed")
    parts.check_text(field, names.dns_subdomain)
    if not spec["csi"]:
        spec["csi"].required("has to be specified when using volumeAttributesClassName")


def _claim(root: Field) -> None:
    check_claim_spec(root["spec"])


def check_claim_spec(spec: Field) -> None:
    """Add what is wrong with the specification of a claim, also of one in a template."""
    _check_modes(spec["accessModes"], "at least 1 access mode is required")
    labelling.check_selector(spec["selector"])
    storage = spec["resources"]["requests"]["storage"]
    if not storage:
        storage.required()
    elif (found := amount(storage.value)) is not None and found <= 0:
        storage.invalid("must be greater than zero")
    for name in ("storageClassName", "volumeAttributesClassName"):
        parts.check_text(spec[name], names.dns_subdomain)
    parts.check_word(spec["volumeMode"], _VOLUME_MODES)
    _check_data(spec)


def _check_data(spec: Field) -> None:
    source, reference = spec["dataSource"], spec["dataSourceRef"]
    if reference["namespace"].text or (not reference and not _is_known(source)):
        return  # the server drops both and says nothing, unless it is told to keep references to other namespaces
    for each in (source, reference):
        if each:
            _check_source(each)
    if source and reference and any(source[key].value != reference[key].value for key in ("apiGroup", "kind", "name")):
        spec.invalid("must match dataSourceRef")


def _is_known(source: Field) -> bool:
    wanted = {("PersistentVolumeClaim", ""), ("VolumeSnapshot", "snapshot.storage.k8s.io")}
    return (source["kind"].text, source["apiGroup"].text) in wanted


def _check_source(field: Field) -> None:
    for name in ("name", "kind"):
        if not field[name].text:
            field[name].required()
    group = field["apiGroup"]
    if not group.text and field["kind"].text != "PersistentVolumeClaim":
        field.invalid("must be 'PersistentVolumeClaim' when referencing the default apiGroup")
    parts.check_text(group, names.dns_subdomain)


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("", "PersistentVolume"): _volume,
    ("", "PersistentVolumeClaim"): _claim,
}
