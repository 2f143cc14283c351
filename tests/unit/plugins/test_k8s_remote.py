"""Manifests and definitions that are downloaded."""

from __future__ import annotations

import http.server
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Project

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far, namespace: ns}\ndata: {a: b}\ndata: {a: c}\n"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Serve a directory and return its address."""
    directory = tmp_path / "served"
    directory.mkdir()
    (directory / "far.yaml").write_text(CONFIG)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(directory))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))


def test_a_download_is_added_with_its_address_and_who_asked(project: Project, served: str) -> None:
    """A repeated key in what others publish is a warning, and the last one wins."""
    project.script(f"ktor.k8s.load_remote_resources({served + '/far.yaml'!r}, 'yaml', 'some/../where')\n")
    (found,) = project.resources()
    assert found.manifest["data"] == {"a": "c"}
    assert [str(found.origin.path)] == [f"{served.removeprefix('http://')}/far.yaml"]
    assert str(found.origin.via).startswith(".kubernator.py:2")
    assert project.diagnostics.errors == []
    assert len(project.messages) == 1


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("load_remote_crds('URL/far.yaml', 'yaml')", ValueError),
        ("load_remote_resources('URL/gone.yaml', 'yaml')", errors.SourceError),
    ],
)
def test_a_download_that_cannot_be_used_stops_the_script(
    project: Project, served: str, call: str, error: type[Exception]
) -> None:
    """What is not there, or is no definition, raises."""
    with pytest.raises(error):
        project.script(f"ktor.k8s.{call.replace('URL', served)}\n").walk()
