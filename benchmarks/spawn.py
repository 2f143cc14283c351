"""Runs one command and says as JSON what it cost; started by `measure` as a process of its own.

The kernel counts the memory of who starts a program into the program's peak (it is taken over with the address space
that ``exec`` gives up), so the one who starts it has to be small: the standard library only, and little of it.
"""

from __future__ import annotations

import json
import os
import sys
import time

TAIL = 4000


def main(argv: list[str]) -> None:
    """Run the command to its end, its output into our pipe."""
    reading, writing = os.pipe()
    start = time.perf_counter()
    pid = os.posix_spawnp(
        argv[0],
        argv,
        dict(os.environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writing, 1),
            (os.POSIX_SPAWN_DUP2, writing, 2),
            (os.POSIX_SPAWN_CLOSE, reading),
            (os.POSIX_SPAWN_CLOSE, writing),
        ],
    )
    os.close(writing)
    first = 0.0
    tail = b""
    while chunk := os.read(reading, 1 << 16):
        first = first or time.perf_counter() - start
        tail = (tail + chunk)[-TAIL:]
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    found = {
        "code": os.waitstatus_to_exitcode(status),
        "wall": wall,
        "first": first or wall,
        "processor": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10),
        "output": tail.decode(errors="replace"),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
