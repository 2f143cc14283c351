"""The reference's name for the process runner."""

from __future__ import annotations

from kubernator.tools.process import DEVNULL, CalledProcessError
from kubernator.tools.runner import ProcessRunner, run, run_capturing_out, run_pass_through_capturing

__all__ = ["DEVNULL", "CalledProcessError", "ProcessRunner", "run", "run_capturing_out", "run_pass_through_capturing"]
