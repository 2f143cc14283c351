"""Which kubeconfig a run has, and who is told when it becomes another one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from kubernator import errors

if TYPE_CHECKING:
    from conftest import Project


@pytest.mark.parametrize(
    ("environment", "register", "expected"),
    [
        ({"HOME": "/home/me"}, "", ("/home/me/.kube/config", None)),
        ({"KUBECONFIG": f"/a{os.pathsep}/b"}, "", (f"/a{os.pathsep}/b", None)),
        ({"KUBECONFIG": "/a"}, ", kubeconfig='/mine'", ("/mine", "/mine")),
        ({"HOME": "/home/me"}, ", kubeconfig='~/x'", ("/home/me/x", "/home/me/x")),
    ],
)
def test_the_kubeconfig_is_the_option_or_the_environments_or_the_homes(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    register: str,
    expected: tuple[str, str | None],
) -> None:
    """What nobody chose is left to the cluster, which looks in the same places."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    project.script(
        """
        ktor.globals.seen(ktor.kubeconfig.kubeconfig)
        ktor.app.register_plugin("k8s")
        ktor.k8s.server_version
        """,
        register=f'ktor.app.register_plugin("kubeconfig"{register})',
    ).walk()
    assert (project.seen, project.kubeconfigs) == ([expected[0]], [expected[1]])


def test_set_tells_the_notifiers_and_assigning_does_not(project: Project) -> None:
    """A change below the directory that listens is heard there too."""
    project.script(
        """
        ktor.kubeconfig.register_change_notifier(lambda: ktor.globals.seen(ktor.kubeconfig.kubeconfig))
        ktor.kubeconfig.kubeconfig = "/quiet"
        """,
        register='ktor.app.register_plugin("kubeconfig")',
    ).write({"a/.kubernator.py": "ktor.kubeconfig.set('/loud')\n"})
    project.walk()
    assert project.seen == ["/loud"]
    assert len(project.host.globals.read(("kubeconfig", "_notifiers"))) == 1


def test_another_kubeconfig_after_the_cluster_was_used_is_refused(project: Project) -> None:
    """The error names both places."""
    project.script("ktor.k8s.server_version\nktor.kubeconfig.set('/other')\n")
    with pytest.raises(errors.PluginError) as caught:
        project.walk()
    text = str(caught.value.detail)
    assert ".kubernator.py:2" in text
    assert ".kubernator.py:3" in text
