"""What begins before its turn: the connection while the walk goes on, reading when it is over."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from kubernator import errors
from kubernator.redaction import Secrets
from kubernator.run.ahead import Ahead
from kubernator.run.connecting import Connecting
from kubernator.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Tree

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME, namespace: web}\n"


class Noted:
    """Takes note of what may begin."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def connect(self, kubeconfig: str | None, context: str | None) -> None:
        self.seen.append((kubeconfig, context))

    def read(self, _: Any, objects: Any) -> None:
        self.seen.append(sorted(ref.name for ref, _ in objects))


@pytest.fixture
def noted(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> Noted:
    """Return what takes note in the run of a tree."""
    found = Noted()
    made = tree.make()
    monkeypatch.setattr(made, "_ahead", found)
    monkeypatch.setattr(tree, "make", lambda: made)
    return found


def test_the_first_resource_lets_the_connection_begin(tree: Tree, noted: Noted) -> None:
    """Once, with what is chosen by then; the cluster counts as unused, so another may still be chosen."""
    tree.write({"a/m.yaml": MAP, "b/m.yaml": MAP.replace("NAME", "other")}).scripts(
        {
            ".": "ktor.app.register_plugin('k8s')\nktor.kubeconfig.set('/one')",
            "b": "ktor.kubeconfig.set('/two')",
        }
    )
    tree.walk()
    assert noted.seen == [("/one", None)]
    assert tree.clusters == []


def test_a_tree_without_resources_lets_nothing_begin(tree: Tree, noted: Noted) -> None:
    """Also where the k8s plugin is registered."""
    tree.scripts({".": "ktor.app.register_plugin('k8s')"}).walk()
    assert noted.seen == []


# --- the connection --------------------------------------------------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Return a server that accepts and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener


@pytest.fixture
def connecting() -> Iterator[Connecting]:
    """Return what connects."""
    made = Connecting(context=None, secrets=Secrets())
    yield made
    made.close()


def kubeconfig(path: Path, port: int, **user: Any) -> str:
    """Write a kubeconfig and return its path."""
    path.write_text(
        json.dumps(
            {
                "current-context": "c",
                "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
                "clusters": [{"name": "k", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                "users": [{"name": "u", "user": user}],
            }
        )
    )
    return str(path)


def port(listener: socket.socket) -> int:
    found: int = listener.getsockname()[1]
    return found


def test_what_was_begun_is_used(tmp_path: Path, connecting: Connecting, silent: socket.socket) -> None:
    """The server hears of us before the cluster is used, and once."""
    path = kubeconfig(tmp_path / "k", port(silent))
    connecting.begin(path, None)
    silent.accept()[0].close()  # only a connection that was begun brings this to an end
    assert connecting.connect(path, None).server == f"http://127.0.0.1:{port(silent)}"


@pytest.mark.parametrize("change", ["another file", "the file itself", "another context"])
def test_what_was_begun_is_dropped_for_another_cluster(
    tmp_path: Path, connecting: Connecting, silent: socket.socket, change: str
) -> None:
    """A later choice counts, and so does what stands in the file when the cluster is really used."""
    path = kubeconfig(tmp_path / "k", port(silent))
    connecting.begin(path, None)
    match change:
        case "another file":
            found = connecting.connect(kubeconfig(tmp_path / "other", 1), None)
        case "the file itself":
            found = connecting.connect(kubeconfig(tmp_path / "k", 1), None)
        case _:
            with pytest.raises(errors.Unreachable, match="context"):
                connecting.connect(path, "no such context")
            return
    assert found.server == "http://127.0.0.1:1"


def test_a_program_for_credentials_has_its_turn(
    tmp_path: Path, connecting: Connecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may ask the user for something, so it does not run ahead."""
    monkeypatch.setattr("kubernator.workers.thread", lambda *_, **__: pytest.fail("a thread was started"))
    program = {"apiVersion": "client.authentication.k8s.io/v1", "command": "login", "interactiveMode": "Never"}
    connecting.begin(kubeconfig(tmp_path / "k", 1, exec=program), None)


@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_a_kubeconfig_that_is_no_good_is_told_of_in_its_turn(
    tmp_path: Path, connecting: Connecting, content: str | None
) -> None:
    """A script may yet write it, or choose another."""
    path = tmp_path / "k"
    if content is not None:
        path.write_text(content)
    connecting.begin(str(path), None)
    with pytest.raises(errors.KubernatorError):
        connecting.connect(str(path), None)


def test_a_run_that_ends_early_waits_for_nothing(tmp_path: Path, silent: socket.socket) -> None:
    """What is under way is cut: its thread ends although the server never answers."""
    connecting = Connecting(context=None, secrets=Secrets())
    before = set(threading.enumerate())
    connecting.begin(kubeconfig(tmp_path / "k", port(silent)), None)
    accepted, _ = silent.accept()
    (begun,) = (each for each in set(threading.enumerate()) - before if each.name == "discovery ahead")
    connecting.close()
    begun.join()
    accepted.close()


def test_what_plugins_bring_is_not_read_ahead() -> None:
    """Namespaces that a plugin makes are known in the plan only, and with them what has to be read."""
    workers = Workers()
    ahead = Ahead(lambda *_: None, workers)
    ahead.reads = False
    ahead.read(None, [("anything", "at all")])  # type: ignore[arg-type, list-item]
    workers.close()
