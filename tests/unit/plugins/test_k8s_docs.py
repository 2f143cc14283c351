"""What is public is documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubernator.plugins.k8s.plugin import K8sNamespace
from kubernator.plugins.k8s.resource import K8SResource
from kubernator.plugins.kubeconfig import KubeconfigNamespace

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "k8s.md").read_text()


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for owner in (K8sNamespace, K8SResource, KubeconfigNamespace)
        for name in vars(owner)
        if not name.startswith("_") and name not in {"close", "record"}
    ),
)
def test_every_member_is_on_the_reference_page(name: str) -> None:
    """A member of `ktor.k8s`, of a resource or of `ktor.kubeconfig` that the page does not name is a mistake."""
    assert f"`{name}" in PAGE
