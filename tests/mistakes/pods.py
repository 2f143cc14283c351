"""Specifications of pods, wrong in one place. Places are those below the specification."""

from __future__ import annotations

from typing import Any, Final

from mistakes import GONE, Case

__all__ = ["SPEC", "WRONG"]

SPEC: Final[dict[str, Any]] = {"containers": [{"name": "app", "image": "nginx"}]}

_C: Final = "containers.0"
_P: Final = "containers[0]"


def _volume(**source: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "v", **source}]}


def _container(place: str | None, /, **fields: Any) -> Case:
    return Case({f"{_C}.{key}": value for key, value in fields.items()}, place and f"{_P}.{place}")


def _source(place: str, /, **source: Any) -> Case:
    return Case(_volume(**source), f"volumes[0].{place}" if place else "volumes[0]")


def _env(place: str, value: Any) -> Case:
    return Case({f"{_C}.env": [value]}, f"{_P}.env[0].{place}" if place else f"{_P}.env[0]")


def _mount(place: str, /, **fields: Any) -> Case:
    mount = {"name": "v", "mountPath": "/v", **fields}
    return Case({**_volume(emptyDir={}), f"{_C}.volumeMounts": [mount]}, f"{_P}.volumeMounts[0].{place}")


def _probe(place: str, /, kind: str = "livenessProbe", **fields: Any) -> Case:
    return Case({f"{_C}.{kind}": fields}, f"{_P}.{kind}.{place}" if place else f"{_P}.{kind}")


def _resources(place: str, /, **fields: Any) -> Case:
    return Case({f"{_C}.resources": fields}, f"{_P}.resources.{place}" if place else f"{_P}.resources")


def _security(place: str, /, **fields: Any) -> Case:
    return Case({f"{_C}.securityContext": fields}, f"{_P}.securityContext.{place}".removesuffix("."))


def _of_pod(place: str, /, **fields: Any) -> Case:
    return Case({"securityContext": fields}, f"securityContext.{place}")


def _required(place: str, /, **fields: Any) -> Case:
    term = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}, **fields}
    key = "requiredDuringSchedulingIgnoredDuringExecution"
    return Case({"affinity": {"podAntiAffinity": {key: [term]}}}, f"affinity.podAntiAffinity.{key}[0].{place}")


def _node(place: str, expression: dict[str, Any], part: str = "matchExpressions") -> Case:
    key = "requiredDuringSchedulingIgnoredDuringExecution"
    where = f"affinity.nodeAffinity.{key}.nodeSelectorTerms"
    return Case(
        {"affinity": {"nodeAffinity": {key: {"nodeSelectorTerms": [{part: [expression]}]}}}},
        f"{where}[0].{part}[0].{place}",
    )


def _spread(place: str, /, **fields: Any) -> Case:
    spread = {
        "maxSkew": 1,
        "topologyKey": "zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"a": "b"}},
        **fields,
    }
    return Case({"topologySpreadConstraints": [spread]}, f"topologySpreadConstraints[0].{place}".removesuffix("."))


def _toleration(place: str, /, **fields: Any) -> Case:
    return Case({"tolerations": [fields]}, f"tolerations[0].{place}")


def _init(place: str, /, **fields: Any) -> Case:
    return Case({"initContainers": [{"name": "init", "image": "x", **fields}]}, f"initContainers[0].{place}")


_EXEC: Final = {"exec": {"command": ["true"]}}
_HTTP: Final = {"httpGet": {"port": 80}}

