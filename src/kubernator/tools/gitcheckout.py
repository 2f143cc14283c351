"""One checkout: a commit's files in a directory, all of them or some, and whether they are still as they were.

It has a ``.git`` of its own, so that a script may ask git what it is in; its objects are the mirror's.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from kubernator.tools import gitmirror, gittrouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.tools.git import Git
    from kubernator.tools.gitmirror import Mirror
    from kubernator.tools.giturl import GitUrl

__all__ = ["make", "move", "size", "unchanged"]

BASELINE: Final = "kubernator-baseline"
"""What git finds changed right after the checkout (line endings, letter case), which is no change then."""

POINTERS: Final = "pointers of Git LFS stay as they are\n"
"""Begins the baseline of what was checked out without git-lfs. Once that is there, such a checkout is made anew."""

MANY_LINKS: Final = 40
"""So many symbolic links lead to one another, at most; what the system follows, too."""

SPECIAL: Final = "*?[\\"


def make(git: Git, tree: Path, *, url: GitUrl, mirror: Mirror, commit: str, directories: tuple[str, ...] = ()) -> None:
    """Check a commit out into an empty directory: all files, or those of some directories and on the way there.

    What a symbolic link in one of the directories leads to is there, too. Raises `errors.SourceError`, or
    `gitmirror.BrokenMirror` where the reason may be the mirror.
    """
    git_dir = tree / ".git"
    form = "sha256" if len(commit) == gitmirror.SHA256_DIGITS else "sha1"
    said = git.run("init", "--quiet", "--template=", f"--object-format={form}", tree)
    if said.code:
        raise git.error(url, said)
    (git_dir / "objects" / "info").mkdir(exist_ok=True)
    (git_dir / "objects" / "info" / "alternates").write_text(f"{mirror.path / 'objects'}\n", "utf-8")
    if directories:
        with (git_dir / "config").open("a", encoding="utf-8") as config:
            config.write("[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = true\n")
        (git_dir / "info").mkdir(exist_ok=True)
        _choose(git_dir, directories)
    _fill(git, tree, url, mirror, "checkout", "--quiet", "--detach", "--force", commit)
    for _ in range(MANY_LINKS):
        if not (more := set(_beyond(tree, directories))):
            break
        directories = tuple(sorted({*directories, *more}))
        _choose(git_dir, directories)
        _fill(git, tree, url, mirror, "read-tree", "-m", "-u", "HEAD")
    _note(git, tree)


def move(git: Git, tree: Path, *, url: GitUrl, mirror: Mirror, commit: str) -> None:
    """Make an unchanged checkout of all files one of another commit: only what differs is written.

    Raises as `make` does.
    """
    _fill(git, tree, url, mirror, "checkout", "--quiet", "--detach", "--force", commit)
    _note(git, tree)


def _fill(git: Git, tree: Path, url: GitUrl, mirror: Mirror, *args: str) -> None:
    """Run what writes files. Those that a partial mirror lacks are fetched, all at once, into the mirror."""
    if (mirror.path / "shallow").is_file():
        shutil.copyfile(mirror.path / "shallow", tree / ".git" / "shallow")
    said = git.run(
        *args,
        url=url,
        git_dir=tree / ".git",
        work_tree=tree,
        objects=mirror.path / "objects",
        cwd=tree,
        lazy=mirror.partial,
        # git-lfs reads a local repository itself, and would look for its files in our storage, too
        options=git.large_file_options(mirror.path.parent / "lfs" if url.host else None),
    )
    if not said.code:
        return
    if gittrouble.trouble(said.stderr) is gittrouble.Trouble.OTHER:
        raise gitmirror.BrokenMirror(said)
    raise git.error(url, said)


def _note(git: Git, tree: Path) -> None:
    pointers = "" if git.large_files else POINTERS
    (tree / ".git" / BASELINE).write_text(f"{pointers}{_status(git, tree)}", "utf-8")


def unchanged(git: Git, tree: Path) -> bool:
    """Whether a checkout is as it was made, and would be made the same now."""
    try:
        baseline = (tree / ".git" / BASELINE).read_text("utf-8")
    except (OSError, ValueError):
        return False
    if baseline.startswith(POINTERS) and git.large_files:
        return False
    status = _status(git, tree)
    return status is not None and baseline.removeprefix(POINTERS) == status


def size(directory: Path) -> int:
    """Return how many bytes a directory takes on the disk."""
    total = 0
    for entry in os.scandir(directory):
        total += entry.stat(follow_symlinks=False).st_blocks * 512
        if entry.is_dir(follow_symlinks=False):
            total += size(directory / entry.name)
    return total


def _status(git: Git, tree: Path) -> str | None:
    said = git.run(
        *("--no-optional-locks", "status", "--porcelain", "-z", "--untracked-files=normal", "--ignored"),
        *("--ignore-submodules=all", "--no-renames"),
        git_dir=tree / ".git",
        work_tree=tree,
        cwd=tree,
        options=git.large_file_options(),  # of a file as new as the index, git looks at the content
    )
    return None if said.code else said.stdout


def _beyond(tree: Path, directories: tuple[str, ...]) -> Iterator[str]:
    """Return what symbolic links in some directories, or on the way to them, lead to in the tree outside of these."""
    for directory in directories:
        found = [_link_on_the_way(tree, directory)]
        if found == [""]:
            found = [
                _target(tree, os.path.join(root, name))  # noqa: PTH118 - many of them
                for root, names, files in os.walk(tree / directory)
                for name in (*names, *files)
                if os.path.islink(os.path.join(root, name))  # noqa: PTH114, PTH118
            ]
        for path in filter(None, found):
            if not any(f"{path}/".startswith(f"{other}/") for other in directories):
                yield path


def _link_on_the_way(tree: Path, directory: str) -> str:
    """Return what a path means when a part of it is a symbolic link, or nothing."""
    parts = directory.split("/")
    for count in range(1, len(parts) + 1):
        link = tree.joinpath(*parts[:count])
        if link.is_symlink():
            target = _target(tree, str(link))
            return "/".join([target, *parts[count:]]) if target else ""
    return ""


def _target(tree: Path, link: str) -> str:
    """Return what a symbolic link leads to, seen from the root of the tree; nothing if that is the root, or outside."""
    path = os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))  # noqa: PTH115, PTH118, PTH120
    inner = os.path.relpath(path, tree)
    return "" if inner == "." or inner.partition("/")[0] in {"..", ".git"} else inner


def _choose(git_dir: Path, directories: tuple[str, ...]) -> None:
    (git_dir / "info" / "sparse-checkout").write_text(_cone(directories), "utf-8")


def _cone(directories: tuple[str, ...]) -> str:
    """Write directories as git's cone patterns: the files on the way to each, and all below it.

    Source: git documentation, *git-sparse-checkout*, "Internals: cone pattern set".
    """
    parents = {
        "/".join(parts[:count]) for parts in (d.split("/") for d in directories) for count in range(1, len(parts))
    }
    lines = ["/*", "!/*/"]
    whole = [d for d in directories if not any(d.startswith(f"{other}/") for other in directories)]
    for directory in sorted({*whole, *parents}):
        if any(directory.startswith(f"{other}/") for other in whole):
            continue
        lines.append(f"/{_escaped(directory)}/")
        if directory not in whole:
            lines.append(f"!/{_escaped(directory)}/*/")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in SPECIAL else character for character in text)
