"""Repositories and `kubernator.lock`."""

# ruff: noqa: ARG002 - fixtures are asked for by name, some for what they do

from __future__ import annotations

import gitservers
import pytest
from gitservers import FILES, Recorder, files, network

from kubernator import errors
from kubernator.run import remote
from kubernator.tools import lockfile
from kubernator.tools.cache import Cache

pytestmark = pytest.mark.tools


class TestPins:
    """`kubernator.lock`: a pinned branch is the pinned commit."""

    def pins(self, directory, **options):
        return lockfile.Pins(directory, **options)

    def test_a_pinned_branch_stays(self, run, root, origin, tmp_path):
        """Locked once, it is the same commit when the branch has moved, and needs no network from the cache."""
        with gitservers.daemon(root) as port:
            address = f"git://127.0.0.1:{port}/org/project.git?ref=main"
            locking = self.pins(tmp_path, locking=True)
            run(pins=locking).repository(address)
            locking.write()
            origin.commit({"z": "moved"})
            assert origin.first == run(pins=self.pins(tmp_path)).repository(address).commit
        recorder = Recorder()
        repository = run(pins=self.pins(tmp_path, locked=True), runner=recorder).repository(address)
        assert (repository.commit, repository.ref, files(repository.local_dir)) == (origin.first, "main", FILES)
        assert network(recorder) == []
        assert (
            f'"git://127.0.0.1:{port}/org/project.git?ref=main": "{origin.first}"'
            in (tmp_path / "kubernator.lock").read_text()
        )

    def test_in_a_new_cache(self, root, origin, tmp_path):
        """The pinned commit is fetched as such."""
        pins = self.pins(tmp_path, locking=True)
        with gitservers.daemon(root) as port:
            address = f"git://127.0.0.1:{port}/org/project.git?ref=main"
            with remote.Remotes(Cache(tmp_path / "one"), pins=pins) as remotes:
                remotes.repository(address)
            pins.write()
            origin.commit({"z": "moved"})
            with remote.Remotes(Cache(tmp_path / "two"), pins=self.pins(tmp_path)) as remotes:
                assert files(remotes.repository(address).local_dir) == FILES

    def test_what_is_not_pinned(self, run, origin, tmp_path):
        """With `--locked` a branch is refused; a full hash is its own pin; a local repository is named as seen here."""
        pins = self.pins(tmp_path, locked=True)
        with pytest.raises(errors.NotPinned, match=r"git `served/org/project.git\?ref=HEAD` is not pinned"):
            run(pins=pins).repository(origin.path)
        assert origin.first == run(pins=pins).repository(f"{origin.path}?ref={origin.first}").commit

    def test_a_pinned_commit_that_is_gone(self, run, root, origin, tmp_path):
        """The error names it."""
        key = "git://127.0.0.1:{}/org/project.git?ref=main"
        with gitservers.daemon(root) as port:
            pins = self.pins(tmp_path, locking=True)
            pins.settle("git", key.format(port), "1" * 40)
            pins.write()
            with pytest.raises(errors.SourceError, match="has no commit `1111") as caught:
                run(pins=self.pins(tmp_path)).repository(f"git://127.0.0.1:{port}/org/project.git?ref=main")
        assert dict(caught.value.detail)["pinned to"] == "1" * 40

    @pytest.mark.parametrize("value", ["main", "1234567", "--upload-pack=id"])
    def test_a_pin_that_is_no_commit(self, run, origin, tmp_path, value):
        """Somebody edited the file; it is not taken for a ref."""
        (tmp_path / "kubernator.lock").write_text(f'git:\n  "served/org/project.git?ref=HEAD": "{value}"\n')
        with pytest.raises(errors.ProjectError, match="which is no full commit hash"):
            run(pins=self.pins(tmp_path)).repository(origin.path)
