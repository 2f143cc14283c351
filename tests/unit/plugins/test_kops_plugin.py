"""The kOps plugin in a walk, with a kops that says what a test wants."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.plugins.kops.namespace import KopsNamespace
from kubernator.plugins.kops.plugin import KopsPlugin

if TYPE_CHECKING:
    from conftest import Project

DOCS = Path(__file__).parents[3] / "docs"
REGISTER = 'ktor.app.register_plugin("kops")'

GROUP = """
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {{name: {name}, labels: {{kops.k8s.io/cluster: {cluster}}}}}
spec: {{role: Node}}
"""


@pytest.fixture(autouse=True)
def kops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a kops on `PATH` that writes down what it is told and fails."""
    directory = tmp_path / "bin"
    directory.mkdir()
    program = directory / "kops"
    program.write_text(
        f'#!/bin/sh\necho "$*" >>{tmp_path / "calls"}\necho "Error: cannot find CA certificate" >&2\nexit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    monkeypatch.delenv("KOPS_STATE_STORE", raising=False)
    return program


def plugin(project: Project) -> KopsPlugin:
    found = project.host.roster.anywhere("kops")
    assert found is not None
    assert isinstance(found.plugin, KopsPlugin)
    return found.plugin


def found(project: Project) -> list[tuple[str, str, str]]:
    """Return state store, cluster and name of each manifest that was read, in order."""
    manifests = plugin(project)._manifests
    return [(target.state, target.name, each.name) for target, several in manifests.items() for each in several]


def test_every_option_and_member_is_documented() -> None:
    """On the page of the plugin."""
    page = (DOCS / "how-to" / "kops.md").read_text()
    members = [name for name in vars(KopsNamespace) if not name.startswith("_")]
    options = list(inspect.signature(KopsPlugin).parameters)
    assert [name for name in (*members, *options) if f"`{name}" not in page] == []


def test_the_surface_of_kubernator_1() -> None:
    """Names, order and defaults are those its scripts were to use."""
    assert (
        str(inspect.signature(KopsNamespace.walk_local).replace(return_annotation=inspect.Signature.empty)).count("=")
        == 2
    )
    local = inspect.signature(KopsNamespace.walk_local).parameters
    assert (
        list(local),
        local["excludes"].default,
        local["includes"].default,
    ) == (["self", "path", "excludes", "includes"], (".*",), ("*.kops.yaml", "*.kops.yml"))
    assert list(inspect.signature(KopsNamespace.walk_remote).parameters) == [
        "self",
        "url",
        "paths",
        "excludes",
        "includes",
    ]
    assert KopsNamespace.master_interval.default == KopsNamespace.node_interval.default == "8m"


@pytest.mark.parametrize("option", ["read_timeout", "update_timeout", "validate_timeout", "rolling_update_timeout"])
def test_options_that_are_no_durations_are_refused(project: Project, option: str) -> None:
    """At the registration, with what was written."""
    project.script("", register=f'ktor.app.register_plugin("kops", {option}="soon")')
    with pytest.raises(errors.KubernatorError, match="`soon` is no duration"):
        project.walk()


def test_clusters_and_state_stores_hold_below(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree may have several: each directory has its own, or that of the directory above, or the environment's."""
    monkeypatch.setenv("KOPS_STATE_STORE", "gs://of-the-environment/")
    project.script('ktor.kops.walk_local("one.kops.yaml")', register=REGISTER)
    project.write({"one.kops.yaml": GROUP.format(name="nodes", cluster="one")})
    for name in ("a", "b"):
        project.script(
            f'ktor.kops.cluster_name, ktor.kops.state_store = "{name}", "s3://{name}"\nktor.kops.walk_local(".")',
            directory=name,
            register="",
        )
        project.write({f"{name}/x.kops.yaml": GROUP.format(name="nodes", cluster=name)})
    project.script('ktor.kops.walk_local(".")', directory="a/deep", register="")
    project.write({"a/deep/y.kops.yml": GROUP.format(name="more", cluster="a")})
    project.walk()
    assert found(project) == [
        ("gs://of-the-environment", "one", "nodes"),
        ("s3://a", "a", "nodes"),
        ("s3://a", "a", "more"),
        ("s3://b", "b", "nodes"),
    ]


def test_the_order_of_files_is_that_of_the_includes_then_of_names(project: Project) -> None:
    """Files of a directory before those of the directories in it; a link back to where we come from is not followed."""
    walk = 'ktor.kops.walk_local(".", includes=["z*", "*.yaml"])'
    project.script(f'ktor.kops.state_store = "s3://x"\nktor.app.excludes.add("c")\n{walk}', register=REGISTER)
    for name in ("b.yaml", "a.yaml", "z.yaml", "d/z2.yaml", "c/a2.yaml"):
        project.write({name: GROUP.format(name=Path(name).stem, cluster="one")})
    (project.root / "c" / "back").symlink_to(project.root)
    project.walk()
    assert [name for _, _, name in found(project)] == ["z", "a", "b", "a2", "z2"]


@pytest.mark.parametrize("order", [("kops", "k8s"), ("k8s", "kops")])
def test_the_kubernetes_plugin_leaves_the_files_alone(project: Project, order: tuple[str, str]) -> None:
    """Whichever was registered first, there and below."""
    project.script("", register="\n".join(f'ktor.app.register_plugin("{name}")' for name in order))
    project.write(dict.fromkeys(("x.kops.yaml", "below/y.kops.yml", "below/deep/z.kops.yaml"), "no: manifest"))
    project.walk()
    assert project.messages == []


def test_an_update_chooses_the_kubeconfig_of_the_cluster(project: Project, tmp_path: Path) -> None:
    """Also where there is none yet: resources are never planned in another cluster."""
    more = "ktor.kops.update()\nktor.globals.seen(ktor.kubeconfig.kubeconfig)"
    project.script(f'ktor.kops.cluster_name, ktor.kops.state_store = "one", "s3://x"\n{more}', register=REGISTER)
    project.walk()
    (path,) = project.seen
    assert Path(path).name.startswith("one-")
    assert not Path(path).exists()
    assert (tmp_path / "calls").read_text() == (
        f"export kubeconfig --name=one --state=s3://x --admin --kubeconfig={path}\n"
    )


def test_an_export_that_fails_for_another_reason_is_an_error(project: Project, kops: Path) -> None:
    """Only `update` can do without: the resources may need none."""
    kops.write_text("#!/bin/sh\necho 'Error: AccessDenied' >&2\nexit 1\n")
    start = 'ktor.kops.cluster_name, ktor.kops.state_store = "one", "s3://x"\nktor.kops.'
    project.script(f"{start}update()", register=REGISTER)
    project.script("ktor.kops.export()", directory="below", register="")
    with pytest.raises(errors.ToolFailed, match="`kops export kubeconfig` failed for `one`"):
        project.walk()


def test_credentials_of_the_environment_are_not_shown(
    project: Project, kops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where kops quotes them."""
    monkeypatch.setenv("S3_SECRET_ACCESS_KEY", "a-secret-of-the-store")
    kops.write_text('#!/bin/sh\necho "Error: not with $S3_SECRET_ACCESS_KEY" >&2\nexit 1\n')
    project.script(
        'ktor.kops.cluster_name, ktor.kops.state_store = "one", "s3://x"\nktor.kops.export()', register=REGISTER
    )
    with pytest.raises(errors.ToolFailed) as caught:
        project.walk()
    assert dict(caught.value.detail)["output"] == "not with <secret 1>"
