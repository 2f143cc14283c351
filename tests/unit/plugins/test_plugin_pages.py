"""Options and members of plugins are on their pages, and what the page of templates shows is what comes."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.files import FileNamespace
from kubernator.plugins.kubeconfig import KubeconfigPlugin
from kubernator.plugins.kubectl import KubectlPlugin
from kubernator.plugins.sandbox import SandboxPlugin
from kubernator.plugins.templates.plugin import TemplatesPlugin
from kubernator.plugins.terraform import TerraformPlugin
from kubernator.plugins.terragrunt import TerragruntPlugin

if TYPE_CHECKING:
    from conftest import Project

DOCS = Path(__file__).parents[3] / "docs"

PAGES = (
    (KubeconfigPlugin, "reference/k8s.md"),
    (KubectlPlugin, "how-to/kubectl.md"),
    (SandboxPlugin, "how-to/sandbox.md"),
    (TemplatesPlugin, "how-to/templates.md"),
    (TerraformPlugin, "how-to/terraform.md"),
    (TerragruntPlugin, "how-to/terraform.md"),
)


def names(plugin: Any) -> list[str]:
    """Return the options of a plugin and the members of its namespace."""
    options = [each for each in inspect.signature(plugin.__init__).parameters if each not in {"self", "args", "kwargs"}]
    inherited = vars(FileNamespace) if issubclass(plugin.namespace, FileNamespace) else ()
    members = [each for each in (*vars(plugin.namespace), *inherited) if not each.startswith("_")]
    return [*options, *(each for each in members if each not in {"begin", "take"})]


@pytest.mark.parametrize(("name", "page"), [(name, page) for plugin, page in PAGES for name in names(plugin)])
def test_every_option_and_member_is_on_its_page(name: str, page: str) -> None:
    """What is not there does not exist for users."""
    text = (DOCS / page).read_text()
    assert re.search(rf"(?<![\w.])(?:ktor\.\w+\.)?{name}\b", "".join(re.findall(r"`[^`\n]*`", text)))


def test_the_files_of_the_page_of_templates_give_what_it_says(project: Project) -> None:
    """As they are printed, in directories as their first lines say."""
    page = (DOCS / "how-to" / "templates.md").read_text()
    for language, text in re.findall(r"```(python|yaml)\n(.*?)```", page, re.DOTALL):
        first = re.match(r"# ([\w./]+)", text)
        assert first, language
        project.write({first[1].rstrip(":"): text})
    made = {resource.manifest["metadata"]["name"]: resource.manifest["data"] for resource in project.resources()}
    assert made == {
        "web": {"host": "web.shop.example", "replicas": "3"},
        "stock": {"host": "stock.shop.example", "replicas": "1"},
    }
    assert project.messages == []
