"""The awscli plugin: the real program on ``PATH``, and its download where there is none."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

import cloudservers
import pytest

from kubernator.testing import mirror

if TYPE_CHECKING:
    from pathlib import Path

    from cloudservers import Ran

    from toolchain.fixtures import PathOf, Program

pytestmark = pytest.mark.tools

REGISTER = "ktor.app.register_plugin('awscli')\n"


def _run(tmp_path: Path, script: str, *args: str, path: str, **env: str) -> Ran:
    tree = tmp_path / "tree"
    tree.mkdir(exist_ok=True)
    (tree / ".kubernator.py").write_text(REGISTER + script)
    return cloudservers.kubernator(tree, *args, path=path, home=tmp_path / "home", env=env)


def test_its_members(tmp_path: Path, path_of: PathOf, program: Program) -> None:
    """The version is asked of the real program; the path is the one on ``PATH``."""
    script = "logger.info('version %s of %s', ktor.awscli.version, ktor.awscli.aws_file)\n"
    ran = _run(tmp_path, script, path=path_of("aws"))
    ran.passed()
    said = subprocess.run([program("aws"), "--version"], capture_output=True, text=True, check=True).stdout
    version = said.split()[0].removeprefix("aws-cli/")
    assert f"version {version} of {program('aws')}" in ran.err


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("INFO", ["--output", "text", "--region", "eu-west-1", "eks", "list-clusters"]),
        ("DEBUG", ["--output", "text", "--region", "eu-west-1", "eks", "list-clusters"]),
        ("TRACE", ["--output", "text", "--region", "eu-west-1", "--debug", "eks", "list-clusters"]),
    ],
)
def test_a_stanza_is_a_command_line(
    tmp_path: Path, path_of: PathOf, program: Program, level: str, expected: list[str]
) -> None:
    """Options for all commands go first; ``--debug`` is one of them at level TRACE."""
    call = "stanza('eks', 'list-clusters', output='text', region='eu-west-1')"
    script = f"logger.error('said %s', ktor.awscli.{call})\n"
    ran = _run(tmp_path, script, "-v", level, path=path_of("aws"))
    ran.passed()
    assert f"said {[str(program('aws')), *expected]}" in ran.err


def test_what_a_script_runs_with_debug_shows_no_key_of_the_environment(
    tmp_path: Path, path_of: PathOf, program: Program
) -> None:
    """The program quotes the session token there; what goes into our log is redacted."""
    script = """
argv = ktor.awscli.stanza("eks", "describe-cluster", "--name", "demo", region="eu-west-1")
ktor.app.run_capturing_out(argv, lambda line: logger.info("aws: %s", line))
"""
    with cloudservers.cloud() as cloud:
        cloud.eks("demo", server="https://127.0.0.1:1", authority="Zm9v")
        env = cloud.aws(AWS_SESSION_TOKEN=cloudservers.SESSION_TOKEN)
        ran = _run(tmp_path, script, "-v", "TRACE", path=path_of("aws"), **env)
    ran.passed()
    assert "x-amz-security-token:<secret" in ran.err
    for secret in (cloudservers.ACCESS_KEY, cloudservers.SECRET_KEY, cloudservers.SESSION_TOKEN):
        assert secret not in ran.err


@pytest.mark.parametrize("says", ["echo something else", "echo 'x' >&2", "true"])
def test_a_version_that_is_none(tmp_path: Path, path_of: PathOf, says: str) -> None:
    """Another program of that name: an error that shows what it said."""
    place = cloudservers.pretend(tmp_path / "own", "aws", says)
    path = f"{place}{os.pathsep}{path_of('aws')}"
    words = _run(tmp_path, "ktor.awscli.version\n", path=path).failed()
    assert "`aws --version` does not say a version" in words


def _tags(root: Path, *versions: str) -> dict[str, str]:
    """Make a repository with tags, and return an environment in which git takes it for the one of ``aws``."""
    tags = root / "aws" / "aws-cli"
    tags.mkdir(parents=True)
    plain = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    commit = [*who, "commit", "--quiet", "--allow-empty", "-m", "x"]
    for args in (["init", "--quiet"], commit, *(["tag", version] for version in versions)):
        subprocess.run(["git", *args], cwd=tags, env=plain, check=True)
    return _instead_of_github(root)


def _instead_of_github(root: Path) -> dict[str, str]:
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.file://{root}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "GIT_CONFIG_KEY_1": "protocol.file.allow",
        "GIT_CONFIG_VALUE_1": "always",
    }


def test_without_one_on_path_the_newest_is_fetched_and_used(tmp_path: Path, program: Program) -> None:
    """Once, by the exec plugin of the kubeconfig too, which names it by its path, as nobody else's ``PATH`` has it."""
    git = _tags(tmp_path / "tags", "1.99.0", "2.9.1", "2.31.0", "2.32.0rc1")
    script = """
ktor.app.register_plugin("eks", name="demo", region="eu-west-1")
logger.info("found %s", ktor.awscli.aws_file)
logger.info("config %s", open(ktor.eks.kubeconfig).read())
logger.info("plain %s", ktor.app.run_capturing_out(["aws", "--version"], logger.info))
"""
    path = cloudservers.bare(tmp_path)
    with mirror.Mirror() as amazon, cloudservers.cloud() as cloud:
        zipped = amazon.offer("awscli", "2.31.0", f'#!/bin/sh\nexec {shlex.quote(str(program("aws")))} "$@"\n'.encode())
        cloud.eks("demo", server="https://127.0.0.1:1", authority="Zm9v")
        env = {**cloud.aws(), **git, "KUBERNATOR_DOWNLOAD_MIRROR": amazon.url}
        ran = [_run(tmp_path, script, path=path, **env) for _ in range(2)]
    assert amazon.seen.count(zipped) == 1
    for each in ran:
        each.passed()
        place = each.err.partition("found ")[2].splitlines()[0]
        assert place.endswith("/bin/awscli/2.31.0/aws")
        assert f"command: {place}" in each.err
        assert "plain aws-cli/" in each.err


def test_what_cannot_be_fetched_says_why_it_was_wanted(tmp_path: Path) -> None:
    """No program, and no way to it: the error names both."""
    ran = _run(tmp_path, "", path=cloudservers.bare(tmp_path), **_instead_of_github(tmp_path / "nothing"))
    words = ran.failed(1)
    assert "the versions at `https://github.com/aws/aws-cli` cannot be listed" in words
    assert "`aws` is not on `PATH`" in words
    assert "hint: install `aws`" in words
