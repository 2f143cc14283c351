"""Remote directories from real git servers: `git daemon`, HTTP with passwords, ssh, and files."""

# ruff: noqa: ARG002, PLR0917 - fixtures are asked for by name, some for what they do

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import asyncssh
import gitservers
import pytest

from kubernator import errors, redaction
from kubernator.model.origin import Origin
from kubernator.run import remote
from kubernator.tools import gittrees, process
from kubernator.tools.cache import Cache

pytestmark = pytest.mark.tools

PASSWORD = "correct-horse-battery"
FILES = {"README.md": "top", "a/app.yaml": "one", "a/sub/more.yaml": "sub", "b/other.yaml": "two"}

RUN = """
import json, sys
from pathlib import Path
from kubernator.run.remote import Remotes
from kubernator.tools.cache import Cache
with Remotes(Cache(Path(sys.argv[1]))) as remotes:
    repository = remotes.repository(sys.argv[2])
    root = repository.local_dir
    print(json.dumps([repository.commit, str(root), sorted(p.name for p in root.rglob("*.yaml"))]), flush=True)
    sys.stdin.read()
"""


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
    made.first = made.commit(FILES, tag="v1")
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
    with gitservers.web(root, username="deploy", password=PASSWORD) as server:
        yield server


def files(directory):
    """Return the content of a directory, without git's own."""
    found = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in found
        if ".git" not in path.relative_to(directory).parts
    }


def network(remotes):
    """Return the subcommands of git that talked to a server, recorded by `Recorder`."""
    return [argv[1] for argv in remotes if argv[1] in {"fetch", "ls-remote"}]


class Recorder(list):
    """Runs programs and keeps their argument lists."""

    def __call__(self, argv, **options):
        self.append([*argv])
        return process.run(argv, **options)


