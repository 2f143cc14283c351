"""Finding programs."""

from __future__ import annotations

import pytest

from kubernator.tools import tool


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "bin" / "thing"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o700)
    return path


def test_find_on_path(program, monkeypatch):
    """Without directories, ``PATH`` is searched."""
    monkeypatch.setenv("PATH", str(program.parent))
    assert tool.find("thing") == tool.Tool(name="thing", path=program, origin=tool.ToolOrigin.PATH)


def test_find_in_directories(program, monkeypatch):
    """Given directories are searched in place of ``PATH``."""
    monkeypatch.setenv("PATH", "")
    found = tool.find("thing", ["/nowhere", program.parent])
    assert found == tool.Tool(name="thing", path=program, origin=tool.ToolOrigin.GIVEN)


@pytest.mark.parametrize("dirs", [[], ["/nowhere"]])
def test_not_found(program, monkeypatch, dirs):
    """No directory, or none that holds it, is None, even if it is on ``PATH``."""
    monkeypatch.setenv("PATH", str(program.parent))
    assert tool.find("thing", dirs) is None


def test_what_cannot_be_executed_is_not_found(program):
    """A file without the right to execute it is no program."""
    program.chmod(0o600)
    assert tool.find("thing", [program.parent]) is None
