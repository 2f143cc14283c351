"""The plugins of the clouds without a cloud: their options, what they say of themselves, and what they leave."""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.model.outcome import RunOutcome
from kubernator.plugins import awscli, eks, gke
from kubernator.tools.lockfile import Pins

if TYPE_CHECKING:
    from conftest import Project

DOCS = Path(__file__).parents[3] / "docs"

#: Programs that write a kubeconfig where they are told to.
_AWS = 'for each; do [ "$last" = --kubeconfig ] && echo \'{"current-context": "x"}\' > "$each"; last=$each; done'
_GCLOUD = 'echo \'{"current-context": "x"}\' > "$KUBECONFIG"'


@dataclass(frozen=True)
class Cloud:
    """A plugin, how it is registered, and stand-ins for its programs on ``PATH``."""

    name: str
    register: str
    secret: str
    scripts: dict[str, str]
    place: Path

    def programs(self, *, then: str = ":") -> None:
        """Write the programs; ``then`` is what they do in the end."""
        for name, script in self.scripts.items():
            (self.place / name).write_text(f"#!/bin/sh\n{script}\n{then}\n")
            (self.place / name).chmod(0o700)

    @property
    def left(self) -> list[Path]:
        """Temporary files that are there."""
        return list((self.place.parent / "scratch").iterdir())


@pytest.fixture(params=["eks", "gke"])
def cloud(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Return each of the clouds."""
    place = tmp_path / "programs"
    place.mkdir()
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.defpath}")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    if request.param == "eks":
        register = "ktor.app.register_plugin('eks', name='demo', region='')"
        return Cloud("eks", register, "AWS_SESSION_TOKEN", {"aws": _AWS}, place)
    register = "ktor.app.register_plugin('gke', name='demo', region='r', project='p')"
    scripts = {"gcloud": _GCLOUD, "gke-gcloud-auth-plugin": ""}
    return Cloud("gke", register, "CLOUDSDK_AUTH_ACCESS_TOKEN", scripts, place)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("'eks'", "plugin `eks` needs the option `name`"),
        ("'eks', name=None", "plugin `eks` needs the option `name`"),
        ("'eks', name=7", "the option `name` of plugin `eks` is a text, not `7`"),
        ("'eks', name='--help'", "the option `name` of plugin `eks` cannot be '--help'"),
        ("'eks', name='x', region='-r'", "the option `region` of plugin `eks` cannot be '-r'"),
        ("'gke', region='r', project='p'", "plugin `gke` needs the option `name`"),
        ("'gke', name='n', project='p'", "plugin `gke` needs the option `region`"),
        ("'gke', name='n', region='r', project=''", "plugin `gke` needs the option `project`"),
    ],
)
def test_an_option_that_is_missing_or_wrong_is_a_value_error(project: Project, call: str, expected: str) -> None:
    """As in the reference; nothing is run and nothing registered."""
    project.write(
        {
            ".kubernator.py": f"""
            try:
                ktor.app.register_plugin({call})
            except ValueError as error:
                ktor.globals.seen(str(error))
            assert not hasattr(ktor, "eks") and not hasattr(ktor, "gke")
            """
        }
    ).walk()
    assert project.seen == [expected]


def test_the_kubeconfig_is_chosen_and_removed_at_the_end(project: Project, cloud: Cloud) -> None:
    """Notifiers hear of it; when the run is over, its directory is gone too."""
    cloud.programs()
    project.script(
        f"""
        ktor.kubeconfig.register_change_notifier(lambda: ktor.globals.seen(ktor.kubeconfig.kubeconfig))
        {cloud.register}
        ktor.globals.seen(ktor.{cloud.name}.kubeconfig)
        """,
        register="ktor.app.register_plugin('kubeconfig')",
    ).walk()
    heard, shown = project.seen
    assert heard == shown
    assert Path(shown).is_file()
    project.host.end(RunOutcome())
    assert cloud.left == []


def test_a_failure_leaves_no_kubeconfig(project: Project, cloud: Cloud) -> None:
    """A program that wrote it and then failed leaves nothing behind."""
    cloud.programs(then="exit 4")
    project.script("", register=cloud.register)
    with pytest.raises(errors.ToolFailed, match=f"{cloud.name.upper()} cluster `demo` cannot be had") as caught:
        project.walk()
    assert caught.value.code == 4
    assert cloud.left == []


def test_another_cluster_after_one_was_used_is_refused(project: Project, cloud: Cloud) -> None:
    """A run has one cluster; the file of the other one goes."""
    cloud.programs()
    project.script(f"ktor.k8s.server_version\n{cloud.register}\n")
    with pytest.raises(errors.PluginError, match="a run has one cluster"):
        project.walk()
    assert cloud.left == []


def test_credentials_of_the_environment_are_not_in_errors(
    project: Project, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a program quotes them."""
    monkeypatch.setenv(cloud.secret, "a-secret-of-the-cloud")
    cloud.programs(then=f'echo "token: ${cloud.secret}" >&2; exit 1')
    project.script("", register=cloud.register)
    with pytest.raises(errors.ToolFailed) as caught:
        project.walk()
    assert dict(caught.value.detail)["output"] == "token: <secret 1>"


@pytest.mark.parametrize("plugin", [awscli.AwscliPlugin, eks.EksPlugin, gke.GkePlugin])
def test_every_option_and_member_is_documented(
    plugin: type[awscli.AwscliPlugin | eks.EksPlugin | gke.GkePlugin],
) -> None:
    """In the section of the plugin."""
    page = (DOCS / "reference" / "clouds.md").read_text()
    section = page.partition(f"## `ktor.{plugin.name}`")[2].partition("\n## ")[0]
    members = [name for name in vars(plugin.namespace) if not name.startswith("_")]
    options = list(inspect.signature(plugin).parameters)
    assert members
    assert [name for name in (*members, *options) if f"`{name}" not in section and f"{name}=" not in section] == []


@pytest.mark.parametrize("cloud", ["gke"], indirect=True)
def test_gke_installs_nothing_when_locked(
    cloud: Cloud, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What hands out credentials is not pinned by anything, so it has to be there."""
    cloud.programs()
    (cloud.place / gke.AUTH).unlink()
    monkeypatch.setenv("PATH", str(cloud.place))  # the system may have it
    project.host.pins = Pins(tmp_path, locked=True)
    project.script("", register=cloud.register)
    with pytest.raises(errors.ToolNotFound, match="`--locked` lets nothing be installed") as caught:
        project.walk()
    assert "google-cloud-cli" in caught.value.hint
