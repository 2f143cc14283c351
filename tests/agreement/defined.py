"""Kinds that definitions make, with everything that a definition can ask for, and right objects of them."""

from __future__ import annotations

import json
from typing import Any, Final

import specimens
from agreement.edits import GONE, Edits

__all__ = ["DRAWN", "GROUP", "MISTAKES", "OBJECTS", "definitions", "objects"]

#: Objects of a kind of the specimens.
DRAWN: Final = 12
#: Part of the group that stands for a suffix of the run's own.
GROUP: Final = "agreement-{}.example.com"

_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 20, "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"}
_SHOP: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["name", "till"],
    "properties": {
        "name": _NAME,
        "till": {
            "type": "object",
            "required": ["coins"],
            "properties": {
                "coins": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 100, "multipleOf": 5},
                "rate": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 1},
                "currency": {"type": "string", "enum": ["EUR", "CHF"], "default": "EUR"},
                "sealed": {"type": "boolean", "default": False},
            },
        },
        "shelves": {
            "type": "array",
            "minItems": 1,
            "maxItems": 5,
            "items": {
                "type": "object",
                "required": ["number"],
                "properties": {
                    "number": {"type": "integer"},
                    "side": {"type": "string", "default": "left"},
                    "goods": {
                        "type": "array",
                        "maxItems": 10,
                        "items": {"type": "string", "maxLength": 10},
                        "x-kubernetes-list-type": "set",
                    },
                },
            },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["number", "side"],
        },
        "opens": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "lasts": {"type": "string", "format": "duration"},
        "address": {"type": "string", "format": "ipv4"},
        "network": {"type": "string", "format": "cidr"},
        "page": {"type": "string", "format": "uri"},
        "id": {"type": "string", "format": "uuid"},
        "seal": {"type": "string", "format": "byte"},
        "port": {"x-kubernetes-int-or-string": True},
        "weight": {
            "x-kubernetes-int-or-string": True,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "pattern": "^[0-9]+(k|M)?$",
        },
        "nickname": {"type": "string", "nullable": True},
        "prices": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 3,
            "additionalProperties": {"type": "number", "minimum": 0},
        },
        "notes": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "partly": {
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": True,
            "properties": {"known": {"type": "integer"}},
        },
        "recipe": {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "properties": {"spec": {"type": "object", "properties": {"salt": {"type": "integer"}}}},
        },
        "delivery": {
            "type": "object",
            "properties": {"van": {"type": "string"}, "bicycle": {"type": "string"}},
            "oneOf": [{"required": ["van"]}, {"required": ["bicycle"]}],
        },
        "owner": {
            "type": "object",
            "properties": {"person": {"type": "string"}, "firm": {"type": "string"}},
            "not": {"required": ["person", "firm"]},
        },
        "rooms": {
            "type": "object",
            "x-kubernetes-map-type": "atomic",
            "additionalProperties": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        },
    },
}

