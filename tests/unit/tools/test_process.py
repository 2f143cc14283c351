"""Running programs: outputs, inputs, ends, and what is said when it goes wrong."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from kubernator import errors
from kubernator.redaction import Secrets
from kubernator.tools import process, running

PYTHON = sys.executable


def python(code: str, *args: str) -> list[str]:
    return [PYTHON, "-c", code, *args]


def test_run_returns_both_outputs():
    """Both outputs and the code of a program are returned as they were."""
    done = process.run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), check=False)
    assert (done.code, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_lines_come_one_by_one():
    """A line callable gets each line without its ending, while the program still runs."""
    first = threading.Event()
    lines: list[str] = []

    def take(line: str) -> None:
        lines.append(line)
        first.set()

    def answer():
        first.wait()
        return "go on\n"

    done = process.run(
        python("print('one', flush=True); print(input())"),
        stdin=answer,
        on_stdout=take,
    )
    assert lines == ["one", "go on"]
    assert done.stdout == "one\ngo on\n"


@pytest.mark.parametrize(
    ("stdin", "expected"),
    [
        (None, ""),
        ("text ü", "text ü"),
        (b"bytes", "bytes"),
        (lambda: "called", "called"),
        (lambda: iter(["a", b"b"]), "ab"),
        (lambda: None, ""),
    ],
)
def test_input(stdin, expected):
    """Input may be text, bytes, or a callable that returns either or several of them; none is an empty input."""
    assert expected == process.run(python("import sys; print(sys.stdin.read(), end='')"), stdin=stdin).stdout


def test_input_that_is_not_wanted_is_no_error():
    """A program that ends without reading a large input ends well."""
    assert process.run(python("pass"), stdin="x" * 1_000_000).code == 0


def test_what_is_no_utf8_is_replaced():
    """Bytes that are no UTF-8 do not stop anything."""
    assert process.run(python(r"import os; os.write(1, b'\xff!')")).stdout == "�!"


def test_failure_is_redacted():
    """A failed program's arguments and outputs are shown without the secrets in them."""
    secrets = Secrets()
    secrets.add("hunter2-hunter2")
    with pytest.raises(errors.ToolFailed) as caught:
        process.run(python("import sys; sys.exit('bad ' + sys.argv[1])", "hunter2-hunter2"), secrets=secrets)
    error = caught.value
    assert error.code == 1
    assert "hunter2" not in f"{error} {error.detail} {error.argv} {error.stderr}"
    assert "bad <secret 1>" in error.stderr


@pytest.mark.parametrize(
    ("argv", "title"),
    [
        (["no-such-program-anywhere"], "`no-such-program-anywhere` is not on `PATH`"),
        (["/nowhere/program"], "`/nowhere/program` is not there"),
        ([os.devnull], f"`{os.devnull}` may not be executed"),
    ],
)
def test_missing_program(argv, title):
    """A program that is not there is told with the hint of whoever wanted it."""
    with pytest.raises(errors.ToolNotFound) as caught:
        process.run(argv, hint="get it")
    assert (title, "get it") == (caught.value.title, caught.value.hint)


def test_directory_that_is_not_there(tmp_path):
    """A working directory that is missing is not mistaken for a missing program."""
    with pytest.raises(errors.ToolError, match="which is no directory"):
        process.run(python("pass"), cwd=tmp_path / "none")


def test_file_that_is_no_program(tmp_path):
    """A file that the system cannot execute is told in words."""
    file = tmp_path / "junk"
    file.write_bytes(b"\0\1\2")
    file.chmod(0o700)
    with pytest.raises(errors.ToolError, match="`junk` is no program for this machine"):
        process.run([file])


GRANDCHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
print(child.pid, flush=True)
child.wait()
"""


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int) -> None:
    """Wait for the end of a process that is not ours to wait for; dead and not buried is gone, too."""
    stat = Path(f"/proc/{pid}/stat")
    while is_there(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return


def test_timeout_ends_what_the_program_started():
    """When its time is over, a program ends together with the programs it started."""
    pids: list[int] = []
    with pytest.raises(errors.TimedOut, match="did not end within"):
        process.run(python(GRANDCHILD), timeout=0.5, on_stdout=lambda line: pids.append(int(line)))
    for pid in pids:
        wait_until_gone(pid)


def spawned(code: str) -> tuple[process.Process, list[str]]:
    """Start Python code and return when it has said its first line."""
    said = threading.Event()
    lines: list[str] = []

    def take(line: str) -> None:
        lines.append(line)
        said.set()

    started = process.spawn(python(code), stdout=take)
    said.wait()
    return started, lines


def test_terminate_ends_the_group():
    """Ending a program ends what it started."""
    started, lines = spawned(GRANDCHILD)
    assert started.terminate() == -signal.SIGTERM
    wait_until_gone(int(lines[0]))


def test_terminate_is_polite_first():
    """A program that takes care of the polite signal may end in its own way."""
    code = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
print("ready", flush=True)
while True: signal.pause()
"""
    started, _ = spawned(code)
    assert started.terminate(grace=60) == 5


def test_terminate_ends_who_does_not_listen():
    """A program that ignores the polite signal is ended after the grace."""
    code = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True: signal.pause()
"""
    started, _ = spawned(code)
    assert started.terminate(grace=0.1) == -signal.SIGKILL


def test_terminate_twice_is_harmless():
    """Ending what has ended returns its code again, and signals nobody."""
    with process.spawn(python("import sys; sys.exit(4)")) as started:
        assert started.wait() == 4
        assert started.terminate() == 4
        assert started.poll() == 4


@pytest.mark.parametrize("timeout", [60, 1e9, None])
def test_any_time_can_be_given(timeout):
    """A program that ends is not waited for any longer."""
    assert process.run(["sh", "-c", "echo said"], timeout=timeout).stdout == "said\n"


def test_end_all():
    """All programs that run are ended together."""
    started = [spawned("import time; print('ready', flush=True); time.sleep(1000)")[0] for _ in range(2)]
    running.end_all()
    assert [each.poll() for each in started] == [-signal.SIGTERM] * 2


def test_programs_end_with_us():
    """A program that is still running when we end is ended."""
    code = """
import sys
from kubernator.tools import process
started = process.spawn([sys.executable, "-c", "import time; time.sleep(1000)"])
print(started.pid)
"""
    pid = int(process.run(python(code)).stdout)
    wait_until_gone(pid)


def test_wait_does_not_hang_on_a_pipe_somebody_kept():
    """A program that left a silent child with its output behind is over when it is over."""
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
print(child.pid, flush=True)
"""
    done = process.run(python(code))
    os.kill(int(done.stdout), signal.SIGKILL)


def test_exception_of_a_callable_is_raised_by_wait():
    """What a line callable raises is raised again, after the program has ended."""

    def bad(_line: str) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        process.run(python("print('x\\n' * 100_000)"), on_stdout=bad)


def test_exception_of_an_input_is_raised_by_wait():
    """What an input callable raises is raised again."""

    def bad():
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        process.run(python("import sys; sys.stdin.read()"), stdin=bad)


def test_environment_is_a_copy(monkeypatch):
    """Changes to the environment reach the program and nobody else."""
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setenv("GONE", "x")
    before = dict(os.environ)
    changed = process.environment({"NEW": "1", "GONE": None}, path=["/first", "/second"])
    assert (changed["NEW"], "GONE" in changed, changed["PATH"]) == ("1", False, "/first:/second:/bin")
    assert before == dict(os.environ)


def test_an_interrupt_at_the_start_of_a_program_ends_it() -> None:
    """A signal that arrives while it is being started loses nobody: its output comes to an end, each time."""
    for _ in range(30):
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as output:
            with contextlib.suppress(KeyboardInterrupt):
                process.spawn(["sh", "-c", "kill -INT $PPID; exec sleep 1000"], stdout=writing).wait()
            os.close(writing)
            assert output.read() == b""
