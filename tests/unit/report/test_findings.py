"""Findings in words, and as data."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.origin import Origin
from kubernator.redaction import Secrets
from kubernator.report import codes, findings

SOURCES = Path(findings.__file__).parents[1]
DOCS = Path(__file__).parents[3] / "docs"
WEB = Origin(path=PurePath("web.yaml"), line=12, column=7, document=2)
REPLICAS = Diagnostic(
    severity=Severity.ERROR,
    message="Invalid value: -1: must be greater than or equal to 0",
    origin=WEB,
    resource="apps/v1 Deployment shop/web",
    field="spec.replicas",
    changed_by=("scale, .kubernator.py:9",),
    detail=(("found by", "check, .kubernator.py:20:1"),),
    hint="set a number",
    code="schema",
)
CHART = Origin(
    path=PurePath("shop/templates/web.yaml"),
    line=3,
    document=1,
    maker="chart shop 1.0.0",
    via=Origin(path=PurePath("shop.helm.yaml"), line=1, document=1),
)


def finding(severity=Severity.ERROR, **fields):
    return Diagnostic(severity=severity, **{"message": "it is wrong", "origin": WEB, **fields})


def text(*found, checked=1, secrets=None):
    return findings.text(found, secrets or Secrets(), checked=checked)


def test_a_finding_in_words():
    """Place, severity, field and message in the line that editors read, all else below it."""
    assert text(REPLICAS, checked=24) == (
        "web.yaml:12:7: error: spec.replicas: Invalid value: -1: must be greater than or equal to 0\n"
        "  resource    apps/v1 Deployment shop/web\n"
        "  changed by  scale, .kubernator.py:9\n"
        "  found by    check, .kubernator.py:20:1\n"
        "  hint        set a number\n"
        "\n"
        "checked 24 objects: 1 error\n"
    )


def test_what_a_chart_made():
    """The file of the chart comes first, then what tells it from others, then who asked for it."""
    assert text(finding(origin=CHART)).splitlines()[:3] == [
        "shop/templates/web.yaml:3:1: error: it is wrong",
        "  in          document 1, chart shop 1.0.0",
        "  asked by    shop.helm.yaml:1:1, document 1",
    ]


def test_what_a_repository_has():
    """A file of a repository is told from one of the tree."""
    origin = replace(WEB, repository="https://git.example.com/base", ref="v1", document=None)
    assert "\n  in          https://git.example.com/base?ref=v1\n" in text(finding(origin=origin))


@pytest.mark.parametrize(
    ("field", "message", "expected"),
    [
        ("", "it is wrong", "it is wrong"),
        ("spec.a", "Required value", "spec.a: Required value"),
        ("spec.a", "`spec.a`: Required value", "`spec.a`: Required value"),
        ("spec.a", 'unknown field "spec.a"', 'unknown field "spec.a"'),
    ],
)
def test_the_field_is_said_once(field, message, expected):
    """Before the message, unless that has it."""
    assert expected == findings.sentence(finding(field=field, message=message))


def test_files_are_apart():
    """Findings are sorted by file, line and column, the worse first; between files is an empty line."""
    other = Origin(path=PurePath("a.yaml"), line=1)
    found = [
        finding(Severity.WARNING, message="w"),
        finding(Severity.INFO, message="n", origin=replace(WEB, line=2)),
        finding(message="e"),
        finding(message="a", origin=other),
        finding(message="nowhere", origin=None),
        finding(message="all of it", origin=replace(WEB, line=0)),
    ]
    assert text(*found, checked=2).splitlines() == [
        "error: nowhere",
        "",
        "a.yaml:1:1: error: a",
        "",
        "web.yaml: error: all of it",
        "web.yaml:2:7: note: n",
        "web.yaml:12:7: error: e",
        "web.yaml:12:7: warning: w",
        "",
        "checked 2 objects: 4 errors, 1 warning, 1 note",
    ]


@pytest.mark.parametrize(
    ("checked", "expected"),
    [(0, "checked 0 objects: nothing is wrong\n"), (1, "checked 1 object: nothing is wrong\n")],
)
def test_nothing_is_wrong(checked, expected):
    """One line says so."""
    assert expected == text(checked=checked)


def test_the_same_is_said_once():
    """Two equal findings are one."""
    assert text(REPLICAS, replace(REPLICAS)).count("spec.replicas") == 1


def test_long_texts_stay_in_their_column():
    """What has several lines is indented, so that no line looks like a finding of its own."""
    found = finding(message="it is wrong:\nweb.yaml:1:1: error: x", detail=(("a very long label", "one\ntwo"),))
    assert text(found).splitlines()[:4] == [
        "web.yaml:12:7: error: it is wrong:",
        "  web.yaml:1:1: error: x",
        "  a very long label  one",
        "                     two",
    ]


def test_odd_names_are_harmless():
    """Control characters of names are shown as escapes, and a line break in a file's name breaks no line."""
    odd = Origin(path=PurePath("a\nb\x1b[2J.yaml"), line=1)
    assert text(finding(origin=odd)).startswith("a b\\x1b[2J.yaml:1:1: error: it is wrong\n")


