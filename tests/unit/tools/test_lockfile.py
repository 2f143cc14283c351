"""The lock file: what is pinned, what is not, and what stands in the file."""

from __future__ import annotations

import pytest

from kubernator import errors
from kubernator.model.origin import Origin
from kubernator.tools.lockfile import Pins, checksum, file_key

HEAD = """\
# What `kubernator lock` found behind versions, tags and addresses. Commit this file; do not edit it.
# With `--locked`, `dump` and `apply` refuse everything that is not pinned here.
version: 1
"""
REPOSITORY = "https://example.com/r?ref=main"
OLD, NEW = "a" * 40, "b" * 40
HELM = "helm@3.17.2 linux/amd64"


def written(directory, *pins):
    """Write a lock file as the verb does."""
    made = Pins(directory, locking=True)
    for kind, key, value in pins:
        made.settle(kind, key, value)
    made.write()
    return directory / "kubernator.lock"


def test_the_file(tmp_path):
    """One line for each thing, in sorted order, whatever order they were settled in."""
    pins = [("tool", HELM, "sha256:1"), ("git", "z", OLD), ("git", REPOSITORY, NEW), ("chart", 'odd "é" #', "sha256:2")]
    path = written(tmp_path, *pins)
    assert path.read_text() == HEAD + (
        'chart:\n  "odd \\"\\u00e9\\" #": "sha256:2"\n'
        f'git:\n  "{REPOSITORY}": "{NEW}"\n  "z": "{OLD}"\n'
        f'tool:\n  "{HELM}": "sha256:1"\n'
    )
    again = Pins(tmp_path)
    assert [value for _, _, value in pins] == [again.pinned(kind, key) for kind, key, _ in pins]


def test_nothing_pinned(tmp_path):
    """Without a file nothing is pinned, anything may be used, and no file comes to be."""
    pins = Pins(tmp_path)
    assert pins.pinned("git", REPOSITORY) is None
    pins.settle("git", REPOSITORY, OLD)
    assert not list(tmp_path.iterdir())


def test_other_than_pinned(tmp_path):
    """Something else than what is pinned is refused, with both values and who asked."""
    written(tmp_path, ("chart", "c@1", "sha256:1"))
    with pytest.raises(errors.ChecksumMismatch, match=r"chart `c@1` is not what `kubernator\.lock` pins") as caught:
        Pins(tmp_path).settle("chart", "c@1", "sha256:2", origin=Origin(path=tmp_path / "x", line=3))
    assert caught.value.detail[1:] == [("pinned", "sha256:1"), ("found", "sha256:2")]
    assert caught.value.detail[0] == ("at", f"{tmp_path}/x:3:1")


def test_changed_during_the_run(tmp_path):
    """A thing stands for one value in a run."""
    pins = Pins(tmp_path)
    pins.settle("git", REPOSITORY, OLD)
    pins.settle("git", REPOSITORY, OLD)
    with pytest.raises(errors.ChecksumMismatch, match="changed during the run"):
        pins.settle("git", REPOSITORY, NEW)


@pytest.mark.parametrize("present", [True, False])
def test_locked(tmp_path, present):
    """With `--locked` what is not pinned is refused, also when there is no file at all."""
    if present:
        written(tmp_path, ("git", "other", OLD))
    pins = Pins(tmp_path, locked=True)
    words = "git `r` is not pinned, and `--locked` refuses what is not"
    for use in (lambda: pins.pinned("git", "r"), lambda: pins.settle("git", "r", OLD)):
        with pytest.raises(errors.NotPinned, match=words) as caught:
            use()
        assert present != ("there is no `kubernator.lock`" in caught.value.title)
        assert "`kubernator lock`" in caught.value.hint
        assert caught.value.exit_code == errors.ExitCode.ERROR


def test_locking(tmp_path):
    """While pinning, nothing pinned is honoured; what is not used any more goes, and all that is said."""
    written(tmp_path, ("git", "moved", OLD), ("git", "gone", OLD), ("git", "same", OLD))
    pins = Pins(tmp_path, locking=True)
    assert pins.pinned("git", "moved") is None
    for key, value in (("moved", NEW), ("same", OLD), ("new", NEW)):
        pins.settle("git", key, value)
    expected = ["removed git `gone`", f"changed git `moved`: {OLD} is now {NEW}", f"added git `new`: {NEW}"]
    assert expected == [str(change) for change in pins.changes()]
    assert expected == [str(change) for change in pins.write()]
    assert Pins(tmp_path).pinned("git", "moved") == NEW


