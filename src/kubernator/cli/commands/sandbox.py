"""``kubernator sandbox``: a real control plane to try things on, started in seconds and thrown away."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import shlex
import signal
import sys
import time
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

from kubernator import errors, sandbox
from kubernator.tools import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

__all__ = ["run"]

UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
SIGNALLED: Final = 128
"""What a shell adds to the number of the signal that ended a program."""


class _Parser(argparse.ArgumentParser):
    """Raises where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise errors.UsageError(f"`{self.prog}`: {message}", hint=f"`{self.prog} --help` shows what there is")


def run(argv: list[str], *, out: IO[str], err: IO[str]) -> int:
    """Carry out ``sandbox`` with these arguments and return the exit code; data goes to ``out``, talk to ``err``.

    Raises `errors.KubernatorError` for whatever goes wrong.
    """
    arguments, command = _split(argv)
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as end:  # only --help is left to do that
        return int(end.code or 0)
    if command and options.action != "run":
        parser.error("a command after `--` is for `run`")

    def say(text: str) -> None:
        print(text, file=err, flush=True)

    match options.action:
        case "up":
            return _up(options, out, say)
        case "down":
            return _down(options, say)
        case "status":
            return _status(options, out, say)
        case "kubeconfig":
            return _kubeconfig(options, out)
        case _:
            return _run(options, command, say)


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Split at the first ``--``: what follows is somebody else's command line."""
    if "--" not in argv:
        return argv, []
    place = argv.index("--")
    return argv[:place], argv[place + 1 :]


def _parser() -> _Parser:
    parser = _Parser(prog="kubernator sandbox", description="A real, throw-away control plane without containers.")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    name = _Parser(add_help=False)
    name.add_argument("--name", default=sandbox.DEFAULT_NAME, help="which sandbox (default: %(default)s)")
    version = _Parser(add_help=False)
    version.add_argument("--kube-version", metavar="MINOR", help="one of the four newest minors (default: the newest)")
    up = actions.add_parser("up", parents=[name, version], help="start one that stays")
    up.add_argument(
        "--ttl", type=_duration, default=sandbox.DEFAULT_TTL, metavar="TIME", help="when it ends by itself; 0 is never"
    )
    actions.add_parser("down", parents=[name], help="stop it and remove its data")
    status = actions.add_parser("status", help="what is up")
    status.add_argument("--name", help="only this one; the exit code is 1 if it is not up")
    status.add_argument("-o", "--output-format", choices=("text", "json"), default="text")
    actions.add_parser("kubeconfig", parents=[name], help="print where its kubeconfig is")
    actions.add_parser(
        "run",
        parents=[version],
        help="run a command with one that ends with it",
        usage="kubernator sandbox run [--kube-version MINOR] -- COMMAND ...",
    )
    return parser


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d+)([smhd]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"`{text}` is no time, `90s`, `30m`, `4h` and `2d` are")
    return float(int(match[1]) * UNITS[match[2]])


def _up(options: argparse.Namespace, out: IO[str], say: Callable[[str], object]) -> int:
    up = sandbox.up(options.name, kube_version=options.kube_version, ttl=options.ttl, say=say)
    say(f"sandbox `{up.name}` is up: Kubernetes {up.version} at {up.server}, ends {_until(up)}")
    print(f"export KUBECONFIG={shlex.quote(str(up.kubeconfig))}", file=out)
    return errors.ExitCode.OK


def _down(options: argparse.Namespace, say: Callable[[str], object]) -> int:
    if sandbox.down(options.name):
        say(f"sandbox `{options.name}` is down")
    else:
        say(f"sandbox `{options.name}` was not up")
    return errors.ExitCode.OK


def _status(options: argparse.Namespace, out: IO[str], say: Callable[[str], object]) -> int:
    found = [each for each in sandbox.status() if options.name in {None, each.name}]
    if options.output_format == "json":
        json.dump([_plain(each) for each in found], out, indent=2)
        out.write("\n")
    elif found:
        rows: list[tuple[str, ...]] = [("NAME", "VERSION", "PHASE", "SERVER", "ENDS", "KUBECONFIG")]
        rows += [(s.name, s.version, s.phase, s.server, _until(s), str(s.kubeconfig)) for s in found]
        out.writelines(_table(rows))
        for each in found:
            if each.failure:
                say(f"sandbox `{each.name}` failed: {each.failure}")
    else:
        say(f"sandbox `{options.name}` is not up" if options.name else "no sandbox is up")
    ready = any(each.phase == "ready" for each in found)
    return errors.ExitCode.ERROR if options.name and not ready else errors.ExitCode.OK


def _kubeconfig(options: argparse.Namespace, out: IO[str]) -> int:
    for each in sandbox.status():
        if each.name == options.name and each.phase == "ready":
            print(each.kubeconfig, file=out)
            return errors.ExitCode.OK
    raise errors.ToolError(f"the sandbox `{options.name}` is not up", hint="`kubernator sandbox up` starts it")


def _run(options: argparse.Namespace, command: list[str], say: Callable[[str], object]) -> int:
    """Run a command with a sandbox around it, as if it had been run without us: terminal, signals, exit code."""
    if not command:
        raise errors.UsageError("`sandbox run` needs a command", hint="`kubernator sandbox run -- kubectl get nodes`")
    # a program at a terminal stays in our process group, or it could not read from it
    group = not sys.stdin.isatty()
    with sandbox.running(kube_version=options.kube_version, say=say) as running:
        program = process.spawn(
            command,
            env=process.environment({"KUBECONFIG": str(running.kubeconfig)}),
            stdin=sys.stdin,
            stdout=sys.stdout,
            stderr=sys.stderr,
            group=group,
        )
        running.guard(program.pid, group=group)
        with _Forwarding(program, group=group):
            code = program.wait()
        running.unguard()
    return SIGNALLED - code if code < 0 else code


class _Forwarding:
    """Hands signals that were meant to end us to the program; we end when it has."""

    NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self, program: process.Process, *, group: bool) -> None:
        self.program = program
        self.group = group
        self.before: dict[int, Any] = {}

    def __enter__(self) -> None:
        self.before = {number: signal.signal(number, self._on_signal) for number in self.NUMBERS}

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT or self.group:  # from the terminal it came to both of us
            self.program.send(number)


def _until(each: sandbox.Sandbox) -> str:
    if each.held:
        return "with its owner"
    if each.expires is None:
        return "at `down`"
    seconds = max(0, int(each.expires - time.time()))
    return f"in {seconds // 3600} h {seconds % 3600 // 60:02} min"


def _plain(each: sandbox.Sandbox) -> dict[str, Any]:
    return {**dataclasses.asdict(each), "kubeconfig": os.fspath(each.kubeconfig)}


def _table(rows: list[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"


def main() -> int:
    """Run as a program of its own: ``python -m kubernator.cli.commands.sandbox``."""
    try:
        return run(sys.argv[1:], out=sys.stdout, err=sys.stderr)
    except errors.KubernatorError as error:
        lines = [f"error: {error.title}", *(f"  {label}: {text}" for label, text in error.detail)]
        sys.stderr.write("\n".join([*lines, *(["", f"hint: {error.hint}"] if error.hint else []), ""]))
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
