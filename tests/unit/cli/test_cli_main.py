"""From the words of a command line to an exit code, without a cluster."""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kubernator.cli import main as cli
from kubernator.run import walk


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's cache and kubeconfig out of it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return an empty tree."""
    root = tmp_path / "tree"
    root.mkdir()
    return root


def script(tree: Path, text: str) -> None:
    (tree / ".kubernator.py").write_text(text)


def test_an_empty_tree_is_an_empty_list(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to do is ``[]``, needs no cluster, and ends well."""
    assert cli.main(["-p", str(tree)]) == 0
    out, err = capsys.readouterr()
    assert out == "[]\n"
    assert "terminated successfully" in err.splitlines()[-1]


@pytest.mark.parametrize(("output_format", "expected"), [("json", "[]"), ("json-pretty", "[]"), ("yaml", "[]\n")])
def test_json_has_no_line_break_at_its_end(
    tree: Path, capsys: pytest.CaptureFixture[str], output_format: str, expected: str
) -> None:
    """As in the reference, YAML ends its line and JSON does not."""
    cli.main(["-p", str(tree), "-o", output_format])
    assert expected == capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("raise SystemExit(3)", 3),
        ("import sys; sys.exit()", 0),
        ("import sys; sys.exit('so long')", 1),
        ("1 / 0", 1),
        ("this is no python", 1),
        ("ktor.app.register_plugin('nope')", 1),
        ("ktor.app.walk_local('nowhere')", 1),
    ],
)
def test_what_a_script_does_decides_the_code(
    tree: Path, capsys: pytest.CaptureFixture[str], text: str, code: int
) -> None:
    """``sys.exit(n)`` is n; whatever a script raises is 1; nothing is printed on stdout."""
    script(tree, text)
    assert code == cli.main(["-p", str(tree)])
    out, err = capsys.readouterr()
    assert not out
    assert "Traceback" not in err
    assert ("so long" in err) is ("so long" in text)


def test_the_error_of_a_script_names_its_line(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The block of an error has the place, and the traceback is only shown at level DEBUG."""
    script(tree, "x = 1\nraise ValueError('broken')\n")
    assert cli.main(["-p", str(tree), "-v", "DEBUG"]) == 1
    err = capsys.readouterr().err
    assert re.search(r"^error: .*broken", err, re.MULTILINE)
    assert ".kubernator.py:2" in err
    assert "Traceback" in err


def test_with_json_errors_are_log_lines(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line on stderr is a JSON object; the last one is CRITICAL and carries the details."""
    script(tree, "raise ValueError('broken')")
    assert cli.main(["-p", str(tree), "--log-format", "json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines[-1]["level"] == "CRITICAL"
    assert "broken" in lines[-1]["message"]
    assert any(".kubernator.py:1" in entry["text"] for entry in lines[-1]["detail"])


def test_with_a_log_file_the_error_is_in_both(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The log goes to the file, from its beginning; who sits before the terminal still hears of the error."""
    script(tree, "raise ValueError('broken')")
    log = tree / "log"
    log.write_text("old\n" * 1000)
    assert cli.main(["-p", str(tree), "--log-file", str(log)]) == 1
    assert "broken" in log.read_text()
    assert "old" not in log.read_text()
    assert capsys.readouterr().err.startswith("error: ")


def test_a_log_file_that_cannot_be_opened_is_an_error(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said in words."""
    assert cli.main(["-p", str(tree), "--log-file", str(tree)]) == 1
    assert f"error: log file `{tree}` cannot be opened: Is a directory" in capsys.readouterr().err


def test_a_bug_of_ours_says_what_to_report(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no error of ours is called a bug, with the version and how to get the traceback, and is 1."""

    def broken(*_: object, **__: object) -> None:
        raise KeyError("inside")

    monkeypatch.setattr(walk, "walk", broken)
    assert cli.main(["-p", str(tree)]) == 1
    err = capsys.readouterr().err
    assert "error: Kubernator has a bug: KeyError: 'inside'" in err
    assert "-v DEBUG" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "warning"),
    [(["--clear-k8s-cache"], "`--clear-k8s-cache`"), (["--pre-cache-k8s-client", "29"], "`--pre-cache-k8s-client`")],
)
def test_options_without_a_meaning_warn_and_do_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str], words: list[str], warning: str
) -> None:
    """They end with 0, and nothing runs, as in the reference."""
    script(tree, "raise ValueError('it ran')")
    assert cli.main(["-p", str(tree), *words]) == 0
    out, err = capsys.readouterr()
    assert not out
    assert f"WARNING" in err and f"{warning} does nothing" in err  # noqa: F541, PT018 - read as one


def test_the_cache_is_cleared(capsys: pytest.CaptureFixture[str]) -> None:
    """``--clear-cache`` empties the cache directory and ends, also when there is none."""
    cache = Path(os.environ["XDG_CACHE_HOME"]) / "kubernator" / "git" / "x"
    cache.mkdir(parents=True)
    assert [cli.main(["--clear-cache"]) for _ in range(2)] == [0, 0]
    assert not cache.exists()