_GATE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["mode"],
    "properties": {
        "mode": {
            "type": "string",
            "maxLength": 10,
            "x-kubernetes-validations": [{"rule": "self in ['open', 'shut']", "message": "neither open nor shut"}],
        },
        "least": {"type": "integer", "default": 1},
        "most": {"type": "integer", "default": 5},
        "hosts": {
            "type": "array",
            "maxItems": 10,
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 60},
                    "weight": {"type": "integer", "minimum": 0},
                },
                "x-kubernetes-validations": [
                    {"rule": "self.name.endsWith('.example.com')", "messageExpression": "self.name + ' is not ours'"}
                ],
            },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "x-kubernetes-validations": [
                {
                    "rule": "self.all(a, !has(a.weight)) || self.map(a, has(a.weight) ? a.weight : 0).sum() == 100",
                    "message": "weights must make 100",
                }
            ],
        },
        "size": {"type": "string", "maxLength": 20, "x-kubernetes-validations": [{"rule": "isQuantity(self)"}]},
        "page": {
            "type": "string",
            "maxLength": 100,
            "x-kubernetes-validations": [
                {"rule": "isURL(self) && url(self).getScheme() == 'https'", "message": "must be https"}
            ],
        },
        "address": {
            "type": "string",
            "maxLength": 50,
            "x-kubernetes-validations": [{"rule": "isIP(self) && ip(self).family() == 4", "message": "must be IPv4"}],
        },
        "timeout": {
            "type": "string",
            "format": "duration",
            "x-kubernetes-validations": [{"rule": "self > duration('1s')", "message": "too short"}],
        },
        "tags": {
            "type": "object",
            "maxProperties": 10,
            "additionalProperties": {"type": "string", "maxLength": 20},
            "x-kubernetes-validations": [
                {"rule": "self.all(key, key.matches('^[a-z]+$'))", "message": "keys must be small letters"}
            ],
        },
        "secret": {"type": "string", "maxLength": 20},
        "fixed": {
            "type": "string",
            "maxLength": 20,
            "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "fixed cannot change"}],
        },
    },
    "x-kubernetes-validations": [
        {"rule": "self.least <= self.most", "message": "least above most", "fieldPath": ".least"},
        {
            "rule": "self.mode != 'shut' || has(self.secret)",
            "message": "shut gates need a secret",
            "reason": "FieldValueRequired",
            "fieldPath": ".secret",
        },
        {"rule": "!has(oldSelf.secret) || has(self.secret)", "message": "a secret stays"},
    ],
}


