"""The example of remote directories on the real control plane: the repository comes by HTTP, with a token."""

# ruff: noqa: PLR0917 - fixtures are asked for by name

from __future__ import annotations

import json
import shutil
from pathlib import Path

import gitservers
import pytest
import yaml

from kubernator.cli import main as cli

pytestmark = [pytest.mark.tools, pytest.mark.cluster]

EXAMPLE = Path(__file__).parents[3] / "examples" / "remote"
TOKEN = "platform-token-1234567890"


@pytest.fixture
def platform(root):
    """Commit the example's repository, tagged v1.4.0; the branch has moved on since."""
    made = gitservers.Origin(root, "org/platform.git")
    content = {
        str(path.relative_to(EXAMPLE / "repository")): path.read_text()
        for path in (EXAMPLE / "repository").rglob("*")
        if path.is_file()
    }
    made.commit(content, tag="v1.4.0")
    made.commit({"README.md": "everything is elsewhere now"})
    return made


@pytest.fixture
def tree(tmp_path, monkeypatch, kubeconfig, namespace):
    """Return a copy of the example's tree, in a namespace of its own."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("PLATFORM_TOKEN", TOKEN)
    copied = shutil.copytree(EXAMPLE / "tree", tmp_path / "tree")
    script = copied / ".kubernator.py"
    script.write_text(script.read_text().replace("shop-remote", namespace))
    return copied


def run(tree, *words, code=0):
    """Run Kubernator and return its log."""
    log = tree.parent / "log"
    got = cli.main(["-p", str(tree), "--log-format", "json", "--log-file", str(log), "-v", "DEBUG", *words])
    assert code == got, log.read_text()
    return log.read_text()


def test_the_example(tree, platform, root, namespace, kubectl, capsys, tmp_path, monkeypatch):
    """Applied, pinned, and then dumped with neither the token nor the server: there is nothing to do."""
    with gitservers.web(root, username="ci", password=TOKEN) as web:
        monkeypatch.setenv("PLATFORM_REPOSITORY", f"http://127.0.0.1:{web.port}/org/platform.git")
        log = run(tree, "apply", "--yes")
        run(tree, "lock")
    found = json.loads(kubectl("get", "configmaps,services,resourcequotas", "-n", namespace, "-o", "json").stdout)
    names = {each["metadata"]["name"] for each in found["items"]}
    assert {"monitoring", "alerts", "web", "platform"} <= names
    pins = yaml.safe_load((tree / "kubernator.lock").read_text())["git"]
    tag = gitservers.git(platform.path, "rev-parse", "v1.4.0^{commit}")
    assert pins == {f"http://127.0.0.1:{web.port}/org/platform.git?ref=v1.4.0": tag}
    assert not list((tmp_path / "xdg").rglob("class.yaml"))
    stored = b"".join(path.read_bytes() for path in (tmp_path / "xdg").rglob("*") if path.is_file())
    assert TOKEN not in log
    assert TOKEN.encode() not in stored
    monkeypatch.delenv("PLATFORM_TOKEN")
    for words in (["--locked"], ["--cached-repositories"]):
        capsys.readouterr()
        log = run(tree, "dump", *words)
        assert not yaml.safe_load(capsys.readouterr().out)
        assert f"pinned to {tag}" in log


def test_without_the_repository(tree, platform, root, monkeypatch, capsys):
    """The error names the address and the script's line; the tag that is missing, and those there are."""
    monkeypatch.setenv("PLATFORM_REPOSITORY", str(platform.path))
    monkeypatch.delenv("PLATFORM_TOKEN")
    script = tree / ".kubernator.py"
    script.write_text(script.read_text().replace("v1.4.0", "v1.4"))
    log = [json.loads(line) for line in run(tree, "dump", code=1).splitlines()]
    (error,) = [line for line in log if line["level"] in {"ERROR", "CRITICAL"}]
    assert "has no branch or tag `v1.4`" in error["message"]
    assert "there are `v1.4.0`" in json.dumps(error)
    line = 1 + script.read_text().splitlines().index(
        'ktor.app.walk_remote(f"{platform}?ref=v1.4&sparse=true", "/monitoring")'
    )
    assert f".kubernator.py:{line}:" in json.dumps(error)
