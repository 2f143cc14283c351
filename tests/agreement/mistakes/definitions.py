"""What can be wrong with a definition and the schema in it."""

from __future__ import annotations

from typing import Any, Final

from agreement.edits import GONE, Edits

__all__ = ["MISTAKES"]

_S: Final = "spec.versions.0.schema.openAPIV3Schema"
_SPEC: Final = f"{_S}.properties.spec"
_SIZE: Final = f"{_SPEC}.properties.size"
_SPOKES: Final = f"{_SPEC}.properties.spokes"


def _rule(rule: str, **more: Any) -> Edits:
    return {f"{_SPEC}.x-kubernetes-validations.0": {"rule": rule, **more}}


MISTAKES: Final[dict[str, Edits]] = {
    "no schema": {"spec.versions.0.schema": GONE},
    "a schema of nothing": {_S: {}},
    "a root that is no object": {f"{_S}.type": "array"},
    "a field without a type": {f"{_SIZE}.type": GONE},
    "a type that is none": {f"{_SIZE}.type": "int"},
    "two types": {f"{_SIZE}.type": ["integer", "string"]},
    "a list without items": {f"{_SPOKES}.items": GONE},
    "items of two kinds": {f"{_SPOKES}.items": [{"type": "string"}]},
    "a reference": {_SIZE: {"$ref": "#/definitions/x"}},
    "definitions": {f"{_S}.definitions": {"x": {"type": "string"}}},
    "a pattern that is none": {f"{_SIZE}": {"type": "string", "pattern": "a("}},
    "a pattern that looks back": {f"{_SIZE}": {"type": "string", "pattern": "(?<!a)b"}},
    "patterns of properties": {f"{_SPEC}.patternProperties": {"a": {"type": "string"}}},
    "items that are unique": {f"{_SPOKES}.uniqueItems": True},
    "items that may be unique": {f"{_SPOKES}.uniqueItems": False},
    "both properties and others": {f"{_SPEC}.additionalProperties": {"type": "string"}},
    "no others": {f"{_SPEC}.additionalProperties": False},
    "a default of another type": {f"{_SIZE}.default": "x"},
    "a default below the minimum": {f"{_SIZE}.default": 0},
    "a default that fits": {f"{_SIZE}.default": 5},
    "a default with what is dropped": {f"{_SPOKES}.items.default": {"name": "a", "other": 1}},
    "a default of a list key": {f"{_SPOKES}.items.properties.name.default": "x"},
    "null where it cannot be": {f"{_SIZE}.enum": [None]},
    "an offer of another type": {f"{_SIZE}.enum": ["a"]},
    "one offer twice": {f"{_SIZE}.enum": [1, 1]},
    "a minimum above the maximum": {f"{_SIZE}.minimum": 100},
    "a negative length": {f"{_SPOKES}.items.properties.name.maxLength": -1},
    "required and not there": {f"{_SPEC}.required": ["nope"]},
    "required twice": {f"{_SPEC}.required": ["size", "size"]},
    "a list type that is none": {f"{_SPOKES}.x-kubernetes-list-type": "bag"},
    "list keys of a set": {f"{_SPOKES}.x-kubernetes-list-type": "set"},
    "no list keys": {f"{_SPOKES}.x-kubernetes-list-map-keys": GONE},
    "a list key that is not there": {f"{_SPOKES}.x-kubernetes-list-map-keys": ["id"]},
    "a list key that is optional": {f"{_SPOKES}.items.required": []},
    "a list key twice": {f"{_SPOKES}.x-kubernetes-list-map-keys": ["name", "name"]},
    "a list key that is a map": {
        f"{_SPOKES}.items.properties.name": {"type": "object", "properties": {"a": {"type": "string"}}}
    },
    "a map type that is none": {f"{_SPEC}.x-kubernetes-map-type": "loose"},
    "a list type of a number": {f"{_SIZE}.x-kubernetes-list-type": "set"},
    "a number or text of a type": {f"{_SIZE}.x-kubernetes-int-or-string": True},
    "unknown fields dropped by a word": {f"{_SPEC}.x-kubernetes-preserve-unknown-fields": False},
    "an embedded number": {f"{_SIZE}.x-kubernetes-embedded-resource": True},
    "an embedded object without freedom": {
        f"{_SPEC}.properties.it": {"type": "object", "x-kubernetes-embedded-resource": True}
    },
    "a rule without words": _rule(""),
    "a rule that does not compile": _rule("self.size >"),
    "a rule of an unknown field": _rule("self.weight > 1"),
    "a rule that compares a number with text": _rule("self.size == 'x'"),
    "a rule that is no question": _rule("self.size + 1"),
    "a rule with a function that is none": _rule("self.size.round() > 1"),
    "a rule about fields that need not be": _rule("self.spokes.size() > 1"),
    "a rule over the limit": {
        _SPOKES: {
            "type": "array",
            "items": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        },
        f"{_SPEC}.x-kubernetes-validations.0": {
            "rule": "self.spokes.all(a, a.all(b, b.all(c, self.spokes.all(d, d.all(e, e.all(f, f != c))))))"
        },
    },
    "a rule over lists without bounds": {
        f"{_SPOKES}.maxItems": GONE,
        f"{_SPEC}.x-kubernetes-validations.0": {
            "rule": "self.spokes.all(a, self.spokes.exists_one(b, a.name.contains(b.name)))"
        },
    },
    "a rule with a pattern that is none": _rule("'x'.matches('a(')"),
    "a message of two lines": _rule("true", message="a\nb"),
    "a message expression that is a number": _rule("true", messageExpression="1"),
    "a reason that is none": _rule("true", reason="Bad"),
    "a path to no field": _rule("true", fieldPath=".weight"),
    "a path that is none": _rule("true", fieldPath="size"),
    "what was of something new": _rule("self.size == oldSelf.size", optionalOldSelf=True),
    "what was that is not asked": _rule("self.size > 1", optionalOldSelf=True),
    "what was of an item": {
        f"{_SPOKES}.items.properties.length.x-kubernetes-validations": [{"rule": "self == oldSelf"}]
    },
    "what was of an item without keys": {
        f"{_SPOKES}.x-kubernetes-list-type": "atomic",
        f"{_SPOKES}.x-kubernetes-list-map-keys": GONE,
        f"{_SPOKES}.items.properties.length.x-kubernetes-validations": [{"rule": "self == oldSelf"}],
    },
    "a rule inside a choice": {f"{_SPEC}.anyOf": [{"x-kubernetes-validations": [{"rule": "true"}]}]},
    "a type inside a choice": {f"{_SPEC}.anyOf": [{"type": "object"}]},
    "a description inside a choice": {f"{_SPEC}.anyOf": [{"description": "x"}]},
    "a default inside a choice": {f"{_SPEC}.anyOf": [{"properties": {"size": {"default": 1}}}]},
    "a choice of a field that is not there": {f"{_SPEC}.anyOf": [{"properties": {"nope": {"minimum": 1}}}]},
    "the type of metadata": {f"{_S}.properties.metadata": {"type": "string"}},
    "more of metadata than a name": {
        f"{_S}.properties.metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}
    },
    "the name of metadata": {
        f"{_S}.properties.metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}}}
    },
    "another name": {"metadata.name": "wheel.agreement.example.com"},
    "a group without a point": {"spec.group": "agreement", "metadata.name": "wheels.agreement"},
    "a protected group": {"spec.group": "agreement.k8s.io", "metadata.name": "wheels.agreement.k8s.io"},
    "a kind with a blank": {"spec.names.kind": "Big Wheel"},
    "a plural in capitals": {"spec.names.plural": "Wheels"},
    "a short name in capitals": {"spec.names.shortNames": ["W"]},
    "a scope that is none": {"spec.scope": "Global"},
    "a version that is none": {"spec.versions.0.name": "1"},
    "no version that is kept": {"spec.versions.0.storage": False},
    "two versions that are kept": {
        "spec.versions.1": {
            "name": "v2",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": {"type": "object"}},
        }
    },
    "one version twice": {
        "spec.versions.1": {
            "name": "v1",
            "served": True,
            "storage": False,
            "schema": {"openAPIV3Schema": {"type": "object"}},
        }
    },
    "no versions": {"spec.versions": []},
    "unknown fields everywhere": {"spec.preserveUnknownFields": True},
    "a column of a type that is none": {
        "spec.versions.0.additionalPrinterColumns": [{"name": "a", "type": "text", "jsonPath": ".spec"}]
    },
    "a column with a bad path": {
        "spec.versions.0.additionalPrinterColumns": [{"name": "a", "type": "string", "jsonPath": "spec"}]
    },
    "a scale of nothing": {"spec.versions.0.subresources": {"scale": {}}},
    "a scale in the wrong place": {
        "spec.versions.0.subresources": {"scale": {"specReplicasPath": ".status.a", "statusReplicasPath": ".spec.a"}}
    },
    "a selectable field that is not there": {"spec.versions.0.selectableFields": [{"jsonPath": ".spec.nope"}]},
    "a selectable list": {"spec.versions.0.selectableFields": [{"jsonPath": ".spec.spokes"}]},
    "a conversion that is none": {"spec.conversion": {"strategy": "Magic"}},
    "a conversion by nobody": {"spec.conversion": {"strategy": "Webhook"}},
}
