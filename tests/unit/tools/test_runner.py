"""The runner of scripts: the reference's words, defaults and exceptions."""

from __future__ import annotations

import errno
import io
import sys

import pytest

from kubernator import errors
from kubernator.tools import runner


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_lines_in_text_mode():
    """In text mode a callable gets each line with its line ending."""
    lines: list[str] = []
    runner.run(python("print('a'); print('b')"), lines.append, None).wait()
    assert lines == ["a\n", "b\n"]


def test_buffers_in_binary_mode():
    """In binary mode a callable gets bytes as they come."""
    pieces: list[bytes] = []
    runner.run(python(r"import os; os.write(1, b'\xff\n')"), pieces.append, None, universal_newlines=False).wait()
    assert b"".join(pieces) == b"\xff\n"


def test_wait_fails_with_safe_arguments():
    """A failure shows the safe arguments in place of the real ones."""
    started = runner.run(python("exit(3)"), None, None, safe_args=["python", "***"])
    with pytest.raises(runner.CalledProcessError) as caught:
        started.wait()
    assert (caught.value.returncode, caught.value.cmd) == (3, ["python", "***"])


def test_wait_without_failing():
    """``wait(False)`` returns the code."""
    assert runner.run(python("exit(3)"), None, None).wait(False) == 3


def test_wait_with_a_limit():
    """A limit that is reached raises, names the safe arguments, and leaves the program running."""
    started = runner.run(python("import time; time.sleep(1000)"), None, None, safe_args=["sleeper"])
    with pytest.raises(runner.TimeoutExpired) as caught:
        started.wait(timeout=0.01)
    assert caught.value.cmd == ["sleeper"]
    assert started.poll() is None
    started.kill()
    assert started.wait(fail=False) < 0


def test_terminate():
    """Terminating asks the program to end and does not wait."""
    started = runner.run(python("import time; time.sleep(1000)"), None, None)
    started.terminate()
    assert started.wait(fail=False) < 0


@pytest.mark.parametrize(
    "stdin", ["text", b"text", lambda: ["te", "xt"], lambda: "text"], ids=["str", "bytes", "pieces", "callable"]
)
@pytest.mark.parametrize("text", [True, False])
def test_input(stdin, text):
    """Input of either kind is accepted in either mode."""
    code = "import sys; print(sys.stdin.read(), end='')"
    out = runner.run_capturing_out(python(code), None, stdin, universal_newlines=text)
    assert out == ("text" if text else b"text")


def test_input_from_a_file(tmp_path):
    """Input may be an open file."""
    file = tmp_path / "in"
    file.write_text("from a file")
    with file.open() as opened:
        assert runner.run_capturing_out(python("print(input())"), None, opened) == "from a file\n"


def test_capturing_out_failure_carries_the_output():
    """A failed program's output is in the exception; its error output went to the callable."""
    err: list[str] = []
    with pytest.raises(runner.CalledProcessError) as caught:
        runner.run_capturing_out(python("import sys; print('said'); sys.exit('why')"), err.append)
    assert (caught.value.output, err) == ("said\n", ["why\n"])


def test_pass_through_capturing():
    """Outputs reach the callables and the caller."""
    out: list[str] = []
    err = io.StringIO()
    code = "import sys; print('o'); print('e', file=sys.stderr)"
    assert runner.run_pass_through_capturing(python(code), out.append, err) == ("o\n", "e\n")
    assert (out, err.getvalue()) == (["o\n"], "e\n")


def test_pass_through_failure_carries_both():
    """A failure carries both outputs."""
    code = "import sys; print('o'); sys.exit('e')"
    with pytest.raises(runner.CalledProcessError) as caught:
        runner.run_pass_through_capturing(python(code), None, None)
    assert (caught.value.output, caught.value.stderr) == ("o\n", "e\n")


def test_streams_are_there_if_piped():
    """A stream can be used if it was asked for as a pipe, and is an error otherwise."""
    started = runner.run(python("print(input())"), runner.PIPE, None, runner.PIPE)
    started.stdin.write("hello\n")
    started.stdin.close()
    with started.stdout as out:
        assert out.read() == "hello\n"
    with pytest.raises(RuntimeError, match="stderr is no pipe"):
        _ = started.stderr
    started.wait()


def test_stream_with_a_callable_is_no_pipe():
    """A stream that a callable gets cannot be read by somebody else too."""
    started = runner.run(python("pass"), print, None)
    with pytest.raises(RuntimeError, match="stdout is no pipe"):
        _ = started.stdout
    started.wait()


def test_missing_program():
    """A program that is missing is told when it is started, not when it is waited for."""
    with pytest.raises(errors.ToolNotFound):
        runner.run(["no-such-program-anywhere"], None, None)


@pytest.mark.parametrize(
    ("args", "more", "kind", "number"),
    [
        (["no-such-program-anywhere"], {}, FileNotFoundError, errno.ENOENT),
        (["true"], {"cwd": "/no/such/directory"}, FileNotFoundError, errno.ENOENT),
        (["/etc/passwd"], {}, PermissionError, errno.EACCES),
        (["DIR/damaged"], {}, OSError, errno.ENOEXEC),
    ],
)
def test_what_cannot_be_started(tmp_path, args, more, kind, number):
    """Scripts catch what `subprocess` raises; it is an error of ours too, with its words."""
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"\x7fELF")
    damaged.chmod(0o755)
    with pytest.raises(kind) as caught:
        runner.run([arg.replace("DIR", str(tmp_path)) for arg in args], None, None, **more)
    assert isinstance(caught.value, errors.ToolError)
    assert number == caught.value.errno
    assert str(caught.value).startswith("`")


def test_one_text_is_a_program():
    """As for `subprocess`; with ``shell=True`` it is a line."""
    assert runner.run("true", None, None).wait() == 0
    assert runner.run_capturing_out("echo $((1 + 1))", None, shell=True) == "2\n"  # noqa: S604 - it is asked for


def test_a_session_of_its_own():
    """It may be asked for; a program is in a group of its own in any case."""
    assert runner.run(["true"], None, None, start_new_session=True).wait() == 0
