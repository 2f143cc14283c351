"""Importing the package does nothing but import it: whoever uses it as a library keeps their process as it was."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROBE = """
import atexit, gc, logging, os, signal, sys, threading, warnings

def state():
    return {
        "environment": dict(os.environ), "directory": os.getcwd(), "umask": os.umask(os.umask(0)),
        "handlers": list(logging.root.handlers), "level": logging.root.level,
        "our handlers": list(logging.getLogger("kubernator").handlers),
        "our level": logging.getLogger("kubernator").level,
        "level 5": logging.getLevelName(5), "logger class": logging.getLoggerClass(),
        "warnings": list(warnings.filters), "showwarning": warnings.showwarning,
        "signals": [signal.getsignal(number) for number in signal.valid_signals()],
        "hooks": [sys.excepthook, threading.excepthook, sys.unraisablehook],
        "threads": threading.active_count(), "at exit": atexit._ncallbacks(), "collector": gc.get_threshold(),
        "path": list(sys.path), "recursion": sys.getrecursionlimit(), "streams": [sys.stdout, sys.stderr],
    }

before = state()
for name in sys.argv[1:]:
    __import__(name)
after = state()
print(*(key for key in before if before[key] != after[key]), end="")
"""


@pytest.mark.parametrize(
    "module",
    [
        "kubernator.api",
        "kubernator.app",
        "kubernator.cli.main",
        "kubernator.errors",
        "kubernator.merge",
        "kubernator.plugin",
        "kubernator.plugins.k8s_api",
        "kubernator.proc",
        "kubernator.run.session",
        "kubernator.script",
        "kubernator.testing.transport",
    ],
)
def test_an_import_changes_nothing_around_it(module: str) -> None:
    """No logging set up, no handler of signals, no environment, no thread, nothing to be done at exit."""
    found = subprocess.run([sys.executable, "-c", PROBE, module], capture_output=True, check=True, text=True)
    assert (found.stdout, found.stderr) == ("", "")
