"""A kubeconfig that another program writes: private, checked, and gone."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from kubernator import errors
from kubernator.cluster import kubeconfig
from kubernator.tools import kubefile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[kubefile.KubeFile]:
    """Return a place for one."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = kubefile.KubeFile("aws")
    yield made
    made.remove()
    assert list(tmp_path.iterdir()) == []


def _config(**program: Any) -> dict[str, Any]:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws", **program}}
    return {
        "current-context": "größe",
        "contexts": [{"name": "größe", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": user}],
    }


def test_only_we_can_read_it(file: kubefile.KubeFile) -> None:
    """Whatever mode the program wrote it with."""
    file.path.write_text(json.dumps(_config()))
    file.path.chmod(0o644)
    file.finish(programs={}, env={})
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("program", "command", "env"),
    [
        ({}, "/opt/aws/aws", (("PYTHONHOME", ""),)),
        ({"command": "other"}, "other", (("PYTHONHOME", ""),)),
        ({"env": [{"name": "AWS_PROFILE", "value": "x"}]}, "/opt/aws/aws", (("PYTHONHOME", ""), ("AWS_PROFILE", "x"))),
        ({"env": None}, "/opt/aws/aws", (("PYTHONHOME", ""),)),
    ],
)
def test_programs_get_paths_and_environment(
    file: kubefile.KubeFile, program: dict[str, Any], command: str, env: tuple[tuple[str, str], ...]
) -> None:
    """What the program wrote itself stays, and is still a kubeconfig."""
    file.path.write_text(json.dumps(_config(**program)))
    file.finish(programs={"aws": "/opt/aws/aws"}, env={"PYTHONHOME": ""})
    chosen = kubeconfig.load([file.path], must_exist=True).select()
    assert chosen.context == "größe"
    assert chosen.user.program is not None
    assert (chosen.user.program.command, chosen.user.program.env) == (command, env)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"\xff\xfe", b"just text", b"[]", b"{}", b'{"current-context": ""}', b"current-context: [a\n"],
)
def test_what_is_no_kubeconfig(file: kubefile.KubeFile, content: bytes | None) -> None:
    """A program that ended well and did something else."""
    if content is not None:
        file.path.write_bytes(content)
    with pytest.raises(errors.ToolError, match="`aws` ended well and wrote no kubeconfig"):
        file.finish(programs={}, env={})


def test_an_outdated_one(file: kubefile.KubeFile) -> None:
    """A form that Kubernetes has given up is said to come from an old program."""
    file.path.write_text(json.dumps(_config(apiVersion="client.authentication.k8s.io/v1alpha1")))
    with pytest.raises(errors.ToolError, match="`aws` is too old"):
        file.finish(programs={}, env={})


@pytest.mark.parametrize("users", [None, "text", [1, {"user": None}, {"name": "x", "user": {"exec": "text"}}, {}]])
def test_users_of_other_forms_are_left_alone(file: kubefile.KubeFile, users: object) -> None:
    """What is wrong with them is said by whoever uses the kubeconfig."""
    file.path.write_text(json.dumps({**_config(), "users": users}))
    file.finish(programs={"aws": "/opt/aws/aws"}, env={})


def test_no_place_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A temporary directory that is not there is an error that says how to choose another."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(errors.ToolError, match="cannot be made") as caught:
        kubefile.KubeFile("aws")
    assert "TMPDIR" in caught.value.hint
