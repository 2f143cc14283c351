"""Submodules: fetched at the commits they are pinned to, from wherever they are, with whose credentials it takes."""

# ruff: noqa: ARG002, PLR0917 - fixtures are asked for by name, some for what they do

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal

import gitservers
import pytest
from gitservers import FILES, PASSWORD, Recorder, files, network

from kubernator import errors

pytestmark = pytest.mark.tools


def add(holder, path, address, *, commit, extra=""):
    """Make a commit with a submodule, as `git submodule add` does, but with whatever address."""
    modules = holder.work / ".gitmodules"
    before = modules.read_text() if modules.exists() else ""
    modules.write_text(f'{before}[submodule "{path}"]\n\tpath = {path}\n\turl = {address}\n{extra}')
    gitservers.git(holder.work, "add", ".gitmodules")
    gitservers.git(holder.work, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
    gitservers.git(holder.work, "commit", "--quiet", "-m", f"submodule {path}")
    gitservers.git(holder.work, "push", "--quiet", "--force", str(holder.path), "HEAD:refs/heads/main")
    return gitservers.git(holder.work, "rev-parse", "HEAD")


@pytest.fixture
def library(root):
    """Make a repository that others have as a submodule; it has one itself."""
    inner = gitservers.Origin(root, "org/inner.git")
    inner.first = inner.commit({"deep.yaml": "deep"})
    made = gitservers.Origin(root, "org/library.git")
    made.inner = inner
    made.commit({"lib.yaml": "lib", "sub/x.yaml": "x"})
    made.first = add(made, "nested/inner", "../inner.git", commit=inner.first)
    return made


LIBRARY = {"lib.yaml": "lib", "sub/x.yaml": "x", "nested/inner/deep.yaml": "deep"}


def under(prefix, content):
    """Return what a tree is with something at a path of it."""
    return {f"{prefix}/{name}": text for name, text in content.items() if not name.startswith(".git")}


class TestContent:
    """What is in the directory of a submodule."""

    @pytest.mark.parametrize("transport", ["file", "daemon", "web", "ssh"])
    def test_recursive_and_relative(self, run, root, origin, library, tmp_path, monkeypatch, transport):
        """Over every transport; the submodule's own one, too; pinned also when its branch has moved."""
        add(origin, "vendor/lib", "../library.git", commit=library.first)
        library.commit({"lib.yaml": "moved"}, force=True)
        gitservers.git(library.path, "branch", "old", library.first)
        with contextlib.ExitStack() as stack:
            match transport:
                case "file":
                    address = f"file://{origin.path}"
                case "daemon":
                    address = f"git://127.0.0.1:{stack.enter_context(gitservers.daemon(root))}/org/project.git"
                case "web":
                    web = stack.enter_context(gitservers.web(root, username="deploy", password=PASSWORD))
                    address = f"http://deploy:{PASSWORD}@127.0.0.1:{web.port}/org/project.git"
                case "ssh":
                    server = stack.enter_context(gitservers.ssh(root, tmp_path))
                    monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh -F {server.config}")
                    address = f"ssh://git@127.0.0.1:{server.port}/org/project.git"
            tree = run().repository(address).local_dir
            found = files(tree)
            found.pop(".gitmodules")
            found.pop("vendor/lib/.gitmodules")
            assert {**FILES, **under("vendor/lib", LIBRARY)} == found
            recorder = Recorder()
            assert tree == run(runner=recorder).repository(address).local_dir
        assert network(recorder) == ["ls-remote"]
        assert library.first == gitservers.git(tree / "vendor" / "lib", "rev-parse", "HEAD")
        assert gitservers.git(tree, "status", "--short") == ""

    def test_update_none_and_no_address(self, run, origin, library):
        """What git itself would not fetch stays an empty directory."""
        add(origin, "none", "../library.git", commit=library.first, extra="\tupdate = none\n")
        others = '[submodule "x"]\n[submodule "y"]\n\tpath = ../y\n\turl = ../library.git\n'
        (origin.work / ".gitmodules").write_text((origin.work / ".gitmodules").read_text() + others)
        gitservers.git(origin.work, "update-index", "--add", "--cacheinfo", f"160000,{library.first},unnamed")
        gitservers.git(origin.work, "add", ".gitmodules")
        gitservers.git(origin.work, "commit", "--quiet", "-m", "unnamed")
        gitservers.git(origin.work, "push", "--quiet", str(origin.path), "main")
        tree = run().repository(origin.path).local_dir
        assert [list((tree / name).iterdir()) for name in ("none", "unnamed")] == [[], []]

    def test_a_name_with_odd_characters(self, run, origin, library):
        """Blanks, dots and quotes in a path do no harm."""
        add(origin, "ven dor/a.b 'ü", "../library.git", commit=library.first)
        assert (run().repository(origin.path).local_dir / "ven dor" / "a.b 'ü" / "lib.yaml").read_text() == "lib"

    def test_none_wanted(self, run, origin):
        """With `submodules=false` an address that nobody can reach does no harm, and the tree is another one."""
        add(origin, "gone", "https://127.0.0.1:1/gone.git", commit="1" * 40)
        tree = run().repository(f"file://{origin.path}?submodules=false").local_dir
        assert list((tree / "gone").iterdir()) == []
        with pytest.raises(errors.SourceError, match="submodule `gone`"):
            run().repository(f"file://{origin.path}")

    def test_of_a_part_only_what_is_in_it(self, run, origin, library):
        """With `sparse`, submodules elsewhere are not even asked for; one that the directory is in, is there."""
        add(origin, "gone", "https://127.0.0.1:1/gone.git", commit="1" * 40)
        add(origin, "a/lib", "../library.git", commit=library.first)
        remotes = run()
        repository = remotes.repository(f"file://{origin.path}?sparse=true")
        (path,) = remotes.paths(repository, ["a"])
        assert {"app.yaml", "sub", "lib"} == {each.name for each in path.iterdir()}
        assert (path / "lib" / "nested" / "inner" / "deep.yaml").read_text() == "deep"
        (path,) = remotes.paths(repository, ["a/lib/sub"])
        assert (path / "x.yaml").read_text() == "x"


class TestLogins:
    """Who is asked for credentials, and with what."""

    def test_the_provider_is_asked_for_each(self, run, root, origin, library, tmp_path):
        """Repositories on two servers with two passwords; no address and no password is in the cache."""
        with (
            gitservers.web(root, username="a", password="first-password") as one,
            gitservers.web(root, username="b", password="other-password") as two,
        ):
            add(origin, "lib", f"http://127.0.0.1:{two.port}/org/library.git", commit=library.first)
            asked = []

            def provider(split):
                asked.append((split.port, split.path))
                return ("http", "a", "first-password") if split.port == one.port else ("http", "b", "other-password")

            remotes = run()
            remotes.set_credentials_provider(provider)
            tree = remotes.repository(f"http://127.0.0.1:{one.port}/org/project.git").local_dir
        assert (tree / "lib" / "nested" / "inner" / "deep.yaml").read_text() == "deep"
        assert asked == [
            (one.port, "/org/project.git"),
            (two.port, "/org/library.git"),
            (two.port, "/org/inner.git"),
        ]
        stored = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
        assert b"-password" not in stored

    def test_an_address_does_not_take_its_password_to_another_server(self, run, root, origin, library):
        """Credentials in the address are for the same server only."""
        with (
            gitservers.web(root, username="a", password="first-password") as one,
            gitservers.web(root, username="b", password="other-password") as two,
        ):
            add(origin, "lib", f"http://127.0.0.1:{two.port}/org/library.git", commit=library.first)
            with pytest.raises(errors.SourceError, match=r"submodule `lib` of .* refused the credentials") as caught:
                run().repository(f"http://a:first-password@127.0.0.1:{one.port}/org/project.git")
            assert two.logins == []
        assert "first-password" not in f"{caught.value.title}{caught.value.detail}{caught.value.hint}"


class TestFailures:
    """A submodule that cannot be had is named, and how to do without it."""

    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("../none.git", r"submodule `lib` of `file://.*/org/project.git`: repository `file://.*none.git` is not"),
            ("../library.git", "repository `file://.*/org/library.git` has no commit `1111"),
            ("ext::sh -c true", "remote helpers"),
            ("weird://x/y", "`weird` is not a way to reach a repository"),
            ("https://u:p4ssw0rd[@h/x", "the address of a repository cannot be read"),
            ("--upload-pack=touch x", "neither an address nor an existing path"),
            ("../" * 40 + "x", "leaves the server"),
        ],
    )
    def test_what_is_said(self, run, origin, library, address, said):
        """Address, commit, or what the server answers; no password."""
        add(origin, "lib", address, commit="1" * 40)
        with pytest.raises(errors.SourceError, match=said) as caught:
            run().repository(origin.path)
        assert caught.value.title.startswith("submodule `lib` of ")
        assert "add `submodules=false`" in caught.value.hint
        assert "p4ssw0rd" not in f"{caught.value.title}{caught.value.detail}{caught.value.hint}"

    @pytest.mark.parametrize("form", ["{path}", "file://{path}"])
    def test_a_server_cannot_name_a_repository_of_this_machine(self, run, root, origin, library, form):
        """What git forbids since CVE-2022-39253."""
        add(origin, "lib", form.format(path=library.path), commit=library.first)
        with gitservers.daemon(root) as port, pytest.raises(errors.SourceError, match="is on this machine"):
            run().repository(f"git://127.0.0.1:{port}/org/project.git")
        assert (run().repository(origin.path).local_dir / "lib" / "lib.yaml").is_file()

    def test_a_file_that_git_cannot_read(self, run, origin):
        """`.gitmodules` is named, with what git says about it."""
        origin.commit({".gitmodules": "[submodule\n"})
        with pytest.raises(errors.SourceError, match=r"`.gitmodules` in .* cannot be read"):
            run().repository(origin.path)

    def test_one_of_a_submodule(self, run, origin, library):
        """Both are named."""
        add(origin, "lib", "../library.git", commit=library.first)
        shutil.rmtree(library.inner.path)
        with pytest.raises(
            errors.SourceError, match=r"submodule `lib` of .*: submodule `nested/inner` of .*library.git"
        ):
            run().repository(origin.path)


