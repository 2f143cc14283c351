"""What can be wrong with the volumes of a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from agreement.edits import Edits

__all__ = ["MISTAKES"]


def _volume(**fields: Any) -> Edits:
    return {"spec.volumes.0": {"name": "data", **fields}}


MISTAKES: Final[dict[str, Edits]] = {
    "a volume without a name": {"spec.volumes.0.name": ""},
    "a volume name in capitals": {"spec.volumes.0.name": "Data", "spec.containers.0.volumeMounts.0.name": "Data"},
    "two volumes of one name": {"spec.volumes.1": {"name": "data", "emptyDir": {}}},
    "a volume of nothing": _volume(),
    "a volume of two": _volume(emptyDir={}, hostPath={"path": "/x"}),
    "a negative size": _volume(emptyDir={"sizeLimit": "-1"}),
    "a medium that is none": _volume(emptyDir={"medium": "Disk"}),
    "a host path that leads up": _volume(hostPath={"path": "/a/../b"}),
    "a host path of a type that is none": _volume(hostPath={"path": "/a", "type": "Folder"}),
    "a host path without a path": _volume(hostPath={"path": ""}),
    "a secret without a name": _volume(secret={}),
    "a secret with a mode too high": _volume(secret={"secretName": "s", "defaultMode": 512}),
    "a secret item without a path": _volume(secret={"secretName": "s", "items": [{"key": "k", "path": ""}]}),
    "a secret item that leads out": _volume(secret={"secretName": "s", "items": [{"key": "k", "path": "../x"}]}),
    "an absolute item": _volume(configMap={"name": "s", "items": [{"key": "k", "path": "/x"}]}),
    "an item with a mode too high": _volume(configMap={"name": "s", "items": [{"key": "k", "path": "x", "mode": 512}]}),
    "a config map without a name": _volume(configMap={}),
    "a claim without a name": _volume(persistentVolumeClaim={"claimName": ""}),
    "an NFS share by a relative path": _volume(nfs={"server": "a", "path": "x"}),
    "an NFS share without a server": _volume(nfs={"server": "", "path": "/x"}),
    "a downward path twice over": _volume(
        downwardAPI={"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.nope"}}]}
    ),
    "a downward path of two": _volume(
        downwardAPI={
            "items": [
                {
                    "path": "a",
                    "fieldRef": {"fieldPath": "metadata.name"},
                    "resourceFieldRef": {"resource": "limits.cpu", "containerName": "app"},
                }
            ]
        }
    ),
    "a downward path of nothing": _volume(downwardAPI={"items": [{"path": "a"}]}),
    "a resource of no container": _volume(
        downwardAPI={"items": [{"path": "a", "resourceFieldRef": {"resource": "limits.cpu"}}]}
    ),
    "a projection of nothing": _volume(projected={"sources": [{}]}),
    "a projection of two": _volume(projected={"sources": [{"secret": {"name": "s"}, "configMap": {"name": "s"}}]}),
    "a projection to one path": _volume(
        projected={
            "sources": [
                {"secret": {"name": "s", "items": [{"key": "k", "path": "p"}]}},
                {"configMap": {"name": "c", "items": [{"key": "k", "path": "p"}]}},
            ]
        }
    ),
    "a token for a minute": _volume(
        projected={"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 60}}]}
    ),
    "a token without a path": _volume(projected={"sources": [{"serviceAccountToken": {"path": ""}}]}),
    "a driver without a name": _volume(csi={"driver": ""}),
    "a driver name in capitals": _volume(csi={"driver": "X_Y"}),
    "an ephemeral claim without a template": _volume(ephemeral={}),
    "an ephemeral claim without modes": _volume(
        ephemeral={"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}}
    ),
    "an iSCSI disk without a target": _volume(iscsi={"targetPortal": "", "iqn": "iqn.2000-01.a:b", "lun": 0}),
    "an iSCSI name that is none": _volume(iscsi={"targetPortal": "a", "iqn": "x", "lun": 0}),
    "an image without a reference": _volume(image={"reference": ""}),
    "a checkout that leads out": _volume(gitRepo={"repository": "r", "directory": "../x"}),
}
