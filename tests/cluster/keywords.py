"""What may stand in the schema of a definition, with values to ask the API server about.

`KEYWORDS` is: name of a field, its schema, values for it. `definition` makes one definition with all of them.
`DEFINITIONS` are definitions of which the server takes some and refuses others.
"""

from __future__ import annotations

from typing import Any

__all__ = ["DEFINITIONS", "KEYWORDS", "definition", "schema_with"]

_STRING = {"type": "string"}
_Case = tuple[dict[str, Any], list[Any]]

KEYWORDS: dict[str, _Case] = {
    "str": (_STRING, ["a", "", 1, 1.5, True, None, {}, []]),
    "int": ({"type": "integer"}, [1, -1, 1099511627776, 1.5, "1", True, None, {}, [1]]),
    "i32": ({"type": "integer", "format": "int32"}, [1, 2147483647, 2147483648, -2147483649, 1.5]),
    "i64": ({"type": "integer", "format": "int64"}, [9223372036854775807, -9223372036854775808]),
    "num": ({"type": "number"}, [1, 1.5, "1", True, None]),
    "flt": ({"type": "number", "format": "float"}, [1.5, 1e39, -1e39, 1]),
    "dbl": ({"type": "number", "format": "double"}, [1.5, 1e39]),
    "boo": ({"type": "boolean"}, [True, False, "true", 1, 0, None]),
    "obj": ({"type": "object", "properties": {"a": _STRING}}, [{}, {"a": "x"}, {"a": 1}, {"b": 1}, [], "x", None]),
    "empty": ({"type": "object"}, [{}, {"a": 1}, {"a": {"b": 1}}, [], 1]),
    "keep": ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, [{}, {"a": 1}, 1, [], None]),
    "keepany": ({"x-kubernetes-preserve-unknown-fields": True}, [{}, 1, "x", [1], None, {"a": None}]),
    "keepp": (
        {
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": True,
            "properties": {"a": {"type": "object", "properties": {"b": _STRING}}, "c": _STRING},
        },
        [{"a": {"b": "x"}}, {"a": {"z": 1}}, {"q": 1}, {"c": 1}, {"a": {"b": 1}}],
    ),
    "keepq": (
        {
            "type": "object",
            "properties": {
                "a": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"b": _STRING}},
                "d": {"type": "object", "properties": {"e": _STRING}},
            },
        },
        [{"a": {"z": 1}}, {"d": {"z": 1}}, {"z": 1}],
    ),
    "addl": ({"type": "object", "additionalProperties": _STRING}, [{"a": "x"}, {"a": 1}, {"a": None}, {}]),
    "addo": (
        {"type": "object", "additionalProperties": {"type": "object", "properties": {"b": {"type": "integer"}}}},
        [{"a": {"b": 1}}, {"a": {"b": "1"}}, {"a": {"c": 1}}],
    ),
    "addt": ({"type": "object", "additionalProperties": True}, [{"a": 1}, {"a": {"b": 1}}, {}]),
    "addf": ({"type": "object", "additionalProperties": False}, [{"a": 1}, {}]),
    "req": (
        {"type": "object", "properties": {"a": _STRING, "b": _STRING}, "required": ["a"]},
        [{}, {"a": "x"}, {"b": "x"}, {"a": None}],
    ),
    "reqdef": (
        {"type": "object", "properties": {"a": {"type": "string", "default": "d"}}, "required": ["a"]},
        [{}, {"a": None}],
    ),
    "nulla": ({"type": "string", "nullable": True}, [None, "a", 1]),
    "nullreq": (
        {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}, "required": ["a"]},
        [{"a": None}, {}],
    ),
    "nulldef": ({"type": "string", "nullable": True, "default": "x"}, [None, "a"]),
    "nullenum": ({"type": "string", "nullable": True, "enum": ["a", None]}, [None, "a", "b"]),
    "nullenum2": ({"type": "string", "nullable": True, "enum": ["a"]}, [None, "a"]),
    "enum": ({"type": "string", "enum": ["a", "b"]}, ["a", "c", "", None, 1]),
    "enumi": ({"type": "integer", "enum": [1, 2]}, [1, 3, 1.0]),
    "enumn": ({"type": "number", "enum": [1, 2.5]}, [1, 2.5, 1.5, 2]),
    "enumo": (
        {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "enum": [{"a": 1}]},
        [{"a": 1}, {"a": 2}],
    ),
    "pat": ({"type": "string", "pattern": "^[a-z]+$"}, ["abc", "ABC", "abc\n", ""]),
    "pat2": ({"type": "string", "pattern": "^((?i)january)\\z"}, ["JANUARY", "x"]),
    "patred": (
        {"type": "string", "pattern": "^(a+)+$"},
        [
            "a" * 200,
            "a" * 200 + "b",
        ],
    ),
    "len": ({"type": "string", "minLength": 2, "maxLength": 3}, ["a", "ab", "abcd", "äöü", "äöüß"]),
    "lenpat": ({"type": "string", "minLength": 2, "pattern": "^x"}, ["a"]),
    "mm": ({"type": "integer", "minimum": 2, "maximum": 4}, [1, 2, 4, 5]),
    "mmx": (
        {"type": "integer", "minimum": 2, "maximum": 4, "exclusiveMinimum": True, "exclusiveMaximum": True},
        [2, 3, 4],
    ),
    "mmf": ({"type": "integer", "minimum": 1.5, "maximum": 4}, [1, 2]),
    "nmm": ({"type": "number", "minimum": 0.5, "maximum": 1.5}, [0, 0.4, 0.5, 1, 1.6, 2]),
    "mul": ({"type": "integer", "multipleOf": 3}, [3, 4, 0]),
    "nmul": ({"type": "number", "multipleOf": 0.5}, [1, 0.5, 0.7]),
    "nmul2": ({"type": "number", "multipleOf": 2}, [1, 2, 2.5, 4.0]),
    "items": (
        {"type": "array", "items": _STRING, "minItems": 1, "maxItems": 2},
        [[], ["a"], ["a", "b", "c"], [1], [None], "a", {}],
    ),
    "itemsd": ({"type": "array", "items": {"type": "string", "default": "q"}}, [[None], ["a"]]),
    "itemsn": ({"type": "array", "items": {"type": "string", "nullable": True}}, [[None], ["a"]]),
    "props": (
        {"type": "object", "additionalProperties": _STRING, "minProperties": 1, "maxProperties": 2},
        [{}, {"a": "1"}, {"a": "1", "b": "2", "c": "3"}],
    ),
    "set": (
        {"type": "array", "items": _STRING, "x-kubernetes-list-type": "set"},
        [["a", "b"], ["a", "a"], ["a", "a", "a"], [None], [1]],
    ),
    "setn": (
        {"type": "array", "items": {"type": "number"}, "x-kubernetes-list-type": "set"},
        [[1, 2], [1, 1], [1, 1.0]],
    ),
    "seto": (
        {
            "type": "array",
            "items": {"type": "object", "properties": {"a": _STRING}, "x-kubernetes-map-type": "atomic"},
            "x-kubernetes-list-type": "set",
        },
        [[{"a": "1"}], [{"a": "1"}, {"a": "1"}], []],
    ),
    "setl": (
        {
            "type": "array",
            "items": {"type": "array", "items": _STRING, "x-kubernetes-list-type": "atomic"},
            "x-kubernetes-list-type": "set",
        },
        [[["a"]], []],
    ),
    "map": (
        {
            "type": "array",
            "items": {"type": "object", "required": ["k"], "properties": {"k": _STRING, "v": _STRING}},
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
        },
        [
            [{"k": "a"}, {"k": "b"}],
            [{"k": "a"}, {"k": "a"}],
            [{"v": "a"}],
            [None],
            ["x"],
            [{"k": 1}],
            [{"k": "a", "z": 1}],
            [{"k": None}],
            [{"k": "a"}, {"k": "a"}, {"k": "a"}],
        ],
    ),
    "map2": (
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["p"],
                "properties": {"p": {"type": "integer"}, "q": {"type": "string", "default": "TCP"}},
            },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["p", "q"],
        },
        [
            [{"p": 1}, {"p": 2}],
            [{"p": 1}, {"p": 1}],
            [{"p": 1}, {"p": 1, "q": "UDP"}],
            [{"p": 1}, {"p": 1, "q": "TCP"}],
            [{"q": "TCP"}],
            [{}],
            [{"p": 1, "q": None}, {"p": 1}],
        ],
    ),
    "maps": (
        {
            "type": "object",
            "additionalProperties": {"type": "array", "items": _STRING, "x-kubernetes-list-type": "set"},
        },
        [{"a": ["x", "x"]}, {"a": ["x"]}],
    ),
    "ios": ({"x-kubernetes-int-or-string": True}, [1, "a", 1.5, True, None, {}, []]),
    "iosp": ({"x-kubernetes-int-or-string": True, "pattern": "^[0-9]+%$", "minimum": 2}, [1, 2, "5%", "x"]),
    "iosa": ({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, _STRING]}, [1, "x", 1.5]),
    "any": ({"type": "string", "anyOf": [{"pattern": "^a"}, {"maxLength": 2}]}, ["abc", "xy", "xyz"]),
    "one": ({"type": "string", "oneOf": [{"pattern": "^a"}, {"maxLength": 2}]}, ["abc", "xy", "xyz", "ab"]),
    "all": ({"type": "string", "allOf": [{"pattern": "^a"}, {"maxLength": 2}]}, ["a", "abc", "b", "xyz"]),
    "not": ({"type": "string", "not": {"pattern": "^a"}}, ["a", "b"]),
    "oneo": (
        {
            "type": "object",
            "properties": {"a": _STRING, "b": _STRING},
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
        },
        [{}, {"a": "x"}, {"b": "x"}, {"a": "x", "b": "y"}],
    ),
    "anyo": (
        {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "anyOf": [
                {"properties": {"a": {"minimum": 3}}, "required": ["a"]},
                {"properties": {"b": {"minimum": 3}}, "required": ["b"]},
            ],
        },
        [{}, {"a": 1}, {"a": 3}, {"b": 1}, {"a": 1, "b": 4}],
    ),
    "noto": (
        {"type": "object", "properties": {"a": _STRING, "b": _STRING}, "not": {"required": ["a", "b"]}},
        [{"a": "x"}, {"a": "x", "b": "x"}],
    ),
    "emb": (
        {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
        [
            {"apiVersion": "v1", "kind": "Pod"},
            {},
            {"kind": "Pod"},
            {"apiVersion": "a/b/c", "kind": "Pod"},
            {"apiVersion": "v1", "kind": "a b"},
            {"apiVersion": "", "kind": ""},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a/b"}},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "A b"}},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"bogus": 1}},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": 1}}},
            {"apiVersion": "v1", "kind": "Pod", "spec": {"x": 1}},
            {"apiVersion": 1, "kind": "Pod"},
        ],
    ),
    "embp": (
        {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "properties": {"spec": {"type": "object", "properties": {"a": _STRING}}, "metadata": {"type": "object"}},
        },
        [
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}},
            {"apiVersion": "v1", "kind": "Pod", "bogus": 1},
            {"apiVersion": "v1", "kind": "Pod", "spec": {"z": 1}},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"zz": "x"}},
        ],
    ),
    "deep": (
        {
            "type": "object",
            "properties": {
                "a": {
                    "type": "object",
                    "properties": {
                        "b": {"type": "array", "items": {"type": "object", "properties": {"c": {"type": "integer"}}}}
                    },
                }
            },
        },
        [{"a": {"b": [{"c": 1}, {"c": "x"}, {"d": 1}]}}],
    ),
    "def": (
        {
            "type": "object",
            "properties": {
                "a": {"type": "object", "properties": {"b": {"type": "string", "default": "x"}}, "default": {}}
            },
        },
        [{}, {"a": None}, {"a": {}}, {"a": {"b": None}}],
    ),
    "badfmt": ({"type": "string", "format": "nonsense"}, ["x"]),
    "anyfmt": ({"x-kubernetes-preserve-unknown-fields": True, "format": "date"}, ["2020-01-01", "x"]),
    "fmtint": ({"type": "string", "format": "date"}, [5, True, []]),
    "fuuid": (
        {"type": "string", "format": "uuid"},
        ["123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000", "x"],
    ),
    "fuuid4": (
        {"type": "string", "format": "uuid4"},
        ["123e4567-e89b-42d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"],
    ),
    "fuuid3": ({"type": "string", "format": "uuid3"}, ["123e4567-e89b-32d3-a456-426614174000", "x"]),
    "fuuid5": (
        {"type": "string", "format": "uuid5"},
        ["123e4567-e89b-52d3-a456-426614174000", "123e4567-e89b-52d3-0456-426614174000"],
    ),
    "fipv4": (
        {"type": "string", "format": "ipv4"},
        ["1.2.3.4", "010.0.0.1", "256.1.1.1", "1.2.3", "::ffff:1.2.3.4", "::1", "1.2.3.4%a"],
    ),
    "fipv6": (
        {"type": "string", "format": "ipv6"},
        ["::1", "fe80::1%eth0", "1.2.3.4", "::ffff:1.2.3.4", "1:2:3:4:5:6:7", "g::"],
    ),
    "fcidr": (
        {"type": "string", "format": "cidr"},
        ["10.0.0.0/8", "010.0.0.0/08", "10.0.0.0/33", "10.0.0.1", "::/128", "::/129", "10.0.0.0/-1", "10.0.0.0/"],
    ),
    "fmac": (
        {"type": "string", "format": "mac"},
        [
            "01:23:45:67:89:ab",
            "01-23-45-67-89-ab",
            "0123.4567.89ab",
            "01:23:45:67:89",
            "01:23-45:67:89:ab",
            "0123.4567.89ab.cdef",
        ],
    ),
    "furi": (
        {"type": "string", "format": "uri"},
        [
            "http://a.b",
            "foo",
            "/x",
            "./x",
            "mailto:a@b",
            "http://a b",
            "http://a/%zz",
            "http://a:b",
            "http://a:80/",
            "",
            "*",
            "http://[::1]:80/",
            "http://[::1",
            "1a://x",
            "http://a/?%zz",
            "http://a\\b",
            "http://u:p@h/",
            "http://a_b/",
            "http://%41/",
            "a:b",
            "http:///x",
            "http://a/#%zz",
            " http://a",
            "http://a/ b",
            "//a/b",
        ],
    ),
    "femail": (
        {"type": "string", "format": "email"},
        [
            "a@b",
            "a",
            "a@b.c",
            "Bob <a@b.c>",
            "<a@b.c>",
            "a b@c",
            "a@b c",
            "a..b@c",
            '"a b"@c',
            "a@b@c",
            "a@",
            "@b",
            "a@[1.2.3.4]",
            "a,b@c",
            "a@b.c.",
            "Bob a@b",
            '"Bob X" <a@b>',
            "a@b (c)",
            "ä@b",
            "a@ü.de",
            "a.@b",
            " a@b",
            "group: a@b;",
            "Bob <a@b> x",
            "<a@b",
            "a@-b",
        ],
    ),
    "fhostname": (
        {"type": "string", "format": "hostname"},
        [
            "a.example.com",
            "a",
            "example",
            "a_b.com",
            "-a.com",
            "a-.com",
            "a--b.com",
            "1.2.3.4",
            "é.fr",
            "a" * 64 + ".com",
            "x.c",
            "a..b.com",
            "EXAMPLE.com",
            "a.com.",
        ],
    ),
    "fbyte": ({"type": "string", "format": "byte"}, ["YQ==", "YQ", "YWI=", "", "a b=", "YWJj\nYWJj", "_-__"]),
    "fpassword": ({"type": "string", "format": "password"}, ["x", ""]),
    "fdate": (
        {"type": "string", "format": "date"},
        ["2020-02-29", "2021-02-29", "2020-1-1", "0000-01-01", "2020-13-01", "x"],
    ),
    "fdatetime": ({"type": "string", "format": "datetime"}, ["2020-01-01T00:00:00Z", "x"]),
    "fduration": (
        {"type": "string", "format": "duration"},
        [
            "1h",
            "1h30m",
            "1.5h",
            "1d",
            "3 days",
            "5",
            "0",
            "-1s",
            "1 fortnight",
            "",
            "x",
            "1h5",
            "2weeks",
            "3 msx",
            "1 year",
            "1 minutes",
            "1 hourly",
            "4 usec",
            "7 milliseconds",
            "99999999999999999999 s",
            ".5s",
            "1e3s",
        ],
    ),
    "fisbn": ({"type": "string", "format": "isbn"}, ["978-3-8362-2119-1", "3836221195", "3836221194", "x"]),
    "fisbn10": ({"type": "string", "format": "isbn10"}, ["3 401 01319 X", "3423214121"]),
    "fisbn13": ({"type": "string", "format": "isbn13"}, ["9784873113685", "9784873113680"]),
    "fcreditcard": (
        {"type": "string", "format": "creditcard"},
        ["4220855426222389", "4220 8554-2622x2389", "4220855426222388"],
    ),
    "fssn": ({"type": "string", "format": "ssn"}, ["123-45-6789", "123456789", "123 45 6789"]),
    "fhexcolor": ({"type": "string", "format": "hexcolor"}, ["#fff", "fff", "ffff", "#FFFFFF"]),
    "frgbcolor": (
        {"type": "string", "format": "rgbcolor"},
        ["rgb(0,1,255)", "rgb(256,0,0)", "rgb( 0 , 1,2 )", "rgba(0,0,0)"],
    ),
    "fbsonobjectid": (
        {"type": "string", "format": "bsonobjectid"},
        ["507f1f77bcf86cd799439011", "507f1f77bcf86cd79943901", "507f1f77bcf86cd79943901g"],
    ),
    "fk8sshortname": (
        {"type": "string", "format": "k8s-short-name"},
        ["a", "a.b", "A", "a" * 64, "-a"],
    ),
    "fk8slongname": (
        {"type": "string", "format": "k8s-long-name"},
        [
            "a.b",
            "a..b",
            "a" * 254,
            "A",
        ],
    ),
    "fUUID": ({"type": "string", "format": "u-u-i-d"}, ["x"]),
}


