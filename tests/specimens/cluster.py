"""What there is once for the whole cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specimens.draw import Specimen, given

if TYPE_CHECKING:
    from specimens.draw import Draw

__all__ = ["KINDS"]


def _namespace(draw: Draw) -> dict[str, Any]:
    return given(spec=draw.maybe({}, chance=0.3))


def _priority_class(draw: Draw) -> dict[str, Any]:
    return given(
        value=draw.pick(0),
        globalDefault=draw.maybe(False),
        description=draw.call(draw.text),
        preemptionPolicy=draw.pick("PreemptLowerPriority"),
    )


def _runtime_class(draw: Draw) -> dict[str, Any]:
    return given(
        handler="runc",
        overhead={"podFixed": {"cpu": draw.cpu(), "memory": draw.memory()}},
        scheduling=draw.maybe({"nodeSelector": {"a": "b"}, "tolerations": [{"operator": "Exists"}]}),
    )


def _flow_schema(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            priorityLevelConfiguration={"name": "global-default"},
            matchingPrecedence=draw.maybe(9999, 9000, chance=1),
            distinguisherMethod=draw.maybe({"type": "ByUser"}),
            rules=[
                {
                    "subjects": [
                        {"kind": "User", "user": {"name": "no-such"}},
                        {"kind": "Group", "group": {"name": "none"}},
                    ],
                    "resourceRules": [
                        given(
                            apiGroups=["x"],
                            resources=["y"],
                            verbs=["update", "get"],
                            clusterScope=draw.maybe(True, False),
                            namespaces=["*"],
                        )
                    ],
                    "nonResourceRules": [{"nonResourceURLs": ["/x"], "verbs": ["get"]}],
                }
            ],
        )
    }


def _priority_level(draw: Draw) -> dict[str, Any]:
    return {
        "spec": {
            "type": "Limited",
            "limited": given(
                nominalConcurrencyShares=draw.maybe(0, 1, 30),
                lendablePercent=draw.maybe(0, 50),
                limitResponse=draw.pick(
                    {"type": "Reject"},
                    {
                        "type": "Queue",
                        "queuing": given(queues=draw.maybe(64, 8), handSize=draw.maybe(4), queueLengthLimit=50),
                    },
                ),
            ),
        }
    }


def _device_class(draw: Draw) -> dict[str, Any]:
    return {
        "spec": given(
            selectors=draw.maybe([{"cel": {"expression": 'device.driver == "x"'}}], []),
            config=draw.maybe([{"opaque": {"driver": "x.example.com", "parameters": {"any": [1, {"n": 1.5}]}}}]),
        )
    }


def _resource_slice(draw: Draw) -> dict[str, Any]:
    return {
        "spec": {
            "driver": "x.example.com",
            "allNodes": True,
            "pool": {"name": draw.name, "generation": 1, "resourceSliceCount": 1},
            "devices": [
                {
                    "name": "d",
                    "attributes": {"a": {"string": "x"}, "n": {"int": 1}, "x.example.com/b": {"bool": False}},
                    "capacity": {"memory": {"value": draw.memory()}},
                }
            ],
        }
    }


def _definition(draw: Draw) -> dict[str, Any]:
    group = f"{draw.namespace}.{draw.name}.example.com"
    schema: dict[str, Any] = {
        "type": "object",
        "description": draw.text(),
        "properties": {
            "spec": given(
                type="object",
                required=draw.maybe(["b", "a"], []),
                properties={
                    "a": given(
                        type="string",
                        default=draw.maybe("x", ""),
                        enum=draw.maybe(["x", "", "y"]),
                        maxLength=draw.maybe(0, 5),
                        nullable=draw.maybe(False),
                    ),
                    "b": given(
                        type="integer",
                        minimum=draw.maybe(0, 1.0),
                        maximum=draw.maybe(10, 1e3),
                        format=draw.maybe("int32"),
                    ),
                    "limits": {"x-kubernetes-int-or-string": True, "pattern": "^[0-9]+$"},
                    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                    "list": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {"k": {"type": "string", "default": ""}},
                            "required": ["k"],
                        },
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["k"],
                    },
                    "ratio": given(
                        type="number", default=draw.maybe(0.5, 1, 2.0), multipleOf=draw.maybe(0.5, chance=0.2)
                    ),
                },
                default=draw.maybe({}, chance=0.2),
                **_rules(draw),
            ),
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    return {
        "spec": given(
            group=group,
            scope="Namespaced",
            names=given(
                kind="Made",
                plural="mades",
                singular=draw.maybe("made"),
                listKind=draw.maybe("MadeList"),
                shortNames=draw.maybe(["md"], []),
                categories=draw.maybe([]),
            ),
            versions=[
                given(
                    name="v1",
                    served=True,
                    storage=True,
                    schema={"openAPIV3Schema": schema},
                    subresources=draw.maybe(
                        {},
                        {"status": {}},
                        {"status": {}, "scale": {"specReplicasPath": ".spec.b", "statusReplicasPath": ".status.b"}},
                    ),
                    additionalPrinterColumns=draw.maybe(
                        [],
                        [
                            given(
                                name="Age",
                                type="date",
                                jsonPath=".metadata.creationTimestamp",
                                priority=draw.maybe(0, 1),
                            )
                        ],
                    ),
                    deprecated=draw.maybe(False, True),
                ),
            ],
            preserveUnknownFields=draw.maybe(False),
            conversion=draw.maybe({"strategy": "None"}),
        )
    }


def _rules(draw: Draw) -> dict[str, Any]:
    """Return validation rules under their key, which is no identifier."""
    return draw.pick({}, {"x-kubernetes-validations": [{"rule": "self.b >= 0", "message": "no"}]})


def _api_service(draw: Draw) -> dict[str, Any]:
    return {
        "spec": {
            "group": f"{draw.namespace}.{draw.name}.example.com",
            "version": "v1",
            "groupPriorityMinimum": draw.pick(100, 200),
            "versionPriority": draw.number(1, 20),
        }
    }


KINDS = (
    Specimen(api_version="v1", kind="Namespace", body=_namespace, namespaced=False, named="{namespace}-{name}"),
    Specimen(api_version="scheduling.k8s.io/v1", kind="PriorityClass", body=_priority_class, namespaced=False),
    Specimen(api_version="node.k8s.io/v1", kind="RuntimeClass", body=_runtime_class, namespaced=False),
    Specimen(api_version="flowcontrol.apiserver.k8s.io/v1", kind="FlowSchema", body=_flow_schema, namespaced=False),
    Specimen(
        api_version="flowcontrol.apiserver.k8s.io/v1",
        kind="PriorityLevelConfiguration",
        body=_priority_level,
        namespaced=False,
    ),
    Specimen(api_version="resource.k8s.io/v1", kind="DeviceClass", body=_device_class, namespaced=False),
    Specimen(api_version="resource.k8s.io/v1", kind="ResourceSlice", body=_resource_slice, namespaced=False),
    Specimen(
        api_version="apiextensions.k8s.io/v1",
        kind="CustomResourceDefinition",
        body=_definition,
        namespaced=False,
        named="mades.{namespace}.{name}.example.com",
    ),
    Specimen(
        api_version="apiregistration.k8s.io/v1",
        kind="APIService",
        body=_api_service,
        namespaced=False,
        named="v1.{namespace}.{name}.example.com",
    ),
)
