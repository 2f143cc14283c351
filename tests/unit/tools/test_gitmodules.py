"""Where submodules are, and which of them a part of a tree needs."""

from __future__ import annotations

import pytest

from kubernator import errors
from kubernator.tools import gitmodules, giturl


@pytest.mark.parametrize(
    ("parent", "text", "expected"),
    [
        ("https://h/org/p.git", "../q.git", "https://h/org/q.git"),
        ("https://h/org/p.git/", "../../other/q", "https://h/other/q"),
        ("https://h:81/org/p.git", "./sub.git", "https://h:81/org/p.git/sub.git"),
        ("https://h/org/p?ref=x", "../q/", "https://h/org/q"),
        ("https://h/org/p", "..//q", "https://h/org//q"),
        ("ssh://git@h:22/org/p", "../q", "ssh://git@h:22/org/q"),
        ("git@h:org/p.git", "../q.git", "git@h:org/q.git"),
        ("git@h:p.git", "../q.git", "git@h:q.git"),
        ("https://h/org/p", "https://other/q", "https://other/q"),
        ("https://h/org/p", "git@other:q", "git@other:q"),
        ("https://h/org/p", "ssh://me@other/q?x=y", "ssh://me@other/q"),
    ],
)
def test_addresses(parent, text, expected):
    """Relative to the address of the repository, as git counts; or any other."""
    assert expected == gitmodules.address(giturl.parse(parent), text).shown


def test_addresses_on_this_machine(tmp_path):
    """A local repository may have local ones."""
    parent = giturl.GitUrl(scheme="file", path="/srv/git/p")
    found = [gitmodules.address(parent, text).shown for text in ("../q", "/srv/other one", "file:///x/y")]
    assert found == ["file:///srv/git/q", "file:///srv/other%20one", "file:///x/y"]
    existing = str(tmp_path)
    with pytest.raises(errors.SourceError, match="is on this machine"):
        gitmodules.address(giturl.parse("https://h/p"), existing)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("../../..", "leaves the server"),
        ("..", "names no repository"),
        ("name", "neither an address nor an existing path"),
        ("ext::sh -c id", "remote helpers"),
        ("", "is empty"),
        ("https://h/\n", "control characters"),
    ],
)
def test_addresses_that_are_none(text, said):
    """Each is refused; a bare name is not looked for on this machine."""
    with pytest.raises(errors.SourceError, match=said):
        gitmodules.address(giturl.parse("https://h/p"), text)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("../q", "p4ssword"),
        ("https://h/q", "p4ssword"),
        ("https://h:81/q", None),
        ("http://h/q", None),
        ("https://other/q", None),
        ("https://u:another@h/q", "another"),
    ],
)
def test_credentials_stay_on_their_server(text, password):
    """Scheme, host and port have to be the same."""
    found = gitmodules.address(giturl.parse("https://u:p4ssword@h/p"), text)
    assert (password, "p4ssword" in found.shown) == (found.credentials.password, False)


@pytest.mark.parametrize(
    ("directories", "expected"),
    [((), True), (("a",), True), (("a/b",), True), (("a/b/c",), True), (("a/bc",), False), (("x", "a"), True)],
)
def test_wanted(directories, expected):
    """In a wanted directory, or around one."""
    assert expected is gitmodules.Submodule("a/b", "1" * 40, "../x").wanted(directories)


def test_names_with_dots():
    """The name of a submodule may have anything in it."""
    listed = "submodule.a.b c.path\nx\0submodule.a.b c.url\nhttps://h/q?a=b\nc\0core.x\ny\0"
    assert gitmodules._sections(listed) == [{"path": "x", "url": "https://h/q?a=b\nc"}]
