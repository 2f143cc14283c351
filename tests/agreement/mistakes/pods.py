"""What can be wrong with a pod as a whole, and with the metadata of anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agreement.edits import Edits

__all__ = ["MISTAKES"]

_TERM: Final = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}
_NODES: Final = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
_AWAY: Final = "spec.affinity.podAntiAffinity"
_SPREAD: Final = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}

MISTAKES: Final[dict[str, Edits]] = {
    "a restart policy that is none": {"spec.restartPolicy": "Sometimes"},
    "a DNS policy that is none": {"spec.dnsPolicy": "Cluster"},
    "no DNS policy and no servers": {"spec.dnsPolicy": "None"},
    "four DNS servers": {"spec.dnsConfig": {"nameservers": ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"]}},
    "a DNS server that is no address": {"spec.dnsConfig": {"nameservers": ["dns"]}},
    "a search that is no domain": {"spec.dnsConfig": {"searches": ["a b"]}},
    "a DNS option without a name": {"spec.dnsConfig": {"options": [{"value": "1"}]}},
    "a negative deadline": {"spec.activeDeadlineSeconds": -1},
    "a negative grace": {"spec.terminationGracePeriodSeconds": -1},
    "a host name in capitals": {"spec.hostname": "Web"},
    "a subdomain with a point": {"spec.subdomain": "a.b"},
    "an alias of no address": {"spec.hostAliases": [{"ip": "host", "hostnames": ["a"]}]},
    "an alias that is no name": {"spec.hostAliases": [{"ip": "1.2.3.4", "hostnames": ["a b"]}]},
    "a node selector that is no label": {"spec.nodeSelector": {"a b": "c"}},
    "a node selector with a bad value": {"spec.nodeSelector": {"a": "b c"}},
    "a node name in capitals": {"spec.nodeName": "Node"},
    "a node and a gate": {"spec.nodeName": "n", "spec.schedulingGates": [{"name": "example.com/x"}]},
    "a gate that is none": {"spec.schedulingGates": [{"name": "a b"}]},
    "a service account in capitals": {"spec.serviceAccountName": "Web"},
    "a pull secret without a name": {"spec.imagePullSecrets": [{}]},
    "a system that is none": {"spec.os": {"name": "plan9"}},
    "Windows with a Linux user": {"spec.os": {"name": "windows"}, "spec.securityContext": {"runAsUser": 1}},
    "Linux with Windows options": {
        "spec.os": {"name": "linux"},
        "spec.securityContext": {"windowsOptions": {"runAsUserName": "x"}},
    },
    "a toleration without a key that equals": {"spec.tolerations": [{"operator": "Equal", "value": "x"}]},
    "a toleration that exists with a value": {"spec.tolerations": [{"key": "a", "operator": "Exists", "value": "x"}]},
    "a toleration with an operator that is none": {"spec.tolerations": [{"key": "a", "operator": "In"}]},
    "a toleration with an effect that is none": {"spec.tolerations": [{"key": "a", "effect": "No"}]},
    "seconds of another effect": {
        "spec.tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 5}]
    },
    "no terms of nodes": {_NODES: []},
    "an operator of nodes that is none": {_NODES: [{"matchExpressions": [{"key": "a", "operator": "Is"}]}]},
    "values of nodes that exist": {
        _NODES: [{"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}]
    },
    "no values of nodes": {_NODES: [{"matchExpressions": [{"key": "a", "operator": "In"}]}]},
    "more than no number": {_NODES: [{"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["b"]}]}]},
    "more than two numbers": {_NODES: [{"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1", "2"]}]}]},
    "a field of nodes that is none": {_NODES: [{"matchFields": [{"key": "a", "operator": "In", "values": ["b"]}]}]},
    "a field of nodes": {_NODES: [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}]},
    "a weight of zero": {
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 0, "preference": _TERM}
        ]
    },
    "a weight above a hundred": {
        f"{_AWAY}.preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 101, "podAffinityTerm": {"topologyKey": "zone"}}
        ]
    },
    "no topology": {
        f"{_AWAY}.requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "", "labelSelector": {}}]
    },
    "a topology that is no label": {
        f"{_AWAY}.requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "a b", "labelSelector": {}}]
    },
    "a selector with an operator that is none": {
        f"{_AWAY}.requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "a", "labelSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}
        ]
    },
    "label keys without a selector": {
        f"{_AWAY}.requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "a", "matchLabelKeys": ["b"]}]
    },
    "label keys that match and do not": {
        f"{_AWAY}.requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "a", "labelSelector": {}, "matchLabelKeys": ["b"], "mismatchLabelKeys": ["b"]}
        ]
    },
    "a skew of zero": {"spec.topologySpreadConstraints": [{**_SPREAD, "maxSkew": 0}]},
    "a spread without a topology": {"spec.topologySpreadConstraints": [{**_SPREAD, "topologyKey": ""}]},
    "a spread with an action that is none": {
        "spec.topologySpreadConstraints": [{**_SPREAD, "whenUnsatisfiable": "Wait"}]
    },
    "one spread twice": {"spec.topologySpreadConstraints": [_SPREAD, {**_SPREAD, "maxSkew": 2}]},
    "least domains of zero": {"spec.topologySpreadConstraints": [{**_SPREAD, "minDomains": 0}]},
    "least domains of a wish": {
        "spec.topologySpreadConstraints": [{**_SPREAD, "minDomains": 1, "whenUnsatisfiable": "ScheduleAnyway"}]
    },
    "a node policy that is none": {"spec.topologySpreadConstraints": [{**_SPREAD, "nodeTaintsPolicy": "Maybe"}]},
    "a readiness gate that is none": {"spec.readinessGates": [{"conditionType": "a b"}]},
    "a kernel setting that is none": {"spec.securityContext": {"sysctls": [{"name": "A b", "value": "1"}]}},
    "one kernel setting twice": {
        "spec.securityContext": {
            "sysctls": [{"name": "net.core.somaxconn", "value": "1"}, {"name": "net.core.somaxconn", "value": "2"}]
        }
    },
    "a network setting on the host's network": {
        "spec.hostNetwork": True,
        "spec.containers.0.ports": [],
        "spec.containers.0.livenessProbe": {"httpGet": {"path": "/", "port": 80}},
        "spec.securityContext": {"sysctls": [{"name": "net.core.somaxconn", "value": "1"}]},
    },
    "a negative group": {"spec.securityContext": {"fsGroup": -1}},
    "a negative supplemental group": {"spec.securityContext": {"supplementalGroups": [-1]}},
    "a group policy that is none": {"spec.securityContext": {"fsGroupChangePolicy": "Never"}},
    "a group membership that is none": {"spec.securityContext": {"supplementalGroupsPolicy": "All"}},
    "shared with the host and within": {"spec.hostPID": True, "spec.shareProcessNamespace": True},
    "users of its own on the host's network": {"spec.hostUsers": False, "spec.hostNetwork": True},
    "users of its own among the host's processes": {"spec.hostUsers": False, "spec.hostPID": True},
    "a preemption policy that is none": {"spec.preemptionPolicy": "Sometimes"},
    "a priority without a class": {"spec.priority": 5},
    "a claim of nothing": {"spec.resourceClaims": [{"name": "gpu"}]},
    "a claim of two": {
        "spec.resourceClaims": [{"name": "gpu", "resourceClaimName": "a", "resourceClaimTemplateName": "b"}]
    },
    "a claim name in capitals": {"spec.resourceClaims": [{"name": "GPU", "resourceClaimName": "a"}]},
    "resources of a pod with a claim": {"spec.resources": {"claims": [{"name": "x"}]}},
    "resources of a pod below its containers'": {"spec.resources": {"requests": {"cpu": "1m"}}},
    "a disk of a pod": {"spec.resources": {"limits": {"ephemeral-storage": "1Gi"}}},
    "overhead without a class": {"spec.overhead": {"cpu": "1"}},
    "a name in capitals": {"metadata.name": "Agreement"},
    "a name with an underscore": {"metadata.name": "a_b"},
    "a name that ends in a hyphen": {"metadata.name": "a-"},
    "a long name": {"metadata.name": "a" * 254},
    "a label key with a blank": {"metadata.labels": {"a b": "c"}},
    "a label key of two slashes": {"metadata.labels": {"a/b/c": "d"}},
    "a label key with a prefix in capitals": {"metadata.labels": {"A.b/c": "d"}},
    "an empty label key": {"metadata.labels": {"": "d"}},
    "a label value with a blank": {"metadata.labels": {"a": "b c"}},
    "a long label value": {"metadata.labels": {"a": "b" * 64}},
    "a label value that ends in a point": {"metadata.labels": {"a": "b."}},
    "an annotation key with a blank": {"metadata.annotations": {"a b": "c"}},
    "an annotation key in capitals": {"metadata.annotations": {"Example.com/B": "c"}},
    "annotations too large": {"metadata.annotations": {"a": "x" * 262145}},
    "a finalizer that is none": {"metadata.finalizers": ["a b"]},
    "a finalizer without a domain": {"metadata.finalizers": ["mine"]},
    "an owner without a uid": {
        "metadata.ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": ""}]
    },
    "two controllers": {
        "metadata.ownerReferences": [
            {"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": "1", "controller": True},
            {"apiVersion": "v1", "kind": "Pod", "name": "y", "uid": "2", "controller": True},
        ]
    },
    "an event as owner": {"metadata.ownerReferences": [{"apiVersion": "v1", "kind": "Event", "name": "x", "uid": "1"}]},
}
