"""Volumes, claims, classes and drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specimens.draw import Specimen, given

if TYPE_CHECKING:
    from specimens.draw import Draw

__all__ = ["KINDS"]


def _volume(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            capacity={"storage": draw.pick("1Gi", "1024Mi", 1073741824)},
            accessModes=["ReadWriteOnce", "ReadOnlyMany"],
            persistentVolumeReclaimPolicy=draw.maybe("Retain", "Delete"),
            storageClassName="no-such",
            volumeMode=draw.maybe("Filesystem"),
            mountOptions=draw.maybe([], ["b", "a"]),
            csi={"driver": "x.example.com", "volumeHandle": "v", "readOnly": False},
            nodeAffinity={
                "required": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}]
                }
            },
        )
    }


def _claim(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            accessModes=["ReadWriteOnce"],
            resources={"requests": {"storage": draw.pick("1Gi", "1024Mi", "1073741824")}},
            storageClassName="no-such-either",
            volumeMode="Filesystem",
        )
    }


def _storage_class(draw: Draw) -> dict[str, Any]:
    return given(
        provisioner="no-such.example.com",
        parameters={"type": "x", "a.b/c": "1"},
        reclaimPolicy="Delete",
        allowVolumeExpansion=draw.maybe(True, False),
        volumeBindingMode="WaitForFirstConsumer",
        mountOptions=["b", "a"],
        allowedTopologies=draw.maybe([{"matchLabelExpressions": [{"key": "z", "values": ["b", "a"]}]}], chance=1),
    )


def _attributes_class(draw: Draw) -> dict[str, Any]:
    del draw
    return {"driverName": "x.example.com", "parameters": {"iops": "1"}}


def _driver(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            attachRequired=False,
            podInfoOnMount=draw.maybe(True, False),
            storageCapacity=draw.maybe(False, True),
            requiresRepublish=draw.maybe(False, True),
            fsGroupPolicy=draw.maybe("ReadWriteOnceWithFSType"),
            tokenRequests=draw.maybe([], [{"audience": "b"}, {"audience": "a", "expirationSeconds": 3600}]),
        )
    }


def _capacity(draw: Draw) -> dict[str, Any]:
    return {
        "storageClassName": "x",
        "capacity": draw.memory(),
        "maximumVolumeSize": "1Gi",
        "nodeTopology": {"matchLabels": {"a": "b"}},
    }


def _attachment(draw: Draw) -> dict[str, Any]:
    del draw
    return {"spec": {"attacher": "x.example.com", "nodeName": "n", "source": {"persistentVolumeName": "v"}}}


_STORAGE = "storage.k8s.io/v1"

KINDS = (
    Specimen(api_version="v1", kind="PersistentVolume", body=_volume, namespaced=False),
    Specimen(api_version="v1", kind="PersistentVolumeClaim", body=_claim),
    Specimen(api_version=_STORAGE, kind="StorageClass", body=_storage_class, namespaced=False),
    Specimen(api_version=_STORAGE, kind="VolumeAttributesClass", body=_attributes_class, namespaced=False),
    Specimen(api_version=_STORAGE, kind="CSIDriver", body=_driver, namespaced=False),
    Specimen(api_version=_STORAGE, kind="CSIStorageCapacity", body=_capacity),
    Specimen(api_version=_STORAGE, kind="VolumeAttachment", body=_attachment, namespaced=False),
)
