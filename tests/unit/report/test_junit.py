"""Findings as a report of JUnit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from xml.etree import ElementTree as ET

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.redaction import Secrets
from kubernator.report import junit as reporter

WEB = Origin(path=PurePath("web.yaml"), line=3, document=1)


def resource(name, origin=WEB):
    return Resource(
        manifest={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "n"}},
        ref=ResourceRef("", "ConfigMap", "n", name),
        gvk=GroupVersionKind("", "v1", "ConfigMap"),
        origin=origin,
    )


def finding(severity=Severity.ERROR, **fields):
    known = {"message": "it is wrong", "origin": WEB, "resource": "v1 ConfigMap n/a", "code": "schema"}
    return Diagnostic(severity=severity, **{**known, **fields})


def report(found=(), resources=(), secrets=None):
    return ET.fromstring(reporter.junit(found, resources, secrets or Secrets()))  # noqa: S314 - our own


def test_a_report():
    """A suite for each file, a case for each object; an error is a failure, all else is output."""
    other = resource("b", replace(WEB, line=9))
    found = [finding(field="data.x"), finding(Severity.WARNING, message="it is odd", resource="v1 ConfigMap n/b")]
    assert reporter.junit(
        found, [other, resource("a"), resource("c", replace(WEB, path=PurePath("a.yaml")))], Secrets()
    ) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<testsuites name="kubernator validate" tests="3" failures="1" errors="0" skipped="0">\n'
        '  <testsuite name="a.yaml" tests="1" failures="0" errors="0" skipped="0">\n'
        '    <testcase classname="a.yaml" name="v1 ConfigMap n/c" file="a.yaml" line="3" />\n'
        "  </testsuite>\n"
        '  <testsuite name="web.yaml" tests="2" failures="1" errors="0" skipped="0">\n'
        '    <testcase classname="web.yaml" name="v1 ConfigMap n/a" file="web.yaml" line="3">\n'
        '      <failure message="data.x: it is wrong" type="schema">web.yaml:3:1: error: data.x: it is wrong\n'
        "  resource    v1 ConfigMap n/a</failure>\n"
        "    </testcase>\n"
        '    <testcase classname="web.yaml" name="v1 ConfigMap n/b" file="web.yaml" line="9">\n'
        "      <system-out>web.yaml:3:1: warning: it is odd\n"
        "  resource    v1 ConfigMap n/b</system-out>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n"
    )


def test_nothing():
    """A tree without objects is a report without cases."""
    assert report().attrib == {
        "name": "kubernator validate",
        "tests": "0",
        "failures": "0",
        "errors": "0",
        "skipped": "0",
    }


def test_several_errors_are_one_failure():
    """Its message tells how many more there are; all are in its text."""
    found = [finding(message=str(number), origin=replace(WEB, line=number)) for number in (1, 2, 3)]
    (failure,) = report(found, [resource("a")]).iter("failure")
    assert failure.get("message") == "1 (and 2 more)"
    assert failure.text is not None
    assert failure.text.count("error: ") == 3


def test_what_is_about_no_object():
    """A file that cannot be read, an object that came to nothing, and a finding of no place have cases, too."""
    found = [
        finding(resource=""),
        finding(resource="v1 Thing n/x"),
        finding(resource="", origin=None),
    ]
    cases = [(case.get("classname"), case.get("name")) for case in report(found).iter("testcase")]
    assert cases == [(".", "the file"), ("web.yaml", "the file"), ("web.yaml", "v1 Thing n/x")]


def test_a_field_that_was_written_elsewhere():
    """A finding belongs to its object, in whatever file the field stands, unless two objects are called alike."""
    elsewhere = finding(origin=replace(WEB, path=PurePath("patch.yaml")))
    cases = [case.get("file") for case in report([elsewhere], [resource("a")]).iter("testcase")]
    assert cases == ["web.yaml"]
    twice = [resource("a"), resource("a", replace(WEB, path=PurePath("b.yaml")))]
    cases = [case.get("file") for case in report([elsewhere], twice).iter("testcase")]
    assert cases == ["b.yaml", "patch.yaml", "web.yaml"]


def test_what_xml_cannot_hold():
    """Control characters, half of a pair and what is no character are escapes; markup is text."""
    odd = 'a\x00b\x1b[31m\ud83d\ufffe<b>&"\r\n\u2028'
    (failure,) = report([finding(message=odd)], [resource("a")]).iter("failure")
    expected = 'a\\x00b\\x1b[31m\\ud83d\\ufffe<b>&"\\x0d\n\\u2028'
    assert failure.get("message") == expected
    text = reporter.junit([finding(message=odd)], [resource("a")], Secrets())
    assert text.encode()


def test_secrets_are_hidden():
    """In every attribute and text, also where a secret has several lines."""
    secrets = Secrets()
    secrets.add("first line of it\nsecond line of it")
    secrets.add("hunter2-hunter2")
    found = [
        finding(message="first line of it\nsecond line of it", hint="hunter2-hunter2", code="hunter2-hunter2"),
        finding(Severity.WARNING, message="hunter2-hunter2"),
    ]
    text = reporter.junit(found, [resource("hunter2-hunter2", replace(WEB, path=PurePath("hunter2-hunter2")))], secrets)
    assert "hunter2" not in text
    assert "line of it" not in text


def test_it_is_the_same_for_the_same_tree():
    """In whatever order findings and objects come."""
    found = [finding(message=str(number)) for number in range(5)]
    objects = [resource("a"), resource("b")]
    assert reporter.junit(found, objects, Secrets()) == reporter.junit(found[::-1], objects[::-1], Secrets())
