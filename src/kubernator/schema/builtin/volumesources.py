"""What the API server checks of where the data of a PersistentVolume is.

Source: k8s.io/kubernetes, package ``pkg/apis/core/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import parts, paths, volumekinds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["check_sources"]

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
    given = [str(each.step) for each in spec.given(_SOURCES)]
    if not given:
        spec.required("must specify a volume type")
    for place, name in enumerate(given):
        if place and name != "flexVolume":
            spec[name].forbidden("may not specify more than 1 volume type")
        else:
            _SOURCES[name](spec[name])
    if "local" in given[:1] and not spec["nodeAffinity"]:
        spec["nodeAffinity"].required("Local volume requires node affinity")
    if "iscsi" in given[:1] and volumekinds.is_long_portal(spec["iscsi"], volume):
        spec["iscsi"]["targetPortal"].invalid(volumekinds.PORTAL_SAID)


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
        volumekinds.check_partition(field)

    return check


def _nfs(field: Field) -> None:
    _demand(field, "server", "path")
    volumekinds.check_path_on_server(field["path"])


def _glusterfs(field: Field) -> None:
    _demand(field, "endpoints", "path")
    if field["endpointsNamespace"]:
        field["endpointsNamespace"].complain(names.dns_label(field["endpointsNamespace"].text))


def _quobyte(field: Field) -> None:
    if field["registry"].text:
        volumekinds.check_quobyte(field)
    else:
        field["registry"].required("must be a host:port pair or multiple pairs separated by commas")
    _demand(field, "volume")


def _iscsi(field: Field) -> None:
    _demand(field, "targetPortal", "iqn")
    for name in ("iqn", "initiatorName"):
        if field[name].text:
            volumekinds.check_initiator(field[name])
    volumekinds.check_lun(field["lun"])
    volumekinds.check_chap(field)
    secret = field["secretRef"]
    if secret and not secret["name"].text:
        secret["name"].required()


def _flex(field: Field) -> None:
    _demand(field, "driver")
    volumekinds.check_flex_options(field)


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


def _check_secret(field: Field) -> None:
    if field:
        _demand(field, "name", "namespace")


def _storage_os(field: Field) -> None:
    _demand(field, "volumeName")
    for key in ("volumeName", "volumeNamespace"):
        parts.check_text(field[key], names.dns_label)
    _check_secret(field["secretRef"])


def _cinder(field: Field) -> None:
    _demand(field, "volumeID")
    _check_secret(field["secretRef"])


def _csi(field: Field) -> None:
    parts.check_driver(field["driver"])
    _demand(field, "volumeHandle")
    for key in _SECRETS:
        secret = field[key]
        _check_secret(secret)
        parts.check_text(secret["name"], names.dns_subdomain)
        parts.check_text(secret["namespace"], names.dns_label)


#: The checks of each kind of source, in the order in which the server looks for them.
_SOURCES: Final[Mapping[str, Callable[[Field], None]]] = {
    "hostPath": _host_path,
    "gcePersistentDisk": _disk("pdName"),
    "awsElasticBlockStore": _disk("volumeID"),
    "glusterfs": _glusterfs,
    "flocker": volumekinds.check_flocker,
    "nfs": _nfs,
    "rbd": _demanding("monitors", "image"),
    "quobyte": _quobyte,
    "cephfs": _demanding("monitors"),
    "iscsi": _iscsi,
    "cinder": _cinder,
    "fc": volumekinds.check_fibre_channel,
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
