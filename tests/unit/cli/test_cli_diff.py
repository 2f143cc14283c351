"""`kubernator diff` where there is nothing to ask a cluster for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kubernator.cli import main as cli
from kubernator.load import yamldoc
from kubernator.model.origin import Origin

if TYPE_CHECKING:
    from pathlib import Path

STYLE = "--exit-code-style=diff"
PLUGIN = """
from kubernator.model.change import PluginChange
from kubernator.plugin import Plugin

class Elsewhere(Plugin):
    name = "elsewhere"
    def walked(self, host):
        host.secrets.add("hunter2hunter2")
        return [PluginChange(plugin="elsewhere", title="install hunter2hunter2", detail={"a": ["hunter2hunter2"]})]

ktor.app.register_plugin(Elsewhere)
"""


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's cache and kubeconfig out of it."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    monkeypatch.delenv("KUBECONFIG", raising=False)


@pytest.mark.parametrize(
    ("script", "words", "expected"),
    [
        ("", (), 0),
        ("", ("--detailed-exitcode",), 0),
        ("", (STYLE,), 0),
        ("1 / 0", (), 1),
        ("1 / 0", ("--detailed-exitcode",), 1),
        ("1 / 0", (STYLE,), 2),
        ("raise SystemExit(1)", (STYLE,), 2),
        ("raise SystemExit('so long')", (STYLE,), 2),
        ("raise SystemExit(3)", (STYLE,), 3),
        ("raise SystemExit(0)", (STYLE,), 0),
        ("", (STYLE, "--log-file", "."), 2),
        ("", ("--exit-code-style=other",), 64),
        ("", ("-o", "json-pretty"), 64),
        ("", ("--yess",), 64),
        (PLUGIN, (), 0),
        (PLUGIN, ("--detailed-exitcode",), 2),
        (PLUGIN, (STYLE,), 1),
    ],
)
def test_codes(tmp_path: Path, script: str, words: tuple[str, ...], expected: int) -> None:
    """An error is never taken for a difference, in either style."""
    (tmp_path / ".kubernator.py").write_text(script)
    assert expected == cli.main(["-p", str(tmp_path), "diff", *words])


def test_the_formats_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What plugins do is in each, masked; every one ends with a line break."""
    (tmp_path / ".kubernator.py").write_text(PLUGIN)

    def printed(*words: str) -> str:
        capsys.readouterr()
        assert cli.main(["-p", str(tmp_path), "diff", *words]) == 0
        return capsys.readouterr().out

    text, as_json, as_yaml = printed(), printed("-o", "json"), printed("-o", "yaml")
    assert text == (
        "OPERATION  KIND       NAME  WHY\n"
        "plugin     elsewhere        install <secret 1>\n\n"
        "elsewhere: install <secret 1>\n  a:\n  - <secret 1>\n"
    )
    assert as_json.endswith("}\n")
    (document,) = yamldoc.parse(as_yaml, origin=Origin(path=tmp_path))
    assert json.loads(as_json) == document.value
    assert json.loads(as_json)["plugins"][0]["detail"] == {"a": ["<secret 1>"]}


def test_yes_means_nothing_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Scripts see a dry run, and nothing is carried out."""
    (tmp_path / ".kubernator.py").write_text("print('dry', ktor.app.args.dry_run)\n" + PLUGIN)
    assert cli.main(["-p", str(tmp_path), "--yes", "diff"]) == 0
    assert "dry True" in capsys.readouterr().out
