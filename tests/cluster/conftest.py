"""Fixtures that several suites share: of conflicts, take-overs, replacements, validation; others keep their own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from kubernator.testing.faults import FaultProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from test_engine import Engine

    from kubernator.testing.fixtures import Kubectl


@pytest.fixture
def engines(kubeconfig: Path) -> Iterator[Callable[..., Engine]]:
    """Hand out engines, each a run of its own."""
    from sharing import engines_of  # noqa: PLC0415 - brings a suite with it, whose asserts pytest must see first

    yield from engines_of(kubeconfig)


@pytest.fixture
def ns(kubectl: Kubectl, namespace: str) -> str:
    """Return a namespace that is there."""
    kubectl("create", "namespace", namespace)
    return namespace


@pytest.fixture
def in_process(tmp_path: Path, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the command line in this process, with a log and a cache of its own, on the control plane."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))


@pytest.fixture
def tree(in_process: None, tmp_path: Path) -> Path:
    """Return a tree with the plugin `k8s`."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".kubernator.py").write_text('ktor.app.register_plugin("k8s")\n')
    return tree


@pytest.fixture
def proxy(in_process: None, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """Return a proxy before the API server, which sees what is asked."""
    with FaultProxy(kubeconfig, directory=tmp_path) as found:
        monkeypatch.setenv("KUBECONFIG", str(found.kubeconfig))
        yield found
