"""The gke plugin with the real ``gcloud``: what it says when a cluster cannot be had, and what it installs."""

from __future__ import annotations

import json
import os
import textwrap
from typing import TYPE_CHECKING

import cloudservers
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloudservers import Cloud, Ran

    from toolchain.fixtures import PathOf, Program

pytestmark = pytest.mark.tools

CHOOSE = "ktor.app.register_plugin('gke', name={!r}, region='europe-west1', project='example-shop')\n"
DEMO = CHOOSE.format("demo")

LOOK = """
import json
import os
from pathlib import Path
file = Path(ktor.gke.kubeconfig)
seen = {
    "same": ktor.kubeconfig.kubeconfig == ktor.gke.kubeconfig,
    "mode": [oct(file.stat().st_mode & 0o777), oct(file.parent.stat().st_mode & 0o777)],
    "options": [ktor.gke.name, ktor.gke.region, ktor.gke.project],
    "gcloud": ktor.gke.gcloud_file,
    "file": str(file),
    "config": file.read_text(),
}
Path(os.environ["SEEN"]).write_text(json.dumps(seen))
"""

#: A `gcloud` that installs what hands out credentials beside itself, and writes a kubeconfig.
INSTALLS = """
echo "$*" >> "$(dirname "$0")/calls"
case "$1" in
components)
    printf '#!/bin/sh\\n' > "$(dirname "$0")/gke-gcloud-auth-plugin"
    chmod 700 "$(dirname "$0")/gke-gcloud-auth-plugin" ;;
container)
    user='{"exec": {"command": "gke-gcloud-auth-plugin"}}'
    echo "{current-context: x, users: [{name: x, user: $user}]}" > "$KUBECONFIG" ;;
esac
"""


@pytest.fixture
def google() -> Iterator[Cloud]:
    """Run a cloud with the cluster `demo`."""
    with cloudservers.cloud() as state:
        state.gke("demo", server="https://127.0.0.1:1", authority="Zm9v")
        yield state


class Project:
    """A tree of one script, and runs of it."""

    def __init__(self, place: Path, path: str, cloud: Cloud) -> None:
        self.place = place
        self.tree = place / "tree"
        self.tree.mkdir()
        self.home = place / "home"
        self.path = path
        self.cloud = cloud

    def run(self, script: str, **env: str) -> Ran:
        """Run a script with credentials, unless told otherwise; an empty variable is not set."""
        (self.tree / ".kubernator.py").write_text(textwrap.dedent(script))
        given = {"SEEN": str(self.home / "seen"), **self.cloud.google(self.place / "config"), **env}
        given = {name: value for name, value in given.items() if value}
        ran = cloudservers.kubernator(self.tree, path=self.path, home=self.home, env=given)
        assert cloudservers.left_over(self.home) == []
        assert cloudservers.GOOGLE_TOKEN not in ran.out + ran.err
        return ran

    @property
    def seen(self) -> dict[str, object]:
        """What the script noted."""
        found: dict[str, object] = json.loads((self.home / "seen").read_text())
        return found


@pytest.fixture
def project(tmp_path: Path, path_of: PathOf, google: Cloud) -> Project:
    """Return a tree whose runs have the real ``gcloud`` and the cloud on loopback."""
    return Project(tmp_path, path_of("gcloud", "gke-gcloud-auth-plugin"), google)


def test_the_kubeconfig_is_private_and_tells_the_members(project: Project, program: Program) -> None:
    """Tokens are kept beside it, not in the user's home."""
    project.run(DEMO + LOOK).passed()
    seen = project.seen
    assert seen["same"] is True
    assert seen["mode"] == ["0o600", "0o700"]
    assert seen["options"] == ["demo", "europe-west1", "example-shop"]
    assert seen["gcloud"] == str(program("gcloud"))
    assert f"command: {program('gke-gcloud-auth-plugin')}" in str(seen["config"])
    assert f"name: KUBECONFIG\n        value: {seen['file']}" in str(seen["config"])


@pytest.mark.parametrize(
    ("answer", "expected", "hint"),
    [
        (None, "there is no cluster of that name in region `europe-west1` of project `example-shop`", "clusters list"),
        (
            (401, "UNAUTHENTICATED", "Request had invalid credentials."),
            "credentials are not valid",
            "gcloud auth login",
        ),
        ((403, "PERMISSION_DENIED", 'Required "container.clusters.get" permission(s)'), "may not", "clusters.get"),
        (
            (403, "PERMISSION_DENIED", "Kubernetes Engine API has not been used in project example-shop before"),
            "the Kubernetes Engine API is not enabled",
            "gcloud services enable",
        ),
        ({"name": "other", "zone": "europe-west1", "status": "PROVISIONING"}, "the cluster is not ready", "describe"),
    ],
)
def test_what_the_cloud_answers_is_said_with_what_helps(
    project: Project, google: Cloud, answer: object, expected: str, hint: str
) -> None:
    """The words of the cloud stay; a sentence about what to do comes with them, and the line that asked."""
    if answer is not None:
        google.clusters["other"] = answer
    words = project.run(CHOOSE.format("other")).failed()
    assert words.startswith("error: the kubeconfig of the GKE cluster `other` cannot be had: ")
    assert expected in words.splitlines()[0]
    assert ".kubernator.py:1" in words
    assert hint in words.partition("hint:")[2]


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"CLOUDSDK_AUTH_ACCESS_TOKEN": ""}, "nobody is logged in"),
        ({"CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER": "http://127.0.0.1:1/"}, "Google Cloud cannot be reached"),
    ],
)
def test_what_is_wrong_on_this_side_is_said_too(project: Project, env: dict[str, str], expected: str) -> None:
    """What `gcloud` finds before it is answered is explained as well."""
    assert expected in project.run(DEMO, **env).failed()


