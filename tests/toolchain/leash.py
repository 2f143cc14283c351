"""Runs a program for as long as somebody holds the other end of our standard input: ``leash.py PROGRAM [ARG …]``.

A test process that is killed cannot end the servers it started, but the system closes its pipes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main(argv: list[str]) -> int:
    """Run the program until it ends, or until standard input does; answer its code."""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as program:
        # the program is in our process group and hears of it too; its end is awaited
        signal.signal(signal.SIGTERM, lambda _number, _frame: None)

        def follow() -> None:
            while os.read(0, 1):
                pass
            program.kill()  # nobody is left who would want anything of it

        threading.Thread(target=follow, daemon=True).start()
        return program.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