_CONTAINERS: Final = {
    "no containers": Case({"containers": []}, "containers"),
    "containers missing": Case({"containers": GONE}, "containers"),
    "no image": Case({f"{_C}.image": GONE}, f"{_P}.image"),
    "empty image": _container("image", image=""),
    "no name": Case({f"{_C}.name": GONE}, f"{_P}.name"),
    "empty name": _container("name", name=""),
    "name in capitals": _container("name", name="App"),
    "name with underscore": _container("name", name="my_app"),
    "name with point": _container("name", name="a.b"),
    "name too long": _container("name", name="a" * 64),
    "same name twice": Case({"containers.1": {"name": "app", "image": "x"}}, "containers[1].name"),
    "same name as init": Case({"initContainers": [{"name": "app", "image": "x"}]}, "initContainers[0].name"),
    "init without image": Case({"initContainers": [{"name": "i"}]}, "initContainers[0].image"),
    "init twice": Case(
        {"initContainers": [{"name": "i", "image": "x"}, {"name": "i", "image": "x"}]}, "initContainers[1].name"
    ),
    "init with a readiness probe": _init("readinessProbe", readinessProbe=_HTTP),
    "init with a liveness probe": _init("livenessProbe", livenessProbe=_HTTP),
    "init with a startup probe": _init("startupProbe", startupProbe=_HTTP),
    "init with a lifecycle": _init("lifecycle", lifecycle={"preStop": _EXEC}),
    "init that goes on with a bad probe": _init("livenessProbe", restartPolicy="Always", livenessProbe={}),
    "init with restart policy maybe": _init("restartPolicy", restartPolicy="Maybe"),
    "init to be resized with a restart": _init(
        "resizePolicy[0].restartPolicy", resizePolicy=[{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    ),
    "bad pull policy": _container("imagePullPolicy", imagePullPolicy="Sometimes"),
    "bad message policy": _container("terminationMessagePolicy", terminationMessagePolicy="File2"),
    "restart policy of a container": _container("restartPolicy", restartPolicy="Maybe"),
    "rules without a restart policy": _container(
        "restartPolicy",
        restartPolicyRules=[{"action": "Restart", "exitCodes": {"operator": "In", "values": [3]}}],
    ),
    "rule without exit codes": _container(
        "restartPolicyRules[0].exitCodes", restartPolicy="Never", restartPolicyRules=[{"action": "Restart"}]
    ),
    "rule with a bad operator": _container(
        "restartPolicyRules[0].exitCodes.operator",
        restartPolicy="Never",
        restartPolicyRules=[{"action": "Restart", "exitCodes": {"operator": "Is", "values": [3]}}],
    ),
    "rule of another action": _container(
        "restartPolicyRules[0].action",
        restartPolicy="Never",
        restartPolicyRules=[{"action": "Stop", "exitCodes": {"operator": "In", "values": [3]}}],
    ),
    "resize policy without a policy": _container(
        "resizePolicy[0].restartPolicy", resizePolicy=[{"resourceName": "cpu"}]
    ),
    "resize policy of memory swap": _container(
        "resizePolicy[0].resourceName", resizePolicy=[{"resourceName": "swap", "restartPolicy": "NotRequired"}]
    ),
}

_PORTS: Final = {
    "port 0": _container("ports[0].containerPort", ports=[{"containerPort": 0}]),
    "port missing": _container("ports[0].containerPort", ports=[{"name": "http"}]),
    "port too large": _container("ports[0].containerPort", ports=[{"containerPort": 65536}]),
    "negative port": _container("ports[0].containerPort", ports=[{"containerPort": -1}]),
    "port name too long": _container("ports[0].name", ports=[{"containerPort": 80, "name": "a" * 16}]),
    "port name in capitals": _container("ports[0].name", ports=[{"containerPort": 80, "name": "HTTP"}]),
    "port name of digits": _container("ports[0].name", ports=[{"containerPort": 80, "name": "8080"}]),
    "port name with two dashes": _container("ports[0].name", ports=[{"containerPort": 80, "name": "a--b"}]),
    "port name that ends with a dash": _container("ports[0].name", ports=[{"containerPort": 80, "name": "a-"}]),
    "port name twice": _container(
        "ports[1].name", ports=[{"containerPort": 80, "name": "web"}, {"containerPort": 81, "name": "web"}]
    ),
    "host port too large": _container("ports[0].hostPort", ports=[{"containerPort": 80, "hostPort": 70000}]),
    "host port twice": _container(
        "ports[1].hostPort", ports=[{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81, "hostPort": 8080}]
    ),
    "host port of another container": Case(
        {
            f"{_C}.ports": [{"containerPort": 80, "hostPort": 8080}],
            "containers.1": {"name": "b", "image": "x", "ports": [{"containerPort": 81, "hostPort": 8080}]},
        },
        "containers[1].ports[0].hostPort",
    ),
    "host network with another host port": Case(
        {"hostNetwork": True, f"{_C}.ports": [{"containerPort": 80, "hostPort": 81}]}, f"{_P}.ports[0].hostPort"
    ),
    "bad protocol": _container("ports[0].protocol", ports=[{"containerPort": 80, "protocol": "HTTP"}]),
}

_ENV: Final = {
    "variable without a name": _env("name", {"value": "x"}),
    "variable with an equals sign": _env("name", {"name": "A=B", "value": "x"}),
    "variable with an umlaut": _env("name", {"name": "ÄB", "value": "x"}),
    "variable from nothing": _env("valueFrom", {"name": "A", "valueFrom": {}}),
    "variable with value and source": _env(
        "valueFrom", {"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    ),
    "variable from two sources": _env(
        "valueFrom",
        {
            "name": "A",
            "valueFrom": {
                "fieldRef": {"fieldPath": "metadata.name"},
                "configMapKeyRef": {"name": "c", "key": "k"},
            },
        },
    ),
    "variable from a key without a name": _env(
        "valueFrom.configMapKeyRef.name", {"name": "A", "valueFrom": {"configMapKeyRef": {"key": "k"}}}
    ),
    "variable from a secret without a key": _env(
        "valueFrom.secretKeyRef.key", {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}
    ),
    "variable from a bad key": _env(
        "valueFrom.secretKeyRef.key", {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "a/b"}}}
    ),
    "variable from a bad name": _env(
        "valueFrom.secretKeyRef.name", {"name": "A", "valueFrom": {"secretKeyRef": {"name": "S_s", "key": "b"}}}
    ),
    "variable from an unknown field": _env(
        "valueFrom.fieldRef.fieldPath", {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.image"}}}
    ),
    "variable from all labels": _env(
        "valueFrom.fieldRef.fieldPath", {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}}
    ),
    "variable from a field of another version": _env(
        "valueFrom.fieldRef.fieldPath",
        {"name": "A", "valueFrom": {"fieldRef": {"apiVersion": "v2", "fieldPath": "metadata.name"}}},
    ),
    "variable from a bad label": _env(
        "valueFrom.fieldRef", {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a/b/c']"}}}
    ),
    "variable from a subscript": _env(
        "valueFrom.fieldRef.fieldPath", {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name['a']"}}}
    ),
    "variable from no field path": _env("valueFrom.fieldRef.fieldPath", {"name": "A", "valueFrom": {"fieldRef": {}}}),
    "variable from an unknown resource": _env(
        "valueFrom.resourceFieldRef.resource", {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "cpu"}}}
    ),
    "variable with a bad divisor": _env(
        "valueFrom.resourceFieldRef.divisor",
        {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "10m"}}},
    ),
    "variable with a bad divisor of memory": _env(
        "valueFrom.resourceFieldRef.divisor",
        {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "3Mi"}}},
    ),
    "variable from a file without a volume": _env(
        "valueFrom.fileKeyRef.volumeName",
        {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "p", "key": "k"}}},
    ),
    "variables from nothing": _container("envFrom[0]", envFrom=[{}]),
    "variables from two": _container(
        "envFrom[0]", envFrom=[{"configMapRef": {"name": "c"}, "secretRef": {"name": "s"}}]
    ),
    "variables from no name": _container("envFrom[0].configMapRef.name", envFrom=[{"configMapRef": {}}]),
    "variables from a bad name": _container("envFrom[0].secretRef.name", envFrom=[{"secretRef": {"name": "A B"}}]),
    "variables with a bad prefix": _container(
        "envFrom[0].prefix", envFrom=[{"prefix": "a=b", "secretRef": {"name": "a"}}]
    ),
}

