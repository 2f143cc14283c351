"""Every option and member of kind, k3d and minikube is on their page, with its default."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from kubernator.plugins.k3d import K3dPlugin
from kubernator.plugins.kind import KindPlugin
from kubernator.plugins.minikube import MinikubePlugin

PAGE = (Path(__file__).parents[3] / "docs/how-to/local-clusters.md").read_text()
OPTIONS = PAGE.partition("## Members")[0].splitlines()
PLUGINS = [KindPlugin, K3dPlugin, MinikubePlugin]


@pytest.mark.parametrize("plugin", PLUGINS)
def test_options_are_documented(plugin):
    """What the constructor takes stands in a table, and text that is a default beside it."""
    for parameter in list(inspect.signature(plugin).parameters.values()):
        (row,) = [line for line in OPTIONS if re.match(rf"\| [^|]*`{parameter.name}`", line)]
        if parameter.default not in {None, False, ""}:
            assert str(parameter.default) in row


@pytest.mark.parametrize("plugin", PLUGINS)
def test_members_are_documented(plugin):
    """What scripts can read or call stands on the page."""
    members = [name for name in vars(plugin.namespace) if not name.startswith("_")]
    assert [name for name in members if f"`{name}" not in PAGE] == []
    assert {"cmd", "cmd_out", "kubeconfig", "version", "profile", "k8s_version_tuple"} <= set(members)
