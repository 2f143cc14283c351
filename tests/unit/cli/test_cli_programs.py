"""Programs that run when the run is interrupted, or fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

PLUGIN = """
import threading
from kubernator.plugin import Plugin

class Runs(Plugin):
    name = "runs"
    def start(self, host):
        self.begun = [threading.Event() for _ in range(9)]
        self.working = set()
        def work(number):
            self.working.add(number)
            self.begun[number].set()
            try:
                host.tools.run("sh", "-c", "echo begun $$ >&2; exec sleep 1000", plugin="runs")
            finally:
                self.working.discard(number)
        futures = [host.workers.process(work, number) for number in range(9)]
        WHAT
    def end(self, outcome):
        print("at work:", len(self.working))

ktor.app.register_plugin(Runs)
"""


def started(tmp_path, what):
    """Start a run whose plugin has started nine programs in threads; `what` it does then."""
    (tmp_path / ".kubernator.py").write_text(PLUGIN.replace("WHAT", what))
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "kubernator", "-p", str(tmp_path), "dump"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_interrupt_ends_programs_of_threads(tmp_path):
    """The first signal ends what runs, starts nothing more of what waits its turn, and the run ends."""
    begun = []
    with started(tmp_path, "futures[0].result()") as process:
        for line in process.stderr:
            if " begun " in line:
                begun.append(int(line.split()[-1]))
                if len(begun) == 4:
                    process.send_signal(signal.SIGINT)
        process.wait()
        said = process.stdout.read()
    assert (process.returncode, len(begun), said) == (130, 4, "at work: 0\n")
    for pid in begun:
        assert not _runs(pid)


@pytest.mark.parametrize("moment", ["self.begun[0].wait()", ""])
def test_an_error_ends_programs_of_threads(tmp_path, moment):
    """Whenever it comes, also while a program is just being started; plugins tidy up when nothing runs any more."""
    with started(tmp_path, f"{moment}\n        raise ValueError('no')") as process:
        said, logged = process.communicate()
    assert (process.returncode, said) == (1, "at work: 0\n")
    for pid in [int(line.split()[-1]) for line in logged.splitlines() if " begun " in line]:
        assert not _runs(pid)


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
