"""A machine with stand-ins for programs that need a container engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from localfakes import Machine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine with all stand-ins, whose clusters cannot be reached."""
    return Machine(tmp_path)


@pytest.fixture
def real(tmp_path: Path, kubeconfig: Path) -> Machine:
    """Return a machine whose local clusters all are the real control plane."""
    return Machine(tmp_path, kubeconfig=kubeconfig)
