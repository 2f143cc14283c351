"""Each import contract is broken once on purpose, to see that it holds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("contract", "module", "planted"),
    [
        ("floors", "model/ref.py", "import kubernator.cluster.api"),
        ("plugins", "plugins/kubeconfig.py", "import kubernator.plugins.app"),
        ("cluster", "planning/planner.py", "import kubernator.cluster.client"),
        ("http", "cluster/client.py", "import http.client"),
        ("processes", "tools/git.py", "import subprocess"),
        ("templates", "plugins/app.py", "import jinja2"),
        ("yaml", "plugins/app.py", "import yaml"),
        ("jsonschema", "plugins/app.py", "import jsonschema_rs"),
        ("rich", "cli/main.py", "import rich"),
    ],
)
def test_a_planted_import_breaks_its_contract(tmp_path: Path, contract: str, module: str, planted: str) -> None:
    """A wrong import makes the contract fail that is meant to forbid it."""
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    changed = tmp_path / "src" / "kubernator" / module
    changed.write_text(f"{changed.read_text()}\n{planted}\n")
    checked = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--contract", contract],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert "BROKEN" in checked.stdout
