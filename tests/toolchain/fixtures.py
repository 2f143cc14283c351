"""Fixtures for tests with real programs: where they are, and servers that some of them talk to."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from unittest import mock

import pytest

from kubernator import errors
from kubernator.tools import process
from toolchain import obtain, serving, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Moto", "PathOf", "Program", "Registry", "moto", "oci_registry", "path_of", "program"]


ENVIRON: Final = dict(os.environ)
"""The environment in which the run was started: a test that chose another home or cache gets the same programs."""


class Program(Protocol):
    """Returns the path of a real program."""

    def __call__(self, name: str) -> Path:
        """Obtain it if need be; a test that cannot have it fails with how to get it."""


class PathOf(Protocol):
    """Returns a value for ``PATH``."""

    def __call__(self, *names: str) -> str:
        """Put the directories of these programs in front of ``PATH``; nothing else comes with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """An OCI registry, plain HTTP, empty at first. ``address`` is ``127.0.0.1:PORT``."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moto:
    """A stand-in for the cloud of Amazon, ``http://127.0.0.1:PORT``. Tests share it: choose names of your own."""

    url: str


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Program:
    """Return something that returns the path of a real program: ``program("helm")``."""
    capture: Any = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():  # a build takes minutes
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def get(name: str) -> Path:
        if name not in table.NAMES:
            pytest.fail(f"there is no program `{name}` in tests/toolchain; there are {', '.join(table.NAMES)}")
        try:
            with mock.patch.dict(os.environ, ENVIRON, clear=True):
                return obtain.obtain(name, say=say)
        except errors.KubernatorError as error:
            detail = "".join(f"\n{label}: {text}" for label, text in error.detail)
            pytest.fail(f"{name}: {error.title}{detail}\nhint: {error.hint}", pytrace=False)

    return get


@pytest.fixture(scope="session")
def path_of(program: Program) -> PathOf:
    """Return something that makes a ``PATH`` of real programs: ``path_of("helm", "kubectl")``."""

    def join(*names: str) -> str:
        return os.pathsep.join([*(str(program(name).parent) for name in names), os.environ["PATH"]])

    return join


@pytest.fixture(scope="session")
def oci_registry(program: Program) -> Iterator[Registry]:
    """Run an OCI registry that lives in memory and takes everything from everybody."""
    argv = [program("crane"), "registry", "serve", "--address", "127.0.0.1:0"]
    with serving.serving(argv, ready=r"serving on port (\d+)") as port:
        yield Registry(address=f"127.0.0.1:{port}")


@pytest.fixture(scope="session")
def moto(program: Program) -> Iterator[Moto]:
    """Run moto. Programs need credentials and a region to talk to it; any will do."""
    with serving.serving(
        [program("moto_server"), "-H", "127.0.0.1", "-p", "0"],
        ready=r"Running on (http://127\.0\.0\.1:\d+)",
        env=process.environment({"AWS_ENDPOINT_URL": None, "PYTHONWARNINGS": None}),
    ) as url:
        yield Moto(url=url)