def test_the_cache_is_listed_and_cleared_by_part(capsys: pytest.CaptureFixture[str]) -> None:
    """``cache ls`` counts files and bytes; ``cache clear PART`` leaves the others."""
    root = Path(os.environ["XDG_CACHE_HOME"]) / "kubernator"
    for part in ("git", "bin"):
        (root / part).mkdir(parents=True)
        (root / part / "file").write_text("12345")
    assert cli.main(["cache", "clear", "git"]) == 0
    assert cli.main(["cache", "ls", "-o", "json"]) == 0
    found = {entry["part"]: (entry["files"], entry["bytes"]) for entry in json.loads(capsys.readouterr().out)}
    assert {part: found[part] for part in ("git", "bin")} == {"git": (0, 0), "bin": (1, 5)}


def test_an_unknown_part_of_the_cache_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """New verbs answer 64."""
    assert cli.main(["cache", "clear", "nope"]) == 64
    assert "the cache has no part `nope`" in capsys.readouterr().err


@pytest.mark.parametrize("output_format", ["text", "json", "yaml"])
def test_plugins_are_listed(capsys: pytest.CaptureFixture[str], output_format: str) -> None:
    """Name, distribution, version and stages, for people and for programs."""
    assert cli.main(["plugins", "-o", output_format]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("app", "k8s", "kubeconfig", "before_directory"))


@pytest.mark.parametrize("words", [["-I", "a"], ["-X", "a", "apply"]])
def test_projects_without_their_plugin_warn(tree: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """``-I`` and ``-X`` are ignored with a warning, as in the reference."""
    assert cli.main(["-p", str(tree), *words]) == 0
    assert capsys.readouterr().err.count("`-I` and `-X` have no effect") == 1


def test_the_pre_start_script_sets_what_all_directories_see(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It runs once, before plugins start, with the scope of ``ktor.globals``."""
    script(tree, "logger.warning('team %s', ktor.team)")
    (tree / "pre.py").write_text("ktor.team = 'payments'")
    assert cli.main(["-p", str(tree), "--pre-start-script", str(tree / "pre.py")]) == 0
    assert "team payments" in capsys.readouterr().err


def test_scripts_see_the_command_line(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``ktor.app.args`` has the attributes of the reference."""
    script(tree, "a = ktor.app.args\nlogger.warning('%s %s %s', a.command, a.dry_run, a.output_format)")
    assert cli.main(["-p", str(tree), "apply", "--yes", "-o", "json"]) == 0
    assert "apply False json" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["dump"], ["apply"], ["apply", "--yes"]])