class TestCache:
    """What is kept of submodules."""

    @pytest.fixture
    def tree(self, run, origin, library):
        """Make a tree with a submodule, by a run that is over."""
        add(origin, "lib", "../library.git", commit=library.first)
        remotes = run()
        tree = remotes.repository(origin.path).local_dir
        remotes.close()
        return tree

    def test_what_a_script_wrote_into_one_is_gone(self, run, origin, tree):
        """As in the repository itself."""
        (tree / "lib" / "nested" / "inner" / "deep.yaml").write_text("changed")
        assert (run().repository(origin.path).local_dir / "lib/nested/inner/deep.yaml").read_text() == "deep"

    @pytest.mark.parametrize("damage", ["objects", "everything", "pack"])
    def test_a_damaged_mirror_is_fetched_anew(self, run, origin, cache, library, tree, damage):
        """The submodule's own, also while a tree is made of it."""
        shutil.rmtree(tree)
        (mirror,) = (path for path in cache.git.glob("*/mirror") if _has(path, library.inner.first))
        match damage:
            case "everything":
                shutil.rmtree(mirror.parent)
            case "objects":
                shutil.rmtree(mirror / "objects")
                (mirror / "objects").mkdir()
            case "pack":
                for file in [*mirror.glob("objects/pack/*.pack"), *mirror.glob("objects/??/*")]:
                    file.chmod(0o600)
                    file.write_bytes(b"nothing")
        assert (run().repository(origin.path).local_dir / "lib/nested/inner/deep.yaml").read_text() == "deep"

    def test_offline(self, run, origin, library, tree):
        """From the cache alone, also when only the mirrors are left."""
        shutil.rmtree(library.path)
        shutil.rmtree(tree)
        made = run(offline=True).repository(origin.path).local_dir
        assert (made / "lib" / "nested" / "inner" / "deep.yaml").read_text() == "deep"

    def test_a_killed_run(self, run, root, origin, library, cache):
        """Killed while a submodule's server answers: the next run has everything."""
        add(origin, "lib", "../library.git", commit=library.first)
        with gitservers.web(root, username="u", password="p") as server:
            address = f"http://u:p@127.0.0.1:{server.port}/org/project.git"
            started = gitservers.start(cache, address)

            def kill():
                if "library" in server.requests[-1] and server.requests[-1].endswith("upload-pack"):
                    started.send_signal(signal.SIGKILL)

            server.on_login = kill
            started.communicate()
            server.on_login = lambda: None
            assert started.returncode == -signal.SIGKILL
            tree = run().repository(address).local_dir
        assert (tree / "lib" / "nested" / "inner" / "deep.yaml").read_text() == "deep"

    def test_two_that_have_each_other(self, root, cache):
        """Runs at once from either end do not wait for one another without end."""
        one, two = gitservers.Origin(root, "one.git"), gitservers.Origin(root, "two.git")
        first, second = one.commit({"one": "1"}), two.commit({"two": "2"})
        add(one, "other", "../two.git", commit=second)
        add(two, "other", "../one.git", commit=first)
        started = [gitservers.start(cache, f"file://{each.path}") for each in (one, two, one, two)]
        said = [each.communicate()[0].strip() for each in started]
        assert [each.returncode for each in started] == [0] * 4
        assert [said[2], said[3]] == said[:2]

    def test_a_tree_in_use_keeps_what_it_is_made_of(self, run, origin, library, cache, caplog):
        """Commits that only a submodule needs stay while its tree is used, and go when nobody used it for long."""
        add(origin, "lib", "../library.git", commit=library.first)
        remotes = run()
        remotes.repository(origin.path)
        locks = [path for path in cache.git.glob("*/trees/*.module.lock") if path.name.startswith(library.first)]
        (lock,) = locks
        os.utime(lock, (0, 0))
        library.commit({"lib.yaml": "newer"})
        run().repository(library.path)
        assert lock.exists()
        assert _has(lock.parent.parent / "mirror", library.first)
        remotes.close()
        os.utime(lock, (0, 0))
        library.commit({"lib.yaml": "newest"})
        with caplog.at_level(logging.INFO):
            run().repository(library.path)
        assert not lock.exists()
        assert not _has(lock.parent.parent / "mirror", library.first)


def _has(mirror, commit):
    said = gitservers.git(mirror, "for-each-ref", "--format=%(refname)", f"refs/kubernator/commits/{commit}")
    return bool(said)
