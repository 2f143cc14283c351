"""What can be wrong with volumes, claims, classes and drivers."""

from __future__ import annotations

from typing import Final

from agreement.edits import GONE, Edits

__all__ = ["MISTAKES"]


_CLAIM: Final[dict[str, Edits]] = {
    "no modes": {"spec.accessModes": []},
    "a mode that is none": {"spec.accessModes": ["Write"]},
    "modes that contradict": {"spec.accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]},
    "no size": {"spec.resources": {}},
    "a size of zero": {"spec.resources.requests.storage": "0"},
    "a negative size": {"spec.resources.requests.storage": "-1Gi"},
    "a class in capitals": {"spec.storageClassName": "Fast_Disk"},
    "a volume mode that is none": {"spec.volumeMode": "Raw"},
    "a source of nothing": {"spec.dataSource": {"kind": "", "name": ""}},
    "a source of a kind that cannot be": {"spec.dataSource": {"kind": "Pod", "name": "x"}},
    "a selector with an operator that is none": {
        "spec.selector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}
    },
}
_VOLUME: Final[dict[str, Edits]] = {
    "no capacity": {"spec.capacity": {}},
    "another capacity": {"spec.capacity": {"cpu": "1"}},
    "a capacity of two": {"spec.capacity.cpu": "1"},
    "a capacity of zero": {"spec.capacity.storage": "0"},
    "no modes": {"spec.accessModes": []},
    "a mode that is none": {"spec.accessModes": ["Write"]},
    "no source": {"spec.nfs": GONE},
    "two sources": {"spec.hostPath": {"path": "/x"}},
    "recycled from the root": {
        "spec.nfs": GONE,
        "spec.hostPath": {"path": "/"},
        "spec.persistentVolumeReclaimPolicy": "Recycle",
    },
    "a reclaim policy that is none": {"spec.persistentVolumeReclaimPolicy": "Keep"},
    "a path that is relative": {"spec.nfs.path": "x"},
    "a mode of a volume that is none": {"spec.volumeMode": "Raw"},
    "a local one nowhere": {"spec.nfs": GONE, "spec.local": {"path": "/x"}},
    "a driver without a handle": {"spec.nfs": GONE, "spec.csi": {"driver": "x.example.com", "volumeHandle": ""}},
    "an affinity to nothing": {"spec.nodeAffinity": {}},
    "a claim without a namespace": {"spec.claimRef": {"name": "x"}},
}
_STORAGE: Final[dict[str, Edits]] = {
    "no provisioner": {"provisioner": ""},
    "a provisioner that is none": {"provisioner": "a b"},
    "a reclaim policy that is none": {"reclaimPolicy": "Keep"},
    "a binding mode that is none": {"volumeBindingMode": "Later"},
    "an empty parameter": {"parameters": {"": "x"}},
    "a topology without values": {"allowedTopologies": [{"matchLabelExpressions": [{"key": "a", "values": []}]}]},
    "one topology twice": {
        "allowedTopologies": [{"matchLabelExpressions": [{"key": "a", "values": ["b", "b"]}]}],
    },
}

MISTAKES: Final[dict[str, dict[str, Edits]]] = {
    "PersistentVolumeClaim": _CLAIM,
    "PersistentVolume": _VOLUME,
    "StorageClass": _STORAGE,
    "VolumeAttributesClass": {
        "no driver": {"driverName": ""},
        "no parameters": {"parameters": {}},
        "an empty parameter": {"parameters": {"": "x"}},
    },
    "CSIDriver": {
        "a policy that is none": {"spec.fsGroupPolicy": "Group"},
        "a mode that is none": {"spec.volumeLifecycleModes": ["Never"]},
        "a token for a minute": {"spec.tokenRequests": [{"audience": "a", "expirationSeconds": 60}]},
        "one audience twice": {"spec.tokenRequests": [{"audience": "a"}, {"audience": "a"}]},
        "a name in capitals": {"metadata.name": "A.b"},
    },
}
