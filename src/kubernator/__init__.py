"""Kubernator makes a Kubernetes cluster match a directory tree."""

from __future__ import annotations

__version__ = "2.0.0.dev1"


def main() -> int:
    """Run the command line of this process and return its exit code; where wrappers of the reference find it."""
    from kubernator.__main__ import main as run  # noqa: PLC0415 - the package itself imports nothing

    return run()
