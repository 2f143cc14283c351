"""Manifests and definitions that are downloaded."""

from __future__ import annotations

import http.server
import itertools
import shutil
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.model.outcome import RunOutcome
from kubernator.tools.lockfile import Pins

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
    "call",
    [
        "ktor.k8s.load_remote_resources('URL', 'yaml')",
        "ktor.app.load_remote_file(logger, 'URL', FileType.TEXT)",
        "ktor.app.download_remote_file(logger, 'URL')",
    ],
)
def test_downloads_are_pinned(project: Project, served: str, tmp_path: Path, call: str) -> None:
    """Another content than the pinned one is refused, and with `--locked` what is not pinned is not asked for."""
    url = f"{served}/far.yaml"
    numbers = itertools.count()

    def walk(**options: bool) -> Pins:
        directory = tmp_path / str(next(numbers))
        directory.mkdir()
        run = type(project)(directory)
        run.host.pins = Pins(tmp_path, **options)
        run.script(f"from kubernator.api import FileType\n{call.replace('URL', url)}\n")
        try:
            run.walk()
        finally:
            run.host.end(RunOutcome())
        return run.host.pins

    with pytest.raises(errors.NotPinned, match=f"file `{url}` is not pinned"):
        walk(locked=True)
    walk(locking=True).write()
    walk(locked=True)
    (tmp_path / "served" / "far.yaml").write_text(CONFIG.replace("a: b", "a: evil"))
    shutil.rmtree(tmp_path / "xdg")
    with pytest.raises(errors.ChecksumMismatch) as caught:
        walk()
    assert "`kubernator lock` pins the new one" in caught.value.hint


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
