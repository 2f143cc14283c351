"""Validation beside kubeconform: whole processes on one tree, by the same schemas, and ours against reading the YAML.

No cluster is asked. Each process runs once untimed, so that what it keeps on disk is there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import kinds, measure, schemas, tools, workload
from kubernator.model.gvk import GroupVersionKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.figures import Figures

__all__ = ["KUBECONFORM", "OBJECTS", "OURS", "PARTS", "measure_validating"]

OBJECTS: Final = 1000
ROUNDS: Final = 5
OURS: Final = "kubernator validate"
KUBECONFORM: Final = "kubeconform -strict"
PARTS: Final = "parts"
"""The name under which the parts of ours are kept: reading, and checking."""

_PARTS_PROGRAM: Final = Path(__file__).with_name("parts.py")


def measure_validating(
    figures: Figures, *, kubeconform: Path, say: Callable[[str], object], objects: int = OBJECTS, rounds: int = ROUNDS
) -> None:
    """Measure in rounds; the tools take turns. Raises `measure.Failed` for one that finds something wrong."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        scratch = Path(directory)
        home = scratch / "home"
        home.mkdir()
        load = workload.various(scratch / "tree", objects)
        gvks = {GroupVersionKind.of(each["apiVersion"], each["kind"]) for each in load.objects}
        schemas.write(scratch / "schemas", gvks)
        figures.about["validated"] = {"objects": objects, "kinds": len(kinds.KINDS)}
        commands = {
            OURS: [*tools.PYTHON_M, "-p", str(load.directory), "-f", "/dev/null", "validate"],
            KUBECONFORM: [
                *(str(kubeconform), "-strict", "-schema-location", str(scratch / "schemas" / schemas.LOCATION)),
                str(load.directory),
            ],
        }
        for argv in commands.values():
            measure.alone(argv, home=home)
        _parts(load.directory, home)
        for number in range(rounds):
            for name, argv in commands.items():
                say(f"validating, round {number + 1} of {rounds}: {name}")
                cost = measure.alone(argv, home=home)
                figures.validating.append({"tool": name, "round": number, **cost})
            figures.validating.append({"tool": PARTS, "round": number, **_parts(load.directory, home)})


def _parts(tree: Path, home: Path) -> dict[str, Any]:
    argv = [sys.executable, "-P", str(_PARTS_PROGRAM), str(tree)]
    environ = measure.environment(kubeconfig=home / "none", home=home)
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise measure.Failed(f"`{_PARTS_PROGRAM.name}` ended with {done.returncode}:\n{done.stderr[-1500:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    if found["findings"]:
        raise measure.Failed(f"{found['findings']} findings in {found['objects']} objects that are right")
    return found