_MOUNTS: Final = {
    "mount without volume": _container("volumeMounts[0].name", volumeMounts=[{"name": "no", "mountPath": "/a"}]),
    "mount without name": _container("volumeMounts[0].name", volumeMounts=[{"mountPath": "/a"}]),
    "mount of init without volume": _init("volumeMounts[0].name", volumeMounts=[{"name": "no", "mountPath": "/a"}]),
    "mount without path": _mount("mountPath", mountPath=""),
    "two mounts at one path": Case(
        {
            **_volume(),
            f"{_C}.volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/a", "subPath": "b"}],
        },
        f"{_P}.volumeMounts[1].mountPath",
    ),
    "absolute sub path": _mount("subPath", subPath="/etc"),
    "sub path that goes up": _mount("subPath", subPath="a/../../b"),
    "sub path expression that goes up": _mount("subPathExpr", subPathExpr="../$(A)"),
    "sub path and expression": _mount("subPathExpr", subPath="a", subPathExpr="b"),
    "propagation without privileges": _mount("mountPropagation", mountPropagation="Bidirectional"),
    "unknown propagation": _mount("mountPropagation", mountPropagation="Both"),
    "recursive and writable": _mount("recursiveReadOnly", recursiveReadOnly="Enabled"),
    "recursive with propagation": _mount(
        "recursiveReadOnly", readOnly=True, recursiveReadOnly="IfPossible", mountPropagation="HostToContainer"
    ),
    "device that is a directory": Case(
        {**_volume(emptyDir={}), f"{_C}.volumeDevices": [{"name": "v", "devicePath": "/dev/x"}]},
        f"{_P}.volumeDevices[0].name",
    ),
    "device without volume": _container(
        "volumeDevices[0].name", volumeDevices=[{"name": "no", "devicePath": "/dev/x"}]
    ),
    "device that goes up": Case(
        {
            **_volume(persistentVolumeClaim={"claimName": "c"}),
            f"{_C}.volumeDevices": [{"name": "v", "devicePath": "/dev/../x"}],
        },
        f"{_P}.volumeDevices[0].devicePath",
    ),
    "device that is mounted": Case(
        {
            **_volume(persistentVolumeClaim={"claimName": "c"}),
            f"{_C}.volumeDevices": [{"name": "v", "devicePath": "/dev/x"}],
            f"{_C}.volumeMounts": [{"name": "v", "mountPath": "/x"}],
        },
        f"{_P}.volumeDevices[0].name",
    ),
}

