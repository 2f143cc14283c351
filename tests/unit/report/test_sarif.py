"""Findings as SARIF 2.1.0."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import jsonschema_rs
import pytest

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.origin import Origin
from kubernator.redaction import Secrets
from kubernator.report import sarif as reporter


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def many(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


TEXT = {"type": "string", "minLength": 1}
WORDS = closed(["text"], text=TEXT)
ARTIFACT = closed(["uri"], uri={"type": "string", "format": "uri-reference"}, uriBaseId=TEXT)
LINE = {"type": "integer", "minimum": 1}
PHYSICAL = closed(
    ["artifactLocation"], artifactLocation=ARTIFACT, region=closed(["startLine"], startLine=LINE, startColumn=LINE)
)
LOGICAL = many(closed(["fullyQualifiedName", "kind"], fullyQualifiedName=TEXT, kind={"enum": ["object", "property"]}))
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RESULT = closed(
    ["message", "ruleId"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=WORDS,
    locations=many(closed([], physicalLocation=PHYSICAL, logicalLocations=LOGICAL), maxItems=1),
    relatedLocations=many(
        closed(["id"], id={"type": "integer", "minimum": 0}, physicalLocation=PHYSICAL, message=WORDS), uniqueItems=True
    ),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    properties={"type": "object"},
)
RULE = closed(["id"], id=TEXT, shortDescription=WORDS, fullDescription=WORDS, help=WORDS)
RUN = closed(
    ["tool", "results"],
    tool=closed(["driver"], driver=closed(["name"], name=TEXT, version=TEXT, rules=many(RULE, uniqueItems=True))),
    invocations=many(closed(["executionSuccessful"], executionSuccessful={"type": "boolean"})),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    originalUriBaseIds={"type": "object", "additionalProperties": closed([], uri=TEXT, description=WORDS)},
    results=many(RESULT),
)
#: What the specification says of the parts that we write; others are not to be there.
SCHEMA = closed(["version", "runs"], **{"$schema": TEXT}, version={"const": "2.1.0"}, runs=many(RUN))
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)

WEB = Origin(path=PurePath("web.yaml"), line=12, column=7, document=2)
HELM = Origin(path=PurePath("shop.helm.yaml"), line=1, document=1)
CHART = Origin(path=PurePath("shop/templates/web.yaml"), line=3, maker="chart shop 1.0.0", via=HELM)


def finding(severity=Severity.ERROR, **fields):
    return Diagnostic(severity=severity, **{"message": "it is wrong", "origin": WEB, "code": "schema", **fields})


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make a checkout with the files of a tree in a directory, and go there."""
    (tmp_path / "deploy").mkdir()
    for name in ("web.yaml", "shop.helm.yaml", "ä b#c.yaml"):
        (tmp_path / "deploy" / name).write_text("")
    monkeypatch.chdir(tmp_path)
    return Path("deploy")


def run(*found, start=None, secrets=None):
    """Return the run of a log, which is valid."""
    made = reporter.sarif(found, secrets or Secrets(), version="2.0.0", start=start)
    VALIDATOR.validate(json.loads(json.dumps(made)))
    (only,) = made["runs"]
    for result in only["results"]:
        assert result["ruleId"] == only["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
        for location in [*result["locations"], *result.get("relatedLocations", ())]:
            base = location.get("physicalLocation", {}).get("artifactLocation", {}).get("uriBaseId")
            assert base is None or base in only["originalUriBaseIds"]
    return only


def test_a_finding(tree):
    """Rule, level, message with the field and the hint, place in the checkout, object and field."""
    found = finding(
        field="spec.replicas",
        resource="apps/v1 Deployment shop/web",
        hint="set a number",
        changed_by=("scale, .kubernator.py:9",),
        detail=(("found by", "check"),),
    )
    (result,) = run(found, start=tree)["results"]
    assert re.fullmatch("[0-9a-f]{32}", result.pop("partialFingerprints")["kubernatorFinding/v1"])
    assert result == {
        "ruleId": "schema",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "spec.replicas: it is wrong\nhint: set a number"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "deploy/web.yaml"},
                    "region": {"startLine": 12, "startColumn": 7},
                },
                "logicalLocations": [
                    {"fullyQualifiedName": "apps/v1 Deployment shop/web", "kind": "object"},
                    {"fullyQualifiedName": "spec.replicas", "kind": "property"},
                ],
            }
        ],
        "properties": {"changedBy": ["scale, .kubernator.py:9"], "detail": ["found by: check"]},
    }


def test_what_a_chart_made_is_shown_where_the_chart_is_asked_for(tree):
    """A line of a chart's output is no line of the checkout; it is in the message and among the related places."""
    made = run(finding(origin=CHART), start=tree)
    (result,) = made["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "deploy/shop.helm.yaml"},
        "region": {"startLine": 1, "startColumn": 1},
    }
    assert "\nat shop/templates/web.yaml:3:1, chart shop 1.0.0" in result["message"]["text"]
    assert result["relatedLocations"] == [
        {
            "id": 0,
            "message": {"text": "at shop/templates/web.yaml:3:1, chart shop 1.0.0"},
            "physicalLocation": {
                "artifactLocation": {"uri": "shop/templates/web.yaml", "uriBaseId": "source-1"},
                "region": {"startLine": 3, "startColumn": 1},
            },
        }
    ]
    assert made["originalUriBaseIds"] == {"source-1": {"description": {"text": "chart shop 1.0.0"}}}


