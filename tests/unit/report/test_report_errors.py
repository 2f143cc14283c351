"""Errors and findings in words."""

from __future__ import annotations

import logging
import textwrap
from pathlib import PurePosixPath

import pytest

from kubernator import errors
from kubernator.model.diagnostics import Diagnostic, Diagnostics, Severity
from kubernator.model.origin import Origin
from kubernator.redaction import Secrets
from kubernator.report import errors as shown

ORIGIN = Origin(
    path=PurePosixPath("web/templates/deployment.yaml"),
    line=1,
    maker="chart web 1.4.2",
    via=Origin(path=PurePosixPath("envs/prod/web.helm.yaml"), line=1, document=1),
)


def test_a_finding_is_shown_as_the_architecture_draws_it(secrets: Secrets) -> None:
    """Title, place, who asked, resource, what changed it; then what to do."""
    found = Diagnostic(
        severity=Severity.ERROR,
        message="namespaced resource has no namespace",
        origin=ORIGIN,
        resource="apps/v1 Deployment web",
        changed_by=("remove_replicas, envs/.kubernator.py:9",),
        hint="set `metadata.namespace`, or `namespace:` in web.helm.yaml",
    )
    expected = """\
        error: namespaced resource has no namespace
          at          web/templates/deployment.yaml:1:1, chart web 1.4.2
          asked by    envs/prod/web.helm.yaml:1:1, document 1
          resource    apps/v1 Deployment web
          changed by  remove_replicas, envs/.kubernator.py:9

        hint: set `metadata.namespace`, or `namespace:` in web.helm.yaml"""
    assert textwrap.dedent(expected) == shown.render([shown.of_diagnostic(found)], secrets)


def test_lines_of_a_text_stand_below_each_other(secrets: Secrets) -> None:
    """The output of a program keeps its lines, under its label."""
    error = errors.ToolFailed("`git` failed", argv=["git", "x"], code=1, stderr="one\ntwo")
    assert "  output      one\n              two" in shown.render([shown.of_error(error)], secrets)


def test_a_secret_of_several_lines_is_not_pulled_apart(secrets: Secrets) -> None:
    """Lines too short to be known alone are hidden with the rest, though they are shown below each other."""
    secrets.add("pin1\npin2\npin3")
    error = errors.ToolFailed("`git` said pin1\npin2\npin3", argv=["git"], code=1, stderr="it:\npin1\npin2\npin3\n")
    assert "pin" not in shown.render([shown.of_error(error)], secrets)


def test_findings_of_the_whole_run_come_first_and_are_counted(secrets: Secrets) -> None:
    """They are sorted by place, each is shown once, and the last block says how many there are."""
    diagnostics = Diagnostics()
    for line, severity in ((9, Severity.ERROR), (2, Severity.WARNING), (5, Severity.ERROR)):
        origin = Origin(path=PurePosixPath("a.yaml"), line=line)
        diagnostics.add(Diagnostic(severity=severity, message=f"line {line}", origin=origin))
    error = errors.ValidationFailed("the tree is not valid", diagnostics.errors)
    titles = [f"{block.kind}: {block.title}" for block in shown.blocks(error, diagnostics)]
    assert titles == [
        "warning: line 2",
        "error: line 5",
        "error: line 9",
        "error: the tree is not valid (2 errors, 1 warning)",
    ]


def test_what_was_logged_is_counted_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    """Only what the level of the log let through counts as told."""
    diagnostics = Diagnostics()
    for severity in (Severity.INFO, Severity.WARNING):
        diagnostics.add(Diagnostic(severity=severity, message=f"a {severity.name}"))
    with caplog.at_level(logging.WARNING):
        diagnostics.tell(shown.log_findings(diagnostics, logging.getLogger("kubernator")))
    diagnostics.add(Diagnostic(severity=Severity.ERROR, message="an ERROR"))
    error = errors.ValidationFailed("the tree is not valid", ())
    titles = [block.title for block in shown.blocks(error, diagnostics, told=diagnostics.told)]
    assert titles == ["an ERROR", "a INFO", "the tree is not valid (1 error, 1 warning)"]


def test_a_group_of_errors_is_all_of_them() -> None:
    """Several errors on the way out are shown one after the other."""
    group = BaseExceptionGroup("", [errors.ScriptError("one"), BaseExceptionGroup("", [KeyboardInterrupt()])])
    assert [block.title for block in shown.blocks(group)] == ["one", "interrupted"]


def test_notes_are_shown() -> None:
    """What was added to an error on its way, such as the stage of a plugin, is a line of it."""
    error = errors.PluginError("it failed")
    error.add_note("in stage `start` of plugin `x`")
    assert shown.of_error(error).lines == (("note", "in stage `start` of plugin `x`"),)


def test_what_is_no_error_of_ours_is_a_bug() -> None:
    """The text has the exception, the place and the versions, and how to get more."""
    try:
        {}["x"]
    except KeyError as error:
        block = shown.of_error(error)
    assert block.title == "Kubernator has a bug: KeyError: 'x'"
    assert [label for label, _ in block.lines] == ["in", "version"]
    assert "`-v DEBUG`" in block.hint


def test_secrets_are_in_no_error() -> None:
    """Whatever part of an error holds one."""
    secrets = Secrets()
    secrets.add("correct-horse")
    error = errors.KubernatorError("correct-horse", detail=[("x", "correct-horse")], hint="correct-horse")
    text = shown.render([shown.of_error(error)], secrets)
    assert (text.count("correct-horse"), text.count("<secret 1>")) == (0, 3)


def test_in_the_log_the_last_block_is_critical(caplog: pytest.LogCaptureFixture) -> None:
    """Findings keep their level; what ended the run is CRITICAL; lines and hint are values of the record."""
    said = [shown.Block("warning", "w"), shown.Block("error", "e", (("at", "x:1"),), "do"), shown.Block("error", "end")]
    with caplog.at_level(logging.DEBUG):
        shown.log(said, logging.getLogger("kubernator"), final=True)
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR", "CRITICAL"]
    assert (caplog.records[1].lines, caplog.records[1].hint) == ((("at", "x:1"),), "do")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a\n" * 40, ["…", *["a"] * 30]),
        ("x" * 100_000, ["…", "x" * errors.ToolFailed.LONGEST]),
        ("a\nb\n", ["a", "b"]),
    ],
    ids=["lines", "line", "little"],
)
def test_of_much_output_the_end_is_shown(said: str, shown: list[str]) -> None:
    """In lines, and in characters: a program may write no line ends at all."""
    error = errors.ToolFailed("`x` failed", argv=["x"], code=1, stderr=said)
    assert dict(error.detail)["output"].splitlines() == shown