def test_pins_of_other_machines_stay(tmp_path):
    """Each kind of machine pins its own build of a program; a version that nobody uses goes with all of them."""
    others = [("tool", "helm@3.17.2 darwin/arm64", "sha256:2"), ("tool", "helm@3.1.0 darwin/arm64", "sha256:3")]
    written(tmp_path, *others)
    written(tmp_path, ("tool", HELM, "sha256:1"))
    pins = Pins(tmp_path)
    assert [pins.pinned("tool", key) for key in (others[0][1], others[1][1], HELM)] == ["sha256:2", None, "sha256:1"]


def test_unchanged_file_is_not_written(tmp_path):
    """A second `lock` leaves the file alone."""
    path = written(tmp_path, ("git", "a", OLD))
    before = path.stat().st_mtime_ns, path.stat().st_ino
    assert written(tmp_path, ("git", "a", OLD)) == path
    assert before == (path.stat().st_mtime_ns, path.stat().st_ino)
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        (f"{HEAD}git:\n<<<<<<< ours\n  a: b\n=======\n  a: c\n>>>>>>> theirs\n", "marks of a merge conflict", 5),
        (f"{HEAD}git: [\n", ".", 5),
        (f"{HEAD}git:\n  a: b\n  a: c\n", "a", 6),
        (f"{HEAD}git:\n  a: 3\n", "`a` is pinned to no text", 5),
        (f"{HEAD}git: text\n", "section `git` of the lock file is no mapping", 4),
        (f"{HEAD}gti: {{}}\n", "section `gti` of the lock file is not known", 4),
        ("version: 7\n", "of version `7`", 0),
        ("- a\n", "no mapping", 0),
        ("\xff", ".", 0),
    ],
    ids=["conflict", "syntax", "repeated", "number", "text", "section", "version", "list", "binary"],
)
def test_unreadable(tmp_path, text, words, line):
    """A file that cannot be read says so, with its line; `lock` writes it anew, with a warning."""
    (tmp_path / "kubernator.lock").write_text(text, "latin-1")
    with pytest.raises(errors.LoadError, match=words) as caught:
        Pins(tmp_path).pinned("git", "a")
    place = dict(caught.value.detail).get("at", "")
    assert place.startswith("kubernator.lock")
    assert not line or place.startswith(f"kubernator.lock:{line}:")
    path = written(tmp_path, ("git", "a", OLD))
    assert path.read_text() == f'{HEAD}git:\n  "a": "{OLD}"\n'


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a.yaml", "https://example.com/a.yaml"),
        ("https://me:sesame@example.com/a.yaml#x", "https://example.com/a.yaml"),
        ("https://example.com/a.yaml?token=sesame", "https://example.com/a.yaml?62729f6d19a2fa02"),
    ],
)
def test_what_a_download_is_pinned_as(url, expected):
    """Its address, without anything in it that may be a secret."""
    assert file_key(url) == expected


@pytest.mark.parametrize("pinned", ["", "sha256:", "sha256:12", "md5:" + "0" * 64, "sha256:" + "A" * 64])
def test_what_is_no_checksum(pinned):
    """A pin that somebody edited is told from one that does not fit."""
    with pytest.raises(errors.ProjectError, match=r"pins tool `x` to .*, which is no SHA-256 checksum"):
        checksum("tool", "x", pinned)


def test_a_file_that_is_a_directory(tmp_path):
    """It is no lock file."""
    (tmp_path / "kubernator.lock").mkdir()
    with pytest.raises(errors.LoadError, match="cannot be read"):
        Pins(tmp_path).pinned("git", "a")


def test_a_kind_that_is_not_known(tmp_path):
    """It is a mistake of the caller."""
    with pytest.raises(ValueError, match="no kind of pin"):
        Pins(tmp_path).settle("gti", "a", "b")
