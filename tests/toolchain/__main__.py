"""Obtain every program, saying what takes how long: ``PYTHONPATH=tests python -m toolchain [NAME …]``."""

from __future__ import annotations

import sys
import time

from kubernator import errors
from toolchain import table
from toolchain.obtain import obtain


def main(names: list[str]) -> int:
    """Obtain the programs of these names, else all; answer 1 if one could not be had."""
    missing = 0
    begun = time.monotonic()
    for name in names or table.NAMES:
        began = time.monotonic()
        try:
            path = obtain(name, say=_say)
        except errors.KubernatorError as error:
            missing += 1
            details = "".join(f"\n  {label}: {text}" for label, text in error.detail)
            _say(f"{name}: {error.title}{details}\n  hint: {error.hint}")
        else:
            took = time.monotonic() - began
            _say(f"{name}: {path.parent}" + (f", obtained in {took:.0f} s" if took > 1 else ""))
    _say(f"the programs took {time.monotonic() - begun:.0f} s")
    return int(missing > 0)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
