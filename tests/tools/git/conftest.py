"""What the tests of repositories share: a repository, servers that give it out, a cache, and runs on it."""

from __future__ import annotations

import contextlib

import gitservers
import pytest

from kubernator.run import remote
from kubernator.tools.cache import Cache


@pytest.fixture(autouse=True)
def nobodys_configuration(monkeypatch):
    """Whoever runs the tests has a git configuration that must not matter."""
    for name, value in gitservers.PLAIN.items():
        monkeypatch.setenv(name, value)
    for name in ("GIT_ASKPASS", "SSH_ASKPASS", "GIT_SSH_COMMAND", "GIT_SSH", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def root(tmp_path):
    """Make a directory that servers give out."""
    (tmp_path / "served").mkdir()
    return tmp_path / "served"


@pytest.fixture
def origin(root):
    """Make a repository with one commit on `main`, tagged v1."""
    made = gitservers.Origin(root)
    made.first = made.commit(gitservers.FILES, tag="v1")
    return made


@pytest.fixture
def cache(tmp_path):
    """Make a cache."""
    return Cache(tmp_path / "cache")


@pytest.fixture
def run(cache):
    """Make the remotes of one run after another."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(remote.Remotes(cache, **options))


@pytest.fixture
def web(root, origin):
    """Start an HTTP server that wants a password."""
    with gitservers.web(root, username="deploy", password=gitservers.PASSWORD) as server:
        yield server
