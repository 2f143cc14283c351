"""What is kept of repositories, and runs that have nothing else."""

# ruff: noqa: ARG002 - fixtures are asked for by name, some for what they do

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import gitservers
import pytest
from gitservers import FILES, Recorder, files, network, start

from kubernator import errors
from kubernator.run import remote
from kubernator.tools import gittrees

pytestmark = pytest.mark.tools


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
            started = [start(cache, address) for _ in range(4)]
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
            started = start(cache, address)
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
            old = remotes.repository(f"{origin.path}?ref=v1").local_dir
        origin.commit({"n": "1"})
        used = run().repository(origin.path).local_dir
        for tree in (old, used):
            os.utime(f"{tree}.lock", (0, 0))
        origin.commit({"n": "2"})
        run().repository(origin.path)
        assert (old.exists(), used.exists()) == (False, True)
        assert not Path(f"{old}.lock").exists()
        assert gittrees.KEEP_DAYS == 14

    def test_too_many_trees_go(self, run, origin, cache, monkeypatch):
        """Beyond what trees may take, those that were not used for longest go, however young."""
        trees = []
        for number in range(3):
            ref = origin.commit({"n": os.urandom(40_000).hex()}, branch=f"b{number}")
            with remote.Remotes(cache) as remotes:
                trees.append(remotes.repository(f"{origin.path}?ref={ref}").local_dir)
            os.utime(f"{trees[-1]}.lock", (1_900_000_000 + number, 1_900_000_000 + number))
        size = int(Path(f"{trees[0]}.lock").read_text())
        assert size > 80_000
        monkeypatch.setattr(gittrees, "KEEP_BYTES", size * 3 - 1)
        run().repository(origin.path)
        assert [tree.exists() for tree in trees] == [False, True, True]

    def test_a_tree_is_moved_on(self, run, origin, cache):
        """A branch that moved: what did not change is not written again, and the tree is as if made anew."""
        with remote.Remotes(cache) as remotes:
            old = remotes.repository(f"{origin.path}?ref=main").local_dir
            before = (old / "b" / "other.yaml").stat().st_ino
        origin.commit({"a/app.yaml": "moved", "b/other.yaml": "two", "new": "n"})
        new = run().repository(f"{origin.path}?ref=main").local_dir
        assert files(new) == {"a/app.yaml": "moved", "b/other.yaml": "two", "new": "n"}
        assert (old.exists(), (new / "b" / "other.yaml").stat().st_ino) == (False, before)
        assert gitservers.git(new, "status", "--short", "--ignored") == ""

    @pytest.mark.parametrize("why", ["in use", "changed", "ignored"])
    def test_a_tree_that_is_not_moved_on(self, run, origin, cache, why):
        """It is in use, or a script wrote into it, perhaps what git ignores."""
        first = origin.commit({**FILES, ".gitignore": "*.tmp\n"})
        remotes = run()
        old = remotes.repository(f"{origin.path}?ref=main").local_dir
        if why != "in use":
            (old / ("x.tmp" if why == "ignored" else "README.md")).write_text("written")
            remotes.close()
        origin.commit({"a/app.yaml": "moved"})
        assert files(run().repository(f"{origin.path}?ref=main").local_dir) == {"a/app.yaml": "moved"}
        again = run().repository(f"{origin.path}?ref={first}").local_dir
        assert files(again) == {**FILES, ".gitignore": "*.tmp\n"}

    def test_a_file_that_is_missing_in_the_mirror(self, run, origin, cache):
        """One object that a disk lost: found when the tree is made, and everything is fetched anew."""
        run().repository(f"{origin.path}?ref=main")
        (home,) = cache.git.iterdir()
        shutil.rmtree(home / "trees")
        mirror = home / "mirror"
        packs = list(mirror.glob("objects/pack/*.pack"))
        for pack in packs:
            content = pack.read_bytes()
            for each in mirror.glob(f"objects/pack/{pack.stem}.*"):
                each.chmod(0o600)
                each.unlink()
            subprocess.run(["git", "unpack-objects", "-q"], cwd=mirror, input=content, check=True)
        blob = gitservers.git(mirror, "rev-parse", f"{origin.first}:b/other.yaml")
        (mirror / "objects" / blob[:2] / blob[2:]).unlink()
        assert files(run().repository(f"{origin.path}?ref=main").local_dir) == FILES

    def test_a_cache_of_an_older_release(self, run, origin, cache):
        """Trees without the note of what they consist of are made again; what else is there does no harm."""
        remotes = run()
        tree = remotes.repository(f"{origin.path}?ref=main").local_dir
        remotes.close()
        (home,) = cache.git.iterdir()
        (tree / ".git" / gittrees.PARTS).unlink()
        (home / "pins").mkdir()
        (home / "pins" / "0123").write_text(origin.first)
        (home / "trees" / f"{'1' * 40}.lock").write_text("")
        again = run().repository(f"{origin.path}?ref=main").local_dir
        assert (files(again), again) == (FILES, tree)
        assert (tree / ".git" / gittrees.PARTS).is_file()

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


class TestOffline:
    """`--cached-repositories`: no server is asked for anything."""

    def test_everything_from_the_cache(self, run, origin, cache):
        """Branch, tag, default branch and commit are what they were last; also when the tree has to be made again."""
        refs = ["", "?ref=main", "?ref=v1", f"?ref={origin.first}", "?ref=main&sparse=true"]
        for ref in refs[:3]:
            run().repository(f"file://{origin.path}{ref}")
        remotes = run()
        remotes.paths(remotes.repository(f"file://{origin.path}?ref=main&sparse=true"), ["a"])
        remotes.close()
        shutil.move(origin.path, f"{origin.path}.gone")
        for _ in range(2):
            recorder = Recorder()
            remotes = run(offline=True, runner=recorder)
            found = [remotes.repository(f"file://{origin.path}{ref}") for ref in refs]
            assert [repository.commit for repository in found] == [origin.first] * 5
            assert [files(repository.local_dir) for repository in found[:4]] == [FILES] * 4
            assert (remotes.paths(found[4], ["a"])[0] / "app.yaml").read_text() == "one"
            assert network(recorder) == []
            remotes.close()
            shutil.rmtree(next(cache.git.glob("*/trees")))

    @pytest.mark.parametrize("ref", ["dev", "1" * 40])
    def test_what_is_not_there(self, run, origin, ref):
        """The error says what is missing, and how to get it."""
        run().repository(origin.path)
        with pytest.raises(errors.SourceError, match=f"`{ref}` of repository .* is not in the cache") as caught:
            run(offline=True).repository(f"{origin.path}?ref={ref}")
        assert "run once without `--cached-repositories`" in caught.value.hint

    def test_a_damaged_mirror_stays(self, run, origin, cache):
        """There would be nothing in its place."""
        run().repository(origin.path)
        (home,) = cache.git.iterdir()
        shutil.rmtree(home / "trees")
        for file in [*home.glob("mirror/objects/??/*"), *home.glob("mirror/objects/pack/*.pack")]:
            _cut(file)
        with pytest.raises(errors.SourceError, match="cannot be had"):
            run(offline=True).repository(origin.path)
        assert (home / "mirror").is_dir()


def _cut(path):
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:40])
