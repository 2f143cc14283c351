"""Remote directories as the original document has them, from real git servers on loopback."""

from __future__ import annotations

import importlib.util
import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.cli import main as cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.tools


def _loaded(name: str) -> Any:
    """Import a helper of other tests by its file."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "tools" / "git" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


servers = _loaded("gitservers")

FILES = {
    ".kubernator.py": "logger.info('root')",
    "project/.kubernator.py": "logger.info('project %s', ktor.env)\nktor.app.walk_local('../shared')",
    "project/sub/.kubernator.py": "logger.info('sub')",
    "shared/.kubernator.py": "logger.info('shared %s', ktor.env)",
    "other/.kubernator.py": "logger.info('other')",
}


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make a repository with the branches main and dev and the tag v1; nobody's git configuration matters."""
    for name, value in servers.PLAIN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kubeconfig"))
    made = servers.Origin(tmp_path / "served", "org/project")
    made.first = made.commit(FILES, tag="v1")
    made.commit({name: text.replace("'project %s'", "'dev %s'") for name, text in FILES.items()}, branch="dev")
    return made


@pytest.fixture
def run(tmp_path: Path, origin: Any) -> Iterator[Callable[..., list[str]]]:
    """Return something that runs a script and returns what scripts say."""

    def command(text: str, *words: str) -> list[str]:
        tree = tmp_path / "tree"
        tree.mkdir(exist_ok=True)
        (tree / ".kubernator.py").write_text(f"ktor.env = 'prod'\n{textwrap.dedent(text)}")
        log = tmp_path / "log"
        command_line = ["-p", str(tree), "--log-format", "json", "--log-file", str(log), *words]
        assert cli.main(command_line) == 0, log.read_text()
        command.log = [json.loads(line) for line in log.read_text().splitlines()]  # type: ignore[attr-defined]
        return [line["message"] for line in command.log if line["name"] == "kubernator.script"]  # type: ignore[attr-defined]

    return command


def test_the_example_of_the_document(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``git://`` is made ``ssh`` by the provider; the absolute prefix counts from the root of the repository."""
    with servers.ssh(tmp_path / "served", tmp_path) as server:
        monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh -F {server.config}")
        said = run(
            f"""
            ktor.app.repository_credentials_provider(lambda r: ("ssh", "git", None))
            ktor.app.walk_remote("git://127.0.0.1:{server.port}/org/project?ref=dev", "/project")
            """
        )
    assert said == ["dev prod", "shared prod", "sub"]
    assert {"git"} == set(server.users)


def test_https_credentials_for_git_addresses(run: Any, tmp_path: Path) -> None:
    """The provider gets the parsed address and turns it into another scheme with a login; the port stays; no trace."""
    password = "s3cret-s3cret"
    with servers.web(tmp_path / "served", username="deploy", password=password) as web:
        said = run(
            f"""
            def provider(url):
                logger.info("%s %s %s %s", url.scheme, url.hostname, url.path, url.query)
                return ("http", "deploy", "{password}")

            ktor.app.repository_credentials_provider(provider)
            ktor.app.walk_remote("git://127.0.0.1:{web.port}/org/project?ref=v1", "other", "/project/sub")
            repository = ktor.app.repository("git://127.0.0.1:{web.port}/org/project?ref=v1")
            logger.info("%s %s", repository.ref, (repository.local_dir / "shared").is_dir())
            ktor.app.repository_credentials_provider(None)
            """,
            "-v",
            "TRACE",
        )
        assert {f"deploy:{password}"} == set(web.logins)
    assert {"git 127.0.0.1 /org/project ref=v1"} == {line for line in said if line.startswith("git ")}
    assert [line for line in said if not line.startswith("git ")] == ["v1 True", "other", "sub"]
    assert password not in json.dumps(run.log)
    assert not [
        path for path in (tmp_path / "cache").rglob("*") if path.is_file() and password.encode() in path.read_bytes()
    ]


def test_refs_of_one_repository_side_by_side(run: Any, origin: Any) -> None:
    """Two branches, a tag, a commit and no ref in one run have a tree each; a cached second run says the same."""
    text = f"""
        repo = "{origin.path}"
        for ref in ("?ref=dev", "", "?ref=v1", "?ref={origin.first}"):
            ktor.app.walk_remote("file://" + repo + ref, "project")
        ktor.app.walk_remote(repo)
        """
    expected = ["dev prod", "shared prod", "sub", *["project prod", "shared prod", "sub"] * 3]
    whole = ["root", "other", "project prod", "shared prod", "sub", "shared prod"]
    assert [*expected, *whole] == run(text)
    assert [*expected, *whole] == run(text)


def test_the_context_of_a_remote_directory(run: Any, origin: Any) -> None:
    """It is a child of the directory that asked for it; with ``keep_context`` it is that directory's own."""
    origin.commit(
        {"kept/.kubernator.py": "ktor.kept = ktor.env\nlogger.info('%s', ktor.app.display_path(ktor.app.cwd))"}
    )
    said = run(
        f"""
        ktor.app.walk_remote("file://{origin.path}", "kept", keep_context=True)
        ktor.app.walk_local(".later")
        import os
        os.makedirs(ktor.app.cwd / ".later", exist_ok=True)
        (ktor.app.cwd / ".later" / ".kubernator.py").write_text("logger.info(ktor.kept)")
        """
    )
    assert said[1:] == ["prod"]
    assert said[0].endswith(" kept") or said[0].endswith("/kept")
    assert str(origin.path) in said[0]


def test_git_talks_to_its_own_loggers(run: Any, origin: Any) -> None:
    """What is done with repositories is said by ``kubernator.repository`` and below."""
    run(f"ktor.app.walk_remote('file://{origin.path}', 'other')", "-v", "DEBUG")
    names = {line["name"] for line in run.log}
    assert {"kubernator.repository", "kubernator.repository.git"} & names
