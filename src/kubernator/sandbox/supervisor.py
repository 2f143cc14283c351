"""The process that looks after one sandbox: starts it, waits for a reason to end it, stops it, removes its directory.

It runs in a session of its own, so that no terminal takes it along. Its owner holds its standard input: the first line
is the order (JSON), further lines are commands, and the end of it, however the owner met its own, is the reason to
stop. ``release`` makes it independent of the owner; from then on only its time, a signal, the end of a process that it
was told to watch, or the death of one of its programs ends it. ``child PID group|single`` names a program that is to be
ended too if the owner dies; ``restart PROGRAM`` kills one of ours and starts it again. On standard output it says once,
as JSON, that the sandbox is ready or why not.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors, workers
from kubernator.sandbox import binaries, controlplane, state
from kubernator.tools import tool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

__all__ = ["Order", "main"]

LOOK: Final = 0.5
"""Seconds between two looks at the programs and the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the owner wants; ``ttl`` is in seconds, 0 for no limit; ``watched`` is a process whose end is ours too."""

    name: str
    binaries: binaries.Binaries
    ttl: float = 0
    held: bool = True
    watched: int = 0
    nodes: int = 1
    apiserver_flags: tuple[str, ...] = ()

    def dump(self) -> str:
        """Return it as one line."""
        return json.dumps(dataclasses.asdict(self), default=lambda value: getattr(value, "value", None) or str(value))

    @classmethod
    def load(cls, line: str) -> Order:
        """Read what `dump` wrote."""
        data: dict[str, Any] = json.loads(line)
        found: dict[str, Any] = data.pop("binaries")
        found = {
            key: Path(value) if value and key not in {"version", "origin"} else value for key, value in found.items()
        }
        found["origin"] = tool.ToolOrigin(found["origin"])
        data["apiserver_flags"] = tuple(data["apiserver_flags"])
        return cls(**data, binaries=binaries.Binaries(**found))


def main(argv: Sequence[str] | None = None) -> int:
    """Look after the sandbox of the directory named in the arguments."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    where = Path(arguments[0])
    order = sys.stdin.readline()
    if not order:  # our owner was interrupted before it could say what it wants
        state.remove(where)
        return 1
    return _Supervisor(where, Order.load(order)).run()


@dataclass(slots=True)
class _Supervisor:
    where: Path
    order: Order
    state: state.State = field(init=False)
    ending: threading.Event = field(default_factory=threading.Event)
    released: bool = False
    restarts: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    orphan: tuple[int, bool] | None = None

    def __post_init__(self) -> None:
        now = time.time()
        self.state = state.State(
            name=self.order.name,
            version=self.order.binaries.version,
            pid=os.getpid(),
            phase="starting",
            created=now,
            expires=now + self.order.ttl if self.order.ttl else None,
            held=self.order.held,
        )

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._save()
        workers.thread(self._listen, name="owner")
        try:
            plane = controlplane.ControlPlane.start(
                name=self.order.name,
                binaries=self.order.binaries,
                directory=self.where,
                nodes=self.order.nodes,
                apiserver_flags=self.order.apiserver_flags,
                cancelled=self.ending.is_set,
                started=self._on_started,
            )
        except errors.KubernatorError as error:
            _tell(error={"title": error.title, "detail": error.detail, "hint": error.hint})
            self._end_orphan()
            state.remove(self.where)
            return 1
        failure = None
        try:
            self._save(phase="ready", server=plane.server, kubeconfig=str(plane.kubeconfig))
            _tell(ready=dataclasses.asdict(self.state))
            failure = self._watch(plane)
        finally:
            plane.stop()
            self._end_orphan()
            if failure is None:
                state.remove(self.where)
            else:
                self._save(phase="failed", failure=f"{failure}\n{failure.stderr}".strip(), programs={})
        return 0 if failure is None else 1

    def _watch(self, plane: controlplane.ControlPlane) -> errors.ToolFailed | None:
        born = state.born(self.order.watched) if self.order.watched else ""
        while not self.ending.wait(LOOK):
            if self.order.watched and (not born or state.born(self.order.watched) != born):
                return None
            if self.state.expires is not None and time.time() >= self.state.expires:
                return None
            while not self.restarts.empty():
                program = self.restarts.get()
                self._on_started(program, plane.restart(program))
            if failure := plane.dead():
                return failure
        return None

    def _listen(self) -> None:
        """Read commands until the owner is gone or lets us go."""
        for line in sys.stdin:
            match line.split():
                case ["release"]:
                    self.released = True
                    return
                case ["child", pid, how]:
                    self.orphan = (int(pid), how == "group")
                case ["childless"]:
                    self.orphan = None
                case ["restart", program]:
                    self.restarts.put(program)
                case _:
                    continue
        self.ending.set()

    def _end_orphan(self) -> None:
        """End the program that our owner ran and could not end itself."""
        if self.orphan is None:
            return
        pid, group = self.orphan
        end = os.killpg if group else os.kill
        for number, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 0.0)):
            try:
                end(pid, number)
                limit = time.monotonic() + patience
                while time.monotonic() < limit:
                    end(pid, 0)
                    time.sleep(0.05)
            except (ProcessLookupError, PermissionError):
                return

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.ending.set()

    def _on_started(self, name: str, pid: int) -> None:
        self._save(programs={**self.state.programs, name: pid})

    def _save(self, **changes: Any) -> None:
        self.state = dataclasses.replace(self.state, **changes)
        state.write(self.where, self.state)


def _tell(**what: Any) -> None:
    """Say something to the owner, who may be gone."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
