"""Kubernator beside kubectl, kapp and the bare requests, in one run, on throw-away control planes.

Run it on a machine that has nothing else to do. Without an option it takes everything the page shows, in rounds: about
30 minutes on two cores. Tables go to stdout, progress to stderr.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import os
import sys
import time
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import cases, killed, machine, page, scenarios, validating, waiting, workload
from benchmarks.figures import Figures
from benchmarks.measure import TROUBLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT: Final = Path(__file__).parents[1]
PARTS: Final = ("tools", "waiting", "killed", "cases", "validate")
CORPUS: Final = "KUBERNATOR_CORPUS"
KILLED_AT: Final = 300


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and write what was asked for; answer 1 if something did not run."""
    options = _parser().parse_args(argv)
    if options.show:
        figures = Figures.load(options.show.read_text())
    else:
        figures = measure(options)
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(figures.dump())
        _say(f"all figures are in {options.json}")
    reasons = tomllib.loads(Path(__file__).with_name("reasons.toml").read_text())
    sys.stdout.write("\n".join([page.bar_table(figures, reasons=reasons, all_of_them=False), *page.tables(figures)]))
    if text := page.warning(figures):
        _say(f"warning: {text}")
    if options.write:
        write(options.write, figures, reasons)
    return int(bool(figures.failures))


def measure(options: argparse.Namespace) -> Figures:
    """Take the parts that were asked for."""
    figures = Figures(about=_about())
    began = time.monotonic()

    def say(text: str) -> None:
        _say(f"{time.monotonic() - began:6.0f} s  {text}")

    kapp = _program("kapp")
    parts = options.only or PARTS
    if "tools" in parts:
        wanted = scenarios.full()
        if options.objects:
            wanted = [scenarios.of_size(options.objects, rounds=options.rounds or 1)]
        elif options.quick:
            wanted = scenarios.quick()
        manifests: list[workload.Manifest] = []
        if any(each.name == scenarios.MANIFESTS for each in wanted):
            manifests = _manifests(options.corpus)
            figures.about["manifests"] = len(workload.unique(manifests))
        scenarios.compare(wanted, figures, kapp=kapp, manifests=lambda: manifests, say=say)
    others: dict[str, Callable[[], None]] = {
        "waiting": lambda: waiting.measure_waiting(figures, kapp=kapp, say=say),
        "killed": lambda: killed.measure_killed(figures, objects=options.objects or KILLED_AT, kapp=kapp, say=say),
        "cases": lambda: cases.try_cases(figures, kapp=kapp, say=say),
        "validate": lambda: validating.measure_validating(
            figures,
            kubeconform=_program("kubeconform"),
            objects=options.objects or validating.OBJECTS,
            rounds=options.rounds or validating.ROUNDS,
            say=say,
        ),
    }
    for part, take in others.items():
        if part not in parts:
            continue
        try:
            take()
        except TROUBLE as trouble:  # what was measured before is not lost
            figures.failures.append(f"{part}: {trouble}")
            say(f"failed: {trouble}")
    return figures


def write(path: Path, figures: Figures, reasons: dict[str, str]) -> None:
    """Write the page, and its plots and figures into a folder of its name beside it."""
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    for name, (_, text) in page.plots(figures).items():
        (folder / f"{name}.svg").write_text(text)
    (folder / "figures.json").write_text(figures.public().dump())
    path.write_text(page.page(figures, reasons=reasons, folder=folder.name))
    _say(f"wrote {path} and {folder}/")


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("--quick", action="store_true", help="300 objects and 3 rounds only: some ten minutes")
    made.add_argument("--objects", type=int, metavar="N", help="one tree of N objects instead")
    made.add_argument("--rounds", type=int, metavar="N", help="how often, with `--objects` (default: 1)")
    made.add_argument("--only", action="append", choices=PARTS, help="this part only; may be repeated")
    corpus = os.environ.get(CORPUS)
    made.add_argument(
        "--corpus",
        type=Path,
        metavar="DIRECTORY",
        default=Path(corpus) if corpus else None,
        help=f"real manifests (default: ${CORPUS}, else charts of the project's own tests)",
    )
    made.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        default=ROOT / ".dev" / "benchmarks.json",
        help="where all figures go (default: .dev/benchmarks.json)",
    )
    made.add_argument("--write", type=Path, metavar="PAGE", help="write the page, and its plots in a folder beside it")
    made.add_argument("--show", type=Path, metavar="FILE", help="measure nothing: take the figures of an earlier run")
    return made


def _about() -> dict[str, object]:
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    return {"date": today, **asdict(machine.cores_and_python())}


def _manifests(corpus: Path | None) -> list[workload.Manifest]:
    if corpus is not None:
        return list(workload.manifests_of(corpus))
    return list(workload.rendered(_program("helm"), ROOT / "tests" / "charts"))


def _program(name: str) -> Path:
    """Return a program that the tests use, too; it is built the first time."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        obtain = importlib.import_module("toolchain.obtain")
        return Path(obtain.obtain(name, say=_say))
    finally:
        sys.path.pop(0)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
