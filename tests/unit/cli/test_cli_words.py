"""The command line of the reference is read as it was, and what is new does not get in its way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kubernator import errors
from kubernator.cli import words

DEFAULTS = {
    "clear_cache": False,
    "clear_k8s_cache": False,
    "pre_cache_k8s_client": None,
    "pre_cache_k8s_client_no_patch": None,
    "log_format": "human",
    "log_file": None,
    "verbose": "INFO",
    "file": None,
    "output_format": "yaml",
    "path": Path(),
    "dry_run": True,
    "include_project": [],
    "exclude_project": [],
    "command": "dump",
}


def test_without_words_everything_has_the_default_of_the_reference() -> None:
    """The attributes that scripts read from ``ktor.app.args`` have the reference's names and values."""
    args = vars(words.parse([]).args)
    assert {**args, **DEFAULTS} == args


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("dump", {"command": "dump"}),
        ("apply", {"command": "apply", "dry_run": True}),
        ("apply --yes", {"command": "apply", "dry_run": False}),
        ("--yes apply", {"command": "apply", "dry_run": False}),
        ("-p x apply --yes", {"path": Path("x"), "command": "apply", "dry_run": False}),
        ("apply -p x", {"path": Path("x"), "command": "apply"}),
        ("-px -ojson -vTRACE", {"path": Path("x"), "output_format": "json", "verbose": "TRACE"}),
        ("--path=x dump", {"path": Path("x")}),
        ("-o json-pretty -f out.json", {"output_format": "json-pretty", "file": "out.json"}),
        ("-f -", {"file": "-"}),
        ("-- apply", {"command": "apply"}),
        ("-I a -I b.c -X d", {"include_project": ["a", "b.c"], "exclude_project": ["d"]}),
        ("--pa x --ye ap", None),
        ("--pa x apply --ye", {"path": Path("x"), "command": "apply", "dry_run": False}),
        ("--f out", {"file": "out"}),
        ("apply --f out", {"file": "out"}),
        ("--o json", {"output_format": "json"}),
        ("--i a --e b", {"include_project": ["a"], "exclude_project": ["b"]}),
        ("--log-fo json --log-fi x", {"log_format": "json", "log_file": "x"}),
        ("--pre-cache-k8s-client 29 30", {"pre_cache_k8s_client": [29, 30]}),
        ("--pre-cache-k8s-client 29 --pre-cache-k8s-client 30 31", {"pre_cache_k8s_client": [29, 30, 31]}),
        (
            "--pre-cache-k8s-client 29 --pre-cache-k8s-client-n",
            {"pre_cache_k8s_client": [29], "pre_cache_k8s_client_no_patch": True},
        ),
        ("--clear-k apply", {"clear_k8s_cache": True, "command": "apply"}),
        ("--pre-start-script s.py", {"pre_start_script": Path("s.py")}),
        ("--pre-s s.py apply", {"pre_start_script": Path("s.py"), "command": "apply"}),
        ("apply --fo --field-m me", {"force_conflicts": True, "field_manager": "me"}),
        ("dump --show --context prod", {"show_secrets": True, "context": "prod"}),
        ("apply --no-p --no-w --ti 5m --k", {"preflight": False, "wait": False, "timeout": 300.0, "keep_going": True}),
    ],
)
def test_a_command_line_is_understood(line: str, expected: dict[str, Any] | None) -> None:
    """Options stand before and after the verb, long ones may be abbreviated, the reference's first."""
    if expected is None:
        with pytest.raises(words.BadCommandLine):
            words.parse(line.split())
        return
    args = vars(words.parse(line.split()).args)
    assert {**args, **expected} == args


