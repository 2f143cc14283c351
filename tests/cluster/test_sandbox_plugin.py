"""The sandbox as a plugin: a control plane for the tree, that ends with the run however it ends."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import yaml

from kubernator import sandbox
from kubernator.sandbox import state

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]

MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: ours, namespace: default}
data: {a: b}
"""


class Runs:
    """Runs Kubernator over a tree in a process of its own."""

    def __init__(self, root: Path) -> None:
        self.tree = root / "tree"
        self.tree.mkdir()
        self.env = {**os.environ, "KUBECONFIG": str(root / "none")}

    def write(self, script: str, **files: str) -> Runs:
        for name, text in {".kubernator.py": textwrap.dedent(script), **files}.items():
            (self.tree / name).write_text(text)
        return self

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "kubernator", "-p", str(self.tree), *words]

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(self.command(*words), env=self.env, capture_output=True, text=True, check=False)
        assert code == done.returncode, done.stderr
        return done


@pytest.fixture
def runs(tmp_path: Path, kubectl_program: Path) -> Runs:
    """Return what runs Kubernator; the programs of the control plane are there."""
    return Runs(tmp_path)


@pytest.fixture
def name():
    """Return a name for a sandbox, which is taken down."""
    made = f"plugin-{secrets.token_hex(3)}"
    yield made
    sandbox.down(made)


def said(done: subprocess.CompletedProcess[str], word: str) -> str:
    """Return what a script logged after a word."""
    return next(line.partition(f"{word}=")[2] for line in done.stderr.splitlines() if f"{word}=" in line)


def test_a_tree_gets_a_control_plane_for_its_run(runs: Runs) -> None:
    """Kubectl, the plan and `apply --yes` mean the same one; nothing of it is left."""
    runs.write(
        """
        ktor.app.register_plugin("sandbox", nodes=2)
        ktor.app.register_plugin("k8s")
        logger.info("name=%s", ktor.sandbox.name)
        logger.info("same=%s", str(ktor.sandbox.kubeconfig) == ktor.kubeconfig.kubeconfig)
        logger.info("server=%s", ktor.sandbox.server)
        logger.info("versions=%s", ktor.sandbox.version == ".".join(ktor.k8s.server_version))
        """,
        **{"map.yaml": MAP},
    )
    done = runs.run("apply", "--yes")
    assert (said(done, "same"), said(done, "versions")) == ("True", "True")
    assert said(done, "server").startswith("https://127.0.0.1:")
    assert "created v1 ConfigMap default/ours" in done.stderr
    assert not state.directory(said(done, "name")).exists()


@pytest.mark.parametrize(
    ("end", "code"), [("raise RuntimeError('no')", 1), ("import sys; sys.exit(3)", 3), ("ktor.kubeconfig.set('x')", 1)]
)
def test_it_ends_with_a_run_that_fails(runs: Runs, end: str, code: int) -> None:
    """In a script, by `sys.exit`, or because another cluster is chosen once this one was used."""
    runs.write(
        f"""
        ktor.app.register_plugin("sandbox")
        ktor.app.register_plugin("k8s")
        logger.info("name=%s", ktor.sandbox.name)
        ktor.k8s.server_version
        {end}
        """
    )
    done = runs.run("dump", code=code)
    assert not state.directory(said(done, "name")).exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_it_ends_with_a_run_that_is_interrupted_or_killed(runs: Runs, number: int, code: int) -> None:
    """The supervisor sees its owner go."""
    runs.write(
        """
        ktor.app.register_plugin("sandbox")
        print(ktor.sandbox.name, flush=True)
        input()
        """
    )
    with subprocess.Popen(
        runs.command("dump"),
        env=runs.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as started:
        assert started.stdout is not None
        where = state.directory(started.stdout.readline().strip())
        started.send_signal(number)
        assert code == started.wait()
    while where.exists() and number == signal.SIGKILL:
        time.sleep(0.05)  # between two looks; the end is what is waited for
    assert not where.exists()


def test_a_name_shares_it_between_runs(runs: Runs, name: str) -> None:
    """The second run finds what the first has written; another version is refused."""
    runs.write(
        f"""
        ktor.app.register_plugin("sandbox", name="{name}", ttl=600)
        ktor.app.register_plugin("k8s")
        """,
        **{"map.yaml": MAP},
    )
    assert "created v1 ConfigMap default/ours" in runs.run("apply", "--yes").stderr
    assert not yaml.safe_load(runs.run("dump").stdout)
    (found,) = [each for each in sandbox.status() if each.name == name]
    assert 0 < (found.expires or 0) - found.created <= 600
    runs.write(f'ktor.app.register_plugin("sandbox", name="{name}", kube_version="1.36")')
    assert "is up with Kubernetes" in runs.run("dump", code=1).stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("kube_version='1.2'", "there is no sandbox of Kubernetes `1.2`"),
        ("name='Not A Name'", "`Not A Name` is no name for a sandbox"),
        ("ttl=5", "`ttl` is for a sandbox with a `name`"),
        ("name='x', ttl=-1", "`ttl` cannot be `-1`"),
        ("nodes=-1", "`nodes` cannot be `-1`"),
        ("nodes='2'", "`nodes` cannot be `2`"),
        ("name='x', ttl='4h'", "`ttl` cannot be `4h`"),
        ("keep_running=True", "has no option `keep_running`"),
    ],
)
def test_a_wrong_option_is_said_before_anything_is_started(runs: Runs, options: str, words: str) -> None:
    """With the line of the script."""
    done = runs.write(f'ktor.app.register_plugin("sandbox", {options})').run("dump", code=1)
    assert words in done.stderr
    assert ".kubernator.py:1:1" in done.stderr


def test_a_run_has_one_sandbox(runs: Runs) -> None:
    """Two directories beside each other cannot have one each; the error names both."""
    runs.write("ktor.app.register_plugin('kubeconfig')")
    for directory in ("a", "b"):
        (runs.tree / directory).mkdir()
        (runs.tree / directory / ".kubernator.py").write_text(
            "ktor.app.register_plugin('sandbox')\nlogger.info('name=%s', ktor.sandbox.name)\n"
        )
    done = runs.run("dump", code=1)
    assert "a run has one sandbox" in done.stderr
    assert "a/.kubernator.py:1:1" in done.stderr
    assert "b/.kubernator.py:1:1" in done.stderr
    assert not state.directory(said(done, "name")).exists()


def test_the_example_runs_with_one_command(tmp_path: Path) -> None:
    """As its page says."""
    env = {**os.environ, "KUBECONFIG": str(tmp_path / "none")}
    command = [sys.executable, "-m", "kubernator", "-p", str(ROOT / "examples" / "sandbox"), "apply", "--yes"]
    done = subprocess.run(
        [*command, "--report", str(tmp_path / "report")], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report").read_text())
    assert report
    assert "created apps/v1 Deployment hello/hello" in done.stderr
