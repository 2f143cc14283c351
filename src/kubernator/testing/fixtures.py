"""Fixtures for pytest: the real control plane, a namespace for each test, kubectl.

Load them with ``pytest_plugins = ["kubernator.testing.fixtures"]``. One control plane serves a whole test run: the
first test that wants it starts it, workers of pytest-xdist share it, and it ends with the run however that ends. It can
be given instead, by ``KUBERNATOR_TEST_KUBECONFIG``. What cannot be had fails the test and says how to get it.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

import pytest

from kubernator import errors
from kubernator.sandbox import binaries, lifecycle, state
from kubernator.tools import process

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "GIVEN",
    "VERSION",
    "Kubectl",
    "control_plane",
    "kubeconfig",
    "kubectl",
    "kubectl_program",
    "namespace",
    "pytest_sessionfinish",
]

GIVEN: Final = "KUBERNATOR_TEST_KUBECONFIG"
"""Names the kubeconfig of a control plane that is up already."""

VERSION: Final = "KUBERNATOR_TEST_KUBE_VERSION"
"""Chooses the Kubernetes minor of the control plane; the newest that we know unless set."""

TTL: Final = 3 * 3600.0


class Kubectl(Protocol):
    """Runs kubectl against the control plane and returns what it said."""

    def __call__(self, *args: str, stdin: str | None = None, check: bool = True) -> process.Completed:
        """Run it with these arguments; with ``check``, a code other than 0 fails the test."""


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> lifecycle.Sandbox:
    """Return a real control plane of the newest Kubernetes that we know, shared by all tests of the run."""
    if given := os.environ.get(GIVEN):
        return lifecycle.Sandbox(name="given", version="", server="", kubeconfig=Path(given))
    say = _say(request.config)
    try:
        version = os.environ.get(VERSION)
        binaries.find(version, say=say, kubectl=True)  # in one go with the others, if they must be built
        name = _name(request.config)
        return lifecycle.up(name, kube_version=version, ttl=TTL, say=say, watched=_run_pid(request.config))
    except errors.KubernatorError as error:
        _fail(error)


@pytest.fixture(scope="session")
def kubeconfig(control_plane: lifecycle.Sandbox) -> Path:
    """Return the kubeconfig of the control plane; its user may do everything."""
    return control_plane.kubeconfig


@pytest.fixture
def namespace() -> str:
    """Return a name for a namespace that nobody else uses; it is not made, and deleting it would take seconds."""
    return f"t-{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
def kubectl_program(request: pytest.FixtureRequest) -> Path:
    """Return the path of kubectl of the control plane's version."""
    try:
        found = binaries.find(os.environ.get(VERSION), say=_say(request.config), kubectl=True).kubectl
    except errors.KubernatorError as error:
        _fail(error)
    if found is None:
        pytest.fail("the programs of the control plane came without kubectl", pytrace=False)
    return found


@pytest.fixture(scope="session")
def kubectl(kubectl_program: Path, kubeconfig: Path) -> Kubectl:
    """Return something that runs kubectl, talking to the control plane."""

    def run(*args: str, stdin: str | None = None, check: bool = True) -> process.Completed:
        try:
            return process.run([str(kubectl_program), f"--kubeconfig={kubeconfig}", *args], stdin=stdin, check=check)
        except errors.KubernatorError as error:
            _fail(error)

    return run


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take the control plane of the run down, in the process that outlives the workers."""
    if not _is_worker(session.config) and state.directory(_name(session.config)).exists():
        lifecycle.down(_name(session.config))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _run_pid(config: pytest.Config) -> int:
    """Return the number of the process that is there for the whole run: ours, or that of xdist's controller."""
    return os.getppid() if _is_worker(config) else os.getpid()


def _name(config: pytest.Config) -> str:
    return f"test-{_run_pid(config)}"


def _say(config: pytest.Config) -> Callable[[str], None]:
    """Return something that talks past pytest's capturing: a first build takes minutes."""
    capture: Any = config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    return say


def _fail(error: errors.KubernatorError) -> NoReturn:
    lines = [error.title, *(f"{label}: {text}" for label, text in error.detail)]
    pytest.fail("\n".join([*lines, *([f"hint: {error.hint}"] if error.hint else [])]), pytrace=False)
