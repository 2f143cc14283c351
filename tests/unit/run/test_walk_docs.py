"""The pages about context and plugins say what the code has, and their example runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubernator.plugin import Host, Plugin, Visit
from kubernator.plugins.app import AppNamespace
from kubernator.run import stages

if TYPE_CHECKING:
    from conftest import Tree

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("member", [name for name in vars(AppNamespace) if not name.startswith("_")])
def test_every_member_of_ktor_app_is_documented(member: str) -> None:
    """In the page about the context."""
    assert re.search(rf"`{member}\b", (DOCS / "reference/context.md").read_text())


@pytest.mark.parametrize(
    "name",
    [
        *(stage.name for stage in stages.STAGES),
        *(name for kind in (Host, Plugin, Visit) for name in vars(kind) if not name.startswith("_")),
        *(name for kind in (Plugin, Visit) for name in kind.__annotations__),
    ],
)
def test_everything_a_plugin_is_given_is_documented(name: str) -> None:
    """In the page about plugins."""
    assert re.search(rf"`(host\.)?{name}\b", (DOCS / "reference/plugins.md").read_text())


def test_the_example_of_the_guide_runs(tree: Tree) -> None:
    """The class as printed, registered as printed."""
    page = (DOCS / "how-to/write-a-plugin.md").read_text()
    example, use, *_ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    tree.write({"OWNERS": "ann\n", "a/OWNERS": "bob\n"}).scripts(
        {
            ".": f"{example}\n{use}",
            "a": "ktor.globals.seen(ktor.owners.names, ktor.owners.first(), ktor.owners.room)",
            "b": "ktor.globals.seen(ktor.owners.names)",
        }
    )
    host = tree.walk()
    (change,) = host.walked()
    host.carry_out(change)
    assert tree.seen == [(["ann", "bob"], "ann", ""), ["ann"]]
    assert host.roster.anywhere("owners").plugin.told == ["tell the owners"]  # type: ignore[union-attr]
