"""Addresses of repositories."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

import pytest

from kubernator import errors
from kubernator.tools import giturl
from kubernator.tools.giturl import Credentials, GitUrl

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "clone_url", "ref"),
    [
        ("https://example.com/org/project?ref=dev", "https://example.com/org/project", "dev"),
        ("https://example.com:8443/org/project.git/", "https://example.com:8443/org/project.git", None),
        ("HTTPS://Example.COM/Org/Project", "https://example.com/Org/Project", None),
        ("http://user:secret@example.com:81/p?ref=v1", "http://example.com:81/p", "v1"),
        ("https://TOKEN@example.com/p", "https://example.com/p", None),
        ("git://repo.example.com/org/project?ref=dev", "git://repo.example.com/org/project", "dev"),
        ("git://repo.example.com:9419/p", "git://repo.example.com:9419/p", None),
        ("ssh://git@example.com:2222/org/project?ref=a/b", "ssh://git@example.com:2222/org/project", "a/b"),
        ("ssh://example.com/~me/project", "ssh://example.com/~me/project", None),
        ("git+ssh://git@example.com/p", "git+ssh://git@example.com/p", None),
        ("git@example.com:org/project.git?ref=dev", "git@example.com:org/project.git", "dev"),
        ("example.com:org/project", "example.com:org/project", None),
        ("git@[::1]:p", "git@[::1]:p", None),
        ("https://[::1]:8443/p", "https://[::1]:8443/p", None),
        ("file:///srv/git/p?ref=v1", "file:///srv/git/p", "v1"),
        ("file://localhost/srv/git/p", "file:///srv/git/p", None),
        ("https://example.com/p?ref=v1.2.3+build.1", "https://example.com/p", "v1.2.3+build.1"),
        ("https://example.com/p?ref=feature%2Fa%23b", "https://example.com/p", "feature/a#b"),
        ("https://example.com/p?ref=a#b", "https://example.com/p", "a#b"),
        ("https://example.com/p?other=1&ref=x", "https://example.com/p", "x"),
        ("https://example.com/p?ref=", "https://example.com/p", None),
        (f"https://example.com/p?ref={SHA}", "https://example.com/p", SHA),
    ],
)
def test_addresses_are_taken_apart(text, clone_url, ref):
    """The query stays out of what git is given, ports stay in, and so does the user name of ssh alone."""
    url = giturl.parse(text)
    assert (clone_url, ref) == (url.clone_url, url.ref)


@pytest.mark.parametrize(
    "text", ["https://u:pass-word-1@h/p?ref=x", "https://pass-word-1@h/p", "http://:pass-word-1@h/p"]
)
def test_nothing_shown_has_credentials(text):
    """No printed form of an address has its user name over http or its password."""
    url = giturl.parse(text)
    assert "pass-word" not in f"{url.shown} {url.clone_url} {url!r} {url.identity} {url.server}"


def test_a_path_is_a_local_repository(tmp_path, monkeypatch):
    """An existing path without a scheme is a `file` address, from the asking directory or the working one."""
    (tmp_path / "a b").mkdir()
    (tmp_path / "asking" / "here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    base = tmp_path / "asking"
    quoted = urllib.parse.quote(str(tmp_path))
    expected = [f"file://{quoted}/a%20b", f"file://{quoted}/asking/here", f"file://{quoted}/a%20b?ref=x"]
    shown = [giturl.parse(repo, base=base).shown for repo in ("a b", "here", "./a b?ref=x")]
    assert expected == shown
    assert giturl.parse(Path("a b")) == giturl.parse(str(tmp_path / "a b"))


def test_a_path_with_a_question_mark_is_found(tmp_path):
    """If the whole string is a path, it has no query."""
    (tmp_path / "odd?ref=x").mkdir()
    assert giturl.parse(str(tmp_path / "odd?ref=x")).ref is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "empty"),
        ("https://example.com/a\nb", "control characters"),
        ("https://user:a%0Ab@example.com/p", "control characters"),
        ("https://user:pa/ss@example.com/p", "cannot be read"),
        ("https://example.com", "no host or no path"),
        ("https:///p", "no host or no path"),
        ("svn://example.com/p", "`svn` is not a way"),
        ("ext::sh -c id", "remote helpers"),
        ("user:secret@example.com:p", "takes no password"),
        ("file://server/p", "names another host"),
        ("ssh://-oProxyCommand=id/p", "begins with a dash"),
        ("-u:p", "begins with a dash"),
        ("https:/user:secret@example.com/p", "no `//` after its scheme"),
        ("./not-there", "neither an address nor an existing path"),
        ("https://example.com/p?ref=a&ref=b", "names `ref` twice"),
    ],
)
def test_what_is_no_address_is_an_error(text, title):
    """Each kind of nonsense has its own words, and a part of a password is never among them."""
    with pytest.raises(errors.SourceError, match=title) as caught:
        giturl.parse(text)
    said = f"{caught.value.title} {caught.value.detail} {caught.value.hint}"
    assert "secret" not in said
    assert "'pa'" not in said
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "answer", "clone_url", "credentials"),
    [
        ("git://h/org/p?ref=dev", ("ssh", "git", None), "ssh://git@h/org/p", ("git", None)),
        ("git://h:99/p", ("https", "u", "p"), "https://h:99/p", ("u", "p")),
        ("https://h/p", (None, "u", "p"), "https://h/p", ("u", "p")),
        ("https://u:p@h/p", (None, None, None), "https://h/p", ("u", "p")),
        ("https://u:p@h/p", None, "https://h/p", ("u", "p")),
        ("https://u:p@h/p", (None, None, "q"), "https://h/p", ("u", "q")),
        ("https://h/p", (None, None, "token"), "https://h/p", (None, "token")),
        ("https://h/p", ["http", None, None], "http://h/p", (None, None)),
        ("https://u:p@h/p", ("ssh", "git", None), "ssh://git@h/p", ("git", None)),
        ("git@h:org/p", ("https", "u", "p"), "https://h/org/p", ("u", "p")),
        ("git@h:org/p", (None, "other", None), "other@h:org/p", ("other", None)),
        ("ssh://h:22/p", (None, "u", None), "ssh://u@h:22/p", ("u", None)),
        ("https://h/p", (None, "u", "a%40b"), "https://h/p", ("u", "a%40b")),
        ("ssh://u@h/p", ("git", None, None), "git://h/p", (None, None)),
    ],
)
def test_a_provider_changes_what_it_names(text, answer, clone_url, credentials):
    """None keeps an element, ports stay, and what is returned is taken literally."""
    url = giturl.parse(text).provided(lambda _: answer)
    assert (clone_url, credentials) == (url.clone_url, (url.credentials.username, url.credentials.password))


def test_a_provider_gets_the_parsed_address():
    """It is a `SplitResult` with everything the address says."""
    seen = []
    giturl.parse("https://u:a%40b@h:81/p/q?ref=x").provided(seen.append)
    assert [urllib.parse.urlsplit("https://u:a%40b@h:81/p/q?ref=x")] == seen
    assert isinstance(seen[0], urllib.parse.SplitResult)


def test_a_provider_may_hand_back_what_it_got():
    """A password that was percent-encoded in the address does not become another one on its way through."""
    url = giturl.parse("https://u%2B:a%40b@h/p")
    assert url == url.provided(lambda split: (split.scheme, split.username, split.password))


def test_nobody_is_asked_about_a_local_repository(tmp_path):
    """A provider that answers for every address does not break local ones."""
    url = giturl.parse(tmp_path)
    assert url == url.provided(lambda _: ("ssh", "git", None))


@pytest.mark.parametrize(
    ("text", "answer", "kind", "title"),
    [
        ("ssh://git@h/p", (None, None, "p4ssword"), errors.SourceError, "ssh takes none"),
        ("ssh://git:p4ssword@h/p", None, errors.SourceError, "ssh takes none"),
        ("git://h/p", (None, "u", "p4ssword"), errors.SourceError, "`git` takes none"),
        ("https://h/p", ("svn", None, None), errors.ScriptError, "the scheme `svn`"),
        ("https://h/p", ("https", "p4ssword"), errors.ScriptError, "three strings"),
        ("https://h/p", (None, "u", "p4ssword\nx"), errors.ScriptError, "three strings"),
        ("https://h/p", (None, "u", b"p4ssword"), errors.ScriptError, "three strings"),
        ("https://h/p", "p4ssword", errors.ScriptError, "returned a `str`"),
    ],
)
def test_wrong_credentials_are_an_error_without_them(text, answer, kind, title):
    """What a scheme cannot carry and what is no answer are named, never quoted."""
    with pytest.raises(kind, match=title) as caught:
        giturl.parse(text).provided(lambda _: answer)
    assert "p4ssword" not in f"{caught.value.title} {caught.value.detail} {caught.value.hint}"


def test_a_provider_that_raises_is_the_scripts_fault():
    """Its exception is the cause, for `--verbose`; its text is not in the title."""
    with pytest.raises(errors.ScriptError, match="raised `ZeroDivisionError` for host `h`") as caught:
        giturl.parse("https://h/p").provided(lambda _: 1 / 0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("credentials", "secrets"),
    [
        (Credentials(username="deploy", password="p4ssword"), ["p4ssword"]),
        (Credentials(password="p4ssword"), ["p4ssword"]),
        (Credentials(username="tokentoken", password=""), ["tokentoken"]),
        (Credentials(username="tokentoken", password="x-oauth-basic"), ["tokentoken"]),
        (Credentials(username="ghp_0123456789abcdefghij"), ["ghp_0123456789abcdefghij"]),
        (Credentials(username="developer"), []),
        (Credentials(), []),
    ],
)
def test_what_is_secret_of_credentials(credentials, secrets):
    """The password; the user name where that is the token; not an ordinary user name."""
    assert secrets == credentials.secrets


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h/p?ref=a", "git://u@h/p?ref=a", True),
        ("https://H/p", "https://h/p/", True),
        ("https://h/p?ref=a", "https://h/p?ref=b", False),
        ("https://h:1/p", "https://h:2/p", False),
        ("https://h/p", "https://h/q", False),
    ],
)
def test_identity_is_host_path_and_query(one, other, same):
    """Scheme and credentials make no difference; the cache directory also leaves out the query."""
    assert same == (giturl.parse(one).identity == giturl.parse(other).identity)


def test_refs_share_a_cache_directory():
    """One mirror serves all refs of a repository, whoever logs in."""
    keys = {giturl.parse(text).key for text in ("https://h/p?ref=a", "https://u:p@h/p?ref=b", "ssh://git@h/p")}
    assert len(keys) == 1


@pytest.mark.parametrize(("query", "expected"), [("sparse=true", True), ("sparse=0", False), ("", False)])
def test_sparse_is_asked_for(query, expected):
    """Only those who say so get a part of a repository."""
    assert expected is giturl.parse(f"https://h/p?{query}").sparse


def test_unknown_parameters_are_named():
    """A misspelt parameter can be warned about."""
    assert giturl.parse("https://h/p?rev=x&ref=y").unknown == ["rev"]
    assert GitUrl(scheme="https", host="h", path="/p").unknown == []
