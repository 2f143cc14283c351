"""Definitions with every kind of list, default and freedom, and custom resources of them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from specimens.draw import Specimen, given

if TYPE_CHECKING:
    from specimens.draw import Draw

__all__ = ["API_VERSIONS", "GROUP", "KINDS", "definitions"]

GROUP = "specimens.kubernator.example.com"
API_VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v2")

_ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "mode": {"type": "string", "default": "on"},
        "port": {"type": "integer", "default": 80},
        "value": {"type": "string", "nullable": True},
    },
}
_BACKEND: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "group": {"type": "string", "default": ""},
        "kind": {"type": "string", "default": "Service"},
        "weight": {"type": "integer", "default": 1, "format": "int32"},
    },
}


def _array(items: dict[str, Any], kind: str, *keys: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "array", "items": copy.deepcopy(items), "x-kubernetes-list-type": kind}
    return {**made, "x-kubernetes-list-map-keys": list(keys)} if keys else made


_SPEC: dict[str, Any] = {
    "type": "object",
    "properties": {
        "map": _array(_ITEM, "map", "name"),
        "twoKeys": {
            **_array(_ITEM, "map", "name", "port"),
        },
        "set": _array({"type": "string"}, "set"),
        "numbers": _array({"type": "integer"}, "set"),
        "atomic": _array(_ITEM, "atomic"),
        "plain": {"type": "array", "items": {"type": "string"}},
        "refs": {"type": "array", "items": _BACKEND},
        "whole": {
            "type": "object",
            "x-kubernetes-map-type": "atomic",
            "properties": {"a": {"type": "string"}, "b": {"type": "string", "default": "b"}},
        },
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "strings": {"type": "object", "additionalProperties": {"type": "string"}},
        "quantity": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        "ratio": {"type": "number"},
        "count": {"type": "integer", "default": 3},
        "nullable": {"type": "string", "nullable": True},
        "nullableDefault": {"type": "string", "nullable": True, "default": "x"},
        "defaulted": {"type": "string", "default": "x"},
        "flag": {"type": "boolean"},
        "limits": {"type": "object", "additionalProperties": {"x-kubernetes-int-or-string": True}},
        "nested": {
            "type": "object",
            "default": {},
            "properties": {"deep": {"type": "string", "default": "y"}, "more": {"type": "integer"}},
        },
        "replicas": {"type": "integer"},
        "template": {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "x-kubernetes-preserve-unknown-fields": True,
        },
    },
}


def _definition(kind: str, *, scope: str, subresources: dict[str, Any], versions: tuple[str, ...]) -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    schema = {
        "type": "object",
        "properties": {"spec": _SPEC, "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": scope,
            "names": {"kind": kind, "plural": plural},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[0],
                    "schema": {"openAPIV3Schema": schema},
                    **({"subresources": subresources} if subresources else {}),
                }
                for version in versions
            ],
        },
    }


def definitions() -> list[dict[str, Any]]:
    """Return the definitions that `KINDS` of this module need."""
    scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    return [
        _definition("Gadget", scope="Namespaced", subresources={"status": {}, "scale": scale}, versions=("v1", "v2")),
        _definition("Plain", scope="Namespaced", subresources={}, versions=("v1",)),
        _definition("Estate", scope="Cluster", subresources={"status": {}}, versions=("v1",)),
    ]


def _items(draw: Draw) -> list[dict[str, Any]]:
    return draw.some(
        [
            {"name": "a"},
            given(name="b", mode=draw.maybe("on", "off"), port=draw.maybe(80, 81)),
            given(name="c", value=draw.maybe(None, "", "x")),
        ]
    )


def _spec(draw: Draw) -> dict[str, Any]:
    return given(
        map=draw.call(lambda: _items(draw)),
        twoKeys=draw.maybe([{"name": "a"}, {"name": "a", "port": 81}], [{"name": "a", "port": 80}], [], chance=0.3),
        set=draw.maybe(["b", "a"], [], ["a", "b", "c"]),
        numbers=draw.maybe([2, 1], [1]),
        atomic=draw.call(lambda: _items(draw), 0.3),
        plain=draw.maybe(["b", "a", "a"], []),
        refs=draw.maybe([], [{"name": "x"}], [{"name": "x", "group": "", "kind": "Service", "weight": 1}], chance=0.3),
        whole=draw.maybe({"a": "x"}, {"a": "x", "b": "b"}, {}, chance=0.3),
        open=draw.maybe(
            {}, {"n": 1, "f": 1.5, "x": None, "l": [1, {"a": []}], "quantity": "1000m"}, {"requests": {"cpu": "1000m"}}
        ),
        strings=draw.maybe({}, {"a.b/c": draw.text(), "e": ""}),
        quantity=draw.maybe("1000m", 1, "1", "1Gi"),
        limits=draw.maybe({"cpu": "1000m"}, {"cpu": 1, "memory": "1024Mi"}),
        ratio=draw.maybe(1, 1.0, 0.5, 1e3, 1e-7, 0),
        count=draw.maybe(3, 0, 4),
        nullable=draw.maybe(None, "", "x"),
        nullableDefault=draw.maybe(None, "x", "y", chance=0.3),
        defaulted=draw.maybe("x", ""),
        flag=draw.maybe(True, False),
        nested=draw.maybe({}, {"deep": "y"}, {"more": 0}),
        replicas=draw.maybe(0, 1, 3),
        template=draw.maybe(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "1"}}, chance=0.2
        ),
    )


def _custom(draw: Draw) -> dict[str, Any]:
    return given(spec=draw.call(lambda: _spec(draw), 0.95))


def _with_status(draw: Draw) -> dict[str, Any]:
    return given(spec=_spec(draw), status=draw.maybe({}, {"made": "up"}))


KINDS = (
    Specimen(api_version=f"{GROUP}/v1", kind="Gadget", body=_with_status),
    Specimen(api_version=f"{GROUP}/v2", kind="Gadget", body=_custom),
    Specimen(api_version=f"{GROUP}/v1", kind="Plain", body=_with_status),
    Specimen(api_version=f"{GROUP}/v1", kind="Estate", body=_custom, namespaced=False),
)
