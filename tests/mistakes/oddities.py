"""Specifications of pods that look odd and are right: rare volumes, all that is filled in, the ends of ranges."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["RIGHT"]

_C: Final = "containers.0"
_CLAIM: Final = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
_TERM: Final = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}


def _volume(**source: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "v", **source}]}


def _container(**fields: Any) -> dict[str, Any]:
    return {f"{_C}.{key}": value for key, value in fields.items()}


def _env(**source: Any) -> dict[str, Any]:
    return _container(env=[{"name": "A", "valueFrom": source}])


def _security(**fields: Any) -> dict[str, Any]:
    return _container(securityContext=fields)


def _affinity(**terms: Any) -> dict[str, Any]:
    return {"affinity": {"podAffinity": terms}}


_VOLUMES: Final[dict[str, dict[str, Any]]] = {
    "nothing said": _volume(),
    "empty": _volume(emptyDir={}),
    "empty as null": _volume(emptyDir=None),
    "empty of a size": _volume(emptyDir={"medium": "Memory", "sizeLimit": "0"}),
    "empty of huge pages": _volume(emptyDir={"medium": "HugePages-2Mi"}),
    "path of the host": _volume(hostPath={"path": "/..a/b..", "type": ""}),
    "relative path of the host": _volume(hostPath={"path": "a"}),
    "repository": _volume(gitRepo={"repository": "x", "directory": "."}),
    "Google disk": _volume(gcePersistentDisk={"pdName": "x", "partition": 0}),
    "block store": _volume(awsElasticBlockStore={"volumeID": "x", "partition": 255}),
    "secret": _volume(secret={"secretName": "s", "defaultMode": 0o777, "optional": True}),
    "secret with items": _volume(
        secret={"secretName": "Any Name", "items": [{"key": "a b", "path": "c/d", "mode": 0}]}
    ),
    "NFS": _volume(nfs={"server": "s", "path": "/"}),
    "iSCSI": _volume(iscsi={"targetPortal": "1.2.3.4", "iqn": "iqn.2015-02.example.com:test", "lun": 0}),
    "iSCSI by another name": _volume(iscsi={"targetPortal": "1.2.3.4", "iqn": "eui.0123456789ABCDEF", "lun": 255}),
    "iSCSI without unit": _volume(iscsi={"targetPortal": "1.2.3.4", "iqn": "naa.62004567BA64678D0123456789ABCDEF"}),
    "Gluster": _volume(glusterfs={"endpoints": "e", "path": "p"}),
    "Flocker": _volume(flocker={"datasetName": "d"}),
    "claim": _volume(persistentVolumeClaim={"claimName": "Any Name", "readOnly": True}),
    "RBD": _volume(rbd={"monitors": ["m"], "image": "i"}),
    "Cinder": _volume(cinder={"volumeID": "i", "secretRef": {"name": "s"}}),
    "Ceph": _volume(cephfs={"monitors": ["m"]}),
    "Quobyte": _volume(quobyte={"registry": "a:1,b:2", "volume": "v"}),
    "files of the pod": _volume(
        downwardAPI={
            "items": [
                {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
                {"path": "a/one", "fieldRef": {"fieldPath": "metadata.annotations['Example.com/One']"}},
                {
                    "path": "cpu",
                    "resourceFieldRef": {"containerName": "app", "resource": "limits.cpu", "divisor": "1m"},
                },
                {"path": "huge", "resourceFieldRef": {"containerName": "no", "resource": "limits.hugepages-2Mi"}},
            ]
        }
    ),
    "no files of the pod": _volume(downwardAPI={}),
    "fibre channel": _volume(fc={"targetWWNs": ["w"], "lun": 0}),
    "fibre channel by id": _volume(fc={"wwids": ["w"]}),
    "flexible": _volume(flexVolume={"driver": "a/b", "options": {"mykubernetes.io/a": "b"}}),
    "ConfigMap": _volume(configMap={"name": "Any Name", "items": []}),
    "Azure file": _volume(azureFile={"secretName": "s", "shareName": "h"}),
    "Azure disk": _volume(azureDisk={"diskName": "d", "diskURI": "https://x"}),
    "managed Azure disk": _volume(azureDisk={"diskName": "d", "kind": "Managed", "diskURI": "/subscriptions/x"}),
    "vSphere": _volume(vsphereVolume={"volumePath": "p"}),
    "Photon": _volume(photonPersistentDisk={"pdID": "p"}),
    "Portworx": _volume(portworxVolume={"volumeID": "p"}),
    "StorageOS": _volume(storageos={"volumeName": "p"}),
    "ScaleIO": _volume(scaleIO={"gateway": "g", "system": "s", "volumeName": "v", "secretRef": {"name": "n"}}),
    "CSI": _volume(csi={"driver": "Csi.Example.com"}),
    "ephemeral claim": _volume(ephemeral={"volumeClaimTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": _CLAIM}}),
    "ephemeral claim without class": _volume(
        ephemeral={"volumeClaimTemplate": {"spec": {**_CLAIM, "storageClassName": ""}}}
    ),
    "image": _volume(image={"reference": "busybox"}),
    "projected nothing": _volume(projected={}),
    "projected from nowhere": _volume(projected={"sources": [{}]}),
    "projected": _volume(
        projected={
            "sources": [
                {"secret": {"name": "a"}},
                {"secret": {"name": "a"}},
                {"configMap": {"name": "a", "items": [{"key": "k", "path": "p"}]}},
                {"downwardAPI": {"items": [{"path": "q", "fieldRef": {"fieldPath": "metadata.name"}}]}},
                {"clusterTrustBundle": {"name": "example.com:mine:x", "path": "ca"}},
                {"clusterTrustBundle": {"signerName": "example.com/mine", "path": "cb", "labelSelector": {}}},
                {
                    "podCertificate": {
                        "signerName": "example.com/mine",
                        "keyType": "ED25519",
                        "credentialBundlePath": "cc",
                    }
                },
            ]
        }
    ),
}

_CONTAINERS: Final[dict[str, dict[str, Any]]] = {
    "longest name": _container(name="a" * 63),
    "name of digits": _container(name="0"),
    "port as it is": _container(ports=[{"containerPort": 65535}]),
    "port twice by another protocol": _container(
        ports=[
            {"containerPort": 80, "hostPort": 80, "name": "a1"},
            {"containerPort": 80, "hostPort": 80, "protocol": "UDP"},
            {"containerPort": 81, "hostPort": 80, "hostIP": "127.0.0.1"},
            {"containerPort": 82},
        ]
    ),
    "host network": {
        "hostNetwork": True,
        f"{_C}.ports": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 81}],
    },
    "host port 0": _container(ports=[{"containerPort": 80, "hostPort": 0}]),
    "no command": _container(command=[], args=None),
    "init that goes on": {
        "initContainers": [
            {
                "name": "i",
                "image": "x",
                "restartPolicy": "Always",
                "readinessProbe": {"exec": {"command": ["x"]}},
                "lifecycle": {"preStop": {"sleep": {"seconds": 0}}},
            }
        ]
    },
    "init with the same port": {
        f"{_C}.ports": [{"containerPort": 80, "hostPort": 80}],
        "initContainers": [{"name": "i", "image": "x", "ports": [{"containerPort": 80, "hostPort": 80}]}],
    },
    "no init containers": {"initContainers": []},
    "variable with blanks": _container(env=[{"name": "a b-c.d", "value": ""}]),
    "variable without value": _container(env=[{"name": "1"}, {"name": "2", "value": "$(1)"}]),
    "variable twice": _container(env=[{"name": "a"}, {"name": "b"}]),
    "variable from a field": _env(fieldRef={"apiVersion": "v1", "fieldPath": "status.hostIPs"}),
    "variable from the old host": _env(fieldRef={"fieldPath": "spec.host"}),
    "variable from a label": _env(fieldRef={"fieldPath": "metadata.labels['app.kubernetes.io/name']"}),
    "variable from a resource": _env(resourceFieldRef={"resource": "requests.memory", "divisor": "1Mi"}),
    "variable from nobody's resource": _env(resourceFieldRef={"containerName": "none", "resource": "limits.cpu"}),
    "variable with a divisor of zero": _env(resourceFieldRef={"resource": "limits.cpu", "divisor": "0"}),
    "variable from a key": _env(configMapKeyRef={"name": "a.b", "key": "A_b-c.d", "optional": True}),
    "variable and an empty value": _container(
        env=[{"name": "A", "value": "", "valueFrom": {"secretKeyRef": {"name": "s", "key": ".k"}}}]
    ),
    "variable from a file": {
        **_volume(emptyDir={}),
        **_env(fileKeyRef={"volumeName": "v", "path": "a", "key": "k"}),
    },
    "variables from many": _container(
        envFrom=[{"configMapRef": {"name": "c"}}, {"prefix": "1-", "secretRef": {"name": "s"}}]
    ),
    "mounted twice": {
        **_volume(),
        f"{_C}.volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/a/", "subPath": "b/..c"}],
    },
    "mounted at a relative path": {**_volume(), f"{_C}.volumeMounts": [{"name": "v", "mountPath": "a:b"}]},
    "device": {
        **_volume(persistentVolumeClaim={"claimName": "c"}),
        f"{_C}.volumeDevices": [{"name": "v", "devicePath": "x"}],
    },
    "shared in both directions": {
        **_volume(hostPath={"path": "/"}),
        f"{_C}.securityContext": {"privileged": True},
        f"{_C}.volumeMounts": [{"name": "v", "mountPath": "/a", "mountPropagation": "Bidirectional"}],
    },
    "recursive": {
        **_volume(),
        f"{_C}.volumeMounts": [
            {
                "name": "v",
                "mountPath": "/a",
                "readOnly": True,
                "recursiveReadOnly": "IfPossible",
                "mountPropagation": "None",
            }
        ],
    },
    "probes": _container(
        livenessProbe={"httpGet": {"port": "web"}, "successThreshold": 0},
        readinessProbe={"tcpSocket": {"port": 1}, "successThreshold": 5},
        startupProbe={"grpc": {"port": 65535, "service": None}, "terminationGracePeriodSeconds": 1},
    ),
    "probe of a port by no name": _container(livenessProbe={"httpGet": {"port": "none", "path": ""}}),
    "hooks": _container(
        lifecycle={"preStop": {"sleep": {"seconds": 30}}, "postStart": {"httpGet": {"port": 80, "host": "A B"}}}
    ),
    "no hooks": _container(lifecycle={}),
    "limits alone": _container(resources={"limits": {"cpu": 1, "memory": "1Gi", "example.com/gpu": 1}}),
    "requests alone": _container(resources={"requests": {"cpu": 0, "memory": "0", "ephemeral-storage": "1e3"}}),
    "requests as limits in other words": _container(
        resources={"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m", "memory": 1073741824}}
    ),
    "requests less than can be told": _container(
        resources={"limits": {"cpu": "0.0001"}, "requests": {"cpu": "0.0009"}}
    ),
    "huge pages": _container(resources={"limits": {"hugepages-2Mi": "4Mi", "memory": "1Gi"}}),
    "huge pages of zero": _container(resources={"limits": {"hugepages-1Gi": 0, "cpu": 1}}),
    "almost a device": _container(
        resources={"limits": {"example.com/gpu": "999.9999m"}, "requests": {"example.com/gpu": 1}}
    ),
    "resources of Kubernetes itself": _container(resources={"requests": {"x.kubernetes.io/y": "1"}}),
    "nothing limited": _container(resources={}),
    "claims of parts": {
        "resourceClaims": [{"name": "c", "resourceClaimName": "a"}],
        f"{_C}.resources": {"claims": [{"name": "c", "request": "x"}]},
    },
    "resources of a pod": {
        "resources": {"limits": {"cpu": 2}, "requests": {"memory": "1Gi"}},
        f"{_C}.resources": {"limits": {"cpu": 2}, "requests": {"memory": "512Mi"}},
    },
    "overhead": {"overhead": {"cpu": "250m", "memory": "64Mi"}},
    "resize policy": _container(resizePolicy=[{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]),
    "restart rules": _container(
        restartPolicy="Never",
        restartPolicyRules=[{"action": "Restart", "exitCodes": {"operator": "NotIn", "values": [0]}}],
    ),
}

_SECURITY: Final[dict[str, dict[str, Any]]] = {
    "user 0": _security(runAsUser=0, runAsGroup=2**31 - 1, runAsNonRoot=True),
    "privileged": _security(privileged=True, allowPrivilegeEscalation=True),
    "no privileges": _security(privileged=False, allowPrivilegeEscalation=False, capabilities={"drop": ["ALL"]}),
    "administrator by another name": _security(allowPrivilegeEscalation=False, capabilities={"add": ["SYS_ADMIN"]}),
    "local seccomp": _security(seccompProfile={"type": "Localhost", "localhostProfile": "a/b.json"}),
    "local AppArmor": _security(appArmorProfile={"type": "Localhost", "localhostProfile": "a b"}),
    "unmasked": {"hostUsers": False, **_security(procMount="Unmasked")},
    "nothing said of security": {"securityContext": {}, **_security()},
    "settings of the kernel": {
        "securityContext": {
            "sysctls": [{"name": "net/ipv4/conf/eth0.1/x", "value": ""}, {"name": "kernel.sem", "value": "1"}]
        }
    },
    "settings with users of the host": {
        "hostIPC": True,
        "securityContext": {"sysctls": [{"name": "net.core.somaxconn", "value": "1"}]},
    },
    "Windows": {
        "os": {"name": "windows"},
        "hostNetwork": True,
        "securityContext": {"windowsOptions": {"hostProcess": True, "runAsUserName": "NT AUTHORITY\\Local service"}},
    },
    "Linux": {"os": {"name": "linux"}, "hostPID": True, "shareProcessNamespace": False},
    "Windows options on no system": {"securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "a.b"}}},
    "AppArmor without profile in a pod": {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
}

_SCHEDULING: Final[dict[str, dict[str, Any]]] = {
    "everything tolerated": {"tolerations": [{"operator": "Exists"}]},
    "tolerated for a time": {
        "tolerations": [
            {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": -5},
            {"key": "a", "value": "", "effect": ""},
            {"key": "example.com/a", "operator": "Equal", "value": "b"},
        ]
    },
    "node by name": {
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a.b"]}]},
                        {"matchExpressions": [{"key": "a/b", "operator": "Gt", "values": ["5"]}]},
                        {},
                    ]
                }
            }
        }
    },
    "preferred nodes with odd values": {
        "affinity": {
            "nodeAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 100,
                        "preference": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["a b/c"]}]},
                    }
                ]
            }
        }
    },
    "no affinity": {"affinity": {"nodeAffinity": None, "podAffinity": {}}},
    "near all": _affinity(requiredDuringSchedulingIgnoredDuringExecution=[{"topologyKey": "kubernetes.io/hostname"}]),
    "near some": _affinity(
        requiredDuringSchedulingIgnoredDuringExecution=[
            {**_TERM, "namespaces": ["a", "b"], "namespaceSelector": {}, "mismatchLabelKeys": ["a"]}
        ]
    ),
    "near those of the same hash": _affinity(
        preferredDuringSchedulingIgnoredDuringExecution=[
            {"weight": 1, "podAffinityTerm": {**_TERM, "matchLabelKeys": ["pod-template-hash"]}}
        ]
    ),
    "spread in two ways": {
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "a b", "whenUnsatisfiable": "DoNotSchedule", "minDomains": 3},
            {"maxSkew": 5, "topologyKey": "a b", "whenUnsatisfiable": "ScheduleAnyway", "nodeTaintsPolicy": "Honor"},
        ]
    },
    "spread of the same hash": {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "zone",
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {"a": "b"}},
                "matchLabelKeys": ["pod-template-hash"],
            }
        ]
    },
    "gates": {"schedulingGates": [{"name": "example.com/a"}, {"name": "b"}]},
    "conditions twice": {"readinessGates": [{"conditionType": "a.b/C"}, {"conditionType": "a.b/C"}]},
    "node selector": {"nodeSelector": {"a/b": "", "c": "D_e.f"}},
    "no node selector": {"nodeSelector": None},
}

_NETWORK: Final[dict[str, dict[str, Any]]] = {
    "own DNS": {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.1.1.1", "2001:DB8::1", "fe80:0:0::1"]}},
    "odd searches": {"dnsConfig": {"searches": [".", "_tcp.example.com.", "a_b.c"], "options": [{"name": "A B"}]}},
    "names of hosts": {"hostAliases": [{"ip": "::1", "hostnames": ["a.b", "c"]}, {"ip": "1.2.3.4"}]},
    "its own host": {"hostname": "a", "subdomain": "b", "setHostnameAsFQDN": True},
    "override": {"hostnameOverride": "a.b"},
}

_OTHERS: Final[dict[str, dict[str, Any]]] = {
    "deadline of a second": {"terminationGracePeriodSeconds": 0},
    "account of old": {"serviceAccount": "default"},
    "pull secrets without a name": {"imagePullSecrets": [{"name": ""}]},
    "scheduler of any name": {"schedulerName": "A B"},
}

RIGHT: Final[dict[str, dict[str, Any]]] = {
    **_VOLUMES,
    **_CONTAINERS,
    **_SECURITY,
    **_SCHEDULING,
    **_NETWORK,
    **_OTHERS,
}
