"""``lock``: walk the tree and pin what it fetches. Nothing is planned, nothing is written to the cluster."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.cli.commands import tree

if TYPE_CHECKING:
    from kubernator.cli.main import Run

__all__ = ["run"]

_logger = logging.getLogger("kubernator")


def run(run: Run) -> int:
    """Carry out the verb. Raises `errors.KubernatorError` and its kin."""
    chosen = tree.reading(run)
    pins = tree.session(run, chosen).lock()
    new = not pins.path.is_file()
    changes = pins.changes() if run.args.check else pins.write()
    for change in changes:
        _logger.info("%s", change)
    if run.args.check:
        _logger.info("`%s` %s", pins.path, "would change" if changes else "is up to date")
        return errors.ExitCode.CHANGES if changes else errors.ExitCode.OK
    _logger.info("`%s` %s", pins.path, "was written" if changes or new else "has not changed")
    return errors.ExitCode.OK
