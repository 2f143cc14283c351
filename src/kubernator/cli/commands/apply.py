"""``apply``: make the cluster match the tree. A dry run that says what it would do, until ``--yes``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.cli.commands import dump

if TYPE_CHECKING:
    from kubernator.cli.main import Run

__all__ = ["run"]

_logger = logging.getLogger("kubernator")


def run(run: Run) -> int:
    """Carry out the verb. Raises `errors.KubernatorError` and its kin."""
    from kubernator.run import session  # noqa: PLC0415 - brings the rest of the program with it

    options = dump.options(run)
    _logger.info("starting in `%s`%s", options.path, " (dry run)" if options.dry_run else "")
    session.Session(
        options,
        secrets=run.secrets,
        diagnostics=run.diagnostics,
        interrupts=run.interrupts,
        live=run.live,
    ).apply()
    _logger.info("terminated successfully")
    return errors.ExitCode.OK
