"""The walk: order, queues, context of what is queued, and what cannot be walked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubernator.errors import KubernatorError, LoadError, ProjectError
from kubernator.model.origin import Origin
from kubernator.run import listing
from kubernator.scope.globs import Globs

if TYPE_CHECKING:
    from conftest import Tree

NOTE = "ktor.globals.seen(ktor.app.cwd.name)\n"


@pytest.mark.parametrize(
    ("excludes", "includes", "expected"),
    [
        (["f*"], ["baz", "*"], ["baz", "bal", "bar"]),
        ([".*"], ["*"], ["bal", "bar", "baz", "foo"]),
        (["*"], ["*"], []),
        ([], ["b*"], ["bal", "bar", "baz"]),
        ([], ["foo", "ba[rz]"], ["foo", "bar", "baz"]),
        ([], [], []),
    ],
)
def test_sub_directories_are_ordered(
    tmp_path: Path, excludes: list[str], includes: list[str], expected: list[str]
) -> None:
    """The excluded go, the rest is sorted, and taken in the order of the includes; the first case is the document's."""
    for name in ("foo", "bal", "bar", "baz"):
        (tmp_path / name).mkdir()
    (tmp_path / "a-file").touch()
    found = listing.subdirectories(
        tmp_path, excludes=Globs(excludes), includes=Globs(includes), origin=Origin(path=tmp_path)
    )
    assert expected == [path.name for path in found]


def test_depth_first_queued_before_listed(tree: Tree) -> None:
    """Each directory is finished with all below it; what a script queues comes before its sub-directories, in order."""
    tree.scripts(
        {
            ".": NOTE + "ktor.app.walk_local('x/q2', 'x/q1')\nktor.app.walk_local(b'x/q3')\nktor.app.excludes.add('x')",
            "a": NOTE,
            "a/a1": NOTE,
            "b": NOTE,
            "x/q1": NOTE,
            "x/q1/below": NOTE,
            "x/q2": NOTE,
            "x/q3": NOTE,
        }
    ).walk()
    assert tree.seen == ["tree", "q2", "q1", "below", "q3", "a", "a1", "b"]


def test_includes_and_excludes_are_per_visit(tree: Tree) -> None:
    """``includes`` and ``excludes`` begin with the defaults in every directory; a later sibling sees nothing of it."""
    tree.scripts(
        {
            "a": "ktor.app.excludes.add('skip'); ktor.app.includes = ['two', 'one']",
            "a/skip": NOTE,
            "a/one": NOTE + "assert list(ktor.app.includes) == ['*'] and list(ktor.app.excludes) == ['.*']",
            "a/two/skip": NOTE,
            "b/skip": NOTE,
        }
    ).walk()
    assert tree.seen == ["skip", "one", "skip"]


def test_default_excludes_are_inherited_and_do_not_leak(tree: Tree) -> None:
    """A changed default holds in the directory and below, not beside it (measured 8g)."""
    tree.scripts(
        {
            "a": "ktor.app.default_excludes.add('skip')",
            "a/in/skip": NOTE,
            "a/in/keep": NOTE,
            "b/skip": NOTE,
        }
    ).walk()
    assert tree.seen == ["keep", "skip"]


def test_queued_directory_is_a_child_of_the_queuing_one(tree: Tree) -> None:
    """A queued directory inherits from the directory that queued it; what it sets is not seen there or beside."""
    tree.scripts(
        {
            "a": "ktor.x = 'a'\napp = ktor.app\napp.walk_local('../z/far')\napp.walk_local(app.cwd.parent / 'z/next')",
            "a/sub": "ktor.globals.seen(getattr(ktor, 'y', None))",
            "z/far": "ktor.globals.seen(getattr(ktor, 'x', None)); ktor.y = 1",
            "z/next": "ktor.globals.seen(getattr(ktor, 'y', None))",
        }
    ).walk()
    assert tree.seen == ["a", None, None, None, None]


def test_keep_context_writes_into_the_queuing_directory(tree: Tree) -> None:
    """With ``keep_context`` later children of the queuing directory see what was set."""
    tree.scripts(
        {
            "a": "ktor.app.walk_local('../z', keep_context=True)",
            "a/sub": "ktor.globals.seen(ktor.y)",
            "b": "ktor.globals.seen(hasattr(ktor, 'y'))",
            "z": "ktor.y = getattr(ktor, 'y', 0) + 1",
        }
    ).walk()
    assert tree.seen == [1, False]


def test_a_directory_may_be_visited_twice(tree: Tree) -> None:
    """Queued paths are not de-duplicated; each visit has its own number."""
    tree.scripts({".": "ktor.app.walk_local('a', 'a')", "a": NOTE}).walk()
    assert tree.seen == ["a", "a", "a"]


