"""Findings as a report of JUnit, which services that build show as tests: a test case for each object.

There is no standard for it but what Jenkins, GitLab and their like read: suites of cases, at most one failure a case.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.etree import ElementTree as ET

from kubernator.model.diagnostics import Severity
from kubernator.report import findings
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubernator.model.diagnostics import Diagnostic
    from kubernator.model.origin import Origin
    from kubernator.model.resource import Resource
    from kubernator.redaction import Secrets

__all__ = ["junit"]

#: What XML 1.0 cannot hold besides the control characters, which are escapes already.
_NO_XML: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_NAMELESS: Final = "the file"


class _Case(NamedTuple):
    """One test case: an object of a file, or the file itself."""

    file: str
    name: str


def junit(diagnostics: Iterable[Diagnostic], resources: Sequence[Resource], secrets: Secrets) -> str:
    """Return an XML document: a suite for each file, in it a case for each object, and one for what has no object.

    An error makes its case a failure. Warnings and notes are the output of a case that passes.
    """
    cases = _cases(diagnostics, resources)
    root = ET.Element("testsuites", {"name": "kubernator validate"})
    suites: dict[str, ET.Element] = {}
    for case, (found, line) in sorted(cases.items(), key=lambda item: (item[0].file, item[1][1], item[0].name)):
        file = _text(case.file, secrets)
        suite = suites.get(case.file)
        if suite is None:
            suite = suites[case.file] = ET.SubElement(root, "testsuite", {"name": file})
        made = ET.SubElement(suite, "testcase", {"classname": file, "name": _text(case.name, secrets), "file": file})
        if line:
            made.set("line", str(line))
        _fill(made, findings.ordered(found), secrets)
    for suite in (*suites.values(), root):
        _count(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _cases(
    diagnostics: Iterable[Diagnostic], resources: Sequence[Resource]
) -> dict[_Case, tuple[list[Diagnostic], int]]:
    """Return the findings of each case, and the line where it begins."""
    cases: dict[_Case, tuple[list[Diagnostic], int]] = {}
    by_name: dict[str, list[_Case]] = defaultdict(list)
    for resource in resources:
        case = _Case(_file(resource.origin), str(resource))
        if case not in cases:
            cases[case] = ([], resource.origin.line)
            by_name[case.name].append(case)
    for found in findings.ordered(diagnostics):
        case = _Case(_file(found.origin), found.resource or _NAMELESS)
        alike = by_name.get(found.resource, ())
        if case not in cases and len(alike) == 1:  # the field was written elsewhere, in a file that was merged in
            case = alike[0]
        cases.setdefault(case, ([], 0))[0].append(found)
    return cases


def _fill(case: ET.Element, found: Sequence[Diagnostic], secrets: Secrets) -> None:
    errors = [each for each in found if each.severity is Severity.ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        message = _text(findings.sentence(errors[0]), secrets) + more
        failure = ET.SubElement(case, "failure", {"message": message, "type": _text(errors[0].code, secrets)})
        failure.text = _blocks(errors, secrets)
    others = [each for each in found if each.severity is not Severity.ERROR]
    if others:
        ET.SubElement(case, "system-out").text = _blocks(others, secrets)


def _blocks(found: Iterable[Diagnostic], secrets: Secrets) -> str:
    return _text("\n".join(line for each in found for line in findings.block(each, secrets.redact)), secrets)


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(sum(1 for _ in suite.iter("testcase"))))
    suite.set("failures", str(sum(1 for _ in suite.iter("failure"))))
    suite.set("errors", "0")
    suite.set("skipped", "0")


def _file(origin: Origin | None) -> str:
    return str(origin.path) if origin else "."


def _text(value: str, secrets: Secrets) -> str:
    """Return a text redacted, and fit for XML."""
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", printable(secrets.redact(value)))
