"""Pages show what is printed: each command of theirs about an example is run, without a kubeconfig and any cache."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parents[2]
PAGES = ["explain.md", "render.md"]
BLOCK = re.compile(r"^```console\n((?:.*\n)*?)```$", re.MULTILINE)
#: A directory that pages write to.
BESIDE = "../rendered"


def blocks() -> list[str]:
    """Return the commands of the pages, each with what it prints."""
    texts = [(ROOT / "docs" / "how-to" / page).read_text() for page in PAGES]
    return [block for text in texts for block in BLOCK.findall(text)]


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.splitlines()[0].removeprefix("$ "))
def test_a_page_shows_what_is_printed(block: str, tmp_path: Path, path_of: Any) -> None:
    """Word for word, but for what an ellipsis stands for."""
    beside = str(tmp_path / "rendered")
    lines = block.splitlines(keepends=True)
    commands = "".join(line.removeprefix("$ ") for line in lines if line.startswith("$ ")).replace(BESIDE, beside)
    printed = "".join(line for line in lines if not line.startswith("$ "))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "XDG_", "HELM_"))}
    done = subprocess.run(
        ["/bin/sh", "-ec", f'kubernator() {{ "{sys.executable}" -m kubernator "$@"; }}\n{commands}'],
        cwd=ROOT,
        env={**kept, "HOME": str(tmp_path), "PATH": path_of("helm"), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    wanted = "(?:.*\n)*?".join(map(re.escape, printed.split("…\n")))
    assert re.fullmatch(wanted, done.stdout.replace(beside, BESIDE)), done.stdout
