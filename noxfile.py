"""What is checked, and how. ``./dev test`` runs all of it in one locked environment, as continuous integration does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "floors", "unit", "tests"]
nox.options.default_venv_backend = "none"  # the environment of ./dev is locked and holds everything

CODE = ["src", "tests", "examples", "benchmarks", "noxfile.py", "dev"]
SUPPORTED = ["3.11", "3.12", "3.13", "3.14"]
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"

# nothing is left outside the checkout, and neither worker has nothing to do while the other has
TWO_WORKERS = ("-n", "2", "--dist", "worksteal", "--basetemp=.dev/tmp")

# before the tests, where the progress of builds that take many minutes is seen: the control plane here, the programs
# that the tests run by `python -m toolchain` (tests/toolchain/table.py says which, and where each comes from)
OBTAIN = """
import os
from kubernator.sandbox import binaries
binaries.find(os.environ.get("KUBERNATOR_TEST_KUBE_VERSION"), say=lambda text: print(text, flush=True), kubectl=True)
"""


def others() -> dict[str, str]:
    """Other supported Pythons on this machine that really start: version -> program.

    A version manager keeps Pythons beside ``PATH`` and leaves programs on it that only say so, hence the trial.
    """
    managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = {}
    for version in SUPPORTED:
        candidates = [shutil.which(f"python{version}"), *map(str, managed.glob(f"{version}.*/bin/python{version}"))]
        for program in filter(None, candidates):
            if (
                version != THIS
                and subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode == 0
            ):
                found[version] = program
    return found


@nox.session
def lint(session: nox.Session) -> None:
    """Format, rules, spelling, and a changelog that can be built."""
    session.run("ruff", "format", "--check", *CODE)
    session.run("ruff", "check", *CODE)
    session.run("codespell", "src", "tests", "docs", "examples", "README.md", "CONTRIBUTING.md", "changelog.d")
    session.run("towncrier", "build", "--draft", "--version", "next", silent=True)


@nox.session
def types(session: nox.Session) -> None:
    """Strict types."""
    session.run("mypy")


@nox.session
def floors(session: nox.Session) -> None:
    """Check that imports go down only."""
    session.run("lint-imports")


@nox.session
def unit(session: nox.Session) -> None:
    """Pure logic on every other Python found; the whole suite runs on the one of the environment."""
    for version, program in others().items():
        home = Path(session.cache_dir).absolute() / f"unit-{version}"
        python = home / "bin" / "python"
        if not python.exists():
            session.run(program, "-m", "venv", str(home), external=True)
        pip = (str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps")
        session.run(*pip, "--require-hashes", "--requirement", "requirements/dev.txt", external=True)
        session.run(*pip, "--no-build-isolation", "--editable", ".[all]", external=True)
        session.run(str(python), "-m", "pytest", "-q", *TWO_WORKERS, "tests/unit", *session.posargs, external=True)


@nox.session
def tests(session: nox.Session) -> None:
    """Everything, on a real control plane and with the real programs."""
    session.log(
        f"whole suite on Python {THIS}; pure logic also on: {', '.join(others()) or 'no other, none was found'}"
    )
    session.run("python", "-c", OBTAIN)
    if not session.posargs:  # else only what the chosen tests ask for
        # with one that cannot be had, the others are tested, and what needs it fails and says so
        session.run("python", "-m", "toolchain", env={"PYTHONPATH": "tests"}, success_codes=[0, 1])
    session.run("pytest", *TWO_WORKERS, *(session.posargs or ["tests"]))


@nox.session(default=False)
def minors(session: nox.Session) -> None:
    """Run the tests of the control plane on the other Kubernetes minors; each is obtained first."""
    for minor in ("1.34", "1.35", "1.36"):
        env = {"KUBERNATOR_TEST_KUBE_VERSION": minor}
        session.run("python", "-c", OBTAIN, env=env)
        session.run("pytest", *TWO_WORKERS, *(session.posargs or ["tests/cluster", "tests/agreement"]), env=env)
