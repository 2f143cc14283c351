"""`kubernator lock`, `--locked`, and what `cache` says of programs, without a cluster."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kubernator.cli import main as cli
from kubernator.testing.mirror import Mirror
from kubernator.tools import official

PLUGIN = """
from kubernator.plugin import Plugin

class Fetches(Plugin):
    name = "fetches"
    def __init__(self, **versions):
        self.versions = versions
    def start(self, host):
        for name, version in self.versions.items():
            host.tools.find(name, version=version, origin=host.origin())

ktor.app.register_plugin(Fetches{options})
"""


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """Keep the user's cache and kubeconfig out of it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.delenv("KUBECONFIG", raising=False)


@pytest.fixture
def mirror(monkeypatch):
    with Mirror() as served:
        monkeypatch.setenv(official.MIRROR, served.url)
        served.offer("kind", "0.27.0", b"#!/bin/sh\n")
        served.offer("helm", "3.17.2", b"#!/bin/sh\n")
        yield served


@pytest.fixture
def run(tmp_path, capsys):
    """Return a function that runs the command line over a tree that fetches programs."""
    tree = tmp_path / "tree"
    tree.mkdir()

    def run(*argv, **versions):
        options = "".join(f", {name}={version!r}" for name, version in versions.items())
        (tree / ".kubernator.py").write_text(PLUGIN.replace("{options}", options))
        code = cli.main(["-p", str(tree), *argv])
        return code, *capsys.readouterr()

    run.file = tree / "kubernator.lock"
    return run


def changes(err):
    return re.findall(r"lock\.py:\d+ ((?:added|changed|removed) tool `\w+)", err)


def test_lock(mirror, run):
    """What the tree fetches is pinned; what changed is said; a tree that did not change leaves the file alone."""
    code, out, err = run("lock", kind="0.27.0")
    assert (code, out, changes(err)) == (0, "", ["added tool `kind"])
    before = run.file.read_bytes()
    assert run("lock", kind="0.27.0")[0] == 0
    assert before == run.file.read_bytes()
    assert changes(run("lock", helm="v3.17.2")[2]) == ["added tool `helm", "removed tool `kind"]
    assert "helm@3.17.2" in run.file.read_text()


def test_check(mirror, run):
    """`--check` writes nothing and answers 2 when the file would change."""
    code, _, err = run("lock", "--check", kind="0.27.0")
    assert (code, changes(err), run.file.exists()) == (2, ["added tool `kind"], False)
    run("lock", kind="0.27.0")
    assert run("lock", "--check", kind="0.27.0")[0] == 0


@pytest.mark.parametrize("verb", ["dump", "apply"])
def test_locked(mirror, run, verb):
    """What is pinned may be fetched, what is not may not; the error names the line of the script."""
    run("lock", kind="0.27.0")
    assert run(verb, "--locked", kind="0.27.0")[0] == 0
    code, _, err = run(verb, "--locked", helm="3.17.2")
    assert code == 1
    assert "error: tool `helm@3.17.2" in err
    assert "hint: `kubernator lock` pins what the tree uses" in err
    assert ".kubernator.py:" in err
    assert run(verb, helm="3.17.2")[0] == 0


def test_release_that_was_replaced(mirror, run):
    """It is refused with both checksums, also without `--locked`, and although the cache has a program."""
    run("lock", kind="0.27.0")
    text = run.file.read_text()
    run.file.write_text(re.sub(r"sha256:\w+", f"sha256:{'0' * 64}", text))
    code, _, err = run("dump", kind="0.27.0")
    assert code == 1
    assert "is not what was promised" in err
    assert re.search(f"sha256 promised +{'0' * 64}", err)


def test_a_tree_that_is_not_valid_is_not_locked(mirror, run):
    """A run that fails on the way leaves the file as it was."""
    run("lock", kind="0.27.0")
    before = run.file.read_bytes()
    assert run("lock", kind="9.9.9")[0] == 10
    assert before == run.file.read_bytes()


def test_a_tree_with_resources_is_locked_without_a_cluster(mirror, run, monkeypatch):
    """What is fetched is known when the walk is over; resources are not asked for."""
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    tree = run.file.parent
    (tree / "config.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n")
    (tree / "sub").mkdir()
    (tree / "sub" / ".kubernator.py").write_text('ktor.app.register_plugin("k8s")\n')
    (tree / "sub" / "config.yaml").write_text((tree / "config.yaml").read_text())
    code, _, err = run("lock", kind="0.27.0")
    assert (code, changes(err)) == (0, ["added tool `kind"])


def test_lock_never_writes(run, capsys):
    """Scripts see a dry run, whatever the command line says."""
    script = run.file.with_name(".kubernator.py")
    script.write_text("logger.warning('%s, dry: %s', ktor.app.args.command, ktor.app.args.dry_run)")
    assert cli.main(["-p", str(script.parent), "--yes", "lock"]) == 0
    assert "lock, dry: True" in capsys.readouterr().err


def test_cache_ls(mirror, run):
    """Programs are listed with their versions, and as data with where they came from."""
    run("dump", kind="0.27.0")
    _, out, _ = run("cache", "ls")
    assert re.search(r"^kind +0\.27\.0 +\w+/\w+ +/.*/bin/kind/0\.27\.0/kind$", out, re.MULTILINE)
    data = json.loads(run("cache", "ls", "bin", "-o", "json")[1])
    (program,) = data[0]["programs"]
    assert program["url"].startswith("https://github.com/kubernetes-sigs/kind/releases/download/v0.27.0/")
    assert len(program["sha256"]) == 64


def test_cache_verify(mirror, run):
    """A damaged program is shown, answers 1, and what mends it is said; after that all is well."""
    run("dump", kind="0.27.0", helm="3.17.2")
    assert run("cache", "verify")[:2] == (
        0,
        "PART  WHAT         STATE\nbin   helm 3.17.2  ok\nbin   kind 0.27.0  ok\n",
    )
    kind = json.loads(run("cache", "ls", "bin", "-o", "json")[1])[0]["programs"][1]
    Path(kind["path"]).write_text("#!/bin/ch\n")
    code, out, err = run("cache", "verify", "bin", "git", "-o", "json")
    assert code == 1
    assert [bool(each["damage"]) for each in json.loads(out)] == [False, True]
    assert "1 of 2 things in the cache are damaged" in err
    assert "hint: `kubernator cache clear bin`" in err
    assert run("cache", "clear", "bin")[0] == 0
    assert run("dump", kind="0.27.0")[0] == 0
    assert run("cache", "verify")[0] == 0
