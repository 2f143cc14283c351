"""Directories that nobody else may read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kubernator import errors
from kubernator.tools import private


def test_only_we_can_read_it():
    """It goes with its block."""
    with private.directory("x") as name:
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o700
    assert not Path(name).exists()


def test_all_go_when_the_process_leaves_at_once():
    """A second interrupt skips every plugin's end; a key must not stay behind for it."""
    made = [private.directory(purpose) for purpose in ("one", "two")]
    (Path(made[0].name) / "key").touch()
    private.remove_all()
    assert [Path(each.name).exists() for each in made] == [False, False]


def test_where_none_can_be_made(tmp_path, monkeypatch):
    """It is told which variable says where."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(errors.ToolError, match="a temporary directory cannot be made: No such file") as caught:
        private.directory("x")
    assert "TMPDIR" in caught.value.hint
