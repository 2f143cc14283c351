"""``status``: how the objects of a tree stand in the cluster, and why not. Nothing is written, nothing is planned."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.cli.commands import tree
from kubernator.model.status import Status
from kubernator.report import standing as shown
from kubernator.report import structured
from kubernator.report.progress import LIVE_EVERY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from kubernator.cli.main import Run
    from kubernator.model.resource import Resource
    from kubernator.report.standing import Row
    from kubernator.run.host import RunHost
    from kubernator.run.standing import Standing

__all__ = ["run"]


def run(run: Run) -> int:
    """Carry out the verb; the code says whether all is current. Raises `errors.KubernatorError` and its kin."""
    args = run.args
    if args.timeout is not None and not args.watch:
        raise errors.UsageError("`--timeout` is of no use without `--watch`", hint="say `status --watch --timeout 5m`")
    if args.watch and args.file not in {None, "-"}:
        raise errors.UsageError("`--watch` writes to stdout, not to a file", hint="leave out `--file`")
    chosen = tree.reading(run)

    def use(host: RunHost, resources: Sequence[Resource]) -> int:
        from kubernator.run.standing import Standing  # noqa: PLC0415 - brings the rest of the program with it

        found = Standing(host, resources)
        found.look()
        if args.watch:
            return _follow(run, found)
        structured.write(_whole(run, found), args.file, private=args.show_secrets)
        return _code(found.rows.values())

    return tree.session(run, chosen).walked(use)


def _whole(run: Run, found: Standing) -> str:
    rows = list(found.rows.values())
    if run.args.output_format == "text":
        return shown.text(rows, run.secrets, now=_now())
    return structured.render(shown.data(rows, run.secrets), run.args.output_format).rstrip("\n") + "\n"


def _follow(run: Run, found: Standing) -> int:
    """Show how all stands, then each change; on a terminal a table that is kept up to date, and its end."""
    live = run.live and run.args.output_format == "text" and sys.stdout.isatty()
    with run.interrupts.politely() as stop:
        with _live(run, found) if live else _lines(run, found) as tell:
            tick = LIVE_EVERY if live else float("inf")
            found.follow(tell, stop=stop, timeout=run.args.timeout, tick=tick)
        if live:
            structured.write(_whole(run, found), None)
        elif run.args.output_format == "text":
            structured.write(f"{shown.counts(found.rows.values())}\n", None)
    if stop.is_set():
        return run.interrupts.exit_code
    return _code(found.rows.values(), late=errors.ExitCode.TIMED_OUT)


@contextlib.contextmanager
def _lines(run: Run, found: Standing) -> Iterator[Callable[[Row | None], object]]:
    """Write how all stands, and hand out what writes a change."""

    def tell(row: Row | None) -> None:
        if row is not None:
            structured.write(_one(run, row), None)

    if run.args.output_format == "text":
        structured.write(_whole(run, found), None)
    else:
        for row in found.rows.values():
            tell(row)
    yield tell


def _one(run: Run, row: Row) -> str:
    if run.args.output_format == "text":
        return shown.change(row, run.secrets, now=dt.datetime.now().astimezone())
    data: dict[str, Any] = {"time": _now().isoformat(timespec="milliseconds"), **shown.row(row, run.secrets)}
    rendered = structured.render(data, run.args.output_format).rstrip("\n")
    return f"---\n{rendered}\n" if run.args.output_format == "yaml" else f"{rendered}\n"


@contextlib.contextmanager
def _live(run: Run, found: Standing) -> Iterator[Callable[[Row | None], object]]:
    """Keep a table of what is not current, with the counts, at the bottom of the terminal."""
    from kubernator.report.live import REFRESH, Display  # noqa: PLC0415 - only on a terminal

    with Display() as display:
        drawn = 0.0

        def tell(_: Row | None) -> None:
            nonlocal drawn
            rows = list(found.rows.values())
            if time.monotonic() - drawn < REFRESH:
                return  # the next tick draws it
            drawn = time.monotonic()
            height = max(3, shutil.get_terminal_size().lines - 3)
            left = [row for row in rows if row.result.status is not Status.CURRENT]
            lines = shown.text(left[:height], run.secrets, now=_now()).splitlines()[:-1]
            display.show([*lines, shown.counts(rows)])

        tell(None)
        yield tell


def _code(rows: Collection[Row], *, late: errors.ExitCode = errors.ExitCode.NOT_READY) -> errors.ExitCode:
    """Return 0 when all is current; ``late`` is the answer when what is not may still become so."""
    states = {row.result.status for row in rows}
    if Status.FAILED in states:
        return errors.ExitCode.NOT_READY
    if states & {Status.IN_PROGRESS, Status.NOT_FOUND, Status.TERMINATING}:
        return late
    if Status.UNKNOWN in states:
        refused = all(row.refused for row in rows if row.result.status is Status.UNKNOWN)
        return errors.ExitCode.FORBIDDEN if refused else errors.ExitCode.NOT_READY
    return errors.ExitCode.OK


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