class TestTransports:
    """Every way to a repository gives the same files."""

    def check(self, remotes, address, origin):
        repository = remotes.repository(address)
        assert origin.first == repository.commit
        assert files(repository.local_dir) == FILES
        return repository

    def test_git_daemon(self, run, root, origin):
        """The `git` protocol."""
        with gitservers.daemon(root) as port:
            repository = self.check(run(), f"git://127.0.0.1:{port}/org/project.git", origin)
        assert f"git://127.0.0.1:{port}/org/project.git" == repository.clone_url

    @pytest.mark.parametrize("userinfo", [f"deploy:{PASSWORD}@", ""])
    def test_http_with_a_password(self, run, web, origin, userinfo):
        """Smart HTTP; the password is in the address or comes from the provider, the port stays."""
        remotes = run()
        if not userinfo:
            remotes.set_credentials_provider(lambda split: (None, "deploy", PASSWORD))
        repository = self.check(remotes, f"http://{userinfo}127.0.0.1:{web.port}/org/project.git?ref=main", origin)
        assert (f"http://127.0.0.1:{web.port}/org/project.git", "main") == (repository.clone_url, repository.ref)
        assert {f"deploy:{PASSWORD}"} == set(web.logins)

    def test_a_password_without_a_user_name(self, run, web, origin):
        """A token alone goes with a user name that is not empty."""
        web.username = "git"
        remotes = run()
        remotes.set_credentials_provider(lambda split: (None, None, PASSWORD))
        self.check(remotes, f"http://127.0.0.1:{web.port}/org/project.git", origin)

    @pytest.mark.parametrize("password", ["a@b:c/d?e#f%20g", "sp ace\"quote'$HOME`x`\\n", "пароль-ñ"])
    def test_odd_passwords(self, run, web, origin, password):
        """Whatever characters a password has, the server gets it as it is."""
        web.password = password
        remotes = run()
        remotes.set_credentials_provider(lambda split: (None, "deploy", password))
        self.check(remotes, f"http://127.0.0.1:{web.port}/org/project.git", origin)

    def test_https(self, run, root, origin, tmp_path, monkeypatch):
        """TLS is verified: with the authority it works, without it the error says so."""
        authority = gitservers.certificate(tmp_path)
        with gitservers.web(root, tls=tmp_path, username="deploy", password=PASSWORD) as server:
            address = f"https://deploy:{PASSWORD}@127.0.0.1:{server.port}/org/project.git"
            with pytest.raises(errors.SourceError, match="certificate cannot be verified") as caught:
                run().repository(address)
            assert "GIT_SSL_CAINFO" in caught.value.hint
            monkeypatch.setenv("GIT_SSL_CAINFO", str(authority))
            self.check(run(), address, origin)

    @pytest.mark.parametrize("how", ["environment", "configuration", "default"])
    def test_ssh(self, run, root, origin, tmp_path, monkeypatch, how):
        """With the user's own ssh command, or with ours, which asks nothing; the provider turns `git` into it."""
        with gitservers.ssh(root, tmp_path) as server:
            command = f"ssh -F {server.config}"
            if how == "environment":
                monkeypatch.setenv("GIT_SSH_COMMAND", command)
            elif how == "configuration":
                (tmp_path / "gitconfig").write_text(f'[core]\n\tsshCommand = "{command}"\n')
                monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
            else:
                (tmp_path / "bin").mkdir()
                (tmp_path / "bin" / "ssh").write_text(
                    f'#!/bin/sh\necho "$@" >> {tmp_path}/ssh.log\nexec {shutil.which("ssh")} -F {server.config} "$@"\n'
                )
                (tmp_path / "bin" / "ssh").chmod(0o755)
                monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
            remotes = run()
            remotes.set_credentials_provider(lambda split: ("ssh", "git", None))
            repository = self.check(remotes, f"git://127.0.0.1:{server.port}/org/project.git?ref=v1", origin)
        assert f"ssh://git@127.0.0.1:{server.port}/org/project.git" == repository.clone_url
        assert {"git"} == set(server.users)
        if how == "default":
            assert "BatchMode=yes" in (tmp_path / "ssh.log").read_text()

    def test_scp_like(self, run, root, origin, tmp_path, monkeypatch):
        """`user@host:path` reaches git as it is: the path is relative to the server's idea of home."""
        with gitservers.ssh(root, tmp_path) as server:
            monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh -F {server.config} -p {server.port}")
            repository = self.check(run(), "git@127.0.0.1:org/project.git?ref=main", origin)
        assert repository.clone_url == "git@127.0.0.1:org/project.git"
        assert {"git-upload-pack 'org/project.git'"} == set(server.commands)

    def test_files(self, run, origin):
        """A path and a `file` address are one repository, fetched once."""
        remotes = run()
        assert self.check(remotes, origin.path, origin) is remotes.repository(f"file://{origin.path}")
        assert f"file://{origin.path}" == remotes.repository(str(origin.path)).url_str

    def test_a_server_without_git(self, run, root, origin):
        """A dumb server cannot be fetched from in part; all of it does as well, a single commit too."""
        second = origin.commit({"c": "2"})
        origin.update_server_info()
        with gitservers.web(root, dumb=True) as server:
            address = f"http://127.0.0.1:{server.port}/org/project.git"
            assert second == run().repository(address).commit
            self.check(run(), f"{address}?ref={origin.first}", origin)
            self.check(run(), f"{address}?ref=v1", origin)

    def test_a_server_that_gives_out_no_single_commits(self, run, root, origin):
        """An older protocol refuses a commit that no ref names: its branches are fetched, and it is found."""
        origin.commit({"c": "2"})
        with gitservers.web(root, protocol=False) as server:
            address = f"http://127.0.0.1:{server.port}/org/project.git"
            run().repository(address)  # the mirror is shallow already
            self.check(run(), f"{address}?ref={origin.first}", origin)
            with pytest.raises(errors.SourceError, match="has no commit"):
                run().repository(f"{address}?ref={'0' * 40}")

    def test_hashes_of_the_new_kind(self, run, root):
        """A SHA-256 repository, by branch and by commit."""
        made = gitservers.Origin(root, "new.git", form="sha256")
        commit = made.commit(FILES)
        assert files(run().repository(made.path).local_dir) == FILES
        assert commit == run().repository(f"{made.path}?ref={commit}").commit


