"""Where values come from: lines, and the functions that changed them."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource, Touch
from kubernator.model.sourcemap import SourceMap
from kubernator.redaction import Secrets
from kubernator.report import provenance
from kubernator.report.comparing import ABSENT
from kubernator.report.provenance import AFTERWARDS, History

FILE = Origin(path=PurePath("web.yaml"), line=1)


def function(name: str, line: int, after: Any = None) -> Touch:
    """Return what a function left."""
    place = Origin(path=PurePath(".kubernator.py"), line=line)
    return Touch(who=name, origin=place, after=json.dumps(after) if after is not None else "")


def history(*states: Any, final: Any = None, kind: str = "Pod", traced: bool = True) -> History:
    """Return the history of an object that was read as the first state, and that functions left as the others."""
    written, *changed = [{"apiVersion": "v1", "kind": kind, **state} for state in states]
    last = (changed or [written])[-1] if final is None else {"apiVersion": "v1", "kind": kind, **final}
    places = {(): (1, 1), ("spec",): (3, 1), ("spec", "a"): (4, 3), ("spec", "items", 0): (6, 5), ("data",): (3, 1)}
    return History(
        Resource(
            manifest=last,
            ref=ResourceRef("", kind, "n", "x"),
            gvk=GroupVersionKind("", "v1", kind),
            origin=FILE,
            source_map=SourceMap(places),
            touched_by=tuple(
                function(f"f{at}", at, state if traced else None) for at, state in enumerate(changed, start=1)
            ),
            written=json.dumps(written) if traced else "",
        ),
        Secrets(),
    )


def steps(found: provenance.Field) -> list[tuple[str, Any, Any]]:
    """Return who changed a field, from what and to what."""
    return [(step.who, step.old, step.new) for step in found.steps]


@pytest.mark.parametrize(
    ("states", "path", "line", "expected"),
    [
        ([{"spec": {"a": 1}}], ("spec", "a"), 4, []),
        ([{"spec": {"a": 1}}, {"spec": {"a": 2}}], ("spec", "a"), 4, [("f1", 1, 2)]),
        (
            [{"spec": {"a": 1}}, {"spec": {"a": 2}}, {"spec": {"a": 2, "b": 1}}, {"spec": {"a": True, "b": 1}}],
            ("spec", "a"),
            4,
            [("f1", 1, 2), ("f3", 2, True)],
        ),
        ([{"spec": {"a": 1}}, {"spec": {"a": True}}], ("spec", "a"), 4, [("f1", 1, True)]),
        ([{"spec": {}}, {"spec": {"a": 1}}, {"spec": {"a": 2}}], ("spec", "a"), 0, [("f1", ABSENT, 1), ("f2", 1, 2)]),
        ([{"spec": {"items": ["x"]}}, {"spec": {"items": ["y", "x"]}}], ("spec", "items", 1), 6, []),
        ([{"spec": {"items": ["x"]}}, {"spec": {"items": ["y", "x"]}}], ("spec", "items", 0), 0, [("f1", ABSENT, "y")]),
        ([{"spec": {"a": 1}}, {}, {"spec": {"a": 1}}], ("spec", "a"), 0, [("f2", ABSENT, 1)]),
    ],
)
def test_a_value_is_followed_back(states: Any, path: Any, line: int, expected: Any) -> None:
    """To the line it was written on, or to the function that set it; items of lists by what they are."""
    found = history(*states).field(path)
    assert (line, expected) == (found.place.line if found.place else 0, steps(found))


def test_a_value_that_is_gone() -> None:
    """What a function removed is known by what it was before."""
    found = history({"spec": {"a": 1}}, {"spec": {"a": 2}}, {"spec": {}})
    field = found.field(("spec", "a"), age=1)
    assert (field.value, field.place.line if field.place else 0) == (ABSENT, 4)
    assert steps(field) == [("f1", 1, 2), ("f2", 2, ABSENT)]


def test_what_happens_after_the_functions() -> None:
    """A script that changes what it was handed is not a function of the chain, and what is left out is not named."""
    found = history({"spec": {"a": 1}, "status": {}}, final={"spec": {"a": 2}})
    assert steps(found.field(("spec", "a"))) == [(AFTERWARDS, 1, 2)]
    (work,) = found.work()
    assert (work.who, work.place, [each.text for each in work.fields]) == (AFTERWARDS, None, ["spec.a"])


def test_without_a_trace_only_lines_are_known() -> None:
    """And who has changed something."""
    found = history({"spec": {"a": 1}}, {"spec": {"a": 2}}, traced=False)
    field = found.field(("spec", "a"))
    assert (field.place.line if field.place else 0, field.exact, steps(field)) == (4, True, [])
    assert [(work.who, work.fields) for work in found.work()] == [("f1", ())]


def test_what_is_not_written_itself_is_near() -> None:
    """The place of what is around it is told, and that it is not its own."""
    field = history({"spec": {"z": 1}}).field(("spec", "z"))
    assert (field.place.line if field.place else 0, field.exact) == (3, False)


def test_the_work_of_functions() -> None:
    """What each of them changed, or what of it is in one field."""
    found = history({"spec": {"a": 1}}, {"spec": {"a": 2, "b": 3}}, {"spec": {"a": 2, "b": 3}, "x": 1})
    assert [(work.who, [each.text for each in work.fields]) for work in found.work()] == [
        ("f1", ["spec.a", "spec.b"]),
        ("f2", ["x"]),
    ]
    assert [(work.who, [each.text for each in work.fields]) for work in found.work("spec.b")] == [("f1", ["spec.b"])]
    assert list(found.work("spe")) == []


def test_secrets_stay_secret() -> None:
    """Old and new values of a Secret are markers, however short they are."""
    found = history({"data": {"p": "YQ=="}}, {"data": {"p": "Yg=="}}, kind="Secret")
    assert steps(found.field(("data", "p"))) == [("f1", "<secret 1>", "<secret 2>")]
    (work,) = found.work()
    assert {"<secret 1>", "<secret 2>"} == {work.fields[0].old, work.fields[0].new}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, [()]),
        ({}, [()]),
        ({"a": {"b": 1, "c": []}, "d": [1, {"e": 2}]}, [("a", "b"), ("a", "c"), ("d", 0), ("d", 1, "e")]),
    ],
)
def test_single_values(value: Any, expected: Any) -> None:
    """An empty map or list is a value of its own."""
    assert expected == list(provenance.leaves(value))
