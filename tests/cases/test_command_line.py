"""The command line of the reference, option by option: what is accepted, answered, logged, and written where."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kubernator
from kubernator.cli import main as cli

OK = {"command": "dump", "dry_run": True}


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the cache and the configuration of whoever runs the tests out, and start in an empty directory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kubeconfig"))
    (tmp_path / "tree").mkdir()
    monkeypatch.chdir(tmp_path / "tree")


def script(text: str) -> None:
    """Write the script of the start directory."""
    Path(".kubernator.py").write_text(text)


def arguments(*words: str) -> Any:
    """Return what scripts see as ``ktor.app.args`` for a command line."""
    from kubernator.app import define_arg_parse  # noqa: PLC0415 - as wrappers of the reference do

    return define_arg_parse().parse_args(list(words))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {**OK, "clear_cache": False, "clear_k8s_cache": False, "pre_cache_k8s_client": None}),
        ([], {"pre_cache_k8s_client_no_patch": None, "log_format": "human", "log_file": None, "verbose": "INFO"}),
        ([], {"file": None, "output_format": "yaml", "path": Path(), "include_project": [], "exclude_project": []}),
        (["--yes"], {"command": "dump", "dry_run": False}),
        (["apply"], {"command": "apply", "dry_run": True}),
        (["apply", "--yes"], {"command": "apply", "dry_run": False}),
        (["--yes", "apply", "-p", "x"], {"command": "apply", "dry_run": False, "path": Path("x")}),
        (
            ["-p", "a/b", "-o", "json", "-f", "out", "dump"],
            {"path": Path("a/b"), "output_format": "json", "file": "out"},
        ),
        (["--path=x", "--file=y", "--output-format=json-pretty"], {"path": Path("x"), "file": "y"}),
        (["-v", "TRACE", "--log-format", "json", "--log-file", "l"], {"verbose": "TRACE", "log_file": "l"}),
        (["-vDEBUG", "-ojson", "-px"], {"verbose": "DEBUG", "output_format": "json", "path": Path("x")}),
        (["-I", "a.b", "-X", "a.b.c", "--include-project", "d"], {"include_project": ["a.b", "d"]}),
        (["--pre-cache-k8s-client", "29", "30"], {"pre_cache_k8s_client": [29, 30]}),
        (["--pre-cache-k8s-client", "29", "--pre-cache-k8s-client", "31"], {"pre_cache_k8s_client": [29, 31]}),
        (["--pre-cache-k8s-client-no-patch", "--pre-cache-k8s-client", "29"], {"pre_cache_k8s_client_no_patch": True}),
        (["--verb", "ERROR", "--out", "yaml", "--pa", "z", "--y"], {"verbose": "ERROR", "dry_run": False}),
        (["--log-fo", "json", "--log-fi", "x", "--inc", "p", "--excl", "q"], {"log_format": "json", "log_file": "x"}),
    ],
)
def test_options_and_their_attributes(words: list[str], expected: dict[str, Any]) -> None:
    """Names, abbreviations, defaults and the attributes that scripts read are those of the reference."""
    args = vars(arguments(*words))
    assert expected == {name: args[name] for name in expected}


@pytest.mark.parametrize(
    "words",
    [
        ["--nonsense"],
        ["destroy-everything"],
        ["-v", "info"],
        ["-v", "NOTICE"],
        ["-o", "xml"],
        ["--log-format", "text"],
        ["dump", "apply"],
        ["-p"],
        ["--log-f", "json"],
        ["--clear-cache", "--version"],
        ["--clear-cache", "--clear-k8s-cache"],
        ["--clear-cache", "--pre-cache-k8s-client", "29"],
        ["--pre-cache-k8s-client", "x"],
        ["--pre-cache-k8s-client"],
        ["--pre-cache-k8s-client-no-patch"],
        ["--pre-start-script"],
        ["--disconnected"],
        ["--k8s-version", "1.30"],
    ],
)
def test_a_bad_command_line_is_answered_by_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on stdout, a sentence on stderr."""
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith("error: ")) == ("", True)


