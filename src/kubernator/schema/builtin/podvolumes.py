"""The volumes of a pod: each of one kind, and what is wrong with each kind.

Source: ``ValidateVolumes`` and ``validateVolumeSource`` of Kubernetes' package ``core/validation``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import claims, parts, paths, projections, ranges
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
_LARGEST_BYTE: Final = 255
_LONGEST_PORTAL: Final = 64
_LONGEST_TENANT: Final = 64
_QUALIFIED: Final = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$", re.ASCII),
    "eui": re.compile("^eui.[A-Za-z0-9]{16}$", re.ASCII),
    "naa": re.compile("^naa.[A-Za-z0-9]{32}$", re.ASCII),
}
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
        elif complaint := names.dns_label(name.text):
            name.invalid(complaint)
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
    if not given or (given == ["image"] and volume.minor < _IMAGES_SINCE):
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
    if kind == "iscsi":
        _check_portal(volume)


def _empty(field: Field) -> None:
    size = amount(field["sizeLimit"].value)
    if size is not None and size < 0:
        field["sizeLimit"].forbidden("SizeLimit field must be a valid resource quantity")


def _host_path(field: Field) -> None:
    paths.check_no_way_up(field["path"])


def _git(field: Field) -> None:
    paths.check_below(field["directory"])


def _partition(field: Field) -> None:
    number = field["partition"].number
    if number is not None and not 0 <= number <= _LARGEST_BYTE:
        field["partition"].invalid("must be between 1 and 255, inclusive")


def _files(field: Field) -> None:
    ranges.check_mode(field["defaultMode"])
    projections.check_keys(field["items"])


def _nfs(field: Field) -> None:
    if not field["path"].text.startswith("/"):
        field["path"].invalid("must be an absolute path")


def _iscsi(field: Field) -> None:
    if field["iqn"].text:
        _check_initiator(field["iqn"])
    if field["initiatorName"]:
        _check_initiator(field["initiatorName"])
    ranges.check_within(field["lun"], 0, _LARGEST_BYTE)
    if (field["chapAuthDiscovery"].flag or field["chapAuthSession"].flag) and not field["secretRef"]:
        field["secretRef"].required()


def _check_initiator(field: Field) -> None:
    form = _QUALIFIED.get(field.text[:3])
    if form is None:
        field.invalid("must be valid format starting with iqn, eui, or naa")
    elif not form.search(field.text):
        field.invalid("must be valid format")


def _check_portal(volume: Field) -> None:
    source = volume["iscsi"]
    told = f"{volume['name'].text}:{source['targetPortal'].text}"
    if source["initiatorName"] and parts.length(told) > _LONGEST_PORTAL:
        volume["name"].invalid(
            "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is "
            "specified"
        )


def _flocker(field: Field) -> None:
    name, uuid = field["datasetName"], field["datasetUUID"]
    if not name.text and not uuid.text:
        field.required("one of datasetName and datasetUUID is required")
    if name.text and uuid.text:
        field.invalid("datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name.text:
        name.invalid("must not contain '/'")


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


def _quobyte(field: Field) -> None:
    registry, tenant = field["registry"], field["tenant"]
    if parts.length(tenant.text) > _LONGEST_TENANT:
        tenant.required("must be a UUID and may not exceed a length of 64 characters")
    elif registry.text and any(":" not in pair for pair in registry.text.split(",")):
        registry.invalid("must be a host:port pair or multiple pairs separated by commas")


def _downward(field: Field) -> None:
    ranges.check_mode(field["defaultMode"])
    for each in field["items"].items():
        projections.check_file(each)


def _fibre(field: Field) -> None:
    targets, numbers = field["targetWWNs"], field["lun"]
    if not targets.size and not field["wwids"].size:
        targets.required("must specify either targetWWNs or wwids, but not both")
    if not targets.size:
        return
    if field["wwids"].size:
        targets.invalid("targetWWNs and wwids can not be specified simultaneously")
    if not numbers:
        numbers.required("lun is required if targetWWNs is specified")
    ranges.check_within(numbers, 0, _LARGEST_BYTE)


def _flex(field: Field) -> None:
    for key, each in field["options"].entries():
        if f".{key.partition('/')[0].lower()}".endswith((".kubernetes.io", ".k8s.io")):
            each.invalid("kubernetes.io and k8s.io namespaces are reserved")


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
    names.check_labels(metadata["labels"])
    names.check_annotations(metadata["annotations"])
    for key, each in metadata.entries():
        if key not in _TEMPLATED and not parts.is_missing(each):
            each.forbidden("cannot be set")
    if template["spec"]:
        claims.check_claim_spec(template["spec"])


_CHECKS: Final[Mapping[str, Callable[[Field], None]]] = {
    "emptyDir": _empty,
    "hostPath": _host_path,
    "gitRepo": _git,
    "gcePersistentDisk": _partition,
    "awsElasticBlockStore": _partition,
    "secret": _files,
    "nfs": _nfs,
    "iscsi": _iscsi,
    "flocker": _flocker,
    "cinder": _secret_name("secretRef"),
    "quobyte": _quobyte,
    "downwardAPI": _downward,
    "fc": _fibre,
    "flexVolume": _flex,
    "configMap": _files,
    "azureDisk": _azure_disk,
    "storageos": _storage_os,
    "projected": projections.check_projected,
    "csi": _csi,
    "ephemeral": _ephemeral,
}