def test_a_name_of_a_project_is_not_its_id(project: Project) -> None:
    """`gcloud` says so, and we say which option that is."""
    words = project.run(DEMO.replace("example-shop", "Example Shop")).failed()
    assert "`Example Shop` is not the id of a project" in words


@pytest.mark.parametrize(
    "settings",
    [{"PYTHONHOME": "/nowhere"}, {"PYTHONPATH": "/nowhere", "PYTHONINSPECT": "1"}, {"VIRTUAL_ENV": "/nowhere"}],
)
def test_settings_of_our_interpreter_do_not_reach_gcloud(project: Project, settings: dict[str, str]) -> None:
    """Neither now nor when it is asked for a token later."""
    project.run(f"import os\nos.environ.update({settings!r})\n{DEMO}{LOOK}").passed()
    for name in settings:
        assert f"name: {name}\n        value: ''" in str(project.seen["config"])


def test_what_hands_out_credentials_is_found_beside_gcloud(project: Project, program: Program, tmp_path: Path) -> None:
    """A `gcloud` that is a link into its installation brings the other program with it, on `PATH` or not."""
    place = cloudservers.bare(tmp_path)
    project.path = f"{program('gcloud').parent}{os.pathsep}{place}"
    project.run(DEMO + LOOK).passed()
    assert f"command: {program('gcloud').resolve().parent}/gke-gcloud-auth-plugin" in str(project.seen["config"])


def test_what_hands_out_credentials_is_installed_when_it_is_nowhere(project: Project, tmp_path: Path) -> None:
    """Once, and without a question; it is then found where `gcloud` puts it."""
    place = cloudservers.pretend(tmp_path / "own", "gcloud", INSTALLS)
    project.path = f"{place}{os.pathsep}{cloudservers.bare(tmp_path)}"
    project.run(DEMO + LOOK).passed()
    project.run(DEMO + LOOK).passed()
    get = "container clusters get-credentials demo --region europe-west1 --project example-shop"
    assert cloudservers.calls(place) == ["components install gke-gcloud-auth-plugin --quiet", get, get]
    assert f"command: {place}/gke-gcloud-auth-plugin" in str(project.seen["config"])


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            "echo 'the Google Cloud CLI component manager is disabled' >&2; exit 1",
            (
                "`gke-gcloud-auth-plugin` is not on `PATH`, and `gcloud` cannot install it",
                "component manager is disabled",
            ),
        ),
        ("exit 0", ("where it is not found", "put the directory")),
    ],
)
def test_what_cannot_be_installed_is_said(
    project: Project, tmp_path: Path, script: str, expected: tuple[str, str]
) -> None:
    """Where packages of the system bring `gcloud`, it cannot install anything itself."""
    place = cloudservers.pretend(tmp_path / "own", "gcloud", script)
    project.path = f"{place}{os.pathsep}{cloudservers.bare(tmp_path)}"
    words = project.run(DEMO).failed()
    assert [part for part in expected if part not in words] == []
    assert "hint:" in words


def test_gcloud_is_never_fetched(project: Project, tmp_path: Path) -> None:
    """Without it on `PATH` the error says what to install."""
    project.path = cloudservers.bare(tmp_path)
    words = project.run(DEMO).failed()
    assert words.startswith("error: `gcloud` is not on `PATH`\n")
    assert "install the Google Cloud CLI" in words


@pytest.mark.parametrize(
    ("script", "code", "expected"),
    [
        ("echo kubeconfig entry generated for demo.", 1, "`gcloud` ended well and wrote no kubeconfig"),
        ("kill -9 $$", 1, "signal SIGKILL"),
        ("read x < /dev/zero", 70, "did not end within 0.5 s"),
    ],
)
def test_a_program_that_does_something_else(
    project: Project, tmp_path: Path, script: str, code: int, expected: str
) -> None:
    """Whatever is called `gcloud` and on `PATH`: an error in words."""
    place = cloudservers.pretend(tmp_path / "own", "gcloud", script)
    project.path = f"{place}{os.pathsep}{project.path}"
    words = project.run(f"from kubernator.plugins import gke\ngke._TIMEOUT = 0.5\n{DEMO}").failed(code)
    assert expected in words
