"""What Terraform and OpenTofu are told, and what is made of their answers."""

from __future__ import annotations

import pytest

from kubernator.tools import terraform, terraform_trouble
from kubernator.tools.terraform import Complaint, Lock, Output

PLAIN = """
Error: Missing region value

  on main.tf line 2, in terraform:
   2:   backend "s3" {

The "region" attribute or the "AWS_REGION" or "AWS_DEFAULT_REGION"
environment variables must be set.

Error: Duplicate output definition

  on main.tf line 7:
   7: output "x" { value = 1 }

An output named "x" was already defined at bad.tf:1,1-11.
"""

BOXED = """\x1b[31m╷\x1b[0m\x1b[0m
\x1b[31m│\x1b[0m \x1b[0m\x1b[1m\x1b[31mError: \x1b[0m\x1b[0m\x1b[1mSomething long that does not fit into one
\x1b[31m│\x1b[0m \x1b[0mline\x1b[0m
\x1b[31m│\x1b[0m \x1b[0m
\x1b[31m│\x1b[0m \x1b[0m\x1b[0m  on net/main.tf line 12, in output "x":
\x1b[31m│\x1b[0m \x1b[0m  12: output "x" {
\x1b[31m│\x1b[0m \x1b[0m
\x1b[31m│\x1b[0m \x1b[0mWhy.
\x1b[31m╵\x1b[0m\x1b[0m
"""

WARNED = """
Warning: Unable to open CLI configuration file

The CLI configuration file at "/x" does not exist.

Error: Unsupported state file format

The state file could not be parsed as JSON: syntax error at byte offset 6.
"""

LOCKED = """
Error: Error acquiring the state lock

Error message: the state is already locked by another terraform client
Lock Info:
  ID:        fbe9e543-b2a1-f569-0a88-42212462e3fb
  Path:      state/net
  Operation: OperationTypeApply
  Who:       root@vm
  Version:   1.11.4
  Created:   2026-11-23 06:24:13.936096866 +0000 UTC
  Info:      


Terraform acquires a state lock to protect the state from being written
by multiple users at the same time.
"""  # noqa: W291 - as the program writes it


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"terraform_version": "1.11.4", "platform": "linux_amd64"}', "1.11.4"),
        ("Terraform v0.12.31\n+ provider.null v2.1", "0.12.31"),
        ("OpenTofu v1.6.0\non linux_amd64", "1.6.0"),
        ('{"version": 3}', ""),
        ('["1.0"]', ""),
        ("hello", ""),
    ],
)
def test_the_version_is_read_from_json_or_words(text: str, expected: str) -> None:
    """Programs before 0.13 know no JSON there."""
    assert expected == terraform.version(text)


def test_what_is_given_for_init_comes_last() -> None:
    """So that it wins over what we say."""
    assert terraform.init(["-backend-config=x"], keep_lockfile=True) == [
        *("init", "-reconfigure", "-input=false", "-upgrade=false", "-no-color"),
        *("-lockfile=readonly", "-backend-config=x"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n", []),
        ("{}", [{}]),
        ('{"a": 1}\n{"b": [2]}{"c": 3}\n', [{"a": 1}, {"b": [2]}, {"c": 3}]),
        ('"é" 1', ["é", 1]),
    ],
)
def test_json_values_stand_one_after_the_other(text: str, expected: list[object]) -> None:
    """With or without room between them."""
    assert expected == terraform.decode(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": "canary-value"', "line 1, column 21"),
        ('{"a": 1}\n\nhello canary-value', "line 3, column 1"),
        ('{"a": 1}\n  {"canary-value" 2}', "line 2, column 19"),
    ],
)
def test_what_is_no_json_is_told_by_its_place_and_not_quoted(text: str, place: str) -> None:
    """It may be secret."""
    with pytest.raises(ValueError, match=place) as caught:
        terraform.decode(text)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_output_that_does_not_say_is_taken_for_sensitive() -> None:
    """Terraform always says; who wraps it may not."""
    document = {
        "a": {"value": 1, "sensitive": False, "type": "number"},
        "b": {"value": None, "sensitive": True},
        "c": {"value": "x"},
    }
    expected = {"a": Output(1, sensitive=False), "b": Output(None, sensitive=True), "c": Output("x", sensitive=True)}
    assert expected == terraform.outputs(document)


@pytest.mark.parametrize("document", [[], None, "x", {"a": 1}, {"a": {"type": "string"}}])
def test_what_are_no_outputs_is_refused(document: object) -> None:
    """Another kind of answer is not taken for an empty one."""
    with pytest.raises(ValueError, match=r"value|object"):
        terraform.outputs(document)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("pass", ["pass"]),
        (12345678, ["12345678"]),
        (1.5, ["1.5"]),
        (True, []),
        (None, []),
        ({"user": "me", "all": ["p", {"q": 7}], "on": False}, ["me", "p", "7"]),
    ],
)
def test_every_leaf_of_a_sensitive_value_is_secret(value: object, expected: list[str]) -> None:
    """Strings and numbers, however deep; names are not."""
    assert expected == list(terraform.leaves(value))