class TestRefs:
    """`?ref=` names branches, tags and commits."""

    def test_every_kind(self, run, origin):
        """Branch, default branch, annotated and plain tag, full name, full hash in either case."""
        second = origin.commit({"a/app.yaml": "dev"}, branch="feature/x")
        gitservers.git(origin.path, "tag", "plain+1", second)
        expected = {
            "": origin.first,
            "?ref=main": origin.first,
            "?ref=HEAD": origin.first,
            "?ref=v1": origin.first,
            "?ref=refs/tags/v1": origin.first,
            "?ref=tags/v1": origin.first,
            f"?ref={origin.first}": origin.first,
            f"?ref={origin.first.upper()}": origin.first,
            f"?ref={gitservers.git(origin.path, 'rev-parse', 'v1')}": origin.first,
            "?ref=feature/x": second,
            "?ref=refs/heads/feature/x": second,
            "?ref=plain+1": second,
        }
        assert expected == {query: run().repository(f"{origin.path}{query}").commit for query in expected}

    def test_a_branch_wins_over_a_tag(self, run, origin):
        """A name that is both means the branch."""
        second = origin.commit({"x": "1"}, branch="v1")
        assert second == run().repository(f"{origin.path}?ref=v1").commit

    def test_a_branch_is_looked_up_in_each_run(self, run, origin):
        """It moves forward, and after a forced push to something unrelated; what was walked before stays."""
        before = run().repository(f"{origin.path}?ref=main")
        moved = origin.commit({"a/app.yaml": "moved"})
        then = run().repository(f"{origin.path}?ref=main")
        forced = origin.commit({"z": "forced"}, force=True)
        now = run().repository(f"{origin.path}?ref=main")
        assert [origin.first, moved, forced] == [before.commit, then.commit, now.commit]
        assert [files(r.local_dir) for r in (before, then, now)] == [FILES, {"a/app.yaml": "moved"}, {"z": "forced"}]

    def test_two_refs_in_one_run(self, run, origin):
        """Each has a directory of its own, whatever the order of asking."""
        origin.commit({"a/app.yaml": "dev"}, branch="dev")
        remotes = run()
        one, two = (remotes.repository(f"{origin.path}?ref={ref}") for ref in ("v1", "dev"))
        assert [files(one.local_dir), files(two.local_dir)] == [FILES, {"a/app.yaml": "dev"}]
        assert one.local_dir != two.local_dir

    def test_a_tag_and_a_commit_need_no_network_again(self, run, root, origin):
        """With the server gone, they come from the cache; a branch is an error with a way out."""
        refs = ["v1", origin.first]
        with gitservers.daemon(root) as port:
            address = f"git://127.0.0.1:{port}/org/project.git?ref="
            for ref in [*refs, "main"]:
                run().repository(address + ref)
        recorder = Recorder()
        assert [files(run(runner=recorder).repository(address + ref).local_dir) for ref in refs] == [FILES, FILES]
        assert network(recorder) == []
        with pytest.raises(errors.SourceError, match="cannot be reached") as caught:
            run().repository(f"{address}main")
        assert "a tag or a full commit that is in the cache needs no network" in caught.value.hint

    def test_asking_twice_fetches_once(self, run, root, origin):
        """In one run a repository is looked up once; an unchanged branch is not fetched by the next one."""
        with gitservers.daemon(root) as port:
            address = f"git://127.0.0.1:{port}/org/project.git?ref=main"
            first, second = Recorder(), Recorder()
            remotes = run(runner=first)
            assert remotes.repository(address) is remotes.repository(address)
            run(runner=second).repository(address)
        assert (network(first), network(second)) == (["ls-remote", "fetch"], ["ls-remote"])

    @pytest.mark.parametrize(
        ("ref", "title", "hint"),
        [
            ("gone", "has no branch or tag `gone`", "ls-remote"),
            ("abc1234", "has no branch or tag `abc1234`", "full hash of 40 digits"),
            ("0" * 40, "has no commit `0000", "forced push"),
            ("a..b", "can be no branch", "a ref has no space"),
            ("--upload-pack=id", "can be no branch", ""),
        ],
    )
    def test_what_is_not_there(self, run, root, origin, ref, title, hint):
        """Each has its own words, and names who asked."""
        asked = Origin(path=Path(".kubernator.py"), line=3)
        with gitservers.daemon(root) as port, pytest.raises(errors.SourceError, match=title) as caught:
            run().repository(f"git://127.0.0.1:{port}/org/project.git?ref={ref}", origin=asked)
        assert hint in caught.value.hint
        assert caught.value.detail[0] == ("at", ".kubernator.py:3:1")

    def test_a_deleted_branch(self, run, origin):
        """It was there in the run before; the cache does not stand in for it."""
        origin.commit({"x": "1"}, branch="dev")
        run().repository(f"{origin.path}?ref=dev")
        origin.delete("refs/heads/dev")
        with pytest.raises(errors.SourceError, match="no branch or tag `dev`"):
            run().repository(f"{origin.path}?ref=dev")

    def test_an_empty_repository(self, run, root):
        """Nothing was pushed yet."""
        with pytest.raises(errors.SourceError, match="is empty"):
            run().repository(gitservers.Origin(root, "empty.git").path)

    def test_no_default_branch(self, run, origin):
        """The server's HEAD names a branch that is not there."""
        gitservers.git(origin.path, "symbolic-ref", "HEAD", "refs/heads/none")
        with pytest.raises(errors.SourceError, match="has no default branch") as caught:
            run().repository(origin.path)
        assert "?ref=" in caught.value.hint

    def test_a_tag_of_no_commit(self, run, origin):
        """A tag may name a file; that cannot be walked."""
        gitservers.git(origin.path, "tag", "blob", f"{origin.first}:README.md")
        with pytest.raises(errors.SourceError, match="has no commit at `refs/tags/blob`"):
            run().repository(f"{origin.path}?ref=blob")


