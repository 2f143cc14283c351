"""Sandboxes for others: `up` and `down` for one that stays, `running` for one that ends with its block.

Both hand the work to a supervisor process (`kubernator.sandbox.supervisor`). While it starts, and for all of its life
under `running`, we hold a pipe to it: if we die, of whatever, the sandbox ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.sandbox import binaries, certificates, state, supervisor, versions
from kubernator.tools import cache, process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["DEFAULT_NAME", "DEFAULT_TTL", "Held", "Sandbox", "down", "running", "status", "up"]

DEFAULT_NAME: Final = "default"
DEFAULT_TTL: Final = 4 * 3600.0
"""Seconds after which a sandbox that was forgotten ends by itself."""

NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")
THROW_AWAY: Final = "run-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A sandbox as its users see it. ``version`` is Kubernetes' (``1.37.2``); ``expires`` is of the epoch."""

    name: str
    version: str
    server: str
    kubeconfig: Path
    phase: str = "ready"
    failure: str = ""
    pid: int = 0
    created: float = 0
    expires: float | None = None
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Sandbox):
    """A sandbox that ends with its block. ``kubectl`` is there if it was asked for."""

    binaries: binaries.Binaries
    orders: IO[str] = field(repr=False)

    def guard(self, pid: int, *, group: bool) -> None:
        """Have a program (or its process group) ended with the sandbox should we die before it."""
        self._order(f"child {pid} {'group' if group else 'single'}")

    def unguard(self) -> None:
        """Take `guard` back: the program has ended."""
        self._order("childless")

    def restart(self, program: str) -> None:
        """Kill one of the control plane's programs and start it again, for tests of what a crash does to others.

        Returns when it was told; the program is back some seconds later.
        """
        self._order(f"restart {program}")

    def _order(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.orders.write(line + "\n")
            self.orders.flush()


def up(
    name: str = DEFAULT_NAME,
    *,
    kube_version: str | None = None,
    ttl: float = DEFAULT_TTL,
    say: Callable[[str], object],
    nodes: int = 1,
    apiserver_flags: Sequence[str] = (),
    watched: int = 0,
) -> Sandbox:
    """Start a sandbox that stays, or return the one of that name if it is up.

    ``ttl`` is in seconds, 0 for no limit. ``watched`` is the number of a process with which it ends too. ``say`` gets
    lines about long steps. Raises `errors.UsageError` for a bad name or version, `errors.ToolError` when the programs
    cannot be had, do not start, or one of another version is up.
    """
    where = _checked(name)
    with _lock(name):
        if found := _find(where):
            if found.phase == "ready":
                _same_version(found, kube_version)
                return found
            state.sweep(where)
        certificates.check()
        programs = binaries.find(kube_version, say=say)
        order = supervisor.Order(
            name=name,
            binaries=programs,
            ttl=ttl,
            held=False,
            watched=watched,
            nodes=nodes,
            apiserver_flags=tuple(apiserver_flags),
        )
        owner = _Owner(where, order, say=say)
        owner.release()
        return owner.sandbox


def down(name: str = DEFAULT_NAME) -> bool:
    """Stop a sandbox and remove its data; False if there was none."""
    where = _checked(name)
    with _lock(name):
        saved = state.read(where)
        if saved is None:
            return False
        if state.alive(where, saved) and not state.end_supervisor(where, saved):
            raise errors.TimedOut(
                f"the sandbox `{name}` does not stop", hint=f"its supervisor is process {saved.pid}; end that by hand"
            )
        if where.exists():
            state.sweep(where)
        return True


def status() -> list[Sandbox]:
    """Return the sandboxes of this user, also those that `running` holds; what is stale is cleaned up on the way."""
    found = [_find(where) for where in state.all_directories()]
    return [each for each in found if each is not None]


@contextlib.contextmanager
def running(
    *,
    kube_version: str | None = None,
    say: Callable[[str], object],
    nodes: int = 1,
    apiserver_flags: Sequence[str] = (),
    kubectl: bool = False,
) -> Iterator[Held]:
    """Run a throw-away sandbox for as long as the block lasts; it ends with us, even if we are killed.

    ``kubectl`` makes kubectl part of the programs that are found, downloaded or built. Raises what `up` raises.
    """
    certificates.check()
    programs = binaries.find(kube_version, say=say, kubectl=kubectl)
    name = f"{THROW_AWAY}{os.getpid()}-{secrets.token_hex(3)}"
    order = supervisor.Order(name=name, binaries=programs, nodes=nodes, apiserver_flags=tuple(apiserver_flags))
    owner = _Owner(state.directory(name), order, say=say)
    try:
        yield owner.held()
    finally:
        owner.end()


class _Owner:
    """Our end of a supervisor. Made when the sandbox is ready."""

    def __init__(self, where: Path, order: supervisor.Order, *, say: Callable[[str], object]) -> None:
        self.where = where
        self.order = order
        self.say = say
        say(f"starting Kubernetes {order.binaries.version}")
        began = time.monotonic()
        with contextlib.ExitStack() as undo:  # nothing is left behind, wherever in this an interrupt arrives
            undo.callback(state.remove, where)
            self.process, self.orders = self._spawn()
            undo.callback(self.end, quiet=True)
            self.sandbox = self._ready()
            undo.pop_all()
        say(f"ready after {time.monotonic() - began:.1f} s")

    def _spawn(self) -> tuple[process.Process, IO[str]]:
        """Start the supervisor, which waits for its order."""
        cache.private_directory(state.root().parent)
        cache.private_directory(state.root())
        cache.private_directory(self.where)
        package = str(Path(__file__).parents[2])  # so that it finds us, however we were found
        search = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        with (self.where / "supervisor.log").open("a") as log:
            started = process.spawn(
                [sys.executable, "-P", "-m", supervisor.__name__, self.where],
                cwd=self.where,
                env=process.environment({"PYTHONPATH": search}),
                stdin=process.PIPE,
                stdout=process.PIPE,
                stderr=log,
                detached=True,
            )
        pipe = started.popen.stdin
        assert pipe is not None  # noqa: S101 - it was asked for
        return started, pipe

    def held(self) -> Held:
        """Return the sandbox with what its owner may do."""
        common = {name: getattr(self.sandbox, name) for name in Sandbox.__dataclass_fields__}
        return Held(**common, binaries=self.order.binaries, orders=self.orders)

    def release(self) -> None:
        """Let the supervisor go on without us."""
        self.orders.write("release\n")
        self._close()
        self.process.leave()

    def end(self, *, quiet: bool = False) -> None:
        """Have everything stopped and wait for it; say so if it had ended before."""
        self._close()
        self.process.wait()
        saved = state.read(self.where)
        if saved is not None and saved.failure and not quiet:
            self.say(f"the control plane had ended before: {saved.failure}")
        if self.where.exists():
            state.sweep(self.where)

    def _ready(self) -> Sandbox:
        self.orders.write(self.order.dump() + "\n")
        self.orders.flush()
        line = self.process.popen.stdout.readline() if self.process.popen.stdout else ""
        if not line:
            code = self.process.wait()
            raise errors.ToolFailed(
                "the supervisor of the sandbox ended early",
                argv=self.process.argv,
                code=code,
                stderr=(self.where / "supervisor.log").read_text(errors="replace")[-4000:],
            )
        said: dict[str, Any] = json.loads(line)
        if error := said.get("error"):
            raise errors.ToolError(
                error["title"], detail=[(label, text) for label, text in error["detail"]], hint=error["hint"]
            )
        return _seen(state.State(**said["ready"]))

    def _close(self) -> None:
        for pipe in (self.orders, self.process.popen.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _find(where: Path) -> Sandbox | None:
    """Return the sandbox of a directory; a stale one is cleaned up, one that failed is kept so that it can be told."""
    saved = state.read(where)
    if saved is None:
        if where.exists():
            _sweep(where)
        return None
    if state.alive(where, saved) or (saved.phase == "failed" and not saved.held):
        return _seen(saved)
    _sweep(where)
    return None


def _sweep(where: Path) -> None:
    with cache.Cache().locked("sandbox-sweep"):
        saved = state.read(where)
        if saved is None or not state.alive(where, saved):
            state.sweep(where)


def _seen(saved: state.State) -> Sandbox:
    return Sandbox(
        name=saved.name,
        version=saved.version,
        server=saved.server,
        kubeconfig=Path(saved.kubeconfig),
        phase=saved.phase,
        failure=saved.failure,
        pid=saved.pid,
        created=saved.created,
        expires=saved.expires,
        held=saved.held,
    )


def _checked(name: str) -> Path:
    if not NAME.fullmatch(name) or name.startswith(THROW_AWAY):
        raise errors.UsageError(
            f"`{name}` is no name for a sandbox",
            hint=f"up to 40 lower-case letters, digits and dashes, not starting with `{THROW_AWAY}`",
        )
    return state.directory(name)


def _same_version(found: Sandbox, asked: str | None) -> None:
    if asked is not None and versions.release(asked).minor != found.version.rpartition(".")[0]:
        raise errors.ToolError(
            f"the sandbox `{found.name}` is up with Kubernetes {found.version}",
            hint="take it down first, or choose another `--name`",
        )


def _lock(name: str) -> contextlib.AbstractContextManager[None]:
    return cache.Cache().locked(f"sandbox-{name}")
