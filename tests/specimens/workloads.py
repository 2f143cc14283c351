"""Pods and what makes them: every kind of list that a pod template has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specimens.draw import Specimen, given

if TYPE_CHECKING:
    from specimens.draw import Draw

__all__ = ["KINDS", "pod_spec", "template"]


def _env(draw: Draw) -> list[dict[str, Any]]:
    return draw.some(
        [
            {"name": "PLAIN", "value": draw.text()},
            {"name": "EMPTY", "value": ""},
            {"name": "NOTHING"},
            {"name": "NODE", "valueFrom": {"fieldRef": given(fieldPath="spec.nodeName", apiVersion=draw.maybe("v1"))}},
            {
                "name": "LIMIT",
                "valueFrom": {
                    "resourceFieldRef": given(
                        resource="limits.memory",
                        containerName=draw.maybe("app"),
                        divisor=draw.maybe("0", "1Mi", "1", 1, "1024Ki"),
                    )
                },
            },
            {
                "name": "KEY",
                "valueFrom": {"configMapKeyRef": given(name="c", key="k", optional=draw.maybe(True, False))},
            },
            {"name": "SECRET", "valueFrom": {"secretKeyRef": given(name="s", key="k", optional=draw.maybe(True))}},
        ]
    )


def _ports(draw: Draw) -> list[dict[str, Any]]:
    return draw.some(
        [
            given(containerPort=53, name="dns", protocol=draw.maybe("TCP")),
            {"containerPort": 53, "name": "dns-udp", "protocol": "UDP"},
            given(containerPort=8080, name=draw.maybe("http"), hostPort=draw.maybe(0)),
            given(containerPort=9090, protocol=draw.maybe("TCP")),
        ]
    )


def _probe(draw: Draw) -> dict[str, Any]:
    action = draw.pick(
        {
            "httpGet": given(
                path=draw.maybe("/", "/healthz"),
                port=draw.pick(8080, "http", 80),
                scheme=draw.maybe("HTTP", "HTTPS"),
                httpHeaders=draw.maybe([{"name": "X", "value": ""}, {"name": "X", "value": "2"}], []),
            )
        },
        {"tcpSocket": {"port": draw.pick(53, "dns")}},
        {"exec": {"command": draw.pick(["true"], ["sh", "-c", "exit 0"])}},
        {"grpc": given(port=9090, service=draw.maybe("", "x"))},
    )
    return given(
        **action,
        initialDelaySeconds=draw.maybe(0, 5),
        periodSeconds=draw.maybe(10, 3),
        timeoutSeconds=draw.maybe(1, 2),
        failureThreshold=draw.maybe(3, 5),
    )


def _resources(draw: Draw) -> dict[str, Any]:
    return draw.pick(
        {},
        {"limits": {}},
        {"requests": {"cpu": draw.cpu(), "memory": draw.memory()}},
        {"limits": {"memory": draw.memory(), "ephemeral-storage": "1Gi"}},
        {"limits": {"cpu": draw.pick(3, "3", "3000m", "4"), "memory": "2Gi"}, "requests": {"cpu": draw.cpu()}},
        {"limits": {"example.com/gpu": draw.pick(1, "1")}},
    )


def _container(draw: Draw, name: str) -> dict[str, Any]:
    return given(
        name=name,
        image=draw.pick("nginx", "nginx:1.27", "registry.example.com:5000/a/b@sha256:" + "0" * 64),
        imagePullPolicy=draw.maybe("Always", "IfNotPresent", ""),
        command=draw.maybe(["run"], []),
        args=draw.maybe(["--a", "--a", "--b=c d"], [], [""]),
        workingDir=draw.maybe("/srv", ""),
        env=draw.call(lambda: _env(draw), 0.7),
        envFrom=draw.maybe(
            [], [{"configMapRef": {"name": "c"}}, {"prefix": "P_", "secretRef": {"name": "s", "optional": True}}]
        ),
        ports=draw.call(lambda: _ports(draw)),
        resources=draw.call(lambda: _resources(draw), 0.6),
        livenessProbe=draw.call(lambda: _probe(draw), 0.4),
        readinessProbe=draw.call(lambda: _probe(draw), 0.4),
        lifecycle=draw.maybe(
            {"preStop": {"exec": {"command": ["sleep", "1"]}}},
            {"postStart": {"exec": {"command": ["true"]}}},
            chance=0.2,
        ),
        securityContext=draw.maybe(
            {},
            {"privileged": False, "runAsNonRoot": False},
            {"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "SYS_TIME"]}, "allowPrivilegeEscalation": False},
            {"runAsUser": 0, "readOnlyRootFilesystem": True, "seccompProfile": {"type": "RuntimeDefault"}},
            chance=0.4,
        ),
        volumeMounts=draw.call(
            lambda: draw.some(
                [
                    {"name": "scratch", "mountPath": "/scratch"},
                    given(
                        name="config", mountPath="/etc/x", readOnly=draw.maybe(True, False), subPath=draw.maybe("", "k")
                    ),
                    {"name": "scratch", "mountPath": "/other", "mountPropagation": "None"},
                ]
            ),
            0.7,
        ),
        terminationMessagePath=draw.maybe("/dev/termination-log", chance=0.2),
        tty=draw.maybe(False, True, chance=0.2),
        stdin=draw.maybe(False, chance=0.2),
    )


def _volumes(draw: Draw) -> list[dict[str, Any]]:
    projected = draw.some(
        [
            {
                "serviceAccountToken": given(
                    path="token", audience=draw.maybe("a"), expirationSeconds=draw.maybe(3600, 600)
                )
            },
            {"configMap": {"name": "c", "items": [{"key": "k", "path": "p"}]}},
            {"secret": given(name="s", optional=draw.maybe(True, False))},
            {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        ],
        least=1,
    )
    return [
        {
            "name": "scratch",
            "emptyDir": draw.pick({}, {"sizeLimit": draw.memory()}, {"medium": "Memory"}, {"medium": ""}),
        },
        {
            "name": "config",
            "configMap": given(
                name="c",
                optional=True,
                defaultMode=draw.maybe(420, 256),
                items=draw.maybe([], [{"key": "k", "path": "k", "mode": 292}]),
            ),
        },
        *draw.some(
            [
                {
                    "name": "secret",
                    "secret": given(secretName="s", optional=draw.maybe(False), defaultMode=draw.maybe(0)),
                },
                {"name": "projected", "projected": given(sources=projected, defaultMode=draw.maybe(420))},
                {"name": "host", "hostPath": given(path="/tmp", type=draw.maybe("", "Directory"))},
                {
                    "name": "down",
                    "downwardAPI": {
                        "items": [
                            {"path": "cpu", "resourceFieldRef": {"containerName": "app", "resource": "limits.cpu"}}
                        ]
                    },
                },
                {"name": "share", "nfs": given(server="nfs.example.com", path="/", readOnly=draw.maybe(False, True))},
                {
                    "name": "driver",
                    "csi": given(
                        driver="x.example.com",
                        readOnly=draw.maybe(False),
                        volumeAttributes=draw.maybe({}, {"a.b/c": "1"}),
                    ),
                },
                {
                    "name": "own",
                    "ephemeral": {
                        "volumeClaimTemplate": {
                            "spec": {
                                "accessModes": ["ReadWriteOnce"],
                                "resources": {"requests": {"storage": draw.memory()}},
                            }
                        }
                    },
                },
                {"name": "disk", "iscsi": {"targetPortal": "1.2.3.4", "iqn": "iqn.2000-01.com.example:x", "lun": 0}},
            ]
        ),
    ]


def pod_spec(draw: Draw, **more: Any) -> dict[str, Any]:
    """Return the spec of a pod, with every kind of list that it has."""
    names = ["app", *draw.some(["side", "log"])]
    return given(
        containers=[_container(draw, name) for name in names],
        initContainers=draw.maybe(
            [],
            [{"name": "setup", "image": "busybox"}],
            [{"name": "proxy", "image": "busybox", "restartPolicy": "Always"}, {"name": "setup", "image": "busybox"}],
        ),
        volumes=_volumes(draw),
        tolerations=draw.maybe(
            [], [{"operator": "Exists"}], [given(key="k", value="v", effect="NoSchedule", operator=draw.maybe("Equal"))]
        ),
        nodeSelector=draw.maybe({}, {"no.such/node": "here"}),
        affinity=draw.call(lambda: _affinity(draw), 0.3),
        topologySpreadConstraints=draw.maybe(
            [],
            [
                {
                    "maxSkew": 1,
                    "topologyKey": "zone",
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"a": "b"}},
                },
                {
                    "maxSkew": 2,
                    "topologyKey": "zone",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": {"a": "b"}},
                },
            ],
            chance=0.4,
        ),
        hostAliases=draw.maybe(
            [], [{"ip": "10.0.0.1", "hostnames": ["b", "a"]}, {"ip": "10.0.0.2", "hostnames": ["c"]}], chance=0.3
        ),
        imagePullSecrets=draw.maybe([], [{"name": "b"}, {"name": "a"}], chance=0.3),
        dnsPolicy=draw.maybe("ClusterFirst", "Default", chance=0.3),
        dnsConfig=draw.maybe(
            {"nameservers": ["1.1.1.1"], "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}]},
            {},
            chance=0.2,
        ),
        securityContext=draw.maybe(
            {},
            {"runAsUser": 0, "fsGroup": 5, "supplementalGroups": [3, 1]},
            {"sysctls": [{"name": "net.core.somaxconn", "value": "1"}]},
        ),
        terminationGracePeriodSeconds=draw.maybe(0, 30, 60),
        enableServiceLinks=draw.maybe(True, False, chance=0.2),
        shareProcessNamespace=draw.maybe(True, False, chance=0.2),
        hostNetwork=draw.maybe(False, chance=0.2),
        readinessGates=draw.maybe([{"conditionType": "example.com/ready"}], chance=0.1),
        schedulerName=draw.maybe("default-scheduler", "none.example.com", chance=0.2),
        **more,
    )


def _affinity(draw: Draw) -> dict[str, Any]:
    return draw.pick(
        {},
        {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {"weight": 1, "podAffinityTerm": {"topologyKey": "zone", "labelSelector": draw.selector()}}
                ]
            }
        },
        {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "k", "operator": draw.pick("In", "NotIn"), "values": ["b", "a"]}]}
                    ]
                }
            }
        },
    )


def template(draw: Draw, labels: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return a pod template with these labels."""
    metadata = draw.metadata()
    metadata["labels"] = {**metadata.get("labels", {}), **labels}
    if not draw.number(0, 4):
        metadata["creationTimestamp"] = None
    return {"metadata": metadata, "spec": pod_spec(draw, **more)}