class TestFailures:
    """What goes wrong on the way is said in words, with a hint."""

    @pytest.mark.parametrize("answer", [None, ("http", "deploy", "wrong-horse-battery"), ("http", "someone", None)])
    def test_401(self, run, web, answer):
        """No, a wrong, or half a pair of credentials: nobody is asked, and no password is shown."""
        secrets = redaction.Secrets()
        remotes = run(secrets=secrets)
        remotes.set_credentials_provider(lambda split: answer)
        with pytest.raises(errors.SourceError, match="refused the credentials, or wants some") as caught:
            remotes.repository(f"http://127.0.0.1:{web.port}/org/project.git")
        assert "repository_credentials_provider" in caught.value.hint
        assert "wrong-horse" not in f"{caught.value.title}{caught.value.detail}{caught.value.hint}"

    def test_no_such_repository(self, run, root, origin):
        """The server answers, and does not have it."""
        with (
            gitservers.daemon(root) as port,
            pytest.raises(errors.SourceError, match="is not there, or may not be read"),
        ):
            run().repository(f"git://127.0.0.1:{port}/org/other.git")

    def test_an_unknown_host_key(self, run, root, tmp_path, monkeypatch):
        """Ssh does not ask; the error says what to do."""
        with gitservers.ssh(root, tmp_path) as server:
            (tmp_path / "known_hosts").write_text("")
            monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh -F {server.config} -o BatchMode=yes")
            with pytest.raises(errors.SourceError, match="host whose key is not known") as caught:
                run().repository(f"ssh://git@127.0.0.1:{server.port}/org/project.git")
        assert "known_hosts" in caught.value.hint

    def test_a_key_that_is_refused(self, run, root, tmp_path, monkeypatch):
        """The server knows another key."""
        with gitservers.ssh(root, tmp_path) as server:
            (tmp_path / "id").unlink()
            asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "id")
            (tmp_path / "id").chmod(0o600)
            monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh -F {server.config} -o BatchMode=yes")
            with pytest.raises(errors.SourceError, match="refused the credentials"):
                run().repository(f"ssh://git@127.0.0.1:{server.port}/org/project.git")

    def test_no_git(self, run, origin, tmp_path, monkeypatch):
        """Without the program, the error says how to get it."""
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
        with pytest.raises(errors.SourceError, match=r"remote directories need `git`: .* not on `PATH`") as caught:
            run().repository(origin.path)
        assert "install git" in caught.value.hint

    def test_a_full_disk(self, cache, origin):
        """A file that cannot be written is said so, and the next run works."""
        (origin.work / "big").write_bytes(os.urandom(3_000_000))
        gitservers.git(origin.work, "add", ".")
        gitservers.git(origin.work, "commit", "--quiet", "-m", "big")
        gitservers.git(origin.work, "push", "--quiet", str(origin.path), "main")
        limited = (
            "import resource, signal; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000));"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "from kubernator import errors\n"
            f"try:\n{''.join(f'    {line}{chr(10)}' for line in RUN.strip().splitlines())}"
            "except errors.SourceError as error:\n    print(error)\n"
        )
        said = subprocess.run(
            [sys.executable, "-c", limited, str(cache.root), f"file://{origin.path}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "cannot be" in said.stdout
        with remote.Remotes(cache) as remotes:
            assert (remotes.repository(origin.path).local_dir / "big").stat().st_size == 3_000_000


class TestSecrets:
    """No password in the cache, in a log, in an argument list, or with another server."""

    def test_nowhere(self, run, web, cache, caplog, tmp_path, monkeypatch):
        """Looked for in every process at each login, in git's own trace, in the log, and in every file of the cache."""
        seen = []
        web.on_login = lambda: seen.append(
            subprocess.run(["ps", "-axww", "-o", "command"], capture_output=True, text=True, check=True).stdout
        )
        monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
        secrets, recorder = redaction.Secrets(), Recorder()
        remotes = run(secrets=secrets, runner=recorder)
        with caplog.at_level(logging.DEBUG):
            repository = remotes.repository(f"http://deploy:{PASSWORD}@127.0.0.1:{web.port}/org/project.git?ref=main")
        assert any("remote-http" in processes for processes in seen)
        assert "KUBERNATOR_GIT_PASSWORD" in (tmp_path / "trace").read_text()
        said = [*seen, (tmp_path / "trace").read_text(), caplog.text, str(recorder), repr(repository)]
        said += [f"{repository.url_str} {repository.clone_url} {remotes.display_path(repository.local_dir)}"]
        stored = [path.read_bytes() for path in cache.root.rglob("*") if path.is_file()]
        assert stored
        assert not [text for text in said if PASSWORD in text]
        assert not [content for content in stored if PASSWORD.encode() in content or b"127.0.0.1" in content]
        assert secrets.redact(PASSWORD) == "<secret 1>"

    def test_a_password_that_rotates(self, run, web, origin, cache):
        """The next run has another one and uses the same cache."""
        address = f"http://127.0.0.1:{web.port}/org/project.git"
        for web.password in ("first-password", "second-password"):
            remotes = run()
            remotes.set_credentials_provider(lambda split: (None, "deploy", web.password))
            assert origin.first == remotes.repository(address).commit
        assert len(list(cache.git.iterdir())) == 1

    @pytest.mark.parametrize("first", [PASSWORD, ""])
    def test_a_redirect_does_not_take_it_along(self, run, web, root, first):
        """The credentials are for one server; another that it names does not get them, asked for them first or not."""
        web.password = first
        with gitservers.web(root, username="deploy", password="another") as other:
            web.redirect = f"http://127.0.0.1:{other.port}"
            with pytest.raises(errors.SourceError):
                run().repository(f"http://deploy:{PASSWORD}@127.0.0.1:{web.port}/org/project.git")
            assert other.requests
            assert other.logins == []

    def test_the_users_helpers_come_after_ours(self, run, web, origin, tmp_path, monkeypatch):
        """A stale password in a credential helper does not win over the provider's, and is asked where we have none."""
        helper = f"!f() {{ test $1 = get && echo username=deploy && echo password={PASSWORD}; }}; f"
        (tmp_path / "gitconfig").write_text(f'[credential]\n\thelper = "{helper}"\n')
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
        address = f"http://127.0.0.1:{web.port}/org/project.git"
        assert origin.first == run().repository(address).commit
        web.password = "newer-password"
        remotes = run()
        remotes.set_credentials_provider(lambda split: (None, "deploy", "newer-password"))
        assert origin.first == remotes.repository(address).commit

    def test_the_cache_is_private(self, run, origin, cache):
        """Nobody else may look into it."""
        run().repository(origin.path)
        assert {0o700} == {path.stat().st_mode & 0o777 for path in (cache.git, *cache.git.iterdir())}


class TestCache:
    """What is in the cache works, whoever was there before."""

    @pytest.mark.parametrize(
        "damage",
        [
            lambda mirror: (mirror / "HEAD").unlink(),
            lambda mirror: shutil.rmtree(mirror / "objects"),
            lambda mirror: [_cut(pack) for pack in (mirror / "objects" / "pack").glob("*.pack")],
            lambda mirror: [_cut(pack) for pack in (mirror / "objects" / "pack").glob("*.idx")],
            lambda mirror: (mirror / "config").write_text("nonsense"),
            lambda mirror: (mirror / "shallow.lock").write_text(""),
            lambda mirror: (mirror / "refs" / "kubernator" / "fetched.lock").write_text(""),
        ],
        ids=["no-head", "no-objects", "cut-pack", "cut-index", "config", "shallow-lock", "ref-lock"],
    )
    @pytest.mark.parametrize("change", ["moved", "same"])
    def test_a_broken_mirror_is_fetched_anew(self, run, origin, cache, damage, change):
        """Whether there is something new to fetch, or only a directory to make again."""
        address = f"file://{origin.path}?ref=main"
        run().repository(address)
        expected = FILES
        if change == "moved":
            expected = {"new": "1"}
            origin.commit(expected)
        (home,) = cache.git.iterdir()
        shutil.rmtree(home / "trees")
        damage(home / "mirror")
        assert expected == files(run().repository(address).local_dir)
        assert expected == files(run().repository(address).local_dir)

    def test_what_a_script_wrote_is_gone_in_the_next_run(self, run, origin, cache):
        """A changed, a deleted and an additional file, also in a new directory."""
        with remote.Remotes(cache) as remotes:
            tree = remotes.repository(origin.path).local_dir
            (tree / "a" / "app.yaml").write_text("changed")
            (tree / "b" / "other.yaml").unlink()
            (tree / "new").mkdir()
            (tree / "new" / "rendered.yaml").write_text("left over")
        again = run().repository(origin.path).local_dir
        assert (tree, FILES) == (again, files(again))

    def test_a_tree_in_use_is_left_alone(self, run, origin):
        """While a run uses what its script changed, another run has a clean directory of its own."""
        first = run().repository(origin.path).local_dir
        (first / "a" / "app.yaml").write_text("changed")
        second = run().repository(origin.path).local_dir
        assert ((first / "a" / "app.yaml").read_text(), files(second)) == ("changed", FILES)
        assert first != second

    def test_files_that_always_look_changed(self, origin, cache):
        """Line endings that git would write differently are no reason to make the directory again."""
        origin.commit({"x.txt": "a\r\nb\r\n"})
        origin.commit({"x.txt": "a\r\nb\r\n", ".gitattributes": "*.txt text\n"}, only=[".gitattributes"])
        first, second = Recorder(), Recorder()
        for recorder in (first, second):
            with remote.Remotes(cache, runner=recorder) as remotes:
                remotes.repository(origin.path)
        assert [any(argv[1] == "checkout" for argv in recorder) for recorder in (first, second)] == [True, False]

    def test_processes_at_once(self, root, origin, cache):
        """Several cold starts on one cache: all get all files, from one directory."""
        with gitservers.daemon(root) as port:
            address = f"git://127.0.0.1:{port}/org/project.git?ref=main"
            started = [_start(cache, address) for _ in range(4)]
            results = [json.loads(each.stdout.readline()) for each in started]
            for each in started:
                each.communicate()
        names = sorted(Path(name).name for name in FILES if name.endswith(".yaml"))
        assert [[origin.first, results[0][1], names]] * 4 == results

    def test_a_killed_run(self, root, origin, cache, run):
        """Killed while the server answers, it leaves a cache that the next run can use."""
        arrived, go_on = threading.Event(), threading.Event()
        with gitservers.web(root, username="u", password="p") as server:
            calls = []

            def pause():
                calls.append(server.requests[-1])
                if calls[-1].endswith("git-upload-pack") and len([c for c in calls if c == calls[-1]]) == 2:
                    arrived.set()
                    go_on.wait()

            server.on_login = pause
            address = f"http://u:p@127.0.0.1:{server.port}/org/project.git?ref=main"
            started = _start(cache, address)
            arrived.wait()
            started.send_signal(signal.SIGKILL)
            started.communicate()
            server.on_login = lambda: None
            assert files(run().repository(address).local_dir) == FILES
            go_on.set()
            assert files(run().repository(address).local_dir) == FILES

    def test_a_killed_checkout(self, run, origin, cache):
        """What it left half done is removed."""
        run().repository(origin.path)
        (trees,) = cache.git.glob("*/trees")
        (trees / "tmp-left").mkdir()
        second = origin.commit({"n": "1"})
        assert second == run().repository(origin.path).local_dir.name
        assert not list(trees.glob("tmp-*"))

    def test_old_trees_go_and_used_ones_stay(self, run, origin, cache):
        """After two weeks without use, a tree goes when another is built; not one that is in use."""
        with remote.Remotes(cache) as remotes:
            old = remotes.repository(origin.path).local_dir
        origin.commit({"n": "1"})
        used = run().repository(origin.path).local_dir
        for tree in (old, used):
            os.utime(f"{tree}.lock", (0, 0))
        origin.commit({"n": "2"})
        run().repository(origin.path)
        assert (old.exists(), used.exists()) == (False, True)
        assert not Path(f"{old}.lock").exists()
        assert gittrees.KEEP_DAYS == 14

    def test_a_git_hooks_environment_does_not_matter(self, run, origin, tmp_path, monkeypatch):
        """Run in a hook, we get variables that name another repository; a user's own hooks do not run either."""
        (tmp_path / "hooks").mkdir()
        (tmp_path / "hooks" / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (tmp_path / "hooks" / "post-checkout").chmod(0o755)
        (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {tmp_path}/hooks\n[submodule]\n\trecurse = true\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
        monkeypatch.setenv("GIT_DIR", str(origin.path))
        monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
        assert files(run().repository(origin.path).local_dir) == FILES
        assert not (tmp_path / "ran").exists()
        assert not (tmp_path / "index").exists()

    def test_a_script_may_ask_git(self, run, origin):
        """A tree is a repository of its own, at the commit."""
        tree = run().repository(origin.path).local_dir
        assert (origin.first, "") == (gitservers.git(tree, "rev-parse", "HEAD"), gitservers.git(tree, "status", "-s"))
        assert gitservers.git(tree, "log", "--format=%s") == "commit"

    def test_submodules_are_empty_directories(self, run, root, origin, caplog):
        """They are not fetched, and the log says so."""
        gitservers.git(
            origin.work, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(origin.path), "mod"
        )
        gitservers.git(origin.work, "commit", "--quiet", "-m", "module")
        gitservers.git(origin.work, "push", "--quiet", str(origin.path), "main")
        with caplog.at_level(logging.INFO, "kubernator.repository"):
            tree = run().repository(origin.path).local_dir
        assert list((tree / "mod").iterdir()) == []
        assert "submodules, which are not fetched" in caplog.text


class TestSparse:
    """`?sparse=true` fetches the directories that are walked, and nothing below others."""

    def test_only_what_is_asked_for(self, run, origin, cache):
        """The directory, the files on the way, and no other file, not even in the mirror."""
        remotes = run()
        repository = remotes.repository(f"file://{origin.path}?sparse=true")
        (path,) = remotes.paths(repository, ["/a/sub"])
        assert files(path.parent.parent) == {"README.md": "top", "a/app.yaml": "one", "a/sub/more.yaml": "sub"}
        blob = gitservers.git(origin.path, "rev-parse", f"{origin.first}:b/other.yaml")
        (mirror,) = cache.git.glob("*/partial")
        objects = gitservers.git(mirror, "cat-file", "--batch-all-objects", "--batch-check")
        assert blob not in objects
        assert gitservers.git(origin.path, "rev-parse", f"{origin.first}:a/app.yaml") in objects

    def test_other_directories_later(self, run, web, origin):
        """In the same run, in another one at the same time, whole, and by who asks for all; with passwords."""
        address = f"http://deploy:{PASSWORD}@127.0.0.1:{web.port}/org/project.git?ref=v1"
        one, two = run(), run()
        first = one.paths(one.repository(f"{address}&sparse=true"), ["a"])[0]
        second = two.paths(two.repository(f"{address}&sparse=true"), ["b"])[0]
        third = one.paths(one.repository(f"{address}&sparse=true"), ["b", "a/sub"])
        assert [files(first), files(second)] == [{"app.yaml": "one", "sub/more.yaml": "sub"}, {"other.yaml": "two"}]
        assert [files(path) for path in third] == [{"other.yaml": "two"}, {"more.yaml": "sub"}]
        assert {"README.md", "a", ".git"} == {entry.name for entry in first.parent.iterdir()}
        assert files(one.repository(f"{address}&sparse=true").local_dir) == FILES
        assert files(two.repository(address).local_dir) == FILES

    @pytest.mark.parametrize("behaviour", [{}, {"protocol": False}, {"dumb": True}], ids=["v2", "v0", "dumb"])
    def test_a_server_that_does_not_filter(self, run, root, origin, behaviour):
        """It sends everything, and the tree is the same."""
        gitservers.git(origin.path, "config", "uploadpack.allowFilter", "false")
        origin.update_server_info()
        with gitservers.web(root, **behaviour) as server:
            remotes = run()
            repository = remotes.repository(f"http://127.0.0.1:{server.port}/org/project.git?sparse=true")
            assert [files(path) for path in remotes.paths(repository, ["b"])] == [{"other.yaml": "two"}]

    def test_a_server_that_gives_out_no_single_files(self, run, root, origin):
        """It filters, and then refuses the files: everything is fetched."""
        with gitservers.web(root, protocol=False) as server:
            remotes = run()
            repository = remotes.repository(f"http://127.0.0.1:{server.port}/org/project.git?sparse=true")
            assert [files(path) for path in remotes.paths(repository, ["b"])] == [{"other.yaml": "two"}]

    def test_a_server_that_has_become_a_plain_one(self, run, root, origin):
        """Git would start itself without end, looking for files on a server that cannot answer."""
        origin.update_server_info()
        with gitservers.web(root) as server:
            address = f"http://127.0.0.1:{server.port}/org/project.git?sparse=true"
            run().repository(address)
            server.dumb = True
            remotes = run()
            assert [files(p) for p in remotes.paths(remotes.repository(address), ["b"])] == [{"other.yaml": "two"}]

    def test_a_directory_that_is_not_there(self, run, origin):
        """Asking for it is an error, as without `sparse`."""
        remotes = run()
        with pytest.raises(errors.SourceError, match="`c` is not in repository"):
            remotes.paths(remotes.repository(f"file://{origin.path}?sparse=true"), ["c"])


class TestPaths:
    """Prefixes become directories, and directories can be named."""

    def test_prefixes(self, run, origin):
        """A leading slash is the repository's root, whatever the type; without any, the root itself."""
        remotes = run()
        repository = remotes.repository(origin.path)
        root = repository.local_dir
        assert [root] == remotes.paths(repository) == remotes.paths(repository, ["/"])
        expected = [root / "a", root / "b", root / "a" / "sub", root / "a"]
        assert expected == remotes.paths(repository, ["/a", b"b", Path("/a/sub/"), "b/../a"])

    @pytest.mark.parametrize(
        ("prefix", "title", "hint"),
        [
            ("../x", "is outside repository", "root"),
            ("a/../../x", "is outside repository", "root"),
            ("/c", "`c` is not in repository", "there are `a`, `b`"),
            ("a/subs", "`a/subs` is not in repository", "there are `sub`"),
            ("README.md", "`README.md` is no directory in repository", "there are `a`, `b`"),
            ("README.md/x", "`README.md/x` is not in repository", "there are `a`, `b`"),
            (".git", "`.git` is not in repository", ""),
            ("leaving", "is a symbolic link to a place outside", ""),
            ("dangling", "`dangling` is not in repository", ""),
        ],
    )
    def test_what_cannot_be_walked(self, run, origin, prefix, title, hint):
        """Outside, missing, a file, or behind a link that leaves."""
        (origin.work / "leaving").symlink_to("/")
        (origin.work / "dangling").symlink_to("nowhere")
        gitservers.git(origin.work, "add", ".")
        gitservers.git(origin.work, "commit", "--quiet", "-m", "links")
        gitservers.git(origin.work, "push", "--quiet", str(origin.path), "main")
        remotes = run()
        with pytest.raises(errors.SourceError, match=title) as caught:
            remotes.paths(remotes.repository(origin.path), [prefix])
        assert hint in caught.value.hint

    def test_a_link_that_stays_inside(self, run, origin):
        """It is walked under its own name."""
        (origin.work / "link").symlink_to("a/sub")
        gitservers.git(origin.work, "add", ".")
        gitservers.git(origin.work, "commit", "--quiet", "-m", "link")
        gitservers.git(origin.work, "push", "--quiet", str(origin.path), "main")
        remotes = run()
        (path,) = remotes.paths(remotes.repository(origin.path), ["link"])
        assert (path.name, files(path)) == ("link", {"more.yaml": "sub"})

    def test_display(self, run, origin, tmp_path):
        """In a repository a path is shown with its address; elsewhere as it is."""
        remotes = run()
        repository = remotes.repository(f"file://{origin.path}?ref=v1")
        file = repository.local_dir / "a" / "app.yaml"
        assert f"file://{origin.path}?ref=v1 a/app.yaml" == remotes.display_path(file)
        assert f"file://{origin.path}?ref=v1 ." == remotes.display_path(repository.local_dir)
        assert (str(tmp_path), "x/y") == (remotes.display_path(tmp_path), remotes.display_path("x/y"))
        assert (repository, None) == (remotes.repository_of(file), remotes.repository_of(tmp_path))
        expected = remote.Place(path=Path("a/app.yaml"), repository=f"file://{origin.path}", ref="v1")
        assert expected == remotes.place(file)
        assert remote.Place(path=Path("x/y")) == remotes.place("x/y")

    def test_a_misspelt_parameter_is_warned_about(self, run, origin, caplog):
        """`rev` would silently mean the default branch."""
        run().repository(f"file://{origin.path}?rev=v1")
        assert "`rev`" in caplog.text

    def test_a_provider_that_is_no_function(self, run):
        """It is the script's mistake; None takes the provider away."""
        remotes = run()
        with pytest.raises(errors.ScriptError, match="takes a function, not a `tuple`"):
            remotes.set_credentials_provider(("https", "u", "p"))
        remotes.set_credentials_provider(None)
        assert remotes.credentials_provider is None


def _cut(path):
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:40])


def _start(cache, address):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(cache.root), address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
