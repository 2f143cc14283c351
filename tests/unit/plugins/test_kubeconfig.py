"""Which kubeconfig a run has, and who is told when it becomes another one."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.cluster import flatten
from kubernator.model.outcome import RunOutcome

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


def test_a_user_without_a_home_has_no_kubeconfig(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs with any number, where the cluster is the one around it."""
    for name in ("HOME", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    project.script("ktor.globals.seen(ktor.kubeconfig.file)", register='ktor.app.register_plugin("kubeconfig")').walk()
    assert project.seen == [None]


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


def config(name: str, **cluster: str) -> str:
    """Return a kubeconfig with one context, cluster and user of one name."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": name}}],
            "clusters": [{"name": name, "cluster": {"server": f"https://{name}.example", **cluster}}],
            "users": [{"name": name, "user": {"tokenFile": "token", "client-key": "/k", "client-certificate": "c"}}],
        }
    )


@pytest.mark.parametrize(
    ("register", "line", "expected"),
    [
        ("", "", (None, None)),
        ("context='b'", "", (None, "b")),
        ("kubeconfig='/x', context='b'", "", ("/x", "b")),
        ("", "ktor.kubeconfig.context = 'c'", (None, "c")),
        ("kubeconfig='/x'", "ktor.kubeconfig.context = 'c'", ("/x", "c")),
        ("kubeconfig='/x', context='b'", "ktor.kubeconfig.set('/y')", ("/y", None)),
        ("", "ktor.kubeconfig.set('/y', context='b')", ("/y", "b")),
        ("", "ktor.kubeconfig.kubeconfig = '/y'", ("/y", None)),
    ],
)
def test_a_context_can_be_chosen(
    project: Project, register: str, line: str, expected: tuple[str | None, str | None]
) -> None:
    """With a kubeconfig or for the one that is there; another kubeconfig has its own contexts."""
    project.script(
        f"{line}\nktor.globals.seen(ktor.kubeconfig.context)\nktor.app.register_plugin('k8s')\nktor.k8s.server_version",
        register=f"ktor.app.register_plugin('kubeconfig', {register})",
    ).walk()
    assert (project.connected, project.seen) == ([expected], [expected[1]])


def test_the_command_line_s_context_goes_before_all_others(project: Project) -> None:
    """So plugins that run programs hand that one on."""
    project.host.args.context = "mine"
    project.script(
        "ktor.globals.seen(ktor.kubeconfig.context)",
        register="ktor.app.register_plugin('kubeconfig', context='other')",
    ).walk()
    assert project.seen == ["mine"]


@pytest.mark.parametrize("path", ["''", "':'"])
def test_nothing_is_no_kubeconfig(project: Project, path: str) -> None:
    """An unset variable, for instance."""
    project.script(f"ktor.kubeconfig.set({path})", register="ktor.app.register_plugin('kubeconfig')")
    with pytest.raises(errors.PluginError, match="no kubeconfig is named"):
        project.walk()


@pytest.mark.parametrize("path", ["5", "b'/x'", "['/x']"])
def test_what_is_no_path_is_no_kubeconfig(project: Project, path: str) -> None:
    """It is the script's mistake, not ours."""
    project.script("", register=f"ktor.app.register_plugin('kubeconfig', kubeconfig={path})")
    with pytest.raises(errors.PluginError, match=r"a kubeconfig is named by a path, not a `(int|bytes|list)`"):
        project.walk()


def test_one_file_is_handed_on_as_it_is(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of several named ones of which the others are not there; and none is None."""
    there = tmp_path / "one"
    there.write_text(config("one"))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/no{os.pathsep}{there}")
    project.script(
        f"""
        ktor.globals.seen(ktor.kubeconfig.file)
        ktor.kubeconfig.set("{tmp_path}/chosen")
        ktor.globals.seen(ktor.kubeconfig.file)
        """,
        register="ktor.app.register_plugin('kubeconfig')",
    ).walk()
    assert project.seen == [str(there), f"{tmp_path}/chosen"]


def test_without_a_kubeconfig_there_is_no_file(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a pod: programs find their way by themselves."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no"))
    project.script("ktor.globals.seen(ktor.kubeconfig.file)", register="ktor.app.register_plugin('kubeconfig')").walk()
    assert project.seen == [None]


def test_several_files_are_put_together_for_programs(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Private, with absolute paths and the chosen context, the same for the same question, gone when the run ends."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text(config("one", **{"certificate-authority": "ca.crt"}))
    (tmp_path / "two").write_text(config("two"))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/a/one{os.pathsep}{tmp_path}/two")
    project.script(
        """
        ktor.globals.seen(ktor.kubeconfig.file)
        ktor.globals.seen(ktor.kubeconfig.file)
        ktor.kubeconfig.context = "two"
        ktor.globals.seen(ktor.kubeconfig.file)
        """,
        register="ktor.app.register_plugin('kubeconfig')",
    ).walk()
    first, again, second = map(Path, project.seen)
    assert first == again
    assert [first.stat().st_mode & 0o777, first.parent.stat().st_mode & 0o777] == [0o600, 0o700]
    one, two = (json.loads(path.read_text()) for path in (first, second))
    assert (one["current-context"], two["current-context"]) == ("one", "two")
    assert [each["name"] for each in one["contexts"]] == ["one", "two"]
    assert one["clusters"][0]["cluster"]["certificate-authority"] == f"{tmp_path}/a/ca.crt"
    assert one["users"][1]["user"] == {
        "tokenFile": f"{tmp_path}/token",
        "client-key": "/k",
        "client-certificate": f"{tmp_path}/c",
    }
    project.host.end(RunOutcome())
    assert not first.parent.exists()


def test_a_context_that_is_nowhere_is_an_error(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names those that are there."""
    (tmp_path / "one").write_text(config("one"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "one"))
    project.script("ktor.kubeconfig.file", register="ktor.app.register_plugin('kubeconfig', context='nope')")
    with pytest.raises(errors.Unreachable, match="no context `nope`") as caught:
        project.walk()
    assert "`one`" in caught.value.hint


@pytest.mark.parametrize(
    ("command", "expected"), [("aws", "aws"), ("./bin/aws", "/d/bin/aws"), ("/bin/aws", "/bin/aws")]
)
def test_a_program_for_credentials_keeps_its_place(tmp_path: Path, command: str, expected: str) -> None:
    """A name is looked up on `PATH`; a relative path is meant from the kubeconfig it stands in."""
    (tmp_path / "one").write_text(json.dumps({"users": [{"name": "u", "user": {"exec": {"command": command}}}]}))
    (tmp_path / "two").write_text("")
    whole = json.loads(flatten.flattened([tmp_path / "one", tmp_path / "two"], context=None, must_exist=True))
    assert whole["users"][0]["user"]["exec"]["command"] == expected.replace("/d/", f"{tmp_path}/")
