"""What holds data or limits it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from specimens.draw import Specimen, given

if TYPE_CHECKING:
    from specimens.draw import Draw

__all__ = ["KINDS"]


def _config_map(draw: Draw) -> dict[str, Any]:
    keys = draw.some(["a", "b.yaml", "C_D-e", "empty"])
    return given(
        data=draw.call(lambda: {key: draw.text() for key in keys}, 0.8),
        binaryData=draw.maybe({"raw": base64.b64encode(bytes(range(64))).decode()}, {}, chance=0.3),
        immutable=draw.maybe(False, chance=0.3),
    )


def _wrapped(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def _secret(draw: Draw) -> dict[str, Any]:
    return given(
        type=draw.maybe("Opaque"),
        data=draw.maybe(
            {"a": base64.b64encode(b"plain").decode(), "b": ""}, {"a": _wrapped(bytes(range(200)))}, {"n": None}, {}
        ),
        stringData=draw.call(lambda: {key: draw.text() for key in draw.some(["a", "c", "d.e"])}),
        immutable=draw.maybe(False, chance=0.3),
    )


def _service_account(draw: Draw) -> dict[str, Any]:
    return given(
        automountServiceAccountToken=draw.maybe(False, True),
        imagePullSecrets=draw.maybe([], [{"name": "b"}, {"name": "a"}]),
        secrets=draw.maybe([], [{"name": "s"}]),
    )


def _resource_quota(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            hard={
                "cpu": draw.cpu(),
                "requests.memory": draw.memory(),
                "pods": draw.pick("10", 10),
                "count/x.example.com": 4,
            },
            scopes=draw.maybe(["NotBestEffort"]),
            scopeSelector=draw.maybe(
                {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["x"]}]}, chance=0.2
            ),
        )
    }


def _limit_range(draw: Draw) -> dict[str, Any]:
    return {
        "spec": {
            "limits": draw.some(
                [
                    given(
                        type="Container",
                        default={"cpu": draw.pick(2, "2"), "memory": "1Gi"},
                        defaultRequest={"cpu": "0.1"},
                        max={"cpu": "4000m"},
                        min=draw.maybe({"cpu": "0.001"}),
                    ),
                    {"type": "PersistentVolumeClaim", "max": {"storage": draw.memory()}},
                    {"type": "Pod", "maxLimitRequestRatio": {"cpu": 10}},
                ],
                least=1,
            )
        }
    }


def _lease(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            holderIdentity=draw.maybe("me"),
            leaseDurationSeconds=draw.maybe(15, 30),
            acquireTime=draw.maybe("2024-01-02T03:04:05.000000Z", "2024-01-02T03:04:05.123456Z"),
            leaseTransitions=draw.maybe(0, 3),
        )
    }


def _endpoints(draw: Draw) -> dict[str, Any]:
    return {
        "subsets": [
            given(
                addresses=[{"ip": "10.1.0.2"}, given(ip="10.1.0.1", hostname=draw.maybe("h"))],
                ports=draw.maybe(
                    [{"port": 53, "name": "dns"}, {"port": 53, "protocol": "UDP", "name": "udp"}], [{"port": 80}]
                ),
            )
        ]
    }


def _pdb(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            selector=draw.call(draw.selector, 0.8),
            **draw.pick({"minAvailable": 1}, {"minAvailable": "50%"}, {"maxUnavailable": 0}, {"maxUnavailable": "10%"}),
            unhealthyPodEvictionPolicy=draw.maybe("AlwaysAllow", "IfHealthyBudget"),
        )
    }


def _hpa(draw: Draw) -> dict[str, Any]:
    metrics = [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}},
        {
            "type": "Resource",
            "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": draw.memory()}},
        },
        {
            "type": "Pods",
            "pods": {
                "metric": {"name": "p"},
                "target": {"type": "AverageValue", "averageValue": draw.pick("1k", "1000", 1000)},
            },
        },
        {
            "type": "External",
            "external": {
                "metric": {"name": "e", "selector": {"matchLabels": {"a": "b"}}},
                "target": {"type": "Value", "value": draw.pick("30", 30, "0.5")},
            },
        },
        {
            "type": "ContainerResource",
            "containerResource": {
                "name": "cpu",
                "container": "app",
                "target": {"type": "Utilization", "averageUtilization": 50},
            },
        },
    ]
    return {
        "spec": given(
            scaleTargetRef={"kind": "Deployment", "name": "no-such", "apiVersion": "apps/v1"},
            maxReplicas=draw.number(5, 9),
            minReplicas=draw.maybe(1, 2),
            metrics=draw.call(lambda: draw.some(metrics), 0.8),
            behavior=draw.maybe(
                {
                    "scaleDown": {
                        "stabilizationWindowSeconds": 0,
                        "policies": [{"type": "Pods", "value": 4, "periodSeconds": 60}],
                    }
                },
                {"scaleUp": {"selectPolicy": "Disabled"}},
            ),
        )
    }


def _hpa_v1(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            scaleTargetRef={"kind": "Deployment", "name": "no-such", "apiVersion": "apps/v1"},
            maxReplicas=draw.number(5, 9),
            minReplicas=draw.maybe(1, 2),
            targetCPUUtilizationPercentage=draw.maybe(50, 80),
        )
    }


def _claim(draw: Draw) -> dict[str, Any]:
    return {"spec": {"devices": given(requests=_requests(draw, claim=True), constraints=draw.maybe([]))}}


def _claim_template(draw: Draw) -> dict[str, Any]:
    return {"spec": {"spec": {"devices": {"requests": _requests(draw, claim=True)}}}}


def _requests(draw: Draw, *, claim: bool) -> list[dict[str, Any]]:
    del claim
    exactly = given(
        deviceClassName="gpu.example.com",
        allocationMode=draw.maybe("ExactCount"),
        count=draw.maybe(1, 2),
        selectors=draw.maybe([{"cel": {"expression": 'device.driver == "x"'}}]),
    )
    if exactly.get("count") == 2 or "count" not in exactly:
        exactly["allocationMode"] = "ExactCount"
    return [{"name": "gpu", "exactly": exactly}]


KINDS = (
    Specimen(api_version="v1", kind="ConfigMap", body=_config_map),
    Specimen(api_version="v1", kind="Secret", body=_secret),
    Specimen(api_version="v1", kind="ServiceAccount", body=_service_account),
    Specimen(api_version="v1", kind="ResourceQuota", body=_resource_quota, apart=True),
    Specimen(api_version="v1", kind="LimitRange", body=_limit_range, apart=True),
    Specimen(api_version="v1", kind="Endpoints", body=_endpoints),
    Specimen(api_version="coordination.k8s.io/v1", kind="Lease", body=_lease),
    Specimen(api_version="policy/v1", kind="PodDisruptionBudget", body=_pdb),
    Specimen(api_version="autoscaling/v2", kind="HorizontalPodAutoscaler", body=_hpa),
    Specimen(api_version="autoscaling/v1", kind="HorizontalPodAutoscaler", body=_hpa_v1),
    Specimen(api_version="resource.k8s.io/v1", kind="ResourceClaim", body=_claim),
    Specimen(api_version="resource.k8s.io/v1", kind="ResourceClaimTemplate", body=_claim_template),
)