_VOLUMES: Final = {
    "volume without a name": Case({"volumes": [{"emptyDir": {}}]}, "volumes[0].name"),
    "volume with a bad name": Case({"volumes": [{"name": "a_b"}]}, "volumes[0].name"),
    "volume twice": Case({"volumes": [{"name": "v"}, {"name": "v"}]}, "volumes[1].name"),
    "volume of two kinds": _source("configMap", emptyDir={}, configMap={"name": "c"}),
    "secret and ConfigMap": _source("configMap", secret={"secretName": "s"}, configMap={"name": "c"}),
    "empty size below zero": _source("emptyDir.sizeLimit", emptyDir={"sizeLimit": "-1Gi"}),
    "path of the host missing": _source("hostPath.path", hostPath={}),
    "path of the host goes up": _source("hostPath.path", hostPath={"path": "/a/../b"}),
    "path of the host of unknown type": _source("hostPath.type", hostPath={"path": "/a", "type": "Folder"}),
    "repository missing": _source("gitRepo.repository", gitRepo={}),
    "repository put elsewhere": _source("gitRepo.directory", gitRepo={"repository": "x", "directory": "/a"}),
    "disk without name": _source("gcePersistentDisk.pdName", gcePersistentDisk={}),
    "partition too large": _source("gcePersistentDisk.partition", gcePersistentDisk={"pdName": "x", "partition": 256}),
    "block store without id": _source("awsElasticBlockStore.volumeID", awsElasticBlockStore={}),
    "secret without name": _source("secret.secretName", secret={}),
    "secret with mode 644": _source("secret.defaultMode", secret={"secretName": "s", "defaultMode": 644}),
    "secret with a key without path": _source(
        "secret.items[0].path", secret={"secretName": "s", "items": [{"key": "k"}]}
    ),
    "secret with a path without key": _source(
        "secret.items[0].key", secret={"secretName": "s", "items": [{"path": "k"}]}
    ),
    "secret with an absolute path": _source(
        "secret.items[0].path", secret={"secretName": "s", "items": [{"key": "k", "path": "/k"}]}
    ),
    "ConfigMap without name": _source("configMap.name", configMap={}),
    "ConfigMap with mode 755": _source("configMap.defaultMode", configMap={"name": "s", "defaultMode": 755}),
    "ConfigMap with a path that goes up": _source(
        "configMap.items[0].path", configMap={"name": "s", "items": [{"key": "k", "path": "a/../../b"}]}
    ),
    "ConfigMap with a path of two points": _source(
        "configMap.items[0].path", configMap={"name": "s", "items": [{"key": "k", "path": "..data"}]}
    ),
    "ConfigMap with a mode of an item": _source(
        "configMap.items[0].mode", configMap={"name": "s", "items": [{"key": "k", "path": "p", "mode": 1000}]}
    ),
    "NFS without server": _source("nfs.server", nfs={"path": "/a"}),
    "NFS with relative path": _source("nfs.path", nfs={"server": "s", "path": "a"}),
    "iSCSI without portal": _source("iscsi.targetPortal", iscsi={"iqn": "iqn.2015-02.example.com:test", "lun": 0}),
    "iSCSI with a bad name": _source("iscsi.iqn", iscsi={"targetPortal": "1.2.3.4", "iqn": "abc", "lun": 0}),
    "iSCSI with half a name": _source("iscsi.iqn", iscsi={"targetPortal": "1.2.3.4", "iqn": "iqn.2015", "lun": 0}),
    "iSCSI with a large unit": _source(
        "iscsi.lun", iscsi={"targetPortal": "1.2.3.4", "iqn": "iqn.2015-02.example.com:test", "lun": 256}
    ),
    "iSCSI without secret": _source(
        "iscsi.secretRef",
        iscsi={"targetPortal": "1.2.3.4", "iqn": "iqn.2015-02.example.com:test", "lun": 0, "chapAuthSession": True},
    ),
    "Gluster without path": _source("glusterfs.path", glusterfs={"endpoints": "e"}),
    "Flocker without a name": _source("flocker", flocker={}),
    "Flocker with both names": _source("flocker", flocker={"datasetName": "a", "datasetUUID": "b"}),
    "claim without a name": _source("persistentVolumeClaim.claimName", persistentVolumeClaim={}),
    "RBD without monitors": _source("rbd.monitors", rbd={"image": "i", "monitors": []}),
    "RBD without image": _source("rbd.image", rbd={"monitors": ["m"], "image": ""}),
    "Cinder without id": _source("cinder.volumeID", cinder={}),
    "Cinder with a nameless secret": _source("cinder.secretRef.name", cinder={"volumeID": "i", "secretRef": {}}),
    "Ceph without monitors": _source("cephfs.monitors", cephfs={"monitors": []}),
    "Quobyte without registry": _source("quobyte.registry", quobyte={"volume": "v"}),
    "Quobyte with half a registry": _source("quobyte.registry", quobyte={"volume": "v", "registry": "host"}),
    "file of the pod without path": _source(
        "downwardAPI.items[0].path", downwardAPI={"items": [{"fieldRef": {"fieldPath": "metadata.name"}}]}
    ),
    "file of the pod without source": _source("downwardAPI.items[0]", downwardAPI={"items": [{"path": "p"}]}),
    "file of the pod with two sources": _source(
        "downwardAPI.items[0]",
        downwardAPI={
            "items": [
                {
                    "path": "p",
                    "fieldRef": {"fieldPath": "metadata.name"},
                    "resourceFieldRef": {"resource": "limits.cpu", "containerName": "app"},
                }
            ]
        },
    ),
    "file of the pod of its address": _source(
        "downwardAPI.items[0].fieldRef.fieldPath",
        downwardAPI={"items": [{"path": "p", "fieldRef": {"fieldPath": "status.podIP"}}]},
    ),
    "file of a resource of nobody": _source(
        "downwardAPI.items[0].resourceFieldRef.containerName",
        downwardAPI={"items": [{"path": "p", "resourceFieldRef": {"resource": "limits.cpu"}}]},
    ),
    "fibre channel with nothing": _source("fc.targetWWNs", fc={}),
    "fibre channel without unit": _source("fc.lun", fc={"targetWWNs": ["w"]}),
    "fibre channel with both": _source("fc.targetWWNs", fc={"targetWWNs": ["w"], "wwids": ["x"], "lun": 0}),
    "flexible volume without driver": _source("flexVolume.driver", flexVolume={}),
    "flexible volume with reserved options": _source(
        "flexVolume.options[kubernetes.io/a]", flexVolume={"driver": "d", "options": {"kubernetes.io/a": "b"}}
    ),
    "Azure file without share": _source("azureFile.shareName", azureFile={"secretName": "s"}),
    "Azure disk without name": _source("azureDisk.diskName", azureDisk={"diskURI": "https://x"}),
    "Azure disk at a bad address": _source(
        "azureDisk.diskURI", azureDisk={"diskName": "d", "kind": "Managed", "diskURI": "https://x"}
    ),
    "vSphere without path": _source("vsphereVolume.volumePath", vsphereVolume={}),
    "Photon without id": _source("photonPersistentDisk.pdID", photonPersistentDisk={}),
    "Portworx without id": _source("portworxVolume.volumeID", portworxVolume={}),
    "StorageOS without name": _source("storageos.volumeName", storageos={}),
    "ScaleIO without system": _source("scaleIO.system", scaleIO={"gateway": "g", "volumeName": "v", "secretRef": {}}),
    "CSI without driver": _source("csi.driver", csi={}),
    "CSI with a bad driver": _source("csi.driver", csi={"driver": "a_b"}),
    "CSI with a nameless secret": _source(
        "csi.nodePublishSecretRef.name", csi={"driver": "a", "nodePublishSecretRef": {}}
    ),
    "image without reference": _source("image.reference", image={}),
    "claim in a volume without template": _source("ephemeral.volumeClaimTemplate", ephemeral={}),
    "claim in a volume without size": _source(
        "ephemeral.volumeClaimTemplate.spec.resources.requests[storage]",
        ephemeral={"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}},
    ),
    "claim in a volume without modes": _source(
        "ephemeral.volumeClaimTemplate.spec.accessModes",
        ephemeral={"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}},
    ),
    "claim in a volume with a name": _source(
        "ephemeral.volumeClaimTemplate.metadata.name",
        ephemeral={
            "volumeClaimTemplate": {
                "metadata": {"name": "x"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            }
        },
    ),
    "projected with mode 644": _source("projected.defaultMode", projected={"defaultMode": 644, "sources": []}),
    "projected of two kinds": _source(
        "projected.sources[0]", projected={"sources": [{"secret": {"name": "a"}, "configMap": {"name": "b"}}]}
    ),
    "projected secret without name": _source(
        "projected.sources[0].secret.name", projected={"sources": [{"secret": {}}]}
    ),
    "projected onto one path": _source(
        "projected.sources[1].configMap.items[0].path",
        projected={
            "sources": [
                {"secret": {"name": "a", "items": [{"key": "k", "path": "p"}]}},
                {"configMap": {"name": "a", "items": [{"key": "k", "path": "p"}]}},
            ]
        },
    ),
    "projected token for a minute": _source(
        "projected.sources[0].serviceAccountToken.expirationSeconds",
        projected={"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 60}}]},
    ),
    "projected token without path": _source(
        "projected.sources[0].serviceAccountToken.path", projected={"sources": [{"serviceAccountToken": {"path": ""}}]}
    ),
    "projected bundle without name": _source(
        "projected.sources[0].clusterTrustBundle", projected={"sources": [{"clusterTrustBundle": {"path": "p"}}]}
    ),
    "projected bundle with both names": _source(
        "projected.sources[0].clusterTrustBundle",
        projected={"sources": [{"clusterTrustBundle": {"path": "p", "name": "n", "signerName": "a.b/c"}}]},
    ),
    "projected certificate without paths": _source(
        "projected.sources[0].podCertificate",
        projected={"sources": [{"podCertificate": {"signerName": "a.b/c", "keyType": "ED25519"}}]},
    ),
    "projected certificate of nobody": _source(
        "projected.sources[0].podCertificate.signerName",
        projected={
            "sources": [{"podCertificate": {"signerName": "abc", "keyType": "ED25519", "credentialBundlePath": "p"}}]
        },
    ),
    "projected certificate for a minute": _source(
        "projected.sources[0].podCertificate.maxExpirationSeconds",
        projected={
            "sources": [
                {
                    "podCertificate": {
                        "signerName": "a.b/c",
                        "keyType": "ED25519",
                        "credentialBundlePath": "p",
                        "maxExpirationSeconds": 60,
                    }
                }
            ]
        },
    ),
}

_PROBES: Final = {
    "probe of nothing": _probe("", periodSeconds=5),
    "probe of two things": _probe("httpGet", **_EXEC, **_HTTP),
    "probe of no command": _probe("exec.command", exec={}),
    "probe of no port": _probe("httpGet.port", httpGet={"path": "/"}),
    "probe of port 0": _probe("httpGet.port", httpGet={"port": 0}),
    "probe of port 70000": _probe("tcpSocket.port", tcpSocket={"port": 70000}),
    "probe of a number in quotes": _probe("httpGet.port", httpGet={"port": "8080"}),
    "probe of a long name": _probe("httpGet.port", httpGet={"port": "a" * 16}),
    "probe of gRPC without port": _probe("grpc.port", grpc={"service": "x"}),
    "probe of a bad scheme": _probe("httpGet.scheme", httpGet={"port": 80, "scheme": "https"}),
    "probe with a bad header": _probe(
        "httpGet.httpHeaders[0].name", httpGet={"port": 80, "httpHeaders": [{"name": "A B", "value": ""}]}
    ),
    "probe after less than no time": _probe("initialDelaySeconds", **_HTTP, initialDelaySeconds=-1),
    "probe with a negative period": _probe("periodSeconds", **_HTTP, periodSeconds=-1),
    "probe with a negative timeout": _probe("timeoutSeconds", **_HTTP, timeoutSeconds=-1),
    "probe with a negative threshold": _probe("failureThreshold", **_HTTP, failureThreshold=-1),
    "liveness that must succeed twice": _probe("successThreshold", **_HTTP, successThreshold=2),
    "startup that must succeed twice": _probe("successThreshold", "startupProbe", **_HTTP, successThreshold=2),
    "readiness with a time to end": _probe(
        "terminationGracePeriodSeconds", "readinessProbe", **_HTTP, terminationGracePeriodSeconds=5
    ),
    "liveness with no time to end": _probe("terminationGracePeriodSeconds", **_HTTP, terminationGracePeriodSeconds=0),
    "hook of nothing": _container("lifecycle.preStop", lifecycle={"preStop": {}}),
    "hook of two things": _container("lifecycle.postStart.httpGet", lifecycle={"postStart": {**_EXEC, **_HTTP}}),
    "hook that sleeps too long": _container(
        "lifecycle.preStop.sleep", lifecycle={"preStop": {"sleep": {"seconds": 31}}}
    ),
    "hook that sleeps longer than the pod has": Case(
        {"terminationGracePeriodSeconds": 5, f"{_C}.lifecycle": {"preStop": {"sleep": {"seconds": 6}}}},
        f"{_P}.lifecycle.preStop.sleep",
    ),
}

_RESOURCES: Final = {
    "requests over limits": _resources("requests", limits={"cpu": "100m"}, requests={"cpu": 1}),
    "memory over its limit": _resources("requests", limits={"memory": "1G"}, requests={"memory": "1Gi"}),
    "negative request": _resources("requests[cpu]", requests={"cpu": "-1"}),
    "unknown resource": _resources("requests[cpus]", requests={"cpus": 1}),
    "resource of volumes": _resources("limits[storage]", limits={"storage": "1Gi"}),
    "resource of a quota": _resources("limits[pods]", limits={"pods": "1"}),
    "bad resource name": _resources("limits[a b]", limits={"a b": "1"}),
    "bad extended name": _resources("limits[requests.example.com/x]", limits={"requests.example.com/x": "1"}),
    "extended without limit": _resources("limits", requests={"example.com/gpu": 1}),
    "extended over limit": _resources("requests", requests={"example.com/gpu": 1}, limits={"example.com/gpu": 2}),
    "part of a device": _resources(
        "limits[example.com/gpu]", limits={"example.com/gpu": "500m"}, requests={"example.com/gpu": "500m"}
    ),
    "huge pages alone": _resources("", limits={"hugepages-2Mi": "2Mi"}, requests={"hugepages-2Mi": "2Mi"}),
    "part of a huge page": _resources(
        "limits[hugepages-2Mi]",
        limits={"hugepages-2Mi": "3Mi", "cpu": 1},
        requests={"hugepages-2Mi": "3Mi", "cpu": 1},
    ),
    "huge pages without limit": _resources("limits", requests={"hugepages-2Mi": "2Mi", "cpu": 1}),
    "claim that the pod has not": _resources("claims[0]", claims=[{"name": "c"}]),
    "claim without a name": _resources("claims[0]", claims=[{}]),
    "overhead of an unknown resource": Case({"overhead": {"cpus": "1"}}, "overhead[cpus]"),
    "claims of a pod": Case({"resources": {"claims": [{"name": "a"}]}}, "resources.claims"),
    "disks of a pod": Case(
        {"resources": {"requests": {"ephemeral-storage": "1Gi"}}}, "resources.requests[ephemeral-storage]"
    ),
    "container over the pod": Case(
        {"resources": {"limits": {"cpu": 1}}, f"{_C}.resources": {"limits": {"cpu": 2}}},
        f"{_P}.resources.limits[cpu]",
    ),
    "containers over the pod": Case(
        {"resources": {"requests": {"cpu": 1}}, f"{_C}.resources": {"requests": {"cpu": 2}}},
        "resources.requests[cpu]",
    ),
    "device claim without source": Case({"resourceClaims": [{"name": "c"}]}, "resourceClaims[0]"),
    "device claim of two sources": Case(
        {"resourceClaims": [{"name": "c", "resourceClaimName": "a", "resourceClaimTemplateName": "b"}]},
        "resourceClaims[0]",
    ),
    "device claim twice": Case(
        {"resourceClaims": [{"name": "c", "resourceClaimName": "a"}, {"name": "c", "resourceClaimName": "b"}]},
        "resourceClaims[1].name",
    ),
    "device claim with a bad name": Case(
        {"resourceClaims": [{"name": "c", "resourceClaimName": "A B"}]}, "resourceClaims[0].resourceClaimName"
    ),
}

_SECURITY: Final = {
    "negative user": _security("runAsUser", runAsUser=-1),
    "user too large": _security("runAsUser", runAsUser=2**31),
    "negative group": _security("runAsGroup", runAsGroup=-1),
    "privileged without escalation": _security("", privileged=True, allowPrivilegeEscalation=False),
    "administrator without escalation": _security(
        "", capabilities={"add": ["CAP_SYS_ADMIN"]}, allowPrivilegeEscalation=False
    ),
    "unmasked with users of the host": _security("procMount", procMount="Unmasked"),
    "seccomp without profile": _security("seccompProfile.localhostProfile", seccompProfile={"type": "Localhost"}),
    "seccomp with a profile too many": _security(
        "seccompProfile.localhostProfile", seccompProfile={"type": "Unconfined", "localhostProfile": "a"}
    ),
    "seccomp with an absolute profile": _security(
        "seccompProfile.localhostProfile", seccompProfile={"type": "Localhost", "localhostProfile": "/a"}
    ),
    "seccomp without type": _security("seccompProfile.type", seccompProfile={}),
    "AppArmor without profile": _security("appArmorProfile.localhostProfile", appArmorProfile={"type": "Localhost"}),
    "AppArmor with a profile too many": _security(
        "appArmorProfile.localhostProfile", appArmorProfile={"type": "RuntimeDefault", "localhostProfile": "a"}
    ),
    "AppArmor with a padded profile": _security(
        "appArmorProfile.localhostProfile", appArmorProfile={"type": "Localhost", "localhostProfile": " a"}
    ),
    "Windows user of dots": _security("windowsOptions.runAsUserName", windowsOptions={"runAsUserName": "..."}),
    "Windows user of two domains": _security(
        "windowsOptions.runAsUserName", windowsOptions={"runAsUserName": "a\\b\\c"}
    ),
    "Windows user with a star": _security("windowsOptions.runAsUserName", windowsOptions={"runAsUserName": "a*"}),
    "Windows credentials with a bad name": _security(
        "windowsOptions.gmsaCredentialSpecName", windowsOptions={"gmsaCredentialSpecName": "A B"}
    ),
    "group of files too large": _of_pod("fsGroup", fsGroup=2**31),
    "user of a pod": _of_pod("runAsUser", runAsUser=-5),
    "negative further group": _of_pod("supplementalGroups[1]", supplementalGroups=[1, -1]),
    "unknown change policy": _of_pod("fsGroupChangePolicy", fsGroupChangePolicy="Sometimes"),
    "unknown group policy": _of_pod("supplementalGroupsPolicy", supplementalGroupsPolicy="Both"),
    "setting without name": _of_pod("sysctls[0].name", sysctls=[{"value": "1"}]),
    "setting with a bad name": _of_pod("sysctls[0].name", sysctls=[{"name": "Net.X", "value": "1"}]),
    "setting twice": _of_pod("sysctls[1].name", sysctls=[{"name": "kernel.sem", "value": "1"}] * 2),
    "setting of the network of the host": Case(
        {"hostNetwork": True, "securityContext": {"sysctls": [{"name": "net.core.somaxconn", "value": "1"}]}},
        "securityContext.sysctls[0].name",
    ),
    "setting of the memory of the host": Case(
        {"hostIPC": True, "securityContext": {"sysctls": [{"name": "kernel/shmmax", "value": "1"}]}},
        "securityContext.sysctls[0].name",
    ),
    "seccomp of a pod": _of_pod("seccompProfile.localhostProfile", seccompProfile={"type": "Localhost"}),
    "shared processes of the host": Case({"shareProcessNamespace": True, "hostPID": True}, "shareProcessNamespace"),
    "own users with processes of the host": Case({"hostUsers": False, "hostPID": True}, "hostPID"),
    "own users with the network of the host": Case({"hostUsers": False, "hostNetwork": True}, "hostNetwork"),
    "host processes without the network": Case(
        {"securityContext": {"windowsOptions": {"hostProcess": True}}}, "hostNetwork"
    ),
    "some host processes": Case(
        {
            "hostNetwork": True,
            f"{_C}.securityContext": {"windowsOptions": {"hostProcess": True}},
            "containers.1": {"name": "b", "image": "x"},
        },
        "",
    ),
    "Windows options on Linux": Case(
        {"os": {"name": "linux"}, "securityContext": {"windowsOptions": {"runAsUserName": "a"}}},
        "securityContext.windowsOptions",
    ),
    "Linux options on Windows": Case(
        {"os": {"name": "windows"}, "securityContext": {"fsGroup": 1}}, "securityContext.fsGroup"
    ),
    "Linux capabilities on Windows": Case(
        {"os": {"name": "windows"}, f"{_C}.securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}},
        f"{_P}.securityContext.capabilities",
    ),
    "processes of the host on Windows": Case({"os": {"name": "windows"}, "hostPID": True}, "hostPID"),
    "unknown system": Case({"os": {"name": "plan9"}}, "os.name"),
}

_SCHEDULING: Final = {
    "bad key of a node": Case({"nodeSelector": {"a b": "c"}}, "nodeSelector[a b]"),
    "bad value of a node": Case({"nodeSelector": {"a": "c d"}}, "nodeSelector[a]"),
    "affinity without topology": _required("topologyKey", topologyKey=""),
    "affinity with a bad topology": _required("topologyKey", topologyKey="a b"),
    "affinity with a bad operator": _required(
        "labelSelector.matchExpressions[0].operator",
        labelSelector={"matchExpressions": [{"key": "a", "operator": "Is"}]},
    ),
    "affinity with no values": _required(
        "labelSelector.matchExpressions[0].values", labelSelector={"matchExpressions": [{"key": "a", "operator": "In"}]}
    ),
    "affinity with values that exist": _required(
        "labelSelector.matchExpressions[0].values",
        labelSelector={"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]},
    ),
    "affinity with a bad value": _required(
        "labelSelector.matchExpressions[0].values[0]",
        labelSelector={"matchExpressions": [{"key": "a", "operator": "In", "values": ["x y"]}]},
    ),
    "affinity with a bad namespace": _required("namespaces[0]", namespaces=["A"]),
    "affinity with keys without selector": _required("matchLabelKeys", labelSelector=None, matchLabelKeys=["a"]),
    "affinity with a key in both": _required("matchLabelKeys[0]", matchLabelKeys=["tier"], mismatchLabelKeys=["tier"]),
    "affinity of no weight": Case(
        {
            "affinity": {
                "podAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 0, "podAffinityTerm": {"topologyKey": "zone"}}
                    ]
                }
            }
        },
        "affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight",
    ),
    "affinity of too much weight": Case(
        {
            "affinity": {
                "nodeAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 101, "preference": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}
                    ]
                }
            }
        },
        "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight",
    ),
    "no terms for nodes": Case(
        {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}},
        "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
    ),
    "node with a bad operator": _node("operator", {"key": "a", "operator": "Is"}),
    "node in nothing": _node("values", {"key": "a", "operator": "In"}),
    "node greater than two": _node("values", {"key": "a", "operator": "Gt", "values": ["1", "2"]}),
    "node with a bad key": _node("key", {"key": "a b", "operator": "Exists"}),
    "node with a bad value": _node("values[0]", {"key": "a", "operator": "In", "values": ["a b"]}),
    "node field of another name": _node(
        "key", {"key": "metadata.uid", "operator": "In", "values": ["a"]}, "matchFields"
    ),
    "node field that exists": _node("operator", {"key": "metadata.name", "operator": "Exists"}, "matchFields"),
    "spread by zero": _spread("maxSkew", maxSkew=0),
    "spread over nothing": _spread("topologyKey", topologyKey=""),
    "spread in another way": _spread("whenUnsatisfiable", whenUnsatisfiable="Never"),
    "spread over no domains": _spread("minDomains", minDomains=0),
    "spread over domains anyway": _spread("minDomains", minDomains=2, whenUnsatisfiable="ScheduleAnyway"),
    "spread with a bad selector": _spread(
        "labelSelector.matchExpressions[0].values", labelSelector={"matchExpressions": [{"key": "a", "operator": "In"}]}
    ),
    "spread with keys without selector": _spread("matchLabelKeys", labelSelector=None, matchLabelKeys=["a"]),
    "spread with a bad policy": _spread("nodeTaintsPolicy", nodeTaintsPolicy="Maybe"),
    "spread twice": Case(
        {
            "topologySpreadConstraints": [
                {"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"},
                {"maxSkew": 2, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"},
            ]
        },
        "topologySpreadConstraints[0]",
    ),
    "toleration of nothing": _toleration("operator", operator="Equal", value="x"),
    "toleration with a bad key": _toleration("key", key="a b", operator="Exists"),
    "toleration that exists with a value": _toleration("operator", key="a", operator="Exists", value="x"),
    "toleration with a bad value": _toleration("operator", key="a", value="x y"),
    "toleration with a bad operator": _toleration("operator", key="a", operator="Is", value="x"),
    "toleration with a bad effect": _toleration("effect", key="a", operator="Exists", effect="NoRun"),
    "toleration for a time": _toleration(
        "effect", key="a", operator="Exists", effect="NoSchedule", tolerationSeconds=5
    ),
    "gate with a bad name": Case({"schedulingGates": [{"name": "a b"}]}, "schedulingGates[0]"),
    "gate twice": Case({"schedulingGates": [{"name": "a"}, {"name": "a"}]}, "schedulingGates[1]"),
    "condition with a bad name": Case(
        {"readinessGates": [{"conditionType": "a b"}]}, "readinessGates[0].conditionType"
    ),
}

_NETWORK: Final = {
    "own DNS without any": Case({"dnsPolicy": "None"}, "dnsConfig"),
    "own DNS without servers": Case({"dnsPolicy": "None", "dnsConfig": {"searches": ["a"]}}, "dnsConfig.nameservers"),
    "four servers": Case({"dnsConfig": {"nameservers": ["1.1.1.1"] * 4}}, "dnsConfig.nameservers"),
    "server without address": Case({"dnsConfig": {"nameservers": ["one.one"]}}, "dnsConfig.nameservers[0]"),
    "server with leading zeros": Case({"dnsConfig": {"nameservers": ["010.0.0.1"]}}, "dnsConfig.nameservers[0]"),
    "bad search": Case({"dnsConfig": {"searches": ["a b"]}}, "dnsConfig.searches[0]"),
    "many searches": Case({"dnsConfig": {"searches": [f"a{n}" for n in range(33)]}}, "dnsConfig.searches"),
    "option without name": Case({"dnsConfig": {"options": [{"value": "1"}]}}, "dnsConfig.options[0]"),
    "unknown DNS policy": Case({"dnsPolicy": "Cluster"}, "dnsPolicy"),
    "host without address": Case({"hostAliases": [{"ip": "abc", "hostnames": ["a"]}]}, "hostAliases[0].ip"),
    "host with a bad name": Case(
        {"hostAliases": [{"ip": "1.2.3.4", "hostnames": ["A B"]}]}, "hostAliases[0].hostnames[0]"
    ),
    "bad name of the pod's host": Case({"hostname": "a.b"}, "hostname"),
    "bad subdomain": Case({"subdomain": "A"}, "subdomain"),
    "bad override": Case({"hostnameOverride": "A B"}, "hostnameOverride"),
    "override of the host": Case({"hostnameOverride": "a", "hostNetwork": True}, "hostnameOverride"),
    "override as a domain": Case({"hostnameOverride": "a", "setHostnameAsFQDN": True}, "hostnameOverride"),
    "long override": Case({"hostnameOverride": "a" * 65}, "hostnameOverride"),
}

_OTHERS: Final = {
    "deadline of zero": Case({"activeDeadlineSeconds": 0}, "activeDeadlineSeconds"),
    "deadline beyond all": Case({"activeDeadlineSeconds": 2**31}, "activeDeadlineSeconds"),
    "bad restart policy": Case({"restartPolicy": "Sometimes"}, "restartPolicy"),
    "bad node name": Case({"nodeName": "A B"}, "nodeName"),
    "bad account": Case({"serviceAccountName": "A_B"}, "serviceAccountName"),
    "bad priority class": Case({"priorityClassName": "A B"}, "priorityClassName"),
    "bad runtime class": Case({"runtimeClassName": "A B"}, "runtimeClassName"),
    "bad preemption": Case({"preemptionPolicy": "Always"}, "preemptionPolicy"),
    "ephemeral containers": Case({"ephemeralContainers": [{"name": "debug", "image": "x"}]}, "ephemeralContainers"),
    "ephemeral container with ports": Case(
        {"ephemeralContainers": [{"name": "debug", "image": "x", "ports": [{"containerPort": 80}]}]},
        "ephemeralContainers[0].ports",
    ),
}

WRONG: Final[dict[str, Case]] = {
    **_CONTAINERS,
    **_PORTS,
    **_ENV,
    **_MOUNTS,
    **_VOLUMES,
    **_PROBES,
    **_RESOURCES,
    **_SECURITY,
    **_SCHEDULING,
    **_NETWORK,
    **_OTHERS,
}
