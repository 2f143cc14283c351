"""What the command line has is in the reference pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubernator.cli import main as cli
from kubernator.cli import options
from kubernator.errors import ExitCode

PAGES = Path(__file__).parents[3] / "docs" / "reference"
FLAGS = sorted(
    {
        flag
        for table in (options.REFERENCE, options.GLOBAL, *(verb.options for verb in options.VERBS.values()))
        for option in table
        for flag in option.flags
    }
)


@pytest.mark.parametrize("flag", FLAGS)
def test_each_option_is_described(flag: str) -> None:
    """It begins a cell of a table, or follows its short form there."""
    page = (PAGES / "command-line.md").read_text()
    assert f"| `{flag}" in page or f"`, `{flag}" in page


@pytest.mark.parametrize("verb", options.VERBS)
def test_each_verb_is_described(verb: str) -> None:
    """It begins a row of the table of verbs."""
    assert f"| `{verb}" in (PAGES / "command-line.md").read_text()


@pytest.mark.parametrize("code", [*ExitCode, cli.READER_LEFT])
def test_each_exit_code_is_described(code: int) -> None:
    """It begins a row of the table of codes."""
    assert f"| {int(code)} |" in (PAGES / "exit-codes.md").read_text()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (ExitCode.INVALID, 1),
        (ExitCode.UNREACHABLE, 1),
        (ExitCode.FORBIDDEN, 1),
        (ExitCode.USAGE, 2),
        *((code, int(code)) for code in ExitCode if code not in {3, 10, 11, 64}),
    ],
)
def test_codes_of_the_reference_stay(code: ExitCode, expected: int) -> None:
    """Under ``dump`` and ``apply`` its 1 and 2 are kept, and the new ones where it has none."""
    assert expected == code.compatible