def _selected(draw: Draw) -> tuple[dict[str, Any], dict[str, str]]:
    labels = {"app": draw.name}
    return {"selector": {"matchLabels": labels}}, labels


def _deployment(draw: Draw) -> dict[str, Any]:
    selector, labels = _selected(draw)
    return {
        "spec": given(
            **selector,
            template=template(draw, labels),
            replicas=draw.maybe(0, 1, 2, chance=0.7),
            strategy=draw.maybe(
                {"type": "Recreate"},
                {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxSurge": draw.pick(1, "25%", "50%", 0), "maxUnavailable": 1},
                },
                {"rollingUpdate": {"maxUnavailable": "10%"}},
            ),
            minReadySeconds=draw.maybe(0, 1),
            revisionHistoryLimit=draw.maybe(0, 10, 3),
            progressDeadlineSeconds=draw.maybe(600, 30),
            paused=draw.maybe(False, True, chance=0.2),
        )
    }


def _stateful_set(draw: Draw) -> dict[str, Any]:
    selector, labels = _selected(draw)
    return {
        "spec": given(
            **selector,
            serviceName="s",
            template=template(draw, labels),
            replicas=draw.pick(0, 1),
            podManagementPolicy="Parallel",
            volumeClaimTemplates=[
                {
                    "metadata": {"name": "data", "labels": {"a": "b"}},
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
                }
            ],
            updateStrategy=draw.maybe(
                {"type": "OnDelete"}, {"rollingUpdate": {"partition": 0}}, {"type": "RollingUpdate"}
            ),
            minReadySeconds=draw.maybe(0, 2),
            persistentVolumeClaimRetentionPolicy=draw.maybe({"whenDeleted": "Delete"}, {"whenScaled": "Retain"}),
        )
    }


