"""The volumes of a pod: each of one kind, and what is wrong with each kind.

Source: ``ValidateVolumes`` and ``validateVolumeSource`` of Kubernetes' package ``core/validation``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import claims, parts, paths, projections, ranges, volumekinds
from kubernator.schema.quantity import amount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["check_volumes"]

#: What each kind must have, in the order in which the server looks for them: of two kinds it faults the later one.
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "emptyDir": (),
    "hostPath": ("path",),
    "gitRepo": ("repository",),
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "secret": ("secretName",),
    "nfs": ("server", "path"),
    "iscsi": ("targetPortal", "iqn"),
    "glusterfs": ("endpoints", "path"),
    "flocker": (),
    "persistentVolumeClaim": ("claimName",),
    "rbd": ("monitors", "image"),
    "cinder": ("volumeID",),
    "cephfs": ("monitors",),
    "quobyte": ("registry", "volume"),
    "downwardAPI": (),
    "fc": (),
    "flexVolume": ("driver",),
    "configMap": ("name",),
    "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "storageos": ("volumeName",),
    "projected": (),
    "scaleIO": ("gateway", "system", "volumeName"),
    "csi": ("driver",),
    "ephemeral": ("volumeClaimTemplate",),
    "image": (),
}
#: Before this version of Kubernetes the server drops volumes that are images.
_IMAGES_SINCE: Final = 35
#: From this version on they need a reference also in templates.
_REFERENCES_SINCE: Final = 37
_TEMPLATED: Final = frozenset({"annotations", "labels"})


def check_volumes(field: Field, pod_name: str, *, is_pod: bool) -> dict[str, Field]:
    """Add what is wrong with the volumes of a pod or a template, and return them by name.

    ``pod_name`` is empty where it is not known.
    """
    found: dict[str, Field] = {}
    made = {f"{pod_name}-{each['name'].text}" for each in field.items() if pod_name and each["ephemeral"]}
    for each in field.items():
        name = each["name"]
        if not name.text:
            name.required()
        else:
            name.complain(names.dns_label(name.text))
        if name.text in found:
            name.duplicate()
        found[name.text] = each
        _check_source(each)
        image = each["image"]
        if image and each.minor >= (_IMAGES_SINCE if is_pod else _REFERENCES_SINCE) and not image["reference"].text:
            image["reference"].required()
        claim = each["persistentVolumeClaim"]["claimName"]
        if claim.text in made:
            claim.invalid("must not reference a PVC that gets created for an ephemeral volume")
        if pod_name and each["ephemeral"] and (complaint := names.dns_subdomain(f"{pod_name}-{name.text}")):
            name.invalid(f'PVC name "{pod_name}-{name.text}": {complaint}')
    return found


def _check_source(volume: Field) -> None:
    present = volume.value if isinstance(volume.value, dict) else {}
    given = [kind for kind in _NEEDED if present.get(kind) is not None]
    if volume.minor < _IMAGES_SINCE:  # the server drops it
        given = [kind for kind in given if kind != "image"]
    if not given:
        return  # without any it is an `emptyDir`
    for kind in given[1:]:
        volume[kind].forbidden("may not specify more than 1 volume type")
    kind = given[0]
    source = volume[kind]
    for name in _NEEDED[kind]:
        if parts.is_missing(source[name]):
            source[name].required()
    if kind in _CHECKS:
        _CHECKS[kind](source)
    if kind == "iscsi" and volumekinds.is_long_portal(source, volume["name"].text):
        volume["name"].invalid(volumekinds.PORTAL_SAID)


def _empty(field: Field) -> None:
    size = amount(field["sizeLimit"].value)
    if size is not None and size < 0:
        field["sizeLimit"].forbidden("SizeLimit field must be a valid resource quantity")


def _host_path(field: Field) -> None:
    paths.check_no_way_up(field["path"])


def _git(field: Field) -> None:
    paths.check_below(field["directory"])


def _files(field: Field) -> None:
    ranges.check_mode(field["defaultMode"])
    projections.check_keys(field["items"])


def _iscsi(field: Field) -> None:
    if field["iqn"].text:
        volumekinds.check_initiator(field["iqn"])
    if field["initiatorName"]:
        volumekinds.check_initiator(field["initiatorName"])
    volumekinds.check_lun(field["lun"])
    volumekinds.check_chap(field)


def _secret_name(name: str) -> Callable[[Field], None]:
    def check(field: Field) -> None:
        reference = field[name]
        if reference and not reference["name"].text:
            reference["name"].required()

    return check


def _storage_os(field: Field) -> None:
    for name in ("volumeName", "volumeNamespace"):
        parts.check_text(field[name], names.dns_label)
    _secret_name("secretRef")(field)


def _downward(field: Field) -> None:
    ranges.check_mode(field["defaultMode"])
    for each in field["items"].items():
        projections.check_file(each)


def _azure_disk(field: Field) -> None:
    managed = field["kind"].text == "Managed"
    place = "/subscriptions/" if managed else "https://"
    if field["kind"].text in {"", "Shared", "Dedicated", "Managed"} and not field["diskURI"].text.startswith(place):
        field["diskURI"].unsupported(
            [
                "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
                if managed
                else "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
            ]
        )


def _csi(field: Field) -> None:
    parts.check_driver(field["driver"])
    reference = field["nodePublishSecretRef"]
    if reference["name"].text:
        parts.check_text(reference["name"], names.dns_subdomain)
    elif reference:
        reference["name"].required()


def _ephemeral(field: Field) -> None:
    template = field["volumeClaimTemplate"]
    if not template:
        return
    metadata = template["metadata"]
    labelling.check(metadata["labels"])
    labelling.check_annotations(metadata["annotations"])
    for key, each in metadata.entries():
        if key not in _TEMPLATED and not parts.is_missing(each):
            each.forbidden("cannot be set")
    if template["spec"]:
        claims.check_claim_spec(template["spec"])


_CHECKS: Final[Mapping[str, Callable[[Field], None]]] = {
    "emptyDir": _empty,
    "hostPath": _host_path,
    "gitRepo": _git,
    "gcePersistentDisk": volumekinds.check_partition,
    "awsElasticBlockStore": volumekinds.check_partition,
    "secret": _files,
    "nfs": lambda source: volumekinds.check_path_on_server(source["path"]),
    "iscsi": _iscsi,
    "flocker": volumekinds.check_flocker,
    "cinder": _secret_name("secretRef"),
    "quobyte": volumekinds.check_quobyte,
    "downwardAPI": _downward,
    "fc": volumekinds.check_fibre_channel,
    "flexVolume": volumekinds.check_flex_options,
    "configMap": _files,
    "azureDisk": _azure_disk,
    "storageos": _storage_os,
    "projected": projections.check_projected,
    "csi": _csi,
    "ephemeral": _ephemeral,
}
