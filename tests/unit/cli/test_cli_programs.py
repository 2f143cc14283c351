"""Programs that run when the run is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

PLUGIN = """
from kubernator.plugin import Plugin

class Runs(Plugin):
    name = "runs"
    def start(self, host):
        def work(number):
            host.tools.run("sh", "-c", "echo begun $$ >&2; exec sleep 1000", plugin="runs")
        futures = [host.workers.process(work, number) for number in range(9)]
        for future in futures:
            future.result()

ktor.app.register_plugin(Runs)
"""


def test_interrupt_ends_programs_of_threads(tmp_path):
    """The first signal ends what runs, starts nothing more of what waits its turn, and the run ends."""
    (tmp_path / ".kubernator.py").write_text(PLUGIN)
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "kubernator", "-p", str(tmp_path), "dump"]
    begun = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stderr:
            if " begun " in line:
                begun.append(int(line.split()[-1]))
                if len(begun) == 4:
                    process.send_signal(signal.SIGINT)
        process.wait()
    assert (process.returncode, len(begun)) == (130, 4)
    for pid in begun:
        assert not _runs(pid)


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
