"""Which kubectl is taken, and what is made of odd ones: stand-ins that print what the real one would not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kubernator import errors
from kubernator.api import CalledProcessError
from kubernator.testing.mirror import Mirror
from kubernator.tools.official import MIRROR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Project

REGISTER = 'ktor.app.register_plugin("kubectl")'


def stand_in(version: str) -> str:
    """Return a program that has a version and prints its arguments."""
    says = json.dumps({"clientVersion": {"gitVersion": version}})
    return f'#!/bin/sh\nif [ "$1" = version ]; then echo \'{says}\'; else echo "{version} $*"; fi\n'


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the cache and the configuration of whoever runs the tests out."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that puts a kubectl, and no other, on `PATH`."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")

    def put(text: str) -> Path:
        program = directory / "kubectl"
        program.write_text(text)
        program.chmod(0o755)
        return program

    return put


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Have a server in place of the official one."""
    with Mirror() as made:
        monkeypatch.setenv(MIRROR, made.url)
        yield made


def test_without_wishes_it_is_that_on_path(project: Project, on_path: Any) -> None:
    """`version` is what the program says; without a kubeconfig none is named."""
    program = on_path(stand_in("v1.31.0-gke.5"))
    project.script(
        """
        ktor.globals.seen(ktor.kubectl.version)
        ktor.globals.seen(ktor.kubectl.kubectl_file)
        ktor.globals.seen(ktor.kubectl.stanza())
        ktor.globals.seen(ktor.kubectl.run_capturing("get", "pods", "-A"))
        """,
        register=REGISTER,
    ).walk()
    assert project.seen == ["1.31.0-gke.5", str(program), [str(program)], "v1.31.0-gke.5 get pods -A\n"]


@pytest.mark.parametrize("version", ["1.30.2", "v1.30.2"])
def test_a_version_is_downloaded_and_found_by_scripts_too(
    project: Project, on_path: Any, mirror: Mirror, version: str
) -> None:
    """Verified, and in front of `PATH` for `ktor.app.run`."""
    on_path(stand_in("v1.31.0"))
    mirror.offer("kubectl", "1.30.2", stand_in("v1.30.2").encode())
    project.script(
        """
        ktor.globals.seen(ktor.kubectl.version)
        ktor.globals.seen(ktor.app.run_capturing_out(["kubectl", "x"], None))
        """,
        register=f'ktor.app.register_plugin("kubectl", version="{version}", kubeconfig="unused")',
    ).walk()
    assert project.seen == ["1.30.2", "v1.30.2 x\n"]


def test_a_version_that_is_a_number_is_refused(project: Project) -> None:
    """`1.30` is the number 1.3, which is another version."""
    project.script("", register='ktor.app.register_plugin("kubectl", version=1.30)')
    with pytest.raises(errors.ProjectError, match=r"`1\.3` is no version of `kubectl`"):
        project.walk()


@pytest.mark.parametrize(
    ("here", "downloads"),
    [("v1.35.3", 0), ("v1.31.0", 2), ("", 2)],
)
def test_where_k8s_is_registered_the_server_s_version_is_taken(
    project: Project, on_path: Any, mirror: Mirror, here: str, downloads: int
) -> None:
    """From `PATH` when that is the one, else downloaded; a program that is none is passed over."""
    on_path(stand_in(here) if here else "#!/bin/sh\nexit 3\n")
    mirror.offer("kubectl", "1.35.3", stand_in("v1.35.3").encode())
    project.script("ktor.globals.seen(ktor.kubectl.version)", register='ktor.app.register_plugin("k8s")\n' + REGISTER)
    project.walk()
    assert (project.seen, len(mirror.seen)) == (["1.35.3"], downloads)


def test_a_server_s_version_that_cannot_be_had_says_what_to_do(project: Project, on_path: Any, mirror: Mirror) -> None:
    """Another one is at hand, but it is not for us to say that it will do."""
    on_path(stand_in("v1.31.0"))
    project.script("", register='ktor.app.register_plugin("k8s")\n' + REGISTER)
    with pytest.raises(errors.SourceError) as caught:
        project.walk()
    assert "before `k8s`" in caught.value.hint