def test_plugin_changes_are_shown_and_only_carried_out_by_apply_yes(
    tree: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """What a plugin writes elsewhere is in the dump, and is carried out by ``apply --yes`` alone."""
    script(
        tree,
        "from kubernator.plugin import Plugin, PluginChange\n"
        "class Other(Plugin):\n"
        "    name = 'other'\n"
        "    def walked(self, host): return [PluginChange(plugin='other', title='write it', detail={'a': 1})]\n"
        "    def carry_out(self, change): logger.warning('carried out %s', change.title)\n"
        "ktor.app.register_plugin(Other)\n",
    )
    assert cli.main(["-p", str(tree), *words, "-o", "json"]) == 0
    out, err = capsys.readouterr()
    assert ('[{"body": {"a": 1}, "method": "other"}]' if words == ["dump"] else "") == out
    assert (words == ["apply", "--yes"]) is ("carried out write it" in err)
    assert (words == ["apply"]) is ("would let other write it (dry run)" in err)


def test_logging_is_as_before_afterwards(tree: Path) -> None:
    """The handler is taken off the root logger and the level is put back."""
    before = (list(logging.getLogger().handlers), logging.getLogger("kubernator").level)
    cli.main(["-p", str(tree), "-v", "TRACE"])
    assert before == (list(logging.getLogger().handlers), logging.getLogger("kubernator").level)


def process(*words: str, **settings: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kubernator", *words],
        text=True,
        stderr=subprocess.PIPE,
        **{"stdout": subprocess.PIPE, **settings},  # type: ignore[call-overload]
    )


def until(running: subprocess.Popen[str], word: str) -> None:
    """Read stderr up to a line with a word; its end before that fails the test."""
    assert running.stderr is not None
    said = []
    for line in running.stderr:
        if word in line:
            return
        said.append(line)
    pytest.fail("".join(said))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_walk_and_plugins_hear_of_the_end(tree: Path, number: int, code: int) -> None:
    """The first signal raises in the script; cleanups run; the code says which signal it was."""
    script(
        tree,
        "import sys, time\n"
        "class C:\n"
        "    def cleanup(self): sys.stderr.write('cleaned up\\n')\n"
        "ktor.app.register_cleanup(C())\n"
        "sys.stderr.write('ready\\n'); sys.stderr.flush()\n"
        "time.sleep(600)\n",
    )
    with process("-p", str(tree)) as running:
        until(running, "ready")
        running.send_signal(number)
        assert running.stderr is not None
        said = running.stderr.read()
        assert code == running.wait()
    assert "cleaned up" in said
    assert "error: interrupted" in said


def test_a_second_signal_leaves_at_once_and_ends_programs(tree: Path) -> None:
    """A script that ignores the first one is left behind, and what it started is ended."""
    script(
        tree,
        "import sys, time\n"
        "p = ktor.app.run(['sleep', '600'], None, sys.stderr)\n"
        "word = 'ready'\n"
        "while True:\n"
        "    try:\n"
        "        sys.stderr.write(word + '\\n'); sys.stderr.flush()\n"
        "        time.sleep(600)\n"
        "    except KeyboardInterrupt:\n"
        "        word = 'stubborn'\n",
    )
    with process("-p", str(tree)) as running:
        until(running, "ready")
        running.send_signal(signal.SIGINT)
        until(running, "stubborn")
        running.send_signal(signal.SIGINT)
        assert running.wait() == 130
        assert running.stderr is not None
        running.stderr.read()  # comes to an end only when nobody holds the other side any more


def test_a_reader_that_left_is_no_error(tree: Path) -> None:
    """``kubernator | head`` ends quietly, as a program does that SIGPIPE ended."""
    read, write = os.pipe()
    os.close(read)
    with process("-p", str(tree), "-v", "ERROR", stdout=write) as running:
        os.close(write)
        assert running.stderr is not None
        assert (running.wait(), running.stderr.read()) == (cli.READER_LEFT, "")


def test_a_full_disk_behind_stdout_is_said(tree: Path) -> None:
    """What cannot be written to stdout is an error, not silence."""
    with Path("/dev/full").open("w") as full, process("-p", str(tree), stdout=full) as running:
        assert running.stderr is not None
        said = running.stderr.read()
        assert running.wait() == 1
    assert "error: stdout cannot be written to: No space left on device" in said


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("verb", ["dump", "diff", "graph", "plugins"])
def test_streams_that_are_closed_are_not_written_to(tree: Path, verb: str, closed: str) -> None:
    """Who starts the program without stdout or stderr wants neither, and gets no bug of ours for it."""
    command = f'"{sys.executable}" -m kubernator -p "{tree}" {verb} {closed}'
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, "error" in done.stdout + done.stderr) == (0, False)


def test_an_interrupt_while_the_program_is_imported_is_said_in_a_word() -> None:
    """Nothing of ours is there yet that would hear of signals, and still there is no traceback."""
    code = (
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'kubernator.cli':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "sys.argv = ['kubernator', 'graph']\n"
        "from kubernator.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")


@pytest.mark.parametrize("verb", ["diff", "graph", "status"])
def test_a_tree_that_comes_to_nothing_is_warned_of(tree: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """Whatever is asked of it: it is seldom meant."""
    script(tree, 'ktor.app.register_plugin("k8s")')
    assert cli.main([verb, "-p", str(tree)]) in {0, 10}  # `status` wants a cluster
    assert "has no resources: no file matches" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [[], ["--log-format", "json"], ["--log-file", "log"], ["-v", "ERROR"]], ids=["", "json", "file", "quiet"]
)
@pytest.mark.parametrize("verb", ["graph", "render"])
def test_a_warning_is_said_once(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verb: str, options: list[str]
) -> None:
    """Though an error ends the run after it was logged; where the log goes to a file, once on each side."""
    monkeypatch.chdir(tree)
    script(tree, 'ktor.app.register_plugin("k8s")')
    notes = "{kubernator.io/waiit: 'false', kubernator.io/depends-on: ConfigMap/nothing}"
    (tree / "a.yaml").write_text(
        f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: shop, annotations: {notes}}}}}"
    )
    assert cli.main([verb, *options]) == 3
    said = [capsys.readouterr().err, *(log.read_text() for log in tree.glob("log"))]
    assert {1} == {each.count("`kubernator.io/waiit` means nothing") for each in said}


def test_a_full_disk_leaves_no_half_file(tree: Path) -> None:
    """With no room for a file, what was there stays and nothing is left beside it."""
    out = tree.parent / "out.yaml"
    out.write_text("before")

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))

    with process("-p", str(tree), "-f", str(out), preexec_fn=small) as running:
        assert running.stderr is not None
        said = running.stderr.read()
        assert running.wait() == 1
    assert f"error: `{out}` cannot be written: File too large" in said
    assert out.read_text() == "before"
    assert {"tree", "out.yaml"} == {path.name for path in tree.parent.iterdir()}
