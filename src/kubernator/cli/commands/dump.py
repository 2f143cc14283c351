"""``dump``: print what ``apply`` would send. Nothing is written to the cluster, with or without ``--yes``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kubernator import errors

if TYPE_CHECKING:
    from kubernator.cli.main import Run
    from kubernator.run.options import RunOptions

__all__ = ["options", "run"]

_logger = logging.getLogger("kubernator")


def run(run: Run) -> int:
    """Carry out the verb. Raises `errors.KubernatorError` and its kin."""
    from kubernator.run import session  # noqa: PLC0415 - brings the rest of the program with it

    chosen = options(run)
    _logger.info("starting in `%s` (dump only)", chosen.path)
    session.Session(
        chosen,
        secrets=run.secrets,
        diagnostics=run.diagnostics,
        interrupts=run.interrupts,
        live=run.live,
    ).dump()
    _logger.info("terminated successfully")
    return errors.ExitCode.OK


def options(run: Run) -> RunOptions:
    """Return the settings of a run from its command line."""
    from kubernator.run.options import RunOptions  # noqa: PLC0415 - as above

    args = run.args
    return RunOptions(
        args=args,
        command=args.command,
        path=args.path,
        dry_run=args.dry_run,
        file=args.file,
        output_format=args.output_format,
        show_secrets=args.show_secrets,
        manager=args.field_manager,
        force_conflicts=args.force_conflicts,
        preflight=args.preflight,
        keep_going=getattr(args, "keep_going", False),
        wait=getattr(args, "wait", True),
        timeout=getattr(args, "timeout", None),
        context=args.context,
        pre_start_script=args.pre_start_script,
        report=getattr(args, "report", None),
        include_project=tuple(args.include_project),
        exclude_project=tuple(args.exclude_project),
    )
