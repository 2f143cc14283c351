"""What is known of sandboxes, and cleaning up after those that died."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from kubernator import errors, sandbox
from kubernator.sandbox import state
from kubernator.tools import process


@pytest.fixture
def where():
    directory = state.directory("x")
    directory.mkdir(parents=True)
    return directory


def saved(**changes):
    return state.State(
        **{
            "name": "x",
            "version": "1.37.2",
            "pid": 0,
            "phase": "ready",
            "created": 1.0,
            "expires": None,
            "held": False,
            **changes,
        }
    )


@pytest.fixture
def sleeper(where):
    """Start a program that names the directory in its command line, as all of ours do."""
    ready = threading.Event()
    code = "import sys, time; print('ready', flush=True); time.sleep(1000)"
    started = process.spawn([sys.executable, "-c", code, str(where)], stdout=lambda _line: ready.set())
    ready.wait()
    yield started
    started.terminate(grace=0)


def test_read_what_was_written(where):
    """A state comes back as it was."""
    state.write(where, saved(programs={"etcd": 1}))
    assert saved(programs={"etcd": 1}) == state.read(where)


@pytest.mark.parametrize("text", [None, "", "junk", "[]", "{}", '{"name": "x"}'])
def test_read_what_cannot_be_understood(where, text):
    """A state that is missing or broken is none."""
    if text is not None:
        (where / "state.json").write_text(text)
    assert state.read(where) is None


def test_alive(where, sleeper):
    """A supervisor is alive if its process is there and is ours."""
    assert state.alive(where, saved(pid=sleeper.pid))
    assert not state.alive(where, saved(pid=os.getpid()))
    sleeper.terminate()
    assert not state.alive(where, saved(pid=sleeper.pid))


def test_born(sleeper):
    """A process can be told from a later one of its number, and one that is gone has no birth."""
    first = state.born(sleeper.pid)
    assert first
    assert first == state.born(sleeper.pid)
    sleeper.terminate()
    assert state.born(sleeper.pid) == ""


def test_sweep_ends_what_is_ours_only(where, sleeper):
    """Programs of a dead supervisor are ended; a process that got an old number is left alone."""
    state.write(where, saved(programs={"etcd": sleeper.pid, "kwok": os.getpid()}))
    state.sweep(where)
    assert sleeper.wait() < 0
    assert not state.root().parent.exists()


def test_sweep_leaves_what_is_just_being_made(where):
    """A directory without a state is left alone for a while, then removed."""
    state.sweep(where)
    assert where.exists()
    os.utime(where, (1, 1))
    state.sweep(where)
    assert not where.exists()


def test_status_cleans_up(where):
    """A sandbox whose supervisor is gone is not reported, and is gone afterwards."""
    state.write(where, saved(pid=2**22 + 1))
    assert sandbox.status() == []
    assert not where.exists()


def test_status_keeps_what_failed(where):
    """A sandbox that failed by itself is reported until it is taken down."""
    state.write(where, saved(pid=2**22 + 1, phase="failed", failure="`etcd` ended by itself"))
    assert [(each.phase, each.failure) for each in sandbox.status()] == [("failed", "`etcd` ended by itself")]
    assert sandbox.down("x")
    assert sandbox.status() == []


def test_supervisor_without_an_order(where):
    """A supervisor whose owner left before it said what it wants leaves nothing behind."""
    made = process.run([sys.executable, "-P", "-m", "kubernator.sandbox.supervisor", where], check=False)
    assert (made.code, made.stderr) == (1, "")
    assert not where.exists()


def test_down_of_none():
    """Taking down what is not up says so."""
    assert not sandbox.down("none")


@pytest.mark.parametrize("name", ["", "Upper", "a_b", "-a", "a-", "a" * 41, "../x", "run-1"])
def test_names(name):
    """A name must be fit for a directory and a context, and is not one of a throw-away."""
    with pytest.raises(errors.UsageError, match="is no name for a sandbox"):
        sandbox.down(name)
