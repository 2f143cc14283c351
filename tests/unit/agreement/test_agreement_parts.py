"""The parts of the agreement suite that need no server: who judges the judges must be right himself."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from agreement import changing, defined, edits, hostile, mistakes, mutator
from agreement.comparing import Case, Verdict, compared
from agreement.ours import Finding
from agreement.places import located, named
from agreement.plan import REPEATED, Plan, telling
from agreement.reasons import explained
from agreement.server import Answer
from agreement.tally import Tally
from agreement.writing import STYLES, write
from kubernator.load import yamldoc
from kubernator.model.origin import Origin
from kubernator.schema.node import Node, node_of

UNTYPED = "failed to create typed patch object"
OBJECT: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Thing",
    "metadata": {"name": "x", "labels": {"a.b/c": "d", "y": "ü"}},
    "spec": {
        "list": [{"name": "a", "port": 1}, {"name": "b"}, [1, [2], []], {}, "text\nof two lines", None],
        "map": {"": {"deep": 1.5e-9}},
        "flag": True,
    },
}


def _node(**properties: Any) -> Node:
    return node_of({"type": "object", "properties": properties}, {}.get)


@pytest.mark.parametrize("style", STYLES)
def test_what_is_written_reads_the_same(style: str) -> None:
    """A text in any hand means the object, and every place is where the reader of files finds it."""
    written = write(OBJECT, style=style)
    (document,) = yamldoc.parse(written.text, origin=Origin(path=PurePosixPath("x.yaml")))
    assert document.value == OBJECT
    assert written.places == dict(document.source_map.places)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "path", [("spec",), ("spec", "flag"), ("metadata", "labels", "a.b/c"), ("spec", "list", 0, "port")]
)
def test_a_key_is_there_twice(style: str, path: mutator.Path) -> None:
    """A key that is written twice is found by the reader where it stands for the second time."""
    written = write(OBJECT, style=style, again=path)
    problems: list[Any] = []
    yamldoc.parse(written.text, origin=Origin(path=PurePosixPath("x.yaml")), problems=problems)
    assert [written.again] == [(found.origin.line, found.origin.column) for found in problems]


def test_what_is_not_there_is_at_what_is_above() -> None:
    """The place of a field that is missing is that of the nearest one above it."""
    written = write(OBJECT)
    assert written.places["spec", "list", 1] == written.place(("spec", "list", 1, "port"))


@pytest.mark.parametrize(
    ("field", "path", "rest"),
    [
        ("spec.flag", ("spec", "flag"), ""),
        (".spec.flag", ("spec", "flag"), ""),
        ("spec.list[1].name", ("spec", "list", 1, "name"), ""),
        ("spec.list[1].port", ("spec", "list", 1), "port"),
        ("spec.list[9]", ("spec", "list"), "[9]"),
        ("metadata.labels[a.b/c]", ("metadata", "labels", "a.b/c"), ""),
        (".metadata.labels.a.b/c", ("metadata", "labels", "a.b/c"), ""),
        ('.spec.list[name="a"].port', ("spec", "list", 0, "port"), ""),
        ('.spec.list[name="a",port=1]', ("spec", "list", 0), ""),
        ('.spec.list[name="z"].port', ("spec", "list"), '[name="z"].port'),
        ("spec.flags", ("spec",), "flags"),
        ("status", (), "status"),
    ],
)
def test_fields_are_located(field: str, path: mutator.Path, rest: str) -> None:
    """The name that a server gives to a field leads to the place in the object."""
    assert (path, rest) == located(field, OBJECT)


def test_of_two_items_the_second_is_meant() -> None:
    """Of two items with the same key it is the second that is too many."""
    value = {"ports": [{"port": 1}, {"port": 2}, {"port": 1, "protocol": "TCP"}], "set": ["a", "b", "a"]}
    assert located('.ports[port=1,protocol="TCP"]', value) == (("ports", 2), "")
    assert located('.set[="a"]', value) == (("set", 2), "")


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("something else", []),
        (
            f"{UNTYPED} (a/b; apps/v1, Kind=X): .spec.foo: field not declared in schema",
            [".spec.foo"],
        ),
        (
            f'{UNTYPED} (/b; v1, Kind=X): errors:\n  .spec.a: expected string\n  .spec.l[name="x"].b: expected map',
            [".spec.a", '.spec.l[name="x"].b'],
        ),
        (
            f'{UNTYPED} (a/b; v1, Kind=X): .spec.l: duplicate entries for key [name="x"]',
            ['.spec.l[name="x"]'],
        ),
    ],
)
def test_fields_of_a_message(message: str, fields: list[str]) -> None:
    """Where the server gives no list of fields, they are in what it says."""
    assert fields == named(message)


def test_changes_are_made_in_one_place() -> None:
    """A change touches what it says and nothing else, and the object that it is made of stays as it is."""
    change = mutator.Change(("spec", "list", 0, "name"), "x", "z")
    result = mutator.changed(OBJECT, change)
    assert result["spec"]["list"][0] == {"name": "z", "port": 1}
    assert OBJECT["spec"]["list"][0] == {"name": "a", "port": 1}
    assert result["metadata"] is OBJECT["metadata"]
    dropped = mutator.changed(OBJECT, mutator.Change(("spec", "list", 0), "x", drop=True))
    assert dropped["spec"]["list"] == OBJECT["spec"]["list"][1:]


def test_every_keyword_is_gone_beyond() -> None:
    """Of each keyword of a schema there is a change that goes beyond it."""
    node = _node(
        count={"type": "integer", "minimum": 1, "maximum": 5, "multipleOf": 2},
        word={"type": "string", "enum": ["a"], "minLength": 1, "maxLength": 3},
        either={"x-kubernetes-int-or-string": True},
        map={"type": "object", "maxProperties": 1, "minProperties": 1, "additionalProperties": {"type": "string"}},
        items={
            "type": "array",
            "maxItems": 2,
            "items": {
                "type": "object",
                "properties": {"k": {"type": "string"}, "d": {"type": "string", "default": "x"}},
            },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k", "d"],
        },
        absent={"type": "array", "items": {"type": "boolean"}},
    )
    value = {"count": 2, "word": "a", "either": 1, "map": {"a": "b"}, "items": [{"k": "1"}]}
    found = {str(change): change.value for change in mutator.changes(value, node)}
    assert {
        "count: below its minimum": 0,
        "count: above its maximum": 6,
        "count: between multiples": 3,
        "word: one that is not offered": "Bogus",
        "word: too short": "",
        "word: too long": "xxxx",
        "either: too many percent": "150%",
        "map: too many keys": {"k0": "x", "k1": "x"},
        "map: too few keys": {},
        "items: too many items": [{"k": "1"}] * 3,
        "items: its first item twice": [{"k": "1"}] * 2,
        "items: the same `d` by default": [{"k": "1"}, {"k": "1", "d": "x"}],
        "countx: an unknown field": "x",
        "absent: added": [True],
    }.items() <= found.items()


def test_the_identity_stays() -> None:
    """No change takes away what tells which object is meant."""
    node = node_of({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {}.get)
    for change in [*mutator.changes(OBJECT, node), *changing.changes(OBJECT, node)]:
        result = mutator.changed(OBJECT, change)
        assert OBJECT["kind"] == result["kind"]
        assert result["metadata"]["name"] == "x"


def test_each_change_is_shown_in_few_kinds() -> None:
    """A type that many kinds share is changed in `REPEATED` of them, the first ones."""
    node = _node(a={"type": "string"})
    plan = Plan()
    for label in "123":
        base = telling(label, [{"a": "x"}], Node(node.schema, node._nodes, name="shared"))
        plan.add(label, base)
    counts = [len(list(plan.cases(label))) for label in "123"]
    assert counts[0] > 5
    assert [counts[0]] * REPEATED == counts[:REPEATED]
    assert counts[REPEATED] == 1


def test_objects_that_say_nothing_new_are_left_out() -> None:
    """Of objects of a kind those are shown that add something."""
    node = _node(a={"type": "string"}, b={"type": "string"})
    found = telling("x", [{"a": "1"}, {"a": "2"}, {"b": "1"}], node)
    assert [base.manifest for base in found] == [{"a": "1"}, {"b": "1"}]


@pytest.mark.parametrize(
    ("refused", "fields", "findings", "verdict"),
    [
        (False, [], [], Verdict.VALID),
        (False, [], ["spec.flag"], Verdict.FALSE),
        (True, ["spec.flag"], [], Verdict.MISSED),
        (True, ["spec.flag"], ["spec.flag"], Verdict.REFUSED),
        (True, [".spec.flag", "spec.map"], ["spec.flag"], Verdict.REFUSED),
        (True, ["spec.flag"], ["spec.map"], Verdict.ELSEWHERE),
        (True, ["spec.flag"], ["spec.flag", "spec.map"], Verdict.BESIDES),
        (True, [], ["spec.flag"], Verdict.REFUSED),
        (True, [], ["metadata.name"], Verdict.ELSEWHERE),
    ],
)
def test_verdicts(refused: bool, fields: list[str], findings: list[str], verdict: Verdict) -> None:  # noqa: FBT001
    """Both must refuse the same, for the same field."""
    written = write(OBJECT)
    case = Case("x", "v1 Thing", OBJECT, path=("spec", "flag"))
    ours = [Finding("m", field, written.place(located(field, OBJECT)[0])) for field in findings]
    answer = Answer(refused=refused, fields=tuple(fields), status=422 if refused else 0)
    assert verdict is compared(case, written, answer, ours).verdict


def test_a_wrong_line_is_found() -> None:
    """The right field at the wrong line is no agreement."""
    found = Finding("m", "spec.flag", (1, 1))
    answer = Answer(refused=True, fields=("spec.flag",), status=422)
    case = Case("x", "v1 Thing", OBJECT)
    assert compared(case, write(OBJECT), answer, [found]).verdict is Verdict.MISPLACED


def test_reasons_are_looked_at_from_both_sides() -> None:
    """A miss has a reason or none, and a reason that nothing needs is told."""
    case = Case("spec: dropped", "v1 Thing", OBJECT)
    missed = [compared(case, write(OBJECT), Answer(refused=True, message=text), []) for text in ("no quota", "no idea")]
    why, without, useless = explained(missed, {"quota": "the cluster's own", "moon": "far away"})
    assert why == ["the cluster's own"]
    assert without == missed[1:]
    assert useless == ["moon"]


def test_counts_survive_their_way_between_processes() -> None:
    """What a process counted is added to what others did."""
    case = Case("spec: dropped", "v1 Thing", OBJECT)
    tally = Tally()
    tally.add("v1 Thing", [compared(case, write(OBJECT), Answer(refused=refused), []) for refused in (True, False)])
    tally.excuse("v1 Thing", ["the cluster's own"])
    both = Tally.of(tally.plain())
    both.merge(tally)
    assert (both.refused, both.taken) == (2, 2)
    assert "missed refusals: 2 of 2 objects that the server refuses" in both.lines()
    assert both.lines()[-1].endswith("v1 Thing: 2 for this: the cluster's own")


@pytest.mark.parametrize("which", mistakes.OBJECTS)
def test_mistakes_change_something(which: str) -> None:
    """Every mistake of the tables differs from the object it is made of, and from the others."""
    made = mistakes.mistaken(which)
    assert made
    assert all(manifest != mistakes.OBJECTS[which] for manifest in made.values())
    texts = [repr(manifest) for manifest in made.values()]
    assert len(set(texts)) == len(texts)


def test_edits() -> None:
    """Paths lead through maps and lists, and a list can get one item more."""
    value = {"a": [{"b.c": 1}], "d": 1}
    assert edits.steps("a.0.[b.c].[d/e]") == ("a", 0, "b.c", "d/e")
    changed = edits.edited(value, {"a.0.[b.c]": 2, "a.1": {}, "d": edits.GONE, "e.f": 3})
    assert changed == {"a": [{"b.c": 2}, {}], "e": {"f": 3}}


def test_tables_are_of_what_there_is() -> None:
    """Mistakes are of objects, and enough of them."""
    assert mistakes.MISTAKES.keys() == mistakes.OBJECTS.keys()
    assert defined.MISTAKES.keys() <= set(defined.OBJECTS)
    assert sum(len(each) for each in mistakes.MISTAKES.values()) > 800
    assert len(hostile.DEFINITIONS) > 60