@pytest.mark.parametrize("words", [[], ["dump"], ["apply"], ["-v", "DEBUG"]])
def test_help_and_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Both answer 0 on stdout; the version is bare; the program is always called `kubernator`."""
    assert cli.main([*words, "--version"]) == 0
    assert f"{kubernator.__version__}\n" == capsys.readouterr().out
    assert cli.main([*words, "-h"]) == 0
    out = capsys.readouterr().out
    assert "usage: kubernator " in out
    assert "--yes" in out
    assert "default: yaml" in out


@pytest.mark.parametrize("start", [["-m", "kubernator"], ["-c", "import sys, kubernator; sys.exit(kubernator.main())"]])
def test_the_ways_in(start: list[str]) -> None:
    """``python -m kubernator``, the console script, and ``kubernator.main`` are one."""
    for program in ([sys.executable, *start], [shutil.which("kubernator", path=str(Path(sys.executable).parent))]):
        assert None not in program
        done = subprocess.run([*map(str, program), "--version"], capture_output=True, text=True, check=True)
        assert kubernator.__version__ == done.stdout.strip()
        done = subprocess.run([*map(str, program), "--bogus"], capture_output=True, text=True, check=False)
        assert done.returncode == 2


def test_cache_actions_do_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--clear-cache`` removes our part of ``$XDG_CACHE_HOME``; the two others only warn; no script runs."""
    script("raise Exception('run')")
    ours = tmp_path / "cache" / "kubernator" / "http"
    ours.mkdir(parents=True)
    for words in (["--clear-k8s-cache"], ["--pre-cache-k8s-client", "29", "30"]):
        assert cli.main(words) == 0
        assert "WARNING" in capsys.readouterr().err
        assert ours.exists()
    assert cli.main(["--clear-cache"]) == 0
    assert (ours.exists(), (tmp_path / "cache").exists()) == (False, True)


