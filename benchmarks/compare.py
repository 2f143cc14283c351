"""Kubernator beside ``kubectl apply --server-side``, in one run, on the sandbox.

Usage: ``./dev run python benchmarks/compare.py [--objects 300] [--rounds 5]``. Each round gives both tools a tree of
their own, of the same shape, on the same control plane, and takes first apply, unchanged second run and one object
changed, the tools in turn. Printed are medians of whole processes: wall and processor seconds and peak memory. Waiting
is off on both sides. Absolute figures depend on the machine; the ratios are the point.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tree import write

from kubernator.sandbox import lifecycle

STEPS = ("first", "unchanged", "one changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one process cost."""

    wall: float
    processor: float
    megabytes: float


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with lifecycle.running(say=lambda text: print(text, file=sys.stderr), kubectl=True) as sandbox:
        found = sandbox.binaries.kubectl
        if found is None:
            sys.exit("kubectl could not be had")
        results = compare(options.objects, options.rounds, kubeconfig=sandbox.kubeconfig, kubectl=Path(found))
    show(results, options.objects, options.rounds)


def compare(objects: int, rounds: int, *, kubeconfig: Path, kubectl: Path) -> dict[tuple[str, str], list[Figures]]:
    """Return the figures of every round by tool and step."""
    results: dict[tuple[str, str], list[Figures]] = defaultdict(list)
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as scratch:
            trees = {tool: Path(scratch) / tool for tool in ("kubernator", "kubectl")}
            for tool, tree in trees.items():
                write(tree, objects, prefix=f"{tool}-{number}")
            order = list(trees) if number % 2 else list(reversed(trees))
            for step in STEPS:
                for tool in order:
                    if step == "one changed":
                        change(trees[tool])
                    argv = command(tool, trees[tool], kubectl=kubectl)
                    results[tool, step].append(measure(argv, kubeconfig=kubeconfig))
    return results


def command(tool: str, tree: Path, *, kubectl: Path) -> list[str]:
    """Return what is measured."""
    if tool == "kubernator":
        return [sys.executable, "-m", "kubernator", "-p", str(tree), "apply", "--yes", "--no-preflight", "--no-wait"]
    # kubectl sends in the order of file names, so `namespaces.yaml` comes first
    return [str(kubectl), "apply", "--server-side", "-R", "-f", str(tree)]


def change(tree: Path) -> None:
    """Change one value of one object."""
    path = tree / "team-0" / "part-000.yaml"
    path.write_text(path.read_text().replace('key-0: "value', 'key-0: "changed', 1))


def measure(argv: list[str], *, kubeconfig: Path) -> Figures:
    """Run a command to its end; a failure ends the benchmark."""
    os.environ["KUBECONFIG"] = str(kubeconfig)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled, ours after its first run
    start = time.perf_counter()
    pid = os.posix_spawnp(
        argv[0],
        argv,
        dict(os.environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
    )
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if code := os.waitstatus_to_exitcode(status):
        sys.exit(f"{' '.join(argv)} ended with {code}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Figures(
        wall=wall,
        processor=usage.ru_utime + usage.ru_stime,
        megabytes=usage.ru_maxrss / unit,
    )


def show(results: dict[tuple[str, str], list[Figures]], objects: int, rounds: int) -> None:
    """Print medians and ratios."""
    print(f"{objects} objects, {rounds} rounds, medians of whole processes\n")
    print("| step | tool | wall s | processor s | peak MB | wall, ratio | processor, ratio |")
    print("|---|---|---|---|---|---|---|")
    for step in STEPS:
        base = results["kubectl", step]
        for tool in ("kubectl", "kubernator"):
            found = results[tool, step]
            wall, processor = median(found, "wall"), median(found, "processor")
            print(
                f"| {step} | {tool} | {wall:.2f} | {processor:.2f} | {median(found, 'megabytes'):.0f} "
                f"| {wall / median(base, 'wall'):.2f} | {processor / median(base, 'processor'):.2f} |"
            )


def median(figures: list[Figures], name: str) -> float:
    """Return the median of one figure."""
    return statistics.median(getattr(each, name) for each in figures)


if __name__ == "__main__":
    main()
