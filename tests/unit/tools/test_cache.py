"""The cache directory: where it is, who may read it, how files get there."""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import shutil
import stat
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.tools import cache, process

if TYPE_CHECKING:
    from pathlib import Path


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_places(monkeypatch, tmp_path):
    """Cache and state stand where the user says, under our name and apart from each other."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert cache.Cache().root == tmp_path / "cache" / "kubernator"
    assert cache.state_root() == tmp_path / "state" / "kubernator"


@pytest.mark.parametrize(("place", "variable"), [(cache.Cache, "XDG_CACHE_HOME"), (cache.state_root, "XDG_STATE_HOME")])
def test_user_without_a_home(monkeypatch, place, variable):
    """A user that nobody knows, as in a container, is told what to set, and nothing is made where the run started."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    with pytest.raises(errors.ToolError, match="no home directory") as caught:
        place()
    assert variable in caught.value.hint


@pytest.mark.parametrize("part", cache.PARTS)
def test_parts_are_private(tmp_path, part):
    """Each part is made when it is asked for, readable by its owner only."""
    store = cache.Cache(tmp_path / "c")
    path = getattr(store, part)
    assert (tmp_path / "c" / part, 0o700, 0o700) == (path, mode(path), mode(store.root))


def test_directory_of_ours_that_is_open_is_closed(tmp_path):
    """A directory that others could read is made private."""
    tmp_path.chmod(0o755)
    assert mode(cache.private_directory(tmp_path)) == 0o700


def test_directories_above_are_private_too(tmp_path):
    """Who can write to one above could put another one in its place."""
    before = os.umask(0)
    try:
        cache.private_directory(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/c")] == [0o700] * 3


def test_directory_that_cannot_be_made(tmp_path):
    """A place that is taken by a file is told with a way out."""
    (tmp_path / "file").touch()
    with pytest.raises(errors.ToolError, match="cannot be made") as caught:
        cache.private_directory(tmp_path / "file" / "below")
    assert "XDG_CACHE_HOME" in caught.value.hint


@pytest.mark.parametrize("content", ["text", b"text"])
def test_write(tmp_path, content):
    """A file is written whole, private, and nothing else is left."""
    cache.write(tmp_path / "f", content)
    assert ((tmp_path / "f").read_text(), mode(tmp_path / "f"), names(tmp_path)) == ("text", 0o600, ["f"])


def test_replacing_keeps_the_old_when_it_fails(tmp_path):
    """When writing fails half-way the old content stays and the new is gone."""
    target = tmp_path / "f"
    target.write_text("old")
    with contextlib.suppress(LookupError), cache.replacing(target) as part:
        part.write_text("half")
        raise LookupError
    assert (target.read_text(), names(tmp_path)) == ("old", ["f"])


def test_write_where_nothing_can_be_written(tmp_path):
    """A file whose directory is missing is told in words."""
    with pytest.raises(errors.ToolError, match="cannot be written"):
        cache.write(tmp_path / "none" / "f", "x")


def test_clear_all(tmp_path):
    """Clearing removes everything but the locks, read-only directories too."""
    store = cache.Cache(tmp_path)
    deep = store.git / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "f").touch()
    deep.chmod(0o500)
    (tmp_path / "stray").touch()
    with store.locked("x"):
        pass
    store.clear()
    assert names(tmp_path) == ["locks"]


def test_clear_parts(tmp_path):
    """Clearing parts leaves the others."""
    store = cache.Cache(tmp_path)
    assert store.git
    assert store.http
    store.clear("git")
    assert names(tmp_path) == ["http"]


def test_what_cannot_be_removed(tmp_path, monkeypatch):
    """What the system refuses is told in words."""
    (tmp_path / "git").mkdir()

    def refused(path):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(shutil, "rmtree", refused)
    with pytest.raises(errors.ToolError, match=r"git` cannot be removed: Operation not permitted"):
        cache.Cache(tmp_path).clear()


def test_clear_unknown_part(tmp_path):
    """A part that does not exist is told with those that do."""
    with pytest.raises(errors.UsageError, match="no part `all`"):
        cache.Cache(tmp_path).clear("git", "all")


def test_clear_what_is_not_there(tmp_path):
    """Clearing a cache that was never made does nothing."""
    cache.Cache(tmp_path / "none").clear()
    assert not (tmp_path / "none").exists()


def test_lock_holds_against_threads(tmp_path):
    """Whoever comes second is told that he waits, and goes on when the first is done."""
    store = cache.Cache(tmp_path)
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with store.locked("x", waiting=waiting.set):
            order.append("second")

    with store.locked("x"):
        other = threading.Thread(target=second)
        other.start()
        waiting.wait()
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_who_waits_for_a_lock_can_be_stopped(tmp_path):
    """A run that is over does not wait for another one."""
    store = cache.Cache(tmp_path)
    stopped = threading.Event()
    with (
        store.locked("x", stopped=stopped),
        pytest.raises(errors.Interrupted),
        store.locked("x", waiting=stopped.set, stopped=stopped),
    ):
        raise AssertionError
    with store.locked("x", stopped=stopped):  # nobody has it
        pass


def test_lock_holds_against_processes(tmp_path):
    """Another process waits for the lock, and has it when we let go."""
    code = """
import pathlib, sys
from kubernator.tools import cache
with cache.Cache(pathlib.Path(sys.argv[1])).locked("x", waiting=lambda: print("waits", flush=True)):
    print("has it", flush=True)
"""
    waits = threading.Event()
    lines: list[str] = []

    def take(line: str) -> None:
        lines.append(line)
        waits.set()

    with cache.Cache(tmp_path).locked("x"):
        other = process.spawn([sys.executable, "-c", code, tmp_path], stdout=take)
        waits.wait()
    other.wait()
    assert lines == ["waits\n", "has it\n"]
