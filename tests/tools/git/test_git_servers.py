"""Remote directories from real git servers: `git daemon`, HTTP with passwords, ssh, and files."""

# ruff: noqa: ARG002, PLR0917 - fixtures are asked for by name, some for what they do

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import asyncssh
import gitservers
import pytest
from gitservers import FILES, PASSWORD, Recorder, files, network

from kubernator import errors, redaction
from kubernator.model.origin import Origin
from kubernator.run import remote
from kubernator.tools import lockfile

pytestmark = pytest.mark.tools


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

    def test_a_commit_needs_no_network_again(self, run, root, origin):
        """With the server gone it comes from the cache, also if it was fetched as a branch; others say a way out."""
        with gitservers.daemon(root) as port:
            address = f"git://127.0.0.1:{port}/org/project.git?ref="
            for ref in ("v1", "main"):
                run().repository(address + ref)
        recorder = Recorder()
        assert files(run(runner=recorder).repository(address + origin.first).local_dir) == FILES
        assert network(recorder) == []
        for ref in ("v1", "main"):
            with pytest.raises(errors.SourceError, match="cannot be reached") as caught:
                run().repository(address + ref)
            assert f"`{ref}` is {origin.first} as of " in dict(caught.value.detail)["in the cache"]
            assert "`--cached-repositories` takes branches and tags as the cache has them" in caught.value.hint

    def test_a_tag_that_was_moved(self, run, origin, caplog):
        """It is noticed, taken, and warned about once; a branch that moves is nothing special."""
        run().repository(f"{origin.path}?ref=v1")
        run().repository(f"{origin.path}?ref=main")
        second = origin.commit({"c": "2"})
        gitservers.git(origin.path, "tag", "--force", "v1", second)
        for _ in range(2):
            assert second == run().repository(f"{origin.path}?ref=v1").commit
            assert second == run().repository(f"{origin.path}?ref=main").commit
        said = [record.message for record in caplog.records if record.levelname == "WARNING"]
        assert said == [f"tag `v1` of file://{origin.path} was moved, from {origin.first} to {second}"]

    def test_asking_twice_fetches_once(self, run, root, origin):
        """In one run a repository is looked up once; an unchanged branch is not fetched by the next one."""
        with gitservers.daemon(root) as port:
            address = f"git://127.0.0.1:{port}/org/project.git?ref=main"
            first, second = Recorder(), Recorder()
            remotes = run(runner=first)
            assert remotes.repository(address) is remotes.repository(address)
            run(runner=second).repository(address)
        assert (network(first), network(second)) == (["ls-remote", "fetch"], ["ls-remote"])

    def test_a_branch_that_moves_within_a_run(self, run, origin):
        """It stays what it was, also for who asks for another part of it; with a lock file or without."""
        for pins in (None, lockfile.Pins(origin.path.parent)):
            remotes = run(pins=pins)
            first = remotes.repository(f"file://{origin.path}?ref=main").commit
            origin.commit({"moved": first})
            assert first == remotes.repository(f"file://{origin.path}?ref=main&sparse=true").commit

    @pytest.mark.parametrize(
        ("ref", "title", "hint"),
        [
            ("gone", "has no branch or tag `gone`", "there are `main`, `v1`; `git ls-remote"),
            ("mian", "has no branch or tag `mian`", "there are `main`; "),
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
        """It was there in the run before; the cache does not stand in for it, and the error says what it has."""
        second = origin.commit({"x": "1"}, branch="dev")
        run().repository(f"{origin.path}?ref=dev")
        origin.delete("refs/heads/dev")
        with pytest.raises(errors.SourceError, match="no branch or tag `dev`") as caught:
            run().repository(f"{origin.path}?ref=dev")
        assert f"`dev` is {second} as of " in dict(caught.value.detail)["in the cache"]
        assert second == run(offline=True).repository(f"{origin.path}?ref=dev").commit

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

    def test_a_server_that_stalls(self, run, web, monkeypatch):
        """It takes the question and never answers: given up after a while, which the environment may shorten."""
        monkeypatch.setenv("GIT_HTTP_LOW_SPEED_TIME", "1")
        over = threading.Event()
        web.on_login = over.wait
        with pytest.raises(errors.SourceError, match="cannot be reached"):
            run().repository(f"http://deploy:{PASSWORD}@127.0.0.1:{web.port}/org/project.git")
        over.set()

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
            f"try:\n{''.join(f'    {line}{chr(10)}' for line in gitservers.RUN.strip().splitlines())}"
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

    def test_a_password_that_expires_within_a_run(self, run, web):
        """The provider is asked again when its answer is refused; once, and not when it has nothing new."""
        answers = iter(["expired-password", "first-password"])
        asked = []

        def provider(split):
            asked.append(split.password)
            return None, "deploy", next(answers, "second-password")

        web.password = "first-password"
        remotes = run()
        remotes.set_credentials_provider(provider)
        repository = remotes.repository(f"http://127.0.0.1:{web.port}/org/project.git?sparse=true")
        assert len(asked) == 2
        web.password = "second-password"
        (path,) = remotes.paths(repository, ["a"])
        assert (files(path)["app.yaml"], len(asked)) == ("one", 3)
        web.password = "something-else"
        with pytest.raises(errors.SourceError, match="refused the credentials"):
            remotes.repository(f"http://127.0.0.1:{web.port}/org/project.git?ref=v1")
        assert len(asked) == 5

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
