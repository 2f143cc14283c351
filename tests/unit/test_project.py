"""The project keeps itself honest."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)  # what programs print may look like a link
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _names(requirements: list[object]) -> set[str]:
    found = set()
    for requirement in requirements:
        if isinstance(requirement, str):
            name = re.match(r"[A-Za-z0-9._-]+", requirement)
            assert name
            found.add(name.group().lower().replace("_", "-").replace(".", "-"))
    return found - {"kubernator"}


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_every_requirement_is_locked(lock: str) -> None:
    """What `pyproject.toml` asks for is in the locked files, with hashes; `./dev lock` writes them anew."""
    text = (ROOT / "requirements" / lock).read_text()
    locked = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
    groups = PROJECT["dependency-groups"]
    wanted = _names(PROJECT["project"]["dependencies"]) | _names(groups["build"])
    extras = PROJECT["project"]["optional-dependencies"]
    wanted |= _names(extras["sandbox"])
    if lock == "dev.txt":
        wanted |= _names(groups["test"]) | _names(groups["bench"]) | _names(groups["check"]) | _names(extras["client"])
    assert wanted <= locked
    assert text.count("--hash=sha256:") >= len(locked)


def test_the_locked_files_name_no_package_index() -> None:
    """Where packages are fetched from is up to who installs them."""
    for lock in (ROOT / "requirements").iterdir():
        assert "://" not in lock.read_text()


def test_links_in_the_documents_lead_somewhere() -> None:
    """Every relative link of every page names a file that is there."""
    missing = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", FENCED.sub("", page.read_text()))
        if not (page.parent / target).exists()
    ]
    assert missing == []