@pytest.mark.parametrize(
    ("text", "expected", "said"),
    [
        ("", 0, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(0)", 0, ""),
        ("import sys; sys.exit(42)", 42, ""),
        ("import sys; sys.exit('out of coffee')", 1, "out of coffee\n"),
        ("raise SystemExit(5)", 5, ""),
        ("raise ValueError('x')", 1, "ValueError"),
        ("1 +", 1, ".kubernator.py:1"),
        ("ktor.app.register_plugin('nothing')", 1, "nothing"),
        ("ktor.app.walk_local('missing')", 1, "missing"),
        ("ktor.k8s", 1, "register the plugin first"),
        ("raise KeyboardInterrupt", 130, "interrupted"),
    ],
)
def test_exit_codes(text: str, expected: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """0 when all went well, what ``sys.exit`` says, 1 for what fails."""
    script(text)
    assert expected == cli.main([])
    assert said in capsys.readouterr().err


def test_the_last_line_says_success(capsys: pytest.CaptureFixture[str]) -> None:
    """An INFO line; the first one names what is done."""
    for words, suffix in ((["dump"], " (dump only)"), (["apply"], " (dry run)"), (["apply", "--yes"], "`")):
        assert cli.main(words) == 0
        lines = capsys.readouterr().err.splitlines()
        assert lines[0].endswith(suffix)
        assert " kubernator INFO " in lines[-1]
        assert lines[-1].endswith(" terminated successfully")


HUMAN = r"(\S+) (\S+) (\S+) (\S+):(\d+) (.*)"


def test_the_human_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Local time without a zone, logger, level, file and line, message; no colour where there is no terminal."""
    script("logger.info('one %s', 'two')\n\nlogger.trace('never')")
    assert cli.main([]) == 0
    out, err = capsys.readouterr()
    assert out == "[]\n"
    found = [re.fullmatch(HUMAN, line) for line in err.splitlines()]
    assert None not in found
    (time, *rest), *_ = [match.groups() for match in found if match and match[2] == "kubernator.script"]
    assert rest == ["kubernator.script", "INFO", ".kubernator.py", "1", "one two"]
    when = dt.datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f")  # noqa: DTZ007 - it has no zone
    assert abs(dt.datetime.now() - when) < dt.timedelta(hours=1)  # noqa: DTZ005 - local time
    assert "\x1b" not in err


def test_the_json_log(capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line with the keys of the reference, extra values and tracebacks; errors are lines too."""
    script(
        "logger.info('one %s', 'two', extra={'more': [1]})\n"
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    logger.exception('oh')\n"
        "import logging\nlogging.getLogger('third').info('never'); logging.getLogger('third').warning('party')\n"
        "raise ValueError('end')\n"
    )
    assert cli.main(["--log-format", "json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = [json.loads(line) for line in err.splitlines()]
    by_message = {line["message"]: line for line in lines}
    one = by_message["one two"]
    assert {"message", "ts", "name", "level", "fn", "ln", "more"} == set(one)
    assert tuple(one[key] for key in ("name", "level", "fn", "ln", "more")) == (
        "kubernator.script",
        "INFO",
        ".kubernator.py",
        1,
        [1],
    )
    assert "ZeroDivisionError" in by_message["oh"]["exc_info"]
    assert by_message["party"]["name"] == "third"
    assert "never" not in by_message
    assert [line["level"] for line in lines if line["level"] == "CRITICAL"] == ["CRITICAL"]
    assert "ValueError: end" in lines[-1]["message"]


def test_the_log_file_is_truncated_and_closed(capsys: pytest.CaptureFixture[str]) -> None:
    """The log goes there and nowhere else; what was in it is gone; an error is also said on stderr."""
    log = Path("log")
    log.write_text("before\n" * 1000)
    script("logger.warning('in the log')")
    assert cli.main(["--log-file", "log", "-v", "WARNING"]) == 0
    assert tuple(capsys.readouterr()) == ("[]\n", "")
    assert re.fullmatch(HUMAN + r"\n", log.read_text().splitlines(keepends=True)[0])
    assert [line.split(" ", 4)[-1] for line in log.read_text().splitlines() if "script" in line] == ["in the log"]
    assert not [handler for handler in logging.getLogger().handlers if getattr(handler, "baseFilename", "") == str(log)]
    script("raise ValueError('x')")
    assert cli.main(["--log-file", "log"]) == 1
    assert "in the log" not in log.read_text()
    assert "CRITICAL" in log.read_text()
    assert "error: the script raised ValueError: x" in capsys.readouterr().err
    assert cli.main(["--log-file", "no/such/log"]) == 1


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("TRACE", "trace debug info warning error critical"),
        ("DEBUG", "debug info warning error critical"),
        ("INFO", "info warning error critical"),
        ("WARNING", "warning error critical"),
        ("ERROR", "error critical"),
        ("CRITICAL", "critical"),
    ],
)
def test_levels(level: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``-v`` is the level of our loggers; TRACE is 5 and a method of every logger."""
    script(
        "import logging\nassert logging.getLevelName(5) == 'TRACE'\nlogging.getLogger('x').trace('not ours')\n"
        "for level in ('trace', 'debug', 'info', 'warning', 'error', 'critical'):\n    getattr(logger, level)(level)\n"
    )
    assert cli.main(["-v", level]) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if " kubernator.script " in line]
    assert expected.split() == [line.split()[-1] for line in lines]
    assert expected.upper().split() == [line.split()[2] for line in lines]


@pytest.mark.parametrize(("words", "expected"), [([], "[]\n"), (["-o", "json"], "[]"), (["-o", "json-pretty"], "[]")])
def test_an_empty_result(words: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is an empty list in every format, on stdout or in the file; the file is not touched when the run fails."""
    assert cli.main(words) == 0
    assert expected == capsys.readouterr().out
    assert cli.main([*words, "-f", "out"]) == 0
    assert ("", expected) == (capsys.readouterr().out, Path("out").read_text())
    script("raise ValueError")
    Path("out").write_text("before")
    assert cli.main([*words, "-f", "out"]) == 1
    assert Path("out").read_text() == "before"


def test_the_start_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``-p`` may be relative, hidden, or reached by a link, whose name stays; one that is missing fails the run."""
    (tmp_path / "real" / "sub").mkdir(parents=True)
    (tmp_path / ".link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / ".kubernator.py").write_text("logger.info('%s %s', ktor.app.cwd, ktor.app.args.path)\n")
    assert cli.main(["-p", "../.link"]) == 0
    assert f"{tmp_path}/.link ../.link" in capsys.readouterr().err
    assert cli.main(["-p", "../missing"]) == 1
    assert "missing" in capsys.readouterr().err


def test_projects_without_the_plugin_are_one_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """``-I`` and ``-X`` are accepted and have no effect."""
    assert cli.main(["-I", "a", "-X", "b"]) == 0
    assert capsys.readouterr().err.count("the plugin `project` is not registered") == 1


def test_the_app_as_a_library(capsys: pytest.CaptureFixture[str]) -> None:
    """``App(args)`` as a context manager, with the parser of the reference; scripts may call ``logger.trace``."""
    from kubernator.app import App  # noqa: PLC0415 - as wrappers of the reference do

    script("logger.trace('x')\nktor.app.register_cleanup(type('C', (), {'cleanup': lambda self: print('clean')})())")
    with App(arguments("-o", "json", "dump")) as app:
        app.run()
    assert capsys.readouterr().out == "[]clean\n"
