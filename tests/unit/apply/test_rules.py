"""Readiness rules of the user's."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import pytest

from kubernator import errors
from kubernator.apply import readiness, rules
from kubernator.model.gvk import GroupKind
from kubernator.model.origin import Origin
from kubernator.model.status import Status, StatusResult

CURRENT, PROGRESS = Status.CURRENT, Status.IN_PROGRESS


def widget(generation: int = 2, **status: Any) -> dict[str, Any]:
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "x", "generation": generation},
        "status": status,
    }


def conditions(**found: str) -> list[dict[str, Any]]:
    return [{"type": kind, "status": value, "reason": "Why"} for kind, value in found.items()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Certificate.cert-manager.io", GroupKind("cert-manager.io", "Certificate")),
        (" Deployment ", GroupKind("apps", "Deployment")),
        ("Pod", GroupKind("", "Pod")),
        ("Widget", GroupKind("*", "Widget")),
    ],
)
def test_names_of_kinds(text, expected):
    """A bare name means Kubernetes' own kind, else the kind in whatever group."""
    assert expected == rules.kind_of(text)


@pytest.mark.parametrize("text", ["", "widgets", "apps/v1 Deployment", "My Kind", ".apps"])
def test_what_names_no_kind(text):
    """A plural or an apiVersion is not a kind."""
    with pytest.raises(errors.ProjectError, match="does not name a kind"):
        rules.kind_of(text)


@pytest.mark.parametrize(
    ("rule", "manifest", "expected", "message"),
    [
        ("Ready", widget(conditions=conditions(Ready="True")), CURRENT, "Why"),
        ("Ready", widget(conditions=conditions(Ready="False")), PROGRESS, "Ready is False: Why"),
        ("Ready", widget(), PROGRESS, "condition Ready is not there"),
        ("Degraded=False", widget(conditions=conditions(Degraded="False")), CURRENT, "Why"),
        ("Degraded=false", widget(conditions=conditions(Degraded="True")), PROGRESS, "Degraded is True"),
        ("Ready", widget(observedGeneration=1, conditions=conditions(Ready="True")), PROGRESS, "generation 2"),
        (
            "Ready",
            widget(conditions=[{"type": "Ready", "status": "True", "observedGeneration": 1}]),
            PROGRESS,
            "is of generation 1",
        ),
    ],
)
def test_a_rule_by_condition(rule, manifest, expected, message):
    """The condition of that type has that value, of the newest generation."""
    found = rules.by_condition(rule)(manifest)
    assert expected is found.status
    assert message in found.message


@pytest.mark.parametrize(
    ("rule", "manifest", "expected", "message"),
    [
        ("{.status.phase}=Bound", widget(phase="Bound"), CURRENT, "`$.status.phase` is `Bound`"),
        ("jsonpath={.status.phase}=Bound", widget(phase="Lost"), PROGRESS, "is `Lost`, not `Bound`"),
        (".status.phase=Bound", widget(), PROGRESS, "`$.status.phase` is not there"),
        ("{.status.address}", widget(address="1.2.3.4"), CURRENT, "1.2.3.4"),
        ("status.ready=true", widget(ready=True), CURRENT, "true"),
        ("{.status.count}=3", widget(count=3), CURRENT, "3"),
        ("{.status.items[*].ok}=true", widget(items=[{"ok": True}, {"ok": False}]), PROGRESS, "not `true`"),
        (
            '{.status.conditions[?(@.type=="Ready")].status}=True',
            widget(conditions=conditions(Ready="True")),
            CURRENT,
            "True",
        ),
        ('.status.conditions[?(@.type=="Ready")]', widget(conditions=conditions(Ready="True")), CURRENT, "Ready"),
        ("{.status.phase}=", widget(phase=""), CURRENT, ""),
        ("{.status.phase}=Bound", widget(observedGeneration=1, phase="Bound"), PROGRESS, "generation 2"),
    ],
)
def test_a_rule_by_json_path(rule, manifest, expected, message):
    """As `kubectl wait` says it: every value found is the wanted one, or there is any."""
    found = rules.by_path(rule)(manifest)
    assert expected is found.status
    assert message in found.message


@pytest.mark.parametrize("text", ["{.status.phase", "{.a}b", "{.a[}=x", "{range .a[*]}=x", "{end}"])
def test_what_is_no_json_path(text):
    """It is told where the rule is registered, not while waiting."""
    with pytest.raises(errors.ProjectError, match="JSONPath"):
        rules.by_path(text)


def test_a_condition_has_a_name():
    """`=True` names none."""
    with pytest.raises(errors.ProjectError, match="names no condition"):
        rules.by_condition("=True")


ORIGIN = Origin(path=PurePath(".kubernator.py"), line=3)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (True, StatusResult(CURRENT)),
        (False, StatusResult(PROGRESS, "its readiness rule says no")),
        ("no backend", StatusResult(PROGRESS, "no backend")),
        (Status.FAILED, StatusResult(Status.FAILED)),
        (StatusResult(PROGRESS, "x", suspect=True), StatusResult(PROGRESS, "x", suspect=True)),
    ],
)
def test_what_a_function_may_answer(answer, expected):
    """Whether it is current, why not, or the whole verdict."""
    assert expected == rules.asking(lambda _: answer, name="f", origin=ORIGIN)(widget())


@pytest.mark.parametrize(("function", "what"), [(lambda _: 1 / 0, "raised ZeroDivisionError"), (lambda _: 3, "`int`")])
def test_a_rule_that_fails_leaves_the_state_unknown(function, what, caplog):
    """It is logged once, with its place, and crashes nothing."""
    rule = rules.asking(function, name="f", origin=ORIGIN)
    for _ in range(3):
        found = rule(widget())
        assert Status.UNKNOWN is found.status
        assert what in found.message
    (record,) = caplog.records
    assert "readiness rule `f` (.kubernator.py:3:1)" in record.getMessage()


def test_a_rule_for_any_group_and_one_for_a_group():
    """The one that names the group goes first; a rule goes before what is built in."""
    mine = {GroupKind("*", "Widget"): lambda _: StatusResult(PROGRESS, "any")}
    assert readiness.status(widget(), mine).message == "any"
    mine[GroupKind("example.com", "Widget")] = lambda _: StatusResult(PROGRESS, "one")
    assert readiness.status(widget(), mine).message == "one"
