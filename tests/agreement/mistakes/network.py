"""What can be wrong with what lets others in."""

from __future__ import annotations

from typing import Final

from agreement.edits import GONE, Edits

__all__ = ["MISTAKES"]

_P: Final = "spec.ports.0"
_H: Final = "spec.rules.0.http.paths.0"
_SERVICE: Final[dict[str, Edits]] = {
    "no ports": {"spec.ports": []},
    "no ports and no head": {"spec.ports": [], "spec.clusterIP": "None"},
    "a port of zero": {f"{_P}.port": 0},
    "a port too high": {f"{_P}.port": 65536},
    "a target port of zero": {f"{_P}.targetPort": 0},
    "a target port in capitals": {f"{_P}.targetPort": "HTTP"},
    "a target port of a long name": {f"{_P}.targetPort": "a-name-of-more-than-15"},
    "two ports without names": {"spec.ports": [{"port": 80}, {"port": 81}]},
    "two ports of one name": {"spec.ports.1": {"port": 81, "name": "http"}},
    "one port twice": {"spec.ports.1": {"port": 80, "name": "again"}},
    "one port by two protocols": {"spec.ports.1": {"port": 80, "name": "again", "protocol": "UDP"}},
    "a port name in capitals": {f"{_P}.name": "HTTP"},
    "a port name with a point": {f"{_P}.name": "a.b"},
    "a protocol that is none": {f"{_P}.protocol": "HTTP"},
    "a protocol of an application that is none": {f"{_P}.appProtocol": "a b"},
    "a type that is none": {"spec.type": "Ingress"},
    "a node port of a cluster address": {f"{_P}.nodePort": 30080},
    "a node port out of range": {"spec.type": "NodePort", f"{_P}.nodePort": 80},
    "one node port twice": {
        "spec.type": "NodePort",
        f"{_P}.nodePort": 30999,
        "spec.ports.1": {"port": 81, "name": "b", "nodePort": 30999},
    },
    "a node port without a head": {"spec.type": "NodePort", "spec.clusterIP": "None"},
    "a balancer without a head": {"spec.type": "LoadBalancer", "spec.clusterIP": "None"},
    "a cluster address that is none": {"spec.clusterIP": "here"},
    "a cluster address out of range": {"spec.clusterIP": "1.2.3.4"},
    "two cluster addresses": {"spec.clusterIP": "None", "spec.clusterIPs": ["None", "None"]},
    "cluster addresses that differ": {"spec.clusterIP": "None", "spec.clusterIPs": ["10.96.0.9"]},
    "an external name of no service": {"spec.externalName": "a.example.com"},
    "an external service without a name": {"spec.type": "ExternalName"},
    "an external name in capitals": {"spec.type": "ExternalName", "spec.externalName": "A_b"},
    "an external service with an address": {
        "spec.type": "ExternalName",
        "spec.externalName": "a.example.com",
        "spec.clusterIP": "10.96.0.9",
    },
    "an affinity that is none": {"spec.sessionAffinity": "Cookie"},
    "an affinity without a configuration of its own": {
        "spec.sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}
    },
    "an affinity for two days": {
        "spec.sessionAffinity": "ClientIP",
        "spec.sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 172800}},
    },
    "an affinity for no time": {
        "spec.sessionAffinity": "ClientIP",
        "spec.sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}},
    },
    "an external address that is none": {"spec.externalIPs": ["host"]},
    "a loopback address from outside": {"spec.externalIPs": ["127.0.0.1"]},
    "ranges of no balancer": {"spec.loadBalancerSourceRanges": ["10.0.0.0/8"]},
    "a range that is none": {"spec.type": "LoadBalancer", "spec.loadBalancerSourceRanges": ["10.0.0.0"]},
    "a class of no balancer": {"spec.loadBalancerClass": "example.com/x"},
    "a class that is none": {"spec.type": "LoadBalancer", "spec.loadBalancerClass": "a b"},
    "node ports of no balancer": {"spec.allocateLoadBalancerNodePorts": True},
    "a traffic policy of a cluster address": {"spec.externalTrafficPolicy": "Local"},
    "a traffic policy that is none": {"spec.type": "NodePort", "spec.externalTrafficPolicy": "Node"},
    "an internal traffic policy that is none": {"spec.internalTrafficPolicy": "Node"},
    "a health port of no balancer": {"spec.healthCheckNodePort": 30123},
    "a family that is none": {"spec.ipFamilies": ["IPv5"]},
    "one family twice": {"spec.ipFamilies": ["IPv4", "IPv4"]},
    "two families of a single stack": {"spec.ipFamilies": ["IPv4", "IPv6"], "spec.ipFamilyPolicy": "SingleStack"},
    "a family policy that is none": {"spec.ipFamilyPolicy": "Dual"},
    "a selector that is no label": {"spec.selector": {"a b": "c"}},
    "a selector with a bad value": {"spec.selector": {"a": "b c"}},
    "a distribution that is none": {"spec.trafficDistribution": "Near"},
    "a distribution of the same zone": {"spec.trafficDistribution": "PreferSameZone"},
    "a name with a point": {"metadata.name": "a.b"},
    "a name that begins with a digit": {"metadata.name": "1a"},
    "a long name": {"metadata.name": "a" * 64},
}
_INGRESS: Final[dict[str, Edits]] = {
    "nothing": {"spec": {}},
    "a path without a slash": {f"{_H}.path": "x"},
    "a path with two slashes": {f"{_H}.path": "//x"},
    "a path that leads up": {f"{_H}.path": "/a/../b"},
    "a path with a dot": {f"{_H}.path": "/a/./b"},
    "a path with an escaped slash": {f"{_H}.path": "/a%2fb"},
    "no path of a prefix": {f"{_H}.path": GONE},
    "a path type that is none": {f"{_H}.pathType": "Regex"},
    "no path type": {f"{_H}.pathType": GONE},
    "no paths": {"spec.rules.0.http.paths": []},
    "a host in capitals": {"spec.rules.0.host": "Web.example.com"},
    "a host that is an address": {"spec.rules.0.host": "1.2.3.4"},
    "a star in the middle": {"spec.rules.0.host": "a.*.com"},
    "a star alone": {"spec.rules.0.host": "*"},
    "a backend of nothing": {f"{_H}.backend": {}},
    "a backend of two": {f"{_H}.backend.resource": {"kind": "B", "name": "b"}},
    "a backend without a name": {f"{_H}.backend.service.name": ""},
    "a backend in capitals": {f"{_H}.backend.service.name": "Web"},
    "a backend without a port": {f"{_H}.backend.service.port": {}},
    "a backend of two ports": {f"{_H}.backend.service.port": {"number": 80, "name": "http"}},
    "a backend of a port too high": {f"{_H}.backend.service.port.number": 65536},
    "a backend of a bad port name": {f"{_H}.backend.service.port": {"name": "HTTP_X"}},
    "a backend of the old kind": {f"{_H}.backend": {"serviceName": "web", "servicePort": 80}},
    "a default of nothing": {"spec.defaultBackend": {}},
    "a class in capitals": {"spec.ingressClassName": "Nginx"},
    "a class twice over": {"spec.ingressClassName": "a", "metadata.annotations": {"kubernetes.io/ingress.class": "b"}},
    "a secret in capitals": {"spec.tls": [{"hosts": ["a.example.com"], "secretName": "S_S"}]},
    "a secret for a bad host": {"spec.tls": [{"hosts": ["a b"], "secretName": "s"}]},
}
_NETWORK: Final[dict[str, Edits]] = {
    "a range that is none": {"spec.ingress.0.from.0.ipBlock.cidr": "10.0.0.0"},
    "a range of nothing": {"spec.ingress.0.from.0.ipBlock.cidr": ""},
    "an exception outside": {"spec.ingress.0.from.0.ipBlock.except": ["11.0.0.0/16"]},
    "an exception that is all": {"spec.ingress.0.from.0.ipBlock.except": ["10.0.0.0/8"]},
    "an exception that is none": {"spec.ingress.0.from.0.ipBlock.except": ["x"]},
    "a range and pods": {"spec.ingress.0.from.0.podSelector": {}},
    "a peer of nothing": {"spec.ingress.0.from.0": {}},
    "a port of zero": {"spec.ingress.0.ports.0.port": 0},
    "a port too high": {"spec.ingress.0.ports.0.port": 65536},
    "a port name in capitals": {"spec.ingress.0.ports.0.port": "HTTP"},
    "an end before its port": {"spec.ingress.0.ports.0.endPort": 79},
    "an end without a port": {"spec.ingress.0.ports.0": {"endPort": 79}},
    "an end of a name": {"spec.ingress.0.ports.0": {"port": "http", "endPort": 79}},
    "a protocol that is none": {"spec.ingress.0.ports.0.protocol": "HTTP"},
    "a type that is none": {"spec.policyTypes": ["Inside"]},
    "too many types": {"spec.policyTypes": ["Ingress", "Egress", "Ingress"]},
    "a selector with an operator that is none": {
        "spec.podSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}
    },
    "no selector": {"spec.podSelector": GONE},
}