def test_walking_oneself_again_may_stop_and_must(tree: Tree) -> None:
    """A script may walk its own directory again as long as it stops; without end it is an error."""
    tree.scripts({".": NOTE + "if not hasattr(ktor, 'again'):\n  ktor.again = 1\n  ktor.app.walk_local('.')"}).walk()
    assert tree.seen == ["tree", "tree"]
    with pytest.raises(ProjectError, match="from inside its own visit"):
        tree.scripts({".": "ktor.app.walk_local('.')"}).walk()


def test_a_missing_directory_names_who_asked(tree: Tree) -> None:
    """The script's line is in the error."""
    with pytest.raises(LoadError, match="is not there") as raised:
        tree.scripts({"a": "x = 1\nktor.app.walk_local('nowhere')"}).walk()
    assert raised.value.detail == [("at", "a/.kubernator.py:2:1")]


@pytest.mark.parametrize(
    ("path", "message"),
    [("file", "is not a directory"), ("\0", "is no path"), ("n" * 300, "cannot be read: File name too long")],
)
def test_what_cannot_be_walked(tree: Tree, path: str, message: str) -> None:
    """A file, a path with a null byte, and a path the system refuses."""
    tree.write({"file": ""})
    with pytest.raises(LoadError, match=message):
        tree.scripts({".": f"ktor.app.walk_local({path!r})"}).walk()


def test_an_unreadable_directory_names_its_place(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says is in the error, and the directory."""
    tree.write({"secret/": ""})
    real = os.scandir

    def scandir(path: os.PathLike[str]) -> object:
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(LoadError, match=r"secret` cannot be read: Permission denied"):
        tree.walk()


@pytest.mark.parametrize("target", ["..", ".", "../..", "../other"])
def test_a_symbolic_link_upwards_is_an_error(tree: Tree, target: str) -> None:
    """A link to a directory it is in, at whatever distance, is recognised."""
    tree.write({"a/b/": "", "a/other/": ""})
    (tree.root / "a/b/link").symlink_to(target)
    (tree.root / "a/other/back").symlink_to("../b")
    with pytest.raises(ProjectError, match="which it is in"):
        tree.walk()


def test_a_link_to_itself_is_an_error(tree: Tree) -> None:
    """It names the link."""
    (tree.root / "loop").symlink_to("loop")
    with pytest.raises(LoadError, match="loop` is a symbolic link that leads back to itself"):
        tree.walk()


def test_other_links_are_directories(tree: Tree) -> None:
    """A link beside or below is walked; a broken one is nothing."""
    tree.scripts({"a": NOTE})
    (tree.root / "b").symlink_to("a")
    (tree.root / "c").symlink_to("nowhere")
    tree.walk()
    assert tree.seen == ["a", "b"]


def test_an_empty_tree_is_walked(tree: Tree) -> None:
    """Nothing is there and nothing goes wrong."""
    assert tree.run().visit is None


def test_nothing_can_be_queued_before_the_walk(tree: Tree) -> None:
    """The pre-start script belongs to no directory."""
    with pytest.raises(ProjectError, match="only while a directory has its turn"):
        tree.walk(pre_start="ktor.app.walk_local('a')")


@pytest.mark.parametrize("path", [1, None, ["a"]])
def test_a_path_of_another_type_is_refused(tree: Tree, path: object) -> None:
    """Text, bytes and path objects are paths."""
    with pytest.raises(KubernatorError, match="TypeError"):
        tree.scripts({".": f"ktor.app.walk_local({path!r})"}).walk()


def test_a_remote_directory_is_a_child_of_the_asking_one(tree: Tree, tmp_path: Path) -> None:
    """A repository's directories come after the script, inherit its context, and are named with the repository."""
    from kubernator.tools import process  # noqa: PLC0415

    repo = tmp_path / "repo"
    (repo / "deploy").mkdir(parents=True)
    (repo / "deploy/.kubernator.py").write_text(
        "ktor.globals.seen(ktor.x, ktor.app.display_path(ktor.app.cwd).split()[-1])\nraise ValueError('here')"
    )
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "1"]):
        process.run(["git", *command], cwd=repo)
    with pytest.raises(ProjectError, match="ValueError: here") as raised:
        tree.scripts({".": f"ktor.x = 1\nktor.app.walk_remote({str(repo)!r}, '/deploy')", "b": NOTE}).walk()
    assert tree.seen == [(1, "deploy")]
    labels = dict(raised.value.detail)
    assert labels["at"].endswith("repo deploy/.kubernator.py:2:1")
    assert labels["asked by"] == ".kubernator.py:2:1"
