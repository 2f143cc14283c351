"""``diff``: show what ``apply`` would change, field by field. Nothing is written to the cluster."""

from __future__ import annotations

import logging
import shutil
import sys
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.cli.commands import tree
from kubernator.report import difference_data, difference_text, logs, reading, structured

if TYPE_CHECKING:
    from kubernator.cli.main import Run
    from kubernator.model.plan import Plan
    from kubernator.report.difference import Difference

__all__ = ["run"]

_logger = logging.getLogger("kubernator")


def run(run: Run) -> int:
    """Carry out the verb. Raises `errors.KubernatorError` and its kin, after the difference was printed."""
    args = run.args
    chosen = tree.reading(run)

    def show(plan: Plan) -> None:
        structured.write(_rendered(run, reading.of(plan, run.secrets)), args.file, private=args.show_secrets)

    plan = tree.session(run, chosen).plan(show)
    _logger.info("terminated successfully")
    if plan.empty:
        return errors.ExitCode.OK
    if args.exit_code_style == "diff":
        return errors.ExitCode.ERROR
    return errors.ExitCode.CHANGES if args.detailed_exitcode else errors.ExitCode.OK


def _rendered(run: Run, found: Difference) -> str:
    args = run.args
    if args.output_format != "text":
        data = difference_data.data(found, everything=args.all)
        return structured.render(data, args.output_format).rstrip("\n") + "\n"
    to_terminal = args.file in {None, "-"} and sys.stdout.isatty()
    return difference_text.render(
        found,
        full=args.full,
        everything=args.all,
        colour=to_terminal and logs.coloured(sys.stdout),
        width=shutil.get_terminal_size().columns if to_terminal else None,
    )