def definition(group: str) -> dict[str, Any]:
    """Return a definition of `Thing`, cluster-wide, with a field of ``spec`` for each of `KEYWORDS`."""
    fields = {name: schema for name, (schema, _) in KEYWORDS.items()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": "Thing", "plural": "things"},
            "scope": "Cluster",
            "versions": [_version(schema_with(fields))],
        },
    }


def schema_with(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with these fields in its ``spec``."""
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}


def _version(schema: Any) -> dict[str, Any]:
    return {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}


def _gizmo(
    schema: Any = None, *, name: str = "gizmos.s2.example.com", version: dict[str, Any] | None = None, **spec: Any
) -> dict[str, Any]:
    first = {**_version({"type": "object"} if schema is None else schema), **(version or {})}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": "s2.example.com",
            "names": {"kind": "Gizmo", "plural": "gizmos"},
            "scope": "Namespaced",
            "versions": [first],
            **spec,
        },
    }


def _field(schema: Any) -> dict[str, Any]:
    return _gizmo(schema_with({"f": schema}))


DEFINITIONS: dict[str, dict[str, Any]] = {
    "ok": _gizmo(),
    "ok prop": _field(_STRING),
    "no schema": _gizmo(version={"schema": {}}),
    "no type root": _gizmo({}),
    "string root": _gizmo(_STRING),
    "array root": _gizmo({"type": "array", "items": _STRING}),
    "nullable root": _gizmo({"type": "object", "nullable": True}),
    "addl root": _gizmo({"type": "object", "additionalProperties": _STRING}),
    "addl true root": _gizmo({"type": "object", "additionalProperties": True}),
    "no type": _field({}),
    "no type desc": _field({"description": "x"}),
    "bad type": _field({"type": "str"}),
    "null type": _field({"type": "null"}),
    "array no items": _field({"type": "array"}),
    "items no type": _field({"type": "array", "items": {}}),
    "items list": _field({"type": "array", "items": [_STRING]}),
    "id": _field({"type": "string", "id": "x"}),
    "ref": _field({"type": "string", "$ref": "#/x"}),
    "schema kw": _field({"type": "string", "$schema": "http://x"}),
    "patternProperties": _field({"type": "object", "patternProperties": {"a": _STRING}}),
    "definitions": _field({"type": "string", "definitions": {"a": _STRING}}),
    "dependencies": _field({"type": "object", "dependencies": {"a": ["b"]}}),
    "additionalItems": _field({"type": "array", "items": _STRING, "additionalItems": False}),
    "unique": _field({"type": "array", "items": _STRING, "uniqueItems": True}),
    "props+addl": _field({"type": "object", "properties": {"a": _STRING}, "additionalProperties": _STRING}),
    "props+addl false": _field({"type": "object", "properties": {"a": _STRING}, "additionalProperties": False}),
    "props+addl true": _field({"type": "object", "properties": {"a": _STRING}, "additionalProperties": True}),
    "preserve false": _field({"type": "object", "x-kubernetes-preserve-unknown-fields": False}),
    "ios+preserve": _field({"x-kubernetes-int-or-string": True, "x-kubernetes-preserve-unknown-fields": True}),
    "ios+type": _field({"type": "string", "x-kubernetes-int-or-string": True}),
    "ios ok": _field({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, _STRING]}),
    "ios allOf": _field({"x-kubernetes-int-or-string": True, "allOf": [{"anyOf": [{"type": "integer"}, _STRING]}]}),
    "ios wrong order": _field({"x-kubernetes-int-or-string": True, "anyOf": [_STRING, {"type": "integer"}]}),
    "emb no type": _field({"x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}),
    "emb no props": _field({"type": "object", "x-kubernetes-embedded-resource": True}),
    "emb ok": _field(
        {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
    ),
    "emb addl": _field(
        {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "x-kubernetes-preserve-unknown-fields": True,
            "additionalProperties": _STRING,
        }
    ),
    "emb kind int": _field(
        {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"kind": {"type": "integer"}}}
    ),
    "meta name": _gizmo(
        {
            "type": "object",
            "properties": {"metadata": {"type": "object", "properties": {"name": {"type": "string", "pattern": "^a"}}}},
        }
    ),
    "meta labels": _gizmo(
        {
            "type": "object",
            "properties": {
                "metadata": {
                    "type": "object",
                    "properties": {"labels": {"type": "object", "additionalProperties": _STRING}},
                }
            },
        }
    ),
    "meta desc": _gizmo({"type": "object", "properties": {"metadata": {"type": "object", "description": "x"}}}),
    "meta string": _gizmo({"type": "object", "properties": {"metadata": _STRING}}),
    "kind int": _gizmo({"type": "object", "properties": {"kind": {"type": "integer"}}}),
    "pattern": _field({"type": "string", "pattern": "("}),
    "pattern look": _field({"type": "string", "pattern": "(?=a)"}),
    "pattern go": _field({"type": "string", "pattern": "^((?i)x)\\z"}),
    "pattern nested": _field({"type": "string", "allOf": [{"pattern": "["}]}),
    "pattern big": _field({"type": "string", "pattern": "^(a{1000}){1000}$"}),
    "nested type": _field({"type": "string", "allOf": [_STRING]}),
    "nested default": _field({"type": "string", "allOf": [{"default": "x"}]}),
    "nested desc": _field({"type": "string", "anyOf": [{"description": "x"}]}),
    "nested null": _field({"type": "string", "not": {"nullable": True}}),
    "nested unknown": _field({"type": "object", "anyOf": [{"properties": {"a": {"minimum": 1}}}]}),
    "nested items": _field({"type": "array", "items": _STRING, "allOf": [{"items": {"pattern": "^a"}}]}),
    "nested addl": _field(
        {"type": "object", "additionalProperties": _STRING, "allOf": [{"additionalProperties": {"pattern": "^a"}}]}
    ),
    "nested title": _field({"type": "string", "oneOf": [{"title": "x"}, {"pattern": "x"}]}),
    "nested rules": _field({"type": "string", "oneOf": [{"x-kubernetes-validations": [{"rule": "true"}]}]}),
    "nested items missing": _field({"type": "object", "allOf": [{"items": {"pattern": "^a"}}]}),
    "nested meta": _gizmo(
        {"type": "object", "properties": {"metadata": {"type": "object"}}, "allOf": [{"properties": {"metadata": {}}}]}
    ),
    "nested required": _field(
        {"type": "object", "properties": {"a": _STRING}, "anyOf": [{"required": ["a"]}, {"required": ["zz"]}]}
    ),
    "list no array": _field({"type": "string", "x-kubernetes-list-type": "set"}),
    "list bad": _field({"type": "array", "items": _STRING, "x-kubernetes-list-type": "bag"}),
    "set of obj": _field({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "object"}}),
    "set of atomic obj": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "set",
            "items": {"type": "object", "x-kubernetes-map-type": "atomic"},
        }
    ),
    "set of arr": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "set",
            "items": {"type": "array", "items": _STRING, "x-kubernetes-list-type": "set"},
        }
    ),
    "set nullable": _field(
        {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string", "nullable": True}}
    ),
    "map ok": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "required": ["k"], "properties": {"k": _STRING}},
        }
    ),
    "map no keys": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "items": {"type": "object", "required": ["k"], "properties": {"k": _STRING}},
        }
    ),
    "map empty keys": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": [],
            "items": {"type": "object", "required": ["k"], "properties": {"k": _STRING}},
        }
    ),
    "map keys no type": _field(
        {
            "type": "array",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "required": ["k"], "properties": {"k": _STRING}},
        }
    ),
    "map keys set": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "set",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "required": ["k"], "properties": {"k": _STRING}},
        }
    ),
    "map unknown key": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["z"],
            "items": {"type": "object", "required": ["k"], "properties": {"k": _STRING}},
        }
    ),
    "map dup key": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k", "k"],
            "items": {"type": "object", "required": ["k"], "properties": {"k": _STRING}},
        }
    ),
    "map optional key": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "required": [], "properties": {"k": _STRING}},
        }
    ),
    "map key default": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "required": [], "properties": {"k": {"type": "string", "default": "x"}}},
        }
    ),
    "map key obj": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "required": ["k"], "properties": {"k": {"type": "object"}}},
        }
    ),
    "map key nullable": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string", "nullable": True}}},
        }
    ),
    "map nullable": _field(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "required": ["k"], "properties": {"k": _STRING}, "nullable": True},
        }
    ),
    "map items str": _field(
        {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": _STRING}
    ),
    "mt": _field({"type": "string", "x-kubernetes-map-type": "atomic"}),
    "mt bad": _field({"type": "object", "x-kubernetes-map-type": "odd"}),
    "mt no type": _field({"x-kubernetes-preserve-unknown-fields": True, "x-kubernetes-map-type": "atomic"}),
    "default type": _field({"type": "string", "default": 5}),
    "default ok": _field({"type": "string", "default": "x"}),
    "default unknown": _field({"type": "object", "properties": {"a": _STRING}, "default": {"b": 1}}),
    "default pattern": _field({"type": "string", "pattern": "^a", "default": "b"}),
    "default required": _field({"type": "object", "properties": {"a": _STRING}, "required": ["a"], "default": {}}),
    "default req default": _field(
        {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}, "required": ["a"], "default": {}}
    ),
    "default null": _field({"type": "string", "default": None}),
    "default nullable null": _field({"type": "string", "nullable": True, "default": None}),
    "default empty obj": _field({"type": "object", "default": {"a": 1}}),
    "default in addl": _field({"type": "object", "additionalProperties": {"type": "string", "default": "x"}}),
    "default in items": _field({"type": "array", "items": {"type": "string", "default": 5}}),
    "default meta": _gizmo(
        {
            "type": "object",
            "properties": {"metadata": {"type": "object", "properties": {"name": {"type": "string", "default": "x"}}}},
        }
    ),
    "default kind": _gizmo({"type": "object", "properties": {"kind": {"type": "string", "default": "x"}}}),
    "default enum": _field({"type": "string", "enum": ["a"], "default": "b"}),
    "default list dup": _field(
        {"type": "array", "items": _STRING, "x-kubernetes-list-type": "set", "default": ["a", "a"]}
    ),
    "default nullval": _field({"type": "object", "properties": {"a": _STRING}, "default": {"a": None}}),
    "default emb": _field(
        {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "x-kubernetes-preserve-unknown-fields": True,
            "default": {"kind": "x"},
        }
    ),
    "default fmt": _field({"type": "string", "format": "date", "default": "x"}),
    "rule empty": _field({"type": "string", "x-kubernetes-validations": [{"rule": " "}]}),
    "rule msg nl": _field({"type": "string", "x-kubernetes-validations": [{"rule": "true", "message": "a\nb"}]}),
    "rule nl": _field({"type": "string", "x-kubernetes-validations": [{"rule": "true &&\ntrue"}]}),
    "rule msg blank": _field({"type": "string", "x-kubernetes-validations": [{"rule": "true", "message": "  "}]}),
    "rule me": _field({"type": "string", "x-kubernetes-validations": [{"rule": "true", "messageExpression": " "}]}),
    "rule reason": _field({"type": "string", "x-kubernetes-validations": [{"rule": "true", "reason": "Odd"}]}),
    "rule ok": _field({"type": "string", "x-kubernetes-validations": [{"rule": "self != ''", "message": "no"}]}),
    "rule fp": _field(
        {
            "type": "object",
            "properties": {"a": _STRING},
            "x-kubernetes-validations": [{"rule": "true", "fieldPath": ".b"}],
        }
    ),
    "rule fp ok": _field(
        {
            "type": "object",
            "properties": {"a": _STRING},
            "x-kubernetes-validations": [{"rule": "true", "fieldPath": ".a"}],
        }
    ),
    "rule fp idx": _field(
        {
            "type": "object",
            "properties": {"a": _STRING},
            "x-kubernetes-validations": [{"rule": "true", "fieldPath": "a"}],
        }
    ),
    "rule fp map": _field(
        {
            "type": "object",
            "additionalProperties": _STRING,
            "x-kubernetes-validations": [{"rule": "true", "fieldPath": "['x']"}],
        }
    ),
    "name": _gizmo(name="gizmo.s2.example.com"),
    "group none": _gizmo(name="gizmos.", group=""),
    "group nodot": _gizmo(name="gizmos.s2", group="s2"),
    "group upper": _gizmo(name="gizmos.S2.example.com", group="S2.example.com"),
    "scope": _gizmo(scope="Global"),
    "scope none": _gizmo(scope=""),
    "kind space": _gizmo(names={"kind": "Gi zmo", "plural": "gizmos"}),
    "kind=list": _gizmo(names={"kind": "Gizmo", "plural": "gizmos", "listKind": "Gizmo"}),
    "short": _gizmo(names={"kind": "Gizmo", "plural": "gizmos", "shortNames": ["G"]}),
    "cat": _gizmo(names={"kind": "Gizmo", "plural": "gizmos", "categories": ["a b"]}),
    "no kind": _gizmo(names={"plural": "gizmos"}),
    "singular": _gizmo(names={"kind": "Gizmo", "plural": "gizmos", "singular": "Giz"}),
    "two storage": _gizmo(
        versions=[
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}},
            {"name": "v2", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}},
        ]
    ),
    "no storage": _gizmo(version={"storage": False}),
    "dup version": _gizmo(
        versions=[
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}},
            {"name": "v1", "served": True, "storage": False, "schema": {"openAPIV3Schema": {"type": "object"}}},
        ]
    ),
    "no versions": _gizmo(versions=[]),
    "bad version": _gizmo(version={"name": "1"}),
    "preserve": _gizmo(preserveUnknownFields=True),
    "depr": _gizmo(version={"deprecationWarning": "x"}),
    "depr ok": _gizmo(version={"deprecated": True, "deprecationWarning": "x"}),
    "depr long": _gizmo(
        version={
            "deprecated": True,
            "deprecationWarning": "x" * 257,
        }
    ),
    "depr empty": _gizmo(version={"deprecated": True, "deprecationWarning": ""}),
    "depr nl": _gizmo(version={"deprecated": True, "deprecationWarning": "a\nb"}),
    "col": _gizmo(version={"additionalPrinterColumns": [{"name": "a", "type": "string", "jsonPath": ".spec"}]}),
    "col type": _gizmo(version={"additionalPrinterColumns": [{"name": "a", "type": "str", "jsonPath": ".spec"}]}),
    "col path": _gizmo(version={"additionalPrinterColumns": [{"name": "a", "type": "string", "jsonPath": "spec"}]}),
    "col fmt": _gizmo(
        version={"additionalPrinterColumns": [{"name": "a", "type": "string", "format": "x", "jsonPath": ".spec"}]}
    ),
    "col none": _gizmo(version={"additionalPrinterColumns": [{}]}),
    "scale": _gizmo(
        version={"subresources": {"scale": {"specReplicasPath": ".spec.r", "statusReplicasPath": ".status.r"}}}
    ),
    "scale bad": _gizmo(
        version={
            "subresources": {
                "scale": {"specReplicasPath": ".status.r", "statusReplicasPath": "status.r", "labelSelectorPath": ".x"}
            }
        }
    ),
    "scale none": _gizmo(version={"subresources": {"scale": {}}}),
    "status root": _gizmo(
        {"type": "object", "anyOf": [{"required": ["spec"]}]}, version={"subresources": {"status": {}}}
    ),
    "status root ok": _gizmo(
        {"type": "object", "required": ["spec"], "properties": {"spec": _STRING}},
        version={"subresources": {"status": {}}},
    ),
    "status maxp": _gizmo({"type": "object", "maxProperties": 5}, version={"subresources": {"status": {}}}),
    "status preserve": _gizmo(
        {"type": "object", "x-kubernetes-preserve-unknown-fields": True}, version={"subresources": {"status": {}}}
    ),
    "sel": _gizmo(
        {
            "type": "object",
            "properties": {"spec": {"type": "object", "properties": {"a": _STRING, "o": {"type": "object"}}}},
        },
        version={"selectableFields": [{"jsonPath": ".spec.a"}]},
    ),
    "sel obj": _gizmo(
        {
            "type": "object",
            "properties": {"spec": {"type": "object", "properties": {"a": _STRING, "o": {"type": "object"}}}},
        },
        version={"selectableFields": [{"jsonPath": ".spec.o"}]},
    ),
    "sel none": _gizmo(version={"selectableFields": [{"jsonPath": ".spec.o"}]}),
    "sel dup": _gizmo(
        {"type": "object", "properties": {"spec": {"type": "object", "properties": {"a": _STRING}}}},
        version={"selectableFields": [{"jsonPath": ".spec.a"}, {"jsonPath": ".spec.a"}]},
    ),
    "sel meta": _gizmo(
        {"type": "object", "properties": {"metadata": {"type": "object", "properties": {"name": _STRING}}}},
        version={"selectableFields": [{"jsonPath": ".metadata.name"}]},
    ),
    "conv": _gizmo(conversion={"strategy": "None"}),
    "conv bad": _gizmo(conversion={"strategy": "Odd"}),
    "conv hook none": _gizmo(conversion={"strategy": "Webhook"}),
    "conv hook": _gizmo(
        conversion={
            "strategy": "Webhook",
            "webhook": {"clientConfig": {"url": "https://a.b/c"}, "conversionReviewVersions": ["v1"]},
        }
    ),
    "conv hook rv": _gizmo(
        conversion={
            "strategy": "Webhook",
            "webhook": {"clientConfig": {"url": "https://a.b/c"}, "conversionReviewVersions": ["v7"]},
        }
    ),
    "conv hook both": _gizmo(
        conversion={"strategy": "Webhook", "webhook": {"clientConfig": {}, "conversionReviewVersions": ["v1"]}}
    ),
    "conv none+cc": _gizmo(
        conversion={
            "strategy": "None",
            "webhook": {"clientConfig": {"url": "https://a.b/c"}, "conversionReviewVersions": ["v1"]},
        }
    ),
    "conv url": _gizmo(
        conversion={
            "strategy": "Webhook",
            "webhook": {"clientConfig": {"url": "http://a.b/c"}, "conversionReviewVersions": ["v1"]},
        }
    ),
    "approved": _gizmo(name="gizmos.x.k8s.io", group="x.k8s.io"),
}