def _daemon_set(draw: Draw) -> dict[str, Any]:
    selector, labels = _selected(draw)
    return {
        "spec": given(
            **selector,
            template=template(draw, labels),
            updateStrategy=draw.maybe(
                {"type": "OnDelete"},
                {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}},
            ),
            revisionHistoryLimit=draw.maybe(0, 10),
        )
    }


def _replica_set(draw: Draw) -> dict[str, Any]:
    selector, labels = _selected(draw)
    return {"spec": given(**selector, template=template(draw, labels), replicas=draw.maybe(0, 1))}


def _replication_controller(draw: Draw) -> dict[str, Any]:
    labels = {"app": draw.name}
    return {"spec": given(selector=draw.maybe(labels), template=template(draw, labels), replicas=draw.maybe(0, 1))}


def _job_spec(draw: Draw) -> dict[str, Any]:
    pod = template(draw, {"job": draw.name}, restartPolicy="Never")
    pod["spec"].pop("initContainers", None)
    return given(
        template=pod,
        parallelism=draw.maybe(1, 2),
        completions=2,
        backoffLimit=draw.maybe(0, 6),
        activeDeadlineSeconds=draw.maybe(3600),
        suspend=True,
        completionMode=draw.pick("NonIndexed"),
        podFailurePolicy={
            "rules": [
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                {"action": "FailJob", "onExitCodes": {"containerName": "app", "operator": "In", "values": [1, 42]}},
            ]
        },
    )