def test_secrets_are_hidden():
    """In words and as data, wherever they stand, also where laying out would break them."""
    secrets = Secrets()
    secrets.add("hunter2-hunter2")
    secrets.add("first line of it\nsecond line of it")
    found = Diagnostic(
        severity=Severity.ERROR,
        message='Invalid value: "hunter2-hunter2"',
        origin=Origin(path=PurePath("hunter2-hunter2.yaml"), repository="https://hunter2-hunter2@example.com"),
        resource="v1 Secret n/hunter2-hunter2",
        field="data[hunter2-hunter2]",
        changed_by=("hunter2-hunter2",),
        detail=(("value", "first line of it\nsecond line of it"),),
        hint="hunter2-hunter2",
    )
    shown = text(found, secrets=secrets) + json.dumps(findings.data([found], secrets, checked=1))
    assert "hunter2" not in shown
    assert "line of it" not in shown
    assert "hunter2" in text(found, secrets=Secrets(show=True))


def test_data():
    """Everything that is known, under names that stay; what is not known of a place has no key."""
    assert findings.data([REPLICAS, finding(Severity.WARNING, origin=CHART)], Secrets(), checked=3) == {
        "format": "kubernator/findings/v1",
        "checked": 3,
        "counts": {"errors": 1, "warnings": 1, "notes": 0},
        "findings": [
            {
                "severity": "warning",
                "code": "",
                "message": "it is wrong",
                "resource": "",
                "field": "",
                "hint": "",
                "changedBy": [],
                "detail": [],
                "at": {
                    "file": "shop/templates/web.yaml",
                    "line": 3,
                    "column": 1,
                    "document": 1,
                    "madeBy": "chart shop 1.0.0",
                },
                "askedBy": [{"file": "shop.helm.yaml", "line": 1, "column": 1, "document": 1}],
            },
            {
                "severity": "error",
                "code": "schema",
                "message": "Invalid value: -1: must be greater than or equal to 0",
                "resource": "apps/v1 Deployment shop/web",
                "field": "spec.replicas",
                "hint": "set a number",
                "changedBy": ["scale, .kubernator.py:9"],
                "detail": [{"label": "found by", "text": "check, .kubernator.py:20:1"}],
                "at": {"file": "web.yaml", "line": 12, "column": 7, "document": 2},
                "askedBy": [],
            },
        ],
    }


def test_data_of_no_place():
    """A finding may have none."""
    (found,) = findings.data([finding(origin=None)], Secrets(), checked=0)["findings"]
    assert (found["at"], found["askedBy"]) == (None, [])


def test_every_code_has_a_meaning():
    """Whatever code a finding of ours can have, there is a title for it, and help."""
    used = {
        keyword.value.value
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", "") == "Diagnostic" or getattr(node.func, "attr", "") in {"problem", "note"})
        for keyword in node.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant) and keyword.value.value
    }
    assert used - set(codes.CODES) == set()
    assert {"schema", "policy", "version", "reference"} <= set(codes.CODES)


@pytest.mark.parametrize("code", codes.CODES)
def test_every_code_is_described(code):
    """It begins a row of the table of the reference page."""
    assert f"| `{code}` | " in (DOCS / "reference" / "validation.md").read_text()


@pytest.mark.parametrize("code", ["", "my-plugin"])
def test_a_code_of_somebody_else(code):
    """It means that something is wrong."""
    assert codes.meaning(code).title == "Something is wrong"
