"""What the tests of loading share."""

from __future__ import annotations

import json
from pathlib import Path, PurePath

import pytest

from kubernator.model.origin import Origin


@pytest.fixture
def origin():
    """Return the place of a file in a tree."""
    return Origin(path=PurePath("app.yaml"))


def table():
    """Return what kubectl printed: scalar -> ``{"value": …}`` or ``{"refused": true}``."""
    text = (Path(__file__).parent / "kubectl_scalars.json").read_text()
    return json.loads(text, parse_int=number)["cases"]


def number(written):
    """Read an integer as Kubernetes does: beyond 64 bits it is a float."""
    return int(written) if -(2**63) <= int(written) < 2**63 else float(written)


@pytest.fixture
def kubectl_table():
    """Return the whole table."""
    return table()


def pytest_generate_tests(metafunc):
    """Give a test that asks for ``scalar`` and ``meaning`` each row of the table kubectl printed."""
    if "scalar" in metafunc.fixturenames:
        rows = table()
        metafunc.parametrize(("scalar", "meaning"), rows.items(), ids=list(map(repr, rows)))