def _definition(group: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    whole = {"type": "object", "required": ["spec"], "properties": {"spec": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": whole}}],
        },
    }


def definitions(group: str) -> list[dict[str, Any]]:
    """Return the definitions, in a group; with them those of the specimens."""
    return [
        _definition(group, "Shop", _SHOP),
        _definition(group, "Gate", _GATE),
        *_moved(specimens.custom.definitions(), group),
    ]


def _moved(value: Any, group: str) -> Any:
    """Return specimens in another group than their own."""
    return json.loads(json.dumps(value).replace(specimens.custom.GROUP, group))


_SPECS: Final[dict[str, list[dict[str, Any]]]] = {
    "Shop": [
        {
            "name": "corner",
            "till": {"coins": 50, "rate": 0.5, "currency": "CHF", "sealed": True},
            "shelves": [{"number": 1, "goods": ["salt", "oil"]}, {"number": 1, "side": "right"}],
            "opens": "2024-01-02T08:00:00Z",
            "day": "2024-01-02",
            "lasts": "1h30m",
            "address": "192.0.2.1",
            "network": "192.0.2.0/24",
            "page": "https://example.com/shop",
            "id": "123e4567-e89b-42d3-a456-426614174000",
            "seal": "eA==",
            "port": "http",
            "weight": "5k",
            "nickname": None,
            "prices": {"salt": 0.5, "oil": 4},
            "notes": {"any": [1, {"thing": None}]},
            "partly": {"known": 1, "unknown": {"a": "b"}},
            "recipe": {
                "apiVersion": "example.com/v1",
                "kind": "Soup",
                "metadata": {"name": "soup", "labels": {"a": "b"}},
                "spec": {"salt": 1},
            },
            "delivery": {"bicycle": "red"},
            "owner": {"person": "Ann"},
            "rooms": {"a": [1, 2], "b": []},
        },
        {"name": "small", "till": {"coins": 5}, "port": 80, "weight": 7, "nickname": "x"},
    ],
    "Gate": [
        {
            "mode": "open",
            "least": 2,
            "most": 3,
            "hosts": [{"name": "a.example.com", "weight": 40}, {"name": "b.example.com", "weight": 60}],
            "size": "5Gi",
            "page": "https://example.com/",
            "address": "192.0.2.1",
            "timeout": "5s",
            "tags": {"a": "b"},
            "secret": "s",
            "fixed": "x",
        },
        {"mode": "shut", "secret": "s"},
    ],
}


def objects(group: str, kind: str) -> list[dict[str, Any]]:
    """Return right objects of a kind of a group."""
    if kind not in _SPECS:
        return [
            _moved(specimens.make(specimen, name="agreement", namespace="default", seed=f"agreement {seed}"), group)
            for specimen in specimens.custom.KINDS
            if specimen.kind == kind
            for seed in range(DRAWN)
        ]
    return [
        {
            "apiVersion": f"{group}/v1",
            "kind": kind,
            "metadata": {"name": f"agreement-{number}", "namespace": "default"},
            "spec": spec,
        }
        for number, spec in enumerate(_SPECS[kind])
    ]


#: Kinds of this module.
OBJECTS: Final = (*_SPECS, *dict.fromkeys(specimen.kind for specimen in specimens.custom.KINDS))

#: What breaks rules, of the first object of each kind.
MISTAKES: Final[dict[str, dict[str, Edits]]] = {
    "Shop": {
        "two ways of delivery": {"spec.delivery.van": "blue"},
        "no way of delivery": {"spec.delivery": {}},
        "two owners": {"spec.owner.firm": "Ann Ltd"},
        "one shelf twice by its side": {"spec.shelves.1.side": "left"},
        "one good twice": {"spec.shelves.0.goods": ["salt", "salt"]},
        "a currency in small letters": {"spec.till.currency": "eur"},
        "more coins than fit": {"spec.till.coins": 105},
        "coins between": {"spec.till.coins": 7},
        "a rate of zero": {"spec.till.rate": 0},
        "a name of two words": {"spec.name": "big corner"},
        "a day that is none": {"spec.day": "2024-02-30"},
        "a time without a zone": {"spec.opens": "2024-01-02T08:00:00"},
        "an address that is none": {"spec.address": "192.0.2.256"},
        "a network that is none": {"spec.network": "192.0.2.0"},
        "an id that is none": {"spec.id": "1234"},
        "a recipe without a kind": {"spec.recipe.kind": GONE},
        "a recipe with a bad label": {"spec.recipe.metadata.labels": {"a": 1}},
        "a recipe with an unknown field": {"spec.recipe.spec.pepper": 1},
        "a recipe of an odd version": {"spec.recipe.apiVersion": "a/b/c"},
        "a recipe of an odd name": {"spec.recipe.metadata.name": "a/b"},
        "a known field of another type": {"spec.partly.known": "x"},
        "a room below zero": {"spec.rooms.a": [1, -1]},
        "a price below zero": {"spec.prices.salt": -1},
        "four prices": {"spec.prices": {"a": 1, "b": 1, "c": 1, "d": 1}},
        "no spec": {"spec": GONE},
        "a field beside the spec": {"extra": 1},
        "a bad label": {"metadata.labels": {"a b": "c"}},
        "a name in capitals": {"metadata.name": "Corner"},
        "a status": {"status": {"open": True}},
        "an unknown field of metadata": {"metadata.extra": "x"},
    },
    "Gate": {
        "least above most": {"spec.least": 9},
        "most below the least there is by default": {"spec.least": GONE, "spec.most": 0},
        "neither open nor shut": {"spec.mode": "ajar"},
        "shut without a secret": {"spec.mode": "shut", "spec.secret": GONE},
        "somebody else's host": {"spec.hosts.0.name": "a.example.org"},
        "weights of 90": {"spec.hosts.0.weight": 30},
        "a weight left out": {"spec.hosts.0.weight": GONE},
        "no quantity": {"spec.size": "much"},
        "a plain page": {"spec.page": "http://example.com/"},
        "no page": {"spec.page": "example"},
        "an address of six": {"spec.address": "2001:db8::1"},
        "no address": {"spec.address": "here"},
        "too short": {"spec.timeout": "1s"},
        "a tag in capitals": {"spec.tags": {"A": "b"}},
        "two rules at once": {"spec.least": 9, "spec.mode": "ajar"},
        "a rule and a type": {"spec.least": 9, "spec.size": 5},
    },
}
