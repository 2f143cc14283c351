"""Definitions and objects that are made to hang or crash whoever looks at them."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["DEFINITIONS", "PUZZLES", "RULES", "SCHEMAS", "definition", "puzzle"]

_TEXT: Final = {"type": "string"}


def definition(schema: Any, *, group: str = "hostile.example.com") -> dict[str, Any]:
    """Return the definition of a kind whose ``spec`` has a schema."""
    whole = {"type": "object", "properties": {"spec": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"puzzles.{group}"},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"kind": "Puzzle", "plural": "puzzles"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": whole}}],
        },
    }


def _pattern(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern}


def _rule(rule: str, **schema: Any) -> dict[str, Any]:
    return {"type": "string", **schema, "x-kubernetes-validations": [{"rule": rule}]}


def _nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = dict(_TEXT)
    for _ in range(depth):
        found = {"type": "object", "properties": {"a": found}}
    return found


def _lists(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = dict(_TEXT)
    for _ in range(depth):
        found = {"type": "array", "items": found}
    return found


def _choices(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"minLength": 1}
    for _ in range(depth):
        found = {"anyOf": [found, found]}
    return {"type": "string", **found}


def _all(depth: int, last: str) -> str:
    names = [f"x{number}" for number in range(depth)]
    inside = "self"
    opened = ""
    for name in names:
        opened += f"{inside}.all({name}, "
        inside = name
    return opened + last.format(inside) + ")" * depth


#: Name -> schema of ``spec``.
SCHEMAS: Final[dict[str, Any]] = {
    "stars upon stars": _pattern("^(a+)+$"),
    "stars upon stars upon stars": _pattern("^((a*)*)*b$"),
    "choices that overlap": _pattern("^(a|a|aa)+$"),
    "a thousand times": _pattern("^a{1000}$"),
    "more than a thousand times": _pattern("^a{1001}$"),
    "a thousand times a thousand": _pattern("^(a{1000}){1000}$"),
    "ten times ten times ten times ten": _pattern("^(((a{10}){10}){10}){10}$"),
    "ten thousand brackets": _pattern("(" * 5000 + "a" + ")" * 5000),
    "nine hundred brackets": _pattern("(" * 900 + "a" + ")" * 900),
    "brackets that are not closed": _pattern("(" * 5000),
    "a long pattern": _pattern("^" + "(a|b)?" * 3000 + "$"),
    "a reference back": _pattern(r"^(a)\1$"),
    "a look ahead": _pattern("^(?=a)b$"),
    "a range backwards": _pattern("[z-a]"),
    "a class of nothing": _pattern(r"\p{Nothing}"),
    "half an escape": _pattern("a\\"),
    "too many stars": _pattern("a**"),
    "many numbers": _pattern("a{2,1}"),
    "a control character": _pattern("a\u0000b"),
    "nested fifty deep": _nested(50),
    "nested a hundred deep": _nested(100),
    "lists of lists": _lists(40),
    "choices of choices": _choices(10),
    "no schema": None,
    "a list for a schema": [],
    "a number for a schema": 5,
    "a schema of unknown words": {"type": "object", "propertys": {"a": _TEXT}},
    "properties that are a list": {"type": "object", "properties": [_TEXT]},
    "properties that are null": {"type": "object", "properties": {"a": None}},
    "items that are null": {"type": "array", "items": None},
    "required that is a text": {"type": "object", "required": "a"},
    "an enum that is a map": {"type": "string", "enum": {"a": 1}},
    "a minimum that is a text": {"type": "integer", "minimum": "1"},
    "a minimum beyond all": {"type": "integer", "minimum": 1e300},
    "a length beyond all": {"type": "string", "maxLength": 10**18},
    "a length beyond all numbers": {"type": "string", "maxLength": 10**30},
    "a multiple of nothing": {"type": "integer", "multipleOf": 0},
    "a default of a default": {
        "type": "object",
        "default": {},
        "properties": {"a": {"type": "object", "default": {}, "properties": {"b": {"type": "string", "default": "x"}}}},
    },
    "many fields": {"type": "object", "properties": {f"f{number}": _TEXT for number in range(1000)}},
    "odd fields": {"type": "object", "properties": {"": _TEXT, "a.b": _TEXT, "a/b": _TEXT, "ü": _TEXT, "$ref": _TEXT}},
}

#: Name -> schema of ``spec`` with a rule.
RULES: Final[dict[str, Any]] = {
    "brackets a thousand deep": _rule("(" * 1000 + "true" + ")" * 1000),
    "brackets fifty deep": _rule("(" * 50 + "true" + ")" * 50),
    "brackets that are not closed": _rule("(" * 1000),
    "not not not": _rule("!" * 301 + "false"),
    "a sum of a thousand": _rule(" + ".join(["1"] * 1000) + " == 1000"),
    "a choice of a thousand": _rule(" || ".join(["self == 'a'"] * 1000)),
    "choices inside choices": _rule("true ? " * 200 + "true" + " : false" * 200),
    "a list of ten thousand": _rule("self in [" + ", ".join(["'a'"] * 10000) + "]"),
    "lists inside lists": _rule("[" * 100 + "1" + "]" * 100 + " != []"),
    "a long text": _rule("self == '" + "x" * 100000 + "'"),
    "a text that does not end": _rule("self == 'x"),
    "a number beyond all": _rule("1 < 99999999999999999999"),
    "a division by zero": _rule("1 / 0 == 1"),
    "a sum beyond all": _rule("9223372036854775807 + 1 > 0"),
    "a pattern that explodes": _rule("self.matches('^(a+)+$')", maxLength=1000),
    "a pattern that is none": _rule("self.matches('(')"),
    "a pattern beyond all": _rule("self.matches('a{1000}{1000}')"),
    "a pattern without bounds": _rule("self.matches('^(a+)+$')"),
    "a macro in a macro": {
        **_lists(5),
        "x-kubernetes-validations": [{"rule": _all(5, "{}.contains('a')")}],
    },
    "a macro of itself": {
        "type": "array",
        "items": _TEXT,
        "x-kubernetes-validations": [
            {"rule": "self.all(a, self.all(b, self.all(c, self.all(d, a + b + c + d != 'x'))))"}
        ],
    },
    "a name taken twice": {
        "type": "array",
        "maxItems": 5,
        "items": {"type": "string", "maxLength": 5},
        "x-kubernetes-validations": [{"rule": "self.all(a, self.all(a, a != ''))"}],
    },
    "texts that grow": _rule("(self + self + self + self).size() < 100", maxLength=10**6),
    "words that are kept": _rule("self.namespace == 'x'"),
    "an object of no type": _rule("Thing{a: 1} == self"),
    "nothing at all": _rule(""),
    "only a comment": _rule("// true"),
    "two rules in one": _rule("true; false"),
    "a rule that is a number": {"type": "string", "x-kubernetes-validations": [{"rule": 5}]},
    "rules that are a map": {"type": "string", "x-kubernetes-validations": {"rule": "true"}},
    "a rule that is null": {"type": "string", "x-kubernetes-validations": [None]},
    "a thousand rules": {
        "type": "string",
        "maxLength": 5,
        "x-kubernetes-validations": [{"rule": f"self != 'a{number}'"} for number in range(1000)],
    },
}
DEFINITIONS: Final = {name: definition(schema) for name, schema in {**SCHEMAS, **RULES}.items()}

_CHECKED: Final[dict[str, Any]] = {
    "stars": _pattern("^(a+)+$"),
    "more": _pattern("^((a*)*)*b$"),
    "overlap": _pattern("^(a|a|aa)+$"),
    "many": _pattern("^(a?){50}a{50}$"),
    "rule": _rule("self.matches('^(a|aa)+$')", maxLength=100000),
    "dear": {
        "type": "array",
        "maxItems": 1000,
        "items": {"type": "string", "maxLength": 10},
        "x-kubernetes-validations": [{"rule": "self.all(a, self.exists_one(b, a == b))", "message": "twice"}],
    },
    "kept": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    "choice": _choices(8),
}
_NESTED: Final = 100


def _deep(depth: int) -> Any:
    found: Any = "x"
    for _ in range(depth):
        found = {"a": found}
    return found


#: Name -> ``spec`` of an object of the kind of `puzzle`.
PUZZLES: Final[dict[str, Any]] = {
    "a match": {"stars": "a" * 1000},
    "hardly no match": {"stars": "a" * 10000 + "!"},
    "hardly no match of more": {"more": "a" * 10000},
    "hardly no match of what overlaps": {"overlap": "a" * 10000 + "b"},
    "as many as asked": {"many": "a" * 50},
    "one too few": {"many": "a" * 49},
    "hardly no match of a rule": {"rule": "a" * 10000 + "!"},
    "a match of a rule": {"rule": "a" * 10000},
    "each one once": {"dear": [f"x{number}" for number in range(200)]},
    "one twice": {"dear": [f"x{number % 199}" for number in range(200)]},
    "more than the rule may cost": {"dear": [f"x{number}" for number in range(1000)]},
    "nested deep": {"kept": _deep(_NESTED)},
    "nothing of many choices": {"choice": ""},
    "one of many choices": {"choice": "x"},
}


def puzzle(group: str) -> dict[str, Any]:
    """Return the definition of a kind with costly checks, all of which the server takes."""
    return definition({"type": "object", "properties": _CHECKED}, group=group)