@pytest.mark.parametrize(
    ("line", "title", "hint"),
    [
        ("aply", "unknown verb `aply`", "did you mean `apply`?"),
        ("frobnicate", "unknown verb `frobnicate`", "verbs are "),
        ("--outptu-format json", "unknown option `--outptu-format`", "did you mean `--output-format`?"),
        ("dump -z", "unknown option `-z`", ""),
        ("dump apply", "`apply` is one word too many", ""),
        ("--c", "`--c` is ambiguous", "`--clear-cache` or `--clear-k8s-cache`"),
        ("--lo x", "`--lo` is ambiguous", "`--log-file` or `--log-format`"),
        ("--pre-c 29", "`--pre-c` is ambiguous", ""),
        ("--p x", "`--p` is ambiguous", ""),
        ("-v debug", "argument -v/--verbose: invalid choice: `debug`", ""),
        ("-o xml", "argument -o/--output-format: invalid choice: `xml`", ""),
        ("--clear-cache --clear-k8s-cache", "not allowed with argument", ""),
        ("--clear-cache --pre-cache-k8s-client 29", "not allowed with argument", ""),
        ("--pre-cache-k8s-client-no-patch", "is only used together with `--pre-cache-k8s-client`", ""),
        ("--pre-cache-k8s-client 29 apply", "invalid int value", ""),
        ("--show-secrets", "option `--show-secrets` belongs after its verb", "say `kubernator dump --show-secrets`"),
        ("--keep-going apply", "option `--keep-going` belongs after its verb", "`kubernator apply --keep-going`"),
        ("dump --keep-going", "option `--keep-going` belongs to `apply`", ""),
        ("apply --timeout soon", "`soon` is no length of time", ""),
        ("apply --timeout -5", "`-5` is no length of time", ""),
    ],
)
def test_a_command_line_is_refused_with_the_code_of_the_reference(line: str, title: str, hint: str) -> None:
    """The code is 2, and the words say what is wrong and what was meant."""
    with pytest.raises(errors.UsageError) as caught:
        words.parse(line.split())
    assert title in caught.value.title
    assert hint in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("line", ["cache frob", "cache", "plugins --bogus", "cache ls --yess"])
def test_a_new_verb_is_refused_with_the_code_of_a_usage_error(line: str) -> None:
    """Verbs that the reference does not have answer 64, since 2 means changes there."""
    with pytest.raises(errors.UsageError) as caught:
        words.parse(line.split())
    assert caught.value.exit_code == errors.ExitCode.USAGE


def test_the_sandbox_reads_its_own_words() -> None:
    """What follows ``sandbox`` is left as it is, abbreviations and options of the same name too."""
    invocation = words.parse(["-v", "DEBUG", "sandbox", "run", "--", "ls", "--fi", "-p"])
    assert invocation.rest == ("run", "--", "ls", "--fi", "-p")
    assert (invocation.verb, invocation.args.verbose) == ("sandbox", "DEBUG")


@pytest.mark.parametrize(
    ("line", "expected"),
    [("cache ls", ("ls", [])), ("cache clear git bin", ("clear", ["git", "bin"])), ("-v DEBUG cache ls", ("ls", []))],
)
def test_the_words_of_a_new_verb_are_read(line: str, expected: tuple[str, list[str]]) -> None:
    """Positional words of a verb follow it; its format has its own choices and default."""
    args = words.parse(line.split()).args
    assert (*expected, "text") == (args.action, args.parts, args.output_format)


@pytest.mark.parametrize("line", ["--help", "apply --help", "dump -h", "cache --help", "--bogus --help"])
def test_help_goes_to_stdout_and_ends(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Help is data: it is printed on stdout and the code is 0."""
    with pytest.raises(SystemExit) as caught:
        words.parse(line.split())
    assert caught.value.code == 0
    assert "usage: kubernator" in capsys.readouterr().out


def test_help_shows_yes_sensibly(capsys: pytest.CaptureFixture[str]) -> None:
    """The reference says ``default: True`` of ``--yes``; it is a flag that is not given by default."""
    with pytest.raises(SystemExit):
        words.parse(["--help"])
    shown = capsys.readouterr().out
    assert "without it `apply` is a dry" in shown
    assert "True" not in shown
