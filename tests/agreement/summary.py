"""The two numbers at the end of every run that has them, whether or not several processes ran the tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agreement.tally import Tally

if TYPE_CHECKING:
    import pytest

__all__ = ["PROPERTY", "pytest_terminal_summary"]

#: Under this name a test hands over what it counted.
PROPERTY: Final = "agreement"
#: Names a file for all that was not agreed about, one object a line.
LISTED: Final = "KUBERNATOR_AGREEMENT"


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """Add up what the tests counted, and print it."""
    del exitstatus, config
    tally = Tally()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == PROPERTY and report.when == "call":
                    tally.merge(Tally.of(value))
    if not tally.counts:
        return
    terminalreporter.section("agreement with the API server")
    for line in tally.lines():
        terminalreporter.write_line(line)
    if file := os.environ.get(LISTED):
        lines = [f"{verdict}: {line}" for verdict, lines in sorted(tally.told.items()) for line in sorted(lines)]
        Path(file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
