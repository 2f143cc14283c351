"""A directory of files that are ours."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from kubernator import errors
from kubernator.report import directory
from kubernator.report.directory import INDEX


def tree(root: Path) -> dict[str, str]:
    """Return the files of a directory, without the index."""
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()} | {
        INDEX: ""
    }


def files(**texts: str) -> dict[str, str]:
    """Return files; two underscores are a slash."""
    return {name.replace("__", "/"): text for name, text in texts.items()}


def test_files_come_and_go(tmp_path: Path) -> None:
    """What is not wanted any more is removed with its directory; what stays is not touched."""
    out = tmp_path / "a" / "out"
    assert str(directory.write(out, files(x__a="1", x__b="2", c="3"))) == "written 3, unchanged 0, removed 0"
    before = (out / "c").stat().st_mtime_ns
    (out / "mine").write_text("4")
    assert str(directory.write(out, files(c="3", y="5"))) == "written 1, unchanged 1, removed 2"
    assert tree(out) == {"c": "3", "y": "5", "mine": "4", INDEX: ""}
    assert not (out / "x").exists()
    assert before == (out / "c").stat().st_mtime_ns


def test_some_files_leave_the_others(tmp_path: Path) -> None:
    """Where not all are meant nothing goes, and the index keeps them."""
    directory.write(tmp_path, files(a="1", b="2"))
    directory.write(tmp_path, files(a="3"), complete=False)
    assert tree(tmp_path) == {"a": "3", "b": "2", INDEX: ""}
    directory.write(tmp_path, files(a="3"))
    assert tree(tmp_path) == {"a": "3", INDEX: ""}


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (files(mine="new"), "was not written by `render`"),
        (files(a="2"), "was changed since"),
        ({}, "was changed since"),
    ],
)
def test_what_is_not_ours_is_left_alone(tmp_path: Path, wanted: dict[str, str], why: str) -> None:
    """A file of somebody else, or one that was edited, is refused before anything is written."""
    directory.write(tmp_path, files(a="1"))
    (tmp_path / "mine").write_text("x")
    (tmp_path / "a").write_text("edited")
    before = tree(tmp_path)
    with pytest.raises(errors.ProjectError, match="nothing was written") as caught:
        directory.write(tmp_path, {"new": "y", **wanted})
    assert why in str(caught.value.detail)
    assert before == tree(tmp_path)


def test_force_overwrites_and_does_not_remove(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is in the way is overwritten; what was edited and is not wanted any more stays, with a word."""
    directory.write(tmp_path, files(a="1", b="2"))
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("edited")
    directory.write(tmp_path, files(a="1", c="3"), force=True)
    assert tree(tmp_path) == {"a": "1", "b": "edited", "c": "3", INDEX: ""}
    assert "left as it is" in caplog.text


def test_what_is_there_already_becomes_ours(tmp_path: Path) -> None:
    """A file of somebody else with the same content is in nobody's way."""
    (tmp_path / "a").write_text("1")
    assert str(directory.write(tmp_path, files(a="1"))) == "written 0, unchanged 1, removed 0"
    directory.write(tmp_path, {})
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("what", ["link", "directory", "parent", "parent-file"])
def test_something_else_is_in_the_way(tmp_path: Path, what: str, *, force: bool) -> None:
    """Nothing is written through a link, and no directory is replaced, even by force."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    match what:
        case "link":
            (out / "d").mkdir()
            (out / "d" / "a").symlink_to(elsewhere / "a")
        case "directory":
            (out / "d" / "a").mkdir(parents=True)
        case "parent":
            (out / "d").symlink_to(elsewhere)
        case _:
            (out / "d").write_text("x")
    with pytest.raises(errors.ProjectError, match="is in the way"):
        directory.write(out, files(d__a="1"), force=force)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "other", "files": {}}',
        '{"format": "kubernator/rendered/v1", "files": []}',
        '{"format": "kubernator/rendered/v1", "files": {"../x": []}}',
        '{"format": "kubernator/rendered/v1", "files": {"/x": []}}',
        '{"format": "kubernator/rendered/v1", "files": {"": []}}',
        '{"format": "kubernator/rendered/v1", "files": {"x": [1]}}',
        '{"format": "kubernator/rendered/v1", "files": {"x": null}}',
        "[" * 100_000,
    ],
)
def test_an_index_that_is_none(tmp_path: Path, text: str) -> None:
    """It is refused, so nothing is removed by its word; by force it is made anew."""
    (tmp_path / INDEX).write_text(text)
    with pytest.raises(errors.ProjectError, match="is not what `render` writes there"):
        directory.write(tmp_path, files(a="1"))
    directory.write(tmp_path, files(a="1"), force=True)
    assert list(json.loads((tmp_path / INDEX).read_text())["files"]) == ["a"]


def test_a_run_that_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it had written by then is known to the next run."""
    directory.write(tmp_path, files(a="1", b="2", old="3"))
    replace = Path.replace

    def dying(self: Path, target: Path) -> Path:
        if target.name == "b":
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            directory.write(tmp_path, files(a="x", b="y", c="z"))
    assert tree(tmp_path) == {"a": "x", "b": "2", "old": "3", INDEX: ""}
    directory.write(tmp_path, files(a="x", b="y", c="z"))
    assert tree(tmp_path) == {"a": "x", "b": "y", "c": "z", INDEX: ""}


def test_what_a_killed_run_left_behind_goes(tmp_path: Path) -> None:
    """Half a file is removed with the files that are ours, has no say about modes, and is not written through."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    directory.write(out, files(x__old="1", a="2", b="3"))
    (out / "x" / ".old.part").write_text("half")
    (out / ".a.part").write_text("half")
    (out / ".a.part").chmod(0o644)
    (out / ".b.part").symlink_to(elsewhere)
    directory.write(out, files(a="4", b="5"), private=True)
    assert tree(out) == {"a": "4", "b": "5", INDEX: ""}
    assert (out / "a").stat().st_mode & 0o777 == 0o600
    assert not (out / "x").exists()
    assert not elsewhere.exists()


def test_a_file_that_cannot_be_written_is_called_by_its_name(tmp_path: Path) -> None:
    """Not by the one that it has while it is written."""
    (tmp_path / ".a.part").mkdir()
    with pytest.raises(errors.KubernatorError, match=r"/a` cannot be written"):
        directory.write(tmp_path, files(a="1"))


def test_secrets_are_for_the_user_alone(tmp_path: Path) -> None:
    """Also a file that was there before, open to others."""
    directory.write(tmp_path, files(a="1", b="2"))
    (tmp_path / "a").chmod(0o644)
    directory.write(tmp_path, files(a="1", b="3"), private=True)
    assert {0o600} == {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """Another one that writes there is not disturbed."""
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(errors.LockHeld):
            directory.write(tmp_path, files(a="1"))
    finally:
        os.close(handle)


def test_a_directory_that_cannot_be(tmp_path: Path) -> None:
    """It is said in words."""
    (tmp_path / "file").write_text("")
    for bad in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(errors.KubernatorError, match="cannot be written"):
            directory.write(bad, files(a="1"))
