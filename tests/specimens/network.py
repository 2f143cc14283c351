"""Services of every type and what stands around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specimens.draw import Specimen, given

if TYPE_CHECKING:
    from specimens.draw import Draw

__all__ = ["KINDS"]


def _ports(draw: Draw, *, named: bool = True) -> list[dict[str, Any]]:
    found = draw.some(
        [
            given(port=53, name="dns", protocol=draw.maybe("TCP"), targetPort=draw.maybe(53, "dns")),
            {"port": 53, "name": "udp", "protocol": "UDP"},
            given(
                port=80,
                name="http",
                targetPort=draw.maybe("http", 8080),
                appProtocol=draw.maybe("http"),
                nodePort=draw.maybe(0),
            ),
        ],
        least=1,
    )
    return found if named else [{key: value for key, value in found[0].items() if key != "name"}]


def _service(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            selector=draw.call(draw.labels),
            ports=_ports(draw),
            type=draw.maybe("ClusterIP", "NodePort", "LoadBalancer", chance=0.6),
            sessionAffinity=draw.maybe("None", "ClientIP"),
            externalIPs=draw.maybe([], ["10.9.9.9", "10.9.9.8"], chance=0.3),
            ipFamilyPolicy=draw.maybe("SingleStack", chance=0.3),
            internalTrafficPolicy=draw.maybe("Cluster", "Local", chance=0.3),
            publishNotReadyAddresses=draw.maybe(False, True),
        )
    }


def _headless(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            clusterIP="None", ports=draw.call(lambda: _ports(draw, named=draw.pick(True, False))), selector={"a": "b"}
        )
    }


def _external(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            type="ExternalName",
            externalName=draw.pick("a.example.com", "b.example.com"),
            ports=draw.maybe([], [{"port": 80}]),
        )
    }


def _balanced(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            type="LoadBalancer",
            ports=_ports(draw),
            externalTrafficPolicy=draw.pick("Local", "Cluster"),
            loadBalancerSourceRanges=draw.maybe(["10.0.0.0/8", "192.168.0.0/16"], []),
            allocateLoadBalancerNodePorts=draw.maybe(True, False),
            sessionAffinity="ClientIP",
            sessionAffinityConfig=draw.maybe({"clientIP": {"timeoutSeconds": 60}}),
        )
    }


def _endpoint_slice(draw: Draw) -> dict[str, Any]:
    return {
        "addressType": "IPv4",
        "endpoints": [
            given(
                addresses=["10.1.2.3"],
                conditions=draw.maybe({}, {"ready": True, "serving": False}),
                hostname=draw.maybe("h"),
                zone=draw.maybe("z"),
                deprecatedTopology=draw.maybe({"a": "b"}),
            ),
            *draw.some(
                [{"addresses": ["10.1.2.4"]}, {"addresses": ["10.1.2.5"], "hints": {"forZones": [{"name": "z"}]}}]
            ),
        ],
        **given(ports=draw.maybe([], [given(port=80, name=draw.maybe("", "http"), protocol=draw.maybe("TCP"))])),
    }


def _peer(draw: Draw) -> dict[str, Any]:
    return draw.pick(
        {"podSelector": draw.selector()},
        {"namespaceSelector": {}},
        {"podSelector": {}, "namespaceSelector": {"matchLabels": {"a": "b"}}},
        {"ipBlock": given(cidr="10.0.0.0/8", except_=draw.maybe(["10.1.0.0/16", "10.2.0.0/16"]))},
    )


def _network_policy(draw: Draw) -> dict[str, Any]:
    ports = draw.maybe(
        [{"port": 80}, {"port": 80, "protocol": "UDP"}],
        [{"protocol": "TCP", "port": 32000, "endPort": 32768}],
        [{}],
        [],
    )
    return {
        "spec": given(
            podSelector=draw.pick({}, {"matchLabels": {"app": "x"}}, draw.selector()),
            policyTypes=draw.maybe(["Ingress"], ["Egress", "Ingress"]),
            ingress=draw.maybe([], [{}], [given(from_=[_peer(draw), _peer(draw)], ports=ports)]),
            egress=draw.maybe([], [given(to=[_peer(draw)], ports=ports)]),
        )
    }


def _ingress(draw: Draw) -> dict[str, Any]:
    backend = {"service": {"name": "s", "port": draw.pick({"number": 80}, {"name": "http"})}}
    return {
        "spec": given(
            ingressClassName=draw.maybe("nginx"),
            defaultBackend=draw.maybe(backend),
            tls=draw.maybe([], [{"hosts": ["b.example.com", "a.example.com"], "secretName": "s"}, {"secretName": "t"}]),
            rules=[
                {
                    "host": "a.example.com",
                    "http": {
                        "paths": [
                            {"path": "/", "pathType": "Prefix", "backend": backend},
                            given(pathType="ImplementationSpecific", backend=backend, path=draw.maybe("/x")),
                        ]
                    },
                },
                *draw.some(
                    [
                        {"host": "*.example.com"},
                        {"http": {"paths": [{"path": "/é", "pathType": "Exact", "backend": backend}]}},
                    ]
                ),
            ],
        )
    }


def _ingress_class(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            controller="example.com/ingress",
            parameters=draw.maybe(
                {"kind": "ConfigMap", "name": "c"},
                {"kind": "P", "name": "c", "apiGroup": "x.example.com", "scope": "Namespace", "namespace": "n"},
            ),
        )
    }


KINDS = (
    Specimen(api_version="v1", kind="Service", body=_service),
    Specimen(api_version="v1", kind="Service", body=_headless, named="headless-{name}"),
    Specimen(api_version="v1", kind="Service", body=_external, named="external-{name}"),
    Specimen(api_version="v1", kind="Service", body=_balanced, named="balanced-{name}"),
    Specimen(api_version="discovery.k8s.io/v1", kind="EndpointSlice", body=_endpoint_slice),
    Specimen(api_version="networking.k8s.io/v1", kind="NetworkPolicy", body=_network_policy),
    Specimen(api_version="networking.k8s.io/v1", kind="Ingress", body=_ingress),
    Specimen(api_version="networking.k8s.io/v1", kind="IngressClass", body=_ingress_class, namespaced=False),
)
