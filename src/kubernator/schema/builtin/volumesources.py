"""What the API server checks of where the data of a PersistentVolume is.

Source: k8s.io/kubernetes, package ``pkg/apis/core/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import parts, paths, ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["check_sources"]

_LONGEST_PORTAL: Final = 64
_LONGEST_TENANT: Final = 64
_INITIATORS: Final = {
    "iqn": re.compile(r"iqn\.[0-9]{4}-[0-9]{2}\.([0-9A-Za-z\-.]+)(:[^,;*&$|\s]+)\Z", re.ASCII),
    "eui": re.compile(r"\Aeui.[0-9A-Za-z]{16}\Z", re.ASCII),
    "naa": re.compile(r"\Anaa.[0-9A-Za-z]{32}\Z", re.ASCII),
}
_PATH_TYPES: Final = ("BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
_SECRETS: Final = (
    *("controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef"),
    "nodeExpandSecretRef",
)
_DISKS: Final = {
    "Managed": ("/subscriptions/", "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/..."),
    "Dedicated": ("https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"),
    "Shared": ("https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"),
}


def check_sources(spec: Field, volume: str) -> None:
    """Add what is wrong with the source of a volume of this name: one there must be."""
    given = [name for name in _SOURCES if spec[name]]
    if not given:
        spec.required("must specify a volume type")
    for place, name in enumerate(given):
        if place and name != "flexVolume":
            spec[name].forbidden("may not specify more than 1 volume type")
        else:
            _SOURCES[name](spec[name])
    if "local" in given[:1] and not spec["nodeAffinity"]:
        spec["nodeAffinity"].required("Local volume requires node affinity")
    if "iscsi" in given[:1]:
        _check_portal(spec["iscsi"], volume)


def _demanding(*keys: str) -> Callable[[Field], None]:
    """Return a check that only wants some fields to be there."""

    def check(field: Field) -> None:
        _demand(field, *keys)

    return check


def _demand(field: Field, *keys: str) -> None:
    for key in keys:
        if parts.is_missing(field[key]):
            field[key].required()


def _host_path(field: Field) -> None:
    _demand(field, "path")
    paths.check_no_way_up(field["path"])
    parts.check_word(field["type"], _PATH_TYPES)


def _local(field: Field) -> None:
    _demand(field, "path")
    paths.check_no_way_up(field["path"])


def _disk(key: str) -> Callable[[Field], None]:
    def check(field: Field) -> None:
        _demand(field, key)
        partition = field["partition"]
        if partition.number is not None and not 0 <= partition.number <= 255:  # noqa: PLR2004
            partition.invalid("must be between 1 and 255, inclusive")

    return check


def _nfs(field: Field) -> None:
    _demand(field, "server", "path")
    if not field["path"].text.startswith("/"):
        field["path"].invalid("must be an absolute path")


def _glusterfs(field: Field) -> None:
    _demand(field, "endpoints", "path")
    if field["endpointsNamespace"]:
        parts.complain(field["endpointsNamespace"], names.dns_label(field["endpointsNamespace"].text))


def _flocker(field: Field) -> None:
    name, uuid = field["datasetName"], field["datasetUUID"]
    if not name.text and not uuid.text:
        field.required("one of datasetName and datasetUUID is required")
    if name.text and uuid.text:
        field.invalid("datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name.text:
        name.invalid("must not contain '/'")


def _quobyte(field: Field) -> None:
    registry, tenant = field["registry"], field["tenant"]
    if not registry.text:
        registry.required("must be a host:port pair or multiple pairs separated by commas")
    elif parts.length(tenant.text) > _LONGEST_TENANT:
        tenant.required("must be a UUID and may not exceed a length of 64 characters")
    elif any(":" not in each for each in registry.text.split(",")):
        registry.invalid("must be a host:port pair or multiple pairs separated by commas")
    _demand(field, "volume")


def _iscsi(field: Field) -> None:
    _demand(field, "targetPortal", "iqn")
    _check_initiator(field["iqn"])
    _check_initiator(field["initiatorName"])
    ranges.check_within(field["lun"], 0, 255)
    secret = field["secretRef"]
    if (field["chapAuthDiscovery"].flag or field["chapAuthSession"].flag) and not secret:
        secret.required()
    if secret and not secret["name"].text:
        secret["name"].required()


def _check_initiator(field: Field) -> None:
    if not field.text:
        return
    form = _INITIATORS.get(field.text[:3])
    if form is None or not form.search(field.text):
        field.invalid("must be valid format")


def _check_portal(field: Field, volume: str) -> None:
    portal = field["targetPortal"]
    if field["initiatorName"] and parts.length(f"{volume}:{portal.text}") > _LONGEST_PORTAL:
        portal.invalid(
            "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is "
            "specified."
        )


def _fibre_channel(field: Field) -> None:
    names_of, ids = field["targetWWNs"], field["wwids"]
    if not names_of.size and not ids.size:
        names_of.required("must specify either targetWWNs or wwids, but not both")
    if names_of.size and ids.size:
        names_of.invalid("targetWWNs and wwids can not be specified simultaneously")
    if names_of.size:
        if not field["lun"]:
            field["lun"].required("lun is required if targetWWNs is specified")
        ranges.check_within(field["lun"], 0, 255)


def _flex(field: Field) -> None:
    _demand(field, "driver")
    for key, each in field["options"].entries():
        domain = "." + key.partition("/")[0].lower()
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            each.invalid("kubernetes.io and k8s.io namespaces are reserved")


def _azure_file(field: Field) -> None:
    _demand(field, "secretName", "shareName")
    if field["secretNamespace"].value == "":
        field["secretNamespace"].required()


def _azure_disk(field: Field) -> None:
    _demand(field, "diskName", "diskURI")
    parts.check_word(field["cachingMode"], ("None", "ReadOnly", "ReadWrite"))
    kind = field["kind"]
    parts.check_word(kind, _DISKS)
    start, form = _DISKS.get(kind.text or "Shared", ("", ""))
    if not field["diskURI"].text.startswith(start):
        field["diskURI"].unsupported((form,))


def _storage_os(field: Field) -> None:
    _demand(field, "volumeName")
    for key in ("volumeName", "volumeNamespace"):
        parts.check_text(field[key], names.dns_label)
    if field["secretRef"]:
        _demand(field["secretRef"], "name", "namespace")


def _cinder(field: Field) -> None:
    _demand(field, "volumeID")
    if field["secretRef"]:
        _demand(field["secretRef"], "name", "namespace")


def _csi(field: Field) -> None:
    parts.check_driver(field["driver"])
    _demand(field, "volumeHandle")
    for key in _SECRETS:
        secret = field[key]
        if secret:
            _demand(secret, "name", "namespace")
            parts.check_text(secret["name"], names.dns_subdomain)
            parts.check_text(secret["namespace"], names.dns_label)


#: The checks of each kind of source, in the order in which the server looks for them.
_SOURCES: Final[Mapping[str, Callable[[Field], None]]] = {
    "hostPath": _host_path,
    "gcePersistentDisk": _disk("pdName"),
    "awsElasticBlockStore": _disk("volumeID"),
    "glusterfs": _glusterfs,
    "flocker": _flocker,
    "nfs": _nfs,
    "rbd": _demanding("monitors", "image"),
    "quobyte": _quobyte,
    "cephfs": _demanding("monitors"),
    "iscsi": _iscsi,
    "cinder": _cinder,
    "fc": _fibre_channel,
    "flexVolume": _flex,
    "azureFile": _azure_file,
    "vsphereVolume": _demanding("volumePath"),
    "photonPersistentDisk": _demanding("pdID"),
    "portworxVolume": _demanding("volumeID"),
    "azureDisk": _azure_disk,
    "scaleIO": _demanding("gateway", "system", "volumeName"),
    "local": _local,
    "storageos": _storage_os,
    "csi": _csi,
}