def test_who_asked_is_related(tree):
    """A file that is there is the place itself; who asked for it is related."""
    (result,) = run(finding(origin=replace(WEB, via=HELM)), start=tree)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "deploy/web.yaml"}
    (related,) = result["relatedLocations"]
    assert (related["id"], related["message"]["text"]) == (1, "asked by shop.helm.yaml:1:1, document 1")


def test_a_repository_is_a_base(tree):
    """A file of a repository is never taken for one of the checkout, though it may have the path of one."""
    remote = replace(WEB, repository="https://git.example.com/base", ref="v1")
    made = run(finding(origin=remote), start=tree)
    place = made["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "web.yaml", "uriBaseId": "source-1"}
    text = made["originalUriBaseIds"]["source-1"]["description"]["text"]
    assert text == "https://git.example.com/base?ref=v1"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ä b#c.yaml", "deploy/%C3%A4%20b%23c.yaml"),
        ("gone: or not.yaml", "gone%3A%20or%20not.yaml"),
        ("/etc/web.yaml", "file:///etc/web.yaml"),
        ("../deploy/web.yaml", "deploy/web.yaml"),
        ("a\x00b\udc80.yaml", "a%00b%5Cudc80.yaml"),
    ],
)
def test_uris(tree, path, expected):
    """They are relative to the current directory, and escaped."""
    (result,) = run(finding(origin=replace(WEB, path=PurePath(path))), start=tree)["results"]
    assert expected == result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_a_link_to_nowhere_is_a_file(tree):
    """What is told of it is that it cannot be read, at its place in the checkout."""
    (tree / "gone.yaml").symlink_to("nowhere")
    (result,) = run(finding(origin=replace(WEB, path=PurePath("gone.yaml"))), start=tree)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "deploy/gone.yaml"}


def test_a_tree_elsewhere(tree, tmp_path, monkeypatch):
    """What is not below the current directory has a whole URI."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (result,) = run(finding(), start=tmp_path / "deploy")["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert (tmp_path / "deploy" / "web.yaml").as_uri() == uri


def test_places_that_are_not_known():
    """A finding of a whole file has no region, one of no file no location."""
    whole, nowhere = run(finding(origin=replace(WEB, line=0)), finding(origin=None, resource=""))["results"][::-1]
    assert list(whole["locations"][0]["physicalLocation"]) == ["artifactLocation"]
    assert nowhere["locations"] == []


def test_levels_and_rules():
    """Each code is a rule, in order, with help; severities are levels."""
    made = run(
        finding(code="version", message="a"),
        finding(Severity.WARNING, code="reference", message="b"),
        finding(Severity.INFO, code="", message="c"),
        finding(code="my-plugin", message="d"),
    )
    rules = made["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["my-plugin", "other", "reference", "version"]
    assert all(rule["help"]["text"] for rule in rules)
    levels = {result["ruleId"]: result["level"] for result in made["results"]}
    assert levels == {"version": "error", "reference": "warning", "other": "note", "my-plugin": "error"}


def prints(*found, secrets=None):
    results = run(*found, secrets=secrets)["results"]
    return [result["partialFingerprints"]["kubernatorFinding/v1"] for result in results]


def test_fingerprints_outlive_moved_lines():
    """The same finding elsewhere in the file is the same; two alike in one run are two, and others are others."""
    moved = finding(origin=replace(WEB, line=40))
    assert prints(finding()) == prints(moved)
    assert prints(finding()) == prints(finding(), moved)[:1]
    assert len({*prints(finding(), moved), *prints(finding(field="a")), *prints(finding(resource="b"))}) == 4


def test_fingerprints_do_not_depend_on_secrets():
    """A secret is neither part of one, nor does its number matter."""
    found = finding(message='Invalid value: "hunter2-hunter2"')
    first, second = Secrets(), Secrets()
    second.add("another-secret")
    for secrets in (first, second):
        secrets.add("hunter2-hunter2")
    assert prints(found, secrets=first) == prints(found, secrets=second)
    assert prints(found, secrets=first) != prints(found)


def test_secrets_are_hidden(tree):
    """Wherever they stand, also where a URI spells them in another way."""
    secrets = Secrets()
    secrets.add("hunter2 & hunter2")
    path = PurePath("hunter2 & hunter2.yaml")
    found = Diagnostic(
        severity=Severity.ERROR,
        message="hunter2 & hunter2",
        origin=Origin(path=path, line=1, repository="https://x/hunter2 & hunter2", maker="hunter2 & hunter2", via=WEB),
        resource="hunter2 & hunter2",
        field="hunter2 & hunter2",
        changed_by=("hunter2 & hunter2",),
        detail=(("a", "hunter2 & hunter2"),),
        hint="hunter2 & hunter2",
        code="hunter2 & hunter2",
    )
    assert "hunter2" not in json.dumps(run(found, start=tree, secrets=secrets))


def test_it_is_the_same_for_the_same_tree():
    """In whatever order findings come, and as text."""
    found = [finding(message=str(number), origin=replace(WEB, line=number % 3 + 1)) for number in range(9)]
    assert json.dumps(run(*found)) == json.dumps(run(*reversed(found)))
