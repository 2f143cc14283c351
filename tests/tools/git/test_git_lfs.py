"""Files in Git LFS: the real git-lfs puts them in the place of their pointers; without it, an error says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import gitservers
import pytest
from gitservers import PASSWORD, Recorder, files

from kubernator import errors
from kubernator.load import text
from kubernator.model.origin import Origin

pytestmark = pytest.mark.tools

BIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\n"
PLAIN = {"app/a.yaml": "a", "app/big.yaml": BIG, "other/big.yaml": "other"}


@pytest.fixture
def with_lfs(monkeypatch, path_of):
    """Put git-lfs on `PATH`; without it, there is none."""
    monkeypatch.setenv("PATH", path_of("git-lfs"))


@pytest.fixture
def stored(origin, program):
    """Make the repository's files named `big.yaml` files of Git LFS, and put them where its server finds them."""
    attributes = "big.yaml filter=lfs diff=lfs merge=lfs -text\n"
    clean = ("-c", f"filter.lfs.clean={program('git-lfs')} clean -- %f", "-c", "filter.lfs.required=true")
    for name, content in {**PLAIN, ".gitattributes": attributes}.items():
        (origin.work / name).parent.mkdir(exist_ok=True)
        (origin.work / name).write_text(content)
    gitservers.git(origin.work, "rm", "--quiet", "-r", "--cached", ".")
    gitservers.git(origin.work, *clean, "add", ".gitattributes", *PLAIN)
    gitservers.git(origin.work, "commit", "--quiet", "-m", "large files")
    gitservers.git(origin.work, "push", "--quiet", "--no-verify", str(origin.path), "main")
    shutil.copytree(origin.work / ".git" / "lfs" / "objects", origin.path / "lfs" / "objects")
    return origin.path / "lfs" / "objects"


def address(web):
    """Return where the repository is, with its password."""
    return f"http://deploy:{PASSWORD}@127.0.0.1:{web.port}/org/project.git"


def plain(directory):
    """Return the content of a directory without the attributes."""
    return {name: content for name, content in files(directory).items() if name != ".gitattributes"}


@pytest.mark.usefixtures("stored", "with_lfs")
class TestWithGitLfs:
    """The program is there; nobody ran `git lfs install`."""

    def test_over_http(self, run, web, cache):
        """The credentials are good for its files too; these are fetched once for all trees."""
        tree = run().repository(address(web)).local_dir
        assert plain(tree) == PLAIN
        assert len(list(cache.git.glob("*/lfs/objects/*/*/*"))) == 2
        fetched = [request for request in web.requests if "/lfs/objects/" in request]
        again = run().repository(f"{address(web)}?submodules=false").local_dir
        assert again != tree
        assert plain(again) == PLAIN
        assert fetched == [request for request in web.requests if "/lfs/objects/" in request]
        stored = b"".join(path.read_bytes() for path in cache.root.rglob("*") if path.is_file())
        assert PASSWORD.encode() not in stored

    def test_of_a_part_only_what_is_in_it(self, run, web, cache):
        """A sparse checkout fetches no other file."""
        remotes = run()
        (path,) = remotes.paths(remotes.repository(f"{address(web)}?sparse=true"), ["app"])
        assert files(path) == {"a.yaml": "a", "big.yaml": BIG}
        assert len(list(cache.git.glob("*/lfs/objects/*/*/*"))) == 1

    def test_a_local_repository(self, run, origin):
        """Its files are read from where they are."""
        assert plain(run().repository(origin.path).local_dir) == PLAIN

    def test_a_tree_is_used_again(self, run, web):
        """Filtered files are no change."""
        run().repository(address(web))
        recorder = Recorder()
        run(runner=recorder).repository(address(web))
        assert not any(argv[1] == "checkout" for argv in recorder)

    def test_what_a_script_wrote_is_gone(self, run, web):
        """Also into a file of Git LFS."""
        remotes = run()
        (remotes.repository(address(web)).local_dir / "app" / "big.yaml").write_text("changed")
        remotes.close()
        assert plain(run().repository(address(web)).local_dir) == PLAIN

    def test_a_file_that_is_not_there(self, run, web, cache, stored, monkeypatch):
        """The error says what git-lfs says; nothing that was fetched is thrown away; pointers may be had."""
        run().repository(f"{address(web)}?ref=v1")
        shutil.rmtree(stored)
        with pytest.raises(errors.SourceError, match="has a file in Git LFS that cannot be had") as caught:
            run().repository(address(web))
        assert "big.yaml" in dict(caught.value.detail)["git said"]
        assert "GIT_LFS_SKIP_SMUDGE=1" in caught.value.hint
        (mirror,) = cache.git.glob("*/mirror")
        assert len(list(mirror.glob("refs/kubernator/commits/*"))) == 2
        monkeypatch.setenv("GIT_LFS_SKIP_SMUDGE", "1")
        assert "git-lfs.github.com" in (run().repository(address(web)).local_dir / "app" / "big.yaml").read_text()


@pytest.mark.usefixtures("stored")
class TestWithoutGitLfs:
    """The program is missing."""

    @pytest.fixture(autouse=True)
    def _no_lfs(self, monkeypatch, tmp_path):
        (tmp_path / "bin").mkdir()
        for name in ("git", "sh"):
            (tmp_path / "bin" / name).symlink_to(shutil.which(name))
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def test_reading_a_pointer(self, run, web):
        """The repository can be had, and other files of it; to read the pointer is an error in words."""
        tree = run().repository(address(web)).local_dir
        assert (tree / "app" / "a.yaml").read_text() == "a"
        with pytest.raises(
            errors.LoadError, match=r"`app/big.yaml` is a Git LFS pointer, not the file itself"
        ) as caught:
            text.read(tree / "app" / "big.yaml", origin=Origin(path=Path("app/big.yaml")))
        assert "install `git-lfs`" in caught.value.hint

    def test_once_it_is_there(self, run, web, monkeypatch, path_of):
        """The tree with pointers is not used again."""
        remotes = run()
        assert "git-lfs" in (remotes.repository(address(web)).local_dir / "app" / "big.yaml").read_text()
        remotes.close()
        monkeypatch.undo()
        for name, value in gitservers.PLAIN.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", path_of("git-lfs"))
        assert plain(run().repository(address(web)).local_dir) == PLAIN
