"""Fixtures of the suites about conflicts, take-overs and replacements; others keep their own of these names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
