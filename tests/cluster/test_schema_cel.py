"""Rules in CEL: what is said here, next to what a real API server says."""

from __future__ import annotations

import re
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import ruled

from kubernator.cluster.connect import connect
from kubernator.model.diagnostics import Severity
from kubernator.redaction import Secrets
from kubernator.schema.cel.definition import check_schema
from kubernator.schema.cel.rules import check_rules
from kubernator.schema.definitions import root_node
from kubernator.schema.fault import Reason, api_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.cluster.api import Cluster

sys.path.append(str(Path(__file__).parents[1] / "unit" / "schema" / "cel"))
import celdata

pytestmark = pytest.mark.cluster

#: Rules in one definition.
MANY = 150


@pytest.fixture(scope="module")
def cluster(kubeconfig: Path) -> Iterator[Cluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


def _group() -> str:
    return f"s3-{secrets.token_hex(4)}.test"


def _root(schema: dict[str, Any], rules: list[dict[str, Any]]) -> Any:
    return root_node({"type": "object", "properties": {"spec": ruled.with_rules(schema, rules)}})


def test_the_table_of_expressions_is_the_servers(cluster: Cluster) -> None:
    """What compiles, and whether it is true, false or an error, is what a real server says."""
    table = celdata.cases()
    for start in range(0, len(table), MANY):
        group = _group()
        part = table[start : start + MANY]
        refused = ruled.refusals(cluster, group, celdata.SCHEMA, [case.expression for case in part])
        assert [case for case in part if case.verdict == "refused"] == [part[place] for place in sorted(refused)]
        kept = [case for case in part if case.verdict != "refused"]
        rules = [{"rule": case.expression, "message": f"rule {place}!"} for place, case in enumerate(kept)]
        with ruled.Served(cluster, ruled.definition(group, ruled.with_rules(celdata.SCHEMA, rules))) as served:
            said = dict.fromkeys(range(len(kept)), "true")
            for _, message, _ in served.says(ruled.thing(group, celdata.VALUE)):
                place = int(message.rpartition("rule ")[2].rstrip("!"))
                said[place] = "error" if message.count(": ") > 1 or "evaluating rule" in message else "false"
        assert {case.expression: case.verdict for case in kept} == {
            case.expression: said[place] for place, case in enumerate(kept)
        }


#: Rules that could cost too much, under a list without a bound or with one.
EXPENSIVE = (
    "self.all(x, self.all(y, x == y))",
    "self.all(x, x.contains('a'))",
    "self.map(x, x + 'a').all(x, x.size() > 1)",
    "self.all(x, x.matches('^[a-z]+$'))",
    "self.filter(x, x.startsWith('a')).size() < 5",
    "self.exists_one(x, x == 'a') || self.exists(x, x.split(',').size() > 1)",
    "self.sort() == self",
    "self.distinct().size() == self.size()",
    "self.map(x, x.replace('a', 'bbbb')).join(',').size() < 10",
    "self.isSorted() && self.indexOf('a') < 5",
    "sets.contains(self, ['a', 'b'])",
    "self.map(x, quantity(x)).all(q, q.isGreaterThan(quantity('1')))",
    "self.all(x, isURL(x) && url(x).getHost() == 'a')",
    "self.transformMap(i, x, x.lowerAscii()).all(k, v, v.find('[a-z]*') == v)",
    "self.map(x, [x, x]).flatten().all(x, x.upperAscii() in ['A'])",
    "self.slice(0, 3).reverse()[0].substring(1).trim() == 'a'",
    "self.all(x, format.dns1123Label().validate(x).hasValue() || isIP(x) || cidr(x).containsIP(x))",
    "self.sortBy(x, x.size())[0] == 'a'",
    "self.all(x, '%s'.format([x]) == x ? x.size() > 2 : x.size() > 3)",
    "(self + self).all(x, x < 'b')",
    "self[?0].orValue('a').size() > 1",
    "self.all(i, x, self[i] == x)",
    "lists.range(5000).all(x, x >= 0 && self.all(y, y != ''))",
)
_BOUNDS = ({}, {"maxItems": 100}, {"maxItems": 1000})


@pytest.mark.parametrize("bounds", _BOUNDS, ids=str)
@pytest.mark.parametrize("longest", [0, 10, 200])
def test_costs_are_estimated_as_by_the_server(cluster: Cluster, bounds: dict[str, int], longest: int) -> None:
    """The same rules are too expensive, by the same factor."""
    text = {"type": "string", **({"maxLength": longest} if longest else {})}
    inner = {"type": "array", **bounds, "items": text}
    properties = {
        f"r{place}": {"type": "array", **bounds, "items": {**inner, "x-kubernetes-validations": [{"rule": rule}]}}
        for place, rule in enumerate(EXPENSIVE)
    }
    schema = {"type": "object", "properties": properties}
    said = ruled.says_of_rules(cluster, _group(), schema)
    faults = check_schema(root_node({"type": "object", "properties": {"spec": schema}}))
    found = {str(fault.path[3]): fault.message for fault in faults if "Forbidden: estimated" in fault.message}
    assert {rule: said.get(f"r{place}") for place, rule in enumerate(EXPENSIVE)} == {
        rule: found.get(f"r{place}") for place, rule in enumerate(EXPENSIVE)
    }


RULES: list[dict[str, Any]] = [
    {"rule": "self.i > 10", "message": "too small", "fieldPath": ".i", "reason": "FieldValueForbidden"},
    {"rule": "self.i > 11", "messageExpression": "'i is %d'.format([self.i])", "reason": "FieldValueRequired"},
    {"rule": "self.i > 12", "messageExpression": "self.li[9] == 1 ? 'a' : 'b'", "message": "instead"},
    {"rule": "self.i > 13", "messageExpression": "'  '", "message": " trimmed "},
    {"rule": "self.i > 14", "messageExpression": "'a\\nb'"},
    {"rule": "self.i > 15", "fieldPath": ".ms['k']", "message": "in a map"},
    {"rule": "self.i > 10", "fieldPath": ".a__dash__b", "message": "m"},
    {"rule": "self.i > 16", "fieldPath": "['a-b']", "message": "dashed"},
    {"rule": "self.i > 17"},
    {"rule": "self.i / self.zero > 1"},
    {"rule": "self.ios2 > 5", "message": "not a number"},
    {"rule": "self.lo[5].x > 1"},
]


def _ours(faults: list[Any]) -> set[tuple[str, str]]:
    return {(_dotted(api_path(fault.path)), fault.message) for fault in faults if fault.severity is Severity.ERROR}


def _bare(said: list[tuple[str, str, str]]) -> set[tuple[str, str]]:
    """Leave out the values, which are not said here."""
    found = set()
    for path, message, _ in said:
        kind, _, rest = message.partition(": ")
        found.add((_dotted(path), f"{kind}: {rest.removeprefix(chr(34) + 'object' + chr(34) + ': ')}"))
    return found


def test_messages_are_the_servers(cluster: Cluster) -> None:
    """Message, reason and place of a rule that does not hold are the server's, but for the value."""
    wrong = [rule for rule in RULES if rule.get("fieldPath") == ".a__dash__b"]
    rules = [rule for rule in RULES if rule not in wrong]
    group = _group()
    assert {(api_path(fault.path[-1:]), fault.message) for fault in check_schema(_root(celdata.SCHEMA, wrong))} == {
        ("fieldPath", "Invalid value: must be a valid path")
    }
    with ruled.Served(cluster, ruled.definition(group, ruled.with_rules(celdata.SCHEMA, rules))) as served:
        manifest = ruled.thing(group, celdata.VALUE)
        said = _bare(served.says(manifest))
        assert said == _ours(check_rules(manifest, _root(celdata.SCHEMA, rules)))


def test_rules_about_changes_are_those_of_the_server(cluster: Cluster) -> None:
    """``oldSelf`` is what was there, also of items of a list with keys; without it such a rule is passed over."""
    item = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "maxLength": 9}, "size": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.size >= oldSelf.size", "message": "shrinks"}],
    }
    keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "maxItems": 9}
    size = {"type": "integer", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "immutable"}]}
    schema = {
        "type": "object",
        "properties": {
            "items": {"type": "array", **keyed, "items": item},
            "fixed": size,
            "map": {"type": "object", "maxProperties": 9, "additionalProperties": size},
            "new": {
                "type": "string",
                "maxLength": 9,
                "x-kubernetes-validations": [
                    {
                        "rule": "oldSelf.hasValue() || self == 'a'",
                        "optionalOldSelf": True,
                        "message": "must begin as a",
                    },
                    {"rule": "oldSelf.optMap(o, o.size() <= self.size()).orValue(true)", "optionalOldSelf": True},
                ],
            },
        },
        "x-kubernetes-validations": [{"rule": "!has(oldSelf.fixed) || has(self.fixed)", "message": "gone"}],
    }
    group = _group()
    node = root_node({"type": "object", "properties": {"spec": schema}})
    assert check_schema(node) == []
    old = {"items": [{"name": "a", "size": 5}, {"name": "b", "size": 2}], "fixed": 1, "map": {"k": 1}, "new": "a"}
    changes: list[dict[str, Any]] = [
        {},
        {"items": [{"name": "b", "size": 1}, {"name": "a", "size": 6}]},
        {"items": [{"name": "c", "size": 1}, {"name": "a", "size": 1}]},
        {"fixed": 2, "map": {"k": 2, "l": 3}},
        {"fixed": None},
        {"new": "bb"},
        {"new": ""},
    ]
    with ruled.Served(cluster, ruled.definition(group, schema)) as served:
        for spec in ({**old, "new": "b"}, old):
            fresh = ruled.thing(group, spec)
            assert _messages(served.says(fresh)) == _texts(check_rules(fresh, node))
        assert served.says(ruled.thing(group, old), dry_run=False) == []
        for change in changes:
            spec = {key: value for key, value in {**old, **change}.items() if value is not None}
            manifest = ruled.thing(group, spec)
            faults = check_rules(manifest, node, ruled.thing(group, old))
            assert _messages(served.says(manifest)) == _texts(faults), change


