"""The Istio plugin and programs that are no istioctl."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from kubernator import errors

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

VERSION = json.dumps({"clientVersion": {"version": "1.29.1"}})


@pytest.mark.parametrize(
    ("version", "manifests", "title"),
    [
        ("hello", "", "does not answer what is expected"),
        ('{"clientVersion": {"version": "banana"}}', "", "`banana`, which is none that can be compared"),
        (VERSION, "hello", "writes something else than manifests"),
        (VERSION, "- a\n- b\n", "writes something else than manifests"),
    ],
)
def test_what_is_no_istioctl_is_an_error(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, version: str, manifests: str, title: str
) -> None:
    """When it is registered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    program = tmp_path / "bin" / "istioctl"
    program.parent.mkdir()
    (tmp_path / "version").write_text(version)
    (tmp_path / "manifest").write_text(manifests)
    program.write_text(f'#!/bin/sh\nexec cat "{tmp_path}/$1"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    project.script("", register='ktor.app.register_plugin("k8s")\nktor.app.register_plugin("istio")')
    with pytest.raises(errors.ToolError, match=title):
        project.walk()