@pytest.mark.parametrize(
    ("program", "kind", "title"),
    [
        ("#!/bin/sh\necho hello\n", errors.ToolError, "does not say which version of kubectl it is"),
        ("#!/bin/sh\necho '{}'\n", errors.ToolError, "does not say which version of kubectl it is"),
        ("#!/bin/sh\necho '[]'\n", errors.ToolError, "does not say which version of kubectl it is"),
        ("#!/bin/sh\nprintf '\\377'\n", errors.ToolError, "does not say which version of kubectl it is"),
        ("#!/bin/sh\nkill -9 $$\n", errors.ToolFailed, "`kubectl` failed"),
        ("#!/bin/sh\necho no >&2\nexit 4\n", errors.ToolFailed, "`kubectl` failed"),
        ("\x7fELF", errors.ToolError, "is no program for this machine"),
    ],
)
def test_what_is_no_kubectl_is_an_error(
    project: Project, on_path: Any, program: str, kind: type[Exception], title: str
) -> None:
    """When it is asked."""
    on_path(program)
    project.script("ktor.kubectl.test()", register=REGISTER)
    with pytest.raises(kind) as caught:
        project.walk()
    assert title in str(caught.value)


def test_no_kubectl_is_a_runtime_error(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Kubernator 1."""
    monkeypatch.setenv("PATH", str(tmp_path))
    project.script("", register=REGISTER)
    with pytest.raises(RuntimeError, match="`kubectl` is not on `PATH`"):
        project.walk()


def test_a_failure_is_what_scripts_of_kubernator_1_catch(project: Project, on_path: Any) -> None:
    """With code, output and a command that shows what may be shown."""
    on_path("#!/bin/sh\necho out\necho err >&2\nexit 5\n")
    project.secrets.add("opensesame")
    project.script(
        """
        from kubernator.api import CalledProcessError
        for options in ({}, {"safe_args": ["login", "***"]}):
            try:
                ktor.kubectl.run("login", "opensesame", **options)
            except CalledProcessError as error:
                ktor.globals.seen((error.returncode, error.cmd, error.output, error.stderr, str(error)))
        ktor.kubectl.run("login", "opensesame")
        """,
        register=REGISTER,
    )
    with pytest.raises(errors.ToolFailed) as caught:
        project.walk()
    assert isinstance(caught.value, CalledProcessError)
    assert project.seen == [
        (5, ["kubectl", "login", "<secret 1>"], "out\n", "err\n", "`kubectl` failed"),
        (5, ["kubectl", "login", "***"], "out\n", "err\n", "`kubectl` failed"),
    ]
    assert ("exit code", "5") in caught.value.detail


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("kind: A", {"kind": "A"}),
        ("kind: A\n---\nkind: B", [{"kind": "A"}, {"kind": "B"}]),
        ("", None),
        ("---\n", None),
    ],
)
def test_get_parses_what_is_printed(project: Project, on_path: Any, printed: str, expected: Any) -> None:
    """An object, a list of several, None for nothing."""
    on_path(f"#!/bin/sh\ncat <<'E'\n{printed}\nE\n")
    project.script("ktor.globals.seen(ktor.kubectl.get('a', 'b', namespace='n'))", register=REGISTER).walk()
    assert project.seen == [expected]


def test_nonsense_of_kubectl_is_not_said_of_the_script(project: Project, on_path: Any) -> None:
    """The place is in what the program printed; the script asked for it."""
    on_path("#!/bin/sh\necho 'a: {{b}}'\n")
    project.script("ktor.kubectl.get('pod', 'x')", register=REGISTER)
    with pytest.raises(errors.LoadError) as caught:
        project.walk()
    said = [line for _, line in caught.value.detail]
    assert said[0] == "kubectl:1:5, document 1, kubectl get pod x"
    assert said[1].startswith(".kubernator.py:2")


def test_what_a_secret_holds_is_secret_once_it_was_read(project: Project, on_path: Any) -> None:
    """In whatever is shown later."""
    on_path("#!/bin/sh\necho '{kind: Secret, apiVersion: v1, metadata: {name: a}, data: {p: b3BlbnNlc2FtZQ==}}'\n")
    project.script("ktor.kubectl.get('secret', 'a')", register=REGISTER).walk()
    assert "opensesame" not in project.secrets.redact("it is opensesame")


def test_options_reach_the_program(project: Project, on_path: Any, tmp_path: Path) -> None:
    """Input, directory, environment."""
    on_path('#!/bin/sh\necho "$(cat) $(pwd) $EXTRA $HOME $*"\n')
    (tmp_path / "with space").mkdir()
    project.script(
        f"""
        ktor.globals.seen(ktor.kubectl.run_capturing(
            "apply", "-f", "a b 'c' ü.yaml",
            stdin="text", cwd="{tmp_path}/with space", env={{"EXTRA": "e", "HOME": None}}
        ))
        """,
        register=REGISTER,
    ).walk()
    assert project.seen == [f"text {tmp_path}/with space e  apply -f a b 'c' ü.yaml\n"]
