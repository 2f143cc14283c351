"""A repository of 50,000 files where one directory is wanted."""

from __future__ import annotations

import subprocess

import gitservers
import pytest
from gitservers import Recorder, files, network

pytestmark = pytest.mark.tools

FILES = 50_000


def imported(repository, content, *, above=""):
    """Make a commit on `main` quickly, from a dict of paths and contents, on top of another."""
    stream = [b"feature done\ncommit refs/heads/main\ncommitter a <a@example.com> 1700000000 +0000\ndata 0\n"]
    stream.append(f"from {above}\n".encode() if above else b"")
    stream += (f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode() for path, text in content.items())
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"], cwd=repository, input=b"".join([*stream, b"\ndone\n"]), check=True
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Make it: a hundred directories below each of ten teams, each with fifty files."""
    root = tmp_path_factory.mktemp("large")
    repository = root / "everything.git"
    repository.mkdir()
    gitservers.git(repository, "init", "--quiet", "--bare", "--initial-branch=main", ".")
    gitservers.git(repository, "config", "uploadpack.allowFilter", "true")
    everything = {f"team{n // 5000}/app{n // 50 % 100}/{n}.yaml": f"name: app-{n}\n" for n in range(FILES)}
    imported(repository, everything)
    return root


def test_one_directory_of_it(large, run, cache):
    """Only its files and the names of the others are sent; a second run asks for the branch and nothing else."""
    with gitservers.web(large) as web:
        address = f"http://127.0.0.1:{web.port}/everything.git?ref=main&sparse=true"
        recorder = Recorder()
        remotes = run(runner=recorder)
        (path,) = remotes.paths(remotes.repository(address), ["team3/app7"])
        assert len(files(path)) == 50
        # what was looked up, the names, and all files of the directory at once
        assert network(recorder) == ["ls-remote", "fetch"]
        assert sum(request.endswith("/git-upload-pack") for request in web.requests) <= 6
        whole = sum(file.stat().st_size for file in large.rglob("*.pack"))
        assert web.sent < whole * 0.9
        (mirror,) = cache.git.glob("*/partial")
        sizes = gitservers.git(mirror, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").split()
        assert sizes.count("blob") == 50
        remotes.close()
        web.requests.clear()
        recorder = Recorder()
        remotes = run(runner=recorder)
        assert [path] == remotes.paths(remotes.repository(address), ["team3/app7"])
        assert (network(recorder), len(web.requests)) == (["ls-remote"], 2)


def test_all_of_it_and_then_a_change(large, run):
    """A branch that moved by one file: that file is sent, and the tree is moved on."""
    with gitservers.web(large) as web:
        address = f"http://127.0.0.1:{web.port}/everything.git?ref=main"
        remotes = run()
        repository = remotes.repository(address)
        sample = repository.local_dir / "team9" / "app99" / "49999.yaml"
        before = sample.stat().st_ino
        assert sample.read_text() == "name: app-49999\n"
        remotes.close()
        imported(large / "everything.git", {"team3/app7/new.yaml": "name: new\n"}, above="refs/heads/main^0")
        web.sent = 0
        moved = run().repository(address).local_dir
        assert (moved / "team3" / "app7" / "new.yaml").read_text() == "name: new\n"
        assert (moved / "team9" / "app99" / "49999.yaml").stat().st_ino == before
        assert web.sent < 10_000