def _job(draw: Draw) -> dict[str, Any]:
    return {"spec": _job_spec(draw)}


def _cron_job(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            schedule=draw.pick("0 0 1 1 *", "@yearly"),
            timeZone=draw.maybe("Etc/UTC"),
            concurrencyPolicy=draw.maybe("Allow", "Forbid"),
            suspend=draw.maybe(True, False),
            startingDeadlineSeconds=draw.maybe(0, 60),
            successfulJobsHistoryLimit=draw.maybe(0, 3),
            jobTemplate={"spec": _job_spec(draw), **given(metadata=draw.maybe({}, {"labels": {"a": "b"}}))},
        )
    }


def _pod(draw: Draw) -> dict[str, Any]:
    return {"spec": {**pod_spec(draw), "schedulerName": "none.example.com"}}


def _pod_template(draw: Draw) -> dict[str, Any]:
    return {"template": template(draw, {"a": "b"})}


def _controller_revision(draw: Draw) -> dict[str, Any]:
    return {"revision": draw.number(1, 2), "data": {"spec": {"any": [1, {"thing": 0.5}], "n": 7}}}


KINDS = (
    Specimen(api_version="v1", kind="Pod", body=_pod),
    Specimen(api_version="v1", kind="PodTemplate", body=_pod_template),
    Specimen(api_version="v1", kind="ReplicationController", body=_replication_controller),
    Specimen(api_version="apps/v1", kind="Deployment", body=_deployment),
    Specimen(api_version="apps/v1", kind="StatefulSet", body=_stateful_set),
    Specimen(api_version="apps/v1", kind="DaemonSet", body=_daemon_set),
    Specimen(api_version="apps/v1", kind="ReplicaSet", body=_replica_set),
    Specimen(api_version="apps/v1", kind="ControllerRevision", body=_controller_revision),
    Specimen(api_version="batch/v1", kind="Job", body=_job),
    Specimen(api_version="batch/v1", kind="CronJob", body=_cron_job),
)
