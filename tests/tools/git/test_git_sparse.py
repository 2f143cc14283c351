"""Parts of repositories."""

# ruff: noqa: ARG002 - fixtures are asked for by name, some for what they do

from __future__ import annotations

import gitservers
import pytest
from gitservers import FILES, PASSWORD, files

from kubernator import errors

pytestmark = pytest.mark.tools


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

    def test_directories_beside(self, run, origin):
        """`?sparse=b,a/sub` fetches these, too, whatever is walked."""
        remotes = run()
        (path,) = remotes.paths(remotes.repository(f"file://{origin.path}?sparse=/b,a/sub"), ["a/sub"])
        assert files(path.parent.parent) == FILES
        with pytest.raises(errors.SourceError, match="is outside repository"):
            remotes.paths(remotes.repository(f"file://{origin.path}?sparse=../x"), ["a"])

    def test_where_links_lead_is_there(self, run, origin):
        """A link to a file, one to a directory with a link in it, and a walked directory that is itself behind one."""
        origin.commit(
            {"x/base/f.yaml": "f", "x/other.yaml": "o", "y/z/deep.yaml": "deep", "w/app/a.yaml": "a", "q/q": ""}
        )
        for link, target in {
            "w/app/o.yaml": "../../x/other.yaml",
            "w/app/base": "../../x/base",
            "x/base/more": "../../y/z",
            "v": "w",
            "w/app/out": "/etc/passwd",
            "w/app/up": "../../..",
            "w/loop": "loop/x",
        }.items():
            (origin.work / link).symlink_to(target)
        gitservers.git(origin.work, "add", ".")
        gitservers.git(origin.work, "commit", "--quiet", "-m", "links")
        gitservers.git(origin.work, "push", "--quiet", str(origin.path), "main")
        for wanted in ("w/app", "v/app"):
            remotes = run()
            (path,) = remotes.paths(remotes.repository(f"file://{origin.path}?sparse=true"), [wanted])
            assert [(path / name).read_text() for name in ("o.yaml", "base/f.yaml", "base/more/deep.yaml")] == [
                "o",
                "f",
                "deep",
            ]
            assert not (path.parent.parent / "q").exists()
        with pytest.raises(errors.SourceError, match="`w/loop` is not in repository"):
            remotes.paths(remotes.repository(f"file://{origin.path}?sparse=true"), ["w/loop"])

    def test_a_directory_that_a_script_walks(self, run, origin, tmp_path):
        """Outside what was fetched it is fetched then; inside, and elsewhere, nothing happens."""
        remotes = run()
        (path,) = remotes.paths(remotes.repository(f"file://{origin.path}?sparse=true"), ["a"])
        assert [remotes.present(path / "sub"), remotes.present(tmp_path / "x")] == [path / "sub", tmp_path / "x"]
        other = remotes.present(path / ".." / "b")
        assert (other.name, files(other)) == ("b", {"other.yaml": "two"})
        assert files(remotes.present(other / ".." / "a")) == files(path)
        assert files(remotes.present(path / "..")) == FILES

    def test_a_directory_that_is_not_there(self, run, origin):
        """Asking for it is an error, as without `sparse`."""
        remotes = run()
        with pytest.raises(errors.SourceError, match="`c` is not in repository"):
            remotes.paths(remotes.repository(f"file://{origin.path}?sparse=true"), ["c"])
