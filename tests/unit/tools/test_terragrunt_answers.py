"""What Terragrunt is told by its version, and what is made of its answers."""

from __future__ import annotations

import pytest

from kubernator.tools import terragrunt
from kubernator.tools.terraform import Complaint
from kubernator.tools.terragrunt import Failure

UNITS = """06:34:51.363 INFO   [b] Downloading Terraform configurations from ./mod into ./b/.terragrunt-cache/8aF/Y9z
06:34:51.521 STDERR [b] terraform: Error: Missing required argument
06:34:51.572 ERROR  Run failed: 3 errors occurred:

* told twice
06:34:51.573 INFO   TIP (debugging-docs): For help troubleshooting errors, visit https://example.org
06:34:51.573 ERROR  3 errors occurred:

* Failed to execute "terraform init -no-color" in ./b/.terragrunt-cache/8aFEHFnj2NvOI3lSUcJ-g89SbOU/Y9z7G7j8mhX
  
  Error: Missing required argument
  
    on main.tf line 8, in output "x":
     8: output "x" {
  
  The argument "value" is required, but no definition was found.
  
  exit status 1

* Failed to execute "terraform init -no-color" in ./deep/d
  
  Error: Error acquiring the state lock
  
  Lock Info:
    ID:        fbe9
    Who:       me@here
  
  exit status 1

* Unit '/tmp/a' did not run due to a failure in '/tmp/c'
"""  # noqa: W293 - as the program writes it

HCL = "06:34:51.799 ERROR  /tree/b/terragrunt.hcl:4,5-6: Unclosed configuration block; There is no closing brace.\n"

PLAIN = """06:34:52.767 ERROR  error occurred:

* resolving dependency "c" outputs: no outputs. Either it was not applied
  or not.
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("terragrunt version v1.1.0\n", "1.1.0"),
        ("terragrunt version 0.48.7", "0.48.7"),
        ("terragrunt version v0.90.0-rc1", "0.90.0-rc1"),
        ("terragrunt version latest", ""),
        ("", ""),
    ],
)
def test_the_version_is_read(text: str, expected: str) -> None:
    """A build of one's own may have none."""
    assert expected == terragrunt.version(text)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.48.7", ["run-all", "output", "-json"]),
        ("0.72.9", ["run-all", "output", "-json"]),
        ("0.73.0", ["run", "--all", "--", "output", "-json"]),
        ("0.90.0-rc1", ["run", "--all", "--", "output", "-json"]),
        ("1.1.0", ["run", "--all", "--", "output", "-json"]),
        ("", ["run", "--all", "--", "output", "-json"]),
    ],
)
def test_the_command_has_two_spellings(version: str, expected: list[str]) -> None:
    """The old one went with 1.0."""
    assert expected == terragrunt.everywhere(version, ["output", "-json"])


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.72.0", {"TERRAGRUNT_TFPATH": "/tofu", "TERRAGRUNT_DOWNLOAD": "/d", "TERRAGRUNT_PARALLELISM": "1"}),
        ("1.1.0", {"TG_TF_PATH": "/tofu", "TG_DOWNLOAD_DIR": "/d", "TG_PARALLELISM": "1"}),
    ],
)
def test_the_environment_has_two_spellings(version: str, expected: dict[str, str]) -> None:
    """What is not wanted is not set, so that the user's own counts."""
    told = terragrunt.environment(version, one_by_one=True, program="/tofu", downloads="/d")
    assert expected.items() <= told.items()
    assert not expected.keys() & terragrunt.environment(version, one_by_one=False).keys()


def test_what_failed_is_read_for_each_unit() -> None:
    """From the last words; what Terraform said of it is read as such."""
    first, locked, other = terragrunt.failures(UNITS)
    complaint = Complaint(
        "Missing required argument",
        'The argument "value" is required, but no definition was found.',
        "main.tf",
        8,
        'output "x"',
    )
    assert first == Failure("b", (complaint,))
    assert locked.unit == "deep/d"
    assert "Who:       me@here" in locked.complaints[0].detail
    assert other == Failure("", (Complaint("Unit '/tmp/a' did not run due to a failure in '/tmp/c'"),))


@pytest.mark.parametrize(
    ("stderr", "expected"),
    [
        (HCL, Complaint("Unclosed configuration block", "There is no closing brace.", "/tree/b/terragrunt.hcl", 4)),
        (PLAIN, Complaint('resolving dependency "c" outputs: no outputs', "Either it was not applied\nor not.")),
    ],
)
def test_what_terragrunt_itself_says_is_read(stderr: str, expected: Complaint) -> None:
    """With the place, where it tells one."""
    assert terragrunt.failures(stderr) == [Failure("", (expected,))]


@pytest.mark.parametrize("stderr", ["", "time=1 level=error msg=x", "06:34:51.363 INFO   all is well\n"])
def test_other_logs_are_left_alone(stderr: str) -> None:
    """They are shown as they are."""
    assert terragrunt.failures(stderr) == []