def test_errors_are_read_with_their_places() -> None:
    """The quoted line of the file is left out."""
    assert terraform.complaints(PLAIN) == [
        Complaint(
            "Missing region value",
            'The "region" attribute or the "AWS_REGION" or "AWS_DEFAULT_REGION"\nenvironment variables must be set.',
            "main.tf",
            2,
            "terraform",
        ),
        Complaint(
            "Duplicate output definition", 'An output named "x" was already defined at bad.tf:1,1-11.', "main.tf", 7
        ),
    ]


def test_errors_are_read_from_boxes_in_colour() -> None:
    """Whoever sets `TF_CLI_ARGS` may get them; a wrapped summary is one line."""
    expected = Complaint("Something long that does not fit into one line", "Why.", "net/main.tf", 12, 'output "x"')
    assert terraform.complaints(BOXED) == [expected]


def test_warnings_are_told_from_errors() -> None:
    """Either stands where it ends the other."""
    assert [each.summary for each in terraform.complaints(WARNED)] == ["Unsupported state file format"]
    assert terraform.warnings(WARNED) == [
        Complaint("Unable to open CLI configuration file", 'The CLI configuration file at "/x" does not exist.')
    ]


def test_who_holds_a_lock_is_read() -> None:
    """The fraction of the second is left out."""
    (found,) = terraform.complaints(LOCKED)
    assert terraform.lock(found.detail) == Lock(
        id="fbe9e543-b2a1-f569-0a88-42212462e3fb",
        who="root@vm",
        created="2026-11-23 06:24:13 +0000 UTC",
        operation="apply",
        path="state/net",
    )
    assert terraform.lock("something else") is None


@pytest.mark.parametrize(
    ("stderr", "title", "hint"),
    [
        (
            LOCKED,
            "the state of `net` is locked by `root@vm` since 2026-11-23 06:24:13 +0000 UTC for `apply`",
            "`tofu force-unlock fbe9e543-b2a1-f569-0a88-42212462e3fb` there",
        ),
        (
            LOCKED.replace("the state lock\n\nError message", "the state"),
            "the state of `net` is locked by `root@vm` since 2026-11-23 06:24:13 +0000 UTC for `apply`",
            "force-unlock",
        ),
        (
            "\nError: Error refreshing state: 2 problems:\n\n- Unsupported state file format: x\n- y\n",
            "`tofu output` failed in `net`: error refreshing state: 2 problems",
            "newer",
        ),
        (PLAIN, "`tofu output` failed in `net`: missing region value", "init_args"),
        (BOXED, "`tofu output` failed in `net`: something long that does not fit into one line", ""),
        (
            '\nError: Backend initialization required, please run "terraform init"\n\nReason: x\n',
            '`tofu output` failed in `net`: backend initialization required, please run "terraform init"',
            "run `tofu init` there",
        ),
        (
            "\nError: Terraform encountered problems during initialisation, described\nbelow.\n\nError: HCL bad\n",
            "`tofu output` failed in `net`: HCL bad",
            "",
        ),
        ("nonsense", "`tofu output` failed in `net`", "run it there"),
        ("", "`tofu output` failed in `net`", "run it there"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(stderr: str, title: str, hint: str) -> None:
    """With what helps, where that is known."""
    found = terraform_trouble.trouble(
        terraform.complaints(stderr), program="tofu", verb="output", directory="net", code=1, rest=stderr
    )
    assert title == found.title
    assert hint in found.hint


def test_other_complaints_are_told_too() -> None:
    """In a line each, with their places."""
    found = terraform_trouble.trouble(
        terraform.complaints(PLAIN), program="terraform", verb="init", directory="net", code=1, rest=PLAIN
    )
    assert (found.file, found.line) == ("main.tf", 2)
    assert ("also", "main.tf:7: duplicate output definition") in found.detail


@pytest.mark.parametrize(("code", "expected"), [(3, ("exit code", "3")), (-9, ("ended by", "signal 9"))])
def test_a_program_that_says_nothing_is_told_by_its_end(code: int, expected: tuple[str, str]) -> None:
    """Killed by a signal, say."""
    found = terraform_trouble.trouble([], program="terraform", verb="init", directory="net", code=code, rest=" ")
    assert found.detail == (expected,)


def test_declared_outputs_are_found_with_their_lines() -> None:
    """Good enough to say that one was declared and not applied."""
    text = 'locals {}\noutput "a-b" {\n}\n  output c {}\n# output "d" {\noutput "a-b" {'
    assert terraform.declared(text) == {"a-b": 2, "c": 4}


@pytest.mark.parametrize(
    ("environment", "configuration", "expected"),
    [
        ({}, "", False),
        ({"TF_PLUGIN_CACHE_DIR": "/x"}, "", True),
        ({"TF_PLUGIN_CACHE_DIR": ""}, "", False),
        ({}, 'plugin_cache_dir   = "$HOME/x"', True),
        ({}, '# plugin_cache_dir = "x"', False),
    ],
)
def test_a_shared_cache_of_providers_is_noticed(
    environment: dict[str, str], configuration: str, *, expected: bool
) -> None:
    """Terraform does not lock it."""
    assert expected is terraform.shares_plugin_cache(environment, configuration)