def _messages(said: list[tuple[str, str, str]]) -> set[tuple[str, str]]:
    return {(_dotted(path), message.rpartition(": ")[2]) for path, message, _ in said}


def _texts(faults: list[Any]) -> set[tuple[str, str]]:
    return {(_dotted(api_path(fault.path)), fault.message.rpartition(": ")[2]) for fault in faults}


def _dotted(path: str) -> str:
    """Write keys of maps as if they were fields, which a path alone does not tell apart."""
    return re.sub(r"\[([a-z-]+)\]", r".\1", path)


def test_what_explodes_is_refused_or_left_to_the_server(cluster: Cluster) -> None:
    """Rules that run for very long stop, here as there."""
    text = {"type": "string", "maxLength": 100_000}
    schema = {"type": "object", "properties": {"s": text, "l": {"type": "array", "maxItems": 120, "items": text}}}
    rules = [{"rule": "self.s.matches('^(a+)+$')", "message": "m"}]
    value = {"s": "a" * 90_000 + "b", "l": ["a"] * 120}
    group = _group()
    with ruled.Served(cluster, ruled.definition(group, ruled.with_rules(schema, rules))) as served:
        manifest = ruled.thing(group, value)
        said = served.says(manifest)
        faults = check_rules(manifest, _root(schema, rules))
        assert bool(said) == any(fault.reason is not Reason.UNDECIDED for fault in faults)
