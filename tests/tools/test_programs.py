"""The programs that the other tests run are the real ones, of the versions that were meant."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kubernator import errors
from toolchain import leash, obtain, serving, table

pytestmark = pytest.mark.tools

LOCKED = dict(re.findall(r"^([\w-]+)==([^ ]+)", table.LOCKED.read_text(), re.MULTILINE))

SAY = {
    "aws": (["--version"], f"aws-cli/{LOCKED['awscli']} "),
    "crane": (["version"], "0.22.1\n"),
    "gcloud": (["--version"], "Google Cloud SDK "),
    "gke-gcloud-auth-plugin": (["--version"], "Kubernetes "),
    "git-lfs": (["version"], "git-lfs/3.7.1 "),
    "go": (["version"], "go version go1."),
    "helm": (["version", "--short"], "v4.3.1"),
    "helm3": (["version", "--short"], "v3.17.2"),
    "istioctl": (["version", "--remote=false"], "client version: 1.31-alpha\n"),
    "k3d": (["version"], "k3d version v5.8.3\n"),
    "kapp": (["version"], "kapp version 0.64.0\n"),
    "kind": (["version"], "kind v0.33.0 "),
    "kops": (["version"], "Client version: 1.36.0 (git-v1.36.0)\n"),
    "kubeconform": (["-v"], "v0.8.0\n"),
    "kubectl": (["version", "--client"], "Client Version: v1."),
    "minikube": (["version"], "minikube version: v1.36.0\n"),
    "terraform": (["version"], "Terraform v1."),
    "terragrunt": (["--version"], "terragrunt version v1.1.0\n"),
    "tofu": (["version"], "OpenTofu v1.12.6\n"),
}


def test_every_program_is_asked():
    """Each program of the table is in ours; moto tells no version and is asked by its server."""
    assert {*SAY, "moto_server"} == set(table.NAMES)


@pytest.mark.parametrize("name", sorted(SAY))
def test_the_program_says_its_version(program, tmp_path, name):
    """Each program runs, and is of the version in the table."""
    args, expected = SAY[name]
    env = {**os.environ, "HOME": str(tmp_path), "MINIKUBE_HOME": str(tmp_path)}
    env.pop("TF_CLI_CONFIG_FILE", None)  # tofu talks of one that is not there
    said = subprocess.run([program(name), *args], capture_output=True, text=True, env=env, check=False)
    assert (0, expected) == (said.returncode, (said.stdout or said.stderr)[: len(expected)])


@pytest.mark.parametrize("name", table.NAMES)
def test_the_program_lies_alone(program, name):
    """The directory of a program holds nothing else that would shadow what is on ``PATH``."""
    path = program(name)
    assert [path.name] == [each.name for each in path.parent.iterdir() if not each.name.startswith(".")]
    assert path.name == ("helm" if name == "helm3" else name)


def test_a_program_that_is_not_in_the_table(program):
    """A name that nobody knows fails the test, which says the names there are."""
    with pytest.raises(pytest.fail.Exception, match="no program `kustomize` in tests/toolchain; there are kube"):
        program("kustomize")


def test_a_program_that_cannot_be_had(program, monkeypatch):
    """The test fails with what was said and how to get the program; nothing is skipped."""

    def fail(name, *, say):
        raise errors.ToolFailed("`go` failed", argv=["go"], code=1, stderr="no space left", hint="make room")

    monkeypatch.setattr(obtain, "obtain", fail)
    with pytest.raises(pytest.fail.Exception) as caught:
        program("kops")
    said = "kops: `go` failed\ncommand: go\nexit code: 1\noutput: no space left\nhint: make room"
    assert said == caught.value.msg


def test_a_test_with_another_home_gets_the_same_programs(program, monkeypatch, tmp_path):
    """Where a test says that its cache and its programs are elsewhere, ours are found all the same."""
    expected = program("crane")
    for name in ("HOME", "XDG_CACHE_HOME", "PATH"):
        monkeypatch.setenv(name, str(tmp_path))
    assert [expected, tmp_path] == [program("crane"), Path(os.environ["HOME"])]


def test_path_of(path_of, program):
    """The programs that are named come first on ``PATH``, in their order."""
    value = path_of("helm3", "crane")
    assert f"{program('helm3').parent}:{program('crane').parent}:{os.environ['PATH']}" == value


def test_the_registry_takes_a_chart(oci_registry, program, tmp_path):
    """A chart that helm pushed is there when crane looks."""
    chart = tmp_path / "web"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 0.1.0\n")
    env = {**os.environ, **{f"HELM_{part}_HOME": str(tmp_path / part) for part in ("CACHE", "CONFIG", "DATA")}}
    repository = f"{oci_registry.address}/{tmp_path.name.replace('_', '-')}"
    for args in (["package", "web"], ["push", "web-0.1.0.tgz", f"oci://{repository}", "--plain-http"]):
        subprocess.run([program("helm"), *args], cwd=tmp_path, env=env, check=True, capture_output=True)
    listed = subprocess.run(
        [program("crane"), "ls", "--insecure", f"{repository}/web"], check=True, capture_output=True, text=True
    )
    assert listed.stdout == "0.1.0\n"


def test_moto_answers_the_real_aws(moto, program, tmp_path):
    """A bucket that aws made is there when it looks again."""
    env = {
        **os.environ,
        "AWS_ENDPOINT_URL": moto.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "HOME": str(tmp_path),
    }
    bucket = f"b-{os.urandom(6).hex()}"
    for args in (["mb", f"s3://{bucket}"], ["ls"]):
        said = subprocess.run([program("aws"), "s3", *args], env=env, check=True, capture_output=True, text=True)
    assert bucket in said.stdout


def test_a_server_that_ends_early(tmp_path):
    """A server that dies before it is ready is an error that shows what it said."""
    with (
        pytest.raises(errors.ToolFailed, match="ended early") as caught,
        serving.serving([sys.executable, "-c", "print('no disk left'); raise SystemExit(3)"], ready="ready"),
    ):
        pass
    assert (caught.value.code, caught.value.stderr) == (3, "no disk left\n")


def test_a_server_ends_with_its_block():
    """When the block is over, the server is gone."""
    code = "import os, time; print('ready', os.getpid(), flush=True); time.sleep(3600)"
    with serving.serving([sys.executable, "-c", code], ready=r"ready (\d+)") as pid:
        os.kill(int(pid), 0)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_a_server_ends_with_a_killed_owner():
    """When whoever holds the leash is killed, the server's output ends: nobody is left who could write to it."""
    code = "import time; print('ready', flush=True); time.sleep(3600)"
    owner = f"""
import subprocess, sys, time
held = subprocess.Popen([sys.executable, {leash.__file__!r}, sys.executable, "-c", {code!r}], stdin=subprocess.PIPE)
time.sleep(3600)
"""
    with subprocess.Popen([sys.executable, "-c", owner], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGKILL)
        assert process.stdout.read() == b""


def test_files_of_the_table_are_there():
    """Each program that is built has its two files of requirements."""
    expected = {f"{name}/{file}" for name in table.BUILT for file in ("go.mod", "go.sum")}
    assert expected == {str(path.relative_to(table.MODULES)) for path in Path(table.MODULES).glob("*/*")}
