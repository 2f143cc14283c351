"""What can be wrong with the containers of a pod."""

from __future__ import annotations

from typing import Any, Final

from agreement.edits import GONE, Edits

__all__ = ["MISTAKES"]

_C: Final = "spec.containers.0"
_PROBE: Final = f"{_C}.livenessProbe"


def _env(**fields: Any) -> Edits:
    return {f"{_C}.env.0": {"name": "A", **fields}}


MISTAKES: Final[dict[str, Edits]] = {
    "no containers": {"spec.containers": []},
    "two containers of one name": {"spec.containers.1": {"name": "app", "image": "x"}},
    "an init container of the same name": {"spec.initContainers": [{"name": "app", "image": "x"}]},
    "a container without a name": {f"{_C}.name": ""},
    "a container name in capitals": {f"{_C}.name": "App"},
    "a container name with a point": {f"{_C}.name": "a.b"},
    "a long container name": {f"{_C}.name": "a" * 64},
    "no image": {f"{_C}.image": ""},
    "an image with blanks around": {f"{_C}.image": " nginx "},
    "a pull policy that is none": {f"{_C}.imagePullPolicy": "Sometimes"},
    "a mount of no volume": {f"{_C}.volumeMounts.0.name": "other"},
    "a mount without a path": {f"{_C}.volumeMounts.0.mountPath": ""},
    "two mounts of one path": {f"{_C}.volumeMounts.1": {"name": "data", "mountPath": "/data"}},
    "a mount with a colon": {f"{_C}.volumeMounts.0.mountPath": "/a:b"},
    "a sub path that leads out": {f"{_C}.volumeMounts.0.subPath": "../x"},
    "an absolute sub path": {f"{_C}.volumeMounts.0.subPath": "/x"},
    "sub path and expression": {f"{_C}.volumeMounts.0.subPath": "x", f"{_C}.volumeMounts.0.subPathExpr": "$(A)"},
    "propagation that is none": {f"{_C}.volumeMounts.0.mountPropagation": "Both"},
    "both ways without privilege": {f"{_C}.volumeMounts.0.mountPropagation": "Bidirectional"},
    "recursively read only and written": {f"{_C}.volumeMounts.0.recursiveReadOnly": "Enabled"},
    "a port of zero": {f"{_C}.ports.0.containerPort": 0},
    "a port too high": {f"{_C}.ports.0.containerPort": 65536},
    "a host port too high": {f"{_C}.ports.0.hostPort": 65536},
    "two ports of one name": {f"{_C}.ports.1": {"containerPort": 81, "name": "http"}},
    "a port name in capitals": {f"{_C}.ports.0.name": "HTTP"},
    "a long port name": {f"{_C}.ports.0.name": "a-name-of-more-than-15"},
    "a port name of digits": {f"{_C}.ports.0.name": "80"},
    "a port name with two hyphens": {f"{_C}.ports.0.name": "a--b"},
    "a protocol in small letters": {f"{_C}.ports.0.protocol": "tcp"},
    "host network and another host port": {"spec.hostNetwork": True, f"{_C}.ports.0.hostPort": 81},
    "one host port twice": {
        f"{_C}.ports.0.hostPort": 8080,
        f"{_C}.ports.1": {"containerPort": 81, "name": "x", "hostPort": 8080},
    },
    "a variable without a name": {f"{_C}.env.0.name": ""},
    "a variable with an equals sign": {f"{_C}.env.0.name": "A=B"},
    "a variable that begins with a digit": {f"{_C}.env.0.name": "1A"},
    "a variable with a blank": {f"{_C}.env.0.name": "A B"},
    "value and source": _env(value="1", valueFrom={"fieldRef": {"fieldPath": "metadata.name"}}),
    "an empty source": _env(valueFrom={}),
    "two sources": _env(
        valueFrom={
            "fieldRef": {"fieldPath": "metadata.name"},
            "configMapKeyRef": {"name": "c", "key": "k"},
        }
    ),
    "a field that pods lack": _env(valueFrom={"fieldRef": {"fieldPath": "metadata.nope"}}),
    "a field that variables cannot have": _env(valueFrom={"fieldRef": {"fieldPath": "metadata.labels"}}),
    "a label by its key": _env(valueFrom={"fieldRef": {"fieldPath": "metadata.labels['a']"}}),
    "a label by a bad key": _env(valueFrom={"fieldRef": {"fieldPath": "metadata.labels['a b']"}}),
    "a field path of another version": _env(valueFrom={"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v2"}}),
    "an unknown resource": _env(valueFrom={"resourceFieldRef": {"resource": "limits.gpu"}}),
    "a divisor that is none": _env(valueFrom={"resourceFieldRef": {"resource": "limits.cpu", "divisor": "3"}}),
    "a secret key that is none": _env(valueFrom={"secretKeyRef": {"name": "s", "key": "a/b"}}),
    "a config map without a key": _env(valueFrom={"configMapKeyRef": {"name": "c", "key": ""}}),
    "a config map name in capitals": _env(valueFrom={"configMapKeyRef": {"name": "C_C", "key": "k"}}),
    "all variables of nothing": {f"{_C}.envFrom": [{}]},
    "all variables of two": {f"{_C}.envFrom": [{"configMapRef": {"name": "a"}, "secretRef": {"name": "b"}}]},
    "a prefix with an equals sign": {f"{_C}.envFrom": [{"prefix": "A=", "configMapRef": {"name": "a"}}]},
    "a probe of nothing": {_PROBE: {"periodSeconds": 5}},
    "a probe of two": {f"{_PROBE}.tcpSocket": {"port": 80}},
    "a probe of port zero": {f"{_PROBE}.httpGet.port": 0},
    "a probe of a port too high": {f"{_PROBE}.httpGet.port": 70000},
    "a probe of an empty port": {f"{_PROBE}.httpGet.port": ""},
    "a probe of a bad port name": {f"{_PROBE}.httpGet.port": "HTTP_X"},
    "a probe without a path": {f"{_PROBE}.httpGet.path": GONE},
    "a probe of an empty path": {f"{_PROBE}.httpGet.path": ""},
    "a probe of another scheme": {f"{_PROBE}.httpGet.scheme": "https"},
    "a probe with a bad header": {f"{_PROBE}.httpGet.httpHeaders": [{"name": "a b", "value": ""}]},
    "a probe by an empty command": {_PROBE: {"exec": {"command": []}}},
    "a probe by gRPC without a port": {_PROBE: {"grpc": {"port": 0}}},
    "a negative delay": {f"{_PROBE}.initialDelaySeconds": -1},
    "a negative period": {f"{_PROBE}.periodSeconds": -1},
    "two successes to live": {f"{_PROBE}.successThreshold": 2},
    "no grace after a probe": {f"{_PROBE}.terminationGracePeriodSeconds": 0},
    "grace after a readiness probe": {
        f"{_C}.readinessProbe": {"tcpSocket": {"port": 80}, "terminationGracePeriodSeconds": 5}
    },
    "two successes to be ready": {f"{_C}.readinessProbe": {"tcpSocket": {"port": 80}, "successThreshold": 2}},
    "two successes to start": {f"{_C}.startupProbe": {"tcpSocket": {"port": 80}, "successThreshold": 2}},
    "a hook of nothing": {f"{_C}.lifecycle": {"preStop": {}}},
    "a hook of two": {f"{_C}.lifecycle": {"preStop": {"sleep": {"seconds": 1}, "exec": {"command": ["a"]}}}},
    "a hook that sleeps too long": {f"{_C}.lifecycle": {"preStop": {"sleep": {"seconds": 31}}}},
    "a hook that sleeps backwards": {f"{_C}.lifecycle": {"preStop": {"sleep": {"seconds": -1}}}},
    "a stop signal without a system": {f"{_C}.lifecycle": {"stopSignal": "SIGTERM"}},
    "a stop signal of a system": {f"{_C}.lifecycle": {"stopSignal": "SIGTERM"}, "spec.os": {"name": "linux"}},
    "more asked than allowed": {f"{_C}.resources.requests.cpu": "2"},
    "something asked where null is allowed": {f"{_C}.resources": {"limits": {"cpu": None}, "requests": {"cpu": "1"}}},
    "more memory asked than allowed": {f"{_C}.resources.requests.memory": "1Gi"},
    "a negative request": {f"{_C}.resources.requests.cpu": "-1"},
    "an unknown resource of a container": {f"{_C}.resources.requests.gpu": "1"},
    "a resource of a bad name": {f"{_C}.resources.requests.[a b]": "1"},
    "half of an extended resource": {f"{_C}.resources.limits.[example.com/gpu]": "500m"},
    "an extended resource asked only": {f"{_C}.resources.requests.[example.com/gpu]": "1"},
    "an extended resource, less asked": {
        f"{_C}.resources.requests.[example.com/gpu]": "1",
        f"{_C}.resources.limits.[example.com/gpu]": "2",
    },
    "huge pages alone": {f"{_C}.resources": {"limits": {"hugepages-2Mi": "2Mi"}}},
    "huge pages with memory": {f"{_C}.resources.limits.hugepages-2Mi": "2Mi"},
    "part of a huge page": {f"{_C}.resources.limits.hugepages-2Mi": "3Mi"},
    "a claim that is not there": {f"{_C}.resources.claims": [{"name": "gpu"}]},
    "a claim twice": {f"{_C}.resources.claims": [{"name": "gpu"}, {"name": "gpu"}]},
    "a resize policy of nothing": {f"{_C}.resizePolicy": [{"resourceName": "disk", "restartPolicy": "NotRequired"}]},
    "a resize policy that is none": {f"{_C}.resizePolicy": [{"resourceName": "cpu", "restartPolicy": "Never"}]},
    "root that must not be root": {f"{_C}.securityContext": {"runAsUser": 0, "runAsNonRoot": True}},
    "a negative user": {f"{_C}.securityContext": {"runAsUser": -1}},
    "privileged without escalation": {f"{_C}.securityContext": {"privileged": True, "allowPrivilegeEscalation": False}},
    "an administrator without escalation": {
        f"{_C}.securityContext": {"capabilities": {"add": ["CAP_SYS_ADMIN"]}, "allowPrivilegeEscalation": False}
    },
    "a proc mount that is none": {f"{_C}.securityContext": {"procMount": "Masked"}},
    "an unmasked proc": {f"{_C}.securityContext": {"procMount": "Unmasked"}},
    "a profile of the host without a name": {f"{_C}.securityContext": {"seccompProfile": {"type": "Localhost"}}},
    "a profile with a name too many": {
        f"{_C}.securityContext": {"seccompProfile": {"type": "RuntimeDefault", "localhostProfile": "x"}}
    },
    "a profile without a type": {f"{_C}.securityContext": {"seccompProfile": {}}},
    "an armour without a name": {f"{_C}.securityContext": {"appArmorProfile": {"type": "Localhost"}}},
    "a termination policy that is none": {f"{_C}.terminationMessagePolicy": "Never"},
    "a restart policy of a container that is none": {f"{_C}.restartPolicy": "Sometimes"},
    "a restart rule without a policy": {
        f"{_C}.restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}]
    },
    "a device without a claim": {f"{_C}.volumeDevices": [{"name": "data", "devicePath": "/dev/x"}]},
    "a probe of an init container": {
        "spec.initContainers": [{"name": "i", "image": "x", "readinessProbe": {"tcpSocket": {"port": 1}}}]
    },
    "a hook of an init container": {
        "spec.initContainers": [{"name": "i", "image": "x", "lifecycle": {"preStop": {"exec": {"command": ["a"]}}}}]
    },
    "a probe of a sidecar": {
        "spec.initContainers": [
            {"name": "i", "image": "x", "restartPolicy": "Always", "readinessProbe": {"tcpSocket": {"port": 1}}}
        ]
    },
    "an ephemeral container from the start": {"spec.ephemeralContainers": [{"name": "e", "image": "x"}]},
}
