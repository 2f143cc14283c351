"""What a run does not need it does not import: most of the time of a small run is importing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: What takes milliseconds to import and most runs can do without.
HEAVY = {
    *("difflib", "http.client", "importlib.metadata", "jinja2", "jsonpath_ng", "platform", "rich", "ssl"),
    *("subprocess", "filelock"),
    *("kubernator.cluster.connect", "kubernator.load.jsondoc", "kubernator.planning.planner"),
    *("kubernator.apply.runner", "kubernator.tools.download", "kubernator.tools.git", "kubernator.tools.process"),
}

#: More than this is a change of the start-up time, to be made on purpose.
MOST_MODULES = 91


def loaded(tree: Path) -> set[str]:
    """Return the modules that a dump of a tree has imported at its end."""
    code = (
        f"import sys; sys.argv = ['kubernator', '-p', {str(tree)!r}]; from kubernator.__main__ import main; main()\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("script", ["", 'ktor.app.register_plugin("k8s")\n'], ids=["empty", "without resources"])
def test_a_tree_without_resources_loads_no_client(tmp_path: Path, script: str) -> None:
    """Neither HTTP, TLS, git, templates nor the terminal's library are needed to find that there is nothing to do."""
    (tmp_path / ".kubernator.py").write_text(script)
    assert set() == HEAVY & loaded(tmp_path)


def test_few_modules_of_ours_are_loaded_for_nothing(tmp_path: Path) -> None:
    """An empty tree loads no plugin but the app plugin, and a bounded number of modules."""
    ours = {name for name in loaded(tmp_path) if name.startswith("kubernator.")}
    assert not {name for name in ours if name.startswith("kubernator.plugins.")} - {"kubernator.plugins.app"}
    assert len(ours) <= MOST_MODULES