MISTAKES: Final[dict[str, dict[str, Edits]]] = {
    "Service": _SERVICE,
    "Ingress": _INGRESS,
    "NetworkPolicy": _NETWORK,
    "Endpoints": {
        "an address that is none": {"subsets.0.addresses.0.ip": "host"},
        "a loopback address": {"subsets.0.addresses.0.ip": "127.0.0.1"},
        "a port of zero": {"subsets.0.ports.0.port": 0},
        "two ports without names": {"subsets.0.ports.1": {"port": 81}},
        "nobody": {"subsets.0.addresses": []},
        "a host name in capitals": {"subsets.0.addresses.0.hostname": "A"},
    },
    "EndpointSlice": {
        "a type that is none": {"addressType": "IPv5"},
        "no type": {"addressType": GONE},
        "an address of another type": {"addressType": "IPv6"},
        "no addresses": {"endpoints.0.addresses": []},
        "two ports of one name": {"ports.1": {"port": 81, "name": "http"}},
        "a port too high": {"ports.0.port": 65536},
        "a port name in capitals": {"ports.0.name": "HTTP"},
        "a protocol that is none": {"ports.0.protocol": "HTTP"},
        "too many addresses": {"endpoints.0.addresses": [f"10.1.1.{number}" for number in range(1, 102)]},
    },
    "IngressClass": {
        "no controller": {"spec.controller": ""},
        "a controller without a domain": {"spec.controller": "ingress"},
        "a controller that is long": {"spec.controller": f"a.b/{'x' * 250}"},
        "parameters without a kind": {"spec.parameters": {"kind": "", "name": "a"}},
        "parameters of a namespace without one": {"spec.parameters": {"kind": "A", "name": "a", "scope": "Namespace"}},
        "parameters of the cluster in a namespace": {
            "spec.parameters": {"kind": "A", "name": "a", "scope": "Cluster", "namespace": "x"}
        },
        "parameters of a scope that is none": {"spec.parameters": {"kind": "A", "name": "a", "scope": "World"}},
    },
}
