"""What the API server checks of sources of data that Pods and PersistentVolumes have alike.

What must be there is for each of the two to say, since they differ in that. Source: k8s.io/kubernetes, package
``pkg/apis/core/validation``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema.builtin import parts, ranges

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = [
    "PORTAL_SAID",
    "check_chap",
    "check_fibre_channel",
    "check_flex_options",
    "check_flocker",
    "check_initiator",
    "check_lun",
    "check_partition",
    "check_path_on_server",
    "check_quobyte",
    "is_long_portal",
]

#: What is said where `is_long_portal` is so.
PORTAL_SAID: Final = (
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified"
)
_LONGEST_PORTAL: Final = 64
_LONGEST_TENANT: Final = 64
_LARGEST_BYTE: Final = 255
_INITIATORS: Final = {
    "iqn": re.compile(r"iqn\.[0-9]{4}-[0-9]{2}\.([0-9A-Za-z\-.]+)(:[^,;*&$|\s]+)\Z", re.ASCII),
    "eui": re.compile(r"\Aeui.[0-9A-Za-z]{16}\Z", re.ASCII),
    "naa": re.compile(r"\Anaa.[0-9A-Za-z]{32}\Z", re.ASCII),
}


def check_partition(disk: Field) -> None:
    """Add what is wrong with the partition of a disk, where 0 is the whole disk."""
    partition = disk["partition"]
    if partition.number is not None and not 0 <= partition.number <= _LARGEST_BYTE:
        partition.invalid("must be between 1 and 255, inclusive")


def check_lun(field: Field) -> None:
    """Say so if a number, if it is there, is none of a logical unit."""
    ranges.check_within(field, 0, _LARGEST_BYTE)


def check_path_on_server(field: Field) -> None:
    """Say so if a path of NFS does not begin at the root."""
    if not field.text.startswith("/"):
        field.invalid("must be an absolute path")


def check_initiator(field: Field) -> None:
    """Say so if a text is no qualified name of iSCSI."""
    form = _INITIATORS.get(field.text[:3])
    if form is None:
        field.invalid("must be valid format starting with iqn, eui, or naa")
    elif not form.search(field.text):
        field.invalid("must be valid format")


def check_chap(source: Field) -> None:
    """Say so if a source of iSCSI is to prove who it is, and has no secret for that."""
    if (source["chapAuthDiscovery"].flag or source["chapAuthSession"].flag) and not source["secretRef"]:
        source["secretRef"].required()


def is_long_portal(source: Field, volume: str) -> bool:
    """Say whether what the kubelet makes of the name of a volume and its portal of iSCSI is too long."""
    return bool(source["initiatorName"]) and parts.length(f"{volume}:{source['targetPortal'].text}") > _LONGEST_PORTAL


def check_flocker(source: Field) -> None:
    """Add what is wrong with a dataset of Flocker."""
    name, uuid = source["datasetName"], source["datasetUUID"]
    if not name.text and not uuid.text:
        source.required("one of datasetName and datasetUUID is required")
    if name.text and uuid.text:
        source.invalid("datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name.text:
        name.invalid("must not contain '/'")


def check_quobyte(source: Field) -> None:
    """Add what is wrong with the tenant of Quobyte, and with registries that are there."""
    registry, tenant = source["registry"], source["tenant"]
    if parts.length(tenant.text) > _LONGEST_TENANT:
        tenant.required("must be a UUID and may not exceed a length of 64 characters")
    elif registry.text and any(":" not in pair for pair in registry.text.split(",")):
        registry.invalid("must be a host:port pair or multiple pairs separated by commas")


def check_fibre_channel(source: Field) -> None:
    """Add what is wrong with a unit of Fibre Channel: it is named by its targets and number, or by itself."""
    targets, wwids, number = source["targetWWNs"], source["wwids"], source["lun"]
    if not targets.size:
        if not wwids.size:
            targets.required("must specify either targetWWNs or wwids, but not both")
        return
    if wwids.size:
        targets.invalid("targetWWNs and wwids can not be specified simultaneously")
    if not number:
        number.required("lun is required if targetWWNs is specified")
    check_lun(number)


def check_flex_options(source: Field) -> None:
    """Say so for options of a FlexVolume that only Kubernetes itself gives."""
    for key, each in source["options"].entries():
        if f".{key.partition('/')[0].lower()}".endswith((".kubernetes.io", ".k8s.io")):
            each.invalid("kubernetes.io and k8s.io namespaces are reserved")
